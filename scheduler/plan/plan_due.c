#include "scheduler/plan/plan_due.h"

#include "scheduler/plan/plan_calendar.h"

#include <assert.h>

/* The instances behind a place, one after another. */
struct walk {
    const struct flow *flow;
    struct plan_time at;
    struct instant now;
};

static bool step(struct walk *walk)
{
    struct plan_time next;
    if (!plan_calendar_next(walk->flow, &walk->at, &next) ||
        instant_compare(next.firing, walk->now) > 0)
        return false;
    walk->at = next;
    return true;
}

static bool is_missed(const struct plan_due_request *request, const struct plan_time *time)
{
    return instant_compare(time->firing, request->missed_before) < 0;
}

static int64_t limit_of(const struct flow *flow)
{
    switch (flow->schedule.catchup) {
    case FLOW_CATCHUP_ALL:
        return flow->schedule.catchup_limit;
    case FLOW_CATCHUP_LATEST:
        return 1;
    case FLOW_CATCHUP_NONE:
        break;
    }
    return 0;
}

/* How many were missed behind the place, counted up to `most`. */
static int64_t count_missed(const struct flow *flow, const struct plan_due_request *request,
                            struct plan_time place, int64_t most)
{
    struct walk walk = {flow, place, request->now};
    int64_t count = 0;
    while (count < most && step(&walk) && is_missed(request, &walk.at))
        count++;
    return count;
}

/* Of very many that were missed the newest `wanted` are found from behind: the last place, to a
 * second, that has so many after it. */
static struct plan_time skip_most(const struct flow *flow, const struct plan_due_request *request,
                                  int64_t wanted)
{
    struct plan_time place = request->place;
    int64_t high = request->missed_before.us;
    while (high - place.firing.us > DURATION_SECOND_US) {
        int64_t middle = place.firing.us + (high - place.firing.us) / 2;
        struct plan_time later = plan_calendar_after((struct instant){middle});
        if (count_missed(flow, request, later, wanted) == wanted)
            place = later;
        else
            high = middle;
    }
    return place;
}

/* Leaves out all that was missed but the newest ones that the policy lets in. */
static void leave_out(struct walk *walk, const struct plan_due_request *request,
                      struct plan_due *due)
{
    const struct flow *flow = walk->flow;
    int64_t limit = limit_of(flow);
    int64_t most = (limit > PLAN_DUE_MAX_STEPS ? limit : PLAN_DUE_MAX_STEPS) + 1;
    int64_t missed = count_missed(flow, request, walk->at, most);
    if (missed <= limit)
        return;
    struct walk first = *walk;
    step(&first);
    due->first_left_out = first.at;
    due->left_out = missed - limit;
    due->is_at_least = missed == most;
    if (due->is_at_least) {
        walk->at = skip_most(flow, request, limit + 1);
        missed = count_missed(flow, request, walk->at, most);
    }
    for (int64_t i = limit; i < missed; i++)
        step(walk);
    due->last_left_out = walk->at;
}

void plan_due(const struct flow *flow, const struct plan_due_request *request, struct arena *arena,
              struct plan_due *ret_due)
{
    assert(request->max_items >= 1);
    struct walk walk = {flow, request->place, request->now};
    struct plan_due due = {.items = NULL};
    size_t capacity = 0;
    leave_out(&walk, request, &due);
    while (step(&walk)) {
        if (due.count == request->max_items) {
            due.has_more = true;
            break;
        }
        due.items = arena_grow(arena, due.items, due.count, &capacity, sizeof *due.items);
        due.items[due.count++] = walk.at;
    }
    *ret_due = due;
}
