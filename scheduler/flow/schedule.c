#include "scheduler/flow/schedule.h"

#include "scheduler/base/instant.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/flow/cron.h"

#include <string.h>

#define DAY_SECONDS 86400
#define MAX_WORDS 8
#define MAX_TEXT_BYTES 1024
#define LAST_DAY 32 /* the bit of `last` among the days of a month */

static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
static const char *const form_names[] = {"daily", "hourly", "every", "weekly", "monthly", "yearly"};

/* The words of a form, and where the result goes. */
struct reader {
    const char *text;
    const char *words[MAX_WORDS]; /* in `copy` */
    size_t offsets[MAX_WORDS];    /* in `text` */
    size_t count;
    struct arena *arena;
    struct flow_schedule_rule rule;
    struct cron cron;  /* of the rule */
    bool is_days_only; /* no time of day follows */
    struct error *err;
};

__attribute__((format(printf, 3, 4))) static int fail(struct reader *reader, size_t word,
                                                      const char *format, ...)
{
    SCOPED_TEXT struct text message = {0};
    va_list args;
    va_start(args, format);
    text_append_args(&message, format, args);
    va_end(args);
    error_set(reader->err, ERROR_KIND_INVALID, "%s", text_string(&message));
    if (reader->err == NULL)
        return -1;
    bool is_there = word < reader->count;
    size_t offset = is_there ? reader->offsets[word] : 0;
    size_t length = is_there ? strlen(reader->words[word]) : strlen(reader->text);
    reader->err->column = (int)offset + 1;
    reader->err->line = length == 0 ? 1 : (int)length;
    return -1;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Exactly two digits. */
static int read_pair(const char *text, int max, int *ret_number)
{
    if (!is_digit(text[0]) || !is_digit(text[1]))
        return -1;
    *ret_number = (text[0] - '0') * 10 + (text[1] - '0');
    return *ret_number <= max ? 0 : -1;
}

/* `HH:MM` or `HH:MM:SS`, in seconds of the day; `24:00` only where an end may stand. */
static int read_time(struct reader *reader, size_t word, int32_t *ret_seconds)
{
    const char *text = word < reader->count ? reader->words[word] : "";
    int hour;
    int minute;
    int second = 0;
    size_t length = strlen(text);
    bool is_good = (length == 5 || length == 8) && read_pair(text, 23, &hour) == 0 &&
                   text[2] == ':' && read_pair(text + 3, 59, &minute) == 0 &&
                   (length == 5 || (text[5] == ':' && read_pair(text + 6, 59, &second) == 0));
    if (!is_good)
        return word < reader->count
                   ? fail(reader, word, "expected a time such as 00:30, not `%s`", text)
                   : fail(reader, word, "expected a time such as 00:30 after `%s`",
                          reader->words[reader->count - 1]);
    *ret_seconds = hour * 3600 + minute * 60 + second;
    return 0;
}

static int expect_end(struct reader *reader, size_t count)
{
    if (reader->count > count)
        return fail(reader, count, "nothing is expected after `%s`", reader->words[count - 1]);
    return 0;
}

static void set_times(struct reader *reader, const int32_t *seconds, size_t count)
{
    struct civil_time *times = arena_array(reader->arena, count, sizeof *times);
    for (size_t i = 0; i < count; i++) {
        times[i].hour = seconds[i] / 3600;
        times[i].minute = seconds[i] / 60 % 60;
        times[i].second = seconds[i] % 60;
    }
    reader->rule.times = times;
    reader->rule.time_count = count;
}

static const char *time_text(struct reader *reader, int32_t seconds)
{
    if (seconds % 60 != 0)
        return arena_format(reader->arena, "%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60,
                            seconds % 60);
    return arena_format(reader->arena, "%02d:%02d", seconds / 3600, seconds / 60 % 60);
}

static int read_daily(struct reader *reader)
{
    int32_t seconds;
    if (read_time(reader, 1, &seconds) != 0 || expect_end(reader, 2) != 0)
        return -1;
    set_times(reader, &seconds, 1);
    reader->rule.text = arena_format(reader->arena, "daily %s", time_text(reader, seconds));
    return 0;
}

static int read_hourly(struct reader *reader)
{
    int minute = 0;
    const char *text = reader->count > 1 ? reader->words[1] : ":00";
    if (text[0] != ':' || strlen(text) != 3 || read_pair(text + 1, 59, &minute) != 0)
        return fail(reader, 1, "expected a minute such as :15, not `%s`", text);
    if (expect_end(reader, 2) != 0)
        return -1;
    int32_t seconds[24];
    reader->rule.is_interval = true;
    for (int hour = 0; hour < 24; hour++)
        seconds[hour] = hour * 3600 + minute * 60;
    set_times(reader, seconds, 24);
    reader->rule.text = arena_format(reader->arena, "hourly :%02d", minute);
    return 0;
}

static int read_window(struct reader *reader, int32_t *ret_from, int32_t *ret_to)
{
    *ret_from = 0;
    *ret_to = DAY_SECONDS - 1;
    if (reader->count == 2)
        return 0;
    if (reader->count < 6 || strcmp(reader->words[2], "from") != 0 ||
        strcmp(reader->words[4], "to") != 0)
        return fail(reader, 2, "expected `from HH:MM to HH:MM`");
    if (read_time(reader, 3, ret_from) != 0 || read_time(reader, 5, ret_to) != 0 ||
        expect_end(reader, 6) != 0)
        return -1;
    if (*ret_from > *ret_to)
        return fail(reader, 5, "the end %s is before the beginning %s", reader->words[5],
                    reader->words[3]);
    return 0;
}

static int read_every(struct reader *reader)
{
    struct duration step;
    if (reader->count < 2 || duration_parse(reader->words[1], &step, NULL) != 0)
        return fail(reader, 1, "expected a step such as 5m, 1h");
    int64_t seconds = step.us / DURATION_SECOND_US;
    if (seconds < 1 || seconds > DAY_SECONDS || step.us % DURATION_SECOND_US != 0)
        return fail(reader, 1, "a step is whole seconds, from 1s to 1d");
    int32_t from;
    int32_t to;
    if (read_window(reader, &from, &to) != 0)
        return -1;
    /* Counted from the day's first time, so that each day is alike. */
    if (reader->count == 2 && DAY_SECONDS % seconds != 0)
        return fail(reader, 1, "a day is no multiple of %s", reader->words[1]);
    size_t count = (size_t)((to - from) / seconds) + 1;
    reader->rule.is_interval = count > 1;
    int32_t *times = arena_array(reader->arena, count, sizeof *times);
    for (size_t i = 0; i < count; i++)
        times[i] = from + (int32_t)((int64_t)i * seconds);
    set_times(reader, times, count);
    char buffer[DURATION_TEXT_BYTES];
    const char *words = duration_format_exact(step, buffer);
    reader->rule.text = reader->count == 2
                            ? arena_format(reader->arena, "every %s", words)
                            : arena_format(reader->arena, "every %s from %s to %s", words,
                                           time_text(reader, from), time_text(reader, to));
    return 0;
}

/* `mon,fri`, `mon-fri` into bits 0 to 6. */
static int read_weekdays(struct reader *reader, uint64_t *bits)
{
    const char *at = reader->words[1];
    int first = -1;
    for (;;) {
        int day = -1;
        size_t length = strcspn(at, ",-");
        for (int i = 0; i < 7; i++) {
            if (length == 3 && strncmp(at, day_names[i], 3) == 0)
                day = i;
        }
        if (day < 0)
            return fail(reader, 1, "`%.*s` is no weekday: mon, tue, wed, thu, fri, sat, sun",
                        (int)length, at);
        for (int i = first < 0 ? day : first; i != day; i = (i + 1) % 7)
            *bits |= UINT64_C(1) << i;
        *bits |= UINT64_C(1) << day;
        if (at[length] == '\0')
            return 0;
        if (at[length] == '-' && first >= 0)
            return fail(reader, 1, "a range has two ends");
        first = at[length] == '-' ? day : -1;
        at += length + 1;
    }
}

/* `1,15,last` into bits 1 to 31 and LAST_DAY. */
static int read_month_days(struct reader *reader, uint64_t *bits)
{
    for (const char *at = reader->words[1];;) {
        size_t length = strcspn(at, ",");
        int day = 0;
        if (length == 4 && strncmp(at, "last", 4) == 0)
            day = LAST_DAY;
        for (size_t i = 0; i < length && length <= 2 && day != LAST_DAY; i++)
            day = is_digit(at[i]) ? day * 10 + (at[i] - '0') : 100;
        if (day < 1 || day > LAST_DAY || (day == LAST_DAY && length != 4))
            return fail(reader, 1, "`%.*s` is no day of a month: 1 to 31, or last", (int)length,
                        at);
        *bits |= UINT64_C(1) << day;
        if (at[length] == '\0')
            return 0;
        at += length + 1;
    }
}

static int finish_days(struct reader *reader, const char *days)
{
    int32_t seconds;
    if (reader->is_days_only) {
        if (reader->count > 2)
            return fail(reader, 2, "only days stand here: a node starts at its flow's time");
        reader->rule.text = arena_format(reader->arena, "%s %s", reader->words[0], days);
        return 0;
    }
    if (read_time(reader, 2, &seconds) != 0 || expect_end(reader, 3) != 0)
        return -1;
    set_times(reader, &seconds, 1);
    reader->rule.text =
        arena_format(reader->arena, "%s %s %s", reader->words[0], days, time_text(reader, seconds));
    return 0;
}

static int read_weekly(struct reader *reader)
{
    if (reader->count < 2)
        return fail(reader, 1, "expected weekdays after `weekly`: weekly mon,fri 09:00");
    uint64_t bits = 0;
    if (read_weekdays(reader, &bits) != 0)
        return -1;
    SCOPED_TEXT struct text days = {0};
    for (int i = 0; i < 7; i++) {
        if ((bits >> i & 1) != 0)
            text_append_format(&days, "%s%s", days.length == 0 ? "" : ",", day_names[i]);
    }
    reader->cron.has_any_weekday = bits == 0x7f;
    reader->cron.weekdays = (uint32_t)((bits << 1 | bits >> 6) & 0x7f); /* from Monday to Sunday */
    return finish_days(reader, text_string(&days));
}

static int read_monthly(struct reader *reader)
{
    if (reader->count < 2)
        return fail(reader, 1, "expected days after `monthly`: monthly 1,last 03:00");
    uint64_t bits = 0;
    if (read_month_days(reader, &bits) != 0)
        return -1;
    SCOPED_TEXT struct text days = {0};
    for (int i = 1; i <= LAST_DAY; i++) {
        if ((bits >> i & 1) == 0)
            continue;
        text_append(&days, days.length == 0 ? "" : ",");
        text_append_format(&days, i == LAST_DAY ? "last" : "%d", i);
    }
    reader->cron.days = (uint32_t)(bits & UINT64_C(0xfffffffe));
    reader->cron.is_last_day = (bits >> LAST_DAY & 1) != 0;
    reader->cron.has_any_day = reader->cron.days == UINT32_C(0xfffffffe);
    return finish_days(reader, text_string(&days));
}

static int read_yearly(struct reader *reader)
{
    const char *text = reader->count > 1 ? reader->words[1] : "";
    int month = 0;
    int day = 0;
    bool is_good = strlen(text) == 5 && read_pair(text, 12, &month) == 0 && text[2] == '-' &&
                   read_pair(text + 3, 31, &day) == 0 && month > 0 && day > 0 &&
                   day <= civil_days_in_month(2000, month);
    if (!is_good)
        return fail(reader, 1, "expected a day such as 01-31, not `%s`", text);
    reader->cron.months = UINT32_C(1) << month;
    reader->cron.days = UINT32_C(1) << day;
    reader->cron.has_any_day = false;
    return finish_days(reader, text);
}

static int read_form(struct reader *reader)
{
    static int (*const readers[])(struct reader *) = {read_daily,  read_hourly,  read_every,
                                                      read_weekly, read_monthly, read_yearly};
    struct suggest suggest;
    suggest_begin(&suggest, reader->words[0]);
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (strcmp(reader->words[0], form_names[i]) == 0)
            return readers[i](reader);
        suggest_offer(&suggest, form_names[i]);
    }
    fail(reader, 0, "`%s` is no schedule", reader->words[0]);
    if (suggest_best(&suggest) != NULL)
        return error_help(reader->err, "did you mean `%s`?", suggest_best(&suggest));
    return error_help(
        reader->err, "daily 00:30, hourly :15, every 5m from 08:00 to 20:00, weekly mon,fri 09:00, "
                     "monthly 1,last 03:00, yearly 01-01 04:00, or a cron line");
}

static int split(const char *text, struct reader *reader)
{
    size_t length = strlen(text);
    if (length > MAX_TEXT_BYTES)
        return fail(reader, 0, "a schedule has at most %d characters", MAX_TEXT_BYTES);
    for (const char *at = text + strspn(text, " \t\n"); *at != '\0'; at += strspn(at, " \t\n")) {
        size_t word = strcspn(at, " \t\n");
        if (reader->count == MAX_WORDS)
            return fail(reader, MAX_WORDS, "too many words");
        reader->words[reader->count] = arena_copy(reader->arena, at, word);
        reader->offsets[reader->count++] = (size_t)(at - text);
        at += word;
    }
    return reader->count > 0 ? 0 : fail(reader, 0, "a schedule cannot be empty");
}

static int finish_rule(struct reader *reader, struct flow_schedule_rule *ret_rule)
{
    static const struct civil_date some_day = {2000, 1, 1};
    struct civil_date first;
    if (!cron_next_date(&reader->cron, some_day, &first))
        return fail(reader, reader->count, "it never fires: there is no such date");
    struct cron *cron = arena_alloc(reader->arena, sizeof *cron);
    *cron = reader->cron;
    reader->rule.cron = cron;
    reader->rule.fires_each_day = cron_fires_each_day(cron);
    *ret_rule = reader->rule;
    return 0;
}

int schedule_parse(const char *text, struct arena *arena, struct flow_schedule_rule *ret_rule,
                   struct error *err)
{
    struct reader reader = {.text = text, .arena = arena, .cron = cron_every_day, .err = err};
    if (split(text, &reader) != 0)
        return -1;
    char first = reader.words[0][0];
    if (is_digit(first) || first == '*')
        return schedule_parse_cron(text, arena, ret_rule, err);
    return read_form(&reader) != 0 ? -1 : finish_rule(&reader, ret_rule);
}

static size_t count_bits(uint64_t bits)
{
    return (size_t)__builtin_popcountll(bits);
}

/* Of one minute that begins at `first`; returns how many. */
static size_t set_seconds(const struct cron *cron, int32_t first, int32_t *times)
{
    size_t count = 0;
    for (int32_t second = 0; second < 60; second++) {
        if ((cron->seconds >> second & 1) != 0)
            times[count++] = first + second;
    }
    return count;
}

static void set_cron_times(struct reader *reader, const struct cron *cron)
{
    size_t count = count_bits(cron->hours) * count_bits(cron->minutes) * count_bits(cron->seconds);
    int32_t *times = arena_array(reader->arena, count, sizeof *times);
    size_t at = 0;
    for (int32_t minute = 0; minute < 24 * 60; minute++) {
        if ((cron->hours >> (minute / 60) & 1) != 0 && (cron->minutes >> (minute % 60) & 1) != 0)
            at += set_seconds(cron, minute * 60, &times[at]);
    }
    set_times(reader, times, at);
}

int schedule_parse_cron(const char *text, struct arena *arena, struct flow_schedule_rule *ret_rule,
                        struct error *err)
{
    struct reader reader = {.text = text, .arena = arena, .err = err};
    if (cron_parse(text, &reader.cron, err) != 0 || split(text, &reader) != 0)
        return -1;
    set_cron_times(&reader, &reader.cron);
    SCOPED_TEXT struct text normal = {0};
    for (size_t i = 0; i < reader.count; i++)
        text_append_format(&normal, "%s%s", i == 0 ? "" : " ", reader.words[i]);
    reader.rule.text = arena_copy(arena, text_string(&normal), normal.length);
    reader.rule.is_interval = count_bits(reader.cron.hours) > 1;
    return finish_rule(&reader, ret_rule);
}

static int read_day_form(struct reader *reader)
{
    static const char help[] = "weekly mon,fri, monthly 1,last, or yearly 12-31";
    struct suggest suggest;
    if (strcmp(reader->words[0], "weekly") == 0)
        return read_weekly(reader);
    if (strcmp(reader->words[0], "monthly") == 0)
        return read_monthly(reader);
    if (strcmp(reader->words[0], "yearly") == 0)
        return read_yearly(reader);
    suggest_begin(&suggest, reader->words[0]);
    suggest_offer(&suggest, "weekly");
    suggest_offer(&suggest, "monthly");
    suggest_offer(&suggest, "yearly");
    fail(reader, 0, "`%s` says no days", reader->words[0]);
    if (suggest_best(&suggest) != NULL)
        return error_help(reader->err, "did you mean `%s`? Days are %s", suggest_best(&suggest),
                          help);
    return error_help(reader->err, "days are %s", help);
}

int schedule_parse_days(const char *text, struct arena *arena, const struct cron **ret_cron,
                        const char **ret_text, struct error *err)
{
    struct flow_schedule_rule rule;
    struct reader reader = {
        .text = text, .arena = arena, .cron = cron_every_day, .is_days_only = true, .err = err};
    if (split(text, &reader) != 0 || read_day_form(&reader) != 0 ||
        finish_rule(&reader, &rule) != 0)
        return -1;
    *ret_cron = rule.cron;
    *ret_text = rule.text;
    return 0;
}
