/* Copies of the whole store: made while it is in use, looked at, and put back.
 *
 * A copy is one SQLite file that stands alone, as it was at one moment, whatever is written
 * meanwhile. Nothing of it is seen at its place before all of it is on disk. It holds runs, their
 * definitions and values, the story, backfills, the places of schedules; not the logs, and not
 * what is in tables. */
#ifndef DATEMILL_STORE_STORE_BACKUP_H
#define DATEMILL_STORE_STORE_BACKUP_H

#include "scheduler/base/instant.h"
#include "scheduler/store/store.h"

/* How far numbers of runs, attempts and backfills go on where the store that is replaced cannot
 * tell which it has given since: logs and tables know them, too. */
#define STORE_RESTORE_GAP 100000

struct store_copy {
    int64_t runs;
    int64_t open_attempts; /* granted or running when it was made */
    int64_t bytes;
    struct instant newest; /* line of its story: what it knows; 0 = it is empty */
};

/* Asked now and then: false = leave it; the error is then ERROR_KIND_REFUSED. */
struct store_copying {
    bool (*goes_on)(void *owner); /* NULL = always */
    void *owner;
};

/* Copies the store, open for reading, to the file `path` (0600), which is replaced if it is there.
 * On failure what was there is as it was, and nothing else is left. */
int store_backup(struct store *store, const char *path, const struct store_copying *copying,
                 struct store_copy *ret_copy, struct error *err);

/* What is in a copy. Fails as opening a store does (E502, E503, …). */
int store_look_at_copy(const char *path, struct store_copy *ret_copy, struct error *err);

struct store_restored {
    struct store_copy copy;
    char replaced[64]; /* name in the state folder that the store of before has now; "" = none */
    bool has_gap;      /* numbers go on by STORE_RESTORE_GAP */
};

struct store_restore_options {
    const char *state_dir;
    const char *path;   /* of the copy */
    struct instant now; /* of the line in the story */
    struct store_copying copying;
};

/* Makes the copy the store of `state_dir`, in the present schema. The caller holds the engine's
 * lock, and no keeper lives. The copy is checked whole before anything changes; then the store of
 * before gets another name and the new one its place: whatever dies when, there is the one or the
 * other. BUSY when another process has the store of before open.
 *
 * Numbers go on behind those of both. What the copy has as running or granted belongs to another
 * boot then: its fate is not known, unless the keeper's journal tells it. */
int store_restore(const struct store_restore_options *options, struct store_restored *ret_restored,
                  struct error *err);

#endif
