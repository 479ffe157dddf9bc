/* The live part of the screen: a few lines that are drawn again and again.
 *
 *     struct frame frame;
 *     frame_init(&frame, context->err);
 *     …
 *     frame_begin(&frame);
 *     frame_add(&frame, "[%zu/%zu] %s", done, all, bar);
 *     frame_show(&frame);      // one write
 *     …
 *     frame_erase(&frame);     // at the end
 *
 * Other output through the same terminal, or its peer, erases the frame by itself; the next
 * frame_show() draws it again. A frame is never higher than the terminal less one line and no line
 * is wider than it. On a stream that has no cursor nothing is shown. How often to draw is the
 * caller's business (at most ten times a second, nothing for the first 300 ms). */
#ifndef DATEMILL_COMMAND_FRAME_H
#define DATEMILL_COMMAND_FRAME_H

#include "scheduler/base/text.h"
#include "scheduler/command/terminal.h"

#include <stddef.h>

struct frame {
    struct terminal *terminal; /* borrowed */
    struct terminal_live live; /* known to the terminal while something is shown */
    struct text lines;         /* being built: each line ends with a newline */
    size_t line_count;
    size_t shown;      /* lines that stand on the screen, the cursor below them */
    int shown_columns; /* the widest of them may take two rows after the window got narrower */
    int shown_width;   /* of the terminal when they were drawn */
};

void frame_init(struct frame *frame, struct terminal *terminal);
void frame_free(struct frame *frame); /* erases what is shown */

void frame_begin(struct frame *frame);

/* One line, which may hold style sequences of terminal_style(); text from outside must have gone
 * through utf8_append_safe(). A newline in it is an error of the programmer. */
void frame_add(struct frame *frame, const char *format, ...) __attribute__((format(printf, 2, 3)));

void frame_show(struct frame *frame);
void frame_erase(struct frame *frame);

#endif
