#include "web/site/route.h"

#include "scheduler/base/civil.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 63

/* ---- paths ---- */

/* How well a pattern fits: bit n is set where part n is literal, the first part highest; 0 = it
 * does not fit. The last bit is always set when it does. */
static uint32_t fit(const char *pattern, const char *path, struct arena *arena,
                    const char *ret_parts[VISIT_MAX_PARTS])
{
    uint32_t literal = 1;
    size_t parts = 0;
    while (*pattern == '/' && *path == '/') {
        pattern++;
        path++;
        size_t pattern_length = strcspn(pattern, "/");
        size_t length = strcspn(path, "/");
        literal <<= 1;
        if (*pattern == '{') {
            assert(parts < VISIT_MAX_PARTS);
            if (length == 0)
                return 0;
            ret_parts[parts++] = arena_copy(arena, path, length);
        } else {
            if (pattern_length != length || memcmp(pattern, path, length) != 0)
                return 0;
            literal |= 1;
        }
        pattern += pattern_length;
        path += length;
    }
    return *pattern == '\0' && *path == '\0' ? literal << 1 | 1 : 0;
}

/* Patterns that fit have equally many parts, so that the numbers of fit() compare as they are. */
enum route_verdict route_find(const struct route_tables *tables, enum http_method method,
                              const char *path, struct arena *arena, struct route_match *ret_match)
{
    uint32_t best = 0;
    *ret_match = (struct route_match){0};
    for (size_t t = 0; tables->tables[t] != NULL; t++) {
        for (const struct route *route = tables->tables[t]; route->pattern != NULL; route++) {
            const char *parts[VISIT_MAX_PARTS] = {0};
            uint32_t literal = fit(route->pattern, path, arena, parts);
            if (literal == 0 || literal < best)
                continue;
            if (literal > best)
                *ret_match = (struct route_match){0};
            best = literal;
            uint32_t methods = route->methods;
            if ((methods & HTTP_GET) != 0)
                methods |= HTTP_HEAD;
            ret_match->methods |= methods;
            if ((methods & method) != 0) {
                ret_match->route = route;
                memcpy(ret_match->parts, parts, sizeof parts);
            } else if (ret_match->route == NULL) {
                memcpy(ret_match->parts, parts, sizeof parts);
            }
        }
    }
    if (best == 0)
        return ROUTE_UNKNOWN;
    return ret_match->route != NULL ? ROUTE_FOUND : ROUTE_WRONG_METHOD;
}

/* ---- parameters ---- */

static int bad_value(const struct http_pair *pair, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int bad_value(const struct http_pair *pair, struct error *err, const char *format, ...)
{
    SCOPED_TEXT struct text text = {0};
    va_list args;
    va_start(args, format);
    text_append_args(&text, format, args);
    va_end(args);
    error_at(err, 0, 0, "E021", "parameter %s: %s", pair->name, text_string(&text));
    if (err != NULL)
        err->kind = ERROR_KIND_USAGE;
    return -1;
}

static int check_int(const struct parameter *rule, const struct http_pair *pair, struct error *err)
{
    char *end;
    errno = 0;
    long long value = strtoll(pair->value, &end, 10);
    bool is_number = *end == '\0' && errno == 0 &&
                     (isdigit((unsigned char)pair->value[0]) || pair->value[0] == '-');
    if (!is_number)
        return bad_value(pair, err, "`%s` is not a number", pair->value);
    if (value < rule->min || value > rule->max)
        return bad_value(pair, err, "%lld is not from %" PRId64 " to %" PRId64, value, rule->min,
                         rule->max);
    return 0;
}

static int check_date(const struct http_pair *pair, struct error *err)
{
    struct civil_date date;
    struct error reason = {0};
    if (strlen(pair->value) != 10 || civil_date_parse(pair->value, &date, &reason) < 0)
        return bad_value(pair, err, "%s",
                         reason.text[0] != '\0' ? reason.text : "write it as 2021-11-11");
    return 0;
}

static int check_name(const struct http_pair *pair, struct error *err)
{
    const char *at = pair->value;
    size_t length = strlen(at);
    size_t fine = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
    if (fine != length || length > NAME_MAX_BYTES || isdigit((unsigned char)at[0]))
        return bad_value(pair, err, "`%.100s` is not a name", at);
    return 0;
}

static int check_choice(const struct parameter *rule, const struct http_pair *pair,
                        struct error *err)
{
    struct suggest suggest;
    SCOPED_ARENA struct arena arena = {0};
    suggest_begin(&suggest, pair->value);
    for (const char *at = rule->choices; *at != '\0';) {
        size_t length = strcspn(at, "|");
        const char *choice = arena_copy(&arena, at, length);
        if (strcmp(choice, pair->value) == 0)
            return 0;
        suggest_offer(&suggest, choice);
        at += length + (at[length] == '|');
    }
    const char *best = suggest_best(&suggest);
    if (best != NULL)
        return bad_value(pair, err, "`%.100s` is none of %s; did you mean `%s`?", pair->value,
                         rule->choices, best);
    return bad_value(pair, err, "`%.100s` is none of %s", pair->value, rule->choices);
}

static int check_value(const struct parameter *rule, const struct http_pair *pair,
                       struct error *err)
{
    size_t limit = rule->max > 0 ? (size_t)rule->max : PARAMETER_MAX_TEXT;
    if (pair->value[0] == '\0')
        return 0;
    switch (rule->kind) {
    case PARAMETER_TEXT:
        if (strlen(pair->value) > limit)
            return bad_value(pair, err, "longer than %zu bytes", limit);
        return 0;
    case PARAMETER_NAME:
        return check_name(pair, err);
    case PARAMETER_INT:
        return check_int(rule, pair, err);
    case PARAMETER_DATE:
        return check_date(pair, err);
    case PARAMETER_CHOICE:
        return check_choice(rule, pair, err);
    case PARAMETER_BOOL:
        if (strcmp(pair->value, "true") != 0 && strcmp(pair->value, "false") != 0)
            return bad_value(pair, err, "`%.100s` is neither true nor false", pair->value);
        return 0;
    case PARAMETER_TEXTS:
    case PARAMETER_MAP:
        return bad_value(pair, err, "only a JSON body can hold it");
    }
    return 0;
}

int route_check_value(const struct parameter *rule, const char *value, struct error *err)
{
    return check_value(rule, &(struct http_pair){rule->name, value}, err);
}

static const struct parameter language_parameter = {
    .name = "lang", .kind = PARAMETER_CHOICE, .choices = "en|zh"};

static int check_pair(const struct route *route, const struct http_pair *pair, struct error *err)
{
    struct suggest suggest;
    suggest_begin(&suggest, pair->name);
    if (strcmp(pair->name, language_parameter.name) == 0)
        return check_value(&language_parameter, pair, err);
    for (const struct parameter *rule = route->parameters; rule != NULL && rule->name != NULL;
         rule++) {
        if (strcmp(rule->name, pair->name) == 0)
            return check_value(rule, pair, err);
        suggest_offer(&suggest, rule->name);
    }
    if (route->takes_columns)
        return 0;
    error_at(err, 0, 0, "E022", "there is no parameter `%.100s` here", pair->name);
    if (err != NULL)
        err->kind = ERROR_KIND_USAGE;
    if (suggest_best(&suggest) != NULL)
        error_help(err, "did you mean `%s`?", suggest_best(&suggest));
    return -1;
}

int route_check_query(const struct route *route, const struct http_pairs *query, struct error *err)
{
    for (size_t i = 0; i < query->count; i++) {
        const struct http_pair *pair = &query->items[i];
        if (check_pair(route, pair, err) < 0)
            return -1;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(query->items[k].name, pair->name) == 0)
                return bad_value(pair, err, "is there twice");
        }
    }
    return 0;
}
