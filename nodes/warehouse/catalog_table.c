#include "nodes/warehouse/catalog.h"
#include "nodes/warehouse/db.h"

#include <ctype.h>
#include <string.h>

static const char *small_letters(struct arena *arena, const char *name)
{
    char *copy = arena_copy_string(arena, name);
    for (char *at = copy; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return copy;
}

static int read_columns(struct catalog *catalog, struct arena *arena, struct table *table,
                        struct error *err)
{
    SCOPED_STATEMENT sqlite3_stmt *statement = NULL;
    if (db_prepare(catalog->db,
                   "SELECT name, type, comment, is_required, is_partition FROM data_column"
                   " WHERE table_id = ? ORDER BY position",
                   &statement, err) != 0)
        return -1;
    db_bind(statement, "i", table->id);
    size_t capacity = 0;
    size_t count = 0;
    int stepped;
    while ((stepped = db_step(statement, err)) == 1) {
        table->columns =
            arena_grow(arena, table->columns, count, &capacity, sizeof *table->columns);
        struct table_column *column = &table->columns[count++];
        *column = (struct table_column){.name = db_text(statement, 0, arena),
                                        .comment = db_text(statement, 2, arena),
                                        .is_required = sqlite3_column_int(statement, 3) != 0};
        if (type_parse(db_text(statement, 1, arena), &column->type, err) != 0)
            return -1;
        if (sqlite3_column_int(statement, 4) != 0)
            table->partition_count++;
        else
            table->column_count++;
    }
    return stepped;
}

int catalog_find_table(struct catalog *catalog, const char *name, struct arena *arena,
                       struct table **ret_table, struct error *err)
{
    SCOPED_STATEMENT sqlite3_stmt *statement = NULL;
    if (db_prepare(catalog->db,
                   "SELECT table_id, name, comment, lifecycle_days, created_us FROM data_table"
                   " WHERE name = ? AND dropped_us IS NULL",
                   &statement, err) != 0)
        return -1;
    db_bind(statement, "s", small_letters(arena, name));
    int stepped = db_step(statement, err);
    if (stepped < 0)
        return -1;
    if (stepped == 0) {
        *ret_table = NULL;
        return 0;
    }
    struct table *table = arena_alloc(arena, sizeof *table);
    table->id = sqlite3_column_int64(statement, 0);
    table->name = db_text(statement, 1, arena);
    table->comment = db_text(statement, 2, arena);
    table->lifecycle_days = sqlite3_column_int64(statement, 3);
    table->created_us = sqlite3_column_int64(statement, 4);
    if (read_columns(catalog, arena, table, err) != 0)
        return -1;
    *ret_table = table;
    return 0;
}

int catalog_list_tables(struct catalog *catalog, struct arena *arena, const char ***ret_names,
                        size_t *ret_count, struct error *err)
{
    SCOPED_STATEMENT sqlite3_stmt *statement = NULL;
    if (db_prepare(catalog->db,
                   "SELECT name FROM data_table WHERE dropped_us IS NULL ORDER BY name", &statement,
                   err) != 0)
        return -1;
    const char **names = NULL;
    size_t capacity = 0;
    size_t count = 0;
    int stepped;
    while ((stepped = db_step(statement, err)) == 1) {
        names = arena_grow(arena, names, count, &capacity, sizeof *names);
        names[count++] = db_text(statement, 0, arena);
    }
    if (stepped < 0)
        return -1;
    *ret_names = names;
    *ret_count = count;
    return 0;
}

static int insert_columns(struct catalog *catalog, const struct table *table, struct error *err)
{
    char type[TYPE_NAME_BYTES];
    for (size_t i = 0; i < table->column_count + table->partition_count; i++) {
        const struct table_column *column = &table->columns[i];
        if (db_run(catalog->db, err, "INSERT INTO data_column VALUES (?, ?, ?, ?, ?, ?, ?)",
                   "iisssii", table->id, (int64_t)i, column->name, type_format(column->type, type),
                   column->comment, (int64_t)column->is_required,
                   (int64_t)(i >= table->column_count)) != 0)
            return -1;
    }
    return 0;
}

static int insert_table(struct catalog *catalog, const struct catalog_writer *writer,
                        struct table *table, struct error *err)
{
    struct arena arena;
    struct table *old = NULL;
    arena_init(&arena, 0);
    int found = catalog_find_table(catalog, table->name, &arena, &old, err);
    bool is_taken = found == 0 && old != NULL;
    arena_free(&arena);
    if (found != 0)
        return -1;
    if (is_taken)
        return error_set(err, ERROR_KIND_INVALID, "table `%s` exists already", table->name);
    table->created_us = catalog_now_us(catalog);
    if (db_run(catalog->db, err,
               "INSERT INTO data_table (name, comment, lifecycle_days, created_us, run_id, node)"
               " VALUES (?, ?, ?, ?, ?, ?)",
               "ssiiis", table->name, table->comment, table->lifecycle_days, table->created_us,
               writer->run, writer->node) != 0)
        return -1;
    table->id = sqlite3_last_insert_rowid(catalog->db);
    return insert_columns(catalog, table, err);
}

int catalog_create_table(struct catalog *catalog, const struct catalog_writer *writer,
                         struct table *table, struct error *err)
{
    if (db_script(catalog->db, "BEGIN IMMEDIATE", err) != 0)
        return -1;
    if (insert_table(catalog, writer, table, err) == 0 &&
        db_script(catalog->db, "COMMIT", err) == 0)
        return 0;
    sqlite3_exec(catalog->db, "ROLLBACK", NULL, NULL, NULL);
    table->id = 0;
    return -1;
}
