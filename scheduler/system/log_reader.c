#include "scheduler/system/log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)64 << 10)

void log_reader_open(struct log_reader *reader, const char *path)
{
    *reader = (struct log_reader){.path = path, .fd = -1};
}

void log_reader_open_fd(struct log_reader *reader, int fd)
{
    *reader = (struct log_reader){.fd = fd};
}

void log_reader_close(struct log_reader *reader)
{
    if (reader->fd >= 0)
        close(reader->fd);
    text_free(&reader->bytes);
    for (int stream = 0; stream <= ATTEMPT_LOG_NOTE; stream++)
        text_free(&reader->open[stream].text);
    *reader = (struct log_reader){.path = reader->path, .fd = -1};
}

static bool open_file(struct log_reader *reader)
{
    if (reader->fd < 0 && reader->path != NULL)
        reader->fd = open(reader->path, O_RDONLY | O_CLOEXEC);
    return reader->fd >= 0;
}

/* Reads on; false when there is nothing new. */
static bool read_more(struct log_reader *reader)
{
    char chunk[CHUNK_BYTES];
    if (!open_file(reader))
        return false;
    size_t wanted = sizeof chunk;
    if (reader->end > 0 && reader->end - reader->offset < (int64_t)wanted)
        wanted = (size_t)(reader->end - reader->offset);
    ssize_t count = pread(reader->fd, chunk, wanted, reader->offset);
    if (count <= 0)
        return false;
    reader->offset += count;
    if (reader->used > 0) {
        size_t rest = reader->bytes.length - reader->used;
        memmove(reader->bytes.data, reader->bytes.data + reader->used, rest + 1);
        reader->bytes.length = rest;
        reader->used = 0;
    }
    text_append_bytes(&reader->bytes, chunk, (size_t)count);
    return true;
}

/* One record of the file, without its newline; reader->line_offset becomes its place. */
static bool next_record(struct log_reader *reader, bool is_end, const char **ret_bytes,
                        size_t *ret_length)
{
    size_t searched = 0;
    reader->line_offset = reader->offset - (int64_t)(reader->bytes.length - reader->used);
    for (;;) {
        const char *start = text_string(&reader->bytes) + reader->used;
        size_t rest = reader->bytes.length - reader->used;
        const char *newline =
            rest > searched ? memchr(start + searched, '\n', rest - searched) : NULL;
        bool is_too_long = newline == NULL && rest >= LOG_READER_MAX_LINE;
        searched = rest;
        if (newline != NULL || is_too_long) {
            *ret_length = newline != NULL ? (size_t)(newline - start) : rest;
            *ret_bytes = start;
            reader->used += *ret_length + (newline != NULL);
            return true;
        }
        if (read_more(reader))
            continue;
        if (!is_end || rest == 0)
            return false;
        *ret_bytes = text_string(&reader->bytes) + reader->used;
        *ret_length = rest;
        reader->used += rest;
        return true;
    }
}

/* Ends the open line of a stream; false when there is none. */
static bool end_line(struct log_reader *reader, enum attempt_log_stream stream,
                     struct attempt_log_line *ret_line)
{
    struct log_reader_open_line *open = &reader->open[stream];
    if (open->text.length == 0)
        return false;
    *ret_line = (struct attempt_log_line){.at = open->at,
                                          .stream = stream,
                                          .text = text_string(&open->text),
                                          .length = open->text.length};
    reader->given = &open->text;
    reader->line_offset = open->offset;
    return true;
}

/* The two streams may be interleaved in the middle of a line. */
bool log_reader_next(struct log_reader *reader, bool is_end, struct attempt_log_line *ret_line)
{
    const char *bytes;
    size_t length;
    if (reader->given != NULL)
        text_clear(reader->given);
    reader->given = NULL;
    while (next_record(reader, is_end, &bytes, &length)) {
        bool is_part = false;
        struct attempt_log_line record;
        attempt_log_parse(bytes, length, &record, &is_part);
        struct log_reader_open_line *open = &reader->open[record.stream];
        bool goes_on = is_part && open->text.length + record.length < LOG_READER_MAX_LINE;
        if (open->text.length == 0 && !goes_on) {
            *ret_line = record;
            return true;
        }
        if (open->text.length == 0)
            open->offset = reader->line_offset;
        text_append_bytes(&open->text, record.text, record.length);
        open->at = record.at;
        if (!goes_on)
            return end_line(reader, record.stream, ret_line);
    }
    for (int stream = 0; is_end && stream <= ATTEMPT_LOG_NOTE; stream++) {
        if (end_line(reader, (enum attempt_log_stream)stream, ret_line))
            return true;
    }
    return false;
}

static int64_t file_size(struct log_reader *reader)
{
    struct stat status;
    return open_file(reader) && fstat(reader->fd, &status) == 0 ? status.st_size : 0;
}

/* The offset behind the newline that `lines` newlines follow before `end`; 0 = there are not so
 * many. */
static int64_t find_back(const struct log_reader *reader, int64_t end, int64_t lines)
{
    char chunk[CHUNK_BYTES];
    int64_t newlines = 0;
    int64_t last = end - 1; /* ends the last line and begins none */
    while (end > 0) {
        size_t wanted = end < (int64_t)sizeof chunk ? (size_t)end : sizeof chunk;
        int64_t start = end - (int64_t)wanted;
        if (pread(reader->fd, chunk, wanted, start) != (ssize_t)wanted)
            return 0;
        for (size_t i = wanted; i-- > 0;) {
            if (chunk[i] != '\n' || start + (int64_t)i == last)
                continue;
            if (++newlines == lines)
                return start + (int64_t)i + 1;
        }
        end = start;
    }
    return 0;
}

void log_reader_seek_tail(struct log_reader *reader, int64_t lines)
{
    int64_t size = file_size(reader);
    if (lines > 0)
        reader->offset = find_back(reader, size, lines);
}

void log_reader_seek_before(struct log_reader *reader, int64_t offset, int64_t lines)
{
    int64_t size = file_size(reader);
    reader->end = offset < size ? offset : size;
    reader->offset = lines > 0 ? find_back(reader, reader->end, lines) : 0;
}

int64_t log_reader_count(struct log_reader *reader, int64_t offset, int64_t max_bytes)
{
    char chunk[CHUNK_BYTES];
    int64_t count = 0;
    int64_t size = file_size(reader);
    int64_t end = offset < size ? offset : size;
    if (end > max_bytes)
        return -1;
    for (int64_t at = 0; at < end;) {
        size_t wanted = end - at < (int64_t)sizeof chunk ? (size_t)(end - at) : sizeof chunk;
        ssize_t length = pread(reader->fd, chunk, wanted, at);
        if (length <= 0)
            return -1;
        for (const char *next = chunk; next < chunk + length; count++) {
            next = memchr(next, '\n', (size_t)(chunk + length - next));
            if (next++ == NULL)
                break;
        }
        at += length;
    }
    return count;
}
