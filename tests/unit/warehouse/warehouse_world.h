/* A warehouse in a temporary folder, with a clock that stands still until a test moves it. */
#ifndef DATEMILL_TESTS_UNIT_WAREHOUSE_WORLD_H
#define DATEMILL_TESTS_UNIT_WAREHOUSE_WORLD_H

#include "nodes/warehouse/script.h"
#include "nodes/warehouse/sync.h"
#include "nodes/warehouse/value.h"
#include "scheduler/base/json_in.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define WORLD_START_US INT64_C(1636646400000000) /* 2021-11-11T16:00:00Z */
#define WORLD_DAY_US (INT64_C(86400) * 1000000)

static int64_t world_now_us = WORLD_START_US;

struct world {
    char folder[64];
    char state[96];
    char data[96]; /* files to be synced */
    struct catalog catalog;
    struct catalog_writer writer;
    struct text out; /* rows: columns with |, NULL as NULL */
    struct error err;
};

static int64_t world_clock(void)
{
    return world_now_us;
}

static inline int world_remove(const char *path, const struct stat *status, int kind,
                               struct FTW *ftw)
{
    (void)status;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static inline void world_open_catalog(struct world *world)
{
    struct error err = {0};
    if (catalog_open(&world->catalog, world->state, CATALOG_WRITE, world_clock, &err) != 0)
        fail_msg("catalog_open: %s", err.text);
    if (catalog_register(&world->catalog, &world->writer, &err) != 0)
        fail_msg("catalog_register: %s", err.text);
}

static inline int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    snprintf(world->folder, sizeof world->folder, "/tmp/datemill-warehouse-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->state, sizeof world->state, "%s/state", world->folder);
    snprintf(world->data, sizeof world->data, "%s/data", world->folder);
    assert_int_equal(mkdir(world->data, 0700), 0);
    world_now_us = WORLD_START_US;
    world->writer = (struct catalog_writer){
        .run = 1, .flow = "f", .node = "n", .attempt = 1, .attempt_id = 1, .commit = "c0ffee"};
    world_open_catalog(world);
    *state = world;
    return 0;
}

static inline int world_teardown(void **state)
{
    struct world *world = *state;
    catalog_close(&world->catalog);
    text_free(&world->out);
    nftw(world->folder, world_remove, 16, FTW_DEPTH | FTW_PHYS);
    free(world);
    return 0;
}

/* The node's next attempt, as after a failure. */
static inline void world_next_attempt(struct world *world)
{
    struct error err = {0};
    world->writer.attempt++;
    world->writer.attempt_id++;
    if (catalog_register(&world->catalog, &world->writer, &err) != 0)
        fail_msg("catalog_register: %s", err.text);
}

static inline void world_next_run(struct world *world)
{
    world->writer.run++;
    world->writer.attempt = 0;
    world_next_attempt(world);
}

static inline int world_row(void *context, const struct query *query, struct error *err)
{
    struct world *world = context;
    (void)err;
    for (int i = 0; i < query->column_count; i++) {
        struct value value;
        size_t length;
        value_read(sqlite3_column_value(query->statement, i), &value);
        const char *text = value_text(&value, &length);
        text_append(&world->out, i == 0 ? "" : "|");
        if (value.kind == VALUE_NULL)
            text_append(&world->out, "NULL");
        else
            text_append_bytes(&world->out, text, length);
    }
    text_append_char(&world->out, '\n');
    return 0;
}

static inline int world_line(void *context, const char *line, struct error *err)
{
    struct world *world = context;
    (void)err;
    text_append(&world->out, line);
    text_append_char(&world->out, '\n');
    return 0;
}

/* Runs statements; rows are in world->out, an error in world->err. */
static inline int world_run(struct world *world, const char *sql)
{
    const struct script_listener listener = {
        .row = world_row, .line = world_line, .context = world};
    const struct script script = {
        .catalog = &world->catalog, .writer = &world->writer, .listener = &listener};
    text_clear(&world->out);
    world->err = (struct error){0};
    return script_run(&script, sql, strlen(sql), NULL, &world->err);
}

/* … which must succeed; gives the rows. */
static inline const char *world_sql(struct world *world, const char *sql)
{
    if (world_run(world, sql) != 0)
        fail_msg("%s\n%d:%d: %s", sql, world->err.line, world->err.column, world->err.text);
    return text_string(&world->out);
}

static inline void world_write_bytes(struct world *world, const char *name, const void *bytes,
                                     size_t length)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", world->data, name);
    for (char *slash = strchr(path + strlen(world->data) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static inline void world_write(struct world *world, const char *name, const char *text)
{
    world_write_bytes(world, name, text, strlen(text));
}

/* All bytes of a file; the caller frees. */
static inline char *world_read(const char *path, size_t *ret_length)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail_msg("cannot open %s: %s", path, strerror(errno));
    struct text text = {0};
    char buffer[4096];
    size_t count;
    while ((count = fread(buffer, 1, sizeof buffer, file)) > 0)
        text_append_bytes(&text, buffer, count);
    fclose(file);
    *ret_length = text.length;
    return text_take(&text);
}

#endif
