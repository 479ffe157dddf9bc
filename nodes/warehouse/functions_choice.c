#include "nodes/warehouse/function_help.h"

/* The greatest or least of several values; NULL if one is NULL. */
static void choose(sqlite3_context *context, int count, sqlite3_value **values, int direction)
{
    if (any_null(context, count, values))
        return;
    int best = 0;
    for (int i = 1; i < count; i++) {
        struct value a;
        struct value b;
        struct error err = {0};
        int order;
        value_read(values[i], &a);
        value_read(values[best], &b);
        if (value_compare(&a, &b, &order, &err) != 0) {
            function_fail_error(context, &err);
            return;
        }
        if (order * direction > 0)
            best = i;
    }
    sqlite3_result_value(context, values[best]);
}

static void call_greatest(sqlite3_context *context, int count, sqlite3_value **values)
{
    choose(context, count, values, 1);
}

static void call_least(sqlite3_context *context, int count, sqlite3_value **values)
{
    choose(context, count, values, -1);
}

static void call_nullif(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct value a;
    struct value b;
    struct error err = {0};
    int order = 1;
    value_read(values[0], &a);
    value_read(values[1], &b);
    if (a.kind != VALUE_NULL && b.kind != VALUE_NULL && value_compare(&a, &b, &order, &err) != 0)
        function_fail_error(context, &err);
    else if (order == 0)
        sqlite3_result_null(context);
    else
        sqlite3_result_value(context, values[0]);
}

const struct function functions_choice[] = {
    {.name = "if",
     .native = "iif",
     .min_arguments = 3,
     .max_arguments = 3,
     .result = FUNCTION_JOIN_TAIL},
    {.name = "coalesce",
     .min_arguments = 2,
     .max_arguments = FUNCTION_MANY,
     .result = FUNCTION_JOIN},
    {.name = "nvl",
     .native = "ifnull",
     .min_arguments = 2,
     .max_arguments = 2,
     .result = FUNCTION_JOIN},
    {.name = "nullif",
     .min_arguments = 2,
     .max_arguments = 2,
     .result = FUNCTION_FIRST,
     .call = call_nullif},
    {.name = "greatest",
     .min_arguments = 2,
     .max_arguments = FUNCTION_MANY,
     .result = FUNCTION_JOIN,
     .call = call_greatest},
    {.name = "least",
     .min_arguments = 2,
     .max_arguments = FUNCTION_MANY,
     .result = FUNCTION_JOIN,
     .call = call_least},
    {0},
};
