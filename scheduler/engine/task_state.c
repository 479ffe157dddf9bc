#include "scheduler/engine/task_state.h"

#include <assert.h>
#include <string.h>

#define TO(state) (1U << (state))

const struct task_state_row task_states[TASK_STATE_COUNT] = {
    [TASK_WAITING] = {.name = "waiting",
                      .next = TO(TASK_RUNNING) | TO(TASK_SUCCESS) | TO(TASK_FAILED) |
                              TO(TASK_BLOCKED) | TO(TASK_STOPPED) | TO(TASK_SKIPPED) |
                              TO(TASK_FROZEN)},
    [TASK_RUNNING] = {.name = "running",
                      .next = TO(TASK_WAITING) | TO(TASK_SUCCESS) | TO(TASK_FAILED) |
                              TO(TASK_STOPPED) | TO(TASK_SKIPPED) | TO(TASK_FROZEN)},
    [TASK_SUCCESS] = {.name = "success",
                      .next = TO(TASK_WAITING) | TO(TASK_FAILED),
                      .is_final = true,
                      .lets_go_on = true},
    [TASK_FAILED] = {.name = "failed",
                     .next = TO(TASK_WAITING) | TO(TASK_SUCCESS) | TO(TASK_SKIPPED),
                     .is_final = true,
                     .blocks_downstream = true},
    [TASK_BLOCKED] = {.name = "blocked",
                      .next = TO(TASK_WAITING) | TO(TASK_SUCCESS) | TO(TASK_FAILED) |
                              TO(TASK_SKIPPED) | TO(TASK_FROZEN),
                      .is_final = true,
                      .blocks_downstream = true},
    [TASK_STOPPED] = {.name = "stopped",
                      .next =
                          TO(TASK_WAITING) | TO(TASK_SUCCESS) | TO(TASK_FAILED) | TO(TASK_SKIPPED),
                      .is_final = true,
                      .blocks_downstream = true},
    [TASK_SKIPPED] = {.name = "skipped",
                      .next = TO(TASK_WAITING) | TO(TASK_SUCCESS) | TO(TASK_FAILED),
                      .is_final = true,
                      .lets_go_on = true},
    [TASK_FROZEN] = {.name = "frozen",
                     .next =
                         TO(TASK_WAITING) | TO(TASK_SUCCESS) | TO(TASK_FAILED) | TO(TASK_SKIPPED),
                     .is_final = true,
                     .blocks_downstream = true},
};

bool task_state_may_follow(enum task_state from, enum task_state to)
{
    assert((size_t)from < TASK_STATE_COUNT && (size_t)to < TASK_STATE_COUNT);
    return (task_states[from].next & TO(to)) != 0;
}

void task_state_change(enum task_state *state, enum task_state to)
{
    assert(task_state_may_follow(*state, to));
    *state = to;
}

const char *task_state_name(enum task_state state)
{
    assert((size_t)state < TASK_STATE_COUNT);
    return task_states[state].name;
}

bool task_state_parse(const char *name, enum task_state *ret_state)
{
    for (size_t i = 0; i < TASK_STATE_COUNT; i++) {
        if (strcmp(task_states[i].name, name) == 0) {
            *ret_state = (enum task_state)i;
            return true;
        }
    }
    return false;
}

enum run_state run_state_derive(const uint32_t counts[TASK_STATE_COUNT], bool has_started)
{
    if (counts[TASK_RUNNING] > 0)
        return RUN_RUNNING;
    if (counts[TASK_WAITING] > 0)
        return has_started ? RUN_RUNNING : RUN_WAITING;
    if (counts[TASK_FAILED] > 0 || counts[TASK_BLOCKED] > 0)
        return RUN_FAILED;
    return counts[TASK_STOPPED] > 0 || counts[TASK_FROZEN] > 0 ? RUN_STOPPED : RUN_SUCCESS;
}

bool run_state_is_final(enum run_state state)
{
    return task_states[state].is_final;
}

const char *run_state_name(enum run_state state)
{
    return task_states[state].name;
}
