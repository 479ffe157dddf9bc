#include "scheduler/engine/task_heap.h"

#include "scheduler/base/memory.h"
#include "scheduler/engine/task.h"

#include <assert.h>
#include <stdlib.h>

void task_heap_init(struct task_heap *heap, task_is_before *is_before)
{
    *heap = (struct task_heap){.is_before = is_before};
}

void task_heap_free(struct task_heap *heap)
{
    free(heap->items);
    *heap = (struct task_heap){.is_before = heap->is_before};
}

void task_heap_reserve(struct task_heap *heap, size_t count)
{
    heap->reserved += count;
    if (heap->reserved <= heap->capacity)
        return;
    size_t capacity = heap->capacity * 2;
    if (capacity < heap->reserved)
        capacity = heap->reserved;
    heap->items = memory_resize(heap->items, capacity, sizeof(struct task *));
    heap->capacity = capacity;
}

void task_heap_unreserve(struct task_heap *heap, size_t count)
{
    assert(heap->reserved >= count);
    heap->reserved -= count;
}

static void put(struct task_heap *heap, size_t index, struct task *task)
{
    heap->items[index] = task;
    task->heap_index = index;
}

static void sift_up(struct task_heap *heap, size_t index, struct task *task)
{
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (!heap->is_before(task, heap->items[parent]))
            break;
        put(heap, index, heap->items[parent]);
        index = parent;
    }
    put(heap, index, task);
}

static void sift_down(struct task_heap *heap, size_t index, struct task *task)
{
    for (;;) {
        size_t child = index * 2 + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && heap->is_before(heap->items[child + 1], heap->items[child]))
            child++;
        if (!heap->is_before(heap->items[child], task))
            break;
        put(heap, index, heap->items[child]);
        index = child;
    }
    put(heap, index, task);
}

void task_heap_add(struct task_heap *heap, struct task *task)
{
    assert(heap->count < heap->reserved);
    heap->count++;
    sift_up(heap, heap->count - 1, task);
}

void task_heap_remove(struct task_heap *heap, struct task *task)
{
    size_t index = task->heap_index;
    assert(index < heap->count && heap->items[index] == task);
    heap->count--;
    struct task *last = heap->items[heap->count];
    if (last == task)
        return;
    if (index > 0 && heap->is_before(last, heap->items[(index - 1) / 2]))
        sift_up(heap, index, last);
    else
        sift_down(heap, index, last);
}

struct task *task_heap_first(const struct task_heap *heap)
{
    return heap->count == 0 ? NULL : heap->items[0];
}
