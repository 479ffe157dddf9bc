#include "scheduler/daemon/retention.h"

#include "scheduler/base/memory.h"
#include "scheduler/daemon/pruning.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct retention {
    struct daemon *daemon;
    struct duration keep_runs; /* as it was read; 0 = everything stays */
    struct duration keep_logs;
    struct loop_timer timer;
    char left[sizeof((struct prune_result *)NULL)->left_first]; /* told: what is in the way */
};

static struct duration pause_of(const struct retention *retention)
{
    struct duration least = duration_ms(RETENTION_FIRST_MS);
    int64_t shortest =
        retention->keep_logs.us > 0 ? retention->keep_logs.us : retention->keep_runs.us;
    int64_t us = shortest / RETENTION_SHARE;
    if (us > DURATION_DAY_US)
        us = DURATION_DAY_US;
    return us < least.us ? least : (struct duration){us};
}

static void look_again(struct retention *retention)
{
    loop_set_timer(retention->daemon->loop, &retention->timer, pause_of(retention));
}

/* Told once: it is there again the next time. */
static void note_left(struct retention *retention, const struct prune_result *result)
{
    struct turn *turn = &retention->daemon->turn;
    if (strcmp(retention->left, result->left_first) == 0)
        return;
    memcpy(retention->left, result->left_first, sizeof retention->left);
    if (result->left == 0)
        return;
    struct turn_note *note = arena_alloc(&turn->arena, sizeof *note);
    *note = (struct turn_note){
        .flow = "",
        .text = arena_format(&turn->arena,
                             "keep: %" PRId64 " in .datemill cannot be removed; the first: %s",
                             result->left, result->left_first),
        .at = clock_now()};
    TURN_ADD(turn->notes, note);
    loop_want_turn(retention->daemon->loop);
}

static void tell(void *owner, const struct prune_result *result, bool is_over,
                 const struct error *error)
{
    struct retention *retention = owner;
    if (!is_over)
        return;
    if (error == NULL)
        note_left(retention, result);
    look_again(retention);
}

static void on_time(void *owner)
{
    struct retention *retention = owner;
    struct pruning_options options = {.keep_runs = retention->keep_runs,
                                      .keep_logs = retention->keep_logs,
                                      .is_silent_about_nothing = true,
                                      .tell = tell,
                                      .owner = retention};
    if (pruning_start(retention->daemon, &options, NULL) < 0)
        look_again(retention);
}

void retention_read(struct retention *retention)
{
    if (retention == NULL)
        return;
    const struct project *project = retention->daemon->project;
    if (project->keep_runs.us == retention->keep_runs.us &&
        project->keep_logs.us == retention->keep_logs.us)
        return;
    pruning_end(retention->daemon, retention);
    retention->keep_runs = project->keep_runs;
    retention->keep_logs = project->keep_logs;
    loop_cancel_timer(retention->daemon->loop, &retention->timer);
    if (retention->keep_runs.us > 0 || retention->keep_logs.us > 0)
        loop_set_timer(retention->daemon->loop, &retention->timer, duration_ms(RETENTION_FIRST_MS));
}

struct retention *retention_open(struct daemon *daemon)
{
    struct retention *retention = memory_new(1, sizeof *retention);
    retention->daemon = daemon;
    retention->timer = (struct loop_timer){.call = on_time, .owner = retention};
    retention_read(retention);
    return retention;
}

void retention_close(struct retention *retention)
{
    if (retention == NULL)
        return;
    pruning_end(retention->daemon, retention);
    loop_cancel_timer(retention->daemon->loop, &retention->timer);
    free(retention);
}
