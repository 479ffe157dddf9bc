/* links datemill_warehouse */
/* SQL text: cut into tokens, read as statements, rewritten, and handed to SQLite to prepare.
 * Whatever is rewritten reads nothing but the tables that were declared. */
#include "nodes/warehouse/function.h"
#include "nodes/warehouse/sql_rewrite.h"
#include "nodes/warehouse/sql_statement.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct table_column columns[] = {
    {.name = "json", .type = {TYPE_STRING, 0, 0}, .comment = ""},
    {.name = "num", .type = {TYPE_BIGINT, 0, 0}, .comment = ""},
    {.name = "amount", .type = {TYPE_DECIMAL, 38, 18}, .comment = ""},
    {.name = "dt", .type = {TYPE_STRING, 0, 0}, .comment = ""},
};
static const struct table table = {.id = 1,
                                   .name = "t",
                                   .comment = "",
                                   .columns = columns,
                                   .column_count = 3,
                                   .partition_count = 1};

static const struct table *find(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "t") == 0 ? &table : NULL;
}

static const char *suggest(void *context, const char *name)
{
    (void)context;
    (void)name;
    return NULL;
}

static void prepare(const struct sql_rewritten *rewritten)
{
    sqlite3 *db;
    sqlite3_stmt *statement = NULL;
    struct function_state *state = function_state_new();
    assert(sqlite3_open(":memory:", &db) == SQLITE_OK);
    assert(function_register(db, state) == SQLITE_OK);
    assert(sqlite3_exec(db, "CREATE TABLE t (json TEXT, num INTEGER, amount BLOB, dt TEXT)", NULL,
                        NULL, NULL) == SQLITE_OK);
    if (sqlite3_prepare_v2(db, rewritten->sql, -1, &statement, NULL) == SQLITE_OK)
        assert(statement == NULL || sqlite3_stmt_readonly(statement));
    int offset = sqlite3_error_offset(db);
    if (offset >= 0)
        sql_rewritten_token(rewritten, (size_t)offset);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    function_state_free(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct sql_source source;
    struct sql_statement statement;
    struct error err = {0};
    const struct sql_tables tables = {.find = find, .suggest = suggest};
    size_t at = 0;
    arena_init(&arena, 0);
    if (sql_source_read(&source, (const char *)data, size, &arena, &err) == 0) {
        while (sql_statement_read(&source, &at, &statement, &err) == 1) {
            struct sql_rewritten rewritten;
            bool is_query = statement.kind == SQL_SELECT || statement.kind == SQL_INSERT;
            const struct sql_span span = {&source, statement.query_first, statement.last};
            if (statement.kind == SQL_CREATE_TABLE) {
                struct text ddl = {0};
                table_format_ddl(statement.definition, &ddl);
                text_free(&ddl);
            }
            if (is_query && sql_rewrite(span, &tables, &rewritten, &err) == 0)
                prepare(&rewritten);
        }
    }
    arena_free(&arena);
    return 0;
}
