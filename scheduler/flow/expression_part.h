/* What a compiled expression is made of: for the expression_*.c files only. */
#ifndef DATEMILL_FLOW_EXPRESSION_PART_H
#define DATEMILL_FLOW_EXPRESSION_PART_H

#include "scheduler/flow/expression.h"

#include <stdint.h>

/* Offsets beyond this leave the years 1 to 9999 from anywhere; sums of a value's offsets stay far
 * below overflow. */
#define EXPRESSION_MAX_DAYS ((int64_t)4000000)

enum date_token_kind {
    DATE_TOKEN_TEXT,
    DATE_TOKEN_YYYY,
    DATE_TOKEN_YY,
    DATE_TOKEN_MM,
    DATE_TOKEN_DD,
    DATE_TOKEN_HH24,
    DATE_TOKEN_HH12,
    DATE_TOKEN_MI,
    DATE_TOKEN_SS
};

struct date_token {
    enum date_token_kind kind;
    const char *text; /* TEXT: what is copied */
    size_t length;
};

struct date_format {
    const char *text; /* as written, for explanations */
    const struct date_token *tokens;
    size_t count;
    bool has_day; /* the smallest unit of a business date's format decides what an offset counts */
    bool has_month;
};

/* The day that a date is moved to after its offset. */
enum date_snap {
    DATE_SNAP_NONE,
    DATE_SNAP_MONTH_FIRST,
    DATE_SNAP_MONTH_LAST,
    DATE_SNAP_WEEK,   /* Monday */
    DATE_SNAP_QUARTER /* first day */
};

/* Applied in the order of the fields. */
struct date_shift {
    int64_t months;
    int64_t days; /* on the calendar; the wall time stays */
    enum date_snap snap;
    int64_t seconds; /* of absolute time */
};

enum part_kind {
    PART_KIND_TEXT,
    PART_KIND_DATE,
    PART_KIND_MONTH, /* $bizmonth */
    PART_KIND_JOB,
    PART_KIND_NODE,
    PART_KIND_TASK,
    PART_KIND_PARAMETER
};

struct part {
    enum part_kind kind;
    struct expression_span span;
    const char *text; /* TEXT: what is copied; PARAMETER: the name; else as it was written */
    size_t length;    /* of `text` */
    bool is_business; /* DATE: of the business date, else of the scheduling time */
    struct date_format format;
    struct date_shift shift;
};

struct expression {
    const char *text;
    const struct part *parts;
    size_t count;
    const struct part *const *references; /* the parts of kind PARAMETER */
    size_t reference_count;
};

/* One value while it is read. */
struct expression_parser {
    struct arena *arena;
    const char *text;
    size_t length;
    size_t offset; /* of the next byte */
    size_t open;   /* of the dollar sign that began what is being read */
    size_t end;    /* of the content between brackets that is being read */
    struct part *parts;
    size_t count;
    size_t capacity;
    char *literal; /* the plain text since the last part, in the arena, with room for all text */
    size_t literal_length;
    size_t literal_offset;
    struct expression_span *span; /* may be NULL */
    struct error *err;
};

/* Sets the message and the piece of text it is about; returns -1. */
int expression_mistake(const struct expression_parser *parser, struct expression_span span,
                       const char *format, ...) __attribute__((format(printf, 3, 4)));

static inline struct expression_span expression_span(size_t offset, size_t length)
{
    return (struct expression_span){offset, length};
}

static inline char expression_peek(const struct expression_parser *parser)
{
    return parser->offset < parser->end ? parser->text[parser->offset] : '\0';
}

bool expression_is_letter(char byte);
bool expression_is_digit(char byte);
void expression_skip_spaces(struct expression_parser *parser);

/* Whether the text has this ASCII word at the offset, letters in either case. */
bool expression_has_word(const struct expression_parser *parser, size_t offset, const char *word);

/* Reads a format up to `parser->end`, to the sign that begins an offset, or to a comma where one
 * ends it. */
int expression_read_format(struct expression_parser *parser, bool is_business, bool ends_at_comma,
                           struct date_format *ret_format);

/* A format of ours, such as `yyyymmdd`. */
struct date_format expression_known_format(struct expression_parser *parser, const char *text);

void expression_append_date(struct text *text, const struct date_format *format,
                            struct civil_time time);

/* Reads +N, -N, N*M … of a business date, in the smallest unit of the format. */
int expression_read_business_offset(struct expression_parser *parser,
                                    const struct date_format *format, struct date_shift *shift);

/* Reads the terms of a scheduling time: days and fractions of days. */
int expression_read_schedule_offset(struct expression_parser *parser, struct date_shift *shift);

/* Reads the N of a function: 3, -1, 12*3, 12*-3. */
int expression_read_count(struct expression_parser *parser, int64_t *ret_count);

/* A `name(format,N)` between brackets, if that is what stands there; 0 with *ret_is_call false if
 * not. */
int expression_read_call(struct expression_parser *parser, struct part *part, bool *ret_is_call);

/* $name: one of the short forms. */
int expression_read_word(struct expression_parser *parser, struct part *part);

/* The date of a part in a context; `steps`, which may be NULL, gets the way there in words. */
int expression_resolve(const struct part *part, const struct expression_context *context,
                       struct text *steps, struct civil_time *ret_time, struct error *err);

#endif
