/* What the engine does not know about attempts. */
#include "scheduler/store/commit_pending.h"

#include <string.h>

#define MAX_ERROR_BYTES 4096 /* of all different lines of a run */

struct grant_ids { /* 0 = not given */
    int64_t boot;
    int64_t text;
};

/* The node by its own number: indexes of a run change with its version. */
int commit_start(struct store *store, const struct record_attempt *granted, struct error *err)
{
    const struct attempt_start *start = &granted->start;
    STATEMENT(s);
    if (statement_open_beside(&s, store,
                              "INSERT INTO attempt_start(attempt_id, ready_at, cause, node_id,"
                              " wait, freed_by, overtaken) VALUES (?1, ?2, ?3, iif(?3 = 1,"
                              " (SELECT node_id FROM node_run WHERE run_id = ?7 AND node = ?8),"
                              " NULL), ?4, ?5, ?6)",
                              err) != 0)
        return -1;
    statement_int(&s, granted->attempt_id);
    statement_int(&s, start->ready.us);
    statement_int(&s, start->cause);
    statement_int(&s, start->wait);
    statement_int_or_null(&s, start->freed_by);
    statement_int(&s, start->overtaken);
    statement_int(&s, granted->run_id);
    statement_int(&s, start->need);
    return statement_run(&s, err);
}

/* The record that granted it is in this batch: its row is made as a whole. */
static int insert_grant(struct store *store, const struct record_attempt *granted,
                        const struct store_grant *grant, const struct grant_ids *ids,
                        struct error *err)
{
    STATEMENT(s);
    if (statement_open_beside(&s, store,
                              "INSERT INTO attempt(id, run_id, node, number, state, granted_at,"
                              " executor, token, boot, log_path, text_id, opening)"
                              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
                              " (SELECT opening FROM run WHERE id = ?2))",
                              err) != 0)
        return -1;
    statement_int(&s, granted->attempt_id);
    statement_int(&s, granted->run_id);
    statement_int(&s, granted->node);
    statement_int(&s, granted->number);
    statement_int(&s, granted->state);
    statement_int(&s, granted->at.us);
    statement_text(&s, grant->executor);
    statement_text(&s, grant->token);
    statement_int_or_null(&s, ids->boot);
    statement_text(&s, grant->log_path);
    statement_int_or_null(&s, ids->text);
    return statement_run(&s, err) != 0 ? -1 : commit_start(store, granted, err);
}

static int update_grant(struct store *store, const struct store_grant *grant,
                        const struct grant_ids *ids, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "UPDATE attempt SET executor = ?2, token = ?3, boot = ?4, log_path = ?5,"
                       " text_id = ?6 WHERE id = ?1",
                       err) != 0)
        return -1;
    statement_int(&s, grant->attempt_id);
    statement_text(&s, grant->executor);
    statement_text(&s, grant->token);
    statement_int_or_null(&s, ids->boot);
    statement_text(&s, grant->log_path);
    statement_int_or_null(&s, ids->text);
    return statement_run_one(&s, "attempt", err);
}

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

int store_put_grant(struct store *store, const struct store_grant *grant, struct error *err)
{
    struct grant_ids ids = {0};
    struct commit_bytes text = {
        .hash = grant->text_hash, .bytes = grant->text, .length = grant->text_length};
    if (store_require_batch(store, err) != 0 ||
        (is_given(grant->boot_id) && commit_boot_id(store, grant->boot_id, &ids.boot, err) != 0) ||
        (is_given(grant->text_hash) && commit_blob_id(store, &text, &ids.text, err) != 0))
        return -1;
    struct pending_attempt *pending = pending_find_attempt(store, grant->attempt_id);
    if (pending == NULL || !pending->is_granted)
        return update_grant(store, grant, &ids, err);
    if (insert_grant(store, &pending->granted, grant, &ids, err) != 0)
        return -1;
    pending->is_granted = false;
    if (!pending->is_started && !pending->has_pid && !pending->is_ended)
        pending_drop_attempt(store, pending);
    return 0;
}

int store_put_started(struct store *store, int64_t attempt_id, int64_t pid, struct error *err)
{
    if (store_require_batch(store, err) != 0)
        return -1;
    struct pending_attempt *pending = pending_attempt(store, attempt_id, err);
    if (pending == NULL)
        return -1;
    pending->has_pid = true;
    pending->pid = pid;
    return 0;
}

/* ---- ends ---- */

/* With what its records said in this batch. */
static int update_end(struct store *store, const struct store_end *end, const char *reason,
                      struct error *err)
{
    struct pending_attempt *pending = pending_find_attempt(store, end->attempt_id);
    if (pending != NULL && pending->is_granted) {
        if (store_write_pending(store, err) != 0)
            return -1;
        pending = NULL;
    }
    struct pending_attempt none = {.id = end->attempt_id};
    if (pending_update_attempt(store, pending != NULL ? pending : &none, end, reason, err) != 0)
        return -1;
    if (pending != NULL)
        pending_drop_attempt(store, pending);
    return 0;
}

static int add_tables(struct store *store, const struct store_end *end, struct error *err)
{
    STATEMENT(s);
    if (end->table_count == 0)
        return 0;
    if (statement_open(&s, store,
                       "INSERT OR REPLACE INTO attempt_table(attempt_id, position, name, part,"
                       " mode, rows) VALUES (?, ?, ?, ?, ?, ?)",
                       err) != 0)
        return -1;
    for (size_t i = 0; i < end->table_count; i++) {
        statement_int(&s, end->attempt_id);
        statement_int(&s, (int64_t)i);
        statement_text(&s, end->tables[i].table);
        statement_text(&s, end->tables[i].partition);
        statement_text(&s, end->tables[i].mode);
        statement_int(&s, end->tables[i].rows);
        if (statement_run(&s, err) != 0)
            return -1;
    }
    return 0;
}

static int add_outputs(struct store *store, const struct store_end *end, struct error *err)
{
    STATEMENT(s);
    if (end->output_count == 0)
        return 0;
    if (statement_open(&s, store,
                       "INSERT OR REPLACE INTO attempt_output(attempt_id, position, name, value)"
                       " VALUES (?, ?, ?, ?)",
                       err) != 0)
        return -1;
    for (size_t i = 0; i < end->output_count; i++) {
        statement_int(&s, end->attempt_id);
        statement_int(&s, (int64_t)i);
        statement_text(&s, end->outputs[i].name);
        statement_text(&s, end->outputs[i].text);
        if (statement_run(&s, err) != 0)
            return -1;
    }
    return 0;
}

static bool has_line(const char *lines, const char *line)
{
    size_t length = strlen(line);
    for (const char *at = strstr(lines, line); at != NULL; at = strstr(at + 1, line))
        if ((at == lines || at[-1] == '\n') && (at[length] == '\n' || at[length] == '\0'))
            return true;
    return false;
}

static int index_lines(struct store *store, const char *sql, int64_t run_id, const char *lines,
                       struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store, sql, err) != 0)
        return -1;
    statement_int(&s, run_id);
    statement_text(&s, lines);
    return statement_run(&s, err);
}

static int replace_lines(struct store *store, int64_t run_id, const struct text *old_lines,
                         const char *line, struct error *err)
{
    SCOPED_TEXT struct text lines = {0};
    text_append(&lines, text_string(old_lines));
    if (lines.length > 0)
        text_append_char(&lines, '\n');
    text_append(&lines, line);
    /* The index has no content of its own: it must be told the old text to forget it. */
    if (old_lines->length > 0 &&
        index_lines(store,
                    "INSERT INTO run_error_text(run_error_text, rowid, lines)"
                    " VALUES ('delete', ?, ?)",
                    run_id, text_string(old_lines), err) != 0)
        return -1;
    if (index_lines(store,
                    "INSERT INTO run_error(run_id, lines) VALUES (?, ?)"
                    " ON CONFLICT(run_id) DO UPDATE SET lines = excluded.lines",
                    run_id, text_string(&lines), err) != 0)
        return -1;
    return index_lines(store, "INSERT INTO run_error_text(rowid, lines) VALUES (?, ?)", run_id,
                       text_string(&lines), err);
}

static int add_error_line(struct store *store, int64_t attempt_id, const char *line,
                          struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT attempt.run_id, run_error.lines FROM attempt"
                       " LEFT JOIN run_error USING (run_id) WHERE attempt.id = ?",
                       err) != 0)
        return -1;
    statement_int(&s, attempt_id);
    int row = statement_step(&s, err);
    if (row != 1)
        return row;
    int64_t run_id = statement_get_int(&s, 0);
    SCOPED_TEXT struct text old_lines = {0};
    text_append(&old_lines, statement_peek_text(&s, 1));
    statement_close(&s);
    if (has_line(text_string(&old_lines), line) ||
        old_lines.length + strlen(line) >= MAX_ERROR_BYTES)
        return 0;
    return replace_lines(store, run_id, &old_lines, line, err);
}

int store_put_end(struct store *store, const struct store_end *end, struct error *err)
{
    SCOPED_TEXT struct text line = {0};
    commit_append_line(&line, end->reason);
    if (store_require_batch(store, err) != 0 ||
        update_end(store, end, text_string(&line), err) != 0 || add_tables(store, end, err) != 0 ||
        add_outputs(store, end, err) != 0)
        return -1;
    return line.length == 0 ? 0 : add_error_line(store, end->attempt_id, text_string(&line), err);
}
