#include "nodes/warehouse/limits.h"
#include "nodes/warehouse/sync.h"
#include "nodes/warehouse/value_store.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/suggest.h"

#include <stdlib.h>
#include <string.h>

struct field {
    size_t start; /* in the record's text */
    size_t length;
    bool is_quoted;
};

struct record {
    struct text text;
    struct field *fields;
    size_t count;
    size_t capacity;
    size_t length; /* bytes of the stream, the end of its line included */
    size_t lines;  /* ends of lines among them */
};

enum csv_result {
    CSV_RECORD,
    CSV_PARTIAL, /* the buffer ends inside it */
    CSV_WRONG
};

static void end_field(struct record *record, size_t start, bool is_quoted)
{
    record->fields =
        memory_grow(record->fields, record->count, &record->capacity, sizeof *record->fields);
    record->fields[record->count++] = (struct field){start, record->text.length - start, is_quoted};
}

/* Reads a quoted field; at is behind its quote. The offset behind the closing quote, or SIZE_MAX if
 * there is none. */
static size_t read_quoted(struct record *record, const char *data, size_t length, size_t at)
{
    while (at < length) {
        const char *quote = memchr(data + at, '"', length - at);
        size_t end = quote == NULL ? length : (size_t)(quote - data);
        for (size_t i = at; i < end; i++)
            record->lines += data[i] == '\n';
        text_append_bytes(&record->text, data + at, end - at);
        if (quote == NULL)
            return SIZE_MAX;
        at = end + 1;
        if (at < length && data[at] == '"') {
            text_append_char(&record->text, '"');
            at++;
            continue;
        }
        return at;
    }
    return SIZE_MAX;
}

static size_t read_plain(struct record *record, const char *data, size_t length, size_t at,
                         char delimiter)
{
    size_t end = at;
    while (end < length && data[end] != delimiter && data[end] != '\n' && data[end] != '\r')
        end++;
    text_append_bytes(&record->text, data + at, end - at);
    return end;
}

/* Reads the record at the beginning of the bytes. */
static enum csv_result read_record(struct record *record, const char *data, size_t length,
                                   bool is_last, char delimiter)
{
    size_t at = 0;
    text_clear(&record->text);
    record->count = 0;
    record->lines = 0;
    for (;;) {
        size_t start = record->text.length;
        bool is_quoted = at < length && data[at] == '"';
        at = is_quoted ? read_quoted(record, data, length, at + 1)
                       : read_plain(record, data, length, at, delimiter);
        if (at == SIZE_MAX)
            return is_last ? CSV_WRONG : CSV_PARTIAL;
        end_field(record, start, is_quoted);
        if (at >= length && !is_last)
            return CSV_PARTIAL;
        if (at < length && data[at] == delimiter) {
            at++;
            continue;
        }
        bool is_pair = at + 1 < length && data[at] == '\r' && data[at + 1] == '\n';
        if (at + 1 == length && data[at] == '\r' && !is_last)
            return CSV_PARTIAL;
        if (at < length && data[at] != '\n' && data[at] != '\r')
            return CSV_WRONG;
        record->length = at >= length ? length : at + (is_pair ? 2 : 1);
        record->lines += at < length;
        return CSV_RECORD;
    }
}

static int reject_record(struct sync *sync, const struct record *record, const char *reason,
                         struct error *err)
{
    return sync_reject(sync, source_stream_data(&sync->stream), record->length, reason, err);
}

static bool is_null(const struct sync *sync, const struct field *field, const char *text,
                    enum type_kind kind)
{
    const char *null_text = sync->source.null_text;
    if (field->is_quoted)
        return false;
    if (null_text != NULL && strlen(null_text) == field->length &&
        memcmp(null_text, text, field->length) == 0)
        return true;
    bool is_text = kind == TYPE_STRING || kind == TYPE_VARCHAR || kind == TYPE_CHAR;
    return field->length == 0 && !is_text;
}

static int put_field(struct sync *sync, const struct record *record, size_t column, char *why,
                     size_t why_bytes)
{
    const struct table_column *target = &sync->table->columns[column];
    size_t index = 0;
    while (index < sync->field_count && sync->columns[index] != column)
        index++;
    const struct field *field = &record->fields[index];
    const char *text = text_string(&record->text) + (index < record->count ? field->start : 0);
    if (index == sync->field_count || is_null(sync, field, text, target->type.kind)) {
        part_writer_null(sync->part);
        if (target->is_required)
            snprintf(why, why_bytes, "column `%s`: it is NOT NULL and got NULL", target->name);
        return target->is_required ? -1 : 0;
    }
    struct value from;
    struct value to;
    struct error problem = {0};
    const char *bad = sync_check_text(text, field->length);
    value_set_text(&from, text, field->length);
    if (bad != NULL || value_convert(&from, target->type, VALUE_IMPLICIT, &to, &problem) != 0) {
        snprintf(why, why_bytes, "column `%s`: %.400s", target->name,
                 bad != NULL ? bad : problem.text);
        return -1;
    }
    value_store(&to, sync->part);
    value_free(&to);
    return 0;
}

static int put_record(struct sync *sync, const struct record *record, struct error *err)
{
    char why[600];
    struct error problem = {0};
    if (record->count != sync->field_count) {
        snprintf(why, sizeof why, "%zu fields, expected %zu", record->count, sync->field_count);
        return reject_record(sync, record, why, err);
    }
    for (size_t i = 0; i < sync->table->column_count; i++) {
        if (put_field(sync, record, i, why, sizeof why) != 0) {
            part_writer_drop_row(sync->part);
            return reject_record(sync, record, why, err);
        }
    }
    if (part_writer_end_row(sync->part, &problem) == 0)
        return 0;
    if (problem.kind == ERROR_KIND_INVALID)
        return reject_record(sync, record, problem.text, err);
    if (err != NULL)
        *err = problem;
    return -1;
}

/* A header says which column each field is; without one they come in the table's order. */
static int read_header(struct sync *sync, const struct record *record, struct error *err)
{
    sync->field_count = record->count;
    free(sync->columns);
    sync->columns = memory_new(record->count, sizeof *sync->columns);
    for (size_t i = 0; i < record->count; i++) {
        char name[WAREHOUSE_MAX_NAME_BYTES + 1] = "";
        if (record->fields[i].length < sizeof name)
            memcpy(name, text_string(&record->text) + record->fields[i].start,
                   record->fields[i].length);
        size_t column = table_find_column(sync->table, name);
        for (size_t k = 0; k < i && column != SIZE_MAX; k++) {
            if (sync->columns[k] == column)
                return error_set(err, ERROR_KIND_INVALID, "%s: the header names `%s` twice",
                                 sync->stream.path, name);
        }
        if (column < sync->table->column_count) {
            sync->columns[i] = column;
            continue;
        }
        const char *known[WAREHOUSE_MAX_COLUMNS];
        for (size_t k = 0; k < sync->table->column_count; k++)
            known[k] = sync->table->columns[k].name;
        const char *best = suggest_among(name, known, sync->table->column_count);
        error_set(err, ERROR_KIND_INVALID,
                  "%s: the header names `%s`, which table `%s` does not have", sync->stream.path,
                  name, sync->table->name);
        return best == NULL ? -1 : error_help(err, "did you mean `%s`?", best);
    }
    return 0;
}

static void use_order(struct sync *sync)
{
    if (sync->columns != NULL)
        return;
    sync->field_count = sync->table->column_count;
    sync->columns = memory_new(sync->field_count, sizeof *sync->columns);
    for (size_t i = 0; i < sync->field_count; i++)
        sync->columns[i] = i;
}

/* A broken record ends with its line. */
static int reject_line(struct sync *sync, struct record *record, const char *reason,
                       struct error *err)
{
    struct source_stream *stream = &sync->stream;
    const char *data = source_stream_data(stream);
    const char *end = memchr(data, '\n', source_stream_length(stream));
    record->length = end == NULL ? source_stream_length(stream) : (size_t)(end - data);
    if (reject_record(sync, record, reason, err) != 0)
        return -1;
    return sync_skip_line(sync, err);
}

static int take_record(struct sync *sync, struct record *record, bool *is_header, struct error *err)
{
    if (*is_header) {
        *is_header = false;
        return read_header(sync, record, err);
    }
    bool is_empty =
        record->count == 1 && record->fields[0].length == 0 && !record->fields[0].is_quoted;
    return is_empty ? 0 : put_record(sync, record, err);
}

static int read_records(struct sync *sync, struct record *record, struct error *err)
{
    struct source_stream *stream = &sync->stream;
    bool is_header = sync->source.has_header;
    for (;;) {
        size_t length = source_stream_length(stream);
        if (length == 0 && stream->is_end)
            return 0;
        enum csv_result result = length == 0
                                     ? CSV_PARTIAL
                                     : read_record(record, source_stream_data(stream), length,
                                                   stream->is_end, sync->source.delimiter);
        if (result == CSV_PARTIAL && length <= WAREHOUSE_MAX_RECORD_BYTES) {
            if (source_stream_fill(stream, err) < 0)
                return -1;
            sync_tell(sync);
            continue;
        }
        if (result != CSV_RECORD) {
            const char *reason = result == CSV_WRONG ? "a quote is wrong or is not closed"
                                                     : "the record is larger than 8 MiB";
            if (reject_line(sync, record, reason, err) != 0)
                return -1;
            continue;
        }
        if (take_record(sync, record, &is_header, err) != 0)
            return -1;
        source_stream_consume(stream, record->length, record->lines);
    }
}

int sync_csv(struct sync *sync, struct error *err)
{
    struct record record = {0};
    if (!sync->source.has_header)
        use_order(sync);
    int result = read_records(sync, &record, err);
    text_free(&record.text);
    free(record.fields);
    return result;
}
