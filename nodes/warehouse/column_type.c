#include "nodes/warehouse/column_type.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct kind_row {
    enum type_kind kind;
    const char *name;
    const char *affinity;
    enum type_family family;
};

static const struct kind_row kind_rows[] = {
    {TYPE_NONE, "?", "BLOB", TYPE_FAMILY_UNKNOWN},
    {TYPE_UNKNOWN, "?", "BLOB", TYPE_FAMILY_UNKNOWN},
    {TYPE_NULL, "NULL", "BLOB", TYPE_FAMILY_NULL},
    {TYPE_STRING, "STRING", "TEXT", TYPE_FAMILY_TEXT},
    {TYPE_BIGINT, "BIGINT", "INTEGER", TYPE_FAMILY_NUMBER},
    {TYPE_INT, "INT", "INTEGER", TYPE_FAMILY_NUMBER},
    {TYPE_SMALLINT, "SMALLINT", "INTEGER", TYPE_FAMILY_NUMBER},
    {TYPE_TINYINT, "TINYINT", "INTEGER", TYPE_FAMILY_NUMBER},
    {TYPE_DOUBLE, "DOUBLE", "REAL", TYPE_FAMILY_NUMBER},
    {TYPE_FLOAT, "FLOAT", "REAL", TYPE_FAMILY_NUMBER},
    {TYPE_DECIMAL, "DECIMAL", "BLOB", TYPE_FAMILY_DECIMAL},
    {TYPE_BOOLEAN, "BOOLEAN", "INTEGER", TYPE_FAMILY_NUMBER},
    {TYPE_DATETIME, "DATETIME", "TEXT", TYPE_FAMILY_TEXT},
    {TYPE_DATE, "DATE", "TEXT", TYPE_FAMILY_TEXT},
    {TYPE_TIMESTAMP, "TIMESTAMP", "TEXT", TYPE_FAMILY_TEXT},
    {TYPE_VARCHAR, "VARCHAR", "TEXT", TYPE_FAMILY_TEXT},
    {TYPE_CHAR, "CHAR", "TEXT", TYPE_FAMILY_TEXT},
    {TYPE_BINARY, "BINARY", "BLOB", TYPE_FAMILY_BINARY},
};

static const struct kind_row *kind_row(enum type_kind kind)
{
    assert((size_t)kind < sizeof kind_rows / sizeof *kind_rows && kind_rows[kind].kind == kind);
    return &kind_rows[kind];
}

enum type_kind type_kind_of_name(const char *name, size_t length)
{
    for (size_t i = TYPE_STRING; i < sizeof kind_rows / sizeof *kind_rows; i++) {
        if (strlen(kind_rows[i].name) == length &&
            strncasecmp(kind_rows[i].name, name, length) == 0)
            return kind_rows[i].kind;
    }
    return TYPE_NONE;
}

const char *type_kind_name(enum type_kind kind)
{
    return kind_row(kind)->name;
}

const char *type_format(struct column_type type, char buffer[TYPE_NAME_BYTES])
{
    const char *name = type_kind_name(type.kind);
    if (type.kind == TYPE_DECIMAL)
        snprintf(buffer, TYPE_NAME_BYTES, "%s(%d,%d)", name, type.precision, type.scale);
    else if (type.kind == TYPE_VARCHAR || type.kind == TYPE_CHAR)
        snprintf(buffer, TYPE_NAME_BYTES, "%s(%d)", name, type.precision);
    else
        snprintf(buffer, TYPE_NAME_BYTES, "%s", name);
    return buffer;
}

int type_parse(const char *text, struct column_type *ret_type, struct error *err)
{
    size_t length = strcspn(text, "(");
    enum type_kind kind = type_kind_of_name(text, length);
    if (kind == TYPE_NONE)
        return error_set(err, ERROR_KIND_INVALID, "`%.40s` is not a type", text);
    int64_t numbers[2];
    int count = 0;
    const char *at = text + length;
    while ((*at == '(' || *at == ',') && count < 2) {
        char *end;
        numbers[count++] = strtoll(at + 1, &end, 10);
        at = end;
    }
    return type_complete(kind, numbers, count, ret_type, err);
}

static int complete_decimal(const int64_t *numbers, int count, struct column_type *ret_type,
                            struct error *err)
{
    int64_t precision = count > 0 ? numbers[0] : TYPE_DECIMAL_PRECISION;
    int64_t scale = count > 1 ? numbers[1] : (count == 1 ? 0 : TYPE_DECIMAL_SCALE);
    if (precision < 1 || precision > TYPE_DECIMAL_PRECISION)
        return error_set(err, ERROR_KIND_INVALID, "DECIMAL has 1 to %d digits, not %lld",
                         TYPE_DECIMAL_PRECISION, (long long)precision);
    if (scale < 0 || scale > TYPE_DECIMAL_SCALE || scale > precision)
        return error_set(
            err, ERROR_KIND_INVALID,
            "DECIMAL(%lld,…) has 0 to %lld digits behind the point, not %lld", (long long)precision,
            (long long)(precision < TYPE_DECIMAL_SCALE ? precision : TYPE_DECIMAL_SCALE),
            (long long)scale);
    *ret_type = (struct column_type){TYPE_DECIMAL, (int)precision, (int)scale};
    return 0;
}

int type_complete(enum type_kind kind, const int64_t *numbers, int count,
                  struct column_type *ret_type, struct error *err)
{
    if (kind == TYPE_DECIMAL)
        return complete_decimal(numbers, count, ret_type, err);
    if (kind != TYPE_VARCHAR && kind != TYPE_CHAR) {
        if (count > 0)
            return error_set(err, ERROR_KIND_INVALID, "%s takes no numbers in brackets",
                             type_kind_name(kind));
        *ret_type = (struct column_type){kind, 0, 0};
        return 0;
    }
    int64_t max = kind == TYPE_VARCHAR ? TYPE_MAX_VARCHAR : TYPE_MAX_CHAR;
    if (count != 1 || numbers[0] < 1 || numbers[0] > max)
        return error_set(err, ERROR_KIND_INVALID, "%s needs one length from 1 to %lld: %s(20)",
                         type_kind_name(kind), (long long)max, type_kind_name(kind));
    *ret_type = (struct column_type){kind, (int)numbers[0], 0};
    return 0;
}

enum type_family type_family(enum type_kind kind)
{
    return kind_row(kind)->family;
}

bool type_is_whole(enum type_kind kind)
{
    return kind == TYPE_BIGINT || kind == TYPE_INT || kind == TYPE_SMALLINT || kind == TYPE_TINYINT;
}

bool type_is_float(enum type_kind kind)
{
    return kind == TYPE_DOUBLE || kind == TYPE_FLOAT;
}

int64_t type_min(enum type_kind kind)
{
    if (kind == TYPE_INT)
        return INT32_MIN;
    if (kind == TYPE_SMALLINT)
        return INT16_MIN;
    return kind == TYPE_TINYINT ? INT8_MIN : INT64_MIN;
}

int64_t type_max(enum type_kind kind)
{
    if (kind == TYPE_INT)
        return INT32_MAX;
    if (kind == TYPE_SMALLINT)
        return INT16_MAX;
    return kind == TYPE_TINYINT ? INT8_MAX : INT64_MAX;
}

const char *type_affinity(enum type_kind kind)
{
    return kind_row(kind)->affinity;
}

static enum type_kind join_numbers(enum type_kind a, enum type_kind b)
{
    if (a == TYPE_BOOLEAN || b == TYPE_BOOLEAN)
        return TYPE_UNKNOWN;
    return type_is_whole(a) && type_is_whole(b) ? TYPE_BIGINT : TYPE_DOUBLE;
}

enum type_kind type_join(enum type_kind a, enum type_kind b)
{
    if (a == b || b == TYPE_NONE || (b == TYPE_NULL && a != TYPE_NONE))
        return a;
    if (a == TYPE_NONE || a == TYPE_NULL)
        return b;
    enum type_family family = type_family(a);
    enum type_family other = type_family(b);
    if (family == TYPE_FAMILY_NUMBER && other == TYPE_FAMILY_NUMBER)
        return join_numbers(a, b);
    bool has_decimal = family == TYPE_FAMILY_DECIMAL || other == TYPE_FAMILY_DECIMAL;
    if (has_decimal && (type_is_whole(a) || type_is_whole(b)))
        return TYPE_DECIMAL;
    if (has_decimal && (type_is_float(a) || type_is_float(b)))
        return TYPE_DOUBLE;
    if (family == TYPE_FAMILY_TEXT && other == TYPE_FAMILY_TEXT)
        return TYPE_STRING;
    return TYPE_UNKNOWN;
}
