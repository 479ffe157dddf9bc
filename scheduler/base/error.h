/* What went wrong, as a value that the caller owns.
 *
 * A function that can fail takes `struct error *err` as its last parameter and returns 0 or -1.
 * On -1 `err` says what happened; outputs (`ret_...`) are untouched. On 0 `err` is untouched.
 * `err` may be NULL when the caller does not care. Nothing here allocates. */
#ifndef DATEMILL_BASE_ERROR_H
#define DATEMILL_BASE_ERROR_H

/* The kinds are the exit codes of the command line (design.md section 9): a kind says what the
 * user can do about it. */
enum error_kind {
    ERROR_KIND_NONE = 0,
    ERROR_KIND_FAILED = 1,       /* it ran, and at least one node or check failed */
    ERROR_KIND_USAGE = 2,        /* bad command line */
    ERROR_KIND_INVALID = 3,      /* a definition or an input is malformed */
    ERROR_KIND_NOT_FOUND = 4,    /* no such flow, run, date, table */
    ERROR_KIND_BUSY = 5,         /* locked by another; safe to try again */
    ERROR_KIND_PRECONDITION = 6, /* a file, program, mount, disk space, server is missing */
    ERROR_KIND_REFUSED = 7,      /* permission, read-only, confirmation needed */
    ERROR_KIND_BUG = 70          /* our mistake */
};

struct error {
    enum error_kind kind;
    char code[8];    /* "E204", or "" */
    int line;        /* 1-based line in the user's file, 0 = none */
    int column;      /* 1-based column in code points, 0 = none */
    char text[1024]; /* one or more lines, no newline at the end; cut at the size */
    char help[1024]; /* what to do about it, "" = nothing to say */
};

/* All of these return -1, so that a failing function can end with `return error_set(...)`. */
int error_set(struct error *err, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Like error_set(), and appends ": " and the text of `errno` as it was on entry. ENOSPC, EDQUOT,
 * EACCES, EROFS become ERROR_KIND_PRECONDITION or ERROR_KIND_REFUSED whatever `kind` says. */
int error_set_errno(struct error *err, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Like error_set() with a message code and a place in the user's file. */
int error_at(struct error *err, int line, int column, const char *code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Puts a prefix before the text: "prefix: text". */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets the help text. */
int error_help(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
