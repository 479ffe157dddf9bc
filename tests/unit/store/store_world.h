/* A project's state folder of one's own, and short ways to put things into it. */
#ifndef DATEMILL_TESTS_STORE_WORLD_H
#define DATEMILL_TESTS_STORE_WORLD_H

#include "scheduler/base/scope.h"
#include "scheduler/base/text.h"
#include "scheduler/store/store_commit.h"
#include "scheduler/store/store_internal.h"
#include "scheduler/store/store_load.h"
#include "scheduler/store/view_history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOT "11111111-2222-3333-4444-555555555555"
#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define T0 ((int64_t)1636650000000000) /* 2021-11-11T17:00:00Z */

#define OK(call)                                                                                   \
    do {                                                                                           \
        struct error ok_error = {0};                                                               \
        struct error *ok = &ok_error;                                                              \
        if ((call) != 0)                                                                           \
            fail_msg("%s: %s", #call, ok_error.text);                                              \
    } while (0)

struct world {
    char root[64];  /* removed at the end */
    char state[96]; /* <root>/.datemill */
    struct store *store;
    struct arena arena;
};

static inline int remove_one(const char *path, const struct stat *facts, int kind,
                             struct FTW *where)
{
    (void)facts;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline void world_open(struct world *world)
{
    struct error err = {0};
    snprintf(world->root, sizeof world->root, "/tmp/datemill-store-XXXXXX");
    assert_non_null(mkdtemp(world->root));
    snprintf(world->state, sizeof world->state, "%s/.datemill", world->root);
    world->store = NULL;
    arena_init(&world->arena, 0);
    if (store_open_writer(world->state, "datemill 0.1.0", &world->store, &err) != 0)
        fail_msg("%s", err.text);
}

static inline void world_reopen(struct world *world)
{
    struct error err = {0};
    store_close(world->store);
    world->store = NULL;
    if (store_open_writer(world->state, "datemill 0.1.0", &world->store, &err) != 0)
        fail_msg("%s", err.text);
}

static inline void world_close(struct world *world)
{
    store_close(world->store);
    arena_free(&world->arena);
    nftw(world->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A version of one file. */
static inline int64_t world_version(struct world *world, const char *flow)
{
    struct flow_file file = {.path = "f/flow.yaml", .bytes = "flow: f\n", .length = 8};
    memcpy(file.hash, HASH_A, sizeof file.hash);
    struct store_version version = {.flow = flow,
                                    .hash = HASH_B,
                                    .commit = "9f2c1ab00000",
                                    .short_commit = "9f2c1ab",
                                    .files = &file,
                                    .file_count = 1};
    int64_t id = 0;
    OK(store_put_version(world->store, &version, (struct instant){T0}, &id, ok));
    return id;
}

/* A manual run of a flow for one planned time; the caller may change it before world_put(). */
static inline struct store_run world_run(struct world *world, const char *flow, int64_t version,
                                         const char *cyctime, const char *bizdate)
{
    static const struct store_run_node nodes[] = {
        {"start", "virtual", TASK_WAITING, true},
        {"load", "shell", TASK_WAITING, true},
        {"stat", "sql", TASK_WAITING, true},
    };
    return (struct store_run){.run_id = store_take_run_id(world->store),
                              .flow = flow,
                              .version_id = version,
                              .cyctime = cyctime,
                              .bizdate = bizdate,
                              .zone = "Asia/Shanghai",
                              .fires_at = {T0},
                              .created_at = {T0},
                              .kind = STORE_RUN_MANUAL,
                              .trigger = "cli by lin",
                              .priority = 4,
                              .nodes = nodes,
                              .node_count = 3};
}

static inline void world_task_at(struct world *world, struct record_task task)
{
    struct action action = {.kind = ACTION_RECORD_TASK, .task = task};
    OK(store_apply(world->store, &action, ok));
}

static inline void world_attempt(struct world *world, struct record_attempt attempt)
{
    struct action action = {.kind = ACTION_RECORD_ATTEMPT, .attempt = attempt};
    OK(store_apply(world->store, &action, ok));
}

static inline void world_state(struct world *world, int64_t run_id, enum run_state state,
                               int64_t at)
{
    struct action action = {.kind = ACTION_RECORD_RUN,
                            .run = {.run_id = run_id, .state = state, .opening = 1, .at = {at}}};
    OK(store_apply(world->store, &action, ok));
}

/* A run of three nodes that ended at once: load failed, or all went well. */
static inline int64_t world_done(struct world *world, const char *flow, const char *cyctime,
                                 const char *bizdate, bool is_failed)
{
    int64_t version = world_version(world, flow);
    struct store_run run = world_run(world, flow, version, cyctime, bizdate);
    OK(store_put_run(world->store, &run, ok));
    enum task_state states[3] = {TASK_SUCCESS, is_failed ? TASK_FAILED : TASK_SUCCESS,
                                 is_failed ? TASK_BLOCKED : TASK_SUCCESS};
    for (uint32_t i = 0; i < 3; i++)
        world_task_at(world, (struct record_task){.run_id = run.run_id,
                                                  .node = i,
                                                  .state = states[i],
                                                  .why = TASK_WHY_ENDED,
                                                  .attempts = 0,
                                                  .at = {T0 + 1000000}});
    world_state(world, run.run_id, is_failed ? RUN_FAILED : RUN_SUCCESS, T0 + 2000000);
    return run.run_id;
}

/* A run whose node 1 has started its attempt 5, committed; and the end of it. */
static inline int64_t world_start(struct world *world)
{
    OK(store_begin(world->store, ok));
    int64_t version = world_version(world, "f");
    struct store_run run = world_run(world, "f", version, "2021-11-12T00:30:00", "2021-11-11");
    static const struct node_setting vars[] = {{"var", "7"}};
    static const struct store_param params[] = {
        {"var", "20211111", "the business date", "${yyyymmdd}", NULL, false},
        {"x", "1", "as given", "", "load", true},
    };
    run.vars = vars;
    run.var_count = 1;
    run.params = params;
    run.param_count = 2;
    run.request = "key-1";
    run.selection = "+stat";
    run.parallel = 3;
    OK(store_put_run(world->store, &run, ok));
    world_task_at(world, (struct record_task){.run_id = run.run_id,
                                              .node = 0,
                                              .state = TASK_SUCCESS,
                                              .why = TASK_WHY_VIRTUAL,
                                              .at = {T0 + 1}});
    world_attempt(world, (struct record_attempt){.attempt_id = 5,
                                                 .run_id = run.run_id,
                                                 .node = 1,
                                                 .number = 1,
                                                 .state = ATTEMPT_GRANTED,
                                                 .at = {T0 + 1}});
    struct store_grant grant = {.attempt_id = 5,
                                .executor = "local",
                                .token = "t0k3n",
                                .boot_id = BOOT,
                                .log_path = "logs/1/load.1.log",
                                .text = "echo a",
                                .text_length = 6,
                                .text_hash = "cccccccccccccccccccccccccccccccccccccccc"};
    OK(store_put_grant(world->store, &grant, ok));
    world_task_at(world, (struct record_task){.run_id = run.run_id,
                                              .node = 1,
                                              .state = TASK_RUNNING,
                                              .why = TASK_WHY_STARTED,
                                              .attempts = 1,
                                              .tries = 1,
                                              .at = {T0 + 2},
                                              .attempt_id = 5});
    world_attempt(world, (struct record_attempt){.attempt_id = 5,
                                                 .run_id = run.run_id,
                                                 .node = 1,
                                                 .number = 1,
                                                 .state = ATTEMPT_RUNNING,
                                                 .at = {T0 + 2}});
    OK(store_put_started(world->store, 5, 4711, ok));
    world_state(world, run.run_id, RUN_RUNNING, T0 + 2);
    OK(store_commit(world->store, ok));
    return run.run_id;
}

static inline void world_fail(struct world *world, int64_t run_id, const char *reason)
{
    static const struct store_table tables[] = {{"sales_stat", "dt=20211111", "overwrite", 42}};
    static const struct node_setting outputs[] = {{"k", "v"}};
    OK(store_begin(world->store, ok));
    world_attempt(world, (struct record_attempt){.attempt_id = 5,
                                                 .run_id = run_id,
                                                 .node = 1,
                                                 .number = 1,
                                                 .state = ATTEMPT_ENDED,
                                                 .outcome = {ATTEMPT_END_FAILURE, 3},
                                                 .at = {T0 + 9}});
    struct store_end end = {.attempt_id = 5,
                            .code = "E204",
                            .reason = reason,
                            .cpu = {1234},
                            .peak_bytes = 5678,
                            .log_bytes = 90,
                            .log_lost_bytes = 12,
                            .leftovers = 2,
                            .tables = tables,
                            .table_count = 1,
                            .outputs = outputs,
                            .output_count = 1};
    OK(store_put_end(world->store, &end, ok));
    world_task_at(world, (struct record_task){.run_id = run_id,
                                              .node = 1,
                                              .state = TASK_FAILED,
                                              .why = TASK_WHY_ENDED,
                                              .attempts = 1,
                                              .tries = 1,
                                              .at = {T0 + 9},
                                              .attempt_id = 5});
    world_task_at(world, (struct record_task){.run_id = run_id,
                                              .node = 2,
                                              .state = TASK_BLOCKED,
                                              .why = TASK_WHY_UPSTREAM,
                                              .at = {T0 + 9}});
    world_state(world, run_id, RUN_FAILED, T0 + 9);
    OK(store_commit(world->store, ok));
}

static inline void write_file(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

static inline char *read_whole_file(const char *path, size_t *ret_length)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    char *bytes = malloc((size_t)length + 1);
    assert_int_equal(fread(bytes, 1, (size_t)length, file), length);
    fclose(file);
    *ret_length = (size_t)length;
    return bytes;
}

static inline int64_t count_rows(struct store *store, const char *sql)
{
    int64_t count = -1;
    OK(store_read_int(store, sql, &count, ok));
    return count;
}

#endif
