#include "scheduler/system/page_files.h"

#include "scheduler/base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define ADDRESS_NAME "web.address"
#define KEY_NAME "web.key"

/* ---- small files ---- */

int page_files_read(int state_dir_fd, const char *name, struct arena *arena, const char **ret_text,
                    struct error *err)
{
    SCOPED_FD int fd = openat(state_dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    SCOPED_TEXT struct text text = {.limit = PAGE_FILES_MAX_BYTES};
    char bytes[4096];
    if (fd < 0 && errno != ENOENT)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot read %s", name);
    while (fd >= 0) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot read %s", name);
        if (got == 0)
            break;
        text_append_bytes(&text, bytes, (size_t)got);
        if (text.is_cut)
            return error_set(err, ERROR_KIND_PRECONDITION, "%s is too large", name);
    }
    *ret_text = arena_copy(arena, text_string(&text), text.length);
    return 0;
}

static int write_all(int fd, const char *text)
{
    size_t length = strlen(text);
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        text += written;
        length -= (size_t)written;
    }
    return fsync(fd);
}

int page_files_write(int state_dir_fd, const char *name, const char *text, struct error *err)
{
    char made[CLOCK_TOKEN_BYTES + 64];
    char token[CLOCK_TOKEN_BYTES];
    if (clock_make_token(token, err) < 0)
        return -1;
    snprintf(made, sizeof made, ".%.40s.%s", name, token);
    SCOPED_FD int fd =
        openat(state_dir_fd, made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot write %s", name);
    if (write_all(fd, text) == 0 && renameat(state_dir_fd, made, state_dir_fd, name) == 0)
        return 0;
    error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot write %s", name);
    unlinkat(state_dir_fd, made, 0);
    return -1;
}

/* ---- where it is ---- */

static void read_address(int state_dir_fd, char ret_address[PAGE_FILES_ADDRESS_BYTES])
{
    SCOPED_ARENA struct arena arena = {0};
    const char *text;
    ret_address[0] = '\0';
    if (page_files_read(state_dir_fd, ADDRESS_NAME, &arena, &text, NULL) == 0)
        snprintf(ret_address, PAGE_FILES_ADDRESS_BYTES, "%.*s", (int)strcspn(text, "\n"), text);
}

int page_files_begin(int state_dir_fd, const char *address, struct lock_file *ret_lock,
                     struct error *err)
{
    struct lock_file lock;
    SCOPED_TEXT struct text text = {0};
    if (lock_file_try(state_dir_fd, PAGE_FILES_LOCK, &lock, err) < 0) {
        char other[PAGE_FILES_ADDRESS_BYTES];
        read_address(state_dir_fd, other);
        return error_prefix(err, "the page is served already, at %s", other);
    }
    text_append_format(&text, "%s\n", address);
    if (page_files_write(state_dir_fd, ADDRESS_NAME, text_string(&text), err) < 0) {
        lock_file_release(&lock);
        return -1;
    }
    *ret_lock = lock;
    return 0;
}

void page_files_end(int state_dir_fd, struct lock_file *lock)
{
    if (lock->fd < 0)
        return;
    unlinkat(state_dir_fd, ADDRESS_NAME, 0);
    lock_file_release(lock);
}

void page_files_address(int state_dir_fd, char ret_address[PAGE_FILES_ADDRESS_BYTES])
{
    struct lock_holder holder;
    ret_address[0] = '\0';
    if (lock_file_holder(state_dir_fd, PAGE_FILES_LOCK, &holder, NULL) == 0 && holder.pid != 0)
        read_address(state_dir_fd, ret_address);
}

/* ---- the key ---- */

static int make_key(int state_dir_fd, char ret_key[CLOCK_TOKEN_BYTES], struct error *err)
{
    SCOPED_TEXT struct text text = {0};
    char key[CLOCK_TOKEN_BYTES];
    if (clock_make_token(key, err) < 0)
        return -1;
    text_append_format(&text, "%s\n", key);
    if (page_files_write(state_dir_fd, KEY_NAME, text_string(&text), err) < 0)
        return -1;
    memcpy(ret_key, key, sizeof key);
    return 0;
}

int page_files_key(int state_dir_fd, char ret_key[CLOCK_TOKEN_BYTES], struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    const char *text;
    if (page_files_read(state_dir_fd, KEY_NAME, &arena, &text, err) < 0)
        return -1;
    size_t length = strspn(text, "0123456789abcdef");
    if (length != CLOCK_TOKEN_BYTES - 1 || text[length] != '\n')
        return make_key(state_dir_fd, ret_key, err);
    memcpy(ret_key, text, length);
    ret_key[length] = '\0';
    return 0;
}

int page_files_change_key(int state_dir_fd, struct error *err)
{
    char key[CLOCK_TOKEN_BYTES];
    return make_key(state_dir_fd, key, err);
}
