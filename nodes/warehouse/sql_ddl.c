#include "nodes/warehouse/sql_cursor.h"

#include "nodes/warehouse/number.h"

#include <string.h>
#include <strings.h>

#define MAX_LIFECYCLE_DAYS 37231 /* as MaxCompute */

struct column_list {
    struct table_column *items;
    size_t count;
    size_t capacity;
};

int sql_ddl_read_type(struct sql_cursor *cursor, struct column_type *ret_type, struct error *err)
{
    const struct sql_source *source = cursor->source;
    size_t token = cursor->at;
    if (cursor->at == cursor->last || !sql_source_is_name(source, token))
        return sql_cursor_fail(cursor, "a type", err);
    const char *name = sql_source_name(source, token);
    enum type_kind kind = type_kind_of_name(name, strlen(name));
    if (kind == TYPE_NONE) {
        sql_source_fail(source, token, err, "`%s` is not a type that the warehouse keeps", name);
        return error_help(err, "types: STRING BIGINT INT SMALLINT TINYINT DOUBLE FLOAT "
                               "DECIMAL(p,s) BOOLEAN DATETIME DATE TIMESTAMP VARCHAR(n) CHAR(n) "
                               "BINARY");
    }
    cursor->at++;
    int64_t numbers[2] = {0};
    int count = 0;
    if (sql_cursor_take(cursor, "(")) {
        do {
            if (count == 2)
                return sql_cursor_fail(cursor, "`)`", err);
            if (sql_cursor_int(cursor, &numbers[count++], err) != 0)
                return -1;
        } while (sql_cursor_take(cursor, ","));
        if (sql_cursor_expect(cursor, ")", err) != 0)
            return -1;
    }
    struct error problem = {0};
    if (type_complete(kind, numbers, count, ret_type, &problem) != 0)
        return sql_source_fail(source, token, err, "%s", problem.text);
    return 0;
}

static int check_column_name(struct sql_cursor *cursor, const struct table_column *columns,
                             size_t count, const char *name, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(columns[i].name, name) == 0)
            return sql_source_fail(cursor->source, cursor->at - 1, err,
                                   "column `%s` is there twice", name);
    }
    if (count == WAREHOUSE_MAX_COLUMNS)
        return sql_source_fail(cursor->source, cursor->at - 1, err,
                               "a table has at most %d columns", WAREHOUSE_MAX_COLUMNS);
    return 0;
}

static int read_column(struct sql_cursor *cursor, struct column_list *list, struct error *err)
{
    struct arena *arena = cursor->source->arena;
    struct table_column column = {.comment = ""};
    if (sql_cursor_name(cursor, "a column's name", &column.name, err) != 0 ||
        check_column_name(cursor, list->items, list->count, column.name, err) != 0 ||
        sql_ddl_read_type(cursor, &column.type, err) != 0)
        return -1;
    if (sql_cursor_take(cursor, "NOT")) {
        if (sql_cursor_expect(cursor, "NULL", err) != 0)
            return -1;
        column.is_required = true;
    } else {
        sql_cursor_take(cursor, "NULL");
    }
    if (sql_cursor_take(cursor, "COMMENT") && sql_cursor_string(cursor, &column.comment, err) != 0)
        return -1;
    list->items = arena_grow(arena, list->items, list->count, &list->capacity, sizeof *list->items);
    list->items[list->count++] = column;
    return 0;
}

static int read_columns(struct sql_cursor *cursor, struct column_list *list, struct error *err)
{
    if (sql_cursor_expect(cursor, "(", err) != 0)
        return -1;
    do {
        if (read_column(cursor, list, err) != 0)
            return -1;
    } while (sql_cursor_take(cursor, ","));
    return sql_cursor_expect(cursor, ")", err);
}

static int read_partition_columns(struct sql_cursor *cursor, struct column_list *list,
                                  struct error *err)
{
    size_t data_columns = list->count;
    if (sql_cursor_expect(cursor, "BY", err) != 0)
        return -1;
    size_t token = cursor->at;
    if (read_columns(cursor, list, err) != 0)
        return -1;
    if (list->count - data_columns > WAREHOUSE_MAX_PARTITION_COLUMNS)
        return sql_source_fail(cursor->source, token, err,
                               "a table has at most %d partition levels",
                               WAREHOUSE_MAX_PARTITION_COLUMNS);
    for (size_t i = data_columns; i < list->count; i++) {
        enum type_kind kind = list->items[i].type.kind;
        if (!type_is_whole(kind) && type_family(kind) != TYPE_FAMILY_TEXT)
            return sql_source_fail(cursor->source, token, err,
                                   "partition column `%s` cannot be %s: use STRING or BIGINT",
                                   list->items[i].name, type_kind_name(kind));
    }
    return 0;
}

static int read_lifecycle(struct sql_cursor *cursor, struct table *table, struct error *err)
{
    size_t token = cursor->at;
    if (sql_cursor_int(cursor, &table->lifecycle_days, err) != 0)
        return -1;
    if (table->lifecycle_days < 1 || table->lifecycle_days > MAX_LIFECYCLE_DAYS)
        return sql_source_fail(cursor->source, token, err, "LIFECYCLE is 1 to %d days",
                               MAX_LIFECYCLE_DAYS);
    return 0;
}

int sql_ddl_read(struct sql_cursor *cursor, struct sql_statement *statement, struct error *err)
{
    struct table *table = arena_alloc(cursor->source->arena, sizeof *table);
    table->name = statement->table;
    table->comment = "";
    struct column_list list = {0};
    if (read_columns(cursor, &list, err) != 0)
        return -1;
    table->column_count = list.count;
    if (sql_cursor_take(cursor, "COMMENT") && sql_cursor_string(cursor, &table->comment, err) != 0)
        return -1;
    if (sql_cursor_take(cursor, "PARTITIONED") && read_partition_columns(cursor, &list, err) != 0)
        return -1;
    if (sql_cursor_take(cursor, "LIFECYCLE") && read_lifecycle(cursor, table, err) != 0)
        return -1;
    if (cursor->at != cursor->last)
        return sql_cursor_fail(cursor, "COMMENT, PARTITIONED BY, LIFECYCLE or `;`", err);
    table->columns = list.items;
    table->partition_count = list.count - table->column_count;
    statement->definition = table;
    return 0;
}
