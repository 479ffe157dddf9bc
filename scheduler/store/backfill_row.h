/* How rows of backfills are read, the same for the engine and for views. */
#ifndef DATEMILL_STORE_BACKFILL_ROW_H
#define DATEMILL_STORE_BACKFILL_ROW_H

#include "scheduler/store/statement.h"
#include "scheduler/store/store_backfill.h"

/* Of `backfill JOIN flow`, in the order backfill_row_read() takes them. */
#define BACKFILL_ROW_COLUMNS                                                                       \
    "backfill.id, flow.name, backfill.version_id, request, typed, ranges, redo, is_descending,"    \
    " parallel, max_failures, priority, selection, who, backfill.reason, backfill.created_at,"     \
    " backfill.state, state_reason, opened_at, ended_at, opening_failures,"                        \
    " coalesce((SELECT leader_id FROM backfill_group"                                              \
    "  WHERE backfill_group.backfill_id = backfill.id), 0)"
#define BACKFILL_ROW_COLUMN_COUNT 21

/* All but the vars, which backfill_row_read_vars() adds. */
void backfill_row_read(struct statement *statement, struct arena *arena,
                       struct store_backfill *backfill);
int backfill_row_read_vars(struct store *store, struct arena *arena,
                           struct store_backfill *backfill, struct error *err);

/* Of `backfill_date`. */
#define BACKFILL_DATE_COLUMNS                                                                      \
    "position, backfill_date.bizdate, backfill_date.cyctime, backfill_date.is_second, decision,"   \
    " backfill_date.state, coalesce(backfill_date.run_id, 0), backfill_date.reason"
#define BACKFILL_DATE_COLUMN_COUNT 8

void backfill_row_read_date(struct statement *statement, struct arena *arena,
                            struct store_date *date);

/* The positions of the dates that a question means: ascending, at most `limit` of them. */
struct backfill_positions {
    int32_t *items;
    size_t count;
    size_t capacity;
};

void backfill_row_free(struct backfill_positions *positions);
int backfill_row_find(struct store *store, const struct load_dates_of *which,
                      struct backfill_positions *ret_positions, struct error *err);

/* NOT_FOUND, naming the newest there is. Always -1. */
int backfill_row_fail_none(struct store *store, int64_t backfill_id, struct error *err);

#endif
