#include "tests/crash/disk.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/random.h"
#include "scheduler/base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#define SECTOR 512

struct disk_file { /* as it is safe */
    ino_t inode;
    int fd; /* keeps the inode from being used again */
    char *bytes;
    size_t length;
};

struct disk_name {
    char name[NAME_MAX + 1];
    ino_t inode;
};

struct disk_folder { /* its names that are safe */
    ino_t inode;
    struct disk_name names[DISK_MAX_NAMES];
    size_t count;
};

struct disk {
    bool is_watching;
    struct disk_plan plan;
    size_t syncs;
    struct disk_file files[DISK_MAX_FILES];
    size_t file_count;
    struct disk_folder *folders[DISK_MAX_FILES];
    size_t folder_count;
};

/* fsync() has no argument to hang it on */
static struct disk disk;

static void must(bool is_true, const char *what)
{
    if (is_true)
        return;
    fprintf(stderr, "disk: %s: %s\n", what, strerror(errno));
    _exit(98);
}

static size_t read_whole(int fd, char **ret_bytes)
{
    struct stat facts;
    must(fstat(fd, &facts) == 0, "fstat");
    size_t length = (size_t)facts.st_size;
    *ret_bytes = memory_new(length + 1, 1);
    ssize_t got = pread(fd, *ret_bytes, length, 0);
    must(got >= 0, "pread");
    return (size_t)got;
}

static struct disk_file *find_file(ino_t inode)
{
    for (size_t i = 0; i < disk.file_count; i++) {
        if (disk.files[i].inode == inode)
            return &disk.files[i];
    }
    return NULL;
}

static struct disk_folder *find_folder(ino_t inode)
{
    for (size_t i = 0; i < disk.folder_count; i++) {
        if (disk.folders[i]->inode == inode)
            return disk.folders[i];
    }
    return NULL;
}

static void keep_file(const char *path, ino_t inode)
{
    struct disk_file *file = find_file(inode);
    if (file == NULL) {
        must(disk.file_count < DISK_MAX_FILES, "too many files");
        file = &disk.files[disk.file_count++];
        *file = (struct disk_file){.inode = inode, .fd = open(path, O_RDONLY | O_CLOEXEC)};
        must(file->fd >= 0, path);
    }
    free(file->bytes);
    file->length = read_whole(file->fd, &file->bytes);
}

static void list_names(const char *path, struct disk_folder *folder)
{
    SCOPED_DIR DIR *dir = opendir(path);
    must(dir != NULL, path);
    folder->count = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        must(folder->count < DISK_MAX_NAMES, "too many names");
        struct disk_name *name = &folder->names[folder->count++];
        snprintf(name->name, sizeof name->name, "%s", entry->d_name);
        name->inode = entry->d_ino;
    }
}

static void keep_folder(const char *path, ino_t inode)
{
    struct disk_folder *folder = find_folder(inode);
    if (folder == NULL) {
        must(disk.folder_count < DISK_MAX_FILES, "too many folders");
        folder = memory_new(1, sizeof *folder);
        folder->inode = inode;
        disk.folders[disk.folder_count++] = folder;
    }
    list_names(path, folder);
}

/* ---- what is left ---- */

static bool happened(uint64_t what)
{
    if (disk.plan.seed <= 1)
        return disk.plan.seed == 1;
    struct random random;
    random_seed(&random, disk.plan.seed * 1000003 + what);
    return random_chance(&random, 500);
}

/* Byte by byte from `safe` or `now`, a sector at a time. */
static void write_mixed(const char *path, const struct disk_file *safe, const char *now,
                        size_t now_length)
{
    size_t safe_length = safe == NULL ? 0 : safe->length;
    size_t length = happened(now_length) ? now_length : safe_length;
    SCOPED_FREE char *mixed = memory_new(length + 1, 1);
    for (size_t at = 0; at < length; at += SECTOR) {
        bool is_new = happened(at * 31 + now_length);
        const char *from = is_new ? now : safe == NULL ? NULL : safe->bytes;
        size_t end = is_new ? now_length : safe_length;
        size_t stop = at + SECTOR < length ? at + SECTOR : length;
        stop = stop < end ? stop : end;
        if (stop > at)
            memcpy(mixed + at, from + at, stop - at);
    }
    SCOPED_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    must(fd >= 0, path);
    must(write(fd, mixed, length) == (ssize_t)length, path);
}

static void write_file(const char *source, const char *target, ino_t inode)
{
    const struct disk_file *safe = find_file(inode);
    SCOPED_FREE char *now = NULL;
    size_t length = 0;
    SCOPED_FD int fd = open(source, O_RDONLY | O_CLOEXEC);
    struct stat facts;
    if (fd >= 0 && fstat(fd, &facts) == 0 && facts.st_ino == inode)
        length = read_whole(fd, &now);
    else if (safe != NULL)
        length = read_whole(safe->fd, &now);
    write_mixed(target, safe, now, length);
}

static ino_t find_name(const struct disk_folder *folder, const char *name)
{
    for (size_t i = 0; folder != NULL && i < folder->count; i++) {
        if (strcmp(folder->names[i].name, name) == 0)
            return folder->names[i].inode;
    }
    return 0;
}

/* Which inode has the name afterwards, 0 = none. */
static ino_t survivor(ino_t safe, ino_t now)
{
    if (safe == now)
        return now;
    if (now != 0)
        return happened(now) ? now : safe;
    return happened(safe) ? 0 : safe;
}

struct pending_folder {
    char source[PATH_MAX];
    char target[PATH_MAX];
    ino_t inode;
};

struct pending {
    struct pending_folder *items;
    size_t count;
    size_t capacity;
};

static void write_name(struct pending *pending, const struct pending_folder *folder,
                       const char *name, ino_t inode)
{
    SCOPED_TEXT struct text source = {0};
    SCOPED_TEXT struct text target = {0};
    text_append_format(&source, "%s/%s", folder->source, name);
    text_append_format(&target, "%s/%s", folder->target, name);
    struct stat facts;
    bool is_here = stat(text_string(&source), &facts) == 0 && facts.st_ino == inode;
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, "-shm") == 0)
        return; /* shared memory: nothing of it is meant to last */
    if (!is_here || S_ISREG(facts.st_mode)) {
        write_file(text_string(&source), text_string(&target), inode);
        return;
    }
    if (!S_ISDIR(facts.st_mode))
        return;
    must(mkdir(text_string(&target), 0700) == 0, "mkdir");
    pending->items =
        memory_grow(pending->items, pending->count, &pending->capacity, sizeof *pending->items);
    struct pending_folder *next = &pending->items[pending->count++];
    snprintf(next->source, sizeof next->source, "%s", text_string(&source));
    snprintf(next->target, sizeof next->target, "%s", text_string(&target));
    next->inode = inode;
}

static void write_folder(struct pending *pending, const struct pending_folder *folder)
{
    const struct disk_folder *safe = find_folder(folder->inode);
    SCOPED_FREE struct disk_folder *now = memory_new(1, sizeof *now);
    list_names(folder->source, now);
    for (size_t i = 0; i < now->count; i++) {
        const char *name = now->names[i].name;
        ino_t inode = survivor(find_name(safe, name), now->names[i].inode);
        if (inode != 0)
            write_name(pending, folder, name, inode);
    }
    for (size_t i = 0; safe != NULL && i < safe->count; i++) {
        const char *name = safe->names[i].name;
        if (find_name(now, name) == 0 && survivor(safe->names[i].inode, 0) != 0)
            write_name(pending, folder, name, safe->names[i].inode);
    }
}

static void write_what_is_left(void)
{
    struct stat facts;
    must(stat(disk.plan.root, &facts) == 0, disk.plan.root);
    struct pending pending = {.items = memory_new(8, sizeof *pending.items), .capacity = 8};
    pending.count = 1;
    snprintf(pending.items[0].source, PATH_MAX, "%s", disk.plan.root);
    snprintf(pending.items[0].target, PATH_MAX, "%s", disk.plan.after);
    pending.items[0].inode = facts.st_ino;
    while (pending.count > 0) {
        struct pending_folder folder = pending.items[--pending.count];
        write_folder(&pending, &folder);
    }
    free(pending.items);
}

/* ---- the syncs ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static int sync_one(int fd)
{
    char link[64];
    char path[PATH_MAX];
    struct stat facts;
    if (!disk.is_watching)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0 || fstat(fd, &facts) != 0)
        return -1;
    path[length] = '\0';
    if (strncmp(path, disk.plan.root, strlen(disk.plan.root)) != 0)
        return 0;
    disk.syncs++;
    if (disk.syncs == disk.plan.cut_at) {
        write_what_is_left();
        _exit(DISK_STATUS_CUT);
    }
    if (disk.plan.lies_about != NULL && ends_with(path, disk.plan.lies_about))
        return 0;
    if (S_ISDIR(facts.st_mode))
        keep_folder(path, facts.st_ino);
    else if (facts.st_nlink > 0)
        keep_file(path, facts.st_ino);
    return 0;
}

/* In place of libc's, also for the libraries. */
int fsync(int fd)
{
    return sync_one(fd);
}

int fdatasync(int fd)
{
    return sync_one(fd);
}

void disk_watch(const struct disk_plan *plan)
{
    disk.plan = *plan;
    disk.is_watching = true;
}

size_t disk_syncs(void)
{
    return disk.syncs;
}
