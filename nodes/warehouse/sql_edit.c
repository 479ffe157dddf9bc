#include "nodes/warehouse/sql_edit.h"
#include "scheduler/base/scope.h"

#include <string.h>
#include <strings.h>

/* Words that SQLite keeps for itself and MaxCompute lets people use as names. */
static const char *const reserved[] = {
    "abort",     "action",      "add",        "after",         "alter",
    "always",    "analyze",     "attach",     "autoincrement", "before",
    "begin",     "cascade",     "check",      "collate",       "column",
    "commit",    "conflict",    "constraint", "create",        "database",
    "default",   "deferrable",  "deferred",   "delete",        "desc",
    "detach",    "do",          "drop",       "each",          "escape",
    "exclude",   "exclusive",   "explain",    "fail",          "filter",
    "following", "for",         "foreign",    "generated",     "glob",
    "groups",    "if",          "ignore",     "immediate",     "index",
    "indexed",   "initially",   "insert",     "instead",       "into",
    "isnull",    "key",         "match",      "materialized",  "no",
    "nothing",   "notnull",     "of",         "offset",        "others",
    "partition", "plan",        "pragma",     "preceding",     "primary",
    "query",     "raise",       "range",      "recursive",     "references",
    "reindex",   "release",     "rename",     "replace",       "restrict",
    "returning", "rollback",    "row",        "rows",          "savepoint",
    "set",       "table",       "temp",       "temporary",     "ties",
    "to",        "transaction", "trigger",    "unbounded",     "unique",
    "update",    "vacuum",      "values",     "view",          "virtual",
    "window",    "without",     "rowid",
};

static struct rewriter_edit *edit_of(struct rewriter *rewriter, size_t token)
{
    return &rewriter->edits[token - rewriter->first];
}

static struct rewriter_piece *new_piece(struct rewriter *rewriter, const char *text)
{
    struct rewriter_piece *piece = arena_alloc(rewriter->arena, sizeof *piece);
    piece->text = text;
    return piece;
}

void rewriter_before(struct rewriter *rewriter, size_t token, const char *text)
{
    if (!rewriter->is_final)
        return;
    struct rewriter_edit *edit = edit_of(rewriter, token);
    struct rewriter_piece *piece = new_piece(rewriter, text);
    piece->next = edit->before;
    edit->before = piece;
}

void rewriter_after(struct rewriter *rewriter, size_t token, const char *text)
{
    if (!rewriter->is_final)
        return;
    struct rewriter_edit *edit = edit_of(rewriter, token);
    struct rewriter_piece *piece = new_piece(rewriter, text);
    if (edit->after == NULL)
        edit->after = piece;
    else
        edit->after_last->next = piece;
    edit->after_last = piece;
}

void rewriter_replace(struct rewriter *rewriter, size_t token, const char *text)
{
    if (rewriter->is_final)
        edit_of(rewriter, token)->text = text;
}

void rewriter_wrap(struct rewriter *rewriter, const struct rewriter_operand *operand,
                   const char *function)
{
    if (!rewriter->is_final)
        return;
    rewriter_before(rewriter, operand->first, arena_format(rewriter->arena, "%s(", function));
    rewriter_after(rewriter, operand->last, ")");
}

void rewriter_name_token(struct rewriter *rewriter, size_t token)
{
    const struct sql_source *source = rewriter->source;
    if (!rewriter->is_final)
        return;
    const char *name = sql_source_name(source, token);
    bool is_plain = source->tokens[token].kind == SQL_TOKEN_WORD;
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved && is_plain; i++)
        is_plain = strcasecmp(name, reserved[i]) != 0;
    if (is_plain)
        return;
    SCOPED_TEXT struct text quoted = {0};
    text_append_char(&quoted, '"');
    for (const char *at = name; *at != '\0'; at++)
        text_append(&quoted, *at == '"' ? "\"\"" : (const char[]){*at, '\0'});
    text_append_char(&quoted, '"');
    rewriter_replace(rewriter, token, arena_copy_string(rewriter->arena, text_string(&quoted)));
}

void rewriter_string_token(struct rewriter *rewriter, size_t token, const char *value)
{
    if (!rewriter->is_final)
        return;
    SCOPED_TEXT struct text quoted = {0};
    text_append_char(&quoted, '\'');
    for (const char *at = value; *at != '\0'; at++)
        text_append(&quoted, *at == '\'' ? "''" : (const char[]){*at, '\0'});
    text_append_char(&quoted, '\'');
    rewriter_replace(rewriter, token, arena_copy_string(rewriter->arena, text_string(&quoted)));
}

static void emit_pieces(const struct rewriter_piece *piece, struct text *out)
{
    for (; piece != NULL; piece = piece->next) {
        text_append_char(out, ' ');
        text_append(out, piece->text);
    }
}

void rewriter_emit(struct rewriter *rewriter, struct sql_rewritten *rewritten)
{
    const struct sql_source *source = rewriter->source;
    SCOPED_TEXT struct text out = {0};
    size_t count = rewriter->last - rewriter->first;
    rewritten->mappings = arena_array(rewriter->arena, count, sizeof *rewritten->mappings);
    rewritten->mapping_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct rewriter_edit *edit = &rewriter->edits[i];
        const struct sql_token *token = &source->tokens[rewriter->first + i];
        emit_pieces(edit->before, &out);
        text_append_char(&out, ' ');
        rewritten->mappings[i] = (struct sql_mapping){out.length, rewriter->first + i};
        if (edit->text != NULL)
            text_append(&out, edit->text);
        else
            text_append_bytes(&out, source->text + token->start, token->end - token->start);
        emit_pieces(edit->after, &out);
    }
    rewritten->sql = arena_copy(rewriter->arena, text_string(&out), out.length);
}

size_t sql_rewritten_token(const struct sql_rewritten *rewritten, size_t offset)
{
    size_t found = 0;
    for (size_t i = 0; i < rewritten->mapping_count && rewritten->mappings[i].at <= offset; i++)
        found = i;
    return rewritten->mapping_count == 0 ? 0 : rewritten->mappings[found].token;
}
