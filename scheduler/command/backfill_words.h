/* Pieces of text about backfills that more than one place needs. Pure. */
#ifndef DATEMILL_COMMAND_BACKFILL_WORDS_H
#define DATEMILL_COMMAND_BACKFILL_WORDS_H

#include "scheduler/command/terminal.h"
#include "scheduler/daemon/backfill_plan.h"

#include <stddef.h>

#define BACKFILL_WORDS_PIPE_COLUMNS 100 /* where there is no window to fit in */

struct backfill_stretches {
    const struct backfill_stretch *items;
    size_t count;
};

/* Columns to write in. */
size_t backfill_words_columns(const struct terminal *terminal);

/* Appends `2021-11-01 … 2021-11-03, 2021-11-05` in at most `columns`, at the end `… and 12 more`
 * (dates) where they do not fit; one stretch at least. */
void backfill_words_stretches(const struct terminal *terminal,
                              const struct backfill_stretches *stretches, size_t columns,
                              struct text *text);

/* Appends `string` in lines of at most `columns`, broken at spaces; all but the first begin with
 * `indent` spaces. `used` columns of the first are taken. A newline ends the last. */
struct backfill_words_box {
    size_t used;
    size_t indent;
    size_t columns;
};

void backfill_words_wrapped(const struct backfill_words_box *box, const char *string,
                            struct text *text);

/* Appends a bar of `columns`: the part that is done, a head, the rest. */
void backfill_words_bar(const struct terminal *terminal, int64_t done, int64_t total,
                        size_t columns, struct text *text);

/* `2021-11-11`, or `2021-11-11T13:00` where a date has several times. Belongs to `arena`. */
const char *backfill_words_date(const char *bizdate, const char *cyctime, bool has_time,
                                struct arena *arena);

#endif
