#include "scheduler/base/utf8.h"
#include "scheduler/flow/expression_part.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MISTAKE_CODE "E121"

static int column_of(const struct expression_parser *parser, size_t offset)
{
    int column = 1;
    for (size_t i = 0; i < offset && i < parser->length; i++)
        column += ((unsigned char)parser->text[i] & 0xc0) != 0x80 ? 1 : 0;
    return column;
}

int expression_mistake(const struct expression_parser *parser, struct expression_span span,
                       const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (span.offset + span.length > parser->length)
        span.length = parser->length - span.offset;
    if (parser->span != NULL)
        *parser->span = span;
    return error_at(parser->err, 0, column_of(parser, span.offset), MISTAKE_CODE, "%s", message);
}

static struct part *add_part(struct expression_parser *parser, struct part part)
{
    parser->parts = arena_grow(parser->arena, parser->parts, parser->count, &parser->capacity,
                               sizeof *parser->parts);
    parser->parts[parser->count] = part;
    return &parser->parts[parser->count++];
}

/* Makes a part of the plain text since the last one. */
static void flush_literal(struct expression_parser *parser, size_t end)
{
    if (parser->literal_length == 0)
        return;
    size_t offset = parser->literal_offset;
    add_part(parser, (struct part){.kind = PART_KIND_TEXT,
                                   .span = {offset, end - offset},
                                   .text = parser->literal,
                                   .length = parser->literal_length});
    parser->literal += parser->literal_length;
    parser->literal_length = 0;
}

static void add_literal(struct expression_parser *parser, char byte, size_t consumed)
{
    if (parser->literal_length == 0)
        parser->literal_offset = parser->offset;
    parser->literal[parser->literal_length++] = byte;
    parser->offset += consumed;
}

/* Finds the bracket that closes what is open and makes it the end of the content. */
static int find_end(struct expression_parser *parser, char close)
{
    size_t at = parser->open + 2;
    while (at < parser->length && parser->text[at] != close && parser->text[at] != '$')
        at++;
    if (at < parser->length && parser->text[at] == '$') {
        expression_mistake(parser, expression_span(at, 1), "`$` inside `$%c…%c`",
                           parser->text[parser->open + 1], close);
        return error_help(parser->err, "expressions stand one after the other, not one in another");
    }
    if (at == parser->length)
        return expression_mistake(parser, expression_span(parser->open, 2),
                                  "`$%c` without its `%c`", parser->text[parser->open + 1], close);
    parser->offset = parser->open + 2;
    parser->end = at;
    return 0;
}

/* bdp.system.bizdate and bdp.system.cyctime, names of older flows */
static int read_system_name(struct expression_parser *parser, struct part *part)
{
    static const char prefix[] = "bdp.system.";
    size_t name = parser->offset + sizeof prefix - 1;
    size_t length = parser->end - name;
    bool is_business = expression_has_word(parser, name, "bizdate");
    if (length != 7 || (!is_business && !expression_has_word(parser, name, "cyctime"))) {
        expression_mistake(parser, expression_span(parser->open, parser->end - parser->open + 1),
                           "there is no such system value");
        return error_help(parser->err,
                          "there are `${bdp.system.bizdate}` and `${bdp.system.cyctime}`");
    }
    part->is_business = is_business;
    part->format = expression_known_format(parser, is_business ? "yyyymmdd" : "yyyymmddhh24miss");
    return 0;
}

static int read_content(struct expression_parser *parser, struct part *part)
{
    bool is_call;
    expression_skip_spaces(parser);
    if (part->is_business && expression_has_word(parser, parser->offset, "bdp.system."))
        return read_system_name(parser, part);
    if (expression_read_call(parser, part, &is_call) != 0)
        return -1;
    if (is_call)
        return 0;
    if (expression_read_format(parser, part->is_business, false, &part->format) != 0)
        return -1;
    expression_skip_spaces(parser);
    if (part->is_business)
        return expression_read_business_offset(parser, &part->format, &part->shift);
    return expression_read_schedule_offset(parser, &part->shift);
}

/* ${…} or $[…] */
static int read_brackets(struct expression_parser *parser, struct part *part)
{
    part->kind = PART_KIND_DATE;
    part->is_business = parser->text[parser->open + 1] == '{';
    if (find_end(parser, part->is_business ? '}' : ']') != 0 || read_content(parser, part) != 0)
        return -1;
    parser->offset = parser->end + 1;
    return 0;
}

/* $<name> */
static int read_parameter(struct expression_parser *parser, struct part *part)
{
    const char *text = parser->text;
    size_t start = parser->open + 2;
    size_t at = start;
    while (at < parser->length && (expression_is_letter(text[at]) || text[at] == '_' ||
                                   (at > start && expression_is_digit(text[at]))))
        at++;
    size_t length = at - start;
    if (length == 0 || length >= EXPRESSION_NAME_BYTES || at == parser->length || text[at] != '>') {
        expression_mistake(parser, expression_span(parser->open, at - parser->open),
                           "`$<` without a name and `>`");
        return error_help(parser->err, "another parameter is written `$<name>`, and the text "
                                       "itself `$$<`");
    }
    part->kind = PART_KIND_PARAMETER;
    part->text = arena_copy(parser->arena, text + start, length);
    part->length = length;
    parser->offset = at + 1;
    return 0;
}

static int read_part(struct expression_parser *parser, struct part *part)
{
    switch (parser->text[parser->open + 1]) {
    case '{':
    case '[':
        return read_brackets(parser, part);
    case '<':
        return read_parameter(parser, part);
    default:
        return expression_read_word(parser, part);
    }
}

/* Something that a dollar sign may introduce. */
static bool is_introduced(char byte)
{
    return byte == '{' || byte == '[' || byte == '<' || byte == '_' || expression_is_letter(byte);
}

/* The text ends with a NUL, so that the bytes after a dollar sign can be looked at. */
static int read_next(struct expression_parser *parser)
{
    const char *at = parser->text + parser->offset;
    if (at[0] == '$' && at[1] == '$' && is_introduced(at[2])) {
        add_literal(parser, '$', 2);
        add_literal(parser, at[2], 1);
        return 0;
    }
    if (at[0] != '$' || !is_introduced(at[1])) {
        add_literal(parser, at[0], 1);
        return 0;
    }
    struct part part = {0};
    parser->open = parser->offset;
    parser->end = parser->length;
    flush_literal(parser, parser->open);
    if (read_part(parser, &part) != 0)
        return -1;
    part.span = expression_span(parser->open, parser->offset - parser->open);
    if (part.text == NULL) {
        part.text = arena_copy(parser->arena, at, part.span.length);
        part.length = part.span.length;
    }
    add_part(parser, part);
    return 0;
}

static int check_text(const struct expression_parser *parser)
{
    if (parser->length > EXPRESSION_MAX_BYTES)
        return expression_mistake(parser, expression_span(EXPRESSION_MAX_BYTES, 1),
                                  "a parameter's value has at most %d bytes", EXPRESSION_MAX_BYTES);
    size_t valid = utf8_valid_prefix(parser->text, parser->length);
    if (valid < parser->length)
        return expression_mistake(parser, expression_span(valid, 1), "a byte that is not UTF-8");
    return 0;
}

static void collect_references(struct arena *arena, struct expression *expression)
{
    const struct part **references = arena_array(arena, expression->count, sizeof *references);
    for (size_t i = 0; i < expression->count; i++) {
        if (expression->parts[i].kind == PART_KIND_PARAMETER)
            references[expression->reference_count++] = &expression->parts[i];
    }
    expression->references = references;
}

int expression_parse(struct arena *arena, const char *text,
                     const struct expression **ret_expression, struct expression_span *ret_span,
                     struct error *err)
{
    struct expression_parser parser = {
        .arena = arena, .text = text, .length = strlen(text), .span = ret_span, .err = err};
    if (check_text(&parser) != 0)
        return -1;
    parser.text = arena_copy(arena, text, parser.length);
    parser.literal = arena_alloc(arena, parser.length + 1);
    while (parser.offset < parser.length) {
        if (read_next(&parser) != 0)
            return -1;
    }
    flush_literal(&parser, parser.length);
    struct expression *expression = arena_alloc(arena, sizeof *expression);
    *expression =
        (struct expression){.text = parser.text, .parts = parser.parts, .count = parser.count};
    collect_references(arena, expression);
    *ret_expression = expression;
    return 0;
}
