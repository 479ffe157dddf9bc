#include "scheduler/daemon/explain_store.h"

#include "scheduler/base/scope.h"
#include "scheduler/daemon/need_text.h"
#include "scheduler/flow/flow_need.h"
#include "scheduler/plan/plan_need.h"
#include "scheduler/plan/plan_prepare.h"
#include "scheduler/store/view_history.h"

#include <inttypes.h>
#include <string.h>

#define MAX_ITEMS 4000

struct find {
    struct store *store;
    struct arena *arena;
    const struct explain_store *of;
    struct plan *plan; /* of the run's definition; NULL = it cannot be made any more */
    struct notice_item *items;
    size_t count;
    size_t capacity;
};

static void add(struct find *find, const char *key, const char *text)
{
    if (find->count >= MAX_ITEMS)
        return;
    find->items =
        arena_grow(find->arena, find->items, find->count, &find->capacity, sizeof *find->items);
    find->items[find->count++] = (struct notice_item){key, text};
}

static const struct view_node *find_node(const struct find *find, const char *name)
{
    const struct view_nodes *nodes = find->of->nodes;
    for (size_t i = 0; i < nodes->count; i++) {
        if (strcmp(nodes->items[i].name, name) == 0)
            return &nodes->items[i];
    }
    return NULL;
}

static bool waits(const struct view_node *node)
{
    return node->state == TASK_WAITING || node->state == TASK_BLOCKED || node->state == TASK_FROZEN;
}

int explain_store_freeze(struct store *store, const struct view_run *run, const char *node,
                         struct arena *arena, const struct store_freeze **ret_freeze)
{
    struct load_freezes freezes;
    *ret_freeze = NULL;
    if (load_freezes(store, arena, &freezes, NULL) < 0)
        return -1;
    for (size_t i = 0; i < freezes.count && *ret_freeze == NULL; i++) {
        const struct store_freeze *freeze = &freezes.items[i];
        bool is_meant = strcmp(freeze->flow, run->flow) == 0 &&
                        (freeze->node[0] == '\0' || strcmp(freeze->node, node) == 0);
        if (is_meant && (freeze->until[0] == '\0' || strcmp(run->bizdate, freeze->until) < 0))
            *ret_freeze = freeze;
    }
    return 0;
}

static void add_frozen(struct find *find, const struct view_node *node)
{
    struct arena *arena = find->arena;
    const struct view_run *run = find->of->run;
    const struct store_freeze *freeze;
    explain_store_freeze(find->store, run, node->name, arena, &freeze);
    size_t index = find->of->flow != NULL ? flow_find_node(find->of->flow, node->name) : FLOW_NONE;
    const char *text;
    if (freeze != NULL)
        text = arena_format(arena, "%sfrozen by %s%s%s%s%s",
                            freeze->node[0] == '\0' ? "the whole flow is " : "", freeze->who,
                            freeze->until[0] != '\0' ? ", business dates before " : "",
                            freeze->until, freeze->reason[0] != '\0' ? ": " : "", freeze->reason);
    else if (index != FLOW_NONE && find->of->flow->nodes[index].is_frozen)
        text = "its flow's file freezes it (frozen: true)";
    else
        text = arena_format(arena, "it was frozen, and is not any more: datemill rerun %" PRId64,
                            run->id);
    add(find, node->name, text);
}

static void add_upstream(struct find *find, const struct view_node *node, size_t index)
{
    const struct flow_node *definition = &find->of->flow->nodes[index];
    for (size_t i = 0; i < definition->need_count; i++) {
        const struct flow_need *need = &definition->needs[i];
        const struct view_node *other =
            flow_need_is_inside(need) ? find_node(find, need->node) : NULL;
        if (other != NULL && !task_states[other->state].lets_go_on)
            add(find, node->name,
                arena_format(find->arena, "%s is %s", other->name, task_state_name(other->state)));
    }
}

/* The flow that a need names, as it is now. */
static const struct flow *load_other(struct find *find, const char *name)
{
    if (strcmp(name, find->of->flow->name) == 0)
        return find->of->flow;
    return find->of->find_flow(find->of->owner, name);
}

/* NULL: it lets go on. */
static const char *describe_instance(struct find *find, const struct plan_need *need,
                                     const struct plan_time *time)
{
    SCOPED_TEXT struct text text = {0};
    char cyctime[CIVIL_TIME_BYTES];
    struct needs_open open = {.flow = need->external->flow,
                              .needed = need->external->node,
                              .cyctime = civil_time_format(time->planned, cyctime),
                              .is_second = time->is_second,
                              .is_by_hand = need->other->schedule.rule_count == 0,
                              .is_daily = plan_schedule_is_daily(need->other),
                              .due = time->firing};
    if (!need_text_append(find->store, &open, &text))
        return NULL;
    return arena_copy_string(find->arena, text_string(&text));
}

static bool is_before_first(struct find *find, const struct plan_external *external,
                            const struct plan_time *time)
{
    char first[CIVIL_TIME_BYTES] = "";
    char cyctime[CIVIL_TIME_BYTES];
    civil_time_format(time->planned, cyctime);
    return external->cycle_back > 0 &&
           view_first_planned(find->store, external->flow, first, NULL) == 0 && first[0] != '\0' &&
           strcmp(cyctime, first) < 0;
}

static void add_external(struct find *find, const struct view_node *node, size_t index)
{
    if (find->plan == NULL)
        return;
    const struct plan_node *planned = &find->plan->nodes[index];
    for (size_t i = 0; i < planned->external_count; i++) {
        const struct plan_external *external = &planned->externals[i];
        struct plan_need need = {
            .plan = find->plan, .external = external, .other = load_other(find, external->flow)};
        struct plan_times times = {0};
        if (need.other == NULL || plan_need_times(&need, find->arena, &times, NULL) < 0) {
            add(find, node->name,
                arena_format(find->arena, "%s/%s: its flow cannot be read", external->flow,
                             external->node));
            continue;
        }
        for (size_t j = 0; j < times.count; j++) {
            const char *text = is_before_first(find, external, &times.items[j])
                                   ? NULL
                                   : describe_instance(find, &need, &times.items[j]);
            if (text != NULL)
                add(find, node->name, text);
        }
    }
}

static void add_retry(struct find *find, const struct view_node *node)
{
    struct arena *arena = find->arena;
    char delay[DURATION_TEXT_BYTES];
    struct duration left = instant_minus(node->ready_at, find->of->now);
    if (node->reason != TASK_REASON_RETRY)
        return;
    char when[ZONE_RFC3339_BYTES];
    zone_format_rfc3339(find->of->zone, node->ready_at, when);
    add(find, node->name,
        arena_format(arena, "again at %.8s%s%s; try %d", when + 11, left.us > 0 ? ", in " : "",
                     left.us > 0 ? duration_format(left, delay) : "", node->tries + 1));
}

const char *explain_store_wait(const struct flow_node *node, struct arena *arena)
{
    SCOPED_TEXT struct text text = {0};
    struct node_values values = {.resolved = &node->values, .written = &node->values};
    struct node_work work = {&values, NULL, arena};
    struct node_wait wait;
    if (node->wait.is_set && node->type->find_wait(node->type, &work, &wait))
        plan_name_wait(&wait, &text);
    return arena_copy(arena, text_string(&text), text.length);
}

static void add_wait(struct find *find, const struct view_node *node, size_t index)
{
    char from[ZONE_RFC3339_BYTES];
    char until[ZONE_RFC3339_BYTES];
    if (node->reason != TASK_REASON_WAIT || index == FLOW_NONE)
        return;
    const struct flow_node *definition = &find->of->flow->nodes[index];
    struct instant since =
        instant_add(node->ready_at, (struct duration){-definition->wait.timeout.us});
    zone_format_rfc3339(find->of->zone, since, from);
    zone_format_rfc3339(find->of->zone, node->ready_at, until);
    add(find, node->name,
        arena_format(find->arena, "%s since %.8s, until %.10s %.8s at most, then %s",
                     explain_store_wait(definition, find->arena), from + 11, until, until + 11,
                     definition->wait.is_skipped ? "skipped" : "failed"));
}

static void add_hold(struct find *find, const struct view_node *node)
{
    const struct view_run *run = find->of->run;
    enum run_hold hold = run->hold == RUN_HOLD_NONE ? RUN_HOLD_NO_SCHEDULER : run->hold;
    struct arena *arena = find->arena;
    if (hold == RUN_HOLD_NO_SCHEDULER)
        add(find, node->name,
            arena_format(arena, "no scheduler is running: datemill rerun %" PRId64 " goes on",
                         run->id));
    else
        add(find, node->name, arena_format(arena, "%s   (%s)", run_hold_name(hold), run->trigger));
}

static void add_node(struct find *find, const struct view_node *node)
{
    size_t index = find->of->flow != NULL ? flow_find_node(find->of->flow, node->name) : FLOW_NONE;
    if (node->state == TASK_FROZEN) {
        add_frozen(find, node);
        return;
    }
    if (index != FLOW_NONE)
        add_upstream(find, node, index);
    if (node->state != TASK_WAITING)
        return;
    if (index != FLOW_NONE)
        add_external(find, node, index);
    add_wait(find, node, index);
    add_retry(find, node);
    add_hold(find, node);
}

static void add_waiters(struct find *find, const struct view_node *node)
{
    const struct flow *flow = find->of->flow;
    size_t index = flow != NULL ? flow_find_node(flow, node->name) : FLOW_NONE;
    if (index == FLOW_NONE || find->plan == NULL || task_states[node->state].lets_go_on)
        return;
    const struct plan_node *planned = &find->plan->nodes[index];
    const char *key = arena_format(find->arena, "%c%s", NOTICE_HOLDS_UP, node->name);
    for (size_t i = 0; i < planned->dependent_count; i++) {
        const struct view_node *other =
            find_node(find, find->plan->nodes[planned->dependents[i]].node->name);
        if (other != NULL && waits(other) && other->state != TASK_FROZEN)
            add(find, key, other->name);
    }
}

/* For its graph and dates alone: values come from the store, and do not matter here. */
static void make_plan(struct find *find)
{
    const struct view_run *run = find->of->run;
    struct plan_request request = {.is_second = run->is_second, .run_id = run->id};
    if (find->of->flow == NULL || civil_time_parse(run->cyctime, &request.planned, NULL) < 0 ||
        plan_make(find->of->flow, &request, &find->plan, NULL) < 0)
        find->plan = NULL;
}

void explain_store(struct store *store, const struct explain_store *of, struct arena *arena,
                   struct explain_list *ret_list)
{
    struct find find = {.store = store, .arena = arena, .of = of};
    make_plan(&find);
    for (size_t i = 0; i < of->nodes->count; i++) {
        if (waits(&of->nodes->items[i]))
            add_node(&find, &of->nodes->items[i]);
    }
    for (size_t i = 0; i < of->nodes->count; i++)
        add_waiters(&find, &of->nodes->items[i]);
    plan_free(find.plan);
    *ret_list = (struct explain_list){find.items, find.count};
}
