#include "scheduler/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct error *err, enum error_kind kind, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void fill(struct error *err, enum error_kind kind, const char *format, va_list args)
{
    err->kind = kind;
    err->code[0] = '\0';
    err->line = 0;
    err->column = 0;
    err->help[0] = '\0';
    vsnprintf(err->text, sizeof err->text, format, args);
}

int error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
    if (err == NULL)
        return -1;
    va_list args;
    va_start(args, format);
    fill(err, kind, format, args);
    va_end(args);
    return -1;
}

static enum error_kind kind_of_errno(int number, enum error_kind kind)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
        return ERROR_KIND_PRECONDITION;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERROR_KIND_REFUSED;
    default:
        return kind;
    }
}

int error_set_errno(struct error *err, enum error_kind kind, const char *format, ...)
{
    int number = errno;
    if (err == NULL)
        return -1;
    va_list args;
    va_start(args, format);
    fill(err, kind_of_errno(number, kind), format, args);
    va_end(args);
    size_t used = strlen(err->text);
    char reason[128];
    snprintf(err->text + used, sizeof err->text - used, ": %s",
             strerror_r(number, reason, sizeof reason));
    return -1;
}

int error_at(struct error *err, int line, int column, const char *code, const char *format, ...)
{
    if (err == NULL)
        return -1;
    va_list args;
    va_start(args, format);
    fill(err, ERROR_KIND_INVALID, format, args);
    va_end(args);
    err->line = line;
    err->column = column;
    snprintf(err->code, sizeof err->code, "%s", code == NULL ? "" : code);
    return -1;
}

int error_prefix(struct error *err, const char *format, ...)
{
    if (err == NULL)
        return -1;
    char old[sizeof err->text];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, format);
    int length = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    int room = (int)sizeof err->text - length - 3;
    if (length >= 0 && room > 0)
        snprintf(err->text + length, sizeof err->text - (size_t)length, ": %.*s", room, old);
    return -1;
}

int error_help(struct error *err, const char *format, ...)
{
    if (err == NULL)
        return -1;
    va_list args;
    va_start(args, format);
    vsnprintf(err->help, sizeof err->help, format, args);
    va_end(args);
    return -1;
}
