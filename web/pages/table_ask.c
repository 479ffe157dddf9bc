#include "web/pages/table_ask.h"

#include "web/pages/data.h"

#include <inttypes.h>
#include <string.h>

#define MAX_WORDS (2 * TABLE_ASK_MAX_FILTERS + 16)

_Static_assert(MAX_WORDS <= DATA_CALL_MAX_WORDS, "all of them fit");

const struct parameter table_ask_parameters[] = {
    {.name = "_sort", .kind = PARAMETER_TEXT, .max = 200},
    {.name = "_offset", .kind = PARAMETER_INT, .min = 0, .max = TABLE_ASK_REACH},
    {.name = "_limit", .kind = PARAMETER_INT, .min = 1, .max = TABLE_ASK_MAX_ROWS},
    {.name = "_partitions", .kind = PARAMETER_INT, .min = 1, .max = 1000},
    {.name = "_all", .kind = PARAMETER_CHOICE, .choices = "0|1"},
    {.name = "_column", .kind = PARAMETER_TEXT, .max = 200},
    {.name = "_is", .kind = PARAMETER_CHOICE, .choices = "eq|ne|lt|le|gt|ge|contains"},
    {.name = "_value", .kind = PARAMETER_TEXT},
    {.name = NULL}};

static bool is_column(const char *name)
{
    return name[0] != '_' && strcmp(name, "lang") != 0;
}

static int add_filter(struct table_ask *ask, struct http_pair pair, struct error *err)
{
    if (ask->filter_count == TABLE_ASK_MAX_FILTERS)
        return error_set(err, ERROR_KIND_USAGE, "at most %d filters", TABLE_ASK_MAX_FILTERS);
    ask->filters[ask->filter_count++] = pair;
    return 0;
}

/* What the form without scripts adds: a column, a comparison and a value. */
static int add_typed(struct table_ask *ask, struct error *err)
{
    struct visit *visit = ask->visit;
    const char *column = visit_text(visit, "_column", "");
    const char *comparison = visit_text(visit, "_is", "eq");
    if (column[0] == '\0')
        return 0;
    const char *name = strcmp(comparison, "eq") == 0
                           ? column
                           : arena_format(visit->arena, "%s__%s", column, comparison);
    return add_filter(ask, (struct http_pair){name, visit_text(visit, "_value", "")}, err);
}

int table_ask_read(struct visit *visit, struct table_ask *ret_ask, struct error *err)
{
    struct table_ask ask = {.visit = visit,
                            .table = visit->parts[0],
                            .sort = visit_text(visit, "_sort", ""),
                            .offset = visit_int(visit, "_offset", 0),
                            .limit = visit_int(visit, "_limit", TABLE_ASK_ROWS),
                            .is_all = visit_int(visit, "_all", 0) != 0};
    for (size_t i = 0; i < visit->request->query.count; i++) {
        const struct http_pair *pair = &visit->request->query.items[i];
        if (is_column(pair->name) && add_filter(&ask, *pair, err) != 0)
            return -1;
    }
    if (add_typed(&ask, err) != 0)
        return -1;
    *ret_ask = ask;
    return 0;
}

const char *const *table_ask_words(const struct table_ask *ask, int64_t limit)
{
    struct arena *arena = ask->visit->arena;
    const char **words = arena_array(arena, MAX_WORDS, sizeof *words);
    size_t count = 0;
    for (size_t i = 0; i < ask->filter_count; i++) {
        words[count++] = "--where";
        words[count++] = arena_format(arena, "%s=%s", ask->filters[i].name, ask->filters[i].value);
    }
    if (ask->sort[0] != '\0') {
        words[count++] = "--sort";
        words[count++] = ask->sort;
    }
    words[count++] = "--offset";
    words[count++] = arena_format(arena, "%" PRId64, ask->offset);
    words[count++] = "--limit";
    words[count++] = arena_format(arena, "%" PRId64, limit);
    words[count++] = "--without-filter";
    words[count++] = ask->is_all ? "all" : "newest";
    words[count++] = "rows";
    words[count++] = ask->table;
    words[count] = NULL;
    return words;
}

void table_ask_url(const struct table_ask *ask, const char *file, size_t left_out, struct url *url)
{
    data_url(url, ask->visit, ask->table, file);
    for (size_t i = 0; i < ask->filter_count; i++) {
        if (i != left_out)
            url_query(url, ask->filters[i].name, ask->filters[i].value);
    }
    bool has_filter = ask->filter_count > (left_out < ask->filter_count ? 1 : 0);
    if (!has_filter && (ask->is_all || left_out != SIZE_MAX))
        url_query(url, "_all", "1");
    if (ask->sort[0] != '\0')
        url_query(url, "_sort", ask->sort);
}

int table_ask_out_of_reach(struct error *err)
{
    error_set(err, ERROR_KIND_USAGE, "the first %d rows can be reached here", TABLE_ASK_REACH);
    return error_help(err, "add a filter, or at the command line: datemill query");
}
