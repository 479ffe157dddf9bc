/* One day of OrderSucceededEvent, as the service's sink writes it: one JSON object a line, in the
 * order of time.
 *
 * A day depends on its date, the seed, the number of events and the share of unknown commodities,
 * and on nothing else: the same bytes on every machine, whatever range of dates was asked for. Only
 * integers are used. */
#ifndef DATEMILL_SMARTRM_EVENTS_H
#define DATEMILL_SMARTRM_EVENTS_H

#include "scheduler/base/civil.h"
#include "scheduler/base/random.h"
#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stdint.h>

#define EVENTS_MAX_PER_DAY 100000000

struct event_day {
    struct random random;
    uint64_t next; /* number of the next event, from 0 */
    uint64_t count;
    uint64_t hour_end; /* number of the first event after this hour */
    uint64_t hour_begin;
    uint32_t hour; /* 0 to 23, of the next event */
    uint32_t unknown_per_thousand;
    int64_t midnight;    /* when the day begins at +08:00, milliseconds since 1970 in UTC */
    uint64_t order_base; /* YYYYMMDD and ten zeros: what order ids begin with */
};

/* `count` events, of which about `unknown_per_thousand` in a thousand name a commodity that is not
 * in commodity_new.json. */
void event_day_begin(struct event_day *day, struct civil_date date, uint64_t seed, uint64_t count,
                     uint32_t unknown_per_thousand);

/* Appends the next event with its newline; false when the day is over. */
bool event_day_next(struct event_day *day, struct text *text);

#endif
