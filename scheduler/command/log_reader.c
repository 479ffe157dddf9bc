#include "scheduler/command/log_reader.h"

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
    if (reader->fd < 0)
        reader->fd = open(reader->path, O_RDONLY | O_CLOEXEC);
    return reader->fd >= 0;
}

/* Reads on; false when there is nothing new. */
static bool read_more(struct log_reader *reader)
{
    char chunk[CHUNK_BYTES];
    if (!open_file(reader))
        return false;
    ssize_t count = pread(reader->fd, chunk, sizeof chunk, reader->offset);
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

/* One record of the file, without its newline. */
static bool next_record(struct log_reader *reader, bool is_end, const char **ret_bytes,
                        size_t *ret_length)
{
    size_t searched = 0;
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

/* The offset behind the newline that `lines` newlines follow, looking backwards. */
void log_reader_seek_tail(struct log_reader *reader, int64_t lines)
{
    struct stat status;
    if (lines == 0 || !open_file(reader) || fstat(reader->fd, &status) != 0)
        return;
    char chunk[CHUNK_BYTES];
    int64_t end = status.st_size;
    int64_t newlines = 0;
    while (end > 0) {
        size_t wanted = end < (int64_t)sizeof chunk ? (size_t)end : sizeof chunk;
        ssize_t count = pread(reader->fd, chunk, wanted, end - (int64_t)wanted);
        if (count != (ssize_t)wanted)
            return;
        for (size_t i = wanted; i-- > 0;) {
            bool is_last = end - (int64_t)wanted + (int64_t)i == status.st_size - 1;
            if (chunk[i] != '\n' || is_last)
                continue;
            if (++newlines == lines) {
                reader->offset = end - (int64_t)wanted + (int64_t)i + 1;
                return;
            }
        }
        end -= (int64_t)wanted;
    }
}
