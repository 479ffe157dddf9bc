#include "nodes/warehouse/sql_cursor.h"
#include "nodes/warehouse/sql_edit.h"
#include "nodes/warehouse/sql_parts.h"

#include <string.h>

#define MAX_ARGUMENTS 100 /* SQLite's own limit is 127 */

static bool is(struct rewriter *rewriter, size_t token, const char *word)
{
    return token < rewriter->last && sql_source_is(rewriter->source, token, word);
}

static int unknown_function(struct rewriter *rewriter, size_t token, struct error *err)
{
    const char *name = sql_source_name(rewriter->source, token);
    sql_source_fail(rewriter->source, token, err, "there is no function `%.80s`", name);
    const char *best = function_suggest(name);
    if (best != NULL)
        return error_help(err, "did you mean `%s`?", best);
    return error_help(err, "nodes/README.md lists the functions of the warehouse");
}

int rewriter_open_call(struct rewriter *rewriter, size_t *at, struct error *err)
{
    const struct sql_source *source = rewriter->source;
    size_t token = *at;
    if (is(rewriter, token, "CAST")) {
        *at += 2;
        return rewriter_push_frame(rewriter, FRAME_CAST, token, err);
    }
    const struct sql_token *name = &source->tokens[token];
    const struct function *function =
        function_find(source->text + name->start, name->end - name->start);
    if (function == NULL)
        return unknown_function(rewriter, token, err);
    if (rewriter_push_frame(rewriter, FRAME_CALL, token, err) != 0)
        return -1;
    struct rewriter_frame *frame = rewriter_top(rewriter);
    frame->function = function;
    rewriter_replace(rewriter, token,
                     arena_format(rewriter->arena, "\"%s\"",
                                  function->native != NULL ? function->native : function->name));
    *at += 2;
    if (is(rewriter, *at, "DISTINCT")) {
        if (!function->is_aggregate)
            return sql_source_fail(source, *at, err, "`%s` does not take DISTINCT", function->name);
        frame->is_distinct = true;
        frame->distinct_token = (*at)++;
    } else if (is(rewriter, *at, "ALL") && function->is_aggregate) {
        rewriter_replace(rewriter, (*at)++, "");
    }
    return 0;
}

static int check_count(struct rewriter *rewriter, const struct rewriter_frame *frame, size_t count,
                       struct error *err)
{
    const struct function *function = frame->function;
    bool is_tuple = frame->is_distinct && strcmp(function->name, "count") == 0;
    size_t max = function->max_arguments == FUNCTION_MANY || is_tuple
                     ? MAX_ARGUMENTS
                     : (size_t)function->max_arguments;
    size_t min = (size_t)function->min_arguments;
    if (count >= min && count <= max)
        return 0;
    if (min == max)
        return sql_source_fail(rewriter->source, frame->first, err,
                               "`%s` takes %zu argument%s, not %zu", function->name, min,
                               min == 1 ? "" : "s", count);
    return sql_source_fail(rewriter->source, frame->first, err,
                           "`%s` takes %zu to %zu arguments, not %zu", function->name, min, max,
                           count);
}

static enum type_kind call_type(struct rewriter *rewriter, const struct rewriter_frame *frame,
                                struct rewriter_operand *arguments, size_t count)
{
    const struct function *function = frame->function;
    if (function->result == FUNCTION_JOIN)
        return rewriter_converge(rewriter, arguments, count);
    if (function->result == FUNCTION_JOIN_TAIL)
        return rewriter_converge(rewriter, arguments + 1, count - 1);
    enum type_kind types[MAX_ARGUMENTS];
    for (size_t i = 0; i < count; i++)
        types[i] = arguments[i].type;
    return function_type(function, types, count);
}

/* COUNT(DISTINCT a, b): SQLite takes one value, so they are made one. */
static void make_tuple(struct rewriter *rewriter, const struct rewriter_frame *frame, size_t close,
                       size_t count)
{
    if (!frame->is_distinct || count < 2 || strcmp(frame->function->name, "count") != 0)
        return;
    rewriter_replace(rewriter, frame->distinct_token, "DISTINCT mc_tuple(");
    rewriter_before(rewriter, close, ")");
}

/* A truth value is 0 or 1 inside SQLite; where it becomes text it says true or false. */
static void show_truth(struct rewriter *rewriter, const struct rewriter_frame *frame,
                       struct rewriter_operand *arguments, size_t count)
{
    bool is_text = strncmp(frame->function->name, "concat", 6) == 0 ||
                   strcmp(frame->function->name, "wm_concat") == 0 ||
                   strcmp(frame->function->name, "to_char") == 0;
    for (size_t i = 0; i < count && is_text; i++) {
        if (arguments[i].type == TYPE_BOOLEAN)
            rewriter_wrap(rewriter, &arguments[i], "mc_truth");
    }
}

static struct sql_path *find_path(struct rewriter *rewriter, const struct rewriter_name *column,
                                  const char *text)
{
    size_t number = 0;
    for (size_t i = 0; i < rewriter->path_count; i++) {
        struct sql_path *path = &rewriter->paths[i];
        if (path->table != column->table)
            continue;
        if (path->column == column->column && strcmp(path->path, text) == 0)
            return path;
        number++;
    }
    rewriter->paths = arena_grow(rewriter->arena, rewriter->paths, rewriter->path_count,
                                 &rewriter->path_capacity, sizeof *rewriter->paths);
    struct sql_path *path = &rewriter->paths[rewriter->path_count++];
    *path = (struct sql_path){
        .table = column->table, .column = column->column, .path = text, .number = number};
    return path;
}

/* GET_JSON_OBJECT(t.column, 'path') becomes t."hidden column". */
static void use_path(struct rewriter *rewriter, const struct rewriter_frame *frame,
                     const struct rewriter_operand *arguments, size_t close)
{
    const struct rewriter_operand *column = &arguments[0];
    const struct rewriter_operand *text = &arguments[1];
    bool is_literal =
        text->first == text->last && rewriter->source->tokens[text->first].kind == SQL_TOKEN_STRING;
    if (!rewriter->is_final || column->name == NULL || !is_literal)
        return;
    const char *relation =
        column->first == column->last ? NULL : rewriter_small_name(rewriter, column->first);
    const struct rewriter_name *name = rewriter_find_column(rewriter, relation, column->name);
    if (name == NULL || name->column >= name->table->column_count ||
        name->table->columns[name->column].type.kind != TYPE_STRING)
        return;
    const struct sql_path *path =
        find_path(rewriter, name, sql_source_string(rewriter->source, text->first));
    for (size_t i = frame->first; i <= close; i++) {
        bool is_qualifier = relation != NULL && i >= column->first && i < column->last;
        if (!is_qualifier)
            rewriter_replace(rewriter, i, "");
    }
    rewriter_replace(rewriter, column->last,
                     arena_format(rewriter->arena, "\"" SQL_PATH_NAME "%zu\"", path->number));
}

int rewriter_close_call(struct rewriter *rewriter, size_t token, struct error *err)
{
    struct rewriter_frame frame = *rewriter_top(rewriter);
    bool is_empty = rewriter->operand_count == frame.operand_base && rewriter->wants_operand &&
                    rewriter->operator_count == frame.operator_base && !frame.is_distinct;
    if (!is_empty && rewriter_flush(rewriter, token, err) != 0)
        return -1;
    size_t count = rewriter->operand_count - frame.operand_base;
    struct rewriter_operand *arguments = &rewriter->operands[frame.operand_base];
    if (check_count(rewriter, &frame, count, err) != 0)
        return -1;
    make_tuple(rewriter, &frame, token, count);
    show_truth(rewriter, &frame, arguments, count);
    enum type_kind type = call_type(rewriter, &frame, arguments, count);
    if (strcmp(frame.function->name, "get_json_object") == 0)
        use_path(rewriter, &frame, arguments, token);
    rewriter->operand_count = frame.operand_base;
    rewriter->frame_count--;
    rewriter_push_operand(rewriter,
                          (struct rewriter_operand){
                              .first = frame.first, .last = token, .type = type, .is_call = true});
    return 0;
}

static const char *cast_function(enum type_kind from, enum type_kind to)
{
    if (to == TYPE_STRING && from == TYPE_BOOLEAN)
        return "mc_truth";
    switch (to) {
    case TYPE_STRING:
        return "mc_to_string";
    case TYPE_BIGINT:
        return "mc_to_bigint";
    case TYPE_INT:
        return "mc_to_int";
    case TYPE_SMALLINT:
        return "mc_to_smallint";
    case TYPE_TINYINT:
        return "mc_to_tinyint";
    case TYPE_DOUBLE:
        return "mc_to_double";
    case TYPE_FLOAT:
        return "mc_to_float";
    case TYPE_DECIMAL:
        return "mc_to_decimal";
    case TYPE_BOOLEAN:
        return "mc_to_boolean";
    case TYPE_DATETIME:
        return "mc_to_datetime";
    case TYPE_DATE:
        return "mc_to_date";
    case TYPE_TIMESTAMP:
        return "mc_to_timestamp";
    case TYPE_VARCHAR:
        return "mc_to_varchar";
    case TYPE_CHAR:
        return "mc_to_char";
    case TYPE_BINARY:
        return "mc_to_binary";
    case TYPE_NONE:
    case TYPE_UNKNOWN:
    case TYPE_NULL:
        break;
    }
    return "mc_to_string";
}

/* `AS type )` of CAST(x AS type) becomes the arguments of a function. */
int rewriter_cast_type(struct rewriter *rewriter, size_t *at, struct error *err)
{
    struct rewriter_frame frame = *rewriter_top(rewriter);
    size_t as = *at;
    if (rewriter_flush(rewriter, as, err) != 0)
        return -1;
    struct sql_cursor cursor = {.source = rewriter->source, .at = as + 1, .last = rewriter->last};
    struct column_type type;
    if (sql_ddl_read_type(&cursor, &type, err) != 0 || !sql_cursor_is(&cursor, ")"))
        return cursor.at == as + 1 ? -1 : sql_cursor_fail(&cursor, "`)`", err);
    enum type_kind from = rewriter_operand(rewriter)->type;
    rewriter_replace(rewriter, frame.first, cast_function(from, type.kind));
    for (size_t i = as; i < cursor.at; i++)
        rewriter_replace(rewriter, i, "");
    if (type.kind == TYPE_DECIMAL)
        rewriter_replace(rewriter, as,
                         arena_format(rewriter->arena, ", %d, %d", type.precision, type.scale));
    else if (type.kind == TYPE_VARCHAR || type.kind == TYPE_CHAR)
        rewriter_replace(rewriter, as, arena_format(rewriter->arena, ", %d", type.precision));
    rewriter->operand_count = frame.operand_base;
    rewriter->frame_count--;
    rewriter_push_operand(
        rewriter,
        (struct rewriter_operand){.first = frame.first, .last = cursor.at, .type = type.kind});
    *at = cursor.at + 1;
    return 0;
}

bool rewriter_is_case_word(struct rewriter *rewriter, size_t token)
{
    return is(rewriter, token, "WHEN") || is(rewriter, token, "THEN") ||
           is(rewriter, token, "ELSE") || is(rewriter, token, "END");
}

/* CASE x WHEN y: both must compare alike, since SQLite compares them itself. */
static int check_base(struct rewriter *rewriter, const struct rewriter_frame *frame,
                      struct error *err)
{
    const struct rewriter_operand *base = &rewriter->operands[frame->operand_base];
    size_t count = rewriter->operand_count - frame->operand_base - 1;
    size_t pairs = count / 2;
    bool are_numbers = true;
    bool are_alike = true;
    for (size_t i = 0; i < pairs; i++) {
        enum type_family family = type_family(base[1 + 2 * i].type);
        if (family == TYPE_FAMILY_NULL || family == TYPE_FAMILY_UNKNOWN)
            continue;
        are_numbers = are_numbers && family == TYPE_FAMILY_NUMBER;
        are_alike = are_alike && family == type_family(base->type);
    }
    if (are_alike || type_family(base->type) == TYPE_FAMILY_UNKNOWN ||
        type_family(base->type) == TYPE_FAMILY_NULL)
        return 0;
    if (!are_numbers)
        return sql_source_fail(rewriter->source, base->first, err,
                               "CASE compares %s with values of another type: CAST one of them",
                               type_kind_name(base->type));
    rewriter_wrap(rewriter, base, "mc_to_number");
    return 0;
}

static int end_case(struct rewriter *rewriter, size_t token, struct error *err)
{
    struct rewriter_frame frame = *rewriter_top(rewriter);
    size_t first = frame.operand_base + (frame.has_base ? 1 : 0);
    size_t count = rewriter->operand_count - first;
    if (count < 2 || (count % 2 == 1) != frame.has_else)
        return rewriter_unexpected(rewriter, token, "THEN", err);
    if (frame.has_base && check_base(rewriter, &frame, err) != 0)
        return -1;
    struct rewriter_operand *results = arena_array(rewriter->arena, count, sizeof *results);
    size_t result_count = 0;
    for (size_t i = 1; i < count; i += 2)
        results[result_count++] = rewriter->operands[first + i];
    if (frame.has_else)
        results[result_count++] = rewriter->operands[first + count - 1];
    enum type_kind type = rewriter_converge(rewriter, results, result_count);
    rewriter->operand_count = frame.operand_base;
    rewriter->frame_count--;
    rewriter_push_operand(
        rewriter, (struct rewriter_operand){.first = frame.first, .last = token, .type = type});
    return 0;
}

int rewriter_case_word(struct rewriter *rewriter, size_t token, struct error *err)
{
    struct rewriter_frame *frame = rewriter_top(rewriter);
    if (frame->kind != FRAME_CASE)
        return rewriter_unexpected(rewriter, token, "an expression", err);
    bool is_when = is(rewriter, token, "WHEN");
    bool is_first = token == frame->first + 1;
    if (is_when && is_first)
        return 0;
    if (rewriter_flush(rewriter, token, err) != 0)
        return -1;
    size_t count = rewriter->operand_count - frame->operand_base;
    if (is_when && count == 1 && !frame->has_base && !frame->has_else &&
        !is(rewriter, frame->first + 1, "WHEN"))
        frame->has_base = true;
    count -= frame->has_base ? 1 : 0;
    bool is_odd = count % 2 == 1;
    if (is(rewriter, token, "END"))
        return end_case(rewriter, token, err);
    bool is_wrong = frame->has_else || (is(rewriter, token, "THEN") ? !is_odd : is_odd) ||
                    (is(rewriter, token, "ELSE") && count == 0);
    if (is_wrong)
        return rewriter_unexpected(rewriter, token, "END", err);
    frame->has_else = is(rewriter, token, "ELSE");
    rewriter->wants_operand = true;
    return 0;
}
