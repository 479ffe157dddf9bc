/* SQL as text and as tokens: quotes, comments and hints are understood here and nowhere else. */
#ifndef DATEMILL_NODES_WAREHOUSE_SQL_SOURCE_H
#define DATEMILL_NODES_WAREHOUSE_SQL_SOURCE_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sql_token_kind {
    SQL_TOKEN_WORD,   /* a name or a keyword */
    SQL_TOKEN_QUOTED, /* `name` in backquotes */
    SQL_TOKEN_STRING, /* in ' or " */
    SQL_TOKEN_NUMBER, /* 12, 1.5e3, 10L, 1.5BD */
    SQL_TOKEN_SYMBOL,
    SQL_TOKEN_END /* behind the last one */
};

struct sql_token {
    enum sql_token_kind kind;
    uint32_t start; /* bytes in the text */
    uint32_t end;
    int line;   /* from 1 */
    int column; /* from 1, in code points */
};

struct sql_source {
    const char *text; /* belongs to the arena, ends with a NUL byte */
    size_t length;
    struct sql_token *tokens; /* the last one is SQL_TOKEN_END */
    size_t count;             /* without it */
    struct arena *arena;
};

/* Some tokens of a source: [first, last). */
struct sql_span {
    const struct sql_source *source;
    size_t first;
    size_t last;
};

/* Copies the text and cuts it into tokens. Fails with a place for a quote or comment that does not
 * end, a character that SQL does not know, text that is not UTF-8, and more than 1 MiB. */
int sql_source_read(struct sql_source *source, const char *text, size_t length, struct arena *arena,
                    struct error *err);

/* Sets the error with the token's place. Returns -1. */
int sql_source_fail(const struct sql_source *source, size_t token, struct error *err,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* True if the token is that keyword (in any case) or symbol. Never true for END. */
bool sql_source_is(const struct sql_source *source, size_t token, const char *word);

/* True for a name: a word or something in backquotes. */
bool sql_source_is_name(const struct sql_source *source, size_t token);

/* A token for a message, at most 40 bytes of it; "the end" for END. */
const char *sql_source_show(const struct sql_source *source, size_t token);

/* A name without its backquotes, a string with its escapes decoded. Belongs to the arena. A string
 * may not hold a NUL byte: it gives NULL then. */
const char *sql_source_name(const struct sql_source *source, size_t token);
const char *sql_source_string(const struct sql_source *source, size_t token);

/* The index of the token that closes the bracket at `open`, `last` if none does. */
size_t sql_source_close(const struct sql_source *source, size_t open, size_t last);

#endif
