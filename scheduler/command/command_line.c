#include "scheduler/command/options.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <string.h>

#define PROGRAM "datemill"

void command_line_mark(struct command_line *line, size_t word, size_t offset, size_t length)
{
    if (line->mark_word != OPTIONS_NO_WORD || word >= line->count)
        return;
    size_t bytes = strlen(line->words[word]);
    line->mark_word = word;
    line->mark_offset = offset < bytes ? offset : 0;
    line->mark_length =
        length == 0 || length > bytes - line->mark_offset ? bytes - line->mark_offset : length;
}

void command_line_mark_argument(const struct options *options, size_t index)
{
    if (index < options->argument_count)
        command_line_mark(options->line, options->arguments[index].word, 0, 0);
}

void command_line_mark_given(const struct options *options, const struct option_given *given)
{
    command_line_mark(options->line, given->word, given->word_offset, 0);
}

static bool is_plain_byte(unsigned char byte)
{
    return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || strchr("_-+./,:=@%", byte) != NULL;
}

static bool is_plain_word(const char *word)
{
    if (word[0] == '\0')
        return false;
    for (const char *byte = word; *byte != '\0'; byte++) {
        if (!is_plain_byte((unsigned char)*byte))
            return false;
    }
    return true;
}

/* Appends the byte as it stands between single quotes. */
static void append_quoted_bytes(struct text *text, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\'')
            text_append(text, "'\\''");
        else
            text_append_char(text, bytes[i]);
    }
}

void command_line_quote(struct text *text, const char *word)
{
    if (is_plain_word(word)) {
        text_append(text, word);
        return;
    }
    text_append_char(text, '\'');
    append_quoted_bytes(text, word, strlen(word));
    text_append_char(text, '\'');
}

/* The shown line, and where in it the mark begins and ends (columns). */
struct shown {
    struct text text;
    size_t from;
    size_t until;
};

/* utf8_append_safe() keeps newlines and tabs; on one line they would break the caret. */
static void append_flat(struct text *text, const char *bytes, size_t length)
{
    size_t before = text->length;
    utf8_append_safe(text, bytes, length);
    for (size_t i = before; i < text->length; i++) {
        if (text->data[i] == '\n' || text->data[i] == '\t')
            text->data[i] = ' ';
    }
}

static size_t safe_width(const char *bytes, size_t length)
{
    SCOPED_TEXT struct text safe = {0};
    append_flat(&safe, bytes, length);
    return utf8_width(text_string(&safe), safe.length);
}

static size_t quoted_width(const char *bytes, size_t length)
{
    SCOPED_TEXT struct text quoted = {0};
    append_quoted_bytes(&quoted, bytes, length);
    return safe_width(text_string(&quoted), quoted.length);
}

static void place_mark(const struct command_line *line, const char *word, struct shown *shown)
{
    size_t column = utf8_width(text_string(&shown->text), shown->text.length);
    const char *marked = word + line->mark_offset;
    if (is_plain_word(word)) {
        shown->from = column + safe_width(word, line->mark_offset);
        shown->until = shown->from + safe_width(marked, line->mark_length);
        return;
    }
    bool is_whole = line->mark_offset == 0 && line->mark_length == strlen(word);
    shown->from = column + (is_whole ? 0 : 1 + quoted_width(word, line->mark_offset));
    shown->until = shown->from + quoted_width(marked, line->mark_length) + (is_whole ? 2 : 0);
}

static void append_words(const struct command_line *line, struct shown *shown)
{
    text_append(&shown->text, PROGRAM);
    for (size_t i = 1; i < line->count; i++) {
        text_append_char(&shown->text, ' ');
        if (i == line->mark_word)
            place_mark(line, line->words[i], shown);
        SCOPED_TEXT struct text quoted = {0};
        command_line_quote(&quoted, line->words[i]);
        append_flat(&shown->text, text_string(&quoted), quoted.length);
    }
}

void command_line_show(const struct command_line *line, size_t indent, size_t width, bool is_ascii,
                       struct text *text)
{
    if (line->mark_word == OPTIONS_NO_WORD)
        return;
    struct shown shown = {0};
    append_words(line, &shown);
    const char *string = text_string(&shown.text);
    const char *dots = is_ascii ? "..." : "…";
    size_t dots_width = is_ascii ? 3 : 1;
    size_t cut = 0; /* columns taken away in front */
    if (width > indent + dots_width && shown.until + indent > width)
        cut = shown.until + indent + dots_width - width;
    if (cut > shown.from)
        cut = shown.from;
    size_t skipped = utf8_prefix_of_width(string, shown.text.length, cut);
    size_t gone = utf8_width(string, skipped);
    size_t rest = shown.text.length - skipped;
    size_t room = width > indent ? width - indent - (cut > 0 ? dots_width : 0) : 0;
    if (width > indent)
        rest = utf8_prefix_of_width(string + skipped, rest, room);
    text_append_repeat(text, ' ', indent);
    text_append(text, cut > 0 ? dots : "");
    text_append_bytes(text, string + skipped, rest);
    text_append_char(text, '\n');
    size_t from = shown.from - gone + (cut > 0 ? dots_width : 0);
    size_t length = shown.until > shown.from ? shown.until - shown.from : 1;
    if (width > indent + from && from + indent + length > width)
        length = width - indent - from;
    text_append_repeat(text, ' ', indent + from);
    text_append_repeat(text, '^', length);
    text_append_char(text, '\n');
    text_free(&shown.text);
}
