/* What is written into a copy before it becomes the store. */
#include "scheduler/store/commit_internal.h"
#include "scheduler/store/copy_internal.h"

#include <string.h>

#define RESTORE_BOOT "restored from a backup"

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int store_read_numbers(struct store *store, struct restore_numbers *ret_numbers, struct error *err)
{
    struct restore_numbers numbers = {.next_run_id = store->next_run_id,
                                      .next_attempt_id = store->next_attempt_id,
                                      .next_backfill_id = store->next_backfill_id};
    if (store_read_int(store, "SELECT max(id) FROM event", &numbers.newest_event, err) != 0 ||
        store_read_int(store, "SELECT value FROM meta WHERE name = 'epoch'", &numbers.epoch, err) !=
            0)
        return -1;
    *ret_numbers = numbers;
    return 0;
}

static int put_number(struct store *store, const char *name, int64_t value, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store, "INSERT OR REPLACE INTO meta(name, value) VALUES (?, ?)", err) !=
        0)
        return -1;
    statement_text(&s, name);
    statement_int(&s, value);
    return statement_run(&s, err);
}

/* A boot of its own: no attempt of it can be alive, nor be known not to have been started. */
static int put_boot(struct store *store, struct error *err)
{
    int64_t id;
    STATEMENT(s);
    if (commit_boot_id(store, RESTORE_BOOT, &id, err) != 0 ||
        statement_open(&s, store, "UPDATE attempt SET boot = ? WHERE state < 2", err) != 0)
        return -1;
    statement_int(&s, id);
    return statement_run(&s, err);
}

/* Whoever followed the story of before must see what comes. */
static int put_note(struct store *store, int64_t least_id, const char *text, struct instant at,
                    struct error *err)
{
    int64_t id;
    struct commit_event event = {
        .kind = VIEW_EVENT_NOTE, .at = at, .node = STORE_NO_NODE, .state = -1, .text = text};
    if (commit_event(store, &event, &id, err) != 0 || id > least_id)
        return id > least_id ? 0 : -1;
    STATEMENT(s);
    if (statement_open(&s, store, "UPDATE event SET id = ? WHERE id = ?", err) != 0)
        return -1;
    statement_int(&s, least_id + 1);
    statement_int(&s, id);
    return statement_run(&s, err);
}

int store_put_restore(struct store *store, const struct restore_numbers *least,
                      const struct restore_note *note, struct error *err)
{
    struct restore_numbers own;
    if (store_require_batch(store, err) != 0 || store_read_numbers(store, &own, err) != 0)
        return -1;
    if (put_number(store, "next_run_id", larger(own.next_run_id, least->next_run_id), err) != 0 ||
        put_number(store, "next_attempt_id", larger(own.next_attempt_id, least->next_attempt_id),
                   err) != 0 ||
        put_number(store, "next_backfill_id", larger(own.next_backfill_id, least->next_backfill_id),
                   err) != 0 ||
        put_number(store, "epoch", larger(own.epoch, least->epoch), err) != 0 ||
        put_boot(store, err) != 0)
        return -1;
    return put_note(store, least->newest_event, note->text, note->at, err);
}
