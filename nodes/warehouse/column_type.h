/* The types of MaxCompute that a column may have, and what an expression is known to be.
 *
 * How values travel inside SQLite: whole numbers and BOOLEAN as INTEGER, DOUBLE and FLOAT as REAL,
 * DECIMAL as the tagged blob of decimal.h, BINARY as a blob with TYPE_TAG_BINARY in front, all the
 * others as TEXT (DATE `2021-11-11`, DATETIME `2021-11-11 02:30:45`, TIMESTAMP with a fraction). */
#ifndef DATEMILL_NODES_WAREHOUSE_COLUMN_TYPE_H
#define DATEMILL_NODES_WAREHOUSE_COLUMN_TYPE_H

#include "scheduler/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum type_kind {
    TYPE_NONE,    /* nothing is known yet */
    TYPE_UNKNOWN, /* it may be several things: decided while rows flow */
    TYPE_NULL,    /* the literal NULL */
    TYPE_STRING,
    TYPE_BIGINT,
    TYPE_INT,
    TYPE_SMALLINT,
    TYPE_TINYINT,
    TYPE_DOUBLE,
    TYPE_FLOAT,
    TYPE_DECIMAL,
    TYPE_BOOLEAN,
    TYPE_DATETIME,
    TYPE_DATE,
    TYPE_TIMESTAMP,
    TYPE_VARCHAR,
    TYPE_CHAR,
    TYPE_BINARY
};

/* Kinds that SQLite compares alike. */
enum type_family {
    TYPE_FAMILY_UNKNOWN,
    TYPE_FAMILY_NULL,
    TYPE_FAMILY_TEXT,
    TYPE_FAMILY_NUMBER, /* INTEGER and REAL */
    TYPE_FAMILY_DECIMAL,
    TYPE_FAMILY_BINARY
};

struct column_type {
    enum type_kind kind;
    int precision; /* DECIMAL: digits in all; VARCHAR and CHAR: characters at most; else 0 */
    int scale;     /* DECIMAL: digits behind the point */
};

#define TYPE_TAG_DECIMAL 0x01 /* first byte of the blob of a DECIMAL */
#define TYPE_TAG_BINARY 0x02  /* first byte of the blob of a BINARY */
#define TYPE_DECIMAL_PRECISION 38
#define TYPE_DECIMAL_SCALE 18
#define TYPE_MAX_VARCHAR 65535
#define TYPE_MAX_CHAR 255
#define TYPE_NAME_BYTES 32

/* The kind of a type's name, in any case; TYPE_NONE for a name that is none. */
enum type_kind type_kind_of_name(const char *name, size_t length);

const char *type_kind_name(enum type_kind kind); /* "BIGINT" */

/* `DECIMAL(38,18)`, `VARCHAR(20)`, `STRING`. */
const char *type_format(struct column_type type, char buffer[TYPE_NAME_BYTES]);

/* Reads what type_format() writes. */
int type_parse(const char *text, struct column_type *ret_type, struct error *err);

/* Fills in defaults and checks the numbers in brackets; `count` of them were given. */
int type_complete(enum type_kind kind, const int64_t *numbers, int count,
                  struct column_type *ret_type, struct error *err);

enum type_family type_family(enum type_kind kind);
bool type_is_whole(enum type_kind kind); /* BIGINT INT SMALLINT TINYINT */
bool type_is_float(enum type_kind kind); /* DOUBLE FLOAT */

/* Smallest and largest value of a whole type. */
int64_t type_min(enum type_kind kind);
int64_t type_max(enum type_kind kind);

/* What SQLite is told that a column is: "TEXT", "INTEGER", "REAL", "BLOB". */
const char *type_affinity(enum type_kind kind);

/* What covers both, for CASE, COALESCE and the like; TYPE_NONE is neutral, TYPE_UNKNOWN wins. */
enum type_kind type_join(enum type_kind a, enum type_kind b);

#endif
