#include "scheduler/command/foreground.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/zone.h"
#include "scheduler/command/run_view.h"
#include "scheduler/daemon/session.h"
#include "scheduler/flow/message.h"
#include "scheduler/system/clock.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define FOREGROUND_TICK_MS 100     /* between looks at the live part */
#define FOREGROUND_SILENCE_MS 5000 /* an engine that does not answer is named after this */

/* A command at work. */
struct foreground {
    struct context *context;
    const struct foreground_options *options;
    struct loop *loop;
    struct session *session;
    struct run_view *view;
    struct loop_timer tick;
    struct loop_timer silence; /* until the engine has answered */
    const struct project *project;
    struct loop_hook flush;
    int64_t request; /* number of the first request */
    bool is_answered;
    int64_t run_ids[NOTICE_MAX_RUNS];
    bool is_over[NOTICE_MAX_RUNS];
    size_t run_count;
    size_t over_count;
    bool has_failed;
    int interrupts;
    int signal; /* the first one that came */
    bool is_broken;
    struct error error;
};

const char *foreground_user(struct context *context)
{
    struct passwd entry;
    struct passwd *found = NULL;
    char buffer[4096];
    if (getpwuid_r(getuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
        return arena_copy_string(&context->arena, found->pw_name);
    return arena_format(&context->arena, "uid %ld", (long)getuid());
}

static void fail(void *owner, const struct error *error)
{
    struct foreground *foreground = owner;
    foreground->is_broken = true;
    foreground->error = *error;
    loop_stop(foreground->loop);
}

static void note_end(struct foreground *foreground, const struct notice *notice)
{
    for (size_t i = 0; i < foreground->run_count; i++) {
        if (foreground->run_ids[i] != notice->run_id || foreground->is_over[i])
            continue;
        foreground->is_over[i] = true;
        foreground->over_count++;
        if (strcmp(notice->state, "success") != 0)
            foreground->has_failed = true;
    }
    if (foreground->over_count == foreground->run_count)
        loop_stop(foreground->loop);
}

static void take_reply(struct foreground *foreground, const struct notice *notice)
{
    if (notice->request != foreground->request)
        return;
    foreground->is_answered = true;
    loop_cancel_timer(foreground->loop, &foreground->silence);
    if (notice->error.kind != ERROR_KIND_NONE) {
        fail(foreground, &notice->error);
        return;
    }
    foreground->run_count = notice->run_count;
    memcpy(foreground->run_ids, notice->run_ids, sizeof foreground->run_ids);
    if (foreground->run_count == 0)
        loop_stop(foreground->loop);
}

static void tell(void *owner, const struct notice *notice)
{
    struct foreground *foreground = owner;
    if (notice->kind == NOTICE_KIND_REPLY) {
        take_reply(foreground, notice);
        return;
    }
    if (foreground->view != NULL)
        run_view_notice(foreground->view, notice);
    else if (notice->kind == NOTICE_KIND_TROUBLE)
        context_note(foreground->context, "%s",
                     notice->reason[0] == '\0' ? "it goes on" : notice->reason);
    if (notice->kind == NOTICE_KIND_RUN_END)
        note_end(foreground, notice);
}

static void tick(void *owner)
{
    struct foreground *foreground = owner;
    if (run_view_tick(foreground->view))
        loop_set_timer(foreground->loop, &foreground->tick, duration_ms(FOREGROUND_TICK_MS));
}

static void flush(void *owner)
{
    struct foreground *foreground = owner;
    run_view_flush(foreground->view);
}

static void ask_to_stop(struct foreground *foreground)
{
    struct request request = {.kind = REQUEST_KIND_STOP,
                              .who = foreground->options->request->who,
                              .reason = "interrupted",
                              .run_count = foreground->run_count};
    memcpy(request.run_ids, foreground->run_ids, sizeof request.run_ids);
    switch (foreground->interrupts) {
    case 1:
        request.force = REQUEST_FORCE_DRAIN;
        run_view_say(foreground->view, "stopping: nothing new starts, what runs will finish "
                                       "(Ctrl-C again to stop it)");
        break;
    case 2:
        request.force = REQUEST_FORCE_STOP;
        run_view_say(foreground->view, "stopping what runs (Ctrl-C again to kill it)");
        break;
    default:
        request.force = REQUEST_FORCE_KILL;
        break;
    }
    session_request(foreground->session, &request);
}

static void interrupt(void *owner, int number)
{
    struct foreground *foreground = owner;
    if (foreground->signal == 0)
        foreground->signal = number;
    foreground->interrupts++;
    if (foreground->options->only_watches || !foreground->is_answered) {
        loop_stop(foreground->loop);
        return;
    }
    ask_to_stop(foreground);
}

static int open_session(struct foreground *foreground, const struct project *project,
                        struct error *err)
{
    struct context *context = foreground->context;
    const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    if (loop_open(&foreground->loop, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (loop_add_signal(foreground->loop, signals[i], interrupt, foreground, err) < 0)
            return -1;
    }
    const char *keeper;
    if (context_companion(context, "datemill-keeper", &keeper, err) < 0)
        return -1;
    static const struct project_types none = {0};
    struct project_types *types = arena_alloc(&context->arena, sizeof none);
    *types = (struct project_types){.types = context->types, .count = context->type_count};
    struct session_options options = {.loop = foreground->loop,
                                      .place = {.project_dir = project->dir,
                                                .state_dir = project->state_dir,
                                                .libexec_dir = context->libexec_dir,
                                                .types = types},
                                      .tell = tell,
                                      .fail = fail,
                                      .owner = foreground,
                                      .who = foreground_user(context)};
    return session_open(&options, &foreground->session, err);
}

static void close_all(struct foreground *foreground)
{
    session_close(foreground->session);
    if (foreground->view != NULL) {
        run_view_flush(foreground->view);
        loop_cancel_timer(foreground->loop, &foreground->tick);
        loop_cancel_timer(foreground->loop, &foreground->silence);
        loop_remove_hook(foreground->loop, &foreground->flush);
        run_view_free(foreground->view);
    }
    loop_close(foreground->loop);
}

/* Who holds the engine's lock, with the times of the flow's zone left out: they are local. */
static bool find_holder(const struct foreground *foreground, struct lock_holder *ret_holder)
{
    SCOPED_FD int folder = open(foreground->project->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder >= 0 && lock_file_holder(folder, ENGINE_LOCK_NAME, ret_holder, NULL) == 0 &&
           ret_holder->pid != 0;
}

static void name_silent_engine(void *owner)
{
    struct foreground *foreground = owner;
    struct lock_holder holder;
    if (!find_holder(foreground, &holder) || holder.pid == getpid())
        return;
    run_view_say(foreground->view, "waiting for the engine, pid %lld (%s), which does not answer",
                 (long long)holder.pid, holder.command);
}

/* The message of a lock that another holds who does not listen; other errors are main's to show. */
static void show_lock(struct foreground *foreground, struct error *err)
{
    struct lock_holder holder;
    if (strcmp(err->code, SESSION_LOCKED_CODE) != 0 || !find_holder(foreground, &holder))
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
        .started = arena_format(&foreground->context->arena, "%.8s UTC", stamp + 11),
        .held_seconds = instant_minus(clock_now(), holder.since).us / DURATION_SECOND_US,
        .waited_seconds = SESSION_PATIENCE_S};
    struct diagnostics problems;
    diagnostics_init(&problems);
    message_lock_held(&problems, &lock);
    context_show_problems(foreground->context, &problems);
    diagnostics_free(&problems);
    *err = (struct error){.kind = ERROR_KIND_BUSY};
}

static int exit_code(const struct foreground *foreground)
{
    if (foreground->signal != 0)
        return foreground->signal == SIGTERM ? 143 : foreground->signal == SIGHUP ? 129 : 130;
    return foreground->has_failed ? 1 : 0;
}

static int follow(struct foreground *foreground, struct error *err)
{
    struct run_view_options view = {.context = foreground->context,
                                    .said_date = foreground->options->said_date};
    foreground->view = run_view_new(&view);
    foreground->tick = (struct loop_timer){.call = tick, .owner = foreground};
    foreground->flush = (struct loop_hook){.call = flush, .owner = foreground};
    loop_add_hook(foreground->loop, LOOP_PHASE_SEND, &foreground->flush);
    foreground->silence = (struct loop_timer){.call = name_silent_engine, .owner = foreground};
    loop_set_timer(foreground->loop, &foreground->silence, duration_ms(FOREGROUND_SILENCE_MS));
    tick(foreground);
    foreground->request = session_request(foreground->session, foreground->options->request);
    if (loop_run(foreground->loop, err) < 0)
        return -1;
    if (foreground->is_broken) {
        *err = foreground->error;
        return -1;
    }
    return exit_code(foreground);
}

int foreground_follow(struct context *context, const struct foreground_options *options,
                      struct error *err)
{
    const struct project *project;
    if (context_project(context, &project, err) < 0)
        return -1;
    struct foreground foreground = {.context = context, .options = options, .project = project};
    int result = open_session(&foreground, project, err);
    if (result == 0)
        result = follow(&foreground, err);
    close_all(&foreground);
    if (result < 0)
        show_lock(&foreground, err);
    return result;
}
