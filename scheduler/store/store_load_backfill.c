#include "scheduler/base/memory.h"
#include "scheduler/store/backfill_row.h"

#include <assert.h>
#include <stdlib.h>

/* ---- names ---- */

const char *backfill_state_name(enum backfill_state state)
{
    switch (state) {
    case BACKFILL_RUNNING:
        return "running";
    case BACKFILL_PAUSED:
        return "paused";
    case BACKFILL_SUCCESS:
        return "success";
    case BACKFILL_FAILED:
        return "failed";
    case BACKFILL_STOPPED:
        return "stopped";
    }
    return "?";
}

const char *backfill_redo_name(enum backfill_redo redo)
{
    switch (redo) {
    case BACKFILL_REDO_NEVER:
        return "never";
    case BACKFILL_REDO_FAILED:
        return "failed";
    case BACKFILL_REDO_ALWAYS:
        return "always";
    }
    return "?";
}

const char *date_decision_name(enum date_decision decision)
{
    switch (decision) {
    case DATE_KEEP:
        return "keep";
    case DATE_REDO:
        return "redo";
    case DATE_RUN:
        return "run";
    case DATE_CONFLICT:
        return "conflict";
    case DATE_NONE:
        return "none";
    }
    return "?";
}

const char *date_state_name(enum date_state state)
{
    switch (state) {
    case DATE_WAITING:
        return "waiting";
    case DATE_OPEN:
        return "open";
    case DATE_SUCCESS:
        return "success";
    case DATE_FAILED:
        return "failed";
    case DATE_STOPPED:
        return "stopped";
    case DATE_BLOCKED:
        return "blocked";
    case DATE_IN_CONFLICT:
        return "in conflict";
    case DATE_LEFT_OUT:
        return "left out";
    }
    return "?";
}

/* ---- rows ---- */

void backfill_row_read(struct statement *s, struct arena *arena, struct store_backfill *backfill)
{
    *backfill = (struct store_backfill){
        .id = statement_get_int(s, 0),
        .flow = statement_get_text(s, 1, arena),
        .version_id = statement_get_int(s, 2),
        .request = statement_get_text(s, 3, arena),
        .typed = statement_get_text(s, 4, arena),
        .ranges = statement_get_text(s, 5, arena),
        .redo = (enum backfill_redo)statement_get_enum(s, 6, BACKFILL_REDO_COUNT),
        .is_descending = statement_get_bool(s, 7),
        .parallel = statement_get_int32(s, 8),
        .max_failures = statement_get_int32(s, 9),
        .priority = statement_get_int32(s, 10),
        .selection = statement_get_text(s, 11, arena),
        .who = statement_get_text(s, 12, arena),
        .reason = statement_get_text(s, 13, arena),
        .created_at = statement_get_instant(s, 14),
        .state = (enum backfill_state)statement_get_enum(s, 15, BACKFILL_STATE_COUNT),
        .state_reason = statement_get_text(s, 16, arena),
        .opened_at = statement_get_instant(s, 17),
        .ended_at = statement_get_instant(s, 18),
        .opening_failures = statement_get_int(s, 19),
        .leader_id = statement_get_int(s, 20),
    };
}

int backfill_row_read_vars(struct store *store, struct arena *arena,
                           struct store_backfill *backfill, struct error *err)
{
    struct node_setting *vars = NULL;
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT name, value FROM backfill_var WHERE backfill_id = ?"
                       " ORDER BY position",
                       err) != 0)
        return -1;
    statement_int(&s, backfill->id);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        vars = arena_grow(arena, vars, backfill->var_count, &capacity, sizeof *vars);
        vars[backfill->var_count++] = (struct node_setting){
            .name = statement_get_text(&s, 0, arena),
            .text = statement_get_text(&s, 1, arena),
        };
    }
    backfill->vars = vars;
    return row;
}

void backfill_row_read_date(struct statement *s, struct arena *arena, struct store_date *date)
{
    *date = (struct store_date){
        .position = statement_get_int32(s, 0),
        .bizdate = statement_get_text(s, 1, arena),
        .cyctime = statement_get_text(s, 2, arena),
        .is_second = statement_get_bool(s, 3),
        .decision = (enum date_decision)statement_get_enum(s, 4, DATE_DECISION_COUNT),
        .state = (enum date_state)statement_get_enum(s, 5, DATE_STATE_COUNT),
        .run_id = statement_get_int(s, 6),
        .reason = statement_get_text(s, 7, arena),
    };
}

int backfill_row_fail_none(struct store *store, int64_t backfill_id, struct error *err)
{
    int64_t newest;
    if (store_read_int(store, "SELECT max(id) FROM backfill", &newest, err) != 0)
        return -1;
    error_set(err, ERROR_KIND_NOT_FOUND, "there is no backfill %lld", (long long)backfill_id);
    return newest > 0 ? error_help(err, "the newest is %lld; datemill backfill list shows more",
                                   (long long)newest)
                      : error_help(err, "there has been no backfill yet");
}

/* ---- backfills ---- */

/* All rows of an open statement. */
static int read_backfills(struct statement *s, struct store *store, struct arena *arena,
                          struct load_backfills *ret_backfills, struct error *err)
{
    struct store_backfill *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    int row;
    while ((row = statement_step(s, err)) == 1) {
        items = arena_grow(arena, items, count, &capacity, sizeof *items);
        backfill_row_read(s, arena, &items[count++]);
    }
    if (row != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (backfill_row_read_vars(store, arena, &items[i], err) != 0)
            return -1;
    *ret_backfills = (struct load_backfills){.items = items, .count = count};
    return 0;
}

int load_open_backfills(struct store *store, struct arena *arena,
                        struct load_backfills *ret_backfills, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT " BACKFILL_ROW_COLUMNS " FROM backfill INDEXED BY backfill_open"
                       " JOIN flow ON flow.id = backfill.flow_id WHERE backfill.state < 2"
                       " ORDER BY backfill.id",
                       err) != 0)
        return -1;
    return read_backfills(&s, store, arena, ret_backfills, err);
}

int load_backfill_group(struct store *store, int64_t leader_id, struct arena *arena,
                        struct load_backfills *ret_backfills, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT " BACKFILL_ROW_COLUMNS
                       " FROM backfill_group AS mate INDEXED BY backfill_group_by_leader"
                       " JOIN backfill ON backfill.id = mate.backfill_id"
                       " JOIN flow ON flow.id = backfill.flow_id WHERE mate.leader_id = ?"
                       " ORDER BY mate.backfill_id",
                       err) != 0)
        return -1;
    statement_int(&s, leader_id);
    return read_backfills(&s, store, arena, ret_backfills, err);
}

int load_backfill(struct store *store, int64_t backfill_id, struct arena *arena,
                  struct store_backfill *ret_backfill, struct error *err)
{
    struct store_backfill backfill;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT " BACKFILL_ROW_COLUMNS " FROM backfill"
                       " JOIN flow ON flow.id = backfill.flow_id WHERE backfill.id = ?",
                       err) != 0)
        return -1;
    statement_int(&s, backfill_id);
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    if (row == 0)
        return backfill_row_fail_none(store, backfill_id, err);
    backfill_row_read(&s, arena, &backfill);
    if (statement_end(&s, err) != 0 || backfill_row_read_vars(store, arena, &backfill, err) != 0)
        return -1;
    *ret_backfill = backfill;
    return 0;
}

int load_backfill_of_request(struct store *store, const char *request, int64_t *ret_backfill_id,
                             struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store, "SELECT id FROM backfill WHERE request = ? AND request <> ''",
                       err) != 0)
        return -1;
    statement_text(&s, request);
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    *ret_backfill_id = row == 0 ? 0 : statement_get_int(&s, 0);
    return 0;
}

/* ---- dates ---- */

/* Positions in one state, in the order of the index; at most which->limit are added. */
static int add_positions(struct store *store, const struct load_dates_of *which, int state,
                         struct backfill_positions *positions, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT position FROM backfill_date INDEXED BY backfill_date_by_state"
                       " WHERE backfill_id = ? AND state = ? AND position > ?"
                       " ORDER BY position LIMIT ?",
                       err) != 0)
        return -1;
    statement_int(&s, which->backfill_id);
    statement_int(&s, state);
    statement_int(&s, which->after);
    statement_int(&s, which->limit);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        positions->items = memory_grow(positions->items, positions->count, &positions->capacity,
                                       sizeof *positions->items);
        positions->items[positions->count++] = statement_get_int32(&s, 0);
    }
    return row;
}

static int compare_positions(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a;
    int32_t right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

void backfill_row_free(struct backfill_positions *positions)
{
    free(positions->items);
}

int backfill_row_find(struct store *store, const struct load_dates_of *which,
                      struct backfill_positions *ret_positions, struct error *err)
{
    assert(which->limit >= 1);
    for (int state = 0; state < DATE_STATE_COUNT; state++)
        if ((which->states & (UINT32_C(1) << state)) != 0 &&
            add_positions(store, which, state, ret_positions, err) != 0)
            return -1;
    if (ret_positions->count > 0)
        qsort(ret_positions->items, ret_positions->count, sizeof *ret_positions->items,
              compare_positions);
    if (ret_positions->count > (size_t)which->limit)
        ret_positions->count = (size_t)which->limit;
    return 0;
}

int load_dates(struct store *store, const struct load_dates_of *which, struct arena *arena,
               struct load_dates *ret_dates, struct error *err)
{
    SCOPED(backfill_row_free) struct backfill_positions positions = {0};
    if (backfill_row_find(store, which, &positions, err) != 0)
        return -1;
    struct store_date *items = arena_array(arena, positions.count, sizeof *items);
    for (size_t i = 0; i < positions.count; i++) {
        STATEMENT(s);
        if (statement_open(&s, store,
                           "SELECT " BACKFILL_DATE_COLUMNS " FROM backfill_date"
                           " WHERE backfill_id = ? AND position = ?",
                           err) != 0)
            return -1;
        statement_int(&s, which->backfill_id);
        statement_int(&s, positions.items[i]);
        int row = statement_step(&s, err);
        if (row < 0)
            return -1;
        if (row == 0)
            return store_fail_damaged(store, "an index names a date that is not there", err);
        backfill_row_read_date(&s, arena, &items[i]);
        if (statement_end(&s, err) != 0)
            return -1;
    }
    *ret_dates = (struct load_dates){.items = items, .count = positions.count};
    return 0;
}

int load_date(struct store *store, const struct load_date_of *which, struct arena *arena,
              struct store_date *ret_date, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT " BACKFILL_DATE_COLUMNS
                       " FROM backfill_date INDEXED BY backfill_date_by_date"
                       " WHERE backfill_id = ? AND bizdate = ? AND cyctime = ? AND is_second = ?",
                       err) != 0)
        return -1;
    statement_int(&s, which->backfill_id);
    statement_text(&s, which->bizdate);
    statement_text(&s, which->cyctime);
    statement_int(&s, which->is_second);
    int row = statement_step(&s, err);
    *ret_date = (struct store_date){.position = -1};
    if (row == 1)
        backfill_row_read_date(&s, arena, ret_date);
    return row < 0 ? -1 : 0;
}

int load_date_counts(struct store *store, int64_t backfill_id, struct date_counts *ret_counts,
                     struct error *err)
{
    struct date_counts counts = {0};
    STATEMENT(s);
    if (statement_open(&s, store, "SELECT state, dates FROM backfill_count WHERE backfill_id = ?",
                       err) != 0)
        return -1;
    statement_int(&s, backfill_id);
    int row;
    while ((row = statement_step(&s, err)) == 1)
        counts.items[statement_get_enum(&s, 0, DATE_STATE_COUNT)] = statement_get_int(&s, 1);
    if (row != 0)
        return -1;
    *ret_counts = counts;
    return 0;
}
