#include "scheduler/daemon/daemon.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/daemon/backfill.h"
#include "scheduler/daemon/capacity.h"
#include "scheduler/daemon/connections.h"
#include "scheduler/daemon/daemon_state.h"
#include "scheduler/daemon/firing.h"
#include "scheduler/daemon/freezes.h"
#include "scheduler/daemon/needs.h"
#include "scheduler/daemon/outbox.h"
#include "scheduler/daemon/pruning.h"
#include "scheduler/daemon/retention.h"
#include "scheduler/daemon/waits.h"
#include "scheduler/system/clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define DAEMON_PROGRAM "datemill"
#define CLOCK_STEP_US DURATION_SECOND_US /* less is the clock's being steered, or our being slow */

/* The engine hears of it when somebody has set the clock. */
static void look_at_clock(struct daemon *daemon, struct instant now)
{
    struct duration ahead = {now.us - clock_boottime().us};
    struct duration by = {ahead.us - daemon->clock_ahead.us};
    daemon->clock_ahead = ahead;
    if (by.us < CLOCK_STEP_US && by.us > -CLOCK_STEP_US)
        return;
    struct event event = {.kind = EVENT_TIME, .now = now, .clock_set_by = by};
    engine_step(daemon->engine, &event, &daemon->turn.actions, NULL);
    waits_set_clock(daemon);
}

int daemon_step(struct daemon *daemon, struct event *event, struct error *err)
{
    event->now = clock_now();
    look_at_clock(daemon, event->now);
    return engine_step(daemon->engine, event, &daemon->turn.actions, err);
}

static void on_commit(void *owner)
{
    turn_end(owner);
}

static void on_time(void *owner)
{
    struct daemon *daemon = owner;
    struct event event = {.kind = EVENT_TIME};
    daemon_step(daemon, &event, NULL);
}

/* The turn that follows does the work. */
static void on_again(void *owner)
{
    (void)owner;
}

static int open_keeper(struct daemon *daemon, int64_t epoch, struct error *err)
{
    SCOPED_TEXT struct text program = {0};
    text_append_format(&program, "%s/datemill-keeper", daemon->place.libexec_dir);
    struct keeper_client_options options = {.loop = daemon->loop,
                                            .state_dir = daemon->place.state_dir,
                                            .program = text_string(&program),
                                            .epoch = epoch,
                                            .slots = daemon->project->slots,
                                            .on_message = keeper_link_message,
                                            .owner = daemon};
    return keeper_client_open(&options, &daemon->keeper, err);
}

static int open_parts(struct daemon *daemon, struct error *err)
{
    const char *state_dir = daemon->place.state_dir;
    int64_t epoch;
    if (capacity_read(daemon, err) < 0 ||
        store_open_writer(state_dir, DAEMON_PROGRAM, &daemon->store, err) < 0 ||
        clock_read_boot_id(daemon->boot_id, err) < 0 ||
        store_next_epoch(daemon->store, daemon->boot_id, clock_now(), &epoch, err) < 0)
        return -1;
    struct engine_options options = {.next_attempt_id = store_next_attempt_id(daemon->store),
                                     .grant_ahead = ENGINE_GRANT_AHEAD};
    daemon->engine = engine_new(&options);
    if (capacity_set(daemon, err) < 0 || freezes_load(daemon, err) < 0 ||
        restore_open_runs(daemon, err) < 0)
        return -1;
    needs_look(daemon, NULL);
    if (daemon->is_server &&
        (backfill_load_running(daemon, err) < 0 || firing_open(daemon, &daemon->firing, err) < 0))
        return -1;
    if (daemon->is_server)
        daemon->outbox = outbox_open(daemon);
    if (open_keeper(daemon, epoch, err) < 0)
        return -1;
    daemon->state_dir_fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (daemon->state_dir_fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "%s", state_dir);
    if (daemon->is_server)
        daemon->retention = retention_open(daemon);
    return daemon->settles_only ? 0 : connections_open(daemon, err);
}

int daemon_open(const struct daemon_options *options, struct daemon **ret_daemon, struct error *err)
{
    struct daemon *daemon = memory_new(1, sizeof *daemon);
    daemon->loop = options->loop;
    daemon->place = options->place;
    daemon->settles_only = options->settles_only;
    daemon->is_server = options->is_server;
    daemon->asked_to_leave = options->asked_to_leave;
    daemon->owner = options->owner;
    daemon->state_dir_fd = -1;
    daemon->finder = reference_finder_new();
    grant_read_environment(daemon);
    daemon->commit_hook = (struct loop_hook){.call = on_commit, .owner = daemon};
    daemon->wakeup = (struct loop_timer){.call = on_time, .owner = daemon};
    daemon->commit_again = (struct loop_timer){.call = on_again, .owner = daemon};
    daemon->commit_soon = (struct loop_timer){.call = on_again, .owner = daemon};
    loop_add_hook(daemon->loop, LOOP_PHASE_COMMIT, &daemon->commit_hook);
    if (open_parts(daemon, err) < 0) {
        daemon_close(daemon);
        return -1;
    }
    *ret_daemon = daemon;
    return 0;
}

static void free_runs(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->run_count; i++)
        daemon_runs_free(daemon, daemon->runs[i]);
    for (size_t i = 0; i < daemon->attempt_count; i++)
        free(daemon->attempts[i].log_path);
    free(daemon->runs);
    free(daemon->attempts);
}

void daemon_close(struct daemon *daemon)
{
    if (daemon == NULL)
        return;
    retention_close(daemon->retention);
    pruning_end(daemon, NULL);
    firing_stop(daemon->firing);
    if (daemon->engine != NULL && daemon->store != NULL)
        turn_end(daemon);
    connections_close(daemon);
    waits_close(daemon);
    outbox_close(daemon->outbox);
    keeper_client_close(daemon->keeper);
    loop_remove_hook(daemon->loop, &daemon->commit_hook);
    loop_cancel_timer(daemon->loop, &daemon->wakeup);
    loop_cancel_timer(daemon->loop, &daemon->commit_again);
    loop_cancel_timer(daemon->loop, &daemon->commit_soon);
    turn_clear(daemon);
    action_list_free(&daemon->turn.actions);
    firing_close(daemon->firing);
    backfill_free_all(daemon);
    free_runs(daemon);
    free(daemon->known);
    free(daemon->known_ends);
    arena_free(&daemon->known_arena);
    engine_free(daemon->engine);
    store_close(daemon->store);
    freezes_free(daemon);
    project_free(daemon->project);
    free(daemon->pools);
    reference_finder_free(daemon->finder);
    for (size_t i = 0; i < TROUBLE_COUNT; i++)
        free(daemon->trouble[i]);
    arena_free(&daemon->arena);
    if (daemon->state_dir_fd >= 0)
        close(daemon->state_dir_fd);
    free(daemon);
}

void daemon_drain(struct daemon *daemon)
{
    daemon->is_draining = true;
    firing_stop(daemon->firing);
    retention_close(daemon->retention);
    daemon->retention = NULL;
    watch_hold_all(daemon);
}

size_t daemon_open_attempts(const struct daemon *daemon)
{
    struct engine_counts counts = engine_count(daemon->engine);
    return counts.running + counts.granted;
}

bool daemon_is_settled(const struct daemon *daemon)
{
    return daemon->is_settled;
}
