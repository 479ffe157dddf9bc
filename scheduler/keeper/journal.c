#include "scheduler/keeper/journal.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/wire.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_NAME JOURNAL_NAME ".new"
#define RESERVE_BYTES ((int64_t)256 << 10)
#define RESERVE_LOW_BYTES ((int64_t)64 << 10)

/* CRC-32 (IEEE 802.3), four bits at a time. */
static uint32_t checksum(const char *bytes, size_t length)
{
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                       0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                       0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t sum = 0xffffffff;
    for (size_t i = 0; i < length; i++) {
        sum ^= (unsigned char)bytes[i];
        sum = (sum >> 4) ^ table[sum & 15];
        sum = (sum >> 4) ^ table[sum & 15];
    }
    return ~sum;
}

static uint32_t get_u32(const char *bytes)
{
    const unsigned char *at = (const unsigned char *)bytes;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void set_u32(char *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (char)(unsigned char)(value >> (8 * i));
}

void journal_encode(const struct journal_record *record, struct text *out)
{
    size_t head = out->length;
    text_append_bytes(out, "\0\0\0\0\0\0\0\0", JOURNAL_HEAD_BYTES);
    wire_put_byte(out, (uint8_t)record->kind);
    switch (record->kind) {
    case JOURNAL_BOOT:
        wire_put_string(out, record->boot_id);
        break;
    case JOURNAL_START:
        wire_put_int(out, record->attempt_id);
        wire_put_string(out, record->token);
        wire_put_string(out, record->log_path);
        wire_put_int(out, record->started.us);
        break;
    case JOURNAL_END:
        keeper_end_encode(&record->end, out);
        break;
    }
    size_t length = out->length - head - JOURNAL_HEAD_BYTES;
    assert(length <= JOURNAL_MAX_RECORD_BYTES);
    set_u32(out->data + head, (uint32_t)length);
    set_u32(out->data + head + 4, checksum(out->data + head + JOURNAL_HEAD_BYTES, length));
}

int journal_decode(const char *bytes, size_t length, struct journal_record *ret_record)
{
    struct journal_record record = {0};
    struct wire_reader reader;
    wire_read(&reader, bytes, length);
    uint8_t kind = wire_get_byte(&reader);
    if (kind == JOURNAL_BOOT) {
        record.kind = JOURNAL_BOOT;
        record.boot_id = wire_get_string(&reader);
    } else if (kind == JOURNAL_START) {
        record.kind = JOURNAL_START;
        record.attempt_id = wire_get_int(&reader);
        if (record.attempt_id <= 0)
            return -1;
        record.token = wire_get_string(&reader);
        record.log_path = wire_get_string(&reader);
        record.started.us = wire_get_int(&reader);
    } else if (kind == JOURNAL_END) {
        record.kind = JOURNAL_END;
        keeper_end_decode(&reader, &record.end);
        record.attempt_id = record.end.attempt_id;
    } else {
        return -1;
    }
    if (!wire_is_done(&reader))
        return -1;
    *ret_record = record;
    return 0;
}

size_t journal_parse(const char *bytes, size_t length,
                     void (*take)(void *owner, const struct journal_record *record), void *owner)
{
    size_t at = 0;
    while (length - at >= JOURNAL_HEAD_BYTES) {
        size_t record_length = get_u32(bytes + at);
        const char *payload = bytes + at + JOURNAL_HEAD_BYTES;
        if (record_length > JOURNAL_MAX_RECORD_BYTES ||
            record_length > length - at - JOURNAL_HEAD_BYTES ||
            get_u32(bytes + at + 4) != checksum(payload, record_length))
            break;
        struct journal_record record;
        if (journal_decode(payload, record_length, &record) < 0)
            break;
        take(owner, &record);
        at += JOURNAL_HEAD_BYTES + record_length;
    }
    return at;
}

/* --- the file --------------------------------------------------------------------------------- */

static int read_all(int fd, struct text *out, struct error *err)
{
    char chunk[16384];
    for (;;) {
        ssize_t count = read(fd, chunk, sizeof chunk);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot read the journal");
        if (count == 0)
            return 0;
        text_append_bytes(out, chunk, (size_t)count);
    }
}

/* Blocks of the disk are taken before they are needed, so that an end can be written although the
 * disk has become full meanwhile. Where that is not possible nothing is lost but this. */
static void reserve(struct journal *journal)
{
    if (journal->reserved - journal->size >= RESERVE_LOW_BYTES)
        return;
    if (fallocate(journal->fd, FALLOC_FL_KEEP_SIZE, journal->size, RESERVE_BYTES) == 0)
        journal->reserved = journal->size + RESERVE_BYTES;
}

int journal_open(int dir_fd, void (*take)(void *owner, const struct journal_record *record),
                 void *owner, struct journal *ret_journal, struct error *err)
{
    SCOPED_TEXT struct text bytes = {0};
    SCOPED_FD int fd =
        openat(dir_fd, JOURNAL_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot open the journal");
    if (status.st_size > JOURNAL_MAX_BYTES)
        return error_set(err, ERROR_KIND_PRECONDITION, "the journal is too large to be one");
    if (read_all(fd, &bytes, err) < 0)
        return -1;
    size_t whole = journal_parse(text_string(&bytes), bytes.length, take, owner);
    if (whole < bytes.length && ftruncate(fd, (off_t)whole) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot cut the journal");
    *ret_journal = (struct journal){.dir_fd = dir_fd, .fd = fd, .size = (int64_t)whole};
    fd = -1;
    return 0;
}

void journal_close(struct journal *journal)
{
    scope_close_fd(&journal->fd);
    journal->fd = -1;
}

/* One write() of all bytes at `offset`. */
static int write_at(int fd, const struct text *bytes, int64_t offset, struct error *err)
{
    ssize_t count;
    do
        count = pwrite(fd, bytes->data, bytes->length, offset);
    while (count < 0 && errno == EINTR);
    if (count == (ssize_t)bytes->length)
        return 0;
    if (count >= 0)
        errno = ENOSPC;
    bool is_full = errno == ENOSPC || errno == EDQUOT;
    return error_set_errno(err, ERROR_KIND_PRECONDITION, "%s the keeper's journal",
                           is_full ? "no space left to write" : "cannot write");
}

int journal_append_all(struct journal *journal, const struct text *records, struct error *err)
{
    if (write_at(journal->fd, records, journal->size, err) < 0) {
        int result = ftruncate(journal->fd, journal->size);
        (void)result; /* a partial record that stays is a torn tail, and written over next */
        journal->reserved = 0;
        return -1;
    }
    journal->size += (int64_t)records->length;
    reserve(journal);
    return 0;
}

int journal_append(struct journal *journal, const struct journal_record *record, struct error *err)
{
    SCOPED_TEXT struct text bytes = {0};
    journal_encode(record, &bytes);
    return journal_append_all(journal, &bytes, err);
}

int journal_replace(struct journal *journal, const struct text *records, struct error *err)
{
    SCOPED_FD int fd = openat(journal->dir_fd, NEW_NAME,
                              O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make a journal");
    if (records->length > 0 && write_at(fd, records, 0, err) < 0)
        goto out;
    if (renameat(journal->dir_fd, NEW_NAME, journal->dir_fd, JOURNAL_NAME) < 0) {
        error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot replace the journal");
        goto out;
    }
    close(journal->fd);
    journal->fd = fd;
    journal->size = (int64_t)records->length;
    journal->reserved = 0;
    fd = -1;
    return 0;
out:
    unlinkat(journal->dir_fd, NEW_NAME, 0);
    return -1;
}
