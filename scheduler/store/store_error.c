#include "scheduler/base/beneath.h"
#include "scheduler/base/scope.h"
#include "scheduler/store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define STORE_WRITE_BYTES 65536 /* that SQLite writes at once, at most */

/* What a failure means to the user, whatever call it came from. */
enum failure {
    FAILURE_LOCKED,
    FAILURE_DAMAGED,
    FAILURE_FULL,
    FAILURE_DENIED,
    FAILURE_DISK,
    FAILURE_TOO_LONG,
    FAILURE_OURS
};

static enum failure failure_of_errno(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return FAILURE_FULL;
    case EACCES:
    case EPERM:
    case EROFS:
        return FAILURE_DENIED;
    default:
        return FAILURE_DISK;
    }
}

static enum failure failure_of(int result, int system_errno)
{
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return FAILURE_LOCKED;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* our texts are right: a table or column is missing */
    case SQLITE_SCHEMA:
    case SQLITE_FORMAT:
    case SQLITE_MISMATCH:
    case SQLITE_INTERRUPT: /* the budget of a question: an index that leads in circles */
        return FAILURE_DAMAGED;
    case SQLITE_FULL:
        return FAILURE_FULL;
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return FAILURE_DENIED;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return failure_of_errno(system_errno);
    case SQLITE_TOOBIG:
        return FAILURE_TOO_LONG;
    default:
        return FAILURE_OURS;
    }
}

/* Why no file can be made beside the store's; 0 when one can. */
static int look_for_refusal(const struct store *store)
{
    SCOPED_FD int fd = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? errno : beneath_try_to_make(fd);
}

bool store_is_refusal_over(const struct store *store)
{
    return store->db != NULL && (sqlite3_errcode(store->db) & 0xff) == SQLITE_CANTOPEN &&
           look_for_refusal(store) == 0;
}

/* SQLite does not always keep why a write failed; what can be looked up is. */
static int errno_of(struct store *store, int result)
{
    int number = store->db == NULL ? 0 : sqlite3_system_errno(store->db);
    if ((result & 0xff) == SQLITE_CANTOPEN && number == ENOENT)
        return look_for_refusal(store);
    struct rlimit limit;
    if (number != 0 || result != SQLITE_IOERR_WRITE || getrlimit(RLIMIT_FSIZE, &limit) != 0)
        return number;
    struct store_figures sizes = {0};
    store_measure_files(store, &sizes);
    int64_t largest = sizes.file_bytes > sizes.wal_bytes ? sizes.file_bytes : sizes.wal_bytes;
    return limit.rlim_cur != RLIM_INFINITY && largest + STORE_WRITE_BYTES > (int64_t)limit.rlim_cur
               ? EFBIG
               : 0;
}

static void set_code(struct error *err, const char *code)
{
    snprintf(err->code, sizeof err->code, "%s", code);
}

static void set_full(struct store *store, int system_errno, struct error *err)
{
    char mount[512];
    int64_t available;
    if (system_errno == EFBIG)
        error_set(err, ERROR_KIND_PRECONDITION,
                  "%s may not grow: the limit on the size of a file "
                  "(ulimit -f) is reached",
                  store->path);
    else if (store_find_space(store->path, mount, sizeof mount, &available) != 0)
        error_set(err, ERROR_KIND_PRECONDITION, "no space left to write %s", store->path);
    else
        error_set(err, ERROR_KIND_PRECONDITION,
                  "no space left to write %s: the file system at %s has %.1f MB free", store->path,
                  mount, (double)available / 1e6);
    error_help(err, "make room there; nothing was lost, and nothing new starts until it can be "
                    "written down");
    set_code(err, "E504");
}

static void set_denied(struct store *store, int system_errno, struct error *err)
{
    error_set(err, ERROR_KIND_REFUSED, "%s cannot be %s: %s", store->path,
              store->is_writer ? "written" : "read",
              system_errno != 0 ? strerror(system_errno) : "it is read-only for us");
    error_help(err,
               "the folder %s and what is in it must belong to whoever runs datemill, on a file "
               "system that is not mounted read-only",
               store->dir);
    set_code(err, "E505");
}

static void set_damaged(struct store *store, const char *what, struct error *err)
{
    error_set(err, ERROR_KIND_PRECONDITION, "%s is damaged or is not a store: %s", store->path,
              what);
    error_help(err,
               "put a copy back (datemill restore FILE), or move the file (with %s-wal and %s-shm) "
               "away: the next run begins a new history",
               STORE_FILE_NAME, STORE_FILE_NAME);
    set_code(err, "E503");
}

int store_fail(struct store *store, int result, struct error *err)
{
    struct error ours = {0};
    int system_errno = errno_of(store, result);
    const char *message = store->db == NULL ? "out of memory" : sqlite3_errmsg(store->db);
    switch (failure_of(result, system_errno)) {
    case FAILURE_LOCKED:
        error_set(&ours, ERROR_KIND_BUSY,
                  "%s is locked by another process; waited %.1f s, nothing "
                  "was changed",
                  store->path, STORE_BUSY_WAIT_MS / 1000.0);
        error_help(&ours, "wait for it and try again; reading is never blocked");
        set_code(&ours, "E501");
        break;
    case FAILURE_DAMAGED:
        set_damaged(store, message, &ours);
        break;
    case FAILURE_FULL:
        set_full(store, system_errno, &ours);
        break;
    case FAILURE_DENIED:
        set_denied(store, system_errno, &ours);
        break;
    case FAILURE_DISK:
        error_set(&ours, ERROR_KIND_PRECONDITION, "%s cannot be %s: %s: %s", store->path,
                  store->is_writer ? "written" : "read", message,
                  system_errno != 0 ? strerror(system_errno) : "input/output error");
        set_code(&ours, "E506");
        break;
    case FAILURE_TOO_LONG:
        error_set(&ours, ERROR_KIND_PRECONDITION, "a text of more than %d MiB does not go into %s",
                  (int)(STORE_MAX_BYTES >> 20), store->path);
        break;
    case FAILURE_OURS:
        error_set(&ours, ERROR_KIND_BUG, "%s: %s (%d)", store->path, message, result);
        break;
    }
    if (err != NULL)
        *err = ours;
    return store_spoil(store, &ours);
}

int store_fail_damaged(struct store *store, const char *what, struct error *err)
{
    struct error ours = {0};
    set_damaged(store, what, &ours);
    if (err != NULL)
        *err = ours;
    return store_spoil(store, &ours);
}

int store_spoil(struct store *store, const struct error *err)
{
    if (store->is_in_batch && !store->is_spoiled) {
        store->is_spoiled = true;
        store->spoil = *err;
    }
    return -1;
}
