#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/project_facts.h"
#include "scheduler/command/store_copy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct option backup_options[] = {
    {.name = "yes", .help = "replace FILE without asking"},
    {.name = NULL},
};

/* A copy beside the store goes with it, and a name of the store's own would destroy it. */
static int check_place(struct context *context, const struct options *options, struct error *err)
{
    const char *path = options->arguments[0].text;
    const char *slash = strrchr(path, '/');
    const char *folder =
        slash == NULL ? "." : arena_format(&context->arena, "%.*s", (int)(slash - path) + 1, path);
    SCOPED_FREE char *real = realpath(folder, NULL);
    if (real == NULL) {
        error_set_errno(err, ERROR_KIND_NOT_FOUND, "there is no folder %s", folder);
        command_line_mark_argument(options, 0);
        return -1;
    }
    SCOPED_FREE char *state = realpath(context->project->state_dir, NULL);
    struct stat facts;
    size_t length = state == NULL ? 0 : strlen(state);
    if (length > 0 && strncmp(real, state, length) == 0 &&
        (real[length] == '\0' || real[length] == '/')) {
        error_set(err, ERROR_KIND_REFUSED, "%s would be lost with the store", path);
        return error_help(err, "name a place outside %s", context->project->state_dir);
    }
    if (lstat(path, &facts) == 0 && !S_ISREG(facts.st_mode))
        return error_set(err, ERROR_KIND_REFUSED, "%s is there, and is not a file", path);
    if (lstat(path, &facts) != 0 || options_has(options, "yes"))
        return 0;
    return context_confirm(context, arena_format(&context->arena, "replace %s?", path), "--yes",
                           err);
}

static void print_json(struct context *context, const char *path, const struct store_copy *copy)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    char at[ZONE_RFC3339_BYTES];
    const struct zone *zone = context_shown_zone(context, context->project->timezone);
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_string(&json, "file", path);
    json_out_pair_int(&json, "runs", copy->runs);
    json_out_pair_int(&json, "bytes", copy->bytes);
    json_out_pair_string(&json, "newest",
                         copy->newest.us == 0 ? NULL : zone_format_rfc3339(zone, copy->newest, at));
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
}

static void print(struct context *context, const char *path, const struct store_copy *copy)
{
    terminal_print(context->out, "backed up %s, %s: ", store_copy_words(context, copy),
                   project_facts_bytes(&context->arena, copy->bytes));
    terminal_put(context->out, path);
    terminal_print(context->out, "\n");
    context_note(context, "it is the history alone: copy .datemill/logs and .datemill/warehouse "
                          "beside it if they are to last, too");
}

static int run_backup(struct context *context, const struct options *options, struct error *err)
{
    const struct project *project;
    struct store *store;
    struct store_copy copy;
    struct store_copy_signals signals;
    const char *path = options->arguments[0].text;
    if (context_project(context, &project, err) < 0 || context_store(context, &store, err) < 0 ||
        check_place(context, options, err) < 0)
        return -1;
    struct store_copying copying = store_copy_until_signal();
    store_copy_hold_signals(&signals);
    int result = store_backup(store, path, &copying, &copy, err);
    store_copy_free_signals(&signals);
    if (result < 0)
        return -1;
    if (context->is_json)
        print_json(context, path, &copy);
    else
        print(context, path, &copy);
    return 0;
}

const struct command command_backup = {
    .name = "backup",
    .usage = "backup FILE [--yes]",
    .summary = "Copy the history to a file, while everything goes on.",
    .details =
        "FILE is one SQLite database, as the store was at one moment: runs with their values and\n"
        "definitions, attempts, the story, backfills, freezes, and how far each schedule is. It\n"
        "is complete, or not there. `datemill restore FILE` puts it back.\n"
        "\n"
        "Not in it: logs (.datemill/logs), tables (.datemill/warehouse), and your own files.\n"
        "Logs and the files of partitions never change once they are written: any tool copies\n"
        "them while flows run. A backfill makes tables anew from their sources.",
    .arguments = {"FILE"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = backup_options,
    .run = run_backup,
};
