#include "scheduler/flow/cron.h"

#include <stdio.h>
#include <string.h>

#define MAX_FIELDS 6
#define MAX_LINE_BYTES 1024

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                          "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

/* One field while it is read. */
struct part {
    const char *what; /* "minute" */
    int min;
    int max;
    const char *const *names; /* of min and the following; NULL = none */
    size_t name_count;
    const char *text; /* the whole line: for places */
    const char *at;
    const char *end;
    struct error *err;
};

static int fail_at(const struct part *part, const char *from, size_t length, const char *message)
{
    error_set(part->err, ERROR_KIND_INVALID, "%s: %s", part->what, message);
    if (part->err != NULL) {
        part->err->column = (int)(from - part->text) + 1;
        part->err->line = length == 0 ? 1 : (int)length;
    }
    return -1;
}

static int fail_here(const struct part *part, const char *message)
{
    return fail_at(part, part->at, 1, message);
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_word(const struct part *part, const char *word, size_t length)
{
    if ((size_t)(part->end - part->at) < length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if ((part->at[i] | 0x20) != word[i])
            return false;
    }
    return part->at + length == part->end || !is_letter(part->at[length]);
}

static int read_name(struct part *part, int *ret_value)
{
    for (size_t i = 0; i < part->name_count; i++) {
        if (is_word(part, part->names[i], 3)) {
            *ret_value = part->min + (int)i;
            part->at += 3;
            return 0;
        }
    }
    return fail_here(part,
                     part->name_count > 0 ? "expected a number or a name" : "expected a number");
}

static int read_number(struct part *part, int *ret_value)
{
    const char *from = part->at;
    int value = 0;
    for (; part->at < part->end && is_digit(*part->at); part->at++) {
        value = value * 10 + (*part->at - '0');
        if (value > 100000)
            return fail_at(part, from, (size_t)(part->at - from) + 1, "the number is too large");
    }
    if (part->at == from)
        return fail_here(part, "expected a number");
    *ret_value = value;
    return 0;
}

static int read_value(struct part *part, int *ret_value)
{
    if (part->at < part->end && is_letter(*part->at))
        return read_name(part, ret_value);
    const char *from = part->at;
    int value;
    if (read_number(part, &value) != 0)
        return -1;
    /* 7 is Sunday, too. */
    int max = part->names == day_names ? 7 : part->max;
    if (value < part->min || value > max) {
        char message[64];
        snprintf(message, sizeof message, "expected %d to %d", part->min, max);
        return fail_at(part, from, (size_t)(part->at - from), message);
    }
    *ret_value = value;
    return 0;
}

/* Steps over one byte, a letter in either case. */
static bool take(struct part *part, char byte)
{
    if (part->at == part->end)
        return false;
    bool is_same = is_letter(byte) ? (*part->at | 0x20) == (byte | 0x20) : *part->at == byte;
    part->at += is_same ? 1 : 0;
    return is_same;
}

static uint64_t bit(int number)
{
    return UINT64_C(1) << number;
}

/* `*`, `n`, `n-m`, each with `/step`, into *bits. */
static int read_range(struct part *part, uint64_t *bits)
{
    int from = part->min;
    int to = part->max;
    bool is_single = false;
    const char *begin = part->at;
    if (!take(part, '*')) {
        if (read_value(part, &from) != 0)
            return -1;
        is_single = !take(part, '-');
        to = from;
        if (!is_single && read_value(part, &to) != 0)
            return -1;
        if (from > to)
            return fail_at(part, begin, (size_t)(part->at - begin), "the range runs backwards");
    }
    int step = 1;
    if (take(part, '/')) {
        const char *at = part->at;
        if (read_number(part, &step) != 0)
            return -1;
        if (step < 1 || step > part->max)
            return fail_at(part, at, (size_t)(part->at - at), "no such step");
        if (is_single)
            to = part->max;
    }
    for (int value = from; value <= to; value += step)
        *bits |= bit(part->names == day_names ? value % 7 : value);
    return 0;
}

static int read_plain(struct part *part, uint64_t *bits)
{
    do {
        if (read_range(part, bits) != 0)
            return -1;
    } while (take(part, ','));
    return part->at == part->end ? 0 : fail_here(part, "what follows makes no sense here");
}

static bool is_any(const struct part *part)
{
    bool is_one = part->end - part->at == 1;
    return is_one && (*part->at == '*' || *part->at == '?');
}

/* `L`, `LW`, `15W` beside the plain forms. */
static int read_days(struct part *part, struct cron *cron)
{
    if (is_any(part)) {
        cron->has_any_day = true;
        cron->days = UINT32_C(0xfffffffe);
        return 0;
    }
    uint64_t bits = 0;
    do {
        if (take(part, 'L')) {
            if (take(part, 'W'))
                cron->is_last_working_day = true;
            else
                cron->is_last_day = true;
            continue;
        }
        const char *begin = part->at;
        int day;
        bool is_nearest = part->at < part->end && is_digit(*part->at) &&
                          read_value(part, &day) == 0 && take(part, 'W');
        if (is_nearest) {
            cron->nearest_days |= (uint32_t)bit(day);
            continue;
        }
        part->at = begin;
        if (read_range(part, &bits) != 0)
            return -1;
    } while (take(part, ','));
    cron->days = (uint32_t)bits;
    return part->at == part->end ? 0 : fail_here(part, "what follows makes no sense here");
}

/* `5L` and `5#3` beside the plain forms. */
static int read_weekdays(struct part *part, struct cron *cron)
{
    if (is_any(part)) {
        cron->has_any_weekday = true;
        cron->weekdays = 0x7f;
        return 0;
    }
    uint64_t bits = 0;
    do {
        const char *begin = part->at;
        int day;
        if (part->at < part->end && *part->at != '*' && read_value(part, &day) != 0)
            return -1;
        if (part->at > begin && take(part, 'L')) {
            cron->last_weekdays |= (uint32_t)bit(day % 7);
            continue;
        }
        if (part->at > begin && take(part, '#')) {
            int nth;
            if (read_number(part, &nth) != 0)
                return -1;
            if (nth < 1 || nth > 5)
                return fail_at(part, part->at - 1, 1, "expected 1 to 5 after #");
            cron->nth_weekdays |= bit(8 * nth + day % 7);
            continue;
        }
        part->at = begin;
        if (read_range(part, &bits) != 0)
            return -1;
    } while (take(part, ','));
    cron->weekdays = (uint32_t)bits;
    return part->at == part->end ? 0 : fail_here(part, "what follows makes no sense here");
}

static int read_all(const char *text, const struct part *fields, bool has_seconds,
                    struct cron *cron)
{
    struct part minute = fields[0];
    struct part hour = fields[1];
    struct part day = fields[2];
    struct part month = fields[3];
    struct part weekday = fields[4];
    struct part second = fields[5];
    uint64_t hours = 0;
    uint64_t months = 0;
    (void)text;
    cron->has_seconds = has_seconds;
    cron->seconds = 1;
    if (has_seconds) {
        cron->seconds = 0;
        if (read_plain(&second, &cron->seconds) != 0)
            return -1;
    }
    if (read_plain(&minute, &cron->minutes) != 0 || read_plain(&hour, &hours) != 0 ||
        read_days(&day, cron) != 0 || read_plain(&month, &months) != 0 ||
        read_weekdays(&weekday, cron) != 0)
        return -1;
    cron->hours = (uint32_t)hours;
    cron->months = (uint32_t)months;
    return 0;
}

int cron_parse(const char *text, struct cron *ret_cron, struct error *err)
{
    struct part fields[MAX_FIELDS] = {
        {.what = "minute", .min = 0, .max = 59},
        {.what = "hour", .min = 0, .max = 23},
        {.what = "day of the month", .min = 1, .max = 31},
        {.what = "month", .min = 1, .max = 12, .names = month_names, .name_count = 12},
        {.what = "weekday", .min = 0, .max = 6, .names = day_names, .name_count = 7},
        {.what = "second", .min = 0, .max = 59},
    };
    struct part line = {.what = "cron", .text = text, .at = text, .end = text, .err = err};
    const char *starts[MAX_FIELDS];
    const char *ends[MAX_FIELDS];
    size_t count = 0;
    for (const char *at = text + strspn(text, " \t"); *at != '\0'; at += strspn(at, " \t")) {
        if (count == MAX_FIELDS || at - text > MAX_LINE_BYTES)
            return fail_at(&line, at, 1, "a cron line has 5 fields, or 6 with seconds first");
        starts[count] = at;
        at += strcspn(at, " \t");
        ends[count++] = at;
    }
    if (count < 5)
        return fail_at(&line, text, strlen(text),
                       "a cron line has 5 fields, or 6 with seconds first");
    size_t shift = count - 5;
    for (size_t i = 0; i < MAX_FIELDS; i++) {
        size_t from = i == 5 ? 0 : i + shift;
        fields[i].text = text;
        fields[i].at = starts[from];
        fields[i].end = ends[from];
        fields[i].err = err;
    }
    struct cron cron = {0};
    if (read_all(text, fields, count == 6, &cron) != 0)
        return -1;
    *ret_cron = cron;
    return 0;
}

bool cron_fires_each_day(const struct cron *cron)
{
    bool has_all_months = cron->months == 0x1ffe;
    bool has_all_days = cron->days == UINT32_C(0xfffffffe);
    bool has_all_weekdays = cron->weekdays == 0x7f;
    bool is_either = !cron->has_any_day && !cron->has_any_weekday;
    return has_all_months &&
           (is_either ? has_all_days || has_all_weekdays : has_all_days && has_all_weekdays);
}
