#include "scheduler/base/arena.h"

#include "scheduler/base/memory.h"

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_FIRST_BLOCK_BYTES ((size_t)4096)
#define ARENA_MAX_BLOCK_BYTES ((size_t)1 << 20)
#define ARENA_SMALL_TEXT_BYTES 256

struct arena_block {
    struct arena_block *older;
    size_t size; /* bytes in data */
    size_t used; /* bytes of data handed out */
    max_align_t data[];
};

void arena_init(struct arena *arena, size_t cap)
{
    *arena = (struct arena){.cap = cap};
}

void arena_free(struct arena *arena)
{
    struct arena_block *block = arena->block;
    while (block != NULL) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
    arena->block = NULL;
    arena->used = 0;
}

static void add_block(struct arena *arena, size_t wanted)
{
    size_t size = arena->block == NULL ? ARENA_FIRST_BLOCK_BYTES : arena->block->size * 2;
    if (size > ARENA_MAX_BLOCK_BYTES)
        size = ARENA_MAX_BLOCK_BYTES;
    if (size < wanted)
        size = wanted;
    struct arena_block *block = memory_resize(NULL, sizeof *block + size, 1);
    *block = (struct arena_block){.older = arena->block, .size = size};
    arena->block = block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    assert(size < SIZE_MAX / 2);
    size_t rounded = (size + align - 1) / align * align;
    if (rounded == 0)
        rounded = align;
    if (arena->block == NULL || arena->block->size - arena->block->used < rounded)
        add_block(arena, rounded);
    char *memory = (char *)arena->block->data + arena->block->used;
    arena->block->used += rounded;
    arena->used += rounded;
    return memset(memory, 0, rounded); /* here, since much of a block is often never used */
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    assert(size == 0 || count <= SIZE_MAX / 2 / size);
    return arena_alloc(arena, count * size);
}

char *arena_copy(struct arena *arena, const char *bytes, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

char *arena_copy_string(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_copy(arena, text, strlen(text));
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    char small[ARENA_SMALL_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    assert(length >= 0);
    if ((size_t)length < sizeof small)
        return arena_copy(arena, small, (size_t)length);
    char *text = arena_alloc(arena, (size_t)length + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
    if (items != NULL && count < *capacity)
        return items;
    size_t wanted = *capacity < 8 ? 8 : *capacity * 2;
    void *moved = arena_array(arena, wanted, size);
    if (count > 0)
        memcpy(moved, items, count * size);
    *capacity = wanted;
    return moved;
}

bool arena_is_over(const struct arena *arena)
{
    return arena->cap != 0 && arena->used > arena->cap;
}
