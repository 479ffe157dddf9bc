#include "nodes/warehouse/sql_edit.h"

#include <assert.h>

/* As SQLite binds, so that what stays native is read the same way. */
static int precedence(enum rewriter_operator_kind kind)
{
    switch (kind) {
    case OPERATOR_OR:
        return 1;
    case OPERATOR_AND:
        return 2;
    case OPERATOR_NOT:
        return 3;
    case OPERATOR_SAME:
    case OPERATOR_LIKE:
    case OPERATOR_BETWEEN:
    case OPERATOR_COMPARE:
        return 4;
    case OPERATOR_BITS:
        return 6;
    case OPERATOR_ADD:
        return 7;
    case OPERATOR_MULTIPLY:
    case OPERATOR_DIVIDE:
    case OPERATOR_DIV:
        return 8;
    case OPERATOR_CONCAT:
        return 9;
    case OPERATOR_UNARY:
    case OPERATOR_EXISTS:
        return 10;
    }
    return 0;
}

static bool is_known(enum type_kind kind)
{
    return kind != TYPE_NONE && kind != TYPE_UNKNOWN;
}

static bool is_number(enum type_kind kind)
{
    return type_family(kind) == TYPE_FAMILY_NUMBER;
}

/* Turns `a op b` into `function(a, b)`. */
static void call_instead(struct rewriter *rewriter, const struct rewriter_operand *left,
                         const struct rewriter_operand *right, size_t token, const char *function)
{
    if (!rewriter->is_final)
        return;
    rewriter_before(rewriter, left->first, arena_format(rewriter->arena, "%s(", function));
    rewriter_replace(rewriter, token, ",");
    rewriter_after(rewriter, right->last, ")");
}

static enum type_kind arithmetic_type(enum type_kind a, enum type_kind b)
{
    if (a == TYPE_NONE || b == TYPE_NONE)
        return TYPE_NONE;
    if (a == TYPE_UNKNOWN || b == TYPE_UNKNOWN)
        return TYPE_UNKNOWN;
    if (type_is_float(a) || type_is_float(b))
        return TYPE_DOUBLE;
    if (a == TYPE_DECIMAL || b == TYPE_DECIMAL)
        return TYPE_DECIMAL;
    bool has_text = type_family(a) == TYPE_FAMILY_TEXT || type_family(b) == TYPE_FAMILY_TEXT;
    return has_text ? TYPE_DOUBLE : TYPE_BIGINT;
}

static bool is_plain_number(enum type_kind kind)
{
    return is_number(kind) || kind == TYPE_NULL;
}

static enum type_kind reduce_arithmetic(struct rewriter *rewriter,
                                        const struct rewriter_operator *op,
                                        const struct rewriter_operand *left,
                                        const struct rewriter_operand *right)
{
    const struct sql_source *source = rewriter->source;
    bool is_native = is_plain_number(left->type) && is_plain_number(right->type);
    enum type_kind type = arithmetic_type(left->type, right->type);
    bool is_modulo = sql_source_is(source, op->token, "%");
    if (op->kind == OPERATOR_DIV) {
        call_instead(rewriter, left, right, op->token, "mc_whole_divide");
        return TYPE_BIGINT;
    }
    if (op->kind == OPERATOR_DIVIDE) {
        if (is_native)
            rewriter_replace(rewriter, op->token, "* 1.0 /");
        else
            call_instead(rewriter, left, right, op->token, "mc_divide");
        return type == TYPE_BIGINT ? TYPE_DOUBLE : type;
    }
    if (is_native && !(is_modulo && type == TYPE_DOUBLE))
        return type;
    const char *function = "mc_multiply";
    if (is_modulo)
        function = "mc_modulo";
    else if (op->kind == OPERATOR_ADD)
        function = sql_source_is(source, op->token, "+") ? "mc_add" : "mc_subtract";
    call_instead(rewriter, left, right, op->token, function);
    return type;
}

/* What must happen to a value before it is compared with one of another kind. */
static const char *comparable(enum type_kind kind, enum type_kind other)
{
    enum type_family family = type_family(kind);
    enum type_family target = type_family(other);
    if (target == TYPE_FAMILY_DECIMAL && family != TYPE_FAMILY_DECIMAL)
        return "mc_to_decimal";
    if (family == TYPE_FAMILY_TEXT && other == TYPE_BOOLEAN)
        return "mc_to_boolean";
    if (family == TYPE_FAMILY_TEXT && target == TYPE_FAMILY_NUMBER)
        return "mc_to_number";
    if (kind == TYPE_DATE && (other == TYPE_DATETIME || other == TYPE_TIMESTAMP))
        return "mc_to_datetime";
    return NULL;
}

static void reduce_compare(struct rewriter *rewriter, const struct rewriter_operator *op,
                           const struct rewriter_operand *left,
                           const struct rewriter_operand *right)
{
    if (left->type == TYPE_NULL || right->type == TYPE_NULL || !rewriter->is_final)
        return;
    bool has_binary = (left->type == TYPE_BINARY) != (right->type == TYPE_BINARY);
    if (is_known(left->type) && is_known(right->type) && !has_binary) {
        const char *for_left = comparable(left->type, right->type);
        const char *for_right = comparable(right->type, left->type);
        if (for_left != NULL)
            rewriter_wrap(rewriter, left, for_left);
        if (for_right != NULL)
            rewriter_wrap(rewriter, right, for_right);
        return;
    }
    const struct sql_token *token = &rewriter->source->tokens[op->token];
    rewriter_before(rewriter, left->first, "(mc_compare(");
    rewriter_replace(rewriter, op->token, ",");
    rewriter_after(rewriter, right->last,
                   arena_format(rewriter->arena, ") %.*s 0)", (int)(token->end - token->start),
                                rewriter->source->text + token->start));
}

static bool are_alike(const struct rewriter_operand *operands, size_t count)
{
    enum type_family family = TYPE_FAMILY_NULL;
    for (size_t i = 0; i < count; i++) {
        enum type_family other = type_family(operands[i].type);
        if (other == TYPE_FAMILY_NULL)
            continue;
        if (other == TYPE_FAMILY_UNKNOWN || (family != TYPE_FAMILY_NULL && family != other))
            return false;
        family = other;
    }
    return true;
}

static void reduce_between(struct rewriter *rewriter, const struct rewriter_operator *op,
                           const struct rewriter_operand *operands)
{
    if (!rewriter->is_final || are_alike(operands, 3))
        return;
    rewriter_before(rewriter, operands[0].first,
                    op->not_token != 0 ? "(NOT mc_between(" : "(mc_between(");
    if (op->not_token != 0)
        rewriter_replace(rewriter, op->not_token, "");
    rewriter_replace(rewriter, op->token, ",");
    rewriter_replace(rewriter, op->and_token, ",");
    rewriter_after(rewriter, operands[2].last, "))");
}

void rewriter_in_list(struct rewriter *rewriter, const struct rewriter_frame *frame, size_t close)
{
    struct rewriter_operand *left = &rewriter->operands[frame->operand_base - 1];
    size_t count = rewriter->operand_count - frame->operand_base + 1;
    if (rewriter->is_final && !are_alike(left, count)) {
        rewriter_before(rewriter, left->first, frame->not_token != 0 ? "(NOT mc_in(" : "(mc_in(");
        if (frame->not_token != 0)
            rewriter_replace(rewriter, frame->not_token, "");
        rewriter_replace(rewriter, frame->first - 1, ",");
        rewriter_replace(rewriter, frame->first, "");
        rewriter_after(rewriter, close, ")");
    }
    rewriter->operand_count = frame->operand_base;
    *left = (struct rewriter_operand){.first = left->first, .last = close, .type = TYPE_BOOLEAN};
}

enum type_kind rewriter_converge(struct rewriter *rewriter, struct rewriter_operand *operands,
                                 size_t count)
{
    enum type_kind type = TYPE_NULL;
    bool is_waiting = false;
    for (size_t i = 0; i < count; i++) {
        is_waiting = is_waiting || operands[i].type == TYPE_NONE;
        type = type_join(type, operands[i].type);
    }
    if (is_waiting)
        return TYPE_NONE;
    for (size_t i = 0; i < count; i++) {
        enum type_kind own = operands[i].type;
        if (type == TYPE_DECIMAL && own != TYPE_DECIMAL && own != TYPE_NULL)
            rewriter_wrap(rewriter, &operands[i], "mc_to_decimal");
        else if (type == TYPE_DOUBLE && own != TYPE_NULL && !type_is_float(own))
            rewriter_wrap(rewriter, &operands[i], "mc_to_double");
    }
    return type;
}

static enum type_kind reduce_unary(struct rewriter *rewriter, const struct rewriter_operator *op,
                                   const struct rewriter_operand *operand)
{
    if (op->kind == OPERATOR_NOT || op->kind == OPERATOR_EXISTS)
        return TYPE_BOOLEAN;
    if (is_plain_number(operand->type) || !sql_source_is(rewriter->source, op->token, "-"))
        return operand->type;
    rewriter_replace(rewriter, op->token, "mc_negate(");
    rewriter_after(rewriter, operand->last, ")");
    return type_family(operand->type) == TYPE_FAMILY_TEXT ? TYPE_DOUBLE : operand->type;
}

static enum type_kind reduce_binary(struct rewriter *rewriter, const struct rewriter_operator *op,
                                    const struct rewriter_operand *left,
                                    const struct rewriter_operand *right)
{
    switch (op->kind) {
    case OPERATOR_ADD:
    case OPERATOR_MULTIPLY:
    case OPERATOR_DIVIDE:
    case OPERATOR_DIV:
        return reduce_arithmetic(rewriter, op, left, right);
    case OPERATOR_CONCAT:
        if (type_family(left->type) != TYPE_FAMILY_TEXT ||
            type_family(right->type) != TYPE_FAMILY_TEXT)
            call_instead(rewriter, left, right, op->token, "concat");
        return TYPE_STRING;
    case OPERATOR_BITS:
        return TYPE_BIGINT;
    case OPERATOR_COMPARE:
        reduce_compare(rewriter, op, left, right);
        return TYPE_BOOLEAN;
    case OPERATOR_OR:
    case OPERATOR_AND:
    case OPERATOR_NOT:
    case OPERATOR_SAME:
    case OPERATOR_LIKE:
    case OPERATOR_BETWEEN:
    case OPERATOR_UNARY:
    case OPERATOR_EXISTS:
        break;
    }
    return TYPE_BOOLEAN;
}

static size_t operand_need(enum rewriter_operator_kind kind)
{
    if (kind == OPERATOR_BETWEEN)
        return 3;
    return kind == OPERATOR_NOT || kind == OPERATOR_UNARY || kind == OPERATOR_EXISTS ? 1 : 2;
}

static void reduce(struct rewriter *rewriter)
{
    struct rewriter_operator op = rewriter->operators[--rewriter->operator_count];
    size_t need = operand_need(op.kind);
    assert(rewriter->operand_count >= rewriter_top(rewriter)->operand_base + need);
    struct rewriter_operand *operands = &rewriter->operands[rewriter->operand_count - need];
    struct rewriter_operand result = {.first = need == 1 ? op.token : operands[0].first,
                                      .last = operands[need - 1].last,
                                      .type = TYPE_BOOLEAN};
    if (need == 3)
        reduce_between(rewriter, &op, operands);
    else if (need == 1)
        result.type = reduce_unary(rewriter, &op, operands);
    else
        result.type = reduce_binary(rewriter, &op, &operands[0], &operands[1]);
    rewriter->operand_count -= need;
    rewriter_push_operand(rewriter, result);
}

void rewriter_reduce_to(struct rewriter *rewriter, enum rewriter_operator_kind kind)
{
    size_t base = rewriter_top(rewriter)->operator_base;
    while (rewriter->operator_count > base) {
        const struct rewriter_operator *op = &rewriter->operators[rewriter->operator_count - 1];
        bool is_waiting = op->kind == OPERATOR_BETWEEN && op->and_token == 0;
        if (precedence(op->kind) < precedence(kind) || is_waiting)
            break;
        reduce(rewriter);
    }
}

void rewriter_push_operator(struct rewriter *rewriter, struct rewriter_operator op)
{
    bool is_prefix = operand_need(op.kind) == 1;
    if (!is_prefix)
        rewriter_reduce_to(rewriter, op.kind);
    rewriter->operators = arena_grow(rewriter->arena, rewriter->operators, rewriter->operator_count,
                                     &rewriter->operator_capacity, sizeof *rewriter->operators);
    rewriter->operators[rewriter->operator_count++] = op;
}

int rewriter_flush(struct rewriter *rewriter, size_t token, struct error *err)
{
    const struct rewriter_frame *frame = rewriter_top(rewriter);
    if (rewriter->wants_operand)
        return rewriter_unexpected(rewriter, token, "a value", err);
    rewriter_reduce_to(rewriter, OPERATOR_OR);
    if (rewriter->operator_count > frame->operator_base)
        return rewriter_unexpected(rewriter, token, "AND of BETWEEN", err);
    return 0;
}
