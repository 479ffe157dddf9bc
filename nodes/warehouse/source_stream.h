/* The bytes of a source file, unpacked if they are gzip (told by content, not by name). */
#ifndef DATEMILL_NODES_WAREHOUSE_SOURCE_STREAM_H
#define DATEMILL_NODES_WAREHOUSE_SOURCE_STREAM_H

#include "scheduler/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

struct source_stream {
    int fd;           /* owned */
    const char *path; /* borrowed, for messages */
    bool is_started;
    bool is_gzip;
    bool is_member_end; /* gzip: between two members */
    bool is_end;        /* nothing comes behind the buffer */
    z_stream inflater;
    unsigned char *packed; /* gzip: bytes of the file */
    int64_t read_bytes;    /* of the file */
    char *buffer;
    size_t start; /* the bytes that are there: [start, end) of buffer */
    size_t end;
    size_t capacity;
    int64_t offset; /* of `start` in the unpacked file */
    int64_t line;   /* of `start`, from 1 */
};

void source_stream_open(struct source_stream *stream, int fd, const char *path);
void source_stream_close(struct source_stream *stream);

static inline const char *source_stream_data(const struct source_stream *stream)
{
    return stream->buffer + stream->start;
}

static inline size_t source_stream_length(const struct source_stream *stream)
{
    return stream->end - stream->start;
}

/* Gets more bytes behind those that are there, which move. 1 = it did, 0 = the file ends, -1 =
 * error. The caller bounds what it leaves unread. */
int source_stream_fill(struct source_stream *stream, struct error *err);

/* Steps over bytes that were read, `lines` of them ends of lines. */
void source_stream_consume(struct source_stream *stream, size_t length, size_t lines);

#endif
