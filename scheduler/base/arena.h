/* Memory that dies together: one arena per flow version, per plan, per request.
 *
 * Allocation never fails (memory.h). The cap is soft: whoever fills an arena from input asks
 * arena_is_over() once per item it reads and stops with an error; a single item is bounded by the
 * reader's own limits, so the overshoot is too. */
#ifndef DATEMILL_BASE_ARENA_H
#define DATEMILL_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *block; /* newest block, linked to the older ones */
    size_t used;               /* bytes handed out in all blocks */
    size_t cap;                /* bytes after which arena_is_over(); 0 = no cap */
};

void arena_init(struct arena *arena, size_t cap);
void arena_free(struct arena *arena); /* the arena may be used again after it */

/* Zeroed, aligned for any type, belongs to the arena. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));
void *arena_array(struct arena *arena, size_t count, size_t size) __attribute__((returns_nonnull));

/* Copies; the result ends with a NUL byte and belongs to the arena. */
char *arena_copy(struct arena *arena, const char *bytes, size_t length)
    __attribute__((returns_nonnull));
char *arena_copy_string(struct arena *arena, const char *text); /* NULL for NULL */
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((returns_nonnull, format(printf, 2, 3)));

/* Room for one more item in an array of the arena, as memory_grow(); old copies stay until
 * arena_free(). */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
    __attribute__((returns_nonnull));

bool arena_is_over(const struct arena *arena);

#endif
