#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/flow_facts.h"
#include "scheduler/command/foreground.h"
#include "scheduler/command/foreground_work.h"
#include "scheduler/command/frame.h"
#include "scheduler/command/project_facts.h"
#include "scheduler/daemon/prune.h"
#include "scheduler/system/clock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define QUIET_TICKS 3 /* nothing is drawn for the first 300 ms */

static const struct option prune_options[] = {
    {.name = "keep",
     .kind = OPTION_KIND_TEXT,
     .value = "AGE",
     .help = "forget runs that ended longer ago: 90d, 2w, 12h"},
    {.name = "keep-logs",
     .kind = OPTION_KIND_TEXT,
     .value = "AGE",
     .help = "remove logs earlier than their runs: 30d"},
    {.name = "dry-run", .help = "only say what would go"},
    {.name = "yes", .help = "do not ask"},
    {.name = "reason", .kind = OPTION_KIND_TEXT, .value = "TEXT", .help = "kept in the story"},
    {.name = NULL},
};

/* A prune as its command sees it. */
struct pruner {
    struct context *context;
    struct request request;
    bool is_dry_run;
    struct notice_pruned expected; /* by counting first */
    struct notice_pruned pruned;
    const char *left_first; /* "" = nothing was left */
    bool is_over;
    struct frame frame;
    int ticks;
};

/* ---- the command line ---- */

static int read_age(const struct options *options, const char *name, struct duration *ret_age,
                    struct error *err)
{
    const struct option_given *given = options_find(options, name);
    struct duration age = {0};
    if (given == NULL)
        return 0;
    int result = duration_parse(given->text, &age, err);
    if (result == 0 && age.us <= 0) {
        error_set(err, ERROR_KIND_USAGE, "%s keeps nothing at all", given->text);
        error_help(err, "the shortest is a second: 1s");
        result = -1;
    }
    if (result < 0) {
        err->kind = ERROR_KIND_USAGE;
        command_line_mark_given(options, given);
        return -1;
    }
    *ret_age = age;
    return 0;
}

static int read_ages(const struct options *options, struct request *request, struct error *err)
{
    if (read_age(options, "keep", &request->keep_runs, err) < 0 ||
        read_age(options, "keep-logs", &request->keep_logs, err) < 0)
        return -1;
    if (request->keep_runs.us == 0 && request->keep_logs.us == 0) {
        error_set(err, ERROR_KIND_USAGE, "how long are runs to be kept?");
        return error_help(err, "datemill runs prune --keep 90d");
    }
    if (request->keep_runs.us == 0 || request->keep_logs.us == 0 ||
        request->keep_logs.us < request->keep_runs.us)
        return 0;
    command_line_mark_given(options, options_find(options, "keep-logs"));
    error_set(err, ERROR_KIND_USAGE, "logs go with their runs at the latest");
    return error_help(err, "give --keep-logs a shorter time than --keep, or leave it out");
}

/* ---- counting ---- */

static int count(struct pruner *pruner, struct store *store, struct error *err)
{
    struct instant now = clock_now();
    const struct request *request = &pruner->request;
    SCOPED_FD int fd =
        open(pruner->context->project->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot open %s",
                               pruner->context->project->state_dir);
    struct prune_options options = {
        .store = store,
        .state_dir_fd = fd,
        .runs_before = {request->keep_runs.us > 0 ? now.us - request->keep_runs.us : 0},
        .logs_before = {request->keep_logs.us > 0 ? now.us - request->keep_logs.us : 0},
        .is_dry_run = true};
    struct prune *prune = prune_new(&options);
    int result = 0;
    while (result == 0 && prune_has_more(prune))
        result = prune_step(prune, PRUNE_MAX_SIZE, err);
    const struct prune_result *found = prune_result(prune);
    pruner->expected = (struct notice_pruned){.runs = found->runs,
                                              .backfills = found->backfills,
                                              .logs = found->logs,
                                              .bytes = found->bytes,
                                              .left = found->left};
    pruner->left_first = arena_copy_string(&pruner->context->arena, found->left_first);
    prune_free(prune);
    return result;
}

/* ---- words ---- */

/* `812 runs, 3 backfills, the logs of 812 runs (12 MB)`; what there is none of is left out. */
static const char *describe(struct context *context, const struct notice_pruned *pruned)
{
    struct arena *arena = &context->arena;
    SCOPED_TEXT struct text text = {0};
    if (pruned->runs > 0)
        text_append(&text, flow_facts_number(arena, (size_t)pruned->runs, "run"));
    if (pruned->backfills > 0)
        text_append_format(&text, "%s%s", text.length > 0 ? ", " : "",
                           flow_facts_number(arena, (size_t)pruned->backfills, "backfill"));
    if (pruned->logs > 0 || pruned->bytes > 0)
        text_append_format(&text, "%sthe logs of %s (%s)", text.length > 0 ? ", " : "",
                           flow_facts_number(arena, (size_t)pruned->logs, "run"),
                           project_facts_bytes(arena, pruned->bytes));
    return text.length > 0 ? arena_copy(arena, text_string(&text), text.length) : "nothing";
}

static bool is_nothing(const struct notice_pruned *pruned)
{
    return pruned->runs == 0 && pruned->backfills == 0 && pruned->logs == 0 && pruned->bytes == 0;
}

static void print_nothing(const struct pruner *pruner)
{
    const struct request *request = &pruner->request;
    char age[DURATION_TEXT_BYTES];
    duration_format_exact(request->keep_logs.us > 0 ? request->keep_logs : request->keep_runs, age);
    terminal_print(pruner->context->out,
                   "nothing to do: nothing that may go ended more than %s ago\n", age);
}

static void note_left(const struct pruner *pruner, int64_t left)
{
    if (left == 0)
        return;
    context_note(pruner->context, "%" PRId64 " %s in .datemill and stay%s; the first: %s", left,
                 left == 1 ? "thing is in the way" : "things are in the way", left == 1 ? "s" : "",
                 pruner->left_first);
}

static void print_json(const struct pruner *pruner, const struct notice_pruned *pruned)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_bool(&json, "dry_run", pruner->is_dry_run);
    json_out_pair_int(&json, "runs", pruned->runs);
    json_out_pair_int(&json, "backfills", pruned->backfills);
    json_out_pair_int(&json, "logs", pruned->logs);
    json_out_pair_int(&json, "bytes", pruned->bytes);
    json_out_pair_int(&json, "left", pruned->left);
    json_out_pair_string(&json, "left_first",
                         pruner->left_first[0] != '\0' ? pruner->left_first : NULL);
    json_out_end_object(&json);
    terminal_print(pruner->context->out, "%s\n", text_string(&text));
}

static void print_result(const struct pruner *pruner, const char *verb,
                         const struct notice_pruned *pruned)
{
    struct context *context = pruner->context;
    if (context->is_json) {
        print_json(pruner, pruned);
        return;
    }
    if (is_nothing(pruned))
        print_nothing(pruner);
    else
        terminal_print(context->out, "%s %s\n", verb, describe(context, pruned));
    note_left(pruner, pruned->left);
}

/* ---- the work ---- */

static void take_reply(void *owner, struct foreground_work *work, const struct notice *notice)
{
    struct pruner *pruner = owner;
    pruner->pruned = notice->pruned;
    pruner->left_first =
        arena_copy_string(&pruner->context->arena, notice->remark == NULL ? "" : notice->remark);
    pruner->is_over = true;
    foreground_work_end(work);
}

static void take_notice(void *owner, struct foreground_work *work, const struct notice *notice)
{
    struct pruner *pruner = owner;
    (void)work;
    if (notice->kind == NOTICE_KIND_PRUNE)
        pruner->pruned = notice->pruned;
    else if (notice->kind == NOTICE_KIND_TROUBLE)
        context_note(pruner->context, "%s",
                     notice->reason[0] == '\0' ? "it goes on" : notice->reason);
}

static void say(void *owner, const char *line)
{
    struct pruner *pruner = owner;
    context_note(pruner->context, "%s", line);
}

static bool draw(void *owner)
{
    struct pruner *pruner = owner;
    struct context *context = pruner->context;
    char size[32];
    if (context->is_quiet || context->is_json || context->has_no_progress)
        return false;
    if (++pruner->ticks <= QUIET_TICKS)
        return true;
    SCOPED_ARENA struct arena arena = {0};
    snprintf(size, sizeof size, "%s", project_facts_bytes(&arena, pruner->pruned.bytes));
    frame_begin(&pruner->frame);
    frame_add(&pruner->frame,
              "%" PRId64 " of %" PRId64 " runs forgotten, logs of %" PRId64 " removed, %s",
              pruner->pruned.runs, pruner->expected.runs, pruner->pruned.logs, size);
    frame_show(&pruner->frame);
    return true;
}

static void flush(void *owner)
{
    struct pruner *pruner = owner;
    terminal_flush(pruner->context->err);
}

static int prune(struct pruner *pruner, struct error *err)
{
    struct context *context = pruner->context;
    const struct foreground_actions actions = {.owner = pruner,
                                               .reply = take_reply,
                                               .notice = take_notice,
                                               .say = say,
                                               .tick = draw,
                                               .flush = flush};
    frame_init(&pruner->frame, context->err);
    int result = foreground_work_do(context, &actions, &pruner->request, err);
    frame_free(&pruner->frame);
    if (result < 0)
        return -1;
    print_result(pruner,
                 pruner->is_over ? "removed" : "stopped; so far gone, at least:", &pruner->pruned);
    if (pruner->is_over && pruner->pruned.runs > 0)
        context_note(context, "the store's file keeps its size: what is free in it is used again");
    return pruner->is_over ? 0 : result;
}

static int ask(const struct pruner *pruner, struct error *err)
{
    struct context *context = pruner->context;
    const char *question = arena_format(
        &context->arena, "forget %s%s?", describe(context, &pruner->expected),
        pruner->expected.runs == 0 ? "" : ", so that a later backfill runs these dates again");
    return context_confirm(context, question, "--yes", err);
}

static int run_prune(struct context *context, const struct options *options, struct error *err)
{
    struct store *store;
    struct pruner pruner = {.context = context,
                            .request = {.kind = REQUEST_KIND_PRUNE,
                                        .who = foreground_user(context),
                                        .reason = options_text(options, "reason", "")},
                            .is_dry_run = options_has(options, "dry-run"),
                            .left_first = ""};
    if (read_ages(options, &pruner.request, err) < 0)
        return -1;
    context_settle(context);
    if (context_store(context, &store, err) < 0) {
        if (err->kind != ERROR_KIND_NOT_FOUND || context->project == NULL)
            return -1;
        print_result(&pruner, "", &pruner.expected);
        return 0;
    }
    if (count(&pruner, store, err) < 0)
        return -1;
    if (pruner.is_dry_run || is_nothing(&pruner.expected)) {
        print_result(&pruner, "would remove", &pruner.expected);
        if (pruner.is_dry_run)
            context_note(context, "nothing was changed");
        return 0;
    }
    if (!options_has(options, "yes") && ask(&pruner, err) < 0)
        return -1;
    return prune(&pruner, err);
}

const struct command command_runs_prune = {
    .name = "prune",
    .parent = "runs",
    .usage = "runs prune --keep 90d [--keep-logs 30d] [--dry-run] [--yes]",
    .summary = "Forget runs that ended long ago, with their logs.",
    .details =
        "Runs and finished backfills that ended longer ago than AGE go, and with them their logs,\n"
        "files of rejected records and definitions that no other run uses. The dates of such runs\n"
        "lose their state: for a later backfill they never ran, and it runs them again.\n"
        "\n"
        "What stays, whatever its age: runs that are open, runs of unfinished backfills, runs\n"
        "that an open run waits for, and a run that still decides about a node of a date\n"
        "that was run again since. Tables in the warehouse are not touched. Files in\n"
        ".datemill/logs that are not datemill's stay, and links are not followed.\n"
        "\n"
        "Runs go on meanwhile. Ctrl-C ends it between two small steps; the same command again\n"
        "goes on, and also removes logs that a crash has left without their run.",
    .options = prune_options,
    .run = run_prune,
};
