#include "tests/scenarios/scenario.h"

#include <string.h>

struct story_attempt *story_attempt(const struct story *story, int64_t attempt_id)
{
    return &story->attempts[attempt_id - 1];
}

int64_t keeper_find(const struct story *story, int64_t run_id, uint32_t node)
{
    for (size_t i = story->attempt_count; i > 0; i--) {
        const struct story_attempt *attempt = &story->attempts[i - 1];
        if (attempt->run_id == run_id && attempt->node == node)
            return (int64_t)i;
    }
    return 0;
}

void keeper_take(struct story *story, const struct action *order)
{
    struct story_attempt *attempt = story_attempt(story, order->order.attempt_id);
    if (order->kind == ACTION_REVOKE) {
        attempt->is_revoke_asked = true;
    } else if (order->kind == ACTION_STOP) {
        attempt->is_stop_asked = true;
    } else if (attempt->process == PROCESS_UNKNOWN) { /* a start is idempotent */
        attempt->process = PROCESS_QUEUED;
        attempt->turn = ++story->turns;
    }
}

static const char *node_name(const struct story *story, const struct story_attempt *attempt)
{
    return world_run(story, attempt->run_id)->plan->nodes[attempt->node].node->name;
}

/* The keeper starts in the order of the grants, and no more than it has slots. */
int keeper_start(struct story *story, int64_t attempt_id, struct error *err)
{
    struct story_attempt *attempt = story_attempt(story, attempt_id);
    int32_t running = 0;
    for (size_t i = 0; i < story->attempt_count; i++) {
        const struct story_attempt *other = &story->attempts[i];
        running += other->process == PROCESS_RUNNING;
        bool is_earlier = other->process == PROCESS_QUEUED && !other->is_revoke_asked;
        if (is_earlier && other->turn < attempt->turn)
            return error_set(err, ERROR_KIND_INVALID, "`%s` was granted earlier and starts first",
                             node_name(story, other));
    }
    if (running >= story->slots)
        return error_set(err, ERROR_KIND_INVALID, "no slot is free");
    if (attempt->process != PROCESS_QUEUED)
        return error_set(err, ERROR_KIND_INVALID, "the keeper has no grant of it");
    attempt->process = PROCESS_RUNNING;
    attempt->at = story->now;
    return 0;
}

int keeper_end(struct story *story, int64_t attempt_id, struct attempt_outcome outcome,
               struct error *err)
{
    struct story_attempt *attempt = story_attempt(story, attempt_id);
    bool never_started = outcome.end == ATTEMPT_END_COULD_NOT_START;
    enum process_state expected = never_started ? PROCESS_QUEUED : PROCESS_RUNNING;
    if (attempt->process != expected)
        return error_set(err, ERROR_KIND_INVALID, "it does not run");
    if (outcome.end == ATTEMPT_END_STOPPED && !attempt->is_stop_asked)
        return error_set(err, ERROR_KIND_INVALID, "nobody told the keeper to stop it");
    attempt->process = PROCESS_ENDED;
    attempt->outcome = outcome;
    attempt->at = story->now;
    return 0;
}

int keeper_give_back(struct story *story, int64_t attempt_id, struct error *err)
{
    struct story_attempt *attempt = story_attempt(story, attempt_id);
    if (attempt->process != PROCESS_QUEUED)
        return error_set(err, ERROR_KIND_INVALID, "it does not wait at the keeper");
    attempt->process = PROCESS_UNKNOWN;
    return 0;
}

void keeper_die(struct story *story)
{
    for (size_t i = 0; i < story->attempt_count; i++) {
        struct story_attempt *attempt = &story->attempts[i];
        if (attempt->process == PROCESS_QUEUED)
            attempt->process = PROCESS_UNKNOWN;
        if (attempt->process != PROCESS_RUNNING)
            continue;
        attempt->process = PROCESS_ENDED;
        attempt->outcome = (struct attempt_outcome){.end = ATTEMPT_END_LOST};
        attempt->at = story->now;
    }
}

void keeper_power_cut(struct story *story)
{
    for (size_t i = 0; i < story->attempt_count; i++)
        story->attempts[i].process = PROCESS_UNKNOWN;
    story->boot++;
}
