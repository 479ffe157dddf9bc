#include "nodes/warehouse/part_file.h"
#include "nodes/warehouse/part_format.h"

#include "nodes/warehouse/failure.h"
#include "nodes/warehouse/limits.h"
#include "scheduler/base/memory.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES ((size_t)256 << 10)    /* a block is written when it is this full */
#define LAZY_BLOCK_BYTES ((size_t)8 << 10) /* … of one among thousands of writers */

static int write_all(struct part_writer *writer, const char *bytes, size_t length,
                     struct error *err)
{
    size_t done = 0;
    while (done < length) {
        ssize_t wrote = write(writer->fd, bytes + done, length - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return failure_set_errno(err, "cannot write %s", writer->name);
        done += (size_t)wrote;
    }
    writer->bytes += length;
    return 0;
}

static void begin_block(struct part_writer *writer)
{
    text_clear(&writer->block);
    struct part_block_header empty = {0};
    text_append_bytes(&writer->block, &empty, sizeof empty);
    writer->block_rows = 0;
    writer->row_start = writer->block.length;
}

int part_writer_open(struct part_writer *writer, int folder_fd, const char *name,
                     const char *classes, size_t count)
{
    *writer = (struct part_writer){.folder_fd = folder_fd, .fd = -1};
    writer->fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (writer->fd < 0)
        return -1;
    writer->name = memory_copy_string(name);
    struct part_file_header header = {.columns = htole32((uint32_t)count),
                                      .checksum = htole32((uint32_t)part_checksum(classes, count))};
    memcpy(header.magic, PART_MAGIC, sizeof header.magic);
    text_append_bytes(&writer->block, &header, sizeof header);
    text_append_bytes(&writer->block, classes, count);
    text_append_repeat(&writer->block, '\0', part_padding(count));
    int result = write_all(writer, writer->block.data, writer->block.length, NULL);
    begin_block(writer);
    if (result != 0)
        part_writer_close(writer, false);
    return result;
}

static void put_length(struct part_writer *writer, size_t length)
{
    unsigned char bytes[10];
    size_t count = 0;
    uint64_t rest = (uint64_t)length + 1;
    for (; rest >= 0x80; rest >>= 7)
        bytes[count++] = (unsigned char)(rest | 0x80);
    bytes[count++] = (unsigned char)rest;
    text_append_bytes(&writer->block, bytes, count);
}

void part_writer_null(struct part_writer *writer)
{
    text_append_char(&writer->block, '\0');
}

void part_writer_int(struct part_writer *writer, int64_t value)
{
    size_t length = 0;
    while (length < 8 && value != 0) {
        int shift = 64 - 8 * (int)length;
        bool is_fitting = length > 0 && (int64_t)((uint64_t)value << shift) >> shift == value;
        if (is_fitting)
            break;
        length++;
    }
    uint64_t bits = htole64((uint64_t)value);
    put_length(writer, length);
    text_append_bytes(&writer->block, &bits, length);
}

void part_writer_real(struct part_writer *writer, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = htole64(bits);
    put_length(writer, sizeof bits);
    text_append_bytes(&writer->block, &bits, sizeof bits);
}

void part_writer_text(struct part_writer *writer, const char *bytes, size_t length)
{
    put_length(writer, length);
    text_append_bytes(&writer->block, bytes, length);
    text_append_char(&writer->block, '\0');
}

void part_writer_blob(struct part_writer *writer, const void *bytes, size_t length)
{
    put_length(writer, length);
    text_append_bytes(&writer->block, bytes, length);
}

void part_writer_drop_row(struct part_writer *writer)
{
    writer->block.length = writer->row_start;
}

int part_writer_end_row(struct part_writer *writer, struct error *err)
{
    size_t length = writer->block.length - writer->row_start;
    if (length > WAREHOUSE_MAX_RECORD_BYTES) {
        part_writer_drop_row(writer);
        return error_set(err, ERROR_KIND_INVALID, "the record has %zu bytes; the limit is 8 MiB",
                         length);
    }
    writer->row_start = writer->block.length;
    writer->block_rows++;
    writer->rows++;
    size_t full = writer->is_lazy ? LAZY_BLOCK_BYTES : BLOCK_BYTES;
    return writer->block.length < full ? 0 : part_writer_flush(writer, err);
}

static int reopen(struct part_writer *writer, struct error *err)
{
    if (writer->fd >= 0)
        return 0;
    writer->fd = openat(writer->folder_fd, writer->name, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (writer->fd < 0)
        return failure_set_errno(err, "cannot open %s again", writer->name);
    return 0;
}

static void release(struct part_writer *writer)
{
    if (writer->is_lazy && writer->fd >= 0) {
        close(writer->fd);
        writer->fd = -1;
    }
}

int part_writer_flush(struct part_writer *writer, struct error *err)
{
    assert(writer->row_start == writer->block.length);
    if (writer->block_rows == 0) {
        release(writer);
        return 0;
    }
    size_t length = writer->block.length - sizeof(struct part_block_header);
    struct part_block_header header = {
        .magic = htole32(PART_BLOCK_MAGIC),
        .rows = htole32(writer->block_rows),
        .bytes = htole32((uint32_t)length),
        .checksum = htole64(part_checksum(writer->block.data + sizeof header, length)),
    };
    memcpy(writer->block.data, &header, sizeof header);
    text_append_repeat(&writer->block, '\0', part_padding(length));
    int result = reopen(writer, err);
    if (result == 0)
        result = write_all(writer, writer->block.data, writer->block.length, err);
    begin_block(writer);
    release(writer);
    return result;
}

int part_writer_finish(struct part_writer *writer, struct error *err)
{
    if (part_writer_flush(writer, err) != 0 || reopen(writer, err) != 0)
        return -1;
    struct part_end end = {.magic = htole32(PART_END_MAGIC), .rows = htole64(writer->rows)};
    end.checksum = htole64(part_checksum(&end.rows, sizeof end.rows));
    if (write_all(writer, (const char *)&end, sizeof end, err) != 0)
        return -1;
    if (fsync(writer->fd) != 0)
        return failure_set_errno(err, "cannot fsync %s", writer->name);
    int fd = writer->fd;
    writer->fd = -1;
    if (close(fd) != 0)
        return failure_set_errno(err, "cannot close %s", writer->name);
    text_free(&writer->block);
    return 0;
}

void part_writer_close(struct part_writer *writer, bool is_kept)
{
    if (writer->fd >= 0)
        close(writer->fd);
    writer->fd = -1;
    if (!is_kept && writer->name != NULL)
        unlinkat(writer->folder_fd, writer->name, 0);
    text_free(&writer->block);
    free(writer->name);
    writer->name = NULL;
}
