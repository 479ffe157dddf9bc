/* Attempts, freezes, figures of the engine. */
#include "scheduler/store/statement.h"
#include "scheduler/store/store_load.h"

#include <string.h>

int load_open_attempts(struct store *store, const char *boot_id, struct arena *arena,
                       struct load_attempts *ret_attempts, struct error *err)
{
    struct recover_open *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT attempt.id, state, boot.name FROM attempt INDEXED BY attempt_open"
                       " LEFT JOIN boot ON boot.id = attempt.boot WHERE state < 2"
                       " ORDER BY attempt.id",
                       err) != 0)
        return -1;
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        items = arena_grow(arena, items, count, &capacity, sizeof *items);
        items[count++] = (struct recover_open){
            .attempt_id = statement_get_int(&s, 0),
            .is_running = statement_get_int(&s, 1) == ATTEMPT_RUNNING,
            .is_this_boot =
                statement_get_is_null(&s, 2) || strcmp(statement_peek_text(&s, 2), boot_id) == 0,
        };
    }
    if (row != 0)
        return -1;
    *ret_attempts = (struct load_attempts){.items = items, .count = count};
    return 0;
}

int load_attempt(struct store *store, int64_t attempt_id, struct arena *arena,
                 struct load_attempt *ret_attempt, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT run_id, node, number, state, executor, token, boot.name, log_path,"
                       " started_at FROM attempt LEFT JOIN boot ON boot.id = attempt.boot"
                       " WHERE attempt.id = ?",
                       err) != 0)
        return -1;
    statement_int(&s, attempt_id);
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    if (row == 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "there is no attempt %lld",
                         (long long)attempt_id);
    struct load_attempt attempt = {
        .run_id = statement_get_int(&s, 0),
        .node = statement_get_index(&s, 1),
        .number = statement_get_int32(&s, 2),
        .state = (enum attempt_state)statement_get_enum(&s, 3, ATTEMPT_ENDED + 1),
        .executor = statement_get_text(&s, 4, arena),
        .token = statement_get_text(&s, 5, arena),
        .boot_id = statement_get_text(&s, 6, arena),
        .log_path = statement_get_text(&s, 7, arena),
        .started_at = statement_get_instant(&s, 8),
    };
    if (statement_end(&s, err) != 0)
        return -1;
    *ret_attempt = attempt;
    return 0;
}

int load_freezes(struct store *store, struct arena *arena, struct load_freezes *ret_freezes,
                 struct error *err)
{
    struct store_freeze *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT flow.name, node, since, until, who, reason FROM freeze"
                       " JOIN flow ON flow.id = flow_id ORDER BY flow.name, node",
                       err) != 0)
        return -1;
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        items = arena_grow(arena, items, count, &capacity, sizeof *items);
        items[count++] = (struct store_freeze){
            .flow = statement_get_text(&s, 0, arena),
            .node = statement_get_text(&s, 1, arena),
            .since = statement_get_instant(&s, 2),
            .until = statement_get_text(&s, 3, arena),
            .who = statement_get_text(&s, 4, arena),
            .reason = statement_get_text(&s, 5, arena),
        };
    }
    if (row != 0)
        return -1;
    *ret_freezes = (struct load_freezes){.items = items, .count = count};
    return 0;
}

int load_engine(struct store *store, struct arena *arena, struct load_engine *ret_engine,
                struct error *err)
{
    struct load_engine engine = {.boot_id = ""};
    if (store_read_int(store, "SELECT value FROM meta WHERE name = 'epoch'", &engine.epoch, err) !=
        0)
        return -1;
    STATEMENT(s);
    if (statement_open(&s, store, "SELECT value FROM meta WHERE name = 'boot_id'", err) != 0)
        return -1;
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    if (row == 1)
        engine.boot_id = statement_get_text(&s, 0, arena);
    *ret_engine = engine;
    return 0;
}
