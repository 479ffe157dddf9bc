/* Files of a `files` connection: found and opened beneath its root, never outside it. */
#ifndef DATEMILL_NODES_WAREHOUSE_SOURCE_FILES_H
#define DATEMILL_NODES_WAREHOUSE_SOURCE_FILES_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCE_MAX_FILES 100000 /* that one pattern may match */
#define SOURCE_MAX_PATH_BYTES 4096
#define SOURCE_MAX_LEVELS 64

struct source_file {
    const char *path; /* beneath the root */
    int64_t bytes;
    int64_t modified_us;
};

struct source_files {
    struct source_file *items; /* by name */
    size_t count;
    size_t capacity;
    int64_t bytes;
};

/* Opens the root of a connection. */
int source_open_root(const char *root, int *ret_fd, struct error *err);

/* The files that `pattern` names: `*` stands for any characters but `/`, also in folders; a hidden
 * file needs its point written. None is no error. Everything belongs to `arena`. */
int source_find(int root_fd, const char *pattern, struct arena *arena,
                struct source_files *ret_files, struct error *err);

/* Opens one file for reading; links may not lead out of the root. */
int source_open(int root_fd, const char *path, int *ret_fd, struct error *err);

/* True if the pattern holds a `*`. */
bool source_is_pattern(const char *pattern);

/* What is there instead, for a message: that the root is empty, or the newest files beside the
 * missing one. */
void source_explain_missing(int root_fd, const char *root, const char *pattern, struct text *out);

#endif
