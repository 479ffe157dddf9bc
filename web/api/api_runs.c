/* Runs: the list, one, and what its nodes did. */
#include "web/api/api.h"
#include "web/api/api_doc.h"
#include "web/api/api_routes.h"

#include "scheduler/store/view_history.h"
#include "web/api/api_post.h"

#include <inttypes.h>
#include <string.h>

#define MINUTE_US 60000000

static void write_run(struct visit *visit, struct json_out *out, const struct view_run *run)
{
    struct view_json json = api_view(visit, out, run->zone);
    json_out_begin_object(out);
    view_json_run(&json, run);
    api_url(out, "/runs", run->id);
    json_out_end_object(out);
}

/* ---- the list ---- */

static const struct parameter list_parameters[] = {
    {.name = "q",
     .kind = PARAMETER_TEXT,
     .max = RUN_QUERY_MAX_BYTES,
     .help = "which runs, as in `datemill runs list`: flow:smartrm* state:failed date:2021-11 "
             "node:sales_stat since:7d \"words of the error\""},
    API_PARAMETER_LIMIT,
    API_PARAMETER_AFTER,
    {.name = NULL}};

/* `since:` counts from now: then an answer is good for a minute. */
static const char *salt_of(struct visit *visit, const struct run_query *query)
{
    if (query->since.us == 0)
        return "";
    return arena_format(visit->arena, ".m%" PRId64, visit->now.us / MINUTE_US);
}

static int list_runs(struct visit *visit, struct error *err)
{
    struct store *store;
    struct json_out out;
    struct run_query query = {0};
    struct view_runs runs = {0};
    struct view_page page = {.limit = api_limit(visit), .query = &query};
    const char *state;
    if (api_store(visit, &store, err) < 0 || api_after_int(visit, &page.after, err) < 0 ||
        run_query_parse(visit_text(visit, "q", ""), visit->now, visit->arena, &query, err) < 0 ||
        api_state(visit, store, 0, &state, err) < 0)
        return -1;
    if (visit_is_unchanged(visit,
                           arena_format(visit->arena, "%s%s", state, salt_of(visit, &query))))
        return 0;
    if (store != NULL && view_list_runs(store, &page, visit->arena, &runs, err) < 0)
        return -1;
    api_begin(visit, &out);
    json_out_key(&out, "items");
    json_out_begin_array(&out);
    for (size_t i = 0; i < runs.count; i++)
        write_run(visit, &out, &runs.items[i]);
    json_out_end_array(&out);
    if (runs.is_partial)
        json_out_pair_bool(&out, "partial", true);
    if (runs.next != 0)
        api_next_int(visit, &out, runs.next);
    return api_end(visit, &out);
}

/* ---- one ---- */

struct whole_run {
    struct view_run run;
    struct view_details details;
    struct view_nodes nodes;
    struct view_attempts attempts;
    struct view_files files;
};

static int load_run(struct store *store, int64_t id, struct arena *arena, struct whole_run *whole,
                    struct error *err)
{
    if (view_find_run(store, id, arena, &whole->run, err) < 0 ||
        view_run_details(store, id, arena, &whole->details, err) < 0 ||
        view_run_nodes(store, id, arena, &whole->nodes, err) < 0 ||
        view_run_attempts(store, id, arena, &whole->attempts, err) < 0)
        return -1;
    return view_version_files(store, whole->run.version_id, arena, &whole->files, err);
}

static const char *reason_name(enum task_reason reason)
{
    switch (reason) {
    case TASK_REASON_NONE:
        break;
    case TASK_REASON_UPSTREAM:
        return "upstream";
    case TASK_REASON_RETRY:
        return "retry";
    case TASK_REASON_EXTERNAL:
        return "external";
    case TASK_REASON_SLOT:
        return "slot";
    case TASK_REASON_WAIT:
        return "wait";
    }
    return NULL;
}

static void write_node(const struct view_json *json, const struct view_node *node)
{
    struct json_out *out = json->out;
    bool is_waiting = node->state == TASK_WAITING;
    json_out_begin_object(out);
    json_out_pair_string(out, "name", node->name);
    json_out_pair_string(out, "type", node->type);
    json_out_pair_string(out, "state", task_state_name(node->state));
    json_out_pair_string(out, "waits_for", is_waiting ? reason_name(node->reason) : NULL);
    json_out_pair_bool(out, "selected", node->is_selected);
    json_out_pair_int(out, "attempts", node->attempts);
    view_json_time(json, "started_at", node->started_at);
    view_json_time(json, "ended_at", node->ended_at);
    view_json_text(json, "by", node->tag_who);
    view_json_text(json, "by_reason", node->tag_reason);
    json_out_end_object(out);
}

static void write_whole(struct visit *visit, const struct whole_run *whole)
{
    struct json_out out;
    struct view_json json = api_view(visit, &out, whole->run.zone);
    api_begin(visit, &out);
    view_json_run(&json, &whole->run);
    json_out_pair_string(&out, "reason", whole->details.reason);
    json_out_pair_string(&out, "selection", whole->details.selection);
    view_json_version(&json, &whole->details, &whole->files);
    view_json_params(&json, &whole->details);
    json_out_key(&out, "node_list");
    json_out_begin_array(&out);
    for (size_t i = 0; i < whole->nodes.count; i++)
        write_node(&json, &whole->nodes.items[i]);
    json_out_end_array(&out);
    json_out_key(&out, "attempts");
    json_out_begin_array(&out);
    for (size_t i = 0; i < whole->attempts.count; i++) {
        json_out_begin_object(&out);
        view_json_attempt(&json, &whole->attempts.items[i]);
        json_out_end_object(&out);
    }
    json_out_end_array(&out);
    view_json_written(&json, &whole->details);
    view_json_operations(&json, whole->details.operations, whole->details.operation_count);
    api_url(&out, "/runs", whole->run.id);
    api_end(visit, &out);
}

/* Outputs, tables and measures of an attempt come with its end, which is an event. */
static int show_run(struct visit *visit, struct error *err)
{
    int64_t id;
    struct store *store;
    struct whole_run whole = {0};
    const char *state;
    if (visit_part_id(visit, 0, &id, err) < 0 || visit_store(visit, &store, err) < 0 ||
        store_begin_reading(store, err) < 0)
        return -1;
    int result = api_state(visit, store, id, &state, err);
    bool is_unchanged = result == 0 && visit_is_unchanged(visit, state);
    if (result == 0 && !is_unchanged)
        result = load_run(store, id, visit->arena, &whole, err);
    store_end_reading(store);
    if (result == 0 && !is_unchanged)
        write_whole(visit, &whole);
    return result;
}

const struct route api_run_routes[] = {
    {.pattern = "/api/v1/runs",
     .methods = HTTP_GET,
     .parameters = list_parameters,
     .is_api = true,
     .answer = list_runs,
     .doc = &(const struct api_doc){.id = "list_runs",
                                    .summary = "Runs that match, newest first.",
                                    .answer = "Runs"}},
    {.pattern = "/api/v1/runs",
     .methods = HTTP_POST,
     .is_api = true,
     .takes_json = true,
     .answer = api_post_run,
     .doc = &api_post_run_doc},
    {.pattern = "/api/v1/runs/{id}",
     .methods = HTTP_GET,
     .is_api = true,
     .answer = show_run,
     .doc = &(const struct api_doc){.id = "show_run",
                                    .summary = "All that is known of one run.",
                                    .answer = "WholeRun"}},
    {.pattern = "/api/v1/runs/{id}/actions",
     .methods = HTTP_POST,
     .is_api = true,
     .takes_json = true,
     .answer = api_post_run_action,
     .doc = &api_post_run_action_doc},
    {.pattern = NULL}};
