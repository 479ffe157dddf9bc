/* One attempt, from its grant to its end.
 *
 *     QUEUED ──start──▶ RUNNING ──first process ended──▶ DRAINING ──▶ CLEARING ──▶ ENDED
 *
 * DRAINING: something left behind still holds its output; 100 ms are given to it. CLEARING: the
 * rest of the tree is killed until nobody is left. Both are passed over when there is nothing to
 * do. */
#ifndef DATEMILL_KEEPER_ATTEMPT_H
#define DATEMILL_KEEPER_ATTEMPT_H

#include "scheduler/base/arena.h"
#include "scheduler/base/instant.h"
#include "scheduler/keeper/attempt_output.h"
#include "scheduler/keeper/cgroup.h"
#include "scheduler/keeper/child.h"
#include "scheduler/system/keeper_protocol.h"
#include "scheduler/system/loop.h"

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#define ATTEMPT_MAX_NAMED 20 /* leftovers that the log names; more are counted */

enum attempt_phase {
    ATTEMPT_QUEUED,
    ATTEMPT_RUNNING,
    ATTEMPT_DRAINING,
    ATTEMPT_CLEARING,
    ATTEMPT_ENDED
};

struct attempt;

/* What all attempts of a keeper share; set by the keeper. */
struct attempt_host {
    struct loop *loop;
    int state_dir_fd; /* what relative paths are relative to */
    int children_fd;  /* process_tree_open_children() */
    int null_fd;      /* /dev/null, what an attempt without input reads */
    struct child_maker maker;
    struct pipe_stock pipes;
    struct cgroup_root cgroup_root;
    struct rlimit file_limit;                 /* of open files, as it was inherited */
    bool (*is_first)(void *owner, pid_t pid); /* the first process of an attempt */
    void (*on_started)(void *owner, struct attempt *attempt); /* its program runs */
    void (*on_event)(void *owner, struct attempt *attempt, const char *line);
    void (*on_ended)(void *owner, struct attempt *attempt); /* the attempt is ENDED */
    void *owner;
};

struct attempt {
    struct attempt_host *host;
    int64_t id;
    enum attempt_phase phase;
    bool needs_slot;
    bool is_chosen; /* QUEUED, and starts in this turn */
    bool is_held;   /* ENDED, but the end is not in the journal yet: nobody was told */
    bool is_untidy; /* RUNNING to ENDED: has descriptors, perhaps a cgroup (attempt_tidy) */

    /* Until it is tidy: a copy of what was granted, in `arena`; folder, argv, env and input, in
     * which secrets may be, are in `command` and gone (NULL) once its program runs */
    struct arena arena;
    struct arena command;
    struct keeper_start start;

    /* RUNNING to CLEARING */
    struct child_launch *launch; /* of the first process; NULL once its program runs */
    pid_t pid;                   /* of the first process; 0 once it has been waited for */
    pid_t session;               /* the same number, kept */
    struct instant started;      /* set by the keeper before it begins */
    struct duration started_at;  /* by clock_boottime() */
    struct attempt_output output;
    struct cgroup cgroup;
    enum keeper_end_why why;
    bool is_killing;  /* the whole tree is being killed */
    int empty_scans;  /* in a row */
    int64_t pause_ms; /* to the next scan */
    pid_t named[ATTEMPT_MAX_NAMED];
    size_t named_count;
    struct loop_timer deadline; /* the time limit */
    struct loop_timer grace;    /* from SIGTERM to SIGKILL */
    struct loop_timer step;     /* end of DRAINING, next scan */

    /* ENDED; `end.text` belongs to the attempt */
    struct keeper_end end;

    /* the keeper's lists */
    struct attempt *next;
    struct attempt *previous;
    struct attempt *next_same_id;
    struct attempt *next_same_pid;
    struct attempt *next_untidy;
    struct attempt *next_listed; /* of attempt_list */
    struct attempt *previous_listed;
};

/* A grant; the start is copied. */
struct attempt *attempt_new(struct attempt_host *host, const struct keeper_start *start);

/* One that has ended in another keeper's time; the end is copied. */
struct attempt *attempt_new_ended(struct attempt_host *host, const struct keeper_end *end);

/* Lets go of what an ENDED one has of the system. Apart from its end, because what waits for its
 * slot need not wait for that too. Again: nothing. */
void attempt_tidy(struct attempt *attempt);

/* It must not be RUNNING, DRAINING or CLEARING. */
void attempt_free(struct attempt *attempt);

/* QUEUED → RUNNING, or → ENDED with COULD_NOT_START (on_ended is not called then). `started` is
 * set. Whether its program could be run may be known later: on_started is called, or on_ended. */
void attempt_begin(struct attempt *attempt);

/* Looks whether its program runs, and reads its output as it comes, if it is RUNNING for at least
 * the time `least`; until then what it writes waits in its pipes. Returns after what time it must
 * be called again, at least that one; 0 = not again. */
struct duration attempt_watch(struct attempt *attempt, struct duration least);

/* The first process has ended and was waited for. */
void attempt_take_exit(struct attempt *attempt, int status, const struct rusage *usage);

/* Ends it with its tree: SIGTERM to the group, after the grace SIGKILL to the tree; or that at
 * once. One that is not RUNNING, or whose first process is dead already, is left alone. */
void attempt_stop(struct attempt *attempt, enum keeper_end_why why, bool is_kill_now);

#endif
