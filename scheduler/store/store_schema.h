/* The schema and how an older one becomes the present one. */
#ifndef DATEMILL_STORE_STORE_SCHEMA_H
#define DATEMILL_STORE_STORE_SCHEMA_H

#include "scheduler/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* PRAGMA application_id of every store: "dtml". */
#define STORE_APPLICATION_ID 0x64746d6c

/* Steps are never changed once released: a step with an error gets a successor. */
struct store_migration {
    int32_t from;    /* user_version before; the step leads to from + 1 */
    const char *sql; /* one or more statements */
};

struct store_schema {
    int32_t version;
    const char *create; /* the whole schema of that version, for a new file */
    const struct store_migration *migrations;
    size_t migration_count;
};

/* Made by base/embed_text.cmake of the .sql files of this folder. */
extern const char store_schema_sql[];    /* schema.sql */
extern const char store_schema_from_1[]; /* schema_from_1.sql */
extern const char store_schema_from_2[];
extern const char store_schema_from_3[];
extern const char store_schema_from_4[];
extern const struct store_schema store_schema_present;

/* Looks at what the file is: an empty database (version 0), a store of the present or an older
 * schema, or something else (E502, E503). */
int store_schema_read(struct store *store, const struct store_schema *schema, int32_t *ret_version,
                      bool *ret_is_new, struct error *err);

/* Makes the schema in a new file, or goes up to the present one from `version`, in one
 * transaction. */
int store_schema_upgrade(struct store *store, const struct store_schema *schema, int32_t version,
                         bool is_new, struct error *err);

#endif
