#include "scheduler/daemon/backfill_downstream.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/zone.h"
#include "scheduler/daemon/backfill_link.h"
#include "scheduler/flow/flow_need.h"
#include "scheduler/flow/flow_other.h"

#include <string.h>

/* A flow of the folder that needs another one, as its file says. */
struct pair {
    const char *flow;
    const char *needs;
    const char *node;
};

struct finder {
    const struct backfill_downstream_request *request;
    struct backfill_downstream *found;
    struct arena *arena;
    struct pair *pairs;
    size_t pair_count;
    size_t pair_capacity;
    const char **names; /* of flows that are downstream, as they are met */
    bool *is_done;
    size_t name_count;
};

/* ---- who needs whom ---- */

static void add_pair(struct finder *finder, const char *flow, const struct yaml_node *text)
{
    struct flow_need need;
    if (text->kind != YAML_KIND_SCALAR ||
        flow_need_parse(text->text, finder->arena, &need, NULL) < 0 || need.flow == NULL ||
        strcmp(need.flow, flow) == 0)
        return;
    finder->pairs = arena_grow(finder->arena, finder->pairs, finder->pair_count,
                               &finder->pair_capacity, sizeof *finder->pairs);
    finder->pairs[finder->pair_count++] = (struct pair){flow, need.flow, need.node};
}

static void read_flow(struct finder *finder, const char *flow)
{
    const struct flow_other *other = flow_others_find(finder->request->source, flow);
    for (size_t i = 0; other != NULL && other->nodes != NULL && i < other->nodes->count; i++) {
        const struct yaml_node *block = other->nodes->pairs[i].value;
        const struct yaml_node *needs =
            block->kind == YAML_KIND_MAPPING ? yaml_find(block, "needs") : NULL;
        if (needs == NULL)
            continue;
        if (needs->kind == YAML_KIND_SCALAR)
            add_pair(finder, flow, needs);
        for (size_t k = 0; needs->kind == YAML_KIND_SEQUENCE && k < needs->count; k++)
            add_pair(finder, flow, needs->items[k]);
    }
}

static int read_folder(struct finder *finder, struct error *err)
{
    struct flow_paths paths;
    if (flow_source_list(finder->request->source, finder->arena, &paths, err) < 0)
        return -1;
    for (size_t i = 0; i < paths.count; i++)
        read_flow(finder, flow_source_flow_name(paths.paths[i], finder->arena));
    return 0;
}

static size_t find_name(const struct finder *finder, const char *name)
{
    size_t i = 0;
    while (i < finder->name_count && strcmp(finder->names[i], name) != 0)
        i++;
    return i;
}

/* Of the flow itself only nodes that are selected count. */
static bool is_selected(const struct finder *finder, const char *node, const bool *selected)
{
    size_t index = flow_find_node(finder->request->wish->flow, node);
    return strcmp(node, FLOW_NEED_ALL) == 0 || (index != FLOW_NONE && selected[index]);
}

static int add_who_needs(struct finder *finder, const char *name, const bool *selected,
                         struct error *err)
{
    const char *head = finder->request->wish->flow->name;
    for (size_t i = 0; i < finder->pair_count; i++) {
        const struct pair *pair = &finder->pairs[i];
        if (strcmp(pair->needs, name) != 0 || strcmp(pair->flow, head) == 0 ||
            find_name(finder, pair->flow) < finder->name_count ||
            (selected != NULL && !is_selected(finder, pair->node, selected)))
            continue;
        if (finder->name_count == BACKFILL_MAX_DOWNSTREAM)
            return error_set(err, ERROR_KIND_USAGE, "more than %d flows are downstream of %s",
                             BACKFILL_MAX_DOWNSTREAM, head);
        finder->names[finder->name_count++] = pair->flow;
    }
    return 0;
}

static int find_names(struct finder *finder, struct error *err)
{
    const struct backfill_wish *wish = finder->request->wish;
    bool *selected;
    finder->names = arena_array(finder->arena, BACKFILL_MAX_DOWNSTREAM, sizeof(char *));
    finder->is_done = arena_array(finder->arena, BACKFILL_MAX_DOWNSTREAM, sizeof(bool));
    if (plan_select(wish->flow, wish->selection, finder->arena, &selected, err) < 0 ||
        add_who_needs(finder, wish->flow->name, selected, err) < 0)
        return -1;
    for (size_t i = 0; i < finder->name_count; i++) {
        if (add_who_needs(finder, finder->names[i], NULL, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- in their order ---- */

static bool waits(const struct finder *finder, size_t index)
{
    for (size_t i = 0; i < finder->pair_count; i++) {
        if (strcmp(finder->pairs[i].flow, finder->names[index]) != 0)
            continue;
        size_t needed = find_name(finder, finder->pairs[i].needs);
        if (needed < finder->name_count && !finder->is_done[needed])
            return true;
    }
    return false;
}

/* The next of which all that it needs is done; in a circle the one that was met first. */
static size_t take_next(struct finder *finder)
{
    size_t first = finder->name_count;
    for (size_t i = 0; i < finder->name_count; i++) {
        if (finder->is_done[i])
            continue;
        if (first == finder->name_count)
            first = i;
        if (!waits(finder, i)) {
            first = i;
            break;
        }
    }
    finder->is_done[first] = true;
    return first;
}

/* ---- its dates ---- */

struct span {
    struct civil_date first;
    struct civil_date last;
};

/* Dates that may need one of the upstream dates, up to yesterday. */
static bool find_span(const struct finder *finder, const struct flow *flow,
                      const struct backfill_link *link, struct span *ret_span)
{
    struct civil_date last = {0};
    struct civil_time now = zone_civil_at(flow->zone, finder->request->now);
    for (size_t i = 0; i < link->date_count; i++) {
        struct civil_date date;
        if (civil_date_parse(link->dates[i]->bizdate, &date, NULL) < 0)
            return false;
        if (i == 0)
            ret_span->first = date;
        last = date;
    }
    ret_span->last = civil_add_days(last, link->reach_days);
    struct civil_date yesterday = civil_add_days(now.date, -1);
    if (civil_date_compare(ret_span->last, yesterday) > 0)
        ret_span->last = yesterday;
    return link->date_count > 0 && link->need_count > 0;
}

static bool needs_one(const struct backfill_link *link, struct civil_date date)
{
    SCOPED_ARENA struct arena arena = {0};
    struct plan_times times = {0};
    if (!plan_schedule_has_date(link->flow, civil_add_days(date, 1)) ||
        plan_planned_times(link->flow, (struct plan_date){date, NULL}, &arena, &times, NULL) < 0)
        return false;
    for (size_t i = 0; i < times.count; i++) {
        if (backfill_link_find(link, &times.items[i], false) != NULL)
            return true;
    }
    return false;
}

/* Dates of the flow by their numbers, each once and ascending. */
struct days {
    int64_t *items;
    size_t count;
    size_t capacity;
};

static void add_day(struct days *days, struct arena *arena, int64_t day)
{
    size_t at = days->count;
    while (at > 0 && days->items[at - 1] > day)
        at--;
    if (at > 0 && days->items[at - 1] == day)
        return;
    days->items = arena_grow(arena, days->items, days->count, &days->capacity, sizeof(int64_t));
    memmove(&days->items[at + 1], &days->items[at], (days->count - at) * sizeof(int64_t));
    days->items[at] = day;
    days->count++;
}

/* The links of a flow with all that come before it. */
struct links {
    struct backfill_link *items;
    size_t count;
};

static int make_links(struct finder *finder, const struct flow *flow, struct links *ret_links,
                      struct error *err)
{
    const struct backfill_downstream *found = finder->found;
    struct links links = {arena_array(finder->arena, found->count + 1, sizeof *links.items), 0};
    for (size_t i = 0; i <= found->count; i++) {
        struct backfill_link *link = &links.items[links.count];
        if (backfill_link_make(flow, &found->upstream[i], finder->arena, link, err) < 0)
            return -1;
        links.count += link->need_count > 0;
    }
    *ret_links = links;
    return 0;
}

/* Why a date would wait for ever; NULL = it would not. */
static int find_missing(struct finder *finder, const struct links *links, struct civil_date date,
                        const char **ret_why)
{
    SCOPED_ARENA struct arena arena = {0};
    const struct flow *flow = links->items[0].flow;
    struct plan_times times = {0};
    *ret_why = NULL;
    if (plan_planned_times(flow, (struct plan_date){date, NULL}, &arena, &times, NULL) < 0)
        return 0;
    for (size_t i = 0; i < times.count; i++) {
        for (size_t k = 0; k < links->count && *ret_why == NULL; k++) {
            if (backfill_link_find_missing(&links->items[k], finder->request->store,
                                           &times.items[i], finder->arena, ret_why) < 0)
                return -1;
        }
    }
    return 0;
}

static int keep_dates(struct finder *finder, struct backfill_member *member,
                      const struct links *links, const struct days *days)
{
    SCOPED_TEXT struct text left_out = {0};
    size_t more = 0;
    struct civil_date *items = arena_array(finder->arena, days->count, sizeof *items);
    for (size_t i = 0; i < days->count; i++) {
        const char *why;
        char text[CIVIL_DATE_BYTES];
        struct civil_date date = civil_from_days(days->items[i]);
        if (find_missing(finder, links, date, &why) < 0)
            return -1;
        if (why == NULL)
            items[member->dates.count++] = date;
        else if (left_out.length == 0)
            text_append_format(&left_out, "%s %s", civil_date_format(date, text), why);
        else
            more++;
    }
    if (more > 0)
        text_append_format(&left_out, ", and %zu more", more);
    member->dates.items = items;
    member->left_out = arena_copy_string(finder->arena, text_string(&left_out));
    return 0;
}

static int find_dates(struct finder *finder, struct backfill_member *member, struct error *err)
{
    SCOPED_TEXT struct text needs = {0};
    struct days days = {0};
    struct links links;
    if (make_links(finder, member->flow, &links, err) < 0)
        return -1;
    for (size_t i = 0; i < links.count; i++) {
        const struct backfill_link *link = &links.items[i];
        struct span span;
        text_append_format(&needs, "%s%s", i > 0 ? ", " : "", link->upstream->flow->name);
        if (!find_span(finder, member->flow, link, &span))
            continue;
        for (struct civil_date date = span.first; civil_date_compare(date, span.last) <= 0;
             date = civil_add_days(date, 1)) {
            if (needs_one(link, date))
                add_day(&days, finder->arena, civil_to_days(date));
        }
    }
    member->needs = arena_copy_string(finder->arena, text_string(&needs));
    if (keep_dates(finder, member, &links, &days) == 0)
        return 0;
    return error_set(err, ERROR_KIND_FAILED, "the store cannot be read");
}

static int add_member(struct finder *finder, const char *name, struct error *err)
{
    const struct backfill_downstream_request *request = finder->request;
    struct backfill_downstream *found = finder->found;
    struct backfill_member *member = &found->items[found->count];
    *member = (struct backfill_member){0};
    if (request->load(request->owner, name, &member->flow, err) < 0 ||
        find_dates(finder, member, err) < 0)
        return -1;
    if (member->dates.count == 0 && member->left_out[0] == '\0')
        return 0;
    found->count++;
    found->upstream[found->count] = (struct backfill_upstream){.flow = member->flow};
    if (member->dates.count == 0)
        return 0;
    member->wish = (struct backfill_wish){.flow = member->flow,
                                          .dates = &member->dates,
                                          .redo = request->wish->redo,
                                          .is_descending = request->wish->is_descending,
                                          .parallel = request->wish->parallel,
                                          .selection = "",
                                          .upstream = found->upstream,
                                          .upstream_count = found->count};
    if (backfill_plan_make(request->store, &member->wish, &member->plan, err) < 0)
        return -1;
    found->upstream[found->count].dates = member->plan->dates;
    found->upstream[found->count].count = member->plan->count;
    return 0;
}

int backfill_downstream_find(const struct backfill_downstream_request *request,
                             struct backfill_downstream *ret_downstream, struct error *err)
{
    struct backfill_downstream *found = ret_downstream;
    *found = (struct backfill_downstream){0};
    struct finder finder = {.request = request, .found = found, .arena = &found->arena};
    int result = read_folder(&finder, err);
    if (result == 0)
        result = find_names(&finder, err);
    found->items = arena_array(&found->arena, finder.name_count, sizeof *found->items);
    found->upstream = arena_array(&found->arena, finder.name_count + 1, sizeof *found->upstream);
    found->upstream[0] = (struct backfill_upstream){.flow = request->wish->flow,
                                                    .selection = request->wish->selection,
                                                    .dates = request->plan->dates,
                                                    .count = request->plan->count};
    for (size_t i = 0; result == 0 && i < finder.name_count; i++)
        result = add_member(&finder, finder.names[take_next(&finder)], err);
    if (result < 0)
        backfill_downstream_free(found);
    return result;
}

void backfill_downstream_free(struct backfill_downstream *downstream)
{
    for (size_t i = 0; i < downstream->count; i++)
        backfill_plan_free(downstream->items[i].plan);
    arena_free(&downstream->arena);
    *downstream = (struct backfill_downstream){0};
}
