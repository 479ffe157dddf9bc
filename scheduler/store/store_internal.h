/* What the files of this folder share: the store itself and how SQLite's failures become errors. */
#ifndef DATEMILL_STORE_STORE_INTERNAL_H
#define DATEMILL_STORE_STORE_INTERNAL_H

#include "scheduler/store/store.h"
#include "scheduler/store/store_schema.h"

#include <sqlite3.h>
#include <stddef.h>

#define STORE_MAX_STATEMENTS 256 /* slots of the cache: a power of two, more than there are texts */
#define STORE_MAX_UNCOUNTED 64
#define STORE_KNOWN_BYTES 48 /* of a hash, a boot or a name, with the zero */
#define STORE_KNOWN_NODES 64
#define STORE_READ_STEPS 100000 /* of SQLite's machine between two looks at a question's budget */
#define STORE_MAX_READ_LOOKS                                                                       \
    2000 /* looks, then a question is given up: only a damaged file gets there */

/* A prepared statement of the cache, found by the address of its text. */
struct store_cached {
    const char *sql; /* NULL = free slot */
    sqlite3_stmt *handle;
};

/* A text that the open batch has looked up, and its id: attempts that are granted together run on
 * the same boot, and often the same text. */
struct store_known {
    char name[STORE_KNOWN_BYTES]; /* "" = nothing */
    int64_t id;
};

/* A node, likewise. */
struct store_known_node {
    int64_t batch; /* number of the batch it is of */
    int64_t flow_id;
    struct store_known known;
};

struct store {
    sqlite3 *db;
    char *dir;  /* the state folder */
    char *path; /* of the file */
    bool is_writer;
    bool is_committing; /* the commit hook lets a COMMIT pass */
    bool is_in_batch;
    int64_t batch;          /* number of the last one, from 1 */
    bool is_reading;        /* between store_begin_reading() and store_end_reading() */
    bool is_spoiled;        /* a call of the batch failed */
    struct error spoil;     /* how the first one did */
    const char *begin_file; /* who opened the batch */
    int begin_line;
    int64_t next_run_id;      /* never given by store_take_run_id() */
    int64_t next_attempt_id;  /* with what the open batch granted */
    int64_t next_backfill_id; /* never given by store_take_backfill_id() */
    int64_t stored_run_id;    /* all as they are on disk */
    int64_t stored_attempt_id;
    int64_t stored_backfill_id;
    int64_t batch_run_id; /* next_run_id as the open batch needs it stored */
    int64_t batch_backfill_id;
    int32_t looks;                          /* at the present question's budget */
    int32_t max_looks;                      /* STORE_MAX_READ_LOOKS; smaller in tests */
    struct pending *pending;                /* commit_pending.h; NULL = nothing was ever combined */
    int64_t uncounted[STORE_MAX_UNCOUNTED]; /* runs whose `counts` are NULL for sure, by id */
    struct store_known boot;
    struct store_known blob;
    struct store_known flow;
    struct store_known_node nodes[STORE_KNOWN_NODES];
    size_t statement_count;
    struct store_cached statements[STORE_MAX_STATEMENTS];
};

/* At the beginning of every question: its budget is full again. */
void store_begin_question(struct store *store);

/* Opens with another schema than the present one; for tests of migrations. */
int store_open_schema(const char *state_dir, const char *program, const struct store_schema *schema,
                      struct store **ret_store, struct error *err);

/* Sets `err` from the connection's last failure, `result` being its code. Spoils an open batch.
 * Always -1. */
int store_fail(struct store *store, int result, struct error *err);

/* As store_fail() for what is no failure of SQLite: an error that was set already spoils the batch.
 * Always -1. */
int store_spoil(struct store *store, const struct error *err);

/* A file could not be made, and now one could be: worth another try. */
bool store_is_refusal_over(const struct store *store);

/* E503: what is in the file cannot be. Always -1. */
int store_fail_damaged(struct store *store, const char *what, struct error *err);

/* BUG when there is no batch, or it is spoiled already (then with the error that did it). */
int store_require_batch(struct store *store, struct error *err);

/* The sizes of the file and its WAL, 0 where they cannot be told. */
void store_measure_files(const struct store *store, struct store_figures *figures);

/* Makes the state folder and its .gitignore; both, and the file if there is one, can be written. */
int store_make_folder(const struct store *store, struct error *err);

/* Runs a text of one or more statements that return nothing. */
int store_execute(struct store *store, const char *sql, struct error *err);

/* The first column of the first row of a statement; 0 where there is no row. */
int store_read_int(struct store *store, const char *sql, int64_t *ret_value, struct error *err);

/* Reads the counters of `meta` into the store. */
int store_read_counters(struct store *store, struct error *err);

/* Of store_commit_pending.c: what the batch says of attempts, nodes, runs goes into their rows, or
 * is forgotten with the batch. */
int store_write_pending(struct store *store, struct error *err);
bool store_has_pending(const struct store *store);
void store_drop_pending(struct store *store);

/* Of store_commit.c: the counters, if the batch changed them; the program's name, in its own
 * batch. */
int store_write_counters(struct store *store, struct error *err);
int store_note_program(struct store *store, const char *program, struct error *err);

#endif
