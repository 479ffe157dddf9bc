#include "web/api/stream.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/clock.h"
#include "web/api/stream_state.h"

#include <inttypes.h>
#include <stdlib.h>

/* All streams of the process, and what looks for news. */
struct stream_hub {
    struct site *site;
    struct stream *streams;
    struct loop_timer timer;
    struct store *store;  /* whose data_version it is; only compared */
    int64_t data_version; /* at the last look */
    bool is_set_up;
};

static void close_hub(void *part)
{
    struct stream_hub *hub = part;
    if (hub->is_set_up)
        loop_cancel_timer(site_loop(hub->site), &hub->timer);
}

static const struct site_part_kind hub_kind = {.size = sizeof(struct stream_hub),
                                               .close = close_hub};

/* ---- writing ---- */

static void put(struct stream *stream, const struct text *bytes)
{
    if (stream->is_gone)
        return;
    stream->told = clock_monotonic();
    if (!http_stream_write(stream->http, text_string(bytes), bytes->length))
        stream->is_gone = true;
}

bool stream_has_room(const struct stream *stream)
{
    return !stream->is_gone && http_stream_queued(stream->http) < HTTP_SERVER_MAX_STREAM_QUEUE / 2;
}

void stream_tell(struct stream *stream, const char *event, int64_t id, const struct text *data)
{
    SCOPED_TEXT struct text text = {0};
    if (id != 0)
        text_append_format(&text, "id: %" PRId64 "\n", id);
    text_append_format(&text, "event: %s\ndata: ", event);
    text_append_bytes(&text, data->data, data->length);
    text_append(&text, "\n\n");
    put(stream, &text);
}

static void tell_end(struct stream *stream)
{
    SCOPED_TEXT struct text data = {0};
    text_append(&data, "{}");
    stream_tell(stream, "end", stream->cursor, &data);
    http_stream_end(stream->http);
    stream->is_gone = true;
}

static void keep_alive(struct stream *stream)
{
    SCOPED_TEXT struct text text = {0};
    if (clock_monotonic().us - stream->told.us < duration_seconds(STREAM_KEEP_ALIVE_S).us)
        return;
    text_append(&text, ": keep-alive\n\n");
    put(stream, &text);
}

/* ---- looking ---- */

/* One that cannot be read is over: its peer comes again, and is told why. */
static void look(struct stream *stream, struct store *store, bool is_new)
{
    bool has_failed = false;
    if (is_new || stream->is_behind) {
        has_failed = stream_tell_events(stream, store, NULL) < 0 ||
                     stream_look_for_end(stream, store, NULL) < 0;
        if (!has_failed && stream->backfill_id != 0)
            has_failed = stream_tell_backfill(stream, store, false, NULL) < 0;
    }
    stream_tell_logs(stream);
    if (has_failed && !stream->is_gone) {
        http_stream_end(stream->http);
        stream->is_gone = true;
    }
    if (stream->is_final && !stream->is_behind && !stream_has_logs(stream) && !stream->is_gone)
        tell_end(stream);
    keep_alive(stream);
}

static void look_at_all(void *owner)
{
    struct stream_hub *hub = owner;
    struct store *store = NULL;
    int64_t version = 0;
    if (hub->streams == NULL)
        return;
    loop_set_timer(site_loop(hub->site), &hub->timer, duration_ms(STREAM_LOOK_MS));
    if (site_store(hub->site, &store, NULL) < 0 || store_data_version(store, &version, NULL) < 0)
        return; /* it may come back; requests tell why it is not there */
    bool is_new = store != hub->store || version != hub->data_version;
    hub->store = store;
    hub->data_version = version;
    for (struct stream *stream = hub->streams; stream != NULL; stream = stream->next) {
        if (!stream->is_gone && http_stream_is_heard(stream->http))
            look(stream, store, is_new);
    }
}

/* ---- one more, one less ---- */

static void forget(void *owner)
{
    struct stream *stream = owner;
    struct stream_hub *hub = stream->hub;
    *stream->place = stream->next;
    if (stream->next != NULL)
        stream->next->place = stream->place;
    stream_close_logs(stream);
    free(stream->flow);
    free(stream);
    if (hub->streams == NULL)
        loop_cancel_timer(site_loop(hub->site), &hub->timer);
}

static struct stream_hub *hub_of(struct site *site)
{
    struct stream_hub *hub = site_part(site, &hub_kind);
    if (!hub->is_set_up) {
        *hub = (struct stream_hub){.site = site, .is_set_up = true};
        hub->timer = (struct loop_timer){.call = look_at_all, .owner = hub};
    }
    return hub;
}

static struct stream *add_stream(struct visit *visit, const struct stream_filter *filter,
                                 struct http_stream *http)
{
    struct stream_hub *hub = hub_of(visit->site);
    struct stream *stream = memory_new(1, sizeof *stream);
    *stream = (struct stream){.hub = hub,
                              .next = hub->streams,
                              .place = &hub->streams,
                              .site = visit->site,
                              .http = http,
                              .run_id = filter->run_id,
                              .backfill_id = filter->backfill_id,
                              .flow = memory_copy_string(filter->flow),
                              .language = visit->language,
                              .told = clock_monotonic()};
    if (stream->next != NULL)
        stream->next->place = &stream->next;
    hub->streams = stream;
    visit->exchange->owner = stream;
    visit->exchange->forget = forget;
    if (!loop_timer_is_set(&hub->timer))
        loop_set_timer(site_loop(visit->site), &hub->timer, duration_ms(STREAM_LOOK_MS));
    return stream;
}

/* What there is to tell already is told at once. */
static int begin(struct stream *stream, struct store *store, int64_t after, struct error *err)
{
    SCOPED_TEXT struct text text = {0};
    int64_t newest;
    if (view_newest_event(store, stream->run_id, &newest, err) < 0)
        return -1;
    stream->cursor = after < 0 ? newest : after;
    text_append_format(&text, "retry: %d\n\n", STREAM_RETRY_MS);
    put(stream, &text);
    if (stream->backfill_id != 0 &&
        stream_tell_backfill(stream, store, stream->cursor >= newest, err) < 0)
        return -1;
    if (stream->run_id != 0 && stream_begin_logs(stream, store, err) < 0)
        return -1;
    stream->is_behind = true;
    look(stream, store, true);
    return 0;
}

int stream_open(struct visit *visit, const struct stream_filter *filter, int64_t after,
                struct error *err)
{
    struct store *store;
    if (visit_store(visit, &store, err) < 0)
        return -1;
    struct http_stream *http = http_stream_open(visit->exchange);
    if (http == NULL)
        return error_set(err, ERROR_KIND_BUSY, "%d streams are open, and that is all there are",
                         HTTP_SERVER_MAX_STREAMS);
    struct stream *stream = add_stream(visit, filter, http);
    if (begin(stream, store, after, err) < 0)
        return -1;
    visit->response->status = 200;
    visit->response->content_type = "text/event-stream";
    http_set_header(visit->response, "Cache-Control", "no-store");
    return 0;
}
