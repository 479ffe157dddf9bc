#include "scheduler/command/run_waits_store.h"

#include "scheduler/base/scope.h"
#include "scheduler/command/flow_facts.h"
#include "scheduler/daemon/need_text.h"
#include "scheduler/flow/flow_need.h"
#include "scheduler/plan/plan_need.h"
#include "scheduler/store/store_load.h"
#include "scheduler/store/view_history.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <string.h>

#define MAX_ITEMS 4000

struct find {
    struct context *context;
    const struct run_facts_nodes *run;
    struct store *store;
    struct plan *plan; /* of the run's definition; NULL = it cannot be made any more */
    struct notice_item *items;
    size_t count;
    size_t capacity;
};

static void add(struct find *find, const char *key, const char *text)
{
    if (find->count >= MAX_ITEMS)
        return;
    find->items = arena_grow(&find->context->arena, find->items, find->count, &find->capacity,
                             sizeof *find->items);
    find->items[find->count++] = (struct notice_item){key, text};
}

static const struct view_node *find_node(const struct find *find, const char *name)
{
    const struct view_nodes *nodes = &find->run->nodes;
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

const struct store_freeze *run_waits_freeze(struct context *context, const struct view_run *run,
                                            const char *node)
{
    struct store *store;
    struct load_freezes freezes;
    if (context_store(context, &store, NULL) < 0 ||
        load_freezes(store, &context->arena, &freezes, NULL) < 0)
        return NULL;
    for (size_t i = 0; i < freezes.count; i++) {
        const struct store_freeze *freeze = &freezes.items[i];
        bool is_meant = strcmp(freeze->flow, run->flow) == 0 &&
                        (freeze->node[0] == '\0' || strcmp(freeze->node, node) == 0);
        if (is_meant && (freeze->until[0] == '\0' || strcmp(run->bizdate, freeze->until) < 0))
            return freeze;
    }
    return NULL;
}

static void add_frozen(struct find *find, const struct view_node *node)
{
    struct arena *arena = &find->context->arena;
    const struct view_run *run = &find->run->run;
    const struct store_freeze *freeze = run_waits_freeze(find->context, run, node->name);
    size_t index =
        find->run->flow != NULL ? flow_find_node(find->run->flow, node->name) : FLOW_NONE;
    const char *text;
    if (freeze != NULL)
        text = arena_format(arena, "%sfrozen by %s%s%s%s%s",
                            freeze->node[0] == '\0' ? "the whole flow is " : "", freeze->who,
                            freeze->until[0] != '\0' ? ", business dates before " : "",
                            freeze->until, freeze->reason[0] != '\0' ? ": " : "", freeze->reason);
    else if (index != FLOW_NONE && find->run->flow->nodes[index].is_frozen)
        text = "its flow's file freezes it (frozen: true)";
    else
        text = arena_format(arena, "it was frozen, and is not any more: datemill rerun %" PRId64,
                            run->id);
    add(find, node->name, text);
}

static void add_upstream(struct find *find, const struct view_node *node, size_t index)
{
    const struct flow_node *definition = &find->run->flow->nodes[index];
    for (size_t i = 0; i < definition->need_count; i++) {
        const struct flow_need *need = &definition->needs[i];
        const struct view_node *other =
            flow_need_is_inside(need) ? find_node(find, need->node) : NULL;
        if (other != NULL && !task_states[other->state].lets_go_on)
            add(find, node->name,
                arena_format(&find->context->arena, "%s is %s", other->name,
                             task_state_name(other->state)));
    }
}

/* The flow that a need names, as it is now. */
static const struct flow *load_other(struct find *find, const char *name)
{
    struct flow_source *source;
    const struct flow *flow = NULL;
    const char *path;
    struct diagnostics problems;
    if (strcmp(name, find->run->flow->name) == 0)
        return find->run->flow;
    if (context_source(find->context, &source, NULL) < 0 ||
        flow_source_find(source, name, &find->context->arena, &path, NULL) < 0)
        return NULL;
    diagnostics_init(&problems);
    if (context_load_flow(find->context, path, &problems, &flow, NULL) < 0)
        flow = NULL;
    diagnostics_free(&problems);
    return flow;
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
    return arena_copy_string(&find->context->arena, text_string(&text));
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
        if (need.other == NULL || plan_need_times(&need, &find->context->arena, &times, NULL) < 0) {
            add(find, node->name,
                arena_format(&find->context->arena, "%s/%s: its flow cannot be read",
                             external->flow, external->node));
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
    const struct view_run *run = &find->run->run;
    struct arena *arena = &find->context->arena;
    char delay[DURATION_TEXT_BYTES];
    struct duration left = instant_minus(node->ready_at, clock_now());
    if (node->reason != TASK_REASON_RETRY)
        return;
    const char *when = run_facts_time(find->context, run, node->ready_at);
    add(find, node->name,
        arena_format(arena, "again at %.8s%s%s; try %d", when + 11, left.us > 0 ? ", in " : "",
                     left.us > 0 ? duration_format(left, delay) : "", node->tries + 1));
}

static void add_wait(struct find *find, const struct view_node *node, size_t index)
{
    struct arena *arena = &find->context->arena;
    const struct view_run *run = &find->run->run;
    if (node->reason != TASK_REASON_WAIT || index == FLOW_NONE)
        return;
    const struct flow_node *definition = &find->run->flow->nodes[index];
    struct instant since =
        instant_add(node->ready_at, (struct duration){-definition->wait.timeout.us});
    const char *from = run_facts_time(find->context, run, since);
    const char *until = run_facts_time(find->context, run, node->ready_at);
    add(find, node->name,
        arena_format(arena, "%s since %.8s, until %.19s at most, then %s",
                     flow_facts_wait(definition, arena), from + 11, until,
                     definition->wait.is_skipped ? "skipped" : "failed"));
}

static void add_hold(struct find *find, const struct view_node *node)
{
    const struct view_run *run = &find->run->run;
    enum run_hold hold = run->hold == RUN_HOLD_NONE ? RUN_HOLD_NO_SCHEDULER : run->hold;
    struct arena *arena = &find->context->arena;
    if (hold == RUN_HOLD_NO_SCHEDULER)
        add(find, node->name,
            arena_format(arena, "no scheduler is running: datemill rerun %" PRId64 " goes on",
                         run->id));
    else
        add(find, node->name, arena_format(arena, "%s   (%s)", run_hold_name(hold), run->trigger));
}

static void add_node(struct find *find, const struct view_node *node)
{
    size_t index =
        find->run->flow != NULL ? flow_find_node(find->run->flow, node->name) : FLOW_NONE;
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
    const struct flow *flow = find->run->flow;
    size_t index = flow != NULL ? flow_find_node(flow, node->name) : FLOW_NONE;
    if (index == FLOW_NONE || find->plan == NULL || task_states[node->state].lets_go_on)
        return;
    const struct plan_node *planned = &find->plan->nodes[index];
    const char *key = arena_format(&find->context->arena, "%c%s", NOTICE_HOLDS_UP, node->name);
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
    const struct view_run *run = &find->run->run;
    struct plan_request request = {.is_second = run->is_second, .run_id = run->id};
    if (find->run->flow == NULL || civil_time_parse(run->cyctime, &request.planned, NULL) < 0 ||
        plan_make(find->run->flow, &request, &find->plan, NULL) < 0)
        find->plan = NULL;
}

void run_waits_from_store(struct context *context, const struct run_facts_nodes *run,
                          struct run_waits *ret_waits)
{
    struct find find = {.context = context, .run = run};
    if (context_store(context, &find.store, NULL) < 0)
        return;
    make_plan(&find);
    for (size_t i = 0; i < run->nodes.count; i++) {
        if (waits(&run->nodes.items[i]))
            add_node(&find, &run->nodes.items[i]);
    }
    for (size_t i = 0; i < run->nodes.count; i++)
        add_waiters(&find, &run->nodes.items[i]);
    plan_free(find.plan);
    ret_waits->items = find.items;
    ret_waits->count = find.count;
}
