#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/store/copy_internal.h"
#include "scheduler/store/statement.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RESTORE_FOLDER "restore.part"
#define RESTORE_PROGRAM "datemill restore"
#define RESTORE_MAX_NAMES 1000 /* of stores that were replaced within one second */

/* The copy is made ready in a state folder of its own within the project's. */
struct restoring {
    const struct store_restore_options *options;
    struct restore_numbers least; /* of the store that is replaced */
    struct store_restored result;
    char *folder;
    char *file;    /* the store in it */
    char *present; /* the store that is replaced */
};

static char *path_in(const char *folder, const char *name)
{
    struct text path = {0};
    text_append_format(&path, "%s/%s", folder, name);
    return text_take(&path);
}

static bool is_there(const char *folder, const char *name)
{
    SCOPED_FREE char *path = path_in(folder, name);
    struct stat facts;
    return lstat(path, &facts) == 0;
}

static void remove_folder(const struct restoring *restoring)
{
    static const char *const names[] = {STORE_FILE_NAME, STORE_FILE_NAME "-wal",
                                        STORE_FILE_NAME "-shm", STORE_FILE_NAME "-journal",
                                        STORE_GITIGNORE_NAME};
    SCOPED_FD int fd = open(restoring->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    for (size_t i = 0; fd >= 0 && i < sizeof names / sizeof *names; i++)
        unlinkat(fd, names[i], 0);
    rmdir(restoring->folder);
}

static int make_folder(const struct restoring *restoring, struct error *err)
{
    const char *state_dir = restoring->options->state_dir;
    if (mkdir(state_dir, 0700) != 0 && errno != EEXIST)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make %s", state_dir);
    remove_folder(restoring); /* of one that was killed */
    if (mkdir(restoring->folder, 0700) != 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make %s", restoring->folder);
    return 0;
}

static int check(struct store *store, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store, "PRAGMA integrity_check(1)", err) != 0)
        return -1;
    int row = statement_step(&s, err);
    if (row == 1 && strcmp(statement_peek_text(&s, 0), "ok") == 0)
        return 0;
    return row < 0 ? -1 : store_fail_damaged(store, statement_peek_text(&s, 0), err);
}

static int set_journal(struct store *store, bool *ret_is_set, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store, "PRAGMA journal_mode = DELETE", err) != 0)
        return -1;
    int row = statement_step(&s, err);
    *ret_is_set = row == 1 && strcmp(statement_peek_text(&s, 0), "delete") == 0;
    return row < 0 ? -1 : statement_run(&s, err);
}

/* After it nobody else has the file open, and it stands alone. SQLite commits this by itself. */
static int leave_wal(struct store *store, struct error *err)
{
    struct error problem = {0};
    bool is_set = false;
    store->is_committing = true;
    int result = set_journal(store, &is_set, &problem);
    store->is_committing = false;
    if (result == 0 && is_set)
        return 0;
    if (result != 0 && problem.kind != ERROR_KIND_BUSY) {
        *err = problem;
        return -1;
    }
    error_set(err, ERROR_KIND_BUSY, "another process has %s open", store->path);
    return error_help(err, "end it: a page, a command that shows runs, a tool of SQLite");
}

/* ---- the copy ---- */

static int take_copy(struct restoring *restoring, struct error *err)
{
    struct store *from;
    if (store_open_copy(restoring->options->path, &from, err) != 0)
        return -1;
    int result = copy_look(from, &restoring->result.copy, err);
    if (result == 0)
        result = copy_store(from, restoring->file, &restoring->options->copying, err);
    store_close(from);
    return result;
}

static void skip_numbers(struct restore_numbers *least, const struct restore_numbers *own)
{
    *least = (struct restore_numbers){.next_run_id = own->next_run_id + STORE_RESTORE_GAP,
                                      .next_attempt_id = own->next_attempt_id + STORE_RESTORE_GAP,
                                      .next_backfill_id = own->next_backfill_id + STORE_RESTORE_GAP,
                                      .newest_event = own->newest_event + STORE_RESTORE_GAP,
                                      .epoch = own->epoch + STORE_RESTORE_GAP};
}

static int write_restore(struct restoring *restoring, struct store *store, struct error *err)
{
    SCOPED_TEXT struct text text = {0};
    struct restore_numbers own;
    text_append_format(&text, "restored from %s: what came after the line above is not known",
                       restoring->options->path);
    struct restore_note note = {text_string(&text), restoring->options->now};
    if (store_read_numbers(store, &own, err) != 0)
        return -1;
    if (restoring->result.has_gap)
        skip_numbers(&restoring->least, &own);
    if (store_begin(store, err) != 0)
        return -1;
    if (store_put_restore(store, &restoring->least, &note, err) == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}

static int make_ready(struct restoring *restoring, struct error *err)
{
    struct store *store;
    if (store_open_writer(restoring->folder, RESTORE_PROGRAM, &store, err) != 0)
        return -1;
    int result = check(store, err);
    if (result == 0)
        result = write_restore(restoring, store, err);
    if (result == 0)
        result = leave_wal(store, err);
    store_close(store);
    return result == 0 ? copy_sync(restoring->file, err) : -1;
}

/* ---- the store of before ---- */

/* One that cannot be read (it is why people restore) tells nothing, and nobody works with it. */
static int ask_present(struct restoring *restoring, struct error *err)
{
    const char *state_dir = restoring->options->state_dir;
    struct store *store;
    struct error problem = {0};
    if (!is_there(state_dir, STORE_FILE_NAME)) {
        restoring->result.has_gap = is_there(state_dir, "logs") || is_there(state_dir, "warehouse");
        return 0;
    }
    if (store_open_writer(state_dir, RESTORE_PROGRAM, &store, &problem) != 0) {
        restoring->result.has_gap = true;
        if (problem.kind != ERROR_KIND_BUSY && problem.kind != ERROR_KIND_REFUSED)
            return 0;
        *err = problem;
        return -1;
    }
    if (store_read_numbers(store, &restoring->least, &problem) != 0)
        restoring->result.has_gap = true;
    int result = leave_wal(store, &problem);
    store_close(store);
    if (result == 0 || problem.kind != ERROR_KIND_BUSY)
        return 0;
    *err = problem;
    return -1;
}

/* A name that is free; the file has both until the new one takes its place. */
static int keep_present(struct restoring *restoring, struct error *err)
{
    const char *state_dir = restoring->options->state_dir;
    struct store_restored *result = &restoring->result;
    if (!is_there(state_dir, STORE_FILE_NAME))
        return 0;
    for (int i = 1; i <= RESTORE_MAX_NAMES; i++) {
        snprintf(result->replaced, sizeof result->replaced, STORE_FILE_NAME ".replaced-%d", i);
        SCOPED_FREE char *kept = path_in(state_dir, result->replaced);
        if (link(restoring->present, kept) == 0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    return error_set_errno(err, ERROR_KIND_PRECONDITION, "%s cannot get another name",
                           restoring->present);
}

/* What is left of a WAL belongs to a store that could not be read; it must not meet the new one. */
static void move_wal(const struct restoring *restoring)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
    const char *state_dir = restoring->options->state_dir;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        struct text from = {0};
        struct text to = {0};
        text_append_format(&from, "%s%s", restoring->present, suffixes[i]);
        text_append_format(&to, "%s/%s%s", state_dir, restoring->result.replaced, suffixes[i]);
        if (restoring->result.replaced[0] == '\0')
            unlink(text_string(&from));
        else
            rename(text_string(&from), text_string(&to));
        text_free(&from);
        text_free(&to);
    }
}

static int take_place(struct restoring *restoring, struct error *err)
{
    if (keep_present(restoring, err) != 0)
        return -1;
    move_wal(restoring);
    if (rename(restoring->file, restoring->present) != 0) {
        error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make %s", restoring->present);
        SCOPED_FREE char *kept = path_in(restoring->options->state_dir, restoring->result.replaced);
        if (restoring->result.replaced[0] != '\0')
            unlink(kept);
        return -1;
    }
    return copy_sync(restoring->options->state_dir, err);
}

int store_restore(const struct store_restore_options *options, struct store_restored *ret_restored,
                  struct error *err)
{
    struct restoring restoring = {.options = options,
                                  .folder = path_in(options->state_dir, RESTORE_FOLDER),
                                  .present = path_in(options->state_dir, STORE_FILE_NAME)};
    restoring.file = path_in(restoring.folder, STORE_FILE_NAME);
    int result = make_folder(&restoring, err);
    if (result == 0)
        result = take_copy(&restoring, err);
    if (result == 0)
        result = ask_present(&restoring, err);
    if (result == 0)
        result = make_ready(&restoring, err);
    if (result == 0)
        result = take_place(&restoring, err);
    remove_folder(&restoring);
    if (result == 0)
        *ret_restored = restoring.result;
    free(restoring.folder);
    free(restoring.file);
    free(restoring.present);
    return result;
}
