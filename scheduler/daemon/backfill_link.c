#include "scheduler/daemon/backfill_link.h"

#include "scheduler/base/scope.h"
#include "scheduler/flow/flow_need.h"
#include "scheduler/plan/plan_need.h"

#include <stdlib.h>
#include <string.h>

#define CYCLE_REACH_DAYS 366 /* the next cycle of a flow is not looked for beyond */

static bool is_same(const struct plan_external *a, const struct plan_external *b)
{
    return strcmp(a->node, b->node) == 0 && a->cycle_back == b->cycle_back &&
           a->days_back == b->days_back && a->has_time == b->has_time &&
           civil_time_compare(a->time, b->time) == 0;
}

static bool is_meant(const struct backfill_link *link, const struct flow_need *need,
                     const bool *selected)
{
    const struct flow *other = link->upstream->flow;
    if (need->flow == NULL || strcmp(need->flow, other->name) != 0)
        return false;
    size_t index = flow_find_node(other, need->node);
    return flow_need_is_all(need) || (index != FLOW_NONE && selected[index]);
}

static void add_need(struct backfill_link *link, struct plan_external *needs,
                     const struct flow_need *need)
{
    struct plan_external external = {.flow = link->upstream->flow->name,
                                     .node = need->node,
                                     .cycle_back = need->cycle_back,
                                     .days_back = need->days_back,
                                     .has_time = need->has_time,
                                     .time = need->time};
    int32_t reach = need->days_back;
    if (need->cycle_back > 0 && need->days_back == 0)
        reach = CYCLE_REACH_DAYS;
    if (reach > link->reach_days)
        link->reach_days = reach;
    for (size_t i = 0; i < link->need_count; i++) {
        if (is_same(&needs[i], &external))
            return;
    }
    needs[link->need_count++] = external;
}

static void find_needs(struct backfill_link *link, const bool *selected, struct arena *arena)
{
    size_t most = 0;
    for (size_t i = 0; i < link->flow->node_count; i++)
        most += link->flow->nodes[i].need_count;
    struct plan_external *needs = arena_array(arena, most, sizeof *needs);
    for (size_t i = 0; i < link->flow->node_count; i++) {
        const struct flow_node *node = &link->flow->nodes[i];
        for (size_t k = 0; k < node->need_count; k++) {
            if (is_meant(link, &node->needs[k], selected))
                add_need(link, needs, &node->needs[k]);
        }
    }
    link->needs = needs;
}

static int compare(const struct store_date *a, const struct store_date *b)
{
    int by_time = strcmp(a->cyctime, b->cyctime);
    return by_time != 0 ? by_time : (int)a->is_second - (int)b->is_second;
}

static int compare_dates(const void *a, const void *b)
{
    return compare(*(const struct store_date *const *)a, *(const struct store_date *const *)b);
}

static bool names_flow(const struct flow *flow, const char *other)
{
    for (size_t i = 0; i < flow->node_count; i++) {
        for (size_t k = 0; k < flow->nodes[i].need_count; k++) {
            const struct flow_need *need = &flow->nodes[i].needs[k];
            if (need->flow != NULL && strcmp(need->flow, other) == 0)
                return true;
        }
    }
    return false;
}

int backfill_link_make(const struct flow *flow, const struct backfill_upstream *upstream,
                       struct arena *arena, struct backfill_link *ret_link, struct error *err)
{
    struct backfill_link link = {.flow = flow, .upstream = upstream};
    bool *selected;
    *ret_link = link;
    if (!names_flow(flow, upstream->flow->name))
        return 0;
    if (plan_select(upstream->flow, upstream->selection, arena, &selected, err) < 0)
        return -1;
    find_needs(&link, selected, arena);
    link.dates = arena_array(arena, upstream->count, sizeof(struct store_date *));
    for (size_t i = 0; i < upstream->count; i++) {
        if (upstream->dates[i].decision != DATE_NONE)
            link.dates[link.date_count++] = &upstream->dates[i];
    }
    if (link.date_count > 1)
        qsort(link.dates, link.date_count, sizeof(struct store_date *), compare_dates);
    *ret_link = link;
    return 0;
}

static const struct store_date *find_date(const struct backfill_link *link,
                                          const struct plan_time *time)
{
    char cyctime[CIVIL_TIME_BYTES];
    struct store_date wanted = {.cyctime = civil_time_format(time->planned, cyctime),
                                .is_second = time->is_second};
    const struct store_date *key = &wanted;
    const struct store_date **found =
        link->date_count == 0
            ? NULL
            : bsearch(&key, link->dates, link->date_count, sizeof *link->dates, compare_dates);
    return found == NULL ? NULL : *found;
}

static struct plan plan_of(const struct backfill_link *link, const struct plan_time *time)
{
    return (struct plan){.flow = link->flow,
                         .planned = time->planned,
                         .is_second = time->is_second,
                         .bizdate = civil_add_days(time->planned.date, -1),
                         .firing = time->firing};
}

const struct store_date *backfill_link_find(const struct backfill_link *link,
                                            const struct plan_time *time, bool only_to_run)
{
    SCOPED_ARENA struct arena arena = {0};
    const struct plan plan = plan_of(link, time);
    for (size_t i = 0; i < link->need_count; i++) {
        struct plan_need need = {&plan, &link->needs[i], link->upstream->flow};
        struct plan_times times = {0};
        if (plan_need_times(&need, &arena, &times, NULL) < 0)
            continue;
        for (size_t k = 0; k < times.count; k++) {
            const struct store_date *date = find_date(link, &times.items[k]);
            bool is_to_run =
                date != NULL && (date->decision == DATE_RUN || date->decision == DATE_REDO);
            if (date != NULL && (is_to_run || !only_to_run))
                return date;
        }
    }
    return NULL;
}

/* Older than what the flow ever ran, or will with this. */
static int is_before_first(const struct backfill_link *link, struct store *store,
                           const char *cyctime, bool *ret_is_before)
{
    char first[CIVIL_TIME_BYTES] = "";
    *ret_is_before = link->date_count > 0 && strcmp(cyctime, link->dates[0]->cyctime) < 0;
    if (*ret_is_before && store != NULL &&
        view_first_planned(store, link->upstream->flow->name, first, NULL) < 0)
        return -1;
    *ret_is_before = *ret_is_before && (first[0] == '\0' || strcmp(cyctime, first) < 0);
    return 0;
}

static int is_done(const struct backfill_link *link, struct store *store,
                   const struct plan_external *need, const struct plan_time *time,
                   bool *ret_is_done)
{
    SCOPED_ARENA struct arena arena = {0};
    char cyctime[CIVIL_TIME_BYTES];
    const struct view_date_node *undone;
    struct view_date date = {0};
    struct view_planned planned = {link->upstream->flow->name,
                                   civil_time_format(time->planned, cyctime), time->is_second};
    if (need->cycle_back > 0 && is_before_first(link, store, cyctime, ret_is_done) < 0)
        return -1;
    if (need->cycle_back > 0 && *ret_is_done)
        return 0;
    if (store != NULL && view_date_state(store, &planned, &arena, &date, NULL) < 0)
        return -1;
    *ret_is_done = view_date_is_done(&date, need->node, &undone);
    return 0;
}

int backfill_link_find_missing(const struct backfill_link *link, struct store *store,
                               const struct plan_time *time, struct arena *arena,
                               const char **ret_why)
{
    SCOPED_ARENA struct arena scratch = {0};
    const struct plan plan = plan_of(link, time);
    *ret_why = NULL;
    for (size_t i = 0; i < link->need_count && *ret_why == NULL; i++) {
        struct plan_need need = {&plan, &link->needs[i], link->upstream->flow};
        struct plan_times times = {0};
        char bizdate[CIVIL_DATE_BYTES];
        if (plan_need_times(&need, &scratch, &times, NULL) < 0)
            continue;
        for (size_t k = 0; k < times.count && *ret_why == NULL; k++) {
            bool done = find_date(link, &times.items[k]) != NULL;
            if (!done && is_done(link, store, &link->needs[i], &times.items[k], &done) < 0)
                return -1;
            if (!done)
                *ret_why = arena_format(
                    arena, "needs %s/%s of %s, which has not been done", link->upstream->flow->name,
                    link->needs[i].node,
                    civil_date_format(civil_add_days(times.items[k].planned.date, -1), bizdate));
        }
    }
    return 0;
}
