/* Time zones: the rules of the system's tz database, read as data: no setenv("TZ"), no localtime().
 *
 * A loaded zone is read-only and may be shared. Wall times are `struct civil_time`. */
#ifndef DATEMILL_BASE_ZONE_H
#define DATEMILL_BASE_ZONE_H

#include "scheduler/base/civil.h"
#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"

#include <stddef.h>

struct zone;

#define ZONE_NAME_BYTES 64
#define ZONE_RFC3339_BYTES 40

/* How a wall time stands in a zone. */
enum zone_kind {
    ZONE_KIND_UNIQUE, /* it comes once */
    ZONE_KIND_GAP,    /* it is skipped: clocks jumped over it */
    ZONE_KIND_FOLD    /* it comes twice: clocks went back */
};

struct zone_local {
    enum zone_kind kind;
    struct instant
        first; /* UNIQUE: the instant; FOLD: the first; GAP: the first instant after it */
    struct instant second; /* FOLD: the second time; else the same as first */
};

/* Reads a TZif file of version 1 to 4 (RFC 8536), the footer's POSIX rule included, from bytes.
 * `name` is copied. The caller frees with zone_free(). Malformed bytes are an error. */
int zone_parse(const char *name, const void *bytes, size_t length, struct zone **ret_zone,
               struct error *err);

/* Loads `Asia/Shanghai` from /usr/share/zoneinfo (or $TZDIR), `UTC` even where no database is. An
 * unknown name fails with ERROR_KIND_INVALID, and so does one with `..` or a leading `/`.
 * Loaded zones are not cached: the caller keeps them. */
int zone_load(const char *name, struct zone **ret_zone, struct error *err);
void zone_free(struct zone *zone);
const char *zone_name(const struct zone *zone);

/* Seconds east of UTC at that instant. */
int32_t zone_offset_at(const struct zone *zone, struct instant instant);

/* The wall time at an instant; fractions of a second are cut. */
struct civil_time zone_civil_at(const struct zone *zone, struct instant instant);

/* The instant or instants of a wall time. */
struct zone_local zone_find_local(const struct zone *zone, struct civil_time time);

/* The first transition after `after` that changes the offset, INSTANT_NEVER if there is none. */
struct instant zone_next_change(const struct zone *zone, struct instant after);

/* `2021-11-12T02:30:00.012+08:00`, milliseconds. */
const char *zone_format_rfc3339(const struct zone *zone, struct instant instant,
                                char buffer[ZONE_RFC3339_BYTES]);

#endif
