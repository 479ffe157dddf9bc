#include "scheduler/command/json_pretty.h"

#include <string.h>

#define INDENT 2

static void new_line(struct text *out, size_t depth)
{
    text_append_char(out, '\n');
    text_append_repeat(out, ' ', depth * INDENT);
}

/* Bytes of the string that begins with a quote at `json`. */
static size_t string_length(const char *json)
{
    size_t i = 1;
    while (json[i] != '\0' && json[i] != '"')
        i += json[i] == '\\' && json[i + 1] != '\0' ? 2 : 1;
    return json[i] == '"' ? i + 1 : i;
}

void json_pretty(const char *json, struct text *out)
{
    size_t depth = 0;
    for (size_t i = 0; json[i] != '\0'; i++) {
        char byte = json[i];
        if (byte == '"') {
            size_t length = string_length(json + i);
            text_append_bytes(out, json + i, length);
            i += length - 1;
        } else if (strchr("{[", byte) != NULL) {
            text_append_char(out, byte);
            bool is_empty = json[i + 1] == '}' || json[i + 1] == ']';
            depth++;
            if (!is_empty)
                new_line(out, depth);
        } else if (strchr("}]", byte) != NULL) {
            bool was_empty = i > 0 && (json[i - 1] == '{' || json[i - 1] == '[');
            depth -= depth > 0;
            if (!was_empty)
                new_line(out, depth);
            text_append_char(out, byte);
        } else if (byte == ',') {
            text_append_char(out, byte);
            new_line(out, depth);
        } else if (byte == ':') {
            text_append(out, ": ");
        } else if (strchr(" \t\n", byte) == NULL) {
            text_append_char(out, byte);
        }
    }
}
