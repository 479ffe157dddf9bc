#include "nodes/warehouse/job.h"

#include "nodes/warehouse/failure.h"
#include "nodes/warehouse/script.h"
#include "scheduler/base/diagnostic.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int read_input(struct text *out, struct error *err)
{
    char buffer[65536];
    text_init(out, JSON_IN_MAX_BYTES);
    for (;;) {
        ssize_t count = read(STDIN_FILENO, buffer, sizeof buffer);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return failure_set_errno(err, "cannot read the job from standard input");
        if (count == 0)
            break;
        text_append_bytes(out, buffer, (size_t)count);
    }
    if (out->is_cut)
        return error_set(err, ERROR_KIND_INVALID, "the job is larger than 16 MiB");
    return 0;
}

int job_string(const struct json *json, const char *key, const char **ret_string, struct error *err)
{
    const char *string = json_get_string(json, key, NULL);
    if (string == NULL)
        return error_set(err, ERROR_KIND_INVALID, "the job has no string `%s`", key);
    *ret_string = string;
    return 0;
}

static int read_fields(struct job *job, struct error *err)
{
    const struct json *json = job->json;
    if (json_kind_of(json) != JSON_KIND_OBJECT)
        return error_set(err, ERROR_KIND_INVALID, "the job is not a JSON object");
    job->writer.run = json_get_int(json, "run", -1);
    job->writer.attempt = json_get_int(json, "attempt", 0);
    job->writer.attempt_id = json_get_int(json, "attempt_id", -1);
    job->writer.commit = json_get_string(json, "commit", "");
    job->bizdate = json_get_string(json, "bizdate", "");
    job->reject_file = json_get_string(json, "reject_file", "");
    if (job_string(json, "state_dir", &job->state_dir, err) != 0 ||
        job_string(json, "flow", &job->writer.flow, err) != 0 ||
        job_string(json, "node", &job->writer.node, err) != 0)
        return -1;
    if (job->writer.run < 0 || job->writer.attempt_id < 0)
        return error_set(err, ERROR_KIND_INVALID, "the job has no `run` or no `attempt_id`");
    if (job->state_dir[0] != '/')
        return error_set(err, ERROR_KIND_INVALID, "`state_dir` is not an absolute path: %s",
                         job->state_dir);
    if (!table_is_name(job->writer.node, strlen(job->writer.node)))
        return error_set(err, ERROR_KIND_INVALID, "`node` is no name: %s", job->writer.node);
    return 0;
}

static void show(const struct job *job, const struct error *err)
{
    job_show_error(job->log, &(struct job_problem){.err = err, .file = ""});
}

static int declare_tables(struct job *job, struct error *err)
{
    SCOPED_TEXT struct text notes = {0};
    const struct script script = {.catalog = &job->catalog, .writer = &job->writer};
    const struct json *item = json_first(json_get(job->json, "tables"));
    for (; item != NULL; item = json_next(item)) {
        const char *file = json_get_string(item, "file", "");
        const char *sql = json_get_string(item, "sql", "");
        if (script_declare(&script, sql, strlen(sql), &notes, err) != 0) {
            job_show_error(job->log, &(struct job_problem){.err = err, .file = file, .text = sql});
            return -1;
        }
    }
    fputs(text_string(&notes), job->log);
    return 0;
}

int job_open(struct job *job, int64_t (*clock_us)(void), struct error *err)
{
    job->event_fd = fcntl(JOB_EVENT_FD, F_GETFD) < 0 ? -1 : JOB_EVENT_FD;
    SCOPED_TEXT struct text input = {0};
    if (read_input(&input, err) != 0 ||
        json_parse(text_string(&input), input.length, &job->json, err) != 0 ||
        read_fields(job, err) != 0 ||
        catalog_open(&job->catalog, job->state_dir, CATALOG_WRITE, clock_us, err) != 0) {
        show(job, err);
        return -1;
    }
    job->has_catalog = true;
    if (catalog_register(&job->catalog, &job->writer, err) != 0) {
        show(job, err);
        return -1;
    }
    return declare_tables(job, err);
}

void job_close(struct job *job)
{
    if (job->has_catalog)
        catalog_close(&job->catalog);
    json_free(job->json);
    *job = (struct job){.event_fd = -1};
}

/* One write for each event: lines of several writers must not mix. */
static void tell(struct job *job, const struct text *line)
{
    ssize_t ignored = write(job->event_fd, text_string(line), line->length);
    if (ignored < 0)
        job->event_fd = -1;
}

void job_tell_progress(struct job *job, int64_t done, int64_t total, const char *unit)
{
    if (job->event_fd < 0)
        return;
    int64_t now = catalog_now_us(&job->catalog);
    int64_t waited = now - job->told_us;
    if (waited >= 0 && waited < JOB_PROGRESS_US)
        return;
    job->told_us = now;
    SCOPED_TEXT struct text line = {0};
    struct json_out json;
    json_out_init(&json, &line);
    json_out_begin_object(&json);
    json_out_key(&json, "progress");
    json_out_begin_object(&json);
    json_out_pair_int(&json, "done", done);
    if (total >= 0)
        json_out_pair_int(&json, "total", total);
    json_out_pair_string(&json, "unit", unit);
    json_out_end_object(&json);
    json_out_end_object(&json);
    text_append_char(&line, '\n');
    tell(job, &line);
}

void job_tell_table(struct job *job, const char *table, const char *partition, int64_t rows)
{
    if (job->event_fd < 0)
        return;
    SCOPED_TEXT struct text line = {0};
    struct json_out json;
    json_out_init(&json, &line);
    json_out_begin_object(&json);
    json_out_key(&json, "table");
    json_out_begin_object(&json);
    json_out_pair_string(&json, "name", table);
    json_out_pair_string(&json, "partition", partition);
    json_out_pair_string(&json, "mode", "write");
    json_out_pair_int(&json, "rows", rows);
    json_out_end_object(&json);
    json_out_end_object(&json);
    text_append_char(&line, '\n');
    tell(job, &line);
}

void job_tell_output(struct job *job, const char *key, const char *value)
{
    if (job->event_fd < 0)
        return;
    SCOPED_TEXT struct text line = {0};
    struct json_out json;
    json_out_init(&json, &line);
    json_out_begin_object(&json);
    json_out_key(&json, "output");
    json_out_begin_object(&json);
    json_out_pair_string(&json, key, value);
    json_out_end_object(&json);
    json_out_end_object(&json);
    text_append_char(&line, '\n');
    tell(job, &line);
}

/* Code points of the word, name or quoted text at a place, for the caret. */
static uint32_t length_at(const char *text, int line, int column)
{
    const char *at = text;
    for (int i = 1; i < line && at != NULL; i++) {
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    if (at == NULL)
        return 1;
    for (int i = 1; i < column && *at != '\0' && *at != '\n'; i++) {
        at++;
        while (((unsigned char)*at & 0xc0) == 0x80)
            at++;
    }
    uint32_t length = 0;
    char quote = *at == '\'' || *at == '"' || *at == '`' ? *at : '\0';
    for (size_t i = 0; at[i] != '\0' && at[i] != '\n'; i++) {
        bool is_word = isalnum((unsigned char)at[i]) || strchr("_.", at[i]) != NULL ||
                       (unsigned char)at[i] >= 0x80;
        if (quote == '\0' && !is_word)
            break;
        length += ((unsigned char)at[i] & 0xc0) != 0x80;
        if (quote != '\0' && i > 0 && at[i] == quote)
            break;
    }
    return length == 0 ? 1 : length;
}

/* Lines before the SQL of a flow file, so that the shown numbers are the file's. */
static char *padded(const char *text, int line_offset)
{
    struct text out = {0};
    text_append_repeat(&out, '\n', line_offset < 0 ? 0 : (size_t)line_offset);
    text_append(&out, text);
    return text_take(&out);
}

static void show_place(FILE *log, const struct job_problem *shown)
{
    SCOPED_TEXT struct text out = {0};
    SCOPED_FREE char *source = padded(shown->text, shown->line_offset);
    const struct error *err = shown->err;
    struct diagnostics list;
    diagnostics_init(&list);
    size_t number = diagnostics_add_source(&list, *shown->file == '\0' ? "SQL" : shown->file,
                                           source, strlen(source));
    struct diagnostic *problem =
        diagnostics_add(&list, DIAGNOSTIC_ERROR, err->code, "%s", err->text);
    const struct diagnostic_place place = {.source = number,
                                           .line = (uint32_t)(err->line + shown->line_offset),
                                           .column = (uint32_t)err->column,
                                           .length =
                                               length_at(shown->text, err->line, err->column)};
    diagnostic_label(problem, place, "%s", "");
    if (err->help[0] != '\0')
        diagnostic_help(problem, "%s", err->help);
    const struct diagnostic_style style = {.is_ascii = false};
    diagnostics_render(&list, &style, &out);
    diagnostics_free(&list);
    fputs(text_string(&out), log);
    if (out.length > 0 && out.data[out.length - 1] != '\n')
        fputc('\n', log);
}

/* The first line, and the second where it only adds a path or name. */
static void append_one_line(const char *text, struct text *out)
{
    size_t first = strcspn(text, "\n");
    utf8_append_safe(out, text, first);
    const char *second = text + first;
    if (strncmp(second, "\n   ", 4) != 0)
        return;
    second += strspn(second, "\n ");
    text_append(out, ": ");
    utf8_append_safe(out, second, strcspn(second, "\n"));
}

void job_show_error(FILE *log, const struct job_problem *problem)
{
    SCOPED_TEXT struct text line = {0};
    const struct error *err = problem->err;
    bool has_place = problem->text != NULL && err->line > 0;
    if (has_place)
        show_place(log, problem);
    else if (strchr(err->text, '\n') != NULL || err->help[0] != '\0')
        fprintf(log, "error%s%s%s: %s%s%s\n", err->code[0] == '\0' ? "" : "[", err->code,
                err->code[0] == '\0' ? "" : "]", err->text,
                err->help[0] == '\0' ? "" : "\nhelp: ", err->help);
    append_one_line(err->text, &line);
    if (has_place && *problem->file != '\0')
        fprintf(log, "Error: %s:%d:%d: %s\n", problem->file, err->line + problem->line_offset,
                err->column, text_string(&line));
    else if (has_place)
        fprintf(log, "Error: SQL line %d, column %d: %s\n", err->line + problem->line_offset,
                err->column, text_string(&line));
    else
        fprintf(log, "Error: %s\n", text_string(&line));
}
