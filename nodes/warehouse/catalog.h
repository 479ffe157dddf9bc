/* The catalogue: which tables there are, which files a partition is made of, and who wrote them.
 *
 *     <state>/warehouse/catalog.db            SQLite, WAL, synchronous=FULL
 *     <state>/warehouse/files/<table>/…part   the files, never changed once written
 *     <state>/warehouse/open/…                one locked file for each process that may read
 *
 * A write is: files first, fsynced with their folder; then catalog_switch() exchanges the lists of
 * all partitions it touches in one transaction, which checks the fence: of the attempts of a node
 * in a run only the newest that ever registered may commit. A reader takes a snapshot and goes on
 * with the files it names, whatever is switched meanwhile: a file stays for a day after it left,
 * and for as long as a process that began before that is open. */
#ifndef DATEMILL_NODES_WAREHOUSE_CATALOG_H
#define DATEMILL_NODES_WAREHOUSE_CATALOG_H

#include "nodes/warehouse/table.h"
#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum catalog_mode {
    CATALOG_READ, /* fails with ERROR_KIND_NOT_FOUND where there is no warehouse */
    CATALOG_WRITE /* creates it */
};

struct catalog {
    sqlite3 *db;
    int folder_fd; /* <state>/warehouse */
    int files_fd;  /* <state>/warehouse/files */
    int mark_fd;   /* the locked file in open/, -1 where it could not be made */
    char mark_name[64];
    bool is_in_doubt; /* the last switch failed in its commit: it may be found done after all */
    int64_t (*clock_us)(void);
};

/* Who writes: the fence and what history says. */
struct catalog_writer {
    int64_t run;
    const char *flow;
    const char *node;
    int64_t attempt;    /* number within the node, for people */
    int64_t attempt_id; /* grows from attempt to attempt */
    const char *commit;
};

struct catalog_part {
    const char *path; /* beneath files/ */
    int64_t rows;
    int64_t bytes;
};

struct catalog_partition {
    int64_t id;
    const char *spec;    /* `dt=20211111/…`, "" for a table without partitions */
    const char **values; /* one for each partition column */
    struct catalog_part *parts;
    size_t part_count;
    int64_t rows;
    int64_t bytes;
    int64_t created_us;
    int64_t modified_us;
    int64_t run; /* the writer of the newest version */
    const char *flow;
    const char *node;
    int64_t attempt;
    const char *commit;
};

/* One table as it was at one moment. */
struct catalog_snapshot {
    const char *name;
    struct table *table;
    struct catalog_partition *partitions; /* in the order of their specs */
    size_t partition_count;
};

enum catalog_change_kind {
    CATALOG_OVERWRITE, /* the partition is exactly these parts */
    CATALOG_APPEND,    /* adds them, in place of what older attempts of the node added */
    CATALOG_DROP,      /* the partition is gone */
    CATALOG_ADD        /* the partition exists; its content stays */
};

struct catalog_change {
    int64_t table_id;
    const char *spec;
    enum catalog_change_kind kind;
    const struct catalog_part *parts;
    size_t part_count;
};

/* `clock_us` gives microseconds since the epoch; it is called for every change and every query. */
int catalog_open(struct catalog *catalog, const char *state_dir, enum catalog_mode mode,
                 int64_t (*clock_us)(void), struct error *err);

/* A catalogue without tables, in memory only: to be asked, never written to. */
int catalog_open_empty(struct catalog *catalog, int64_t (*clock_us)(void), struct error *err);
void catalog_close(struct catalog *catalog);
int64_t catalog_now_us(const struct catalog *catalog);

/* Registers the attempt as its node's newest; fails with ERROR_KIND_REFUSED if a newer one has. */
int catalog_register(struct catalog *catalog, const struct catalog_writer *writer,
                     struct error *err);

/* NULL in *ret_table if there is no such table. */
int catalog_find_table(struct catalog *catalog, const char *name, struct arena *arena,
                       struct table **ret_table, struct error *err);
int catalog_list_tables(struct catalog *catalog, struct arena *arena, const char ***ret_names,
                        size_t *ret_count, struct error *err);

/* Gives the table its id. Fails with ERROR_KIND_INVALID if the name is taken. */
int catalog_create_table(struct catalog *catalog, const struct catalog_writer *writer,
                         struct table *table, struct error *err);
int catalog_drop_table(struct catalog *catalog, const struct catalog_writer *writer,
                       const struct table *table, struct error *err);

/* Everything about several tables at one moment. The caller sets the names; a name that is no table
 * gets table == NULL. */
int catalog_snapshot(struct catalog *catalog, struct catalog_snapshot *snapshots, size_t count,
                     struct arena *arena, struct error *err);

/* All or nothing. Fails with ERROR_KIND_REFUSED, changing nothing, when the fence is closed. When
 * it fails with `is_in_doubt`, the files that the changes name must stay: the sweep knows who
 * needs them. */
int catalog_switch(struct catalog *catalog, const struct catalog_writer *writer,
                   const struct catalog_change *changes, size_t count, struct error *err);

/* The open folder files/<table>, made if need be; the caller closes it. */
int catalog_open_folder(struct catalog *catalog, const struct table *table, int *ret_fd,
                        struct error *err);

/* Once a day at most, unless `is_forced`: LIFECYCLE, files that left long enough ago, files of
 * attempts that never committed, marks of processes that died. */
int catalog_sweep(struct catalog *catalog, bool is_forced, struct error *err);

#endif
