#include "nodes/warehouse/date_format.h"

#include <string.h>
#include <strings.h>

enum field {
    FIELD_YEAR,
    FIELD_MONTH,
    FIELD_DAY,
    FIELD_HOUR,
    FIELD_MINUTE,
    FIELD_SECOND,
    FIELD_MILLISECOND,
    FIELD_NONE
};

struct field_row {
    const char *pattern;
    enum field field;
    int digits;
};

static const struct field_row maxcompute_rows[] = {
    {"yyyy", FIELD_YEAR, 4}, {"mm", FIELD_MONTH, 2},        {"dd", FIELD_DAY, 2},
    {"hh24", FIELD_HOUR, 2}, {"hh", FIELD_HOUR, 2},         {"mi", FIELD_MINUTE, 2},
    {"ss", FIELD_SECOND, 2}, {"ff3", FIELD_MILLISECOND, 3}, {NULL, FIELD_NONE, 0},
};

static const struct field_row java_rows[] = {
    {"yyyy", FIELD_YEAR, 4},       {"MM", FIELD_MONTH, 2},  {"dd", FIELD_DAY, 2},
    {"HH", FIELD_HOUR, 2},         {"mm", FIELD_MINUTE, 2}, {"ss", FIELD_SECOND, 2},
    {"SSS", FIELD_MILLISECOND, 3}, {NULL, FIELD_NONE, 0},
};

/* The field that the pattern begins with; its row's pattern is NULL if it begins with none. */
static const struct field_row *find_field(const char *pattern, size_t length, enum date_style style)
{
    const struct field_row *row = style == DATE_STYLE_JAVA ? java_rows : maxcompute_rows;
    for (; row->pattern != NULL; row++) {
        size_t size = strlen(row->pattern);
        if (size > length)
            continue;
        bool is_here = style == DATE_STYLE_JAVA ? memcmp(row->pattern, pattern, size) == 0
                                                : strncasecmp(row->pattern, pattern, size) == 0;
        if (is_here)
            break;
    }
    return row;
}

static int32_t get_field(const struct value_moment *moment, enum field field)
{
    switch (field) {
    case FIELD_YEAR:
        return moment->time.date.year;
    case FIELD_MONTH:
        return moment->time.date.month;
    case FIELD_DAY:
        return moment->time.date.day;
    case FIELD_HOUR:
        return moment->time.hour;
    case FIELD_MINUTE:
        return moment->time.minute;
    case FIELD_SECOND:
        return moment->time.second;
    case FIELD_MILLISECOND:
        return moment->nanosecond / 1000000;
    case FIELD_NONE:
        break;
    }
    return 0;
}

static void set_field(struct value_moment *moment, enum field field, int32_t value)
{
    switch (field) {
    case FIELD_YEAR:
        moment->time.date.year = value;
        return;
    case FIELD_MONTH:
        moment->time.date.month = value;
        return;
    case FIELD_DAY:
        moment->time.date.day = value;
        return;
    case FIELD_HOUR:
        moment->time.hour = value;
        return;
    case FIELD_MINUTE:
        moment->time.minute = value;
        return;
    case FIELD_SECOND:
        moment->time.second = value;
        return;
    case FIELD_MILLISECOND:
        moment->nanosecond = value * 1000000;
        return;
    case FIELD_NONE:
        return;
    }
}

void date_format_write(const struct value_moment *moment, const char *pattern, size_t length,
                       enum date_style style, struct text *out)
{
    size_t at = 0;
    while (at < length) {
        const struct field_row *row = find_field(pattern + at, length - at, style);
        if (row->pattern == NULL) {
            text_append_char(out, pattern[at++]);
            continue;
        }
        text_append_format(out, "%0*d", row->digits, get_field(moment, row->field));
        at += strlen(row->pattern);
    }
}

bool date_format_read(const char *text, size_t length, const char *pattern, size_t pattern_length,
                      struct value_moment *ret_moment)
{
    struct value_moment moment = {.time = {.date = {1970, 1, 1}}, .has_time = true};
    size_t at = 0;
    size_t from = 0;
    while (at < pattern_length) {
        const struct field_row *row =
            find_field(pattern + at, pattern_length - at, DATE_STYLE_MAXCOMPUTE);
        if (row->pattern == NULL) {
            if (from >= length || text[from++] != pattern[at++])
                return false;
            continue;
        }
        int32_t value = 0;
        for (int i = 0; i < row->digits; i++, from++) {
            if (from >= length || text[from] < '0' || text[from] > '9')
                return false;
            value = value * 10 + (text[from] - '0');
        }
        set_field(&moment, row->field, value);
        at += strlen(row->pattern);
    }
    const struct civil_time *time = &moment.time;
    if (from != length || !civil_date_is_valid(time->date) || time->hour > 23 ||
        time->minute > 59 || time->second > 59)
        return false;
    *ret_moment = moment;
    return true;
}
