/* Reading CSV (RFC 4180) that a program of ours wrote: a record at a time, from memory. A field
 * without quotes and without bytes is NULL, `""` is an empty text. */
#ifndef DATEMILL_BASE_CSV_IN_H
#define DATEMILL_BASE_CSV_IN_H

#include "scheduler/base/arena.h"

#define CSV_IN_MAX_FIELDS 4096 /* of a record */

struct csv_in {
    const char *at; /* borrowed; needs no NUL behind it */
    const char *end;
};

/* 1 = a record, whose fields belong to the arena; 0 = the end; -1 = this is no CSV: a quote that
 * does not end, text behind one, a NUL byte, too many fields. */
int csv_in_record(struct csv_in *csv, struct arena *arena, const char *const **ret_fields,
                  size_t *ret_count);

#endif
