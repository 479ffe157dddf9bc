#include "nodes/warehouse/script.h"

#include "scheduler/base/scope.h"

#include <string.h>

static int select_rows(const struct script *script, const struct sql_source *source,
                       const struct sql_statement *statement, struct error *err)
{
    const struct script_listener *listener = script->listener;
    struct query query;
    const struct sql_span span = {source, statement->query_first, statement->last};
    if (query_open(&query, script->catalog, span, err) != 0)
        return -1;
    int result =
        listener->begin_result == NULL ? 0 : listener->begin_result(listener->context, &query, err);
    int found = result == 0 ? query_step(&query, err) : -1;
    while (found == 1) {
        found = listener->row == NULL || listener->row(listener->context, &query, err) == 0
                    ? query_step(&query, err)
                    : -1;
    }
    if (found == 0 && listener->end_result != NULL)
        found = listener->end_result(listener->context, err);
    query_close(&query);
    return found;
}

static int run_statement(const struct script *script, const struct sql_source *source,
                         const struct sql_statement *statement, unsigned number, struct error *err)
{
    switch (statement->kind) {
    case SQL_SELECT:
        return select_rows(script, source, statement, err);
    case SQL_SHOW_TABLES:
    case SQL_SHOW_PARTITIONS:
    case SQL_SHOW_CREATE:
    case SQL_DESCRIBE:
        return script_show(script, source, statement, err);
    case SQL_SET:
        return 0;
    case SQL_INSERT:
    case SQL_CREATE_TABLE:
    case SQL_DROP_TABLE:
    case SQL_TRUNCATE:
    case SQL_ADD_PARTITIONS:
    case SQL_DROP_PARTITIONS:
        break;
    }
    if (script->writer == NULL) {
        sql_source_fail(source, statement->first, err,
                        "only SELECT, SHOW and DESC are allowed here: nothing is changed");
        if (err != NULL)
            err->kind = ERROR_KIND_REFUSED;
        return -1;
    }
    if (statement->kind == SQL_INSERT)
        return script_insert(script, source, statement, number, err);
    return script_change(script, source, statement, err);
}

static void tell_start(const struct script *script, const struct sql_source *source,
                       const struct sql_statement *statement, size_t number)
{
    const struct script_listener *listener = script->listener;
    if (listener->started == NULL)
        return;
    size_t start = source->tokens[statement->first].start;
    size_t end = source->tokens[statement->last - 1].end;
    const char *line = source->text + start;
    const char *stop = memchr(line, '\n', end - start);
    size_t length = stop == NULL ? end - start : (size_t)(stop - line);
    listener->started(listener->context, number, arena_copy(source->arena, line, length));
}

/* An error without a place gets the statement's. */
static void place_error(const struct sql_source *source, const struct sql_statement *statement,
                        struct error *err)
{
    if (err == NULL || err->line != 0)
        return;
    err->line = source->tokens[statement->first].line;
    err->column = source->tokens[statement->first].column;
}

int script_run(const struct script *script, const char *text, size_t length, size_t *ret_count,
               struct error *err)
{
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    struct sql_source source;
    if (sql_source_read(&source, text, length, &arena, err) != 0)
        return -1;
    size_t at = 0;
    size_t number = 0;
    int found;
    struct sql_statement statement;
    while ((found = sql_statement_read(&source, &at, &statement, err)) == 1) {
        if (++number > WAREHOUSE_MAX_STATEMENTS)
            return sql_source_fail(&source, statement.first, err, "more than %d statements",
                                   WAREHOUSE_MAX_STATEMENTS);
        tell_start(script, &source, &statement, number);
        if (run_statement(script, &source, &statement, (unsigned)number, err) != 0) {
            place_error(&source, &statement, err);
            return -1;
        }
    }
    if (ret_count != NULL)
        *ret_count = number;
    return found;
}

static int declare(const struct script *script, const struct sql_source *source,
                   const struct sql_statement *statement, struct text *notes, struct error *err)
{
    struct table *old;
    if (statement->kind != SQL_CREATE_TABLE)
        return sql_source_fail(source, statement->first, err,
                               "a file of tables holds CREATE TABLE statements only");
    if (catalog_find_table(script->catalog, statement->table, source->arena, &old, err) != 0)
        return -1;
    if (old == NULL) {
        struct error problem = {0};
        if (catalog_create_table(script->catalog, script->writer, statement->definition,
                                 &problem) == 0)
            return 0;
        /* another node may have been faster */
        if (catalog_find_table(script->catalog, statement->table, source->arena, &old, err) != 0)
            return -1;
        if (old == NULL) {
            *err = problem;
            return -1;
        }
    }
    if (!table_has_same_columns(old, statement->definition))
        text_append_format(notes,
                           "note: table `%s` exists with other columns; its declaration was not "
                           "applied\n",
                           statement->table);
    return 0;
}

int script_declare(const struct script *script, const char *text, size_t length, struct text *notes,
                   struct error *err)
{
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    struct sql_source source;
    if (sql_source_read(&source, text, length, &arena, err) != 0)
        return -1;
    size_t at = 0;
    int found;
    struct sql_statement statement;
    while ((found = sql_statement_read(&source, &at, &statement, err)) == 1) {
        if (declare(script, &source, &statement, notes, err) != 0) {
            place_error(&source, &statement, err);
            return -1;
        }
    }
    return found;
}
