/* What the programs behind sync and sql nodes have in common: the job on standard input, events on
 * descriptor 3, and how they end (design.md section 8). */
#ifndef DATEMILL_NODES_WAREHOUSE_JOB_H
#define DATEMILL_NODES_WAREHOUSE_JOB_H

#include "nodes/warehouse/catalog.h"
#include "scheduler/base/json_in.h"

#include <stdbool.h>
#include <stdint.h>

#define JOB_EVENT_FD 3
#define JOB_PROGRESS_US 250000 /* between two events of progress */

struct job {
    struct json *json;
    const char *state_dir;
    const char *reject_file;
    const char *bizdate;
    struct catalog_writer writer;
    struct catalog catalog;
    bool has_catalog;
    int event_fd;    /* -1: nobody listens */
    int64_t told_us; /* when progress was last told */
};

/* Reads and checks the job, opens the catalogue, registers the attempt, declares the tables. Errors
 * are shown on standard error already. */
int job_open(struct job *job, struct error *err);
void job_close(struct job *job);

/* A string that must be there. */
int job_string(const struct json *json, const char *key, const char **ret_string,
               struct error *err);

void job_tell_progress(struct job *job, int64_t done, int64_t total, const char *unit);
void job_tell_table(struct job *job, const char *table, const char *partition, int64_t rows);
void job_tell_output(struct job *job, const char *key, const char *value);

/* Shows an error with its place in `text` (NULL: it has none): the lines of the diagnostic, then
 * `Error: …` in one line as the last. `line_offset` is added to line numbers. */
void job_show_error(const struct error *err, const char *file, const char *text, int line_offset);

#endif
