/* Secrets in what an attempt writes: every occurrence becomes `***`.
 *
 * The texts are found wherever they begin, however the output is cut into reads (Aho and Corasick's
 * automaton: each byte is looked at once, whatever the number of texts). Where occurrences overlap,
 * all bytes of all of them are replaced by one `***`. What may be the beginning of an occurrence is
 * held back, at most the longest text without its last byte, until more bytes decide it. A text has
 * no newline, so that a line's end always decides. */
#ifndef DATEMILL_KEEPER_MASK_H
#define DATEMILL_KEEPER_MASK_H

#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MASK_TEXT "***"

struct mask_state;

/* What is to be found; the streams of an attempt share it. */
struct mask {
    struct mask_state *states; /* NULL = nothing is masked */
    uint32_t roots[256];       /* state after a first byte; 0 = no text begins so */
};

/* Bytes of an occurrence, counted from the beginning of the stream. */
struct mask_range {
    uint64_t begin;
    uint64_t end;
    bool is_told; /* its `***` has been written */
};

/* One stream of bytes; zeroed at first. */
struct mask_stream {
    uint32_t state;
    uint64_t taken;            /* bytes that came */
    struct text held;          /* the last of them, which may belong to an occurrence */
    struct mask_range *ranges; /* occurrences that are not behind us; in order, apart */
    size_t range_count;
    size_t range_capacity;
};

/* `texts` ends with NULL; none is empty, none has a newline. NULL, or none: nothing is masked. */
void mask_init(struct mask *mask, const char *const *texts);
void mask_free(struct mask *mask);

/* Takes bytes and appends to `out` what is decided. */
void mask_take(const struct mask *mask, struct mask_stream *stream, const char *bytes,
               size_t length, struct text *out);

/* The stream has ended: appends the rest and frees what the stream holds. */
void mask_finish(const struct mask *mask, struct mask_stream *stream, struct text *out);

/* A text as a whole. */
void mask_text(const struct mask *mask, const char *text, struct text *out);

#endif
