#include "scheduler/system/attempt_log.h"

#include "scheduler/base/civil.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define STAMP_SECONDS_BYTES 19 /* 2026-11-22T10:31:02 */
#define STAMP_MAX_BYTES 40

/* Nanoseconds and the offset behind the seconds, which the keeper always writes as +00:00. */
static bool parse_stamp(const char *stamp, size_t length, struct instant *ret_at)
{
    if (length < STAMP_SECONDS_BYTES || length > STAMP_MAX_BYTES)
        return false;
    char seconds[STAMP_SECONDS_BYTES + 1];
    memcpy(seconds, stamp, STAMP_SECONDS_BYTES);
    seconds[STAMP_SECONDS_BYTES] = '\0';
    struct civil_time time;
    if (civil_time_parse(seconds, &time, NULL) < 0)
        return false;
    int64_t us = 0;
    int64_t unit = 100000;
    for (size_t i = STAMP_SECONDS_BYTES + 1;
         stamp[STAMP_SECONDS_BYTES] == '.' && i < length && stamp[i] >= '0' && stamp[i] <= '9';
         i++) {
        us += (stamp[i] - '0') * unit;
        unit /= 10;
    }
    ret_at->us = civil_to_seconds(time) * DURATION_SECOND_US + us;
    return true;
}

static bool parse_stream(const char *word, size_t length, enum attempt_log_stream *ret_stream)
{
    if (length == 6 && memcmp(word, "stdout", 6) == 0)
        *ret_stream = ATTEMPT_LOG_STDOUT;
    else if (length == 6 && memcmp(word, "stderr", 6) == 0)
        *ret_stream = ATTEMPT_LOG_STDERR;
    else
        *ret_stream = ATTEMPT_LOG_NOTE;
    return length > 0;
}

void attempt_log_parse(const char *bytes, size_t length, struct attempt_log_line *ret_line,
                       bool *ret_is_part)
{
    *ret_line = (struct attempt_log_line){
        .at = INSTANT_NEVER, .stream = ATTEMPT_LOG_STDOUT, .text = bytes, .length = length};
    *ret_is_part = false;
    const char *end = bytes + length;
    const char *stream = memchr(bytes, ' ', length);
    if (stream == NULL || !parse_stamp(bytes, (size_t)(stream - bytes), &ret_line->at))
        return;
    stream++;
    const char *flag = memchr(stream, ' ', (size_t)(end - stream));
    if (flag == NULL || end - flag < 2 ||
        !parse_stream(stream, (size_t)(flag - stream), &ret_line->stream))
        return;
    *ret_is_part = flag[1] == 'P';
    const char *text = end - flag > 2 ? flag + 3 : end;
    ret_line->text = text <= end ? text : end;
    ret_line->length = (size_t)(end - ret_line->text);
}

/* Joins records to lines; the two streams may be interleaved in the middle of a line. */
static void split(const char *bytes, size_t length, struct arena *arena,
                  struct attempt_log_line **ret_lines, size_t *ret_count)
{
    struct attempt_log_line *lines = NULL;
    size_t count = 0;
    size_t capacity = 0;
    struct text open[ATTEMPT_LOG_NOTE + 1] = {{0}};
    const char *end = bytes + length;
    for (const char *at = bytes; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline == NULL ? end : newline;
        struct attempt_log_line line;
        bool is_part;
        attempt_log_parse(at, (size_t)(stop - at), &line, &is_part);
        at = stop + 1;
        struct text *part = &open[line.stream];
        if (is_part || part->length > 0)
            text_append_bytes(part, line.text, line.length);
        if (is_part)
            continue;
        const char *text = part->length > 0 ? text_string(part) : line.text;
        line.length = part->length > 0 ? part->length : line.length;
        line.text = arena_copy(arena, text, line.length);
        text_clear(part);
        lines = arena_grow(arena, lines, count, &capacity, sizeof *lines);
        lines[count++] = line;
    }
    for (size_t i = 0; i <= ATTEMPT_LOG_NOTE; i++)
        text_free(&open[i]);
    *ret_lines = lines;
    *ret_count = count;
}

static int read_end(const char *path, struct text *bytes, bool *ret_is_whole, struct error *err)
{
    SCOPED_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    *ret_is_whole = true;
    if (fd < 0 && errno == ENOENT)
        return 0;
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "%s", path);
    off_t from = status.st_size - (off_t)ATTEMPT_LOG_TAIL_BYTES;
    *ret_is_whole = from <= 0;
    if (from > 0 && lseek(fd, from, SEEK_SET) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "%s", path);
    char buffer[65536];
    ssize_t count;
    while (bytes->length <= ATTEMPT_LOG_TAIL_BYTES && (count = read(fd, buffer, sizeof buffer)) > 0)
        text_append_bytes(bytes, buffer, (size_t)count);
    return 0;
}

int attempt_log_tail(const char *path, size_t max_lines, struct arena *arena,
                     struct attempt_log_tail *ret_tail, struct error *err)
{
    SCOPED_TEXT struct text bytes = {0};
    bool is_whole;
    if (read_end(path, &bytes, &is_whole, err) < 0)
        return -1;
    const char *start = text_string(&bytes);
    const char *end = start + bytes.length;
    if (!is_whole) { /* the first line has lost its front */
        const char *newline = memchr(start, '\n', bytes.length);
        start = newline == NULL ? end : newline + 1;
    }
    struct attempt_log_line *lines;
    size_t count;
    split(start, (size_t)(end - start), arena, &lines, &count);
    size_t shown = count < max_lines ? count : max_lines;
    *ret_tail = (struct attempt_log_tail){.lines = shown == 0 ? NULL : lines + (count - shown),
                                          .count = shown,
                                          .total = count,
                                          .is_whole = is_whole};
    return 0;
}

static bool has_word(const struct attempt_log_line *line, const char *word)
{
    size_t length = strlen(word);
    for (size_t i = 0; i + length <= line->length; i++) {
        if (strncasecmp(line->text + i, word, length) == 0)
            return true;
    }
    return false;
}

bool attempt_log_speaks_of_error(const struct attempt_log_line *line)
{
    static const char *const words[] = {"error", "fatal", "exception", "traceback", "no such"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (has_word(line, words[i]))
            return true;
    }
    return false;
}

const struct attempt_log_line *attempt_log_find_error(const struct attempt_log_tail *tail)
{
    const struct attempt_log_line *found = NULL;
    for (size_t i = tail->count; i > 0; i--) {
        const struct attempt_log_line *line = &tail->lines[i - 1];
        if (line->stream == ATTEMPT_LOG_NOTE)
            continue;
        if (attempt_log_speaks_of_error(line))
            return line;
        if (found == NULL && line->stream == ATTEMPT_LOG_STDERR && line->length > 0)
            found = line;
    }
    return found;
}
