/* Ranges of business dates as people write them.
 *
 *   2021-11-01..2021-11-11   both ends included
 *   2021-11                  a month; 2021 a year; both as ends of `..`, too (2021-03..2021-05)
 *   2021-11-11, 20211111     a date
 *   last 7d                  the 7 business dates up to and including yesterday; 2w, 1m (calendar
 *                            months back); one word or two
 *   yesterday                the business date whose data are complete; also as an end of `..`
 *
 * Several, in any order, separated by words, spaces or commas; overlaps count once. The same in the
 * lines of a file (`@file`, `-` are the command's to read), where `#` begins a comment. */
#ifndef DATEMILL_PLAN_PLAN_DATES_H
#define DATEMILL_PLAN_PLAN_DATES_H

#include "scheduler/base/arena.h"
#include "scheduler/base/civil.h"
#include "scheduler/base/error.h"
#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>

#define PLAN_MAX_DATES 100000 /* some 270 years */

struct plan_dates {
    const struct civil_date *items; /* ascending, each once */
    size_t count;
};

/* Where a range is wrong. */
struct plan_dates_spot {
    size_t word;   /* index */
    size_t offset; /* bytes in it */
    size_t length; /* bytes; at least 1 */
};

struct plan_dates_request {
    const char *const *words; /* arguments, or lines of a file */
    size_t word_count;
    struct civil_date today; /* in the flow's zone; `last` and `yesterday` count back from it */
    bool only_weekdays;      /* Monday to Friday */
};

/* The dates belong to the arena. ERROR_KIND_USAGE with E020 for what is no date or range, ends the
 * wrong way round (the help has them the right way), nothing left, or more than PLAN_MAX_DATES;
 * then *ret_spot (may be NULL) is where. */
int plan_dates_parse(const struct plan_dates_request *request, struct arena *arena,
                     struct plan_dates *ret_dates, struct plan_dates_spot *ret_spot,
                     struct error *err);

/* The same dates in the fewest words, with commas: `2021-11-01..2021-11-05,2021-11-08`. A list that
 * is written so parses to itself, whatever today is. */
void plan_dates_write(const struct plan_dates *dates, struct text *text);

#endif
