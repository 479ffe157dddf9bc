/* From an instance that is due to a run. */
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/daemon/firing_flow.h"
#include "scheduler/daemon/run_make.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIRING_AT_ONCE 64 /* instances of one flow in one turn */

enum fire_result {
    FIRE_DONE, /* a run, or a note why there is none */
    FIRE_WAITS /* another run of its planned time is open */
};

/* The flow's runs of the schedule that are open, in the order of their times. */
struct open_runs {
    struct daemon_run **items;
    size_t count;
};

static struct plan_time time_of(const struct daemon_run *run)
{
    return (struct plan_time){.planned = run->plan->planned,
                              .is_second = run->plan->is_second,
                              .firing = run->plan->firing};
}

static int compare_runs(const void *a, const void *b)
{
    struct plan_time first = time_of(*(struct daemon_run *const *)a);
    struct plan_time second = time_of(*(struct daemon_run *const *)b);
    return plan_time_compare(&first, &second);
}

static void find_open_runs(const struct daemon *daemon, const char *flow, struct arena *arena,
                           struct open_runs *ret_runs)
{
    struct open_runs open = {0};
    size_t capacity = 0;
    for (size_t i = 0; i < daemon->run_count; i++) {
        struct daemon_run *run = daemon->runs[i];
        struct engine_run_facts facts;
        if (!run->is_scheduled || run->is_over || strcmp(run->plan->flow->name, flow) != 0 ||
            engine_look_run(daemon->engine, run->id, &facts, NULL) < 0 ||
            run_state_is_final(facts.state))
            continue;
        open.items = arena_grow(arena, open.items, open.count, &capacity, sizeof(void *));
        open.items[open.count++] = run;
    }
    if (open.count > 1)
        qsort(open.items, open.count, sizeof *open.items, compare_runs);
    *ret_runs = open;
}

/* How many of its runs may go on side by side. */
static size_t limit_of(const struct firing_flow *flow)
{
    if (flow->overlap == FLOW_OVERLAP_WAIT)
        return 1;
    return flow->max_runs == 0 ? SIZE_MAX : (size_t)flow->max_runs;
}

/* ---- runs that wait for an earlier one ---- */

static void set_hold(struct daemon *daemon, const struct daemon_run *run, enum run_hold hold)
{
    struct event event = {.kind = hold == RUN_HOLD_NONE ? EVENT_RELEASE : EVENT_HOLD,
                          .run_id = run->id,
                          .hold = hold};
    if (daemon_step(daemon, &event, NULL) == 0)
        turn_add_hold(daemon, run->id, hold);
}

/* What has begun, or was opened again by hand, is not held any more. */
static bool has_begun(const struct engine_run_facts *facts)
{
    return facts->state != RUN_WAITING || facts->opening > 1;
}

void firing_make_order(struct firing *firing, const struct firing_flow *flow)
{
    SCOPED_ARENA struct arena arena = {0};
    struct daemon *daemon = firing->daemon;
    struct open_runs open;
    size_t limit = limit_of(flow);
    size_t taken = 0;
    find_open_runs(daemon, flow->name, &arena, &open);
    struct engine_run_facts *facts = arena_array(&arena, open.count, sizeof *facts);
    for (size_t i = 0; i < open.count; i++) {
        engine_look_run(daemon->engine, open.items[i]->id, &facts[i], NULL);
        taken += has_begun(&facts[i]);
    }
    for (size_t i = 0; i < open.count; i++) {
        bool is_ours = facts[i].hold == RUN_HOLD_NONE || facts[i].hold == RUN_HOLD_OVERLAP;
        enum run_hold hold =
            has_begun(&facts[i]) || taken < limit ? RUN_HOLD_NONE : RUN_HOLD_OVERLAP;
        taken += !has_begun(&facts[i]) && hold == RUN_HOLD_NONE;
        if (is_ours && hold != facts[i].hold)
            set_hold(daemon, open.items[i], hold);
    }
}

/* ---- one instance ---- */

/* What an instance is made with; read once for all that are due. */
struct work {
    struct firing *firing;
    struct firing_flow *flow;
    struct definition *definition; /* NULL = not read yet; one use */
};

static void leave_out(struct work *work, const struct plan_time *time, const char *why)
{
    struct firing_left_out left_out = {1, false, time, time, why};
    firing_note_left_out(work->firing, work->flow, &left_out);
}

/* The flow as it is now; when that is wrong, as it was when it last was right. */
static int read_definition(struct work *work, struct error *err)
{
    struct daemon *daemon = work->firing->daemon;
    int64_t version_id = 0;
    struct error problem = {0};
    if (work->definition != NULL ||
        definition_from_folder(&daemon->definitions, &daemon->place, work->flow->name,
                               &work->definition, err) == 0)
        return 0;
    if (load_newest_version(daemon->store, work->flow->name, &version_id, &problem) < 0 ||
        version_id == 0 || restore_definition(daemon, version_id, &work->definition, &problem) < 0)
        return -1;
    firing_note(work->firing, work->flow, "%s; the last good version %s runs", err->text,
                work->definition->shown_version);
    return 0;
}

static struct run_wish wish_of(const struct work *work, const struct open_runs *open)
{
    return (struct run_wish){.definition = work->definition,
                             .kind = STORE_RUN_SCHEDULE,
                             .trigger = "schedule",
                             .hold = open->count >= limit_of(work->flow) ? RUN_HOLD_OVERLAP
                                                                         : RUN_HOLD_NONE};
}

static void make(struct work *work, const struct plan_time *time, const struct open_runs *open)
{
    struct daemon *daemon = work->firing->daemon;
    struct error err = {0};
    struct plan *plan;
    struct daemon_run *run;
    if (read_definition(work, &err) < 0) {
        leave_out(work, time, err.text);
        return;
    }
    struct run_wish wish = wish_of(work, open);
    if (run_make_plan(&wish, time, store_take_run_id(daemon->store), &plan, &err) < 0 ||
        run_make(daemon, &wish, plan, &run, &err) < 0)
        leave_out(work, time, err.text);
}

/* Whether the schedule has made a run of that time before, whatever its place says. */
static bool is_made(struct work *work, const struct plan_time *time)
{
    char cyctime[CIVIL_TIME_BYTES];
    int64_t run_id = 0;
    struct load_planned planned = {work->flow->name, civil_time_format(time->planned, cyctime),
                                   time->is_second};
    return load_scheduled_run(work->firing->daemon->store, &planned, &run_id, NULL) == 0 &&
           run_id != 0;
}

static enum fire_result fire(struct work *work, const struct plan_time *time)
{
    SCOPED_ARENA struct arena arena = {0};
    struct firing_flow *flow = work->flow;
    struct daemon *daemon = work->firing->daemon;
    struct open_runs open;
    char reason[64];
    const struct daemon_run *other = run_make_find_open(daemon, flow->name, time);
    if (other != NULL && !other->is_scheduled) {
        firing_note(work->firing, flow, "run %" PRId64 " of business date %s is open: %s",
                    other->id, other->plan->bizdate_text, "the schedule waits for its end");
        flow->waits_for = other->id;
        flow->waits_from = time->firing;
        return FIRE_WAITS;
    }
    if (other != NULL || is_made(work, time))
        return FIRE_DONE;
    find_open_runs(daemon, flow->name, &arena, &open);
    if (flow->overlap == FLOW_OVERLAP_SKIP && open.count > 0) {
        snprintf(reason, sizeof reason, "run %" PRId64 " is open, overlap: skip",
                 open.items[0]->id);
        leave_out(work, time, reason);
    } else {
        make(work, time, &open);
    }
    return FIRE_DONE;
}

/* ---- all that is due ---- */

static const char *policy_text(const struct firing_flow *flow, struct arena *arena)
{
    switch (flow->catchup) {
    case FLOW_CATCHUP_ALL:
        return arena_format(arena, "nobody was there to start them; catchup_limit: %" PRId32,
                            flow->catchup_limit);
    case FLOW_CATCHUP_LATEST:
        return "nobody was there to start them; catchup: latest";
    case FLOW_CATCHUP_NONE:
        break;
    }
    return "nobody was there to start them; catchup: none";
}

static struct plan_due_request request_of(const struct firing_flow *flow, struct instant now)
{
    struct instant missed_before = {now.us - FIRING_GRACE_S * DURATION_SECOND_US};
    if (flow->waits_from.us != 0)
        missed_before = instant_earlier(missed_before, flow->waits_from);
    return (struct plan_due_request){.place = flow->place,
                                     .now = now,
                                     .missed_before = missed_before,
                                     .max_items = FIRING_AT_ONCE};
}

bool firing_make_due(struct firing *firing, struct firing_flow *flow, struct instant now)
{
    SCOPED_ARENA struct arena arena = {0};
    struct flow shape;
    struct plan_due due;
    struct work work = {.firing = firing, .flow = flow};
    struct plan_due_request request = request_of(flow, now);
    firing_flow_shape(flow, &arena, &shape);
    plan_due(&shape, &request, &arena, &due);
    if (due.left_out > 0) {
        struct firing_left_out left_out = {due.left_out, due.is_at_least, &due.first_left_out,
                                           &due.last_left_out, policy_text(flow, &arena)};
        firing_note_left_out(firing, flow, &left_out);
        flow->place = due.last_left_out;
    }
    size_t done = 0;
    while (done < due.count && fire(&work, &due.items[done]) == FIRE_DONE)
        flow->place = due.items[done++];
    if (done == due.count && !due.has_more)
        flow->waits_from = (struct instant){0};
    if (done > 0 || due.left_out > 0)
        firing_put_place(firing, flow);
    definition_release(&firing->daemon->definitions, work.definition);
    firing_flow_find_next(flow);
    return due.has_more && flow->waits_for == 0;
}
