#include "nodes/warehouse/sql_source.h"

#include "nodes/warehouse/limits.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct lexer {
    struct sql_source *source;
    size_t at;
    size_t capacity;
    size_t line_start; /* offset of the line's first byte */
    int line;
};

static int count_columns(const char *text, size_t length)
{
    int column = 1;
    for (size_t i = 0; i < length; i++)
        column += ((unsigned char)text[i] & 0xc0) != 0x80;
    return column;
}

static void place(const struct lexer *lexer, size_t at, struct sql_token *token)
{
    token->line = lexer->line;
    token->column = count_columns(lexer->source->text + lexer->line_start, at - lexer->line_start);
}

static int fail_at(const struct lexer *lexer, size_t at, struct error *err, const char *message)
{
    struct sql_token token;
    place(lexer, at, &token);
    return error_at(err, token.line, token.column, "", "%s", message);
}

static void new_line(struct lexer *lexer)
{
    lexer->line++;
    lexer->line_start = lexer->at;
}

static int skip_block_comment(struct lexer *lexer, struct error *err)
{
    const char *text = lexer->source->text;
    struct lexer start = *lexer;
    for (lexer->at += 2; lexer->at < lexer->source->length; lexer->at++) {
        if (text[lexer->at] == '*' && text[lexer->at + 1] == '/') {
            lexer->at += 2;
            return 0;
        }
        if (text[lexer->at] == '\n') {
            lexer->at++;
            new_line(lexer);
            lexer->at--;
        }
    }
    return fail_at(&start, start.at, err, "this comment does not end: `*/` is missing");
}

/* Skips blanks and comments. */
static int skip_space(struct lexer *lexer, struct error *err)
{
    const char *text = lexer->source->text;
    while (lexer->at < lexer->source->length) {
        char c = text[lexer->at];
        if (c == '-' && text[lexer->at + 1] == '-') {
            lexer->at += strcspn(text + lexer->at, "\n");
        } else if (c == '/' && text[lexer->at + 1] == '*') {
            if (skip_block_comment(lexer, err) != 0)
                return -1;
        } else if (c == '\n') {
            lexer->at++;
            new_line(lexer);
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') {
            lexer->at++;
        } else {
            break;
        }
    }
    return 0;
}

static bool is_word_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static int read_quoted(struct lexer *lexer, struct error *err)
{
    const char *text = lexer->source->text;
    struct lexer start = *lexer;
    char quote = text[lexer->at++];
    while (lexer->at < lexer->source->length) {
        char c = text[lexer->at++];
        if (c == '\\' && quote != '`' && lexer->at < lexer->source->length)
            c = text[lexer->at++];
        else if (c == quote && text[lexer->at] == quote)
            lexer->at++;
        else if (c == quote)
            return 0;
        if (c == '\n')
            new_line(lexer);
    }
    return fail_at(&start, start.at, err,
                   quote == '`' ? "this name does not end: a backquote is missing"
                                : "this string does not end: a quote is missing");
}

static void read_number(struct lexer *lexer)
{
    const char *text = lexer->source->text;
    size_t at = lexer->at;
    while (isdigit((unsigned char)text[at]) || text[at] == '.')
        at++;
    if (text[at] == 'e' || text[at] == 'E') {
        size_t exponent = at + 1 + (text[at + 1] == '+' || text[at + 1] == '-');
        if (isdigit((unsigned char)text[exponent])) {
            at = exponent;
            while (isdigit((unsigned char)text[at]))
                at++;
        }
    }
    while (is_word_byte(text[at]))
        at++;
    lexer->at = at;
}

static size_t symbol_length(const char *at)
{
    static const char *const symbols[] = {
        "<=>", "<=", ">=", "<>", "!=", "==", "||", "&&", "<<", ">>"};
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        if (strncmp(at, symbols[i], strlen(symbols[i])) == 0)
            return strlen(symbols[i]);
    }
    return *at != '\0' && strchr("(),.;+-*/%=<>!~&|^[]{}:?@", *at) != NULL ? 1 : 0;
}

static int read_symbol(struct lexer *lexer, struct error *err)
{
    const char *at = lexer->source->text + lexer->at;
    size_t length = symbol_length(at);
    if (length == 0 && *at == '$')
        return fail_at(lexer, lexer->at, err,
                       "`$` has no meaning here: was a parameter not replaced?");
    if (length == 0)
        return fail_at(lexer, lexer->at, err, "this character has no meaning in SQL");
    lexer->at += length;
    return 0;
}

static int read_token(struct lexer *lexer, struct sql_token *token, struct error *err)
{
    const char *text = lexer->source->text;
    char first = text[lexer->at];
    place(lexer, lexer->at, token);
    token->start = (uint32_t)lexer->at;
    int result = 0;
    if (first == '\'' || first == '"' || first == '`') {
        token->kind = first == '`' ? SQL_TOKEN_QUOTED : SQL_TOKEN_STRING;
        result = read_quoted(lexer, err);
    } else if (isdigit((unsigned char)first) ||
               (first == '.' && isdigit((unsigned char)text[lexer->at + 1]))) {
        token->kind = SQL_TOKEN_NUMBER;
        read_number(lexer);
    } else if (is_word_byte(first)) {
        token->kind = SQL_TOKEN_WORD;
        while (is_word_byte(text[lexer->at]))
            lexer->at++;
    } else {
        token->kind = SQL_TOKEN_SYMBOL;
        result = read_symbol(lexer, err);
    }
    token->end = (uint32_t)lexer->at;
    return result;
}

static int check_text(struct lexer *lexer, struct error *err)
{
    const struct sql_source *source = lexer->source;
    size_t valid = utf8_valid_prefix(source->text, source->length);
    const char *nul = memchr(source->text, '\0', source->length);
    size_t bad = nul == NULL ? valid : (size_t)(nul - source->text);
    if (bad > valid)
        bad = valid;
    if (bad == source->length)
        return 0;
    for (size_t i = 0; i < bad; i++) {
        if (source->text[i] != '\n')
            continue;
        lexer->at = i + 1;
        new_line(lexer);
    }
    return fail_at(lexer, bad, err, bad == valid ? "this is not UTF-8" : "this is a NUL byte");
}

int sql_source_read(struct sql_source *source, const char *text, size_t length, struct arena *arena,
                    struct error *err)
{
    if (length > WAREHOUSE_MAX_SQL_BYTES)
        return error_set(err, ERROR_KIND_INVALID, "the SQL has %zu bytes; the limit is 1 MiB",
                         length);
    *source = (struct sql_source){
        .text = arena_copy(arena, text, length), .length = length, .arena = arena};
    struct lexer lexer = {.source = source, .line = 1};
    if (check_text(&lexer, err) != 0)
        return -1;
    for (;;) {
        if (skip_space(&lexer, err) != 0)
            return -1;
        source->tokens = arena_grow(arena, source->tokens, source->count, &lexer.capacity,
                                    sizeof *source->tokens);
        struct sql_token *token = &source->tokens[source->count];
        *token = (struct sql_token){.kind = SQL_TOKEN_END};
        if (lexer.at == length)
            break;
        if (read_token(&lexer, token, err) != 0)
            return -1;
        source->count++;
    }
    struct sql_token *end = &source->tokens[source->count];
    end->start = end->end = (uint32_t)length;
    place(&lexer, length, end);
    return 0;
}

int sql_source_fail(const struct sql_source *source, size_t token, struct error *err,
                    const char *format, ...)
{
    SCOPED_TEXT struct text text = {.limit = sizeof((struct error *)0)->text};
    va_list args;
    va_start(args, format);
    text_append_args(&text, format, args);
    va_end(args);
    const struct sql_token *at = &source->tokens[token < source->count ? token : source->count];
    return error_at(err, at->line, at->column, "", "%s", text_string(&text));
}

bool sql_source_is(const struct sql_source *source, size_t token, const char *word)
{
    const struct sql_token *at = &source->tokens[token];
    if (at->kind != SQL_TOKEN_WORD && at->kind != SQL_TOKEN_SYMBOL)
        return false;
    size_t length = at->end - at->start;
    return strlen(word) == length && strncasecmp(source->text + at->start, word, length) == 0;
}

bool sql_source_is_name(const struct sql_source *source, size_t token)
{
    return source->tokens[token].kind == SQL_TOKEN_WORD ||
           source->tokens[token].kind == SQL_TOKEN_QUOTED;
}

const char *sql_source_show(const struct sql_source *source, size_t token)
{
    const struct sql_token *at = &source->tokens[token];
    if (at->kind == SQL_TOKEN_END)
        return "the end";
    size_t length = at->end - at->start;
    if (length <= 40)
        return arena_format(source->arena, "`%.*s`", (int)length, source->text + at->start);
    length = utf8_valid_prefix(source->text + at->start, 40);
    return arena_format(source->arena, "`%.*s…`", (int)length, source->text + at->start);
}

const char *sql_source_name(const struct sql_source *source, size_t token)
{
    const struct sql_token *at = &source->tokens[token];
    const char *start = source->text + at->start;
    size_t length = at->end - at->start;
    if (at->kind == SQL_TOKEN_QUOTED)
        return arena_copy(source->arena, start + 1, length - 2);
    return arena_copy(source->arena, start, length);
}

/* Four hexadecimal digits as a character; false if they are none or give half a pair or NUL. */
static bool decode_unicode(const char *digits, struct text *out)
{
    char copy[5] = "";
    memcpy(copy, digits, 4);
    if (strspn(copy, "0123456789abcdefABCDEF") != 4)
        return false;
    unsigned long code = strtoul(copy, NULL, 16);
    if (code == 0 || (code >= 0xd800 && code <= 0xdfff))
        return false;
    if (code < 0x80) {
        text_append_char(out, (char)code);
        return true;
    }
    char bytes[3] = {(char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 0x3f)),
                     (char)(0x80 | (code & 0x3f))};
    if (code < 0x800)
        bytes[1] = (char)(0xc0 | code >> 6);
    text_append_bytes(out, code < 0x800 ? bytes + 1 : bytes, code < 0x800 ? 2 : 3);
    return true;
}

/* Decodes one escape at `at` (on the backslash); returns the bytes it takes. An escape that means
 * nothing keeps its backslash: patterns for LIKE and RLIKE need it. */
static size_t decode_escape(const char *at, const char *end, struct text *out)
{
    static const char letters[] = "btnrZ'\"\\;";
    static const char meanings[] = "\b\t\n\r\x1a'\"\\;";
    const char *found = at + 1 < end ? strchr(letters, at[1]) : NULL;
    if (found != NULL && *found != '\0') {
        text_append_char(out, meanings[found - letters]);
        return 2;
    }
    if (at[1] == 'u' && end - at >= 6 && decode_unicode(at + 2, out))
        return 6;
    text_append_char(out, at[1] == '0' ? '\0' : '\\');
    return at[1] == '0' ? 2 : 1;
}

const char *sql_source_string(const struct sql_source *source, size_t token)
{
    const struct sql_token *at = &source->tokens[token];
    const char *start = source->text + at->start;
    const char *end = source->text + at->end - 1;
    char quote = *start++;
    SCOPED_TEXT struct text out = {0};
    while (start < end) {
        if (*start == '\\') {
            start += decode_escape(start, end, &out);
        } else {
            text_append_char(&out, *start);
            start += *start == quote ? 2 : 1;
        }
    }
    if (out.length > 0 && memchr(out.data, '\0', out.length) != NULL)
        return NULL;
    return arena_copy(source->arena, text_string(&out), out.length);
}

size_t sql_source_close(const struct sql_source *source, size_t open, size_t last)
{
    size_t depth = 0;
    for (size_t i = open; i < last; i++) {
        if (sql_source_is(source, i, "("))
            depth++;
        else if (sql_source_is(source, i, ")") && --depth == 0)
            return i;
    }
    return last;
}
