#include "scheduler/flow/flow_need.h"

#include "scheduler/flow/field_scalar.h"

#include <inttypes.h>
#include <string.h>

#define HELP                                                                                       \
    "write node, flow/node or flow/*; behind it may stand @-1 (the cycle before), @-1d (the "      \
    "business date before) or @13:00 (one of its instances)"

static int fail_at(const char *text, const char *at, size_t length, struct error *err)
{
    err->column = (int)(at - text) + 1;
    err->line = length == 0 ? 1 : (int)length;
    return -1;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool read_pair(const char *at, int32_t most, int32_t *ret_number)
{
    if (!is_digit(at[0]) || !is_digit(at[1]))
        return false;
    *ret_number = (at[0] - '0') * 10 + (at[1] - '0');
    return *ret_number <= most;
}

/* HH:MM or HH:MM:SS */
static bool read_time(const char *at, size_t length, struct civil_time *ret_time)
{
    struct civil_time time = {0};
    bool is_good = (length == 5 || length == 8) && read_pair(at, 23, &time.hour) && at[2] == ':' &&
                   read_pair(at + 3, 59, &time.minute) &&
                   (length == 5 || (at[5] == ':' && read_pair(at + 6, 59, &time.second)));
    if (is_good)
        *ret_time = time;
    return is_good;
}

/* The number of `-N` or `-Nd`; 0 = it is none. */
static int32_t read_back(const char *at, size_t length, bool *ret_is_days)
{
    int32_t number = 0;
    *ret_is_days = length > 2 && at[length - 1] == 'd';
    size_t end = *ret_is_days ? length - 1 : length;
    if (length < 2 || at[0] != '-' || at[1] == '0' || end > 8)
        return 0;
    for (size_t i = 1; i < end; i++) {
        if (!is_digit(at[i]))
            return 0;
        number = number * 10 + (at[i] - '0');
    }
    return number;
}

static int read_suffix(const char *text, const char *at, struct flow_need *need, struct error *err)
{
    size_t length = strcspn(at, "@");
    bool is_days;
    int32_t back = read_back(at, length, &is_days);
    if (back == 0 && !need->has_time && read_time(at, length, &need->time)) {
        need->has_time = true;
        return 0;
    }
    bool is_first = !need->has_time && need->cycle_back == 0;
    if (is_first && ((is_days && back > 0 && back <= FLOW_NEED_MAX_DAYS) || back == 1)) {
        need->cycle_back = 1;
        need->days_back = is_days ? back : 0;
        return 0;
    }
    if (is_first && back > 1 && !is_days) {
        error_set(err, ERROR_KIND_INVALID, "only one cycle back can be needed");
        error_help(err, "@-1 is the cycle before; @-%" PRId32 "d are days", back);
    } else if (is_first && is_days && back > 0) {
        error_set(err, ERROR_KIND_INVALID, "at most %d days back", FLOW_NEED_MAX_DAYS);
        error_help(err, "%s", HELP);
    } else {
        error_set(err, ERROR_KIND_INVALID, "no cycle, days or time: `%.*s`",
                  (int)(length < 32 ? length : 32), at);
        error_help(err, "%s", HELP);
    }
    return fail_at(text, at - 1, length + 1, err);
}

static int check_suffixes(const char *text, const struct flow_need *need, struct error *err)
{
    const char *at = strchr(text, '@');
    if (!need->has_time || need->cycle_back == 0 || need->days_back > 0)
        return 0;
    error_set(err, ERROR_KIND_INVALID, "the cycle before has its own time");
    error_help(err, "for that time of the date before write @-1d%s", strchr(at + 1, '@'));
    return fail_at(text, at, strlen(at), err);
}

static int fail_name(const char *text, const char *at, size_t length, struct error *err)
{
    error_set(err, ERROR_KIND_INVALID, "`%.64s` is not a need", text);
    error_help(err, "%s", HELP);
    return fail_at(text, at, length, err);
}

int flow_need_parse(const char *text, struct arena *arena, struct flow_need *ret_need,
                    struct error *err)
{
    struct error ignored;
    struct flow_need need = {.index = FLOW_NONE};
    const char *slash = strchr(text, '/');
    const char *node = slash == NULL ? text : slash + 1;
    size_t length = strcspn(node, "@");
    bool is_all = slash != NULL && length == 1 && node[0] == '*';
    if (err == NULL)
        err = &ignored;
    if (slash != NULL && !field_is_name(text, (size_t)(slash - text)))
        return fail_name(text, text, (size_t)(slash - text), err);
    if (!is_all && !field_is_name(node, length))
        return fail_name(text, node, length, err);
    for (const char *at = node + length; *at == '@'; at += strcspn(at, "@")) {
        at++;
        if (read_suffix(text, at, &need, err) < 0)
            return -1;
    }
    if (check_suffixes(text, &need, err) < 0)
        return -1;
    need.flow = slash == NULL ? NULL : arena_copy(arena, text, (size_t)(slash - text));
    need.node = arena_copy(arena, node, length);
    *ret_need = need;
    return 0;
}

bool flow_need_is_all(const struct flow_need *need)
{
    return strcmp(need->node, FLOW_NEED_ALL) == 0;
}

bool flow_need_is_inside(const struct flow_need *need)
{
    return need->index != FLOW_NONE && need->cycle_back == 0;
}

static const char *time_text(const struct civil_time *time, struct arena *arena)
{
    if (time->second != 0)
        return arena_format(arena, "@%02" PRId32 ":%02" PRId32 ":%02" PRId32, time->hour,
                            time->minute, time->second);
    return arena_format(arena, "@%02" PRId32 ":%02" PRId32, time->hour, time->minute);
}

const char *flow_need_suffix(const struct flow_need *need, struct arena *arena)
{
    const char *back = need->cycle_back > 0 ? "@-1" : "";
    if (need->days_back > 0)
        back = arena_format(arena, "@-%" PRId32 "d", need->days_back);
    return need->has_time ? arena_format(arena, "%s%s", back, time_text(&need->time, arena)) : back;
}

const char *flow_need_text(const struct flow_need *need, struct arena *arena)
{
    return arena_format(arena, "%s%s%s%s", need->flow != NULL ? need->flow : "",
                        need->flow != NULL ? "/" : "", need->node, flow_need_suffix(need, arena));
}
