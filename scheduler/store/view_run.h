/* All that is known of one run, its nodes, their attempts. Conventions: view.h. */
#ifndef DATEMILL_STORE_VIEW_RUN_H
#define DATEMILL_STORE_VIEW_RUN_H

#include "scheduler/store/view.h"

struct view_attempt {
    int64_t id;
    int64_t run_id;
    uint32_t node;
    const char *node_name;
    int32_t number; /* within the node, from 1 */
    int32_t opening;
    enum attempt_state state;
    struct attempt_outcome outcome; /* when ENDED */
    const char *executor;
    struct instant granted_at;
    struct instant started_at;
    struct instant ended_at;
    const char *code;
    const char *reason; /* one line */
    int64_t pid;        /* 0 = not known */
    struct duration cpu;
    int64_t peak_bytes;
    const char *log_path; /* relative to the state folder */
    int64_t log_bytes;
    int64_t log_lost_bytes;
    int32_t leftovers;
    const char *text_hash; /* of what ran; view_text() */
};

struct view_attempts {
    const struct view_attempt *items;
    size_t count;
    int64_t next; /* of lists that page */
};

/* Why an attempt was handed over when it was. */
struct view_start {
    int64_t attempt_id;
    const char *node_name;
    int32_t number;
    struct instant granted_at;
    struct instant started_at; /* 0 = not yet */
    struct attempt_start start;
    const char *need_name;  /* cause NEED; else "" */
    int64_t freed_run_id;   /* of the attempt that made room; 0 = none, or it is forgotten */
    const char *freed_flow; /* "" then */
    const char *freed_node;
};

struct view_starts {
    const struct view_start *items; /* oldest first; none for attempts before there were reasons */
    size_t count;
};

struct view_node {
    uint32_t index;
    const char *name;
    const char *type; /* "" = not of the run's definition any more: it has left the flow */
    enum task_state state;
    enum task_reason reason;
    enum task_wish wish;
    enum task_why why;
    bool is_selected;
    int32_t attempts; /* started in all openings */
    int32_t tries;    /* started in this opening */
    struct instant ready_at;
    struct instant changed_at;
    struct instant started_at; /* of the first attempt of this opening; a virtual node's: its end */
    struct instant ended_at;   /* 0 while it is open */
    const char *tag_who;       /* marked, skipped or frozen by; "" = nobody */
    const char *tag_reason;
    const struct view_attempt *attempt; /* newest, NULL = none */
};

struct view_nodes {
    const struct view_node *items; /* [i] has index i */
    size_t count;
};

/* NOT_FOUND when there is no such run. */
int view_run_nodes(struct store *store, int64_t run_id, struct arena *arena,
                   struct view_nodes *ret_nodes, struct error *err);

/* All attempts of a run, oldest first. */
int view_run_attempts(struct store *store, int64_t run_id, struct arena *arena,
                      struct view_attempts *ret_attempts, struct error *err);

/* The reasons of all attempts of a run. */
int view_run_starts(struct store *store, int64_t run_id, struct arena *arena,
                    struct view_starts *ret_starts, struct error *err);

/* The attempts of a run that are granted or run. */
int view_open_attempts(struct store *store, int64_t run_id, struct arena *arena,
                       struct view_attempts *ret_attempts, struct error *err);

/* One attempt; *ret_attempt has the id 0 when there is none such. */
int view_find_attempt(struct store *store, int64_t attempt_id, struct arena *arena,
                      struct view_attempt *ret_attempt, struct error *err);

struct view_operation {
    int64_t id;
    enum store_operation_kind kind;
    struct instant at;
    const char *who;
    const char *reason;
    const char *detail;
    const char *flow;
    int64_t run_id; /* 0 = none */
    uint32_t node;  /* or STORE_NO_NODE */
    const char *node_name;
    int64_t backfill_id; /* 0 = none */
};

struct view_operations {
    const struct view_operation *items; /* oldest first */
    size_t count;
};

struct view_written {
    int64_t attempt_id;
    const char *node_name;
    struct store_table table;
};

struct view_output {
    int64_t attempt_id;
    const char *node_name;
    const char *name;
    const char *text;
};

/* The facts beside the run's row (view_find_run). */
struct view_details {
    const char *commit; /* full, "" = none */
    const char *hash;   /* of the content */
    bool is_dirty;
    const char *version_note;
    const char *reason; /* given when it was asked for */
    const char *selection;
    int32_t priority;
    int32_t parallel;
    const struct node_setting *vars;
    size_t var_count;
    const struct store_param *params;
    size_t param_count;
    const struct view_operation *operations; /* oldest first */
    size_t operation_count;
    const struct view_written *tables; /* by node, then oldest first */
    size_t table_count;
    const struct view_output *outputs;
    size_t output_count;
};

int view_run_details(struct store *store, int64_t run_id, struct arena *arena,
                     struct view_details *ret_details, struct error *err);

/* The paths of a version's files with their blob ids; bytes NULL (view_text() has them). */
struct view_files {
    const struct flow_file *items;
    size_t count;
};

int view_version_files(struct store *store, int64_t version_id, struct arena *arena,
                       struct view_files *ret_files, struct error *err);

/* The bytes of a blob: a file of a version, or the text of an attempt. NOT_FOUND. */
int view_text(struct store *store, const char *hash, struct arena *arena,
              struct flow_file *ret_text, struct error *err);

#endif
