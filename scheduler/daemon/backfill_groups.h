/* Failed dates by kind: the same node with the same reason, whatever numbers are in it, so that a
 * file that is missing for twelve dates is told once. */
#ifndef DATEMILL_DAEMON_BACKFILL_GROUPS_H
#define DATEMILL_DAEMON_BACKFILL_GROUPS_H

#include "scheduler/daemon/backfill_plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BACKFILL_GROUPS_MAX 200 /* kinds; what comes after them is of one more */

struct backfill_failure {
    const char *node; /* "" = none, as of a conflict */
    const char *reason;
    const char *bizdate; /* 2021-11-11 */
    int64_t run_id;
};

struct backfill_group {
    char *node;
    char *masked; /* reason, its numbers replaced by `…` */
    char *reason; /* `…` for the numbers that are not the same in all */
    bool is_rest; /* kinds beyond BACKFILL_GROUPS_MAX */
    int64_t count;
    int64_t run_id; /* of the first; 0 = none */
    int64_t *days;  /* since 1970, one for each failure */
    size_t day_capacity;
};

struct backfill_groups { /* {0} is empty */
    struct backfill_group *items;
    size_t count;
    size_t capacity;
};

void backfill_groups_free(struct backfill_groups *groups);

/* The group it belongs to now; its count is 1 for the first of a kind. Valid until the next. */
const struct backfill_group *backfill_groups_add(struct backfill_groups *groups,
                                                 const struct backfill_failure *failure);

/* `reason` with `…` for each number, and for each word of hexadecimal digits that has a digit. */
void backfill_groups_mask(const char *reason, struct text *text);

/* Its dates in order, each once; neighbours in the calendar are one stretch. *ret_dates: how many.
 * Belongs to `arena`. */
size_t backfill_group_stretches(const struct backfill_group *group, struct arena *arena,
                                const struct backfill_stretch **ret_stretches, int64_t *ret_dates);

#endif
