#include "scheduler/flow/name_index.h"

#include <stdint.h>
#include <string.h>

struct slot {
    const char *name; /* NULL: free */
    uint64_t hash;
    size_t number;
};

struct name_index {
    struct arena *arena;
    struct slot *slots;
    size_t mask;  /* slots - 1; a power of two, at least twice the count */
    size_t count; /* names */
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
    index->arena = arena;
    size_t size = 4;
    while (size < capacity * 2)
        size *= 2;
    index->slots = arena_array(arena, size, sizeof *index->slots);
    index->mask = size - 1;
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

static void grow(struct name_index *index)
{
    struct name_index larger = {.arena = index->arena, .mask = index->mask * 2 + 1};
    larger.slots = arena_array(index->arena, larger.mask + 1, sizeof *larger.slots);
    for (size_t i = 0; i <= index->mask; i++) {
        const struct slot *slot = &index->slots[i];
        if (slot->name != NULL)
            *find_slot(&larger, slot->name, slot->hash) = *slot;
    }
    index->slots = larger.slots;
    index->mask = larger.mask;
}

size_t name_index_add(struct name_index *index, const char *name, size_t number)
{
    uint64_t hash = hash_name(name);
    struct slot *slot = find_slot(index, name, hash);
    if (slot->name != NULL)
        return slot->number;
    *slot = (struct slot){name, hash, number};
    if (++index->count * 2 > index->mask)
        grow(index);
    return NAME_INDEX_NONE;
}

size_t name_index_find(const struct name_index *index, const char *name)
{
    if (index == NULL)
        return NAME_INDEX_NONE;
    const struct slot *slot = find_slot(index, name, hash_name(name));
    return slot->name == NULL ? NAME_INDEX_NONE : slot->number;
}
