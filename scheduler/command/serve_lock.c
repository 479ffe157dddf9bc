#include "scheduler/command/serve_lock.h"

#include "scheduler/command/engine_ask.h"
#include "scheduler/command/project_facts.h"
#include "scheduler/daemon/daemon.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <string.h>

#define ASK_WAIT_MS 2000 /* for an answer */
#define LOCK_WAIT_MS 250 /* for the lock, before somebody is asked again */
#define LOCKED_CODE "E501"

/* Taking the lock, in steps. */
struct taking {
    struct context *context;
    int state_dir_fd;
    bool has_said; /* that it waits */
};

static int refuse(struct taking *taking, const char *what, struct error *err)
{
    struct context *context = taking->context;
    struct lock_holder holder = {0};
    char since[ZONE_RFC3339_BYTES];
    struct error ignored = {0};
    if (lock_file_holder(taking->state_dir_fd, ENGINE_LOCK_NAME, &holder, &ignored) < 0)
        holder = (struct lock_holder){0};
    const struct zone *zone = context_shown_zone(context, context->project->timezone);
    zone_format_rfc3339(zone, holder.since, since);
    error_set(err, ERROR_KIND_BUSY, "%s: pid %" PRId64 " of %s, since %.10s %.8s %s", what,
              holder.pid, holder.user, since, since + 11, since + 23);
    memcpy(err->code, LOCKED_CODE, sizeof LOCKED_CODE);
    return error_help(err, "%s", holder.command);
}

/* 1: another server has the lock. Who does not answer yet, or any more, is asked again. */
static int ask_to_leave(struct taking *taking)
{
    struct engine_talk *talk;
    struct notice reply;
    struct error ignored = {0};
    const struct request status = {.kind = REQUEST_KIND_STATUS};
    const struct request leave = {.kind = REQUEST_KIND_STEP_DOWN};
    const struct duration wait = duration_ms(ASK_WAIT_MS);
    if (engine_talk_open(taking->context, &talk, &ignored) < 0)
        return 0;
    bool is_server = false;
    if (engine_talk_ask(talk, &status, wait, &reply, &ignored) == 0)
        is_server = strcmp(reply.state, NOTICE_STATE_SERVER) == 0;
    if (!is_server && !taking->has_said) {
        taking->has_said = true;
        context_note(taking->context, "a command is the engine now: it is asked to hand over");
    }
    if (!is_server)
        engine_talk_ask(talk, &leave, wait, &reply, &ignored);
    engine_talk_close(talk);
    return is_server;
}

int serve_lock_take(struct context *context, int state_dir_fd, struct lock_file *ret_lock,
                    struct error *err)
{
    struct taking taking = {.context = context, .state_dir_fd = state_dir_fd};
    int64_t end = clock_monotonic().us + duration_seconds(SERVE_LOCK_PATIENCE_S).us;
    while (clock_monotonic().us < end) {
        if (lock_file_try(state_dir_fd, ENGINE_LOCK_NAME, ret_lock, err) == 0)
            return 0;
        if (err->kind != ERROR_KIND_BUSY)
            return -1;
        if (ask_to_leave(&taking) == 1)
            return refuse(&taking, "datemill serve is running already", err);
        if (lock_file_wait(state_dir_fd, ENGINE_LOCK_NAME, duration_ms(LOCK_WAIT_MS), ret_lock,
                           err) == 0)
            return 0;
    }
    return refuse(&taking, "the project's engine does not step down", err);
}
