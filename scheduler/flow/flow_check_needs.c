#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/flow/field_scalar.h"
#include "scheduler/flow/flow_graph.h"
#include "scheduler/flow/flow_loader.h"
#include "scheduler/flow/flow_need.h"
#include "scheduler/flow/flow_other.h"
#include "scheduler/flow/yaml_tree.h"

#include <string.h>

#define MAX_SHOWN_ON_CIRCLE 8
#define FEW_NEEDS 8

struct checker {
    struct flow_loader *loader;
    struct arena scratch;
};

static void label_suggestion(struct flow_loader *loader, struct diagnostic *problem,
                             struct field_place place, const struct suggest *suggest)
{
    struct diagnostic_place at = flow_report_place(&loader->report, place);
    if (suggest_best(suggest) != NULL)
        diagnostic_label(problem, at, "did you mean `%s`?", suggest_best(suggest));
    else
        diagnostic_label(problem, at, "%s", "");
}

static void report_unknown_node(struct checker *checker, const struct flow_need *need,
                                struct field_place place)
{
    struct flow_loader *loader = checker->loader;
    const struct flow *flow = loader->flow;
    struct suggest suggest;
    suggest_begin(&suggest, need->node);
    for (size_t i = 0; i < flow->node_count; i++)
        suggest_offer(&suggest, flow->nodes[i].name);
    struct diagnostic *problem = diagnostics_add(loader->report.list, DIAGNOSTIC_ERROR, "E111",
                                                 "there is no node `%s`", need->node);
    label_suggestion(loader, problem, place, &suggest);
    bool is_flow = flow_source_dir(loader->source) != NULL && strcmp(need->node, flow->name) != 0 &&
                   need->flow == NULL &&
                   flow_source_find(loader->source, need->node, &checker->scratch,
                                    &(const char *){NULL}, NULL) == 0;
    if (is_flow)
        diagnostic_help(problem, "there is a flow of that name: all of it is written %s/*%s",
                        need->node, flow_need_suffix(need, &checker->scratch));
    else if (suggest_best(&suggest) == NULL)
        diagnostic_help(problem, "a node of another flow is written flow/%s", need->node);
}

static void report_unknown_flow(struct checker *checker, const struct flow_need *need,
                                struct field_place place)
{
    struct flow_loader *loader = checker->loader;
    struct flow_paths flows = {0};
    struct suggest suggest;
    suggest_begin(&suggest, need->flow);
    flow_source_list(loader->source, &checker->scratch, &flows, NULL);
    for (size_t i = 0; i < flows.count; i++)
        suggest_offer(&suggest, flow_source_flow_name(flows.paths[i], &checker->scratch));
    struct diagnostic *problem = diagnostics_add(loader->report.list, DIAGNOSTIC_ERROR, "E113",
                                                 "there is no flow `%s`", need->flow);
    label_suggestion(loader, problem, place, &suggest);
}

static void report_unknown_other_node(struct checker *checker, const struct flow_other *other,
                                      const struct flow_need *need, struct field_place place)
{
    struct flow_loader *loader = checker->loader;
    struct suggest suggest;
    suggest_begin(&suggest, need->node);
    for (size_t i = 0; i < other->nodes->count; i++)
        suggest_offer(&suggest, other->nodes->pairs[i].key->text);
    struct diagnostic *problem =
        diagnostics_add(loader->report.list, DIAGNOSTIC_ERROR, "E113", "flow `%s` has no node `%s`",
                        need->flow, need->node);
    label_suggestion(loader, problem, place, &suggest);
}

static void check_other(struct checker *checker, const struct flow_need *need,
                        const struct field_value *value)
{
    struct flow_loader *loader = checker->loader;
    /* What was kept for a run names flows that may have gone since. */
    if (flow_source_dir(loader->source) == NULL)
        return;
    const struct flow_other *other = flow_others_find(loader->source, need->flow);
    if (other == NULL)
        return;
    if (!other->exists) {
        report_unknown_flow(checker, need, value->place);
        return;
    }
    if (other->nodes == NULL)
        return;
    if (!flow_need_is_all(need) && yaml_find(other->nodes, need->node) == NULL)
        report_unknown_other_node(checker, other, need, value->place);
    if (!need->has_time || flow_other_has_time(other, &need->time))
        return;
    size_t at = (size_t)(strrchr(value->text, '@') - value->text);
    struct field_place place =
        flow_report_inside(&loader->report, value, at, strlen(value->text) - at);
    struct diagnostic *problem =
        flow_report_error(&loader->report, place, "E113", "flow `%s` has no instance at %s",
                          need->flow, value->text + at + 1);
    diagnostic_help(problem, "datemill schedule %s shows its times", need->flow);
}

static void report_malformed(struct flow_loader *loader, const struct field_value *value,
                             const struct error *err)
{
    struct field_place place =
        flow_report_inside(&loader->report, value, (size_t)(err->column - 1), (size_t)err->line);
    struct diagnostic *problem = flow_report_error(&loader->report, place, "E111", "%s", err->text);
    diagnostic_help(problem, "%s", err->help);
}

/* A need of the flow itself: of a node, or of all of it before. False: it was reported. */
static bool check_here(struct checker *checker, const struct flow_node *node,
                       const struct field_value *value, struct flow_need *need)
{
    struct flow_loader *loader = checker->loader;
    bool is_all = flow_need_is_all(need);
    need->index = is_all ? FLOW_NONE : name_index_find(loader->names, need->node);
    if (!is_all && need->index == NAME_INDEX_NONE) {
        report_unknown_node(checker, need, value->place);
        return false;
    }
    if (need->has_time && need->cycle_back == 0) {
        struct diagnostic *problem = flow_report_error(
            &loader->report, value->place, "E112",
            "a node cannot wait for another instance of its flow on the same date");
        diagnostic_help(problem, "for that of the cycle before write %s@-1", need->node);
        return false;
    }
    if (need->cycle_back > 0 || (!is_all && need->index != node->index))
        return true;
    struct diagnostic *problem = flow_report_error(&loader->report, value->place, "E112",
                                                   "node `%s` waits for itself", node->name);
    diagnostic_help(problem, "for the run of the cycle before write %s%s@-1",
                    is_all ? loader->flow->name : "", is_all ? "/*" : node->name);
    return false;
}

/* Checks one need; false: it was reported and is left out. */
static bool check_need(struct checker *checker, const struct flow_node *node,
                       const struct field_value *value, struct flow_need *ret_need)
{
    struct flow_loader *loader = checker->loader;
    struct error err = {0};
    if (flow_need_parse(value->text, &loader->flow->arena, ret_need, &err) < 0) {
        report_malformed(loader, value, &err);
        return false;
    }
    ret_need->place = value->place;
    if (ret_need->flow != NULL && strcmp(ret_need->flow, loader->flow->name) != 0) {
        check_other(checker, ret_need, value);
        return true;
    }
    bool is_good = check_here(checker, node, value, ret_need);
    if (!flow_need_is_all(ret_need))
        ret_need->flow = NULL;
    return is_good;
}

/* The earlier item with the text of item `i`, NAME_INDEX_NONE if there is none. */
static size_t find_first(struct name_index *seen, const struct field_value *list, size_t i)
{
    const char *text = list->items[i].text;
    if (seen != NULL)
        return name_index_add(seen, text, i);
    for (size_t k = 0; k < i; k++) {
        if (strcmp(list->items[k].text, text) == 0)
            return k;
    }
    return NAME_INDEX_NONE;
}

static void check_node(struct checker *checker, struct flow_node *node)
{
    struct flow_loader *loader = checker->loader;
    const struct field_value *list = field_find(node->block, "needs");
    if (list == NULL || list->item_count == 0)
        return;
    struct flow_need *needs = arena_array(&loader->flow->arena, list->item_count, sizeof *needs);
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    struct name_index *seen =
        list->item_count <= FEW_NEEDS ? NULL : name_index_new(&arena, list->item_count);
    for (size_t i = 0; i < list->item_count; i++) {
        const struct field_value *value = &list->items[i];
        size_t first = find_first(seen, list, i);
        if (first != NAME_INDEX_NONE) {
            struct diagnostic *problem =
                diagnostics_add(loader->report.list, DIAGNOSTIC_ERROR, "E112",
                                "node `%s` needs `%.64s` twice", node->name, value->text);
            diagnostic_label(problem, flow_report_place(&loader->report, value->place),
                             "again here");
            diagnostic_label(problem, flow_report_place(&loader->report, list->items[first].place),
                             "first here");
            continue;
        }
        if (check_need(checker, node, value, &needs[node->need_count]))
            node->need_count++;
    }
    node->needs = needs;
}

void flow_check_needs(struct flow_loader *loader)
{
    struct checker checker = {.loader = loader};
    arena_init(&checker.scratch, 0);
    for (size_t i = 0; i < loader->flow->node_count; i++)
        check_node(&checker, &loader->nodes[i]);
    arena_free(&checker.scratch);
}

/* The needs of this flow's own cycle as edges; need_of[i] is the need of edge i. */
static struct flow_graph make_graph(const struct flow *flow, struct arena *arena,
                                    const struct flow_need ***ret_needs)
{
    size_t total = 0;
    for (size_t i = 0; i < flow->node_count; i++)
        total += flow->nodes[i].need_count;
    struct flow_edge *edges = arena_array(arena, total + 1, sizeof *edges);
    const struct flow_need **needs = arena_array(arena, total + 1, sizeof(struct flow_need *));
    size_t count = 0;
    for (size_t i = 0; i < flow->node_count; i++) {
        for (size_t k = 0; k < flow->nodes[i].need_count; k++) {
            const struct flow_need *need = &flow->nodes[i].needs[k];
            if (!flow_need_is_inside(need))
                continue;
            edges[count] = (struct flow_edge){i, need->index};
            needs[count++] = need;
        }
    }
    *ret_needs = needs;
    return (struct flow_graph){flow->node_count, edges, count};
}

static void report_circle(struct flow_loader *loader, const struct flow_graph *graph,
                          const struct flow_need *const *needs, struct arena *arena)
{
    const struct flow *flow = loader->flow;
    size_t *circle;
    size_t length = flow_graph_circle(graph, arena, &circle);
    size_t first = 0;
    for (size_t i = 1; i < length; i++) {
        if (graph->edges[circle[i]].node < graph->edges[circle[first]].node)
            first = i;
    }
    struct diagnostic *problem = diagnostics_add(loader->report.list, DIAGNOSTIC_ERROR, "E110",
                                                 "the nodes wait for each other in a circle");
    SCOPED_TEXT struct text path = {0};
    text_append(&path, flow->nodes[graph->edges[circle[first]].node].name);
    size_t shown = length <= MAX_SHOWN_ON_CIRCLE ? length : MAX_SHOWN_ON_CIRCLE;
    for (size_t i = 0; i < length; i++) {
        const struct flow_edge *edge = &graph->edges[circle[(first + i) % length]];
        if (i >= shown - 1 && i < length - 1) {
            text_append(&path, i == shown - 1 ? " → …" : "");
            continue;
        }
        text_append_format(&path, " → %s", flow->nodes[edge->needs].name);
    }
    diagnostic_detail(problem, "%s", text_string(&path));
    for (size_t i = 0; i < shown; i++) {
        size_t at = circle[(first + i) % length];
        const struct flow_edge *edge = &graph->edges[at];
        diagnostic_label(problem, flow_report_place(&loader->report, needs[at]->place),
                         "%s%s waits for %s", i == 0 ? "" : "and ", flow->nodes[edge->node].name,
                         flow->nodes[edge->needs].name);
    }
    if (length > shown)
        diagnostic_note(problem, "the circle has %zu nodes", length);
    diagnostic_help(problem, length == 2 ? "remove one of the two" : "remove one of these needs");
}

void flow_check_circles(struct flow_loader *loader)
{
    SCOPED_ARENA struct arena scratch;
    arena_init(&scratch, 0);
    const struct flow_need **needs;
    struct flow_graph graph = make_graph(loader->flow, &scratch, &needs);
    size_t *order;
    if (flow_graph_order(&graph, &loader->flow->arena, &order))
        loader->flow->order = order;
    else
        report_circle(loader, &graph, needs, &scratch);
}
