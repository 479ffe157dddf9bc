/* Every sentence of the page, in both languages: strings.def. A missing one does not compile.
 *
 * `{1}` to `{9}` stand for values. Where a number decides, the forms for one and for many are
 * separated by `|` and `{1}` is the number: S(NODES, "{1} node|{1} nodes", "{1} 个节点"). */
#ifndef DATEMILL_WEB_HTML_STRINGS_H
#define DATEMILL_WEB_HTML_STRINGS_H

#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum language {
    LANGUAGE_EN,
    LANGUAGE_ZH
};

enum string_key {
#define S(key, en, zh) STR_##key,
#include "web/html/strings.def"
#undef S
    STRING_COUNT
};

/* As it stands; borrowed. */
const char *string_of(enum language language, enum string_key key);

/* Appends it with values for {1}, {2}, … (NULL at the end of the list). */
void string_fill(struct text *text, enum language language, enum string_key key,
                 const char *const *values);

/* Appends the form for `count`, with {1} filled in. */
void string_count(struct text *text, enum language language, enum string_key key, int64_t count);

/* Names of states as people read them; `name` is the English one of the store. Another name is
 * returned as it is. */
const char *string_state(enum language language, const char *name);

/* The sign of a state for drawings, `✗`; elsewhere the style sheet adds it. */
const char *string_state_glyph(const char *name);

/* "en", "zh-CN" for <html lang>. */
const char *language_tag(enum language language);

/* Of `en`, `zh`, `zh-CN`, …; false for another. */
bool language_parse(const char *text, enum language *ret_language);

/* The best of an Accept-Language header; English where it asks for neither. */
enum language language_accepted(const char *header);

#endif
