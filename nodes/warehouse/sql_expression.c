#include "nodes/warehouse/sql_edit.h"
#include "nodes/warehouse/sql_parts.h"

#include <string.h>
#include <strings.h>

void rewriter_push_operand(struct rewriter *rewriter, struct rewriter_operand operand)
{
    rewriter->operands = arena_grow(rewriter->arena, rewriter->operands, rewriter->operand_count,
                                    &rewriter->operand_capacity, sizeof *rewriter->operands);
    rewriter->operands[rewriter->operand_count++] = operand;
    rewriter->wants_operand = false;
}

struct rewriter_operand *rewriter_operand(struct rewriter *rewriter)
{
    if (rewriter->operand_count == rewriter_top(rewriter)->operand_base)
        return NULL;
    return &rewriter->operands[rewriter->operand_count - 1];
}

int rewriter_push_frame(struct rewriter *rewriter, enum rewriter_frame_kind kind, size_t token,
                        struct error *err)
{
    if (rewriter->frame_count == WAREHOUSE_MAX_SQL_DEPTH)
        return sql_source_fail(rewriter->source, token, err,
                               "more than %d brackets, CASE or calls inside each other",
                               WAREHOUSE_MAX_SQL_DEPTH);
    rewriter->frames[rewriter->frame_count++] =
        (struct rewriter_frame){.kind = kind,
                                .first = token,
                                .operand_base = rewriter->operand_count,
                                .operator_base = rewriter->operator_count};
    rewriter->wants_operand = true;
    return 0;
}

int rewriter_unexpected(struct rewriter *rewriter, size_t token, const char *expected,
                        struct error *err)
{
    if (token >= rewriter->last)
        return sql_source_fail(rewriter->source, token, err,
                               "expected %s, but the statement ends here", expected);
    return sql_source_fail(rewriter->source, token, err, "expected %s, found %s", expected,
                           sql_source_show(rewriter->source, token));
}

static bool is(struct rewriter *rewriter, size_t token, const char *word)
{
    return token < rewriter->last && sql_source_is(rewriter->source, token, word);
}

static void push_literal(struct rewriter *rewriter, size_t token, enum type_kind type)
{
    rewriter_push_operand(rewriter,
                          (struct rewriter_operand){.first = token, .last = token, .type = type});
}

/* 12, 1.5, 10L, 1.5BD: what the letters behind a number say. */
static int number_operand(struct rewriter *rewriter, size_t *at, struct error *err)
{
    const struct sql_token *token = &rewriter->source->tokens[*at];
    const char *start = rewriter->source->text + token->start;
    size_t length = token->end - token->start;
    size_t digits = strspn(start, "0123456789.");
    if (digits < length && (start[digits] == 'e' || start[digits] == 'E')) {
        digits++;
        digits += start[digits] == '+' || start[digits] == '-';
        digits += strspn(start + digits, "0123456789");
    }
    if (digits > length)
        digits = length;
    const char *suffix = arena_copy(rewriter->arena, start + digits, length - digits);
    const char *number = arena_copy(rewriter->arena, start, digits);
    bool is_whole = strspn(number, "0123456789") == digits;
    enum type_kind type = is_whole ? TYPE_BIGINT : TYPE_DOUBLE;
    size_t points = 0;
    for (const char *c = number; *c != '\0'; c++)
        points += *c == '.';
    if (strcasecmp(suffix, "bd") == 0) {
        type = TYPE_DECIMAL;
        number = arena_format(rewriter->arena, "mc_to_decimal('%s')", number);
    } else if (strcasecmp(suffix, "d") == 0 || strcasecmp(suffix, "f") == 0) {
        type = TYPE_DOUBLE;
        number = arena_format(rewriter->arena, is_whole ? "%s.0" : "%s", number);
    } else if (*suffix != '\0' &&
               (!is_whole || strlen(suffix) != 1 || strchr("lLsSyY", *suffix) == NULL)) {
        points = 2;
    }
    if (points > 1)
        return sql_source_fail(rewriter->source, *at, err, "%s is not a number",
                               sql_source_show(rewriter->source, *at));
    if (*suffix != '\0')
        rewriter_replace(rewriter, *at, number);
    push_literal(rewriter, (*at)++, type);
    return 0;
}

static int string_operand(struct rewriter *rewriter, size_t *at, struct error *err)
{
    const char *value = sql_source_string(rewriter->source, *at);
    if (value == NULL)
        return sql_source_fail(rewriter->source, *at, err, "a string cannot hold \\0");
    rewriter_string_token(rewriter, *at, value);
    push_literal(rewriter, (*at)++, TYPE_STRING);
    return 0;
}

/* DATE '2021-11-11' */
static bool dated_literal(struct rewriter *rewriter, size_t *at)
{
    static const enum type_kind kinds[] = {TYPE_DATE, TYPE_DATETIME, TYPE_TIMESTAMP};
    if (*at + 1 >= rewriter->last || rewriter->source->tokens[*at + 1].kind != SQL_TOKEN_STRING)
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!is(rewriter, *at, type_kind_name(kinds[i])))
            continue;
        const char *value = sql_source_string(rewriter->source, *at + 1);
        if (value == NULL)
            return false;
        rewriter_string_token(rewriter, *at + 1, value);
        rewriter_replace(rewriter, *at,
                         kinds[i] == TYPE_DATE       ? "mc_to_date("
                         : kinds[i] == TYPE_DATETIME ? "mc_to_datetime("
                                                     : "mc_to_timestamp(");
        rewriter_after(rewriter, *at + 1, ")");
        rewriter_push_operand(
            rewriter, (struct rewriter_operand){.first = *at, .last = *at + 1, .type = kinds[i]});
        *at += 2;
        return true;
    }
    return false;
}

/* NULL, TRUE, FALSE, CURRENT_TIMESTAMP */
static bool word_literal(struct rewriter *rewriter, size_t *at)
{
    enum type_kind type = TYPE_NONE;
    if (is(rewriter, *at, "NULL"))
        type = TYPE_NULL;
    else if (is(rewriter, *at, "TRUE") || is(rewriter, *at, "FALSE"))
        type = TYPE_BOOLEAN;
    else if (is(rewriter, *at, "CURRENT_TIMESTAMP") && !is(rewriter, *at + 1, "("))
        type = TYPE_DATETIME;
    if (type == TYPE_NONE)
        return false;
    if (type == TYPE_DATETIME)
        rewriter_replace(rewriter, *at, "getdate()");
    push_literal(rewriter, (*at)++, type);
    return true;
}

/* `*`, `t.*`, which stands for columns only as a whole column of SELECT or in COUNT(*). */
static int star_operand(struct rewriter *rewriter, size_t first, size_t *at, struct error *err)
{
    const struct rewriter_frame *frame = rewriter_top(rewriter);
    bool is_column = frame->kind == FRAME_QUERY && frame->clause == CLAUSE_SELECT;
    bool is_count = frame->kind == FRAME_CALL && strcmp(frame->function->name, "count") == 0;
    if (!is_column && !is_count)
        return rewriter_unexpected(rewriter, *at, "a value", err);
    rewriter_push_operand(rewriter,
                          (struct rewriter_operand){
                              .first = first, .last = *at, .type = TYPE_UNKNOWN, .is_star = true});
    (*at)++;
    return 0;
}

static int column_operand(struct rewriter *rewriter, size_t *at, struct error *err)
{
    size_t first = *at;
    size_t parts = 1;
    rewriter_name_token(rewriter, *at);
    (*at)++;
    while (is(rewriter, *at, ".")) {
        (*at)++;
        if (is(rewriter, *at, "*"))
            return star_operand(rewriter, first, at, err);
        if (*at >= rewriter->last || !sql_source_is_name(rewriter->source, *at))
            return rewriter_unexpected(rewriter, *at, "a column", err);
        rewriter_name_token(rewriter, (*at)++);
        if (++parts > 2)
            return sql_source_fail(rewriter->source, first, err,
                                   "a column is written `column` or `table.column`");
    }
    if (is(rewriter, *at, "["))
        return sql_source_fail(rewriter->source, *at, err,
                               "arrays and maps are not supported: use GET_JSON_OBJECT");
    const char *name = rewriter_small_name(rewriter, *at - 1);
    const char *relation = parts == 2 ? rewriter_small_name(rewriter, first) : NULL;
    rewriter_push_operand(rewriter, (struct rewriter_operand){
                                        .first = first,
                                        .last = *at - 1,
                                        .type = rewriter_look_up(rewriter, relation, name),
                                        .name = name,
                                    });
    return 0;
}

static int prefix_operator(struct rewriter *rewriter, size_t *at, enum rewriter_operator_kind kind)
{
    rewriter_push_operator(rewriter, (struct rewriter_operator){.kind = kind, .token = *at});
    (*at)++;
    return 0;
}

static int bracket_operand(struct rewriter *rewriter, size_t *at, struct error *err)
{
    size_t open = (*at)++;
    if (!rewriter_starts_query(rewriter, open + 1))
        return rewriter_push_frame(rewriter, FRAME_GROUP, open, err);
    bool is_exists = rewriter->operator_count > rewriter_top(rewriter)->operator_base &&
                     rewriter->operators[rewriter->operator_count - 1].kind == OPERATOR_EXISTS;
    return rewriter_open_query(rewriter, open, is_exists ? USE_EXISTS : USE_SCALAR, err);
}

static int value_word(struct rewriter *rewriter, size_t *at, struct error *err)
{
    if (is(rewriter, *at, "NOT"))
        return prefix_operator(rewriter, at, OPERATOR_NOT);
    if (is(rewriter, *at, "EXISTS") && is(rewriter, *at + 1, "("))
        return prefix_operator(rewriter, at, OPERATOR_EXISTS);
    if (is(rewriter, *at, "CASE"))
        return rewriter_push_frame(rewriter, FRAME_CASE, (*at)++, err);
    if (is(rewriter, *at, "INTERVAL"))
        return sql_source_fail(rewriter->source, *at, err,
                               "INTERVAL is not supported: use DATEADD(date, n, 'dd')");
    if (word_literal(rewriter, at) || dated_literal(rewriter, at))
        return 0;
    if (is(rewriter, *at + 1, "("))
        return rewriter_open_call(rewriter, at, err);
    if (rewriter_is_clause_word(rewriter, *at) || rewriter_is_case_word(rewriter, *at))
        return rewriter_unexpected(rewriter, *at, "a value", err);
    return column_operand(rewriter, at, err);
}

/* What may stand where a value is wanted. */
static int read_operand(struct rewriter *rewriter, size_t *at, struct error *err)
{
    switch (rewriter->source->tokens[*at].kind) {
    case SQL_TOKEN_NUMBER:
        return number_operand(rewriter, at, err);
    case SQL_TOKEN_STRING:
        return string_operand(rewriter, at, err);
    case SQL_TOKEN_QUOTED:
        return column_operand(rewriter, at, err);
    case SQL_TOKEN_WORD:
        return value_word(rewriter, at, err);
    case SQL_TOKEN_SYMBOL:
    case SQL_TOKEN_END:
        break;
    }
    if (is(rewriter, *at, "("))
        return bracket_operand(rewriter, at, err);
    if (is(rewriter, *at, "*"))
        return star_operand(rewriter, *at, at, err);
    if (is(rewriter, *at, "-") || is(rewriter, *at, "+") || is(rewriter, *at, "~"))
        return prefix_operator(rewriter, at, OPERATOR_UNARY);
    if (is(rewriter, *at, "!")) {
        rewriter_replace(rewriter, *at, "NOT");
        return prefix_operator(rewriter, at, OPERATOR_NOT);
    }
    return rewriter_unexpected(rewriter, *at, "a value", err);
}

struct operator_row {
    const char *word;
    enum rewriter_operator_kind kind;
    const char *text; /* for SQLite, NULL = as written */
};

static const struct operator_row operator_rows[] = {
    {"=", OPERATOR_COMPARE, NULL},   {"==", OPERATOR_COMPARE, NULL},
    {"<>", OPERATOR_COMPARE, NULL},  {"!=", OPERATOR_COMPARE, NULL},
    {"<", OPERATOR_COMPARE, NULL},   {"<=", OPERATOR_COMPARE, NULL},
    {">", OPERATOR_COMPARE, NULL},   {">=", OPERATOR_COMPARE, NULL},
    {"<=>", OPERATOR_SAME, "IS"},    {"+", OPERATOR_ADD, NULL},
    {"-", OPERATOR_ADD, NULL},       {"*", OPERATOR_MULTIPLY, NULL},
    {"%", OPERATOR_MULTIPLY, NULL},  {"/", OPERATOR_DIVIDE, NULL},
    {"DIV", OPERATOR_DIV, NULL},     {"||", OPERATOR_CONCAT, NULL},
    {"&", OPERATOR_BITS, NULL},      {"|", OPERATOR_BITS, NULL},
    {"<<", OPERATOR_BITS, NULL},     {">>", OPERATOR_BITS, NULL},
    {"&&", OPERATOR_AND, "AND"},     {"OR", OPERATOR_OR, NULL},
    {"LIKE", OPERATOR_LIKE, NULL},   {"RLIKE", OPERATOR_LIKE, "REGEXP"},
    {"REGEXP", OPERATOR_LIKE, NULL}, {"ESCAPE", OPERATOR_LIKE, NULL},
};

static bool and_of_between(struct rewriter *rewriter, size_t token)
{
    rewriter_reduce_to(rewriter, OPERATOR_BITS);
    if (rewriter->operator_count == rewriter_top(rewriter)->operator_base)
        return false;
    struct rewriter_operator *op = &rewriter->operators[rewriter->operator_count - 1];
    if (op->kind != OPERATOR_BETWEEN || op->and_token != 0)
        return false;
    op->and_token = token;
    return true;
}

static int open_in(struct rewriter *rewriter, size_t *at, size_t not_token, struct error *err)
{
    size_t open = ++(*at);
    if (!is(rewriter, open, "("))
        return rewriter_unexpected(rewriter, open, "`(`", err);
    (*at)++;
    rewriter_reduce_to(rewriter, OPERATOR_COMPARE);
    if (rewriter_starts_query(rewriter, open + 1))
        return rewriter_open_query(rewriter, open, USE_IN, err);
    if (rewriter_push_frame(rewriter, FRAME_IN, open, err) != 0)
        return -1;
    rewriter_top(rewriter)->not_token = not_token;
    return 0;
}

static int read_is(struct rewriter *rewriter, size_t *at, struct error *err)
{
    size_t word = *at + 1 + (is(rewriter, *at + 1, "NOT") ? 1 : 0);
    if (!is(rewriter, word, "NULL") && !is(rewriter, word, "TRUE") && !is(rewriter, word, "FALSE"))
        return rewriter_unexpected(rewriter, word, "NULL, TRUE or FALSE", err);
    rewriter_reduce_to(rewriter, OPERATOR_COMPARE);
    struct rewriter_operand *operand = rewriter_operand(rewriter);
    *operand =
        (struct rewriter_operand){.first = operand->first, .last = word, .type = TYPE_BOOLEAN};
    *at = word + 1;
    return 0;
}

static int binary_operator(struct rewriter *rewriter, size_t *at, enum rewriter_operator_kind kind,
                           size_t not_token)
{
    rewriter_push_operator(
        rewriter, (struct rewriter_operator){.kind = kind, .token = *at, .not_token = not_token});
    rewriter->wants_operand = true;
    (*at)++;
    return 0;
}

/* `NOT` behind a value: NOT IN, NOT LIKE, NOT BETWEEN. */
static int read_not(struct rewriter *rewriter, size_t *at, struct error *err)
{
    size_t not_token = (*at)++;
    if (is(rewriter, *at, "IN"))
        return open_in(rewriter, at, not_token, err);
    if (is(rewriter, *at, "BETWEEN"))
        return binary_operator(rewriter, at, OPERATOR_BETWEEN, not_token);
    if (is(rewriter, *at, "LIKE"))
        return binary_operator(rewriter, at, OPERATOR_LIKE, not_token);
    if (!is(rewriter, *at, "RLIKE") && !is(rewriter, *at, "REGEXP"))
        return rewriter_unexpected(rewriter, *at, "IN, LIKE, RLIKE or BETWEEN", err);
    rewriter_replace(rewriter, *at, "REGEXP");
    return binary_operator(rewriter, at, OPERATOR_LIKE, not_token);
}

/* 1 = an operator was read, 0 = there is none, -1 = an error. */
static int read_operator(struct rewriter *rewriter, size_t *at, struct error *err)
{
    for (size_t i = 0; i < sizeof operator_rows / sizeof *operator_rows; i++) {
        const struct operator_row *row = &operator_rows[i];
        if (!is(rewriter, *at, row->word))
            continue;
        if (row->text != NULL)
            rewriter_replace(rewriter, *at, row->text);
        binary_operator(rewriter, at, row->kind, 0);
        return 1;
    }
    if (is(rewriter, *at, "AND")) {
        if (!and_of_between(rewriter, *at))
            return binary_operator(rewriter, at, OPERATOR_AND, 0) + 1;
        rewriter->wants_operand = true;
        (*at)++;
        return 1;
    }
    if (is(rewriter, *at, "BETWEEN"))
        return binary_operator(rewriter, at, OPERATOR_BETWEEN, 0) + 1;
    if (is(rewriter, *at, "IN"))
        return open_in(rewriter, at, 0, err) == 0 ? 1 : -1;
    if (is(rewriter, *at, "IS"))
        return read_is(rewriter, at, err) == 0 ? 1 : -1;
    if (is(rewriter, *at, "NOT"))
        return read_not(rewriter, at, err) == 0 ? 1 : -1;
    if (is(rewriter, *at, "^"))
        return sql_source_fail(rewriter->source, *at, err, "the operator ^ is not supported");
    return 0;
}

static int close_bracket(struct rewriter *rewriter, size_t token, struct error *err)
{
    struct rewriter_frame frame = *rewriter_top(rewriter);
    if (rewriter->frame_count == 1)
        return rewriter_unexpected(rewriter, token, "the end of the statement", err);
    if (frame.kind == FRAME_CALL)
        return rewriter_close_call(rewriter, token, err);
    if (frame.kind == FRAME_QUERY || frame.kind == FRAME_FROM)
        return rewriter_end_query(rewriter, token, err);
    if (frame.kind == FRAME_CASE || frame.kind == FRAME_CAST)
        return rewriter_unexpected(rewriter, token, frame.kind == FRAME_CASE ? "END" : "AS", err);
    bool is_empty_over = frame.kind == FRAME_OVER && token == frame.first + 1;
    if (!is_empty_over && rewriter_flush(rewriter, token, err) != 0)
        return -1;
    if (frame.kind == FRAME_IN) {
        rewriter->frame_count--;
        rewriter_in_list(rewriter, &frame, token);
        return 0;
    }
    enum type_kind type = TYPE_NONE;
    if (frame.kind == FRAME_GROUP)
        type = rewriter_operand(rewriter)->type;
    rewriter->operand_count = frame.operand_base;
    rewriter->frame_count--;
    rewriter->wants_operand = false;
    if (frame.kind == FRAME_GROUP)
        rewriter_push_operand(
            rewriter, (struct rewriter_operand){.first = frame.first, .last = token, .type = type});
    else if (frame.kind == FRAME_OVER)
        rewriter_operand(rewriter)->last = token;
    return 0;
}

static int read_comma(struct rewriter *rewriter, size_t token, struct error *err)
{
    enum rewriter_frame_kind kind = rewriter_top(rewriter)->kind;
    if (kind != FRAME_CALL && kind != FRAME_IN && kind != FRAME_OVER && kind != FRAME_ROW)
        return rewriter_unexpected(rewriter, token, "`)` or an operator", err);
    if (rewriter_flush(rewriter, token, err) != 0)
        return -1;
    if (kind == FRAME_OVER)
        rewriter->operand_count = rewriter_top(rewriter)->operand_base;
    rewriter->wants_operand = true;
    return 0;
}

static int open_over(struct rewriter *rewriter, size_t *at, struct error *err)
{
    if (!rewriter_operand(rewriter)->is_call)
        return rewriter_unexpected(rewriter, *at, "an operator", err);
    size_t open = ++(*at);
    if (!is(rewriter, open, "("))
        return rewriter_unexpected(rewriter, open, "`(`", err);
    (*at)++;
    return rewriter_push_frame(rewriter, FRAME_OVER, open, err);
}

/* Inside OVER (…): PARTITION BY, ORDER BY, and the frame up to its bracket. */
static int over_word(struct rewriter *rewriter, size_t *at, struct error *err)
{
    const struct rewriter_frame *frame = rewriter_top(rewriter);
    bool is_first = *at == frame->first + 1;
    bool is_by = (is(rewriter, *at, "PARTITION") || is(rewriter, *at, "ORDER")) &&
                 is(rewriter, *at + 1, "BY");
    bool is_range = is(rewriter, *at, "ROWS") || is(rewriter, *at, "RANGE");
    if (!is_by && !is_range)
        return 0;
    if (!is_first && rewriter_flush(rewriter, *at, err) != 0)
        return -1;
    rewriter->operand_count = frame->operand_base;
    rewriter->wants_operand = is_by;
    *at += 2;
    if (is_range) {
        while (*at < rewriter->last && !is(rewriter, *at, ")"))
            (*at)++;
    }
    return 1;
}

static bool order_word(struct rewriter *rewriter, size_t *at)
{
    const struct rewriter_frame *frame = rewriter_top(rewriter);
    bool is_order = frame->kind == FRAME_OVER ||
                    (frame->kind == FRAME_QUERY && frame->clause == CLAUSE_EXPRESSIONS);
    if (!is_order)
        return false;
    if (is(rewriter, *at, "ASC") || is(rewriter, *at, "DESC")) {
        (*at)++;
        return true;
    }
    if (is(rewriter, *at, "NULLS") &&
        (is(rewriter, *at + 1, "FIRST") || is(rewriter, *at + 1, "LAST"))) {
        *at += 2;
        return true;
    }
    return false;
}

static int after_operand(struct rewriter *rewriter, size_t *at, struct error *err)
{
    int found = read_operator(rewriter, at, err);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (rewriter_is_case_word(rewriter, *at))
        return rewriter_case_word(rewriter, (*at)++, err);
    if (is(rewriter, *at, ","))
        return read_comma(rewriter, (*at)++, err);
    if (is(rewriter, *at, "AS") && rewriter_top(rewriter)->kind == FRAME_CAST)
        return rewriter_cast_type(rewriter, at, err);
    if (is(rewriter, *at, "OVER"))
        return open_over(rewriter, at, err);
    if (order_word(rewriter, at))
        return 0;
    return rewriter_unexpected(rewriter, *at, "an operator", err);
}

int rewriter_expression(struct rewriter *rewriter, size_t *at, struct error *err)
{
    const struct rewriter_frame *frame = rewriter_top(rewriter);
    if (frame->kind == FRAME_OVER) {
        int found = over_word(rewriter, at, err);
        if (found != 0)
            return found < 0 ? -1 : 0;
    }
    bool is_empty = *at == frame->first + 1 || frame->kind == FRAME_CALL;
    if (is(rewriter, *at, ")") && (!rewriter->wants_operand || is_empty))
        return close_bracket(rewriter, (*at)++, err);
    if (rewriter->wants_operand && rewriter_is_case_word(rewriter, *at))
        return rewriter_case_word(rewriter, (*at)++, err);
    if (rewriter->wants_operand)
        return read_operand(rewriter, at, err);
    return after_operand(rewriter, at, err);
}
