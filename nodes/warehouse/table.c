#include "nodes/warehouse/table.h"

#include "nodes/warehouse/number.h"
#include "nodes/warehouse/part_file.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

size_t table_find_column(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count + table->partition_count; i++) {
        if (strcasecmp(table->columns[i].name, name) == 0)
            return i;
    }
    return SIZE_MAX;
}

void table_format_partition(const struct table *table, const char *const *values, struct text *out)
{
    for (size_t i = 0; i < table->partition_count; i++)
        text_append_format(out, "%s%s=%s", i == 0 ? "" : "/",
                           table_partition_column(table, i)->name, values[i]);
}

bool table_split_partition(const struct table *table, const char *spec, struct arena *arena,
                           const char ***ret_values)
{
    const char **values = arena_array(arena, table->partition_count + 1, sizeof *values);
    const char *at = spec;
    for (size_t i = 0; i < table->partition_count; i++) {
        const char *name = table_partition_column(table, i)->name;
        size_t length = strlen(name);
        if (strncasecmp(at, name, length) != 0 || at[length] != '=')
            return false;
        at += length + 1;
        size_t value_length = strcspn(at, "/");
        values[i] = arena_copy(arena, at, value_length);
        at += value_length + (at[value_length] == '/' ? 1 : 0);
    }
    if (*at != '\0')
        return false;
    *ret_values = values;
    return true;
}

static bool is_partition_byte(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr(" :_$#.!@-", c) != NULL);
}

int table_check_partition_value(const struct table_column *column, const char *value,
                                struct error *err)
{
    size_t length = strlen(value);
    if (length == 0)
        return error_set(err, ERROR_KIND_INVALID, "the partition value of `%s` is empty",
                         column->name);
    if (length > WAREHOUSE_MAX_PARTITION_VALUE_BYTES)
        return error_set(err, ERROR_KIND_INVALID,
                         "the partition value of `%s` has %zu bytes; the limit is %d", column->name,
                         length, WAREHOUSE_MAX_PARTITION_VALUE_BYTES);
    for (size_t i = 0; i < length; i++) {
        if (!is_partition_byte(value[i]))
            return error_set(err, ERROR_KIND_INVALID,
                             "partition value %s='%.60s' has a character that partitions cannot "
                             "have: letters, digits and ` :_$#.!@-` are allowed",
                             column->name, value);
    }
    int64_t number;
    if (type_is_whole(column->type.kind) && !number_parse_int(value, length, &number))
        return error_set(err, ERROR_KIND_INVALID, "partition value %s='%.60s' is no %s",
                         column->name, value, type_kind_name(column->type.kind));
    return 0;
}

char *table_part_classes(const struct table *table, struct arena *arena)
{
    char *classes = arena_alloc(arena, table->column_count + 1);
    for (size_t i = 0; i < table->column_count; i++)
        classes[i] = type_affinity(table->columns[i].type.kind)[0];
    return classes;
}

bool table_is_name(const char *name, size_t length)
{
    if (length == 0 || length > WAREHOUSE_MAX_NAME_BYTES)
        return false;
    for (size_t i = 0; i < length; i++) {
        bool is_letter = isalpha((unsigned char)name[i]) || name[i] == '_';
        if (!is_letter && (i == 0 || !isdigit((unsigned char)name[i])))
            return false;
    }
    return true;
}

static void append_quoted(struct text *out, const char *text)
{
    text_append_char(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            text_append_char(out, '\\');
        text_append_char(out, *text);
    }
    text_append_char(out, '\'');
}

static void append_columns(const struct table_column *columns, size_t count, struct text *out)
{
    char type[TYPE_NAME_BYTES];
    for (size_t i = 0; i < count; i++) {
        text_append_format(out, "%s\n    %s %s%s", i == 0 ? "" : ",", columns[i].name,
                           type_format(columns[i].type, type),
                           columns[i].is_required ? " NOT NULL" : "");
        if (columns[i].comment[0] != '\0') {
            text_append(out, " COMMENT ");
            append_quoted(out, columns[i].comment);
        }
    }
    text_append(out, "\n)");
}

void table_format_ddl(const struct table *table, struct text *out)
{
    text_append_format(out, "CREATE TABLE IF NOT EXISTS %s (", table->name);
    append_columns(table->columns, table->column_count, out);
    if (table->comment[0] != '\0') {
        text_append(out, "\nCOMMENT ");
        append_quoted(out, table->comment);
    }
    if (table_is_partitioned(table)) {
        text_append(out, "\nPARTITIONED BY (");
        append_columns(table->columns + table->column_count, table->partition_count, out);
    }
    if (table->lifecycle_days > 0)
        text_append_format(out, "\nLIFECYCLE %lld", (long long)table->lifecycle_days);
    text_append(out, ";");
}

bool table_has_same_columns(const struct table *a, const struct table *b)
{
    if (a->column_count != b->column_count || a->partition_count != b->partition_count)
        return false;
    for (size_t i = 0; i < a->column_count + a->partition_count; i++) {
        const struct table_column *x = &a->columns[i];
        const struct table_column *y = &b->columns[i];
        if (strcasecmp(x->name, y->name) != 0 || x->type.kind != y->type.kind ||
            x->type.precision != y->type.precision || x->type.scale != y->type.scale ||
            x->is_required != y->is_required)
            return false;
    }
    return true;
}
