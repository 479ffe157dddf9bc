/* Aggregates whose result does not depend on the order of the rows. */
#include "nodes/warehouse/function_help.h"

#include "nodes/warehouse/limits.h"
#include "nodes/warehouse/number.h"
#include "scheduler/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* SUM and AVG: exact for whole numbers, decimals and text; doubles are rounded once. */
struct sum {
    struct decimal_sum exact;  /* whole numbers, decimals, text */
    struct number_sum *floats; /* NULL until a DOUBLE comes */
    int64_t count;
    int64_t float_count;
    int64_t decimal_count; /* decimals and text */
};

static bool read_number(sqlite3_context *context, sqlite3_value *source, struct value *value)
{
    value_read(source, value);
    if (value->kind == VALUE_NULL)
        return false;
    bool is_good = value->kind == VALUE_REAL || value_to_decimal(value, &value->decimal);
    if (is_good)
        return true;
    struct text shown = {0};
    double number;
    value_show(value, &shown);
    if (value_to_double(value, &number))
        function_fail(context, "cannot add %s exactly: CAST it to DOUBLE", text_string(&shown));
    else
        function_fail(context, "cannot add %s: it is no number", text_string(&shown));
    text_free(&shown);
    return false;
}

static void step_sum(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct value value;
    struct sum *sum = sqlite3_aggregate_context(context, sizeof *sum);
    if (sum == NULL || !read_number(context, values[0], &value))
        return;
    sum->count++;
    if (value.kind == VALUE_REAL) {
        if (sum->floats == NULL)
            sum->floats = memory_new(1, sizeof *sum->floats);
        number_sum_add(sum->floats, value.real);
        sum->float_count++;
        return;
    }
    sum->decimal_count += value.kind != VALUE_INT;
    decimal_sum_add(&sum->exact, &value.decimal);
}

static void inverse_sum(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct value value;
    struct sum *sum = sqlite3_aggregate_context(context, sizeof *sum);
    if (sum == NULL || !read_number(context, values[0], &value))
        return;
    sum->count--;
    if (value.kind == VALUE_REAL) {
        number_sum_remove(sum->floats, value.real);
        sum->float_count--;
        return;
    }
    sum->decimal_count -= value.kind != VALUE_INT;
    decimal_sum_remove(&sum->exact, &value.decimal);
}

/* The sum so far; false when it is out of range. Its kind is INT, DECIMAL or REAL. */
static bool sum_now(const struct sum *sum, struct value *ret_value)
{
    *ret_value = (struct value){.kind = VALUE_DECIMAL};
    if (!decimal_sum_result(&sum->exact, &ret_value->decimal))
        return false;
    if (sum->float_count > 0) {
        struct number_sum all = *sum->floats;
        number_sum_add(&all, decimal_to_double(&ret_value->decimal));
        ret_value->kind = VALUE_REAL;
        ret_value->real = number_sum_result(&all);
        return true;
    }
    if (sum->decimal_count > 0)
        return true;
    ret_value->kind = VALUE_INT;
    return decimal_to_int(&ret_value->decimal, &ret_value->integer);
}

static void value_sum(sqlite3_context *context)
{
    const struct sum *sum = sqlite3_aggregate_context(context, 0);
    struct value value;
    if (sum == NULL || sum->count == 0)
        sqlite3_result_null(context);
    else if (sum_now(sum, &value))
        value_result(context, &value);
    else
        function_fail(context, "the sum is out of range");
}

static void value_average(sqlite3_context *context)
{
    const struct sum *sum = sqlite3_aggregate_context(context, 0);
    struct value value;
    if (sum == NULL || sum->count == 0) {
        sqlite3_result_null(context);
        return;
    }
    if (!sum_now(sum, &value)) {
        /* whole numbers beyond BIGINT still have an average */
        if (value.kind != VALUE_INT) {
            function_fail(context, "the sum is out of range");
            return;
        }
    }
    struct decimal count = decimal_from_int(sum->count);
    if (value.kind == VALUE_DECIMAL && decimal_divide(&value.decimal, &count, &value.decimal))
        value_result(context, &value);
    else if (value.kind == VALUE_INT)
        sqlite3_result_double(context, decimal_to_double(&value.decimal) / (double)sum->count);
    else
        sqlite3_result_double(context, value.real / (double)sum->count);
}

static void free_sum(sqlite3_context *context)
{
    struct sum *sum = sqlite3_aggregate_context(context, 0);
    if (sum != NULL)
        free(sum->floats);
}

static void finish_sum(sqlite3_context *context)
{
    value_sum(context);
    free_sum(context);
}

static void finish_average(sqlite3_context *context)
{
    value_average(context);
    free_sum(context);
}

/* MEDIAN, STDDEV and VARIANCE look at all values at the end. */
struct samples {
    double *values;
    size_t count;
    size_t capacity;
};

static void step_samples(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    double number;
    struct samples *samples = sqlite3_aggregate_context(context, sizeof *samples);
    if (samples == NULL || sqlite3_value_type(values[0]) == SQLITE_NULL ||
        !argument_double(context, values[0], &number))
        return;
    samples->values =
        memory_grow(samples->values, samples->count, &samples->capacity, sizeof *samples->values);
    samples->values[samples->count++] = number;
}

static int order_doubles(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static void finish_median(sqlite3_context *context)
{
    struct samples *samples = sqlite3_aggregate_context(context, 0);
    if (samples == NULL || samples->count == 0)
        return;
    qsort(samples->values, samples->count, sizeof *samples->values, order_doubles);
    size_t middle = samples->count / 2;
    double median = samples->values[middle];
    if (samples->count % 2 == 0)
        median = (samples->values[middle - 1] + median) / 2;
    sqlite3_result_double(context, median);
    free(samples->values);
}

/* The sum of squared distances from the mean, rounded once. */
static double spread(const struct samples *samples)
{
    struct number_sum sum = {0};
    for (size_t i = 0; i < samples->count; i++)
        number_sum_add(&sum, samples->values[i]);
    double mean = number_sum_result(&sum) / (double)samples->count;
    struct number_sum squares = {0};
    for (size_t i = 0; i < samples->count; i++) {
        double distance = samples->values[i] - mean;
        number_sum_add(&squares, distance * distance);
    }
    return number_sum_result(&squares);
}

static void finish_spread(sqlite3_context *context, bool is_sample, bool is_root)
{
    struct samples *samples = sqlite3_aggregate_context(context, 0);
    if (samples == NULL || samples->count == 0)
        return;
    size_t divisor = samples->count - (is_sample ? 1 : 0);
    double variance = divisor == 0 ? 0.0 : spread(samples) / (double)divisor;
    if (is_sample && divisor == 0)
        sqlite3_result_null(context);
    else
        sqlite3_result_double(context, is_root ? sqrt(variance) : variance);
    free(samples->values);
}

static void finish_stddev(sqlite3_context *context)
{
    finish_spread(context, false, true);
}

static void finish_stddev_sample(sqlite3_context *context)
{
    finish_spread(context, true, true);
}

static void finish_variance(sqlite3_context *context)
{
    finish_spread(context, false, false);
}

static void finish_variance_sample(sqlite3_context *context)
{
    finish_spread(context, true, false);
}

struct concat {
    struct text text;
    bool has_value;
};

/* WM_CONCAT(separator, value): in the order of the rows, which a query does not promise. */
static void step_concat(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct argument separator;
    struct argument value;
    struct concat *concat = sqlite3_aggregate_context(context, sizeof *concat);
    if (concat == NULL || !argument_text(values[1], &value))
        return;
    concat->text.limit = WAREHOUSE_MAX_RECORD_BYTES;
    if (concat->has_value && argument_text(values[0], &separator))
        text_append_bytes(&concat->text, separator.bytes, separator.length);
    text_append_bytes(&concat->text, value.bytes, value.length);
    concat->has_value = true;
}

static void finish_concat(sqlite3_context *context)
{
    struct concat *concat = sqlite3_aggregate_context(context, 0);
    if (concat == NULL)
        return;
    if (concat->has_value)
        function_result_text(context, &concat->text);
    text_free(&concat->text);
}

static void step_any(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    sqlite3_value **kept = sqlite3_aggregate_context(context, sizeof *kept);
    if (kept != NULL && *kept == NULL && sqlite3_value_type(values[0]) != SQLITE_NULL)
        *kept = sqlite3_value_dup(values[0]);
}

static void finish_any(sqlite3_context *context)
{
    sqlite3_value **kept = sqlite3_aggregate_context(context, 0);
    if (kept == NULL || *kept == NULL)
        return;
    sqlite3_result_value(context, *kept);
    sqlite3_value_free(*kept);
}

#define AGGREGATE(function_name, arguments, kind, step_function, finish_function)                  \
    {                                                                                              \
        .name = function_name, .min_arguments = arguments, .max_arguments = arguments,             \
        .result = kind, .is_aggregate = true, .step = step_function, .finish = finish_function     \
    }

const struct function functions_aggregate[] = {
    {.name = "sum",
     .min_arguments = 1,
     .max_arguments = 1,
     .result = FUNCTION_SUM,
     .is_aggregate = true,
     .step = step_sum,
     .finish = finish_sum,
     .value = value_sum,
     .inverse = inverse_sum},
    {.name = "avg",
     .min_arguments = 1,
     .max_arguments = 1,
     .result = FUNCTION_AVERAGE,
     .is_aggregate = true,
     .step = step_sum,
     .finish = finish_average,
     .value = value_average,
     .inverse = inverse_sum},
    AGGREGATE("median", 1, FUNCTION_DOUBLE, step_samples, finish_median),
    AGGREGATE("stddev", 1, FUNCTION_DOUBLE, step_samples, finish_stddev),
    AGGREGATE("stddev_pop", 1, FUNCTION_DOUBLE, step_samples, finish_stddev),
    AGGREGATE("stddev_samp", 1, FUNCTION_DOUBLE, step_samples, finish_stddev_sample),
    AGGREGATE("variance", 1, FUNCTION_DOUBLE, step_samples, finish_variance),
    AGGREGATE("var_pop", 1, FUNCTION_DOUBLE, step_samples, finish_variance),
    AGGREGATE("var_samp", 1, FUNCTION_DOUBLE, step_samples, finish_variance_sample),
    AGGREGATE("wm_concat", 2, FUNCTION_STRING, step_concat, finish_concat),
    AGGREGATE("any_value", 1, FUNCTION_FIRST, step_any, finish_any),
    {0},
};
