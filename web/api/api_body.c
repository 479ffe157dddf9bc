#include "web/api/api.h"
#include "web/api/api_doc.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_BYTES 32

static int refuse(struct error *err, const char *code)
{
    if (err != NULL) {
        err->kind = ERROR_KIND_USAGE;
        memcpy(err->code, code, strlen(code) + 1);
    }
    return -1;
}

static const char *kind_words(enum parameter_kind kind)
{
    switch (kind) {
    case PARAMETER_INT:
        return "a number";
    case PARAMETER_BOOL:
        return "true or false";
    case PARAMETER_TEXTS:
        return "a list of texts";
    case PARAMETER_MAP:
        return "an object of texts";
    case PARAMETER_TEXT:
    case PARAMETER_NAME:
    case PARAMETER_DATE:
    case PARAMETER_CHOICE:
        break;
    }
    return "a text";
}

/* Lists and objects hold texts only. */
static bool are_texts(const struct json *value, enum json_kind kind)
{
    if (json_kind_of(value) != kind)
        return false;
    for (const struct json *item = json_first(value); item != NULL; item = json_next(item)) {
        if (json_kind_of(item) != JSON_KIND_STRING)
            return false;
    }
    return true;
}

static bool fits(const struct parameter *rule, const struct json *value)
{
    switch (rule->kind) {
    case PARAMETER_INT:
        return json_kind_of(value) == JSON_KIND_NUMBER;
    case PARAMETER_BOOL:
        return json_kind_of(value) == JSON_KIND_BOOL;
    case PARAMETER_TEXTS:
        return are_texts(value, JSON_KIND_ARRAY);
    case PARAMETER_MAP:
        return are_texts(value, JSON_KIND_OBJECT);
    case PARAMETER_TEXT:
    case PARAMETER_NAME:
    case PARAMETER_DATE:
    case PARAMETER_CHOICE:
        break;
    }
    return json_kind_of(value) == JSON_KIND_STRING;
}

static int check_member(const struct parameter *rule, const struct json *value, struct error *err)
{
    char number[NUMBER_BYTES];
    if (json_kind_of(value) == JSON_KIND_NULL)
        return 0;
    if (!fits(rule, value)) {
        error_set(err, ERROR_KIND_USAGE, "`%s` must be %s", rule->name, kind_words(rule->kind));
        return refuse(err, "E021");
    }
    if (rule->kind == PARAMETER_INT) {
        int64_t whole = json_as_int(value, INT64_MIN);
        if (whole == INT64_MIN) {
            error_set(err, ERROR_KIND_USAGE, "`%s` must be a whole number", rule->name);
            return refuse(err, "E021");
        }
        snprintf(number, sizeof number, "%" PRId64, whole);
        return route_check_value(rule, number, err);
    }
    if (json_kind_of(value) == JSON_KIND_STRING)
        return route_check_value(rule, json_as_string(value, ""), err);
    return 0;
}

static int unknown_member(const struct parameter *rules, const char *name, struct error *err)
{
    struct suggest suggest;
    suggest_begin(&suggest, name);
    for (const struct parameter *rule = rules; rule->name != NULL; rule++)
        suggest_offer(&suggest, rule->name);
    error_set(err, ERROR_KIND_USAGE, "there is no member `%.100s` here", name);
    if (suggest_best(&suggest) != NULL)
        error_help(err, "did you mean `%s`?", suggest_best(&suggest));
    return refuse(err, "E022");
}

static const struct parameter *find_rule(const struct parameter *rules, const char *name)
{
    for (const struct parameter *rule = rules; rule->name != NULL; rule++) {
        if (strcmp(rule->name, name) == 0)
            return rule;
    }
    return NULL;
}

static int check_body(const struct parameter *rules, const struct json *body, struct error *err)
{
    if (json_kind_of(body) != JSON_KIND_OBJECT)
        return error_set(err, ERROR_KIND_USAGE, "the body must be a JSON object");
    for (const struct json *item = json_first(body); item != NULL; item = json_next(item)) {
        const struct parameter *rule = find_rule(rules, json_key(item));
        if (rule == NULL)
            return unknown_member(rules, json_key(item), err);
        if (check_member(rule, item, err) < 0)
            return -1;
    }
    for (const struct parameter *rule = rules; rule->name != NULL; rule++) {
        if (!rule->is_required || json_kind_of(json_get(body, rule->name)) != JSON_KIND_NULL)
            continue;
        error_set(err, ERROR_KIND_USAGE, "`%s` is missing", rule->name);
        return refuse(err, "E027");
    }
    return 0;
}

int api_read_body(struct visit *visit, struct json **ret_body, struct error *err)
{
    struct json *body = NULL;
    const struct http_request *request = visit->request;
    if (json_parse(request->body, request->body_length, &body, err) < 0) {
        error_prefix(err, "the body is no JSON");
        return refuse(err, "");
    }
    if (check_body(visit->route->doc->body, body, err) < 0) {
        json_free(body);
        return -1;
    }
    *ret_body = body;
    return 0;
}

const char *api_body_text(const struct visit *visit, const struct json *body, const char *name)
{
    return arena_copy_string(visit->arena, json_get_string(body, name, ""));
}

/* With commas between, as selections are written. */
const char *api_body_list(const struct visit *visit, const struct json *body, const char *name)
{
    SCOPED_TEXT struct text text = {0};
    const struct json *list = json_get(body, name);
    for (const struct json *item = json_first(list); item != NULL; item = json_next(item))
        text_append_format(&text, "%s%s", text.length > 0 ? "," : "", json_as_string(item, ""));
    return arena_copy(visit->arena, text_string(&text), text.length);
}

struct api_vars api_body_map(const struct visit *visit, const struct json *body, const char *name)
{
    const struct json *map = json_get(body, name);
    struct node_setting *items = arena_array(visit->arena, json_count(map), sizeof *items);
    size_t count = 0;
    for (const struct json *item = json_first(map); item != NULL; item = json_next(item))
        items[count++] =
            (struct node_setting){arena_copy_string(visit->arena, json_key(item)),
                                  arena_copy_string(visit->arena, json_as_string(item, ""))};
    return (struct api_vars){items, count};
}
