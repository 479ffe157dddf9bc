#include "scheduler/command/backfill_facts.h"

#include "scheduler/base/scope.h"
#include "scheduler/command/flow_facts.h"
#include "scheduler/command/project_facts.h"
#include "scheduler/daemon/daemon.h"
#include "scheduler/store/view_json.h"
#include "scheduler/system/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOOK_DATES 200 /* at most, to see whether a date has several times */

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

const char *backfill_facts_reason(struct context *context, const struct view_backfill *backfill)
{
    const struct store_backfill *row = &backfill->row;
    bool is_left = row->state == BACKFILL_RUNNING && row->state_reason[0] == '\0' &&
                   project_facts_holder(context, ENGINE_LOCK_NAME).pid == 0;
    return is_left ? "no scheduler is running" : row->state_reason;
}

int64_t backfill_facts_total(const struct view_backfill *backfill)
{
    return view_backfill_total(backfill);
}

int64_t backfill_facts_done(const struct view_backfill *backfill)
{
    return view_backfill_done(backfill);
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
                               view_date_state_name(order[i]));
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

void backfill_facts_write(const struct view_backfill *backfill, const struct zone *zone,
                          struct json_out *json)
{
    struct view_json of = {.out = json, .zone = zone, .now = clock_now()};
    view_json_backfill(&of, backfill);
}
