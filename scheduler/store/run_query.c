#include "scheduler/store/run_query.h"

#include "scheduler/base/civil.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/base/utf8.h"
#include "scheduler/engine/task_state.h"
#include "scheduler/store/store_commit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIN_WORD_CHARACTERS 3 /* the index is of three-letter pieces */
#define MAX_ID_DIGITS 18

/* A piece of the text: for carets. */
struct span {
    size_t start;
    size_t length;
};

struct parser {
    const char *text;
    size_t at;
    struct instant now;
    struct arena *arena;
    struct run_query *query;
    struct error *err;
    struct span first_node_state; /* of a state that only nodes have; length 0 = none */
    size_t flow_capacity;
    size_t node_capacity;
    size_t trigger_capacity;
    size_t backfill_capacity;
    size_t word_capacity;
    size_t date_capacity;
};

static int fail(const struct parser *parser, struct span span, const char *code, const char *text)
{
    if (parser->err == NULL)
        return -1;
    char help[sizeof parser->err->help];
    memcpy(help, parser->err->help, sizeof help);
    error_set(parser->err, ERROR_KIND_USAGE, "%s", text);
    memcpy(parser->err->help, help, sizeof help);
    snprintf(parser->err->code, sizeof parser->err->code, "%s", code);
    parser->err->column = (int)span.start + 1;
    parser->err->line = span.length == 0 ? 1 : (int)span.length;
    return -1;
}

/* "`sucess` is not a state; did you mean `success`?" */
static int fail_unknown(const struct parser *parser, struct span span, const char *code,
                        const char *what, const char *const *known)
{
    size_t count = 0;
    while (known[count] != NULL)
        count++;
    SCOPED_TEXT struct text text = {0};
    SCOPED_TEXT struct text wrong = {0};
    utf8_append_safe(&wrong, parser->text + span.start, span.length);
    text_append_format(&text, "`%s` is not a %s", text_string(&wrong), what);
    const char *near = suggest_among(text_string(&wrong), known, count);
    if (near != NULL)
        text_append_format(&text, "; did you mean `%s`?", near);
    SCOPED_TEXT struct text help = {0};
    text_append(&help, "there are: ");
    for (size_t i = 0; i < count; i++)
        text_append_format(&help, "%s%s", i == 0 ? "" : ", ", known[i]);
    fail(parser, span, code, text_string(&text));
    return error_help(parser->err, "%s", text_string(&help));
}

static int add_name(struct parser *parser, struct run_query_names *names, size_t *capacity,
                    const char *value, struct span span)
{
    if (names->count == RUN_QUERY_MAX_VALUES)
        return fail(parser, span, "E025", "too many values for one key");
    const char **items = (const char **)names->items;
    items = arena_grow(parser->arena, items, names->count, capacity, sizeof *items);
    items[names->count++] = value;
    names->items = items;
    return 0;
}

/* ---- values of each key ---- */

static int read_flow(struct parser *parser, const char *value, struct span span)
{
    return add_name(parser, &parser->query->flows, &parser->flow_capacity, value, span);
}

static int read_node(struct parser *parser, const char *value, struct span span)
{
    return add_name(parser, &parser->query->nodes, &parser->node_capacity, value, span);
}

static int read_trigger(struct parser *parser, const char *value, struct span span)
{
    return add_name(parser, &parser->query->triggers, &parser->trigger_capacity, value, span);
}

/* Kept as the trigger of its runs. */
static int read_backfill(struct parser *parser, const char *value, struct span span)
{
    size_t digits = strspn(value, "0123456789");
    long long id = digits <= MAX_ID_DIGITS ? strtoll(value, NULL, 10) : 0;
    if (value[digits] != '\0' || id < 1) {
        error_help(parser->err, "the number that `datemill backfill list` shows, as backfill:12");
        return fail(parser, span, "E028", "a backfill has a number, from 1");
    }
    const char *trigger = arena_format(parser->arena, "backfill %lld", id);
    return add_name(parser, &parser->query->backfills, &parser->backfill_capacity, trigger, span);
}

static bool is_run_state(enum task_state state)
{
    return state == TASK_WAITING || state == TASK_RUNNING || state == TASK_SUCCESS ||
           state == TASK_FAILED || state == TASK_STOPPED;
}

static int read_state(struct parser *parser, const char *value, struct span span)
{
    enum task_state state;
    if (!task_state_parse(value, &state)) {
        const char *names[TASK_STATE_COUNT + 1] = {NULL};
        for (size_t i = 0; i < TASK_STATE_COUNT; i++)
            names[i] = task_states[i].name;
        return fail_unknown(parser, span, "E021", "state", names);
    }
    if (!is_run_state(state) && parser->first_node_state.length == 0)
        parser->first_node_state = span;
    parser->query->states |= 1u << state;
    return 0;
}

static int read_kind(struct parser *parser, const char *value, struct span span)
{
    static const char *const names[] = {"schedule", "backfill", "manual", NULL};
    for (uint32_t i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], value) == 0) {
            parser->query->kinds |= 1u << i;
            return 0;
        }
    return fail_unknown(parser, span, "E021", "kind of run", names);
}

static bool is_shape(const char *value, const char *shape)
{
    for (; *shape != '\0'; shape++, value++)
        if (*shape == '0' ? !isdigit((unsigned char)*value) : *value != *shape)
            return false;
    return *value == '\0';
}

/* A day, month or year: its first and its last day. */
static int read_period(const char *value, struct civil_date *ret_from, struct civil_date *ret_to,
                       struct error *err)
{
    char day[16];
    bool is_year = is_shape(value, "0000");
    if (!is_year && !is_shape(value, "0000-00")) {
        if (civil_date_parse(value, ret_from, err) != 0)
            return -1;
        *ret_to = *ret_from;
        return 0;
    }
    snprintf(day, sizeof day, "%s%s", value, is_year ? "-01-01" : "-01");
    if (civil_date_parse(day, ret_from, err) != 0)
        return -1;
    *ret_to = *ret_from;
    if (is_year)
        ret_to->month = 12;
    ret_to->day = civil_days_in_month(ret_to->year, ret_to->month);
    return 0;
}

static int fail_date(struct parser *parser, struct span span, const struct error *reason)
{
    error_help(parser->err, "2021-11-11, 2021-11, 2021, or 2021-11-01..2021-11-11 (both included)");
    return fail(parser, span, "E020", reason->text);
}

static int read_date(struct parser *parser, const char *value, struct span span)
{
    struct error reason = {0};
    struct civil_date from;
    struct civil_date to;
    struct civil_date ignored;
    const char *dots = strstr(value, "..");
    if (dots != NULL) {
        const char *first = arena_copy(parser->arena, value, (size_t)(dots - value));
        if (read_period(first, &from, &ignored, &reason) != 0 ||
            read_period(dots + 2, &ignored, &to, &reason) != 0)
            return fail_date(parser, span, &reason);
    } else if (read_period(value, &from, &to, &reason) != 0) {
        return fail_date(parser, span, &reason);
    }
    if (civil_date_compare(from, to) > 0)
        return fail(parser, span, "E020", "the first date is after the last one");
    struct run_query *query = parser->query;
    if (query->date_count == RUN_QUERY_MAX_VALUES)
        return fail(parser, span, "E025", "too many values for one key");
    struct run_query_dates *dates = (struct run_query_dates *)query->dates;
    dates =
        arena_grow(parser->arena, dates, query->date_count, &parser->date_capacity, sizeof *dates);
    civil_date_format(from, dates[query->date_count].from);
    civil_date_format(to, dates[query->date_count].to);
    query->dates = dates;
    query->date_count++;
    return 0;
}

static int read_since(struct parser *parser, const char *value, struct span span)
{
    struct duration age;
    struct error reason = {0};
    if (duration_parse(value, &age, &reason) != 0) {
        error_help(parser->err, "as 30m, 12h, 7d, 4w");
        return fail(parser, span, "E026", reason.text);
    }
    int64_t since = parser->now.us - age.us;
    parser->query->since.us = since < 1 ? 1 : since;
    return 0;
}

/* ---- the text ---- */

struct key {
    const char *name;
    int (*read)(struct parser *parser, const char *value, struct span span);
};

static const struct key keys[] = {
    {"flow", read_flow},   {"state", read_state},       {"date", read_date},
    {"node", read_node},   {"trigger", read_trigger},   {"kind", read_kind},
    {"since", read_since}, {"backfill", read_backfill},
};
#define KEY_COUNT (sizeof keys / sizeof *keys)

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Reads a piece up to a space (or a comma): quoted parts in it keep both. */
static int read_piece(struct parser *parser, bool ends_at_comma, const char **ret_value,
                      struct span *ret_span)
{
    SCOPED_TEXT struct text value = {0};
    size_t start = parser->at;
    size_t quote = 0; /* where the open quotes began, + 1 */
    for (; parser->text[parser->at] != '\0'; parser->at++) {
        char c = parser->text[parser->at];
        if (c == '"') {
            quote = quote == 0 ? parser->at + 1 : 0;
            continue;
        }
        if (quote == 0 && (is_space(c) || (ends_at_comma && c == ',')))
            break;
        if (quote != 0 && c == '\\' && strchr("\"\\", parser->text[parser->at + 1]) != NULL &&
            parser->text[parser->at + 1] != '\0')
            c = parser->text[++parser->at];
        text_append_char(&value, c);
    }
    if (quote != 0)
        return fail(parser, (struct span){quote - 1, parser->at - quote + 1}, "E024",
                    "these quotes are never closed");
    *ret_value = arena_copy(parser->arena, text_string(&value), value.length);
    *ret_span = (struct span){start, parser->at - start};
    return 0;
}

static int read_word(struct parser *parser)
{
    const char *word;
    struct span span;
    if (read_piece(parser, false, &word, &span) != 0)
        return -1;
    size_t length = strlen(word);
    size_t characters = 0;
    int32_t code;
    for (size_t at = 0; at < length; at += utf8_decode(word + at, length - at, &code))
        characters++;
    if (characters < MIN_WORD_CHARACTERS)
        return fail(parser, span, "E023", "a text to search for has at least three characters");
    return add_name(parser, &parser->query->words, &parser->word_capacity, word, span);
}

static int read_values(struct parser *parser, const struct key *key)
{
    for (;;) {
        const char *value;
        struct span span;
        if (read_piece(parser, true, &value, &span) != 0)
            return -1;
        if (value[0] == '\0')
            return fail(parser, span, "E027", "a value is missing here");
        if (key->read(parser, value, span) != 0)
            return -1;
        if (parser->text[parser->at] != ',')
            return 0;
        parser->at++;
    }
}

static int read_item(struct parser *parser)
{
    size_t length = 0;
    while (isalpha((unsigned char)parser->text[parser->at + length]) ||
           parser->text[parser->at + length] == '_')
        length++;
    if (length == 0 || parser->text[parser->at + length] != ':')
        return read_word(parser);
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strlen(keys[i].name) == length &&
            strncmp(keys[i].name, parser->text + parser->at, length) == 0) {
            parser->at += length + 1;
            return read_values(parser, &keys[i]);
        }
    const char *names[KEY_COUNT + 1] = {NULL};
    for (size_t i = 0; i < KEY_COUNT; i++)
        names[i] = keys[i].name;
    fail_unknown(parser, (struct span){parser->at, length}, "E022", "key of a search", names);
    if (parser->err != NULL)
        snprintf(parser->err->help + strlen(parser->err->help),
                 sizeof parser->err->help - strlen(parser->err->help),
                 "; a text with a colon goes in quotes");
    return -1;
}

int run_query_parse(const char *text, struct instant now, struct arena *arena,
                    struct run_query *ret_query, struct error *err)
{
    struct error ours = {0};
    struct run_query query = {0};
    struct parser parser = {
        .text = text, .now = now, .arena = arena, .query = &query, .err = &ours};
    int result = 0;
    if (strlen(text) > RUN_QUERY_MAX_BYTES)
        result = fail(&parser, (struct span){0, 1}, "E025", "the search is too long");
    while (result == 0 && text[parser.at] != '\0') {
        if (is_space(text[parser.at]))
            parser.at++;
        else
            result = read_item(&parser);
    }
    if (result == 0 && parser.first_node_state.length > 0 && query.nodes.count == 0) {
        error_help(&ours, "add node:NAME, or node:* for any");
        result = fail(&parser, parser.first_node_state, "E021",
                      "only nodes are in this state, runs are not");
    }
    if (result != 0) {
        if (err != NULL)
            *err = ours;
        return -1;
    }
    *ret_query = query;
    return 0;
}

bool run_query_is_pattern(const char *text)
{
    return strpbrk(text, "*?") != NULL;
}

static size_t character_length(const char *text)
{
    int32_t code;
    return utf8_decode(text, strnlen(text, 4), &code);
}

bool run_query_matches(const char *pattern, const char *text)
{
    const char *star = NULL;  /* the last * */
    const char *retry = NULL; /* what it stands for ends here */
    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            retry = text;
        } else if (*pattern == '?') {
            pattern++;
            text += character_length(text);
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}
