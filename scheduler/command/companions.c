#include "scheduler/command/companions.h"

#include "scheduler/base/scope.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

const char *companions_of(const char *program, struct arena *arena)
{
    const char *slash = strrchr(program, '/');
    if (slash == NULL)
        return NULL;
    const char *dir = arena_copy(arena, program, (size_t)(slash - program));
    if (access(arena_format(arena, "%s/%s", dir, COMPANION_KEEPER), X_OK) == 0)
        return dir;
    SCOPED_FREE char *libexec = realpath(arena_format(arena, "%s/../libexec/datemill", dir), NULL);
    return libexec != NULL ? arena_copy_string(arena, libexec) : dir;
}

const char *companions_find(struct arena *arena)
{
    const char *named = getenv("DATEMILL_LIBEXEC");
    if (named != NULL && named[0] == '/')
        return arena_copy_string(arena, named);
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return NULL;
    program[length] = '\0';
    return companions_of(program, arena);
}
