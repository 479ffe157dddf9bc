#include "scheduler/daemon/backfill_plan.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/zone.h"
#include "scheduler/daemon/backfill_link.h"
#include "scheduler/daemon/backfill_sample.h"
#include "scheduler/daemon/freezes.h"
#include "scheduler/plan/plan.h"
#include "scheduler/plan/plan_time.h"
#include "scheduler/store/store_load.h"
#include "scheduler/system/clock.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_GAP_DAYS 62      /* dates further apart are asked for apart */
#define MAX_ASKED_ITEMS 4096 /* at once */

/* While a plan is made: ascending, and in memory of its own, as it grows. */
struct maker {
    struct store *store;
    const struct backfill_wish *wish;
    struct backfill_plan *plan;
    struct store_date *items;
    size_t count;
    size_t capacity;
    size_t instance_count;    /* items that are no NONE */
    const char *off_schedule; /* why a date that the schedule skips has none */
    const char *first_remark; /* of the first NONE */
    const bool *selected;     /* over the flow's nodes */
    const char *const *nodes; /* names of those; NULL = all */
    size_t node_count;
    int64_t asked_days; /* of the last item that is asked for */
};

/* ---- what is asked for ---- */

/* Of this flow, the cycle before. */
static bool is_cycle_before(const struct flow *flow, const struct flow_need *need)
{
    return need->cycle_back > 0 && (need->flow == NULL || strcmp(need->flow, flow->name) == 0);
}

static int check_order(const struct maker *maker, struct error *err)
{
    const struct flow *flow = maker->wish->flow;
    if (!maker->wish->is_descending)
        return 0;
    for (size_t i = 0; i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[i];
        for (size_t j = 0; maker->selected[i] && j < node->need_count; j++) {
            if (!is_cycle_before(flow, &node->needs[j]))
                continue;
            error_set(err, ERROR_KIND_USAGE,
                      "node %s needs %s of the cycle before: these dates cannot run newest first",
                      node->name, node->needs[j].node);
            return error_help(err, "use `--order asc`, oldest first: those dates wait for each "
                                   "other");
        }
    }
    return 0;
}

static int read_selection(struct maker *maker, struct error *err)
{
    const struct flow *flow = maker->wish->flow;
    struct arena *arena = &maker->plan->arena;
    bool *selected;
    if (plan_select(flow, maker->wish->selection, arena, &selected, err) < 0)
        return -1;
    const char **names = arena_array(arena, flow->node_count, sizeof *names);
    for (size_t i = 0; i < flow->node_count; i++) {
        if (selected[i])
            names[maker->node_count++] = flow->nodes[i].name;
    }
    maker->selected = selected;
    maker->nodes = maker->node_count == flow->node_count ? NULL : names;
    return 0;
}

/* ---- the dates and their planned times ---- */

static struct store_date *add_item(struct maker *maker)
{
    maker->items = memory_grow(maker->items, maker->count, &maker->capacity, sizeof *maker->items);
    struct store_date *item = &maker->items[maker->count++];
    *item = (struct store_date){.cyctime = "", .reason = ""};
    return item;
}

static void add_none(struct maker *maker, const char *bizdate, const char *remark)
{
    struct store_date *item = add_item(maker);
    item->bizdate = bizdate;
    item->decision = DATE_NONE;
    item->state = DATE_LEFT_OUT;
    item->reason = remark;
    if (maker->first_remark == NULL)
        maker->first_remark = remark;
}

static int add_date(struct maker *maker, struct civil_date date, struct error *err)
{
    SCOPED_ARENA struct arena scratch = {0};
    const struct flow *flow = maker->wish->flow;
    struct arena *arena = &maker->plan->arena;
    char buffer[CIVIL_TIME_BYTES];
    const char *bizdate = arena_copy_string(arena, civil_date_format(date, buffer));
    struct plan_times times;
    struct civil_date day = civil_add_days(date, 1);
    if (civil_date_is_valid(day) && !plan_schedule_has_date(flow, day)) {
        add_none(maker, bizdate, maker->off_schedule);
        return 0;
    }
    if (plan_planned_times(flow, (struct plan_date){date, NULL}, &scratch, &times, err) < 0)
        return error_prefix(err, "%s", bizdate);
    if (times.count == 0)
        add_none(maker, bizdate, arena_copy_string(arena, times.remark));
    for (size_t i = 0; i < times.count; i++) {
        struct store_date *item = add_item(maker);
        item->bizdate = bizdate;
        item->cyctime = arena_copy_string(arena, civil_time_format(times.items[i].planned, buffer));
        item->is_second = times.items[i].is_second;
        item->decision = DATE_RUN;
        item->reason = "no run yet";
    }
    maker->instance_count += times.count;
    return 0;
}

static int list_dates(struct maker *maker, struct error *err)
{
    const struct plan_dates *dates = maker->wish->dates;
    const char *flow = maker->wish->flow->name;
    maker->off_schedule =
        arena_format(&maker->plan->arena, "schedule `%s` has no run for that date",
                     maker->wish->flow->schedule.text);
    for (size_t i = 0; i < dates->count; i++) {
        if (add_date(maker, dates->items[i], err) < 0)
            return -1;
        if (maker->count <= BACKFILL_MAX_INSTANCES)
            continue;
        error_set(err, ERROR_KIND_USAGE, "flow %s has more than %d planned times on these dates",
                  flow, BACKFILL_MAX_INSTANCES);
        return error_help(err, "make several backfills, one after another");
    }
    if (maker->instance_count > 0)
        return 0;
    return error_set(err, ERROR_KIND_NOT_FOUND, "flow %s has no run on %s: %s", flow,
                     dates->count == 1 ? "that date" : "any of these dates",
                     maker->first_remark == NULL ? "there are none" : maker->first_remark);
}

/* ---- how they stand ---- */

static int compare_instance(const void *key, const void *item)
{
    const struct store_date *date = key;
    const struct view_instance *instance = item;
    int by_time = strcmp(date->cyctime, instance->cyctime);
    return by_time != 0 ? by_time : (int)date->is_second - (int)instance->is_second;
}

/* What a node that is not success did; before `run 12`. */
static const char *verb_of(enum task_state state)
{
    switch (state) {
    case TASK_FAILED:
        return "failed in";
    case TASK_BLOCKED:
        return "was blocked in";
    case TASK_STOPPED:
        return "was stopped in";
    case TASK_SKIPPED:
        return "was left out of";
    case TASK_FROZEN:
        return "was frozen in";
    case TASK_WAITING:
    case TASK_RUNNING:
    case TASK_SUCCESS:
        return "did not end in";
    }
    return "";
}

static const char *explain_not(const struct view_instance *instance, struct arena *arena)
{
    if (instance->state == TASK_WAITING)
        return arena_format(arena, "%s has not run yet", instance->node);
    const char *reason = instance->reason;
    return arena_format(arena, "%s %s run %" PRId64 "%s%s", instance->node,
                        verb_of(instance->state), instance->run_id, reason[0] == '\0' ? "" : ": ",
                        reason);
}

static void decide(const struct maker *maker, const struct view_instance *instance,
                   struct store_date *item)
{
    enum backfill_redo redo = maker->wish->redo;
    struct arena *arena = &maker->plan->arena;
    item->run_id = instance->run_id;
    switch (instance->verdict) {
    case VIEW_INSTANCE_SUCCESS:
        item->decision = redo == BACKFILL_REDO_ALWAYS ? DATE_REDO : DATE_KEEP;
        item->reason = arena_format(arena, "success in run %" PRId64, instance->run_id);
        return;
    case VIEW_INSTANCE_NOT:
        item->decision = redo == BACKFILL_REDO_NEVER ? DATE_KEEP : DATE_REDO;
        item->reason = explain_not(instance, arena);
        return;
    case VIEW_INSTANCE_OPEN:
        item->decision = DATE_CONFLICT;
        item->reason = arena_format(arena, "run %" PRId64 " is open", instance->run_id);
        return;
    }
}

static int64_t days_of(const char *bizdate)
{
    struct civil_date date;
    int result = civil_date_parse(bizdate, &date, NULL);
    assert(result == 0);
    return civil_to_days(date);
}

/* How many items from `first` on one question is about. */
static size_t count_asked(const struct maker *maker, size_t first)
{
    size_t count = 1;
    int64_t days = days_of(maker->items[first].bizdate);
    while (first + count < maker->count && count < MAX_ASKED_ITEMS) {
        int64_t next = days_of(maker->items[first + count].bizdate);
        if (next - days > MAX_GAP_DAYS)
            break;
        days = next;
        count++;
    }
    return count;
}

static int look_at(struct maker *maker, size_t first, size_t count, struct error *err)
{
    SCOPED_ARENA struct arena scratch = {0};
    struct view_instances found;
    struct view_instances_of which = {.flow = maker->wish->flow->name,
                                      .from = maker->items[first].bizdate,
                                      .to = maker->items[first + count - 1].bizdate,
                                      .nodes = maker->nodes,
                                      .node_count = maker->node_count};
    if (view_instances(maker->store, &which, &scratch, &found, err) < 0)
        return -1;
    for (size_t i = first; found.count > 0 && i < first + count; i++) {
        struct store_date *item = &maker->items[i];
        if (item->decision == DATE_NONE)
            continue;
        const struct view_instance *instance =
            bsearch(item, found.items, found.count, sizeof *found.items, compare_instance);
        if (instance != NULL)
            decide(maker, instance, item);
    }
    return 0;
}

static int look_at_store(struct maker *maker, struct error *err)
{
    size_t count;
    for (size_t i = 0; maker->store != NULL && i < maker->count; i += count) {
        count = count_asked(maker, i);
        if (look_at(maker, i, count, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- what comes first ---- */

/* A green date whose upstream runs again runs again, too. */
static int follow(struct maker *maker, const struct backfill_link *link, struct error *err)
{
    const struct flow *flow = maker->wish->flow;
    for (size_t i = 0; i < maker->count; i++) {
        struct store_date *item = &maker->items[i];
        struct civil_time planned;
        struct plan_time time;
        if (item->decision != DATE_KEEP)
            continue;
        if (civil_time_parse(item->cyctime, &planned, err) < 0)
            return -1;
        const struct store_date *date = plan_time_locate(flow, planned, item->is_second, &time)
                                            ? backfill_link_find(link, &time, true)
                                            : NULL;
        if (date == NULL)
            continue;
        item->decision = DATE_REDO;
        item->reason = arena_format(&maker->plan->arena, "needs %s of %s, which runs",
                                    link->upstream->flow->name, date->bizdate);
    }
    return 0;
}

static int follow_upstream(struct maker *maker, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    const struct backfill_wish *wish = maker->wish;
    for (size_t i = 0; i < wish->upstream_count && wish->redo != BACKFILL_REDO_NEVER; i++) {
        struct backfill_link link;
        if (backfill_link_make(wish->flow, &wish->upstream[i], &arena, &link, err) < 0 ||
            follow(maker, &link, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- the sum ---- */

static bool is_to_run(const struct store_date *item)
{
    return item->decision == DATE_RUN || item->decision == DATE_REDO;
}

static void count_decisions(struct maker *maker)
{
    struct backfill_plan *plan = maker->plan;
    for (size_t i = 0; i < maker->count; i++) {
        struct store_date *item = &maker->items[i];
        plan->decided[item->decision]++;
        if (item->decision == DATE_CONFLICT)
            item->state = DATE_IN_CONFLICT;
        else
            item->state = is_to_run(item) ? DATE_WAITING : DATE_LEFT_OUT;
    }
    plan->to_run = plan->decided[DATE_RUN] + plan->decided[DATE_REDO];
}

/* Of no date any more: yesterday, in the project's zone, has reached it. */
static bool is_over(const struct project *project, const struct store_freeze *freeze)
{
    char yesterday[CIVIL_DATE_BYTES];
    struct zone *zone;
    if (freeze->until[0] == '\0' || zone_load(project->timezone, &zone, NULL) < 0)
        return false;
    struct civil_date today = zone_civil_at(zone, clock_now()).date;
    zone_free(zone);
    civil_date_format(civil_add_days(today, -1), yesterday);
    return strcmp(freeze->until, yesterday) <= 0;
}

static int check_freezes(struct maker *maker, struct error *err)
{
    SCOPED_ARENA struct arena scratch = {0};
    const struct flow *flow = maker->wish->flow;
    struct load_freezes freezes = {0};
    if (maker->store != NULL && load_freezes(maker->store, &scratch, &freezes, err) < 0)
        return -1;
    for (size_t i = 0; i < freezes.count; i++) {
        const struct store_freeze *freeze = &freezes.items[i];
        if (strcmp(freeze->flow, flow->name) != 0 || freeze->node[0] != '\0' ||
            is_over(flow->project, freeze))
            continue;
        for (size_t j = 0; j < maker->count; j++) {
            const struct store_date *item = &maker->items[j];
            bool is_before = freeze->until[0] == '\0' || strcmp(item->bizdate, freeze->until) < 0;
            if (is_to_run(item) && is_before)
                return freezes_refuse(freeze, err);
        }
    }
    return 0;
}

static int estimate(struct maker *maker, struct error *err)
{
    struct backfill_plan *plan = maker->plan;
    struct view_place place = {.flow = maker->wish->flow->name, .node = ""};
    struct view_median median = {0};
    if (maker->store != NULL && view_median(maker->store, &place, &median, err) < 0)
        return -1;
    if (median.samples == 0)
        return 0;
    plan->per_date = median.median;
    plan->samples = median.samples;
    int64_t at_once = maker->wish->parallel < plan->to_run ? maker->wish->parallel : plan->to_run;
    int64_t sum;
    if (__builtin_mul_overflow(plan->per_date.us, plan->to_run, &sum))
        sum = INT64_MAX;
    plan->estimate.us = at_once == 0 ? 0 : sum / at_once;
    return 0;
}

/* Into the arena, in the order in which they run. */
static void keep_items(struct maker *maker)
{
    struct backfill_plan *plan = maker->plan;
    struct store_date *dates = arena_array(&plan->arena, maker->count, sizeof *dates);
    for (size_t i = 0; i < maker->count; i++) {
        dates[i] = maker->items[maker->wish->is_descending ? maker->count - 1 - i : i];
        dates[i].position = (int32_t)i;
    }
    plan->dates = dates;
    plan->count = maker->count;
}

static int look_closer(struct maker *maker, struct error *err)
{
    struct backfill_plan *plan = maker->plan;
    struct backfill_sample sample = {.flow = maker->wish->flow,
                                     .dates = plan->dates,
                                     .count = plan->count,
                                     .vars = maker->wish->vars,
                                     .var_count = maker->wish->var_count,
                                     .selected = maker->selected};
    struct backfill_shared shared;
    if (backfill_sample_look(&sample, &plan->arena, &shared, err) < 0)
        return -1;
    plan->shared_tables = shared.tables;
    plan->shared_table_count = shared.count;
    return 0;
}

static int make(struct maker *maker, struct error *err)
{
    if (read_selection(maker, err) < 0 || check_order(maker, err) < 0 ||
        list_dates(maker, err) < 0 || look_at_store(maker, err) < 0 ||
        follow_upstream(maker, err) < 0)
        return -1;
    count_decisions(maker);
    if (check_freezes(maker, err) < 0 || estimate(maker, err) < 0)
        return -1;
    keep_items(maker);
    return look_closer(maker, err);
}

int backfill_plan_make(struct store *store, const struct backfill_wish *wish,
                       struct backfill_plan **ret_plan, struct error *err)
{
    assert(wish->parallel >= 1);
    struct backfill_plan *plan = memory_new(1, sizeof *plan);
    struct maker maker = {.store = store, .wish = wish, .plan = plan};
    int result = make(&maker, err);
    free(maker.items);
    if (result < 0) {
        backfill_plan_free(plan);
        return -1;
    }
    *ret_plan = plan;
    return 0;
}

void backfill_plan_free(struct backfill_plan *plan)
{
    if (plan == NULL)
        return;
    arena_free(&plan->arena);
    free(plan);
}

/* ---- stretches ---- */

size_t backfill_plan_stretches(const struct backfill_plan *plan, enum date_decision decision,
                               struct arena *arena, const struct backfill_stretch **ret_stretches)
{
    struct backfill_stretch *stretches = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool is_open = false;
    bool is_reversed =
        plan->count > 1 && strcmp(plan->dates[0].bizdate, plan->dates[plan->count - 1].bizdate) > 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct store_date *date = &plan->dates[is_reversed ? plan->count - 1 - i : i];
        if (date->decision != decision) {
            is_open = is_open && date->decision == DATE_NONE;
            continue;
        }
        if (!is_open) {
            stretches = arena_grow(arena, stretches, count, &capacity, sizeof *stretches);
            stretches[count++] = (struct backfill_stretch){.first = date->bizdate};
            is_open = true;
        }
        stretches[count - 1].last = date->bizdate;
        stretches[count - 1].count++;
    }
    *ret_stretches = stretches;
    return count;
}
