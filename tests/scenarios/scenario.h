/* A story about the engine, told step by step, with the trace that each step must leave.
 *
 *   script.c     a *.scn file: blocks of files, steps, the expected lines below each
 *   world.c      projects, flows, runs; the rows of a store, which only records change
 *   driver.c     the daemon's part: step, commit, carry out, die, recover
 *   keeper.c     what the keeper has: queued, running, ended
 *   steps.c      the words of a step; step_run.c the long one
 *   trace.c      actions as lines, with names in place of numbers
 *
 * Whoever writes a story plays the keeper and the people. What a keeper could not do (start what
 * was never granted, or out of turn) is a mistake of the story and ends it. */
#ifndef TESTS_SCENARIOS_SCENARIO_H
#define TESTS_SCENARIOS_SCENARIO_H

#include "scheduler/base/text.h"
#include "scheduler/engine/engine.h"
#include "scheduler/engine/recover.h"
#include "scheduler/engine/run_image.h"
#include "scheduler/flow/flow_load.h"
#include "scheduler/plan/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCENARIO_MAX_BYTES ((size_t)1 << 20) /* of a *.scn file */
#define SCENARIO_MAX_WORDS 24                /* of a step */

/* ---- the file ---- */

struct script_item {
    bool is_file;     /* `file PATH`: the block is its content; else a step: its trace */
    const char *text; /* the path, or the step; borrowed from the script */
    size_t line;      /* from 1 */
    size_t first;     /* the block: lines [first, end), from 0 in script->lines */
    size_t end;
};

struct script {
    char *bytes;
    char **lines; /* without their ends; point into bytes */
    size_t line_count;
    struct script_item *items;
    size_t item_count;
    size_t item_capacity;
    const char *title; /* the first comment */
};

int script_read(const char *path, struct script *script, struct error *err);
void script_free(struct script *script);
void script_block(const struct script *script, const struct script_item *item, struct text *text);

/* ---- the store ---- */

struct task_row {
    enum task_state state;
    enum task_wish wish;
    int32_t attempts;
    int32_t tries;
    struct instant ready_at;
    struct instant wait_since;
};

struct story_run { /* run_id is its index + 1 */
    char *name;
    struct plan *plan;
    struct arena arena;
    struct run_image image; /* as it was made */
    bool is_stored;
    bool is_loaded;
    bool is_lost; /* died before it was stored */
    enum run_state state;
    int32_t opening;
    enum run_hold hold;
    struct task_row *rows;
};

enum process_state {
    PROCESS_UNKNOWN, /* the keeper never heard of it, or has forgotten it */
    PROCESS_QUEUED,
    PROCESS_RUNNING,
    PROCESS_ENDED
};

struct story_attempt { /* id is its index + 1 */
    int64_t run_id;
    uint32_t node;
    int32_t number;
    enum attempt_state state; /* as stored */
    int32_t boot;

    enum process_state process; /* as the keeper has it */
    uint64_t turn;              /* order in the queue */
    bool is_revoke_asked;
    bool is_stop_asked;
    struct attempt_outcome outcome;
    struct instant at; /* started, then ended */
};

struct story_file {
    const char *path;
    char *bytes;
    size_t length;
};

struct story {
    const struct script *script;
    struct instant now;
    int32_t slots; /* 0: as the project says */
    int32_t grant_ahead;
    int32_t boot;

    struct story_file *files;
    size_t file_count;
    size_t file_capacity;
    struct project *project; /* NULL until the first run */
    struct flow **flows;
    size_t flow_count;
    size_t flow_capacity;

    struct story_run **runs;
    size_t run_count;
    size_t run_capacity;
    struct story_attempt *attempts;
    size_t attempt_count;
    size_t attempt_capacity;
    uint64_t turns;

    struct engine *engine; /* NULL: dead */
    struct action_list pending;
    size_t traced; /* of pending */
    enum {
        STORY_GOES_ON,
        STORY_DIES_BEFORE_COMMIT,
        STORY_DIES_BEFORE_ACTING
    } fate;

    struct text trace; /* of the step */
};

void story_init(struct story *story, const struct script *script);
void story_free(struct story *story);

/* One step. -1: it cannot be; what it did is in story->trace. */
int story_step(struct story *story, const char *text, struct error *err);
void story_add_file(struct story *story, const char *path, char *bytes);

/* world.c */
int world_find_flow(struct story *story, const char *name, struct flow **ret_flow,
                    struct error *err);
struct story_run *world_add_run(struct story *story, struct plan *plan, char *name);
struct story_run *world_run(const struct story *story, int64_t run_id);
int world_find_run(const struct story *story, const char *name, struct story_run **ret_run,
                   struct error *err);
/* `node`, or `run/node` where several runs have one of that name. */
int world_find_node(const struct story *story, const char *name, struct story_run **ret_run,
                    uint32_t *ret_node, struct error *err);
int world_apply(struct story *story, const struct action *action, struct error *err);
int world_compare(struct story *story, struct error *err); /* the rows with the engine */

/* driver.c */
int driver_start(struct story *story, struct error *err);
int driver_step(struct story *story, struct event event, struct error *err); /* not committed */
int driver_load(struct story *story, struct story_run *run, struct error *err);
int driver_finish(struct story *story, struct error *err); /* commit, carry out; or die */
int driver_reconnect(struct story *story, struct error *err);
int driver_set_slots(struct story *story, int32_t slots, struct error *err);
void driver_die(struct story *story);
bool driver_is_alive(const struct story *story);

/* keeper.c */
void keeper_take(struct story *story, const struct action *order);
int keeper_start(struct story *story, int64_t attempt_id, struct error *err);
int keeper_end(struct story *story, int64_t attempt_id, struct attempt_outcome outcome,
               struct error *err);
int keeper_give_back(struct story *story, int64_t attempt_id, struct error *err);
void keeper_die(struct story *story);       /* its processes die with it; the journal is kept */
void keeper_power_cut(struct story *story); /* so is the journal not */
int64_t keeper_find(const struct story *story, int64_t run_id, uint32_t node);
struct story_attempt *story_attempt(const struct story *story, int64_t attempt_id);

/* trace.c */
void trace_line(struct story *story, const char *format, ...) __attribute__((format(printf, 2, 3)));
void trace_actions(struct story *story);
void trace_event(struct story *story, const struct event *event);
void trace_node(const struct story *story, int64_t run_id, uint32_t node, struct text *text);
int trace_why(struct story *story, const struct story_run *run, uint32_t node, struct error *err);
void trace_run(struct story *story, const struct story_run *run);
void trace_plan(struct story *story, const struct story_run *run);

/* step_run.c: run FLOW DATE [--as NAME] [--nodes …] [--var K=V] [--priority N] [--parallel N] */
int step_run(struct story *story, char **words, size_t count, struct error *err);
int step_number(const char *word, int64_t least, int64_t most, int64_t *ret_number,
                struct error *err);

#endif
