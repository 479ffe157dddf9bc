#include "nodes/warehouse/function_help.h"

#include <math.h>
#include <string.h>

#define MAX_ROUND_DIGITS 36

static void with_double(sqlite3_context *context, sqlite3_value *source, double (*function)(double))
{
    double number;
    if (!argument_double(context, source, &number))
        return;
    double result = function(number);
    if (isnan(result) && !isnan(number))
        sqlite3_result_null(context);
    else
        sqlite3_result_double(context, result);
}

#define DOUBLE_FUNCTION(name, function)                                                            \
    static void name(sqlite3_context *context, int count, sqlite3_value **values)                  \
    {                                                                                              \
        (void)count;                                                                               \
        with_double(context, values[0], function);                                                 \
    }

DOUBLE_FUNCTION(call_sqrt, sqrt)
DOUBLE_FUNCTION(call_exp, exp)
DOUBLE_FUNCTION(call_ln, log)
DOUBLE_FUNCTION(call_log2, log2)
DOUBLE_FUNCTION(call_log10, log10)
DOUBLE_FUNCTION(call_sin, sin)
DOUBLE_FUNCTION(call_cos, cos)
DOUBLE_FUNCTION(call_tan, tan)

static void call_pow(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    double base;
    double exponent;
    if (argument_double(context, values[0], &base) &&
        argument_double(context, values[1], &exponent))
        sqlite3_result_double(context, pow(base, exponent));
}

static void call_log(sqlite3_context *context, int count, sqlite3_value **values)
{
    double base;
    double number;
    if (count == 1) {
        with_double(context, values[0], log);
        return;
    }
    if (argument_double(context, values[0], &base) && argument_double(context, values[1], &number))
        sqlite3_result_double(context, log(number) / log(base));
}

/* A number as it is, text as DOUBLE; false when the result is set. */
static bool read_number(sqlite3_context *context, sqlite3_value *source, struct value *ret_value)
{
    value_read(source, ret_value);
    if (ret_value->kind == VALUE_TEXT || ret_value->kind == VALUE_BINARY) {
        ret_value->kind = VALUE_REAL;
        return argument_double(context, source, &ret_value->real);
    }
    return ret_value->kind != VALUE_NULL;
}

static void call_abs(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct value value;
    if (!read_number(context, values[0], &value))
        return;
    if (value.kind == VALUE_INT && value.integer == INT64_MIN) {
        function_fail(context, "the result is out of range");
        return;
    }
    if (value.kind == VALUE_INT && value.integer < 0)
        value.integer = -value.integer;
    else if (value.kind == VALUE_REAL)
        value.real = fabs(value.real);
    else if (value.kind == VALUE_DECIMAL)
        value.decimal.is_negative = false;
    value_result(context, &value);
}

/* To the nearest whole number below (or above). */
static void to_whole(sqlite3_context *context, sqlite3_value *source, bool is_up)
{
    struct value value;
    struct decimal exact;
    int64_t whole;
    if (!read_number(context, source, &value))
        return;
    if (!value_to_decimal(&value, &exact)) {
        function_fail(context, "the result is out of range");
        return;
    }
    struct decimal cut = exact;
    decimal_cut(&cut, 0);
    bool is_whole = decimal_compare(&cut, &exact) == 0;
    bool is_step = !is_whole && exact.is_negative != is_up;
    struct decimal one = decimal_from_int(is_up ? 1 : -1);
    bool is_good = !is_step || decimal_add(&cut, &one, &cut);
    if (is_good && decimal_to_int(&cut, &whole))
        sqlite3_result_int64(context, whole);
    else
        function_fail(context, "the result is out of range");
}

static void call_floor(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    to_whole(context, values[0], false);
}

static void call_ceil(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    to_whole(context, values[0], true);
}

/* 10^-places, for places before the point; false when that is larger than any number. */
static bool power_of_ten(int64_t places, struct decimal *ret_power)
{
    const struct decimal ten = decimal_from_int(10);
    struct decimal power = decimal_from_int(1);
    for (int64_t i = places; i < 0; i++) {
        if (!decimal_multiply(&power, &ten, &power))
            return false;
    }
    *ret_power = power;
    return true;
}

static bool round_behind(struct decimal *decimal, int64_t places, bool is_cut)
{
    int kept = (int)(places > MAX_ROUND_DIGITS ? MAX_ROUND_DIGITS : places);
    if (!is_cut)
        return decimal_round(decimal, kept);
    decimal_cut(decimal, kept);
    return true;
}

/* Rounds to `places` behind the point, before it where negative; half away from zero. */
static bool round_decimal(struct decimal *decimal, int64_t places, bool is_cut)
{
    struct decimal power;
    if (places >= 0)
        return round_behind(decimal, places, is_cut);
    if (!power_of_ten(places, &power)) {
        *decimal = decimal_from_int(0);
        return true;
    }
    return decimal_divide(decimal, &power, decimal) && round_behind(decimal, 0, is_cut) &&
           decimal_multiply(decimal, &power, decimal);
}

static void round_value(sqlite3_context *context, int count, sqlite3_value **values, bool is_cut)
{
    struct value value;
    int64_t places = 0;
    struct decimal exact;
    if (!read_number(context, values[0], &value) ||
        (count > 1 && !argument_int(context, values[1], &places)))
        return;
    bool is_special = !value_to_decimal(&value, &exact);
    if (is_special || (value.kind == VALUE_INT && places >= 0)) {
        value_result(context, &value);
        return;
    }
    if (!round_decimal(&exact, places, is_cut)) {
        function_fail(context, "the result is out of range");
        return;
    }
    value.decimal = exact;
    if (value.kind == VALUE_REAL)
        value.real = decimal_to_double(&exact);
    if (value.kind == VALUE_INT && !decimal_to_int(&exact, &value.integer))
        function_fail(context, "the result is out of range");
    else
        value_result(context, &value);
}

static void call_round(sqlite3_context *context, int count, sqlite3_value **values)
{
    round_value(context, count, values, false);
}

static void call_trunc(sqlite3_context *context, int count, sqlite3_value **values)
{
    round_value(context, count, values, true);
}

static void call_sign(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    double number;
    if (argument_double(context, values[0], &number))
        sqlite3_result_double(context, (number > 0) - (number < 0));
}

#define ROW(function_name, min, max, kind, function)                                               \
    {                                                                                              \
        .name = function_name, .min_arguments = min, .max_arguments = max, .result = kind,         \
        .call = function                                                                           \
    }

const struct function functions_number[] = {
    ROW("abs", 1, 1, FUNCTION_NUMBER, call_abs),
    ROW("ceil", 1, 1, FUNCTION_BIGINT, call_ceil),
    ROW("ceiling", 1, 1, FUNCTION_BIGINT, call_ceil),
    ROW("floor", 1, 1, FUNCTION_BIGINT, call_floor),
    ROW("round", 1, 2, FUNCTION_NUMBER, call_round),
    ROW("trunc", 1, 2, FUNCTION_NUMBER, call_trunc),
    ROW("sign", 1, 1, FUNCTION_DOUBLE, call_sign),
    ROW("sqrt", 1, 1, FUNCTION_DOUBLE, call_sqrt),
    ROW("exp", 1, 1, FUNCTION_DOUBLE, call_exp),
    ROW("ln", 1, 1, FUNCTION_DOUBLE, call_ln),
    ROW("log", 1, 2, FUNCTION_DOUBLE, call_log),
    ROW("log2", 1, 1, FUNCTION_DOUBLE, call_log2),
    ROW("log10", 1, 1, FUNCTION_DOUBLE, call_log10),
    ROW("pow", 2, 2, FUNCTION_DOUBLE, call_pow),
    ROW("power", 2, 2, FUNCTION_DOUBLE, call_pow),
    ROW("sin", 1, 1, FUNCTION_DOUBLE, call_sin),
    ROW("cos", 1, 1, FUNCTION_DOUBLE, call_cos),
    ROW("tan", 1, 1, FUNCTION_DOUBLE, call_tan),
    {0},
};
