/* Points in time and lengths of time, each a type of its own so that units cannot be mixed up.
 *
 * An instant counts microseconds since 1970-01-01T00:00:00Z (no leap seconds, as in POSIX). The
 * store keeps instants and durations as these integers. Nothing here reads a clock. */
#ifndef DATEMILL_BASE_INSTANT_H
#define DATEMILL_BASE_INSTANT_H

#include "scheduler/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct instant {
    int64_t us; /* microseconds since the epoch, UTC; INSTANT_NEVER.us = no such instant */
};

struct duration {
    int64_t us; /* microseconds */
};

#define INSTANT_NEVER ((struct instant){INT64_MAX})
#define DURATION_SECOND_US ((int64_t)1000000)
#define DURATION_DAY_US ((int64_t)86400 * DURATION_SECOND_US)
#define DURATION_TEXT_BYTES 32

static inline struct duration duration_seconds(int64_t seconds)
{
    return (struct duration){seconds * DURATION_SECOND_US};
}

static inline struct duration duration_ms(int64_t milliseconds)
{
    return (struct duration){milliseconds * 1000};
}

static inline bool instant_is_never(struct instant instant)
{
    return instant.us == INT64_MAX;
}

static inline int instant_compare(struct instant a, struct instant b)
{
    return (a.us > b.us) - (a.us < b.us);
}

/* Saturates at INSTANT_NEVER. */
static inline struct instant instant_add(struct instant instant, struct duration duration)
{
    int64_t sum;
    if (instant_is_never(instant) || __builtin_add_overflow(instant.us, duration.us, &sum))
        return INSTANT_NEVER;
    return (struct instant){sum};
}

static inline struct duration instant_minus(struct instant later, struct instant earlier)
{
    return (struct duration){later.us - earlier.us};
}

/* How long it took: 0 where the clock was set back meanwhile. */
static inline struct duration instant_elapsed(struct instant from, struct instant to)
{
    return (struct duration){to.us > from.us ? to.us - from.us : 0};
}

static inline struct instant instant_earlier(struct instant a, struct instant b)
{
    return a.us <= b.us ? a : b;
}

/* Reads `30s`, `5m`, `1h30m`, `90d`, `2w`, `250ms`: numbers with units, largest first, each unit
 * once. A bare number is an error that says which units there are. At most 10,000 days. */
int duration_parse(const char *text, struct duration *ret_duration, struct error *err);

/* For people, short: `0.4s`, `4.1s`, `37s`, `1m 00s`, `1h 14m`, `3d 4h`. */
const char *duration_format(struct duration duration, char buffer[DURATION_TEXT_BYTES]);

/* As duration_parse() reads it: `1h30m`. */
const char *duration_format_exact(struct duration duration, char buffer[DURATION_TEXT_BYTES]);

#endif
