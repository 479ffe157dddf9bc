/* The page between a link and a change: what is going to happen, the command line that does the
 * same, who does it and why, and the button. */
#ifndef DATEMILL_WEB_ACTION_CONFIRM_H
#define DATEMILL_WEB_ACTION_CONFIRM_H

#include "web/site/page.h"

#define CONFIRM_MAX_FIELDS 16
#define CONFIRM_REASON_BYTES 500

enum confirm_field_kind {
    CONFIRM_HIDDEN,
    CONFIRM_TEXT,
    CONFIRM_DATE
};

struct confirm_field {
    enum confirm_field_kind kind;
    const char *name;
    const char *value; /* "" = none yet */
    const char *label;
    const char *hint; /* NULL = none */
    bool is_required;
};

/* A question before the question: a date, sent with GET to the same path. */
struct confirm_ask {
    const char *name; /* NULL = none */
    const char *value;
    const char *label;
    const char *hint;
    const char *button;
};

struct confirm {
    const char *title; /* heading: "Rerun run 12" */
    const char *facts; /* one line under it: "smartrm_study · 2021-11-11"; NULL = none */
    const char *what;  /* what is going to happen */
    const char *command;
    const char *post;   /* where it goes; the same path answers GET */
    const char *back;   /* where "no" goes */
    const char *button; /* what "yes" says */
    bool is_danger;
    enum page_nav nav;
    struct page_crumb crumbs[PAGE_MAX_CRUMBS];
    struct confirm_field fields[CONFIRM_MAX_FIELDS];
    size_t field_count;
    struct confirm_ask ask;
};

void confirm_hide(struct confirm *confirm, const char *name, const char *value); /* NULL: nothing */

/* The field `reason`. */
void confirm_ask_why(struct visit *visit, struct confirm *confirm, bool is_required);

/* Writes the page. A visitor who may not change anything sees how to sign in instead of the
 * button. */
int confirm_write(struct visit *visit, const struct confirm *confirm);

/* Whether this visitor sees buttons. */
bool confirm_may_change(const struct visit *visit);

/* For one who does not: what to do, and the command line, which needs no page. */
void confirm_write_hint(struct visit *visit, const char *back, const char *command);

/* The answer of the engine was a refusal: the page says so (409, or the status of another kind).
 * -1, for the caller to return. */
int confirm_refused(const struct error *error, struct error *err);

#endif
