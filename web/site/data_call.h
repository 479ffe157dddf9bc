/* Questions to the warehouse without waiting: datemill-data answers, one process a question, all of
 * a visit side by side. */
#ifndef DATEMILL_WEB_SITE_DATA_CALL_H
#define DATEMILL_WEB_SITE_DATA_CALL_H

#include "web/site/visit.h"

#define DATA_CALL_MAX 3            /* questions of one visit */
#define DATA_CALL_MAX_WORDS 48     /* of one question */
#define DATA_CALL_MAX_PROCESSES 24 /* of all visits; more are refused (ERROR_KIND_BUSY) */
#define DATA_CALL_SECONDS 5
#define DATA_CALL_BYTES ((size_t)8 << 20)

struct data_question {
    const char *format; /* "json", "csv" */
    const char *const
        *words;          /* as of datemill-data: {"show", "t", NULL}; borrowed until the call */
    bool may_be_missing; /* NOT_FOUND is an empty output, no error */
    const struct text *ret_output; /* from `done` on; lives as long as the visit */
};

struct data_call_options {
    struct visit *visit;             /* its exchange is deferred here, finished after `done` */
    struct data_question *questions; /* of the visit's arena */
    size_t count;

    /* All have been answered: fills in visit->response. The first that failed becomes the error
     * page, without a call. */
    int (*done)(struct visit *visit, void *owner, struct error *err);
    void *owner; /* handed to `done`; lives as long as the visit, or NULL */
};

/* -1: nothing was begun. 0: the handler returns 0. */
int data_call_begin(const struct data_call_options *options, struct error *err);

#endif
