/* What the files of functions share: reading arguments, failing, and their tables. */
#ifndef DATEMILL_NODES_WAREHOUSE_FUNCTION_HELP_H
#define DATEMILL_NODES_WAREHOUSE_FUNCTION_HELP_H

#include "nodes/warehouse/function.h"
#include "nodes/warehouse/json_path.h"
#include "nodes/warehouse/json_tape.h"
#include "nodes/warehouse/regex_cache.h"
#include "nodes/warehouse/value.h"
#include "scheduler/base/zone.h"

struct function_state {
    int64_t now_us;
    struct zone *zone; /* NULL until a function asks for it */
    struct regex_cache regexes;
    struct text document; /* the JSON that `tape` is about */
    bool has_document;
    bool is_document_valid;
    struct json_tape tape;
    struct json_path_work path_work;
};

/* An argument as text; `value` keeps what the text needs. */
struct argument {
    struct value value;
    const char *bytes;
    size_t length;
};

/* False for NULL. */
bool argument_text(sqlite3_value *source, struct argument *ret_argument);

/* Each gives false, and has set the call's result (NULL or an error), when there is no such
 * value. */
bool argument_int(sqlite3_context *context, sqlite3_value *source, int64_t *ret_number);
bool argument_double(sqlite3_context *context, sqlite3_value *source, double *ret_number);
bool argument_moment(sqlite3_context *context, sqlite3_value *source,
                     struct value_moment *ret_moment);

/* True, and the result is NULL, if one of them is. */
bool any_null(sqlite3_context *context, int count, sqlite3_value **values);

void function_fail(sqlite3_context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void function_fail_error(sqlite3_context *context, const struct error *err);
void function_result_text(sqlite3_context *context, const struct text *text);
void function_result_moment(sqlite3_context *context, const struct value_moment *moment,
                            enum type_kind kind);

/* A result of at most 8 MiB; longer ones fail. */
struct text function_text(void);

extern const struct function functions_text[];
extern const struct function functions_regex[];
extern const struct function functions_date[];
extern const struct function functions_number[];
extern const struct function functions_operator[];
extern const struct function functions_convert[];
extern const struct function functions_aggregate[];
extern const struct function functions_choice[];
extern const struct function functions_json[];

#endif
