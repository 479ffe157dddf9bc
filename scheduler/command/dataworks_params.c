#include "scheduler/command/dataworks_params.h"

#include "scheduler/flow/expression.h"

#include <stdbool.h>
#include <string.h>

#define NAME_START "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define NAME_REST NAME_START "0123456789"
#define MAX_NAME 63
#define YAML_PLAIN NAME_REST "$<>()[]{}+*/.,-"

struct place {
    size_t *offset;
    size_t *length;
};

static int fail(const struct place *place, size_t offset, size_t length)
{
    *place->offset = offset;
    *place->length = length;
    return -1;
}

/* Bytes of the name before an `=` at the start of `text`; 0 = there is no NAME=. */
static size_t name_length(const char *text)
{
    if (text[0] == '\0' || strchr(NAME_START, text[0]) == NULL)
        return 0;
    size_t length = strspn(text, NAME_REST);
    return text[length] == '=' ? length : 0;
}

/* Bytes of the value at the start of `text`: up to blanks outside brackets before the next NAME=. */
static size_t value_length(const char *text)
{
    int depth = 0;
    size_t i = 0;
    for (; text[i] != '\0'; i++) {
        depth += strchr("{[(", text[i]) != NULL;
        depth -= strchr("}])", text[i]) != NULL && depth > 0;
        if (text[i] != ' ' || depth > 0)
            continue;
        size_t blanks = strspn(text + i, " ");
        if (text[i + blanks] == '\0' || name_length(text + i + blanks) > 0)
            break;
    }
    return i;
}

static int check_value(const struct dataworks_param *param, struct arena *arena,
                       const struct place *place, struct error *err)
{
    const struct expression *expression;
    struct expression_span span = {0};
    if (expression_parse(arena, param->value, &expression, &span, err) == 0)
        return 0;
    error_prefix(err, "parameter %s", param->name);
    if (err != NULL)
        err->line = err->column = 0;
    return fail(place, param->offset + span.offset, span.length);
}

static bool is_there(const struct dataworks_params *params, const char *name)
{
    for (size_t i = 0; i < params->count; i++) {
        if (strcmp(params->items[i].name, name) == 0)
            return true;
    }
    return false;
}

static int read_one(const char *line, size_t *at, struct arena *arena,
                    struct dataworks_params *params, const struct place *place, struct error *err)
{
    size_t length = name_length(line + *at);
    size_t word = strcspn(line + *at, " ");
    if (length == 0) {
        error_set(err, ERROR_KIND_USAGE, "`%.*s` is not NAME=VALUE", (int)word, line + *at);
        error_help(err, "names are letters, digits and _, as in var=${yyyymmdd}");
        return fail(place, *at, word);
    }
    struct dataworks_param param = {.name = arena_copy(arena, line + *at, length),
                                    .offset = *at + length + 1};
    size_t bytes = value_length(line + param.offset);
    param.value = arena_copy(arena, line + param.offset, bytes);
    if (length > MAX_NAME || is_there(params, param.name)) {
        error_set(err, ERROR_KIND_USAGE,
                  length > MAX_NAME ? "the name %s is longer than 63 characters"
                                    : "parameter %s is given twice",
                  param.name);
        return fail(place, *at, length);
    }
    if (params->count == DATAWORKS_PARAMS_MAX) {
        error_set(err, ERROR_KIND_USAGE, "there are more than %d parameters", DATAWORKS_PARAMS_MAX);
        return fail(place, *at, length);
    }
    if (check_value(&param, arena, place, err) < 0)
        return -1;
    params->items[params->count++] = param;
    *at = param.offset + bytes;
    return 0;
}

int dataworks_params_read(const char *line, struct arena *arena, struct dataworks_params *ret_params,
                          size_t *ret_offset, size_t *ret_length, struct error *err)
{
    struct place place = {ret_offset, ret_length};
    struct dataworks_params *params = arena_alloc(arena, sizeof *params);
    size_t at = strspn(line, " ");
    while (line[at] != '\0') {
        if (read_one(line, &at, arena, params, &place, err) < 0)
            return -1;
        at += strspn(line + at, " ");
    }
    *ret_params = *params;
    return 0;
}

static bool is_plain(const char *value)
{
    size_t length = strlen(value);
    bool starts_well = strchr(NAME_REST "$", value[0]) != NULL && value[0] != '\0';
    return starts_well && strspn(value, YAML_PLAIN) == length;
}

void dataworks_params_append_yaml(struct text *text, const char *value)
{
    if (is_plain(value)) {
        text_append(text, value);
        return;
    }
    text_append_char(text, '"');
    for (const char *byte = value; *byte != '\0'; byte++) {
        unsigned char code = (unsigned char)*byte;
        if (*byte == '"' || *byte == '\\')
            text_append_format(text, "\\%c", *byte);
        else if (code < 0x20 || code == 0x7f)
            text_append_format(text, "\\x%02x", code);
        else
            text_append_char(text, *byte);
    }
    text_append_char(text, '"');
}
