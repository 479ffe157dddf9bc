#include "nodes/warehouse/sql_edit.h"
#include "nodes/warehouse/sql_parts.h"

#include <string.h>

static bool is(struct rewriter *rewriter, size_t token, const char *word)
{
    return token < rewriter->last && sql_source_is(rewriter->source, token, word);
}

bool rewriter_starts_query(struct rewriter *rewriter, size_t token)
{
    size_t at = token;
    while (is(rewriter, at, "("))
        at++;
    return is(rewriter, at, "SELECT") || is(rewriter, at, "WITH") || is(rewriter, at, "VALUES");
}

static bool is_by(struct rewriter *rewriter, size_t token, const char *word)
{
    return is(rewriter, token, word) && is(rewriter, token + 1, "BY");
}

static bool is_set_word(struct rewriter *rewriter, size_t token)
{
    bool is_minus = is(rewriter, token, "MINUS") && rewriter_starts_query(rewriter, token + 1);
    return is_minus || is(rewriter, token, "UNION") || is(rewriter, token, "EXCEPT") ||
           is(rewriter, token, "INTERSECT");
}

bool rewriter_is_clause_word(struct rewriter *rewriter, size_t token)
{
    static const char *const words[] = {"SELECT", "FROM", "WHERE", "HAVING", "LIMIT", "JOIN", "ON"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (is(rewriter, token, words[i]))
            return true;
    }
    return is_set_word(rewriter, token) || is_by(rewriter, token, "GROUP") ||
           is_by(rewriter, token, "ORDER") || is_by(rewriter, token, "SORT") ||
           is_by(rewriter, token, "CLUSTER") || is_by(rewriter, token, "DISTRIBUTE") ||
           (is(rewriter, token, "LATERAL") && is(rewriter, token + 1, "VIEW"));
}

int rewriter_open_query(struct rewriter *rewriter, size_t token, enum rewriter_use use,
                        struct error *err)
{
    if (rewriter_push_frame(rewriter, FRAME_QUERY, token, err) != 0)
        return -1;
    rewriter_top(rewriter)->use = use;
    return 0;
}

static void add_item(struct rewriter *rewriter, struct rewriter_item item)
{
    struct rewriter_frame *frame = rewriter_top(rewriter);
    if (frame->item_at < frame->item_count) {
        struct rewriter_item *first = &frame->items[frame->item_at];
        bool is_alike = type_family(first->type) == type_family(item.type) ||
                        first->type == TYPE_NULL || item.type == TYPE_NULL;
        bool is_waiting = first->type == TYPE_NONE || item.type == TYPE_NONE;
        if (!is_waiting)
            first->type = is_alike ? type_join(first->type, item.type) : TYPE_UNKNOWN;
        item = *first;
    } else {
        frame->items = arena_grow(rewriter->arena, frame->items, frame->item_count,
                                  &frame->item_capacity, sizeof *frame->items);
        frame->items[frame->item_count++] = item;
    }
    frame->item_at++;
    if (item.name != NULL)
        rewriter_learn(rewriter, NULL, item.name, item.type);
}

/* A column of SELECT ends; `alias` is 0 or the token that names it. */
static int end_item(struct rewriter *rewriter, size_t token, size_t alias, struct error *err)
{
    if (rewriter_flush(rewriter, token, err) != 0)
        return -1;
    struct rewriter_frame *frame = rewriter_top(rewriter);
    struct rewriter_operand operand = *rewriter_operand(rewriter);
    rewriter->operand_count = frame->operand_base;
    struct rewriter_item item = {
        .name = operand.name, .type = operand.type, .is_star = operand.is_star};
    if (alias != 0)
        item.name = rewriter_small_name(rewriter, alias);
    if (alias != 0) {
        rewriter_name_token(rewriter, alias);
    } else if (item.name == NULL && !item.is_star) {
        item.name = arena_format(rewriter->arena, "_c%zu", frame->item_at);
        rewriter_after(rewriter, operand.last,
                       arena_format(rewriter->arena, "AS \"%s\"", item.name));
    }
    add_item(rewriter, item);
    return 0;
}

/* The clause before a clause word ends. */
static int end_clause(struct rewriter *rewriter, size_t token, struct error *err)
{
    struct rewriter_frame *frame = rewriter_top(rewriter);
    switch (frame->clause) {
    case CLAUSE_SELECT:
        return rewriter->operand_count == frame->operand_base && !rewriter->wants_operand
                   ? 0
                   : end_item(rewriter, token, 0, err);
    case CLAUSE_ON:
    case CLAUSE_EXPRESSIONS:
        if (rewriter_flush(rewriter, token, err) != 0)
            return -1;
        rewriter->operand_count = frame->operand_base;
        return 0;
    case CLAUSE_FROM:
        if (frame->wants_relation)
            return rewriter_unexpected(rewriter, token, "a table", err);
        rewriter_end_relation(rewriter);
        return 0;
    case CLAUSE_START:
    case CLAUSE_WITH:
        return rewriter_unexpected(rewriter, token, "SELECT", err);
    case CLAUSE_VALUES:
    case CLAUSE_AFTER:
        return 0;
    }
    return 0;
}

static int set_word(struct rewriter *rewriter, size_t *at)
{
    struct rewriter_frame *frame = rewriter_top(rewriter);
    if (is(rewriter, *at, "MINUS"))
        rewriter_replace(rewriter, *at, "EXCEPT");
    (*at)++;
    if (is(rewriter, *at, "DISTINCT"))
        rewriter_replace(rewriter, (*at)++, "");
    else if (is(rewriter, *at, "ALL"))
        (*at)++;
    frame->clause = CLAUSE_START;
    frame->item_at = 0;
    return 0;
}

static int clause_word(struct rewriter *rewriter, size_t *at, struct error *err)
{
    struct rewriter_frame *frame = rewriter_top(rewriter);
    bool is_after_select = frame->clause == CLAUSE_SELECT;
    size_t token = *at;
    if (end_clause(rewriter, token, err) != 0)
        return -1;
    if (frame->kind == FRAME_FROM)
        return rewriter_unexpected(rewriter, token, "JOIN or `)`", err);
    if (is_set_word(rewriter, token))
        return set_word(rewriter, at);
    bool is_expressions = is(rewriter, token, "WHERE") || is(rewriter, token, "HAVING") ||
                          is(rewriter, token, "LIMIT") || is_by(rewriter, token, "GROUP") ||
                          is_by(rewriter, token, "ORDER");
    *at += is_by(rewriter, token, "GROUP") || is_by(rewriter, token, "ORDER") ? 2 : 1;
    if (is_expressions) {
        frame->clause = CLAUSE_EXPRESSIONS;
        rewriter->wants_operand = true;
        return 0;
    }
    if (is(rewriter, token, "FROM") && is_after_select) {
        frame->clause = CLAUSE_FROM;
        frame->wants_relation = true;
        return 0;
    }
    if (is_by(rewriter, token, "SORT") || is_by(rewriter, token, "CLUSTER") ||
        is_by(rewriter, token, "DISTRIBUTE") || is(rewriter, token, "LATERAL"))
        return sql_source_fail(rewriter->source, token, err, "%s is not supported",
                               is(rewriter, token, "LATERAL") ? "LATERAL VIEW"
                                                              : "SORT, CLUSTER or DISTRIBUTE BY");
    return rewriter_unexpected(rewriter, token, "the end of the statement", err);
}

static int read_start(struct rewriter *rewriter, size_t *at, struct error *err)
{
    struct rewriter_frame *frame = rewriter_top(rewriter);
    size_t token = (*at)++;
    if (is(rewriter, token, "SELECT")) {
        frame->clause = CLAUSE_SELECT;
        rewriter->wants_operand = true;
        if (is(rewriter, *at, "DISTINCT") || is(rewriter, *at, "ALL"))
            (*at)++;
        return 0;
    }
    if (is(rewriter, token, "VALUES")) {
        frame->clause = CLAUSE_VALUES;
        rewriter->wants_operand = true;
        return 0;
    }
    if (is(rewriter, token, "WITH") && frame->item_count == 0) {
        frame->clause = CLAUSE_WITH;
        frame->relation = NULL;
        return 0;
    }
    if (is(rewriter, token, "(") && rewriter_starts_query(rewriter, token)) {
        rewriter_before(rewriter, token, "SELECT * FROM");
        return rewriter_open_query(rewriter, token, USE_SET, err);
    }
    return rewriter_unexpected(rewriter, token, "SELECT", err);
}

/* name AS (query) [, …] SELECT */
static int read_with(struct rewriter *rewriter, size_t *at, struct error *err)
{
    struct rewriter_frame *frame = rewriter_top(rewriter);
    if (frame->relation != NULL) {
        frame->relation = NULL;
        if (is(rewriter, *at, ",")) {
            (*at)++;
            return 0;
        }
        frame->clause = CLAUSE_START;
        return 0;
    }
    if (*at >= rewriter->last || !sql_source_is_name(rewriter->source, *at))
        return rewriter_unexpected(rewriter, *at, "a name", err);
    frame->relation = rewriter_small_name(rewriter, *at);
    rewriter_name_token(rewriter, (*at)++);
    if (!is(rewriter, *at, "AS"))
        return rewriter_unexpected(rewriter, *at, "AS", err);
    (*at)++;
    if (!is(rewriter, *at, "("))
        return rewriter_unexpected(rewriter, *at, "`(`", err);
    rewriter_learn_with(rewriter, frame->relation);
    return rewriter_open_query(rewriter, (*at)++, USE_WITH, err);
}

static int read_values(struct rewriter *rewriter, size_t *at, struct error *err)
{
    if (rewriter->wants_operand && is(rewriter, *at, "("))
        return rewriter_push_frame(rewriter, FRAME_ROW, (*at)++, err);
    if (!rewriter->wants_operand && is(rewriter, *at, ",")) {
        rewriter->wants_operand = true;
        rewriter_top(rewriter)->item_at = 0;
        (*at)++;
        return 0;
    }
    return rewriter_unexpected(rewriter, *at, rewriter->wants_operand ? "`(`" : "`,`", err);
}

static int read_select(struct rewriter *rewriter, size_t *at, struct error *err)
{
    struct rewriter_frame *frame = rewriter_top(rewriter);
    const struct sql_source *source = rewriter->source;
    if (!rewriter->wants_operand && is(rewriter, *at, ",")) {
        bool is_ended = rewriter->operand_count == frame->operand_base;
        if (!is_ended && end_item(rewriter, *at, 0, err) != 0)
            return -1;
        rewriter->wants_operand = true;
        (*at)++;
        return 0;
    }
    if (rewriter->wants_operand || rewriter->operand_count == frame->operand_base)
        return rewriter->wants_operand ? rewriter_expression(rewriter, at, err)
                                       : rewriter_unexpected(rewriter, *at, "`,` or FROM", err);
    bool has_as = is(rewriter, *at, "AS");
    size_t alias = *at + (has_as ? 1 : 0);
    bool is_alias = alias < rewriter->last && (sql_source_is_name(source, alias) ||
                                               source->tokens[alias].kind == SQL_TOKEN_STRING);
    static const char *const operators[] = {"AND", "OR",      "NOT", "LIKE", "RLIKE", "REGEXP",
                                            "IN",  "BETWEEN", "IS",  "DIV",  "OVER",  "ESCAPE"};
    for (size_t i = 0; i < sizeof operators / sizeof *operators && !has_as; i++)
        is_alias = is_alias && !is(rewriter, alias, operators[i]);
    if (has_as && !is_alias)
        return rewriter_unexpected(rewriter, alias, "a name", err);
    if (!is_alias)
        return rewriter_expression(rewriter, at, err);
    *at = alias + 1;
    return end_item(rewriter, alias, alias, err);
}

static int read_expressions(struct rewriter *rewriter, size_t *at, struct error *err)
{
    struct rewriter_frame *frame = rewriter_top(rewriter);
    bool separates = is(rewriter, *at, ",") || is(rewriter, *at, "OFFSET");
    if (!rewriter->wants_operand && separates && frame->clause == CLAUSE_EXPRESSIONS) {
        if (rewriter_flush(rewriter, *at, err) != 0)
            return -1;
        rewriter->operand_count = frame->operand_base;
        rewriter->wants_operand = true;
        (*at)++;
        return 0;
    }
    return rewriter_expression(rewriter, at, err);
}

int rewriter_query(struct rewriter *rewriter, size_t *at, struct error *err)
{
    const struct rewriter_frame *frame = rewriter_top(rewriter);
    bool is_start = frame->clause == CLAUSE_START || frame->clause == CLAUSE_WITH;
    bool is_closing = is(rewriter, *at, ")") && !is_start && rewriter->frame_count > 1;
    if (is_closing)
        return rewriter_end_query(rewriter, (*at)++, err);
    bool is_join_word = is(rewriter, *at, "JOIN") || is(rewriter, *at, "ON");
    if (!is_start && rewriter_is_clause_word(rewriter, *at) && !is_join_word)
        return clause_word(rewriter, at, err);
    switch (frame->clause) {
    case CLAUSE_START:
        return read_start(rewriter, at, err);
    case CLAUSE_WITH:
        return read_with(rewriter, at, err);
    case CLAUSE_SELECT:
        return read_select(rewriter, at, err);
    case CLAUSE_FROM:
    case CLAUSE_ON:
        return rewriter_from(rewriter, at, err);
    case CLAUSE_EXPRESSIONS:
        return read_expressions(rewriter, at, err);
    case CLAUSE_VALUES:
        return read_values(rewriter, at, err);
    case CLAUSE_AFTER:
        break;
    }
    return rewriter_unexpected(rewriter, *at, "UNION, ORDER BY or the end", err);
}

/* A subquery's value on the left of IN has to compare like the column on the right. */
static int end_in(struct rewriter *rewriter, const struct rewriter_frame *frame, size_t token,
                  struct error *err)
{
    struct rewriter_operand *left = rewriter_operand(rewriter);
    enum type_family family = type_family(left->type);
    enum type_family other =
        frame->item_count > 0 ? type_family(frame->items[0].type) : TYPE_FAMILY_UNKNOWN;
    bool has_null = family == TYPE_FAMILY_NULL || other == TYPE_FAMILY_NULL;
    bool is_unknown = family == TYPE_FAMILY_UNKNOWN || other == TYPE_FAMILY_UNKNOWN;
    if (rewriter->is_final && is_unknown && !has_null)
        return sql_source_fail(rewriter->source, left->first, err,
                               "IN (SELECT …) compares values whose types cannot be told: CAST "
                               "both sides");
    if (!has_null && family == TYPE_FAMILY_TEXT && other == TYPE_FAMILY_NUMBER)
        rewriter_wrap(rewriter, left, "mc_to_number");
    else if (!has_null && family != other && other == TYPE_FAMILY_DECIMAL)
        rewriter_wrap(rewriter, left, "mc_to_decimal");
    else if (rewriter->is_final && !has_null && family != other)
        return sql_source_fail(rewriter->source, left->first, err,
                               "IN compares %s with %s: CAST one of them",
                               type_kind_name(left->type), type_kind_name(frame->items[0].type));
    *left = (struct rewriter_operand){.first = left->first, .last = token, .type = TYPE_BOOLEAN};
    rewriter->wants_operand = false;
    return 0;
}

static void end_relation_query(struct rewriter *rewriter, const struct rewriter_frame *frame)
{
    struct rewriter_frame *outer = rewriter_top(rewriter);
    outer->wants_relation = false;
    outer->has_relation = true;
    outer->relation = NULL;
    outer->relation_table = NULL;
    outer->relation_items = frame->items;
    outer->relation_item_count = frame->item_count;
    rewriter->wants_operand = false;
}

static int use_query(struct rewriter *rewriter, const struct rewriter_frame *frame, size_t token,
                     struct error *err)
{
    struct rewriter_frame *outer = rewriter->frame_count > 0 ? rewriter_top(rewriter) : NULL;
    switch (frame->use) {
    case USE_TOP:
        rewriter->result = frame->items;
        rewriter->result_count = frame->item_count;
        return 0;
    case USE_SCALAR:
    case USE_EXISTS:
        rewriter_push_operand(
            rewriter,
            (struct rewriter_operand){.first = frame->first,
                                      .last = token,
                                      .type = frame->use == USE_SCALAR && frame->item_count > 0
                                                  ? frame->items[0].type
                                                  : TYPE_BOOLEAN});
        return 0;
    case USE_IN:
        return end_in(rewriter, frame, token, err);
    case USE_FROM:
        end_relation_query(rewriter, frame);
        return 0;
    case USE_WITH:
        return 0;
    case USE_SET:
        outer->clause = CLAUSE_AFTER;
        for (size_t i = 0; i < frame->item_count; i++)
            add_item(rewriter, frame->items[i]);
        return 0;
    }
    return 0;
}

int rewriter_end_query(struct rewriter *rewriter, size_t token, struct error *err)
{
    if (end_clause(rewriter, token, err) != 0)
        return -1;
    struct rewriter_frame frame = *rewriter_top(rewriter);
    bool wants_row = frame.clause == CLAUSE_VALUES && rewriter->wants_operand;
    if (wants_row)
        return rewriter_unexpected(rewriter, token, "`(`", err);
    rewriter->operand_count = frame.operand_base;
    rewriter->operator_count = frame.operator_base;
    rewriter->frame_count--;
    if (frame.kind == FRAME_FROM) {
        struct rewriter_frame *outer = rewriter_top(rewriter);
        outer->wants_relation = false;
        outer->has_relation = false;
        return 0;
    }
    return use_query(rewriter, &frame, token, err);
}
