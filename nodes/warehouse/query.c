#include "nodes/warehouse/query.h"

#include "nodes/warehouse/failure.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"

#include <string.h>
#include <strings.h>

#define MEMORY_KIB "65536" /* rows that a sort holds before it writes files */

/* Finds tables in the catalogue and remembers them: rewriting asks several times. */
struct finder {
    struct catalog *catalog;
    struct arena *arena;
    struct table **tables;
    size_t count;
    size_t capacity;
    struct error err; /* kind is NONE unless the catalogue could not be read */
};

static const struct table *find_table(void *context, const char *name)
{
    struct finder *finder = context;
    for (size_t i = 0; i < finder->count; i++) {
        if (strcmp(finder->tables[i]->name, name) == 0)
            return finder->tables[i];
    }
    struct table *table = NULL;
    if (catalog_find_table(finder->catalog, name, finder->arena, &table, &finder->err) != 0 ||
        table == NULL)
        return NULL;
    finder->tables = arena_grow(finder->arena, finder->tables, finder->count, &finder->capacity,
                                sizeof *finder->tables);
    finder->tables[finder->count++] = table;
    return table;
}

static const char *suggest_table(void *context, const char *name)
{
    struct finder *finder = context;
    const char **names = NULL;
    size_t count = 0;
    struct error ignored = {0};
    if (catalog_list_tables(finder->catalog, finder->arena, &names, &count, &ignored) != 0)
        return NULL;
    return suggest_among(name, names, count);
}

static int rewrite(struct query *query, struct catalog *catalog, struct sql_span span,
                   struct error *err)
{
    struct finder finder = {.catalog = catalog, .arena = span.source->arena};
    const struct sql_tables tables = {
        .find = find_table, .suggest = suggest_table, .context = &finder};
    int result = sql_rewrite(span, &tables, &query->rewritten, err);
    if (result != 0 && finder.err.kind != ERROR_KIND_NONE && err != NULL)
        *err = finder.err;
    return result;
}

static int take_snapshot(struct query *query, struct catalog *catalog, struct error *err)
{
    struct arena *arena = query->source->arena;
    size_t count = query->rewritten.table_count;
    struct catalog_snapshot *snapshots = arena_array(arena, count, sizeof *snapshots);
    for (size_t i = 0; i < count; i++)
        snapshots[i].name = query->rewritten.tables[i]->name;
    if (catalog_snapshot(catalog, snapshots, count, arena, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (snapshots[i].table == NULL)
            return error_set(err, ERROR_KIND_NOT_FOUND, "table `%s` was dropped meanwhile",
                             snapshots[i].name);
    }
    table_sources_open(&query->sources, catalog, snapshots, count);
    for (size_t i = 0; i < query->rewritten.path_count; i++) {
        const struct sql_path *path = &query->rewritten.paths[i];
        table_sources_add_path(&query->sources, path->table->name, path->column, path->path);
    }
    return 0;
}

static int open_connection(struct query *query, const struct catalog *catalog, struct error *err)
{
    query->functions = function_state_new();
    function_state_set_now(query->functions, catalog_now_us(catalog));
    int code =
        sqlite3_open_v2(":memory:", &query->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(query->db, "PRAGMA cache_size=-" MEMORY_KIB "; PRAGMA temp_store=FILE;",
                            NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = function_register(query->db, query->functions);
    if (code == SQLITE_OK)
        code = table_sources_register(&query->sources, query->db);
    if (code != SQLITE_OK)
        return failure_set_sqlite(err, query->db, "cannot prepare the tables");
    sqlite3_db_config(query->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return 0;
}

static const char *suggest_column(const struct query *query, const char *message)
{
    const char *name = strchr(message, ':');
    if (strncmp(message, "no such column:", 15) != 0 || name == NULL)
        return NULL;
    const char *point = strrchr(name, '.');
    name = point != NULL ? point + 1 : name + 2;
    struct suggest suggest;
    suggest_begin(&suggest, name);
    for (size_t i = 0; i < query->rewritten.name_count; i++) {
        if (strcasecmp(query->rewritten.names[i], name) != 0)
            suggest_offer(&suggest, query->rewritten.names[i]);
    }
    return suggest_best(&suggest);
}

/* SQLite's words for a statement that cannot be prepared, at its place in the source. */
static int fail_prepare(const struct query *query, struct error *err)
{
    const char *message = sqlite3_errmsg(query->db);
    int offset = sqlite3_error_offset(query->db);
    size_t token = query->first;
    if (offset >= 0)
        token = sql_rewritten_token(&query->rewritten, (size_t)offset);
    sql_source_fail(query->source, token, err, "%s", message);
    const char *best = suggest_column(query, message);
    if (best != NULL)
        return error_help(err, "did you mean `%s`?", best);
    return -1;
}

int query_open(struct query *query, struct catalog *catalog, struct sql_span span,
               struct error *err)
{
    *query = (struct query){.source = span.source, .first = span.first};
    if (rewrite(query, catalog, span, err) != 0 || take_snapshot(query, catalog, err) != 0 ||
        open_connection(query, catalog, err) != 0) {
        query_close(query);
        return -1;
    }
    if (sqlite3_prepare_v2(query->db, query->rewritten.sql, -1, &query->statement, NULL) !=
        SQLITE_OK) {
        fail_prepare(query, err);
        query_close(query);
        return -1;
    }
    if (!sqlite3_stmt_readonly(query->statement)) /* the rewriter lets nothing else through */
        return error_set(err, ERROR_KIND_REFUSED, "a query only reads");
    query->column_count = sqlite3_column_count(query->statement);
    return 0;
}

int query_step(struct query *query, struct error *err)
{
    int code = sqlite3_step(query->statement);
    if (code == SQLITE_ROW)
        return 1;
    if (code == SQLITE_DONE)
        return 0;
    if ((code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_IOERR)
        return failure_set_sqlite(err, query->db, "the query cannot go on");
    sql_source_fail(query->source, query->first, err, "%s", sqlite3_errmsg(query->db));
    if (err != NULL)
        err->kind = ERROR_KIND_FAILED;
    return -1;
}

void query_close(struct query *query)
{
    sqlite3_finalize(query->statement);
    sqlite3_close(query->db);
    function_state_free(query->functions);
    table_sources_close(&query->sources);
    *query = (struct query){0};
}

/* The item of SELECT that gives the column; NULL if a `*` hides which one. */
static const struct rewriter_item *item_of(const struct query *query, size_t column)
{
    const struct sql_rewritten *rewritten = &query->rewritten;
    size_t before = 0;
    size_t behind = 0;
    while (before < rewritten->item_count && !rewritten->items[before].is_star)
        before++;
    while (behind < rewritten->item_count - before &&
           !rewritten->items[rewritten->item_count - behind - 1].is_star)
        behind++;
    size_t count = (size_t)query->column_count;
    if (column < before)
        return &rewritten->items[column];
    if (column < count && count - column <= behind)
        return &rewritten->items[rewritten->item_count - (count - column)];
    return NULL;
}

enum type_kind query_column_type(const struct query *query, int column)
{
    const struct rewriter_item *item = item_of(query, (size_t)column);
    if (item != NULL && item->type != TYPE_UNKNOWN)
        return item->type;
    const char *declared = sqlite3_column_decltype(query->statement, column);
    return declared != NULL && strcmp(declared, "BOOLEAN") == 0 ? TYPE_BOOLEAN : TYPE_UNKNOWN;
}
