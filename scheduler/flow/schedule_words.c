#include "scheduler/flow/schedule_words.h"

#include "scheduler/flow/cron.h"

#include <inttypes.h>

#define SHOWN_TIMES 6 /* more are counted */

/* The hours, minutes and seconds that the times of a rule are made of. */
struct clock_sets {
    uint64_t hours;
    uint64_t minutes;
    uint64_t seconds;
};

static struct clock_sets read_sets(const struct flow_schedule_rule *rule)
{
    struct clock_sets sets = {0};
    for (size_t i = 0; i < rule->time_count; i++) {
        sets.hours |= UINT64_C(1) << rule->times[i].hour;
        sets.minutes |= UINT64_C(1) << rule->times[i].minute;
        sets.seconds |= UINT64_C(1) << rule->times[i].second;
    }
    return sets;
}

static size_t count_bits(uint64_t bits)
{
    return (size_t)__builtin_popcountll(bits);
}

static int first_bit(uint64_t bits)
{
    return __builtin_ctzll(bits);
}

/* ---- as a cron line ---- */

/* The step of bits that are evenly spread from `min` on up to the end of the field; 0 = not so. */
static int find_step(uint64_t bits, int min, int max)
{
    size_t count = count_bits(bits);
    if (count < 3 || first_bit(bits) != min)
        return 0;
    int step = first_bit(bits & ~(UINT64_C(1) << min)) - min;
    uint64_t even = 0;
    for (int at = min; at <= max; at += step)
        even |= UINT64_C(1) << at;
    return even == bits ? step : 0;
}

static void append_comma(struct text *text, size_t begin)
{
    if (text->length > begin)
        text_append_char(text, ',');
}

/* `*`, step, ranges and single numbers. */
static void append_field(struct text *text, uint64_t bits, int min, int max)
{
    size_t begin = text->length;
    int step = find_step(bits, min, max);
    if (step == 1) {
        text_append_char(text, '*');
        return;
    }
    if (step > 1) {
        text_append_format(text, "*/%d", step);
        return;
    }
    for (int at = min; at <= max; at++) {
        int last = at;
        while (last < max && (bits >> (last + 1) & 1) != 0)
            last++;
        if ((bits >> at & 1) == 0)
            continue;
        append_comma(text, begin);
        if (last > at)
            text_append_format(text, "%d-%d", at, last);
        else
            text_append_format(text, "%d", at);
        at = last;
    }
}

static void append_days(struct text *text, const struct cron *cron)
{
    size_t begin = text->length;
    if (cron->has_any_day) {
        text_append_char(text, '*');
        return;
    }
    if (cron->days != 0)
        append_field(text, cron->days, 1, 31);
    if (cron->is_last_day) {
        append_comma(text, begin);
        text_append_char(text, 'L');
    }
    if (cron->is_last_working_day) {
        append_comma(text, begin);
        text_append(text, "LW");
    }
    for (int day = 1; day <= 31; day++) {
        if ((cron->nearest_days >> day & 1) == 0)
            continue;
        append_comma(text, begin);
        text_append_format(text, "%dW", day);
    }
}

static void append_weekdays(struct text *text, const struct cron *cron)
{
    size_t begin = text->length;
    if (cron->has_any_weekday) {
        text_append_char(text, '*');
        return;
    }
    if (cron->weekdays != 0)
        append_field(text, cron->weekdays, 0, 6);
    for (int day = 0; day <= 6; day++) {
        if ((cron->last_weekdays >> day & 1) != 0) {
            append_comma(text, begin);
            text_append_format(text, "%dL", day);
        }
        for (int nth = 1; nth <= 5; nth++) {
            if ((cron->nth_weekdays >> (8 * nth + day) & 1) == 0)
                continue;
            append_comma(text, begin);
            text_append_format(text, "%d#%d", day, nth);
        }
    }
}

void schedule_write_cron(const struct flow_schedule_rule *rule, struct text *text)
{
    struct clock_sets sets = read_sets(rule);
    bool is_product =
        count_bits(sets.hours) * count_bits(sets.minutes) * count_bits(sets.seconds) ==
        rule->time_count;
    if (!is_product) {
        text_append(text, rule->text);
        return;
    }
    if (sets.seconds != 1) {
        append_field(text, sets.seconds, 0, 59);
        text_append_char(text, ' ');
    }
    append_field(text, sets.minutes, 0, 59);
    text_append_char(text, ' ');
    append_field(text, sets.hours, 0, 23);
    text_append_char(text, ' ');
    append_days(text, rule->cron);
    text_append_char(text, ' ');
    append_field(text, rule->cron->months, 1, 12);
    text_append_char(text, ' ');
    append_weekdays(text, rule->cron);
}

/* ---- in words ---- */

static int32_t second_of_day(const struct civil_time *time)
{
    return time->hour * 3600 + time->minute * 60 + time->second;
}

static void append_time(struct text *text, const struct civil_time *time)
{
    text_append_format(text, "%02" PRId32 ":%02" PRId32, time->hour, time->minute);
    if (time->second != 0)
        text_append_format(text, ":%02" PRId32, time->second);
}

/* ", " or " and " before the next of `count` things. */
static void append_join(struct text *text, size_t index, size_t count)
{
    if (index > 0)
        text_append(text, index + 1 == count ? " and " : ", ");
}

/* Seconds between neighbours when they are all alike; 0 = they are not. */
static int32_t find_spacing(const struct flow_schedule_rule *rule)
{
    if (rule->time_count < 3)
        return 0;
    int32_t step = second_of_day(&rule->times[1]) - second_of_day(&rule->times[0]);
    for (size_t i = 2; i < rule->time_count; i++) {
        if (second_of_day(&rule->times[i]) - second_of_day(&rule->times[i - 1]) != step)
            return 0;
    }
    return step;
}

static void append_step(struct text *text, int32_t seconds)
{
    static const struct {
        int32_t seconds;
        const char *name;
    } units[] = {{3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t unit = 0;
    while (seconds % units[unit].seconds != 0)
        unit++;
    int32_t count = seconds / units[unit].seconds;
    if (count == 1)
        text_append_format(text, "every %s", units[unit].name);
    else
        text_append_format(text, "every %" PRId32 " %ss", count, units[unit].name);
}

static void append_even_times(struct text *text, const struct flow_schedule_rule *rule,
                              int32_t step)
{
    const struct civil_time *first = &rule->times[0];
    const struct civil_time *last = &rule->times[rule->time_count - 1];
    append_step(text, step);
    bool is_whole_day = second_of_day(last) + step >= 86400 && second_of_day(first) < step;
    if (is_whole_day && second_of_day(first) == 0)
        return;
    if (is_whole_day && step == 3600 && first->second == 0) {
        text_append_format(text, " at minute %" PRId32, first->minute);
        return;
    }
    text_append(text, " from ");
    append_time(text, first);
    text_append(text, " to ");
    append_time(text, last);
}

/* `at 02:30`, `every hour at minute 15`, `200 times, from 00:00 to 23:59`. */
static void append_times(struct text *text, const struct flow_schedule_rule *rule)
{
    int32_t step = find_spacing(rule);
    size_t count = rule->time_count;
    if (step > 0) {
        append_even_times(text, rule, step);
        return;
    }
    if (count > SHOWN_TIMES) {
        text_append_format(text, "%zu times, from ", count);
        append_time(text, &rule->times[0]);
        text_append(text, " to ");
        append_time(text, &rule->times[count - 1]);
        return;
    }
    text_append(text, "at ");
    for (size_t i = 0; i < count; i++) {
        append_join(text, i, count);
        append_time(text, &rule->times[i]);
    }
}

static const char *const weekday_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday"};
static const char *const month_names[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
static const char *const nth_names[] = {"", "first", "second", "third", "fourth", "fifth"};

static void append_month_days(struct text *text, const struct cron *cron)
{
    size_t count = count_bits(cron->days) + count_bits(cron->nearest_days) +
                   (cron->is_last_day ? 1 : 0) + (cron->is_last_working_day ? 1 : 0);
    size_t index = 0;
    for (int day = 1; day <= 31; day++) {
        if ((cron->days >> day & 1) == 0)
            continue;
        append_join(text, index++, count);
        text_append_format(text, "day %d", day);
    }
    for (int day = 1; day <= 31; day++) {
        if ((cron->nearest_days >> day & 1) == 0)
            continue;
        append_join(text, index++, count);
        text_append_format(text, "the working day nearest to day %d", day);
    }
    if (cron->is_last_day) {
        append_join(text, index++, count);
        text_append(text, "the last day");
    }
    if (cron->is_last_working_day) {
        append_join(text, index, count);
        text_append(text, "the last working day");
    }
    text_append(text, " of ");
}

static void append_months(struct text *text, const struct cron *cron)
{
    if (cron->months == 0x1ffe) {
        text_append(text, "the month");
        return;
    }
    size_t index = 0;
    for (int month = 1; month <= 12; month++) {
        if ((cron->months >> month & 1) == 0)
            continue;
        append_join(text, index++, count_bits(cron->months));
        text_append(text, month_names[month - 1]);
    }
}

/* From Monday to Sunday. */
static void append_week(struct text *text, const struct cron *cron)
{
    size_t count = count_bits(cron->weekdays) + count_bits(cron->last_weekdays) +
                   count_bits(cron->nth_weekdays);
    size_t index = 0;
    for (int i = 1; i <= 7; i++) {
        int day = i % 7;
        if ((cron->weekdays >> day & 1) != 0) {
            append_join(text, index++, count);
            text_append(text, weekday_names[day]);
        }
        for (int nth = 1; nth <= 5; nth++) {
            if ((cron->nth_weekdays >> (8 * nth + day) & 1) == 0)
                continue;
            append_join(text, index++, count);
            text_append_format(text, "the %s %s of the month", nth_names[nth], weekday_names[day]);
        }
        if ((cron->last_weekdays >> day & 1) != 0) {
            append_join(text, index++, count);
            text_append_format(text, "the last %s of the month", weekday_names[day]);
        }
    }
}

static void append_dates(struct text *text, const struct cron *cron)
{
    bool has_days = !cron->has_any_day;
    bool has_week = !cron->has_any_weekday && cron->weekdays != 0x7f;
    if (has_days) {
        text_append(text, " on ");
        append_month_days(text, cron);
        append_months(text, cron);
    }
    if (has_week) {
        text_append(text, has_days ? ", or on " : " on ");
        append_week(text, cron);
    }
    if (!has_days && cron->months != 0x1ffe) {
        text_append(text, " in ");
        append_months(text, cron);
    }
}

void schedule_write_words(const struct flow_schedule_rule *rule, struct text *text)
{
    bool is_every_day = rule->fires_each_day && find_spacing(rule) == 0;
    if (is_every_day)
        text_append(text, "every day ");
    append_times(text, rule);
    if (!rule->fires_each_day)
        append_dates(text, rule->cron);
}
