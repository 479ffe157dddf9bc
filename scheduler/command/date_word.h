/* The word of the command line that names a business date. */
#ifndef DATEMILL_COMMAND_DATE_WORD_H
#define DATEMILL_COMMAND_DATE_WORD_H

#include "scheduler/base/arena.h"
#include "scheduler/base/civil.h"
#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"
#include "scheduler/flow/flow.h"
#include "scheduler/plan/plan_time.h"

#include <stdbool.h>

#define DATE_WORD_MEANING_BYTES 96

struct date_word {
    struct civil_date bizdate;
    bool has_time;
    struct civil_time time; /* of day, when the word had one; its date means nothing */
    char meaning[DATE_WORD_MEANING_BYTES]; /* `yesterday in Asia/Shanghai`; "" for a date */
};

/* Reads `2021-11-11`, `20211111`, `2021-11-11T13:00` (the date is the business date, the time that
 * of the run, on the day after), `yesterday` (in the flow's zone) or `latest` (the newest planned
 * time of the flow that has passed). NULL counts as `yesterday`. Fails with E020, ERROR_KIND_USAGE.
 * Pure: `now` is handed in. */
int date_word_parse(const char *word, const struct flow *flow, struct instant now,
                    struct date_word *ret_date, struct error *err);

/* Its planned times. Never an empty list: a date that has no instance fails (NOT_FOUND, the reason
 * as text). */
int date_word_times(const struct date_word *date, const struct flow *flow, struct arena *arena,
                    struct plan_times *ret_times, struct error *err);

/* `2021-11-12 00:30 +08:00`: a planned time with the offset of its zone. Belongs to `arena`. */
const char *date_word_show_planned(const struct flow *flow, const struct plan_time *time,
                                   struct arena *arena);

#endif
