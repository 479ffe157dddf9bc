#include "scheduler/command/logfmt.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <string.h>

void logfmt_stamp(struct text *text, const struct zone *zone, struct instant at)
{
    char stamp[ZONE_RFC3339_BYTES] = "";
    zone_format_rfc3339(zone, at, stamp);
    size_t fraction = strcspn(stamp, ".");
    size_t digits = stamp[fraction] == '.' ? 1 + strspn(stamp + fraction + 1, "0123456789") : 0;
    text_append_bytes(text, stamp, fraction);
    text_append(text, stamp + fraction + digits);
}

void logfmt_pair(struct text *text, const char *key, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    text_append_char(text, ' ');
    text_append(text, key);
    text_append_char(text, '=');
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
