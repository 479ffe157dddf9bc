#include "scheduler/store/view_history.h"

#include "scheduler/store/view_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a node through its runs ---- */

int view_node_history(struct store *store, const struct view_node_list *list, struct arena *arena,
                      struct view_attempts *ret_attempts, struct error *err)
{
    const struct view_place *place = &list->place;
    const struct view_page *page = &list->page;
    assert(page->limit >= 1 && page->limit <= VIEW_MAX_ROWS);
    struct view_attempts attempts = {0};
    struct view_attempt *items = arena_array(arena, (size_t)page->limit, sizeof *items);
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 ||
        statement_open(&s, store,
                       "SELECT " VIEW_ATTEMPT_COLUMNS " FROM node_run INDEXED BY node_run_by_node"
                       " JOIN attempt ON attempt.run_id = node_run.run_id"
                       "  AND attempt.node = node_run.node AND number ="
                       "   (SELECT max(a.number) FROM attempt AS a"
                       "    WHERE a.run_id = node_run.run_id AND a.node = node_run.node)"
                       " WHERE node_id = (SELECT node.id FROM node JOIN flow ON flow.id = flow_id"
                       "   WHERE flow.name = ?1 AND node.name = ?2) AND node_run.run_id < ?3"
                       " ORDER BY node_run.run_id DESC LIMIT ?4",
                       err) != 0)
        return -1;
    statement_text(&s, place->flow);
    statement_text(&s, place->node);
    statement_int(&s, page->after == 0 ? INT64_MAX : page->after);
    statement_int(&s, (int64_t)page->limit + 1);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        if (attempts.count == (size_t)page->limit) {
            attempts.next = items[attempts.count - 1].run_id;
            break;
        }
        view_read_attempt(&s, arena, &items[attempts.count]);
        items[attempts.count++].node_name = arena_copy_string(arena, place->node);
    }
    if (row < 0)
        return -1;
    attempts.items = items;
    *ret_attempts = attempts;
    return 0;
}

/* ---- medians ---- */

static int compare_numbers(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

int view_read_median(struct statement *statement, struct view_median *ret_median, struct error *err)
{
    int64_t samples[VIEW_MEDIAN_SAMPLES];
    struct view_median median = {0};
    int row;
    while ((row = statement_step(statement, err)) == 1 && median.samples < VIEW_MEDIAN_SAMPLES)
        samples[median.samples++] = statement_get_int(statement, 0);
    if (row < 0)
        return -1;
    if (median.samples > 0) {
        qsort(samples, (size_t)median.samples, sizeof *samples, compare_numbers);
        int64_t low = samples[(median.samples - 1) / 2];
        int64_t high = samples[median.samples / 2];
        median.median.us = low / 2 + high / 2 + (low % 2 + high % 2) / 2;
    }
    *ret_median = median;
    return 0;
}

int view_median(struct store *store, const struct view_place *place, struct view_median *ret_median,
                struct error *err)
{
    const char *sql =
        place->node[0] == '\0'
            ? "SELECT ended_at - started_at FROM (SELECT * FROM run INDEXED BY run_by_flow"
              "  WHERE flow_id = (SELECT id FROM flow WHERE name = ?1) AND ?2 = ''"
              "  ORDER BY id DESC LIMIT 1000) AS newest"
              " WHERE state = 2 AND opening = 1 AND selection = '' AND started_at > 0 LIMIT ?3"
            : "SELECT (SELECT ended_at - started_at FROM attempt"
              "  WHERE attempt.run_id = newest.run_id AND attempt.node = newest.node"
              "  ORDER BY number DESC LIMIT 1)"
              " FROM (SELECT * FROM node_run INDEXED BY node_run_by_node"
              "  WHERE node_id = (SELECT node.id FROM node JOIN flow ON flow.id = flow_id"
              "   WHERE flow.name = ?1 AND node.name = ?2) ORDER BY run_id DESC LIMIT 1000)"
              "  AS newest WHERE state = 2 AND attempts > 0 AND why = 2 LIMIT ?3";
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 || statement_open(&s, store, sql, err) != 0)
        return -1;
    statement_text(&s, place->flow);
    statement_text(&s, place->node);
    statement_int(&s, VIEW_MEDIAN_SAMPLES);
    return view_read_median(&s, ret_median, err);
}

/* ---- the state of a date ---- */

/* Nodes by the id of their name; open addressing. */
struct date_slot {
    int64_t node_id;  /* 0 = free */
    size_t index;     /* in `nodes` */
    int64_t event_id; /* of the best so far, 0 = nothing ever happened to it */
};

struct date_map {
    struct arena *arena;
    struct date_slot *slots;
    size_t slot_count; /* a power of two, at least twice the nodes */
    struct view_date_node *nodes;
    size_t node_count;
    size_t node_capacity;
};

static struct date_slot *find_date_slot(const struct date_map *map, int64_t node_id)
{
    size_t at = (size_t)((uint64_t)node_id * 0x9e3779b97f4a7c15u) & (map->slot_count - 1);
    while (map->slots[at].node_id != 0 && map->slots[at].node_id != node_id)
        at = (at + 1) & (map->slot_count - 1);
    return &map->slots[at];
}

static void grow_date_map(struct date_map *map)
{
    struct date_map old = *map;
    map->slot_count = old.slot_count == 0 ? 64 : old.slot_count * 2;
    map->slots = arena_array(map->arena, map->slot_count, sizeof *map->slots);
    for (size_t i = 0; i < old.slot_count; i++)
        if (old.slots[i].node_id != 0)
            *find_date_slot(map, old.slots[i].node_id) = old.slots[i];
}

bool view_has_happened(enum task_state state, int64_t attempts, int64_t event_id)
{
    return attempts > 0 || (event_id > 0 && (state == TASK_SUCCESS || state == TASK_FAILED ||
                                             state == TASK_SKIPPED));
}

enum task_state view_state_of_date(enum task_state state, int64_t event_id)
{
    return state == TASK_SKIPPED && event_id == 0 ? TASK_WAITING : state;
}

/* Rows come newest run first, so that the first of a node is the newest run's. */
static void add_date_row(struct date_map *map, struct statement *s)
{
    if (map->node_count * 2 >= map->slot_count)
        grow_date_map(map);
    int64_t node_id = statement_get_int(s, 1);
    enum task_state state = (enum task_state)statement_get_enum(s, 2, TASK_STATE_COUNT);
    int64_t event_id = statement_get_int(s, 3);
    if (!view_has_happened(state, statement_get_int(s, 5), event_id))
        event_id = 0;
    struct date_slot *slot = find_date_slot(map, node_id);
    if (slot->node_id != 0 && event_id <= slot->event_id)
        return;
    if (slot->node_id == 0) {
        map->nodes = arena_grow(map->arena, map->nodes, map->node_count, &map->node_capacity,
                                sizeof *map->nodes);
        *slot = (struct date_slot){.node_id = node_id, .index = map->node_count++};
        map->nodes[slot->index] = (struct view_date_node){
            .name = statement_get_text(s, 6, map->arena),
        };
    }
    slot->event_id = event_id;
    struct view_date_node *node = &map->nodes[slot->index];
    node->run_id = statement_get_int(s, 0);
    node->state = view_state_of_date(state, event_id);
    node->changed_at = statement_get_instant(s, 4);
    node->attempt_id = statement_get_int(s, 7);
    enum task_why why = (enum task_why)statement_get_enum(s, 8, TASK_WHY_COUNT);
    node->is_by_hand = event_id > 0 && (why == TASK_WHY_MARK || why == TASK_WHY_SKIP);
}

static int open_date_rows(struct statement *s, struct store *store,
                          const struct view_planned *planned, const char *bizdate,
                          struct error *err)
{
    if (statement_open(s, store,
                       "SELECT run.id, node_id, node_run.state, event_id, changed_at, attempts,"
                       " name, (SELECT id FROM attempt WHERE attempt.run_id = run.id"
                       "  AND attempt.node = node_run.node ORDER BY number DESC LIMIT 1), why"
                       " FROM run INDEXED BY run_by_flow_date"
                       " JOIN node_run ON node_run.run_id = run.id JOIN node ON node.id = node_id"
                       " WHERE run.flow_id = (SELECT id FROM flow WHERE flow.name = ?)"
                       " AND bizdate = ? AND cyctime = ? AND is_second = ? AND type <> ''"
                       " ORDER BY run.id DESC, node_run.node",
                       err) != 0)
        return -1;
    statement_text(s, planned->flow);
    statement_text(s, bizdate);
    statement_text(s, planned->cyctime);
    statement_int(s, planned->is_second);
    return 0;
}

int view_date_state(struct store *store, const struct view_planned *planned, struct arena *arena,
                    struct view_date *ret_date, struct error *err)
{
    struct civil_time cyctime;
    char bizdate[CIVIL_DATE_BYTES];
    struct view_date date = {0};
    struct date_map map = {.arena = arena};
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (civil_time_parse(planned->cyctime, &cyctime, err) != 0)
        return -1;
    civil_date_format(civil_add_days(cyctime.date, -1), bizdate);
    if (view_enter(&moment, store, err) != 0 ||
        open_date_rows(&s, store, planned, bizdate, err) != 0)
        return -1;
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        if (date.newest_run_id == 0)
            date.newest_run_id = statement_get_int(&s, 0);
        if (statement_get_int(&s, 0) != date.newest_run_id && date.newest_count == 0)
            date.newest_count = map.node_count;
        if (statement_get_int(&s, 1) != 0)
            add_date_row(&map, &s);
    }
    if (row != 0)
        return -1;
    if (date.newest_count == 0)
        date.newest_count = map.node_count; /* one run is all there is */
    date.nodes = map.nodes;
    date.node_count = map.node_count;
    *ret_date = date;
    return 0;
}

bool view_date_is_done(const struct view_date *date, const char *node,
                       const struct view_date_node **ret_undone)
{
    bool is_all = strcmp(node, "*") == 0;
    size_t count = is_all ? date->newest_count : date->node_count;
    *ret_undone = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct view_date_node *each = &date->nodes[i];
        bool is_meant = is_all || strcmp(each->name, node) == 0;
        if (is_meant && !task_states[each->state].lets_go_on) {
            *ret_undone = each;
            return false;
        }
        if (is_meant && !is_all)
            return true;
    }
    return is_all && count > 0;
}

int view_first_planned(struct store *store, const char *flow, char ret_cyctime[CIVIL_TIME_BYTES],
                       struct error *err)
{
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 ||
        statement_open(&s, store,
                       "SELECT min(cyctime) FROM run INDEXED BY run_by_flow_date"
                       " WHERE flow_id = (SELECT id FROM flow WHERE flow.name = ?1)"
                       " AND bizdate = (SELECT min(bizdate) FROM run INDEXED BY run_by_flow_date"
                       "  WHERE flow_id = (SELECT id FROM flow WHERE flow.name = ?1))",
                       err) != 0)
        return -1;
    statement_text(&s, flow);
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    snprintf(ret_cyctime, CIVIL_TIME_BYTES, "%s", row == 1 ? statement_peek_text(&s, 0) : "");
    return 0;
}

int view_attempt_times(struct store *store, int64_t attempt_id, struct instant *ret_started,
                       struct instant *ret_ended, struct error *err)
{
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 ||
        statement_open(&s, store, "SELECT started_at, ended_at FROM attempt WHERE id = ?", err) !=
            0)
        return -1;
    statement_int(&s, attempt_id);
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    *ret_started = row == 1 ? statement_get_instant(&s, 0) : (struct instant){0};
    *ret_ended = row == 1 ? statement_get_instant(&s, 1) : (struct instant){0};
    return 0;
}
