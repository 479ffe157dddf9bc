/* Runs and flows: made, run again, stopped, marked, frozen. */
#include "web/api/api_post.h"

#include "scheduler/base/civil.h"
#include "web/api/api.h"
#include "web/api/api_ask.h"
#include "web/api/idempotency.h"

#include <string.h>

#define HOW_CHOICES "drain|stop|kill"

static enum request_force read_how(const char *how)
{
    if (strcmp(how, "drain") == 0)
        return REQUEST_FORCE_DRAIN;
    return strcmp(how, "kill") == 0 ? REQUEST_FORCE_KILL : REQUEST_FORCE_STOP;
}

static const struct request_setting *copy_vars(const struct visit *visit, const struct json *body,
                                               size_t *ret_count)
{
    struct api_vars vars = api_body_map(visit, body, "vars");
    struct request_setting *copy = arena_array(visit->arena, vars.count, sizeof *copy);
    for (size_t i = 0; i < vars.count; i++)
        copy[i] = (struct request_setting){vars.items[i].name, vars.items[i].text};
    *ret_count = vars.count;
    return copy;
}

static int missing(const char *name, const char *action, struct error *err)
{
    error_set(err, ERROR_KIND_USAGE, "`%s` is missing: action %s needs it", name, action);
    if (err != NULL)
        memcpy(err->code, "E027", 5);
    return -1;
}

/* ---- a run is made ---- */

static const struct parameter run_body[] = {
    {.name = "flow", .kind = PARAMETER_NAME, .is_required = true, .help = "its name"},
    {.name = "date",
     .kind = PARAMETER_DATE,
     .help = "business date; yesterday in the flow's zone unless given"},
    {.name = "time",
     .kind = PARAMETER_TEXT,
     .max = 8,
     .help = "of several times a day one, as 13:00; all unless given"},
    {.name = "nodes",
     .kind = PARAMETER_TEXTS,
     .help = "only these: n, +n with upstream, n+ with downstream, !n left out"},
    {.name = "vars", .kind = PARAMETER_MAP, .help = "parameters, set to these very texts"},
    {.name = "parallel",
     .kind = PARAMETER_INT,
     .min = 0,
     .max = 1000,
     .help = "attempts of this run at once; 0: no limit of its own"},
    {.name = "reason", .kind = PARAMETER_TEXT, .help = "kept with the run"},
    {.name = NULL}};

const struct api_doc api_post_run_doc = {.id = "create_run",
                                         .summary = "Makes a run of a flow for a business date.",
                                         .body = run_body,
                                         .answer = "Changed",
                                         .status = 201,
                                         .may_defer = true};

static int date_of(struct visit *visit, const struct json *body, const char *name,
                   const char **ret_date, struct error *err)
{
    const struct flow *flow;
    char date[CIVIL_DATE_BYTES];
    *ret_date = api_body_text(visit, body, "date");
    if ((*ret_date)[0] != '\0')
        return 0;
    if (visit_flow(visit, name, &flow, err) < 0)
        return -1;
    struct civil_date today = zone_civil_at(flow->zone, visit->now).date;
    *ret_date = arena_copy_string(visit->arena, civil_date_format(civil_add_days(today, -1), date));
    return 0;
}

static int make_run(struct visit *visit, const struct json *body, struct request *request,
                    struct error *err)
{
    *request = (struct request){.kind = REQUEST_KIND_RUN,
                                .key = idempotency_key(visit),
                                .flow = api_body_text(visit, body, "flow"),
                                .time = api_body_text(visit, body, "time"),
                                .nodes = api_body_list(visit, body, "nodes"),
                                .reason = api_body_text(visit, body, "reason"),
                                .parallel = (int32_t)json_get_int(body, "parallel", 0)};
    request->vars = copy_vars(visit, body, &request->var_count);
    return date_of(visit, body, request->flow, &request->date, err);
}

int api_post_run(struct visit *visit, struct error *err)
{
    return api_ask(visit, make_run, err);
}

/* ---- something is done to one ---- */

static const struct parameter run_action_body[] = {
    {.name = "action",
     .kind = PARAMETER_CHOICE,
     .choices = "rerun|stop|skip|mark",
     .is_required = true,
     .help = "what is done"},
    {.name = "from",
     .kind = PARAMETER_TEXT,
     .help = "rerun: `failed` (unless given), `all`, `node`, or the name of a node, from which on"},
    {.name = "only", .kind = PARAMETER_NAME, .help = "rerun: this node alone"},
    {.name = "node",
     .kind = PARAMETER_NAME,
     .help = "skip, mark: the node; rerun with from `node`: it"},
    {.name = "use_version",
     .kind = PARAMETER_CHOICE,
     .choices = "run|current",
     .help = "rerun: the definition of the run (unless given), or the flow as it is now"},
    {.name = "how",
     .kind = PARAMETER_CHOICE,
     .choices = HOW_CHOICES,
     .help = "stop: drain lets what runs finish, stop (unless given) ends it, kill at once"},
    {.name = "state",
     .kind = PARAMETER_CHOICE,
     .choices = "success|failed",
     .help = "mark: as what"},
    {.name = "reason", .kind = PARAMETER_TEXT, .help = "kept with it; mark needs one"},
    {.name = NULL}};

const struct api_doc api_post_run_action_doc = {
    .id = "change_run",
    .summary = "Runs it again, stops it, skips or marks a node.",
    .body = run_action_body,
    .answer = "Changed",
    .may_defer = true};

static void read_scope(const struct visit *visit, const struct json *body, struct request *request)
{
    const char *from = api_body_text(visit, body, "from");
    const char *only = api_body_text(visit, body, "only");
    request->nodes = "";
    if (only[0] != '\0') {
        request->scope = REQUEST_SCOPE_ONLY;
        request->nodes = only;
    } else if (strcmp(from, "all") == 0) {
        request->scope = REQUEST_SCOPE_ALL;
    } else if (from[0] == '\0' || strcmp(from, "failed") == 0) {
        request->scope = REQUEST_SCOPE_FAILED;
    } else {
        request->scope = REQUEST_SCOPE_FROM;
        request->nodes = strcmp(from, "node") == 0 ? api_body_text(visit, body, "node") : from;
    }
}

static int rerun(const struct visit *visit, const struct json *body, struct request *request,
                 struct error *err)
{
    request->kind = REQUEST_KIND_RERUN;
    request->uses_current_version =
        strcmp(api_body_text(visit, body, "use_version"), "current") == 0;
    if (json_get(body, "from") != NULL && json_get(body, "only") != NULL)
        return error_set(err, ERROR_KIND_USAGE, "`from` and `only` exclude each other");
    read_scope(visit, body, request);
    return request->scope == REQUEST_SCOPE_FROM && request->nodes[0] == '\0'
               ? missing("node", "rerun from a node", err)
               : 0;
}

static int mark(const struct visit *visit, const struct json *body, bool is_skip,
                struct request *request, struct error *err)
{
    const char *state = api_body_text(visit, body, "state");
    request->kind = is_skip ? REQUEST_KIND_SKIP : REQUEST_KIND_MARK;
    request->nodes = api_body_text(visit, body, "node");
    request->is_success = strcmp(state, "success") == 0;
    if (request->nodes[0] == '\0')
        return missing("node", is_skip ? "skip" : "mark", err);
    if (!is_skip && state[0] == '\0')
        return missing("state", "mark", err);
    if (!is_skip && request->reason[0] == '\0')
        return missing("reason", "mark", err);
    return 0;
}

static int change_run(struct visit *visit, const struct json *body, struct request *request,
                      struct error *err)
{
    const char *action = api_body_text(visit, body, "action");
    *request =
        (struct request){.run_count = 1, .reason = api_body_text(visit, body, "reason"), .key = ""};
    if (visit_part_id(visit, 0, &request->run_ids[0], err) < 0)
        return -1;
    if (strcmp(action, "rerun") == 0)
        return rerun(visit, body, request, err);
    if (strcmp(action, "stop") != 0)
        return mark(visit, body, strcmp(action, "skip") == 0, request, err);
    request->kind = REQUEST_KIND_STOP;
    request->force = read_how(api_body_text(visit, body, "how"));
    return 0;
}

int api_post_run_action(struct visit *visit, struct error *err)
{
    return api_ask(visit, change_run, err);
}

/* ---- a flow is frozen ---- */

static const struct parameter flow_action_body[] = {
    {.name = "action",
     .kind = PARAMETER_CHOICE,
     .choices = "freeze|unfreeze",
     .is_required = true,
     .help = "what is done"},
    {.name = "node", .kind = PARAMETER_NAME, .help = "this node alone; the flow unless given"},
    {.name = "until",
     .kind = PARAMETER_DATE,
     .help = "freeze: first business date that runs again"},
    {.name = "reason", .kind = PARAMETER_TEXT, .help = "kept with it"},
    {.name = NULL}};

const struct api_doc api_post_flow_action_doc = {.id = "change_flow",
                                                 .summary =
                                                     "Freezes a flow or a node, or frees it.",
                                                 .body = flow_action_body,
                                                 .answer = "Changed",
                                                 .may_defer = true};

static int change_flow(struct visit *visit, const struct json *body, struct request *request,
                       struct error *err)
{
    bool is_freeze = strcmp(api_body_text(visit, body, "action"), "freeze") == 0;
    (void)err;
    *request = (struct request){.kind = is_freeze ? REQUEST_KIND_FREEZE : REQUEST_KIND_UNFREEZE,
                                .flow = visit->parts[0],
                                .nodes = api_body_text(visit, body, "node"),
                                .until = api_body_text(visit, body, "until"),
                                .reason = api_body_text(visit, body, "reason")};
    return 0;
}

int api_post_flow_action(struct visit *visit, struct error *err)
{
    return api_ask(visit, change_flow, err);
}
