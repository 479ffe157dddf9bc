#include "scheduler/base/utf8.h"
#include "scheduler/flow/expression_part.h"

#include <string.h>

struct token_word {
    const char *word;
    enum date_token_kind kind;
    bool is_time;
};

/* Longer words before the shorter ones that begin them. */
static const struct token_word token_words[] = {
    {"yyyy", DATE_TOKEN_YYYY, false}, {"yy", DATE_TOKEN_YY, false},
    {"mm", DATE_TOKEN_MM, false},     {"mi", DATE_TOKEN_MI, true},
    {"dd", DATE_TOKEN_DD, false},     {"hh24", DATE_TOKEN_HH24, true},
    {"hh12", DATE_TOKEN_HH12, true},  {"hh", DATE_TOKEN_HH24, true},
    {"ss", DATE_TOKEN_SS, true},
};

#define TOKEN_WORDS (sizeof token_words / sizeof token_words[0])

static const char *const parts_of_a_date = "the parts of a date are yyyy yy mm dd hh24 hh12 mi ss";

bool expression_is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

bool expression_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

void expression_skip_spaces(struct expression_parser *parser)
{
    while (expression_peek(parser) == ' ')
        parser->offset++;
}

bool expression_has_word(const struct expression_parser *parser, size_t offset, const char *word)
{
    size_t length = strlen(word);
    if (parser->length - offset < length)
        return false;
    for (size_t i = 0; i < length; i++) {
        char byte = parser->text[offset + i];
        if (expression_is_letter(byte))
            byte = (char)(byte | 0x20);
        if (byte != word[i])
            return false;
    }
    return true;
}

/* Tokens while they are collected. */
struct tokens {
    struct date_token *items;
    size_t count;
    size_t capacity;
};

static void add_token(struct expression_parser *parser, struct tokens *tokens,
                      struct date_token token)
{
    struct date_token *last = tokens->count == 0 ? NULL : &tokens->items[tokens->count - 1];
    bool goes_on = token.kind == DATE_TOKEN_TEXT && last != NULL && last->kind == DATE_TOKEN_TEXT;
    if (goes_on) { /* both are pieces of the text of the format, side by side */
        last->length += token.length;
        return;
    }
    tokens->items = arena_grow(parser->arena, tokens->items, tokens->count, &tokens->capacity,
                               sizeof *tokens->items);
    tokens->items[tokens->count++] = token;
}

static size_t letters_at(const struct expression_parser *parser, size_t offset)
{
    size_t end = offset;
    while (end < parser->end && expression_is_letter(parser->text[end]))
        end++;
    return end - offset;
}

/* Whether all that stands between the brackets could be the name of a parameter. */
static bool is_name(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool is_digit = i > 0 && expression_is_digit(text[i]);
        if (!expression_is_letter(text[i]) && text[i] != '_' && !is_digit)
            return false;
    }
    return length > 0;
}

static int refuse_letters(const struct expression_parser *parser, bool is_business)
{
    const char *content = parser->text + parser->open + 2;
    size_t length = parser->end - parser->open - 2;
    if (is_business && is_name(content, length)) {
        expression_mistake(parser, expression_span(parser->open, length + 3),
                           "`${%.*s}` is not a date expression", (int)length, content);
        return error_help(parser->err,
                          "in a parameter's value another parameter is written `$<%.*s>`",
                          (int)length, content);
    }
    size_t letters = letters_at(parser, parser->offset);
    expression_mistake(parser, expression_span(parser->offset, letters),
                       "`%.*s` is not part of a date", (int)letters, parser->text + parser->offset);
    return error_help(parser->err, "%s; other text stands outside the brackets", parts_of_a_date);
}

static int refuse_time(const struct expression_parser *parser, size_t length)
{
    const char *content = parser->text + parser->open + 2;
    expression_mistake(parser, expression_span(parser->offset, length),
                       "a business date has no hours, minutes or seconds: `%.*s`", (int)length,
                       parser->text + parser->offset);
    return error_help(parser->err, "write `$[%.*s]`, which is the scheduling time",
                      (int)(parser->end - parser->open - 2), content);
}

static int read_letters(struct expression_parser *parser, struct tokens *tokens, bool is_business)
{
    for (size_t i = 0; i < TOKEN_WORDS; i++) {
        const struct token_word *word = &token_words[i];
        size_t length = strlen(word->word);
        if (parser->offset + length > parser->end ||
            !expression_has_word(parser, parser->offset, word->word))
            continue;
        if (is_business && word->is_time)
            return refuse_time(parser, length);
        add_token(parser, tokens, (struct date_token){.kind = word->kind});
        parser->offset += length;
        return 0;
    }
    return refuse_letters(parser, is_business);
}

static int refuse_digit(const struct expression_parser *parser)
{
    size_t end = parser->offset;
    while (end < parser->end && expression_is_digit(parser->text[end]))
        end++;
    expression_mistake(parser, expression_span(parser->offset, end - parser->offset),
                       "a number in a format");
    return error_help(parser->err, "an offset begins with + or -; other digits stand outside the "
                                   "brackets, as in `${yyyymm}01`");
}

static int read_separator(struct expression_parser *parser, struct tokens *tokens)
{
    const char *at = parser->text + parser->offset;
    int32_t code;
    size_t length = utf8_decode(at, parser->end - parser->offset, &code);
    if (code < 0x20 || code == 0x7f)
        return expression_mistake(parser, expression_span(parser->offset, 1),
                                  "this character cannot stand in a format");
    if (code < 0x80 && strchr("$[]{}<>()'\"\\`*", (char)code) != NULL)
        return expression_mistake(parser, expression_span(parser->offset, 1),
                                  "`%c` cannot stand in a format", (char)code);
    add_token(parser, tokens,
              (struct date_token){.kind = DATE_TOKEN_TEXT, .text = at, .length = length});
    parser->offset += length;
    return 0;
}

/* What stands at the offset, spaces skipped, ends the format: the end, a comma, a signed number. */
static bool is_format_end(const struct expression_parser *parser, bool ends_at_comma)
{
    struct expression_parser ahead = *parser;
    expression_skip_spaces(&ahead);
    char byte = expression_peek(&ahead);
    if (byte == '\0' || (ends_at_comma && (byte == ',' || byte == ')')))
        return true;
    if (byte != '+' && byte != '-')
        return false;
    ahead.offset++;
    expression_skip_spaces(&ahead);
    return ahead.offset == ahead.end || expression_is_digit(expression_peek(&ahead));
}

static struct date_format make_format(struct expression_parser *parser, struct tokens tokens,
                                      size_t start)
{
    struct date_format format = {.tokens = tokens.items, .count = tokens.count};
    format.text = arena_copy(parser->arena, parser->text + start, parser->offset - start);
    for (size_t i = 0; i < tokens.count; i++) {
        format.has_day = format.has_day || tokens.items[i].kind == DATE_TOKEN_DD;
        format.has_month = format.has_month || tokens.items[i].kind == DATE_TOKEN_MM;
    }
    return format;
}

static bool has_date(struct tokens tokens)
{
    for (size_t i = 0; i < tokens.count; i++) {
        if (tokens.items[i].kind != DATE_TOKEN_TEXT)
            return true;
    }
    return false;
}

int expression_read_format(struct expression_parser *parser, bool is_business, bool ends_at_comma,
                           struct date_format *ret_format)
{
    size_t start = parser->offset;
    struct tokens tokens = {0};
    while (!is_format_end(parser, ends_at_comma)) {
        char byte = expression_peek(parser);
        int result;
        if (expression_is_letter(byte))
            result = read_letters(parser, &tokens, is_business);
        else if (expression_is_digit(byte))
            result = refuse_digit(parser);
        else
            result = read_separator(parser, &tokens);
        if (result != 0)
            return -1;
    }
    if (!has_date(tokens)) {
        size_t length = parser->offset > start ? parser->offset - start : 1;
        expression_mistake(parser, expression_span(start, length), "a date format is missing");
        return error_help(parser->err, "%s", parts_of_a_date);
    }
    *ret_format = make_format(parser, tokens, start);
    return 0;
}

struct date_format expression_known_format(struct expression_parser *parser, const char *text)
{
    struct expression_parser own = {
        .arena = parser->arena, .text = text, .length = strlen(text), .end = strlen(text)};
    struct date_format format = {0};
    expression_read_format(&own, false, false, &format);
    return format;
}

static void append_number(struct text *text, int32_t number, int digits)
{
    text_append_format(text, "%0*d", digits, number);
}

static void append_token(struct text *text, const struct date_token *token, struct civil_time time)
{
    switch (token->kind) {
    case DATE_TOKEN_TEXT:
        text_append_bytes(text, token->text, token->length);
        return;
    case DATE_TOKEN_YYYY:
        append_number(text, time.date.year, 4);
        return;
    case DATE_TOKEN_YY:
        append_number(text, time.date.year % 100, 2);
        return;
    case DATE_TOKEN_MM:
        append_number(text, time.date.month, 2);
        return;
    case DATE_TOKEN_DD:
        append_number(text, time.date.day, 2);
        return;
    case DATE_TOKEN_HH24:
        append_number(text, time.hour, 2);
        return;
    case DATE_TOKEN_HH12:
        append_number(text, time.hour % 12 == 0 ? 12 : time.hour % 12, 2);
        return;
    case DATE_TOKEN_MI:
        append_number(text, time.minute, 2);
        return;
    case DATE_TOKEN_SS:
        append_number(text, time.second, 2);
        return;
    }
}

void expression_append_date(struct text *text, const struct date_format *format,
                            struct civil_time time)
{
    for (size_t i = 0; i < format->count; i++)
        append_token(text, &format->tokens[i], time);
}
