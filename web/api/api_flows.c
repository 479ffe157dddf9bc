/* Flows: as they are on disk, and how they stand. */
#include "web/api/api.h"
#include "web/api/api_doc.h"
#include "web/api/api_routes.h"

#include "scheduler/base/scope.h"
#include "scheduler/plan/plan_calendar.h"
#include "scheduler/store/view_history.h"
#include "scheduler/system/clock.h"
#include "web/api/api_grid.h"
#include "web/api/api_post.h"
#include "web/api/api_render.h"

#include <stdlib.h>
#include <string.h>

#define NEXT_TIMES 5
#define RECENT_RUNS 10
#define FLOWS_LIMIT 50

static const struct parameter list_parameters[] = {{.name = "limit",
                                                    .kind = PARAMETER_INT,
                                                    .min = 1,
                                                    .max = 200,
                                                    .help = "flows, 50 unless given"},
                                                   API_PARAMETER_AFTER,
                                                   {.name = NULL}};

static const struct parameter render_parameters[] = {
    {.name = "date",
     .kind = PARAMETER_DATE,
     .help = "business date; yesterday in the flow's zone unless given"},
    {.name = "time", .kind = PARAMETER_TEXT, .max = 8, .help = "of several times a day: 13:00"},
    {.name = "node", .kind = PARAMETER_NAME, .help = "only this one"},
    {.name = NULL}};

static const struct parameter attempts_parameters[] = {
    API_PARAMETER_LIMIT, API_PARAMETER_AFTER, {.name = NULL}};

/* ---- of a flow ---- */

/* The next times of its schedule: [{"at":…,"bizdate":…}]. */
static void write_next(struct json_out *out, const struct flow *flow, struct instant now,
                       int32_t count)
{
    struct plan_time time = plan_calendar_after(now);
    json_out_key(out, "next");
    json_out_begin_array(out);
    for (int32_t i = 0; i < count && plan_calendar_next(flow, &time, &time); i++) {
        char at[ZONE_RFC3339_BYTES];
        char bizdate[CIVIL_DATE_BYTES];
        json_out_begin_object(out);
        json_out_pair_string(out, "at", zone_format_rfc3339(flow->zone, time.firing, at));
        json_out_pair_string(out, "bizdate",
                             civil_date_format(civil_add_days(time.planned.date, -1), bizdate));
        json_out_end_object(out);
    }
    json_out_end_array(out);
}

static void write_runs(struct visit *visit, struct json_out *out, const struct view_run *runs,
                       size_t count)
{
    json_out_key(out, "runs");
    json_out_begin_array(out);
    for (size_t i = 0; i < count; i++) {
        struct view_json json = api_view(visit, out, runs[i].zone);
        json_out_begin_object(out);
        view_json_run(&json, &runs[i]);
        api_url(out, "/runs", runs[i].id);
        json_out_end_object(out);
    }
    json_out_end_array(out);
}

/* What is on disk of it: facts, or why there are none. */
static void write_definition(struct visit *visit, struct json_out *out, const char *name,
                             int32_t times)
{
    const struct flow *flow;
    struct error why = {0};
    bool is_there = visit_flow(visit, name, &flow, &why) == 0;
    struct view_json json = {.out = out};
    json_out_pair_string(out, "name", name);
    json_out_pair_string(out, "definition",
                         is_there                           ? "valid"
                         : why.kind == ERROR_KIND_NOT_FOUND ? "gone"
                                                            : "invalid");
    json_out_pair_string(out, "problem", is_there ? NULL : why.text);
    if (!is_there)
        return;
    view_json_text(&json, "title", flow->title);
    view_json_text(&json, "owner", flow->owner);
    view_json_text(&json, "schedule", flow->schedule.text);
    json_out_pair_string(out, "timezone", zone_name(flow->zone));
    json_out_pair_string(out, "hash", flow->hash);
    write_next(out, flow, visit->now, times);
}

/* ---- the list ---- */

struct names {
    const char **items;
    size_t count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of the folder and of the store, sorted, each once. */
static int collect_names(struct visit *visit, struct store *store, struct names *ret_names,
                         struct error *err)
{
    const char *const *present;
    const char *const *past = NULL;
    size_t present_count;
    size_t past_count = 0;
    size_t count = 0;
    if (site_flow_names(visit->site, visit->arena, &present, &present_count, err) < 0)
        return -1;
    if (store != NULL && view_flow_names(store, visit->arena, &past, &past_count, err) < 0)
        return -1;
    const char **all = arena_array(visit->arena, present_count + past_count, sizeof *all);
    for (size_t i = 0; i < present_count; i++)
        all[count++] = present[i];
    for (size_t i = 0; i < past_count; i++)
        all[count++] = past[i];
    qsort(all, count, sizeof *all, compare_names);
    ret_names->items = all;
    ret_names->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(all[i], all[i - 1]) != 0)
            all[ret_names->count++] = all[i];
    }
    return 0;
}

static int newest_runs(struct store *store, const char *name, int32_t limit, struct arena *arena,
                       struct view_runs *ret_runs)
{
    struct run_query query = {.flows = {&name, 1}};
    struct view_page page = {.limit = limit, .query = &query};
    bool is_none = store == NULL || run_query_is_pattern(name); /* no flow has such a name */
    *ret_runs = (struct view_runs){0};
    return is_none ? 0 : view_list_runs(store, &page, arena, ret_runs, NULL);
}

static int write_listed(struct visit *visit, struct store *store, struct json_out *out,
                        const char *name, struct error *err)
{
    struct view_runs runs;
    if (newest_runs(store, name, 1, visit->arena, &runs) < 0)
        return error_set(err, ERROR_KIND_PRECONDITION, "the runs of %s cannot be read", name);
    json_out_begin_object(out);
    write_definition(visit, out, name, 1);
    json_out_pair_string(out, "state", runs.count > 0 ? run_state_name(runs.items[0].state) : NULL);
    write_runs(visit, out, runs.items, runs.count);
    json_out_end_object(out);
    return 0;
}

static int list_flows(struct visit *visit, struct error *err)
{
    struct store *store;
    struct json_out out;
    struct names names;
    const char *after;
    size_t first = 0;
    size_t limit = (size_t)visit_int(visit, "limit", FLOWS_LIMIT);
    if (api_store(visit, &store, err) < 0 || api_after_text(visit, &after, err) < 0 ||
        collect_names(visit, store, &names, err) < 0)
        return -1;
    while (first < names.count && after[0] != '\0' && strcmp(names.items[first], after) <= 0)
        first++;
    size_t end = names.count - first > limit ? first + limit : names.count;
    api_begin(visit, &out);
    json_out_key(&out, "items");
    json_out_begin_array(&out);
    for (size_t i = first; i < end; i++) {
        if (write_listed(visit, store, &out, names.items[i], err) < 0)
            return -1;
    }
    json_out_end_array(&out);
    if (end < names.count)
        api_next_text(visit, &out, names.items[end - 1]);
    return api_end(visit, &out);
}

/* ---- one ---- */

static void write_needs(struct json_out *out, const struct flow_node *node)
{
    json_out_key(out, "needs");
    json_out_begin_array(out);
    for (size_t i = 0; i < node->need_count; i++) {
        SCOPED_TEXT struct text text = {0};
        const struct flow_need *need = &node->needs[i];
        text_append_format(&text, "%s%s%s", need->flow == NULL ? "" : need->flow,
                           need->flow == NULL ? "" : "/", need->node);
        if (need->cycle_back > 0)
            text_append_format(&text, "@-%d", need->cycle_back);
        json_out_string(out, text_string(&text));
    }
    json_out_end_array(out);
}

static void write_nodes(struct json_out *out, const struct flow *flow)
{
    struct view_json json = {.out = out};
    json_out_key(out, "nodes");
    json_out_begin_array(out);
    for (size_t i = 0; i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[i];
        json_out_begin_object(out);
        json_out_pair_string(out, "name", node->name);
        view_json_text(&json, "title", node->title);
        json_out_pair_string(out, "type", node->type->name);
        write_needs(out, node);
        json_out_pair_bool(out, "frozen", node->is_frozen);
        json_out_end_object(out);
    }
    json_out_end_array(out);
    json_out_key(out, "files");
    json_out_begin_array(out);
    for (size_t i = 0; i < flow->file_count; i++)
        json_out_string(out, flow->files[i].path);
    json_out_end_array(out);
}

static void write_median(struct store *store, struct json_out *out, const char *name)
{
    struct view_median median = {0};
    struct view_place place = {.flow = name, .node = ""};
    if (store != NULL)
        view_median(store, &place, &median, NULL);
    json_out_key(out, "median_ms");
    if (median.samples > 0)
        json_out_int(out, median.median.us / 1000);
    else
        json_out_null(out);
}

/* A flow that is neither on disk nor in the past is not found. */
static int show_flow(struct visit *visit, struct error *err)
{
    struct store *store;
    struct json_out out;
    struct view_runs runs;
    struct error why = {0};
    const struct flow *flow = NULL;
    const char *name = visit->parts[0];
    if (api_store(visit, &store, err) < 0)
        return -1;
    if (newest_runs(store, name, RECENT_RUNS, visit->arena, &runs) < 0)
        return error_set(err, ERROR_KIND_PRECONDITION, "the runs of %s cannot be read", name);
    if (visit_flow(visit, name, &flow, &why) < 0 && runs.count == 0 &&
        why.kind == ERROR_KIND_NOT_FOUND) {
        *err = why;
        return -1;
    }
    api_begin(visit, &out);
    write_definition(visit, &out, name, NEXT_TIMES);
    if (flow != NULL)
        write_nodes(&out, flow);
    write_median(store, &out, name);
    write_runs(visit, &out, runs.items, runs.count);
    return api_end(visit, &out);
}

/* ---- a node through its runs ---- */

static int list_attempts(struct visit *visit, struct error *err)
{
    struct store *store;
    struct json_out out;
    struct view_attempts attempts = {0};
    struct view_node_list list = {.place = {visit->parts[0], visit->parts[1]},
                                  .page = {.limit = api_limit(visit)}};
    const char *state;
    if (api_store(visit, &store, err) < 0 || api_after_int(visit, &list.page.after, err) < 0 ||
        api_state(visit, store, 0, &state, err) < 0)
        return -1;
    if (visit_is_unchanged(visit, state))
        return 0;
    if (store != NULL && view_node_history(store, &list, visit->arena, &attempts, err) < 0)
        return -1;
    struct view_json json = api_view(visit, &out, NULL);
    api_begin(visit, &out);
    json_out_key(&out, "items");
    json_out_begin_array(&out);
    for (size_t i = 0; i < attempts.count; i++) {
        json_out_begin_object(&out);
        json_out_pair_int(&out, "run", attempts.items[i].run_id);
        view_json_attempt(&json, &attempts.items[i]);
        json_out_end_object(&out);
    }
    json_out_end_array(&out);
    if (attempts.next != 0)
        api_next_int(visit, &out, attempts.next);
    return api_end(visit, &out);
}

const struct route api_flow_routes[] = {
    {.pattern = "/api/v1/flows",
     .methods = HTTP_GET,
     .parameters = list_parameters,
     .is_api = true,
     .answer = list_flows,
     .doc = &(const struct api_doc){.id = "list_flows",
                                    .summary = "Flows by name, each with its newest run.",
                                    .answer = "Flows"}},
    {.pattern = "/api/v1/flows/{flow}",
     .methods = HTTP_GET,
     .is_api = true,
     .answer = show_flow,
     .doc = &(const struct api_doc){.id = "show_flow",
                                    .summary = "A flow: nodes, next times, newest runs.",
                                    .answer = "Flow"}},
    {.pattern = "/api/v1/flows/{flow}/grid",
     .methods = HTTP_GET,
     .parameters = api_grid_parameters,
     .is_api = true,
     .answer = api_show_grid,
     .doc = &(const struct api_doc){.id = "show_grid",
                                    .summary = "How the dates of a flow stand, node by node.",
                                    .answer = "Grid"}},
    {.pattern = "/api/v1/flows/{flow}/render",
     .methods = HTTP_GET,
     .parameters = render_parameters,
     .is_api = true,
     .answer = api_show_rendering,
     .doc = &(const struct api_doc){.id = "render_flow",
                                    .summary = "Parameters and texts as they would run.",
                                    .answer = "Rendering"}},
    {.pattern = "/api/v1/flows/{flow}/nodes/{node}/attempts",
     .methods = HTTP_GET,
     .parameters = attempts_parameters,
     .is_api = true,
     .answer = list_attempts,
     .doc = &(const struct api_doc){.id = "list_attempts",
                                    .summary = "The newest attempt of a node in each run.",
                                    .answer = "Attempts"}},
    {.pattern = "/api/v1/flows/{flow}/actions",
     .methods = HTTP_POST,
     .is_api = true,
     .takes_json = true,
     .answer = api_post_flow_action,
     .doc = &api_post_flow_action_doc},
    {.pattern = NULL}};
