#include "scheduler/system/folder_watch.h"

#include "scheduler/base/file_system.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/text.h"
#include "scheduler/system/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#define READ_BYTES 16384 /* room for dozens of events */
#define READS_A_TURN 16  /* more come with the next turn */
#define WATCH_MASK                                                                                 \
    (IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB |            \
     IN_ONLYDIR | IN_DONT_FOLLOW)

struct folder {
    int descriptor; /* inotify's */
    unsigned depth; /* 0 = the watched folder itself */
    char *path;     /* relative to it; "" = itself */
};

struct folder_watch {
    struct folder_watch_options options;
    char *dir;
    int fd;
    struct loop_fd *source;
    struct loop_timer timer;
    struct duration first; /* clock_monotonic() of the first change that was not told */
    struct folder *folders;
    size_t count;
    size_t capacity;
    bool is_on_network;
    int refused; /* errno of a folder that could not be watched; 0 = none */
    struct text note;
};

static void tell(void *owner)
{
    struct folder_watch *watch = owner;
    watch->options.changed(watch->options.owner);
}

static void note_change(struct folder_watch *watch)
{
    struct duration now = clock_monotonic();
    if (!loop_timer_is_set(&watch->timer))
        watch->first = now;
    int64_t left_us = watch->first.us + duration_ms(FOLDER_WATCH_LATEST_MS).us - now.us;
    int64_t quiet_us = duration_ms(FOLDER_WATCH_QUIET_MS).us;
    struct duration delay = {left_us < quiet_us ? left_us : quiet_us};
    loop_set_timer(watch->options.loop, &watch->timer, delay);
}

static void update_note(struct folder_watch *watch)
{
    text_clear(&watch->note);
    if (watch->count == 0)
        text_append(&watch->note, "the folder is gone");
    else if (watch->refused == ENOSPC)
        text_append(&watch->note, "the kernel watches no more folders "
                                  "(sysctl fs.inotify.max_user_watches)");
    else if (watch->refused != 0)
        text_append_format(&watch->note, "a folder cannot be watched: %s",
                           strerrordesc_np(watch->refused));
    else if (watch->count == FOLDER_WATCH_MAX_FOLDERS)
        text_append_format(&watch->note, "it has more than %d folders", FOLDER_WATCH_MAX_FOLDERS);
    else if (watch->is_on_network)
        text_append(&watch->note, "changes made on other machines are not seen");
}

/* The path of something in the folder `path`. */
static void join(struct text *text, const char *path, const char *name)
{
    text_clear(text);
    text_append_format(text, "%s%s%s", path, path[0] != '\0' && name[0] != '\0' ? "/" : "", name);
}

static struct folder *find_folder(struct folder_watch *watch, int descriptor)
{
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->folders[i].descriptor == descriptor)
            return &watch->folders[i];
    }
    return NULL;
}

static void drop_folder(struct folder_watch *watch, struct folder *folder)
{
    free(folder->path);
    *folder = watch->folders[--watch->count];
}

/* 0, or errno. */
static int add_folder(struct folder_watch *watch, const char *path, unsigned depth)
{
    SCOPED_TEXT struct text full = {0};
    if (watch->count >= FOLDER_WATCH_MAX_FOLDERS || depth > FOLDER_WATCH_MAX_DEPTH)
        return 0;
    join(&full, watch->dir, path);
    int descriptor = inotify_add_watch(watch->fd, text_string(&full), WATCH_MASK);
    if (descriptor < 0)
        return errno;
    struct folder *known = find_folder(watch, descriptor);
    if (known != NULL) {
        free(known->path);
    } else {
        watch->folders =
            memory_grow(watch->folders, watch->count, &watch->capacity, sizeof *watch->folders);
        known = &watch->folders[watch->count++];
    }
    *known = (struct folder){descriptor, depth, memory_copy_string(path)};
    return 0;
}

static bool is_folder(int dir_fd, const struct dirent *entry)
{
    struct stat status;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return fstatat(dir_fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(status.st_mode);
}

/* One that is gone meanwhile, or may not be read, has nothing to tell. */
static void note_refusal(struct folder_watch *watch, int error)
{
    if (error != 0 && error != ENOENT && error != ENOTDIR && error != EACCES)
        watch->refused = error;
}

static void add_folders_of(struct folder_watch *watch, const char *path, unsigned depth)
{
    SCOPED_TEXT struct text full = {0};
    SCOPED_TEXT struct text inner = {0};
    join(&full, watch->dir, path);
    SCOPED_DIR DIR *folder = opendir(text_string(&full));
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            !is_folder(dirfd(folder), entry))
            continue;
        join(&inner, path, entry->d_name);
        if (watch->options.wants(watch->options.owner, text_string(&inner), true))
            note_refusal(watch, add_folder(watch, text_string(&inner), depth));
    }
}

/* Those beneath folders[first] and all after it. */
static void add_beneath(struct folder_watch *watch, size_t first)
{
    for (size_t i = first; i < watch->count; i++) {
        if (watch->folders[i].depth >= FOLDER_WATCH_MAX_DEPTH)
            continue;
        SCOPED_FREE char *path = memory_copy_string(watch->folders[i].path);
        add_folders_of(watch, path, watch->folders[i].depth + 1);
    }
    update_note(watch);
}

/* What was moved away would be told of under its old name. */
static void forget_beneath(struct folder_watch *watch, const char *path)
{
    size_t length = strlen(path);
    for (size_t i = watch->count; i > 0; i--) {
        struct folder *folder = &watch->folders[i - 1];
        bool is_beneath = strncmp(folder->path, path, length) == 0 &&
                          (folder->path[length] == '/' || folder->path[length] == '\0');
        if (!is_beneath)
            continue;
        inotify_rm_watch(watch->fd, folder->descriptor);
        drop_folder(watch, folder);
    }
}

static void take_folder(struct folder_watch *watch, const char *path, unsigned depth, uint32_t mask)
{
    if ((mask & (IN_MOVED_FROM | IN_DELETE)) != 0)
        forget_beneath(watch, path);
    if ((mask & (IN_CREATE | IN_MOVED_TO)) != 0) {
        size_t first = watch->count;
        note_refusal(watch, add_folder(watch, path, depth));
        add_beneath(watch, first);
    }
}

/* After a kernel that lost count nothing that is known is certain. */
static void begin_anew(struct folder_watch *watch)
{
    while (watch->count > 0) {
        inotify_rm_watch(watch->fd, watch->folders[0].descriptor);
        drop_folder(watch, &watch->folders[0]);
    }
    note_refusal(watch, add_folder(watch, "", 0));
    add_beneath(watch, 0);
}

/* A new file is told of when it was written and closed; one that is but a name of another, or a
 * link, never is. */
static bool is_being_written(struct folder_watch *watch, const char *path, uint32_t mask)
{
    SCOPED_TEXT struct text full = {0};
    struct stat status;
    if ((mask & IN_CREATE) == 0)
        return false;
    join(&full, watch->dir, path);
    return lstat(text_string(&full), &status) == 0 && S_ISREG(status.st_mode) &&
           status.st_nlink == 1;
}

static void take_event(struct folder_watch *watch, const struct inotify_event *event)
{
    SCOPED_TEXT struct text path = {0};
    if ((event->mask & IN_Q_OVERFLOW) != 0) {
        begin_anew(watch);
        note_change(watch);
        return;
    }
    struct folder *folder = find_folder(watch, event->wd);
    if (folder == NULL)
        return;
    if ((event->mask & IN_IGNORED) != 0) {
        bool is_all = folder->depth == 0;
        drop_folder(watch, folder);
        update_note(watch);
        if (is_all)
            note_change(watch);
        return;
    }
    if (event->len == 0)
        return;
    bool is_about_folder = (event->mask & IN_ISDIR) != 0;
    unsigned depth = folder->depth + 1;
    join(&path, folder->path, event->name);
    if (!watch->options.wants(watch->options.owner, text_string(&path), is_about_folder))
        return;
    if (is_about_folder)
        take_folder(watch, text_string(&path), depth, event->mask);
    else if (is_being_written(watch, text_string(&path), event->mask))
        return;
    note_change(watch);
}

static void take_events(struct folder_watch *watch, const char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        const struct inotify_event *event = (const struct inotify_event *)(bytes + at);
        at += sizeof *event + event->len;
        take_event(watch, event);
    }
}

static void read_events(void *owner, uint32_t events)
{
    struct folder_watch *watch = owner;
    _Alignas(struct inotify_event) char bytes[READ_BYTES];
    (void)events;
    for (int i = 0; i < READS_A_TURN; i++) {
        ssize_t length = read(watch->fd, bytes, sizeof bytes);
        if (length <= 0)
            return;
        take_events(watch, bytes, (size_t)length);
    }
}

static bool is_network(const char *dir)
{
    SCOPED_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && file_system_is_remote(fd);
}

static int start(struct folder_watch *watch, struct error *err)
{
    struct loop_fd_options options = {.events = LOOP_READ, .call = read_events, .owner = watch};
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot watch %s", watch->dir);
    int refused = add_folder(watch, "", 0);
    if (refused != 0) {
        errno = refused;
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot watch %s", watch->dir);
    }
    watch->is_on_network = is_network(watch->dir);
    add_beneath(watch, 0);
    options.fd = watch->fd;
    return loop_add_fd(watch->options.loop, &options, &watch->source, err);
}

int folder_watch_open(const struct folder_watch_options *options, struct folder_watch **ret_watch,
                      struct error *err)
{
    struct folder_watch *watch = memory_new(1, sizeof *watch);
    watch->options = *options;
    watch->dir = memory_copy_string(options->dir);
    watch->timer = (struct loop_timer){.call = tell, .owner = watch};
    if (start(watch, err) < 0) {
        folder_watch_close(watch);
        return -1;
    }
    *ret_watch = watch;
    return 0;
}

void folder_watch_close(struct folder_watch *watch)
{
    if (watch == NULL)
        return;
    loop_cancel_timer(watch->options.loop, &watch->timer);
    loop_remove_fd(watch->options.loop, watch->source);
    if (watch->fd >= 0)
        close(watch->fd);
    for (size_t i = 0; i < watch->count; i++)
        free(watch->folders[i].path);
    free(watch->folders);
    free(watch->dir);
    text_free(&watch->note);
    free(watch);
}

const char *folder_watch_note(const struct folder_watch *watch)
{
    return text_string(&watch->note);
}
