#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "tests/scenarios/scenario.h"

#include <string.h>

bool driver_is_alive(const struct story *story)
{
    return story->engine != NULL;
}

static bool is_record(const struct action *action)
{
    return action->kind <= ACTION_RECORD_RUN;
}

int driver_step(struct story *story, struct event event, struct error *err)
{
    event.now = story->now;
    return engine_step(story->engine, &event, &story->pending, err);
}

int driver_set_slots(struct story *story, int32_t slots, struct error *err)
{
    const struct project *project = story->project;
    SCOPED_FREE int32_t *pools = memory_new(project->pool_count + 1, sizeof *pools);
    for (size_t i = 0; i < project->pool_count; i++)
        pools[i] = project->pools[i].size;
    story->slots = slots;
    struct event event = {.kind = EVENT_SET_CAPACITY,
                          .capacity = {slots, pools, project->pool_count}};
    return driver_step(story, event, err);
}

static int64_t open_attempt(const struct story *story, int64_t run_id, uint32_t node)
{
    int64_t id = keeper_find(story, run_id, node);
    return id != 0 && story_attempt(story, id)->state != ATTEMPT_ENDED ? id : 0;
}

static void restore_node(const struct story *story, const struct story_run *run, uint32_t index,
                         struct event_node *node)
{
    const struct task_row *row = &run->rows[index];
    node->state = row->state;
    node->wish = row->wish;
    node->attempts = row->attempts;
    node->tries = row->tries;
    node->ready_at = row->ready_at;
    node->wait_since = row->wait_since;
    node->attempt_id = open_attempt(story, run->image.run.run_id, index);
    if (node->attempt_id == 0)
        return;
    const struct story_attempt *attempt = story_attempt(story, node->attempt_id);
    node->attempt_number = attempt->number;
    node->attempt_is_running = attempt->state == ATTEMPT_RUNNING;
}

int driver_load(struct story *story, struct story_run *run, struct error *err)
{
    if (run->is_loaded)
        return 0;
    struct event_run image = run->image.run;
    SCOPED_FREE struct event_node *nodes = memory_new(image.node_count, sizeof *nodes);
    for (uint32_t i = 0; i < image.node_count; i++) {
        nodes[i] = run->image.nodes[i];
        if (run->is_stored)
            restore_node(story, run, i, &nodes[i]);
    }
    image.nodes = nodes;
    image.hold = run->hold;
    image.state = run->state;
    image.opening = run->opening;
    run->is_loaded = true;
    return driver_step(story, (struct event){.kind = EVENT_RUN_ADDED, .run = &image}, err);
}

static int commit(struct story *story, struct error *err)
{
    for (size_t i = 0; i < story->run_count; i++)
        story->runs[i]->is_stored |= story->runs[i]->is_loaded;
    for (size_t i = 0; i < story->pending.count; i++) {
        const struct action *action = &story->pending.items[i];
        if (is_record(action) && world_apply(story, action, err) < 0)
            return -1;
    }
    return world_compare(story, err);
}

static void act(struct story *story)
{
    for (size_t i = 0; i < story->pending.count; i++) {
        if (!is_record(&story->pending.items[i]) && story->pending.items[i].kind != ACTION_LOOK)
            keeper_take(story, &story->pending.items[i]);
    }
}

/* A run that is over leaves the engine's memory. */
static int forget_final(struct story *story, struct error *err)
{
    for (size_t i = 0; i < story->run_count; i++) {
        struct story_run *run = story->runs[i];
        struct engine_run_facts facts;
        if (!run->is_loaded)
            continue;
        if (engine_look_run(story->engine, (int64_t)i + 1, &facts, err) < 0)
            return -1;
        if (!run_state_is_final(facts.state) || facts.open_attempts > 0)
            continue;
        struct event event = {.kind = EVENT_RUN_FORGET, .run_id = (int64_t)i + 1};
        if (driver_step(story, event, err) < 0)
            return -1;
        run->is_loaded = false;
    }
    return 0;
}

void driver_die(struct story *story)
{
    engine_free(story->engine);
    story->engine = NULL;
    action_list_clear(&story->pending);
    story->traced = 0;
    for (size_t i = 0; i < story->run_count; i++) {
        story->runs[i]->is_lost = !story->runs[i]->is_stored;
        story->runs[i]->is_loaded = false;
    }
}

int driver_finish(struct story *story, struct error *err)
{
    trace_actions(story);
    int result = 0;
    if (driver_is_alive(story) && story->fate != STORY_DIES_BEFORE_COMMIT)
        result = commit(story, err);
    if (result == 0 && driver_is_alive(story) && story->fate == STORY_GOES_ON) {
        act(story);
        result = forget_final(story, err);
    }
    action_list_clear(&story->pending);
    story->traced = 0;
    if (story->fate != STORY_GOES_ON)
        driver_die(story);
    story->fate = STORY_GOES_ON;
    return result;
}

static struct recover_open *open_attempts(const struct story *story, size_t *ret_count)
{
    SCOPED_FREE struct engine_open_attempt *list = engine_open_attempts(story->engine, ret_count);
    struct recover_open *open = memory_new(*ret_count + 1, sizeof *open);
    for (size_t i = 0; i < *ret_count; i++)
        open[i] = (struct recover_open){
            .attempt_id = list[i].attempt_id,
            .is_running = list[i].is_running,
            .is_this_boot = story_attempt(story, list[i].attempt_id)->boot == story->boot};
    return open;
}

static struct recover_known *snapshot(const struct story *story, size_t *ret_count)
{
    static const enum recover_kind kinds[] = {[PROCESS_QUEUED] = RECOVER_QUEUED,
                                              [PROCESS_RUNNING] = RECOVER_RUNNING,
                                              [PROCESS_ENDED] = RECOVER_ENDED};
    struct recover_known *known = memory_new(story->attempt_count + 1, sizeof *known);
    *ret_count = 0;
    for (size_t i = 0; i < story->attempt_count; i++) {
        const struct story_attempt *attempt = &story->attempts[i];
        if (attempt->process == PROCESS_UNKNOWN)
            continue;
        known[*ret_count] = (struct recover_known){.attempt_id = (int64_t)i + 1,
                                                   .kind = kinds[attempt->process],
                                                   .at = attempt->at,
                                                   .outcome = attempt->outcome};
        *ret_count += 1;
    }
    return known;
}

int driver_reconnect(struct story *story, struct error *err)
{
    size_t open_count;
    size_t known_count;
    SCOPED_FREE struct recover_open *open = open_attempts(story, &open_count);
    SCOPED_FREE struct recover_known *known = snapshot(story, &known_count);
    struct recover_result result = {0};
    recover_events(&(struct recover_input){open, open_count, known, known_count, story->now},
                   &result);
    int status = 0;
    for (size_t i = 0; i < result.event_count && status == 0; i++) {
        trace_event(story, &result.events[i]);
        status = driver_step(story, result.events[i], err);
        trace_actions(story);
    }
    for (size_t i = 0; i < result.orders.count; i++) {
        const struct action *order = &result.orders.items[i];
        const struct story_attempt *attempt = story_attempt(story, order->order.attempt_id);
        SCOPED_TEXT struct text node = {0};
        trace_node(story, attempt->run_id, attempt->node, &node);
        trace_line(story, "-> %s %s #%d, which nobody wants",
                   order->kind == ACTION_REVOKE ? "revoke" : "kill", text_string(&node),
                   attempt->number);
        keeper_take(story, order);
    }
    recover_result_free(&result);
    return status;
}

int driver_start(struct story *story, struct error *err)
{
    struct engine_options options = {.next_attempt_id = (int64_t)story->attempt_count + 1,
                                     .grant_ahead = story->grant_ahead};
    story->engine = engine_new(&options);
    if (driver_set_slots(story, story->slots, err) < 0)
        return -1;
    for (size_t i = 0; i < story->run_count; i++) {
        struct story_run *run = story->runs[i];
        bool is_open = run->is_stored && !run_state_is_final(run->state);
        if (is_open && driver_load(story, run, err) < 0)
            return -1;
    }
    trace_actions(story);
    if (driver_reconnect(story, err) < 0)
        return -1;
    return driver_step(story, (struct event){.kind = EVENT_BEGIN}, err);
}
