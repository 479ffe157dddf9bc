/* The files that one statement writes, one for each partition it meets, and their switch. */
#ifndef DATEMILL_NODES_WAREHOUSE_PARTITION_WRITERS_H
#define DATEMILL_NODES_WAREHOUSE_PARTITION_WRITERS_H

#include "nodes/warehouse/catalog.h"
#include "nodes/warehouse/part_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct partition_writer {
    const char *spec;
    char *path; /* `<table>/<file>` beneath files/ */
    struct part_writer part;
    size_t next; /* index + 1 of the next one in the bucket */
};

struct partition_writers {
    struct catalog *catalog;
    const struct catalog_writer *writer;
    const struct table *table;
    const char *classes; /* of the data columns */
    int folder_fd;
    unsigned sequence; /* numbers the files of the attempt; the caller may set where it begins */
    struct arena arena;
    struct partition_writer **items;
    size_t count;
    size_t capacity;
    size_t *buckets;
    size_t bucket_count;
};

int partition_writers_open(struct partition_writers *writers, struct catalog *catalog,
                           const struct catalog_writer *writer, const struct table *table,
                           struct error *err);

/* The writer of a partition, made when it is first asked for. */
int partition_writers_get(struct partition_writers *writers, const char *spec,
                          struct part_writer **ret_part, struct error *err);

/* Finishes and fsyncs all files and their folder, then switches all partitions at once. */
int partition_writers_commit(struct partition_writers *writers, enum catalog_change_kind kind,
                             struct error *err);

/* Removes what was not committed. */
void partition_writers_close(struct partition_writers *writers);

#endif
