/* links datemill_warehouse */
/* Bytes as a part file and as the blob of a decimal: errors, never a crash; a decimal that is taken
 * has exactly this blob. */
#include "nodes/warehouse/decimal.h"
#include "nodes/warehouse/part_file.h"

#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_decimal(const uint8_t *data, size_t size)
{
    struct decimal decimal;
    struct decimal back;
    unsigned char blob[DECIMAL_BLOB_BYTES];
    char text[DECIMAL_TEXT_BYTES];
    if (decimal_decode(data, size, &decimal)) {
        size_t length = decimal_encode(&decimal, blob);
        assert(decimal_decode(blob, length, &back));
        assert(decimal_compare(&decimal, &back) == 0);
        assert(decimal_parse(text, decimal_format(&decimal, text), &back) == DECIMAL_READING_EXACT);
        assert(decimal_compare(&decimal, &back) == 0);
    }
    if (decimal_parse((const char *)data, size, &decimal) <= DECIMAL_READING_CUT) {
        size_t length = decimal_encode(&decimal, blob);
        assert(decimal_decode(blob, length, &back));
        assert(memcmp(&decimal, &back, sizeof back) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[64];
    struct part_reader reader;
    struct error err = {0};
    read_decimal(data, size);
    int fd = memfd_create("part", MFD_CLOEXEC);
    assert(write(fd, data, size) == (ssize_t)size);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    if (part_reader_open(&reader, AT_FDCWD, name, &err) == 0) {
        while (part_reader_next(&reader, &err) == 1) {
            for (uint32_t i = 0; i < reader.columns; i++)
                (void)(reader.values[i].bytes != NULL && part_value_int(&reader.values[i]) != 0);
        }
        part_reader_close(&reader);
    }
    close(fd);
    return 0;
}
