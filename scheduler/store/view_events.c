/* The story. */
#include "scheduler/store/view_internal.h"

#include <assert.h>

#define EVENT_COLUMNS                                                                              \
    "SELECT event.id, kind, at, event.run_id, event.node, node.name, event.state, event.why,"      \
    " event.reason, attempt_id, event.tries, flow.name, text FROM event "
#define EVENT_NAMES                                                                                \
    " LEFT JOIN node_run ON node_run.run_id = event.run_id AND node_run.node = event.node"         \
    " LEFT JOIN node ON node.id = node_run.node_id"                                                \
    " LEFT JOIN flow ON flow.id = event.flow_id "

static void read_event(struct statement *s, struct arena *arena, struct view_event *event)
{
    *event = (struct view_event){
        .id = statement_get_int(s, 0),
        .kind = (enum view_event_kind)statement_get_enum(s, 1, VIEW_EVENT_NOTE + 1),
        .at = statement_get_instant(s, 2),
        .run_id = statement_get_int(s, 3),
        .node = statement_get_index(s, 4),
        .node_name = statement_get_text(s, 5, arena),
        .state = statement_get_int32(s, 6),
        .why = (enum task_why)statement_get_enum(s, 7, TASK_WHY_COUNT),
        .reason = (enum task_reason)statement_get_enum(s, 8, TASK_REASON_WAIT + 1),
        .attempt_id = statement_get_int(s, 9),
        .tries = statement_get_int32(s, 10),
        .flow = statement_get_text(s, 11, arena),
        .text = statement_get_text(s, 12, arena),
    };
}

int view_events(struct store *store, const struct view_event_list *list, struct arena *arena,
                struct view_events *ret_events, struct error *err)
{
    const struct view_page *page = &list->page;
    int64_t run_id = list->run_id;
    assert(page->limit >= 1 && page->limit <= VIEW_MAX_ROWS);
    struct view_events events = {.next = page->after};
    struct view_event *items = arena_array(arena, (size_t)page->limit, sizeof *items);
    const char *sql = run_id == 0 ? EVENT_COLUMNS EVENT_NAMES
                          " WHERE event.id > ?1 AND ?2 = 0 ORDER BY event.id LIMIT ?3"
                                  : EVENT_COLUMNS
                          "INDEXED BY event_by_run" EVENT_NAMES
                          " WHERE event.id > ?1 AND event.run_id = ?2 ORDER BY event.id"
                          " LIMIT ?3";
    VIEW_MOMENT(moment);
    STATEMENT(s);
    if (view_enter(&moment, store, err) != 0 || statement_open(&s, store, sql, err) != 0)
        return -1;
    statement_int(&s, page->after);
    statement_int(&s, run_id);
    statement_int(&s, page->limit);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        read_event(&s, arena, &items[events.count]);
        events.next = items[events.count++].id;
    }
    if (row != 0)
        return -1;
    events.items = items;
    *ret_events = events;
    return 0;
}

int view_newest_event(struct store *store, int64_t run_id, int64_t *ret_event_id, struct error *err)
{
    VIEW_MOMENT(moment);
    STATEMENT(s);
    const char *sql = run_id == 0 ? "SELECT id FROM event WHERE id > ?1 ORDER BY id DESC LIMIT 1"
                                  : "SELECT id FROM event INDEXED BY event_by_run WHERE run_id = ?1"
                                    " ORDER BY id DESC LIMIT 1";
    if (view_enter(&moment, store, err) != 0 || statement_open(&s, store, sql, err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row = statement_step(&s, err);
    if (row < 0)
        return -1;
    *ret_event_id = row == 0 ? 0 : statement_get_int(&s, 0);
    return 0;
}
