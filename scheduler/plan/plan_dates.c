#include "scheduler/plan/plan_dates.h"

#include "scheduler/base/utf8.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SHAPE_BYTES 16  /* longer words are no date */
#define SHOWN_WIDTH 40  /* columns of a wrong word in a message */
#define SHOWN_BYTES 120 /* and bytes */
#define WORD_FORMS                                                                                 \
    "ranges are written 2021-11-01..2021-11-11 (both ends included), 2021-11, 2021, 2021-11-11, "  \
    "yesterday or last 7d"

/* Days since 1970-01-01, both included. */
struct span {
    int64_t first;
    int64_t last;
};

/* A piece of one of the words. */
struct piece {
    size_t word;
    size_t offset;
    size_t length;
    const char *bytes; /* no NUL behind them */
};

struct reader {
    const struct plan_dates_request *request;
    struct arena *arena;
    size_t word; /* where the next piece is looked for */
    size_t offset;
    struct span *spans;
    size_t count;
    size_t capacity;
    struct piece widest; /* the piece that means the most days */
    int64_t widest_days;
    struct piece first;  /* the first of all */
    struct piece fault;  /* the piece that an error is about */
    struct error *error; /* never NULL */
};

/* ---- pieces ---- */

static bool is_between(char character)
{
    return character == ',' || character == ' ' || (character >= '\t' && character <= '\r');
}

/* The next piece; false behind the last. */
static bool next_piece(struct reader *reader, struct piece *ret_piece)
{
    for (; reader->word < reader->request->word_count; reader->word++, reader->offset = 0) {
        const char *word = reader->request->words[reader->word];
        size_t at = reader->offset;
        while (is_between(word[at]))
            at++;
        size_t length = 0;
        while (word[at + length] != '\0' && word[at + length] != '#' &&
               !is_between(word[at + length]))
            length++;
        if (length == 0)
            continue;
        reader->offset = at + length;
        *ret_piece = (struct piece){reader->word, at, length, word + at};
        return true;
    }
    return false;
}

static bool is_word(const struct piece *piece, const char *word)
{
    return piece->length == strlen(word) && strncasecmp(piece->bytes, word, piece->length) == 0;
}

static struct piece part_of(const struct piece *piece, size_t offset, size_t length)
{
    return (struct piece){piece->word, piece->offset + offset, length, piece->bytes + offset};
}

/* Bytes of it that a message shows. */
static int shown(const struct piece *piece)
{
    size_t length = piece->length < SHOWN_BYTES ? piece->length : SHOWN_BYTES;
    return (int)utf8_prefix_of_width(piece->bytes, length, SHOWN_WIDTH);
}

/* ---- one date, month or year ---- */

static int fail(struct reader *reader, const struct piece *piece)
{
    reader->fault = *piece;
    reader->error->kind = ERROR_KIND_USAGE;
    memcpy(reader->error->code, "E020", sizeof "E020");
    return -1;
}

static struct span days_of(struct civil_date first, struct civil_date last)
{
    return (struct span){civil_to_days(first), civil_to_days(last)};
}

static struct span span_of_month(int32_t year, int32_t month)
{
    struct civil_date first = {year, month, 1};
    return days_of(first, (struct civil_date){year, month, civil_days_in_month(year, month)});
}

/* `0` in the shape stands for a digit. */
static bool has_shape(const char *text, const char *shape)
{
    for (; *text != '\0' && *shape != '\0'; text++, shape++) {
        bool is_digit = *text >= '0' && *text <= '9';
        if (*shape == '0' ? !is_digit : *text != *shape)
            return false;
    }
    return *text == *shape;
}

/* Up to `most` digits at *at, which moves behind them; -1 = none, or more. */
static int32_t read_number(const char **at, int most)
{
    int32_t number = 0;
    int digits = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++, digits++) {
        if (digits == most)
            return -1;
        number = number * 10 + (**at - '0');
    }
    return digits == 0 ? -1 : number;
}

/* Numbers with one kind of separator between them: 2021-1-5, 2021/11. */
static bool read_loosely(const char *text, struct civil_date *ret_date, bool *ret_has_day)
{
    const char *at = text;
    ret_date->year = read_number(&at, 4);
    char separator = *at;
    if (separator == '\0' || strchr("-/.", separator) == NULL)
        return false;
    at++;
    ret_date->month = read_number(&at, 2);
    *ret_has_day = *at == separator;
    if (*ret_has_day) {
        at++;
        ret_date->day = read_number(&at, 2);
    }
    return *at == '\0';
}

/* What was meant by 2021-1-5, 2021/11/01, 202111; false when it is none of them. */
static bool guess(const char *text, char ret_meant[CIVIL_DATE_BYTES])
{
    struct civil_date date = {.day = 1};
    bool has_day = false;
    if (has_shape(text, "000000")) {
        int32_t number = (int32_t)strtol(text, NULL, 10);
        date.year = number / 100;
        date.month = number % 100;
    } else if (!read_loosely(text, &date, &has_day)) {
        return false;
    }
    if (!civil_date_is_valid(date))
        return false;
    civil_date_format(date, ret_meant);
    if (!has_day)
        ret_meant[strlen("2021-11")] = '\0';
    return true;
}

static int no_date(struct reader *reader, const struct piece *piece, const char *text)
{
    char meant[CIVIL_DATE_BYTES];
    struct error *error = reader->error;
    error_set(error, ERROR_KIND_USAGE, "%.*s is not a date", shown(piece), piece->bytes);
    if (is_word(piece, "today"))
        error_help(error, "the business date of today has its data tomorrow; the newest that has "
                          "them is `yesterday`");
    else if (text[0] != '\0' && guess(text, meant))
        error_help(error, "write `%s`", meant);
    else
        error_help(error, WORD_FORMS);
    return fail(reader, piece);
}

static int read_date(struct reader *reader, const struct piece *piece, const char *text,
                     struct span *ret_span)
{
    struct civil_date date;
    if (civil_date_parse(text, &date, reader->error) == 0) {
        *ret_span = days_of(date, date);
        return 0;
    }
    char digits[SHAPE_BYTES]; /* the month's first */
    snprintf(digits, sizeof digits, "%.*s01", text[4] == '-' ? 8 : 6, text);
    if (civil_date_parse(digits, &date, NULL) == 0 && strcmp(text + strlen(text) - 2, "00") != 0)
        error_help(reader->error, "for the whole month use `%04d-%02d`; ranges include both ends",
                   date.year, date.month);
    else
        error_help(reader->error, WORD_FORMS);
    return fail(reader, piece);
}

static int read_month(struct reader *reader, const struct piece *piece, const char *text,
                      struct span *ret_span)
{
    const char *at = text;
    int32_t year = read_number(&at, 4);
    at++;
    int32_t month = read_number(&at, 2);
    if (civil_date_is_valid((struct civil_date){year, month, 1})) {
        *ret_span = span_of_month(year, month);
        return 0;
    }
    error_set(reader->error, ERROR_KIND_USAGE, "%s is not a month: %s", text,
              year < 1 ? "years go from 0001 to 9999" : "months go from 01 to 12");
    error_help(reader->error, WORD_FORMS);
    return fail(reader, piece);
}

static int read_year(struct reader *reader, const struct piece *piece, const char *text,
                     struct span *ret_span)
{
    const char *at = text;
    int32_t year = read_number(&at, 4);
    if (year >= 1) {
        *ret_span = days_of((struct civil_date){year, 1, 1}, (struct civil_date){year, 12, 31});
        return 0;
    }
    error_set(reader->error, ERROR_KIND_USAGE, "%s is not a year: years go from 0001 to 9999",
              text);
    error_help(reader->error, WORD_FORMS);
    return fail(reader, piece);
}

/* What one end of a range, or a range without `..`, means. */
static int read_end(struct reader *reader, const struct piece *piece, struct span *ret_span)
{
    if (is_word(piece, "yesterday")) {
        int64_t yesterday = civil_to_days(reader->request->today) - 1;
        *ret_span = (struct span){yesterday, yesterday};
        return 0;
    }
    char text[SHAPE_BYTES] = "";
    if (piece->length < sizeof text)
        memcpy(text, piece->bytes, piece->length);
    if (has_shape(text, "0000-00-00") || has_shape(text, "00000000"))
        return read_date(reader, piece, text, ret_span);
    if (has_shape(text, "0000-00"))
        return read_month(reader, piece, text, ret_span);
    if (has_shape(text, "0000"))
        return read_year(reader, piece, text, ret_span);
    return no_date(reader, piece, text);
}

/* ---- ranges ---- */

static int no_end(struct reader *reader, const struct piece *piece, const struct piece *first)
{
    error_set(reader->error, ERROR_KIND_USAGE, "the range %.*s has no %s", shown(piece),
              piece->bytes, first->length == 0 ? "beginning" : "end");
    if (first->length == 0)
        error_help(reader->error, "say where it begins; a range is one word, without spaces");
    else
        error_help(reader->error,
                   "up to yesterday: `%.*s..yesterday`; a range is one word, without spaces",
                   shown(first), first->bytes);
    return fail(reader, piece);
}

static int read_range(struct reader *reader, const struct piece *piece, struct span *ret_span)
{
    const char *dots = memmem(piece->bytes, piece->length, "..", 2);
    if (dots == NULL)
        return read_end(reader, piece, ret_span);
    size_t at = (size_t)(dots - piece->bytes);
    struct piece first = part_of(piece, 0, at);
    struct piece last = part_of(piece, at + 2, piece->length - at - 2);
    struct span from;
    struct span to;
    if (first.length == 0 || last.length == 0)
        return no_end(reader, piece, &first);
    if (read_end(reader, &first, &from) < 0 || read_end(reader, &last, &to) < 0)
        return -1;
    if (from.first <= to.last) {
        *ret_span = (struct span){from.first, to.last};
        return 0;
    }
    error_set(reader->error, ERROR_KIND_USAGE, "the range %.*s ends before it begins", shown(piece),
              piece->bytes);
    error_help(reader->error, "write `%.*s..%.*s`; `--order desc` runs the newest date first",
               shown(&last), last.bytes, shown(&first), first.bytes);
    return fail(reader, piece);
}

static int bad_count(struct reader *reader, const struct piece *piece, const char *why)
{
    error_set(reader->error, ERROR_KIND_USAGE, "last %.*s: %s", shown(piece), piece->bytes, why);
    error_help(reader->error, "write last 7d (days), last 2w (weeks) or last 1m (months), up to "
                              "and including yesterday");
    return fail(reader, piece);
}

/* `7d` behind `last`. */
static int read_last(struct reader *reader, const struct piece *last, struct span *ret_span)
{
    struct piece piece;
    if (!next_piece(reader, &piece)) {
        error_set(reader->error, ERROR_KIND_USAGE, "last: how many days?");
        error_help(reader->error, "write last 7d (days), last 2w (weeks) or last 1m (months)");
        return fail(reader, last);
    }
    char text[SHAPE_BYTES] = "";
    if (piece.length < sizeof text)
        memcpy(text, piece.bytes, piece.length);
    const char *at = text;
    int32_t count = read_number(&at, 6);
    char unit = at[0] == '\0' ? '\0' : (char)(at[0] | ' ');
    if (count < 0 || unit == '\0' || strchr("dwm", unit) == NULL || at[1] != '\0')
        return bad_count(reader, &piece, "a number and d, w or m are missing");
    if (count == 0)
        return bad_count(reader, &piece, "that is no date at all");
    struct civil_date today = reader->request->today;
    struct civil_date first = unit == 'm' ? civil_add_months(today, -count)
                                          : civil_add_days(today, -count * (unit == 'w' ? 7 : 1));
    if (first.year < 1)
        return bad_count(reader, &piece, "that goes back before the year 0001");
    *ret_span = (struct span){civil_to_days(first), civil_to_days(today) - 1};
    return 0;
}

static int add_span(struct reader *reader, const struct piece *piece, struct span span)
{
    if (reader->count == PLAN_MAX_DATES) {
        error_set(reader->error, ERROR_KIND_USAGE, "more than %d ranges", PLAN_MAX_DATES);
        return fail(reader, piece);
    }
    if (reader->count == 0)
        reader->first = *piece;
    if (span.last - span.first >= reader->widest_days) {
        reader->widest_days = span.last - span.first + 1;
        reader->widest = *piece;
    }
    reader->spans = arena_grow(reader->arena, reader->spans, reader->count, &reader->capacity,
                               sizeof *reader->spans);
    reader->spans[reader->count++] = span;
    return 0;
}

static int read_all(struct reader *reader)
{
    struct piece piece;
    while (next_piece(reader, &piece)) {
        struct span span;
        int result = is_word(&piece, "last") ? read_last(reader, &piece, &span)
                                             : read_range(reader, &piece, &span);
        if (result < 0 || add_span(reader, &piece, span) < 0)
            return -1;
    }
    if (reader->count > 0)
        return 0;
    error_set(reader->error, ERROR_KIND_USAGE, "no dates are given");
    error_help(reader->error, WORD_FORMS);
    return fail(reader, &(struct piece){.length = 1});
}

/* ---- from ranges to dates ---- */

static int compare_spans(const void *left, const void *right)
{
    const struct span *a = left;
    const struct span *b = right;
    return (a->first > b->first) - (a->first < b->first);
}

/* Sorted, without overlaps. */
static void merge_spans(struct reader *reader)
{
    struct span *spans = reader->spans;
    size_t count = 0;
    qsort(spans, reader->count, sizeof *spans, compare_spans);
    for (size_t i = 0; i < reader->count; i++) {
        if (count == 0 || spans[i].first > spans[count - 1].last)
            spans[count++] = spans[i];
        else if (spans[i].last > spans[count - 1].last)
            spans[count - 1].last = spans[i].last;
    }
    reader->count = count;
}

static bool is_weekday(int64_t days)
{
    return civil_weekday(civil_from_days(days)) <= 5;
}

/* Days from Monday to Friday before a day; only differences mean something. */
static int64_t weekdays_before(int64_t days)
{
    int64_t weekday = civil_weekday(civil_from_days(days)); /* 1 = Monday */
    int64_t weeks = (days - (weekday - 1) + 3) / 7;         /* of a Monday, a whole number */
    return weeks * 5 + (weekday > 6 ? 5 : weekday - 1);
}

static int64_t count_days(const struct span *span, bool only_weekdays)
{
    return only_weekdays ? weekdays_before(span->last + 1) - weekdays_before(span->first)
                         : span->last - span->first + 1;
}

static int check_count(struct reader *reader, int64_t *ret_count)
{
    int64_t count = 0;
    for (size_t i = 0; i < reader->count; i++)
        count += count_days(&reader->spans[i], reader->request->only_weekdays);
    if (count == 0) {
        error_set(reader->error, ERROR_KIND_USAGE,
                  "none of these dates is a weekday (Monday to Friday)");
        error_help(reader->error, "leave out --weekdays");
        return fail(reader, &reader->first);
    }
    if (count > PLAN_MAX_DATES) {
        error_set(reader->error, ERROR_KIND_USAGE,
                  "%" PRId64 " dates are more than the %d that one backfill takes", count,
                  PLAN_MAX_DATES);
        error_help(reader->error, "make several of them, one after another");
        return fail(reader, &reader->widest);
    }
    *ret_count = count;
    return 0;
}

static void list_dates(const struct reader *reader, struct civil_date *items)
{
    size_t count = 0;
    for (size_t i = 0; i < reader->count; i++) {
        for (int64_t day = reader->spans[i].first; day <= reader->spans[i].last; day++) {
            if (!reader->request->only_weekdays || is_weekday(day))
                items[count++] = civil_from_days(day);
        }
    }
}

int plan_dates_parse(const struct plan_dates_request *request, struct arena *arena,
                     struct plan_dates *ret_dates, struct plan_dates_spot *ret_spot,
                     struct error *err)
{
    struct error unseen;
    int64_t count = 0;
    struct reader reader = {
        .request = request, .arena = arena, .error = err == NULL ? &unseen : err};
    int result = read_all(&reader);
    if (result == 0) {
        merge_spans(&reader);
        result = check_count(&reader, &count);
    }
    if (result < 0) {
        if (ret_spot != NULL)
            *ret_spot = (struct plan_dates_spot){reader.fault.word, reader.fault.offset,
                                                 reader.fault.length};
        return -1;
    }
    struct civil_date *items = arena_array(arena, (size_t)count, sizeof *items);
    list_dates(&reader, items);
    *ret_dates = (struct plan_dates){.items = items, .count = (size_t)count};
    return 0;
}

void plan_dates_write(const struct plan_dates *dates, struct text *text)
{
    char buffer[CIVIL_DATE_BYTES];
    size_t next;
    for (size_t i = 0; i < dates->count; i = next) {
        int64_t first = civil_to_days(dates->items[i]);
        next = i + 1;
        while (next < dates->count &&
               civil_to_days(dates->items[next]) == first + (int64_t)(next - i))
            next++;
        text_append(text, i == 0 ? "" : ",");
        text_append(text, civil_date_format(dates->items[i], buffer));
        if (next == i + 1)
            continue;
        text_append(text, "..");
        text_append(text, civil_date_format(dates->items[next - 1], buffer));
    }
}
