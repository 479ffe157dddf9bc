#include "scheduler/system/path_watch.h"

#include "scheduler/base/memory.h"

#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#define READ_BYTES 16384
#define READS_A_TURN 16
#define WATCH_MASK                                                                                 \
    (IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB |            \
     IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct folder {
    int number; /* inotify's */
    size_t uses;
};

struct path_watch {
    struct loop *loop;
    void (*changed)(void *owner, int watch);
    void *owner;
    int fd;
    struct loop_fd *source;
    struct folder *folders;
    size_t count;
    size_t capacity;
};

static struct folder *find(const struct path_watch *watch, int number)
{
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->folders[i].number == number)
            return &watch->folders[i];
    }
    return NULL;
}

/* One call for each row of events of a folder. */
static void take_events(struct path_watch *watch, const char *bytes, size_t length)
{
    int last = -2;
    for (size_t at = 0; at < length;) {
        const struct inotify_event *event = (const struct inotify_event *)(bytes + at);
        at += sizeof *event + event->len;
        int number = (event->mask & IN_Q_OVERFLOW) != 0 ? -1 : event->wd;
        struct folder *folder = number < 0 ? NULL : find(watch, number);
        if (number >= 0 && folder == NULL)
            continue;
        if ((event->mask & IN_MOVE_SELF) != 0)
            inotify_rm_watch(watch->fd, number); /* what it is now has another name */
        if ((event->mask & IN_IGNORED) != 0)
            *folder = watch->folders[--watch->count];
        if (number != last)
            watch->changed(watch->owner, number);
        last = number;
    }
}

static void read_events(void *owner, uint32_t events)
{
    struct path_watch *watch = owner;
    _Alignas(struct inotify_event) char bytes[READ_BYTES];
    (void)events;
    for (int i = 0; i < READS_A_TURN; i++) {
        ssize_t length = read(watch->fd, bytes, sizeof bytes);
        if (length <= 0)
            return;
        take_events(watch, bytes, (size_t)length);
    }
}

int path_watch_open(struct loop *loop, void (*changed)(void *owner, int watch), void *owner,
                    struct path_watch **ret_watch, struct error *err)
{
    struct path_watch *watch = memory_new(1, sizeof *watch);
    *watch = (struct path_watch){.loop = loop, .changed = changed, .owner = owner};
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    struct loop_fd_options options = {
        .fd = watch->fd, .events = LOOP_READ, .call = read_events, .owner = watch};
    int result = watch->fd < 0
                     ? error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot watch folders")
                     : loop_add_fd(loop, &options, &watch->source, err);
    if (result < 0) {
        path_watch_close(watch);
        return -1;
    }
    *ret_watch = watch;
    return 0;
}

void path_watch_close(struct path_watch *watch)
{
    if (watch == NULL)
        return;
    loop_remove_fd(watch->loop, watch->source);
    if (watch->fd >= 0)
        close(watch->fd);
    free(watch->folders);
    free(watch);
}

int path_watch_add(struct path_watch *watch, const char *folder, int *ret_watch, struct error *err)
{
    int number = inotify_add_watch(watch->fd, folder, WATCH_MASK);
    if (number < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot watch %s", folder);
    struct folder *known = find(watch, number);
    if (known == NULL) {
        watch->folders =
            memory_grow(watch->folders, watch->count, &watch->capacity, sizeof *watch->folders);
        known = &watch->folders[watch->count++];
        *known = (struct folder){.number = number};
    }
    known->uses++;
    *ret_watch = number;
    return 0;
}

bool path_watch_has(const struct path_watch *watch, int number)
{
    return watch != NULL && find(watch, number) != NULL;
}

/* One that is gone was removed by the kernel already. */
void path_watch_remove(struct path_watch *watch, int number)
{
    struct folder *known = watch == NULL ? NULL : find(watch, number);
    if (known == NULL || --known->uses > 0)
        return;
    inotify_rm_watch(watch->fd, number);
    *known = watch->folders[--watch->count];
}
