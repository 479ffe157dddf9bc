/* Things that are not memory of an arena are let go at the end of their scope.
 *
 *     SCOPED_FD int fd = open(...);
 *     ...
 *     *ret_fd = fd;
 *     fd = -1;      // ours no longer
 */
#ifndef DATEMILL_BASE_SCOPE_H
#define DATEMILL_BASE_SCOPE_H

#include "scheduler/base/arena.h"
#include "scheduler/base/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SCOPED(function) __attribute__((cleanup(function)))
#define SCOPED_FD SCOPED(scope_close_fd)
#define SCOPED_FILE SCOPED(scope_close_file)
#define SCOPED_DIR SCOPED(scope_close_dir)
#define SCOPED_FREE SCOPED(scope_free)
#define SCOPED_TEXT SCOPED(text_free)
#define SCOPED_ARENA SCOPED(arena_free)

static inline void scope_close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void scope_close_file(FILE *const *file)
{
    if (*file != NULL)
        fclose(*file);
}

static inline void scope_close_dir(DIR *const *dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

static inline void scope_free(void *pointer)
{
    free(*(void **)pointer);
}

#endif
