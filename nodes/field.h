/* The field table: what a block of YAML may hold.
 *
 * One table is the single source of the parser, the messages ("unknown key", did-you-mean, wrong
 * type), the JSON schema and the reference page. The flow floor has the tables of the flow, its
 * nodes and the project; each node type brings the table of its own fields (node_type.h). */
#ifndef DATEMILL_NODES_FIELD_H
#define DATEMILL_NODES_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_kind {
    FIELD_KIND_STRING,   /* text as it stands */
    FIELD_KIND_NAME,     /* [A-Za-z_][A-Za-z0-9_]{0,62} */
    FIELD_KIND_TEXT,     /* text in which ${name} and $<name> are substituted when a node starts */
    FIELD_KIND_SQL,      /* as TEXT, under the rules of SQL: no value may hold a quote */
    FIELD_KIND_SCRIPT,   /* text that is never edited; parameters reach it as environment */
    FIELD_KIND_VALUE,    /* a parameter's value: expressions (flow/expression.h) */
    FIELD_KIND_PATH,     /* a file, relative to the file that names it; no references */
    FIELD_KIND_SQL_FILE, /* as PATH; the file's content is under the rules of SQL */
    FIELD_KIND_INTEGER,  /* `number` counts, between min and max */
    FIELD_KIND_DURATION, /* `number` is microseconds */
    FIELD_KIND_SIZE,     /* `number` is bytes */
    FIELD_KIND_BOOL,     /* `number` is 0 or 1; true/false only */
    FIELD_KIND_CHOICE,   /* one of `choices` */
    FIELD_KIND_DATE,     /* 2021-11-11 */
    FIELD_KIND_LIST,     /* a sequence of `item` (a single scalar counts as a list of one) */
    FIELD_KIND_MAP,      /* a mapping of free names to `item` */
    FIELD_KIND_BLOCK,    /* a mapping with the keys of `fields` */
    FIELD_KIND_NEED,     /* node, flow/node, node@-1 …: scheduler/flow/flow_need.h */
    FIELD_KIND_EITHER    /* a scalar of kind item->kind, or a BLOCK of `fields`; `fields` NULL: or a
                            MAP of `item` */
};

struct field {
    const char *name; /* the key; NULL in an item description */
    enum field_kind kind;
    bool is_required;
    bool allows_secret;         /* `secret: {file|env: …}` may stand for the value */
    const char *default_text;   /* as one would write it; NULL = none */
    const char *const *choices; /* CHOICE: NULL at the end */
    const struct field *item;   /* LIST, MAP, EITHER */
    const struct field *fields; /* BLOCK, EITHER: the last one has name NULL */
    int64_t min;                /* INTEGER, DURATION, SIZE, in the unit of `number` */
    int64_t max;                /* 0 with min 0 = no limit beyond the kind's own */
    const char *help;           /* one English sentence for the reference page and the editor */
    const char *example;        /* a value as one would write it; NULL = none */
};

/* Where a value stands: for messages. Line and column count from 1, columns in code points. */
struct field_place {
    uint32_t file; /* index in the list of files that were read together */
    uint32_t line;
    uint32_t column;
    uint32_t length; /* code points to underline, at least 1 */
};

/* One value that was read; all memory belongs to the reader's arena. */
struct field_value {
    const struct field *field; /* its description; the item's for items */
    const char *name;          /* the key of a member of a MAP or BLOCK, else NULL */
    struct field_place place;  /* of the value */
    struct field_place key_place;
    enum field_kind kind;            /* for EITHER: what was found (item->kind, BLOCK, MAP) */
    bool is_secret;                  /* `secret:` stood here: items hold `file` or `env` */
    const char *text;                /* scalars: as written; "" for collections */
    int64_t number;                  /* INTEGER, DURATION, SIZE, BOOL; SQL_FILE: index of the file
                                        among those that were read together */
    const struct field_value *items; /* LIST, MAP, BLOCK: in the file's order */
    size_t item_count;
};

/* The member of a BLOCK or MAP with that name, NULL if it was not given (defaults are not filled in
 * here). `block` may be NULL. */
const struct field_value *field_find(const struct field_value *block, const char *name);

/* The text of a scalar member; the field's default when it was not given, else NULL. */
const char *field_text(const struct field_value *block, const struct field *fields,
                       const char *name);

/* The number of an INTEGER, DURATION, SIZE or BOOL member; `fallback` when it was not given. */
int64_t field_number(const struct field_value *block, const char *name, int64_t fallback);

/* The description with that name in a table that ends with name NULL, or NULL. */
const struct field *field_describe(const struct field *fields, const char *name);

#endif
