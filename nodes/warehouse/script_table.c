#include "nodes/warehouse/script.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"

#include <string.h>
#include <strings.h>

int script_find_table(const struct script *script, const struct sql_source *source,
                      const struct sql_statement *statement, struct table **ret_table,
                      struct error *err)
{
    struct table *table;
    if (catalog_find_table(script->catalog, statement->table, source->arena, &table, err) != 0)
        return -1;
    if (table != NULL) {
        *ret_table = table;
        return 0;
    }
    const char **names = NULL;
    size_t count = 0;
    sql_source_fail(source, statement->table_token, err, "there is no table `%s`",
                    statement->table);
    if (err != NULL)
        err->kind = ERROR_KIND_NOT_FOUND;
    if (catalog_list_tables(script->catalog, source->arena, &names, &count, NULL) != 0)
        return -1;
    const char *best = suggest_among(statement->table, names, count);
    return best == NULL ? -1 : error_help(err, "did you mean `%s`?", best);
}

static int check_item(const struct sql_source *source, const struct table *table,
                      const struct sql_partition_item *item, size_t level, struct error *err)
{
    if (level >= table->partition_count)
        return sql_source_fail(source, item->token, err,
                               table_is_partitioned(table)
                                   ? "table `%s` has fewer partition columns"
                                   : "table `%s` is not partitioned",
                               table->name);
    const struct table_column *column = table_partition_column(table, level);
    struct error problem = {0};
    if (strcasecmp(item->name, column->name) != 0)
        return sql_source_fail(source, item->token, err,
                               "expected partition column `%s` of table `%s`, found `%s`",
                               column->name, table->name, item->name);
    if (item->value != NULL && table_check_partition_value(column, item->value, &problem) != 0)
        return sql_source_fail(source, item->token, err, "%s", problem.text);
    return 0;
}

int script_partition_values(const struct sql_source *source, const struct table *table,
                            const struct sql_partition *partition,
                            struct script_partition *ret_partition, struct error *err)
{
    struct script_partition found = {0};
    for (size_t i = 0; i < partition->count; i++) {
        const struct sql_partition_item *item = &partition->items[i];
        if (check_item(source, table, item, i, err) != 0)
            return -1;
        if (item->value != NULL && found.dynamic_count > 0)
            return sql_source_fail(source, item->token, err,
                                   "partition columns with a value come before those without");
        found.dynamic_count += item->value == NULL ? 1 : 0;
        found.values[i] = item->value;
    }
    if (partition->count < table->partition_count)
        return sql_source_fail(source, partition->items[0].token, err,
                               "partition column `%s` of table `%s` is missing",
                               table_partition_column(table, partition->count)->name, table->name);
    *ret_partition = found;
    return 0;
}

static int create_table(const struct script *script, const struct sql_source *source,
                        const struct sql_statement *statement, struct error *err)
{
    struct table *old;
    if (catalog_find_table(script->catalog, statement->table, source->arena, &old, err) != 0)
        return -1;
    if (old != NULL && statement->is_tolerant)
        return 0;
    if (old != NULL)
        return sql_source_fail(source, statement->table_token, err, "table `%s` exists already",
                               statement->table);
    return catalog_create_table(script->catalog, script->writer, statement->definition, err);
}

static int drop_table(const struct script *script, const struct sql_source *source,
                      const struct sql_statement *statement, struct error *err)
{
    struct table *table;
    if (statement->is_tolerant) {
        if (catalog_find_table(script->catalog, statement->table, source->arena, &table, err) != 0)
            return -1;
        if (table == NULL)
            return 0;
    } else if (script_find_table(script, source, statement, &table, err) != 0) {
        return -1;
    }
    return catalog_drop_table(script->catalog, script->writer, table, err);
}

static bool has_partition(const struct catalog_snapshot *snapshot, const char *spec)
{
    for (size_t i = 0; i < snapshot->partition_count; i++) {
        if (strcmp(snapshot->partitions[i].spec, spec) == 0)
            return true;
    }
    return false;
}

/* The partition of a statement as the catalogue writes it. */
static int partition_spec(const struct sql_source *source, const struct table *table,
                          const struct sql_partition *partition, const char **ret_spec,
                          struct error *err)
{
    struct script_partition found;
    if (script_partition_values(source, table, partition, &found, err) != 0)
        return -1;
    if (found.dynamic_count > 0)
        return sql_source_fail(source, partition->items[0].token, err,
                               "every partition column needs a value here");
    SCOPED_TEXT struct text spec = {0};
    table_format_partition(table, found.values, &spec);
    *ret_spec = arena_copy_string(source->arena, text_string(&spec));
    return 0;
}

/* ALTER TABLE t ADD | DROP PARTITION …, TRUNCATE TABLE t [PARTITION …] */
static int change_partitions(const struct script *script, const struct sql_source *source,
                             const struct sql_statement *statement, enum catalog_change_kind kind,
                             struct error *err)
{
    struct table *table;
    struct catalog_snapshot snapshot = {.name = statement->table};
    if (script_find_table(script, source, statement, &table, err) != 0 ||
        catalog_snapshot(script->catalog, &snapshot, 1, source->arena, err) != 0)
        return -1;
    size_t count = statement->partition_count;
    struct catalog_change *changes = arena_array(source->arena, count, sizeof *changes);
    for (size_t i = 0; i < count; i++) {
        const struct sql_partition *partition = &statement->partitions[i];
        changes[i] = (struct catalog_change){.table_id = table->id, .kind = kind};
        if (partition_spec(source, table, partition, &changes[i].spec, err) != 0)
            return -1;
        bool is_there = has_partition(&snapshot, changes[i].spec);
        if (is_there != (kind == CATALOG_ADD) || statement->is_tolerant)
            continue;
        return sql_source_fail(
            source, partition->items[0].token, err, "table `%s` %s %s", table->name,
            is_there ? "has this partition already:" : "has no partition", changes[i].spec);
    }
    return catalog_switch(script->catalog, script->writer, changes, count, err);
}

static int truncate_table(const struct script *script, const struct sql_source *source,
                          const struct sql_statement *statement, struct error *err)
{
    struct table *table;
    if (statement->partition_count > 0)
        return change_partitions(script, source, statement, CATALOG_OVERWRITE, err);
    if (script_find_table(script, source, statement, &table, err) != 0)
        return -1;
    if (table_is_partitioned(table)) {
        sql_source_fail(source, statement->table_token, err,
                        "table `%s` is partitioned: say which partitions are emptied", table->name);
        return error_help(err, "TRUNCATE TABLE %s PARTITION (%s='…')", table->name,
                          table_partition_column(table, 0)->name);
    }
    const struct catalog_change change = {
        .table_id = table->id, .spec = "", .kind = CATALOG_OVERWRITE};
    return catalog_switch(script->catalog, script->writer, &change, 1, err);
}

int script_change(const struct script *script, const struct sql_source *source,
                  const struct sql_statement *statement, struct error *err)
{
    switch (statement->kind) {
    case SQL_CREATE_TABLE:
        return create_table(script, source, statement, err);
    case SQL_DROP_TABLE:
        return drop_table(script, source, statement, err);
    case SQL_TRUNCATE:
        return truncate_table(script, source, statement, err);
    case SQL_ADD_PARTITIONS:
        return change_partitions(script, source, statement, CATALOG_ADD, err);
    case SQL_DROP_PARTITIONS:
        return change_partitions(script, source, statement, CATALOG_DROP, err);
    case SQL_SELECT:
    case SQL_INSERT:
    case SQL_SHOW_TABLES:
    case SQL_SHOW_PARTITIONS:
    case SQL_SHOW_CREATE:
    case SQL_DESCRIBE:
    case SQL_SET:
        break;
    }
    return 0;
}

static int tell(const struct script *script, const char *line, struct error *err)
{
    const struct script_listener *listener = script->listener;
    return listener->line == NULL ? 0 : listener->line(listener->context, line, err);
}

static int show_tables(const struct script *script, const struct sql_source *source,
                       struct error *err)
{
    const char **names = NULL;
    size_t count = 0;
    if (catalog_list_tables(script->catalog, source->arena, &names, &count, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (tell(script, names[i], err) != 0)
            return -1;
    }
    return 0;
}

static int show_partitions(const struct script *script, const struct sql_source *source,
                           const struct sql_statement *statement, struct error *err)
{
    struct table *table;
    struct catalog_snapshot snapshot = {.name = statement->table};
    if (script_find_table(script, source, statement, &table, err) != 0 ||
        catalog_snapshot(script->catalog, &snapshot, 1, source->arena, err) != 0)
        return -1;
    if (!table_is_partitioned(table))
        return sql_source_fail(source, statement->table_token, err, "table `%s` is not partitioned",
                               table->name);
    for (size_t i = 0; i < snapshot.partition_count; i++) {
        if (tell(script, snapshot.partitions[i].spec, err) != 0)
            return -1;
    }
    return 0;
}

/* SHOW CREATE TABLE and DESC: the declaration, line by line. */
static int show_declaration(const struct script *script, const struct sql_source *source,
                            const struct sql_statement *statement, struct error *err)
{
    struct table *table;
    if (script_find_table(script, source, statement, &table, err) != 0)
        return -1;
    SCOPED_TEXT struct text ddl = {0};
    table_format_ddl(table, &ddl);
    const char *at = text_string(&ddl);
    while (*at != '\0') {
        size_t length = strcspn(at, "\n");
        if (tell(script, arena_copy(source->arena, at, length), err) != 0)
            return -1;
        at += length + (at[length] == '\n' ? 1 : 0);
    }
    return 0;
}

int script_show(const struct script *script, const struct sql_source *source,
                const struct sql_statement *statement, struct error *err)
{
    if (statement->kind == SQL_SHOW_TABLES)
        return show_tables(script, source, err);
    if (statement->kind == SQL_SHOW_PARTITIONS)
        return show_partitions(script, source, statement, err);
    return show_declaration(script, source, statement, err);
}
