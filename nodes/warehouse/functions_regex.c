#include "nodes/warehouse/function_help.h"

#include <ctype.h>
#include <string.h>

/* The pattern of argument `index`, compiled; NULL when the result (NULL or an error) is set. */
static struct regex *get_regex(sqlite3_context *context, sqlite3_value *pattern)
{
    struct function_state *state = sqlite3_user_data(context);
    struct argument text;
    struct regex *regex;
    struct error err = {0};
    if (!argument_text(pattern, &text))
        return NULL;
    if (regex_cache_get(&state->regexes, text.bytes, text.length, &regex, &err) != 0) {
        function_fail_error(context, &err);
        return NULL;
    }
    return regex;
}

/* One match after another, stepping over empty ones. */
struct walk {
    struct regex *regex;
    const struct argument *text;
    size_t at;
};

/* False at the end and on an error, which is the result then. */
static bool next_match(sqlite3_context *context, struct walk *walk, struct regex_group *ret_match)
{
    struct error err = {0};
    if (walk->at > walk->text->length)
        return false;
    int found = regex_find(walk->regex, walk->text->bytes, walk->text->length, walk->at, &err);
    if (found < 0)
        function_fail_error(context, &err);
    if (found <= 0) {
        walk->at = walk->text->length + 1;
        return false;
    }
    *ret_match = regex_group(walk->regex, 0);
    walk->at = ret_match->end;
    if (ret_match->end == ret_match->start) {
        walk->at++;
        while (walk->at < walk->text->length &&
               ((unsigned char)walk->text->bytes[walk->at] & 0xc0) == 0x80)
            walk->at++;
    }
    return true;
}

/* text RLIKE pattern is regexp(pattern, text). */
static void call_regexp(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct argument text;
    struct error err = {0};
    if (any_null(context, count, values))
        return;
    struct regex *regex = get_regex(context, values[0]);
    if (regex == NULL || !argument_text(values[1], &text))
        return;
    int found = regex_find(regex, text.bytes, text.length, 0, &err);
    if (found < 0)
        function_fail_error(context, &err);
    else
        sqlite3_result_int(context, found);
}

/* `\1` stands for a group, `\\` for a backslash. */
static void append_replacement(const struct regex *regex, const struct argument *text,
                               const struct argument *with, struct text *out)
{
    for (size_t i = 0; i < with->length; i++) {
        bool is_escape = with->bytes[i] == '\\' && i + 1 < with->length;
        if (is_escape && isdigit((unsigned char)with->bytes[i + 1])) {
            struct regex_group group = regex_group(regex, (size_t)(with->bytes[++i] - '0'));
            if (group.start != SIZE_MAX)
                text_append_bytes(out, text->bytes + group.start, group.end - group.start);
            continue;
        }
        if (is_escape && with->bytes[i + 1] == '\\')
            i++;
        text_append_char(out, with->bytes[i]);
    }
}

static void call_regexp_replace(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct argument text;
    struct argument with;
    int64_t occurrence = 0;
    struct text out = function_text();
    if (any_null(context, count, values))
        return;
    struct regex *regex = get_regex(context, values[1]);
    if (regex == NULL || !argument_text(values[0], &text) || !argument_text(values[2], &with) ||
        (count > 3 && !argument_int(context, values[3], &occurrence)))
        return;
    struct walk walk = {.regex = regex, .text = &text};
    struct regex_group match;
    size_t copied = 0;
    for (int64_t i = 1; next_match(context, &walk, &match); i++) {
        if (occurrence != 0 && i != occurrence)
            continue;
        text_append_bytes(&out, text.bytes + copied, match.start - copied);
        append_replacement(regex, &text, &with, &out);
        copied = match.end;
    }
    text_append_bytes(&out, text.bytes + copied, text.length - copied);
    function_result_text(context, &out);
    text_free(&out);
}

/* The group of the first match; '' where the pattern does not match. */
static void call_regexp_extract(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct argument text;
    int64_t number = 1;
    if (any_null(context, count, values))
        return;
    struct regex *regex = get_regex(context, values[1]);
    if (regex == NULL || !argument_text(values[0], &text) ||
        (count > 2 && !argument_int(context, values[2], &number)))
        return;
    if (number < 0 || (size_t)number >= regex_group_count(regex)) {
        function_fail(context, "the pattern has %zu groups, there is no group %lld",
                      regex_group_count(regex) - 1, (long long)number);
        return;
    }
    struct walk walk = {.regex = regex, .text = &text};
    struct regex_group match;
    if (!next_match(context, &walk, &match)) {
        sqlite3_result_text(context, "", 0, SQLITE_STATIC);
        return;
    }
    match = regex_group(regex, (size_t)number);
    if (match.start == SIZE_MAX)
        match = (struct regex_group){0, 0};
    sqlite3_result_text64(context, text.bytes + match.start, match.end - match.start,
                          SQLITE_TRANSIENT, SQLITE_UTF8);
}

static size_t byte_of_character(const struct argument *text, int64_t character)
{
    size_t at = 0;
    for (; at < text->length && character > 1; character--) {
        at++;
        while (at < text->length && ((unsigned char)text->bytes[at] & 0xc0) == 0x80)
            at++;
    }
    return at;
}

/* The match number `occurrence` from character `start` on. */
static bool find_nth(sqlite3_context *context, int count, sqlite3_value **values,
                     struct argument *text, struct regex_group *ret_match)
{
    int64_t start = 1;
    int64_t occurrence = 1;
    if (any_null(context, count, values))
        return false;
    struct regex *regex = get_regex(context, values[1]);
    if (regex == NULL || !argument_text(values[0], text) ||
        (count > 2 && !argument_int(context, values[2], &start)) ||
        (count > 3 && !argument_int(context, values[3], &occurrence)))
        return false;
    struct walk walk = {.regex = regex, .text = text, .at = byte_of_character(text, start)};
    while (next_match(context, &walk, ret_match)) {
        if (--occurrence == 0)
            return true;
    }
    return false;
}

static void call_regexp_substr(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct argument text;
    struct regex_group match;
    if (find_nth(context, count, values, &text, &match))
        sqlite3_result_text64(context, text.bytes + match.start, match.end - match.start,
                              SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void call_regexp_count(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct argument text;
    struct error err = {0};
    if (any_null(context, count, values))
        return;
    struct regex *regex = get_regex(context, values[1]);
    if (regex == NULL || !argument_text(values[0], &text))
        return;
    if (regex_find(regex, text.bytes, text.length, 0, &err) < 0) {
        function_fail_error(context, &err);
        return;
    }
    struct walk walk = {.regex = regex, .text = &text};
    struct regex_group match;
    int64_t found = 0;
    while (next_match(context, &walk, &match))
        found++;
    sqlite3_result_int64(context, found);
}

const struct function functions_regex[] = {
    {.name = "regexp", .result = FUNCTION_INTERNAL, .call = call_regexp},
    {.name = "regexp_replace",
     .min_arguments = 3,
     .max_arguments = 4,
     .result = FUNCTION_STRING,
     .call = call_regexp_replace},
    {.name = "regexp_extract",
     .min_arguments = 2,
     .max_arguments = 3,
     .result = FUNCTION_STRING,
     .call = call_regexp_extract},
    {.name = "regexp_substr",
     .min_arguments = 2,
     .max_arguments = 4,
     .result = FUNCTION_STRING,
     .call = call_regexp_substr},
    {.name = "regexp_count",
     .min_arguments = 2,
     .max_arguments = 2,
     .result = FUNCTION_BIGINT,
     .call = call_regexp_count},
    {0},
};
