#include "scheduler/command/backfill_range.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES 65536
#define NO_FILE SIZE_MAX

/* A file of dates. */
struct range_file {
    const char *name; /* as shown: `dates.txt`, `standard input` */
    size_t argument;
    const char *bytes; /* as read; NUL behind it */
    size_t length;
};

/* Where a word comes from. */
struct range_word {
    size_t argument;
    size_t file; /* index, NO_FILE = the argument itself */
    size_t line; /* from 1 */
};

struct range_reader {
    struct context *context;
    struct arena *arena;
    struct range_file *files;
    size_t file_count;
    size_t file_capacity;
    const char **words;
    size_t word_count;
    size_t word_capacity;
    struct range_word *origins;
    size_t origin_capacity;
};

static void add_word(struct range_reader *reader, const char *word, struct range_word origin)
{
    reader->words = arena_grow(reader->arena, reader->words, reader->word_count,
                               &reader->word_capacity, sizeof *reader->words);
    reader->origins = arena_grow(reader->arena, reader->origins, reader->word_count,
                                 &reader->origin_capacity, sizeof *reader->origins);
    reader->words[reader->word_count] = word;
    reader->origins[reader->word_count++] = origin;
}

static int read_all(int fd, const char *name, struct text *text, struct error *err)
{
    char buffer[READ_BYTES];
    for (;;) {
        ssize_t length = read(fd, buffer, sizeof buffer);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return error_set_errno(err, ERROR_KIND_PRECONDITION, "%s cannot be read", name);
        if (length == 0)
            return 0;
        text_append_bytes(text, buffer, (size_t)length);
        if (text->length > BACKFILL_RANGE_MAX_BYTES)
            return error_set(err, ERROR_KIND_PRECONDITION, "%s is larger than %zu MiB", name,
                             BACKFILL_RANGE_MAX_BYTES >> 20);
    }
}

static void add_lines(struct range_reader *reader, size_t file)
{
    const struct range_file *from = &reader->files[file];
    size_t line = 1;
    for (size_t at = 0; at < from->length; line++) {
        size_t length = strcspn(from->bytes + at, "\n");
        add_word(reader, arena_copy(reader->arena, from->bytes + at, length),
                 (struct range_word){from->argument, file, line});
        at += length + 1;
    }
}

static int add_file(struct range_reader *reader, const char *word, size_t argument,
                    struct error *err)
{
    bool is_input = strcmp(word, "-") == 0;
    const char *name = is_input ? "standard input" : word + 1;
    SCOPED_FD int opened = is_input ? -1 : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (!is_input && opened < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "%s cannot be opened", name);
    SCOPED_TEXT struct text text = {0};
    if (read_all(is_input ? STDIN_FILENO : opened, name, &text, err) < 0)
        return -1;
    if (memchr(text_string(&text), '\0', text.length) != NULL)
        return error_set(err, ERROR_KIND_PRECONDITION, "%s is not a text file", name);
    reader->files = arena_grow(reader->arena, reader->files, reader->file_count,
                               &reader->file_capacity, sizeof *reader->files);
    reader->files[reader->file_count] =
        (struct range_file){.name = name,
                            .argument = argument,
                            .bytes = arena_copy(reader->arena, text_string(&text), text.length),
                            .length = text.length};
    add_lines(reader, reader->file_count++);
    return 0;
}

static int add_arguments(struct range_reader *reader, const struct options *options, size_t first,
                         struct error *err)
{
    bool has_input = false;
    for (size_t i = first; i < options->argument_count; i++) {
        const char *word = options->arguments[i].text;
        bool is_input = strcmp(word, "-") == 0;
        bool is_file = is_input || (word[0] == '@' && word[1] != '\0');
        if (is_input && has_input) {
            command_line_mark_argument(options, i);
            return error_set(err, ERROR_KIND_USAGE, "standard input can be read once");
        }
        has_input = has_input || is_input;
        if (!is_file) {
            add_word(reader, word, (struct range_word){i, NO_FILE, 0});
        } else if (add_file(reader, word, i, err) < 0) {
            command_line_mark_argument(options, i);
            return -1;
        }
    }
    return 0;
}

/* The error, with the line of the file that it stands in. */
static void show_in_file(struct range_reader *reader, const struct range_word *origin,
                         const struct plan_dates_spot *spot, struct error *err)
{
    const struct range_file *file = &reader->files[origin->file];
    const char *line = reader->words[spot->word];
    struct diagnostics problems;
    diagnostics_init(&problems);
    size_t source = diagnostics_add_source(&problems, file->name, file->bytes, file->length);
    struct diagnostic *problem = diagnostics_add(
        &problems, DIAGNOSTIC_ERROR, err->code[0] != '\0' ? err->code : "E020", "%s", err->text);
    struct diagnostic_place place = {.source = source,
                                     .line = (uint32_t)origin->line,
                                     .column = (uint32_t)utf8_width(line, spot->offset) + 1,
                                     .length = (uint32_t)spot->length};
    diagnostic_label(problem, place, "%s", "");
    if (err->help[0] != '\0')
        diagnostic_help(problem, "%s", err->help);
    context_show_problems(reader->context, &problems);
    diagnostics_free(&problems);
    *err = (struct error){.kind = err->kind};
}

static void name_place(struct range_reader *reader, const struct options *options,
                       const struct plan_dates_spot *spot, struct error *err)
{
    if (spot->word >= reader->word_count)
        return;
    const struct range_word *origin = &reader->origins[spot->word];
    if (origin->file != NO_FILE)
        show_in_file(reader, origin, spot, err);
    else
        command_line_mark(options->line, options->arguments[origin->argument].word, spot->offset,
                          spot->length);
}

static const char *join(const struct options *options, size_t first, struct arena *arena)
{
    SCOPED_TEXT struct text text = {0};
    for (size_t i = first; i < options->argument_count; i++)
        text_append_format(&text, "%s%s", i > first ? " " : "", options->arguments[i].text);
    return arena_copy(arena, text_string(&text), text.length);
}

int backfill_range_read(struct context *context, const struct options *options,
                        const struct backfill_range_request *request,
                        struct backfill_range *ret_range, struct error *err)
{
    struct range_reader reader = {.context = context, .arena = &context->arena};
    if (add_arguments(&reader, options, request->first, err) < 0)
        return -1;
    struct plan_dates_request words = {.words = reader.words,
                                       .word_count = reader.word_count,
                                       .today = request->today,
                                       .only_weekdays = request->only_weekdays};
    struct plan_dates_spot spot = {.word = SIZE_MAX};
    struct plan_dates dates;
    if (plan_dates_parse(&words, &context->arena, &dates, &spot, err) < 0) {
        name_place(&reader, options, &spot, err);
        return -1;
    }
    *ret_range = (struct backfill_range){.dates = dates,
                                         .typed = join(options, request->first, reader.arena)};
    return 0;
}
