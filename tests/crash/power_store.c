/* links datemill_store: batches of the store, and the power goes at every sync. */
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/store/store_load.h"
#include "tests/crash/power.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BATCHES 14
#define REOPEN_AT 6      /* closed and opened again: the WAL is copied and removed */
#define CHECKPOINT_AT 10 /* copied while it is open */
#define TEXT_BYTES 6000  /* a batch is several pages */
#define T0 ((int64_t)1636650000000000)
#define BOOT "11111111-2222-3333-4444-555555555555"

static void state_dir(const char *folder, char path[128])
{
    snprintf(path, 128, "%s/.datemill", folder);
}

static void apply(struct store *store, struct action action)
{
    struct error err;
    power_must(store_apply(store, &action, &err), &err);
}

static void put_task(struct store *store, int64_t run, uint32_t node, enum task_state state)
{
    apply(store, (struct action){.kind = ACTION_RECORD_TASK,
                                 .task = {.run_id = run,
                                          .node = node,
                                          .state = state,
                                          .attempts = node == 0,
                                          .tries = node == 0,
                                          .why = TASK_WHY_ENDED,
                                          .attempt_id = node == 0 ? run : 0,
                                          .at = {T0 + run}}});
}

static void put_attempt(struct store *store, int64_t run, enum attempt_state state)
{
    apply(
        store,
        (struct action){
            .kind = ACTION_RECORD_ATTEMPT,
            .attempt = {
                .attempt_id = run, .run_id = run, .number = 1, .state = state, .at = {T0 + run}}});
}

static void put_state(struct store *store, int64_t run, enum run_state state)
{
    apply(store, (struct action){.kind = ACTION_RECORD_RUN,
                                 .run = {.run_id = run, .state = state, .opening = 1, .at = {T0}}});
}

static int put_run(struct store *store, int64_t number, struct error *err)
{
    static const struct store_run_node nodes[] = {{"load", "shell", TASK_WAITING, true},
                                                  {"stat", "sql", TASK_WAITING, true}};
    char cyctime[64];
    char hash[48];
    char path[32];
    SCOPED_FREE char *bytes = memory_new(TEXT_BYTES + 1, 1);
    memset(bytes, 'a' + (int)(number % 26), TEXT_BYTES);
    snprintf(cyctime, sizeof cyctime, "2021-11-%02dT00:30:00", (int)number % 28 + 1);
    snprintf(hash, sizeof hash, "%040d", (int)number);
    snprintf(path, sizeof path, "logs/%d.log", (int)number);
    struct flow_file file = {.path = "f.yaml", .bytes = bytes, .length = TEXT_BYTES};
    memcpy(file.hash, hash, sizeof file.hash);
    struct store_version version = {.flow = "f", .hash = hash, .files = &file, .file_count = 1};
    struct store_run run = {.run_id = store_take_run_id(store),
                            .flow = "f",
                            .cyctime = cyctime,
                            .bizdate = "2021-11-11",
                            .zone = "UTC",
                            .kind = STORE_RUN_MANUAL,
                            .trigger = "cli",
                            .priority = 4,
                            .nodes = nodes,
                            .node_count = 2};
    struct store_grant grant = {.attempt_id = number,
                                .executor = "local",
                                .token = "t",
                                .boot_id = BOOT,
                                .log_path = path,
                                .text = bytes,
                                .text_length = TEXT_BYTES,
                                .text_hash = hash};
    if (run.run_id != number)
        return error_set(err, ERROR_KIND_BUG, "run id %lld", (long long)run.run_id);
    if (store_put_version(store, &version, (struct instant){T0}, &run.version_id, err) < 0 ||
        store_put_run(store, &run, err) < 0)
        return -1;
    put_attempt(store, number, ATTEMPT_GRANTED);
    return store_put_grant(store, &grant, err);
}

/* Run n starts, the one before it ends: both or neither. */
static int put_batch(struct store *store, int64_t number, struct error *err)
{
    if (store_begin(store, err) < 0 || put_run(store, number, err) < 0)
        return -1;
    put_attempt(store, number, ATTEMPT_RUNNING);
    put_task(store, number, 0, TASK_RUNNING);
    put_state(store, number, RUN_RUNNING);
    if (number > 1) {
        put_attempt(store, number - 1, ATTEMPT_ENDED);
        put_task(store, number - 1, 0, TASK_SUCCESS);
        put_task(store, number - 1, 1, TASK_SUCCESS);
        put_state(store, number - 1, RUN_SUCCESS);
    }
    return store_commit(store, err);
}

static void play(const char *folder)
{
    char path[128];
    struct error err = {0};
    struct store *store;
    state_dir(folder, path);
    power_must(store_open_writer(path, "test", &store, &err), &err);
    for (int i = 1; i <= BATCHES; i++) {
        power_begin(i);
        power_must(put_batch(store, i, &err), &err);
        power_done(i);
        if (i == CHECKPOINT_AT)
            power_must(store_checkpoint(store, &err), &err);
        if (i != REOPEN_AT)
            continue;
        store_close(store);
        power_must(store_open_writer(path, "test", &store, &err), &err);
    }
    store_close(store);
}

/* ---- afterwards ---- */

static int check_run(struct store *store, int64_t number, int64_t last, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct load_run run;
    struct load_attempt attempt;
    if (load_run(store, number, &arena, &run, err) < 0 ||
        load_attempt(store, number, &arena, &attempt, err) < 0)
        return -1;
    bool is_last = number == last;
    bool is_fine = run.state == (is_last ? RUN_RUNNING : RUN_SUCCESS) && run.node_count == 2 &&
                   run.nodes[0].state == (is_last ? TASK_RUNNING : TASK_SUCCESS) &&
                   run.nodes[1].state == (is_last ? TASK_WAITING : TASK_SUCCESS) &&
                   attempt.state == (is_last ? ATTEMPT_RUNNING : ATTEMPT_ENDED);
    if (!is_fine)
        return error_set(err, ERROR_KIND_FAILED, "run %lld is half", (long long)number);
    struct load_definition definition;
    if (load_definition(store, run.version_id, &arena, &definition, err) < 0)
        return -1;
    if (definition.file_count != 1 || definition.files[0].length != TEXT_BYTES)
        return error_set(err, ERROR_KIND_FAILED, "the definition of run %lld is not whole",
                         (long long)number);
    return 0;
}

static int check_all(struct store *store, struct power_told told, struct error *err)
{
    int64_t last = store_next_attempt_id(store) - 1;
    if (last < told.done || last > told.begun)
        return error_set(err, ERROR_KIND_FAILED,
                         "%d batches were acknowledged, %d begun, %lld found", told.done,
                         told.begun, (long long)last);
    for (int64_t i = 1; i <= last; i++) {
        if (check_run(store, i, last, err) < 0)
            return -1;
    }
    return put_batch(store, last + 1, err); /* life goes on */
}

static int check_file(const char *path, struct error *err)
{
    SCOPED_TEXT struct text file = {0};
    text_append_format(&file, "%s/%s", path, STORE_FILE_NAME);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int result = error_set(err, ERROR_KIND_FAILED, "no answer to integrity_check");
    if (sqlite3_open(text_string(&file), &db) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        const char *answer = (const char *)sqlite3_column_text(statement, 0);
        bool is_fine = strcmp(answer, "ok") == 0;
        result = is_fine ? 0 : error_set(err, ERROR_KIND_FAILED, "damaged: %s", answer);
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return result;
}

static int look(const char *folder, struct power_told told, struct error *err)
{
    char path[128];
    struct store *store;
    state_dir(folder, path);
    if (store_open_writer(path, "test", &store, err) < 0)
        return error_prefix(err, "cannot be opened (%d acknowledged)", told.done);
    int result = check_all(store, told, err);
    store_close(store);
    return result == 0 ? check_file(path, err) : -1;
}

int main(int argc, char **argv)
{
    static const struct power_work work = {
        .what = "the store", .lies_about = "-wal", .play = play, .look = look};
    return power_main(&work, argc, argv);
}
