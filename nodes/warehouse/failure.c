#include "nodes/warehouse/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define EXIT_TEMPORARY 75

static void set_code(struct error *err, const char *code)
{
    if (err != NULL)
        snprintf(err->code, sizeof err->code, "%s", code);
}

int failure_set_errno(struct error *err, const char *format, ...)
{
    int number = errno;
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    errno = number;
    error_set_errno(err, ERROR_KIND_FAILED, "%s", text);
    if (number == ENOSPC || number == EDQUOT)
        set_code(err, FAILURE_CODE_SPACE);
    return -1;
}

int failure_set_sqlite(struct error *err, sqlite3 *db, const char *what)
{
    int code = sqlite3_errcode(db) & 0xff;
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
        error_set(err, ERROR_KIND_BUSY,
                  "%s: the warehouse's catalogue stayed locked by another process", what);
        set_code(err, FAILURE_CODE_BUSY);
        return -1;
    }
    enum error_kind kind = ERROR_KIND_FAILED;
    if (code == SQLITE_FULL)
        kind = ERROR_KIND_PRECONDITION;
    else if (code == SQLITE_READONLY || code == SQLITE_PERM)
        kind = ERROR_KIND_REFUSED;
    bool is_systems = code == SQLITE_IOERR || code == SQLITE_CANTOPEN;
    int system = is_systems ? sqlite3_system_errno(db) : 0;
    if (code == SQLITE_CANTOPEN && system == ENOENT) /* of a second try, when the first failed */
        system = 0;
    error_set(err, kind, "%s: %s%s%s", what, sqlite3_errmsg(db), system == 0 ? "" : ": ",
              system == 0 ? "" : strerror(system));
    if (code == SQLITE_FULL || system == ENOSPC || system == EDQUOT)
        set_code(err, FAILURE_CODE_SPACE);
    return -1;
}

bool failure_is_temporary(const struct error *err)
{
    return err->kind == ERROR_KIND_BUSY || strcmp(err->code, FAILURE_CODE_SPACE) == 0;
}

int failure_exit_code(const struct error *err)
{
    return failure_is_temporary(err) ? EXIT_TEMPORARY : 1;
}
