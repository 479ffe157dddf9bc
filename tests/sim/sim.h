/* The world around the engine, made of numbers: a clock, a store, a keeper with processes, people.
 *
 * One seed is one story. While faults are on, engine, keeper, connection and machine die at
 * random, commits are lost before they happen or are not followed by their acts, people do what
 * they like. Then it is calm: nothing breaks any more, everything is released, and progress is
 * owed until all is done. A rule of the world that does not hold is a failure; the first one is
 * kept. */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "scheduler/base/random.h"
#include "scheduler/base/text.h"
#include "scheduler/engine/engine.h"
#include "scheduler/engine/recover.h"

#define SIM_MAX_RUNS 4
#define SIM_MAX_NODES 12
#define SIM_MAX_POOLS 2
#define SIM_MAX_ATTEMPTS 1024 /* ids of one story; near it people become quiet */
#define SIM_MAX_QUEUE 4096    /* orders or messages on their way */
#define SIM_MAX_CODES 2
#define SIM_MAX_LOOKS 256 /* that are to be answered */

/* Faults that are built in on purpose, to see that they are noticed (--plant). */
enum sim_plant {
    PLANT_NONE,
    PLANT_ACT_BEFORE_COMMIT, /* grants are sent before their records are committed */
    PLANT_FORGET_REVOKED,    /* the engine is not told that a grant was taken back */
    PLANT_GRANT_AFTER_CRASH, /* a restart forgets which attempts are open */
    PLANT_LOST_IS_SUCCESS,   /* recovery calls a lost attempt a success */
    PLANT_DROP_END,          /* recovery calls an end that the keeper knows lost */
    PLANT_DROP_RECORD,       /* the store now and then forgets a task's record */
    PLANT_NO_TIME,           /* nobody wakes the engine for a retry */
    PLANT_RECOVER_TOO_EARLY, /* recovery before what is pending was committed and acted upon */
    PLANT_SEE_TOO_EARLY,     /* a look sees what is not there yet */
    PLANT_NO_LOOK            /* nobody looks */
};
#define SIM_PLANT_COUNT 11
extern const char *const sim_plant_names[SIM_PLANT_COUNT];

struct sim_node {
    uint32_t needs[SIM_MAX_NODES];
    int32_t codes[SIM_MAX_CODES];
    struct duration timeout; /* 0 = none */
    uint32_t failures;       /* of a thousand attempts */
    uint32_t external_open;  /* needs of the outside that are open now */
    struct instant there_at; /* what it waits for is there from then on */
};

struct sim_run { /* what the run is; never changes */
    struct event_run image;
    struct event_node nodes[SIM_MAX_NODES];
    struct sim_node own[SIM_MAX_NODES];
};

/* ---- the store: rows ---- */

struct sim_task_row {
    enum task_state state;
    enum task_wish wish;
    int32_t attempts;
    int32_t tries;
    struct instant ready_at;
    struct instant wait_since;
};

struct sim_look {
    size_t run;
    uint32_t node;
};

struct sim_attempt_row { /* index: id - 1 */
    uint32_t run;        /* index in world->runs */
    uint32_t node;
    int32_t number;
    enum attempt_state state;
    struct attempt_outcome outcome;
    uint32_t boot;
};

struct sim_store {
    bool has_run[SIM_MAX_RUNS];
    enum run_state run_state[SIM_MAX_RUNS];
    int32_t opening[SIM_MAX_RUNS];
    struct sim_task_row tasks[SIM_MAX_RUNS][SIM_MAX_NODES];
    uint32_t allowed[SIM_MAX_RUNS][SIM_MAX_NODES]; /* starts that retries and reruns permit */
    int64_t next_attempt_id;
    struct sim_attempt_row attempts[SIM_MAX_ATTEMPTS];
};

/* ---- the keeper and its processes ---- */

enum sim_process_state {
    PROCESS_NONE,
    PROCESS_QUEUED,  /* the keeper knows it */
    PROCESS_RUNNING, /* alive */
    PROCESS_ENDED,   /* in the journal, not settled */
    PROCESS_ORPHAN   /* alive, its keeper is dead; the next one kills it */
};

struct sim_process { /* index: attempt id - 1 */
    enum sim_process_state state;
    uint32_t starts;
    bool is_settled;     /* the keeper has forgotten its end */
    bool is_stopping;    /* a STOP has arrived */
    bool end_may_vanish; /* a power cut took the journal's tail */
    bool has_truth;
    struct attempt_outcome truth; /* how it really ended */
    struct attempt_outcome outcome;
    struct instant at;  /* started, then ended */
    struct instant end; /* RUNNING: when it will end */
};

struct sim_order { /* engine to keeper */
    enum action_kind kind;
    int64_t attempt_id;
    bool is_kill;
    bool is_settled; /* SETTLED instead of `kind` */
};

struct sim_message { /* keeper to engine */
    enum event_kind kind;
    int64_t attempt_id;
    struct instant at;
    struct attempt_outcome outcome;
};

struct sim_counts {
    uint64_t seeds, steps, commits, starts, ends, lost, revokes;
    uint64_t engine_crashes, keeper_crashes, power_cuts, broken_connections, operations;
};

struct sim_world {
    struct random random;
    struct instant now;
    enum sim_plant plant;
    bool is_calm;
    uint32_t boot;
    int32_t slots;
    int32_t grant_ahead;
    int32_t pools[SIM_MAX_POOLS];
    size_t pool_count;
    struct sim_run runs[SIM_MAX_RUNS];
    size_t run_count;

    struct sim_store committed;
    struct sim_store ahead; /* committed, and the records that are not yet */

    struct engine *engine; /* NULL: dead */
    bool is_loaded[SIM_MAX_RUNS];
    bool is_held[SIM_MAX_RUNS];
    struct action_list pending; /* since the last commit */
    struct recover_result recovered;

    bool keeper_is_alive;
    bool is_connected; /* and the snapshot has been handled */
    int32_t keeper_slots;
    struct sim_process processes[SIM_MAX_ATTEMPTS];
    int64_t queue[SIM_MAX_ATTEMPTS]; /* attempt ids, in the order of the grants */
    size_t queue_count;
    int64_t highest_id; /* that the keeper has ever seen */

    struct sim_order orders[SIM_MAX_QUEUE];
    size_t order_first, order_count;
    struct sim_message messages[SIM_MAX_QUEUE];
    size_t message_first, message_count;
    struct sim_look looks[SIM_MAX_LOOKS]; /* the engine has asked for */
    size_t look_count;

    uint64_t records; /* committed so far: progress */
    struct text failure;
    struct text *trace; /* NULL: quiet */
    struct sim_counts *counts;
};

/* world.c: one story; false if a rule did not hold (world->failure). */
bool sim_play(struct sim_world *world, uint64_t seed);
void sim_fail(struct sim_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void sim_trace(struct sim_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool sim_has_failed(const struct sim_world *world);

/* flows.c */
void sim_make_world(struct sim_world *world);

/* store.c */
void sim_store_add_run(struct sim_world *world, struct sim_store *store, size_t run);
void sim_store_apply(struct sim_world *world, struct sim_store *store, const struct action *action);

/* driver.c: the daemon's part */
void sim_engine_start(struct sim_world *world);
void sim_engine_crash(struct sim_world *world);
int sim_engine_step(struct sim_world *world, struct event event, struct error *err);
void sim_engine_commit(struct sim_world *world); /* and act, if nothing breaks in between */
void sim_engine_receive(struct sim_world *world);
void sim_engine_connect(struct sim_world *world);
void sim_engine_look(struct sim_world *world);                      /* for what tasks wait for */
struct instant sim_engine_next_look(const struct sim_world *world); /* something will be there */
void sim_load_run(struct sim_world *world, size_t run);
void sim_disconnect(struct sim_world *world);

/* keeper.c */
void sim_keeper_start(struct sim_world *world);
void sim_keeper_crash(struct sim_world *world);
void sim_keeper_power_cut(struct sim_world *world);
void sim_keeper_receive(struct sim_world *world);
void sim_keeper_work(struct sim_world *world); /* starts and ends what is due */
struct instant sim_keeper_next(const struct sim_world *world);
void sim_send_order(struct sim_world *world, struct sim_order order);
size_t sim_keeper_snapshot(const struct sim_world *world, struct recover_known *ret_known);

/* people.c */
void sim_operate(struct sim_world *world);
void sim_calm_down(struct sim_world *world);

/* rules.c */
void sim_check_start(struct sim_world *world, int64_t attempt_id);
void sim_check_record(struct sim_world *world, const struct sim_store *before,
                      const struct action *action);
void sim_check_timeout(struct sim_world *world, size_t run, const struct sim_task_row *before,
                       const struct record_task *record);
void sim_check_grant(struct sim_world *world, const struct action *action, bool is_new);
void sim_check_stopped_run(struct sim_world *world, size_t run);
void sim_check_stops(struct sim_world *world);
void sim_check_engine(struct sim_world *world);
void sim_check_end(struct sim_world *world);
bool sim_is_alive(const struct sim_world *world, uint32_t run, uint32_t node);

#endif
