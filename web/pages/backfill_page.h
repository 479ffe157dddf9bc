/* The page of a backfill, /backfills/{id}: between the files that write it. */
#ifndef DATEMILL_WEB_PAGES_BACKFILL_PAGE_H
#define DATEMILL_WEB_PAGES_BACKFILL_PAGE_H

#include "scheduler/daemon/backfill_groups.h"
#include "scheduler/store/view_backfill.h"
#include "scheduler/store/view_json.h"
#include "web/site/page.h"

struct backfill_page {
    struct visit *visit;
    struct html *html;
    const struct zone *zone; /* of its flow */
    int64_t newest_event;
    struct view_backfill of;
    struct view_date_runs open;   /* dates that run */
    struct view_date_runs failed; /* and those that failed, the first of them */
    struct view_date_runs dates;  /* a calendar full of them, by position */
    struct view_operations operations;
    struct duration per_date; /* 0 = not known */
};

/* What stands under the heading while it goes on: bar, counts, time left, why it waits. */
void backfill_page_progress(struct backfill_page *page);

/* Dates that run, failures by kind, the calendar. */
void backfill_page_dates(struct backfill_page *page);

#endif
