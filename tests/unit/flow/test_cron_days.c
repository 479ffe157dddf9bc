/* Days of random cron lines against a second opinion, on every date from 1970 to 2037. The opinion
 * is made with the line, piece by piece, from libc's weekdays and by looking at whole months. */
#include "scheduler/base/random.h"
#include "scheduler/base/text.h"
#include "scheduler/flow/cron.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define LINES 250
#define FULL_LINES 5000
#define MAX_PIECES 3
#define DAYS 24837 /* 1970-01-01 to 2037-12-31 */

enum piece_kind {
    PIECE_DAYS, /* from-to/step; of days or of weekdays */
    PIECE_LAST_DAY,
    PIECE_LAST_WORKING_DAY,
    PIECE_NEAREST, /* 15W */
    PIECE_LAST_OF, /* 5L */
    PIECE_NTH      /* 5#3 */
};

struct piece {
    enum piece_kind kind;
    int from;
    int to;
    int step;
    int nth;
};

struct field {
    bool is_any;
    struct piece pieces[MAX_PIECES];
    int count;
};

struct line {
    struct field days;
    struct field weekdays;
    int months_from; /* 0 = all */
    int months_to;
};

/* ---- the second opinion ---- */

struct day {
    int year, month, day, weekday; /* 0 = Sunday */
    int days;                      /* of the month */
};

static struct day day_at(int number)
{
    time_t at = (time_t)number * 86400;
    struct tm here;
    gmtime_r(&at, &here);
    struct tm end = {.tm_year = here.tm_year, .tm_mon = here.tm_mon + 1, .tm_mday = 0};
    timegm(&end);
    return (struct day){here.tm_year + 1900, here.tm_mon + 1, here.tm_mday, here.tm_wday,
                        end.tm_mday};
}

static int weekday_of(const struct day *day, int other)
{
    return ((day->weekday + other - day->day) % 7 + 7) % 7;
}

static bool is_working_day(const struct day *day, int other)
{
    int weekday = weekday_of(day, other);
    return weekday != 0 && weekday != 6;
}

/* Of all working days of the month the one that is least away. */
static int nearest(const struct day *day, int wanted)
{
    int best = 0;
    for (int each = 1; each <= day->days; each++) {
        if (is_working_day(day, each) && (best == 0 || abs(each - wanted) < abs(best - wanted)))
            best = each;
    }
    return best;
}

static int count_before(const struct day *day) /* days of that weekday up to this one */
{
    int count = 0;
    for (int each = 1; each <= day->day; each++)
        count += weekday_of(day, each) == day->weekday;
    return count;
}

static bool is_last_of_its_weekday(const struct day *day)
{
    for (int each = day->day + 1; each <= day->days; each++) {
        if (weekday_of(day, each) == day->weekday)
            return false;
    }
    return true;
}

static bool piece_has(const struct piece *piece, const struct day *day, bool is_weekday)
{
    int value = is_weekday ? day->weekday : day->day;
    switch (piece->kind) {
    case PIECE_DAYS:
        for (int at = piece->from; at <= piece->to; at += piece->step) {
            if (at == value || (is_weekday && at == 7 && value == 0))
                return true;
        }
        return false;
    case PIECE_LAST_DAY:
        return day->day == day->days;
    case PIECE_LAST_WORKING_DAY:
        return day->day == nearest(day, 40);
    case PIECE_NEAREST:
        return piece->from <= day->days && day->day == nearest(day, piece->from);
    case PIECE_LAST_OF:
        return day->weekday == piece->from % 7 && is_last_of_its_weekday(day);
    case PIECE_NTH:
        return day->weekday == piece->from % 7 && count_before(day) == piece->nth;
    }
    return false;
}

static bool field_has(const struct field *field, const struct day *day, bool is_weekday)
{
    for (int i = 0; i < field->count; i++) {
        if (piece_has(&field->pieces[i], day, is_weekday))
            return true;
    }
    return false;
}

static bool line_has(const struct line *line, const struct day *day)
{
    if (line->months_from != 0 && (day->month < line->months_from || day->month > line->months_to))
        return false;
    if (line->days.is_any)
        return line->weekdays.is_any || field_has(&line->weekdays, day, true);
    if (line->weekdays.is_any)
        return field_has(&line->days, day, false);
    return field_has(&line->days, day, false) || field_has(&line->weekdays, day, true);
}

/* ---- lines by chance ---- */

static const char *const weekday_names[] = {"sun", "Mon", "tue", "WED", "thu", "fri", "Sat"};
static const char *const month_names[] = {"jan", "FEB", "mar", "apr", "May", "jun",
                                          "jul", "aug", "sep", "oct", "NOV", "dec"};

static int pick(struct random *random, int count)
{
    return (int)random_below(random, (uint64_t)count);
}

static void add_range(struct random *random, bool is_weekday, struct piece *piece,
                      struct text *text)
{
    int least = is_weekday ? 0 : 1;
    int most = is_weekday ? 7 : 31;
    piece->kind = PIECE_DAYS;
    piece->step = 1;
    piece->from = least + pick(random, most - least + 1);
    piece->to = piece->from;
    if (is_weekday && piece->from < 7 && pick(random, 3) == 0)
        text_append(text, weekday_names[piece->from]);
    else
        text_append_format(text, "%d", piece->from);
    if (pick(random, 2) == 0)
        return;
    piece->to = piece->from + pick(random, most - piece->from + 1);
    text_append_format(text, "-%d", piece->to);
    if (pick(random, 2) == 0)
        return;
    piece->step = 1 + pick(random, 4);
    text_append_format(text, "/%d", piece->step);
}

static void add_piece(struct random *random, bool is_weekday, struct piece *piece,
                      struct text *text)
{
    int chance = pick(random, 6);
    if (chance < 3) {
        add_range(random, is_weekday, piece, text);
    } else if (is_weekday) {
        piece->kind = chance == 3 ? PIECE_LAST_OF : PIECE_NTH;
        piece->from = pick(random, 7);
        piece->nth = 1 + pick(random, 5);
        text_append_format(text, "%d", piece->from);
        text_append_format(text, chance == 3 ? "L" : "#%d", piece->nth);
    } else if (chance == 3) {
        piece->kind = PIECE_NEAREST;
        piece->from = 1 + pick(random, 31);
        text_append_format(text, "%dW", piece->from);
    } else {
        piece->kind = chance == 4 ? PIECE_LAST_DAY : PIECE_LAST_WORKING_DAY;
        text_append(text, chance == 4 ? "L" : "LW");
    }
}

static void add_field(struct random *random, bool is_weekday, struct field *field,
                      struct text *text)
{
    *field = (struct field){.is_any = pick(random, 3) == 0};
    if (field->is_any) {
        text_append(text, pick(random, 2) == 0 ? "*" : "?");
        return;
    }
    field->count = 1 + pick(random, MAX_PIECES);
    for (int i = 0; i < field->count; i++) {
        if (i > 0)
            text_append_char(text, ',');
        add_piece(random, is_weekday, &field->pieces[i], text);
    }
}

static void make_line(struct random *random, struct line *line, struct text *text)
{
    text_append(text, pick(random, 2) == 0 ? "0 30 2 " : "30 2 ");
    add_field(random, false, &line->days, text);
    line->months_from = pick(random, 2) == 0 ? 0 : 1 + pick(random, 12);
    line->months_to = line->months_from + pick(random, 13 - line->months_from);
    if (line->months_from == 0)
        text_append(text, " * ");
    else if (pick(random, 2) == 0)
        text_append_format(text, " %d-%s ", line->months_from, month_names[line->months_to - 1]);
    else
        text_append_format(text, " %s-%d ", month_names[line->months_from - 1], line->months_to);
    add_field(random, true, &line->weekdays, text);
}

static void days_are_as_a_second_opinion_says(void **state)
{
    static struct day days[DAYS];
    const char *full = getenv("DATEMILL_TEST_FULL");
    int lines = full != NULL && strcmp(full, "0") != 0 ? FULL_LINES : LINES;
    struct random random;
    (void)state;
    for (int i = 0; i < DAYS; i++)
        days[i] = day_at(i);
    assert_int_equal(days[DAYS - 1].year, 2037);
    random_seed(&random, 4);
    for (int i = 0; i < lines; i++) {
        struct line line;
        struct text text = {0};
        struct cron cron;
        struct error err = {0};
        make_line(&random, &line, &text);
        if (cron_parse(text_string(&text), &cron, &err) != 0)
            fail_msg("`%s`: %s", text_string(&text), err.text);
        for (int k = 0; k < DAYS; k++) {
            const struct day *day = &days[k];
            struct civil_date date = {day->year, day->month, day->day};
            if (cron_has_date(&cron, date) != line_has(&line, day))
                fail_msg("`%s` on %04d-%02d-%02d: %s", text_string(&text), day->year, day->month,
                         day->day, line_has(&line, day) ? "is missing" : "is too many");
        }
        text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_as_a_second_opinion_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
