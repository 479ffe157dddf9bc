#include "scheduler/base/scope.h"
#include "tests/scenarios/scenario.h"

#include <string.h>

#define BEFORE_COMMIT ", crash before commit"
#define BEFORE_ACTING ", crash before acting"

struct words {
    char *all[SCENARIO_MAX_WORDS];
    size_t count;
};

typedef int step_function(struct story *story, struct words *words, struct error *err);

static const char *word(const struct words *words, size_t index)
{
    return index < words->count ? words->all[index] : "";
}

/* What a person asked for may be refused: that is part of the story. */
static int ask(struct story *story, struct event event, struct error *err)
{
    struct error refusal = {0};
    if (driver_step(story, event, &refusal) == 0)
        return 0;
    if (refusal.kind == ERROR_KIND_BUG) {
        *err = refusal;
        return -1;
    }
    trace_line(story, "refused: %s", refusal.text);
    return 0;
}

static int tell(struct story *story, struct event event, struct error *err)
{
    return driver_is_alive(story) ? driver_step(story, event, err) : 0;
}

static int find_run(struct story *story, const char *name, struct event *event, struct error *err)
{
    struct story_run *run;
    if (world_find_run(story, name, &run, err) < 0)
        return -1;
    event->run_id = run->image.run.run_id;
    return driver_load(story, run, err);
}

static int find_node(struct story *story, const char *name, struct event *event, struct error *err)
{
    struct story_run *run;
    if (world_find_node(story, name, &run, &event->node, err) < 0)
        return -1;
    event->run_id = run->image.run.run_id;
    return driver_load(story, run, err);
}

/* The newest attempt of a node, for what the keeper does. */
static int find_attempt(struct story *story, const char *name, int64_t *ret_id, struct error *err)
{
    struct story_run *run;
    uint32_t node;
    if (world_find_node(story, name, &run, &node, err) < 0)
        return -1;
    *ret_id = keeper_find(story, run->image.run.run_id, node);
    if (*ret_id == 0)
        return error_set(err, ERROR_KIND_INVALID, "`%s` was never granted", name);
    return 0;
}

/* ---- the keeper ---- */

static int step_start(struct story *story, struct words *words, struct error *err)
{
    struct event event = {.kind = EVENT_ATTEMPT_STARTED, .attempt = {.at = story->now}};
    if (find_attempt(story, word(words, 1), &event.attempt.id, err) < 0 ||
        keeper_start(story, event.attempt.id, err) < 0)
        return -1;
    return tell(story, event, err);
}

static int read_outcome(const struct words *words, struct attempt_outcome *outcome,
                        struct error *err)
{
    static const enum attempt_end plain[] = {ATTEMPT_END_TIMEOUT, ATTEMPT_END_STOPPED,
                                             ATTEMPT_END_LOST, ATTEMPT_END_COULD_NOT_START};
    const char *kind = word(words, 2);
    int64_t code = 0;
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strcmp(kind, attempt_end_name(plain[i])) == 0) {
            *outcome = (struct attempt_outcome){.end = plain[i]};
            return 0;
        }
    }
    bool is_signal = strcmp(kind, "signal") == 0;
    if (!is_signal && strcmp(kind, "status") != 0)
        return error_set(err, ERROR_KIND_USAGE,
                         "exit NODE status N, signal N, timeout, stopped, "
                         "lost or could_not_start");
    if (step_number(word(words, 3), is_signal, 255, &code, err) < 0)
        return -1;
    outcome->code = (int32_t)code;
    outcome->end = is_signal ? ATTEMPT_END_SIGNAL : ATTEMPT_END_FAILURE;
    if (!is_signal && code == 0)
        outcome->end = ATTEMPT_END_SUCCESS;
    return 0;
}

static int step_exit(struct story *story, struct words *words, struct error *err)
{
    struct event event = {.kind = EVENT_ATTEMPT_ENDED, .attempt = {.at = story->now}};
    if (read_outcome(words, &event.attempt.outcome, err) < 0 ||
        find_attempt(story, word(words, 1), &event.attempt.id, err) < 0 ||
        keeper_end(story, event.attempt.id, event.attempt.outcome, err) < 0)
        return -1;
    return tell(story, event, err);
}

static int step_give_back(struct story *story, struct words *words, struct error *err)
{
    struct event event = {.kind = EVENT_ATTEMPT_REVOKED};
    if (find_attempt(story, word(words, 1), &event.attempt.id, err) < 0 ||
        keeper_give_back(story, event.attempt.id, err) < 0)
        return -1;
    return tell(story, event, err);
}

static int step_keeper(struct story *story, struct words *words, struct error *err)
{
    if (strcmp(word(words, 1), "dies") != 0)
        return error_set(err, ERROR_KIND_USAGE, "keeper dies");
    keeper_die(story);
    return driver_is_alive(story) ? driver_reconnect(story, err) : 0;
}

/* ---- the engine ---- */

static int step_crash(struct story *story, struct words *words, struct error *err)
{
    (void)words;
    (void)err;
    driver_die(story);
    return 0;
}

static int step_power(struct story *story, struct words *words, struct error *err)
{
    if (strcmp(word(words, 1), "cut") != 0)
        return error_set(err, ERROR_KIND_USAGE, "power cut");
    driver_die(story);
    keeper_power_cut(story);
    return 0;
}

static int step_recover(struct story *story, struct words *words, struct error *err)
{
    (void)words;
    if (driver_is_alive(story))
        return error_set(err, ERROR_KIND_INVALID, "the engine is alive");
    return driver_start(story, err);
}

/* The clock goes on; whoever set it for a time is woken at that time. */
static int step_after(struct story *story, struct words *words, struct error *err)
{
    struct duration duration;
    if (duration_parse(word(words, 1), &duration, err) < 0)
        return -1;
    struct instant end = instant_add(story->now, duration);
    while (driver_is_alive(story)) {
        struct instant next = engine_next_wakeup(story->engine);
        if (instant_compare(next, end) > 0)
            break;
        if (instant_compare(next, story->now) > 0)
            story->now = next;
        if (driver_step(story, (struct event){.kind = EVENT_TIME}, err) < 0)
            return -1;
        trace_actions(story);
    }
    story->now = end;
    return 0;
}

static int step_slots(struct story *story, struct words *words, struct error *err)
{
    int64_t slots;
    if (step_number(word(words, 1), 1, ENGINE_MAX_SLOTS, &slots, err) < 0)
        return -1;
    return driver_set_slots(story, (int32_t)slots, err);
}

static int step_ahead(struct story *story, struct words *words, struct error *err)
{
    int64_t ahead;
    if (driver_is_alive(story))
        return error_set(err, ERROR_KIND_INVALID, "`ahead` comes before the first run");
    if (step_number(word(words, 1), 0, ENGINE_MAX_SLOTS, &ahead, err) < 0)
        return -1;
    story->grant_ahead = (int32_t)ahead;
    return 0;
}

/* ---- people ---- */

static int step_stop(struct story *story, struct words *words, struct error *err)
{
    struct event event = {.kind = EVENT_STOP_RUN, .is_kill = strcmp(word(words, 2), "--now") == 0};
    if (find_run(story, word(words, 1), &event, err) < 0)
        return -1;
    return ask(story, event, err);
}

static int step_rerun(struct story *story, struct words *words, struct error *err)
{
    static const char *const names[] = {[RERUN_FROM_FAILED] = "--from-failed",
                                        [RERUN_ALL] = "--all",
                                        [RERUN_FROM_NODE] = "--from",
                                        [RERUN_ONLY_NODE] = "--only"};
    struct event event = {.kind = EVENT_RERUN};
    if (find_run(story, word(words, 1), &event, err) < 0)
        return -1;
    size_t scope = 0;
    while (scope < sizeof names / sizeof names[0] && strcmp(word(words, 2), names[scope]) != 0)
        scope++;
    if (scope == sizeof names / sizeof names[0])
        return error_set(err, ERROR_KIND_USAGE,
                         "rerun RUN --from-failed, --all, --from NODE or "
                         "--only NODE");
    event.scope = (enum rerun_scope)scope;
    bool has_node = event.scope == RERUN_FROM_NODE || event.scope == RERUN_ONLY_NODE;
    if (has_node) {
        struct story_run *run = world_run(story, event.run_id);
        size_t node = flow_find_node(run->plan->flow, word(words, 3));
        if (node == FLOW_NONE)
            return error_set(err, ERROR_KIND_NOT_FOUND, "no node `%s`", word(words, 3));
        event.node = (uint32_t)node;
    }
    return ask(story, event, err);
}

static int ask_node(struct story *story, struct words *words, struct event event, struct error *err)
{
    if (find_node(story, word(words, 1), &event, err) < 0)
        return -1;
    return ask(story, event, err);
}

static int step_skip(struct story *story, struct words *words, struct error *err)
{
    return ask_node(story, words, (struct event){.kind = EVENT_SKIP}, err);
}

static int step_freeze(struct story *story, struct words *words, struct error *err)
{
    return ask_node(story, words, (struct event){.kind = EVENT_FREEZE}, err);
}

static int step_unfreeze(struct story *story, struct words *words, struct error *err)
{
    return ask_node(story, words, (struct event){.kind = EVENT_UNFREEZE}, err);
}

static int step_mark(struct story *story, struct words *words, struct error *err)
{
    bool is_success = strcmp(word(words, 2), "success") == 0;
    if (!is_success && strcmp(word(words, 2), "failed") != 0)
        return error_set(err, ERROR_KIND_USAGE, "mark NODE success or failed");
    return ask_node(story, words, (struct event){.kind = EVENT_MARK, .is_success = is_success},
                    err);
}

static int step_needs(struct story *story, struct words *words, struct error *err)
{
    int64_t open;
    if (step_number(word(words, 2), 0, 1000, &open, err) < 0)
        return -1;
    struct event event = {.kind = EVENT_NEEDS_MET, .external_open = (uint32_t)open};
    if (find_node(story, word(words, 1), &event, err) < 0)
        return -1;
    world_run(story, event.run_id)->image.nodes[event.node].external_open = (uint32_t)open;
    return ask(story, event, err);
}

/* What is there stays there; what is not, is looked for and missed. */
static int step_look(struct story *story, struct words *words, struct error *err)
{
    bool is_there = strcmp(word(words, 2), "there") == 0;
    if (!is_there && strcmp(word(words, 2), "missing") != 0)
        return error_set(err, ERROR_KIND_USAGE, "look NODE there or missing");
    return ask_node(story, words, (struct event){.kind = EVENT_LOOKED, .is_there = is_there}, err);
}

static int step_hold(struct story *story, struct words *words, struct error *err)
{
    static const char *const names[] = {[RUN_HOLD_NONE] = "",
                                        [RUN_HOLD_NO_SCHEDULER] = "no-scheduler",
                                        [RUN_HOLD_DRAIN] = "drain",
                                        [RUN_HOLD_PAUSED] = "paused",
                                        [RUN_HOLD_OVERLAP] = "overlap"};
    struct event event = {.kind = EVENT_HOLD};
    if (find_run(story, word(words, 1), &event, err) < 0)
        return -1;
    for (size_t i = RUN_HOLD_NO_SCHEDULER; i <= RUN_HOLD_OVERLAP; i++) {
        if (strcmp(names[i], word(words, 2)) != 0)
            continue;
        event.hold = (enum run_hold)i;
        world_run(story, event.run_id)->hold = event.hold;
        return ask(story, event, err);
    }
    return error_set(err, ERROR_KIND_USAGE, "hold RUN drain, paused or no-scheduler");
}

static int step_release(struct story *story, struct words *words, struct error *err)
{
    struct event event = {.kind = EVENT_RELEASE};
    if (find_run(story, word(words, 1), &event, err) < 0)
        return -1;
    world_run(story, event.run_id)->hold = RUN_HOLD_NONE;
    return ask(story, event, err);
}

/* ---- questions ---- */

static int step_why(struct story *story, struct words *words, struct error *err)
{
    struct event event = {0};
    if (find_node(story, word(words, 1), &event, err) < 0)
        return -1;
    return trace_why(story, world_run(story, event.run_id), event.node, err);
}

static int step_show(struct story *story, struct words *words, struct error *err)
{
    struct story_run *run;
    if (world_find_run(story, word(words, 1), &run, err) < 0)
        return -1;
    trace_run(story, run);
    return 0;
}

static int step_run_words(struct story *story, struct words *words, struct error *err)
{
    return step_run(story, words->all, words->count, err);
}

static const struct {
    const char *name;
    step_function *function;
    bool needs_engine;
} steps[] = {
    {"after", step_after, false},     {"ahead", step_ahead, false},
    {"crash", step_crash, true},      {"exit", step_exit, false},
    {"freeze", step_freeze, true},    {"give_back", step_give_back, false},
    {"hold", step_hold, true},        {"keeper", step_keeper, false},
    {"mark", step_mark, true},        {"needs", step_needs, true},
    {"look", step_look, true},        {"power", step_power, true},
    {"recover", step_recover, false}, {"release", step_release, true},
    {"rerun", step_rerun, true},      {"run", step_run_words, false},
    {"show", step_show, false},       {"skip", step_skip, true},
    {"slots", step_slots, true},      {"start", step_start, false},
    {"stop", step_stop, true},        {"unfreeze", step_unfreeze, true},
    {"why", step_why, true},
};

/* Takes `suffix` off the end of the step. */
static bool cut(char *text, const char *suffix)
{
    size_t length = strlen(text);
    if (length < strlen(suffix) || strcmp(text + length - strlen(suffix), suffix) != 0)
        return false;
    text[length - strlen(suffix)] = '\0';
    return true;
}

static int split(char *text, struct words *words, struct error *err)
{
    char *rest = text;
    for (char *next = strtok_r(rest, " ", &rest); next != NULL; next = strtok_r(NULL, " ", &rest)) {
        if (words->count == SCENARIO_MAX_WORDS)
            return error_set(err, ERROR_KIND_USAGE, "too many words");
        words->all[words->count] = next;
        words->count++;
    }
    return 0;
}

int story_step(struct story *story, const char *text, struct error *err)
{
    SCOPED_FREE char *copy = strdup(text);
    struct words words = {0};
    text_clear(&story->trace);
    if (cut(copy, BEFORE_COMMIT))
        story->fate = STORY_DIES_BEFORE_COMMIT;
    else if (cut(copy, BEFORE_ACTING))
        story->fate = STORY_DIES_BEFORE_ACTING;
    if (split(copy, &words, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (strcmp(steps[i].name, word(&words, 0)) != 0)
            continue;
        if (steps[i].needs_engine && !driver_is_alive(story))
            return error_set(err, ERROR_KIND_INVALID, "the engine is not alive");
        if (steps[i].function(story, &words, err) < 0)
            return -1;
        return driver_finish(story, err);
    }
    return error_set(err, ERROR_KIND_USAGE, "`%s` is no step", word(&words, 0));
}
