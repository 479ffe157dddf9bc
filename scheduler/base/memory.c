#include "scheduler/base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void die(void)
{
    fputs("datemill: out of memory\n", stderr);
    abort();
}

void *memory_new(size_t count, size_t size)
{
    void *memory = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);
    if (memory == NULL)
        die();
    return memory;
}

void *memory_resize(void *memory, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        die();
    size_t bytes = count * size;
    void *moved = realloc(memory, bytes == 0 ? 1 : bytes);
    if (moved == NULL)
        die();
    return moved;
}

char *memory_copy_string(const char *text)
{
    if (text == NULL)
        return NULL;
    char *copy = strdup(text);
    if (copy == NULL)
        die();
    return copy;
}

void *memory_grow(void *items, size_t count, size_t *capacity, size_t size)
{
    if (items != NULL && count < *capacity)
        return items;
    size_t wanted = *capacity < 8 ? 8 : *capacity * 2;
    items = memory_resize(items, wanted, size);
    *capacity = wanted;
    return items;
}
