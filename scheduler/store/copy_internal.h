/* What store_backup.c and store_restore.c share. */
#ifndef DATEMILL_STORE_COPY_INTERNAL_H
#define DATEMILL_STORE_COPY_INTERNAL_H

#include "scheduler/store/store_backup.h"
#include "scheduler/store/store_internal.h"

/* Makes the file `path`, which must not be there; synced, 0600. On failure it is not there. */
int copy_store(struct store *from, const char *path, const struct store_copying *copying,
               struct error *err);

int copy_look(struct store *store, struct store_copy *ret_copy, struct error *err);

int copy_sync(const char *path, struct error *err); /* a file or a folder */
int copy_sync_folder_of(const char *path, struct error *err);

/* Of store_open.c: a copy wherever it lies, for reading; its schema may be older. */
int store_open_copy(const char *path, struct store **ret_store, struct error *err);

/* Of store_commit_restore.c: what a store must know that comes after another one, in a batch. */
struct restore_numbers {
    int64_t next_run_id;
    int64_t next_attempt_id;
    int64_t next_backfill_id;
    int64_t newest_event; /* of the story; the next is larger */
    int64_t epoch;
};

struct restore_note { /* a line of the story */
    const char *text;
    struct instant at;
};

int store_read_numbers(struct store *store, struct restore_numbers *ret_numbers, struct error *err);
int store_put_restore(struct store *store, const struct restore_numbers *least,
                      const struct restore_note *note, struct error *err);

#endif
