/* The words of run_view.h: one notice as people read it, and as a line for programs and files. */
#ifndef DATEMILL_COMMAND_RUN_VIEW_TEXT_H
#define DATEMILL_COMMAND_RUN_VIEW_TEXT_H

#include "scheduler/base/text.h"
#include "scheduler/base/zone.h"
#include "scheduler/command/terminal.h"
#include "scheduler/daemon/notice.h"

struct run_view_place {
    const struct terminal *terminal;
    struct zone **zone;    /* of the last notice, kept for the next one; the caller frees it */
    int64_t done;          /* nodes of the run that are done */
    int64_t all;           /* nodes of the run */
    const char *date;      /* business date, "" = one run only, it need not be said */
    const char *said_date; /* what DATE became, "" = as typed */
    const char *page;      /* where the page is, NULL or "" = nowhere */
    bool is_quiet;         /* only failures and the end */
};

/* Appends nothing, a line, or several; each ends with a newline. */
void run_view_text_people(const struct run_view_place *place, const struct notice *notice,
                          struct text *text);

/* Appends nothing or one line: `2026-11-22T10:31:02+08:00 run=12 date=2021-11-09 node=…`. */
void run_view_text_line(const struct run_view_place *place, const struct notice *notice,
                        struct text *text);

#endif
