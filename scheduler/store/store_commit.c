#include "scheduler/store/store_commit.h"

#include "scheduler/base/utf8.h"
#include "scheduler/store/commit_internal.h"

#include <string.h>

#include <stdio.h>
#include <string.h>

static int write_meta_int(struct store *store, const char *name, int64_t value, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "INSERT INTO meta(name, value) VALUES (?1, ?2)"
                       " ON CONFLICT(name) DO UPDATE SET value = excluded.value",
                       err) != 0)
        return -1;
    statement_text(&s, name);
    statement_int(&s, value);
    return statement_run(&s, err);
}

static int write_meta_text(struct store *store, const char *name, const char *value,
                           struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "INSERT INTO meta(name, value) VALUES (?1, ?2)"
                       " ON CONFLICT(name) DO UPDATE SET value = excluded.value",
                       err) != 0)
        return -1;
    statement_text(&s, name);
    statement_text(&s, value);
    return statement_run(&s, err);
}

int store_write_counters(struct store *store, struct error *err)
{
    if (store->batch_run_id != store->stored_run_id &&
        write_meta_int(store, "next_run_id", store->batch_run_id, err) != 0)
        return -1;
    if (store->batch_backfill_id != store->stored_backfill_id &&
        write_meta_int(store, "next_backfill_id", store->batch_backfill_id, err) != 0)
        return -1;
    if (store->next_attempt_id != store->stored_attempt_id)
        return write_meta_int(store, "next_attempt_id", store->next_attempt_id, err);
    return 0;
}

int store_note_program(struct store *store, const char *program, struct error *err)
{
    if (store_begin(store, err) != 0)
        return -1;
    if (write_meta_text(store, "program", program, err) == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}

static int put_epoch(struct store *store, const char *boot_id, struct instant now, int64_t epoch,
                     struct error *err)
{
    int64_t id;
    struct commit_event event = {.kind = VIEW_EVENT_NOTE,
                                 .at = now,
                                 .node = STORE_NO_NODE,
                                 .state = -1,
                                 .text = "an engine started"};
    if (write_meta_int(store, "epoch", epoch, err) != 0 ||
        write_meta_text(store, "boot_id", boot_id, err) != 0)
        return -1;
    return commit_event(store, &event, &id, err);
}

int store_next_epoch(struct store *store, const char *boot_id, struct instant now,
                     int64_t *ret_epoch, struct error *err)
{
    int64_t epoch;
    if (store_begin(store, err) != 0)
        return -1;
    if (store_read_int(store, "SELECT value FROM meta WHERE name = 'epoch'", &epoch, err) != 0 ||
        put_epoch(store, boot_id, now, epoch + 1, err) != 0) {
        store_rollback(store);
        return -1;
    }
    if (store_commit(store, err) != 0)
        return -1;
    *ret_epoch = epoch + 1;
    return 0;
}

int commit_event(struct store *store, const struct commit_event *event, int64_t *ret_id,
                 struct error *err)
{
    STATEMENT(s);
    if (statement_open_beside(&s, store,
                              "INSERT INTO event(at, kind, run_id, node, state, why, reason, tries,"
                              " attempt_id, operation_id, flow_id, text)"
                              " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                              err) != 0)
        return -1;
    statement_int(&s, event->at.us);
    statement_int(&s, event->kind);
    statement_int_or_null(&s, event->run_id);
    if (event->node == STORE_NO_NODE)
        statement_int_or_null(&s, 0);
    else
        statement_int(&s, event->node);
    statement_int(&s, event->state);
    statement_int(&s, event->why);
    statement_int(&s, event->reason);
    statement_int(&s, event->tries);
    statement_int(&s, event->attempt_id);
    statement_int_or_null(&s, event->operation_id);
    statement_int_or_null(&s, event->flow_id);
    statement_text(&s, event->text);
    if (statement_run(&s, err) != 0)
        return -1;
    *ret_id = sqlite3_last_insert_rowid(store->db);
    return 0;
}

bool commit_is_known(const struct store_known *known, const char *name, int64_t *ret_id)
{
    if (name[0] == '\0' || strcmp(known->name, name) != 0)
        return false;
    *ret_id = known->id;
    return true;
}

void commit_keep_known(struct store_known *known, const char *name, int64_t id)
{
    bool fits = strlen(name) < sizeof known->name;
    snprintf(known->name, sizeof known->name, "%s", fits ? name : "");
    known->id = id;
}

/* A table of names, each with its id: how to find one, to add one, and the last of the batch. */
struct names {
    const char *find; /* SQL with the name as its parameter */
    const char *add;
    struct store_known *last;
};

static int find_or_add_name(struct store *store, const struct names *names, const char *name,
                            int64_t *ret_id, struct error *err)
{
    STATEMENT(found);
    if (statement_open_beside(&found, store, names->find, err) != 0)
        return -1;
    statement_text(&found, name);
    int row = statement_step(&found, err);
    if (row < 0)
        return -1;
    if (row == 1) {
        *ret_id = statement_get_int(&found, 0);
        return 0;
    }
    STATEMENT(added);
    if (statement_open_beside(&added, store, names->add, err) != 0)
        return -1;
    statement_text(&added, name);
    if (statement_run(&added, err) != 0)
        return -1;
    *ret_id = sqlite3_last_insert_rowid(store->db);
    return 0;
}

static int intern(struct store *store, const struct names *names, const char *name, int64_t *ret_id,
                  struct error *err)
{
    if (commit_is_known(names->last, name, ret_id))
        return 0;
    if (find_or_add_name(store, names, name, ret_id, err) != 0)
        return -1;
    commit_keep_known(names->last, name, *ret_id);
    return 0;
}

int commit_flow_id(struct store *store, const char *flow, int64_t *ret_id, struct error *err)
{
    const struct names names = {"SELECT id FROM flow WHERE name = ?",
                                "INSERT INTO flow(name) VALUES (?)", &store->flow};
    return intern(store, &names, flow, ret_id, err);
}

int commit_boot_id(struct store *store, const char *boot, int64_t *ret_id, struct error *err)
{
    const struct names names = {"SELECT id FROM boot WHERE name = ?",
                                "INSERT INTO boot(name) VALUES (?)", &store->boot};
    return intern(store, &names, boot, ret_id, err);
}

static int find_or_add_blob(struct store *store, const struct commit_bytes *blob, int64_t *ret_id,
                            struct error *err)
{
    STATEMENT(found);
    if (statement_open_beside(&found, store, "SELECT id FROM blob WHERE hash = ?", err) != 0)
        return -1;
    statement_text(&found, blob->hash);
    int row = statement_step(&found, err);
    if (row < 0)
        return -1;
    if (row == 1) {
        *ret_id = statement_get_int(&found, 0);
        return 0;
    }
    STATEMENT(added);
    if (statement_open_beside(&added, store, "INSERT INTO blob(hash, bytes) VALUES (?, ?)", err) !=
        0)
        return -1;
    statement_text(&added, blob->hash);
    statement_bytes(&added, blob->bytes, blob->length);
    if (statement_run(&added, err) != 0)
        return -1;
    *ret_id = sqlite3_last_insert_rowid(store->db);
    return 0;
}

int commit_blob_id(struct store *store, const struct commit_bytes *blob, int64_t *ret_id,
                   struct error *err)
{
    if (commit_is_known(&store->blob, blob->hash, ret_id))
        return 0;
    if (find_or_add_blob(store, blob, ret_id, err) != 0)
        return -1;
    commit_keep_known(&store->blob, blob->hash, *ret_id);
    return 0;
}

void commit_append_line(struct text *line, const char *reason)
{
    size_t length = reason == NULL ? 0 : strcspn(reason, "\r\n");
    if (length > STORE_MAX_REASON_BYTES)
        length = utf8_valid_prefix(reason, STORE_MAX_REASON_BYTES);
    utf8_append_safe(line, reason == NULL ? "" : reason, length);
}
