#include "scheduler/flow/name_index.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

struct slot {
    const char *name; /* NULL: free */
    uint64_t hash;
    size_t number;
};

struct name_index {
    struct slot *slots;
    size_t mask; /* slots - 1; a power of two at least twice the capacity */
    size_t count;
    size_t capacity;
};

/* FNV-1a, 64 bits */
static uint64_t hash_name(const char *name)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *at = name; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
    return hash;
}

struct name_index *name_index_new(struct arena *arena, size_t capacity)
{
    struct name_index *index = arena_alloc(arena, sizeof *index);
    size_t size = 4;
    while (size < capacity * 2)
        size *= 2;
    index->slots = arena_array(arena, size, sizeof *index->slots);
    index->mask = size - 1;
    index->capacity = capacity;
    return index;
}

static struct slot *find_slot(const struct name_index *index, const char *name, uint64_t hash)
{
    for (size_t at = (size_t)hash & index->mask;; at = (at + 1) & index->mask) {
        struct slot *slot = &index->slots[at];
        if (slot->name == NULL || (slot->hash == hash && strcmp(slot->name, name) == 0))
            return slot;
    }
}

size_t name_index_add(struct name_index *index, const char *name, size_t number)
{
    uint64_t hash = hash_name(name);
    struct slot *slot = find_slot(index, name, hash);
    if (slot->name != NULL)
        return slot->number;
    assert(index->count < index->capacity);
    index->count++;
    *slot = (struct slot){name, hash, number};
    return NAME_INDEX_NONE;
}

size_t name_index_find(const struct name_index *index, const char *name)
{
    if (index == NULL)
        return NAME_INDEX_NONE;
    const struct slot *slot = find_slot(index, name, hash_name(name));
    return slot->name == NULL ? NAME_INDEX_NONE : slot->number;
}
