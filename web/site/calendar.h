/* A calendar: a row a month, a cell a day, in the class of its state. */
#ifndef DATEMILL_WEB_SITE_CALENDAR_H
#define DATEMILL_WEB_SITE_CALENDAR_H

#include "web/site/visit.h"

#define CALENDAR_MAX_DAYS 1000 /* of one page; about 130 KB */

struct calendar_day {
    const char *bizdate;
    const char *state; /* a class of assets/README.md */
    const char *word;  /* what it says, in the visitor's language */
    const char *href;
};

/* Ascending by their dates, each once; at most CALENDAR_MAX_DAYS are written. */
void calendar_write(struct visit *visit, const struct calendar_day *days, size_t count);

#endif
