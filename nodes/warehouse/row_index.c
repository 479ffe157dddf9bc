#include "nodes/warehouse/row_index.h"

#include "nodes/warehouse/part_format.h"
#include "scheduler/base/memory.h"

#include <stdlib.h>

#define SMALLEST 16

uint64_t row_index_hash(const void *bytes, size_t length)
{
    return part_checksum(bytes, length);
}

void row_index_add(struct row_index *index, uint64_t hash, uint32_t part, const char *row)
{
    index->places =
        memory_grow(index->places, index->count, &index->capacity, sizeof *index->places);
    index->places[index->count++] = (struct row_place){.hash = hash, .row = row, .part = part};
}

void row_index_finish(struct row_index *index)
{
    index->bucket_count = SMALLEST;
    while (index->bucket_count < index->count * 2)
        index->bucket_count *= 2;
    index->buckets = memory_new(index->bucket_count, sizeof *index->buckets);
    for (size_t i = index->count; i > 0; i--) {
        struct row_place *place = &index->places[i - 1];
        uint32_t *bucket = &index->buckets[place->hash & (index->bucket_count - 1)];
        place->next = *bucket;
        *bucket = (uint32_t)i;
    }
}

static const struct row_place *same_hash(const struct row_index *index, uint32_t at, uint64_t hash)
{
    while (at != 0 && index->places[at - 1].hash != hash)
        at = index->places[at - 1].next;
    return at == 0 ? NULL : &index->places[at - 1];
}

const struct row_place *row_index_find(const struct row_index *index, uint64_t hash)
{
    return same_hash(index, index->buckets[hash & (index->bucket_count - 1)], hash);
}

const struct row_place *row_index_next(const struct row_index *index, const struct row_place *place)
{
    return same_hash(index, place->next, place->hash);
}
