/* Frames over a stream socket, and the encoding of what is in them.
 *
 * A frame is its length (4 bytes, little endian) and that many bytes. Lengths are limited on both
 * sides; a peer that breaks a rule is an error, never a crash, and never memory beyond the limit.
 * Integers are little endian; a string is its length (4 bytes), its bytes and a NUL; a list is its
 * count (4 bytes) and its items. */
#ifndef DATEMILL_SYSTEM_WIRE_H
#define DATEMILL_SYSTEM_WIRE_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- frames ----------------------------------------------------------------------------------- */

struct wire {
    int fd;             /* non-blocking stream socket; the caller closes it */
    size_t frame_limit; /* bytes of one frame at most, both ways */
    struct text in;     /* received; frames before `taken` are used up */
    size_t taken;
    struct text out; /* to be sent; bytes before `sent` are gone */
    size_t sent;
};

struct wire_frame {
    const char
        *bytes; /* borrowed, valid until the next wire_receive(); NULL = no whole frame yet */
    size_t length;
};

void wire_init(struct wire *wire, int fd, size_t frame_limit);
void wire_free(struct wire *wire); /* the descriptor stays open */

/* Reads what is there, without waiting, up to about 256 KiB or the frame that has begun (for the
 * rest the loop calls again). *ret_is_end: the peer has closed; frames received before are still to
 * be taken. */
int wire_receive(struct wire *wire, bool *ret_is_end, struct error *err);

/* The next whole frame. Fails if the peer announces one above the limit. */
int wire_next(struct wire *wire, struct wire_frame *ret_frame, struct error *err);

/* Adds a frame to what is to be sent; nothing is written yet. Too long is a programmer's mistake:
 * whoever takes bytes from users checks them before. */
void wire_add(struct wire *wire, const void *bytes, size_t length);

/* Writes as much as the socket takes, without waiting. */
int wire_flush(struct wire *wire, struct error *err);
size_t wire_pending(const struct wire *wire); /* bytes that are still to be sent */

/* --- encoding ----------------------------------------------------------------------------------
 * Appended to a text, which may hold any bytes. */

void wire_put_byte(struct text *out, uint8_t value);
void wire_put_int(struct text *out, int64_t value); /* 8 bytes */
void wire_put_bytes(struct text *out, const void *bytes, size_t length);
void wire_put_string(struct text *out, const char *string);          /* NULL is written as "" */
void wire_put_strings(struct text *out, const char *const *strings); /* up to a NULL */
void wire_put_ints(struct text *out, const int64_t *values, size_t count);

/* --- decoding ----------------------------------------------------------------------------------
 * Never reads beyond the end: once something is missing or malformed `is_bad` stays set and every
 * further value is 0, "" or empty. The caller looks at wire_is_done() once, at the end. */

struct wire_reader {
    const char *at;
    const char *end;
    bool is_bad;
};

#define WIRE_MAX_ITEMS 65536 /* of one list */

void wire_read(struct wire_reader *reader, const void *bytes, size_t length);
uint8_t wire_get_byte(struct wire_reader *reader);
int64_t wire_get_int(struct wire_reader *reader);
const char *wire_get_bytes(struct wire_reader *reader, size_t *ret_length); /* borrowed */
const char *wire_get_string(struct wire_reader *reader); /* borrowed; a NUL inside is malformed */

/* The list belongs to `arena` and ends with NULL; the strings are borrowed from the frame. */
const char *const *wire_get_strings(struct wire_reader *reader, struct arena *arena);
const int64_t *wire_get_ints(struct wire_reader *reader, struct arena *arena, size_t *ret_count);

/* Everything was there, and nothing is left over. */
bool wire_is_done(const struct wire_reader *reader);

#endif
