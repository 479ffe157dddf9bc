/* A run goes over to another version of its flow.
 *
 * Rows name nodes by their index in the definition. While the indexes change, the rows of the old
 * ones are at -1 - node_id: no new index is there, and the name leads from the one to the other. */
#include "scheduler/store/commit_internal.h"

#define VERSION_MAX_BOUND 3 /* ?1 the run, ?2 how many nodes there are now, ?3 the time */

struct version_step {
    int bound; /* how many of them it takes */
    const char *sql;
};

#define TO_NODE_ID(table)                                                                          \
    "UPDATE " table " SET node = -1 - (SELECT node_id FROM node_run WHERE node_run.run_id = ?1"    \
    "  AND node_run.node = " table ".node) WHERE run_id = ?1 AND node IS NOT NULL"
#define FROM_NODE_ID(table)                                                                        \
    "UPDATE " table " SET node = (SELECT node_run.node FROM node_run INDEXED BY node_run_by_node"  \
    "  WHERE node_id = -1 - " table ".node AND node_run.run_id = ?1)"                              \
    " WHERE run_id = ?1 AND node IS NOT NULL"

static const struct version_step leave_old_indexes[] = {
    {1, TO_NODE_ID("attempt")},
    {1, TO_NODE_ID("operation")},
    {1, TO_NODE_ID("event")},
    {1, "UPDATE node_run SET node = -1 - node_id WHERE run_id = ?1"},
    {1, "DELETE FROM run_param WHERE run_id = ?1"},
    {1, "DELETE FROM run_var WHERE run_id = ?1"},
};

/* The new rows are there: what is known of a node of that name joins its row. Then the rows of
 * names that are gone are put behind all others, as skipped (6, why 6) and of no type. */
static const struct version_step take_new_indexes[] = {
    {1, "UPDATE node_run SET attempts = was.attempts, tries = was.tries, ready_at = was.ready_at,"
        " event_id = was.event_id, started_at = was.started_at,"
        " operation_id = iif(node_run.state = was.state, was.operation_id, NULL),"
        " why = iif(node_run.state = was.state, was.why, node_run.why),"
        " changed_at = iif(node_run.state = was.state, was.changed_at, node_run.changed_at),"
        " ended_at = iif(node_run.state = was.state, was.ended_at, node_run.ended_at)"
        " FROM node_run AS was WHERE node_run.run_id = ?1 AND node_run.node >= 0"
        " AND was.run_id = ?1 AND was.node = -1 - node_run.node_id"},
    {1, "DELETE FROM node_run WHERE run_id = ?1 AND node < 0 AND EXISTS (SELECT 1 FROM node_run"
        " AS now INDEXED BY node_run_by_node WHERE now.node_id = node_run.node_id"
        " AND now.run_id = ?1 AND now.node >= 0)"},
    {3, "UPDATE node_run SET node = ?2 + gone.place, type = '', is_selected = 0, state = 6,"
        " reason = 0, wish = 0, why = 6, operation_id = NULL, changed_at = ?3, ended_at = ?3"
        " FROM (SELECT node AS was, row_number() OVER (ORDER BY node DESC) - 1 AS place"
        "  FROM node_run WHERE run_id = ?1 AND node < 0) AS gone"
        " WHERE node_run.run_id = ?1 AND node_run.node = gone.was"},
    {1, FROM_NODE_ID("attempt")},
    {1, FROM_NODE_ID("operation")},
    {1, FROM_NODE_ID("event")},
};

static int do_steps(struct store *store, const struct store_run *run,
                    const struct version_step *steps, size_t count, struct error *err)
{
    const int64_t values[VERSION_MAX_BOUND] = {run->run_id, (int64_t)run->node_count,
                                               run->created_at.us};
    for (size_t i = 0; i < count; i++) {
        STATEMENT(s);
        if (statement_open(&s, store, steps[i].sql, err) != 0)
            return -1;
        for (int n = 0; n < steps[i].bound; n++)
            statement_int(&s, values[n]);
        if (statement_run(&s, err) != 0)
            return -1;
    }
    return 0;
}

static int set_version(struct store *store, const struct store_run *run, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "UPDATE run SET version_id = ?2, counts = NULL WHERE id = ?1 AND state >= 2",
                       err) != 0)
        return -1;
    statement_int(&s, run->run_id);
    statement_int(&s, run->version_id);
    return statement_run_one(&s, "run that is over", err);
}

int store_set_run_version(struct store *store, const struct store_run *run, struct error *err)
{
    int64_t flow_id;
    size_t leave = sizeof leave_old_indexes / sizeof leave_old_indexes[0];
    size_t take = sizeof take_new_indexes / sizeof take_new_indexes[0];
    if (store_require_batch(store, err) != 0 ||
        commit_flow_id(store, run->flow, &flow_id, err) != 0 || set_version(store, run, err) != 0 ||
        do_steps(store, run, leave_old_indexes, leave, err) != 0 ||
        commit_add_values(store, run, err) != 0 || commit_add_nodes(store, run, flow_id, err) != 0)
        return -1;
    return do_steps(store, run, take_new_indexes, take, err);
}
