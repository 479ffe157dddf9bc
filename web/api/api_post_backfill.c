/* Backfills: planned, made, changed. */
#include "web/action/backfill_preview.h"
#include "web/api/api.h"
#include "web/api/api_ask.h"
#include "web/api/api_post.h"
#include "web/api/idempotency.h"

#include <string.h>

/* ---- one is planned, or made ---- */

static const struct parameter backfill_body[] = {
    {.name = "flow", .kind = PARAMETER_NAME, .is_required = true, .help = "its name"},
    {.name = "from", .kind = PARAMETER_DATE, .help = "first business date"},
    {.name = "to", .kind = PARAMETER_DATE, .help = "last business date, included"},
    {.name = "range",
     .kind = PARAMETER_TEXT,
     .help = "instead of from and to: 2021-11-01..2021-11-11, 2021-11, last 7d, several of them"},
    {.name = "weekdays", .kind = PARAMETER_BOOL, .help = "Monday to Friday only"},
    {.name = "redo",
     .kind = PARAMETER_CHOICE,
     .choices = "never|failed|always",
     .help = "of dates that ran before; failed unless given"},
    {.name = "order",
     .kind = PARAMETER_CHOICE,
     .choices = "asc|desc",
     .help = "asc, oldest first, unless given"},
    {.name = "parallel",
     .kind = PARAMETER_INT,
     .min = 1,
     .max = BACKFILL_PREVIEW_MAX_PARALLEL,
     .help = "dates at once; the project's slots unless given"},
    {.name = "nodes",
     .kind = PARAMETER_TEXTS,
     .help = "only these: n, +n with upstream, n+ with downstream, !n left out"},
    {.name = "vars", .kind = PARAMETER_MAP, .help = "parameters, set to these very texts"},
    {.name = "max_failures",
     .kind = PARAMETER_INT,
     .min = 0,
     .max = INT32_MAX,
     .help = "pause when so many dates have failed; 0, unless given, never"},
    {.name = "reason", .kind = PARAMETER_TEXT, .help = "kept with the backfill"},
    {.name = "dry_run", .kind = PARAMETER_BOOL, .help = "answers with the plan, changes nothing"},
    {.name = "plan_hash",
     .kind = PARAMETER_TEXT,
     .max = 64,
     .help = "of a dry run: another plan is refused (409, E029)"},
    {.name = NULL}};

const struct api_doc api_post_backfill_doc = {
    .id = "create_backfill",
    .summary = "Plans a backfill (dry_run), or makes one; an equal one that is unfinished goes on.",
    .body = backfill_body,
    .answer = "Planned",
    .status = 201,
    .may_defer = true};

static int range_of(struct visit *visit, const struct json *body, const char **ret_range,
                    struct error *err)
{
    const char *range = api_body_text(visit, body, "range");
    const char *from = api_body_text(visit, body, "from");
    const char *to = api_body_text(visit, body, "to");
    bool has_ends = from[0] != '\0' || to[0] != '\0';
    if (range[0] != '\0' && has_ends)
        return error_set(err, ERROR_KIND_USAGE, "`range` and `from`, `to` exclude each other");
    if (range[0] == '\0' && (from[0] == '\0' || to[0] == '\0'))
        return error_set(err, ERROR_KIND_USAGE, "which dates? Give `from` and `to`, or `range`");
    *ret_range = has_ends ? arena_format(visit->arena, "%s..%s", from, to) : range;
    return 0;
}

static void write_plan(struct visit *visit, const struct backfill_preview *preview)
{
    struct json_out out;
    api_begin(visit, &out);
    json_out_pair_string(&out, "flow", preview->flow->name);
    json_out_key(&out, "plan");
    backfill_plan_write(&preview->wish, preview->plan, &out);
    json_out_pair_string(&out, "plan_hash", preview->hash);
    api_end(visit, &out);
}

static int plan_backfill(struct visit *visit, const struct json *body, struct request *request,
                         struct error *err)
{
    struct api_vars vars = api_body_map(visit, body, "vars");
    struct backfill_preview preview = {0};
    struct backfill_ask ask = {.flow = api_body_text(visit, body, "flow"),
                               .only_weekdays = json_get_bool(body, "weekdays", false),
                               .redo = api_body_text(visit, body, "redo"),
                               .is_descending =
                                   strcmp(api_body_text(visit, body, "order"), "desc") == 0,
                               .parallel = (int32_t)json_get_int(body, "parallel", 0),
                               .max_failures = (int32_t)json_get_int(body, "max_failures", 0),
                               .selection = api_body_list(visit, body, "nodes"),
                               .reason = api_body_text(visit, body, "reason"),
                               .vars = vars.items,
                               .var_count = vars.count,
                               .plan_hash = api_body_text(visit, body, "plan_hash"),
                               .key = idempotency_key(visit)};
    if (range_of(visit, body, &ask.range, err) < 0)
        return -1;
    int result = backfill_preview_make(visit, &ask, &preview, err);
    if (result == 0 && json_get_bool(body, "dry_run", false)) {
        write_plan(visit, &preview);
        result = 1;
    } else if (result == 0) {
        backfill_preview_request(visit, &preview, request);
    }
    backfill_preview_free(&preview);
    return result;
}

int api_post_backfill(struct visit *visit, struct error *err)
{
    return api_ask(visit, plan_backfill, err);
}

/* ---- one is changed ---- */

static const struct parameter action_body[] = {
    {.name = "action",
     .kind = PARAMETER_CHOICE,
     .choices = "pause|resume|stop|retry|set",
     .is_required = true,
     .help = "what is done"},
    {.name = "how",
     .kind = PARAMETER_CHOICE,
     .choices = "drain|stop|kill",
     .help = "pause, stop: dates that run finish (drain, unless given), are stopped, killed"},
    {.name = "parallel",
     .kind = PARAMETER_INT,
     .min = 1,
     .max = BACKFILL_PREVIEW_MAX_PARALLEL,
     .help = "set: dates at once"},
    {.name = "max_failures",
     .kind = PARAMETER_INT,
     .min = 0,
     .max = INT32_MAX,
     .help = "set: pause when so many dates have failed"},
    {.name = "reason", .kind = PARAMETER_TEXT, .help = "kept with it"},
    {.name = NULL}};

const struct api_doc api_post_backfill_action_doc = {
    .id = "change_backfill",
    .summary = "Pauses it, resumes it, stops it, retries what failed, changes how it goes on.",
    .body = action_body,
    .answer = "Changed",
    .may_defer = true};

static enum request_kind kind_of(const char *action)
{
    static const struct {
        const char *name;
        enum request_kind kind;
    } kinds[] = {{"pause", REQUEST_KIND_BACKFILL_PAUSE},
                 {"resume", REQUEST_KIND_BACKFILL_RESUME},
                 {"stop", REQUEST_KIND_BACKFILL_STOP},
                 {"retry", REQUEST_KIND_BACKFILL_RETRY}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, action) == 0)
            return kinds[i].kind;
    }
    return REQUEST_KIND_BACKFILL_SET;
}

static enum request_force force_of(const char *how)
{
    if (strcmp(how, "stop") == 0)
        return REQUEST_FORCE_STOP;
    return strcmp(how, "kill") == 0 ? REQUEST_FORCE_KILL : REQUEST_FORCE_DRAIN;
}

static int change_backfill(struct visit *visit, const struct json *body, struct request *request,
                           struct error *err)
{
    *request = (struct request){.kind = kind_of(api_body_text(visit, body, "action")),
                                .force = force_of(api_body_text(visit, body, "how")),
                                .dates_parallel = (int32_t)json_get_int(body, "parallel", -1),
                                .max_failures = (int32_t)json_get_int(body, "max_failures", -1),
                                .reason = api_body_text(visit, body, "reason")};
    if (request->kind == REQUEST_KIND_BACKFILL_SET && request->dates_parallel < 0 &&
        request->max_failures < 0)
        return error_set(err, ERROR_KIND_USAGE, "set what? Give `parallel` or `max_failures`");
    return visit_part_id(visit, 0, &request->backfill_id, err);
}

int api_post_backfill_action(struct visit *visit, struct error *err)
{
    return api_ask(visit, change_backfill, err);
}
