/* From files to a partition: formats, packed and broken files, what is rejected or missing. */
#include "tests/unit/warehouse/warehouse_world.h"

#include <zlib.h>

struct options {
    const char *table;
    const char *partition;
    const char *file;
    const char *format;
    const char *more_from; /* further members of "from", with a leading comma */
    const char *more;      /* … of the job */
    const char *mode;
};

static char reject_path[256];

/* Runs a job; what it said on its plain lines is in world->out. */
static int sync_files(struct world *world, struct options options)
{
    char job_text[2048];
    struct job job = {.catalog = world->catalog, .writer = world->writer, .event_fd = -1};
    struct sync sync = {0};
    struct arena arena;
    bool is_skipped = false;
    char *said = NULL;
    size_t said_length = 0;
    snprintf(reject_path, sizeof reject_path, "%s/rejected.jsonl", world->folder);
    unlink(reject_path);
    snprintf(
        job_text, sizeof job_text,
        "{\"from\":{\"kind\":\"files\",\"root\":\"%s\",\"connection\":\"oss\",\"file\":\"%s\","
        "\"format\":\"%s\"%s},\"to\":{\"table\":\"%s\",\"partition\":\"%s\",\"mode\":\"%s\"}%s}",
        world->data, options.file, options.format,
        options.more_from == NULL ? "" : options.more_from, options.table,
        options.partition == NULL ? "" : options.partition,
        options.mode == NULL ? "overwrite" : options.mode,
        options.more == NULL ? "" : options.more);
    arena_init(&arena, 0);
    world->err = (struct error){0};
    assert_int_equal(json_parse(job_text, strlen(job_text), &job.json, &world->err), 0);
    job.reject_file = reject_path;
    job.bizdate = "2021-11-11";
    job.out = open_memstream(&said, &said_length);
    int result = sync_read_job(&sync, &job, &world->err);
    if (result == 0)
        result = sync_run(&sync, &arena, &is_skipped, &world->err);
    sync_free(&sync);
    fclose(job.out);
    text_clear(&world->out);
    text_append(&world->out, said);
    free(said);
    json_free(job.json);
    arena_free(&arena);
    return result;
}

static void sync_good(struct world *world, struct options options)
{
    if (sync_files(world, options) != 0)
        fail_msg("%s: %s", options.file, world->err.text);
}

static void declare(struct world *world)
{
    world_sql(world, "CREATE TABLE e (json STRING) PARTITIONED BY (dt STRING);"
                     "CREATE TABLE w (v STRING);"
                     "CREATE TABLE c (name STRING, n BIGINT, m DECIMAL(10,2), d DATE)");
}

static const struct options lines = {
    .table = "e", .partition = "dt=20211111", .file = "day", .format = "lines"};
static const struct options json = {.table = "w", .file = "f", .format = "json"};
static const struct options csv = {.table = "c", .file = "f", .format = "csv"};

static struct options with(struct options options, const char *more)
{
    options.more = more;
    return options;
}

static const char *rejects(void)
{
    static char text[65536];
    FILE *file = fopen(reject_path, "r");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

static void lines_are_rows(void **state)
{
    struct world *world = *state;
    declare(world);
    world_write(world, "day", "\xef\xbb\xbf{\"a\":1}\r\n\n  x,\"y\"  \n{\"b\":\"可乐\"}");
    sync_good(world, lines);
    assert_string_equal(text_string(&world->out), "day: 4 rows\n4 rows → e/dt=20211111\n");
    assert_string_equal(world_sql(world, "SELECT json, dt FROM e"),
                        "{\"a\":1}|20211111\n|20211111\n  x,\"y\"  |20211111\n"
                        "{\"b\":\"可乐\"}|20211111\n");
    world_write(world, "day", "only\n");
    sync_good(world, lines);
    assert_string_equal(world_sql(world, "SELECT json FROM e"), "only\n");
    world_write(world, "day", "");
    sync_good(world, lines);
    assert_non_null(strstr(text_string(&world->out), "(the file is empty)"));
    assert_string_equal(world_sql(world, "SELECT count(*) FROM e"), "0\n");
    assert_string_equal(world_sql(world, "SHOW PARTITIONS e"), "dt=20211111\n");
}

static void json_values_are_rows(void **state)
{
    struct world *world = *state;
    declare(world);
    world_write(world, "f", "{\"a\":1}\n{\"a\": [2, {}]}\n  3 \"x\\n\" null\n");
    sync_good(world, json);
    assert_string_equal(world_sql(world, "SELECT v FROM w"),
                        "{\"a\":1}\n{\"a\": [2, {}]}\n3\n\"x\\n\"\nnull\n");
    world_write(world, "f",
                "{\n  \"a\": 1,\n  \"b c\": [\n    \"x y\",\n    2\n  ]\n}\n"
                "{\n  \"a\": 2\n}{\"a\":3}");
    sync_good(world, json);
    assert_string_equal(world_sql(world, "SELECT v FROM w"),
                        "{\"a\":1,\"b c\":[\"x y\",2]}\n{\"a\":2}\n{\"a\":3}\n");
    world_write(world, "f", " [ {\"a\":1} , {\n\"a\" : 2\n},\n[3] ]\n");
    sync_good(world, json);
    assert_string_equal(world_sql(world, "SELECT v FROM w"), "{\"a\":1}\n{\"a\":2}\n[3]\n");
    world_write(world, "f", "[]");
    sync_good(world, json);
    assert_string_equal(world_sql(world, "SELECT count(*) FROM w"), "0\n");
    world_write(world, "f", "12");
    sync_good(world, json);
    assert_string_equal(world_sql(world, "SELECT v FROM w"), "12\n");
}

static void csv_fields_become_columns(void **state)
{
    struct world *world = *state;
    declare(world);
    world_write(world, "f", "a,1,1.50,2021-11-11\r\n\"b \"\"x\"\",\ny\",-2,,\n\n\"\",,0.999,\n");
    sync_good(world, csv);
    assert_string_equal(world_sql(world, "SELECT name, n, m, d FROM c"),
                        "a|1|1.5|2021-11-11\nb \"x\",\ny|-2|NULL|NULL\n|NULL|0.99|NULL\n");
    struct options headed = csv;
    headed.more_from = ",\"header\":true,\"delimiter\":\";\",\"null_text\":\"\\\\N\"";
    world_write(world, "f", "N;Name\n5;\\N\n6;\"\\N\"\n");
    sync_good(world, headed);
    assert_string_equal(world_sql(world, "SELECT name, n, m FROM c"), "NULL|5|NULL\n\\N|6|NULL\n");
    world_write(world, "f", "n;nam\n5;x\n");
    assert_int_equal(sync_files(world, headed), -1);
    assert_string_equal(world->err.text,
                        "f: the header names `nam`, which table `c` does not have");
    assert_string_equal(world->err.help, "did you mean `name`?");
    assert_string_equal(world_sql(world, "SELECT count(*) FROM c"), "2\n");
}

static void rejected_lines_are_kept(void **state)
{
    struct world *world = *state;
    declare(world);
    static const char bytes[] = "good\nbad \xff utf\nwith \0 nul\nalso good\n{\"cut\":tr";
    world_write_bytes(world, "day", bytes, sizeof bytes - 1);
    assert_int_equal(sync_files(world, lines), -1);
    assert_string_equal(world->err.text,
                        "1 rejected record, more than errors.max 0: day:2: it is not UTF-8");
    assert_string_equal(world_sql(world, "SHOW PARTITIONS e"), "");
    assert_int_equal(sync_files(world, with(lines, ",\"errors_max\":2")), -1);
    assert_non_null(strstr(world->err.text, "3 rejected records, more than errors.max 2"));
    sync_good(world, with(lines, ",\"errors_max\":3"));
    assert_string_equal(
        rejects(), "{\"file\":\"day\",\"line\":2,\"offset\":5,\"bytes\":9,\"reason\":\"it is not "
                   "UTF-8\",\"text\":\"bad \xef\xbf\xbd utf\"}\n"
                   "{\"file\":\"day\",\"line\":3,\"offset\":15,\"bytes\":10,\"reason\":\"it holds "
                   "a NUL byte\",\"text\":\"with \\u0000 nul\"}\n"
                   "{\"file\":\"day\",\"line\":5,\"offset\":36,\"bytes\":9,\"reason\":\"the file "
                   "ends in the middle of this record\",\"text\":\"{\\\"cut\\\":tr\"}\n");
    assert_string_equal(world_sql(world, "SELECT json FROM e"), "good\nalso good\n");
}

static void broken_json_is_stepped_over(void **state)
{
    struct world *world = *state;
    declare(world);
    struct options tolerant = with(json, ",\"errors_max\":9");
    world_write(world, "f", "{\"a\":1}\n{\"a\":2\n{\"a\":3}\nxyz\n{\"a\":4} }\n{\"a\":5}\n{\"a\":");
    sync_good(world, tolerant);
    assert_string_equal(world_sql(world, "SELECT v FROM w"),
                        "{\"a\":1}\n{\"a\":3}\n{\"a\":4}\n{\"a\":5}\n");
    assert_non_null(strstr(rejects(),
                           "\"line\":2,\"offset\":8,\"bytes\":7,\"reason\":\"this is not "
                           "JSON\""));
    assert_non_null(strstr(rejects(),
                           "\"line\":7,\"offset\":45,\"bytes\":5,\"reason\":\"the file ends "
                           "in the middle of this record\""));
    world_write(world, "f", "{\n \"a\": 1,\n \"b\": tru\n}\n{\n \"a\": 2\n}\n");
    sync_good(world, tolerant);
    assert_string_equal(world_sql(world, "SELECT v FROM w"), "{\"a\":2}\n");
    world_write(world, "f", "[{\"a\":1},{\"a\":x},{\"a\":3}]");
    sync_good(world, tolerant);
    assert_string_equal(world_sql(world, "SELECT v FROM w"), "{\"a\":1}\n");
    world_write(world, "f", "[{\"a\":1},{\"a\":2}");
    sync_good(world, tolerant);
    assert_non_null(strstr(rejects(), "the file ends inside the array"));
    world_write(world, "f", "[1] [2]");
    sync_good(world, tolerant);
    assert_non_null(strstr(rejects(), "there is text behind the array"));
    assert_string_equal(world_sql(world, "SELECT v FROM w"), "1\n");
    assert_int_equal(sync_files(world, json), -1);
    assert_string_equal(world_sql(world, "SELECT v FROM w"), "1\n");
}

static void broken_csv_is_stepped_over(void **state)
{
    struct world *world = *state;
    declare(world);
    struct options tolerant = with(csv, ",\"errors_max\":9");
    world_write(world, "f",
                "a,1,1,\nb,x,1,\nc,1\nd,1,12345678901,\n\"e\"f,1,1,\ng,1,1,2021-02-30\n"
                "\xff,1,1,\nh,2,2,2021-01-01\n\"open,1,1,\n");
    sync_good(world, tolerant);
    assert_string_equal(world_sql(world, "SELECT name FROM c"), "a\nh\n");
    static const char *const reasons[] = {
        "column `n`: 'x' is no BIGINT",
        "2 fields, expected 4",
        "too many digits before the point",
        "a quote is wrong or is not closed",
        "'2021-02-30' is no DATE",
        "column `name`: it is not UTF-8",
        "\"line\":9,",
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        assert_non_null(strstr(rejects(), reasons[i]));
}

static void large_records_are_rejected(void **state)
{
    struct world *world = *state;
    declare(world);
    size_t size = ((size_t)9 << 20) + 2;
    char *large = malloc(size);
    memset(large, 'x', size);
    large[size - 2] = '\n';
    large[size - 1] = 'y';
    world_write_bytes(world, "day", large, size);
    sync_good(world, with(lines, ",\"errors_max\":1"));
    assert_string_equal(world_sql(world, "SELECT json FROM e"), "y\n");
    memset(large, ' ', size);
    memcpy(large, "{\"a\":\"", 6);
    memcpy(large + size - 11, "\"}\n{\"b\":1}\n", 11);
    world_write_bytes(world, "f", large, size);
    sync_good(world, with(json, ",\"errors_max\":1"));
    assert_string_equal(world_sql(world, "SELECT v FROM w"), "{\"b\":1}\n");
    memset(large, 'x', size);
    memcpy(large, "\"", 1);
    memcpy(large + size - 9, "\na,1,1,\n", 8);
    world_write_bytes(world, "f", large, size - 1);
    sync_good(world, with(csv, ",\"errors_max\":1"));
    assert_string_equal(world_sql(world, "SELECT name FROM c"), "a\n");
    free(large);
}

static void write_gzip(struct world *world, const char *name, const char *first, const char *second)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", world->data, name);
    const char *const parts[] = {first, second};
    for (int i = 0; i < 2; i++) {
        gzFile file = gzopen(path, i == 0 ? "wb" : "ab");
        assert_non_null(file);
        assert_int_equal(gzwrite(file, parts[i], (unsigned)strlen(parts[i])), strlen(parts[i]));
        assert_int_equal(gzclose(file), Z_OK);
    }
}

static void gzip_is_told_by_content(void **state)
{
    struct world *world = *state;
    char path[256];
    declare(world);
    write_gzip(world, "day", "a\nb", "c\nd\n");
    sync_good(world, lines);
    assert_string_equal(world_sql(world, "SELECT json FROM e"), "a\nbc\nd\n");
    snprintf(path, sizeof path, "%s/day", world->data);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(truncate(path, status.st_size - 3), 0);
    assert_int_equal(sync_files(world, lines), -1);
    assert_string_equal(world->err.text, "day ends in the middle of its gzip data");
    world_write_bytes(world, "day", "\x1f\x8bgarbage", 9);
    assert_int_equal(sync_files(world, lines), -1);
    assert_non_null(strstr(world->err.text, "day is damaged gzip data"));
    world_write_bytes(world, "day", "\x28\xb5\x2f\xfd....", 8);
    assert_int_equal(sync_files(world, lines), -1);
    assert_non_null(strstr(world->err.text, "zstd"));
    assert_string_equal(world_sql(world, "SELECT json FROM e"), "a\nbc\nd\n");
}

static void stars_match_in_folders_and_names(void **state)
{
    struct world *world = *state;
    declare(world);
    world_write(world, "b/2/x.log", "3\n");
    world_write(world, "b/10/x.log", "2\n");
    world_write(world, "a/1/x.log", "1\n");
    world_write(world, "a/1/y.txt", "no\n");
    world_write(world, "a/1/.x.log", "hidden\n");
    world_write(world, "a/x.log", "no\n");
    struct options many = lines;
    many.file = "*/*/x*g";
    sync_good(world, many);
    assert_string_equal(world_sql(world, "SELECT json FROM e"), "1\n2\n3\n");
    many.file = "./b//2/*";
    sync_good(world, many);
    assert_string_equal(world_sql(world, "SELECT json FROM e"), "3\n");
}

static void nothing_leads_out_of_the_root(void **state)
{
    struct world *world = *state;
    char path[256];
    char target[256];
    declare(world);
    snprintf(target, sizeof target, "%s/outside", world->folder);
    FILE *file = fopen(target, "w");
    fputs("secret\n", file);
    fclose(file);
    snprintf(path, sizeof path, "%s/link", world->data);
    assert_int_equal(symlink(target, path), 0);
    snprintf(path, sizeof path, "%s/up", world->data);
    assert_int_equal(symlink("..", path), 0);
    static const char *const ways[] = {"link", "../outside", "up/outside", "a/../../outside",
                                       "l*",   "/etc/passwd"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct options out = lines;
        out.file = ways[i];
        if (sync_files(world, out) == 0)
            fail_msg("%s was read", ways[i]);
    }
    assert_string_equal(world_sql(world, "SHOW PARTITIONS e"), "");
    world_write(world, "real", "fine\n");
    snprintf(path, sizeof path, "%s/inner", world->data);
    assert_int_equal(symlink("real", path), 0);
    struct options in = lines;
    in.file = "inner";
    sync_good(world, in);
}

static void missing_files_fail_skip_or_are_empty(void **state)
{
    struct world *world = *state;
    declare(world);
    assert_int_equal(sync_files(world, lines), -1);
    assert_string_equal(world->err.code, "E204");
    assert_non_null(strstr(world->err.text, "is empty: is the bucket mounted?"));
    world_write(world, "ev/20211110data", "x\n");
    struct options missing = lines;
    missing.file = "ev/20211111data";
    missing.more_from = ",\"template\":\"ev/${var}data\",\"place\":\"flow.yaml:31:13\"";
    assert_int_equal(sync_files(world, missing), -1);
    assert_non_null(strstr(world->err.text, "n: no source file for business date 2021-11-11\n"));
    assert_non_null(strstr(world->err.text, "/data/ev/20211111data\n"));
    assert_non_null(
        strstr(world->err.text, "from `ev/${var}data`, flow.yaml:31:13, var = 20211111"));
    assert_non_null(strstr(world->err.text, "newest files there: 20211110data (2 B, "));
    missing.file = "nowhere/20211111data";
    assert_int_equal(sync_files(world, missing), -1);
    assert_non_null(strstr(world->err.text, "there is no directory"));
    missing.file = "ev";
    assert_int_equal(sync_files(world, missing), -1);
    world_sql(world, "INSERT OVERWRITE TABLE e PARTITION (dt='20211111') VALUES ('kept')");
    sync_good(world, with(missing, ",\"on_missing\":\"skip\""));
    assert_string_equal(world_sql(world, "SELECT json FROM e"), "kept\n");
    sync_good(world, with(missing, ",\"on_missing\":\"empty\""));
    assert_string_equal(world_sql(world, "SELECT count(*) FROM e"), "0\n");
}

static void appending_twice_doubles_nothing(void **state)
{
    struct world *world = *state;
    declare(world);
    struct options append = lines;
    append.mode = "append";
    world_write(world, "day", "a\n");
    sync_good(world, append);
    world_next_attempt(world);
    sync_good(world, append);
    assert_string_equal(world_sql(world, "SELECT json FROM e"), "a\n");
    world_next_run(world);
    sync_good(world, append);
    assert_string_equal(world_sql(world, "SELECT json FROM e"), "a\na\n");
}

static void jobs_that_cannot_be_done_say_so(void **state)
{
    struct world *world = *state;
    declare(world);
    world_write(world, "f", "x\n");
    world_write(world, "day", "x\n");
    static const struct {
        struct options options;
        const char *text;
    } rows[] = {
        {{.table = "ee", .file = "f", .format = "lines"}, "there is no table `ee`"},
        {{.table = "c", .file = "f", .format = "lines"}, "format lines fills one STRING column"},
        {{.table = "e", .file = "f", .format = "lines"}, "needs exactly its partition columns"},
        {{.table = "w", .partition = "dt=1", .file = "f", .format = "lines"}, "not partitioned"},
        {{.table = "e", .partition = "d=1", .file = "f", .format = "lines"}, "expected `dt=…`"},
        {{.table = "e", .partition = "dt=", .file = "f", .format = "lines"}, "is empty"},
        {{.table = "e", .partition = "dt=a'b", .file = "f", .format = "lines"}, "cannot have"},
        {{.table = "e", .partition = "dt=1/h=2", .file = "f", .format = "lines"}, "exactly"},
        {{.table = "w", .file = "f", .format = "parquet"}, "format `parquet` is not supported"},
        {{.table = "w", .file = "f", .format = "csv", .more_from = ",\"delimiter\":\"\\\"\""},
         "`delimiter` is one character"},
        {{.table = "w", .file = "", .format = "lines"}, "the file's name is empty"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (sync_files(world, rows[i].options) == 0 ||
            strstr(world->err.text, rows[i].text) == NULL)
            fail_msg("row %zu: %s, expected %s", i, world->err.text, rows[i].text);
    }
}

/* Every way of cutting the input into reads gives the same rows: the records lie across buffers. */
static void records_may_lie_across_buffers(void **state)
{
    struct world *world = *state;
    declare(world);
    struct text text = {0};
    for (int i = 0; i < 40000; i++)
        text_append_format(&text, "{\"n\":%d,\"pad\":\"%0*d\"}%s", i, 1 + i % 97, i,
                           i % 3 == 0 ? "\n" : (i % 3 == 1 ? " " : "\n\n"));
    world_write_bytes(world, "f", text.data, text.length);
    sync_good(world, json);
    assert_string_equal(world_sql(world, "SELECT count(*), sum(get_json_object(v, '$.n')), "
                                         "sum(length(get_json_object(v, '$.pad'))) >= 1950000 "
                                         "FROM w"),
                        "40000|799980000|1\n");
    text_free(&text);
    for (int i = 0; i < 60000; i++)
        text_append_format(&text, "\"a\n%d\"\"\",%d,%d.5,\r\n", i, i, i % 10);
    world_write_bytes(world, "f", text.data, text.length);
    sync_good(world, csv);
    assert_string_equal(world_sql(world, "SELECT count(*), sum(n), sum(m), min(name) FROM c"),
                        "60000|1799970000|300000|a\n0\"\n");
    text_free(&text);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(lines_are_rows),
        EACH(json_values_are_rows),
        EACH(csv_fields_become_columns),
        EACH(rejected_lines_are_kept),
        EACH(broken_json_is_stepped_over),
        EACH(broken_csv_is_stepped_over),
        EACH(large_records_are_rejected),
        EACH(gzip_is_told_by_content),
        EACH(stars_match_in_folders_and_names),
        EACH(nothing_leads_out_of_the_root),
        EACH(missing_files_fail_skip_or_are_empty),
        EACH(appending_twice_doubles_nothing),
        EACH(jobs_that_cannot_be_done_say_so),
        EACH(records_may_lie_across_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
