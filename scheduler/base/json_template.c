#include "scheduler/base/json_template.h"

#include "scheduler/base/json_in.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"

#include <string.h>

struct filling {
    struct json_template template;
    struct json_template_values values;
    struct text *out; /* NULL: check only */
    size_t at;
};

static int fail_at(const struct filling *filling, size_t offset, struct error *err,
                   const char *message)
{
    int line = 1;
    int column = 1;
    for (size_t i = 0; i < offset; i++) {
        unsigned char byte = (unsigned char)filling->template.bytes[i];
        column = byte == '\n' ? 1 : column + ((byte & 0xc0) != 0x80);
        line += byte == '\n';
    }
    return error_at(err, line, column, "", "%s", message);
}

static void put(const struct filling *filling, const char *bytes, size_t length)
{
    if (filling->out != NULL)
        text_append_bytes(filling->out, bytes, length);
}

/* As JSON writes it, without the quotes. */
static void put_value(const struct filling *filling, const char *value)
{
    SCOPED_TEXT struct text quoted = {0};
    struct json_out json;
    json_out_init(&json, &quoted);
    json_out_string(&json, value);
    put(filling, text_string(&quoted) + 1, quoted.length - 2);
}

static size_t name_length(const struct filling *filling, size_t at)
{
    size_t length = 0;
    while (at + length < filling->template.length) {
        char byte = filling->template.bytes[at + length];
        bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                         (byte >= '0' && byte <= '9') || byte == '_';
        if (!is_letter)
            break;
        length++;
    }
    return length;
}

/* At `${`. */
static int take_name(struct filling *filling, struct error *err)
{
    const char *bytes = filling->template.bytes;
    size_t start = filling->at + 2;
    size_t length = name_length(filling, start);
    if (length == 0 || start + length >= filling->template.length || bytes[start + length] != '}')
        return fail_at(filling, filling->at, err,
                       "a name is written ${name}; ${ itself is written $${");
    const char *value = filling->values.find(filling->values.data, bytes + start, length);
    if (value == NULL) {
        SCOPED_TEXT struct text message = {0};
        text_append_format(&message, "there is no value `%.*s`", length > 60 ? 60 : (int)length,
                           bytes + start);
        return fail_at(filling, filling->at, err, text_string(&message));
    }
    put_value(filling, value);
    filling->at = start + length + 1;
    return 0;
}

static bool is_next(const struct filling *filling, const char *word)
{
    size_t length = strlen(word);
    return filling->template.length - filling->at >= length &&
           memcmp(filling->template.bytes + filling->at, word, length) == 0;
}

static int take_step(struct filling *filling, bool *is_inside, struct error *err)
{
    const char *at = filling->template.bytes + filling->at;
    size_t length = 1;
    if (*is_inside && is_next(filling, "${"))
        return take_name(filling, err);
    if (*is_inside && is_next(filling, "$${")) {
        put(filling, "${", 2);
        filling->at += 3;
        return 0;
    }
    if (*at == '"')
        *is_inside = !*is_inside;
    else if (*is_inside && *at == '\\' && filling->at + 1 < filling->template.length)
        length = 2;
    put(filling, at, length);
    filling->at += length;
    return 0;
}

int json_template_fill(struct json_template template, struct json_template_values values,
                       struct text *ret_text, struct error *err)
{
    struct filling filling = {.template = template, .values = values, .out = ret_text};
    struct json *json = NULL;
    bool is_inside = false;
    if (template.length > JSON_TEMPLATE_MAX_BYTES)
        return error_set(err, ERROR_KIND_INVALID, "it is longer than %zu KiB",
                         JSON_TEMPLATE_MAX_BYTES >> 10);
    if (json_parse(template.bytes, template.length, &json, err) < 0)
        return -1;
    json_free(json);
    while (filling.at < template.length) {
        if (take_step(&filling, &is_inside, err) < 0)
            return -1;
    }
    return 0;
}
