#include "scheduler/daemon/backfill_sample.h"

#include "scheduler/base/scope.h"
#include "scheduler/flow/reference.h"
#include "scheduler/plan/plan_prepare.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What a node of a date replaces. */
struct replaced {
    struct node_table table;
    size_t date; /* the how manieth of the sample */
};

struct look {
    const struct backfill_sample *of;
    struct arena *arena; /* lives as long as the look */
    struct reference_finder *finder;
    const struct store_date **dates;
    size_t date_count;
    struct replaced *items;
    size_t count;
    size_t capacity;
};

static bool is_to_run(const struct store_date *date)
{
    return date->decision == DATE_RUN || date->decision == DATE_REDO;
}

/* The first dates that are to run; when none is, the first with an instance. */
static void choose_dates(struct look *look, size_t most)
{
    const struct store_date *first = NULL;
    look->dates = arena_array(look->arena, most, sizeof(struct store_date *));
    for (size_t i = 0; i < look->of->count && look->date_count < most; i++) {
        const struct store_date *date = &look->of->dates[i];
        if (first == NULL && date->decision != DATE_NONE)
            first = date;
        if (is_to_run(date))
            look->dates[look->date_count++] = date;
    }
    if (look->date_count == 0 && first != NULL)
        look->dates[look->date_count++] = first;
}

static int make_plan(const struct backfill_sample *of, const struct store_date *date,
                     struct plan **ret_plan, struct error *err)
{
    struct plan_request request = {
        .is_second = date->is_second, .vars = of->vars, .var_count = of->var_count};
    int result = civil_time_parse(date->cyctime, &request.planned, NULL);
    assert(result == 0);
    return plan_make(of->flow, &request, ret_plan, err);
}

static int collect_node(struct look *look, const struct plan *plan, struct replaced replaced,
                        size_t node, struct error *err)
{
    struct plan_facts facts = {.node = node, .finder = look->finder};
    struct node_table table;
    if (plan_find_replaced(plan, &facts, look->arena, &table, err) < 0)
        return -1;
    if (table.table == NULL)
        return 0;
    replaced.table = table;
    look->items =
        arena_grow(look->arena, look->items, look->count, &look->capacity, sizeof *look->items);
    look->items[look->count++] = replaced;
    return 0;
}

static int collect_date(struct look *look, size_t date, struct error *err)
{
    struct plan *plan;
    int result = 0;
    if (make_plan(look->of, look->dates[date], &plan, err) < 0)
        return -1;
    for (size_t i = 0; result == 0 && i < plan->node_count; i++) {
        if (look->of->selected[i])
            result = collect_node(look, plan, (struct replaced){.date = date}, i, err);
    }
    plan_free(plan);
    return result;
}

static int compare_replaced(const void *a, const void *b)
{
    const struct replaced *left = a;
    const struct replaced *right = b;
    int by_table = strcmp(left->table.table, right->table.table);
    if (by_table == 0)
        by_table = strcmp(left->table.partition, right->table.partition);
    return by_table != 0 ? by_table : (left->date > right->date) - (left->date < right->date);
}

static bool is_shared(const struct replaced *a, const struct replaced *b)
{
    return strcmp(a->table.table, b->table.table) == 0 &&
           strcmp(a->table.partition, b->table.partition) == 0 && a->date != b->date;
}

/* The names of tables that two dates replace, each once, ascending. */
static struct backfill_shared list_shared(const struct look *look, struct arena *arena)
{
    struct replaced *items = look->items;
    const char **names = arena_array(arena, look->count, sizeof *names);
    size_t count = 0;
    if (look->count > 1)
        qsort(items, look->count, sizeof *items, compare_replaced);
    for (size_t i = 1; i < look->count; i++) {
        if (!is_shared(&items[i - 1], &items[i]))
            continue;
        if (count == 0 || strcmp(names[count - 1], items[i].table.table) != 0)
            names[count++] = arena_copy_string(arena, items[i].table.table);
    }
    return (struct backfill_shared){.tables = names, .count = count};
}

/* How many dates to look at: one, unless there may be a table. */
static size_t count_dates(const struct backfill_sample *of)
{
    size_t nodes = 0;
    for (size_t i = 0; i < of->flow->node_count; i++)
        nodes += of->selected[i] && of->flow->nodes[i].type->find_replaced != NULL;
    if (nodes == 0)
        return 1;
    size_t dates = BACKFILL_SAMPLE_NODES / of->flow->node_count;
    if (dates < 2)
        return 2;
    return dates < BACKFILL_SAMPLE_DATES ? dates : BACKFILL_SAMPLE_DATES;
}

int backfill_sample_look(const struct backfill_sample *sample, struct arena *arena,
                         struct backfill_shared *ret_shared, struct error *err)
{
    SCOPED_ARENA struct arena scratch = {0};
    struct look look = {.of = sample, .arena = &scratch, .finder = reference_finder_new()};
    int result = 0;
    choose_dates(&look, count_dates(sample));
    for (size_t i = 0; result == 0 && i < look.date_count; i++)
        result = collect_date(&look, i, err);
    reference_finder_free(look.finder);
    if (result < 0)
        return -1;
    *ret_shared = list_shared(&look, arena);
    return 0;
}
