/* How far flows are in their calendars. */
#include "scheduler/store/commit_internal.h"
#include "scheduler/store/store_schedule.h"

int store_put_schedule(struct store *store, const struct store_schedule *schedule,
                       struct error *err)
{
    int64_t flow_id;
    STATEMENT(s);
    if (store_require_batch(store, err) != 0 ||
        commit_flow_id(store, schedule->flow, &flow_id, err) != 0 ||
        statement_open(&s, store,
                       "INSERT OR REPLACE INTO schedule(flow_id, text, zone, cyctime, is_second,"
                       " fires_at, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                       err) != 0)
        return -1;
    statement_int(&s, flow_id);
    statement_text(&s, schedule->text);
    statement_text(&s, schedule->zone);
    statement_text(&s, schedule->cyctime);
    statement_int(&s, schedule->is_second);
    statement_int(&s, schedule->fires_at.us);
    statement_int(&s, schedule->seen_at.us);
    return statement_run(&s, err);
}
