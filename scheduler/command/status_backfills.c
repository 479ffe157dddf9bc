#include "scheduler/command/status_backfills.h"

#include "scheduler/command/backfill_facts.h"
#include "scheduler/command/table.h"
#include "scheduler/store/store_backfill.h"

#include <inttypes.h>
#include <string.h>

static const struct table_column columns[] = {
    {.title = "BACKFILL"},
    {.title = "FLOW", .shrink_to = 8},
    {.title = "STATE"},
    {.title = "DONE", .is_right = true},
    {.title = "FAILED", .is_right = true, .rank = 2},
    {.title = "GO ON"},
    {.title = NULL},
};

int status_backfills_load(struct context *context, struct store *store, const char *flow,
                          struct view_backfills *ret_backfills, struct error *err)
{
    struct arena *arena = &context->arena;
    struct load_backfills open;
    if (load_open_backfills(store, arena, &open, err) < 0)
        return -1;
    struct view_backfill *items = arena_array(arena, open.count, sizeof *items);
    size_t count = 0;
    for (size_t i = open.count; i > 0; i--) {
        if (flow != NULL && strcmp(open.items[i - 1].flow, flow) != 0)
            continue;
        if (view_find_backfill(store, open.items[i - 1].id, arena, &items[count], err) < 0)
            return -1;
        count++;
    }
    *ret_backfills = (struct view_backfills){.items = items, .count = count};
    return 0;
}

void status_backfills_print(struct context *context, const struct view_backfills *backfills)
{
    struct terminal *out = context->out;
    struct table table;
    if (backfills->count == 0)
        return;
    table_init(&table, columns, &context->arena);
    for (size_t i = 0; i < backfills->count; i++) {
        const struct view_backfill *backfill = &backfills->items[i];
        int64_t done = backfill_facts_done(backfill);
        int64_t failed = done - backfill->counts.items[DATE_SUCCESS];
        table_cell_format(&table, "%" PRId64, backfill->row.id);
        table_cell(&table, backfill->row.flow);
        table_cell_state(&table, out, backfill_state_name(backfill->row.state));
        table_cell_format(&table, "%" PRId64 "/%" PRId64, done, backfill_facts_total(backfill));
        table_cell(&table, failed > 0 ? arena_format(&context->arena, "%" PRId64, failed) : "");
        table_cell_format(&table, "datemill backfill resume %" PRId64, backfill->row.id);
    }
    terminal_print(out, "\n");
    terminal_print_styled(out, TERMINAL_STYLE_BOLD, "BACKFILLS");
    terminal_print(out, "\n");
    table_print(&table, out, true);
}

void status_backfills_write(struct context *context, const struct view_backfills *backfills,
                            struct json_out *json)
{
    json_out_key(json, "backfills");
    json_out_begin_array(json);
    for (size_t i = 0; i < backfills->count; i++) {
        json_out_begin_object(json);
        backfill_facts_write(&backfills->items[i], backfill_facts_zone(context, NULL), json);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}
