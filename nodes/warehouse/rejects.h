/* Records that could not be taken, kept in a file beside the log: one JSON object a line,
 *
 *     {"file","line","offset","bytes","reason","text"}
 *
 * `offset` counts bytes of the unpacked file; `text` is the beginning of the record, with U+FFFD
 * for what is not UTF-8. The file appears with the first record. */
#ifndef DATEMILL_NODES_WAREHOUSE_REJECTS_H
#define DATEMILL_NODES_WAREHOUSE_REJECTS_H

#include "scheduler/base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define REJECT_TEXT_BYTES 65536 /* kept of one record */

struct rejected {
    const char *file;
    int64_t line;
    int64_t offset;
    const char *bytes;
    size_t length;
    const char *reason;
};

struct rejects {
    const char *path; /* borrowed; "" = not kept */
    FILE *file;
    int64_t count;
    int64_t max;     /* more than these end the sync */
    char first[512]; /* the first one's place and reason */
};

/* Fails when it is one too many, or the file cannot be written. */
int rejects_add(struct rejects *rejects, const struct rejected *rejected, struct error *err);

/* Closes the file; its bytes are on disk then. */
int rejects_close(struct rejects *rejects, struct error *err);

#endif
