#include "scheduler/daemon/attempt_result.h"

#include "scheduler/base/escape.h"
#include "scheduler/base/json_in.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"
#include "scheduler/system/attempt_log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RESULT_LOG_LINES 200    /* looked at for the line that speaks of the error */
#define RESULT_REASON_BYTES 400 /* of that line */
#define RESULT_SHOWN_TABLES 3   /* named in the one-line result */

static const char *read_events(const char *path, struct arena *arena)
{
    SCOPED_FD int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return "";
    SCOPED_TEXT struct text bytes;
    text_init(&bytes, KEEPER_MAX_EVENTS_BYTES);
    char buffer[65536];
    ssize_t count;
    while (!bytes.is_cut && (count = read(fd, buffer, sizeof buffer)) > 0)
        text_append_bytes(&bytes, buffer, (size_t)count);
    return arena_copy(arena, text_string(&bytes), bytes.length);
}

struct collector {
    struct arena *arena;
    struct store_table *tables;
    size_t table_count;
    size_t table_capacity;
    struct node_setting *outputs;
    size_t output_count;
    size_t output_capacity;
};

static void take_table(struct collector *all, const struct json *table)
{
    const char *name = json_get_string(table, "name", "");
    if (name[0] == '\0' || all->table_count >= ATTEMPT_RESULT_MAX_ITEMS)
        return;
    all->tables = arena_grow(all->arena, all->tables, all->table_count, &all->table_capacity,
                             sizeof *all->tables);
    all->tables[all->table_count++] = (struct store_table){
        .table = arena_copy_string(all->arena, name),
        .partition = arena_copy_string(all->arena, json_get_string(table, "partition", "")),
        .mode = arena_copy_string(all->arena, json_get_string(table, "mode", "write")),
        .rows = json_get_int(table, "rows", -1)};
}

static void take_outputs(struct collector *all, const struct json *object)
{
    for (const struct json *item = json_first(object);
         item != NULL && all->output_count < ATTEMPT_RESULT_MAX_ITEMS; item = json_next(item)) {
        const char *name = json_key(item);
        const char *text = json_as_string(item, NULL);
        if (name == NULL)
            continue;
        all->outputs = arena_grow(all->arena, all->outputs, all->output_count,
                                  &all->output_capacity, sizeof *all->outputs);
        all->outputs[all->output_count++] = (struct node_setting){
            .name = arena_copy_string(all->arena, name),
            .text = text != NULL ? arena_copy_string(all->arena, text)
                                 : arena_format(all->arena, "%" PRId64, json_as_int(item, 0))};
    }
}

/* Lines that are no JSON objects are a program's own affair. */
static void collect(struct collector *all, const char *events)
{
    for (const char *at = events; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        struct json *line;
        if (length > 0 && json_parse(at, length, &line, NULL) == 0) {
            if (json_get(line, "table") != NULL)
                take_table(all, json_get(line, "table"));
            if (json_get(line, "output") != NULL)
                take_outputs(all, json_get(line, "output"));
            json_free(line);
        }
        at += length + (at[length] == '\n');
    }
}

static void append_rows(struct text *text, int64_t rows)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%" PRId64, rows);
    size_t length = strlen(digits);
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text_append_char(text, ',');
        text_append_char(text, digits[i]);
    }
    text_append(text, rows == 1 ? " row" : " rows");
}

static const char *describe_tables(const struct collector *all)
{
    SCOPED_TEXT struct text text = {0};
    for (size_t i = 0; i < all->table_count && i < RESULT_SHOWN_TABLES; i++) {
        const struct store_table *table = &all->tables[i];
        if (i > 0)
            text_append(&text, ", ");
        if (table->rows >= 0)
            append_rows(&text, table->rows);
        text_append_format(&text, " → %s%s%s", table->table, table->partition[0] == '\0' ? "" : "/",
                           table->partition);
    }
    if (all->table_count > RESULT_SHOWN_TABLES)
        text_append_format(&text, " and %zu more", all->table_count - RESULT_SHOWN_TABLES);
    return arena_copy(all->arena, text_string(&text), text.length);
}

static struct attempt_outcome outcome_of(const struct node_type *type, const struct keeper_end *end,
                                         const char *events)
{
    struct attempt_outcome outcome = {.code = end->status};
    if (end->kind == KEEPER_END_LOST) {
        outcome.end = ATTEMPT_END_LOST;
    } else if (end->kind == KEEPER_END_COULD_NOT_START) {
        outcome.end = ATTEMPT_END_COULD_NOT_START;
    } else if (end->why == KEEPER_WHY_TIMEOUT) {
        outcome.end = ATTEMPT_END_TIMEOUT;
    } else if (end->why == KEEPER_WHY_STOP) {
        outcome.end = ATTEMPT_END_STOPPED;
    } else {
        bool is_exit = end->kind == KEEPER_END_EXITED;
        struct node_exit exit = {.end = is_exit ? NODE_END_EXITED : NODE_END_SIGNALED,
                                 .status = end->status,
                                 .events = events};
        if (type->interpret(type, &exit) == NODE_OUTCOME_SUCCESS)
            outcome.end = ATTEMPT_END_SUCCESS;
        else
            outcome.end = is_exit ? ATTEMPT_END_FAILURE : ATTEMPT_END_SIGNAL;
    }
    return outcome;
}

/* How many bytes of a line only say `error: ` and whose it is. */
static size_t preamble(const char *line, size_t length, const char *node)
{
    size_t skip = length > 7 && strncasecmp(line, "error: ", 7) == 0 ? 7 : 0;
    size_t name = strlen(node);
    bool names_it = name > 0 && length - skip > name + 2 && strncmp(line + skip, node, name) == 0 &&
                    strncmp(line + skip + name, ": ", 2) == 0;
    return names_it ? skip + name + 2 : skip;
}

static void append_log_reason(struct text *text, const struct attempt_files *files)
{
    SCOPED_ARENA struct arena arena = {0};
    struct attempt_log_tail tail;
    if (attempt_log_tail(files->log_path, RESULT_LOG_LINES, &arena, &tail, NULL) < 0)
        return;
    const struct attempt_log_line *line = attempt_log_find_error(&tail);
    if (line == NULL)
        return;
    SCOPED_TEXT struct text plain = {0}; /* programs colour their errors */
    escape_strip(&plain, line->text, line->length);
    size_t skip = preamble(text_string(&plain), plain.length, files->node);
    size_t length = plain.length - skip;
    text_append(text, ": ");
    utf8_append_safe(text, text_string(&plain) + skip,
                     length < RESULT_REASON_BYTES ? length : RESULT_REASON_BYTES);
}

static const char *describe_failure(const struct keeper_end *end, struct attempt_outcome outcome,
                                    const struct attempt_files *files, struct arena *arena)
{
    char duration[DURATION_TEXT_BYTES];
    SCOPED_TEXT struct text text = {0};
    switch (outcome.end) {
    case ATTEMPT_END_SUCCESS:
    case ATTEMPT_END_REVOKED:
        return "";
    case ATTEMPT_END_FAILURE:
        text_append_format(&text, "exit %d", outcome.code);
        append_log_reason(&text, files);
        break;
    case ATTEMPT_END_SIGNAL:
        text_append_format(&text, "killed by signal %d (%s)", outcome.code,
                           sigabbrev_np(outcome.code) == NULL ? "?" : sigabbrev_np(outcome.code));
        append_log_reason(&text, files);
        break;
    case ATTEMPT_END_TIMEOUT:
        text_append_format(&text, "timeout after %s", duration_format(end->elapsed, duration));
        break;
    case ATTEMPT_END_STOPPED:
        text_append(&text, "stopped");
        break;
    case ATTEMPT_END_LOST:
        text_append(&text, "lost: the keeper that watched it is gone, its fate is not known");
        break;
    case ATTEMPT_END_COULD_NOT_START:
        text_append_format(&text, "could not start: %s", end->text);
        break;
    }
    return arena_copy(arena, text_string(&text), text.length);
}

void attempt_result_make(const struct node_type *type, const struct keeper_end *end,
                         const struct attempt_files *files, struct arena *arena,
                         struct attempt_result *ret_result)
{
    const char *events = read_events(files->events_path, arena);
    struct collector all = {.arena = arena};
    collect(&all, events);
    ret_result->outcome = outcome_of(type, end, events);
    ret_result->reason = describe_failure(end, ret_result->outcome, files, arena);
    ret_result->result =
        ret_result->outcome.end == ATTEMPT_END_SUCCESS ? describe_tables(&all) : "";
    ret_result->tables = all.tables;
    ret_result->table_count = all.table_count;
    ret_result->outputs = all.outputs;
    ret_result->output_count = all.output_count;
}
