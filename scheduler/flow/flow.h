/* A flow and its project, read, checked, and read-only from then on.
 *
 * flow_load() reports every problem it finds, not the first. Everything a flow points to belongs to
 * its arena (flow_free()). A flow keeps the bytes of every file it was read from, so that a run can
 * capture its definition, and each value its place, so that a message can show it. */
#ifndef DATEMILL_FLOW_FLOW_H
#define DATEMILL_FLOW_FLOW_H

#include "nodes/node_type.h"
#include "scheduler/base/arena.h"
#include "scheduler/base/civil.h"
#include "scheduler/base/zone.h"

struct expression; /* flow/expression.h */
struct name_index; /* flow/name_index.h */

#define FLOW_NONE SIZE_MAX

/* One file that was read: the flow's YAML, its SQL and table files, the project's datemill.yaml. */
struct flow_file {
    const char *path;  /* relative to the project's folder, with '/' */
    const char *bytes; /* ends with a NUL that is not part of the content */
    size_t length;
    char hash[41]; /* git blob id of the bytes, in hex */
};

struct flow_param {
    const char *name;
    const char *text;                    /* as written */
    struct field_place place;            /* of the value */
    const struct expression *expression; /* compiled */
};

struct flow_retry {
    int32_t max;               /* attempts after the first */
    struct duration delay;     /* before the second attempt */
    int32_t backoff_percent;   /* the next delay in percent of the one before; 100 = constant */
    struct duration max_delay; /* the longest delay */
    bool on_timeout;
    bool on_lost;
    const int32_t *codes; /* only these exit codes are retried; none = any failure */
    size_t code_count;
};

struct flow_need {
    const char *flow;   /* NULL: this flow */
    const char *node;   /* FLOW_NEED_ALL: all of the flow */
    size_t index;       /* of the node in this flow, FLOW_NONE if it is elsewhere, or all */
    int32_t cycle_back; /* 0: the same business date; 1: before */
    int32_t days_back;  /* `@-1d`: so many business dates before, all of it; 0: the cycle before */
    bool has_time;      /* `@13:00`: only the instance planned then */
    struct civil_time time; /* its date does not count */
    struct field_place place;
};

struct cron;

/* `on:` of a node: the scheduling dates on which it runs. */
struct flow_days {
    const struct cron *const *crons; /* a date of any of them */
    size_t count;
    const char *text; /* normalised, `; ` between: `weekly mon; monthly last` */
};

struct flow_node {
    const char *name;
    const char *title; /* "" = none */
    size_t index;      /* in flow->nodes: the file's order */
    const struct node_type *type;
    struct field_value values;       /* BLOCK of the type's own fields, as written */
    const struct field_value *block; /* everything that was written */
    struct field_place place;        /* of the name */

    const struct flow_need *needs; /* in the file's order, each once */
    size_t need_count;
    const struct flow_param *params; /* the node's own; they hide the flow's */
    size_t param_count;
    const struct field_value *env; /* MAP, NULL = none */

    struct flow_retry retry;
    struct node_wait_limit wait; /* before it starts, or instead of it */
    struct duration timeout;     /* of an attempt; 0 = none */
    struct duration stop_grace;  /* from SIGTERM to SIGKILL */
    int64_t log_limit;           /* bytes */
    size_t pool;                 /* index in project->pools, FLOW_NONE = none */
    int32_t priority;            /* 1 to 8, larger first */
    bool keeps_leftovers;
    bool is_frozen;             /* `frozen: true` in the file */
    const struct flow_days *on; /* NULL: on all of the flow's */
};

/* One form or cron line of a schedule. */
struct flow_schedule_rule {
    const char *text;               /* normalised, as `daily 00:30` or a cron line */
    const struct cron *cron;        /* its fields for day, month and weekday say on which dates */
    const struct civil_time *times; /* times of day on such a date, ascending; the date is zero */
    size_t time_count;              /* at least 1 */
    bool fires_each_day;
    bool is_interval; /* hourly, every, a cron line of several hours: the zone's gaps are skipped,
                         an hour that comes twice runs twice. Others fire once, whatever happens */
};

/* What becomes of instances that nobody was there to start. */
enum flow_catchup {
    FLOW_CATCHUP_ALL, /* each of them, the newest catchup_limit */
    FLOW_CATCHUP_LATEST,
    FLOW_CATCHUP_NONE
};

/* While the run of an earlier instance is open. */
enum flow_overlap {
    FLOW_OVERLAP_ALLOW, /* side by side, as DataWorks does */
    FLOW_OVERLAP_WAIT,  /* one after the other */
    FLOW_OVERLAP_SKIP   /* that instance is left out, and told */
};

#define FLOW_CATCHUP_LIMIT 100 /* unless `catchup_limit` says else */

struct flow_schedule {
    const struct flow_schedule_rule *rules;
    size_t rule_count;      /* 0: started by hand only, planned at 00:00 */
    const char *text;       /* the rules' texts, `; ` between them; "" without a rule */
    struct civil_date from; /* scheduling dates, both included; year 0 = no bound */
    struct civil_date until;
    enum flow_catchup catchup;
    int32_t catchup_limit; /* instances, at least 1 */
    enum flow_overlap overlap;
    struct field_place place;
};

struct flow_pool {
    const char *name;
    int32_t size; /* attempts at once */
};

/* A list of paths relative to the project's folder. */
struct flow_paths {
    const char *const *paths;
    size_t count;
};

/* datemill.yaml */
struct project {
    struct arena arena;
    const char *dir;       /* absolute, resolved */
    const char *state_dir; /* absolute: dir/.datemill */
    const char *timezone;
    int32_t slots; /* attempts at once; 0 = processors */
    const struct flow_pool *pools;
    size_t pool_count;
    const struct node_connection *connections;
    size_t connection_count;
    const struct field_value *env; /* MAP for every attempt, NULL = none */
    struct duration stop_grace;
    int64_t log_limit;
    struct duration keep_runs;            /* what ended longer ago is forgotten; 0 = nothing is */
    struct duration keep_logs;            /* less than keep_runs; 0 = as long as their runs */
    const struct project_notify *notify;  /* notify.h */
    const struct node_type *const *types; /* built-in and external ones */
    size_t type_count;
    struct flow_file file; /* datemill.yaml itself */
};

struct flow {
    struct arena arena;
    const struct project *project; /* borrowed; outlives the flow */
    const char *name;
    const char *title; /* "" = none, as the others */
    const char *description;
    const char *owner;
    const char *const *tags;
    size_t tag_count;
    const char *dir; /* absolute folder of the flow's file */
    struct zone *zone;
    struct flow_schedule schedule;
    int32_t priority; /* of its runs, 1 to 8 */
    int32_t max_runs; /* of the schedule that are open at once; 0 = no limit */
    const struct flow_notify *notify;
    const struct flow_param *params;
    size_t param_count;
    const struct node_table_file *tables;
    size_t table_count;
    const struct flow_node *nodes;
    size_t node_count;
    const struct name_index *node_index; /* for flow_find_node() */
    const size_t *order; /* indexes of nodes in topological order, ties in the file's order */

    const struct flow_file *files; /* [0] is the flow's own; field_place.file is an index here */
    size_t file_count;
    const char *const *file_names; /* the paths of `files`, for node_values.file_names */
    char hash[41]; /* over names and hashes of all files: the version where there is no commit */
};

/* The index of the node with that name, or FLOW_NONE. */
size_t flow_find_node(const struct flow *flow, const char *name);

void flow_free(struct flow *flow);
void project_free(struct project *project);

#endif
