/* links datemill_store */
#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"
#include "scheduler/store/run_query.h"

#include <assert.h>
#include <string.h>

/* Whatever is typed is a query or an error with a place in the text; patterns end soon. */

#define NOW ((struct instant){1636650000000000})

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_names(const struct run_query_names *names, const char *text)
{
    assert(names->count <= RUN_QUERY_MAX_VALUES);
    for (size_t i = 0; i < names->count; i++) {
        assert(names->items[i][0] != '\0');
        bool matches = run_query_matches(names->items[i], text);
        if (!run_query_is_pattern(names->items[i]))
            assert(matches == (strcmp(names->items[i], text) == 0));
        assert(run_query_matches(names->items[i], names->items[i]) ||
               run_query_is_pattern(names->items[i]));
    }
}

static void check_query(const struct run_query *query, const char *text)
{
    check_names(&query->flows, text);
    check_names(&query->nodes, text);
    check_names(&query->triggers, text);
    check_names(&query->words, text);
    check_names(&query->backfills, text);
    for (size_t i = 0; i < query->backfills.count; i++)
        assert(strncmp(query->backfills.items[i], "backfill ", 9) == 0);
    assert(query->states < 1u << 8 && query->kinds < 1u << 3);
    assert(query->date_count <= RUN_QUERY_MAX_VALUES);
    for (size_t i = 0; i < query->date_count; i++)
        assert(strcmp(query->dates[i].from, query->dates[i].to) <= 0);
    assert(query->since.us >= 0 && query->since.us <= NOW.us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run_query query;
    struct error err = {0};
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    const char *text = arena_copy(&arena, (const char *)data, size);
    if (run_query_parse(text, NOW, &arena, &query, &err) == 0) {
        check_query(&query, text);
        return 0;
    }
    assert(err.kind == ERROR_KIND_USAGE);
    assert(err.code[0] == 'E' && err.text[0] != '\0');
    assert(err.column >= 1 && (size_t)err.column <= strlen(text) + 1);
    assert(err.line >= 1 && (size_t)(err.column - 1 + err.line) <= strlen(text) + 1);
    return 0;
}
