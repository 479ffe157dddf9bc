#include "scheduler/command/options.h"

#include "scheduler/base/suggest.h"
#include "scheduler/base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TABLES 3

/* One option as it stands in the words, while it is being read. */
struct occurrence {
    size_t word;
    size_t offset;        /* of its name or letter within the word */
    size_t length;        /* of its name, in bytes */
    const char *attached; /* value in the same word, NULL = none */
};

void option_reader_begin(struct option_reader *reader, struct command_line *line,
                         const struct option *globals, struct arena *arena)
{
    *reader = (struct option_reader){.line = line, .arena = arena, .next = 1};
    option_reader_add_table(reader, globals);
}

void option_reader_add_table(struct option_reader *reader, const struct option *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < MAX_TABLES; i++) {
        if (reader->tables[i] == NULL) {
            reader->tables[i] = table;
            return;
        }
    }
}

void option_reader_drop_arguments(struct option_reader *reader)
{
    reader->argument_count = 0;
}

static const struct option *find_name(const struct option_reader *reader, const char *name,
                                      size_t length)
{
    for (size_t i = 0; i < MAX_TABLES && reader->tables[i] != NULL; i++) {
        for (const struct option *option = reader->tables[i]; option->name != NULL; option++) {
            if (strlen(option->name) == length && memcmp(option->name, name, length) == 0)
                return option;
        }
    }
    return NULL;
}

static const struct option *find_letter(const struct option_reader *reader, char letter)
{
    for (size_t i = 0; i < MAX_TABLES && reader->tables[i] != NULL; i++) {
        for (const struct option *option = reader->tables[i]; option->name != NULL; option++) {
            if (option->letter == letter)
                return option;
        }
    }
    return NULL;
}

static const char *nearest_name(const struct option_reader *reader, const char *wrong)
{
    struct suggest suggest;
    suggest_begin(&suggest, wrong);
    for (size_t i = 0; i < MAX_TABLES && reader->tables[i] != NULL; i++) {
        for (const struct option *option = reader->tables[i]; option->name != NULL; option++)
            suggest_offer(&suggest, option->name);
    }
    return suggest_best(&suggest);
}

static int fail_at(struct option_reader *reader, const struct occurrence *at, const char *code,
                   struct error *err)
{
    command_line_mark(reader->line, at->word, at->offset, at->length);
    if (err != NULL) {
        err->kind = ERROR_KIND_USAGE;
        memcpy(err->code, code, strlen(code) + 1);
    }
    return -1;
}

static int fail_unknown(struct option_reader *reader, const struct occurrence *at,
                        struct error *err)
{
    const char *name = reader->line->words[at->word] + at->offset;
    const char *dashes = at->offset > 0 ? "-" : "";
    error_set(err, ERROR_KIND_USAGE, "there is no option `%s%.*s`", dashes, (int)at->length, name);
    char *wrong = arena_copy(reader->arena, name, at->length);
    size_t lead = strspn(wrong, "-");
    const char *nearest = at->length > 1 ? nearest_name(reader, wrong + lead) : NULL;
    if (nearest != NULL)
        error_help(err, "did you mean `--%s`?", nearest);
    return fail_at(reader, at, "E002", err);
}

static int read_number(struct option_reader *reader, const struct option *option,
                       struct option_given *given, struct error *err)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(given->text, &end, 10);
    bool is_number =
        (given->text[0] == '-' || (given->text[0] >= '0' && given->text[0] <= '9')) && *end == '\0';
    if (is_number && errno == 0 && number >= option->min && number <= option->max) {
        given->number = number;
        return 0;
    }
    if (is_number)
        error_set(err, ERROR_KIND_USAGE, "`--%s` is from %lld to %lld, not %s", option->name,
                  (long long)option->min, (long long)option->max, given->text);
    else
        error_set(err, ERROR_KIND_USAGE, "`--%s` takes a number, not `%s`", option->name,
                  given->text);
    struct occurrence at = {given->word, given->word_offset, 0, NULL};
    return fail_at(reader, &at, "E004", err);
}

static int read_choice(struct option_reader *reader, const struct option *option,
                       struct option_given *given, struct error *err)
{
    size_t count = 0;
    struct text list = {.limit = 500};
    for (; option->choices[count] != NULL; count++) {
        if (strcmp(option->choices[count], given->text) == 0) {
            given->number = (int64_t)count;
            text_free(&list);
            return 0;
        }
        text_append(&list, count > 0 ? ", " : "");
        text_append(&list, option->choices[count]);
    }
    error_set(err, ERROR_KIND_USAGE, "`--%s` cannot be `%s`", option->name, given->text);
    const char *nearest = suggest_among(given->text, option->choices, count);
    if (nearest != NULL)
        error_help(err, "did you mean `%s`? It is one of: %s", nearest, text_string(&list));
    else
        error_help(err, "it is one of: %s", text_string(&list));
    text_free(&list);
    struct occurrence at = {given->word, given->word_offset, 0, NULL};
    return fail_at(reader, &at, "E004", err);
}

static bool is_name_start(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '_';
}

static bool is_pair(const char *text)
{
    if (!is_name_start(text[0]))
        return false;
    const char *byte = text + 1;
    while (is_name_start(*byte) || (*byte >= '0' && *byte <= '9'))
        byte++;
    return *byte == '=';
}

static int check_value(struct option_reader *reader, const struct option *option,
                       struct option_given *given, struct error *err)
{
    struct occurrence at = {given->word, given->word_offset, 0, NULL};
    switch (option->kind) {
    case OPTION_KIND_FLAG:
        return 0;
    case OPTION_KIND_TEXT:
        if (given->text[0] != '\0')
            return 0;
        error_set(err, ERROR_KIND_USAGE, "`--%s` is empty", option->name);
        return fail_at(reader, &at, "E004", err);
    case OPTION_KIND_NUMBER:
        return read_number(reader, option, given, err);
    case OPTION_KIND_CHOICE:
        return read_choice(reader, option, given, err);
    case OPTION_KIND_PAIR:
        if (is_pair(given->text))
            return 0;
        error_set(err, ERROR_KIND_USAGE, "`--%s` takes NAME=TEXT, not `%s`", option->name,
                  given->text);
        return fail_at(reader, &at, "E004", err);
    }
    return 0;
}

static bool was_given(const struct option_reader *reader, const struct option *option)
{
    for (size_t i = 0; i < reader->given_count; i++) {
        if (reader->given[i].option == option)
            return true;
    }
    return false;
}

static int add_given(struct option_reader *reader, const struct option *option,
                     struct option_given given, struct error *err)
{
    given.option = option;
    bool is_twice =
        !option->may_repeat && option->kind != OPTION_KIND_FLAG && was_given(reader, option);
    if (is_twice) {
        error_set(err, ERROR_KIND_USAGE, "`--%s` is given twice", option->name);
        struct occurrence at = {given.word, given.word_offset, 0, NULL};
        return fail_at(reader, &at, "E007", err);
    }
    if (check_value(reader, option, &given, err) < 0)
        return -1;
    reader->given = arena_grow(reader->arena, reader->given, reader->given_count,
                               &reader->given_capacity, sizeof *reader->given);
    reader->given[reader->given_count++] = given;
    return 0;
}

static bool looks_like_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* Finds the value of an option that needs one, in the same word or the next. */
static int take_value(struct option_reader *reader, const struct option *option,
                      const struct occurrence *at, struct error *err)
{
    if (at->attached != NULL) {
        size_t offset = (size_t)(at->attached - reader->line->words[at->word]);
        return add_given(
            reader, option,
            (struct option_given){.text = at->attached, .word = at->word, .word_offset = offset},
            err);
    }
    const char *next =
        reader->next < reader->line->count ? reader->line->words[reader->next] : NULL;
    bool is_value =
        next != NULL && (!looks_like_option(next) || option->kind == OPTION_KIND_NUMBER);
    if (is_value)
        return add_given(reader, option,
                         (struct option_given){.text = next, .word = reader->next++}, err);
    error_set(err, ERROR_KIND_USAGE, "`--%s` needs a value: --%s %s", option->name, option->name,
              option->value != NULL ? option->value : "TEXT");
    if (next != NULL)
        error_help(err, "if `%s` is the value, write --%s=%s", next, option->name, next);
    return fail_at(reader, at, "E003", err);
}

static int read_long(struct option_reader *reader, size_t word, struct error *err)
{
    const char *name = reader->line->words[word] + 2;
    const char *equals = strchr(name, '=');
    size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    struct occurrence at = {word, 0, length + 2, equals != NULL ? equals + 1 : NULL};
    const struct option *option = find_name(reader, name, length);
    if (option == NULL)
        return fail_unknown(reader, &at, err);
    if (option->kind != OPTION_KIND_FLAG)
        return take_value(reader, option, &at, err);
    if (at.attached != NULL) {
        error_set(err, ERROR_KIND_USAGE, "`--%s` takes no value", option->name);
        at = (struct occurrence){word, length + 3, 0, NULL};
        return fail_at(reader, &at, "E003", err);
    }
    return add_given(reader, option, (struct option_given){.text = "", .word = word}, err);
}

static int read_letters(struct option_reader *reader, size_t word, struct error *err)
{
    const char *letters = reader->line->words[word];
    for (size_t i = 1; letters[i] != '\0'; i++) {
        int32_t code;
        size_t length = utf8_decode(letters + i, strlen(letters + i), &code);
        struct occurrence at = {word, i, length, letters[i + 1] != '\0' ? letters + i + 1 : NULL};
        const struct option *option = find_letter(reader, letters[i]);
        if (option == NULL)
            return fail_unknown(reader, &at, err);
        if (option->kind != OPTION_KIND_FLAG)
            return take_value(reader, option, &at, err);
        struct option_given given = {.text = "", .word = word, .word_offset = i};
        if (add_given(reader, option, given, err) < 0)
            return -1;
    }
    return 0;
}

static void add_argument(struct option_reader *reader, size_t word)
{
    reader->arguments = arena_grow(reader->arena, reader->arguments, reader->argument_count,
                                   &reader->argument_capacity, sizeof *reader->arguments);
    reader->arguments[reader->argument_count++] =
        (struct argument){reader->line->words[word], word};
}

int option_reader_next(struct option_reader *reader, const struct argument **ret_argument,
                       struct error *err)
{
    if (reader->line->count > OPTIONS_MAX_WORDS) {
        error_set(err, ERROR_KIND_USAGE, "the command line has more than %d words",
                  OPTIONS_MAX_WORDS);
        return -1;
    }
    while (reader->next < reader->line->count) {
        size_t word = reader->next++;
        const char *text = reader->line->words[word];
        bool is_option = !reader->is_past_dashes && looks_like_option(text);
        if (!is_option) {
            add_argument(reader, word);
            *ret_argument = &reader->arguments[reader->argument_count - 1];
            return 0;
        }
        if (strcmp(text, "--") == 0)
            reader->is_past_dashes = true;
        else if ((text[1] == '-' ? read_long : read_letters)(reader, word, err) < 0)
            return -1;
    }
    *ret_argument = NULL;
    return 0;
}

int option_reader_finish(struct option_reader *reader, struct options *ret_options,
                         struct error *err)
{
    const struct argument *argument = NULL;
    do {
        if (option_reader_next(reader, &argument, err) < 0)
            return -1;
    } while (argument != NULL);
    *ret_options = (struct options){.line = reader->line,
                                    .given = reader->given,
                                    .given_count = reader->given_count,
                                    .arguments = reader->arguments,
                                    .argument_count = reader->argument_count};
    return 0;
}

const struct option_given *options_each(const struct options *options, const char *name,
                                        size_t *cursor)
{
    while (*cursor < options->given_count) {
        const struct option_given *given = &options->given[(*cursor)++];
        if (strcmp(given->option->name, name) == 0)
            return given;
    }
    return NULL;
}

const struct option_given *options_find(const struct options *options, const char *name)
{
    const struct option_given *last = NULL;
    size_t cursor = 0;
    for (const struct option_given *given; (given = options_each(options, name, &cursor)) != NULL;)
        last = given;
    return last;
}

bool options_has(const struct options *options, const char *name)
{
    return options_find(options, name) != NULL;
}

const char *options_text(const struct options *options, const char *name, const char *fallback)
{
    const struct option_given *given = options_find(options, name);
    return given != NULL ? given->text : fallback;
}

int64_t options_number(const struct options *options, const char *name, int64_t fallback)
{
    const struct option_given *given = options_find(options, name);
    return given != NULL ? given->number : fallback;
}

const char *options_argument(const struct options *options, size_t index, const char *fallback)
{
    return index < options->argument_count ? options->arguments[index].text : fallback;
}

int options_exclude(const struct options *options, const char *a, const char *b, struct error *err)
{
    const struct option_given *first = options_find(options, a);
    const struct option_given *second = options_find(options, b);
    if (first == NULL || second == NULL)
        return 0;
    command_line_mark_given(options, second);
    error_set(err, ERROR_KIND_USAGE, "`--%s` and `--%s` contradict each other", a, b);
    if (err != NULL)
        memcpy(err->code, "E007", 5);
    return -1;
}
