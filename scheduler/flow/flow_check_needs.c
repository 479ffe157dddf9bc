#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/flow/field_scalar.h"
#include "scheduler/flow/flow_graph.h"
#include "scheduler/flow/flow_loader.h"
#include "scheduler/flow/yaml_tree.h"

#include <string.h>

#define MAX_SHOWN_ON_CIRCLE 8
#define MAX_OTHER_FLOWS 1000
#define FEW_NEEDS 8
#define PREVIOUS_CYCLE "@-1"

/* What is known of the nodes of another flow; enough to check a need. */
struct other_flow {
    const char *name;
    const struct yaml_node *nodes; /* NULL: the file could not be read */
    bool exists;
};

struct checker {
    struct flow_loader *loader;
    struct arena scratch;
    struct other_flow *others;
    size_t other_count;
    size_t other_capacity;
    struct name_index *other_index;
};

/* A need in pieces. */
struct need_text {
    const char *flow; /* NULL: none was given */
    const char *node;
    int32_t cycle_back;
};

/* Returns -1 when the text is no need. */
static int split_need(const char *text, struct arena *arena, struct need_text *ret_need)
{
    const char *slash = strchr(text, '/');
    const char *from = slash == NULL ? text : slash + 1;
    const char *at = strchr(from, '@');
    size_t length = at == NULL ? strlen(from) : (size_t)(at - from);
    bool is_good = field_is_name(from, length) &&
                   (slash == NULL || field_is_name(text, (size_t)(slash - text))) &&
                   (at == NULL || strcmp(at, PREVIOUS_CYCLE) == 0);
    if (!is_good)
        return -1;
    ret_need->node = arena_copy(arena, from, length);
    ret_need->flow = slash == NULL ? NULL : arena_copy(arena, text, (size_t)(slash - text));
    ret_need->cycle_back = at == NULL ? 0 : 1;
    return 0;
}

static void label_suggestion(struct flow_loader *loader, struct diagnostic *problem,
                             struct field_place place, const struct suggest *suggest)
{
    struct diagnostic_place at = flow_report_place(&loader->report, place);
    if (suggest_best(suggest) != NULL)
        diagnostic_label(problem, at, "did you mean `%s`?", suggest_best(suggest));
    else
        diagnostic_label(problem, at, "%s", "");
}

static void report_unknown_node(struct flow_loader *loader, const struct need_text *need,
                                struct field_place place)
{
    const struct flow *flow = loader->flow;
    struct suggest suggest;
    suggest_begin(&suggest, need->node);
    for (size_t i = 0; i < flow->node_count; i++)
        suggest_offer(&suggest, flow->nodes[i].name);
    struct diagnostic *problem = diagnostics_add(loader->report.list, DIAGNOSTIC_ERROR, "E111",
                                                 "there is no node `%s`", need->node);
    label_suggestion(loader, problem, place, &suggest);
    if (suggest_best(&suggest) == NULL)
        diagnostic_help(problem, "a node of another flow is written flow/%s", need->node);
}

static void read_other(struct checker *checker, struct other_flow *other)
{
    struct flow_loader *loader = checker->loader;
    const char *path;
    if (flow_source_find(loader->source, other->name, &checker->scratch, &path, NULL) != 0)
        return;
    other->exists = true;
    /* Its own problems are not those of this flow. */
    struct diagnostics ignored;
    diagnostics_init(&ignored);
    struct flow_file file;
    if (flow_source_read(loader->source, path, &checker->scratch, &file, NULL) == 0) {
        struct flow_report report = {.list = &ignored, .files = &file, .file_count = 1};
        report.first_source = diagnostics_add_source(&ignored, path, file.bytes, file.length);
        struct yaml_input input = {.file = &file, .report = &report, .arena = &checker->scratch};
        const struct yaml_node *tree;
        if (yaml_tree_read(&input, &tree) == 0)
            other->nodes = yaml_find(tree, "nodes");
    }
    diagnostics_free(&ignored);
}

static const struct other_flow *find_other(struct checker *checker, const char *name)
{
    size_t known = name_index_find(checker->other_index, name);
    if (known != NAME_INDEX_NONE)
        return &checker->others[known];
    if (checker->other_count == MAX_OTHER_FLOWS)
        return NULL;
    checker->others = arena_grow(&checker->scratch, checker->others, checker->other_count,
                                 &checker->other_capacity, sizeof *checker->others);
    size_t index = checker->other_count++;
    struct other_flow *other = &checker->others[index];
    *other = (struct other_flow){.name = name};
    name_index_add(checker->other_index, name, index);
    read_other(checker, other);
    return other;
}

static void report_unknown_flow(struct checker *checker, const struct need_text *need,
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

static void check_other(struct checker *checker, const struct need_text *need,
                        struct field_place place)
{
    struct flow_loader *loader = checker->loader;
    /* What was kept for a run names flows that may have gone since. */
    if (flow_source_dir(loader->source) == NULL)
        return;
    const struct other_flow *other = find_other(checker, need->flow);
    if (other == NULL)
        return;
    if (!other->exists) {
        report_unknown_flow(checker, need, place);
        return;
    }
    if (other->nodes == NULL || yaml_find(other->nodes, need->node) != NULL)
        return;
    struct suggest suggest;
    suggest_begin(&suggest, need->node);
    for (size_t i = 0; i < other->nodes->count && other->nodes->kind == YAML_KIND_MAPPING; i++)
        suggest_offer(&suggest, other->nodes->pairs[i].key->text);
    struct diagnostic *problem =
        diagnostics_add(loader->report.list, DIAGNOSTIC_ERROR, "E113", "flow `%s` has no node `%s`",
                        need->flow, need->node);
    label_suggestion(loader, problem, place, &suggest);
}

/* Checks one need; false: it was reported and is left out. */
static bool check_need(struct checker *checker, const struct flow_node *node,
                       const struct field_value *value, struct flow_need *ret_need)
{
    struct flow_loader *loader = checker->loader;
    struct need_text text;
    if (split_need(value->text, &loader->flow->arena, &text) != 0) {
        struct diagnostic *problem = flow_report_error(&loader->report, value->place, "E111",
                                                       "`%.64s` is not a need", value->text);
        diagnostic_help(problem, "write node, flow/node, node@-1 or flow/node@-1");
        return false;
    }
    bool is_here = text.flow == NULL || strcmp(text.flow, loader->flow->name) == 0;
    *ret_need = (struct flow_need){.flow = is_here ? NULL : text.flow,
                                   .node = text.node,
                                   .index = FLOW_NONE,
                                   .cycle_back = text.cycle_back,
                                   .place = value->place};
    if (!is_here) {
        check_other(checker, &text, value->place);
        return true;
    }
    size_t index = name_index_find(loader->names, text.node);
    if (index == NAME_INDEX_NONE) {
        report_unknown_node(loader, &text, value->place);
        return false;
    }
    ret_need->index = index;
    if (index != node->index || text.cycle_back > 0)
        return true;
    struct diagnostic *problem = flow_report_error(&loader->report, value->place, "E112",
                                                   "node `%s` waits for itself", node->name);
    diagnostic_help(problem, "for the run of the cycle before write %s" PREVIOUS_CYCLE, node->name);
    return false;
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
    checker.other_index = name_index_new(&checker.scratch, 4);
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
            if (need->index == FLOW_NONE || need->cycle_back > 0)
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
