/* The inside of a daemon: what its parts share. Not for anybody outside this folder. Which part is
 * where: README.md. */
#ifndef DATEMILL_DAEMON_DAEMON_STATE_H
#define DATEMILL_DAEMON_DAEMON_STATE_H

#include "scheduler/daemon/attempt_result.h"
#include "scheduler/daemon/daemon.h"
#include "scheduler/daemon/daemon_run.h"
#include "scheduler/daemon/definition.h"
#include "scheduler/daemon/restore.h"
#include "scheduler/daemon/turn_items.h"
#include "scheduler/engine/engine.h"
#include "scheduler/plan/plan.h"
#include "scheduler/plan/plan_prepare.h"
#include "scheduler/store/store_load.h"
#include "scheduler/system/control_server.h"
#include "scheduler/system/keeper_client.h"

enum trouble {
    TROUBLE_STORE,   /* the last commit failed */
    TROUBLE_PROJECT, /* datemill.yaml is wrong: what was read before holds */
    TROUBLE_KEEPER,  /* the keeper's journal cannot be written */
    TROUBLE_COUNT
};

#define DAEMON_ENVIRONMENT_COUNT 4 /* PATH HOME USER LANG */

struct daemon {
    struct arena arena; /* what lives as long as the daemon */
    struct loop *loop;
    struct daemon_place place;
    bool settles_only;
    bool is_server;
    bool is_draining; /* starts nothing more */
    int state_dir_fd;
    void (*asked_to_leave)(void *owner); /* NULL: it does not step down */
    void *owner;

    struct store *store;
    struct engine *engine;
    struct keeper_client *keeper;
    struct control_server *control; /* NULL when it settles only */
    struct connection *connections; /* watchers behind the control socket */
    struct reference_finder *finder;
    struct project *project; /* slots, pools */
    struct flow_pool *pools; /* by the engine's numbers */
    size_t pool_count;
    size_t pool_capacity;
    struct backfill *backfills;                                /* at work */
    struct freezes *freezes;                                   /* by hand */
    struct firing *firing;                                     /* of a server; else NULL */
    struct outbox *outbox;                                     /* of a server; else NULL */
    struct waits *waits;                                       /* NULL: nothing waits */
    struct node_setting environment[DAEMON_ENVIRONMENT_COUNT]; /* of every attempt */
    struct definitions definitions;

    struct daemon_run **runs; /* ascending ids */
    size_t run_count;
    size_t run_capacity;
    struct daemon_attempt *attempts; /* open ones, no order */
    size_t attempt_count;
    size_t attempt_capacity;
    struct daemon_watcher *watchers;
    struct pruning *pruning;     /* NULL = none is going on */
    struct retention *retention; /* of a server; else NULL */

    struct turn turn;
    struct turn *done_turn; /* the one that was just committed, while it is carried out and told */
    struct loop_hook commit_hook;
    struct duration clock_ahead;    /* of the wall clock before clock_boottime(), as last seen */
    struct loop_timer wakeup;       /* engine_next_wakeup() */
    struct loop_timer commit_again; /* after a failed commit */
    struct loop_timer commit_soon;  /* ends that nobody waits for share a commit */
    bool shares_commit;             /* commit_soon was set for what is in the turn now */
    bool needs_tidying;             /* some run is over or drains */
    char *trouble[TROUBLE_COUNT];   /* why it cannot go on for now; NULL = it can */

    /* the keeper's greeting */
    char boot_id[CLOCK_BOOT_ID_BYTES];
    struct recover_known *known;
    struct keeper_end *known_ends; /* of known[i] that ended */
    struct arena known_arena;
    size_t known_count;
    size_t known_capacity;
    size_t known_end_capacity;
    bool has_begun;  /* EVENT_BEGIN */
    bool is_settled; /* and its turn is committed */
};

/* ---- daemon.c ---- */

/* Sends an event with the time of now through the engine; what follows joins the turn. A refusal
 * is the caller's to tell. */
int daemon_step(struct daemon *daemon, struct event *event, struct error *err);

/* ---- turn.c ---- */

/* Stores the turn, then does and tells what follows; called at the end of each turn of the loop. */
void turn_end(struct daemon *daemon);
void turn_clear(struct daemon *daemon);
void turn_add_hold(struct daemon *daemon, int64_t run_id, enum run_hold hold);

/* Puts the definition's version into the batch; of one that is stored, the id alone. */
int turn_store_version(struct daemon *daemon, const struct definition *definition,
                       struct instant now, int64_t *ret_version_id, struct error *err);

/* ---- grant.c ---- */

/* Makes the command of an ACTION_GRANT; joins the turn. Never fails: a problem becomes the
 * attempt's. */
void grant_prepare(struct daemon *daemon, const struct action *action);

/* What every attempt gets; nothing comes from the shell that happened to start the engine. */
void grant_read_environment(struct daemon *daemon);

/* ---- keeper_link.c ---- */
void keeper_link_message(void *owner, const struct keeper_message *message);
void keeper_link_end(struct daemon *daemon, const struct keeper_end *end);

/* ---- watch.c ---- */
struct daemon_interest {
    int64_t run_id;
    int64_t backfill_id; /* instead of a run */
    bool drives;
};

/* Whether the watcher did not watch it before. */
bool watch_add_interest(struct daemon *daemon, struct daemon_watcher *watcher, int64_t run_id,
                        bool drives);
bool watch_is_driven(const struct daemon *daemon, int64_t run_id); /* or its backfill is */
void watch_add_backfill(struct daemon *daemon, struct daemon_watcher *watcher, int64_t backfill_id,
                        bool drives);
void watch_hold_all(struct daemon *daemon); /* that nobody drives */
bool watch_has_backfill(const struct daemon *daemon, int64_t backfill_id);
bool watch_drives_backfill(const struct daemon *daemon, int64_t backfill_id);
void watch_tell_backfill(struct daemon *daemon, int64_t backfill_id, const struct notice *notice);
void watch_tell_run(struct daemon *daemon, struct daemon_watcher *only,
                    const struct daemon_run *run);
void watch_tell_task(struct daemon *daemon, const struct record_task *task);

void watch_tell_need(struct daemon *daemon, const struct daemon_run *run, uint32_t node,
                     const char *reason); /* what it waits for outside its run */
void watch_tell_run_end(struct daemon *daemon, struct daemon_run *run, enum run_state state);
void watch_tell_progress(struct daemon *daemon, const struct daemon_attempt *attempt,
                         const char *line);

/* Trouble of a kind has come, or, with NULL, is over. Told when there is news in it. */
void watch_set_trouble(struct daemon *daemon, enum trouble kind, const char *text);

/* The first of what it cannot go on for; "" = nothing. */
const char *watch_trouble(const struct daemon *daemon);

/* Tells one who came in the middle of it. */
void watch_tell_trouble(struct daemon *daemon, struct daemon_watcher *watcher);

/* ---- requests.c ---- */
/* The answer, told after the commit; it and what it points to belong to the turn. */
struct turn_reply *requests_reply(struct daemon *daemon, struct daemon_watcher *watcher,
                                  const struct request *request, const struct error *error);
/* The answer to a question, which changes nothing: while nothing can be committed it is told at
 * once, for it is then that people ask. What it points to belongs to the turn. */
void requests_answer(struct daemon *daemon, struct daemon_watcher *watcher,
                     const struct notice *answer);
/* The answer to what opened or took up runs: told after the commit, and how they stand. */
void requests_reply_runs(struct daemon *daemon, struct daemon_watcher *watcher,
                         const struct request *request, const int64_t *run_ids, size_t run_count);
/* Adds `row`, with the time of now, and who asked and why from the request. */
void requests_add_operation(struct daemon *daemon, const struct daemon_watcher *watcher,
                            const struct request *request, struct store_operation row);
int request_follow(struct daemon *daemon, struct daemon_watcher *watcher,
                   const struct request *request, struct error *err); /* CLAIM and WATCH */
int request_run(struct daemon *daemon, struct daemon_watcher *watcher,
                const struct request *request, struct error *err);
int request_rerun(struct daemon *daemon, struct daemon_watcher *watcher,
                  const struct request *request, struct error *err);

/* The run in memory; one that is over is brought back from the store, held. BUSY when another run
 * of its time is open. */
int request_find_run(struct daemon *daemon, int64_t run_id, struct daemon_run **ret_run,
                     struct error *err);
/* BUSY when a run of that time, not this one, is open: in the store, or since this turn. */
int request_check_time(struct daemon *daemon, const struct load_run *row, struct error *err);
bool request_is_open(struct daemon *daemon, const struct daemon_run *run);

/* E012 NOT_FOUND with did-you-mean. */
int request_find_node(const struct plan *plan, const char *name, uint32_t *ret_node,
                      struct error *err);
int request_backfill(struct daemon *daemon, struct daemon_watcher *watcher,
                     const struct request *request, struct error *err); /* all BACKFILL kinds */
int request_operate(struct daemon *daemon, struct daemon_watcher *watcher,
                    const struct request *request,
                    struct error *err); /* SKIP, MARK, FREEZE, UNFREEZE */
int request_explain(struct daemon *daemon, struct daemon_watcher *watcher,
                    const struct request *request, struct error *err);

/* ---- request_prune.c ---- */
int request_prune(struct daemon *daemon, struct daemon_watcher *watcher,
                  const struct request *request, struct error *err);
#endif
