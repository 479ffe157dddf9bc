/* Escape sequences for terminals in text that programs print: finding their ends, leaving them
 * out. A sequence never reaches beyond the text that is given. */
#ifndef DATEMILL_BASE_ESCAPE_H
#define DATEMILL_BASE_ESCAPE_H

#include "scheduler/base/text.h"

#include <stdbool.h>

#define ESCAPE_BYTE '\033'

struct escape {
    size_t end;             /* offset behind it */
    const char *parameters; /* of SGR (`1;31`), NULL = another sequence */
    size_t length;          /* of them */
};

/* Reads the sequence that begins with the ESCAPE_BYTE at `at`. */
void escape_read(const char *bytes, size_t length, size_t at, struct escape *ret_escape);

/* Appends the text without its sequences. */
void escape_strip(struct text *text, const char *bytes, size_t length);

#endif
