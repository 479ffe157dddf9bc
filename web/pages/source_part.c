#include "web/pages/source_part.h"

#include <string.h>

static void begin(struct visit *visit, const char *name)
{
    struct html *html = &visit->html;
    html_open(html, "pre");
    html_attr(html, "class", "source");
    html_attr(html, "tabindex", "0");
    html_attr(html, "role", "region");
    html_attr(html, "aria-label", name);
}

/* The length of the line that begins at `at`. */
static size_t line_length(const char *bytes, size_t length, size_t at)
{
    const char *newline = memchr(bytes + at, '\n', length - at);
    return newline != NULL ? (size_t)(newline - bytes) - at : length - at;
}

static bool is_wrong(const struct source_part *part, uint32_t number)
{
    for (size_t i = 0; i < part->wrong_count; i++) {
        if (part->wrong_lines[i] == number)
            return true;
    }
    return false;
}

void source_part_write(struct visit *visit, const struct source_part *part)
{
    struct html *html = &visit->html;
    size_t shown = part->length < SOURCE_PART_BYTES ? part->length : SOURCE_PART_BYTES;
    uint32_t number = 1;
    begin(visit, part->name);
    for (size_t at = 0; at < shown; number++) {
        size_t length = line_length(part->bytes, shown, at);
        html_open(html, "span");
        html_attr(html, "class", is_wrong(part, number) ? "l err" : "l");
        html_attr_format(html, "id", "%s%u", part->prefix, number);
        html_open(html, "a");
        html_attr_format(html, "href", "#%s%u", part->prefix, number);
        html_int(html, number);
        html_close(html, "a");
        html_bytes(html, part->bytes + at, length);
        html_text(html, "\n");
        html_close(html, "span");
        at += length + 1;
    }
    if (shown < part->length)
        html_element(html, "span", "muted",
                     arena_format(visit->arena, "… %zu B", part->length - shown));
    html_close(html, "pre");
}

void source_part_write_diff(struct visit *visit, const char *name, const char *diff)
{
    struct html *html = &visit->html;
    size_t whole = strlen(diff);
    size_t shown = whole < SOURCE_PART_BYTES ? whole : SOURCE_PART_BYTES;
    begin(visit, name);
    for (size_t at = 0; at < shown;) {
        size_t length = line_length(diff, shown, at);
        const char *kind = diff[at] == '+' ? "l ins" : diff[at] == '-' ? "l del" : "l";
        html_open(html, "span");
        html_attr(html, "class", kind);
        html_bytes(html, diff + at, length);
        html_text(html, "\n");
        html_close(html, "span");
        at += length + 1;
    }
    if (shown < whole)
        html_element(html, "span", "muted", arena_format(visit->arena, "… %zu B", whole - shown));
    html_close(html, "pre");
}
