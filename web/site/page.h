/* The frame of every page: head, navigation, footer; and how a page begins and ends.
 *
 *     struct page_head head = {.title = "Runs", .nav = PAGE_NAV_RUNS};
 *     struct html *html = page_begin(visit, &head);
 *     html_element_say(html, "h1", NULL, STR_RUNS);
 *     …
 *     return page_end(visit);                       // 0
 */
#ifndef DATEMILL_WEB_SITE_PAGE_H
#define DATEMILL_WEB_SITE_PAGE_H

#include "web/http/url.h"
#include "web/site/visit.h"

enum page_nav {
    PAGE_NAV_NONE,
    PAGE_NAV_FLOWS,
    PAGE_NAV_RUNS,
    PAGE_NAV_BACKFILLS,
    PAGE_NAV_DATA
};

struct page_crumb {
    const char *href;
    const char *text;
};

#define PAGE_MAX_CRUMBS 4

struct page_head {
    const char *title; /* of the window; " · datemill" is added */
    enum page_nav nav;
    struct page_crumb crumbs[PAGE_MAX_CRUMBS]; /* above the heading; text NULL = end */
    const struct zone *zone;                   /* times are shown in it; NULL = the project's */
    const char *alternate; /* the same as JSON: "/api/v1/runs/12"; NULL = none */
    const char *events;    /* URL of the page's event stream; NULL = nothing is open, no refresh
                                without scripts either */
    const char *query;     /* what stands in the search box; NULL = nothing */
    bool is_error;         /* of fail.h: it must not need the store */
};

/* Begins an HTML answer (status 200, unless one was set before). */
struct html *page_begin(struct visit *visit, const struct page_head *head);
int page_end(struct visit *visit); /* 0 */

/* <span class="state failed">failed</span>; its glyph is the style sheet's. */
void page_state(struct html *html, const char *state);

/* A time for people, with the instant for scripts: <time datetime="…Z">2021-11-12 02:30:00</time>;
 * a dash for 0. `zone` NULL = that of the page. */
void page_time(struct visit *visit, struct instant at, const struct zone *zone);

/* A sentence with values for {1}, {2}, …: strings, NULL at the end. Belongs to the arena. */
const char *page_fill(struct visit *visit, enum string_key key, ...) __attribute__((sentinel));

/* Hidden CSRF field of a form of the visitor's session. */
void page_csrf(struct visit *visit);

/* A button that posts: the confirmation page of an action is asked for with GET, so that it works
 * without scripts and shows the command line. */
void page_action_link(struct visit *visit, const char *href, const char *text);

#endif
