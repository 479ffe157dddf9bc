/* Shared by the files of needs; for nobody else. */
#ifndef DATEMILL_DAEMON_NEEDS_INSIDE_H
#define DATEMILL_DAEMON_NEEDS_INSIDE_H

#include "scheduler/daemon/needs.h"

/* One instance that a node waits for, or a need whose instances cannot be told for now. */
struct need {
    uint32_t node;    /* of the run, that has the need */
    const char *flow; /* borrowed from the plan, as `needed` */
    const char *needed;
    char cyctime[CIVIL_TIME_BYTES]; /* "" with a problem */
    bool is_second;
    bool is_before;      /* then one older than its flow's first run is out of the way */
    bool is_by_hand;     /* its flow has no schedule */
    bool is_daily;       /* a date of its flow is one instance */
    bool is_gone;        /* its flow is not in the folder any more */
    struct instant due;  /* when its flow's schedule fires it */
    const char *problem; /* why it is not known which instance that is; NULL = it is */
    bool is_open;
    bool is_hopeless; /* a date before it in its backfill is over without it */
};

struct needs {
    struct arena arena; /* of problems */
    struct need *items; /* by node, ascending */
    size_t count;
    size_t capacity;
    bool is_found;    /* `items` are */
    bool must_look;   /* something may have changed since they were looked at */
    bool was_told_of; /* watchers heard what it waits for */
    bool is_put_off;  /* one is hopeless only as long as its backfill is paused */
    char *why;        /* of the first that is hopeless; NULL = none is */
};

#endif
