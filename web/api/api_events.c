/* The way to the event streams. */
#include "scheduler/store/view_history.h"
#include "web/api/api.h"
#include "web/api/api_doc.h"
#include "web/api/api_routes.h"
#include "web/api/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct parameter event_parameters[] = {
    {.name = "run", .kind = PARAMETER_INT, .min = 1, .max = INT64_MAX, .help = "only of this run"},
    {.name = "backfill",
     .kind = PARAMETER_INT,
     .min = 1,
     .max = INT64_MAX,
     .help = "only of this backfill and its runs"},
    {.name = "flow", .kind = PARAMETER_NAME, .help = "only of this flow's runs"},
    {.name = "after",
     .kind = PARAMETER_INT,
     .min = 0,
     .max = INT64_MAX,
     .help = "begins behind this event; Last-Event-ID, where there is one, counts instead"},
    {.name = NULL}};

static int64_t cursor_of(const struct visit *visit)
{
    const char *last = http_header(visit->request, "Last-Event-ID");
    char *end;
    if (last == NULL || strspn(last, "0123456789") != strlen(last) || last[0] == '\0')
        return visit_int(visit, "after", -1);
    errno = 0;
    long long id = strtoll(last, &end, 10);
    return errno == 0 ? id : visit_int(visit, "after", -1);
}

/* What is over, with nothing that was not told: a browser that hears 204 does not come again. */
static int check_over(struct visit *visit, const struct stream_filter *filter, int64_t after,
                      bool *ret_is_over, struct error *err)
{
    struct store *store;
    struct view_run run;
    struct view_backfill backfill;
    int64_t newest = 0;
    bool is_over = false;
    if (visit_store(visit, &store, err) < 0)
        return -1;
    if (filter->run_id != 0) {
        if (view_find_run(store, filter->run_id, visit->arena, &run, err) < 0 ||
            view_newest_event(store, filter->run_id, &newest, err) < 0)
            return -1;
        is_over = run_state_is_final(run.state);
    } else if (filter->backfill_id != 0) {
        if (view_find_backfill(store, filter->backfill_id, visit->arena, &backfill, err) < 0 ||
            view_newest_event(store, 0, &newest, err) < 0)
            return -1;
        is_over = backfill.row.state != BACKFILL_RUNNING && backfill.row.state != BACKFILL_PAUSED;
    }
    *ret_is_over = is_over && (after < 0 || after >= newest);
    return 0;
}

static int open_events(struct visit *visit, struct error *err)
{
    struct stream_filter filter = {.run_id = visit_int(visit, "run", 0),
                                   .backfill_id = visit_int(visit, "backfill", 0),
                                   .flow = visit_text(visit, "flow", "")};
    int64_t after = cursor_of(visit);
    bool is_over;
    if ((filter.run_id != 0) + (filter.backfill_id != 0) + (filter.flow[0] != '\0') > 1)
        return error_set(err, ERROR_KIND_USAGE, "run, backfill and flow exclude each other");
    if (check_over(visit, &filter, after, &is_over, err) < 0)
        return -1;
    if (is_over) {
        visit->response->status = 204;
        return 0;
    }
    return stream_open(visit, &filter, after, err);
}

const struct route api_event_routes[] = {
    {.pattern = "/api/v1/events",
     .methods = HTTP_GET,
     .parameters = event_parameters,
     .is_api = true,
     .answer = open_events,
     .doc = &(const struct api_doc){.id = "events",
                                    .summary = "Server-sent events: node, run, log, date, "
                                               "backfill, and at the end, end.",
                                    .type = "text/event-stream"}},
    {.pattern = NULL}};
