#include "nodes/warehouse/sql_edit.h"
#include "nodes/warehouse/sql_parts.h"

#include <string.h>

static bool is(struct rewriter *rewriter, size_t token, const char *word)
{
    return token < rewriter->last && sql_source_is(rewriter->source, token, word);
}

static void use_table(struct rewriter *rewriter, const struct table *table)
{
    for (size_t i = 0; i < rewriter->used_count; i++) {
        if (rewriter->used[i] == table)
            return;
    }
    rewriter->used = arena_grow(rewriter->arena, rewriter->used, rewriter->used_count,
                                &rewriter->used_capacity, sizeof *rewriter->used);
    rewriter->used[rewriter->used_count++] = table;
}

/* The query that a join in brackets belongs to. */
static const char *scope_of(struct rewriter *rewriter)
{
    size_t at = rewriter->frame_count - 1;
    while (rewriter->frames[at].kind != FRAME_QUERY)
        at--;
    return rewriter_scope(rewriter, &rewriter->frames[at]);
}

static void learn_column(struct rewriter *rewriter, const char *relation, const char *name,
                         enum type_kind type)
{
    rewriter_learn(rewriter, NULL, name, type);
    rewriter_learn(rewriter, scope_of(rewriter), name, type);
    if (relation != NULL)
        rewriter_learn(rewriter, relation, name, type);
}

static void learn_opaque(struct rewriter *rewriter, const char *relation)
{
    rewriter_learn_opaque(rewriter, scope_of(rewriter));
    if (relation != NULL)
        rewriter_learn_opaque(rewriter, relation);
}

static void learn_table(struct rewriter *rewriter, const char *relation, const struct table *table)
{
    for (size_t i = 0; i < table->column_count + table->partition_count; i++) {
        rewriter_learn_column(rewriter, NULL, table, i);
        rewriter_learn_column(rewriter, scope_of(rewriter), table, i);
        rewriter_learn_column(rewriter, relation, table, i);
    }
}

static void learn_items(struct rewriter *rewriter, const char *relation,
                        const struct rewriter_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].is_star)
            learn_opaque(rewriter, relation);
        else if (items[i].name != NULL)
            learn_column(rewriter, relation, items[i].name, items[i].type);
    }
}

/* The relation's name is known now: its columns are learnt under it. */
void rewriter_end_relation(struct rewriter *rewriter)
{
    struct rewriter_frame *frame = rewriter_top(rewriter);
    if (!frame->has_relation)
        return;
    frame->has_relation = false;
    if (frame->relation_table != NULL)
        learn_table(rewriter, frame->relation, frame->relation_table);
    else if (frame->relation_items != NULL)
        learn_items(rewriter, frame->relation, frame->relation_items, frame->relation_item_count);
    else
        learn_opaque(rewriter, frame->relation);
    frame->relation = NULL;
    frame->relation_table = NULL;
    frame->relation_items = NULL;
}

static int unknown_table(struct rewriter *rewriter, size_t token, const char *name,
                         struct error *err)
{
    sql_source_fail(rewriter->source, token, err, "there is no table `%s`", name);
    if (err != NULL)
        err->kind = ERROR_KIND_NOT_FOUND;
    const char *best = rewriter->tables->suggest(rewriter->tables->context, name);
    if (best != NULL)
        return error_help(err, "did you mean `%s`?", best);
    return -1;
}

static int read_table(struct rewriter *rewriter, size_t *at, struct error *err)
{
    struct rewriter_frame *frame = rewriter_top(rewriter);
    size_t token = *at;
    if (is(rewriter, token + 1, "."))
        return sql_source_fail(rewriter->source, token, err,
                               "tables of other projects are not supported: write the table's "
                               "name alone");
    const char *name = rewriter_small_name(rewriter, token);
    bool is_with = rewriter_is_with(rewriter, name);
    const struct table *table = NULL;
    if (is_with) {
        rewriter_name_token(rewriter, token);
    } else {
        table = rewriter->tables->find(rewriter->tables->context, name);
        if (table == NULL)
            return unknown_table(rewriter, token, name, err);
        use_table(rewriter, table);
        rewriter_replace(rewriter, token, arena_format(rewriter->arena, "\"%s\"", table->name));
    }
    frame->wants_relation = false;
    frame->has_relation = true;
    frame->relation = name;
    frame->relation_table = table;
    frame->relation_items = NULL;
    (*at)++;
    return 0;
}

static int read_relation(struct rewriter *rewriter, size_t *at, struct error *err)
{
    if (is(rewriter, *at, "(")) {
        size_t open = (*at)++;
        if (rewriter_starts_query(rewriter, open + 1))
            return rewriter_open_query(rewriter, open, USE_FROM, err);
        if (rewriter_push_frame(rewriter, FRAME_FROM, open, err) != 0)
            return -1;
        rewriter_top(rewriter)->clause = CLAUSE_FROM;
        rewriter_top(rewriter)->wants_relation = true;
        return 0;
    }
    if (is(rewriter, *at, "LATERAL"))
        return sql_source_fail(rewriter->source, *at, err, "LATERAL VIEW is not supported");
    if (*at >= rewriter->last || !sql_source_is_name(rewriter->source, *at))
        return rewriter_unexpected(rewriter, *at, "a table", err);
    return read_table(rewriter, at, err);
}

static bool is_join_word(struct rewriter *rewriter, size_t token)
{
    static const char *const words[] = {"JOIN", "INNER", "LEFT",    "RIGHT",
                                        "FULL", "CROSS", "NATURAL", "OUTER"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (is(rewriter, token, words[i]))
            return true;
    }
    return false;
}

static int read_join(struct rewriter *rewriter, size_t *at, struct error *err)
{
    struct rewriter_frame *frame = rewriter_top(rewriter);
    rewriter_end_relation(rewriter);
    while (is_join_word(rewriter, *at) && !is(rewriter, *at, "JOIN"))
        (*at)++;
    if (is(rewriter, *at, "SEMI") || is(rewriter, *at, "ANTI"))
        return sql_source_fail(rewriter->source, *at, err,
                               "LEFT %s JOIN is not supported: write WHERE %sEXISTS (SELECT …)",
                               is(rewriter, *at, "SEMI") ? "SEMI" : "ANTI",
                               is(rewriter, *at, "SEMI") ? "" : "NOT ");
    if (!is(rewriter, *at, "JOIN"))
        return rewriter_unexpected(rewriter, *at, "JOIN", err);
    (*at)++;
    frame->clause = CLAUSE_FROM;
    frame->wants_relation = true;
    return 0;
}

static int read_using(struct rewriter *rewriter, size_t *at, struct error *err)
{
    (*at)++;
    if (!is(rewriter, *at, "("))
        return rewriter_unexpected(rewriter, *at, "`(`", err);
    do {
        (*at)++;
        if (*at >= rewriter->last || !sql_source_is_name(rewriter->source, *at))
            return rewriter_unexpected(rewriter, *at, "a column", err);
        rewriter_name_token(rewriter, (*at)++);
    } while (is(rewriter, *at, ","));
    if (!is(rewriter, *at, ")"))
        return rewriter_unexpected(rewriter, *at, "`)`", err);
    (*at)++;
    return 0;
}

static int read_alias(struct rewriter *rewriter, size_t *at, struct error *err)
{
    struct rewriter_frame *frame = rewriter_top(rewriter);
    if (is(rewriter, *at, "AS"))
        (*at)++;
    if (*at >= rewriter->last || !sql_source_is_name(rewriter->source, *at))
        return rewriter_unexpected(rewriter, *at, "JOIN, WHERE, GROUP BY or the end", err);
    if (!frame->has_relation)
        return rewriter_unexpected(rewriter, *at, "JOIN, ON or `,`", err);
    frame->relation = rewriter_small_name(rewriter, *at);
    rewriter_name_token(rewriter, (*at)++);
    rewriter_end_relation(rewriter);
    return 0;
}

int rewriter_from(struct rewriter *rewriter, size_t *at, struct error *err)
{
    struct rewriter_frame *frame = rewriter_top(rewriter);
    bool is_next = is(rewriter, *at, ",") || is_join_word(rewriter, *at);
    if (frame->clause == CLAUSE_ON) {
        if (rewriter->wants_operand || !is_next)
            return rewriter_expression(rewriter, at, err);
        if (rewriter_flush(rewriter, *at, err) != 0)
            return -1;
        rewriter->operand_count = frame->operand_base;
        frame->clause = CLAUSE_FROM;
    }
    if (frame->wants_relation)
        return read_relation(rewriter, at, err);
    if (is(rewriter, *at, ",")) {
        rewriter_end_relation(rewriter);
        frame->wants_relation = true;
        (*at)++;
        return 0;
    }
    if (is_join_word(rewriter, *at))
        return read_join(rewriter, at, err);
    if (is(rewriter, *at, "ON")) {
        rewriter_end_relation(rewriter);
        frame->clause = CLAUSE_ON;
        rewriter->wants_operand = true;
        (*at)++;
        return 0;
    }
    if (is(rewriter, *at, "USING")) {
        rewriter_end_relation(rewriter);
        return read_using(rewriter, at, err);
    }
    if (is(rewriter, *at, "TABLESAMPLE"))
        return sql_source_fail(rewriter->source, *at, err, "TABLESAMPLE is not supported");
    return read_alias(rewriter, at, err);
}
