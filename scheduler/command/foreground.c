#include "scheduler/command/foreground.h"

#include "scheduler/command/foreground_work.h"
#include "scheduler/command/run_view.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

/* Runs that a command follows. */
struct foreground {
    const struct foreground_options *options;
    struct run_view *view;
    int64_t run_ids[NOTICE_MAX_RUNS];
    bool is_over[NOTICE_MAX_RUNS];
    size_t run_count;
    size_t over_count;
    bool has_failed;
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

static void take_reply(void *owner, struct foreground_work *work, const struct notice *notice)
{
    struct foreground *foreground = owner;
    foreground->run_count = notice->run_count;
    memcpy(foreground->run_ids, notice->run_ids, sizeof foreground->run_ids);
    if (foreground->run_count == 0)
        foreground_work_end(work);
}

static void note_end(struct foreground *foreground, struct foreground_work *work,
                     const struct notice *notice)
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
        foreground_work_end(work);
}

static void take_notice(void *owner, struct foreground_work *work, const struct notice *notice)
{
    struct foreground *foreground = owner;
    run_view_notice(foreground->view, notice);
    if (notice->kind == NOTICE_KIND_RUN_END)
        note_end(foreground, work, notice);
}

static void say(void *owner, const char *line)
{
    struct foreground *foreground = owner;
    run_view_say(foreground->view, "%s", line);
}

static void interrupt(void *owner, struct foreground_work *work, int times)
{
    struct foreground *foreground = owner;
    struct request request = {.kind = REQUEST_KIND_STOP,
                              .who = foreground->options->request->who,
                              .reason = "interrupted",
                              .run_count = foreground->run_count};
    memcpy(request.run_ids, foreground->run_ids, sizeof request.run_ids);
    switch (times) {
    case 1:
        request.force = REQUEST_FORCE_DRAIN;
        say(owner, "stopping: nothing new starts, what runs will finish "
                   "(Ctrl-C again to stop it)");
        break;
    case 2:
        request.force = REQUEST_FORCE_STOP;
        say(owner, "stopping what runs (Ctrl-C again to kill it)");
        break;
    default:
        request.force = REQUEST_FORCE_KILL;
        break;
    }
    foreground_work_send(work, &request);
}

static bool tick(void *owner)
{
    struct foreground *foreground = owner;
    return run_view_tick(foreground->view);
}

static void flush(void *owner)
{
    struct foreground *foreground = owner;
    run_view_flush(foreground->view);
}

int foreground_follow(struct context *context, const struct foreground_options *options,
                      struct error *err)
{
    struct run_view_options view = {.context = context, .said_date = options->said_date};
    struct foreground foreground = {.options = options, .view = run_view_new(&view)};
    struct foreground_actions actions = {.owner = &foreground,
                                         .reply = take_reply,
                                         .notice = take_notice,
                                         .interrupt = options->only_watches ? NULL : interrupt,
                                         .say = say,
                                         .tick = tick,
                                         .flush = flush};
    int result = foreground_work_do(context, &actions, options->request, err);
    run_view_free(foreground.view);
    return result == 0 && foreground.has_failed ? 1 : result;
}
