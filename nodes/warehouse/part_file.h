/* One immutable file of rows: what a partition is made of.
 *
 *     "DMPART1\n"  u32 columns  u32 checksum of the classes  one class byte per column, padded to 8
 *     blocks:      u32 magic  u32 rows  u32 bytes  u32 0  u64 checksum  payload, padded to 8
 *     end:         u32 magic  u32 0     u64 rows of the file  u64 checksum of the rows
 *
 * A row is its values one after another; a value is a varint n and n-1 bytes, n = 0 is NULL. A TEXT
 * value has a NUL byte behind it (not counted), so that SQLite needs no copy. Whole numbers are
 * the fewest bytes of their two's complement, REAL is 8 bytes. Numbers are little-endian. The same
 * rows give the same bytes: nothing here knows the time or who writes. */
#ifndef DATEMILL_NODES_WAREHOUSE_PART_FILE_H
#define DATEMILL_NODES_WAREHOUSE_PART_FILE_H

#include "scheduler/base/error.h"
#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum part_class {
    PART_CLASS_TEXT = 'T',
    PART_CLASS_INTEGER = 'I',
    PART_CLASS_REAL = 'R',
    PART_CLASS_BLOB = 'B'
};

struct part_writer {
    int folder_fd; /* borrowed */
    int fd;        /* -1 between flushes when is_lazy */
    bool is_lazy;  /* keeps no descriptor open between flushes: there are many writers */
    char *name;
    struct text block; /* header and rows of the block being filled */
    uint32_t block_rows;
    uint64_t rows;
    uint64_t bytes;   /* written so far */
    size_t row_start; /* of the row being written, in block */
};

/* Creates `name` in the folder; it must not exist. `classes` has `count` of enum part_class. */
int part_writer_open(struct part_writer *writer, int folder_fd, const char *name,
                     const char *classes, size_t count);

/* The values of a row in order, then part_writer_end_row(). A row of more than 8 MiB fails with
 * ERROR_KIND_INVALID and is left out. Text must not hold a NUL byte. */
void part_writer_null(struct part_writer *writer);
void part_writer_int(struct part_writer *writer, int64_t value);
void part_writer_real(struct part_writer *writer, double value);
void part_writer_text(struct part_writer *writer, const char *bytes, size_t length);
void part_writer_blob(struct part_writer *writer, const void *bytes, size_t length);
void part_writer_drop_row(struct part_writer *writer); /* forgets the values since the last row */
int part_writer_end_row(struct part_writer *writer, struct error *err);

/* Writes what is buffered. */
int part_writer_flush(struct part_writer *writer, struct error *err);

/* Writes the end, fsyncs and closes. The folder is the caller's to fsync. */
int part_writer_finish(struct part_writer *writer, struct error *err);

/* Closes and frees; removes the file unless `is_kept`. May be called after everything else. */
void part_writer_close(struct part_writer *writer, bool is_kept);

struct part_value {
    const char *bytes; /* NULL = NULL; text ends with a NUL byte */
    size_t length;
};

struct part_reader {
    const char *map;
    size_t size;
    char name[256];
    uint32_t columns;
    const char *classes;   /* in the map */
    const char *row;       /* the row in `values` */
    const char *at;        /* next row */
    const char *block_end; /* of the block's payload */
    const char *next_block;
    uint32_t rows_left; /* in the block */
    uint64_t rows_read;
    struct part_value *values; /* of the row that was read, `columns` of them */
    struct part_reader *owner; /* whose map this is; NULL = its own */
    bool is_checked;           /* a whole pass found every checksum right */
};

/* Maps the file; the values point into the map until part_reader_close(). */
int part_reader_open(struct part_reader *reader, int folder_fd, const char *name,
                     struct error *err);
/* Another reader of the same map, at the beginning; `owner` must outlive it. */
void part_reader_share(struct part_reader *reader, struct part_reader *owner);
void part_reader_rewind(struct part_reader *reader);

/* 1 = a row is in `values`, 0 = the end, -1 = the file is damaged. */
int part_reader_next(struct part_reader *reader, struct error *err);

/* Reads the row at a place that `row` had before. */
int part_reader_row_at(struct part_reader *reader, const char *row, struct error *err);
void part_reader_close(struct part_reader *reader);

int64_t part_value_int(const struct part_value *value);
double part_value_real(const struct part_value *value);

#endif
