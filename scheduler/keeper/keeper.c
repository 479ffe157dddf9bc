#include "scheduler/keeper/keeper.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/keeper/attempt.h"
#include "scheduler/keeper/attempt_table.h"
#include "scheduler/keeper/journal.h"
#include "scheduler/keeper/keeper_recovery.h"
#include "scheduler/keeper/keeper_server.h"
#include "scheduler/keeper/process_tree.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define DISK_RETRY_MS 1000
#define COMPACT_BYTES ((int64_t)64 << 10)

struct keeper {
    struct keeper_options options;
    struct loop *loop;
    struct keeper_server *server;
    struct journal journal;
    int64_t compact_at; /* size of the journal at which settled records are dropped from it */
    struct attempt_host host;
    struct attempt_table table;
    char boot_id[CLOCK_BOOT_ID_BYTES];
    int32_t slots;
    int32_t used_slots;
    size_t queued; /* attempts that are QUEUED */
    size_t alive;  /* RUNNING, DRAINING, CLEARING */
    size_t held;   /* ENDED, and not in the journal */
    bool is_disk_full;
    bool is_draining; /* takes no starts */
    bool is_ending;   /* SIGTERM came: starts nothing, and ends when nothing is alive */
    struct loop_timer idle_timer;
    struct loop_timer disk_timer;
    struct loop_hook turn_hook;
};

static void send_message(struct keeper *keeper, struct keeper_message message)
{
    if (keeper->server != NULL)
        keeper_server_send(keeper->server, &message);
}

static void tell_end(struct keeper *keeper, const struct attempt *attempt)
{
    send_message(keeper, (struct keeper_message){.kind = KEEPER_ENDED, .ended = attempt->end});
}

static void tell_start(struct keeper *keeper, const struct attempt *attempt)
{
    send_message(keeper, (struct keeper_message){.kind = KEEPER_STARTED,
                                                 .started = {.attempt_id = attempt->id,
                                                             .at = attempt->started,
                                                             .pid = attempt->session}});
}

static void tell_revoked(struct keeper *keeper, int64_t attempt_id)
{
    send_message(keeper, (struct keeper_message){.kind = KEEPER_REVOKED, .attempt_id = attempt_id});
}

static void tell_disk(struct keeper *keeper, const char *text)
{
    send_message(keeper,
                 (struct keeper_message){.kind = KEEPER_DISK,
                                         .disk = {.is_full = keeper->is_disk_full, .text = text}});
}

/* --- the journal ------------------------------------------------------------------------------ */

static void fall_silent(struct keeper *keeper, const struct error *err)
{
    loop_set_timer(keeper->loop, &keeper->disk_timer, duration_ms(DISK_RETRY_MS));
    if (keeper->is_disk_full)
        return;
    keeper->is_disk_full = true;
    fprintf(stderr, "datemill-keeper: %s\n", err->text);
    tell_disk(keeper, err->text);
}

static int journal_end(struct keeper *keeper, const struct attempt *attempt)
{
    struct error err = {0};
    struct journal_record record = {
        .kind = JOURNAL_END, .attempt_id = attempt->id, .end = attempt->end};
    if (journal_append(&keeper->journal, &record, &err) == 0)
        return 0;
    fall_silent(keeper, &err);
    return -1;
}

static int journal_start(struct keeper *keeper, const struct attempt *attempt, struct instant now)
{
    struct error err = {0};
    struct journal_record record = {.kind = JOURNAL_START,
                                    .attempt_id = attempt->id,
                                    .token = attempt->start.token,
                                    .log_path = attempt->start.log_path,
                                    .started = now};
    if (journal_append(&keeper->journal, &record, &err) == 0)
        return 0;
    fall_silent(keeper, &err);
    return -1;
}

static void add_live_record(const struct attempt *attempt, struct text *records)
{
    struct journal_record record = {.attempt_id = attempt->id};
    if (attempt->phase == ATTEMPT_QUEUED || attempt->is_held)
        return; /* a held end has no start any more: it would be lost, and is told as it is later */
    if (attempt->phase == ATTEMPT_ENDED) {
        record.kind = JOURNAL_END;
        record.end = attempt->end;
    } else {
        record.kind = JOURNAL_START;
        record.token = attempt->start.token;
        record.log_path = attempt->start.log_path;
        record.started = attempt->started;
    }
    journal_encode(&record, records);
}

/* Only what is not settled stays. Held ends keep the journal as it is: their starts are in it. */
static int compact(struct keeper *keeper, struct error *err)
{
    SCOPED_TEXT struct text records = {0};
    if (keeper->held > 0)
        return 0;
    journal_encode(&(struct journal_record){.kind = JOURNAL_BOOT, .boot_id = keeper->boot_id},
                   &records);
    for (const struct attempt *a = keeper->table.first; a != NULL; a = a->next)
        add_live_record(a, &records);
    if (journal_replace(&keeper->journal, &records, err) < 0)
        return -1;
    int64_t wanted = keeper->journal.size * 4;
    keeper->compact_at = wanted > COMPACT_BYTES ? wanted : COMPACT_BYTES;
    return 0;
}

/* The first record of this keeper, then the ends it found out about. */
static void write_recovered(struct keeper *keeper)
{
    struct error err = {0};
    struct journal_record boot = {.kind = JOURNAL_BOOT, .boot_id = keeper->boot_id};
    for (const struct attempt *a = keeper->table.first; a != NULL; a = a->next)
        keeper->held += a->is_held ? 1 : 0;
    if (journal_append(&keeper->journal, &boot, &err) < 0) {
        fall_silent(keeper, &err);
        return;
    }
    for (struct attempt *a = keeper->table.first; a != NULL; a = a->next) {
        if (!a->is_held)
            continue;
        if (journal_end(keeper, a) < 0)
            return;
        a->is_held = false;
        keeper->held--;
    }
    if (compact(keeper, &err) < 0)
        fprintf(stderr, "datemill-keeper: %s\n", err.text);
}

/* --- starting --------------------------------------------------------------------------------- */

static bool may_start(const struct keeper *keeper, const struct attempt *attempt)
{
    return attempt->phase == ATTEMPT_QUEUED && !keeper->is_ending && !keeper->is_disk_full &&
           (!attempt->needs_slot || keeper->used_slots < keeper->slots);
}

static void start(struct keeper *keeper, struct attempt *attempt)
{
    struct instant now = clock_now();
    if (journal_start(keeper, attempt, now) < 0)
        return;
    keeper->queued--;
    attempt_begin(attempt, now);
    if (attempt->phase == ATTEMPT_RUNNING) {
        keeper->alive++;
        keeper->used_slots += attempt->needs_slot ? 1 : 0;
        attempt_table_add_pid(&keeper->table, attempt);
        tell_start(keeper, attempt);
        return;
    }
    attempt->is_held = journal_end(keeper, attempt) < 0;
    keeper->held += attempt->is_held ? 1 : 0;
    if (!attempt->is_held)
        tell_end(keeper, attempt);
}

static void update_idle(struct keeper *keeper)
{
    bool is_idle = keeper->alive == 0 && keeper->queued == 0 && keeper->held == 0 &&
                   !keeper_server_has_engine(keeper->server);
    if (keeper->is_ending && keeper->alive == 0)
        loop_stop(keeper->loop);
    else if (!is_idle)
        loop_cancel_timer(keeper->loop, &keeper->idle_timer);
    else if (!loop_timer_is_set(&keeper->idle_timer))
        loop_set_timer(keeper->loop, &keeper->idle_timer, keeper->options.idle);
}

/* After the server has sent what is urgent: an engine thinks about an end while the next attempt is
 * being started. */
static void on_turn_end(void *owner)
{
    struct keeper *keeper = owner;
    size_t left = keeper->queued;
    for (struct attempt *a = keeper->table.first; a != NULL && left > 0; a = a->next) {
        if (a->phase != ATTEMPT_QUEUED)
            continue;
        left--;
        if (may_start(keeper, a))
            start(keeper, a);
    }
    keeper_server_flush(keeper->server);
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
    send_message(owner,
                 (struct keeper_message){.kind = KEEPER_EVENT,
                                         .event = {.attempt_id = attempt->id, .line = line}});
}

static void on_ended(void *owner, struct attempt *attempt)
{
    struct keeper *keeper = owner;
    keeper->alive--;
    keeper->used_slots -= attempt->needs_slot ? 1 : 0;
    attempt->is_held = keeper->is_disk_full || journal_end(keeper, attempt) < 0;
    keeper->held += attempt->is_held ? 1 : 0;
    if (!attempt->is_held)
        tell_end(keeper, attempt);
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
    for (struct attempt *a = keeper->table.first; a != NULL; a = a->next)
        attempt_stop(a, KEEPER_WHY_STOP, false);
}

static void on_idle(void *owner)
{
    struct keeper *keeper = owner;
    loop_stop(keeper->loop);
}

/* Is there space again? Held ends first; without any, the next start will tell. */
static void on_disk_retry(void *owner)
{
    struct keeper *keeper = owner;
    for (struct attempt *a = keeper->table.first; a != NULL && keeper->held > 0; a = a->next) {
        if (!a->is_held)
            continue;
        if (journal_end(keeper, a) < 0)
            return;
        a->is_held = false;
        keeper->held--;
        tell_end(keeper, a);
    }
    struct error err = {0};
    if (compact(keeper, &err) < 0) {
        fall_silent(keeper, &err);
        return;
    }
    keeper->is_disk_full = false;
    tell_disk(keeper, "the journal can be written again");
}

/* --- what the engine says --------------------------------------------------------------------- */

static void tell_attempt(struct keeper *keeper, const struct attempt *attempt)
{
    struct keeper_attempt told = {.attempt_id = attempt->id,
                                  .state = KEEPER_ATTEMPT_QUEUED,
                                  .started = attempt->started,
                                  .pid = attempt->session};
    if (attempt->phase == ATTEMPT_ENDED && !attempt->is_held) {
        told.state = KEEPER_ATTEMPT_ENDED;
        told.end = attempt->end;
        told.started = attempt->end.started;
    } else if (attempt->phase != ATTEMPT_QUEUED) {
        told.state = KEEPER_ATTEMPT_RUNNING;
    }
    send_message(keeper, (struct keeper_message){.kind = KEEPER_ATTEMPT, .attempt = told});
}

static void on_hello(void *owner, const struct keeper_hello *hello)
{
    struct keeper *keeper = owner;
    keeper->slots = hello->slots;
    if (hello->version > KEEPER_PROTOCOL_VERSION)
        keeper->is_draining = true;
    struct keeper_message welcome = {
        .kind = KEEPER_WELCOME,
        .welcome = {.version = KEEPER_PROTOCOL_VERSION,
                    .is_draining = keeper->is_draining || keeper->is_ending,
                    .pid = getpid()}};
    memcpy(welcome.welcome.boot_id, keeper->boot_id, sizeof keeper->boot_id);
    send_message(keeper, welcome);
    for (const struct attempt *a = keeper->table.first; a != NULL; a = a->next)
        tell_attempt(keeper, a);
    send_message(keeper, (struct keeper_message){.kind = KEEPER_SNAPSHOT_END});
    if (keeper->is_disk_full)
        tell_disk(keeper, "the journal cannot be written");
}

static void tell_state(struct keeper *keeper, const struct attempt *attempt)
{
    if (attempt->phase == ATTEMPT_ENDED && !attempt->is_held)
        tell_end(keeper, attempt);
    else if (attempt->phase != ATTEMPT_QUEUED)
        tell_start(keeper, attempt);
}

static void take_start(struct keeper *keeper, const struct keeper_start *granted)
{
    const struct attempt *known = attempt_table_find(&keeper->table, granted->attempt_id);
    if (known != NULL) {
        tell_state(keeper, known);
    } else if (keeper->is_draining || keeper->is_ending || keeper->queued >= KEEPER_MAX_QUEUED) {
        tell_revoked(keeper, granted->attempt_id);
    } else {
        attempt_table_add(&keeper->table, attempt_new(&keeper->host, granted));
        keeper->queued++;
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
        tell_state(keeper, attempt);
        return;
    }
    if (attempt != NULL) {
        keeper->queued--;
        forget(keeper, attempt);
    }
    tell_revoked(keeper, attempt_id);
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
    struct error err = {0};
    if (keeper->journal.size >= keeper->compact_at && compact(keeper, &err) < 0)
        keeper->compact_at *= 2; /* no space for a new one; the old one is as good */
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
                                         .children_fd = process_tree_open_children(),
                                         .cgroup_root = cgroup_find_root(),
                                         .is_first = is_first,
                                         .on_event = on_event,
                                         .on_ended = on_ended,
                                         .owner = keeper};
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &keeper->host.file_limit);
    limit = keeper->host.file_limit;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    keeper->idle_timer = (struct loop_timer){.call = on_idle, .owner = keeper};
    keeper->disk_timer = (struct loop_timer){.call = on_disk_retry, .owner = keeper};
    keeper->turn_hook = (struct loop_hook){.call = on_turn_end, .owner = keeper};
}

static int open_parts(struct keeper *keeper, struct error *err)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot become a subreaper");
    if (clock_read_boot_id(keeper->boot_id, err) < 0 || loop_open(&keeper->loop, err) < 0)
        return -1;
    set_host(keeper);
    struct keeper_recovery_options recovery = {
        .folder_fd = keeper->options.folder_fd, .boot_id = keeper->boot_id, .host = &keeper->host};
    if (loop_add_signal(keeper->loop, SIGCHLD, on_child, keeper, err) < 0 ||
        loop_add_signal(keeper->loop, SIGTERM, on_terminate, keeper, err) < 0 ||
        keeper_recover(&recovery, &keeper->table, &keeper->journal, err) < 0)
        return -1;
    write_recovered(keeper);
    struct keeper_server_options options = {.loop = keeper->loop,
                                            .state_dir_fd = keeper->options.state_dir_fd,
                                            .boot_id = keeper->boot_id,
                                            .on_hello = on_hello,
                                            .on_message = on_message,
                                            .on_gone = on_gone,
                                            .owner = keeper};
    if (keeper_server_open(&options, &keeper->server, err) < 0)
        return -1;
    /* added after the server's hook: see on_turn_end() */
    loop_add_hook(keeper->loop, LOOP_PHASE_SEND, &keeper->turn_hook);
    update_idle(keeper);
    return 0;
}

int keeper_open(const struct keeper_options *options, struct keeper **ret_keeper, struct error *err)
{
    struct keeper *keeper = memory_new(1, sizeof *keeper);
    keeper->options = *options;
    keeper->slots = 1;
    keeper->compact_at = COMPACT_BYTES;
    keeper->journal.fd = -1;
    keeper->host.children_fd = -1;
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
    struct error ignored = {0};
    compact(keeper, &ignored); /* what is settled need not be told again */
    return result;
}

void keeper_close(struct keeper *keeper)
{
    if (keeper == NULL)
        return;
    keeper_server_close(keeper->server);
    journal_close(&keeper->journal);
    while (keeper->table.first != NULL)
        forget(keeper, keeper->table.first);
    cgroup_close_root(&keeper->host.cgroup_root);
    scope_close_fd(&keeper->host.children_fd);
    loop_close(keeper->loop);
    free(keeper);
}
