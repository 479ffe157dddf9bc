/* links datemill_plan */
#include "scheduler/base/scope.h"
#include "scheduler/flow/name_index.h"
#include "scheduler/plan/plan.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* b needs a, c needs b, d needs itself of the cycle before */
static const struct flow_need needs_a[] = {{.node = "a", .index = 0}};
static const struct flow_need needs_b[] = {{.node = "b", .index = 1}};
static const struct flow_need needs_d[] = {{.node = "d", .index = 3, .cycle_back = 1}};
static const struct flow_node nodes[] = {
    {.name = "a", .index = 0},
    {.name = "b", .index = 1, .needs = needs_a, .need_count = 1},
    {.name = "c", .index = 2, .needs = needs_b, .need_count = 1},
    {.name = "d", .index = 3, .needs = needs_d, .need_count = 1},
};
static const size_t order[] = {0, 1, 2, 3};

/* `!b` behind a selection takes b out, and nothing else. */
static void take_out_b(const struct flow *flow, const char *text, const bool *before,
                       struct arena *arena)
{
    bool *after = NULL;
    struct error err = {0};
    bool is_all = text[0] == '\0';
    const char *longer = is_all ? "!b" : arena_format(arena, "%s,!b", text);
    if (strlen(longer) > PLAN_MAX_SELECTION_BYTES)
        return;
    if (plan_select(flow, longer, arena, &after, &err) < 0) {
        assert(before[1] && !before[0] && !before[2] && !before[3]);
        return;
    }
    assert(!after[1] && after[0] == before[0] && after[2] == before[2] && after[3] == before[3]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED_ARENA struct arena arena = {0};
    struct error err = {0};
    bool *selected = NULL;
    struct name_index *names = name_index_new(&arena, 4);
    for (size_t i = 0; i < 4; i++)
        name_index_add(names, nodes[i].name, i);
    const struct flow flow = {
        .name = "f", .nodes = nodes, .node_count = 4, .order = order, .node_index = names};
    const char *text = arena_copy(&arena, (const char *)data, size);
    if (plan_select(&flow, text, &arena, &selected, &err) < 0) {
        assert(selected == NULL && err.text[0] != '\0' && err.kind == ERROR_KIND_USAGE);
        return 0;
    }
    assert(selected[0] || selected[1] || selected[2] || selected[3]);
    take_out_b(&flow, text, selected, &arena);
    return 0;
}
