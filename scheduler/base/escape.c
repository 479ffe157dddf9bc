#include "scheduler/base/escape.h"

#include <string.h>

#define BELL '\007'

/* A string of the terminal (title, link, picture): up to BEL or `ESC \`, or the end. */
static size_t skip_string(const char *bytes, size_t length, size_t at)
{
    for (; at < length; at++) {
        if (bytes[at] == BELL)
            return at + 1;
        if (bytes[at] == ESCAPE_BYTE)
            return at + 1 < length && bytes[at + 1] == '\\' ? at + 2 : at;
    }
    return length;
}

void escape_read(const char *bytes, size_t length, size_t at, struct escape *ret_escape)
{
    static const char strings[] = "]PX^_";
    *ret_escape = (struct escape){.end = length};
    at++;
    if (at == length)
        return;
    if (bytes[at] != '\0' && strchr(strings, bytes[at]) != NULL) {
        ret_escape->end = skip_string(bytes, length, at + 1);
        return;
    }
    bool is_csi = bytes[at] == '[';
    size_t start = at + (is_csi ? 1 : 0);
    at = start;
    while (at < length && bytes[at] >= ' ' && bytes[at] < (is_csi ? '@' : '0'))
        at++;
    if (at == length)
        return;
    bool is_whole = bytes[at] >= ' ' && bytes[at] <= '~';
    ret_escape->end = is_whole ? at + 1 : at;
    if (!is_whole || !is_csi || bytes[at] != 'm')
        return;
    ret_escape->parameters = bytes + start;
    ret_escape->length = at - start;
}

void escape_strip(struct text *text, const char *bytes, size_t length)
{
    size_t plain = 0; /* what is not appended yet begins here */
    for (size_t at = 0; at < length;) {
        if (bytes[at] != ESCAPE_BYTE) {
            at++;
            continue;
        }
        struct escape escape;
        text_append_bytes(text, bytes + plain, at - plain);
        escape_read(bytes, length, at, &escape);
        at = plain = escape.end;
    }
    text_append_bytes(text, bytes + plain, length - plain);
}
