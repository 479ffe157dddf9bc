/* UTF-8: checking it, and how wide it stands on a terminal. */
#ifndef DATEMILL_BASE_UTF8_H
#define DATEMILL_BASE_UTF8_H

#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one code point of [bytes, bytes + length); returns its length in bytes, 0 at the end, and
 * 1 with *ret_code = -1 for a byte that is not part of valid UTF-8 (overlong forms and surrogates
 * are not valid). */
size_t utf8_decode(const char *bytes, size_t length, int32_t *ret_code);

/* The offset of the first byte that is not valid UTF-8, or `length`. */
size_t utf8_valid_prefix(const char *bytes, size_t length);

/* Columns on a terminal: 2 for East Asian wide and fullwidth characters and emoji, 0 for combining
 * marks and control characters, else 1. Independent of the locale. */
int utf8_code_width(int32_t code);
size_t utf8_width(const char *bytes, size_t length);

/* Bytes of the longest prefix that is at most `width` columns wide. */
size_t utf8_prefix_of_width(const char *bytes, size_t length, size_t width);

/* Appends for a terminal: control characters (but not newline and tab) and invalid bytes become
 * U+FFFD, so that text from outside cannot move the cursor. */
void utf8_append_safe(struct text *text, const char *bytes, size_t length);

#endif
