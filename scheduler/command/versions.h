/* Our own version and those of the libraries that the program runs with. */
#ifndef DATEMILL_COMMAND_VERSIONS_H
#define DATEMILL_COMMAND_VERSIONS_H

#include "scheduler/base/arena.h"

#include <stddef.h>

#define VERSIONS_MAX 8

struct version_item {
    const char *name;
    const char *version;
};

const char *versions_own(void);

/* Fills at most VERSIONS_MAX items, returns how many. Strings belong to `arena`. */
size_t versions_of_libraries(struct arena *arena, struct version_item *ret_items);

#endif
