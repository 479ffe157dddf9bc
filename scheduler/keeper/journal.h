/* The keeper's memory: what it was about to start, and how that ended.
 *
 * A file of records, those of a turn written by one write() and not fsynced: it survives the death
 * of the keeper, not a power cut (after which the boot differs, and every attempt without an end
 * in the store is lost anyway). A record is its length and its CRC-32 (4 bytes each, little
 * endian) and that many bytes; what follows the first record that is not whole is a torn tail and
 * is cut. */
#ifndef DATEMILL_KEEPER_JOURNAL_H
#define DATEMILL_KEEPER_JOURNAL_H

#include "scheduler/base/error.h"
#include "scheduler/base/text.h"
#include "scheduler/system/keeper_protocol.h"

#include <stddef.h>
#include <stdint.h>

#define JOURNAL_NAME "journal"
#define JOURNAL_HEAD_BYTES 8
#define JOURNAL_MAX_RECORD_BYTES ((size_t)64 << 10)
#define JOURNAL_MAX_BYTES ((int64_t)1 << 30)

enum journal_kind {
    JOURNAL_BOOT = 1, /* a keeper began; starts above it that have no end are lost */
    JOURNAL_START,    /* this is about to be started */
    JOURNAL_END       /* this has ended */
};

struct journal_record {
    enum journal_kind kind;
    int64_t attempt_id;     /* START, END */
    const char *boot_id;    /* BOOT */
    const char *token;      /* START */
    const char *log_path;   /* START */
    struct instant started; /* START */
    struct keeper_end end;  /* END */
};

struct journal {
    int dir_fd;       /* borrowed */
    int fd;           /* -1 = not open */
    int64_t size;     /* of the whole records */
    int64_t reserved; /* disk space is taken up to here, so that an end finds room */
};

/* Calls `take` for each whole record of [bytes, bytes + length), in order; strings are borrowed for
 * the call. Returns how many bytes the whole records have. */
size_t journal_parse(const char *bytes, size_t length,
                     void (*take)(void *owner, const struct journal_record *record), void *owner);

/* Reads what is between the checksum and the end of one record; strings are borrowed from it. */
int journal_decode(const char *bytes, size_t length, struct journal_record *ret_record);

/* Appends the record as it stands in the file to `out`. */
void journal_encode(const struct journal_record *record, struct text *out);

/* Opens or creates the journal in the folder `dir_fd`, reads it and cuts a torn tail off. */
int journal_open(int dir_fd, void (*take)(void *owner, const struct journal_record *record),
                 void *owner, struct journal *ret_journal, struct error *err);
void journal_close(struct journal *journal);

/* Writes one record, or those that journal_encode() made, with one write(). After a failure the
 * file is as before. */
int journal_append(struct journal *journal, const struct journal_record *record, struct error *err);
int journal_append_all(struct journal *journal, const struct text *records, struct error *err);

/* Puts these records (made by journal_encode()) in place of all that is in it: a new file renamed
 * over the old. After a failure the old one stays. */
int journal_replace(struct journal *journal, const struct text *records, struct error *err);

#endif
