/* links datemill_warehouse */
/* Filters in words become a SELECT: whatever they hold, it is one statement that reads one table,
 * with one condition a filter. Lines of the input are filters; `>` begins the sort. */
#include "nodes/warehouse/sql_source.h"
#include "nodes/warehouse/table_rows.h"
#include "scheduler/base/scope.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct table_column columns[] = {
    {.name = "name", .type = {TYPE_STRING, 0, 0}, .comment = ""},
    {.name = "n", .type = {TYPE_BIGINT, 0, 0}, .comment = ""},
    {.name = "amount", .type = {TYPE_DECIMAL, 38, 18}, .comment = ""},
    {.name = "is_it", .type = {TYPE_BOOLEAN, 0, 0}, .comment = ""},
    {.name = "day", .type = {TYPE_DATE, 0, 0}, .comment = ""},
    {.name = "raw", .type = {TYPE_BINARY, 0, 0}, .comment = ""},
    {.name = "dt", .type = {TYPE_STRING, 0, 0}, .comment = ""},
};
static const struct table table = {.id = 1,
                                   .name = "t",
                                   .comment = "",
                                   .columns = columns,
                                   .column_count = 6,
                                   .partition_count = 1};

static void check(const struct table_rows *rows, const struct text *sql)
{
    SCOPED_ARENA struct arena arena;
    struct sql_source source;
    struct error err = {0};
    size_t conditions = 0;
    arena_init(&arena, 0);
    if (sql_source_read(&source, sql->data, sql->length, &arena, &err) != 0)
        return; /* bytes that are no UTF-8: refused when it runs */
    for (size_t i = 0; i < source.count; i++) {
        assert(!sql_source_is(&source, i, ";") && !sql_source_is(&source, i, "UNION"));
        assert(!sql_source_is(&source, i, "SELECT") || i == 0);
        conditions += sql_source_is(&source, i, "WHERE") || sql_source_is(&source, i, "AND");
    }
    assert(conditions == rows->filter_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED_ARENA struct arena arena;
    SCOPED_TEXT struct text sql = {0};
    struct table_rows rows = {.limit = 100};
    struct error err = {0};
    arena_init(&arena, 0);
    char *text = arena_copy(&arena, (const char *)data, size);
    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        if (*line == '>')
            rows.sort = line + 1;
        else if (rows.filter_count < TABLE_ROWS_MAX_FILTERS)
            rows.filters[rows.filter_count++] = line;
    }
    if (table_rows_write_sql(&table, &rows, &sql, &err) == 0)
        check(&rows, &sql);
    else
        assert(err.kind == ERROR_KIND_INVALID && err.text[0] != '\0');
    return 0;
}
