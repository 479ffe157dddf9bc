/* Event streams: what happens, told to whoever watches, as server-sent events.
 *
 * The story in the store (table `event`) is what is told; ids of its lines are those of events, so
 * that a stream that broke goes on exactly behind the last one (Last-Event-ID, or ?after=). Logs of
 * the run that is watched come besides, without an id: after a break their last lines come again.
 *
 * One timer looks twice a second, while anybody watches and only then. A look without news is one
 * question for SQLite's data_version, and the size of each watched log. Who reads too slowly is let
 * go when its queue is full, and comes again. */
#ifndef DATEMILL_WEB_API_STREAM_H
#define DATEMILL_WEB_API_STREAM_H

#include "web/site/visit.h"

#define STREAM_LOOK_MS 500
#define STREAM_KEEP_ALIVE_S 15
#define STREAM_RETRY_MS 3000

/* What is watched: each 0 or "" for no bound. */
struct stream_filter {
    int64_t run_id;
    int64_t backfill_id;
    const char *flow;
};

/* Opens a stream behind the event `after` (-1: from now on) as the answer of the visit. */
int stream_open(struct visit *visit, const struct stream_filter *filter, int64_t after,
                struct error *err);

#endif
