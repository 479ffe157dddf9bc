/* What the programs behind sync and sql nodes have in common: the job on standard input, events on
 * descriptor 3, and how they end (design.md section 8). */
#ifndef DATEMILL_NODES_WAREHOUSE_JOB_H
#define DATEMILL_NODES_WAREHOUSE_JOB_H

#include "nodes/warehouse/catalog.h"
#include "scheduler/base/json_in.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

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
    FILE *out;       /* the plain lines of the attempt's log */
    FILE *log;       /* its errors: standard error */
    int event_fd;    /* -1: nobody listens */
    int64_t told_us; /* when progress was last told */
};

/* Reads and checks the job, opens the catalogue, registers the attempt, declares the tables. `out`
 * and `log` are set before the call. Errors are shown already. */
int job_open(struct job *job, int64_t (*clock_us)(void), struct error *err);
void job_close(struct job *job);

/* A string that must be there. */
int job_string(const struct json *json, const char *key, const char **ret_string,
               struct error *err);

void job_tell_progress(struct job *job, int64_t done, int64_t total, const char *unit);
void job_tell_table(struct job *job, const char *table, const char *partition, int64_t rows);
void job_tell_output(struct job *job, const char *key, const char *value);

/* An error and where in a text of people's it is. */
struct job_problem {
    const struct error *err;
    const char *file; /* "" = no file */
    const char *text; /* NULL: it has no place */
    int line_offset;  /* added to line numbers */
};

/* The lines of the diagnostic, then `Error: …` in one line as the last. */
void job_show_error(FILE *log, const struct job_problem *problem);

#endif
