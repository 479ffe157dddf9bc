/* What to start for one attempt of one node: the type's command, and the whole environment. */
#ifndef DATEMILL_PLAN_PLAN_PREPARE_H
#define DATEMILL_PLAN_PLAN_PREPARE_H

#include "scheduler/flow/reference.h"
#include "scheduler/plan/plan.h"

/* What the plan does not know. All borrowed for the call. */
struct plan_facts {
    size_t node;             /* index: of which node */
    int64_t attempt_id;      /* 0: a preview (render, dry run) */
    int32_t attempt;         /* number within the node, from 1 */
    const char *libexec_dir; /* absolute: where our companion programs are */
    const char *version;     /* commit or content hash */
    const char *reject_file; /* absolute path for rejected records */

    /* PATH HOME USER LANG as the engine has them; `env:` of the project and the node replaces them,
     * TZ is the flow's zone unless `env:` says else. */
    const struct node_setting *environment;
    size_t environment_count;
    const struct reference_finder *finder; /* compiled once by the caller */
};

struct plan_start {
    struct node_command command; /* as the type's prepare() gave it */

    /* All of it, each name once, sorted by name: the facts' environment, TZ, the project's env, the
     * node's env, what the type adds, the parameters by name, DATEMILL_BIZDATE (2021-11-11),
     * DATEMILL_CYCTIME, DATEMILL_RUN_ID, DATEMILL_FLOW, DATEMILL_NODE, DATEMILL_ATTEMPT; later ones
     * replace earlier ones. Secrets are still names. */
    const struct node_environment *environment;
    size_t environment_count;
};

/* Substitutes the references in the node's TEXT, SQL and SQL_FILE values and asks its type. Pure.
 * Memory belongs to `arena`. Only for nodes with a process. Fails (INVALID) with the file, line and
 * column of the value at fault. */
int plan_prepare(const struct plan *plan, const struct plan_facts *facts, struct arena *arena,
                 struct plan_start *ret_start, struct error *err);

/* The table or partition whose content the first attempt replaces, as far as the node's fields
 * tell (node_type.h). Of the facts, `node` and `finder` count. *ret_table.table is NULL when there
 * is none. Memory belongs to `arena` and the flow. Fails as plan_prepare() does. */
int plan_find_replaced(const struct plan *plan, const struct plan_facts *facts, struct arena *arena,
                       struct node_table *ret_table, struct error *err);

/* What the node waits for, with its references substituted (node_type.h). */
struct plan_wait {
    struct node_wait wait;
    struct instant at; /* NODE_WAIT_TIME: on the scheduling date; the first instant after a gap */
};

/* `file oss: event/x/20211111data`, `partition t/dt=20211111`, `table t`, `02:30`. */
void plan_name_wait(const struct node_wait *wait, struct text *text);

/* Only for nodes with `wait` set. Of the facts, `node` and `finder` count. Memory belongs to
 * `arena` and the flow. Fails as plan_prepare() does. */
int plan_find_wait(const struct plan *plan, const struct plan_facts *facts, struct arena *arena,
                   struct plan_wait *ret_wait, struct error *err);

#endif
