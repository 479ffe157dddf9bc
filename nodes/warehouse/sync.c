#include "nodes/warehouse/sync.h"

#include "nodes/warehouse/failure.h"
#include "nodes/warehouse/sql_statement.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)
#define ONES UINT64_C(0x0101010101010101)

/* Bytes at the beginning that are ASCII without NUL, in steps of eight. */
static size_t skip_ascii(const char *bytes, size_t length)
{
    size_t at = 0;
    for (; length - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof word);
        if (((word | (word - ONES)) & HIGH_BITS) != 0)
            break;
    }
    return at;
}

const char *sync_check_text(const char *bytes, size_t length)
{
    size_t at = skip_ascii(bytes, length);
    if (length > at && memchr(bytes + at, '\0', length - at) != NULL)
        return "it holds a NUL byte";
    if (utf8_valid_prefix(bytes + at, length - at) != length - at)
        return "it is not UTF-8";
    return NULL;
}

int sync_reject(struct sync *sync, const char *bytes, size_t length, const char *reason,
                struct error *err)
{
    const struct rejected rejected = {.file = sync->stream.path,
                                      .line = sync->stream.line,
                                      .offset = sync->stream.offset,
                                      .bytes = bytes,
                                      .length = length,
                                      .reason = reason};
    return rejects_add(&sync->rejects, &rejected, err);
}

int sync_put_text(struct sync *sync, const char *bytes, size_t length, struct error *err)
{
    struct error problem = {0};
    const char *bad = sync_check_text(bytes, length);
    if (bad != NULL)
        return sync_reject(sync, bytes, length, bad, err);
    part_writer_text(sync->part, bytes, length);
    if (part_writer_end_row(sync->part, &problem) == 0)
        return 0;
    if (problem.kind == ERROR_KIND_INVALID)
        return sync_reject(sync, bytes, length, "it is larger than 8 MiB", err);
    if (err != NULL)
        *err = problem;
    return -1;
}

void sync_tell(struct sync *sync)
{
    if (sync->job != NULL)
        job_tell_progress(sync->job, sync->done_bytes + sync->stream.read_bytes, sync->total_bytes,
                          "bytes");
}

int sync_skip_line(struct sync *sync, struct error *err)
{
    struct source_stream *stream = &sync->stream;
    for (;;) {
        size_t length = source_stream_length(stream);
        const char *end = length == 0 ? NULL : memchr(source_stream_data(stream), '\n', length);
        if (end != NULL) {
            source_stream_consume(stream, (size_t)(end - source_stream_data(stream)) + 1, 1);
            return 0;
        }
        source_stream_consume(stream, length, 0);
        int filled = source_stream_fill(stream, err);
        if (filled <= 0)
            return filled;
    }
}

static int find_table(struct sync *sync, struct arena *arena, struct error *err)
{
    const char **names = NULL;
    size_t count = 0;
    if (catalog_find_table(&sync->job->catalog, sync->table_name, arena, &sync->table, err) != 0)
        return -1;
    if (sync->table != NULL)
        return 0;
    error_set(err, ERROR_KIND_NOT_FOUND, "there is no table `%s`", sync->table_name);
    if (catalog_list_tables(&sync->job->catalog, arena, &names, &count, NULL) != 0)
        return -1;
    const char *best = suggest_among(sync->table_name, names, count);
    if (best != NULL)
        return error_help(err, "did you mean `%s`?", best);
    return error_help(err, "declare it: `tables:` of the flow names files with CREATE TABLE");
}

/* Formats that give one text a record need a table of one STRING column. */
static int check_columns(const struct sync *sync, struct error *err)
{
    const struct table *table = sync->table;
    if (sync->source.format == SYNC_CSV ||
        (table->column_count == 1 && table->columns[0].type.kind == TYPE_STRING))
        return 0;
    const char *format = sync->source.format == SYNC_LINES ? "lines" : "json";
    return error_set(err, ERROR_KIND_INVALID,
                     "format %s fills one STRING column, table `%s` has %zu column%s (%s %s…)",
                     format, table->name, table->column_count, table->column_count == 1 ? "" : "s",
                     table->columns[0].name, type_kind_name(table->columns[0].type.kind));
}

/* One `name=value` of the partition. */
static int read_level(const struct sync *sync, size_t level, const char *text,
                      const char **ret_value, struct error *err)
{
    const struct table_column *column = table_partition_column(sync->table, level);
    size_t name = strlen(column->name);
    text += strspn(text, " ");
    if (strncasecmp(text, column->name, name) != 0 || text[name] != '=')
        return error_set(err, ERROR_KIND_INVALID,
                         "partition `%s` of table `%s`: expected `%s=…`, found `%s`",
                         sync->partition, sync->table->name, column->name, text);
    if (table_check_partition_value(column, text + name + 1, err) != 0)
        return -1;
    *ret_value = text + name + 1;
    return 0;
}

static int read_partition(struct sync *sync, struct arena *arena, struct error *err)
{
    const struct table *table = sync->table;
    const char *values[WAREHOUSE_MAX_PARTITION_COLUMNS] = {0};
    const char *at = sync->partition;
    int result = 0;
    size_t level = 0;
    for (; *at != '\0' && level < table->partition_count && result == 0; level++) {
        size_t length = strcspn(at, ",/");
        result = read_level(sync, level, arena_copy(arena, at, length), &values[level], err);
        at += length + (at[length] == '\0' ? 0 : 1);
    }
    if (result == 0 && (*at != '\0' || level < table->partition_count))
        result = error_set(err, ERROR_KIND_INVALID,
                           table->partition_count == 0
                               ? "partition `%s`: table `%s` is not partitioned"
                               : "partition `%s`: table `%s` needs exactly its partition columns",
                           sync->partition, table->name);
    if (result == 0) {
        SCOPED_TEXT struct text spec = {0};
        table_format_partition(table, values, &spec);
        sync->spec = arena_copy_string(arena, text_string(&spec));
    }
    return result;
}

/* `, var = 20211112`: what the one parameter of the template stands for in the file's name. */
static void explain_value(const struct sync_source *source, struct text *out)
{
    const char *start = strpbrk(source->template, "$");
    if (start == NULL || (start[1] != '{' && start[1] != '<'))
        return;
    size_t before = (size_t)(start - source->template);
    size_t name = strcspn(start + 2, start[1] == '{' ? "}" : ">");
    if (start[2 + name] == '\0' || strchr(start + 3 + name, '$') != NULL)
        return;
    size_t behind = strlen(start + 3 + name);
    size_t length = strlen(source->file);
    if (length < before + behind || strncmp(source->template, source->file, before) != 0 ||
        strcmp(start + 3 + name, source->file + length - behind) != 0)
        return;
    text_append_format(out, ", %.*s = %.*s", (int)name, start + 2, (int)(length - before - behind),
                       source->file + before);
}

static int fail_missing(const struct sync *sync, int root_fd, struct error *err)
{
    SCOPED_TEXT struct text note = {0};
    SCOPED_TEXT struct text from = {0};
    const struct sync_source *source = &sync->source;
    const struct job *job = sync->job;
    source_explain_missing(root_fd, source->root, source->file, &note);
    if (strcmp(source->template, source->file) != 0 || source->place[0] != '\0') {
        text_append_format(&from, "\n   from `%s`%s%s", source->template,
                           source->place[0] == '\0' ? "" : ", ", source->place);
        explain_value(source, &from);
    }
    error_set(err, ERROR_KIND_PRECONDITION,
              "%s: no source file for business date %s\n   %s/%s%s\nnote: %s", job->writer.node,
              job->bizdate, source->root, source->file, text_string(&from), text_string(&note));
    error_help(err,
               "go on without  on_missing: skip, or empty   (node setting)\n"
               "      try again      datemill rerun %lld --from-failed",
               (long long)job->writer.run);
    if (err != NULL)
        memcpy(err->code, FAILURE_CODE_MISSING, sizeof FAILURE_CODE_MISSING);
    return -1;
}

static int read_file(struct sync *sync, int root_fd, const struct source_file *file,
                     struct error *err)
{
    int fd;
    if (source_open(root_fd, file->path, &fd, err) != 0)
        return -1;
    source_stream_open(&sync->stream, fd, file->path);
    int64_t rows = (int64_t)sync->part->rows;
    int result = -1;
    switch (sync->source.format) {
    case SYNC_LINES:
        result = sync_lines(sync, err);
        break;
    case SYNC_JSON:
        result = sync_json(sync, err);
        break;
    case SYNC_CSV:
        result = sync_csv(sync, err);
        break;
    }
    if (result == 0)
        fprintf(sync->job->out, "%s: %lld rows%s\n", file->path,
                (long long)sync->part->rows - (long long)rows,
                file->bytes == 0 ? " (the file is empty)" : "");
    sync->done_bytes += file->bytes;
    source_stream_close(&sync->stream);
    return result;
}

static int read_files(struct sync *sync, int root_fd, const struct source_files *files,
                      struct error *err)
{
    sync->total_bytes = files->bytes;
    if (partition_writers_open(&sync->writers, &sync->job->catalog, &sync->job->writer, sync->table,
                               err) != 0 ||
        partition_writers_get(&sync->writers, sync->spec, &sync->part, err) != 0)
        return -1;
    for (size_t i = 0; i < files->count; i++) {
        if (read_file(sync, root_fd, &files->items[i], err) != 0)
            return -1;
    }
    return rejects_close(&sync->rejects, err);
}

static int commit(struct sync *sync, struct error *err)
{
    int64_t rows = (int64_t)sync->part->rows;
    if (partition_writers_commit(&sync->writers,
                                 sync->is_append ? CATALOG_APPEND : CATALOG_OVERWRITE, err) != 0)
        return -1;
    fprintf(sync->job->out, "%lld rows → %s%s%s\n", (long long)rows, sync->table->name,
            sync->spec[0] == '\0' ? "" : "/", sync->spec);
    if (sync->rejects.count > 0)
        fprintf(sync->job->out, "%lld rejected records%s%s; the first: %s\n",
                (long long)sync->rejects.count, sync->rejects.path[0] == '\0' ? "" : ", kept in ",
                sync->rejects.path, sync->rejects.first);
    job_tell_table(sync->job, sync->table->name, sync->spec, rows);
    return 0;
}

int sync_run(struct sync *sync, struct arena *arena, bool *ret_is_skipped, struct error *err)
{
    SCOPED_FD int root_fd = -1;
    struct source_files files;
    if (find_table(sync, arena, err) != 0 || check_columns(sync, err) != 0 ||
        read_partition(sync, arena, err) != 0 ||
        source_open_root(sync->source.root, &root_fd, err) != 0 ||
        source_find(root_fd, sync->source.file, arena, &files, err) != 0)
        return -1;
    if (files.count == 0 && sync->missing == SYNC_MISSING_FAIL)
        return fail_missing(sync, root_fd, err);
    *ret_is_skipped = files.count == 0 && sync->missing == SYNC_MISSING_SKIP;
    if (*ret_is_skipped)
        return 0;
    if (read_files(sync, root_fd, &files, err) != 0)
        return -1;
    return commit(sync, err);
}

void sync_free(struct sync *sync)
{
    rejects_close(&sync->rejects, NULL);
    if (sync->writers.catalog != NULL)
        partition_writers_close(&sync->writers);
    json_tape_free(&sync->tape);
    text_free(&sync->scratch);
    free(sync->columns);
    *sync = (struct sync){0};
}
