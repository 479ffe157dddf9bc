/* What is done to a backfill: pause, resume, stop, retry, set. */
#include "web/action/actions.h"

#include "scheduler/store/view_json.h"
#include "web/action/backfill_preview.h"
#include "web/action/confirm.h"
#include "web/site/engine_call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct change {
    const char *name;
    enum request_kind kind;
    enum string_key title;
    enum string_key what;
    enum string_key button;
    bool is_danger;
};

static const struct change changes[] = {
    {"pause", REQUEST_KIND_BACKFILL_PAUSE, STR_BACKFILL_PAUSE_TITLE, STR_BACKFILL_PAUSE_WHAT,
     STR_BACKFILL_PAUSE, false},
    {"resume", REQUEST_KIND_BACKFILL_RESUME, STR_BACKFILL_RESUME_TITLE, STR_BACKFILL_RESUME_WHAT,
     STR_BACKFILL_RESUME, false},
    {"stop", REQUEST_KIND_BACKFILL_STOP, STR_BACKFILL_STOP_TITLE, STR_BACKFILL_STOP_WHAT,
     STR_BACKFILL_STOP, true},
    {"retry", REQUEST_KIND_BACKFILL_RETRY, STR_BACKFILL_RETRY_TITLE, STR_BACKFILL_RETRY_WHAT,
     STR_BACKFILL_RETRY, false},
    {"set", REQUEST_KIND_BACKFILL_SET, STR_BACKFILL_SET_TITLE, STR_BACKFILL_SET_WHAT,
     STR_BACKFILL_SET_BUTTON, false}};

static const struct change *find_change(const struct visit *visit)
{
    const char *name = strrchr(visit->request->path, '/') + 1;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        if (strcmp(changes[i].name, name) == 0)
            return &changes[i];
    }
    return NULL;
}

static const char *backfill_url(struct visit *visit, int64_t id)
{
    struct url url;
    url_begin(&url, visit->arena, "/backfills");
    url_part_int(&url, id);
    return url_string(&url);
}

static void ask_parallel(struct visit *visit, struct confirm *confirm, int32_t parallel)
{
    confirm->fields[confirm->field_count++] =
        (struct confirm_field){.kind = CONFIRM_TEXT,
                               .name = "parallel",
                               .value = arena_format(visit->arena, "%d", parallel),
                               .label = string_of(visit->language, STR_BACKFILL_PARALLEL),
                               .is_required = true};
}

static int write_confirm(struct visit *visit, const struct change *change, int64_t id,
                         struct error *err)
{
    struct store *store;
    struct view_backfill of;
    if (visit_store(visit, &store, err) < 0 ||
        view_find_backfill(store, id, visit->arena, &of, err) < 0)
        return -1;
    const char *number = arena_format(visit->arena, "%" PRId64, id);
    bool is_set = change->kind == REQUEST_KIND_BACKFILL_SET;
    struct confirm confirm = {
        .title = page_fill(visit, change->title, number, NULL),
        .facts =
            arena_format(visit->arena, "%s · %s … %s · %" PRId64 "/%" PRId64 " · %s", of.row.flow,
                         of.first, of.last, view_backfill_done(&of), view_backfill_total(&of),
                         string_state(visit->language, backfill_state_name(of.row.state))),
        .what = string_of(visit->language, change->what),
        .command = arena_format(visit->arena, "datemill backfill %s %s%s", change->name, number,
                                is_set ? " --parallel N" : ""),
        .post = visit->request->path,
        .back = backfill_url(visit, id),
        .button = string_of(visit->language, change->button),
        .is_danger = change->is_danger,
        .nav = PAGE_NAV_BACKFILLS};
    confirm.crumbs[0] =
        (struct page_crumb){"/backfills", string_of(visit->language, STR_NAV_BACKFILLS)};
    confirm.crumbs[1] = (struct page_crumb){backfill_url(visit, id),
                                            page_fill(visit, STR_BACKFILL_NUMBER, number, NULL)};
    if (is_set)
        ask_parallel(visit, &confirm, of.row.parallel);
    else
        confirm_ask_why(visit, &confirm, false);
    return confirm_write(visit, &confirm);
}

static int take_reply(struct visit *visit, const struct notice *reply, void *owner,
                      struct error *err)
{
    const struct request *request = owner;
    if (reply->error.kind != ERROR_KIND_NONE)
        return confirm_refused(&reply->error, err);
    return visit_redirect(visit, backfill_url(visit, request->backfill_id));
}

static int read_parallel(const struct visit *visit, int32_t *ret_parallel, struct error *err)
{
    const char *text = visit_form(visit, "parallel", "");
    size_t digits = strspn(text, "0123456789");
    long number = digits > 0 && digits < 6 && text[digits] == '\0' ? strtol(text, NULL, 10) : 0;
    if (number < 1 || number > BACKFILL_PREVIEW_MAX_PARALLEL)
        return error_set(err, ERROR_KIND_USAGE, "dates at once: from 1 to %d, not `%.40s`",
                         BACKFILL_PREVIEW_MAX_PARALLEL, text);
    *ret_parallel = (int32_t)number;
    return 0;
}

static int answer_change(struct visit *visit, struct error *err)
{
    int64_t id;
    const struct change *change = find_change(visit);
    if (change == NULL)
        return error_set(err, ERROR_KIND_BUG, "no such action");
    if (visit_part_id(visit, 0, &id, err) < 0)
        return -1;
    if (visit->request->method != HTTP_POST)
        return write_confirm(visit, change, id, err);
    struct request *request = arena_alloc(visit->arena, sizeof *request);
    *request = (struct request){.kind = change->kind,
                                .backfill_id = id,
                                .force = REQUEST_FORCE_DRAIN,
                                .dates_parallel = -1,
                                .max_failures = -1,
                                .reason = visit_form(visit, "reason", "")};
    if (change->kind == REQUEST_KIND_BACKFILL_STOP)
        request->force = REQUEST_FORCE_STOP;
    if (change->kind == REQUEST_KIND_BACKFILL_SET &&
        read_parallel(visit, &request->dates_parallel, err) < 0)
        return -1;
    struct engine_call_options options = {
        .visit = visit, .request = request, .done = take_reply, .owner = request};
    return engine_call_begin(&options, err);
}

static const struct parameter change_parameters[] = {
    {.name = "reason", .kind = PARAMETER_TEXT, .max = CONFIRM_REASON_BYTES}, {.name = NULL}};

#define CHANGE_ROUTE(action)                                                                       \
    {                                                                                              \
        .pattern = "/backfills/{id}/" action, .methods = HTTP_GET | HTTP_POST,                     \
        .parameters = change_parameters, .answer = answer_change                                   \
    }

const struct route action_backfill_routes[] = {CHANGE_ROUTE("pause"), CHANGE_ROUTE("resume"),
                                               CHANGE_ROUTE("stop"),  CHANGE_ROUTE("retry"),
                                               CHANGE_ROUTE("set"),   {.pattern = NULL}};
