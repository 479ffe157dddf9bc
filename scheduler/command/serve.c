#include "scheduler/command/serve.h"

#include "scheduler/base/scope.h"
#include "scheduler/command/foreground.h"
#include "scheduler/command/project_facts.h"
#include "scheduler/command/serve_files.h"
#include "scheduler/command/serve_lock.h"
#include "scheduler/command/serve_page.h"
#include "scheduler/command/serve_story.h"
#include "scheduler/command/serve_tell.h"
#include "scheduler/daemon/daemon.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/folder_watch.h"
#include "scheduler/system/service_manager.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WATCHDOG_SHARE 2 /* told so many times in the time that the manager allows */

struct serve {
    struct context *context;
    const struct serve_options *options;
    const struct project *project;
    struct loop *loop;
    struct lock_file lock;
    struct daemon *daemon;
    struct daemon_watcher watcher;
    struct folder_watch *files; /* NULL = they cannot be watched */
    struct serve_story *story;
    struct serve_page *page; /* NULL = none */
    struct loop_hook hook;
    struct loop_timer drained; /* the time for it is over */
    struct loop_timer alive;
    struct duration watchdog; /* between two signs of life; 0 = none are wanted */
    struct instant since;
    int manager; /* of service_manager_connect() */
    int state_dir_fd;
    bool is_draining;
};

static void tell(struct serve *serve, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(struct serve *serve, const char *event, const char *format, ...)
{
    SCOPED_TEXT struct text text = {0};
    va_list args;
    va_start(args, format);
    text_append_args(&text, format, args);
    va_end(args);
    struct serve_line line = {.event = event, .text = text_string(&text)};
    serve_tell(serve->context, clock_now(), &line);
}

/* ---- what the engine says ---- */

static void tell_status(struct serve *serve, const struct notice *notice)
{
    char up[DURATION_TEXT_BYTES];
    duration_format(instant_elapsed(serve->since, clock_now()), up);
    tell(serve, "status", "up %s, %s%s", up, notice->error.text,
         serve->is_draining ? ", draining" : "");
}

static void take_notice(void *owner, const struct notice *notice)
{
    struct serve *serve = owner;
    if (notice->kind == NOTICE_KIND_REPLY)
        tell_status(serve, notice);
    else if (notice->kind == NOTICE_KIND_TROUBLE)
        tell(serve, "trouble", "%s",
             notice->reason == NULL || notice->reason[0] == '\0' ? "over" : notice->reason);
}

/* ---- files ---- */

static bool wants(void *owner, const char *path, bool is_folder)
{
    struct serve *serve = owner;
    return serve_files_matter(serve->project, path, is_folder);
}

static void files_changed(void *owner)
{
    struct serve *serve = owner;
    if (!serve->is_draining)
        daemon_reload(serve->daemon);
}

static void watch_files(struct serve *serve)
{
    struct error err = {0};
    struct folder_watch_options options = {.loop = serve->loop,
                                           .dir = serve->project->dir,
                                           .wants = wants,
                                           .changed = files_changed,
                                           .owner = serve};
    const char *why = "";
    if (folder_watch_open(&options, &serve->files, &err) < 0)
        why = err.text;
    else
        why = folder_watch_note(serve->files);
    if (why[0] != '\0')
        tell(serve, "files", "changes of files are not all seen: %s; kill -HUP %d makes it look",
             why, (int)getpid());
}

/* ---- the page ---- */

static void tell_page(void *owner, const char *text)
{
    tell(owner, "web", "%s", text);
}

static int open_page(struct serve *serve, struct error *err)
{
    struct serve_page_options options = {.context = serve->context,
                                         .loop = serve->loop,
                                         .state_dir_fd = serve->state_dir_fd,
                                         .start = serve->options->page,
                                         .tell = tell_page,
                                         .owner = serve};
    return options.start == NULL ? 0 : serve_page_open(&options, &serve->page, err);
}

/* ---- signals ---- */

static void reload(void *owner, int number)
{
    struct serve *serve = owner;
    SCOPED_TEXT struct text text = {0};
    (void)number;
    if (serve->is_draining)
        return;
    text_append_format(&text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_monotonic().us);
    service_manager_tell(serve->manager, text_string(&text));
    daemon_reload(serve->daemon);
    tell(serve, "reload", "flows and datemill.yaml are read again");
    service_manager_tell(serve->manager, "READY=1");
}

static void ask_status(void *owner, int number)
{
    struct serve *serve = owner;
    struct request request = {.kind = REQUEST_KIND_STATUS};
    (void)number;
    daemon_request(serve->daemon, &serve->watcher, &request);
}

static void end_when_drained(void *owner)
{
    struct serve *serve = owner;
    if (serve->is_draining && daemon_open_attempts(serve->daemon) == 0)
        loop_stop(serve->loop);
}

static void leave(void *owner)
{
    struct serve *serve = owner;
    loop_stop(serve->loop);
}

static void drain(void *owner, int number)
{
    struct serve *serve = owner;
    char most[DURATION_TEXT_BYTES];
    (void)number;
    if (serve->is_draining) {
        loop_stop(serve->loop);
        return;
    }
    serve->is_draining = true;
    service_manager_tell(serve->manager, "STOPPING=1\nSTATUS=waiting for what runs");
    daemon_drain(serve->daemon);
    size_t open = daemon_open_attempts(serve->daemon);
    struct duration wait =
        serve->options->drain.us < 0 ? serve->project->stop_grace : serve->options->drain;
    if (open > 0)
        tell(serve, "drain", "%zu attempt%s may finish within %s; the signal again leaves at once",
             open, open == 1 ? "" : "s", duration_format(wait, most));
    loop_set_timer(serve->loop, &serve->drained, wait);
}

static void show_life(void *owner)
{
    struct serve *serve = owner;
    service_manager_tell(serve->manager, "WATCHDOG=1");
    loop_set_timer(serve->loop, &serve->alive,
                   (struct duration){serve->watchdog.us / WATCHDOG_SHARE});
}

/* ---- beginning and end ---- */

static int open_folder(struct serve *serve, struct error *err)
{
    const char *path = serve->project->state_dir;
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make %s", path);
    serve->state_dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (serve->state_dir_fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot open %s", path);
    return 0;
}

static int add_signals(struct serve *serve, struct error *err)
{
    const struct {
        int number;
        void (*call)(void *owner, int number);
    } signals[] = {{SIGHUP, reload}, {SIGTERM, drain}, {SIGINT, drain}, {SIGUSR1, ask_status}};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (loop_add_signal(serve->loop, signals[i].number, signals[i].call, serve, err) < 0)
            return -1;
    }
    return 0;
}

static int open_daemon(struct serve *serve, struct error *err)
{
    struct context *context = serve->context;
    const char *keeper;
    if (context_companion(context, "datemill-keeper", &keeper, err) < 0)
        return -1;
    struct project_types *types = arena_alloc(&context->arena, sizeof *types);
    *types = (struct project_types){.types = context->types, .count = context->type_count};
    struct daemon_options options = {.loop = serve->loop,
                                     .place = {.project_dir = serve->project->dir,
                                               .state_dir = serve->project->state_dir,
                                               .libexec_dir = context->libexec_dir,
                                               .types = types},
                                     .is_server = true};
    if (daemon_open(&options, &serve->daemon, err) < 0)
        return -1;
    serve->watcher = (struct daemon_watcher){
        .tell = take_notice, .owner = serve, .who = foreground_user(context)};
    daemon_add_watcher(serve->daemon, &serve->watcher);
    return serve_story_open(context, serve->loop, &serve->story, err);
}

/* The first line, and what systemctl shows. It reads all flows: the engine is at work already, and
 * notes by itself which of them are wrong. */
static int tell_start(struct serve *serve, struct error *err)
{
    struct context *context = serve->context;
    struct project_flows flows;
    SCOPED_TEXT struct text text = {0};
    if (project_facts_flows(context, &flows, err) < 0)
        return -1;
    text_append_format(&text, "%zu scheduled, %zu by hand, %zu invalid", flows.scheduled,
                       flows.manual, flows.invalid_count);
    SCOPED_TEXT struct text status = {0};
    text_append_format(&status, "STATUS=%s", text_string(&text));
    service_manager_tell(serve->manager, text_string(&status));
    if (flows.calendar.count > 0)
        text_append_format(&text, "; next %s", calendar_facts_line(context, &flows.calendar, 0));
    int64_t slots = serve->project->slots;
    tell(serve, "start", "pid %d   %s   %s   %" PRId64 " slots   %s", (int)getpid(),
         serve->project->dir, serve->project->timezone,
         slots > 0 ? slots : (int64_t)sysconf(_SC_NPROCESSORS_ONLN), text_string(&text));
    return 0;
}

static int begin(struct serve *serve, struct error *err)
{
    struct context *context = serve->context;
    struct error unheard = {0};
    if (service_manager_connect(getenv("NOTIFY_SOCKET"), &serve->manager, &unheard) < 0)
        context_note(context, "%s", unheard.text);
    if (context_project(context, &serve->project, err) < 0 || open_folder(serve, err) < 0 ||
        serve_lock_take(context, serve->state_dir_fd, &serve->lock, err) < 0 ||
        loop_open(&serve->loop, err) < 0 || add_signals(serve, err) < 0 ||
        open_daemon(serve, err) < 0)
        return -1;
    loop_add_hook(serve->loop, LOOP_PHASE_SEND, &serve->hook);
    watch_files(serve);
    service_manager_tell(serve->manager, "READY=1");
    if (serve->watchdog.us > 0)
        show_life(serve);
    int result = tell_start(serve, err);
    if (result == 0)
        result = open_page(serve, err);
    malloc_trim(0); /* what reading all flows took is not needed for months */
    return result;
}

static void end(struct serve *serve)
{
    size_t left = serve->daemon != NULL ? daemon_open_attempts(serve->daemon) : 0;
    folder_watch_close(serve->files);
    serve_page_close(serve->page);
    if (serve->daemon != NULL && serve->watcher.tell != NULL)
        daemon_remove_watcher(serve->daemon, &serve->watcher);
    daemon_close(serve->daemon);
    lock_file_release(&serve->lock);
    serve_story_close(serve->story);
    if (serve->is_draining)
        tell(serve, "stop", "%s",
             left == 0 ? "nothing runs any more" : "what runs goes on; the next start takes it up");
    if (serve->loop != NULL) {
        loop_remove_hook(serve->loop, &serve->hook);
        loop_cancel_timer(serve->loop, &serve->drained);
        loop_cancel_timer(serve->loop, &serve->alive);
    }
    loop_close(serve->loop);
    if (serve->state_dir_fd >= 0)
        close(serve->state_dir_fd);
    if (serve->manager >= 0)
        close(serve->manager);
}

int serve_work(struct context *context, const struct serve_options *options, struct error *err)
{
    struct serve serve = {
        .context = context,
        .options = options,
        .lock = {.fd = -1},
        .since = clock_now(),
        .manager = -1,
        .state_dir_fd = -1,
        .watchdog = service_manager_watchdog(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"))};
    serve.hook = (struct loop_hook){.call = end_when_drained, .owner = &serve};
    serve.drained = (struct loop_timer){.call = leave, .owner = &serve};
    serve.alive = (struct loop_timer){.call = show_life, .owner = &serve};
    int result = begin(&serve, err);
    if (result == 0)
        result = loop_run(serve.loop, err);
    end(&serve);
    return result;
}
