#include "web/html/html.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

static const char name_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-:";

void html_init(struct html *html, struct text *text, enum language language)
{
    *html = (struct html){.text = text, .language = language};
}

static void end_tag(struct html *html)
{
    if (html->is_in_tag)
        text_append_char(html->text, '>');
    html->is_in_tag = false;
}

static bool is_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && strspn(name, name_letters) == length;
}

/* Code points that are characters of a document: not the C0 and C1 controls. */
static bool is_allowed(int32_t code)
{
    if (code == '\n' || code == '\t' || code == '\r')
        return true;
    return code >= ' ' && (code < 0x7f || code > 0x9f);
}

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static void escape(struct text *text, const char *bytes, size_t length)
{
    size_t plain = 0; /* bytes before `at` that are written as they stand */
    size_t at = 0;
    while (at < length) {
        int32_t code;
        size_t size = utf8_decode(bytes + at, length - at, &code);
        const char *instead = is_allowed(code) ? NULL : REPLACEMENT;
        if (size == 1 && instead == NULL)
            instead = entity(bytes[at]);
        if (instead == NULL) {
            plain += size;
        } else {
            text_append_bytes(text, bytes + at - plain, plain);
            text_append(text, instead);
            plain = 0;
        }
        at += size;
    }
    text_append_bytes(text, bytes + at - plain, plain);
}

/* ---- elements ---- */

static void begin(struct html *html, const char *element)
{
    assert(is_name(element) && strcmp(element, "style") != 0);
    end_tag(html);
    text_append_char(html->text, '<');
    text_append(html->text, element);
    html->is_in_tag = true;
}

void html_open(struct html *html, const char *element)
{
    assert(html->depth < HTML_MAX_DEPTH);
    begin(html, element);
    html->open[html->depth++] = element;
}

void html_close(struct html *html, const char *element)
{
    assert(html->depth > 0 && strcmp(html->open[html->depth - 1], element) == 0);
    end_tag(html);
    html->depth--;
    text_append(html->text, "</");
    text_append(html->text, element);
    text_append_char(html->text, '>');
}

void html_void(struct html *html, const char *element)
{
    begin(html, element);
}

/* ---- attributes ---- */

static void begin_attr(struct html *html, const char *name)
{
    assert(html->is_in_tag && is_name(name));
    assert(strcmp(name, "style") != 0 && strncmp(name, "on", 2) != 0);
    text_append_char(html->text, ' ');
    text_append(html->text, name);
}

static bool is_url_attr(const char *name)
{
    static const char *const names[] = {"href", "src", "action", "formaction", "xlink:href"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* A path of ours: `/x` but not `//host`, `/\host`; a query, a fragment. */
static bool is_our_url(const char *url)
{
    if (url[0] == '?' || url[0] == '#')
        return true;
    return url[0] == '/' && url[1] != '/' && url[1] != '\\';
}

void html_attr(struct html *html, const char *name, const char *value)
{
    begin_attr(html, name);
    if (is_url_attr(name) && !is_our_url(value))
        value = "#";
    text_append(html->text, "=\"");
    escape(html->text, value, strlen(value));
    text_append_char(html->text, '"');
}

void html_attr_int(struct html *html, const char *name, int64_t value)
{
    begin_attr(html, name);
    text_append_format(html->text, "=\"%" PRId64 "\"", value);
}

void html_attr_format(struct html *html, const char *name, const char *format, ...)
{
    SCOPED_TEXT struct text value = {0};
    va_list args;
    va_start(args, format);
    text_append_args(&value, format, args);
    va_end(args);
    html_attr(html, name, text_string(&value));
}

void html_flag(struct html *html, const char *name)
{
    begin_attr(html, name);
}

/* ---- text ---- */

void html_bytes(struct html *html, const char *bytes, size_t length)
{
    end_tag(html);
    escape(html->text, bytes, length);
}

void html_text(struct html *html, const char *text)
{
    html_bytes(html, text, strlen(text));
}

void html_int(struct html *html, int64_t value)
{
    end_tag(html);
    text_append_format(html->text, "%" PRId64, value);
}

void html_format(struct html *html, const char *format, ...)
{
    SCOPED_TEXT struct text text = {0};
    va_list args;
    va_start(args, format);
    text_append_args(&text, format, args);
    va_end(args);
    html_bytes(html, text_string(&text), text.length);
}

void html_element(struct html *html, const char *element, const char *class_name, const char *text)
{
    html_open(html, element);
    if (class_name != NULL)
        html_attr(html, "class", class_name);
    html_text(html, text);
    html_close(html, element);
}

void html_link(struct html *html, const char *href, const char *text)
{
    html_open(html, "a");
    html_attr(html, "href", href);
    html_text(html, text);
    html_close(html, "a");
}

/* ---- sentences ---- */

void html_say(struct html *html, enum string_key key)
{
    html_text(html, string_of(html->language, key));
}

void html_say_with(struct html *html, enum string_key key, const char *const *values)
{
    SCOPED_TEXT struct text text = {0};
    string_fill(&text, html->language, key, values);
    html_bytes(html, text_string(&text), text.length);
}

void html_say_count(struct html *html, enum string_key key, int64_t count)
{
    SCOPED_TEXT struct text text = {0};
    string_count(&text, html->language, key, count);
    html_bytes(html, text_string(&text), text.length);
}

void html_element_say(struct html *html, const char *element, const char *class_name,
                      enum string_key key)
{
    html_element(html, element, class_name, string_of(html->language, key));
}
