/* links datemill_base */
#include "scheduler/base/zone.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_change(const struct zone *zone, struct instant at)
{
    char buffer[ZONE_RFC3339_BYTES];
    struct instant next = zone_next_change(zone, at);
    assert(instant_compare(next, at) > 0);
    zone_format_rfc3339(zone, at, buffer);
    if (instant_is_never(next))
        return;
    struct instant before = {next.us - DURATION_SECOND_US};
    assert(zone_offset_at(zone, next) != zone_offset_at(zone, before));
    assert(zone_offset_at(zone, at) == zone_offset_at(zone, before));
}

/* An instant that a zone shows as some wall time is among the instants of that wall time. */
static void check_wall(const struct zone *zone, struct instant at)
{
    struct zone_local local = zone_find_local(zone, zone_civil_at(zone, at));
    assert(local.kind != ZONE_KIND_GAP);
    assert(instant_compare(local.first, local.second) <= 0);
    assert(instant_compare(local.first, at) <= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone *zone;
    struct error err = {0};
    if (zone_parse("Fuzz/Zone", data, size, &zone, &err) != 0) {
        assert(err.text[0] != '\0');
        return 0;
    }
    for (int64_t year = -50; year <= 150; year += 7) {
        struct instant at = {year * 31556952 * DURATION_SECOND_US};
        check_change(zone, at);
        check_wall(zone, at);
        check_wall(zone, zone_next_change(zone, at).us < INT64_C(9000000000000000)
                             ? zone_next_change(zone, at)
                             : at);
    }
    check_change(zone, (struct instant){INT64_MIN});
    check_change(zone, (struct instant){INT64_MAX - 1});
    zone_free(zone);
    return 0;
}
