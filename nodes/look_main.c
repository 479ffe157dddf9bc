/* datemill-look: whether a file or a partition that somebody waits for is there. Looks once, and
 * may hang on a dead mount: that is why it is a program.
 *
 * Standard input: {"kind":"file","root":"/mnt/oss","file":"a/${…} substituted, `*` allowed"} or
 * {"kind":"partition","state_dir":"/p/.datemill","table":"t","partition":"dt=20211111"}.
 * Standard output, one line: {"there":true,"signature":"…","age_us":12,"count":1,"bytes":7,
 * "watch":"/mnt/oss/a"}; `watch` is the folder whose changes matter, "" where none are told;
 * `problem` says why it cannot be seen. `age_us` is -1 where the clock of the files is not ours. */
#include "nodes/warehouse/catalog.h"
#include "nodes/warehouse/source_files.h"
#include "scheduler/base/beneath.h"
#include "scheduler/base/file_system.h"
#include "scheduler/base/json_in.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_JOB_BYTES 65536

struct sight {
    bool is_there;
    uint64_t signature;
    int64_t age_us; /* of the youngest file, -1 = not known */
    int64_t count;
    int64_t bytes;
    const char *watch;
};

static int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* FNV-1a: told apart are states of the same files, nobody wants to deceive himself. */
static void mix(uint64_t *hash, const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        *hash ^= ((const unsigned char *)bytes)[i];
        *hash *= UINT64_C(1099511628211);
    }
}

static int64_t changed_us(const struct stat *status)
{
    int64_t modified = (int64_t)status->st_mtim.tv_sec * 1000000 + status->st_mtim.tv_nsec / 1000;
    int64_t changed = (int64_t)status->st_ctim.tv_sec * 1000000 + status->st_ctim.tv_nsec / 1000;
    return modified > changed ? modified : changed;
}

static void see_file(int root_fd, const struct source_file *file, struct sight *sight)
{
    struct stat status;
    mix(&sight->signature, file->path, strlen(file->path) + 1);
    mix(&sight->signature, &file->bytes, sizeof file->bytes);
    mix(&sight->signature, &file->modified_us, sizeof file->modified_us);
    if (sight->age_us < 0 || fstatat(root_fd, file->path, &status, 0) < 0) {
        sight->age_us = -1;
        return;
    }
    int64_t age = clock_us() - changed_us(&status);
    mix(&sight->signature, &status.st_ino, sizeof status.st_ino);
    if (age < sight->age_us)
        sight->age_us = age > 0 ? age : 0;
}

/* The folder where the file is to appear, or the nearest above it that exists; "" where a part of
 * the path that is not the last holds a `*`, or where changes are not told. */
static const char *find_watch(int root_fd, const char *root, const char *pattern,
                              struct arena *arena)
{
    char *folder = arena_copy_string(arena, pattern);
    char *star = strchr(folder, '*');
    char *slash = strrchr(folder, '/');
    if (star != NULL && slash != NULL && star < slash)
        return "";
    while (slash != NULL) {
        *slash = '\0';
        SCOPED_FD int fd = beneath_open(root_fd, folder[0] == '\0' ? "." : folder,
                                        O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0)
            return file_system_is_remote(fd) ? "" : arena_format(arena, "%s/%s", root, folder);
        slash = strrchr(folder, '/');
    }
    return file_system_is_remote(root_fd) ? "" : root;
}

static int see_files(const struct json *job, struct arena *arena, struct sight *sight,
                     struct error *err)
{
    const char *root = json_get_string(job, "root", "");
    const char *pattern = json_get_string(job, "file", "");
    SCOPED_FD int root_fd = -1;
    struct source_files files = {0};
    if (source_open_root(root, &root_fd, err) != 0)
        return -1;
    sight->watch = find_watch(root_fd, root, pattern, arena);
    if (source_find(root_fd, pattern, arena, &files, err) != 0)
        return -1;
    sight->age_us = file_system_is_remote(root_fd) ? -1 : INT64_MAX;
    for (size_t i = 0; i < files.count; i++)
        see_file(root_fd, &files.items[i], sight);
    sight->is_there = files.count > 0;
    sight->count = (int64_t)files.count;
    sight->bytes = files.bytes;
    return 0;
}

/* `dt=1` also stands for its parts `dt=1/region=cn`. */
static bool is_meant(const char *wanted, const char *spec)
{
    size_t length = strlen(wanted);
    return strncmp(wanted, spec, length) == 0 && (spec[length] == '\0' || spec[length] == '/');
}

static int see_partition(const struct json *job, struct arena *arena, struct sight *sight,
                         struct error *err)
{
    const char *state_dir = json_get_string(job, "state_dir", "");
    const char *partition = json_get_string(job, "partition", "");
    struct catalog_snapshot snapshot = {.name = json_get_string(job, "table", "")};
    struct catalog catalog;
    sight->watch = arena_format(arena, "%s/warehouse", state_dir);
    if (access(sight->watch, F_OK) != 0)
        sight->watch = state_dir;
    if (catalog_open(&catalog, state_dir, CATALOG_READ, clock_us, err) != 0)
        return err->kind == ERROR_KIND_NOT_FOUND ? 0 : -1;
    int result = catalog_snapshot(&catalog, &snapshot, 1, arena, err);
    for (size_t i = 0; result == 0 && i < snapshot.partition_count; i++) {
        const struct catalog_partition *item = &snapshot.partitions[i];
        if (partition[0] == '\0' ? item->rows == 0 : !is_meant(partition, item->spec))
            continue;
        sight->is_there = true;
        sight->count++;
        sight->bytes += item->bytes;
    }
    catalog_close(&catalog);
    return result;
}

static int read_job(struct json **ret_job, struct error *err)
{
    char bytes[MAX_JOB_BYTES];
    size_t length = 0;
    ssize_t count;
    while (length < sizeof bytes &&
           (count = read(STDIN_FILENO, bytes + length, sizeof bytes - length)) != 0) {
        if (count < 0 && errno != EINTR)
            return error_set_errno(err, ERROR_KIND_INVALID, "standard input");
        length += count < 0 ? 0 : (size_t)count;
    }
    return json_parse(bytes, length, ret_job, err);
}

static void show(const struct sight *sight, const struct error *err)
{
    SCOPED_TEXT struct text text = {0};
    char signature[32];
    struct json_out json;
    snprintf(signature, sizeof signature, "%016" PRIx64, sight->signature);
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_bool(&json, "there", sight->is_there);
    json_out_pair_string(&json, "signature", signature);
    json_out_pair_int(&json, "age_us", sight->age_us == INT64_MAX ? -1 : sight->age_us);
    json_out_pair_int(&json, "count", sight->count);
    json_out_pair_int(&json, "bytes", sight->bytes);
    json_out_pair_string(&json, "watch", sight->watch);
    if (err != NULL)
        json_out_pair_string(&json, "problem", err->text);
    json_out_end_object(&json);
    printf("%s\n", text_string(&text));
}

int main(void)
{
    SCOPED_ARENA struct arena arena = {0};
    struct sight sight = {.signature = UINT64_C(14695981039346656037), .watch = ""};
    struct json *job = NULL;
    struct error err = {0};
    int result = read_job(&job, &err);
    const char *kind = json_get_string(job, "kind", "");
    if (result == 0 && strcmp(kind, "file") == 0)
        result = see_files(job, &arena, &sight, &err);
    else if (result == 0 && strcmp(kind, "partition") == 0)
        result = see_partition(job, &arena, &sight, &err);
    else if (result == 0)
        result = error_set(&err, ERROR_KIND_INVALID, "there is no kind `%s`", kind);
    show(&sight, result == 0 ? NULL : &err);
    json_free(job);
    return 0;
}
