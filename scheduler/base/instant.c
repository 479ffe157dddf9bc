#include "scheduler/base/instant.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_DAYS 10000

struct unit {
    const char *name;
    int64_t us;
};

/* Largest first: the order in which they are written. */
static const struct unit units[] = {
    {"w", 7 * DURATION_DAY_US},
    {"d", DURATION_DAY_US},
    {"h", 3600 * DURATION_SECOND_US},
    {"m", 60 * DURATION_SECOND_US},
    {"s", DURATION_SECOND_US},
    {"ms", 1000},
    {"us", 1},
};

#define UNIT_COUNT (sizeof units / sizeof units[0])

static int refuse(struct error *err, const char *text, const char *why)
{
    error_set(err, ERROR_KIND_INVALID, "`%.60s` is not a duration: %s", text, why);
    error_help(err, "write 30s, 5m, 1h30m, 90d or 2w; the units are ms, s, m, h, d and w");
    return -1;
}

/* Reads digits at *at; -1 when there are none or the number is absurd. */
static int read_number(const char **at, int64_t *ret_number)
{
    const char *start = *at;
    int64_t number = 0;
    while (**at >= '0' && **at <= '9') {
        number = number * 10 + (**at - '0');
        if (number > MAX_DAYS * DURATION_DAY_US)
            return -1;
        (*at)++;
    }
    *ret_number = number;
    return *at == start ? -1 : 0;
}

/* The index of the unit at *at, UNIT_COUNT when there is none. */
static size_t read_unit(const char **at)
{
    size_t length = strspn(*at, "abcdefghijklmnopqrstuvwxyz");
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (strlen(units[i].name) == length && memcmp(units[i].name, *at, length) == 0) {
            *at += length;
            return i;
        }
    }
    return UNIT_COUNT;
}

int duration_parse(const char *text, struct duration *ret_duration, struct error *err)
{
    const char *at = text;
    size_t next = 0; /* units before it have been used */
    int64_t total = 0;
    if (*at == '\0')
        return refuse(err, text, "it is empty");
    while (*at != '\0') {
        int64_t number;
        if (*at < '0' || *at > '9')
            return refuse(err, text, "a whole number is expected before each unit");
        if (read_number(&at, &number) != 0)
            return refuse(err, text, "it is longer than 10,000 days");
        if (*at == '\0')
            return refuse(err, text, "a unit is missing after the number");
        size_t unit = read_unit(&at);
        if (unit == UNIT_COUNT)
            return refuse(err, text, "there is no such unit");
        if (unit < next)
            return refuse(err, text, "units go from large to small, each once");
        next = unit + 1;
        int64_t part;
        if (__builtin_mul_overflow(number, units[unit].us, &part) ||
            __builtin_add_overflow(total, part, &total) || total > MAX_DAYS * DURATION_DAY_US)
            return refuse(err, text, "it is longer than 10,000 days");
    }
    *ret_duration = (struct duration){total};
    return 0;
}

/* The size without the sign; works for INT64_MIN too. */
static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

const char *duration_format(struct duration duration, char buffer[DURATION_TEXT_BYTES])
{
    uint64_t us = magnitude(duration.us);
    const char *sign = duration.us < 0 ? "-" : "";
    uint64_t tenths = (us + 50000) / 100000;
    uint64_t seconds = us / 1000000;
    uint64_t minutes = seconds / 60;
    uint64_t hours = minutes / 60;
    if (tenths < 100)
        snprintf(buffer, DURATION_TEXT_BYTES, "%s%" PRIu64 ".%" PRIu64 "s", sign, tenths / 10,
                 tenths % 10);
    else if (seconds < 60)
        snprintf(buffer, DURATION_TEXT_BYTES, "%s%" PRIu64 "s", sign, seconds < 10 ? 10 : seconds);
    else if (hours == 0)
        snprintf(buffer, DURATION_TEXT_BYTES, "%s%" PRIu64 "m %02" PRIu64 "s", sign, minutes,
                 seconds % 60);
    else if (hours < 24)
        snprintf(buffer, DURATION_TEXT_BYTES, "%s%" PRIu64 "h %02" PRIu64 "m", sign, hours,
                 minutes % 60);
    else
        snprintf(buffer, DURATION_TEXT_BYTES, "%s%" PRIu64 "d %" PRIu64 "h", sign, hours / 24,
                 hours % 24);
    return buffer;
}

const char *duration_format_exact(struct duration duration, char buffer[DURATION_TEXT_BYTES])
{
    uint64_t rest = magnitude(duration.us);
    size_t used = 0;
    if (duration.us < 0)
        buffer[used++] = '-';
    buffer[used] = '\0';
    uint64_t week = (uint64_t)units[0].us;
    size_t first = rest != 0 && rest % week == 0 ? 0 : 1;
    for (size_t i = first; i < UNIT_COUNT; i++) {
        uint64_t size = (uint64_t)units[i].us;
        if (rest >= size)
            used += (size_t)snprintf(buffer + used, DURATION_TEXT_BYTES - used, "%" PRIu64 "%s",
                                     rest / size, units[i].name);
        rest %= size;
    }
    if (duration.us == 0)
        snprintf(buffer, DURATION_TEXT_BYTES, "0s");
    return buffer;
}
