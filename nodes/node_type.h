/* The contract of a node type.
 *
 * A type declares its fields and three pure functions. Nothing of it runs inside the scheduler but
 * these: the work happens in a child process. In-tree types are `const struct node_type`; a third
 * party ships a manifest and any executable (external.h turns a manifest into the same struct).
 *
 *   check      rules between fields, when a flow is loaded; reports problems with their place
 *   prepare    what to start for one attempt: program, arguments, environment, standard input
 *   interpret  what an ended attempt means
 *
 * All three are functions of their arguments: no clock, no file, no environment. Memory they return
 * belongs to the arena they were given. */
#ifndef DATEMILL_NODES_NODE_TYPE_H
#define DATEMILL_NODES_NODE_TYPE_H

#include "nodes/field.h"
#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"

#define NODE_TYPE_CONTRACT 1

/* Where problems found by check() go: `code` as "E131", `help` may be NULL. */
struct node_report {
    void *context;
    void (*add)(void *context, struct field_place place, const char *code, const char *message,
                const char *help);
};

/* A connection of the project, as datemill.yaml declares it. */
struct node_connection {
    const char *name;
    const char *type;                /* "files", … */
    const char *path;                /* files: absolute folder */
    const struct field_value *block; /* everything that was written */
};

/* A table declaration of the flow: one file of MaxCompute DDL. */
struct node_table_file {
    const char *path; /* as messages show it, relative to the project */
    const char *sql;
};

struct node_setting { /* a name and its text */
    const char *name;
    const char *text;
};

/* What prepare() knows. Strings are borrowed for the call. */
struct node_facts {
    const char *project_dir; /* absolute */
    const char *state_dir;   /* absolute: <project>/.datemill */
    const char *flow_dir;    /* absolute: the folder of the flow's file */
    const char *libexec_dir; /* absolute: where our companion programs are */
    const char *flow;
    const char *node;
    const char *bizdate; /* 2021-11-11 */
    const char *cyctime; /* 2021-11-12T00:30:00 */
    const char *version; /* commit, or content hash */
    int64_t run_id;
    int64_t attempt_id;
    int32_t attempt;         /* number within the node, from 1 */
    const char *reject_file; /* absolute path for rejected records */

    const struct node_setting *params; /* the node's parameters with their values */
    size_t param_count;
    const struct node_connection *connections;
    size_t connection_count;
    const struct node_table_file *tables;
    size_t table_count;
};

/* The node's own fields with every reference substituted: TEXT and SQL values hold the final text,
 * a SQL_FILE value's text is the file's substituted content. `written` is the block as it stood in
 * the file (templates, for messages); both have the same shape. */
struct node_values {
    const struct field_value *resolved;
    const struct field_value *written;
    const char *const *file_names; /* of field_place.file, as messages show them */
};

/* One attempt, or one look at a node: what its type's functions are given. */
struct node_work {
    const struct node_values *values;
    const struct node_facts *facts;
    struct arena *arena; /* for what they return */
};

/* What to start. An environment entry's `secret` is filled by the scheduler at the last moment. */
struct node_environment {
    const char *name;
    const char *text;        /* NULL when it is a secret */
    const char *secret_file; /* absolute path, or NULL */
    const char *secret_env;  /* a variable of the scheduler's environment, or NULL */
};

struct node_command {
    const char *program;          /* absolute, or a name that is searched in the node's PATH */
    const char *const *arguments; /* argv, [0] included; NULL at the end */
    const struct node_environment *environment; /* beyond what every attempt gets */
    size_t environment_count;
    const char *folder;     /* absolute working folder */
    const char *input;      /* standard input; NULL = /dev/null */
    size_t input_length;    /* bytes */
    const char *shown_text; /* what `render` prints and the store keeps: script, SQL, from → to */
};

enum node_end {
    NODE_END_EXITED,          /* status is the exit code */
    NODE_END_SIGNALED,        /* status is the signal */
    NODE_END_COULD_NOT_START, /* no process was made */
    NODE_END_LOST             /* its fate cannot be known */
};

struct node_exit {
    enum node_end end;
    int status;
    const char *events; /* the JSON lines of fd 3, "" if none */
};

enum node_outcome {
    NODE_OUTCOME_SUCCESS,
    NODE_OUTCOME_FAILURE
};

/* Which program a node will start, as far as its text tells: for the look before anything runs. */
struct node_program {
    const char *name;                /* a name that is searched in PATH, or an absolute path */
    const struct field_value *value; /* the field that names it; NULL: the type itself does */
    size_t offset;                   /* of the name in value->text, in bytes */
    size_t length;
};

/* A table of the warehouse, or a partition of one. */
struct node_table {
    const char *table;
    const char *partition; /* "dt=20211111"; "" = the whole table */
};

enum node_wait_kind {
    NODE_WAIT_FILE,      /* there, and unchanged for `stable` */
    NODE_WAIT_PARTITION, /* of the warehouse */
    NODE_WAIT_TIME       /* of the scheduling date, in the flow's zone */
};

/* What a node waits for, without a process and without a slot. */
/* Whether and how long, without what. */
struct node_wait_limit {
    bool is_set;
    struct duration timeout;
    bool is_skipped; /* after it; else failed */
};

struct node_wait {
    enum node_wait_kind kind;
    const char *connection; /* FILE: its name */
    const char *root;       /* FILE: absolute folder of the connection */
    const char *file;       /* FILE: beneath it; `*` as a sync node has it */
    struct duration stable;
    const char *table;     /* PARTITION */
    const char *partition; /* "dt=20211111"; "" = the whole table: it has rows */
    const char *time;      /* 02:30 or 02:30:15 */
    struct duration every; /* between looks where changes are not told (mounts) */
    struct duration timeout;
    bool is_skipped; /* after the timeout; else failed */
};

struct node_type {
    uint32_t contract; /* NODE_TYPE_CONTRACT */
    const char *name;
    const char *help;           /* one English sentence */
    const struct field *fields; /* the last one has name NULL */
    bool has_process;           /* false: ends within the engine's step (virtual) */
    const void *data;           /* the type's own, as an external type's manifest */

    void (*check)(const struct node_type *type, const struct node_values *values,
                  const struct node_facts *facts, const struct node_report *report);
    int (*prepare)(const struct node_type *type, const struct node_work *work,
                   struct node_command *ret_command, struct error *err);
    enum node_outcome (*interpret)(const struct node_type *type, const struct node_exit *exit);
    /* NULL: one of our own programs. Returns false when the text does not tell. `facts` has folders
     * and names only. */
    bool (*find_program)(const struct node_type *type, const struct node_work *work,
                         struct node_program *ret_program);
    /* The table whose content an attempt replaces, as far as the node's fields tell. Returns false
     * when there is none, or they do not. NULL: they never do. `facts` may be NULL. */
    bool (*find_replaced)(const struct node_type *type, const struct node_work *work,
                          struct node_table *ret_table);
    /* What a node waits for before its first process starts, or, when the type has none, what its
     * success is. Returns false when it waits for nothing. NULL: never. With the values as written
     * the kind, the durations and is_skipped are already right. */
    bool (*find_wait)(const struct node_type *type, const struct node_work *work,
                      struct node_wait *ret_wait);
};

/* The built-in types and how many there are; main hands them to the flow floor. */
const struct node_type *const *node_types_builtin(size_t *ret_count);

#endif
