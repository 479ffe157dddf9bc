#include "scheduler/daemon/settle.h"

#include "scheduler/base/scope.h"
#include "scheduler/store/store_load.h"
#include "scheduler/system/clock.h"

#include <errno.h>
#include <fcntl.h>

static void on_late(void *owner)
{
    loop_stop(owner);
}

/* Attempts are open; or the store cannot be read for now, as one of an older version, which whoever
 * opens it to write brings up to date. */
static bool has_work(const struct daemon_place *place)
{
    struct store *store;
    struct error problem = {0};
    SCOPED_ARENA struct arena arena = {0};
    struct load_attempts attempts = {0};
    char boot_id[CLOCK_BOOT_ID_BYTES];
    if (clock_read_boot_id(boot_id, NULL) < 0)
        return false;
    if (store_open_reader(place->state_dir, &store, &problem) < 0)
        return problem.kind == ERROR_KIND_PRECONDITION;
    bool result =
        load_open_attempts(store, boot_id, &arena, &attempts, NULL) == 0 && attempts.count > 0;
    store_close(store);
    return result;
}

static int settle(const struct daemon_place *place, struct loop *loop, struct error *err)
{
    struct daemon_options options = {.loop = loop, .place = *place, .settles_only = true};
    struct daemon *daemon;
    struct loop_timer late = {.call = on_late, .owner = loop};
    if (daemon_open(&options, &daemon, err) < 0)
        return -1;
    loop_set_timer(loop, &late, duration_ms(SETTLE_WAIT_MS));
    int result = 0;
    while (result == 0 && !daemon_is_settled(daemon) && loop_timer_is_set(&late))
        result = loop_turn(loop, duration_ms(SETTLE_WAIT_MS), err);
    loop_cancel_timer(loop, &late);
    daemon_close(daemon);
    return result;
}

int daemon_settle(const struct daemon_place *place, struct error *err)
{
    SCOPED_FD int folder = open(place->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return errno == ENOENT
                   ? 0
                   : error_set_errno(err, ERROR_KIND_PRECONDITION, "%s", place->state_dir);
    if (!has_work(place))
        return 0;
    struct lock_file lock = {.fd = -1};
    struct error busy;
    if (lock_file_try(folder, ENGINE_LOCK_NAME, &lock, &busy) < 0)
        return 0;
    struct loop *loop;
    int result = loop_open(&loop, err);
    if (result == 0) {
        result = settle(place, loop, err);
        loop_close(loop);
    }
    lock_file_release(&lock);
    return result;
}
