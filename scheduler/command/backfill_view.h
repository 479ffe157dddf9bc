/* Shows a backfill as it goes: on a terminal failures as lines and a live part with the rate, the
 * time left and the dates that run; elsewhere a line for each date that has ended; with --json one
 * object a line on stdout. Failures of one kind are told once and counted after that. */
#ifndef DATEMILL_COMMAND_BACKFILL_VIEW_H
#define DATEMILL_COMMAND_BACKFILL_VIEW_H

#include "scheduler/command/backfill_view_text.h"
#include "scheduler/command/context.h"

struct backfill_view;

struct backfill_view_options {
    struct context *context;  /* borrowed */
    const struct zone *zone;  /* in which times are shown; borrowed */
    bool has_times;           /* a date has several planned times: they are shown */
    struct duration per_date; /* from the plan, 0 = unknown */
    bool can_repeat;          /* the same command again goes on */
    bool is_silent;           /* keeps the books only */
    bool is_later;            /* has no live part before backfill_view_show() */
};

struct backfill_view *backfill_view_new(const struct backfill_view_options *options);
void backfill_view_free(struct backfill_view *view); /* erases the live part */

/* From now on it has the live part, where there may be one. */
void backfill_view_show(struct backfill_view *view);

/* A reply to the first request, or any other notice. */
void backfill_view_notice(struct backfill_view *view, const struct notice *notice);

/* One line that stands above the live part, as "stopping: …". */
void backfill_view_say(struct backfill_view *view, const char *line);

/* Draws the live part anew if it is time to; false when there is none. */
bool backfill_view_tick(struct backfill_view *view);
void backfill_view_flush(struct backfill_view *view);

/* How it stands as of the last notice; borrowed. */
const struct backfill_standing *backfill_view_standing(const struct backfill_view *view);

/* How many dates are in which state, for the words at the end: notices do not tell them apart. */
void backfill_view_count(struct backfill_view *view, const struct date_counts *counts);

/* Erases the live part and says what has come of it; `says_why` with the reason of its state. */
void backfill_view_end(struct backfill_view *view, bool says_why);

#endif
