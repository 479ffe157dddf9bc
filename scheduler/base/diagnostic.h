/* Problems in text that people wrote, collected and shown together.
 *
 * Each problem names its places by line and column; the collection keeps the texts they stand in,
 * so that a problem can be shown with the line itself and a caret under the very word, also after
 * Chinese text and tabs. A problem is built in steps:
 *
 *     struct diagnostic *problem = diagnostics_add(&list, DIAGNOSTIC_ERROR, "E103",
 *                                                  "unknown key `%s`", key);
 *     diagnostic_label(problem, place, "did you mean `%s`?", best);   // first label: the caret
 *     diagnostic_note(problem, "a node has: %s", keys);
 *     diagnostic_help(problem, "…");
 *
 * Everything is copied. At most DIAGNOSTICS_MAX problems are kept, later ones are only counted. */
#ifndef DATEMILL_BASE_DIAGNOSTIC_H
#define DATEMILL_BASE_DIAGNOSTIC_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIAGNOSTICS_MAX 1000
#define DIAGNOSTICS_SHOWN_PER_SOURCE 10
#define DIAGNOSTIC_NO_SOURCE SIZE_MAX

enum diagnostic_severity {
    DIAGNOSTIC_ERROR,  /* cannot go on */
    DIAGNOSTIC_WARNING /* advice */
};

struct diagnostic_place {
    size_t source;   /* from diagnostics_add_source() */
    uint32_t line;   /* from 1 */
    uint32_t column; /* from 1, in code points */
    uint32_t length; /* code points to underline; 0 counts as 1 */
};

struct diagnostic_label {
    struct diagnostic_place place;
    const char *text;     /* beside the caret, "" = nothing */
    uint32_t lines_above; /* lines of the text shown before it */
};

enum diagnostic_extra_kind {
    DIAGNOSTIC_DETAIL, /* lines between the message and the text, indented */
    DIAGNOSTIC_NOTE,
    DIAGNOSTIC_HELP
};

struct diagnostic_extra {
    enum diagnostic_extra_kind kind;
    const char *text; /* may have several lines */
};

struct diagnostic {
    struct diagnostics *owner;
    enum diagnostic_severity severity;
    char code[8];
    const char *message;
    struct diagnostic_extra *extras; /* in the order in which they were added */
    size_t extra_count;
    size_t extra_capacity;
    struct diagnostic_label *labels; /* the first is the place of the problem; may be none */
    size_t label_count;
    size_t label_capacity;
    size_t number;   /* in the order in which they were found */
    bool is_dropped; /* beyond the limit: takes part in the counts only */
};

struct diagnostic_source {
    const char *name;
    const char *bytes;
    size_t length;
};

struct diagnostics {
    struct arena arena;
    struct diagnostic_source *sources;
    size_t source_count;
    size_t source_capacity;
    struct diagnostic **items; /* in the order in which they were found */
    size_t count;
    size_t capacity;
    size_t error_count; /* dropped ones included */
    size_t warning_count;
    struct diagnostic dropped;
};

struct diagnostic_style {
    bool has_color;
    bool is_ascii; /* no arrows or dots beyond ASCII in our own words */
    size_t width;  /* columns of the terminal: long lines of the text are windowed; 0 = no limit */
    size_t shown_per_source; /* 0 = DIAGNOSTICS_SHOWN_PER_SOURCE */
};

void diagnostics_init(struct diagnostics *list);
void diagnostics_free(struct diagnostics *list);

/* A text that places refer to. `name` is how messages show it; both are copied. */
size_t diagnostics_add_source(struct diagnostics *list, const char *name, const char *bytes,
                              size_t length);

/* Never NULL; belongs to the list. */
struct diagnostic *diagnostics_add(struct diagnostics *list, enum diagnostic_severity severity,
                                   const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5), returns_nonnull));

/* An error value as a problem: its code (or `code` where it has none), text, help and, where it has
 * a line and `source` is not DIAGNOSTIC_NO_SOURCE, its place. */
struct diagnostic *diagnostics_add_error(struct diagnostics *list, const char *code, size_t source,
                                         const struct error *err) __attribute__((returns_nonnull));

void diagnostic_label(struct diagnostic *problem, struct diagnostic_place place, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));
/* How many lines before the newest label's line are shown too. */
void diagnostic_label_lines_above(struct diagnostic *problem, uint32_t lines);
void diagnostic_detail(struct diagnostic *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A line of details with carets under [offset, offset + length), in bytes of `line`. */
void diagnostic_quote(struct diagnostic *problem, const char *line, size_t offset, size_t length);
void diagnostic_note(struct diagnostic *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void diagnostic_help(struct diagnostic *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* All problems for people, sorted by place (source, line, column; those without a place first), an
 * empty line between them, at most `shown_per_source` of each source and then "and N more". */
void diagnostics_render(const struct diagnostics *list, const struct diagnostic_style *style,
                        struct text *out);

/* For programs, one problem a line, nothing left out:
 *   gcc     file:line:column: error: message [E103]
 *   json    {"error":{"code","message","file","line","column","length","notes","help"}}
 *   github  ::error file=…,line=…,col=…,endColumn=…,title=E103::message */
void diagnostics_write_gcc(const struct diagnostics *list, struct text *out);
void diagnostics_write_json(const struct diagnostics *list, struct text *out);
void diagnostics_write_github(const struct diagnostics *list, struct text *out);

/* Pointers to the kept problems sorted by place; belongs to `arena`. */
const struct diagnostic **diagnostics_sorted(const struct diagnostics *list, struct arena *arena);

#endif
