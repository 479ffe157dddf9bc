/* An error as programs read it: {"error":{"code":…,"message":…,"file":…,"line":…,"column":…,
 * "help":…,"exit_code":…}}. */
#ifndef DATEMILL_BASE_ERROR_JSON_H
#define DATEMILL_BASE_ERROR_JSON_H

#include "scheduler/base/error.h"
#include "scheduler/base/text.h"

/* The kind, which is the exit code; an error without one is our mistake. */
int error_exit_code(const struct error *err);

/* Appends it without a newline. `file` may be NULL; so is every fact that is not known. */
void error_write_json(const struct error *err, const char *file, struct text *text);

/* Reads what error_write_json() wrote, in the first line of `bytes`. -1 for anything else, and for
 * a kind that is none of ours. */
int error_read_json(const char *bytes, size_t length, struct error *ret_error);

#endif
