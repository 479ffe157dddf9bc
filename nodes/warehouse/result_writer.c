#include "nodes/warehouse/result_writer.h"

#include "nodes/warehouse/value.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIM "\033[2m"
#define PLAIN "\033[0m"
#define GAP "  "

static void add_name(struct result_writer *writer, const char *name, int column)
{
    struct result_cell *cell = &writer->name_cells[column];
    cell->start = writer->names.length;
    for (; *name != '\0'; name++)
        text_append_char(&writer->names, (char)tolower((unsigned char)*name));
    cell->length = writer->names.length - cell->start;
    text_append_char(&writer->names, '\0');
    writer->widths[column] = utf8_width(writer->names.data + cell->start, cell->length);
}

static const char *name_of(const struct result_writer *writer, int column)
{
    return writer->names.data + writer->name_cells[column].start;
}

static void append_csv(struct text *out, const char *bytes, size_t length, bool is_text)
{
    bool needs_quotes = is_text && length == 0;
    for (size_t i = 0; i < length && !needs_quotes; i++)
        needs_quotes = strchr(",\"\r\n", bytes[i]) != NULL;
    bool has_blank = length > 0 && (bytes[0] == ' ' || bytes[length - 1] == ' ');
    if (!needs_quotes && !has_blank) {
        text_append_bytes(out, bytes, length);
        return;
    }
    text_append_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '"')
            text_append_char(out, '"');
        text_append_char(out, bytes[i]);
    }
    text_append_char(out, '"');
}

static void put_line(struct result_writer *writer)
{
    fwrite(text_string(&writer->line), 1, writer->line.length, writer->out);
    text_clear(&writer->line);
}

void result_begin(struct result_writer *writer, const struct query *query)
{
    result_free(writer);
    writer->columns = query->column_count;
    size_t count = (size_t)writer->columns;
    writer->widths = memory_new(count, sizeof *writer->widths);
    writer->is_number = memory_new(count, sizeof *writer->is_number);
    writer->name_cells = memory_new(count, sizeof *writer->name_cells);
    for (int i = 0; i < writer->columns; i++)
        add_name(writer, sqlite3_column_name(query->statement, i), i);
    if (writer->format == RESULT_JSON)
        text_append(&writer->line, "[");
    for (int i = 0; i < writer->columns && writer->format == RESULT_CSV; i++) {
        text_append(&writer->line, i == 0 ? "" : ",");
        append_csv(&writer->line, name_of(writer, i), writer->name_cells[i].length, true);
    }
    if (writer->format == RESULT_CSV)
        text_append_char(&writer->line, '\n');
    put_line(writer);
}

/* A value as text; BOOLEAN and BINARY have a form of their own. */
static const char *show(const struct query *query, int column, struct value *value,
                        size_t *ret_length)
{
    value_read(sqlite3_column_value(query->statement, column), value);
    if (value->kind == VALUE_INT && query_column_type(query, column) == TYPE_BOOLEAN) {
        *ret_length = value->integer != 0 ? 4 : 5;
        return value->integer != 0 ? "true" : "false";
    }
    if (value->kind != VALUE_BINARY)
        return value_text(value, ret_length);
    for (size_t i = 0; i < value->length; i++)
        text_append_format(&value->owned, "%02x", (unsigned char)value->bytes[i]);
    *ret_length = value->owned.length;
    return text_string(&value->owned);
}

static void write_json_row(struct result_writer *writer, const struct query *query)
{
    struct json_out json;
    text_append(&writer->line, writer->rows == 0 ? "" : ",\n ");
    json_out_init(&json, &writer->line);
    json_out_begin_object(&json);
    for (int i = 0; i < writer->columns; i++) {
        struct value value;
        size_t length;
        const char *text = show(query, i, &value, &length);
        bool is_truth = length > 0 && (text[0] == 't' || text[0] == 'f');
        bool is_number = value.kind == VALUE_DECIMAL || (value.kind == VALUE_INT && !is_truth) ||
                         (value.kind == VALUE_REAL && isfinite(value.real));
        json_out_key(&json, name_of(writer, i));
        if (value.kind == VALUE_NULL)
            json_out_null(&json);
        else if (is_number || (value.kind == VALUE_INT && is_truth))
            json_out_raw(&json, text);
        else
            json_out_bytes(&json, text, length);
        value_free(&value);
    }
    json_out_end_object(&json);
    put_line(writer);
}

static void write_csv_row(struct result_writer *writer, const struct query *query)
{
    for (int i = 0; i < writer->columns; i++) {
        struct value value;
        size_t length;
        const char *text = show(query, i, &value, &length);
        text_append(&writer->line, i == 0 ? "" : ",");
        if (value.kind != VALUE_NULL)
            append_csv(&writer->line, text, length, value.kind == VALUE_TEXT);
        value_free(&value);
    }
    text_append_char(&writer->line, '\n');
    put_line(writer);
}

static void append_cell(struct result_writer *writer, int column, const char *text,
                        const struct result_cell *cell)
{
    size_t width = utf8_width(text, cell->length);
    size_t wanted = writer->widths[column];
    size_t fill = width < wanted ? wanted - width : 0;
    bool is_last = column + 1 == writer->columns;
    bool is_right = writer->is_number[column];
    bool is_dim = cell->is_null && writer->has_color;
    text_append(&writer->line, column == 0 ? "" : GAP);
    if (is_right)
        text_append_repeat(&writer->line, ' ', fill);
    text_append(&writer->line, is_dim ? DIM : "");
    text_append_bytes(&writer->line, text, cell->length);
    text_append(&writer->line, is_dim ? PLAIN : "");
    if (!is_right && !is_last)
        text_append_repeat(&writer->line, ' ', fill);
}

/* Writes the header and the rows held back: from now on widths stay. */
static void settle_widths(struct result_writer *writer)
{
    writer->is_streaming = true;
    for (int i = 0; i < writer->columns; i++)
        append_cell(writer, i, name_of(writer, i), &writer->name_cells[i]);
    text_append_char(&writer->line, '\n');
    for (int i = 0; i < writer->columns; i++) {
        text_append(&writer->line, i == 0 ? "" : GAP);
        for (size_t k = 0; k < writer->widths[i]; k++)
            text_append(&writer->line, "─");
    }
    text_append_char(&writer->line, '\n');
    put_line(writer);
    for (size_t i = 0; i < writer->held_count; i++) {
        int column = (int)(i % (size_t)writer->columns);
        append_cell(writer, column, writer->cells.data + writer->held[i].start, &writer->held[i]);
        if (column + 1 < writer->columns)
            continue;
        text_append_char(&writer->line, '\n');
        put_line(writer);
    }
    writer->held_count = 0;
    text_clear(&writer->cells);
}

/* Text from outside must not move the cursor or break the line. */
static void append_line_safe(struct text *out, const char *text, size_t length)
{
    size_t start = out->length;
    utf8_append_safe(out, text, length);
    for (size_t i = start; i < out->length; i++) {
        if (out->data[i] == '\n' || out->data[i] == '\t')
            out->data[i] = ' ';
    }
}

static void hold_row(struct result_writer *writer, const struct query *query)
{
    for (int i = 0; i < writer->columns; i++) {
        struct value value;
        size_t length;
        const char *text = show(query, i, &value, &length);
        struct result_cell cell = {.start = writer->cells.length,
                                   .is_null = value.kind == VALUE_NULL};
        append_line_safe(&writer->cells, cell.is_null ? "NULL" : text, cell.is_null ? 4 : length);
        cell.length = writer->cells.length - cell.start;
        if (value.kind == VALUE_INT || value.kind == VALUE_REAL || value.kind == VALUE_DECIMAL)
            writer->is_number[i] = query_column_type(query, i) != TYPE_BOOLEAN;
        size_t width =
            cell.length == 0 ? 0 : utf8_width(writer->cells.data + cell.start, cell.length);
        if (!writer->is_streaming && width <= RESULT_MAX_COLUMN_WIDTH && width > writer->widths[i])
            writer->widths[i] = width;
        writer->held = memory_grow(writer->held, writer->held_count, &writer->held_capacity,
                                   sizeof *writer->held);
        writer->held[writer->held_count++] = cell;
        value_free(&value);
    }
}

static void write_table_row(struct result_writer *writer, const struct query *query)
{
    hold_row(writer, query);
    if (!writer->is_streaming) {
        if (writer->rows + 1 >= RESULT_HELD_ROWS || writer->cells.length >= RESULT_HELD_BYTES)
            settle_widths(writer);
        return;
    }
    for (int i = 0; i < writer->columns; i++)
        append_cell(writer, i, text_string(&writer->cells) + writer->held[i].start,
                    &writer->held[i]);
    text_append_char(&writer->line, '\n');
    put_line(writer);
    writer->held_count = 0;
    text_clear(&writer->cells);
}

int result_check(const struct result_writer *writer, struct error *err)
{
    if (!ferror(writer->out))
        return 0;
    return error_set_errno(err, ERROR_KIND_FAILED, "cannot write the result");
}

int result_row(struct result_writer *writer, const struct query *query, struct error *err)
{
    switch (writer->format) {
    case RESULT_TABLE:
        write_table_row(writer, query);
        break;
    case RESULT_CSV:
        write_csv_row(writer, query);
        break;
    case RESULT_JSON:
        write_json_row(writer, query);
        break;
    }
    writer->rows++;
    return result_check(writer, err);
}

int result_end(struct result_writer *writer, struct error *err)
{
    if (writer->format == RESULT_TABLE && !writer->is_streaming)
        settle_widths(writer);
    if (writer->format == RESULT_JSON)
        fputs("]\n", writer->out);
    return result_check(writer, err);
}

void result_free(struct result_writer *writer)
{
    free(writer->widths);
    free(writer->is_number);
    free(writer->name_cells);
    free(writer->held);
    text_free(&writer->names);
    text_free(&writer->cells);
    text_free(&writer->line);
    *writer = (struct result_writer){
        .out = writer->out, .format = writer->format, .has_color = writer->has_color};
}
