/* Where the rows with a certain value of a column are: built once, asked by every row of a join. */
#ifndef DATEMILL_NODES_WAREHOUSE_ROW_INDEX_H
#define DATEMILL_NODES_WAREHOUSE_ROW_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct row_place {
    uint64_t hash;
    const char *row; /* in a map: where its first value begins */
    uint32_t part;   /* index in the source's parts */
    uint32_t next;   /* place + 1 of the next one in the bucket; 0 = the last */
};

struct row_index {
    struct row_place *places;
    size_t count;
    size_t capacity;
    uint32_t *buckets;   /* place + 1 of the first one; 0 = none */
    size_t bucket_count; /* a power of two */
};

uint64_t row_index_hash(const void *bytes, size_t length);
void row_index_add(struct row_index *index, uint64_t hash, uint32_t part, const char *row);
void row_index_finish(struct row_index *index); /* after the last row_index_add() */

/* The first place with this hash, in the order of the rows, and the next one; NULL at the end.
 * Different values may share a hash: the caller compares. */
const struct row_place *row_index_find(const struct row_index *index, uint64_t hash);
const struct row_place *row_index_next(const struct row_index *index,
                                       const struct row_place *place);

#endif
