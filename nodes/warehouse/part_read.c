#include "nodes/warehouse/part_file.h"

#include "nodes/warehouse/failure.h"
#include "nodes/warehouse/limits.h"
#include "nodes/warehouse/part_format.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LANES 4
#define LANE_FACTOR UINT64_C(0x9e3779b97f4a7c15)

static uint64_t turn(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

uint64_t part_checksum(const void *bytes, size_t length)
{
    const char *at = bytes;
    uint64_t lanes[LANES] = {UINT64_C(0x243f6a8885a308d3), UINT64_C(0x13198a2e03707344),
                             UINT64_C(0xa4093822299f31d0), UINT64_C(0x082efa98ec4e6c89)};
    uint64_t words[LANES];
    size_t left = length;
    for (; left >= sizeof words; left -= sizeof words, at += sizeof words) {
        memcpy(words, at, sizeof words);
        for (int i = 0; i < LANES; i++)
            lanes[i] = turn((lanes[i] ^ le64toh(words[i])) * LANE_FACTOR, 29);
    }
    memset(words, 0, sizeof words);
    memcpy(words, at, left);
    uint64_t sum = length * LANE_FACTOR;
    for (int i = 0; i < LANES; i++) {
        lanes[i] = turn((lanes[i] ^ le64toh(words[i])) * LANE_FACTOR, 29);
        sum = turn((sum ^ lanes[i]) * LANE_FACTOR, 31);
    }
    return sum ^ sum >> 32;
}

static int damaged(const struct part_reader *reader, const char *what, struct error *err)
{
    return error_set(err, ERROR_KIND_FAILED, "warehouse file %s is damaged: %s", reader->name,
                     what);
}

static int read_header(struct part_reader *reader, struct error *err)
{
    struct part_file_header header;
    struct part_end end;
    if (reader->size < sizeof header + sizeof end)
        return damaged(reader, "it is too short", err);
    memcpy(&header, reader->map, sizeof header);
    memcpy(&end, reader->map + reader->size - sizeof end, sizeof end);
    reader->columns = le32toh(header.columns);
    if (memcmp(header.magic, PART_MAGIC, sizeof header.magic) != 0 ||
        reader->columns > WAREHOUSE_MAX_COLUMNS)
        return damaged(reader, "its beginning is wrong", err);
    if (le32toh(end.magic) != PART_END_MAGIC ||
        le64toh(end.checksum) != part_checksum(&end.rows, sizeof end.rows))
        return damaged(reader, "its end is missing", err);
    size_t length = sizeof header + reader->columns + part_padding(reader->columns);
    if (length > reader->size - sizeof end)
        return damaged(reader, "it is too short", err);
    reader->classes = reader->map + sizeof header;
    if (le32toh(header.checksum) != (uint32_t)part_checksum(reader->classes, reader->columns))
        return damaged(reader, "its beginning is wrong", err);
    reader->values = memory_new(reader->columns, sizeof *reader->values);
    part_reader_rewind(reader);
    return 0;
}

int part_reader_open(struct part_reader *reader, int folder_fd, const char *name, struct error *err)
{
    *reader = (struct part_reader){0};
    snprintf(reader->name, sizeof reader->name, "%s", name);
    SCOPED_FD int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failure_set_errno(err, "cannot open warehouse file %s", name);
    struct stat status;
    if (fstat(fd, &status) != 0)
        return failure_set_errno(err, "cannot read warehouse file %s", name);
    reader->size = (size_t)status.st_size;
    if (reader->size == 0)
        return damaged(reader, "it is empty", err);
    void *map = mmap(NULL, reader->size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return failure_set_errno(err, "cannot map warehouse file %s", name);
    madvise(map, reader->size, MADV_SEQUENTIAL);
    reader->map = map;
    if (read_header(reader, err) != 0) {
        part_reader_close(reader);
        return -1;
    }
    return 0;
}

void part_reader_rewind(struct part_reader *reader)
{
    size_t length =
        sizeof(struct part_file_header) + reader->columns + part_padding(reader->columns);
    reader->next_block = reader->map + length;
    reader->rows_left = 0;
    reader->rows_read = 0;
}

void part_reader_share(struct part_reader *reader, struct part_reader *owner)
{
    *reader = *owner;
    reader->owner = owner;
    reader->values = memory_new(owner->columns, sizeof *reader->values);
    part_reader_rewind(reader);
}

void part_reader_close(struct part_reader *reader)
{
    if (reader->map != NULL && reader->owner == NULL)
        munmap((void *)(uintptr_t)reader->map, reader->size);
    free(reader->values);
    *reader = (struct part_reader){0};
}

static int check_end(struct part_reader *reader, struct error *err)
{
    struct part_end end;
    memcpy(&end, reader->next_block, sizeof end);
    if (le32toh(end.magic) != PART_END_MAGIC || le64toh(end.rows) != reader->rows_read)
        return damaged(reader, "its number of rows is wrong", err);
    if (reader->owner != NULL)
        reader->owner->is_checked = true;
    return 0;
}

/* 1 = a block with rows, 0 = the end. */
static int open_block(struct part_reader *reader, struct error *err)
{
    struct part_block_header header;
    size_t left = reader->size - (size_t)(reader->next_block - reader->map);
    if (left == sizeof(struct part_end))
        return check_end(reader, err);
    if (left < sizeof header + sizeof(struct part_end))
        return damaged(reader, "a block is cut", err);
    memcpy(&header, reader->next_block, sizeof header);
    size_t length = le32toh(header.bytes);
    size_t whole = sizeof header + length + part_padding(length);
    if (le32toh(header.magic) != PART_BLOCK_MAGIC || whole > left - sizeof(struct part_end))
        return damaged(reader, "a block is cut", err);
    const char *payload = reader->next_block + sizeof header;
    bool is_checked = reader->owner != NULL && reader->owner->is_checked;
    if (!is_checked && le64toh(header.checksum) != part_checksum(payload, length))
        return damaged(reader, "a checksum is wrong", err);
    reader->at = payload;
    reader->block_end = payload + length;
    reader->next_block += whole;
    reader->rows_left = le32toh(header.rows);
    return 1;
}

/* Reads a varint; SIZE_MAX when it does not end. */
static size_t read_length(struct part_reader *reader)
{
    size_t value = 0;
    for (int shift = 0; shift < 35 && reader->at < reader->block_end; shift += 7) {
        unsigned char byte = (unsigned char)*reader->at++;
        value |= (size_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    return SIZE_MAX;
}

static int read_row(struct part_reader *reader, struct error *err)
{
    reader->row = reader->at;
    for (uint32_t i = 0; i < reader->columns; i++) {
        size_t length = read_length(reader);
        struct part_value *value = &reader->values[i];
        *value = (struct part_value){0};
        if (length == 0)
            continue;
        size_t bytes = length - 1;
        size_t stored = bytes + (reader->classes[i] == PART_CLASS_TEXT ? 1 : 0);
        if (length == SIZE_MAX || stored > (size_t)(reader->block_end - reader->at))
            return damaged(reader, "a row is cut", err);
        *value = (struct part_value){reader->at, bytes};
        reader->at += stored;
    }
    return 0;
}

int part_reader_next(struct part_reader *reader, struct error *err)
{
    while (reader->rows_left == 0) {
        int opened = open_block(reader, err);
        if (opened <= 0)
            return opened;
    }
    if (read_row(reader, err) != 0)
        return -1;
    reader->rows_left--;
    reader->rows_read++;
    return 1;
}

int part_reader_row_at(struct part_reader *reader, const char *row, struct error *err)
{
    reader->at = row;
    reader->block_end = reader->map + reader->size;
    return read_row(reader, err);
}

int64_t part_value_int(const struct part_value *value)
{
    uint64_t bits = 0;
    size_t length = value->length > sizeof bits ? sizeof bits : value->length;
    memcpy(&bits, value->bytes, length);
    bits = le64toh(bits);
    if (length > 0 && length < sizeof bits && ((unsigned char)value->bytes[length - 1] & 0x80) != 0)
        bits |= UINT64_MAX << (8 * length);
    return (int64_t)bits;
}

double part_value_real(const struct part_value *value)
{
    uint64_t bits = 0;
    memcpy(&bits, value->bytes, value->length > sizeof bits ? sizeof bits : value->length);
    bits = le64toh(bits);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}
