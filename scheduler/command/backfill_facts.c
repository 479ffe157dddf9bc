#include "scheduler/command/backfill_facts.h"

#include "scheduler/base/scope.h"
#include "scheduler/command/flow_facts.h"
#include "scheduler/command/project_facts.h"
#include "scheduler/daemon/daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOOK_DATES 200 /* at most, to see whether a date has several times */
#define BIT(state) (1u << (state))

static int fail(const struct options *options, size_t index, struct error *err)
{
    command_line_mark_argument(options, index);
    if (err != NULL && err->code[0] == '\0')
        memcpy(err->code, "E015", 5);
    return -1;
}

static int find_latest(struct context *context, struct store *store,
                       struct view_backfill *ret_backfill, struct error *err)
{
    struct view_backfill_list list = {.page = {.limit = 1}};
    struct view_backfills found;
    if (view_list_backfills(store, &list, &context->arena, &found, err) < 0)
        return -1;
    if (found.count == 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "there has been no backfill yet");
    *ret_backfill = found.items[0];
    return 0;
}

static int find_word(struct context *context, struct store *store, const char *word,
                     struct view_backfill *ret_backfill, struct error *err)
{
    if (strcasecmp(word, "latest") == 0)
        return find_latest(context, store, ret_backfill, err);
    char *end = NULL;
    errno = 0;
    long long id = strtoll(word, &end, 10);
    if (word[0] >= '0' && word[0] <= '9' && *end == '\0' && errno == 0)
        return view_find_backfill(store, id, &context->arena, ret_backfill, err);
    error_set(err, ERROR_KIND_USAGE, "`%s` is not the number of a backfill", word);
    return error_help(err, "datemill backfill list shows them; `latest` is the newest");
}

const struct zone *backfill_facts_zone(struct context *context, const struct flow *flow)
{
    const struct project *project;
    if (flow != NULL)
        return context_shown_zone(context, zone_name(flow->zone));
    struct error ignored = {0};
    bool has_project = context_project(context, &project, &ignored) == 0;
    return context_shown_zone(context, has_project ? project->timezone : "UTC");
}

static int look_at_times(struct store *store, struct backfill_facts *facts, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct load_dates_of which = {facts->of.row.id, ~0u, -1, LOOK_DATES};
    struct load_dates dates;
    if (load_dates(store, &which, &arena, &dates, err) < 0)
        return -1;
    for (size_t i = 1; i < dates.count; i++) {
        if (strcmp(dates.items[i - 1].bizdate, dates.items[i].bizdate) == 0)
            facts->has_times = true;
    }
    return 0;
}

static int look_at_median(struct store *store, struct backfill_facts *facts, struct error *err)
{
    struct view_median median;
    struct view_place place = {.flow = facts->of.row.flow, .node = ""};
    if (view_backfill_median(store, facts->of.row.id, &median, err) < 0)
        return -1;
    if (median.samples == 0 && view_median(store, &place, &median, err) < 0)
        return -1;
    facts->per_date = median.median;
    return 0;
}

int backfill_facts_find(struct context *context, const struct options *options, size_t index,
                        struct backfill_facts *ret_facts, struct error *err)
{
    struct store *store;
    struct backfill_facts facts = {0};
    const char *word = options_argument(options, index, "");
    if (context_store(context, &store, err) < 0)
        return -1;
    if (find_word(context, store, word, &facts.of, err) < 0)
        return fail(options, index, err);
    if (look_at_times(store, &facts, err) < 0 || look_at_median(store, &facts, err) < 0)
        return -1;
    facts.zone = backfill_facts_zone(context, flow_facts_present(context, facts.of.row.flow));
    *ret_facts = facts;
    return 0;
}

bool backfill_facts_is_open(const struct view_backfill *backfill)
{
    return backfill->row.state == BACKFILL_RUNNING || backfill->row.state == BACKFILL_PAUSED;
}

static int64_t count_dates(const struct view_backfill *backfill, uint32_t states)
{
    int64_t count = 0;
    for (size_t i = 0; i < DATE_STATE_COUNT; i++)
        count += (states & BIT(i)) != 0 ? backfill->counts.items[i] : 0;
    return count;
}

const char *backfill_facts_reason(struct context *context, const struct view_backfill *backfill)
{
    const struct store_backfill *row = &backfill->row;
    bool is_left = row->state == BACKFILL_RUNNING && row->state_reason[0] == '\0' &&
                   project_facts_holder(context, ENGINE_LOCK_NAME).pid == 0;
    return is_left ? "no scheduler is running" : row->state_reason;
}

int64_t backfill_facts_total(const struct view_backfill *backfill)
{
    return count_dates(backfill, ~BIT(DATE_LEFT_OUT));
}

int64_t backfill_facts_done(const struct view_backfill *backfill)
{
    return count_dates(backfill, ~(BIT(DATE_LEFT_OUT) | BIT(DATE_WAITING) | BIT(DATE_OPEN)));
}

static const char *shown_state(enum date_state state)
{
    return state == DATE_OPEN ? "running" : date_state_name(state);
}

const char *backfill_facts_counts(const struct view_backfill *backfill, struct arena *arena)
{
    static const enum date_state order[] = {DATE_SUCCESS, DATE_FAILED,      DATE_BLOCKED,
                                            DATE_STOPPED, DATE_IN_CONFLICT, DATE_OPEN,
                                            DATE_WAITING, DATE_LEFT_OUT};
    SCOPED_TEXT struct text text = {0};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        int64_t count = backfill->counts.items[order[i]];
        if (count > 0)
            text_append_format(&text, "%s%" PRId64 " %s", text.length > 0 ? ", " : "", count,
                               shown_state(order[i]));
    }
    return arena_copy(arena, text_string(&text), text.length);
}

const char *backfill_facts_time(const struct zone *zone, struct instant at, struct arena *arena)
{
    char buffer[CIVIL_TIME_BYTES];
    if (at.us == 0 || instant_is_never(at))
        return "";
    civil_time_format(zone_civil_at(zone, at), buffer);
    return arena_format(arena, "%.10s %.5s", buffer, buffer + 11);
}

static void write_time(struct json_out *json, const char *key, const struct zone *zone,
                       struct instant at)
{
    char stamp[ZONE_RFC3339_BYTES];
    bool has_time = at.us != 0 && !instant_is_never(at);
    json_out_pair_string(json, key, has_time ? zone_format_rfc3339(zone, at, stamp) : NULL);
}

static void write_counts(const struct view_backfill *backfill, struct json_out *json)
{
    json_out_key(json, "dates");
    json_out_begin_object(json);
    json_out_pair_int(json, "total", backfill_facts_total(backfill));
    json_out_pair_int(json, "done", backfill_facts_done(backfill));
    for (int state = 0; state < DATE_STATE_COUNT; state++) {
        char key[32];
        size_t length = 0;
        for (const char *at = shown_state((enum date_state)state); *at != '\0'; at++)
            key[length++] = *at == ' ' ? '_' : *at;
        key[length] = '\0';
        json_out_pair_int(json, key, backfill->counts.items[state]);
    }
    json_out_end_object(json);
}

void backfill_facts_write(const struct view_backfill *backfill, const struct zone *zone,
                          struct json_out *json)
{
    const struct store_backfill *row = &backfill->row;
    json_out_pair_int(json, "id", row->id);
    json_out_pair_string(json, "flow", row->flow);
    json_out_pair_string(json, "state", backfill_state_name(row->state));
    json_out_pair_string(json, "state_reason", row->state_reason);
    json_out_pair_string(json, "typed", row->typed);
    json_out_pair_string(json, "from", backfill->first);
    json_out_pair_string(json, "to", backfill->last);
    write_counts(backfill, json);
    json_out_pair_string(json, "redo", backfill_redo_name(row->redo));
    json_out_pair_string(json, "order", row->is_descending ? "desc" : "asc");
    json_out_pair_int(json, "parallel", row->parallel);
    json_out_pair_int(json, "max_failures", row->max_failures);
    json_out_pair_string(json, "nodes", row->selection);
    json_out_key(json, "vars");
    json_out_begin_object(json);
    for (size_t i = 0; i < row->var_count; i++)
        json_out_pair_string(json, row->vars[i].name, row->vars[i].text);
    json_out_end_object(json);
    json_out_pair_string(json, "who", row->who);
    json_out_pair_string(json, "reason", row->reason);
    json_out_pair_string(json, "version", backfill->version);
    write_time(json, "created_at", zone, row->created_at);
    write_time(json, "opened_at", zone, row->opened_at);
    write_time(json, "ended_at", zone, row->ended_at);
}
