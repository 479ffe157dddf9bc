/* Names to numbers, in constant time: a hash table over strings that live elsewhere. */
#ifndef DATEMILL_FLOW_NAME_INDEX_H
#define DATEMILL_FLOW_NAME_INDEX_H

#include "scheduler/base/arena.h"

#include <stddef.h>

#define NAME_INDEX_NONE SIZE_MAX

struct name_index;

/* Room for `capacity` names, and more on demand; belongs to `arena`. */
struct name_index *name_index_new(struct arena *arena, size_t capacity);

/* Adds a borrowed name with its number; returns the number the name had already, and changes
 * nothing then, else NAME_INDEX_NONE. */
size_t name_index_add(struct name_index *index, const char *name, size_t number);

/* The number, or NAME_INDEX_NONE. `index` may be NULL. */
size_t name_index_find(const struct name_index *index, const char *name);

#endif
