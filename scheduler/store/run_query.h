/* The query language of run lists, the same on the command line, the page and in the API:
 *
 *     flow:smartrm* state:failed date:2021-11 node:sales_stat since:7d "no such column"
 *
 *   flow:     a name, or a pattern with * and ?
 *   state:    one of the states of a run; with node: one of the eight of a node
 *   date:     business date: 2021-11-11, 2021-11, 2021, or A..B with both ends
 *   node:     the run has such a node (name or pattern, * for any); state: is then the node's
 *   trigger:  what started it, "cli by lin", or its first word: cli, web, schedule, backfill
 *   backfill: the number of a backfill: its own runs, not those it kept
 *   kind:     schedule, backfill, manual
 *   since:    created at most so long ago: 7d, 12h
 *   words     without a key: found in the one-line errors of the run's attempts, letters of either
 *             case, three characters or more; several words must all be there
 *
 * Values may be quoted ("…", \" inside) and repeated with commas (state:failed,stopped). A key
 * given twice means either. Different keys must all hold. */
#ifndef DATEMILL_STORE_RUN_QUERY_H
#define DATEMILL_STORE_RUN_QUERY_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUN_QUERY_MAX_BYTES 4096
#define RUN_QUERY_MAX_VALUES 64 /* of one key */

struct run_query_names {
    const char *const *items;
    size_t count;
};

struct run_query_dates {
    char from[16]; /* YYYY-MM-DD */
    char to[16];   /* included */
};

/* Zero matches every run. */
struct run_query {
    struct run_query_names flows;     /* names and patterns */
    struct run_query_names nodes;     /* names and patterns */
    struct run_query_names triggers;  /* texts and patterns */
    struct run_query_names backfills; /* triggers of their runs: "backfill 12" */
    struct run_query_names words;     /* each must be found */
    uint32_t states;                  /* bit n: task_state n; 0 = any */
    uint32_t kinds;                   /* bit n: store_run_kind n; 0 = any */
    const struct run_query_dates *dates;
    size_t date_count;
    struct instant since; /* 0 = no bound */
};

/* Reads a query; what it points to belongs to the arena. Fails with ERROR_KIND_USAGE: a date that
 * is none (E020), an unknown state or kind (E021, "`sucess` is not a state; did you mean
 * `success`?"), an unknown key (E022), a word too short (E023), open quotes (E024), too much
 * (E025), a wrong age (E026), a missing value (E027), a backfill that is no number (E028).
 * err->column is the byte, from 1, at which the wrong part begins, err->line its length. */
int run_query_parse(const char *text, struct instant now, struct arena *arena,
                    struct run_query *ret_query, struct error *err);

/* Whether a text matches a pattern of `*` (any bytes) and `?` (one character). No [sets]. */
bool run_query_matches(const char *pattern, const char *text);
bool run_query_is_pattern(const char *text); /* holds * or ? */

#endif
