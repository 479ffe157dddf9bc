/* Versions: the id of bytes, and what git says about the files of a flow. */
#ifndef DATEMILL_FLOW_FLOW_VERSION_H
#define DATEMILL_FLOW_FLOW_VERSION_H

#include "scheduler/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

#define FLOW_HASH_BYTES 41
#define FLOW_SOURCE_MAX_BEHIND 200 /* commits that are looked at */
#define FLOW_SOURCE_STATE_DIR ".datemill"

/* The id git gives to a blob of these bytes, in hex; needs no repository. */
void flow_source_hash(const char *bytes, size_t length, char ret_hash[FLOW_HASH_BYTES]);

/* What git knows about the files of a flow. */
struct flow_version {
    char commit[72];       /* full id, "" where there is no commit */
    char short_commit[24]; /* as short as is unique, at least 7 */
    bool is_dirty;         /* one of the files differs from the commit, or is not in it */
    char note[256];        /* why there is no commit although there is a repository; "" = nothing */
};

/* Of libgit2, as the program runs with: `1.5.1`. Belongs to `arena`. */
const char *flow_source_library_version(struct arena *arena);

#endif
