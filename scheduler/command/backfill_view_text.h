/* The words of backfill_view.h: one notice as people read it, as a line for files, and as JSON.
 * Pure. Nothing, a line, or several are appended, each with its newline. */
#ifndef DATEMILL_COMMAND_BACKFILL_VIEW_TEXT_H
#define DATEMILL_COMMAND_BACKFILL_VIEW_TEXT_H

#include "scheduler/base/zone.h"
#include "scheduler/command/backfill_rate.h"
#include "scheduler/command/terminal.h"
#include "scheduler/daemon/backfill_groups.h"
#include "scheduler/daemon/notice.h"

/* How a backfill stands. */
struct backfill_standing {
    int64_t id;
    const char *flow;
    const char *state;  /* backfill_state_name() */
    const char *reason; /* why it is paused or stopped, "" = nothing */
    int64_t done;       /* dates that ended in whatever way */
    int64_t total;      /* dates that were to run */
    int64_t failed;     /* of `done`: not success; the next three are part of it */
    int64_t stopped;
    int64_t blocked;
    int64_t in_conflict;
    int64_t running;
    int64_t parallel; /* dates at once */
};

/* The line with the bar, in `columns`; no newline.
 * `[211/306]  69% ━━━━╺━━  ✗ 1  ▶ 4   3.9/min   24m left, about 10:55` */
struct backfill_progress {
    const struct terminal *terminal;
    const struct backfill_standing *standing;
    double per_minute; /* 0 = not known */
    struct backfill_left left;
    const char *finish; /* wall time: `10:55`, "" = not known */
    size_t columns;
};

void backfill_text_progress(const struct backfill_progress *progress, struct text *text);

/* The first failure of a kind: `✗ 2021-02-15  order_succeeded_sync  E204 no such file …`. */
void backfill_text_failure(const struct terminal *terminal, const struct notice *notice,
                           const char *date, struct text *text);

/* Those after it, in the live part; no newline: `✗ 12 more: order_succeeded_sync E204 no …`. */
void backfill_text_more(const struct terminal *terminal, const struct backfill_group *group,
                        struct text *text);

/* `12 dates: order_succeeded_sync E204 …: 2021-02-15 … 2021-02-26`, for each group that has more
 * than `at_least` dates. */
void backfill_text_groups(const struct terminal *terminal, const struct backfill_groups *groups,
                          int64_t at_least, struct text *text);

/* A date that has ended, as a line for files:
 * `2021-11-22T10:31:02+08:00 backfill=13 date=2021-11-09 state=success dur=57.9s done=1/3`. */
void backfill_text_line(const struct notice *notice, const struct zone *zone, const char *date,
                        struct text *text);

/* A notice as one JSON object; `is_first` adds "schema":1. */
void backfill_text_json(const struct notice *notice, const struct zone *zone, bool is_first,
                        struct text *text);

/* What has come of it, and the commands to go on with. */
struct backfill_end {
    const struct terminal *terminal;
    const struct backfill_standing *standing;
    const struct backfill_groups *groups;
    struct duration took; /* 0 = not said */
    const char *page;     /* where the page is, "" = nowhere */
    bool says_why;        /* the reason of its state */
    bool can_repeat;      /* `(or repeat the same command)` */
};

void backfill_text_end(const struct backfill_end *end, struct text *text);

#endif
