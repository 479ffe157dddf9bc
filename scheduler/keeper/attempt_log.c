#include "scheduler/keeper/attempt_log.h"

#include "scheduler/base/civil.h"
#include "scheduler/base/scope.h"
#include "scheduler/keeper/lazy_file.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/keeper_protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESERVE_BYTES 8192 /* of the limit, for what the keeper itself has to say */
#define FLUSH_BYTES ((size_t)256 << 10)
#define NOTE_BYTES 512

void attempt_log_init(struct attempt_log *log, int dir_fd, const char *path, int64_t limit)
{
    if (limit == 0)
        limit = KEEPER_DEFAULT_LOG_LIMIT;
    if (limit < KEEPER_MIN_LOG_LIMIT)
        limit = KEEPER_MIN_LOG_LIMIT;
    *log = (struct attempt_log){.dir_fd = dir_fd, .path = path, .limit = limit, .fd = -1};
    log->tails[0].fd = -1;
    log->tails[1].fd = -1;
}

static void set_stamp(struct attempt_log *log)
{
    struct instant now = clock_now();
    int64_t seconds = now.us / DURATION_SECOND_US;
    char time[CIVIL_TIME_BYTES];
    civil_time_format(civil_from_seconds(seconds), time);
    snprintf(log->stamp, sizeof log->stamp, "%s.%06d000+00:00 ", time,
             (int)(now.us - seconds * DURATION_SECOND_US));
}

static int64_t head_limit(const struct attempt_log *log)
{
    return (log->limit - RESERVE_BYTES) / 2;
}

static int64_t tail_limit(const struct attempt_log *log)
{
    return (log->limit - RESERVE_BYTES) / 4;
}

static void tail_path(const char *path, int index, struct text *ret_path)
{
    text_append_format(ret_path, "%s.tail%d", path, index);
}

/* Writes all of `bytes` at the end of a file that has `size` bytes, or nothing. */
static int write_whole(int fd, const struct text *bytes, int64_t size)
{
    size_t done = 0;
    while (done < bytes->length) {
        ssize_t count = pwrite(fd, bytes->data + done, bytes->length - done, size + (int64_t)done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            int number = count == 0 ? ENOSPC : errno;
            int result = ftruncate(fd, size);
            (void)result;
            errno = number;
            return -1;
        }
        done += (size_t)count;
    }
    return 0;
}

static int open_tail(struct attempt_log *log)
{
    struct attempt_log_tail *tail = &log->tails[log->tail];
    if (tail->fd >= 0)
        return 0;
    SCOPED_TEXT struct text path = {0};
    tail_path(log->path, log->tail, &path);
    tail->fd = lazy_file_open(log->dir_fd, text_string(&path));
    return tail->fd < 0 ? -1 : 0;
}

static int flush_to_head(struct attempt_log *log)
{
    if (log->fd < 0)
        log->fd = lazy_file_open(log->dir_fd, log->path);
    if (log->fd < 0 || write_whole(log->fd, &log->out, log->size) < 0)
        return -1;
    log->size += (int64_t)log->out.length;
    return 0;
}

static int flush_to_tail(struct attempt_log *log)
{
    struct attempt_log_tail *tail = &log->tails[log->tail];
    if (open_tail(log) < 0 || write_whole(tail->fd, &log->out, tail->size) < 0)
        return -1;
    tail->size += (int64_t)log->out.length;
    tail->payload += log->out_payload;
    return 0;
}

static void flush(struct attempt_log *log)
{
    if (log->out.length == 0)
        return;
    if ((log->is_in_tail ? flush_to_tail(log) : flush_to_head(log)) < 0) {
        log->error = errno;
        log->lost += log->out_payload;
    }
    text_clear(&log->out);
    log->out_payload = 0;
}

/* The older of the two tails is given up and written anew. */
static void turn_tail(struct attempt_log *log)
{
    log->tail = 1 - log->tail;
    struct attempt_log_tail *tail = &log->tails[log->tail];
    log->lost += tail->payload;
    if (tail->fd >= 0 && ftruncate(tail->fd, 0) < 0)
        log->error = errno;
    tail->size = 0;
    tail->payload = 0;
}

static void make_room(struct attempt_log *log, size_t length)
{
    int64_t wanted = (int64_t)(log->out.length + length);
    if (log->is_joining)
        return;
    if (!log->is_in_tail && log->size + wanted > head_limit(log)) {
        flush(log);
        log->is_in_tail = true;
        wanted = (int64_t)length;
    }
    if (log->is_in_tail && log->tails[log->tail].size + wanted > tail_limit(log)) {
        flush(log);
        turn_tail(log);
    }
    if (log->out.length > FLUSH_BYTES)
        flush(log);
}

static const char *stream_tag(enum attempt_log_stream stream)
{
    switch (stream) {
    case ATTEMPT_LOG_STDOUT:
        return "stdout ";
    case ATTEMPT_LOG_STDERR:
        return "stderr ";
    case ATTEMPT_LOG_NOTE:
        return "datemill ";
    }
    return "";
}

/* One line of the file. */
static void add_record(struct attempt_log *log, enum attempt_log_stream stream, bool is_whole,
                       const struct text *piece)
{
    const char *tag = stream_tag(stream);
    make_room(log, strlen(log->stamp) + strlen(tag) + piece->length + 3);
    text_append(&log->out, log->stamp);
    text_append(&log->out, tag);
    text_append_bytes(&log->out, is_whole ? "F " : "P ", 2);
    if (piece->length > 0)
        text_append_bytes(&log->out, piece->data, piece->length);
    text_append_char(&log->out, '\n');
    if (stream != ATTEMPT_LOG_NOTE)
        log->out_payload += (int64_t)piece->length + (is_whole ? 1 : 0);
}

void attempt_log_write(struct attempt_log *log, enum attempt_log_stream stream, const char *bytes,
                       size_t length)
{
    struct text *partial = &log->partial[stream];
    set_stamp(log);
    while (length > 0) {
        size_t room = ATTEMPT_LOG_PIECE_BYTES - partial->length;
        size_t part = length < room ? length : room;
        const char *newline = memchr(bytes, '\n', part);
        if (newline != NULL)
            part = (size_t)(newline - bytes);
        if (newline != NULL && partial->length == 0) {
            struct text line = {.data = (char *)bytes, .length = part};
            add_record(log, stream, true, &line);
        } else {
            text_append_bytes(partial, bytes, part);
            if (newline != NULL || partial->length == ATTEMPT_LOG_PIECE_BYTES) {
                add_record(log, stream, newline != NULL, partial);
                text_clear(partial);
            }
        }
        size_t used = part + (newline != NULL ? 1 : 0);
        bytes += used;
        length -= used;
    }
    flush(log);
}

void attempt_log_note(struct attempt_log *log, const char *format, ...)
{
    char buffer[NOTE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(buffer, sizeof buffer, format, args);
    va_end(args);
    struct text line = {.data = buffer, .length = strlen(buffer)};
    for (size_t i = 0; i < line.length; i++) {
        if ((unsigned char)buffer[i] < ' ' || buffer[i] == 127)
            buffer[i] = '?';
    }
    set_stamp(log);
    add_record(log, ATTEMPT_LOG_NOTE, true, &line);
    flush(log);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* Appends a whole file; returns how many bytes of it were. */
static int64_t append_file(int to, int64_t to_size, int from, int64_t length)
{
    off_t in = 0;
    off_t out = to_size;
    while (in < length) {
        ssize_t count = copy_file_range(from, &in, to, &out, (size_t)(length - in), 0);
        if (count < 0 && errno == EINTR)
            continue;
        if (count > 0)
            continue;
        char chunk[65536];
        count = pread(from, chunk, sizeof chunk, in);
        if (count <= 0)
            break;
        struct text bytes = {.data = chunk, .length = (size_t)count};
        if (write_whole(to, &bytes, out) < 0)
            break;
        in += count;
        out += count;
    }
    return in;
}

static void say_what_is_lost(struct attempt_log *log)
{
    char reason[128];
    if (log->error != 0)
        attempt_log_note(
            log, "%" PRId64 " bytes of output are missing: the log could not be written (%s)",
            log->lost, strerror_r(log->error, reason, sizeof reason));
    else
        attempt_log_note(log,
                         "%" PRId64 " bytes of output are left out here: the log is limited to "
                         "%" PRId64 " bytes",
                         log->lost, log->limit);
}

static void join_tails(struct attempt_log *log)
{
    log->is_in_tail = false;
    log->is_joining = true;
    if (log->lost > 0)
        say_what_is_lost(log);
    for (int i = 0; i < 2; i++) {
        int index = i == 0 ? 1 - log->tail : log->tail;
        struct attempt_log_tail *tail = &log->tails[index];
        if (tail->fd < 0 || log->fd < 0)
            continue;
        int64_t copied = append_file(log->fd, log->size, tail->fd, tail->size);
        log->size += copied;
        if (copied < tail->size)
            log->lost += tail->payload * (tail->size - copied) / tail->size;
        close(tail->fd);
        tail->fd = -1;
        SCOPED_TEXT struct text path = {0};
        tail_path(log->path, index, &path);
        unlinkat(log->dir_fd, text_string(&path), 0);
    }
}

void attempt_log_finish(struct attempt_log *log)
{
    set_stamp(log);
    for (int stream = 0; stream < 2; stream++) {
        if (log->partial[stream].length > 0)
            add_record(log, (enum attempt_log_stream)stream, false, &log->partial[stream]);
        text_free(&log->partial[stream]);
    }
    flush(log);
    if (log->is_in_tail)
        join_tails(log);
    else if (log->lost > 0)
        say_what_is_lost(log);
    scope_close_fd(&log->fd);
    log->fd = -1;
    text_free(&log->out);
}

static int open_if_there(int dir_fd, const char *path)
{
    return openat(dir_fd, path, O_RDWR | O_CLOEXEC);
}

/* The tail written longer ago comes first. */
static bool is_tail_order_reversed(const struct attempt_log *log)
{
    struct stat first;
    struct stat second;
    if (log->tails[0].fd < 0 || log->tails[1].fd < 0 || fstat(log->tails[0].fd, &first) < 0 ||
        fstat(log->tails[1].fd, &second) < 0)
        return false;
    return first.st_mtim.tv_sec > second.st_mtim.tv_sec ||
           (first.st_mtim.tv_sec == second.st_mtim.tv_sec &&
            first.st_mtim.tv_nsec > second.st_mtim.tv_nsec);
}

void attempt_log_recover(int dir_fd, const char *path, const char *note)
{
    struct attempt_log log;
    struct stat status;
    attempt_log_init(&log, dir_fd, path, 0);
    log.fd = open_if_there(dir_fd, path);
    if (log.fd < 0 || fstat(log.fd, &status) < 0) {
        scope_close_fd(&log.fd);
        return;
    }
    log.size = status.st_size;
    log.is_joining = true;
    for (int i = 0; i < 2; i++) {
        SCOPED_TEXT struct text tail = {0};
        tail_path(path, i, &tail);
        log.tails[i].fd = open_if_there(dir_fd, text_string(&tail));
        if (log.tails[i].fd >= 0 && fstat(log.tails[i].fd, &status) == 0)
            log.tails[i].size = status.st_size;
    }
    log.tail = is_tail_order_reversed(&log) ? 0 : 1;
    if (log.tails[0].fd >= 0 || log.tails[1].fd >= 0) {
        attempt_log_note(&log, "output may be left out here: the log reached its limit");
        join_tails(&log);
    }
    attempt_log_note(&log, "%s", note);
    attempt_log_finish(&log);
}
