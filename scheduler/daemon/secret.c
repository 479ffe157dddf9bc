#include "scheduler/daemon/secret.h"

#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/keeper_protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Up to the end of the file, or one byte more than is allowed; returns -1 if it cannot be read. */
static ssize_t read_whole(int fd, char *buffer)
{
    size_t length = 0;
    while (length <= SECRET_MAX_BYTES) {
        ssize_t count = read(fd, buffer + length, SECRET_MAX_BYTES + 1 - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        length += (size_t)count;
    }
    return (ssize_t)length;
}

static int read_file(const char *path, struct arena *arena, const char **ret_text,
                     struct error *err)
{
    /* a pipe that nobody writes to must not hold up the scheduler */
    SCOPED_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "secret file %s", path);
    char *buffer = arena_alloc(arena, SECRET_MAX_BYTES + 2);
    ssize_t length = read_whole(fd, buffer);
    if (length < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "secret file %s", path);
    if (length > SECRET_MAX_BYTES)
        return error_set(err, ERROR_KIND_INVALID, "secret file %s is longer than %d bytes", path,
                         SECRET_MAX_BYTES);
    if (memchr(buffer, '\0', (size_t)length) != NULL)
        return error_set(err, ERROR_KIND_INVALID, "secret file %s is binary", path);
    while (length > 0 && (buffer[length - 1] == '\n' || buffer[length - 1] == '\r'))
        length--;
    buffer[length] = '\0';
    *ret_text = buffer;
    return 0;
}

int secret_read(const struct node_environment *entry, struct arena *arena, const char **ret_text,
                struct error *err)
{
    if (entry->secret_file != NULL)
        return read_file(entry->secret_file, arena, ret_text, err);
    const char *name = entry->secret_env == NULL ? "?" : entry->secret_env;
    const char *text = getenv(name);
    if (text == NULL)
        return error_set(err, ERROR_KIND_PRECONDITION,
                         "the secret of %s is not in the environment as %s", entry->name, name);
    if (strlen(text) > SECRET_MAX_BYTES)
        return error_set(err, ERROR_KIND_INVALID,
                         "the secret in the variable %s is longer than %d "
                         "bytes",
                         name, SECRET_MAX_BYTES);
    *ret_text = arena_copy_string(arena, text);
    return 0;
}

/* --- masks ------------------------------------------------------------------------------------ */

static void add(struct secret_masks *masks, const char *text, struct arena *arena)
{
    size_t held = masks->texts == NULL ? 0 : masks->count + 1; /* with the NULL */
    masks->texts = arena_grow(arena, masks->texts, held, &masks->capacity, sizeof *masks->texts);
    masks->texts[masks->count++] = text;
    masks->texts[masks->count] = NULL;
}

/* Programs report events as JSON, where quotes and backslashes look different. */
static void add_as_json(struct secret_masks *masks, const char *line, struct arena *arena)
{
    SCOPED_TEXT struct text quoted = {0};
    struct json_out json;
    json_out_init(&json, &quoted);
    json_out_string(&json, line);
    char *inner = arena_copy(arena, quoted.data + 1, quoted.length - 2);
    if (strcmp(inner, line) != 0)
        add(masks, inner, arena);
}

void secret_add_masks(struct secret_masks *masks, const char *secret, struct arena *arena)
{
    while (*secret != '\0') {
        size_t length = strcspn(secret, "\n");
        size_t shown = length > 0 && secret[length - 1] == '\r' ? length - 1 : length;
        if (shown >= KEEPER_MIN_MASK_BYTES) {
            char *line = arena_copy(arena, secret, shown);
            add(masks, line, arena);
            add_as_json(masks, line, arena);
        }
        secret += length + (secret[length] == '\n' ? 1 : 0);
    }
}
