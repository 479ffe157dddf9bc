/* Dates and times by a pattern: `yyyy-mm-dd hh:mi:ss.ff3` (TO_CHAR, TO_DATE; letters in either
 * case) or `yyyy-MM-dd HH:mm:ss.SSS` (DATE_FORMAT). */
#ifndef DATEMILL_NODES_WAREHOUSE_DATE_FORMAT_H
#define DATEMILL_NODES_WAREHOUSE_DATE_FORMAT_H

#include "nodes/warehouse/value.h"
#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>

enum date_style {
    DATE_STYLE_MAXCOMPUTE,
    DATE_STYLE_JAVA
};

void date_format_write(const struct value_moment *moment, const char *pattern, size_t length,
                       enum date_style style, struct text *out);

/* False if the text does not follow the pattern to the letter, or is no date. What the pattern does
 * not have is 1 (months, days) or 0. */
bool date_format_read(const char *text, size_t length, const char *pattern, size_t pattern_length,
                      struct value_moment *ret_moment);

#endif
