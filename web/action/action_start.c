#include "web/action/actions.h"

#include "scheduler/base/scope.h"
#include "scheduler/plan/plan_time.h"
#include "scheduler/system/clock.h"
#include "web/action/confirm.h"
#include "web/site/engine_call.h"

#include <inttypes.h>
#include <string.h>

/* `2021-11-12 00:30`, several with commas. */
static const char *name_times(struct visit *visit, const struct plan_times *times)
{
    SCOPED_TEXT struct text text = {0};
    char planned[CIVIL_TIME_BYTES];
    for (size_t i = 0; i < times->count; i++) {
        civil_time_format(times->items[i].planned, planned);
        text_append_format(&text, "%s%.10s %.5s", i > 0 ? ", " : "", planned, planned + 11);
    }
    return arena_copy(visit->arena, text_string(&text), text.length);
}

static const char *flow_url(struct visit *visit)
{
    struct url url;
    url_begin(&url, visit->arena, "/flows");
    url_part(&url, visit->parts[0]);
    return url_string(&url);
}

/* Yesterday in the flow's zone, as the command has it. */
static const char *usual_date(struct visit *visit, const struct flow *flow)
{
    char text[CIVIL_DATE_BYTES];
    struct civil_date today = zone_civil_at(flow->zone, visit->now).date;
    return arena_copy_string(visit->arena, civil_date_format(civil_add_days(today, -1), text));
}

static int find_times(struct visit *visit, const struct flow *flow, const char *date,
                      struct plan_times *ret_times, struct error *err)
{
    struct plan_date asked = {0};
    if (civil_date_parse(date, &asked.bizdate, err) < 0 ||
        plan_planned_times(flow, asked, visit->arena, ret_times, err) < 0)
        return -1;
    if (ret_times->count == 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "%s has no run for business date %s: %s",
                         flow->name, date, ret_times->remark);
    return 0;
}

/* The date is asked for with GET: the page then says what it means, before anything begins. */
static int answer_confirm(struct visit *visit, struct error *err)
{
    const struct flow *flow;
    struct plan_times times;
    if (visit_flow(visit, visit->parts[0], &flow, err) < 0)
        return -1;
    const char *date = visit_text(visit, "date", usual_date(visit, flow));
    if (find_times(visit, flow, date, &times, err) < 0)
        return -1;
    struct confirm confirm = {
        .title = page_fill(visit, STR_START_TITLE, flow->name, NULL),
        .facts = flow->title,
        .what = arena_format(
            visit->arena, "%s %s",
            page_fill(visit, STR_START_WHAT, date, name_times(visit, &times), NULL), times.remark),
        .command = arena_format(visit->arena, "datemill run %s %s", flow->name, date),
        .post = visit->request->path,
        .back = flow_url(visit),
        .button = string_of(visit->language, STR_START_BUTTON),
        .nav = PAGE_NAV_FLOWS,
        .ask = {.name = "date",
                .value = date,
                .label = string_of(visit->language, STR_BIZDATE),
                .hint = string_of(visit->language, STR_START_HINT),
                .button = string_of(visit->language, STR_START_SHOW)}};
    confirm.crumbs[0] = (struct page_crumb){"/", string_of(visit->language, STR_NAV_FLOWS)};
    confirm.crumbs[1] = (struct page_crumb){flow_url(visit), flow->name};
    confirm_hide(&confirm, "date", date);
    confirm_ask_why(visit, &confirm, false);
    return confirm_write(visit, &confirm);
}

static int take_reply(struct visit *visit, const struct notice *reply, void *owner,
                      struct error *err)
{
    (void)owner;
    if (reply->error.kind != ERROR_KIND_NONE)
        return confirm_refused(&reply->error, err);
    if (reply->run_count == 1)
        return visit_redirect(visit,
                              arena_format(visit->arena, "/runs/%" PRId64, reply->run_ids[0]));
    return visit_redirect(visit, flow_url(visit));
}

static int answer_start(struct visit *visit, struct error *err)
{
    const struct flow *flow;
    struct plan_times times;
    char key[CLOCK_TOKEN_BYTES];
    const char *date = visit_form(visit, "date", "");
    if (visit_flow(visit, visit->parts[0], &flow, err) < 0 ||
        find_times(visit, flow, date, &times, err) < 0 || clock_make_token(key, err) < 0)
        return -1;
    struct request request = {.kind = REQUEST_KIND_RUN,
                              .key = key,
                              .flow = flow->name,
                              .date = date,
                              .time = "",
                              .nodes = "",
                              .reason = visit_form(visit, "reason", "")};
    struct engine_call_options options = {.visit = visit, .request = &request, .done = take_reply};
    return engine_call_begin(&options, err);
}

static const struct parameter start_parameters[] = {
    {.name = "date", .kind = PARAMETER_DATE},
    {.name = "reason", .kind = PARAMETER_TEXT, .max = CONFIRM_REASON_BYTES},
    {.name = NULL}};

const struct route action_start_routes[] = {
    {.pattern = "/flows/{flow}/run",
     .methods = HTTP_GET,
     .parameters = start_parameters,
     .answer = answer_confirm},
    {.pattern = "/flows/{flow}/run", .methods = HTTP_POST, .answer = answer_start},
    {.pattern = NULL}};
