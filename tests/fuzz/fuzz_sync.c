/* links datemill_warehouse */
/* A source file of any bytes in each format: the first byte chooses format and options. Rows and
 * rejected records never fail as such; the rows can be read back. */
#include "nodes/warehouse/sync.h"

#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct table_column columns[] = {
    {.name = "a", .type = {TYPE_STRING, 0, 0}, .comment = ""},
    {.name = "n", .type = {TYPE_BIGINT, 0, 0}, .comment = ""},
    {.name = "d", .type = {TYPE_DECIMAL, 10, 2}, .comment = ""},
};

static void check_rows(int folder, uint64_t rows)
{
    struct part_reader reader;
    struct error err = {0};
    uint64_t count = 0;
    int found;
    assert(part_reader_open(&reader, folder, "part", &err) == 0);
    while ((found = part_reader_next(&reader, &err)) == 1)
        count++;
    assert(found == 0 && count == rows);
    part_reader_close(&reader);
}

static void run(struct sync *sync, uint8_t choice, int folder)
{
    struct part_writer part;
    struct error err = {0};
    struct table table = {.name = "t", .columns = columns, .column_count = choice % 3 == 2 ? 3 : 1};
    static const char classes[] = "TIB";
    assert(part_writer_open(&part, folder, "part", classes, table.column_count) == 0);
    sync->part = &part;
    sync->table = &table;
    sync->rejects = (struct rejects){.path = "", .max = INT64_MAX};
    sync->source.delimiter = (choice & 0x40) != 0 ? ';' : ',';
    sync->source.has_header = (choice & 0x80) != 0;
    int result = choice % 3 == 0   ? sync_lines(sync, &err)
                 : choice % 3 == 1 ? sync_json(sync, &err)
                                   : sync_csv(sync, &err);
    assert(result == 0 || err.text[0] != '\0');
    assert(source_stream_length(&sync->stream) == 0 || result != 0);
    assert(part_writer_finish(&part, &err) == 0);
    check_rows(folder, part.rows);
    part_writer_close(&part, false);
    sync->part = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char folder_name[] = "/dev/shm/datemill-fuzz-XXXXXX";
    static int folder = -1;
    if (size == 0)
        return 0;
    if (folder < 0) {
        assert(mkdtemp(folder_name) != NULL);
        folder = open(folder_name, O_RDONLY | O_DIRECTORY);
    }
    int fd = memfd_create("input", MFD_CLOEXEC);
    assert(write(fd, data + 1, size - 1) == (ssize_t)size - 1);
    assert(lseek(fd, 0, SEEK_SET) == 0);
    struct sync sync = {0};
    source_stream_open(&sync.stream, fd, "input");
    run(&sync, data[0], folder);
    source_stream_close(&sync.stream);
    sync_free(&sync);
    return 0;
}
