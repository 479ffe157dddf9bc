#include "scheduler/base/suggest.h"
#include "scheduler/flow/expression_part.h"

#include <stdio.h>
#include <string.h>

/* The short forms. */
struct word {
    const char *name;
    enum part_kind kind;
    bool is_business;
    const char *format; /* DATE */
};

static const struct word words[] = {
    {"bizdate", PART_KIND_DATE, true, "yyyymmdd"},
    {"cyctime", PART_KIND_DATE, false, "yyyymmddhh24miss"},
    {"gmtdate", PART_KIND_DATE, false, "yyyymmdd"},
    {"bizmonth", PART_KIND_MONTH, true, "yyyymm"},
    {"jobid", PART_KIND_JOB, false, NULL},
    {"nodeid", PART_KIND_NODE, false, NULL},
    {"taskid", PART_KIND_TASK, false, NULL},
    {"yyyymmdd", PART_KIND_DATE, true, "yyyymmdd"},
    {"yyyy", PART_KIND_DATE, true, "yyyy"},
    {"mm", PART_KIND_DATE, true, "mm"},
    {"dd", PART_KIND_DATE, true, "dd"},
};

#define WORDS (sizeof words / sizeof words[0])
#define MAX_NAME 64

static bool is_name_byte(char byte)
{
    return expression_is_letter(byte) || expression_is_digit(byte) || byte == '_';
}

/* Letters that would be a business date between brackets. */
static bool is_date_letters(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < length; i += 2) {
        char letter = (char)(name[i] | 0x20);
        if ((letter != 'y' && letter != 'm' && letter != 'd') || (name[i + 1] | 0x20) != letter)
            return false;
    }
    return length > 0;
}

static int refuse_word(const struct expression_parser *parser)
{
    char name[MAX_NAME + 1] = {0};
    struct suggest suggest;
    size_t start = parser->offset + 1;
    size_t length = 0;
    while (start + length < parser->length && length < MAX_NAME &&
           is_name_byte(parser->text[start + length]))
        length++;
    memcpy(name, parser->text + start, length);
    expression_mistake(parser, expression_span(parser->offset, length + 1), "there is no `$%s`",
                       name);
    suggest_begin(&suggest, name);
    for (size_t i = 0; i < WORDS; i++)
        suggest_offer(&suggest, words[i].name);
    if (is_date_letters(name))
        return error_help(parser->err, "write `${%s}`", name);
    if (suggest_best(&suggest) != NULL)
        return error_help(parser->err, "did you mean `$%s`?", suggest_best(&suggest));
    return error_help(parser->err,
                      "another parameter is written `$<%s>`, and the text itself `$$%s`", name,
                      name);
}

int expression_read_word(struct expression_parser *parser, struct part *part)
{
    size_t start = parser->offset + 1;
    size_t length = 0;
    while (start + length < parser->length && expression_is_letter(parser->text[start + length]))
        length++;
    for (size_t i = 0; i < WORDS; i++) {
        if (strlen(words[i].name) != length || !expression_has_word(parser, start, words[i].name))
            continue;
        part->kind = words[i].kind;
        part->is_business = words[i].is_business;
        if (words[i].format != NULL)
            part->format = expression_known_format(parser, words[i].format);
        parser->offset = start + length;
        return 0;
    }
    return refuse_word(parser);
}
