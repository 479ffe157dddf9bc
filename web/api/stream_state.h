/* Between the files of stream.h only. */
#ifndef DATEMILL_WEB_API_STREAM_STATE_H
#define DATEMILL_WEB_API_STREAM_STATE_H

#include "scheduler/base/text.h"
#include "scheduler/store/view_backfill.h"
#include "scheduler/store/view_history.h"
#include "scheduler/system/log_reader.h"
#include "web/api/stream.h"

#define STREAM_MAX_LOGS 16 /* attempts of one run whose logs are followed at once */
#define STREAM_SEEN 64     /* runs of which it is known whether they are watched */

struct stream_hub;

/* A log that is followed. */
struct stream_log {
    int64_t attempt_id; /* 0 = free */
    char *node;
    int32_t number;
    struct log_reader reader;
    int64_t line;    /* of the next line, from 1 */
    bool is_counted; /* else lines are told by their offset */
    bool is_ended;   /* the attempt has: to be read to the end */
};

struct stream_seen {
    int64_t run_id;
    bool is_watched;
};

struct stream {
    struct stream_hub *hub;
    struct stream *next;
    struct stream **place;
    struct site *site;
    struct http_stream *http;
    int64_t run_id;
    int64_t backfill_id;
    char *flow; /* "" = all */
    enum language language;
    int64_t cursor;       /* of the last event that was looked at */
    uint64_t standing;    /* of the backfill, to see whether it changed */
    bool is_behind;       /* there is more to tell than one look tells */
    bool is_final;        /* what is watched is over: `end` follows */
    bool is_gone;         /* its peer is, or reads too slowly */
    struct duration told; /* monotonic: written last */
    struct stream_seen seen[STREAM_SEEN];
    struct stream_log logs[STREAM_MAX_LOGS];
};

/* Whether its peer has read most of what was told: else what there is to tell waits for a look to
 * come. */
bool stream_has_room(const struct stream *stream);

/* Writes one event; `id` 0 = without. */
void stream_tell(struct stream *stream, const char *event, int64_t id, const struct text *data);

/* New events of the story; logs of attempts that start are followed from then on. */
int stream_tell_events(struct stream *stream, struct store *store, struct error *err);

/* Whether what is watched is over. */
int stream_look_for_end(struct stream *stream, struct store *store, struct error *err);

/* How the backfill stands, where that changed; `is_quiet`: only notes it. */
int stream_tell_backfill(struct stream *stream, struct store *store, bool is_quiet,
                         struct error *err);

/* Follows the logs of attempts that run already, their last lines first. */
int stream_begin_logs(struct stream *stream, struct store *store, struct error *err);
int stream_follow(struct stream *stream, struct store *store, int64_t attempt_id,
                  struct error *err);
void stream_end_log(struct stream *stream, int64_t attempt_id);

/* New lines of all logs that are followed. */
void stream_tell_logs(struct stream *stream);
void stream_close_logs(struct stream *stream);
bool stream_has_logs(const struct stream *stream);

#endif
