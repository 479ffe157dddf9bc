#include "nodes/warehouse/function.h"

#include "nodes/warehouse/function_help.h"
#include "nodes/warehouse/limits.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/suggest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NULL_ROW                                                                                   \
    {                                                                                              \
        0                                                                                          \
    }

/* SQLite's own functions that mean the same in MaxCompute. */
static const struct function functions_builtin[] = {
    {.name = "count", .max_arguments = 1, .result = FUNCTION_BIGINT, .is_aggregate = true},
    {.name = "min",
     .min_arguments = 1,
     .max_arguments = 1,
     .result = FUNCTION_FIRST,
     .is_aggregate = true},
    {.name = "max",
     .min_arguments = 1,
     .max_arguments = 1,
     .result = FUNCTION_FIRST,
     .is_aggregate = true},
    {.name = "row_number", .result = FUNCTION_BIGINT},
    {.name = "rank", .result = FUNCTION_BIGINT},
    {.name = "dense_rank", .result = FUNCTION_BIGINT},
    {.name = "percent_rank", .result = FUNCTION_DOUBLE},
    {.name = "cume_dist", .result = FUNCTION_DOUBLE},
    {.name = "ntile", .min_arguments = 1, .max_arguments = 1, .result = FUNCTION_BIGINT},
    {.name = "lag", .min_arguments = 1, .max_arguments = 3, .result = FUNCTION_FIRST},
    {.name = "lead", .min_arguments = 1, .max_arguments = 3, .result = FUNCTION_FIRST},
    {.name = "first_value", .min_arguments = 1, .max_arguments = 1, .result = FUNCTION_FIRST},
    {.name = "last_value", .min_arguments = 1, .max_arguments = 1, .result = FUNCTION_FIRST},
    {.name = "nth_value", .min_arguments = 2, .max_arguments = 2, .result = FUNCTION_FIRST},
    NULL_ROW,
};

static const struct function *const tables[] = {
    functions_builtin, functions_text, functions_regex,    functions_date,    functions_number,
    functions_choice,  functions_json, functions_operator, functions_convert, functions_aggregate,
};

#define TABLE_COUNT (sizeof tables / sizeof *tables)

struct function_state *function_state_new(void)
{
    return memory_new(1, sizeof(struct function_state));
}

void function_state_free(struct function_state *state)
{
    if (state == NULL)
        return;
    zone_free(state->zone);
    regex_cache_free(&state->regexes);
    text_free(&state->document);
    json_tape_free(&state->tape);
    json_path_work_free(&state->path_work);
    free(state);
}

void function_state_set_now(struct function_state *state, int64_t now_us)
{
    state->now_us = now_us;
}

int64_t function_state_now(const struct function_state *state)
{
    return state->now_us;
}

const struct function *function_find(const char *name, size_t length)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        for (const struct function *row = tables[i]; row->name != NULL; row++) {
            if (row->result != FUNCTION_INTERNAL && strlen(row->name) == length &&
                strncasecmp(row->name, name, length) == 0)
                return row;
        }
    }
    return NULL;
}

const char *function_suggest(const char *name)
{
    struct suggest suggest;
    suggest_begin(&suggest, name);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        for (const struct function *row = tables[i]; row->name != NULL; row++) {
            if (row->result != FUNCTION_INTERNAL)
                suggest_offer(&suggest, row->name);
        }
    }
    return suggest_best(&suggest);
}

static enum type_kind sum_type(enum type_kind kind)
{
    if (kind == TYPE_NONE || kind == TYPE_UNKNOWN)
        return kind;
    if (type_family(kind) == TYPE_FAMILY_TEXT || kind == TYPE_DECIMAL)
        return TYPE_DECIMAL;
    return type_is_float(kind) ? TYPE_DOUBLE : TYPE_BIGINT;
}

static enum type_kind number_type(enum type_kind kind)
{
    return type_family(kind) == TYPE_FAMILY_TEXT ? TYPE_DOUBLE : kind;
}

enum type_kind function_type(const struct function *function, const enum type_kind *arguments,
                             size_t count)
{
    enum type_kind first = count > 0 ? arguments[0] : TYPE_NULL;
    switch (function->result) {
    case FUNCTION_STRING:
        return TYPE_STRING;
    case FUNCTION_BIGINT:
        return TYPE_BIGINT;
    case FUNCTION_DOUBLE:
        return TYPE_DOUBLE;
    case FUNCTION_BOOLEAN:
        return TYPE_BOOLEAN;
    case FUNCTION_DATE:
        return TYPE_DATE;
    case FUNCTION_DATETIME:
        return TYPE_DATETIME;
    case FUNCTION_MOMENT:
        return first == TYPE_DATE || first == TYPE_NONE ? first : TYPE_DATETIME;
    case FUNCTION_TO_DATE:
        return count == 1 ? TYPE_DATE : TYPE_DATETIME;
    case FUNCTION_FIRST:
        return first;
    case FUNCTION_NUMBER:
        return number_type(first);
    case FUNCTION_SUM:
        return sum_type(first);
    case FUNCTION_AVERAGE:
        if (first == TYPE_NONE || first == TYPE_UNKNOWN)
            return first;
        return sum_type(first) == TYPE_DECIMAL ? TYPE_DECIMAL : TYPE_DOUBLE;
    case FUNCTION_JOIN:
    case FUNCTION_JOIN_TAIL:
    case FUNCTION_INTERNAL:
        break;
    }
    return TYPE_UNKNOWN;
}

static int register_one(sqlite3 *db, struct function_state *state, const struct function *row)
{
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    if (row->step != NULL && row->value != NULL)
        return sqlite3_create_window_function(db, row->name, -1, flags, state, row->step,
                                              row->finish, row->value, row->inverse, NULL);
    if (row->step != NULL || row->call != NULL)
        return sqlite3_create_function_v2(db, row->name, -1, flags, state, row->call, row->step,
                                          row->finish, NULL);
    return SQLITE_OK;
}

int function_register(sqlite3 *db, struct function_state *state)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        for (const struct function *row = tables[i]; row->name != NULL; row++) {
            int code = register_one(db, state, row);
            if (code != SQLITE_OK)
                return code;
        }
    }
    return SQLITE_OK;
}

bool argument_text(sqlite3_value *source, struct argument *ret_argument)
{
    value_read(source, &ret_argument->value);
    if (ret_argument->value.kind == VALUE_NULL)
        return false;
    ret_argument->bytes = value_text(&ret_argument->value, &ret_argument->length);
    return true;
}

static bool convert(sqlite3_context *context, sqlite3_value *source, enum type_kind kind,
                    struct value *ret_value)
{
    struct value value;
    struct error err = {0};
    value_read(source, &value);
    if (value.kind == VALUE_NULL) {
        sqlite3_result_null(context);
        return false;
    }
    if (value_convert(&value, (struct column_type){kind, 0, 0}, VALUE_CAST, ret_value, &err) != 0) {
        function_fail_error(context, &err);
        return false;
    }
    return true;
}

bool argument_int(sqlite3_context *context, sqlite3_value *source, int64_t *ret_number)
{
    struct value value;
    if (!convert(context, source, TYPE_BIGINT, &value))
        return false;
    *ret_number = value.integer;
    return true;
}

bool argument_double(sqlite3_context *context, sqlite3_value *source, double *ret_number)
{
    struct value value;
    if (!convert(context, source, TYPE_DOUBLE, &value))
        return false;
    *ret_number = value.real;
    return true;
}

bool argument_moment(sqlite3_context *context, sqlite3_value *source,
                     struct value_moment *ret_moment)
{
    struct argument argument;
    if (!argument_text(source, &argument)) {
        sqlite3_result_null(context);
        return false;
    }
    if (value_parse_moment(argument.bytes, argument.length, ret_moment))
        return true;
    struct text shown = {0};
    value_show(&argument.value, &shown);
    function_fail(context, "%s is no date or time: expected 2021-11-11 or 2021-11-11 02:30:45",
                  text_string(&shown));
    text_free(&shown);
    return false;
}

bool any_null(sqlite3_context *context, int count, sqlite3_value **values)
{
    for (int i = 0; i < count; i++) {
        if (sqlite3_value_type(values[i]) == SQLITE_NULL) {
            sqlite3_result_null(context);
            return true;
        }
    }
    return false;
}

void function_fail(sqlite3_context *context, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sqlite3_result_error(context, text, -1);
}

void function_fail_error(sqlite3_context *context, const struct error *err)
{
    sqlite3_result_error(context, err->text, -1);
}

struct text function_text(void)
{
    struct text text;
    text_init(&text, WAREHOUSE_MAX_RECORD_BYTES);
    return text;
}

void function_result_text(sqlite3_context *context, const struct text *text)
{
    if (text->is_cut)
        function_fail(context, "the text would have more than 8 MiB");
    else
        sqlite3_result_text64(context, text_string(text), text->length, SQLITE_TRANSIENT,
                              SQLITE_UTF8);
}

void function_result_moment(sqlite3_context *context, const struct value_moment *moment,
                            enum type_kind kind)
{
    char buffer[VALUE_SCRATCH_BYTES];
    size_t length = value_format_moment(moment, kind, buffer);
    sqlite3_result_text(context, buffer, (int)length, SQLITE_TRANSIENT);
}
