/* links datemill_base */
#include "scheduler/base/civil.h"
#include "scheduler/base/instant.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_time(const char *text)
{
    struct civil_time time;
    struct civil_time again;
    struct civil_date date;
    char buffer[CIVIL_TIME_BYTES];
    if (civil_time_parse(text, &time, NULL) != 0) {
        assert(civil_date_parse(text, &date, NULL) != 0);
        return;
    }
    assert(civil_date_is_valid(time.date));
    assert(civil_time_parse(civil_time_format(time, buffer), &again, NULL) == 0);
    assert(civil_time_compare(time, again) == 0);
    again = civil_from_seconds(civil_to_seconds(time));
    assert(civil_time_compare(time, again) == 0);
}

static void check_duration(const char *text)
{
    struct duration duration;
    struct duration again;
    char buffer[DURATION_TEXT_BYTES];
    if (duration_parse(text, &duration, NULL) != 0)
        return;
    assert(duration.us >= 0 && duration.us <= 10000 * DURATION_DAY_US);
    assert(duration_parse(duration_format_exact(duration, buffer), &again, NULL) == 0);
    assert(again.us == duration.us);
    assert(strlen(duration_format(duration, buffer)) < DURATION_TEXT_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED_FREE char *text = memory_new(size + 1, 1);
    if (size > 0)
        memcpy(text, data, size);
    check_time(text);
    check_duration(text);
    return 0;
}
