#include "scheduler/base/scope.h"
#include "scheduler/store/view_json.h"

#define BIT(state) (1u << (state))
#define KEY_BYTES 32

static int64_t count_dates(const struct view_backfill *backfill, uint32_t states)
{
    int64_t count = 0;
    for (size_t i = 0; i < DATE_STATE_COUNT; i++)
        count += (states & BIT(i)) != 0 ? backfill->counts.items[i] : 0;
    return count;
}

int64_t view_backfill_total(const struct view_backfill *backfill)
{
    return count_dates(backfill, ~BIT(DATE_LEFT_OUT));
}

int64_t view_backfill_done(const struct view_backfill *backfill)
{
    return count_dates(backfill, ~(BIT(DATE_LEFT_OUT) | BIT(DATE_WAITING) | BIT(DATE_OPEN)));
}

const char *view_date_state_name(enum date_state state)
{
    return state == DATE_OPEN ? "running" : date_state_name(state);
}

static void write_counts(struct json_out *out, const struct view_backfill *backfill)
{
    json_out_key(out, "dates");
    json_out_begin_object(out);
    json_out_pair_int(out, "total", view_backfill_total(backfill));
    json_out_pair_int(out, "done", view_backfill_done(backfill));
    for (int state = 0; state < DATE_STATE_COUNT; state++) {
        char key[KEY_BYTES];
        size_t length = 0;
        for (const char *at = view_date_state_name((enum date_state)state); *at != '\0'; at++)
            key[length++] = *at == ' ' ? '_' : *at;
        key[length] = '\0';
        json_out_pair_int(out, key, backfill->counts.items[state]);
    }
    json_out_end_object(out);
}

void view_json_backfill(const struct view_json *json, const struct view_backfill *backfill)
{
    struct json_out *out = json->out;
    const struct store_backfill *row = &backfill->row;
    json_out_pair_int(out, "id", row->id);
    json_out_pair_string(out, "flow", row->flow);
    json_out_pair_string(out, "state", backfill_state_name(row->state));
    json_out_pair_string(out, "state_reason", row->state_reason);
    json_out_pair_string(out, "typed", row->typed);
    json_out_pair_string(out, "from", backfill->first);
    json_out_pair_string(out, "to", backfill->last);
    write_counts(out, backfill);
    json_out_pair_string(out, "redo", backfill_redo_name(row->redo));
    json_out_pair_string(out, "order", row->is_descending ? "desc" : "asc");
    json_out_pair_int(out, "parallel", row->parallel);
    json_out_pair_int(out, "max_failures", row->max_failures);
    if (row->leader_id != 0)
        json_out_pair_int(out, "leader", row->leader_id);
    json_out_pair_string(out, "nodes", row->selection);
    json_out_key(out, "vars");
    json_out_begin_object(out);
    for (size_t i = 0; i < row->var_count; i++)
        json_out_pair_string(out, row->vars[i].name, row->vars[i].text);
    json_out_end_object(out);
    json_out_pair_string(out, "who", row->who);
    json_out_pair_string(out, "reason", row->reason);
    json_out_pair_string(out, "version", backfill->version);
    view_json_time(json, "created_at", row->created_at);
    view_json_time(json, "opened_at", row->opened_at);
    view_json_time(json, "ended_at", row->ended_at);
}

/* `sales_stat: E301 no such column`, else what is kept with the date. */
static void write_reason(struct json_out *out, const struct view_date_run *date)
{
    SCOPED_TEXT struct text text = {0};
    const struct view_failure *failure = &date->failure;
    bool has_failed = date->date.state == DATE_FAILED && failure->node[0] != '\0';
    if (has_failed)
        text_append_format(&text, "%s: %s%s%s", failure->node, failure->code,
                           failure->code[0] != '\0' ? " " : "", failure->text);
    json_out_pair_string(out, "reason", has_failed ? text_string(&text) : date->date.reason);
}

void view_json_date(const struct view_json *json, const struct view_date_run *date)
{
    struct json_out *out = json->out;
    int64_t took = 0;
    if (date->started_at.us != 0)
        took =
            instant_elapsed(date->started_at, date->ended_at.us != 0 ? date->ended_at : json->now)
                .us;
    json_out_pair_string(out, "bizdate", date->date.bizdate);
    json_out_pair_string(out, "cyctime", date->date.cyctime);
    json_out_pair_string(out, "decision", date_decision_name(date->date.decision));
    json_out_pair_string(out, "state", view_date_state_name(date->date.state));
    json_out_pair_int(out, "run", date->date.run_id);
    json_out_pair_int(out, "duration_ms", took / 1000);
    write_reason(out, date);
}
