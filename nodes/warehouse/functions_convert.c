/* CAST and what else changes a value's type. */
#include "nodes/warehouse/function_help.h"

#include "nodes/warehouse/number.h"

#include <string.h>

static void convert_to(sqlite3_context *context, sqlite3_value *source, struct column_type type)
{
    struct value from;
    struct value to;
    struct error err = {0};
    value_read(source, &from);
    if (value_convert(&from, type, VALUE_CAST, &to, &err) != 0)
        function_fail(context, "cannot cast: %s", err.text);
    else
        value_result(context, &to);
    value_free(&to);
}

static void convert_kind(sqlite3_context *context, sqlite3_value **values, enum type_kind kind)
{
    convert_to(context, values[0], (struct column_type){kind, 0, 0});
}

#define CAST_FUNCTION(name, kind)                                                                  \
    static void name(sqlite3_context *context, int count, sqlite3_value **values)                  \
    {                                                                                              \
        (void)count;                                                                               \
        convert_kind(context, values, kind);                                                       \
    }

CAST_FUNCTION(call_to_string, TYPE_STRING)
CAST_FUNCTION(call_to_bigint, TYPE_BIGINT)
CAST_FUNCTION(call_to_int, TYPE_INT)
CAST_FUNCTION(call_to_smallint, TYPE_SMALLINT)
CAST_FUNCTION(call_to_tinyint, TYPE_TINYINT)
CAST_FUNCTION(call_to_double, TYPE_DOUBLE)
CAST_FUNCTION(call_to_float, TYPE_FLOAT)
CAST_FUNCTION(call_to_boolean, TYPE_BOOLEAN)
CAST_FUNCTION(call_to_datetime, TYPE_DATETIME)
CAST_FUNCTION(call_to_date, TYPE_DATE)
CAST_FUNCTION(call_to_timestamp, TYPE_TIMESTAMP)
CAST_FUNCTION(call_to_binary, TYPE_BINARY)

/* With one argument, for comparing: any number of digits that fits. */
static void call_to_decimal(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct column_type type = {TYPE_DECIMAL, TYPE_DECIMAL_PRECISION, TYPE_DECIMAL_SCALE};
    if (count == 3) {
        type.precision = sqlite3_value_int(values[1]);
        type.scale = sqlite3_value_int(values[2]);
        convert_to(context, values[0], type);
        return;
    }
    struct value value = {0};
    if (any_null(context, 1, values))
        return;
    value_read(values[0], &value);
    if (!value_to_decimal(&value, &value.decimal)) {
        convert_to(context, values[0], type);
        return;
    }
    value.kind = VALUE_DECIMAL;
    value_result(context, &value);
}

static void call_to_varchar(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    convert_to(context, values[0],
               (struct column_type){TYPE_VARCHAR, sqlite3_value_int(values[1]), 0});
}

static void call_to_fixed(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    convert_to(context, values[0],
               (struct column_type){TYPE_CHAR, sqlite3_value_int(values[1]), 0});
}

/* A text that is compared with a number: INTEGER if it is a whole number, else REAL. */
static void call_to_number(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct value value;
    int64_t whole;
    if (any_null(context, count, values))
        return;
    value_read(values[0], &value);
    if (value.kind == VALUE_INT || value.kind == VALUE_REAL)
        value_result(context, &value);
    else if (value.kind == VALUE_TEXT && number_parse_int(value.bytes, value.length, &whole))
        sqlite3_result_int64(context, whole);
    else
        convert_to(context, values[0], (struct column_type){TYPE_DOUBLE, 0, 0});
}

const struct function functions_convert[] = {
    {.name = "mc_to_string", .result = FUNCTION_INTERNAL, .call = call_to_string},
    {.name = "mc_to_bigint", .result = FUNCTION_INTERNAL, .call = call_to_bigint},
    {.name = "mc_to_int", .result = FUNCTION_INTERNAL, .call = call_to_int},
    {.name = "mc_to_smallint", .result = FUNCTION_INTERNAL, .call = call_to_smallint},
    {.name = "mc_to_tinyint", .result = FUNCTION_INTERNAL, .call = call_to_tinyint},
    {.name = "mc_to_double", .result = FUNCTION_INTERNAL, .call = call_to_double},
    {.name = "mc_to_float", .result = FUNCTION_INTERNAL, .call = call_to_float},
    {.name = "mc_to_decimal", .result = FUNCTION_INTERNAL, .call = call_to_decimal},
    {.name = "mc_to_boolean", .result = FUNCTION_INTERNAL, .call = call_to_boolean},
    {.name = "mc_to_datetime", .result = FUNCTION_INTERNAL, .call = call_to_datetime},
    {.name = "mc_to_date", .result = FUNCTION_INTERNAL, .call = call_to_date},
    {.name = "mc_to_timestamp", .result = FUNCTION_INTERNAL, .call = call_to_timestamp},
    {.name = "mc_to_varchar", .result = FUNCTION_INTERNAL, .call = call_to_varchar},
    {.name = "mc_to_char", .result = FUNCTION_INTERNAL, .call = call_to_fixed},
    {.name = "mc_to_binary", .result = FUNCTION_INTERNAL, .call = call_to_binary},
    {.name = "mc_to_number", .result = FUNCTION_INTERNAL, .call = call_to_number},
    {0},
};
