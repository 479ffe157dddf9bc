/* From files to one partition of a table: the work of a sync node.
 *
 * Readers find the records of a format in a stream and hand them over; what cannot be taken is
 * rejected, and the reader goes on behind it. Memory does not grow with the size of a file. */
#ifndef DATEMILL_NODES_WAREHOUSE_SYNC_H
#define DATEMILL_NODES_WAREHOUSE_SYNC_H

#include "nodes/warehouse/job.h"
#include "nodes/warehouse/json_tape.h"
#include "nodes/warehouse/partition_writers.h"
#include "nodes/warehouse/rejects.h"
#include "nodes/warehouse/source_files.h"
#include "nodes/warehouse/source_stream.h"

#include <stdbool.h>
#include <stdint.h>

enum sync_format {
    SYNC_LINES, /* a line is a row of one STRING column */
    SYNC_JSON,  /* a JSON value is a row of one STRING column */
    SYNC_CSV    /* RFC 4180 */
};

enum sync_missing {
    SYNC_MISSING_FAIL,
    SYNC_MISSING_SKIP, /* the table stays as it is */
    SYNC_MISSING_EMPTY /* as if there were an empty file */
};

struct sync_source {
    const char *root; /* absolute */
    const char *connection;
    const char *file;     /* beneath root; may hold `*` */
    const char *template; /* as the flow has it, for messages */
    const char *place;    /* `flow.yaml:31:13`, "" = unknown */
    enum sync_format format;
    char delimiter;
    bool has_header;
    const char *null_text; /* NULL = no text means NULL */
};

struct sync {
    struct sync_source source;
    enum sync_missing missing;
    const char *table_name;
    const char *partition; /* as given: `dt=20211111` */
    bool is_append;
    struct rejects rejects;
    struct table *table;
    const char *spec; /* as the catalogue writes it */
    struct partition_writers writers;
    struct part_writer *part;
    struct source_stream stream; /* being read */
    struct json_tape tape;
    struct text scratch;
    int64_t done_bytes; /* of the files before the present one */
    int64_t total_bytes;
    size_t *columns; /* csv: for each field the table's column */
    size_t field_count;
    struct job *job;
};

/* What the job says. Belongs to the job's JSON. */
int sync_read_job(struct sync *sync, struct job *job, struct error *err);

/* Reads all files, writes and commits. `*ret_is_skipped`: on_missing was skip and nothing was
 * there. */
int sync_run(struct sync *sync, struct arena *arena, bool *ret_is_skipped, struct error *err);
void sync_free(struct sync *sync);

/* For readers: one row of one STRING column; text that is no UTF-8, holds NUL bytes or is too large
 * is rejected. Fails when a rejected record is one too many, or when writing fails. */
int sync_put_text(struct sync *sync, const char *bytes, size_t length, struct error *err);

/* Rejects the record at the stream's place. */
int sync_reject(struct sync *sync, const char *bytes, size_t length, const char *reason,
                struct error *err);

/* Steps over the rest of a line, however long it is. */
int sync_skip_line(struct sync *sync, struct error *err);

/* NULL if the bytes are good text, else why not. */
const char *sync_check_text(const char *bytes, size_t length);
void sync_tell(struct sync *sync);

/* The readers: sync_lines.c, sync_json.c, sync_csv.c. Each reads the stream to its end. */
int sync_lines(struct sync *sync, struct error *err);
int sync_json(struct sync *sync, struct error *err);
int sync_csv(struct sync *sync, struct error *err);

#endif
