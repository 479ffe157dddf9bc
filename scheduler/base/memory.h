/* Memory that is always there: running out of it ends the process.
 *
 * After a crash the store knows everything that matters, so that dying is handled once, in
 * recovery, and not at every allocation. Sizes that come from input are bounded before they get
 * here: by a limit of the reader, or by an arena's cap. */
#ifndef DATEMILL_BASE_MEMORY_H
#define DATEMILL_BASE_MEMORY_H

#include <stddef.h>

/* Zeroed memory for `count` items of `size` bytes; the caller frees it with free(). Never NULL. */
void *memory_new(size_t count, size_t size) __attribute__((returns_nonnull, malloc));

/* realloc() that never returns NULL. */
void *memory_resize(void *memory, size_t count, size_t size) __attribute__((returns_nonnull));

/* A copy of the string; the caller frees it. `text` may be NULL, then so is the copy. */
char *memory_copy_string(const char *text);

/* Makes room for one more item in the array `items` that holds `count` of `*capacity` items of
 * `size` bytes; returns the array, moved perhaps. The items behind `count` are not initialised. */
void *memory_grow(void *items, size_t count, size_t *capacity, size_t size)
    __attribute__((returns_nonnull));

#endif
