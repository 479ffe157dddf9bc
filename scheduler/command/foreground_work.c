#include "scheduler/command/foreground_work.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/zone.h"
#include "scheduler/daemon/session.h"
#include "scheduler/flow/message.h"
#include "scheduler/system/clock.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define WORK_TICK_MS 100     /* between looks at the live part */
#define WORK_SILENCE_MS 5000 /* an engine that does not answer is named after this */

struct foreground_work {
    struct context *context;
    const struct foreground_actions *actions;
    const struct project *project;
    struct loop *loop;
    struct session *session;
    struct loop_timer tick;
    struct loop_timer silence; /* until the engine has answered */
    struct loop_hook flush;
    int64_t request; /* number of the first one */
    bool is_answered;
    int interrupts;
    int signal; /* the first one that came */
    bool is_broken;
    struct error error;
};

static void fail(void *owner, const struct error *error)
{
    struct foreground_work *work = owner;
    work->is_broken = true;
    work->error = *error;
    loop_stop(work->loop);
}

static void take_reply(struct foreground_work *work, const struct notice *notice)
{
    if (notice->request != work->request)
        return;
    work->is_answered = true;
    loop_cancel_timer(work->loop, &work->silence);
    if (notice->error.kind != ERROR_KIND_NONE)
        fail(work, &notice->error);
    else
        work->actions->reply(work->actions->owner, work, notice);
}

static void tell(void *owner, const struct notice *notice)
{
    struct foreground_work *work = owner;
    if (notice->kind == NOTICE_KIND_REPLY)
        take_reply(work, notice);
    else
        work->actions->notice(work->actions->owner, work, notice);
}

static void tick(void *owner)
{
    struct foreground_work *work = owner;
    if (work->actions->tick(work->actions->owner))
        loop_set_timer(work->loop, &work->tick, duration_ms(WORK_TICK_MS));
}

static void flush(void *owner)
{
    struct foreground_work *work = owner;
    work->actions->flush(work->actions->owner);
}

static void interrupt(void *owner, int number)
{
    struct foreground_work *work = owner;
    if (work->signal == 0)
        work->signal = number;
    work->interrupts++;
    if (work->actions->interrupt == NULL || !work->is_answered)
        loop_stop(work->loop);
    else
        work->actions->interrupt(work->actions->owner, work, work->interrupts);
}

void foreground_work_send(struct foreground_work *work, const struct request *request)
{
    session_request(work->session, request);
}

void foreground_work_end(struct foreground_work *work)
{
    loop_stop(work->loop);
}

/* Who holds the engine's lock, with the times of the flow's zone left out: they are local. */
static bool find_holder(const struct foreground_work *work, struct lock_holder *ret_holder)
{
    SCOPED_FD int folder = open(work->project->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder >= 0 && lock_file_holder(folder, ENGINE_LOCK_NAME, ret_holder, NULL) == 0 &&
           ret_holder->pid != 0;
}

static void name_silent_engine(void *owner)
{
    struct foreground_work *work = owner;
    struct lock_holder holder;
    if (!find_holder(work, &holder) || holder.pid == getpid())
        return;
    SCOPED_TEXT struct text line = {0};
    text_append_format(&line, "waiting for the engine, pid %lld (%s), which does not answer",
                       (long long)holder.pid, holder.command);
    work->actions->say(work->actions->owner, text_string(&line));
}

/* The message of a lock that another holds who does not listen; other errors are main's to show. */
static void show_lock(struct foreground_work *work, struct error *err)
{
    struct lock_holder holder;
    if (strcmp(err->code, SESSION_LOCKED_CODE) != 0 || !find_holder(work, &holder))
        return;
    struct zone *zone;
    char stamp[ZONE_RFC3339_BYTES] = "";
    if (zone_load("UTC", &zone, NULL) == 0) {
        zone_format_rfc3339(zone, holder.started, stamp);
        zone_free(zone);
    }
    struct message_lock lock = {
        .store_path = ".datemill/state.db",
        .lock_path = ".datemill/" ENGINE_LOCK_NAME,
        .pid = holder.pid,
        .command = holder.command,
        .user = holder.user,
        .started = arena_format(&work->context->arena, "%.8s UTC", stamp + 11),
        .held_seconds = instant_minus(clock_now(), holder.since).us / DURATION_SECOND_US,
        .waited_seconds = SESSION_PATIENCE_S};
    struct diagnostics problems;
    diagnostics_init(&problems);
    message_lock_held(&problems, &lock);
    context_show_problems(work->context, &problems);
    diagnostics_free(&problems);
    *err = (struct error){.kind = ERROR_KIND_BUSY};
}

static int open_session(struct foreground_work *work, const char *who, struct error *err)
{
    struct context *context = work->context;
    const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    if (loop_open(&work->loop, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (loop_add_signal(work->loop, signals[i], interrupt, work, err) < 0)
            return -1;
    }
    const char *keeper;
    if (context_companion(context, "datemill-keeper", &keeper, err) < 0)
        return -1;
    struct project_types *types = arena_alloc(&context->arena, sizeof *types);
    *types = (struct project_types){.types = context->types, .count = context->type_count};
    struct daemon_ready *ready = arena_alloc(&context->arena, sizeof *ready);
    *ready = (struct daemon_ready){.source = context->source,
                                   .project = context->project,
                                   .flow = context_newest_flow(context),
                                   .until.us = clock_monotonic().us + DURATION_SECOND_US};
    struct session_options options = {.loop = work->loop,
                                      .place = {.project_dir = work->project->dir,
                                                .state_dir = work->project->state_dir,
                                                .libexec_dir = context->libexec_dir,
                                                .types = types,
                                                .ready = ready->flow == NULL ? NULL : ready},
                                      .tell = tell,
                                      .fail = fail,
                                      .owner = work,
                                      .who = who};
    return session_open(&options, &work->session, err);
}

static int run_loop(struct foreground_work *work, const struct request *request, struct error *err)
{
    work->tick = (struct loop_timer){.call = tick, .owner = work};
    work->silence = (struct loop_timer){.call = name_silent_engine, .owner = work};
    work->flush = (struct loop_hook){.call = flush, .owner = work};
    loop_add_hook(work->loop, LOOP_PHASE_SEND, &work->flush);
    loop_set_timer(work->loop, &work->silence, duration_ms(WORK_SILENCE_MS));
    tick(work);
    work->request = session_request(work->session, request);
    int result = loop_run(work->loop, err);
    if (result == 0 && work->is_broken) {
        *err = work->error;
        result = -1;
    }
    return result;
}

static void close_all(struct foreground_work *work)
{
    session_close(work->session);
    work->actions->flush(work->actions->owner);
    if (work->flush.call != NULL) {
        loop_cancel_timer(work->loop, &work->tick);
        loop_cancel_timer(work->loop, &work->silence);
        loop_remove_hook(work->loop, &work->flush);
    }
    loop_close(work->loop);
}

int foreground_work_do(struct context *context, const struct foreground_actions *actions,
                       const struct request *request, struct error *err)
{
    struct foreground_work work = {.context = context, .actions = actions};
    if (context_project(context, &work.project, err) < 0)
        return -1;
    int result = open_session(&work, request->who, err);
    if (result == 0)
        result = run_loop(&work, request, err);
    close_all(&work);
    if (result < 0)
        show_lock(&work, err);
    else if (work.signal != 0)
        result = work.signal == SIGTERM ? 143 : work.signal == SIGHUP ? 129 : 130;
    return result;
}
