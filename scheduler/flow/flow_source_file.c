#include "scheduler/flow/flow_source_inside.h"

#include "scheduler/base/beneath.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/flow/flow_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define READ_CHUNK ((size_t)1 << 16)

int flow_source_open_beneath(const struct flow_source *source, const char *path, int flags)
{
    /* O_NONBLOCK: a FIFO must not hold us up. O_PATH allows neither of the two. */
    if ((flags & O_PATH) == 0)
        flags |= O_NONBLOCK | O_NOCTTY;
    return beneath_open(source->dir_fd, path, flags);
}

static int say_open_failure(struct error *err)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return error_set(err, ERROR_KIND_PRECONDITION, "no such file");
    case EXDEV:
        return error_set(err, ERROR_KIND_PRECONDITION, "lies outside the project");
    case ELOOP:
        return error_set(err, ERROR_KIND_PRECONDITION, "symbolic links in a circle");
    case EACCES:
        return error_set(err, ERROR_KIND_PRECONDITION, "permission denied");
    default:
        return error_set(err, ERROR_KIND_PRECONDITION, "%s", strerror(errno));
    }
}

static int say_too_large(struct error *err)
{
    return error_set(err, ERROR_KIND_PRECONDITION, "is larger than %zu MiB",
                     FLOW_SOURCE_MAX_BYTES >> 20);
}

/* The whole content into memory that the caller frees. */
static int read_all(int fd, char **ret_bytes, size_t *ret_length, struct error *err)
{
    SCOPED_FREE char *bytes = NULL;
    size_t length = 0;
    size_t capacity = 0;
    for (;;) {
        if (capacity - length < READ_CHUNK) {
            capacity = capacity == 0 ? READ_CHUNK : capacity * 2;
            bytes = memory_resize(bytes, capacity, 1);
        }
        ssize_t got = read(fd, bytes + length, capacity - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(err, ERROR_KIND_PRECONDITION, "%s", strerror(errno));
        if (got == 0)
            break;
        length += (size_t)got;
        if (length > FLOW_SOURCE_MAX_BYTES)
            return say_too_large(err);
    }
    *ret_bytes = bytes;
    bytes = NULL;
    *ret_length = length;
    return 0;
}

int flow_source_read_fd(int fd, const char *path, struct arena *arena, struct flow_file *ret_file,
                        struct error *err)
{
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return say_open_failure(err);
    if (S_ISDIR(status.st_mode))
        return error_set(err, ERROR_KIND_PRECONDITION, "is a folder");
    if (!S_ISREG(status.st_mode))
        return error_set(err, ERROR_KIND_PRECONDITION, "is not a regular file");
    if ((uint64_t)status.st_size > FLOW_SOURCE_MAX_BYTES)
        return say_too_large(err);
    SCOPED_FREE char *bytes = NULL;
    size_t length = 0;
    if (read_all(fd, &bytes, &length, err) != 0)
        return -1;
    struct flow_file file = {.path = arena_copy_string(arena, path),
                             .bytes = arena_copy(arena, bytes, length),
                             .length = length};
    flow_source_hash(bytes, length, file.hash);
    *ret_file = file;
    return 0;
}

const char *flow_source_join(const char *path, const char *name, struct arena *arena)
{
    if (name[0] == '/')
        return NULL;
    const char *slash = strrchr(path, '/');
    size_t folder_length = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    char *joined = arena_alloc(arena, folder_length + strlen(name) + 2);
    memcpy(joined, path, folder_length);
    memcpy(joined + folder_length, name, strlen(name));
    char *out = joined;
    for (const char *at = joined; *at != '\0';) {
        size_t length = strcspn(at, "/");
        bool is_up = length == 2 && at[0] == '.' && at[1] == '.';
        bool is_here = length == 0 || (length == 1 && at[0] == '.');
        const char *next = at[length] == '/' ? at + length + 1 : at + length;
        if (is_up) {
            if (out == joined)
                return NULL;
            for (out--; out > joined && out[-1] != '/';)
                out--;
        } else if (!is_here) {
            memmove(out, at, length);
            out += length;
            *out++ = '/';
        }
        at = next;
    }
    if (out > joined)
        out--;
    *out = '\0';
    return joined[0] == '\0' ? NULL : joined;
}
