#include "scheduler/store/statement.h"
#include "scheduler/store/store_schedule.h"

int load_schedules(struct store *store, struct arena *arena, struct load_schedules *ret_schedules,
                   struct error *err)
{
    struct store_schedule *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT name, text, zone, cyctime, is_second, fires_at, seen_at"
                       " FROM schedule JOIN flow ON flow.id = flow_id ORDER BY name",
                       err) != 0)
        return -1;
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        items = arena_grow(arena, items, count, &capacity, sizeof *items);
        items[count++] = (struct store_schedule){
            .flow = statement_get_text(&s, 0, arena),
            .text = statement_get_text(&s, 1, arena),
            .zone = statement_get_text(&s, 2, arena),
            .cyctime = statement_get_text(&s, 3, arena),
            .is_second = statement_get_bool(&s, 4),
            .fires_at = statement_get_instant(&s, 5),
            .seen_at = statement_get_instant(&s, 6),
        };
    }
    if (row != 0)
        return -1;
    *ret_schedules = (struct load_schedules){.items = items, .count = count};
    return 0;
}

/* 0 = no such row. */
static int read_id(struct statement *s, int64_t *ret_id, struct error *err)
{
    int row = statement_step(s, err);
    if (row < 0)
        return -1;
    *ret_id = row == 0 ? 0 : statement_get_int(s, 0);
    return 0;
}

int load_scheduled_run(struct store *store, const struct load_planned *planned, int64_t *ret_run_id,
                       struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT id FROM run WHERE flow_id = (SELECT id FROM flow WHERE name = ?)"
                       " AND cyctime = ? AND is_second = ? AND kind = 0",
                       err) != 0)
        return -1;
    statement_text(&s, planned->flow);
    statement_text(&s, planned->cyctime);
    statement_int(&s, planned->is_second);
    return read_id(&s, ret_run_id, err);
}

int load_newest_version(struct store *store, const char *flow, int64_t *ret_version_id,
                        struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT id FROM version WHERE flow_id = (SELECT id FROM flow WHERE name = ?)"
                       " ORDER BY id DESC LIMIT 1",
                       err) != 0)
        return -1;
    statement_text(&s, flow);
    return read_id(&s, ret_version_id, err);
}
