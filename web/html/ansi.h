/* Text as a program wrote it for a terminal, as HTML: colours and weights of ANSI SGR become
 * classes (`ab ad ai au ar` bold, dim, italic, underlined, reversed; `f0` to `f7`), every other
 * escape sequence is dropped, and so is what a carriage return writes over. Nothing in the text can
 * be markup, move anything, or reach beyond its line; colours last from line to line as on a
 * terminal. */
#ifndef DATEMILL_WEB_HTML_ANSI_H
#define DATEMILL_WEB_HTML_ANSI_H

#include "web/html/html.h"

#define ANSI_NO_COLOR (-1)

struct ansi {
    int color; /* 0 to 7, ANSI_NO_COLOR */
    bool is_bold;
    bool is_dim;
    bool is_italic;
    bool is_underlined;
    bool is_reversed;
};

void ansi_init(struct ansi *ansi);

/* Writes a line without its newline. Spans are closed at its end. At most `max_bytes` of the line
 * are read; the number of those that were not is returned. */
size_t ansi_line(struct ansi *ansi, struct html *html, const char *bytes, size_t length,
                 size_t max_bytes);

#endif
