/* Which code points are not one column wide, from the Unicode character database (version 14). */
#ifndef DATEMILL_BASE_UTF8_TABLE_H
#define DATEMILL_BASE_UTF8_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct utf8_range {
    int32_t first;
    int32_t last; /* included */
};

/* Sorted, without overlap. */
extern const struct utf8_range utf8_wide[]; /* East Asian wide and fullwidth, emoji: two columns */
extern const size_t utf8_wide_count;
extern const struct utf8_range utf8_zero_width[]; /* marks, joiners, conjoining jamo: no column */
extern const size_t utf8_zero_width_count;

#endif
