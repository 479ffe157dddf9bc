#include "web/api/api_render.h"
#include "scheduler/plan/plan_prepare.h"
#include "scheduler/plan/plan_time.h"
#include "web/api/api.h"

#include <string.h>

struct rendering {
    struct visit *visit;
    const struct flow *flow;
    struct plan_time time;
    const char *remark;
    size_t only; /* index, or FLOW_NONE = all */
};

/* Of several times a day the first, unless one is given. */
static int find_time(struct rendering *rendering, struct error *err)
{
    struct visit *visit = rendering->visit;
    const struct flow *flow = rendering->flow;
    const char *time_text = visit_text(visit, "time", NULL);
    struct civil_time time;
    struct plan_times times;
    struct plan_date date = {.bizdate =
                                 civil_add_days(zone_civil_at(flow->zone, visit->now).date, -1)};
    if (visit_has(visit, "date") &&
        civil_date_parse(visit_text(visit, "date", ""), &date.bizdate, err) < 0)
        return -1;
    if (time_text != NULL) {
        const char *whole = arena_format(visit->arena, "2000-01-01T%s%s", time_text,
                                         strlen(time_text) <= 5 ? ":00" : "");
        if (civil_time_parse(whole, &time, NULL) < 0)
            return error_set(err, ERROR_KIND_USAGE, "time `%s` is none; write it as 13:00",
                             time_text);
        date.time = &time;
    }
    if (plan_planned_times(flow, date, visit->arena, &times, err) < 0)
        return -1;
    if (times.count == 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "%s", times.remark);
    rendering->time = times.items[0];
    rendering->remark = times.remark;
    return 0;
}

static void write_params(struct json_out *out, const struct plan_param *params, size_t count)
{
    json_out_key(out, "params");
    json_out_begin_array(out);
    for (size_t i = 0; i < count; i++) {
        json_out_begin_object(out);
        json_out_pair_string(out, "name", params[i].name);
        json_out_pair_string(out, "value", params[i].text);
        json_out_pair_string(out, "written", params[i].written);
        json_out_pair_string(out, "explanation", params[i].explanation);
        json_out_end_object(out);
    }
    json_out_end_array(out);
}

static int text_of(struct rendering *rendering, const struct plan *plan, size_t node,
                   const char **ret_text, struct error *err)
{
    const char *libexec = site_libexec_dir(rendering->visit->site);
    struct reference_finder *finder = reference_finder_new();
    struct plan_facts facts = {.node = node,
                               .attempt = 1,
                               .libexec_dir = libexec != NULL ? libexec : "",
                               .version = rendering->flow->hash,
                               .reject_file = "/dev/null",
                               .finder = finder};
    struct plan_start start;
    int result = plan_prepare(plan, &facts, rendering->visit->arena, &start, err);
    reference_finder_free(finder);
    if (result == 0)
        *ret_text = start.command.shown_text;
    return result;
}

static int write_node(struct rendering *rendering, const struct plan *plan, size_t node,
                      struct json_out *out, struct error *err)
{
    const struct plan_node *of = &plan->nodes[node];
    const char *text = NULL;
    if (of->node->type->has_process && text_of(rendering, plan, node, &text, err) < 0)
        return -1;
    json_out_begin_object(out);
    json_out_pair_string(out, "name", of->node->name);
    json_out_pair_string(out, "type", of->node->type->name);
    write_params(out, of->params, of->param_count);
    json_out_pair_string(out, "text", text);
    json_out_end_object(out);
    return 0;
}

static int write_plan(struct rendering *rendering, const struct plan *plan, struct error *err)
{
    struct json_out out;
    struct visit *visit = rendering->visit;
    char at[ZONE_RFC3339_BYTES];
    api_begin(visit, &out);
    json_out_pair_string(&out, "flow", rendering->flow->name);
    json_out_pair_string(&out, "hash", rendering->flow->hash);
    json_out_pair_string(&out, "bizdate", plan->bizdate_text);
    json_out_pair_string(&out, "cyctime", plan->cyctime_text);
    json_out_pair_string(&out, "fires_at",
                         zone_format_rfc3339(rendering->flow->zone, plan->firing, at));
    json_out_pair_string(&out, "remark", rendering->remark[0] != '\0' ? rendering->remark : NULL);
    write_params(&out, plan->params, plan->param_count);
    json_out_key(&out, "nodes");
    json_out_begin_array(&out);
    for (size_t i = 0; i < plan->node_count; i++) {
        bool is_shown = rendering->only == FLOW_NONE || rendering->only == i;
        if (is_shown && write_node(rendering, plan, i, &out, err) < 0)
            return -1;
    }
    json_out_end_array(&out);
    return api_end(visit, &out);
}

int api_show_rendering(struct visit *visit, struct error *err)
{
    struct rendering rendering = {.visit = visit, .only = FLOW_NONE};
    struct plan *plan;
    const char *node = visit_text(visit, "node", NULL);
    if (visit_flow(visit, visit->parts[0], &rendering.flow, err) < 0 ||
        find_time(&rendering, err) < 0)
        return -1;
    if (node != NULL && (rendering.only = flow_find_node(rendering.flow, node)) == FLOW_NONE)
        return error_set(err, ERROR_KIND_NOT_FOUND, "flow %s has no node `%s`",
                         rendering.flow->name, node);
    struct plan_request request = {.planned = rendering.time.planned,
                                   .is_second = rendering.time.is_second};
    if (plan_make(rendering.flow, &request, &plan, err) < 0)
        return -1;
    int result = write_plan(&rendering, plan, err);
    plan_free(plan);
    return result;
}
