#include "scheduler/engine/recover.h"

#include "scheduler/base/memory.h"

#include <stdlib.h>
#include <string.h>

static struct event *add(struct recover_result *result, enum event_kind kind, struct instant now,
                         int64_t attempt_id)
{
    result->events = memory_grow(result->events, result->event_count, &result->event_capacity,
                                 sizeof *result->events);
    struct event *event = &result->events[result->event_count];
    result->event_count++;
    memset(event, 0, sizeof *event);
    event->kind = kind;
    event->now = now;
    event->attempt.id = attempt_id;
    event->attempt.at = now;
    return event;
}

/* An open attempt that the keeper does not know. */
static void settle_unknown(struct recover_result *result, const struct recover_open *open,
                           struct instant now)
{
    if (!open->is_running && open->is_this_boot) {
        add(result, EVENT_ATTEMPT_UNKNOWN, now, open->attempt_id);
        return;
    }
    add(result, EVENT_ATTEMPT_ENDED, now, open->attempt_id)->attempt.outcome.end = ATTEMPT_END_LOST;
}

static void settle_known(struct recover_result *result, const struct recover_open *open,
                         const struct recover_known *known, struct instant now)
{
    switch (known->kind) {
    case RECOVER_QUEUED:
        if (!open->is_running)
            add(result, EVENT_ATTEMPT_QUEUED, now, open->attempt_id);
        return;
    case RECOVER_RUNNING:
        add(result, EVENT_ATTEMPT_STARTED, now, open->attempt_id)->attempt.at = known->at;
        return;
    case RECOVER_ENDED: {
        struct event *event = add(result, EVENT_ATTEMPT_ENDED, now, open->attempt_id);
        event->attempt.at = known->at;
        event->attempt.outcome = known->outcome;
        return;
    }
    }
}

/* What the keeper has and nobody asked for. */
static void settle_stray(struct recover_result *result, const struct recover_known *known)
{
    if (known->kind == RECOVER_ENDED)
        return;
    bool is_queued = known->kind == RECOVER_QUEUED;
    struct action *action =
        action_list_add(&result->orders, is_queued ? ACTION_REVOKE : ACTION_STOP);
    action->order.attempt_id = known->attempt_id;
    action->order.is_kill = !is_queued;
}

/* Which of the two lists has the smaller id next: below zero the open one, above the known one. */
static int compare_next(const struct recover_input *input, size_t i, size_t j)
{
    if (i == input->open_count)
        return 1;
    if (j == input->known_count)
        return -1;
    int64_t open = input->open[i].attempt_id;
    int64_t known = input->known[j].attempt_id;
    return (open > known) - (open < known);
}

void recover_events(const struct recover_input *input, struct recover_result *result)
{
    size_t i = 0;
    size_t j = 0;
    result->event_count = 0;
    action_list_clear(&result->orders);
    while (i < input->open_count || j < input->known_count) {
        int order = compare_next(input, i, j);
        if (order < 0)
            settle_unknown(result, &input->open[i], input->now);
        else if (order > 0)
            settle_stray(result, &input->known[j]);
        else
            settle_known(result, &input->open[i], &input->known[j], input->now);
        i += order <= 0;
        j += order >= 0;
    }
}

void recover_result_free(struct recover_result *result)
{
    free(result->events);
    action_list_free(&result->orders);
    *result = (struct recover_result){0};
}
