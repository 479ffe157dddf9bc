/* links datemill_flow */
/* Any text as a schedule: an error with a place in it, or times of day in order. */
#include "scheduler/flow/schedule.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct flow_schedule_rule *schedule, struct arena *arena)
{
    assert(schedule->time_count >= 1 && schedule->time_count <= SCHEDULE_MAX_TIMES);
    for (size_t i = 1; i < schedule->time_count; i++)
        assert(civil_time_compare(schedule->times[i - 1], schedule->times[i]) < 0);
    struct flow_schedule_rule again;
    int failed = schedule_parse(schedule->text, arena, &again, NULL);
    assert(failed == 0 && strcmp(again.text, schedule->text) == 0);
    assert(again.time_count == schedule->time_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena, 0);
    const char *text = arena_copy(&arena, (const char *)data, size);
    struct flow_schedule_rule schedule;
    struct error err = {0};
    if (schedule_parse(text, &arena, &schedule, &err) == 0)
        check(&schedule, &arena);
    else
        assert(err.column >= 1 && (size_t)err.column <= strlen(text) + 1 && err.line >= 1);
    arena_free(&arena);
    return 0;
}
