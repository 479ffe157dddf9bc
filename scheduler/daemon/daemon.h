/* The engine of a project at work: joins flow, plan, engine, store and keeper in one loop.
 *
 * Whoever holds the project's engine lock opens one. Per turn of the loop: events go through
 * engine_step(); at the end of the turn all its records are committed in one transaction; only then
 * are its orders carried out and those who watch told. While the store cannot be written (a full
 * disk) nothing is carried out and nobody is told; it goes on by itself when there is room.
 *
 * A run is driven while a watcher that drives it is there; without one it is held with the reason
 * "no scheduler is running". What was started goes on all the same. */
#ifndef DATEMILL_DAEMON_DAEMON_H
#define DATEMILL_DAEMON_DAEMON_H

#include "scheduler/base/error.h"
#include "scheduler/daemon/notice.h"
#include "scheduler/flow/flow_load.h"
#include "scheduler/system/lock_file.h"
#include "scheduler/system/loop.h"

#include <stdbool.h>

#define ENGINE_LOCK_NAME "engine.lock"

/* PATH of every attempt, unless an `env:` says else; where the preflight looks, too. */
#define DAEMON_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct daemon;

/* Where a project and its programs are; all borrowed. */
/* A flow that the command of this process has just read: the first run of it takes it as it is
 * instead of reading it again. Borrowed until daemon_close(). */
struct daemon_ready {
    struct flow_source *source; /* the project's folder */
    struct project *project;
    struct flow *flow;
    struct duration until; /* of clock_monotonic(): after it the files may be others */
};

struct daemon_place {
    const char *project_dir; /* absolute */
    const char *state_dir;   /* absolute; exists */
    const char *libexec_dir; /* absolute: datemill-keeper and the companions */
    const struct project_types *types;
    const struct daemon_ready *ready; /* NULL = none */
};

struct daemon_options {
    struct loop *loop;
    struct daemon_place place;
    bool settles_only; /* learn how attempts ended; start nothing, listen to nobody */

    /* `serve`: drives every run and backfill, whoever watches, and starts what the schedules owe
       (firing.h). */
    bool is_server;

    /* Another process, which is to be the engine, asks this one to step down: to close the daemon
       soon and become its client. NULL where that is refused (a server never steps down). */
    void (*asked_to_leave)(void *owner);
    void *owner;
};

/* The caller holds the engine lock until after daemon_close(). */
int daemon_open(const struct daemon_options *options, struct daemon **ret_daemon,
                struct error *err);

/* Commits what can be committed and lets go; attempts stay with the keeper. NULL is fine. */
void daemon_close(struct daemon *daemon);

/* For a server: the project's files may have changed, or the clock: flows and datemill.yaml are
 * read again soon, and what is due is started. Nothing for others. */
void daemon_reload(struct daemon *daemon);

/* Starts nothing more, new instances included; what runs goes on with the keeper. */
void daemon_drain(struct daemon *daemon);

/* How many attempts run or are handed to the keeper. */
size_t daemon_open_attempts(const struct daemon *daemon);

/* The keeper's snapshot is worked in and committed. */
bool daemon_is_settled(const struct daemon *daemon);

/* Somebody who is told: a connection, or the command whose process this is. A place inside its
 * owner. `tell` must not call back into the daemon but for daemon_request(). */
struct daemon_watcher {
    void (*tell)(void *owner, const struct notice *notice);
    void *owner;
    const char *who;               /* for the record of operations; borrowed */
    struct daemon_watcher *next;   /* the daemon's, as the following */
    struct daemon_interest *items; /* the runs it watches */
    size_t item_count;
    size_t item_capacity;
    int64_t prune_request; /* the number of the prune that it waits for */
};

void daemon_add_watcher(struct daemon *daemon, struct daemon_watcher *watcher);

/* Holds the runs that nobody drives any more. */
void daemon_remove_watcher(struct daemon *daemon, struct daemon_watcher *watcher);

/* Answered by one NOTICE_KIND_REPLY, after the commit of what it changed. */
void daemon_request(struct daemon *daemon, struct daemon_watcher *watcher,
                    const struct request *request);

#endif
