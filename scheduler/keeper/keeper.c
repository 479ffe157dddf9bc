#include "scheduler/keeper/keeper.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/keeper/keeper_recovery.h"
#include "scheduler/keeper/keeper_state.h"
#include "scheduler/keeper/process_tree.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define WATCH_MS 3

/* --- starting --------------------------------------------------------------------------------- */

/* Most attempts of a busy keeper end before anybody would have read from them: what they wrote is
 * read at their end, and the loop never hears of their pipes. */
static void on_watch(void *owner)
{
    struct keeper *keeper = owner;
    struct duration first = {0};
    for (struct attempt *a = keeper->alive.first; a != NULL; a = a->next_listed) {
        struct duration again = attempt_watch(a, duration_ms(WATCH_MS));
        if (again.us != 0 && (first.us == 0 || again.us < first.us))
            first = again;
    }
    if (first.us != 0)
        loop_set_timer(keeper->loop, &keeper->watch_timer, first);
    keeper->watch_wait = first;
}

static void watch_soon(struct keeper *keeper)
{
    struct duration soon = duration_ms(WATCH_MS);
    if (loop_timer_is_set(&keeper->watch_timer) && keeper->watch_wait.us <= soon.us)
        return;
    loop_set_timer(keeper->loop, &keeper->watch_timer, soon);
    keeper->watch_wait = soon;
}

/* Its start is in the journal. */
static void start(struct keeper *keeper, struct attempt *attempt)
{
    attempt_list_remove(&keeper->queue, attempt);
    attempt_begin(attempt);
    if (attempt->phase != ATTEMPT_RUNNING) {
        keeper_records_hold(keeper, attempt);
        loop_want_turn(keeper->loop); /* which writes and tells it */
        return;
    }
    attempt_list_add(&keeper->alive, attempt);
    keeper->used_slots += attempt->needs_slot ? 1 : 0;
    attempt_table_add_pid(&keeper->table, attempt);
    watch_soon(keeper);
}

static void update_idle(struct keeper *keeper)
{
    bool has_work = keeper->alive.count + keeper->queue.count + keeper->held.count > 0;
    bool is_idle = !has_work && !keeper_server_has_engine(keeper->server);
    if (keeper->is_ending && keeper->alive.count == 0)
        loop_stop(keeper->loop);
    else if (keeper->is_draining && !has_work)
        loop_stop(keeper->loop); /* an engine that is there waits for the next keeper */
    else if (!is_idle)
        loop_cancel_timer(keeper->loop, &keeper->idle_timer);
    else if (!loop_timer_is_set(&keeper->idle_timer))
        loop_set_timer(keeper->loop, &keeper->idle_timer, keeper->options.idle);
}

static void on_record(void *owner)
{
    keeper_records_write(owner);
}

/* What need not be done before the next attempt starts. */
static void tidy(struct keeper *keeper)
{
    while (keeper->untidy != NULL) {
        struct attempt *attempt = keeper->untidy;
        keeper->untidy = attempt->next_untidy;
        attempt_tidy(attempt);
    }
    size_t soon = keeper->used_slots < keeper->slots ? 0 : (size_t)keeper->used_slots;
    size_t queued = keeper->queue.count;
    pipe_stock_fill(&keeper->host.pipes, soon < queued ? soon : queued);
}

static void on_start(void *owner)
{
    struct keeper *keeper = owner;
    struct attempt *next = keeper->queue.first;
    while (next != NULL && keeper->chosen > 0) {
        struct attempt *attempt = next;
        next = attempt->next_listed;
        if (!attempt->is_chosen)
            continue;
        attempt->is_chosen = false;
        keeper->chosen--;
        start(keeper, attempt);
    }
}

static void on_turn_end(void *owner)
{
    struct keeper *keeper = owner;
    tidy(keeper);
    keeper_records_compact(keeper, false);
    update_idle(keeper);
}

/* --- what attempts and the machine tell --------------------------------------------------------*/

static bool is_first(void *owner, pid_t pid)
{
    struct keeper *keeper = owner;
    return attempt_table_find_pid(&keeper->table, pid) != NULL;
}

static void on_event(void *owner, struct attempt *attempt, const char *line)
{
    keeper_tell_event(owner, attempt, line);
}

static void on_started(void *owner, struct attempt *attempt)
{
    keeper_tell_state(owner, attempt);
}

static void on_ended(void *owner, struct attempt *attempt)
{
    struct keeper *keeper = owner;
    attempt_list_remove(&keeper->alive, attempt);
    keeper->used_slots -= attempt->needs_slot ? 1 : 0;
    attempt->next_untidy = keeper->untidy;
    keeper->untidy = attempt;
    keeper_records_hold(keeper, attempt);
}

static void on_child(void *owner, int number)
{
    (void)number;
    struct keeper *keeper = owner;
    struct rusage usage;
    int status;
    pid_t pid;
    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
        struct attempt *attempt = attempt_table_find_pid(&keeper->table, pid);
        if (attempt == NULL)
            continue; /* an orphan that an attempt left */
        attempt_table_remove_pid(&keeper->table, attempt);
        attempt_take_exit(attempt, status, &usage);
    }
}

static void on_terminate(void *owner, int number)
{
    (void)number;
    struct keeper *keeper = owner;
    keeper->is_ending = true;
    for (struct attempt *a = keeper->alive.first; a != NULL; a = a->next_listed)
        attempt_stop(a, KEEPER_WHY_STOP, false);
}

static void on_idle(void *owner)
{
    struct keeper *keeper = owner;
    loop_stop(keeper->loop);
}

/* --- what the engine says --------------------------------------------------------------------- */

static void on_hello(void *owner, const struct keeper_hello *hello)
{
    struct keeper *keeper = owner;
    keeper->slots = hello->slots;
    if (hello->version > KEEPER_PROTOCOL_VERSION)
        keeper->is_draining = true;
    keeper_tell_snapshot(keeper);
}

static void take_start(struct keeper *keeper, const struct keeper_start *granted)
{
    const struct attempt *known = attempt_table_find(&keeper->table, granted->attempt_id);
    if (known != NULL) {
        keeper_tell_state(keeper, known);
    } else if (keeper->is_draining || keeper->is_ending ||
               keeper->queue.count >= KEEPER_MAX_QUEUED) {
        keeper_tell_revoked(keeper, granted->attempt_id);
    } else {
        struct attempt *attempt = attempt_new(&keeper->host, granted);
        attempt_table_add(&keeper->table, attempt);
        attempt_list_add(&keeper->queue, attempt);
    }
}

static void forget(struct keeper *keeper, struct attempt *attempt)
{
    attempt_table_remove(&keeper->table, attempt);
    attempt_free(attempt);
}

static void take_revoke(struct keeper *keeper, int64_t attempt_id)
{
    struct attempt *attempt = attempt_table_find(&keeper->table, attempt_id);
    if (attempt != NULL && attempt->phase != ATTEMPT_QUEUED) {
        keeper_tell_state(keeper, attempt);
        return;
    }
    if (attempt != NULL) {
        attempt_list_remove(&keeper->queue, attempt);
        forget(keeper, attempt);
    }
    keeper_tell_revoked(keeper, attempt_id);
}

static void take_stop(struct keeper *keeper, const struct keeper_stop *stop)
{
    struct attempt *attempt = attempt_table_find(&keeper->table, stop->attempt_id);
    if (attempt == NULL)
        return;
    if (attempt->phase == ATTEMPT_QUEUED)
        take_revoke(keeper, stop->attempt_id);
    else
        attempt_stop(attempt, KEEPER_WHY_STOP, stop->is_kill_now);
}

static void take_settled(struct keeper *keeper, const struct keeper_settled *settled)
{
    for (size_t i = 0; i < settled->count; i++) {
        struct attempt *attempt = attempt_table_find(&keeper->table, settled->attempt_ids[i]);
        if (attempt != NULL && attempt->phase == ATTEMPT_ENDED && !attempt->is_held)
            forget(keeper, attempt);
    }
}

static void on_message(void *owner, const struct keeper_message *message)
{
    struct keeper *keeper = owner;
    switch (message->kind) {
    case KEEPER_START:
        take_start(keeper, &message->start);
        break;
    case KEEPER_REVOKE:
        take_revoke(keeper, message->attempt_id);
        break;
    case KEEPER_STOP:
        take_stop(keeper, &message->stop);
        break;
    case KEEPER_SETTLED:
        take_settled(keeper, &message->settled);
        break;
    case KEEPER_SET_SLOTS:
        keeper->slots = message->slots;
        break;
    case KEEPER_HELLO:
    case KEEPER_WELCOME:
    case KEEPER_ATTEMPT:
    case KEEPER_SNAPSHOT_END:
    case KEEPER_STARTED:
    case KEEPER_ENDED:
    case KEEPER_EVENT:
    case KEEPER_REVOKED:
    case KEEPER_DISK:
    case KEEPER_GONE:
        break;
    }
}

static void on_gone(void *owner)
{
    (void)owner; /* the turn's end looks whether the keeper is idle */
}

/* --- opening and closing ---------------------------------------------------------------------- */

static void set_host(struct keeper *keeper)
{
    keeper->host = (struct attempt_host){.loop = keeper->loop,
                                         .state_dir_fd = keeper->options.state_dir_fd,
                                         .null_fd = -1,
                                         .children_fd = process_tree_open_children(),
                                         .cgroup_root = cgroup_find_root(),
                                         .is_first = is_first,
                                         .on_started = on_started,
                                         .on_event = on_event,
                                         .on_ended = on_ended,
                                         .owner = keeper};
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &keeper->host.file_limit);
    limit = keeper->host.file_limit;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    keeper->idle_timer = (struct loop_timer){.call = on_idle, .owner = keeper};
    keeper->disk_timer = (struct loop_timer){.call = keeper_records_retry, .owner = keeper};
    keeper->watch_timer = (struct loop_timer){.call = on_watch, .owner = keeper};
    keeper->record_hook = (struct loop_hook){.call = on_record, .owner = keeper};
    keeper->start_hook = (struct loop_hook){.call = on_start, .owner = keeper};
    keeper->turn_hook = (struct loop_hook){.call = on_turn_end, .owner = keeper};
}

static int open_parts(struct keeper *keeper, struct error *err)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot become a subreaper");
    if (clock_read_boot_id(keeper->boot_id, err) < 0 || loop_open(&keeper->loop, err) < 0)
        return -1;
    set_host(keeper);
    if (child_maker_open(&keeper->host.maker, err) < 0)
        return -1;
    keeper->host.null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (keeper->host.null_fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot open /dev/null");
    struct keeper_recovery_options recovery = {
        .folder_fd = keeper->options.folder_fd, .boot_id = keeper->boot_id, .host = &keeper->host};
    if (loop_add_signal(keeper->loop, SIGCHLD, on_child, keeper, err) < 0 ||
        loop_add_signal(keeper->loop, SIGTERM, on_terminate, keeper, err) < 0 ||
        keeper_recover(&recovery, &keeper->table, &keeper->journal, err) < 0)
        return -1;
    keeper_records_begin(keeper);
    loop_add_hook(keeper->loop, LOOP_PHASE_SEND, &keeper->record_hook);
    loop_add_hook(keeper->loop, LOOP_PHASE_SEND, &keeper->start_hook);
    struct keeper_server_options options = {.loop = keeper->loop,
                                            .state_dir_fd = keeper->options.state_dir_fd,
                                            .boot_id = keeper->boot_id,
                                            .on_hello = on_hello,
                                            .on_message = on_message,
                                            .on_gone = on_gone,
                                            .owner = keeper};
    if (keeper_server_open(&options, &keeper->server, err) < 0)
        return -1;
    loop_add_hook(keeper->loop, LOOP_PHASE_SEND, &keeper->turn_hook);
    update_idle(keeper);
    return 0;
}

int keeper_open(const struct keeper_options *options, struct keeper **ret_keeper, struct error *err)
{
    struct keeper *keeper = memory_new(1, sizeof *keeper);
    keeper->options = *options;
    keeper->slots = 1;
    keeper->journal.fd = -1;
    keeper->host.children_fd = -1;
    keeper->host.null_fd = -1;
    keeper->host.cgroup_root.fd = -1;
    if (open_parts(keeper, err) < 0) {
        keeper_close(keeper);
        return -1;
    }
    *ret_keeper = keeper;
    return 0;
}

int keeper_run(struct keeper *keeper, struct error *err)
{
    int result = loop_run(keeper->loop, err);
    keeper_records_compact(keeper, true); /* what is settled need not be told again */
    return result;
}

void keeper_close(struct keeper *keeper)
{
    if (keeper == NULL)
        return;
    keeper_server_close(keeper->server);
    journal_close(&keeper->journal);
    pipe_stock_close(&keeper->host.pipes);
    while (keeper->table.first != NULL)
        forget(keeper, keeper->table.first);
    cgroup_close_root(&keeper->host.cgroup_root);
    scope_close_fd(&keeper->host.children_fd);
    scope_close_fd(&keeper->host.null_fd);
    child_maker_close(&keeper->host.maker);
    loop_close(keeper->loop);
    free(keeper);
}
