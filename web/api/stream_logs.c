#include "scheduler/base/beneath.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "web/api/stream_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define TAIL_LINES 200  /* of a log that was there before */
#define LINE_BYTES 4000 /* told of one line; all of it is in the log */
#define LOOK_LINES 500  /* of one log in one look */
#define COUNTED_BYTES ((int64_t)32 << 20)
#define ESCAPE '\x1b'

/* ---- which logs ---- */

static struct stream_log *find_log(struct stream *stream, int64_t attempt_id)
{
    for (size_t i = 0; i < STREAM_MAX_LOGS; i++) {
        if (stream->logs[i].attempt_id == attempt_id)
            return &stream->logs[i];
    }
    return NULL;
}

static void close_log(struct stream_log *log)
{
    if (log->attempt_id == 0)
        return;
    log_reader_close(&log->reader);
    free((char *)log->reader.path);
    free(log->node);
    *log = (struct stream_log){0};
}

/* A log that is there is opened beneath the state folder; one that is not yet, when it comes. */
static bool open_log(struct stream *stream, struct stream_log *log)
{
    if (log->reader.fd >= 0)
        return true;
    log->reader.fd = beneath_open(site_state_dir_fd(stream->site), log->reader.path,
                                  O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    return log->reader.fd >= 0;
}

static void add_log(struct stream *stream, const struct view_attempt *attempt)
{
    struct stream_log *log = find_log(stream, 0);
    if (log == NULL || attempt->id == 0 || attempt->log_path[0] == '\0' ||
        find_log(stream, attempt->id) != NULL)
        return;
    *log = (struct stream_log){.attempt_id = attempt->id,
                               .node = memory_copy_string(attempt->node_name),
                               .number = attempt->number,
                               .line = 1,
                               .is_counted = true,
                               .is_ended = attempt->state == ATTEMPT_ENDED};
    log_reader_open(&log->reader, memory_copy_string(attempt->log_path));
    if (!open_log(stream, log))
        return;
    log_reader_seek_tail(&log->reader, TAIL_LINES);
    int64_t before = log_reader_count(&log->reader, log->reader.offset, COUNTED_BYTES);
    log->is_counted = before >= 0;
    log->line = before + 1;
}

int stream_begin_logs(struct stream *stream, struct store *store, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct view_attempts open;
    if (view_open_attempts(store, stream->run_id, &arena, &open, err) < 0)
        return -1;
    for (size_t i = 0; i < open.count; i++)
        add_log(stream, &open.items[i]);
    return 0;
}

int stream_follow(struct stream *stream, struct store *store, int64_t attempt_id, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct view_attempt attempt;
    if (view_find_attempt(store, attempt_id, &arena, &attempt, err) < 0)
        return -1;
    add_log(stream, &attempt);
    return 0;
}

void stream_end_log(struct stream *stream, int64_t attempt_id)
{
    struct stream_log *log = find_log(stream, attempt_id);
    if (log != NULL)
        log->is_ended = true;
}

bool stream_has_logs(const struct stream *stream)
{
    for (size_t i = 0; i < STREAM_MAX_LOGS; i++) {
        if (stream->logs[i].attempt_id != 0)
            return true;
    }
    return false;
}

void stream_close_logs(struct stream *stream)
{
    for (size_t i = 0; i < STREAM_MAX_LOGS; i++)
        close_log(&stream->logs[i]);
}

/* ---- their lines ---- */

/* Behind an escape sequence: `ESC [ … letter`, `ESC ] … BEL`, `ESC x`. */
static size_t skip_escape(const char *bytes, size_t length, size_t at)
{
    at++;
    if (at == length)
        return at;
    bool is_csi = bytes[at] == '[';
    bool is_osc = bytes[at] == ']';
    at++;
    while (is_csi && at < length && (bytes[at] < 0x40 || bytes[at] > 0x7e))
        at++;
    while (is_osc && at < length && bytes[at] != '\a' && bytes[at] != ESCAPE)
        at++;
    return at + ((is_csi || is_osc) && at < length ? 1 : 0);
}

/* A line as plain text: what is behind its last carriage return, without what moves or colours. */
static void append_plain(struct text *text, const char *bytes, size_t length)
{
    const char *back = length > 0 ? memrchr(bytes, '\r', length - 1) : NULL;
    size_t at = back == NULL ? 0 : (size_t)(back - bytes) + 1;
    while (at < length && text->length < LINE_BYTES) {
        unsigned char byte = (unsigned char)bytes[at];
        if (byte == ESCAPE) {
            at = skip_escape(bytes, length, at);
            continue;
        }
        if (byte == '\t' || (byte >= ' ' && byte != 0x7f))
            text_append_char(text, (char)byte);
        at++;
    }
    text_append_char(text, '\n');
}

static void tell_line(struct stream *stream, struct stream_log *log,
                      const struct attempt_log_line *line)
{
    SCOPED_TEXT struct text data = {0};
    SCOPED_TEXT struct text plain = {0};
    struct json_out out;
    append_plain(&plain, line->text, line->length);
    json_out_init(&out, &data);
    json_out_begin_object(&out);
    json_out_pair_int(&out, "run", stream->run_id);
    json_out_pair_string(&out, "node", log->node);
    json_out_pair_int(&out, "try", log->number);
    json_out_pair_int(&out, "line", log->is_counted ? log->line : log->reader.line_offset);
    json_out_pair_string(&out, "text", text_string(&plain));
    json_out_end_object(&out);
    stream_tell(stream, "log", 0, &data);
    log->line++;
}

static void tell_log(struct stream *stream, struct stream_log *log)
{
    struct attempt_log_line line;
    bool is_ended = log->is_ended;
    bool is_open = open_log(stream, log);
    int32_t left = LOOK_LINES;
    bool has_room = stream_has_room(stream);
    while (is_open && has_room && left > 0 && log_reader_next(&log->reader, is_ended, &line)) {
        tell_line(stream, log, &line);
        left--;
        has_room = stream_has_room(stream);
    }
    if (left == 0 || !has_room)
        stream->is_behind = true;
    else if (is_ended)
        close_log(log);
}

void stream_tell_logs(struct stream *stream)
{
    for (size_t i = 0; i < STREAM_MAX_LOGS && !stream->is_gone; i++) {
        if (stream->logs[i].attempt_id != 0)
            tell_log(stream, &stream->logs[i]);
    }
}
