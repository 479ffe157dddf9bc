#include "nodes/warehouse/sql_statement.h"

#include "nodes/warehouse/number.h"
#include "nodes/warehouse/sql_cursor.h"
#include "scheduler/base/suggest.h"

#include <ctype.h>
#include <string.h>

bool sql_cursor_is(const struct sql_cursor *cursor, const char *word)
{
    return cursor->at < cursor->last && sql_source_is(cursor->source, cursor->at, word);
}

bool sql_cursor_take(struct sql_cursor *cursor, const char *word)
{
    if (!sql_cursor_is(cursor, word))
        return false;
    cursor->at++;
    return true;
}

int sql_cursor_fail(const struct sql_cursor *cursor, const char *expected, struct error *err)
{
    if (cursor->at < cursor->last)
        return sql_source_fail(cursor->source, cursor->at, err, "expected %s, found %s", expected,
                               sql_source_show(cursor->source, cursor->at));
    return sql_source_fail(cursor->source, cursor->at, err,
                           "expected %s, but the statement ends here", expected);
}

int sql_cursor_expect(struct sql_cursor *cursor, const char *word, struct error *err)
{
    if (sql_cursor_take(cursor, word))
        return 0;
    return sql_cursor_fail(cursor, arena_format(cursor->source->arena, "`%s`", word), err);
}

int sql_cursor_name(struct sql_cursor *cursor, const char *what, const char **ret_name,
                    struct error *err)
{
    if (cursor->at == cursor->last || !sql_source_is_name(cursor->source, cursor->at))
        return sql_cursor_fail(cursor, what, err);
    const char *written = sql_source_name(cursor->source, cursor->at);
    if (!table_is_name(written, strlen(written)))
        return sql_source_fail(cursor->source, cursor->at, err,
                               "%s cannot be %s: letters, digits and `_`, a letter first, at most "
                               "%d bytes",
                               what, sql_source_show(cursor->source, cursor->at),
                               WAREHOUSE_MAX_NAME_BYTES);
    char *name = arena_copy_string(cursor->source->arena, written);
    for (char *at = name; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    cursor->at++;
    *ret_name = name;
    return 0;
}

int sql_cursor_string(struct sql_cursor *cursor, const char **ret_string, struct error *err)
{
    if (cursor->at == cursor->last || cursor->source->tokens[cursor->at].kind != SQL_TOKEN_STRING)
        return sql_cursor_fail(cursor, "a string in quotes", err);
    const char *string = sql_source_string(cursor->source, cursor->at);
    if (string == NULL)
        return sql_source_fail(cursor->source, cursor->at, err, "a string cannot hold \\0");
    cursor->at++;
    *ret_string = string;
    return 0;
}

int sql_cursor_int(struct sql_cursor *cursor, int64_t *ret_value, struct error *err)
{
    const struct sql_token *token = &cursor->source->tokens[cursor->at];
    if (cursor->at == cursor->last || token->kind != SQL_TOKEN_NUMBER ||
        !number_parse_int(cursor->source->text + token->start, token->end - token->start,
                          ret_value))
        return sql_cursor_fail(cursor, "a whole number", err);
    cursor->at++;
    return 0;
}

int sql_cursor_value(struct sql_cursor *cursor, const char **ret_value, struct error *err)
{
    if (cursor->at < cursor->last && (cursor->source->tokens[cursor->at].kind == SQL_TOKEN_NUMBER ||
                                      cursor->source->tokens[cursor->at].kind == SQL_TOKEN_WORD)) {
        *ret_value = sql_source_name(cursor->source, cursor->at++);
        return 0;
    }
    return sql_cursor_string(cursor, ret_value, err);
}

static int read_table(struct sql_cursor *cursor, struct sql_statement *statement, struct error *err)
{
    statement->table_token = cursor->at;
    if (sql_cursor_name(cursor, "a table's name", &statement->table, err) != 0)
        return -1;
    if (sql_cursor_is(cursor, "."))
        return sql_source_fail(cursor->source, cursor->at, err,
                               "tables of other projects are not supported: write the table's "
                               "name alone");
    return 0;
}

static int read_end(const struct sql_cursor *cursor, struct error *err)
{
    return cursor->at == cursor->last ? 0 : sql_cursor_fail(cursor, "the end of it", err);
}

/* `(dt='20211111', region)` */
static int read_partition(struct sql_cursor *cursor, struct sql_partition *partition,
                          struct error *err)
{
    if (sql_cursor_expect(cursor, "(", err) != 0)
        return -1;
    do {
        if (partition->count == WAREHOUSE_MAX_PARTITION_COLUMNS)
            return sql_cursor_fail(cursor, "`)`", err);
        struct sql_partition_item *item = &partition->items[partition->count++];
        item->token = cursor->at;
        if (sql_cursor_name(cursor, "a partition column", &item->name, err) != 0)
            return -1;
        bool has_value = sql_cursor_take(cursor, "=") || sql_cursor_take(cursor, "==");
        if (has_value && sql_cursor_value(cursor, &item->value, err) != 0)
            return -1;
    } while (sql_cursor_take(cursor, ","));
    return sql_cursor_expect(cursor, ")", err);
}

/* PARTITION (…) [[,] PARTITION (…)] … */
static int read_partitions(struct sql_cursor *cursor, struct sql_statement *statement,
                           struct error *err)
{
    size_t capacity = 0;
    while (sql_cursor_take(cursor, "PARTITION")) {
        statement->partitions =
            arena_grow(cursor->source->arena, statement->partitions, statement->partition_count,
                       &capacity, sizeof *statement->partitions);
        struct sql_partition *partition = &statement->partitions[statement->partition_count++];
        *partition = (struct sql_partition){0};
        if (read_partition(cursor, partition, err) != 0)
            return -1;
        sql_cursor_take(cursor, ",");
    }
    return 0;
}

static int read_if(struct sql_cursor *cursor, bool is_negated, struct sql_statement *statement,
                   struct error *err)
{
    if (!sql_cursor_take(cursor, "IF"))
        return 0;
    statement->is_tolerant = true;
    if (is_negated && sql_cursor_expect(cursor, "NOT", err) != 0)
        return -1;
    return sql_cursor_expect(cursor, "EXISTS", err);
}

static int read_create(struct sql_cursor *cursor, struct sql_statement *statement,
                       struct error *err)
{
    statement->kind = SQL_CREATE_TABLE;
    if (sql_cursor_expect(cursor, "TABLE", err) != 0 ||
        read_if(cursor, true, statement, err) != 0 || read_table(cursor, statement, err) != 0)
        return -1;
    return sql_ddl_read(cursor, statement, err);
}

static int read_drop(struct sql_cursor *cursor, struct sql_statement *statement, struct error *err)
{
    statement->kind = SQL_DROP_TABLE;
    if (sql_cursor_expect(cursor, "TABLE", err) != 0 ||
        read_if(cursor, false, statement, err) != 0 || read_table(cursor, statement, err) != 0)
        return -1;
    return read_end(cursor, err);
}

static int read_truncate(struct sql_cursor *cursor, struct sql_statement *statement,
                         struct error *err)
{
    statement->kind = SQL_TRUNCATE;
    if (sql_cursor_expect(cursor, "TABLE", err) != 0 || read_table(cursor, statement, err) != 0 ||
        read_partitions(cursor, statement, err) != 0)
        return -1;
    return read_end(cursor, err);
}

static int read_alter(struct sql_cursor *cursor, struct sql_statement *statement, struct error *err)
{
    if (sql_cursor_expect(cursor, "TABLE", err) != 0 || read_table(cursor, statement, err) != 0)
        return -1;
    bool is_add = sql_cursor_take(cursor, "ADD");
    if (!is_add && !sql_cursor_take(cursor, "DROP"))
        return sql_cursor_fail(cursor, "ADD or DROP", err);
    statement->kind = is_add ? SQL_ADD_PARTITIONS : SQL_DROP_PARTITIONS;
    if (read_if(cursor, is_add, statement, err) != 0 ||
        read_partitions(cursor, statement, err) != 0)
        return -1;
    if (statement->partition_count == 0)
        return sql_cursor_fail(cursor, "PARTITION (…)", err);
    return read_end(cursor, err);
}

static int read_show(struct sql_cursor *cursor, struct sql_statement *statement, struct error *err)
{
    statement->kind = SQL_SHOW_TABLES;
    if (sql_cursor_take(cursor, "TABLES"))
        return read_end(cursor, err);
    if (sql_cursor_take(cursor, "PARTITIONS"))
        statement->kind = SQL_SHOW_PARTITIONS;
    else if (sql_cursor_take(cursor, "CREATE") && sql_cursor_take(cursor, "TABLE"))
        statement->kind = SQL_SHOW_CREATE;
    else
        return sql_cursor_fail(cursor, "TABLES, PARTITIONS or CREATE TABLE", err);
    if (read_table(cursor, statement, err) != 0 || read_partitions(cursor, statement, err) != 0)
        return -1;
    return read_end(cursor, err);
}

static int read_describe(struct sql_cursor *cursor, struct sql_statement *statement,
                         struct error *err)
{
    statement->kind = SQL_DESCRIBE;
    sql_cursor_take(cursor, "EXTENDED");
    sql_cursor_take(cursor, "TABLE");
    if (read_table(cursor, statement, err) != 0 || read_partitions(cursor, statement, err) != 0)
        return -1;
    return read_end(cursor, err);
}

static const char *slice(const struct sql_source *source, size_t start, size_t end)
{
    while (start < end && isspace((unsigned char)source->text[start]))
        start++;
    while (end > start && isspace((unsigned char)source->text[end - 1]))
        end--;
    return arena_copy(source->arena, source->text + start, end - start);
}

static int read_set(struct sql_cursor *cursor, struct sql_statement *statement, struct error *err)
{
    const struct sql_source *source = cursor->source;
    statement->kind = SQL_SET;
    size_t first = cursor->at;
    size_t equal = first;
    while (equal < cursor->last && !sql_source_is(source, equal, "="))
        equal++;
    if (equal == first || equal + 1 >= cursor->last)
        return sql_cursor_fail(cursor, "`key=value`", err);
    statement->key = slice(source, source->tokens[first].start, source->tokens[equal].start);
    statement->value =
        slice(source, source->tokens[equal].end, source->tokens[cursor->last - 1].end);
    return 0;
}

static int read_column_names(struct sql_cursor *cursor, struct sql_statement *statement,
                             struct error *err)
{
    size_t *columns = NULL;
    size_t capacity = 0;
    const char *name;
    cursor->at++;
    do {
        columns = arena_grow(cursor->source->arena, columns, statement->column_count, &capacity,
                             sizeof *columns);
        columns[statement->column_count++] = cursor->at;
        if (sql_cursor_name(cursor, "a column's name", &name, err) != 0)
            return -1;
    } while (sql_cursor_take(cursor, ","));
    statement->columns = columns;
    return sql_cursor_expect(cursor, ")", err);
}

static bool is_query(const struct sql_cursor *cursor, size_t at)
{
    return at < cursor->last &&
           (sql_source_is(cursor->source, at, "SELECT") ||
            sql_source_is(cursor->source, at, "WITH") ||
            sql_source_is(cursor->source, at, "VALUES") || sql_source_is(cursor->source, at, "("));
}

static int read_insert(struct sql_cursor *cursor, struct sql_statement *statement,
                       struct error *err)
{
    statement->kind = SQL_INSERT;
    statement->is_overwrite = sql_cursor_take(cursor, "OVERWRITE");
    if (!statement->is_overwrite && sql_cursor_expect(cursor, "INTO", err) != 0)
        return -1;
    if (!sql_cursor_take(cursor, "TABLE") && statement->is_overwrite)
        return sql_cursor_fail(cursor, "`TABLE`", err);
    if (read_table(cursor, statement, err) != 0 || read_partitions(cursor, statement, err) != 0)
        return -1;
    if (statement->partition_count > 1)
        return sql_source_fail(cursor->source, statement->table_token, err,
                               "INSERT takes one PARTITION (…)");
    bool has_columns = sql_cursor_is(cursor, "(") && !is_query(cursor, cursor->at + 1);
    if (has_columns && read_column_names(cursor, statement, err) != 0)
        return -1;
    if (!is_query(cursor, cursor->at))
        return sql_cursor_fail(cursor, "SELECT", err);
    statement->query_first = cursor->at;
    return 0;
}

static int read_select(struct sql_cursor *cursor, struct sql_statement *statement,
                       struct error *err)
{
    (void)err;
    statement->kind = SQL_SELECT;
    statement->query_first = --cursor->at;
    return 0;
}

struct reader {
    const char *word;
    int (*read)(struct sql_cursor *cursor, struct sql_statement *statement, struct error *err);
};

static const struct reader readers[] = {
    {"SELECT", read_select}, {"WITH", read_select},   {"VALUES", read_select},
    {"(", read_select},      {"INSERT", read_insert}, {"CREATE", read_create},
    {"DROP", read_drop},     {"ALTER", read_alter},   {"TRUNCATE", read_truncate},
    {"SHOW", read_show},     {"DESC", read_describe}, {"DESCRIBE", read_describe},
    {"SET", read_set},
};

static int read_one(struct sql_cursor *cursor, struct sql_statement *statement, struct error *err)
{
    const char *words[sizeof readers / sizeof *readers];
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if (sql_cursor_take(cursor, readers[i].word))
            return readers[i].read(cursor, statement, err);
        words[i] = readers[i].word;
    }
    sql_source_fail(cursor->source, cursor->at, err, "%s does not begin a statement",
                    sql_source_show(cursor->source, cursor->at));
    const char *best = suggest_among(sql_source_name(cursor->source, cursor->at), words,
                                     sizeof words / sizeof *words);
    if (best != NULL)
        return error_help(err, "did you mean `%s`?", best);
    return error_help(err, "statements: SELECT, INSERT, CREATE TABLE, ALTER TABLE, TRUNCATE TABLE, "
                           "DROP TABLE, SHOW, DESC, SET");
}

int sql_statement_read(const struct sql_source *source, size_t *at,
                       struct sql_statement *ret_statement, struct error *err)
{
    size_t first = *at;
    while (first < source->count && sql_source_is(source, first, ";"))
        first++;
    if (first == source->count) {
        *at = first;
        return 0;
    }
    size_t last = first;
    while (last < source->count && !sql_source_is(source, last, ";"))
        last++;
    struct sql_cursor cursor = {.source = source, .at = first, .last = last};
    struct sql_statement statement = {.first = first, .last = last};
    if (read_one(&cursor, &statement, err) != 0)
        return -1;
    *ret_statement = statement;
    *at = last;
    return 1;
}
