#include "nodes/warehouse/table_rows.h"

#include "scheduler/base/suggest.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_NUMBER_BYTES 64

enum comparison {
    COMPARISON_EQ,
    COMPARISON_NE,
    COMPARISON_LT,
    COMPARISON_LE,
    COMPARISON_GT,
    COMPARISON_GE,
    COMPARISON_CONTAINS,
    COMPARISON_NULL,
    COMPARISON_COUNT
};

static const char *const comparison_names[COMPARISON_COUNT] = {"eq", "ne", "lt",       "le",
                                                               "gt", "ge", "contains", "null"};
static const char *const comparison_signs[COMPARISON_COUNT] = {
    "=", "<>", "<", "<=", ">", ">=", "", ""};

struct filter {
    const struct table_column *column;
    enum comparison comparison;
    const char *value;
};

static const struct table_column *find_column(const struct table *table, const char *name,
                                              size_t length)
{
    char copy[WAREHOUSE_MAX_NAME_BYTES + 1];
    if (length == 0 || length >= sizeof copy)
        return NULL;
    memcpy(copy, name, length);
    copy[length] = '\0';
    size_t index = table_find_column(table, copy);
    return index == SIZE_MAX ? NULL : &table->columns[index];
}

static int no_column(const struct table *table, const char *name, int length, struct error *err)
{
    char copy[SUGGEST_MAX_NAME];
    struct suggest suggest;
    snprintf(copy, sizeof copy, "%.*s", length, name);
    suggest_begin(&suggest, copy);
    for (size_t i = 0; i < table->column_count + table->partition_count; i++)
        suggest_offer(&suggest, table->columns[i].name);
    error_at(err, 0, 0, "E022", "table `%s` has no column `%.100s`", table->name, copy);
    const char *best = suggest_best(&suggest);
    return best == NULL ? -1 : error_help(err, "did you mean `%s`?", best);
}

static int find_comparison(const char *name, size_t length, enum comparison *ret_comparison,
                           struct error *err)
{
    char copy[SUGGEST_MAX_NAME];
    for (int i = 0; i < COMPARISON_COUNT; i++) {
        if (strlen(comparison_names[i]) == length &&
            memcmp(comparison_names[i], name, length) == 0) {
            *ret_comparison = (enum comparison)i;
            return 0;
        }
    }
    snprintf(copy, sizeof copy, "%.*s", (int)length, name);
    error_at(err, 0, 0, "E022", "there is no comparison `%.100s`", copy);
    const char *best = suggest_among(copy, comparison_names, COMPARISON_COUNT);
    return best == NULL ? error_help(err, "there are: eq ne lt le gt ge contains null")
                        : error_help(err, "did you mean `%s`?", best);
}

/* A column may have `__` in its name: the whole is tried first. */
static int read_filter(const struct table *table, const char *text, struct filter *ret_filter,
                       struct error *err)
{
    const char *equals = strchr(text, '=');
    struct filter filter = {.comparison = COMPARISON_EQ};
    if (equals == NULL)
        return error_at(err, 0, 0, "E021", "`%.100s` is no filter such as `column=value`", text);
    size_t length = (size_t)(equals - text);
    filter.value = equals + 1;
    filter.column = find_column(table, text, length);
    if (filter.column == NULL) {
        const char *mark = NULL;
        for (const char *at = text; at + 1 < equals; at++)
            mark = at[0] == '_' && at[1] == '_' ? at : mark;
        size_t name_length = mark == NULL ? length : (size_t)(mark - text);
        filter.column = find_column(table, text, name_length);
        if (filter.column == NULL)
            return no_column(table, text, (int)name_length, err);
        if (find_comparison(mark + 2, (size_t)(equals - mark - 2), &filter.comparison, err) != 0)
            return -1;
    }
    *ret_filter = filter;
    return 0;
}

static void append_name(struct text *sql, const char *name)
{
    text_append_format(sql, "`%s`", name);
}

static void append_string(struct text *sql, const char *value)
{
    text_append_char(sql, '\'');
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\'' || *at == '\\')
            text_append_char(sql, '\\');
        text_append_char(sql, *at);
    }
    text_append_char(sql, '\'');
}

static bool is_number(const char *value)
{
    const char *at = value + (*value == '-' || *value == '+' ? 1 : 0);
    size_t digits = 0;
    size_t points = 0;
    for (; isdigit((unsigned char)*at) || *at == '.'; at++) {
        digits += *at == '.' ? 0 : 1;
        points += *at == '.' ? 1 : 0;
    }
    return digits > 0 && points <= 1 && *at == '\0' && isdigit((unsigned char)at[-1]) &&
           strlen(value) <= MAX_NUMBER_BYTES;
}

static int wrong_value(const struct filter *filter, const char *wanted, struct error *err)
{
    return error_at(err, 0, 0, "E021", "`%.100s` is no value for the column `%s`: %s is wanted",
                    filter->value, filter->column->name, wanted);
}

static int append_value(struct text *sql, const struct filter *filter, struct error *err)
{
    enum type_kind kind = filter->column->type.kind;
    const char *value = filter->value;
    if (type_is_whole(kind) || type_is_float(kind) || kind == TYPE_DECIMAL) {
        if (!is_number(value))
            return wrong_value(filter, "a number", err);
        text_append(sql, value + (*value == '+' ? 1 : 0));
    } else if (kind == TYPE_BOOLEAN) {
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
            return wrong_value(filter, "true or false", err);
        text_append(sql, value);
    } else if (kind == TYPE_DATE || kind == TYPE_DATETIME || kind == TYPE_TIMESTAMP) {
        text_append(sql, "CAST(");
        append_string(sql, value);
        text_append_format(sql, " AS %s)", type_kind_name(kind));
    } else {
        append_string(sql, value);
    }
    return 0;
}

static int append_null_test(struct text *sql, const struct filter *filter, struct error *err)
{
    bool is_yes = strcmp(filter->value, "1") == 0;
    if (!is_yes && strcmp(filter->value, "0") != 0)
        return wrong_value(filter, "0 or 1", err);
    append_name(sql, filter->column->name);
    text_append(sql, is_yes ? " IS NULL" : " IS NOT NULL");
    return 0;
}

static void append_contains(struct text *sql, const struct filter *filter)
{
    bool is_text = type_family(filter->column->type.kind) == TYPE_FAMILY_TEXT;
    text_append(sql, is_text ? "INSTR(" : "INSTR(CAST(");
    append_name(sql, filter->column->name);
    text_append(sql, is_text ? ", " : " AS STRING), ");
    append_string(sql, filter->value);
    text_append(sql, ") > 0");
}

static int append_filter(struct text *sql, const struct filter *filter, struct error *err)
{
    if (filter->comparison == COMPARISON_NULL)
        return append_null_test(sql, filter, err);
    if (filter->column->type.kind == TYPE_BINARY)
        return error_at(err, 0, 0, "E021",
                        "the column `%s` is BINARY: only `%s__null` can be asked",
                        filter->column->name, filter->column->name);
    if (filter->comparison == COMPARISON_CONTAINS) {
        append_contains(sql, filter);
        return 0;
    }
    append_name(sql, filter->column->name);
    text_append_format(sql, " %s ", comparison_signs[filter->comparison]);
    return append_value(sql, filter, err);
}

static int append_sort(const struct table *table, const char *sort, struct text *sql,
                       struct error *err)
{
    bool is_descending = *sort == '-';
    const char *name = sort + (is_descending ? 1 : 0);
    const struct table_column *column = find_column(table, name, strlen(name));
    if (column == NULL)
        return no_column(table, name, (int)strnlen(name, SUGGEST_MAX_NAME), err);
    text_append(sql, " ORDER BY ");
    append_name(sql, column->name);
    text_append(sql, is_descending ? " DESC" : "");
    return 0;
}

int table_rows_write_sql(const struct table *table, const struct table_rows *rows, struct text *sql,
                         struct error *err)
{
    if (rows->limit < 1 || rows->offset < 0 || rows->limit > TABLE_ROWS_MAX ||
        rows->offset > TABLE_ROWS_MAX - rows->limit)
        return error_at(err, 0, 0, "E021", "the first %d rows can be reached here", TABLE_ROWS_MAX);
    text_append(sql, "SELECT * FROM ");
    append_name(sql, table->name);
    for (size_t i = 0; i < rows->filter_count; i++) {
        struct filter filter;
        text_append(sql, i == 0 ? " WHERE " : " AND ");
        if (read_filter(table, rows->filters[i], &filter, err) != 0 ||
            append_filter(sql, &filter, err) != 0)
            return -1;
    }
    if (rows->sort != NULL && append_sort(table, rows->sort, sql, err) != 0)
        return -1;
    text_append_format(sql, " LIMIT %" PRId64 " OFFSET %" PRId64, rows->limit, rows->offset);
    return 0;
}
