#include "scheduler/base/zone.h"

#include "scheduler/base/digits.h"
#include "scheduler/base/zone_data.h"

#include <stdlib.h>
#include <string.h>

#define MS_US 1000

/* No wall time is further away from UTC than this. */
#define WINDOW (ZONE_MAX_OFFSET + 1)

#define MAX_IDLE_CHANGES 16
#define WALL_CHARACTERS 25 /* of a wall time in another form, at most */

void zone_free(struct zone *zone)
{
    if (zone == NULL)
        return;
    free(zone->times);
    free(zone->offsets);
    free(zone);
}

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}

static int64_t seconds_of(struct instant instant)
{
    int64_t seconds = instant.us / DURATION_SECOND_US;
    return instant.us % DURATION_SECOND_US < 0 ? seconds - 1 : seconds;
}

static struct instant instant_of(int64_t seconds)
{
    return (struct instant){seconds * DURATION_SECOND_US};
}

/* How many listed transitions are at or before `seconds`. */
static size_t count_until(const struct zone *zone, int64_t seconds)
{
    size_t low = 0;
    size_t high = zone->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->times[middle] <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t offset_at(const struct zone *zone, int64_t seconds)
{
    size_t passed = count_until(zone, seconds);
    if (passed == zone->count && zone->has_rule)
        return zone_rule_offset(&zone->rule, seconds);
    return passed == 0 ? zone->first_offset : zone->offsets[passed - 1];
}

/* The next transition, whether it changes the offset or not; false at the end. */
static bool next_transition(const struct zone *zone, int64_t after, int64_t *ret_seconds)
{
    size_t passed = count_until(zone, after);
    if (passed < zone->count) {
        *ret_seconds = zone->times[passed];
        return true;
    }
    return zone->has_rule && zone_rule_next(&zone->rule, after, ret_seconds);
}

/* The next change of the offset before `limit`. A rule may name days of change that change nothing,
 * year after year: then there is no next one. */
static bool next_change(const struct zone *zone, int64_t after, int64_t limit, int64_t *ret_seconds)
{
    int32_t offset = offset_at(zone, after);
    int64_t at = after;
    for (int by_rule = 0; by_rule < MAX_IDLE_CHANGES && next_transition(zone, at, &at);) {
        if (at >= limit)
            return false;
        if (offset_at(zone, at) != offset) {
            *ret_seconds = at;
            return true;
        }
        by_rule += count_until(zone, at) == zone->count ? 1 : 0;
    }
    return false;
}

int32_t zone_offset_at(const struct zone *zone, struct instant instant)
{
    return offset_at(zone, seconds_of(instant));
}

struct civil_time zone_civil_at(const struct zone *zone, struct instant instant)
{
    int64_t seconds = seconds_of(instant);
    return civil_from_seconds(seconds + offset_at(zone, seconds));
}

struct zone_local zone_find_local(const struct zone *zone, struct civil_time time)
{
    int64_t wall = civil_to_seconds(time);
    int64_t start = wall - WINDOW;
    int64_t gap_end = wall;
    int64_t found[2];
    size_t count = 0;
    /* Each stretch with one offset shows the wall time at most once. */
    while (count < 2) {
        int32_t offset = offset_at(zone, start);
        int64_t end = wall + WINDOW;
        bool has_change = next_change(zone, start, end, &end);
        int64_t at = wall - offset;
        if (at >= start && at < end)
            found[count++] = at;
        if (!has_change)
            break;
        if (end + offset <= wall && wall < end + offset_at(zone, end))
            gap_end = end;
        start = end;
    }
    if (count == 0)
        return (struct zone_local){ZONE_KIND_GAP, instant_of(gap_end), instant_of(gap_end)};
    enum zone_kind kind = count == 1 ? ZONE_KIND_UNIQUE : ZONE_KIND_FOLD;
    return (struct zone_local){kind, instant_of(found[0]), instant_of(found[count - 1])};
}

struct instant zone_next_change(const struct zone *zone, struct instant after)
{
    const int64_t limit = INT64_MAX / DURATION_SECOND_US;
    int64_t seconds;
    if (instant_is_never(after) || !next_change(zone, seconds_of(after), limit, &seconds))
        return INSTANT_NEVER;
    return instant_of(seconds);
}

const char *zone_format_rfc3339(const struct zone *zone, struct instant instant,
                                char buffer[ZONE_RFC3339_BYTES])
{
    char wall[CIVIL_TIME_BYTES];
    int64_t seconds = seconds_of(instant);
    /* Local mean times have seconds, which the form cannot show: both parts leave them out. */
    int32_t minutes = offset_at(zone, seconds) / 60;
    int64_t rest = instant.us % DURATION_SECOND_US;
    int64_t ms = (rest < 0 ? rest + DURATION_SECOND_US : rest) / MS_US;
    civil_time_format(civil_from_seconds(seconds + minutes * 60), wall);
    size_t length = strnlen(wall, WALL_CHARACTERS);
    char *at = (char *)memcpy(buffer, wall, length) + length;
    *at++ = '.';
    at = digits_put(at, (int32_t)ms, 3);
    *at++ = minutes < 0 ? '-' : '+';
    at = digits_put(at, abs(minutes) / 60 % 100, 2);
    *at++ = ':';
    *digits_put(at, abs(minutes) % 60, 2) = '\0';
    return buffer;
}
