#include "nodes/warehouse/limits.h"
#include "nodes/warehouse/sync.h"

#include <string.h>

enum place {
    PLACE_START,   /* nothing read yet: a `[` opens an array of records */
    PLACE_VALUES,  /* values one after another */
    PLACE_ELEMENT, /* in the array: a value or `]` */
    PLACE_COMMA,   /* in the array: `,` or `]` */
    PLACE_END      /* behind the array */
};

static size_t count_lines(const char *bytes, size_t length)
{
    size_t lines = 0;
    const char *end = bytes + length;
    for (const char *at = bytes; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        lines++;
    return lines;
}

static void step(struct sync *sync, size_t length)
{
    source_stream_consume(&sync->stream, length,
                          count_lines(source_stream_data(&sync->stream), length));
}

/* Steps over blanks; 1 = there is a byte to look at, 0 = the end, -1 = error. */
static int skip_blanks(struct sync *sync, struct error *err)
{
    struct source_stream *stream = &sync->stream;
    for (;;) {
        size_t length = source_stream_length(stream);
        const char *data = source_stream_data(stream);
        size_t at = 0;
        while (at < length &&
               (data[at] == ' ' || data[at] == '\n' || data[at] == '\r' || data[at] == '\t'))
            at++;
        step(sync, at);
        if (at < length)
            return 1;
        int filled = source_stream_fill(stream, err);
        sync_tell(sync);
        if (filled <= 0)
            return filled;
    }
}

/* The value's own text; one that spans lines becomes one line. */
static int put_value(struct sync *sync, const char *bytes, size_t length, struct error *err)
{
    if (memchr(bytes, '\n', length) == NULL)
        return sync_put_text(sync, bytes, length, err);
    text_clear(&sync->scratch);
    json_tape_compact(bytes, length, &sync->scratch);
    return sync_put_text(sync, sync->scratch.data, sync->scratch.length, err);
}

/* Where reading may go on behind a broken value: the next line that begins with `{` or `[`, in the
 * buffer; SIZE_MAX if there is none in it. */
static size_t find_restart(const struct source_stream *stream)
{
    const char *data = source_stream_data(stream);
    size_t length = source_stream_length(stream);
    const char *at = data;
    while ((at = memchr(at, '\n', length - (size_t)(at - data))) != NULL) {
        at++;
        size_t place = (size_t)(at - data);
        if (place == length)
            break;
        if (*at == '{' || *at == '[')
            return place;
    }
    return SIZE_MAX;
}

/* Drops bytes until reading may go on; what is dropped was rejected already. */
static int restart(struct sync *sync, struct error *err)
{
    struct source_stream *stream = &sync->stream;
    for (;;) {
        size_t place = find_restart(stream);
        if (place != SIZE_MAX) {
            step(sync, place);
            return 0;
        }
        size_t length = source_stream_length(stream);
        /* the last byte stays: it may be the end of the line before a good one */
        if (length > 1)
            step(sync, length - 1);
        int filled = source_stream_fill(stream, err);
        sync_tell(sync);
        if (filled < 0)
            return -1;
        if (filled == 0) {
            step(sync, source_stream_length(stream));
            return 0;
        }
    }
}

static int reject_value(struct sync *sync, const char *reason, enum place *place, struct error *err)
{
    struct source_stream *stream = &sync->stream;
    size_t length = find_restart(stream);
    if (length == SIZE_MAX)
        length = source_stream_length(stream);
    if (sync_reject(sync, source_stream_data(stream), length, reason, err) != 0)
        return -1;
    if (*place == PLACE_VALUES)
        return restart(sync, err);
    /* inside an array nothing tells where the next record begins */
    *place = PLACE_END;
    int filled;
    do {
        step(sync, source_stream_length(stream));
        filled = source_stream_fill(stream, err);
    } while (filled == 1);
    return filled;
}

/* Reads one value that begins at the stream's place. */
static int read_value(struct sync *sync, enum place *place, struct error *err)
{
    struct source_stream *stream = &sync->stream;
    for (;;) {
        size_t end;
        const char *data = source_stream_data(stream);
        enum json_tape_result result =
            json_tape_read(&sync->tape, data, source_stream_length(stream), stream->is_end, &end);
        if (result == JSON_TAPE_WHOLE) {
            if (put_value(sync, data, end, err) != 0)
                return -1;
            step(sync, end);
            return 0;
        }
        if (result == JSON_TAPE_WRONG)
            return reject_value(sync, "this is not JSON", place, err);
        if (stream->is_end)
            return reject_value(sync, "the file ends in the middle of this record", place, err);
        if (source_stream_length(stream) > WAREHOUSE_MAX_RECORD_BYTES)
            return reject_value(sync, "the value is larger than 8 MiB", place, err);
        if (source_stream_fill(stream, err) < 0)
            return -1;
        sync_tell(sync);
    }
}

/* `,` and `]` of the array. True if the byte was one that may stand here. */
static bool read_mark(struct sync *sync, char c, enum place *place)
{
    if (*place == PLACE_START) {
        *place = c == '[' ? PLACE_ELEMENT : PLACE_VALUES;
        if (c == '[')
            step(sync, 1);
        return c == '[';
    }
    if (c == ']' && (*place == PLACE_COMMA || *place == PLACE_ELEMENT)) {
        *place = PLACE_END;
        step(sync, 1);
        return true;
    }
    if (c == ',' && *place == PLACE_COMMA) {
        *place = PLACE_ELEMENT;
        step(sync, 1);
        return true;
    }
    return false;
}

int sync_json(struct sync *sync, struct error *err)
{
    enum place place = PLACE_START;
    int found;
    while ((found = skip_blanks(sync, err)) == 1) {
        if (read_mark(sync, *source_stream_data(&sync->stream), &place))
            continue;
        int result;
        if (place == PLACE_COMMA || place == PLACE_END)
            result = reject_value(
                sync, place == PLACE_END ? "there is text behind the array" : "expected `,` or `]`",
                &place, err);
        else
            result = read_value(sync, &place, err);
        if (result != 0)
            return -1;
        if (place == PLACE_ELEMENT)
            place = PLACE_COMMA;
    }
    if (found == 0 && (place == PLACE_ELEMENT || place == PLACE_COMMA))
        return sync_reject(sync, "", 0, "the file ends inside the array", err);
    return found;
}
