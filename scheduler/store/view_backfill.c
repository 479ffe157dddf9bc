#include "scheduler/store/view_backfill.h"

#include "scheduler/store/backfill_row.h"
#include "scheduler/store/view_internal.h"

#include <assert.h>

#define MAX_MEDIAN_DATES 1000 /* that are looked at for it */

/* 1 and the row, 0 if there is no such backfill, -1. */
static int read_backfill(struct store *store, int64_t backfill_id, struct arena *arena,
                         struct view_backfill *ret_backfill, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT " BACKFILL_ROW_COLUMNS ", first_date, last_date, decided,"
                       " short_commit, hash, is_dirty FROM backfill"
                       " JOIN flow ON flow.id = backfill.flow_id"
                       " JOIN version ON version.id = backfill.version_id WHERE backfill.id = ?",
                       err) != 0)
        return -1;
    statement_int(&s, backfill_id);
    int row = statement_step(&s, err);
    if (row != 1)
        return row;
    struct view_backfill backfill = {0};
    backfill_row_read(&s, arena, &backfill.row);
    backfill.first = statement_get_text(&s, BACKFILL_ROW_COLUMN_COUNT, arena);
    backfill.last = statement_get_text(&s, BACKFILL_ROW_COLUMN_COUNT + 1, arena);
    if (!view_parse_numbers(statement_peek_text(&s, BACKFILL_ROW_COLUMN_COUNT + 2), INT32_MAX,
                            backfill.decided, DATE_DECISION_COUNT))
        return store_fail_damaged(store, "what a backfill decided cannot be", err);
    backfill.version = view_read_version(&s, BACKFILL_ROW_COLUMN_COUNT + 3, arena);
    if (statement_end(&s, err) != 0 ||
        backfill_row_read_vars(store, arena, &backfill.row, err) != 0 ||
        load_date_counts(store, backfill_id, &backfill.counts, err) != 0)
        return -1;
    *ret_backfill = backfill;
    return 1;
}

int view_find_backfill(struct store *store, int64_t backfill_id, struct arena *arena,
                       struct view_backfill *ret_backfill, struct error *err)
{
    VIEW_MOMENT(moment);
    if (view_enter(&moment, store, err) != 0)
        return -1;
    int row = read_backfill(store, backfill_id, arena, ret_backfill, err);
    if (row == 0)
        return backfill_row_fail_none(store, backfill_id, err);
    return row < 0 ? -1 : 0;
}

/* ---- lists ---- */

static int find_ids(struct store *store, const struct view_backfill_list *list,
                    int64_t ids[VIEW_MAX_ROWS + 1], size_t *ret_count, struct error *err)
{
    size_t count = 0;
    const char *sql =
        list->flow == NULL
            ? "SELECT id FROM backfill WHERE id < ?1 ORDER BY id DESC LIMIT ?2"
            : "SELECT id FROM backfill INDEXED BY backfill_by_flow WHERE id < ?1 AND flow_id ="
              " (SELECT flow.id FROM flow WHERE name = ?3) ORDER BY id DESC LIMIT ?2";
    STATEMENT(s);
    if (statement_open(&s, store, sql, err) != 0)
        return -1;
    statement_int(&s, list->page.after == 0 ? INT64_MAX : list->page.after);
    statement_int(&s, (int64_t)list->page.limit + 1);
    if (list->flow != NULL)
        statement_text(&s, list->flow);
    int row;
    while ((row = statement_step(&s, err)) == 1)
        ids[count++] = statement_get_int(&s, 0);
    *ret_count = count;
    return row;
}

int view_list_backfills(struct store *store, const struct view_backfill_list *list,
                        struct arena *arena, struct view_backfills *ret_backfills,
                        struct error *err)
{
    int64_t ids[VIEW_MAX_ROWS + 1];
    struct view_backfills backfills = {0};
    assert(list->page.limit >= 1 && list->page.limit <= VIEW_MAX_ROWS);
    VIEW_MOMENT(moment);
    if (view_enter(&moment, store, err) != 0 ||
        find_ids(store, list, ids, &backfills.count, err) != 0)
        return -1;
    if (backfills.count > (size_t)list->page.limit) {
        backfills.count = (size_t)list->page.limit;
        backfills.next = ids[backfills.count - 1];
    }
    struct view_backfill *items = arena_array(arena, backfills.count, sizeof *items);
    for (size_t i = 0; i < backfills.count; i++) {
        int row = read_backfill(store, ids[i], arena, &items[i], err);
        if (row == 0)
            return store_fail_damaged(store, "an index names a backfill that is not there", err);
        if (row < 0)
            return -1;
    }
    backfills.items = items;
    *ret_backfills = backfills;
    return 0;
}

/* ---- dates ---- */

static int read_date_run(struct statement *s, struct arena *arena, struct view_date_run *date,
                         struct error *err)
{
    struct store *store = s->store;
    int row = statement_step(s, err);
    if (row < 0)
        return -1;
    if (row == 0)
        return store_fail_damaged(store, "an index names a date that is not there", err);
    *date = (struct view_date_run){.failure = {.node = "", .code = "", .text = ""}};
    backfill_row_read_date(s, arena, &date->date);
    date->started_at = statement_get_instant(s, BACKFILL_DATE_COLUMN_COUNT);
    date->ended_at = statement_get_instant(s, BACKFILL_DATE_COLUMN_COUNT + 1);
    bool is_good = statement_get_int(s, BACKFILL_DATE_COLUMN_COUNT + 2) == RUN_SUCCESS;
    if (statement_end(s, err) != 0)
        return -1;
    statement_close(s);
    return date->date.run_id == 0 || is_good
               ? 0
               : view_read_failure(store, date->date.run_id, arena, &date->failure, err);
}

/* One more than asked for is looked for: then this is not the end. */
static struct load_dates_of one_more(const struct load_dates_of *which)
{
    struct load_dates_of more = *which;
    if (more.limit < INT32_MAX)
        more.limit++;
    return more;
}

int view_backfill_dates(struct store *store, const struct load_dates_of *which, struct arena *arena,
                        struct view_date_runs *ret_dates, struct error *err)
{
    struct load_dates_of more = one_more(which);
    struct view_date_runs dates = {.next = -1};
    SCOPED(backfill_row_free) struct backfill_positions positions = {0};
    assert(which->limit >= 1);
    VIEW_MOMENT(moment);
    if (view_enter(&moment, store, err) != 0 ||
        backfill_row_find(store, &more, &positions, err) != 0)
        return -1;
    dates.count = positions.count;
    if (dates.count > (size_t)which->limit) {
        dates.count = (size_t)which->limit;
        dates.next = positions.items[dates.count - 1];
    }
    struct view_date_run *items = arena_array(arena, dates.count, sizeof *items);
    for (size_t i = 0; i < dates.count; i++) {
        STATEMENT(s);
        if (statement_open(&s, store,
                           "SELECT " BACKFILL_DATE_COLUMNS ", started_at, ended_at, run.state"
                           " FROM backfill_date LEFT JOIN run ON run.id = run_id"
                           " WHERE backfill_id = ? AND position = ?",
                           err) != 0)
            return -1;
        statement_int(&s, which->backfill_id);
        statement_int(&s, positions.items[i]);
        if (read_date_run(&s, arena, &items[i], err) != 0)
            return -1;
    }
    dates.items = items;
    *ret_dates = dates;
    return 0;
}

int view_backfill_operations(struct store *store, int64_t backfill_id, struct arena *arena,
                             struct view_operations *ret_operations, struct error *err)
{
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 ||
        statement_open(&s, store,
                       VIEW_OPERATION_SELECT
                       "INDEXED BY operation_by_backfill" VIEW_OPERATION_JOIN
                       "WHERE operation.backfill_id = ? ORDER BY operation.id",
                       err) != 0)
        return -1;
    statement_int(&s, backfill_id);
    return view_read_operations(&s, arena, ret_operations, err);
}

int view_backfill_median(struct store *store, int64_t backfill_id, struct view_median *ret_median,
                         struct error *err)
{
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 ||
        statement_open(&s, store,
                       "SELECT run.ended_at - run.started_at FROM"
                       " (SELECT run_id FROM backfill_date INDEXED BY backfill_date_by_state"
                       "  WHERE backfill_id = ?1 AND state = 2 ORDER BY position DESC LIMIT ?2)"
                       "  AS newest CROSS JOIN run ON run.id = newest.run_id"
                       " WHERE run.state = 2 AND started_at > 0 LIMIT ?3",
                       err) != 0)
        return -1;
    statement_int(&s, backfill_id);
    statement_int(&s, MAX_MEDIAN_DATES);
    statement_int(&s, VIEW_MEDIAN_SAMPLES);
    return view_read_median(&s, ret_median, err);
}
