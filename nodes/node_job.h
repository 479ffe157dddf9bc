/* What the built-in types share: the job of a companion program as JSON, the environment of a
 * program that gets parameters, and what an exit means. Pure. */
#ifndef DATEMILL_NODES_NODE_JOB_H
#define DATEMILL_NODES_NODE_JOB_H

#include "nodes/node_type.h"
#include "scheduler/base/json_out.h"

/* Opens the object and writes what every job has: state_dir, project_dir, run, flow, node, attempt,
 * attempt_id, commit, bizdate, cyctime, tables, reject_file. The caller adds its own and closes. */
void node_job_begin(struct json_out *json, const struct node_facts *facts);

/* `flow.yaml:31:13`; belongs to `arena`. */
const char *node_job_place(const struct node_values *values, struct field_place place,
                           struct arena *arena);

/* A companion program (`datemill-sync`) that reads `job` from its standard input. */
struct node_command node_job_command(const struct node_facts *facts, const char *program,
                                     const struct text *job, struct arena *arena);

/* The parameters under their names, and DATEMILL_BIZDATE (2021-11-11), DATEMILL_CYCTIME,
 * DATEMILL_RUN_ID, DATEMILL_FLOW, DATEMILL_NODE, DATEMILL_ATTEMPT. Belongs to `arena`. */
const struct node_environment *node_job_environment(const struct node_facts *facts,
                                                    struct arena *arena, size_t *ret_count);

/* Exit code 0 is success, everything else is a failure. */
enum node_outcome node_job_interpret(const struct node_type *type, const struct node_exit *exit);

#endif
