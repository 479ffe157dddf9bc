/* The command line: words, options, arguments.
 *
 * Options are tables. `--name value`, `--name=value`, `-n value`, `-n5`, `-fn5`; `--` ends them;
 * they may stand before or after arguments. Names are never abbreviated. An unknown one is answered
 * with the nearest that exists. Every complaint marks its word, so that the message can show
 *
 *     error[E020]: 2021-02-30 is not a date: February 2021 has 28 days
 *        datemill run smartrm_study 2021-02-30
 *                                   ^^^^^^^^^^
 *
 * Nothing is copied: texts are borrowed from the words. */
#ifndef DATEMILL_COMMAND_OPTIONS_H
#define DATEMILL_COMMAND_OPTIONS_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_MAX_WORDS 100000 /* more is an error, not a wait */
#define OPTIONS_NO_WORD SIZE_MAX

/* The words as they were typed, and the part of one that a message points to. */
struct command_line {
    const char *const *words; /* [0] is the program's name, shown as `datemill` */
    size_t count;
    size_t mark_word; /* OPTIONS_NO_WORD = nothing is marked */
    size_t mark_offset;
    size_t mark_length; /* bytes; 0 = to the end of the word */
};

enum option_kind {
    OPTION_KIND_FLAG,   /* no value */
    OPTION_KIND_TEXT,   /* any text that is not empty */
    OPTION_KIND_NUMBER, /* decimal, from min to max */
    OPTION_KIND_CHOICE, /* one of `choices` */
    OPTION_KIND_PAIR    /* NAME=TEXT; the name as parameters have it */
};

struct option {
    const char *name; /* without the dashes; NULL ends a table */
    char letter;      /* 0 = no short form */
    enum option_kind kind;
    bool may_repeat;
    const char *value;          /* how help calls the value: "N", "DIR" */
    const char *const *choices; /* CHOICE: NULL at the end */
    int64_t min;                /* NUMBER: both included */
    int64_t max;
    const char *help; /* one short sentence without a full stop */
};

/* One option as it was given. */
struct option_given {
    const struct option *option;
    const char *text;   /* its value, "" for a flag */
    int64_t number;     /* NUMBER: the value; CHOICE: the index in `choices` */
    size_t word;        /* where the value (a flag: the option) stands */
    size_t word_offset; /* bytes */
};

struct argument {
    const char *text;
    size_t word; /* index in the command line */
};

/* What was given, in the order of the words. Both arrays belong to the arena of options_parse(). */
struct options {
    struct command_line *line; /* borrowed */
    const struct option_given *given;
    size_t given_count;
    const struct argument *arguments;
    size_t argument_count;
};

/* Reads one command line in steps: first up to the command's name, then, with the table of that
 * command added, the rest. */
struct option_reader {
    struct command_line *line;
    struct arena *arena;
    const struct option *tables[3]; /* looked up in this order; NULL = none */
    size_t next;                    /* word to read next */
    bool is_past_dashes;            /* after `--` everything is an argument */
    struct option_given *given;
    size_t given_count;
    size_t given_capacity;
    struct argument *arguments;
    size_t argument_count;
    size_t argument_capacity;
};

void option_reader_begin(struct option_reader *reader, struct command_line *line,
                         const struct option *globals, struct arena *arena);

/* Reads options until the next argument, and that too: *ret_argument is borrowed from the reader,
 * NULL at the end of the words. Errors are ERROR_KIND_USAGE and marked. */
int option_reader_next(struct option_reader *reader, const struct argument **ret_argument,
                       struct error *err);

/* Adds a table for the words that follow (at most two beside the first). */
void option_reader_add_table(struct option_reader *reader, const struct option *table);

/* Takes back the arguments read so far: they were the name of the command. */
void option_reader_drop_arguments(struct option_reader *reader);

/* Reads all that is left. */
int option_reader_finish(struct option_reader *reader, struct options *ret_options,
                         struct error *err);

/* The last one given with that name wins; NULL when there is none. */
const struct option_given *options_find(const struct options *options, const char *name);
bool options_has(const struct options *options, const char *name);
const char *options_text(const struct options *options, const char *name, const char *fallback);
int64_t options_number(const struct options *options, const char *name, int64_t fallback);

/* The next one with that name at or after index *cursor, which is moved behind it; NULL at the end.
 * Start with 0. */
const struct option_given *options_each(const struct options *options, const char *name,
                                        size_t *cursor);

/* The text of argument `index`, or `fallback`. */
const char *options_argument(const struct options *options, size_t index, const char *fallback);

/* -1 and a marked message if both were given. */
int options_exclude(const struct options *options, const char *a, const char *b, struct error *err);

/* Marks a word, or `length` bytes of it from `offset`; 0 = to its end. Without effect when a part
 * of the line is marked already: the first complaint knows best. */
void command_line_mark(struct command_line *line, size_t word, size_t offset, size_t length);
void command_line_mark_argument(const struct options *options, size_t index);
void command_line_mark_given(const struct options *options, const struct option_given *given);

/* Appends the line as a shell would read it, `indent` spaces before it, and below it carets under
 * the marked part; nothing when nothing is marked. Where the caret would stand beyond `width`
 * columns the front is cut and begins with "…" ("..." if `is_ascii`); width 0 = no limit. */
void command_line_show(const struct command_line *line, size_t indent, size_t width, bool is_ascii,
                       struct text *text);

/* Appends a word quoted for sh, only if it has to be. */
void command_line_quote(struct text *text, const char *word);

#endif
