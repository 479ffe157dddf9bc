/* Shows runs as they go: on a terminal a line for each finished node and a live part with the
 * running ones; elsewhere one line per event; with --json one notice per line on stdout. */
#ifndef DATEMILL_COMMAND_RUN_VIEW_H
#define DATEMILL_COMMAND_RUN_VIEW_H

#include "scheduler/command/context.h"
#include "scheduler/daemon/notice.h"

#include <stdbool.h>

struct run_view;

struct run_view_options {
    struct context *context; /* borrowed */
    const char *said_date;   /* what DATE became, as "yesterday in Asia/Shanghai"; "" = as typed */
};

struct run_view *run_view_new(const struct run_view_options *options);
void run_view_free(struct run_view *view); /* erases the live part */

void run_view_notice(struct run_view *view, const struct notice *notice);

/* One line that stands above the live part, as "stopping: …". */
void run_view_say(struct run_view *view, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Draws the live part anew if it is time to; false when it would never change by itself. */
bool run_view_tick(struct run_view *view);

/* Writes out what has piled up. */
void run_view_flush(struct run_view *view);

#endif
