#include "nodes/warehouse/failure.h"
#include "nodes/warehouse/number.h"
#include "nodes/warehouse/partition_writers.h"
#include "nodes/warehouse/script.h"
#include "nodes/warehouse/value_store.h"
#include "scheduler/base/scope.h"

#include <string.h>

#define PROGRESS_ROWS 65536
#define FILES_PER_STATEMENT 100000 /* so that the names of two statements differ */

/* Where each column of the table comes from. */
struct insert {
    const struct script *script;
    const struct sql_source *source;
    const struct sql_statement *statement;
    struct table *table;
    struct query query;
    struct partition_writers writers;
    size_t *sources;                /* for each data column: the query's column, SIZE_MAX = NULL */
    struct script_partition target; /* values of the partition being written */
    size_t dynamic_first;           /* the query's first column that is a partition's */
    struct text spec;
    struct part_writer *part; /* of the row before: mostly the same */
    struct text part_spec;
    int64_t rows;
};

static size_t wanted_columns(const struct insert *insert)
{
    const struct sql_statement *statement = insert->statement;
    size_t data =
        statement->column_count > 0 ? statement->column_count : insert->table->column_count;
    return data + insert->target.dynamic_count;
}

static int fail_count(const struct insert *insert, size_t wanted, struct error *err)
{
    SCOPED_TEXT struct text names = {0};
    for (size_t i = 0; i < insert->table->column_count && names.length < 300; i++)
        text_append_format(&names, "%s%s", i == 0 ? "" : ", ", insert->table->columns[i].name);
    for (size_t i = 0; i < insert->target.dynamic_count; i++)
        text_append_format(&names, ", %s",
                           table_partition_column(insert->table, insert->table->partition_count -
                                                                     insert->target.dynamic_count +
                                                                     i)
                               ->name);
    sql_source_fail(insert->source, insert->statement->query_first, err,
                    "the query gives %d columns, table `%s` takes %zu", insert->query.column_count,
                    insert->table->name, wanted);
    return error_help(err, "columns are taken by position: %s", text_string(&names));
}

static int place_columns(struct insert *insert, struct error *err)
{
    const struct sql_statement *statement = insert->statement;
    struct arena *arena = insert->source->arena;
    size_t wanted = wanted_columns(insert);
    if ((size_t)insert->query.column_count != wanted)
        return fail_count(insert, wanted, err);
    insert->dynamic_first = wanted - insert->target.dynamic_count;
    insert->sources = arena_array(arena, insert->table->column_count, sizeof *insert->sources);
    for (size_t i = 0; i < insert->table->column_count; i++)
        insert->sources[i] = statement->column_count == 0 ? i : SIZE_MAX;
    for (size_t i = 0; i < statement->column_count; i++) {
        const char *name = sql_source_name(insert->source, statement->columns[i]);
        size_t column = table_find_column(insert->table, name);
        if (column >= insert->table->column_count)
            return sql_source_fail(insert->source, statement->columns[i], err,
                                   "table `%s` has no data column `%s`", insert->table->name, name);
        if (insert->sources[column] != SIZE_MAX)
            return sql_source_fail(insert->source, statement->columns[i], err,
                                   "column `%s` is there twice", name);
        insert->sources[column] = i;
    }
    return 0;
}

static int fail_value(const struct insert *insert, size_t column, const char *why,
                      struct error *err)
{
    sql_source_fail(insert->source, insert->statement->query_first, err,
                    "row %lld of the query: column `%s` of table `%s`: %s",
                    (long long)insert->rows + 1, insert->table->columns[column].name,
                    insert->table->name, why);
    if (err != NULL)
        err->kind = ERROR_KIND_FAILED;
    return -1;
}

static int convert_column(struct insert *insert, size_t column, struct part_writer *part,
                          struct error *err)
{
    const struct table_column *target = &insert->table->columns[column];
    struct value from = {.kind = VALUE_NULL};
    struct value to;
    struct error problem = {0};
    size_t source = insert->sources[column];
    if (source != SIZE_MAX)
        value_read(sqlite3_column_value(insert->query.statement, (int)source), &from);
    bool is_truth = from.kind == VALUE_INT && source != SIZE_MAX &&
                    query_column_type(&insert->query, (int)source) == TYPE_BOOLEAN;
    if (is_truth && type_family(target->type.kind) == TYPE_FAMILY_TEXT)
        value_set_text(&from, from.integer != 0 ? "true" : "false", from.integer != 0 ? 4 : 5);
    if (from.kind == VALUE_NULL && target->is_required)
        return fail_value(insert, column, "it is NOT NULL and got NULL", err);
    if (value_convert(&from, target->type, VALUE_IMPLICIT, &to, &problem) != 0)
        return fail_value(insert, column, problem.text, err);
    int result = 0;
    if (to.kind == VALUE_TEXT && to.length > 0 && memchr(to.bytes, '\0', to.length) != NULL)
        result = fail_value(insert, column, "a text with a NUL byte", err);
    else
        value_store(&to, part);
    value_free(&to);
    return result;
}

/* The values of the dynamic partition columns of this row, into `values`. */
static int read_dynamic(struct insert *insert, struct value *found, struct error *err)
{
    size_t first = insert->table->partition_count - insert->target.dynamic_count;
    for (size_t i = 0; i < insert->target.dynamic_count; i++) {
        const struct table_column *column = table_partition_column(insert->table, first + i);
        struct error problem = {0};
        value_read(sqlite3_column_value(insert->query.statement, (int)(insert->dynamic_first + i)),
                   &found[i]);
        size_t length;
        const char *value = value_text(&found[i], &length);
        bool is_null = found[i].kind == VALUE_NULL;
        if (is_null || table_check_partition_value(column, value, &problem) != 0) {
            sql_source_fail(insert->source, insert->statement->query_first, err,
                            "row %lld of the query: %s", (long long)insert->rows + 1,
                            is_null ? "the partition value is NULL" : problem.text);
            return -1;
        }
        insert->target.values[first + i] = value;
    }
    return 0;
}

/* The writer of the partition that the present row belongs to. */
static int choose_part(struct insert *insert, struct error *err)
{
    struct value found[WAREHOUSE_MAX_PARTITION_COLUMNS];
    if (insert->part != NULL && insert->target.dynamic_count == 0)
        return 0;
    if (read_dynamic(insert, found, err) != 0)
        return -1;
    text_clear(&insert->spec);
    text_append(&insert->spec, "");
    table_format_partition(insert->table, insert->target.values, &insert->spec);
    if (insert->part != NULL &&
        strcmp(text_string(&insert->spec), text_string(&insert->part_spec)) == 0)
        return 0;
    text_clear(&insert->part_spec);
    text_append(&insert->part_spec, text_string(&insert->spec));
    return partition_writers_get(&insert->writers, text_string(&insert->spec), &insert->part, err);
}

static void tell_progress(const struct insert *insert)
{
    const struct script_listener *listener = insert->script->listener;
    if (listener->progress != NULL && insert->rows % PROGRESS_ROWS == 0)
        listener->progress(listener->context, insert->rows);
}

static int copy_rows(struct insert *insert, struct error *err)
{
    int found;
    if (insert->target.dynamic_count == 0 && choose_part(insert, err) != 0)
        return -1;
    while ((found = query_step(&insert->query, err)) == 1) {
        if (choose_part(insert, err) != 0)
            return -1;
        for (size_t i = 0; i < insert->table->column_count; i++) {
            if (convert_column(insert, i, insert->part, err) != 0) {
                part_writer_drop_row(insert->part);
                return -1;
            }
        }
        if (part_writer_end_row(insert->part, err) != 0) {
            struct error problem = *err;
            if (problem.kind == ERROR_KIND_INVALID)
                return sql_source_fail(insert->source, insert->statement->query_first, err,
                                       "row %lld of the query: %s", (long long)insert->rows + 1,
                                       problem.text);
            return -1;
        }
        insert->rows++;
        tell_progress(insert);
    }
    return found;
}

struct written {
    const char *partition;
    int64_t rows;
};

static int commit(struct insert *insert, struct error *err)
{
    struct partition_writers *writers = &insert->writers;
    size_t count = writers->count;
    struct written *written = arena_array(insert->source->arena, count, sizeof *written);
    for (size_t i = 0; i < count; i++)
        written[i] =
            (struct written){arena_copy_string(insert->source->arena, writers->items[i]->spec),
                             (int64_t)writers->items[i]->part.rows};
    enum catalog_change_kind kind =
        insert->statement->is_overwrite ? CATALOG_OVERWRITE : CATALOG_APPEND;
    if (partition_writers_commit(writers, kind, err) != 0)
        return -1;
    const struct script_listener *listener = insert->script->listener;
    for (size_t i = 0; i < count && listener->written != NULL; i++)
        listener->written(listener->context, insert->table->name, written[i].partition,
                          written[i].rows);
    return 0;
}

static int resolve(struct insert *insert, struct error *err)
{
    const struct sql_statement *statement = insert->statement;
    const struct table *table = insert->table;
    if (statement->partition_count == 0 && table_is_partitioned(table)) {
        sql_source_fail(insert->source, statement->table_token, err,
                        "table `%s` is partitioned: say which partition is written", table->name);
        return error_help(err, "INSERT %s TABLE %s PARTITION (%s='…') SELECT …",
                          statement->is_overwrite ? "OVERWRITE" : "INTO", table->name,
                          table_partition_column(table, 0)->name);
    }
    if (statement->partition_count == 0)
        return 0;
    return script_partition_values(insert->source, table, &statement->partitions[0],
                                   &insert->target, err);
}

int script_insert(const struct script *script, const struct sql_source *source,
                  const struct sql_statement *statement, unsigned number, struct error *err)
{
    struct insert insert = {.script = script, .source = source, .statement = statement};
    if (script_find_table(script, source, statement, &insert.table, err) != 0 ||
        resolve(&insert, err) != 0 ||
        query_open(&insert.query, script->catalog,
                   (struct sql_span){source, statement->query_first, statement->last}, err) != 0)
        return -1;
    int result = -1;
    if (place_columns(&insert, err) == 0 &&
        partition_writers_open(&insert.writers, script->catalog, script->writer, insert.table,
                               err) == 0) {
        insert.writers.sequence = number * FILES_PER_STATEMENT;
        result = copy_rows(&insert, err);
        if (result == 0)
            result = commit(&insert, err);
        partition_writers_close(&insert.writers);
    }
    query_close(&insert.query);
    text_free(&insert.spec);
    text_free(&insert.part_spec);
    return result;
}
