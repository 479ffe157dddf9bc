#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/project_facts.h"
#include "scheduler/command/store_copy.h"
#include "scheduler/daemon/daemon.h"
#include "scheduler/store/store_load.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/keeper_protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define KEEPER_WAIT_S 15

static const struct option restore_options[] = {
    {.name = "yes", .help = "do not ask"},
    {.name = NULL},
};

/* Nobody else works with the store from here to the end. */
struct guard {
    struct lock_file engine;
    struct lock_file keeper;
};

static void release(struct guard *guard)
{
    lock_file_release(&guard->keeper);
    lock_file_release(&guard->engine);
}

static int refuse_engine(struct context *context, struct error *err)
{
    struct lock_holder holder = project_facts_holder(context, ENGINE_LOCK_NAME);
    error_set(err, ERROR_KIND_BUSY, "the project is at work: pid %" PRId64 " of %s: %s", holder.pid,
              holder.user, holder.command);
    return error_help(err, "end it first: kill -TERM %" PRId64, holder.pid);
}

/* Attempts that the store of before has open: they run under the keeper, or may. */
static int64_t count_open(const struct project *project)
{
    SCOPED_ARENA struct arena arena = {0};
    struct store *store;
    struct load_attempts attempts = {0};
    if (store_open_reader(project->state_dir, &store, NULL) < 0)
        return -1;
    int64_t count =
        load_open_attempts(store, "", &arena, &attempts, NULL) < 0 ? -1 : (int64_t)attempts.count;
    store_close(store);
    return count;
}

/* A keeper without attempts ends when it is told; one with attempts is theirs who started them. */
static int take_keeper(struct context *context, int folder, struct lock_file *ret_lock,
                       struct error *err)
{
    struct lock_holder holder = project_facts_holder(context, KEEPER_LOCK_NAME);
    if (holder.pid == 0)
        return lock_file_try(folder, KEEPER_LOCK_NAME, ret_lock, err);
    int64_t open = count_open(context->project);
    if (open > 0) {
        error_set(err, ERROR_KIND_BUSY, "datemill-keeper, pid %" PRId64 ", still runs attempts",
                  holder.pid);
        return error_help(err, "wait for them, or stop their runs: datemill stop RUN");
    }
    if (open < 0) {
        error_set(err, ERROR_KIND_BUSY,
                  "datemill-keeper, pid %" PRId64 ", is there, and the damaged store does not tell "
                  "what it runs",
                  holder.pid);
        return error_help(err,
                          "it ends by itself a minute after its last attempt; or stop all that it "
                          "runs: kill -TERM %" PRId64,
                          holder.pid);
    }
    kill((pid_t)holder.pid, SIGTERM);
    return lock_file_wait(folder, KEEPER_LOCK_NAME, duration_seconds(KEEPER_WAIT_S), ret_lock, err);
}

static int take_all(struct context *context, struct guard *guard, struct error *err)
{
    const char *state_dir = context->project->state_dir;
    if (mkdir(state_dir, 0700) < 0 && errno != EEXIST)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make %s", state_dir);
    SCOPED_FD int folder = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot open %s", state_dir);
    if (lock_file_try(folder, ENGINE_LOCK_NAME, &guard->engine, err) < 0)
        return err->kind == ERROR_KIND_BUSY ? refuse_engine(context, err) : -1;
    return take_keeper(context, folder, &guard->keeper, err);
}

/* ---- words ---- */

/* Nothing is asked where nothing is there. */
static int ask(struct context *context, const char *path, const struct store_copy *copy,
               struct error *err)
{
    struct stat facts;
    struct store_copy present;
    const char *file =
        arena_format(&context->arena, "%s/" STORE_FILE_NAME, context->project->state_dir);
    if (lstat(file, &facts) != 0)
        return 0;
    const char *what = store_look_at_copy(file, &present, NULL) == 0
                           ? store_copy_words(context, &present)
                           : "which is damaged";
    return context_confirm(context,
                           arena_format(&context->arena, "replace the history (%s) by %s (%s)?",
                                        what, path, store_copy_words(context, copy)),
                           "--yes", err);
}

static void print_json(struct context *context, const struct store_restored *restored)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    char at[ZONE_RFC3339_BYTES];
    const struct zone *zone = context_shown_zone(context, context->project->timezone);
    const struct store_copy *copy = &restored->copy;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_int(&json, "runs", copy->runs);
    json_out_pair_string(&json, "newest",
                         copy->newest.us == 0 ? NULL : zone_format_rfc3339(zone, copy->newest, at));
    json_out_pair_int(&json, "lost_attempts", copy->open_attempts);
    json_out_pair_string(&json, "replaced",
                         restored->replaced[0] == '\0' ? NULL : restored->replaced);
    json_out_pair_int(&json, "gap", restored->has_gap ? STORE_RESTORE_GAP : 0);
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
}

static void print(struct context *context, const struct store_restored *restored)
{
    const struct store_copy *copy = &restored->copy;
    terminal_print(context->out, "restored %s\n", store_copy_words(context, copy));
    if (restored->replaced[0] != '\0')
        context_note(context, "the history of before is .datemill/%s, until you remove it",
                     restored->replaced);
    if (copy->open_attempts > 0)
        context_note(context,
                     "%" PRId64 " attempt%s open when the copy was made: what became of %s is not "
                     "known (lost)",
                     copy->open_attempts, copy->open_attempts == 1 ? " was" : "s were",
                     copy->open_attempts == 1 ? "it" : "them");
    if (restored->has_gap)
        context_note(context, "numbers of runs go on %d later: which were given since is not known",
                     STORE_RESTORE_GAP);
    context_note(context,
                 "datemill serve goes on from there; what schedules owed since then is due "
                 "as `catchup` says");
}

/* ---- the work ---- */

static int restore(struct context *context, const char *path, struct store_restored *ret_restored,
                   struct error *err)
{
    struct store_copy_signals signals;
    struct store_restore_options wanted = {.state_dir = context->project->state_dir,
                                           .path = path,
                                           .now = clock_now(),
                                           .copying = store_copy_until_signal()};
    store_copy_hold_signals(&signals);
    int result = store_restore(&wanted, ret_restored, err);
    store_copy_free_signals(&signals);
    return result;
}

static int run_restore(struct context *context, const struct options *options, struct error *err)
{
    const struct project *project;
    struct store_copy copy;
    struct store_restored restored;
    struct guard guard = {.engine = {.fd = -1}, .keeper = {.fd = -1}};
    const char *path = options->arguments[0].text;
    if (context_project(context, &project, err) < 0)
        return -1;
    if (store_look_at_copy(path, &copy, err) < 0) {
        error_help(err, "name a file that `datemill backup` has made, by this version or an older");
        command_line_mark_argument(options, 0);
        return -1;
    }
    int result = take_all(context, &guard, err);
    if (result == 0 && !options_has(options, "yes"))
        result = ask(context, path, &copy, err);
    if (result == 0)
        result = restore(context, path, &restored, err);
    release(&guard);
    if (result < 0)
        return -1;
    if (context->is_json)
        print_json(context, &restored);
    else
        print(context, &restored);
    return 0;
}

const struct command command_restore = {
    .name = "restore",
    .usage = "restore FILE [--yes]",
    .summary = "Make a copy of `datemill backup` the project's history.",
    .details =
        "Refused (5) while a server, a command or attempts are at work. The copy is checked\n"
        "first; then it takes the store's place, which gets another name: a crash leaves the one\n"
        "or the other.\n"
        "\n"
        "Runs that were open in it go on with the next server. Attempts that ran are `lost`,\n"
        "since nobody knows what became of them; `retry.on_lost` or `rerun` repeats them. What\n"
        "the schedules owed since the copy is due again, as `catchup` says. Tables and logs are\n"
        "not touched. Numbers of runs are never given twice.",
    .arguments = {"FILE"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = restore_options,
    .run = run_restore,
};
