/* The graph of a run. */
#include "web/draw/graph_part.h"
#include "web/draw/graph_svg.h"
#include "web/pages/flow_graph_part.h"
#include "web/pages/run_page.h"

#include <string.h>

static struct graph_svg_node make_node(struct run_page *page, const struct view_node *node,
                                       const char *title)
{
    struct arena *arena = page->visit->arena;
    const char *state = task_state_name(node->state);
    const char *word = string_state(page->visit->language, state);
    struct duration took = run_page_took(page, node);
    const struct flow_node *definition = run_page_definition(page, node->name);
    const char *note = node->type;
    if (node->started_at.us != 0)
        note = arena_format(arena, "%s · %s", note, visit_duration(page->visit, took));
    if (node->tries > 1)
        note = arena_format(arena, "%s · %d/%d", note, node->tries,
                            definition != NULL && definition->retry.max + 1 > node->tries
                                ? definition->retry.max + 1
                                : node->tries);
    return (struct graph_svg_node){.name = node->name,
                                   .glyph = string_state_glyph(state),
                                   .note = note,
                                   .title = arena_format(arena, "%s: %s%s%s", node->name, word,
                                                         title[0] != '\0' ? "\n" : "", title),
                                   .state = state,
                                   .href = arena_format(arena, "#n-%s", node->name),
                                   .key = node->name};
}

static bool is_of_interest(const struct run_page *page, const struct view_node *node)
{
    bool has_failed = page->run.counts[TASK_FAILED] > 0;
    if (has_failed)
        return node->state == TASK_FAILED;
    return node->state == TASK_RUNNING || node->state == TASK_STOPPED || node->state == TASK_FROZEN;
}

void run_graph_write(struct run_page *page)
{
    struct arena *arena = page->visit->arena;
    if (page->flow == NULL || page->flow->node_count == 0)
        return;
    size_t count = page->flow->node_count;
    struct graph_svg_node *nodes = arena_array(arena, count, sizeof *nodes);
    bool *is_seed = arena_array(arena, count, sizeof *is_seed);
    for (size_t i = 0; i < page->nodes.count; i++) {
        const struct view_node *node = &page->nodes.items[i];
        size_t index = flow_find_node(page->flow, node->name);
        if (index == FLOW_NONE)
            continue;
        nodes[index] = make_node(page, node, page->flow->nodes[index].title);
        is_seed[index] = is_of_interest(page, node);
    }
    struct flow_graph_part part = {.visit = page->visit,
                                   .flow = page->flow,
                                   .nodes = nodes,
                                   .is_seed = is_seed,
                                   .is_whole = visit_has(page->visit, "graph")};
    html_open(page->html, "section");
    html_attr(page->html, "id", "graph");
    html_flag(page->html, "data-part");
    html_element_say(page->html, "h2", NULL, STR_GRAPH);
    flow_graph_part_write(&part);
    html_close(page->html, "section");
}
