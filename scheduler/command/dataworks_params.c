#include "scheduler/command/dataworks_params.h"

#include "scheduler/flow/expression.h"

#include <stdbool.h>
#include <string.h>

#define NAME_START "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define NAME_REST NAME_START "0123456789"
#define MAX_NAME 63
#define YAML_PLAIN NAME_REST "$<>()[]{}+*/.,-"

/* The line while it is read. */
struct reader {
    const char *line;
    size_t at;
    struct arena *arena;
    struct dataworks_params *params;
    struct dataworks_mistake *mistake;
};

static int fail(struct reader *reader, size_t offset, size_t length)
{
    *reader->mistake = (struct dataworks_mistake){offset, length};
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

/* Bytes of the value at the start of `text`: up to blanks outside brackets before the next NAME=.
 * */
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

static int check_value(struct reader *reader, const struct dataworks_param *param,
                       struct error *err)
{
    const struct expression *expression;
    struct expression_span span = {0};
    if (expression_parse(reader->arena, param->value, &expression, &span, err) == 0)
        return 0;
    error_prefix(err, "parameter %s", param->name);
    if (err != NULL)
        err->line = err->column = 0;
    return fail(reader, param->offset + span.offset, span.length);
}

static bool is_there(const struct dataworks_params *params, const char *name)
{
    for (size_t i = 0; i < params->count; i++) {
        if (strcmp(params->items[i].name, name) == 0)
            return true;
    }
    return false;
}

static int check_name(struct reader *reader, const char *name, struct error *err)
{
    const struct dataworks_params *params = reader->params;
    if (strlen(name) > MAX_NAME)
        error_set(err, ERROR_KIND_USAGE, "the name %s is longer than %d characters", name,
                  MAX_NAME);
    else if (is_there(params, name))
        error_set(err, ERROR_KIND_USAGE, "parameter %s is given twice", name);
    else if (params->count == DATAWORKS_PARAMS_MAX)
        error_set(err, ERROR_KIND_USAGE, "there are more than %d parameters", DATAWORKS_PARAMS_MAX);
    else
        return 0;
    return fail(reader, reader->at, strlen(name));
}

static int read_one(struct reader *reader, struct error *err)
{
    const char *start = reader->line + reader->at;
    size_t length = name_length(start);
    if (length == 0) {
        size_t word = strcspn(start, " ");
        error_set(err, ERROR_KIND_USAGE, "`%.*s` is not NAME=VALUE", (int)word, start);
        error_help(err, "names are letters, digits and _, as in var=${yyyymmdd}");
        return fail(reader, reader->at, word);
    }
    struct dataworks_param param = {.name = arena_copy(reader->arena, start, length),
                                    .offset = reader->at + length + 1};
    size_t bytes = value_length(reader->line + param.offset);
    param.value = arena_copy(reader->arena, reader->line + param.offset, bytes);
    if (check_name(reader, param.name, err) < 0 || check_value(reader, &param, err) < 0)
        return -1;
    reader->params->items[reader->params->count++] = param;
    reader->at = param.offset + bytes;
    return 0;
}

int dataworks_params_read(const char *line, struct arena *arena,
                          struct dataworks_params *ret_params,
                          struct dataworks_mistake *ret_mistake, struct error *err)
{
    struct reader reader = {.line = line,
                            .at = strspn(line, " "),
                            .arena = arena,
                            .params = arena_alloc(arena, sizeof *reader.params),
                            .mistake = ret_mistake};
    while (line[reader.at] != '\0') {
        if (read_one(&reader, err) < 0)
            return -1;
        reader.at += strspn(line + reader.at, " ");
    }
    *ret_params = *reader.params;
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
