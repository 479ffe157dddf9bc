/* The store: the state of a project in one SQLite file, `.datemill/state.db`.
 *
 * One process writes: the one that holds the engine's lock (the caller sees to that; the store
 * only notices when somebody else holds SQLite's own write lock). Any number read, at any time,
 * and are never waited for. WAL and synchronous=FULL: when store_commit() has returned 0, what
 * was put in is on disk.
 *
 * Writing is a batch: store_begin(), any number of calls of store_commit.h, store_commit().
 * Several steps of the engine share one batch. A batch is whole or it never happened, whatever
 * dies when.
 *
 * When a call within a batch, or store_commit() itself, fails, nothing of the batch is stored,
 * and after store_rollback() (harmless after a failed commit, too) the store is as before
 * store_begin(). The same batch can then be put in again, unchanged, as often as it takes (disk
 * full: E504); for that the caller keeps its actions until the commit has succeeded. Ids from
 * store_take_run_id() stay valid over failed commits. A batch with a failed call cannot be
 * committed.
 *
 * Codes of errors: E501 locked by another process (BUSY), E502 schema of a newer program
 * (PRECONDITION), E503 damaged or not a store (PRECONDITION), E504 no space left (PRECONDITION),
 * E505 not readable or writable (REFUSED), E506 any other failure of the disk, an exceeded quota
 * among them (PRECONDITION). What E504 and E506 say may be over later. */
#ifndef DATEMILL_STORE_STORE_H
#define DATEMILL_STORE_STORE_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define STORE_FILE_NAME "state.db"
#define STORE_GITIGNORE_NAME ".gitignore"
#define STORE_SCHEMA_VERSION 5
#define STORE_BUSY_WAIT_MS 2000             /* for SQLite's own lock */
#define STORE_MAX_BYTES ((int64_t)64 << 20) /* of one text or blob that is put in or read */

struct store;

/* Opens for writing. Makes the folder `state_dir` (0700, with a .gitignore that holds `*`) and the
 * file if they are missing, and brings an older schema up to date in one transaction: if that
 * fails, the file is as it was. `program` ("datemill 0.1.0") is kept, so that an older program can
 * name the newer one. The caller holds the engine's lock, and closes with store_close(). */
int store_open_writer(const char *state_dir, const char *program, struct store **ret_store,
                      struct error *err);

/* Opens for reading only; what is stored never changes (what a killed writer left half written when
 * it made the file is put back first). NOT_FOUND when there is no store yet. Also on a read-only
 * file system, if the store was closed properly there. */
int store_open_reader(const char *state_dir, struct store **ret_store, struct error *err);

void store_close(struct store *store); /* NULL is fine; an open batch is rolled back */

const char *store_path(const struct store *store); /* of the file, as opened; borrowed */
bool store_is_writer(const struct store *store);

/* A batch. Beginning one within another is our mistake: the error names both places. */
#define store_begin(store, err) store_begin_at(store, __FILE__, __LINE__, err)
int store_begin_at(struct store *store, const char *file, int line, struct error *err);
int store_commit(struct store *store, struct error *err);
void store_rollback(struct store *store); /* fine when there is no batch */
bool store_is_in_batch(const struct store *store);

/* For readers: all questions between the two see the same moment. Short: the WAL cannot be cut
 * while one is open. Without them each question sees a moment of its own. */
int store_begin_reading(struct store *store, struct error *err);
void store_end_reading(struct store *store);

/* The id for a run that is going to be put in. Never given twice by this process, and never the
 * id of a run that was stored. */
int64_t store_take_run_id(struct store *store);

/* The id of the next attempt: larger than any that was ever committed as granted. */
int64_t store_next_attempt_id(const struct store *store);

/* A number that differs when another process has committed since (PRAGMA data_version): cheap
 * enough to ask twice a second. */
int store_data_version(struct store *store, int64_t *ret_version, struct error *err);

/* Copies what is in the WAL into the file as far as readers allow; for idle moments. */
int store_checkpoint(struct store *store, struct error *err);

struct store_figures {
    int32_t schema_version;
    int64_t file_bytes; /* state.db */
    int64_t wal_bytes;  /* state.db-wal */
    int64_t free_bytes; /* on its file system, for us */
};

int store_measure(struct store *store, struct store_figures *ret_figures, struct error *err);

/* The mount point of `path` and what is free there for us. Returns -1 when it cannot be told. */
int store_find_space(const char *path, char *ret_mount, size_t mount_size, int64_t *ret_free);

/* Of SQLite, as the program runs with: `3.40.1`. Belongs to `arena`. */
const char *store_library_version(struct arena *arena);

#endif
