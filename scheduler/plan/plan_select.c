/* Selections: `n`, `+n`, `n+`, `+n+`, comma unions, and `!` in front of what is left out. */
#include "scheduler/base/suggest.h"
#include "scheduler/flow/flow_need.h"
#include "scheduler/plan/plan.h"

#include <string.h>

struct part {
    size_t node;
    bool is_exclusion;
    bool has_upstream;
    bool has_downstream;
};

static const char *suggest_node(const struct flow *flow, const char *wrong)
{
    struct suggest suggest;
    suggest_begin(&suggest, wrong);
    for (size_t i = 0; i < flow->node_count; i++)
        suggest_offer(&suggest, flow->nodes[i].name);
    return suggest_best(&suggest);
}

/* Without the spaces around it; *length is the rest's. */
static char *trim(char *text, size_t *ret_length)
{
    while (*text == ' ')
        text++;
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == ' ')
        length--;
    *ret_length = length;
    return text;
}

static int read_part(const struct flow *flow, char *text, struct part *ret_part, struct error *err)
{
    size_t length;
    text = trim(text, &length);
    struct part part = {0};
    if (length > 0 && text[0] == '!') {
        part.is_exclusion = true;
        text = trim(text + 1, &length);
    }
    if (length > 0 && text[0] == '+') {
        part.has_upstream = true;
        text++;
        length--;
    }
    if (length > 0 && text[length - 1] == '+') {
        part.has_downstream = true;
        length--;
    }
    if (length == 0) {
        error_set(err, ERROR_KIND_USAGE, "a part of the selection is empty");
        return error_help(err, "write node names as a, +a (and all upstream), a+ (and all "
                               "downstream), !a (without it), with commas between them");
    }
    char *name = text;
    name[length] = '\0';
    part.node = flow_find_node(flow, name);
    if (part.node == FLOW_NONE) {
        error_set(err, ERROR_KIND_USAGE, "flow %s has no node `%s`", flow->name, name);
        const char *near = suggest_node(flow, name);
        return near == NULL ? -1 : error_help(err, "did you mean `%s`?", near);
    }
    *ret_part = part;
    return 0;
}

/* The order is topological: a pass against it reaches all upstream, one along it all downstream. */
static void add_upstream(const struct flow *flow, bool *reached)
{
    for (size_t i = flow->node_count; i > 0; i--) {
        const struct flow_node *node = &flow->nodes[flow->order[i - 1]];
        for (size_t j = 0; reached[node->index] && j < node->need_count; j++) {
            if (flow_need_is_inside(&node->needs[j]))
                reached[node->needs[j].index] = true;
        }
    }
}

static void add_downstream(const struct flow *flow, bool *reached)
{
    for (size_t i = 0; i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[flow->order[i]];
        for (size_t j = 0; j < node->need_count; j++) {
            const struct flow_need *need = &node->needs[j];
            if (flow_need_is_inside(need) && reached[need->index])
                reached[node->index] = true;
        }
    }
}

/* Room for what one part reaches. */
struct reach {
    bool *upstream;
    bool *downstream;
};

static void add_part(const struct flow *flow, const struct part *part, struct reach reach,
                     bool *selected)
{
    memset(reach.upstream, false, flow->node_count);
    memset(reach.downstream, false, flow->node_count);
    reach.upstream[part->node] = true;
    reach.downstream[part->node] = true;
    if (part->has_upstream)
        add_upstream(flow, reach.upstream);
    if (part->has_downstream)
        add_downstream(flow, reach.downstream);
    for (size_t i = 0; i < flow->node_count; i++)
        selected[i] = selected[i] || reach.upstream[i] || reach.downstream[i];
}

static int check_length(const char *selection, struct error *err)
{
    if (strlen(selection) <= PLAN_MAX_SELECTION_BYTES)
        return 0;
    return error_set(err, ERROR_KIND_USAGE, "the selection is longer than %d bytes",
                     PLAN_MAX_SELECTION_BYTES);
}

/* What the parts reach: those that put in, and those that take out. */
struct sides {
    bool *included;
    bool *excluded;
    bool has_included; /* false: all but what is taken out */
};

static int read_parts(const struct flow *flow, char *text, struct reach reach, struct sides *sides,
                      struct error *err)
{
    while (text != NULL) {
        char *comma = strchr(text, ',');
        if (comma != NULL)
            *comma = '\0';
        struct part part;
        if (read_part(flow, text, &part, err) < 0)
            return -1;
        add_part(flow, &part, reach, part.is_exclusion ? sides->excluded : sides->included);
        sides->has_included = sides->has_included || !part.is_exclusion;
        text = comma == NULL ? NULL : comma + 1;
    }
    return 0;
}

int plan_select(const struct flow *flow, const char *selection, struct arena *arena,
                bool **ret_selected, struct error *err)
{
    bool *selected = arena_array(arena, flow->node_count, sizeof *selected);
    if (selection == NULL || selection[0] == '\0') {
        memset(selected, true, flow->node_count * sizeof *selected);
        *ret_selected = selected;
        return 0;
    }
    if (check_length(selection, err) < 0)
        return -1;
    struct reach reach = {.upstream = arena_array(arena, flow->node_count, sizeof(bool)),
                          .downstream = arena_array(arena, flow->node_count, sizeof(bool))};
    struct sides sides = {.included = selected,
                          .excluded = arena_array(arena, flow->node_count, sizeof(bool))};
    if (read_parts(flow, arena_copy_string(arena, selection), reach, &sides, err) < 0)
        return -1;
    size_t count = 0;
    for (size_t i = 0; i < flow->node_count; i++) {
        selected[i] = (selected[i] || !sides.has_included) && !sides.excluded[i];
        count += selected[i];
    }
    if (count == 0) {
        error_set(err, ERROR_KIND_USAGE, "the selection leaves out every node it puts in");
        return error_help(
            err, "what begins with ! or stands in --exclude is left out, whatever the order");
    }
    *ret_selected = selected;
    return 0;
}
