/* The functions that SQL may call: their names, how many arguments they take, what they give.
 *
 * One table serves the front end (types, messages) and the sessions (registration with SQLite). A
 * name that is not in it is an error with a suggestion, also where SQLite would know the name. */
#ifndef DATEMILL_NODES_WAREHOUSE_FUNCTION_H
#define DATEMILL_NODES_WAREHOUSE_FUNCTION_H

#include "nodes/warehouse/column_type.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUNCTION_MANY 127 /* as max_arguments: no limit but SQLite's */

enum function_result {
    FUNCTION_STRING,
    FUNCTION_BIGINT,
    FUNCTION_DOUBLE,
    FUNCTION_BOOLEAN,
    FUNCTION_DATE,
    FUNCTION_DATETIME,
    FUNCTION_MOMENT,    /* a DATE stays a DATE, all else is DATETIME */
    FUNCTION_TO_DATE,   /* DATE with one argument, DATETIME with two */
    FUNCTION_FIRST,     /* what the first argument is */
    FUNCTION_NUMBER,    /* what the first argument is; DOUBLE for text */
    FUNCTION_JOIN,      /* what covers all arguments */
    FUNCTION_JOIN_TAIL, /* … all but the first: IF */
    FUNCTION_SUM,       /* text adds up to DECIMAL */
    FUNCTION_AVERAGE,   /* DECIMAL for text and DECIMAL, else DOUBLE */
    FUNCTION_INTERNAL   /* called by rewritten SQL only */
};

struct function {
    const char *name;
    const char *native; /* how SQLite calls it, NULL = the same */
    int min_arguments;
    int max_arguments;
    enum function_result result;
    bool is_aggregate;
    void (*call)(sqlite3_context *, int, sqlite3_value **); /* NULL: SQLite's own */
    void (*step)(sqlite3_context *, int, sqlite3_value **);
    void (*finish)(sqlite3_context *);
    void (*value)(sqlite3_context *);
    void (*inverse)(sqlite3_context *, int, sqlite3_value **);
};

/* What calls share in one session; sqlite3_user_data() of every function. */
struct function_state;

struct function_state *function_state_new(void);
void function_state_free(struct function_state *state);

/* GETDATE() gives this during one statement: microseconds since the epoch. */
void function_state_set_now(struct function_state *state, int64_t now_us);
int64_t function_state_now(const struct function_state *state);

/* NULL if there is none of that name (in any case) that users may call. */
const struct function *function_find(const char *name, size_t length);

/* The nearest name that users may call, NULL if none is near. */
const char *function_suggest(const char *name);

/* What a call gives, from what its arguments are. */
enum type_kind function_type(const struct function *function, const enum type_kind *arguments,
                             size_t count);

/* Registers everything with a connection. Returns an SQLite code. */
int function_register(sqlite3 *db, struct function_state *state);

#endif
