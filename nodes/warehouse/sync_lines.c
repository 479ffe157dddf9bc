#include "nodes/warehouse/limits.h"
#include "nodes/warehouse/sync.h"

#include <string.h>

/* A last line without an end that begins like JSON and is none was cut off. */
static bool is_truncated(struct sync *sync, const char *bytes, size_t length)
{
    if (length == 0 || (bytes[0] != '{' && bytes[0] != '['))
        return false;
    return !json_tape_read_document(&sync->tape, bytes, length);
}

static int put_line(struct sync *sync, const char *bytes, size_t length, bool is_ended,
                    struct error *err)
{
    if (!is_ended && is_truncated(sync, bytes, length))
        return sync_reject(sync, bytes, length, "the file ends in the middle of this record", err);
    if (length > 0 && bytes[length - 1] == '\r')
        length--;
    return sync_put_text(sync, bytes, length, err);
}

/* All whole lines that are in the buffer. */
static int put_lines(struct sync *sync, struct error *err)
{
    struct source_stream *stream = &sync->stream;
    while (source_stream_length(stream) > 0) {
        const char *start = source_stream_data(stream);
        const char *end = memchr(start, '\n', source_stream_length(stream));
        if (end == NULL)
            return 0;
        size_t length = (size_t)(end - start);
        if (put_line(sync, start, length, true, err) != 0)
            return -1;
        source_stream_consume(stream, length + 1, 1);
    }
    return 0;
}

int sync_lines(struct sync *sync, struct error *err)
{
    struct source_stream *stream = &sync->stream;
    int filled;
    while ((filled = source_stream_fill(stream, err)) == 1) {
        if (put_lines(sync, err) != 0)
            return -1;
        if (source_stream_length(stream) > WAREHOUSE_MAX_RECORD_BYTES) {
            if (sync_reject(sync, source_stream_data(stream), source_stream_length(stream),
                            "the line is larger than 8 MiB", err) != 0 ||
                sync_skip_line(sync, err) != 0)
                return -1;
        }
        sync_tell(sync);
    }
    if (filled < 0)
        return -1;
    size_t length = source_stream_length(stream);
    if (length > 0 && put_line(sync, source_stream_data(stream), length, false, err) != 0)
        return -1;
    source_stream_consume(stream, length, 0);
    return 0;
}
