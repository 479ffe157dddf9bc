/* Errors of the warehouse that are worth another try, and how SQLite's become ours. */
#ifndef DATEMILL_NODES_WAREHOUSE_FAILURE_H
#define DATEMILL_NODES_WAREHOUSE_FAILURE_H

#include "scheduler/base/error.h"

#include <sqlite3.h>
#include <stdbool.h>

#define FAILURE_CODE_MISSING "E204" /* no source file */
#define FAILURE_CODE_BUSY "E501"    /* somebody else holds the catalogue */
#define FAILURE_CODE_SPACE "E502"   /* no space left: temporary */

/* Like error_set_errno(); a full disk gets FAILURE_CODE_SPACE. Returns -1. */
int failure_set_errno(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The last error of the connection, which is the catalogue's. Returns -1. */
int failure_set_sqlite(struct error *err, sqlite3 *db, const char *what);

/* Trying again later may help: busy or no space. */
bool failure_is_temporary(const struct error *err);

/* The exit code of a node's program: 75 for a temporary failure, else 1. */
int failure_exit_code(const struct error *err);

#endif
