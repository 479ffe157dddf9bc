/* What a zone is made of: for zone.c, zone_parse.c, zone_rule.c and zone_load.c only. */
#ifndef DATEMILL_BASE_ZONE_DATA_H
#define DATEMILL_BASE_ZONE_DATA_H

#include "scheduler/base/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZONE_MAX_BYTES ((size_t)1 << 20) /* of a TZif file; real ones have less than 4 KiB */
#define ZONE_MAX_OFFSET 93599            /* seconds east of UTC, RFC 8536 section 3.2 */
#define ZONE_MIN_OFFSET (-89999)

enum zone_day_kind {
    ZONE_DAY_JULIAN,  /* day 1 to 365; February 29 is never counted */
    ZONE_DAY_OF_YEAR, /* day 0 to 365; February 29 is counted */
    ZONE_DAY_OF_WEEK  /* weekday of a week of a month */
};

/* The day and time of each year at which clocks change. */
struct zone_change {
    enum zone_day_kind kind;
    int32_t day;   /* JULIAN, OF_YEAR: as above; OF_WEEK: 0 = Sunday to 6 */
    int32_t week;  /* OF_WEEK: 1 to 4, 5 = the last */
    int32_t month; /* OF_WEEK: 1 to 12 */
    int32_t
        second; /* of that day on the wall clock before the change; may be negative or > 86400 */
};

/* What holds after the last listed transition. */
struct zone_rule {
    int32_t standard; /* seconds east of UTC */
    bool has_summer;
    int32_t summer;
    struct zone_change to_summer;
    struct zone_change to_standard;
};

struct zone {
    char name[ZONE_NAME_BYTES];
    int64_t *times;   /* seconds since the epoch at which an offset begins, ascending */
    int32_t *offsets; /* by transition */
    size_t count;
    int32_t first_offset; /* before the first transition */
    bool has_rule;
    struct zone_rule rule;
};

/* Parses the POSIX TZ string of a footer, with the extensions of version 3 if `allows_extension`.
 * `text` need not end with a NUL. */
int zone_rule_parse(const char *text, size_t length, bool allows_extension,
                    struct zone_rule *ret_rule, struct error *err);

/* The offset of the rule at `seconds`. */
int32_t zone_rule_offset(const struct zone_rule *rule, int64_t seconds);

/* The first change of the rule after `seconds`; false when it has none. The offset may be the same
 * before and after it. */
bool zone_rule_next(const struct zone_rule *rule, int64_t seconds, int64_t *ret_seconds);

#endif
