#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/run_facts.h"
#include "scheduler/system/log_reader.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>

#define DEFAULT_LINES 200
#define FOLLOW_WAIT_MS 200

static const struct option logs_options[] = {
    {.name = "follow", .letter = 'f', .help = "go on as long as the run is open"},
    {.name = "try",
     .kind = OPTION_KIND_NUMBER,
     .value = "N",
     .min = 1,
     .max = INT32_MAX,
     .help = "of this attempt (the newest)"},
    {.name = "failed", .help = "of all nodes that failed"},
    {.name = "lines",
     .letter = 'n',
     .kind = OPTION_KIND_NUMBER,
     .value = "N",
     .min = 0,
     .max = INT32_MAX,
     .help = "the last N lines of each log (200); 0 = all"},
    {.name = "raw", .help = "the text as the program wrote it, without times"},
    {.name = NULL},
};

/* One attempt whose log is shown. */
struct logs_source {
    int64_t attempt_id;
    const char *node;
    int32_t number;
    bool is_ended;
    struct log_reader reader;
};

struct logs {
    struct context *context;
    const struct options *options;
    struct store *store;
    struct view_run run;
    struct logs_source *sources; /* in the order of their first appearance */
    size_t count;
    size_t capacity;
    const char *node;  /* NULL = all */
    size_t name_width; /* of the prefixes; 0 = none are needed */
    bool is_raw;
    bool only_failed;
    int64_t number; /* --try; 0 = the newest */
    int64_t lines;
    int64_t newest; /* attempt; those with larger ids came while we followed */
};

static bool is_wanted(const struct logs *logs, const struct view_node *node)
{
    if (logs->node != NULL && strcmp(logs->node, node->name) != 0)
        return false;
    return !logs->only_failed || node->state == TASK_FAILED;
}

static struct logs_source *find_source(struct logs *logs, int64_t attempt_id)
{
    for (size_t i = 0; i < logs->count; i++) {
        if (logs->sources[i].attempt_id == attempt_id)
            return &logs->sources[i];
    }
    return NULL;
}

/* `attempt` is borrowed; what is kept of it is copied. */
static void add_source(struct logs *logs, const struct view_attempt *attempt, bool is_new)
{
    struct arena *arena = &logs->context->arena;
    logs->sources =
        arena_grow(arena, logs->sources, logs->count, &logs->capacity, sizeof *logs->sources);
    struct logs_source *source = &logs->sources[logs->count++];
    *source = (struct logs_source){.attempt_id = attempt->id,
                                   .node = arena_copy_string(arena, attempt->node_name),
                                   .number = attempt->number,
                                   .is_ended = attempt->state == ATTEMPT_ENDED};
    const char *path =
        arena_format(arena, "%s/%s", logs->context->project->state_dir, attempt->log_path);
    log_reader_open(&source->reader, path);
    if (!is_new)
        log_reader_seek_tail(&source->reader, logs->lines);
    size_t width = strlen(attempt->node_name);
    logs->name_width = width > logs->name_width ? width : logs->name_width;
}

/* Adds the attempts that are to be shown now and were not before. */
static int find_sources(struct logs *logs, bool is_new, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct view_run run;
    struct view_nodes nodes;
    struct view_attempts attempts;
    if (view_find_run(logs->store, logs->run.id, &arena, &run, err) < 0 ||
        view_run_nodes(logs->store, run.id, &arena, &nodes, err) < 0 ||
        view_run_attempts(logs->store, run.id, &arena, &attempts, err) < 0)
        return -1;
    logs->run.state = run.state;
    for (size_t i = 0; i < attempts.count; i++) {
        const struct view_attempt *attempt = &attempts.items[i];
        struct logs_source *known = find_source(logs, attempt->id);
        if (known != NULL)
            known->is_ended = attempt->state == ATTEMPT_ENDED;
        bool is_other = known != NULL || attempt->log_path[0] == '\0' ||
                        attempt->node >= nodes.count ||
                        !is_wanted(logs, &nodes.items[attempt->node]);
        if (is_other)
            continue;
        const struct view_attempt *newest = nodes.items[attempt->node].attempt;
        bool is_right = logs->number > 0 ? attempt->number == logs->number
                                         : newest != NULL && newest->id == attempt->id;
        if (is_new ? attempt->id > logs->newest && logs->number == 0 : is_right)
            add_source(logs, attempt, is_new);
    }
    if (attempts.count > 0)
        logs->newest = attempts.items[attempts.count - 1].id;
    return 0;
}

static const char *stream_name(enum attempt_log_stream stream)
{
    switch (stream) {
    case ATTEMPT_LOG_STDOUT:
        return "stdout";
    case ATTEMPT_LOG_STDERR:
        return "stderr";
    case ATTEMPT_LOG_NOTE:
        return "note";
    }
    return "";
}

static void print_json(struct logs *logs, const struct logs_source *source,
                       const struct attempt_log_line *line)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "run", logs->run.id);
    json_out_pair_string(&json, "node", source->node);
    json_out_pair_int(&json, "try", source->number);
    struct instant at = instant_is_never(line->at) ? (struct instant){0} : line->at;
    run_facts_write_time(logs->context, &logs->run, "at", at, &json);
    json_out_pair_string(&json, "stream", stream_name(line->stream));
    json_out_key(&json, "text");
    json_out_bytes(&json, line->text, line->length);
    json_out_end_object(&json);
    terminal_print(logs->context->out, "%s\n", text_string(&text));
}

static enum terminal_style line_style(enum attempt_log_stream stream)
{
    switch (stream) {
    case ATTEMPT_LOG_STDOUT:
        return TERMINAL_STYLE_PLAIN;
    case ATTEMPT_LOG_STDERR:
        return TERMINAL_STYLE_YELLOW;
    case ATTEMPT_LOG_NOTE:
        return TERMINAL_STYLE_DIM;
    }
    return TERMINAL_STYLE_PLAIN;
}

static void print_line(struct logs *logs, const struct logs_source *source,
                       const struct attempt_log_line *line)
{
    struct terminal *out = logs->context->out;
    if (logs->context->is_json) {
        print_json(logs, source, line);
        return;
    }
    if (logs->is_raw) {
        text_append_bytes(&out->pending, line->text, line->length);
        terminal_print(out, "\n");
        return;
    }
    bool has_many = logs->node == NULL && logs->count > 1;
    if (has_many)
        terminal_print(out, "%-*s  ", (int)logs->name_width, source->node);
    if (!instant_is_never(line->at)) {
        const struct zone *zone = context_shown_zone(logs->context, logs->run.zone);
        char stamp[ZONE_RFC3339_BYTES];
        terminal_print(out, "%.12s  ", zone_format_rfc3339(zone, line->at, stamp) + 11);
    }
    enum terminal_style style = line_style(line->stream);
    bool is_styled = style != TERMINAL_STYLE_PLAIN;
    terminal_print(out, "%s", is_styled ? terminal_style(out, style) : "");
    terminal_put_bytes(out, line->text, line->length);
    terminal_print(out, "%s\n", is_styled ? terminal_style(out, TERMINAL_STYLE_PLAIN) : "");
}

/* Prints what there is; false when the reader went away. */
static bool print_all(struct logs *logs)
{
    struct terminal *out = logs->context->out;
    for (size_t i = 0; i < logs->count; i++) {
        struct logs_source *source = &logs->sources[i];
        bool is_end = source->is_ended || run_state_is_final(logs->run.state);
        struct attempt_log_line line;
        while (!out->is_closed && log_reader_next(&source->reader, is_end, &line))
            print_line(logs, source, &line);
    }
    return terminal_flush(out) == 0;
}

/* False when the other end of stdout was closed while nothing was written. */
static bool wait_a_little(struct logs *logs)
{
    struct pollfd fd = {.fd = logs->context->out->fd};
    return poll(&fd, 1, FOLLOW_WAIT_MS) <= 0 || (fd.revents & (POLLERR | POLLHUP)) == 0;
}

static int follow(struct logs *logs, struct error *err)
{
    int64_t seen = -1;
    bool is_final = false;
    while (!is_final) {
        int64_t version;
        if (store_data_version(logs->store, &version, err) < 0)
            return -1;
        if (version != seen && find_sources(logs, true, err) < 0)
            return -1;
        seen = version;
        is_final = run_state_is_final(logs->run.state);
        if (!print_all(logs) || (!is_final && !wait_a_little(logs)))
            return 0;
    }
    return 0;
}

static int check_node(struct logs *logs, struct error *err)
{
    if (logs->node == NULL)
        return 0;
    struct view_nodes nodes;
    if (view_run_nodes(logs->store, logs->run.id, &logs->context->arena, &nodes, err) < 0)
        return -1;
    const char **names = arena_array(&logs->context->arena, nodes.count, sizeof *names);
    for (size_t i = 0; i < nodes.count; i++) {
        names[i] = nodes.items[i].name;
        if (strcmp(names[i], logs->node) == 0)
            return 0;
    }
    return context_unknown_node(arena_format(&logs->context->arena, "run %" PRId64, logs->run.id),
                                logs->node, names, nodes.count, err);
}

/* Nothing to show is said, not shown as an empty page. */
static int explain_empty(struct logs *logs, struct error *err)
{
    if (logs->count > 0)
        return 0;
    if (logs->number > 0) {
        error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " has no attempt %" PRId64 " there",
                  logs->run.id, logs->number);
        memcpy(err->code, "E014", 5);
        return error_help(err, "datemill runs show %" PRId64 " shows how often each node was tried",
                          logs->run.id);
    }
    context_note(logs->context, "%s",
                 logs->only_failed ? "no node of that run failed"
                                   : "nothing was started there yet");
    return 0;
}

/* Logs may be removed by hand; that is not the same as having printed nothing. */
static void note_missing(struct logs *logs)
{
    for (size_t i = 0; i < logs->count; i++) {
        const struct logs_source *source = &logs->sources[i];
        if (source->is_ended && access(source->reader.path, F_OK) != 0)
            context_note(logs->context, "the log of %s, attempt %d, is no longer there: %s",
                         source->node, source->number, source->reader.path);
    }
}

static int show(struct logs *logs, struct error *err)
{
    if (find_sources(logs, false, err) < 0)
        return -1;
    bool follows = options_has(logs->options, "follow");
    if (!follows && explain_empty(logs, err) < 0)
        return -1;
    print_all(logs);
    note_missing(logs);
    int result = follows ? follow(logs, err) : 0;
    for (size_t i = 0; i < logs->count; i++)
        log_reader_close(&logs->sources[i].reader);
    return result;
}

static int run_logs(struct context *context, const struct options *options, struct error *err)
{
    struct logs logs = {.context = context,
                        .options = options,
                        .node = options_argument(options, 1, NULL),
                        .is_raw = options_has(options, "raw"),
                        .only_failed = options_has(options, "failed"),
                        .number = options_number(options, "try", 0),
                        .lines = options_number(options, "lines", DEFAULT_LINES)};
    if (options_exclude(options, "raw", "json", err) < 0)
        return -1;
    context_settle(context);
    if (run_facts_find(context, options, 0, &logs.run, err) < 0 ||
        context_store(context, &logs.store, err) < 0)
        return -1;
    if (check_node(&logs, err) < 0) {
        command_line_mark_argument(options, 1);
        return -1;
    }
    return show(&logs, err);
}

const struct command command_logs = {
    .name = "logs",
    .usage = "logs RUN [NODE] [-f] [--try N] [--failed] [-n 200] [--raw]",
    .summary = "Show what the nodes of a run printed.",
    .details = "RUN is its number, or `latest`. Without NODE the logs of all nodes are shown, each "
               "line with its node. Times are in the flow's zone, or that of --tz.",
    .arguments = {"RUN", "NODE"},
    .min_arguments = 1,
    .max_arguments = 2,
    .options = logs_options,
    .run = run_logs,
};
