#include "scheduler/command/logfmt.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <string.h>

void logfmt_pair(struct text *text, const char *key, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    text_append_format(text, " %s=", key);
    if (strpbrk(value, " \t\n\"=") == NULL) {
        utf8_append_safe(text, value, strlen(value));
        return;
    }
    text_append_char(text, '"');
    SCOPED_TEXT struct text safe = {0};
    utf8_append_safe(&safe, value, strlen(value));
    for (const char *at = text_string(&safe); *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            text_append_char(text, '\\');
        text_append_char(text, *at == '\n' || *at == '\t' ? ' ' : *at);
    }
    text_append_char(text, '"');
}
