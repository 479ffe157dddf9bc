/* Tasks in an order: a binary heap that knows where each task is, so that any can be taken out.
 *
 * A task is in at most one heap (task->heap_index is its place). Room is reserved when a run is
 * added; nothing is allocated when a task is put in. */
#ifndef DATEMILL_ENGINE_TASK_HEAP_H
#define DATEMILL_ENGINE_TASK_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct task;

/* Whether `a` comes before `b`; a strict order over different tasks. */
typedef bool task_is_before(const struct task *a, const struct task *b);

struct task_heap {
    struct task **items; /* [0] comes first */
    size_t count;
    size_t capacity;
    size_t reserved; /* tasks that may come to be in it */
    task_is_before *is_before;
};

void task_heap_init(struct task_heap *heap, task_is_before *is_before);
void task_heap_free(struct task_heap *heap);

/* Room for `count` more tasks than reserved so far; give it back when they leave memory. */
void task_heap_reserve(struct task_heap *heap, size_t count);
void task_heap_unreserve(struct task_heap *heap, size_t count);

void task_heap_add(struct task_heap *heap, struct task *task);
void task_heap_remove(struct task_heap *heap, struct task *task);

/* NULL when empty. */
struct task *task_heap_first(const struct task_heap *heap);

#endif
