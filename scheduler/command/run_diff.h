/* What differs between two runs: for people and as JSON from the same comparison.
 *
 * Things are paired by name: parameters by node and name, files by path, nodes by name, tables by
 * node and table. Everything belongs to the arena that is given. */
#ifndef DATEMILL_COMMAND_RUN_DIFF_H
#define DATEMILL_COMMAND_RUN_DIFF_H

#include "scheduler/command/context.h"
#include "scheduler/store/view_run.h"

#define RUN_DIFF_MAX_FACTS 16

/* A run as it is compared. */
struct run_diff_side {
    struct view_run run;
    struct view_nodes nodes;
    struct view_details details;
    struct view_files files;
};

/* A short fact about both runs, a value of a parameter, …; NULL = it has none. */
struct run_diff_fact {
    const char *name;
    const char *a;
    const char *b;
};

struct run_diff_param {
    const char *name;
    const char *node; /* whose it is, "" = the flow's */
    const char *a;    /* NULL = it has none */
    const char *b;
    const char *how_a; /* `from ${yyyymmdd}`, `given by --var` */
    const char *how_b;
};

/* A file of the definitions, or the text that ran in a node. */
struct run_diff_text {
    const char *name;
    const char *hash_a; /* blob ids; NULL = it has none */
    const char *hash_b;
    const char *diff; /* unified; "" = the same, or only one has it and the flows differ */
};

struct run_diff_node {
    const char *name;
    const struct view_node *a; /* NULL = it has none */
    const struct view_node *b;
    struct duration took_a; /* of its newest opening; negative = it did not run */
    struct duration took_b;
};

struct run_diff_table {
    const char *node;
    const char *table;
    const char
        *part_a; /* "dt=20211111", "3 partitions"; "" = not partitioned, NULL = not written */
    const char *part_b;
    int64_t rows_a; /* -1 = not told */
    int64_t rows_b;
};

struct run_diff {
    bool is_same_flow;
    struct run_diff_fact facts[RUN_DIFF_MAX_FACTS]; /* all, the same or not */
    size_t fact_count;
    const struct run_diff_param *params; /* those that differ */
    size_t param_count;
    size_t same_params;
    const struct run_diff_text *files; /* those that differ */
    size_t file_count;
    size_t same_files;
    const struct run_diff_node *nodes; /* all, in the order of the first run, then of the second */
    size_t node_count;
    const struct run_diff_text *texts; /* of nodes that ran in both, and differently */
    size_t text_count;
    const struct run_diff_table *tables; /* all */
    size_t table_count;
};

/* Whether a fact, or a node but for how long it took, is the same in both. */
bool run_diff_is_same(const char *a, const char *b); /* both may be NULL */
bool run_diff_is_same_node(const struct run_diff_node *node);

int run_diff_load(struct context *context, const struct options *options, size_t index,
                  struct run_diff_side *ret_side, struct error *err);

/* Compares both; texts are read from the store. */
int run_diff_make(struct context *context, const struct run_diff_side *a,
                  const struct run_diff_side *b, struct run_diff *ret_diff, struct error *err);

/* The object of --json. */
void run_diff_print_json(struct context *context, const struct run_diff_side *a,
                         const struct run_diff_side *b, const struct run_diff *diff);

#endif
