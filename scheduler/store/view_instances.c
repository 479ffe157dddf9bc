/* How the dates of a flow stand, in bulk: per node its newest attempt, mark or skip in any run of
 * the planned time, as view_date_state() sees one date. */
#include "scheduler/base/scope.h"
#include "scheduler/store/view_backfill.h"
#include "scheduler/store/view_internal.h"

#include <stdlib.h>
#include <string.h>

struct instance_run {
    int64_t id;
    int64_t version_id;
    const char *bizdate;
    const char *cyctime;
    bool is_second;
    bool is_open;
    bool is_whole; /* over, and each node of it is success */
};

/* A node that the flow ever had, and how it stands at the planned time that is looked at. */
struct instance_node {
    int64_t id;
    const char *name;
    bool is_asked;
    uint32_t seen;    /* number of the last planned time that had it, 0 = none */
    int64_t event_id; /* of what happened last, 0 = nothing ever */
    int64_t run_id;   /* in which */
    uint32_t index;   /* there */
    enum task_state state;
    int64_t why;
    int64_t attempts;
};

struct instances {
    struct store *store;
    const struct view_instances_of *which;
    struct arena *arena;         /* of the answer */
    struct arena *scratch;       /* of what is gone after it */
    struct instance_node *nodes; /* by name */
    size_t node_count;
    struct instance_node **by_id;
    struct instance_node **asked; /* [i] is which->nodes[i]; NULL = the flow never had it */
    size_t asked_count;           /* different nodes */
    bool asks_for_unknown;
    struct instance_run *runs; /* by planned time, the newest first */
    size_t run_count;
    struct instance_node **order; /* nodes of the planned time, as its runs have them */
    size_t order_count;
    size_t newest_count; /* of the newest run: the first so many */
    uint32_t number;     /* of the planned time, from 1 */
    int64_t *versions;   /* whose runs have all nodes that are asked for */
    size_t version_count;
    size_t version_capacity;
    struct view_instance *items;
    size_t item_count;
    size_t item_capacity;
};

/* ---- what there is ---- */

static int compare_ids(const void *a, const void *b)
{
    const struct instance_node *left = *(struct instance_node *const *)a;
    const struct instance_node *right = *(struct instance_node *const *)b;
    return (left->id > right->id) - (left->id < right->id);
}

static int compare_names(const void *name, const void *node)
{
    return strcmp(name, ((const struct instance_node *)node)->name);
}

static int read_nodes(struct instances *all, struct error *err)
{
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(&s, all->store,
                       "SELECT id, name FROM node"
                       " WHERE flow_id = (SELECT id FROM flow WHERE flow.name = ?) ORDER BY name",
                       err) != 0)
        return -1;
    statement_text(&s, all->which->flow);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        all->nodes =
            arena_grow(all->scratch, all->nodes, all->node_count, &capacity, sizeof *all->nodes);
        all->nodes[all->node_count++] = (struct instance_node){
            .id = statement_get_int(&s, 0),
            .name = statement_get_text(&s, 1, all->arena),
        };
    }
    if (row != 0)
        return -1;
    all->order = arena_array(all->scratch, all->node_count, sizeof *all->order);
    all->by_id = arena_array(all->scratch, all->node_count, sizeof *all->by_id);
    for (size_t i = 0; i < all->node_count; i++)
        all->by_id[i] = &all->nodes[i];
    if (all->node_count > 0)
        qsort(all->by_id, all->node_count, sizeof *all->by_id, compare_ids);
    return 0;
}

static void find_asked(struct instances *all)
{
    const struct view_instances_of *which = all->which;
    all->asked = arena_array(all->scratch, which->node_count, sizeof *all->asked);
    for (size_t i = 0; which->nodes != NULL && i < which->node_count; i++) {
        struct instance_node *node = all->node_count == 0
                                         ? NULL
                                         : bsearch(which->nodes[i], all->nodes, all->node_count,
                                                   sizeof *all->nodes, compare_names);
        all->asked[i] = node;
        if (node == NULL)
            all->asks_for_unknown = true;
        else if (!node->is_asked)
            all->asked_count++;
        if (node != NULL)
            node->is_asked = true;
    }
}

static bool is_whole(struct statement *s, enum run_state state)
{
    uint32_t counts[TASK_STATE_COUNT];
    if (state != RUN_SUCCESS || !view_parse_counts(statement_peek_text(s, 5), counts))
        return false;
    for (int i = 0; i < TASK_STATE_COUNT; i++)
        if (i != TASK_SUCCESS && counts[i] > 0)
            return false;
    return counts[TASK_SUCCESS] > 0;
}

static int compare_runs(const void *a, const void *b)
{
    const struct instance_run *left = a;
    const struct instance_run *right = b;
    int result = strcmp(left->cyctime, right->cyctime);
    if (result == 0)
        result = (int)left->is_second - (int)right->is_second;
    return result != 0 ? result : (left->id < right->id) - (left->id > right->id);
}

static int read_runs(struct instances *all, struct error *err)
{
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(&s, all->store,
                       "SELECT id, bizdate, cyctime, is_second, state, counts, version_id"
                       " FROM run INDEXED BY run_by_flow_date"
                       " WHERE flow_id = (SELECT id FROM flow WHERE flow.name = ?)"
                       " AND bizdate BETWEEN ? AND ?",
                       err) != 0)
        return -1;
    statement_text(&s, all->which->flow);
    statement_text(&s, all->which->from);
    statement_text(&s, all->which->to);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        enum run_state state = (enum run_state)statement_get_enum(&s, 4, TASK_STATE_COUNT);
        all->runs =
            arena_grow(all->scratch, all->runs, all->run_count, &capacity, sizeof *all->runs);
        all->runs[all->run_count++] = (struct instance_run){
            .id = statement_get_int(&s, 0),
            .bizdate = statement_get_text(&s, 1, all->scratch),
            .cyctime = statement_get_text(&s, 2, all->scratch),
            .is_second = statement_get_bool(&s, 3),
            .is_open = state < RUN_SUCCESS,
            .is_whole = is_whole(&s, state),
            .version_id = statement_get_int(&s, 6),
        };
    }
    if (row != 0)
        return -1;
    if (all->run_count > 0)
        qsort(all->runs, all->run_count, sizeof *all->runs, compare_runs);
    return 0;
}

/* ---- one planned time ---- */

struct instance_runs { /* of it, newest first */
    const struct instance_run *items;
    size_t count;
};

/* The first or the last line of a run's story, 0 = it has none. */
static int read_event(struct store *store, const char *sql, int64_t run_id, int64_t *ret_event_id,
                      struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store, sql, err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    *ret_event_id = row == 0 ? 0 : statement_get_int(&s, 0);
    return 0;
}

static bool has_all_asked(const struct instances *all, int64_t version_id)
{
    if (all->which->nodes == NULL)
        return true;
    for (size_t i = 0; i < all->version_count; i++)
        if (all->versions[i] == version_id)
            return true;
    return false;
}

/* 1 = the newest run is a success of all nodes, and nothing happened in an older one since it was
 * made. */
static int is_decided_by_newest(struct instances *all, const struct instance_runs *runs,
                                struct error *err)
{
    int64_t made;
    if (!runs->items[0].is_whole || !has_all_asked(all, runs->items[0].version_id))
        return 0;
    if (runs->count == 1)
        return 1;
    if (read_event(all->store, "SELECT min(id) FROM event INDEXED BY event_by_run WHERE run_id = ?",
                   runs->items[0].id, &made, err) != 0)
        return -1;
    for (size_t i = 1; i < runs->count; i++) {
        int64_t last;
        if (read_event(all->store,
                       "SELECT max(id) FROM event INDEXED BY event_by_run WHERE run_id = ?",
                       runs->items[i].id, &last, err) != 0)
            return -1;
        if (last >= made)
            return 0;
    }
    return 1;
}

static struct instance_node *find_node(const struct instances *all, int64_t id)
{
    size_t low = 0;
    size_t high = all->node_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all->by_id[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < all->node_count && all->by_id[low]->id == id ? all->by_id[low] : NULL;
}

static void add_node_row(struct instances *all, struct instance_node *node, int64_t run_id,
                         struct statement *s)
{
    enum task_state state = (enum task_state)statement_get_enum(s, 1, TASK_STATE_COUNT);
    int64_t attempts = statement_get_int(s, 3);
    int64_t event_id = statement_get_int(s, 2);
    if (!view_has_happened(state, attempts, event_id))
        event_id = 0;
    bool is_first = node->seen != all->number;
    if (!is_first && event_id <= node->event_id)
        return;
    if (is_first)
        all->order[all->order_count++] = node;
    node->seen = all->number;
    node->event_id = event_id;
    node->run_id = run_id;
    node->index = statement_get_index(s, 4);
    node->state = state;
    node->why = statement_get_int(s, 5);
    node->attempts = attempts;
}

static int read_run_nodes(struct instances *all, int64_t run_id, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, all->store,
                       "SELECT node_id, state, event_id, attempts, node, why FROM node_run"
                       " WHERE run_id = ? AND type <> '' ORDER BY node",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        struct instance_node *node = find_node(all, statement_get_int(&s, 0));
        if (node == NULL)
            return store_fail_damaged(all->store, "a run has a node that its flow never had", err);
        add_node_row(all, node, run_id, &s);
    }
    return row;
}

/* Runs of one version have the same nodes. */
static void note_version(struct instances *all, int64_t version_id)
{
    size_t asked = 0;
    if (all->which->nodes == NULL || all->asks_for_unknown || has_all_asked(all, version_id))
        return;
    for (size_t i = 0; i < all->newest_count; i++)
        if (all->order[i]->is_asked)
            asked++;
    if (asked < all->asked_count)
        return;
    all->versions = arena_grow(all->scratch, all->versions, all->version_count,
                               &all->version_capacity, sizeof *all->versions);
    all->versions[all->version_count++] = version_id;
}

static enum task_state state_of(const struct instance_node *node)
{
    return view_state_of_date(node->state, node->event_id);
}

static bool is_done(const struct instance_node *node)
{
    enum task_state state = state_of(node);
    return state == TASK_SUCCESS || state == TASK_SKIPPED;
}

/* The first node asked for that is not done, in the newest run's order. */
static const struct instance_node *find_undone(const struct instances *all)
{
    bool asks_for_all = all->which->nodes == NULL;
    size_t count = asks_for_all ? all->newest_count : all->order_count;
    for (size_t i = 0; i < count; i++)
        if ((asks_for_all || all->order[i]->is_asked) && !is_done(all->order[i]))
            return all->order[i];
    return NULL;
}

/* The first name asked for that none of the runs has. */
static const char *find_unseen(const struct instances *all)
{
    const struct view_instances_of *which = all->which;
    for (size_t i = 0; which->nodes != NULL && i < which->node_count; i++)
        if (all->asked[i] == NULL || all->asked[i]->seen != all->number)
            return which->nodes[i];
    return NULL;
}

static int read_reason(struct instances *all, const struct instance_node *node,
                       const char **ret_reason, struct error *err)
{
    bool is_marked = node->why == TASK_WHY_MARK;
    *ret_reason = "";
    if (node->attempts == 0 && !is_marked)
        return 0;
    STATEMENT(s);
    if (statement_open(&s, all->store,
                       "SELECT coalesce(who, ''), coalesce(operation.reason, ''), coalesce((SELECT"
                       "  reason FROM attempt WHERE attempt.run_id = ?1 AND attempt.node = ?2"
                       "  ORDER BY number DESC LIMIT 1), '')"
                       " FROM node_run LEFT JOIN operation ON operation.id = operation_id"
                       " WHERE node_run.run_id = ?1 AND node_run.node = ?2",
                       err) != 0)
        return -1;
    statement_int(&s, node->run_id);
    statement_int(&s, node->index);
    int row = statement_step(&s, err);
    if (row != 1)
        return row;
    *ret_reason =
        is_marked ? arena_format(all->arena, "marked %s by %s: %s", task_state_name(node->state),
                                 statement_peek_text(&s, 0), statement_get_text(&s, 1, all->arena))
                  : statement_get_text(&s, 2, all->arena);
    return 0;
}

static int judge_nodes(struct instances *all, const struct instance_runs *runs,
                       struct view_instance *instance, struct error *err)
{
    all->order_count = 0;
    all->number++;
    for (size_t i = 0; i < runs->count; i++) {
        if (read_run_nodes(all, runs->items[i].id, err) != 0)
            return -1;
        if (i == 0)
            all->newest_count = all->order_count;
    }
    note_version(all, runs->items[0].version_id);
    const struct instance_node *node = find_undone(all);
    const char *unseen = node == NULL ? find_unseen(all) : NULL;
    if (node == NULL && unseen == NULL)
        return 0;
    instance->verdict = VIEW_INSTANCE_NOT;
    instance->node = node != NULL ? node->name : arena_copy_string(all->arena, unseen);
    instance->state = node != NULL ? state_of(node) : TASK_WAITING;
    return node == NULL ? 0 : read_reason(all, node, &instance->reason, err);
}

static int judge(struct instances *all, const struct instance_runs *runs, struct error *err)
{
    const struct instance_run *newest = &runs->items[0];
    struct view_instance instance = {.verdict = VIEW_INSTANCE_SUCCESS,
                                     .bizdate = arena_copy_string(all->arena, newest->bizdate),
                                     .cyctime = arena_copy_string(all->arena, newest->cyctime),
                                     .is_second = newest->is_second,
                                     .run_id = newest->id,
                                     .node = "",
                                     .state = TASK_SUCCESS,
                                     .reason = ""};
    for (size_t i = 0; i < runs->count; i++)
        if (runs->items[i].is_open) {
            instance.verdict = VIEW_INSTANCE_OPEN;
            instance.state = TASK_RUNNING;
            instance.run_id = runs->items[i].id;
        }
    if (instance.verdict != VIEW_INSTANCE_OPEN) {
        int is_decided = is_decided_by_newest(all, runs, err);
        if (is_decided < 0 || (is_decided == 0 && judge_nodes(all, runs, &instance, err) != 0))
            return -1;
    }
    all->items = arena_grow(all->arena, all->items, all->item_count, &all->item_capacity,
                            sizeof *all->items);
    all->items[all->item_count++] = instance;
    return 0;
}

static size_t count_same_time(const struct instances *all, size_t at)
{
    const struct instance_run *first = &all->runs[at];
    size_t end = at + 1;
    while (end < all->run_count && all->runs[end].is_second == first->is_second &&
           strcmp(all->runs[end].cyctime, first->cyctime) == 0)
        end++;
    return end - at;
}

int view_instances(struct store *store, const struct view_instances_of *which, struct arena *arena,
                   struct view_instances *ret_instances, struct error *err)
{
    SCOPED_ARENA struct arena scratch;
    arena_init(&scratch, 0);
    struct instances all = {.store = store, .which = which, .arena = arena, .scratch = &scratch};
    VIEW_MOMENT(moment);
    if (view_enter(&moment, store, err) != 0 || read_nodes(&all, err) != 0 ||
        read_runs(&all, err) != 0)
        return -1;
    find_asked(&all);
    for (size_t at = 0; at < all.run_count;) {
        struct instance_runs runs = {&all.runs[at], count_same_time(&all, at)};
        if (judge(&all, &runs, err) != 0)
            return -1;
        at += runs.count;
    }
    *ret_instances = (struct view_instances){.items = all.items, .count = all.item_count};
    return 0;
}
