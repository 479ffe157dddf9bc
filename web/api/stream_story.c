#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/store/view_json.h"
#include "web/api/stream_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_EVENTS 200 /* some 40 KB */
#define LOOK_PAGES 10   /* of one stream in one look */
#define HASH_FACTOR UINT64_C(1099511628211)
#define TRIGGER_BYTES 40

/* ---- which runs ---- */

static int is_run_watched(struct stream *stream, struct store *store, int64_t run_id,
                          bool *ret_is_watched, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct view_run run;
    char trigger[TRIGGER_BYTES];
    struct error why = {0};
    struct stream_seen *seen = &stream->seen[(uint64_t)run_id % STREAM_SEEN];
    bool is_all = stream->flow[0] == '\0' && stream->backfill_id == 0;
    if (is_all || stream->run_id != 0) {
        *ret_is_watched = is_all || run_id == stream->run_id;
        return 0;
    }
    if (seen->run_id != run_id) {
        if (view_find_run(store, run_id, &arena, &run, &why) < 0) {
            *ret_is_watched = false; /* it was forgotten meanwhile */
            if (why.kind == ERROR_KIND_NOT_FOUND)
                return 0;
            *err = why;
            return -1;
        }
        snprintf(trigger, sizeof trigger, "backfill %" PRId64, stream->backfill_id);
        bool is_flow = stream->flow[0] == '\0' || strcmp(run.flow, stream->flow) == 0;
        bool is_backfill = stream->backfill_id == 0 || strcmp(run.trigger, trigger) == 0;
        *seen = (struct stream_seen){run_id, is_flow && is_backfill};
    }
    *ret_is_watched = seen->is_watched;
    return 0;
}

/* ---- events ---- */

static void tell_state(struct stream *stream, const char *name, const struct view_event *event)
{
    SCOPED_TEXT struct text data = {0};
    struct json_out out;
    const char *state = task_state_name((enum task_state)event->state);
    bool is_node = event->kind == VIEW_EVENT_TASK;
    json_out_init(&out, &data);
    json_out_begin_object(&out);
    if (stream->backfill_id != 0)
        json_out_pair_int(&out, "backfill", stream->backfill_id);
    json_out_pair_int(&out, "run", event->run_id);
    if (is_node)
        json_out_pair_string(&out, "node", event->node_name);
    json_out_pair_string(&out, "state", state);
    json_out_pair_string(&out, "label", string_state(stream->language, state));
    if (is_node)
        json_out_pair_int(&out, "try", event->tries);
    json_out_end_object(&out);
    stream_tell(stream, name, event->id, &data);
}

/* States of runs are numbered as those of nodes. */
static int tell_event(struct stream *stream, struct store *store, const struct view_event *event,
                      struct error *err)
{
    bool is_watched;
    bool is_run = event->kind == VIEW_EVENT_RUN || event->kind == VIEW_EVENT_RUN_ADDED;
    bool is_node = event->kind == VIEW_EVENT_TASK && event->node_name[0] != '\0';
    if ((!is_run && !is_node) || event->state < 0)
        return 0;
    if (is_run_watched(stream, store, event->run_id, &is_watched, err) < 0)
        return -1;
    if (!is_watched)
        return 0;
    if (is_run)
        tell_state(stream, stream->backfill_id != 0 ? "date" : "run", event);
    else if (stream->backfill_id == 0)
        tell_state(stream, "node", event);
    if (stream->run_id == 0 || !is_node || event->attempt_id == 0)
        return 0;
    if (stream_follow(stream, store, event->attempt_id, err) < 0)
        return -1;
    if (event->state != TASK_RUNNING)
        stream_end_log(stream, event->attempt_id);
    return 0;
}

static int tell_page(struct stream *stream, struct store *store, size_t *ret_count,
                     struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct view_events events;
    struct view_event_list list = {.run_id = stream->run_id,
                                   .page = {.limit = PAGE_EVENTS, .after = stream->cursor}};
    if (view_events(store, &list, &arena, &events, err) < 0)
        return -1;
    for (size_t i = 0; i < events.count && !stream->is_gone; i++) {
        if (tell_event(stream, store, &events.items[i], err) < 0)
            return -1;
    }
    stream->cursor = events.next;
    *ret_count = events.count;
    return 0;
}

int stream_tell_events(struct stream *stream, struct store *store, struct error *err)
{
    size_t count = PAGE_EVENTS;
    for (int page = 0; page < LOOK_PAGES && count == PAGE_EVENTS && stream_has_room(stream);
         page++) {
        if (tell_page(stream, store, &count, err) < 0)
            return -1;
    }
    stream->is_behind = count == PAGE_EVENTS;
    return 0;
}

/* ---- the end ---- */

int stream_look_for_end(struct stream *stream, struct store *store, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct view_run run;
    struct view_backfill backfill;
    if (stream->run_id != 0) {
        if (view_find_run(store, stream->run_id, &arena, &run, err) < 0)
            return -1;
        stream->is_final = run_state_is_final(run.state);
    } else if (stream->backfill_id != 0) {
        if (view_find_backfill(store, stream->backfill_id, &arena, &backfill, err) < 0)
            return -1;
        stream->is_final =
            backfill.row.state != BACKFILL_RUNNING && backfill.row.state != BACKFILL_PAUSED;
    }
    return 0;
}

/* ---- a backfill ---- */

static uint64_t standing_of(const struct view_backfill *backfill)
{
    uint64_t hash = (uint64_t)backfill->row.state + 1;
    hash = hash * HASH_FACTOR ^ (uint64_t)backfill->row.parallel;
    for (size_t i = 0; i < DATE_STATE_COUNT; i++)
        hash = hash * HASH_FACTOR ^ (uint64_t)backfill->counts.items[i];
    return hash;
}

int stream_tell_backfill(struct stream *stream, struct store *store, bool is_quiet,
                         struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_TEXT struct text data = {0};
    struct json_out out;
    struct view_backfill backfill;
    if (view_find_backfill(store, stream->backfill_id, &arena, &backfill, err) < 0)
        return -1;
    uint64_t standing = standing_of(&backfill);
    bool is_told = is_quiet || standing == stream->standing;
    stream->standing = standing;
    if (is_told)
        return 0;
    json_out_init(&out, &data);
    json_out_begin_object(&out);
    json_out_pair_int(&out, "backfill", stream->backfill_id);
    json_out_pair_string(&out, "state", backfill_state_name(backfill.row.state));
    json_out_pair_int(&out, "done", view_backfill_done(&backfill));
    json_out_pair_int(&out, "total", view_backfill_total(&backfill));
    json_out_pair_int(&out, "running", backfill.counts.items[DATE_OPEN]);
    json_out_pair_int(&out, "failed", backfill.counts.items[DATE_FAILED]);
    json_out_pair_int(&out, "parallel", backfill.row.parallel);
    json_out_end_object(&out);
    stream_tell(stream, "backfill", 0, &data);
    return 0;
}
