/* links datemill_warehouse: partitions are overwritten, and the power goes at every sync. */
#include "nodes/warehouse/partition_writers.h"
#include "scheduler/base/scope.h"
#include "tests/crash/power.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCHES 10
#define REOPEN_AT 5
#define ROWS 200
#define PADDING 150 /* bytes in each row: a file is many sectors */
#define SPEC_A "dt=20211111"
#define SPEC_B "dt=20211112"

static int64_t clock_us(void)
{
    return 1636650000000000;
}

static void state_dir(const char *folder, char path[128])
{
    snprintf(path, 128, "%s/.datemill", folder);
}

/* As the store leaves it: its name is safe. */
static int make_state_dir(const char *folder, const char *path)
{
    mkdir(path, 0700);
    SCOPED_FD int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : fsync(fd);
}

static struct catalog_writer writer_of(int64_t number)
{
    return (struct catalog_writer){
        .run = number, .flow = "f", .node = "n", .attempt = 1, .attempt_id = number, .commit = "c"};
}

static int find_or_create(struct catalog *catalog, const struct catalog_writer *writer,
                          struct arena *arena, struct table **ret_table, struct error *err)
{
    if (catalog_find_table(catalog, "sales", arena, ret_table, err) < 0)
        return -1;
    if (*ret_table != NULL)
        return 0;
    struct table_column *columns = arena_array(arena, 3, sizeof *columns);
    columns[0] =
        (struct table_column){.name = "value", .type = {.kind = TYPE_BIGINT}, .comment = ""};
    columns[1] =
        (struct table_column){.name = "text", .type = {.kind = TYPE_STRING}, .comment = ""};
    columns[2] = (struct table_column){.name = "dt", .type = {.kind = TYPE_STRING}, .comment = ""};
    *ret_table = arena_alloc(arena, sizeof **ret_table);
    **ret_table = (struct table){.name = "sales",
                                 .comment = "",
                                 .columns = columns,
                                 .column_count = 2,
                                 .partition_count = 1};
    return catalog_create_table(catalog, writer, *ret_table, err);
}

static int fill(struct partition_writers *writers, const char *spec, int64_t number,
                struct error *err)
{
    char padding[PADDING];
    struct part_writer *part;
    memset(padding, 'a' + (int)(number % 26), sizeof padding);
    if (partition_writers_get(writers, spec, &part, err) < 0)
        return -1;
    for (int i = 0; i < ROWS; i++) {
        part_writer_int(part, number);
        part_writer_text(part, padding, sizeof padding);
        if (part_writer_end_row(part, err) < 0)
            return -1;
    }
    return 0;
}

/* Both partitions hold `number` afterwards, or neither. */
static int put_batch(struct catalog *catalog, int64_t number, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct catalog_writer writer = writer_of(number);
    struct table *table;
    struct partition_writers writers;
    if (catalog_register(catalog, &writer, err) < 0 ||
        find_or_create(catalog, &writer, &arena, &table, err) < 0 ||
        partition_writers_open(&writers, catalog, &writer, table, err) < 0)
        return -1;
    int result = fill(&writers, SPEC_A, number, err);
    if (result == 0)
        result = fill(&writers, SPEC_B, number, err);
    if (result == 0)
        result = partition_writers_commit(&writers, CATALOG_OVERWRITE, err);
    partition_writers_close(&writers);
    return result;
}

static void play(const char *folder)
{
    char path[128];
    struct error err = {0};
    struct catalog catalog;
    state_dir(folder, path);
    power_must(make_state_dir(folder, path), &err);
    power_must(catalog_open(&catalog, path, CATALOG_WRITE, clock_us, &err), &err);
    for (int i = 1; i <= BATCHES; i++) {
        power_begin(i);
        power_must(put_batch(&catalog, i, &err), &err);
        power_done(i);
        if (i != REOPEN_AT)
            continue;
        catalog_close(&catalog);
        power_must(catalog_open(&catalog, path, CATALOG_WRITE, clock_us, &err), &err);
    }
    catalog_close(&catalog);
}

/* ---- afterwards ---- */

/* The number that all rows of the file have. */
static int read_part(struct catalog *catalog, const char *path, int64_t *ret_number,
                     struct error *err)
{
    struct part_reader reader;
    int64_t rows = 0;
    int got;
    if (part_reader_open(&reader, catalog->files_fd, path, err) < 0)
        return -1;
    while ((got = part_reader_next(&reader, err)) == 1) {
        int64_t number = part_value_int(&reader.values[0]);
        if (rows > 0 && number != *ret_number)
            got = error_set(err, ERROR_KIND_FAILED, "%s is of two minds", path);
        *ret_number = number;
        rows++;
    }
    part_reader_close(&reader);
    if (got == 0 && rows != ROWS)
        return error_set(err, ERROR_KIND_FAILED, "%s has %lld rows", path, (long long)rows);
    return got;
}

/* 0 = there is nothing yet. */
static int read_number(struct catalog *catalog, int64_t *ret_number, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct catalog_snapshot snapshot = {.name = "sales"};
    *ret_number = 0;
    if (catalog_snapshot(catalog, &snapshot, 1, &arena, err) < 0)
        return -1;
    if (snapshot.table == NULL || snapshot.partition_count == 0)
        return 0;
    if (snapshot.partition_count != 2)
        return error_set(err, ERROR_KIND_FAILED, "%zu partitions of 2", snapshot.partition_count);
    int64_t numbers[2];
    for (size_t i = 0; i < 2; i++) {
        const struct catalog_partition *partition = &snapshot.partitions[i];
        if (partition->part_count != 1)
            return error_set(err, ERROR_KIND_FAILED, "%zu files", partition->part_count);
        if (read_part(catalog, partition->parts[0].path, &numbers[i], err) < 0)
            return -1;
    }
    if (numbers[0] != numbers[1])
        return error_set(err, ERROR_KIND_FAILED, "one partition has %lld, the other %lld",
                         (long long)numbers[0], (long long)numbers[1]);
    *ret_number = numbers[0];
    return 0;
}

static int check(struct catalog *catalog, struct power_told told, struct error *err)
{
    int64_t number;
    if (read_number(catalog, &number, err) < 0)
        return -1;
    if (number < told.done || number > told.begun)
        return error_set(err, ERROR_KIND_FAILED,
                         "%d writes were acknowledged, %d begun, %lld found", told.done, told.begun,
                         (long long)number);
    if (put_batch(catalog, BATCHES + 1, err) < 0 || read_number(catalog, &number, err) < 0)
        return error_prefix(err, "afterwards");
    return number == BATCHES + 1 ? 0 : error_set(err, ERROR_KIND_FAILED, "a later write is lost");
}

static int look(const char *folder, struct power_told told, struct error *err)
{
    char path[128];
    struct catalog catalog;
    state_dir(folder, path);
    if (catalog_open(&catalog, path, CATALOG_WRITE, clock_us, err) < 0)
        return error_prefix(err, "cannot be opened (%d acknowledged)", told.done);
    int result = check(&catalog, told, err);
    catalog_close(&catalog);
    return result;
}

int main(int argc, char **argv)
{
    static const struct power_work work = {
        .what = "the warehouse", .lies_about = ".part", .play = play, .look = look};
    return power_main(&work, argc, argv);
}
