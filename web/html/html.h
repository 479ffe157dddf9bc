/* HTML and SVG, escaped by construction: text and values of attributes are always data, names are
 * always literals of ours. There is no way to write markup from a string.
 *
 *     html_open(html, "a");
 *     html_attr(html, "href", url_string(&url));
 *     html_text(html, name);
 *     html_close(html, "a");
 *
 * Attributes come right after their element's opening. Names of elements and attributes are
 * asserted to be plain, no attribute may be `style` or begin with `on` (the content security policy
 * forbids both), and html_close() must name what is open. `href`, `src` and `action` take only
 * paths of ours (`/…`, `?…`, `#…`): another value is written as `#`. Control characters and invalid
 * UTF-8 become U+FFFD. */
#ifndef DATEMILL_WEB_HTML_HTML_H
#define DATEMILL_WEB_HTML_HTML_H

#include "scheduler/base/text.h"
#include "web/html/strings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTML_MAX_DEPTH 64

struct html {
    struct text *text;
    enum language language;
    const char *open[HTML_MAX_DEPTH];
    int depth;
    bool is_in_tag; /* attributes may follow */
};

void html_init(struct html *html, struct text *text, enum language language);

void html_open(struct html *html, const char *element);
void html_close(struct html *html, const char *element);
void html_void(struct html *html, const char *element); /* br, input, meta, link, hr, img, wbr */

void html_attr(struct html *html, const char *name, const char *value);
void html_attr_int(struct html *html, const char *name, int64_t value);
void html_attr_format(struct html *html, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void html_flag(struct html *html, const char *name); /* an attribute without a value */

void html_text(struct html *html, const char *text);
void html_bytes(struct html *html, const char *bytes, size_t length);
void html_int(struct html *html, int64_t value);
void html_format(struct html *html, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A whole element with a class (NULL = none) and text. */
void html_element(struct html *html, const char *element, const char *class_name, const char *text);
void html_link(struct html *html, const char *href, const char *text);

/* Sentences from strings.def. */
void html_say(struct html *html, enum string_key key);
void html_say_with(struct html *html, enum string_key key, const char *const *values);
void html_say_count(struct html *html, enum string_key key, int64_t count);
void html_element_say(struct html *html, const char *element, const char *class_name,
                      enum string_key key);

#endif
