/* What operators become when their sides may be of several kinds. */
#include "nodes/warehouse/function_help.h"

#include <math.h>
#include <string.h>

enum operation {
    OPERATION_ADD,
    OPERATION_SUBTRACT,
    OPERATION_MULTIPLY,
    OPERATION_DIVIDE,
    OPERATION_MODULO
};

static void fail_overflow(sqlite3_context *context)
{
    function_fail(context, "the result is out of range");
}

/* How two values are calculated with: DOUBLE if one is a DOUBLE, else DECIMAL if one is a DECIMAL,
 * else DOUBLE if one is text, else BIGINT. */
static enum value_kind common_kind(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_REAL || b->kind == VALUE_REAL)
        return VALUE_REAL;
    if (a->kind == VALUE_DECIMAL || b->kind == VALUE_DECIMAL)
        return VALUE_DECIMAL;
    return a->kind == VALUE_INT && b->kind == VALUE_INT ? VALUE_INT : VALUE_REAL;
}

static bool check_number(sqlite3_context *context, const struct value *value)
{
    double number;
    if (value_to_double(value, &number))
        return true;
    struct text shown = {0};
    value_show(value, &shown);
    function_fail(context, "%s is no number", text_string(&shown));
    text_free(&shown);
    return false;
}

static void with_ints(sqlite3_context *context, enum operation operation, int64_t a, int64_t b)
{
    int64_t result = 0;
    bool is_over = false;
    switch (operation) {
    case OPERATION_ADD:
        is_over = __builtin_add_overflow(a, b, &result);
        break;
    case OPERATION_SUBTRACT:
        is_over = __builtin_sub_overflow(a, b, &result);
        break;
    case OPERATION_MULTIPLY:
        is_over = __builtin_mul_overflow(a, b, &result);
        break;
    case OPERATION_DIVIDE:
        if (b == 0)
            sqlite3_result_null(context);
        else
            sqlite3_result_double(context, (double)a / (double)b);
        return;
    case OPERATION_MODULO:
        if (b == 0) {
            sqlite3_result_null(context);
            return;
        }
        result = b == -1 ? 0 : a % b;
        break;
    }
    if (is_over)
        fail_overflow(context);
    else
        sqlite3_result_int64(context, result);
}

static void with_doubles(sqlite3_context *context, enum operation operation, double a, double b)
{
    bool is_zero = !(b < 0) && !(b > 0) && !isnan(b);
    switch (operation) {
    case OPERATION_ADD:
        sqlite3_result_double(context, a + b);
        return;
    case OPERATION_SUBTRACT:
        sqlite3_result_double(context, a - b);
        return;
    case OPERATION_MULTIPLY:
        sqlite3_result_double(context, a * b);
        return;
    case OPERATION_DIVIDE:
    case OPERATION_MODULO:
        if (is_zero)
            sqlite3_result_null(context);
        else
            sqlite3_result_double(context, operation == OPERATION_DIVIDE ? a / b : fmod(a, b));
        return;
    }
}

/* a - trunc(a / b) * b */
static bool decimal_modulo(const struct decimal *a, const struct decimal *b,
                           struct decimal *ret_rest)
{
    struct decimal times;
    if (!decimal_divide(a, b, &times))
        return false;
    decimal_cut(&times, 0);
    return decimal_multiply(&times, b, &times) && decimal_subtract(a, &times, ret_rest);
}

static void with_decimals(sqlite3_context *context, enum operation operation,
                          const struct decimal *a, const struct decimal *b)
{
    struct value result = {.kind = VALUE_DECIMAL};
    bool is_good = false;
    bool divides = operation == OPERATION_DIVIDE || operation == OPERATION_MODULO;
    if (divides && decimal_is_zero(b)) {
        sqlite3_result_null(context);
        return;
    }
    switch (operation) {
    case OPERATION_ADD:
        is_good = decimal_add(a, b, &result.decimal);
        break;
    case OPERATION_SUBTRACT:
        is_good = decimal_subtract(a, b, &result.decimal);
        break;
    case OPERATION_MULTIPLY:
        is_good = decimal_multiply(a, b, &result.decimal);
        break;
    case OPERATION_DIVIDE:
        is_good = decimal_divide(a, b, &result.decimal);
        break;
    case OPERATION_MODULO:
        is_good = decimal_modulo(a, b, &result.decimal);
        break;
    }
    if (!is_good) {
        fail_overflow(context);
        return;
    }
    decimal_cut(&result.decimal, TYPE_DECIMAL_SCALE);
    value_result(context, &result);
}

static void calculate(sqlite3_context *context, sqlite3_value **values, enum operation operation)
{
    struct value a;
    struct value b;
    if (any_null(context, 2, values))
        return;
    value_read(values[0], &a);
    value_read(values[1], &b);
    enum value_kind kind = common_kind(&a, &b);
    if (kind == VALUE_INT) {
        with_ints(context, operation, a.integer, b.integer);
        return;
    }
    if (!check_number(context, &a) || !check_number(context, &b))
        return;
    struct decimal x;
    struct decimal y;
    if (kind == VALUE_DECIMAL && value_to_decimal(&a, &x) && value_to_decimal(&b, &y)) {
        with_decimals(context, operation, &x, &y);
        return;
    }
    double left;
    double right;
    if (value_to_double(&a, &left) && value_to_double(&b, &right))
        with_doubles(context, operation, left, right);
}

static void call_add(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    calculate(context, values, OPERATION_ADD);
}

static void call_subtract(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    calculate(context, values, OPERATION_SUBTRACT);
}

static void call_multiply(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    calculate(context, values, OPERATION_MULTIPLY);
}

static void call_divide(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    calculate(context, values, OPERATION_DIVIDE);
}

static void call_modulo(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    calculate(context, values, OPERATION_MODULO);
}

static void call_whole_divide(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct value a;
    struct value b;
    struct decimal x;
    struct decimal y;
    int64_t whole;
    if (any_null(context, count, values))
        return;
    value_read(values[0], &a);
    value_read(values[1], &b);
    if (!check_number(context, &a) || !check_number(context, &b))
        return;
    bool is_good = value_to_decimal(&a, &x) && value_to_decimal(&b, &y);
    if (is_good && decimal_is_zero(&y)) {
        sqlite3_result_null(context);
        return;
    }
    if (is_good && decimal_divide(&x, &y, &x) && decimal_to_int(&x, &whole))
        sqlite3_result_int64(context, whole);
    else
        fail_overflow(context);
}

static void call_negate(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct value value;
    double number;
    if (any_null(context, count, values))
        return;
    value_read(values[0], &value);
    if (!check_number(context, &value))
        return;
    if (value.kind == VALUE_DECIMAL) {
        value.decimal = decimal_negate(&value.decimal);
        value_result(context, &value);
    } else if (value.kind == VALUE_INT) {
        with_ints(context, OPERATION_SUBTRACT, 0, value.integer);
    } else if (value_to_double(&value, &number)) {
        sqlite3_result_double(context, -number);
    }
}

/* False when the result is set already: NULL or an error. */
static bool compare(sqlite3_context *context, sqlite3_value *left, sqlite3_value *right,
                    int *ret_order)
{
    struct value a;
    struct value b;
    struct error err = {0};
    value_read(left, &a);
    value_read(right, &b);
    if (a.kind == VALUE_NULL || b.kind == VALUE_NULL) {
        sqlite3_result_null(context);
        return false;
    }
    if (value_compare(&a, &b, ret_order, &err) != 0) {
        function_fail_error(context, &err);
        return false;
    }
    return true;
}

static void call_compare(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    int order;
    if (compare(context, values[0], values[1], &order))
        sqlite3_result_int(context, order);
}

static void call_between(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    int low;
    int high;
    if (compare(context, values[0], values[1], &low) &&
        compare(context, values[0], values[2], &high))
        sqlite3_result_int(context, low >= 0 && high <= 0);
}

static void call_in(sqlite3_context *context, int count, sqlite3_value **values)
{
    bool has_null = false;
    for (int i = 1; i < count; i++) {
        int order;
        if (sqlite3_value_type(values[i]) == SQLITE_NULL) {
            has_null = true;
            continue;
        }
        if (!compare(context, values[0], values[i], &order))
            return;
        if (order == 0) {
            sqlite3_result_int(context, 1);
            return;
        }
    }
    if (has_null)
        sqlite3_result_null(context);
    else
        sqlite3_result_int(context, 0);
}

/* Several values as one that is equal when all are; NULL if one is NULL. */
static void call_tuple(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct text out = function_text();
    if (any_null(context, count, values))
        return;
    for (int i = 0; i < count; i++) {
        struct argument argument;
        argument_text(values[i], &argument);
        text_append_format(&out, "%zu:", argument.length);
        text_append_bytes(&out, argument.bytes, argument.length);
    }
    function_result_text(context, &out);
    text_free(&out);
}

static void call_truth(sqlite3_context *context, int count, sqlite3_value **values)
{
    if (!any_null(context, count, values))
        sqlite3_result_text(context, sqlite3_value_int64(values[0]) != 0 ? "true" : "false", -1,
                            SQLITE_STATIC);
}

static size_t character_length(const char *at, const char *end)
{
    size_t length = 1;
    while (at + length < end && ((unsigned char)at[length] & 0xc0) == 0x80)
        length++;
    return length;
}

struct like {
    const char *pattern;
    const char *pattern_end;
    const char *text;
    const char *text_end;
    char escape;
};

/* One `%` is gone back to at most: the later one always does as well. */
static bool like_matches(struct like like)
{
    const char *back_pattern = NULL;
    const char *back_text = NULL;
    while (like.text < like.text_end || like.pattern < like.pattern_end) {
        const char *p = like.pattern;
        bool is_escaped = p + 1 < like.pattern_end && *p == like.escape;
        if (p < like.pattern_end && *p == '%' && !is_escaped) {
            back_pattern = ++like.pattern;
            back_text = like.text;
            continue;
        }
        p += is_escaped ? 1 : 0;
        if (p < like.pattern_end && like.text < like.text_end) {
            size_t length = character_length(like.text, like.text_end);
            bool is_any = *p == '_' && !is_escaped;
            if (is_any ||
                ((size_t)(like.pattern_end - p) >= length && memcmp(p, like.text, length) == 0)) {
                like.pattern = p + (is_any ? 1 : length);
                like.text += length;
                continue;
            }
        }
        if (back_pattern == NULL || back_text == like.text_end)
            return false;
        back_text += character_length(back_text, like.text_end);
        like.pattern = back_pattern;
        like.text = back_text;
    }
    return true;
}

/* text LIKE pattern is like(pattern, text): capital and small letters differ, unlike SQLite's. */
static void call_like(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct argument pattern;
    struct argument text;
    struct argument escape = {.bytes = "\\", .length = 1};
    if (any_null(context, count, values))
        return;
    argument_text(values[0], &pattern);
    argument_text(values[1], &text);
    if (count > 2)
        argument_text(values[2], &escape);
    if (escape.length != 1) {
        function_fail(context, "ESCAPE takes one character");
        return;
    }
    struct like like = {.pattern = pattern.bytes,
                        .pattern_end = pattern.bytes + pattern.length,
                        .text = text.bytes,
                        .text_end = text.bytes + text.length,
                        .escape = *escape.bytes};
    sqlite3_result_int(context, like_matches(like));
}

const struct function functions_operator[] = {
    {.name = "mc_add", .result = FUNCTION_INTERNAL, .call = call_add},
    {.name = "mc_subtract", .result = FUNCTION_INTERNAL, .call = call_subtract},
    {.name = "mc_multiply", .result = FUNCTION_INTERNAL, .call = call_multiply},
    {.name = "mc_divide", .result = FUNCTION_INTERNAL, .call = call_divide},
    {.name = "mc_modulo", .result = FUNCTION_INTERNAL, .call = call_modulo},
    {.name = "mc_whole_divide", .result = FUNCTION_INTERNAL, .call = call_whole_divide},
    {.name = "mc_negate", .result = FUNCTION_INTERNAL, .call = call_negate},
    {.name = "mc_compare", .result = FUNCTION_INTERNAL, .call = call_compare},
    {.name = "mc_between", .result = FUNCTION_INTERNAL, .call = call_between},
    {.name = "mc_in", .result = FUNCTION_INTERNAL, .call = call_in},
    {.name = "mc_tuple", .result = FUNCTION_INTERNAL, .call = call_tuple},
    {.name = "mc_truth", .result = FUNCTION_INTERNAL, .call = call_truth},
    {.name = "like", .result = FUNCTION_INTERNAL, .call = call_like},
    {0},
};
