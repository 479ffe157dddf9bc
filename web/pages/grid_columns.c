#include "web/pages/grid.h"

#include <string.h>

struct columns {
    struct arena *arena;
    struct grid_column *items;
    size_t count;
    size_t capacity;
};

static void add_column(struct columns *columns, struct grid_column column)
{
    columns->items = arena_grow(columns->arena, columns->items, columns->count, &columns->capacity,
                                sizeof *columns->items);
    columns->items[columns->count++] = column;
}

static const char *copy_date(struct arena *arena, struct civil_date date)
{
    char text[CIVIL_DATE_BYTES];
    return arena_copy_string(arena, civil_date_format(date, text));
}

/* Whether the schedule has an instance of that business date. */
static bool is_planned(const struct flow *flow, struct civil_date bizdate)
{
    struct civil_date planned = civil_add_days(bizdate, 1);
    struct plan_time time;
    struct civil_time noon = {.date = planned, .hour = 12};
    return plan_schedule_has_date(flow, planned) && plan_time_locate(flow, noon, false, &time);
}

/* Dates from `first` on, before `end`, that the schedule has: each of a few, or one column. */
static void add_holes(const struct grid_page *page, struct civil_date first, struct civil_date end,
                      struct columns *columns)
{
    struct civil_date holes[GRID_MAX_HOLES + 1];
    struct civil_date date = first;
    size_t count = 0;
    if (page->flow == NULL || page->flow->schedule.rule_count == 0)
        return;
    for (; civil_date_compare(date, end) < 0 && count <= GRID_MAX_HOLES;
         date = civil_add_days(date, 1))
        if (is_planned(page->flow, date))
            holes[count++] = date;
    if (count > GRID_MAX_HOLES) {
        add_column(columns, (struct grid_column){
                                .bizdate = copy_date(columns->arena, holes[0]),
                                .gap_last = copy_date(columns->arena, civil_add_days(end, -1)),
                                .cyctime = "",
                                .is_gap = true});
        return;
    }
    for (size_t i = 0; i < count; i++)
        add_column(columns, (struct grid_column){.bizdate = copy_date(columns->arena, holes[i]),
                                                 .cyctime = ""});
}

static void add_run(struct columns *columns, const struct view_grid_date *date)
{
    add_column(columns, (struct grid_column){.bizdate = date->bizdate,
                                             .cyctime = date->newest->cyctime,
                                             .is_second = date->newest->is_second,
                                             .run = date->newest,
                                             .run_count = date->run_count});
}

/* Keeps one end; what is cut off is on the next page. */
static void cut(const struct grid_page *page, const struct columns *columns,
                struct grid_columns *ret_columns)
{
    size_t extra = columns->count > page->limit ? columns->count - page->limit : 0;
    *ret_columns = (struct grid_columns){.items = columns->items,
                                         .count = columns->count - extra,
                                         .older = page->dates->older,
                                         .newer = page->dates->newer};
    if (extra > 0 && page->is_ascending)
        ret_columns->newer = columns->items[ret_columns->count].bizdate;
    if (extra > 0 && !page->is_ascending) {
        ret_columns->items += extra;
        ret_columns->older = columns->items[extra - 1].bizdate;
    }
}

void grid_date_columns(const struct grid_page *page, struct arena *arena,
                       struct grid_columns *ret_columns)
{
    const struct view_grid *dates = page->dates;
    struct columns columns = {.arena = arena};
    struct civil_date date;
    struct civil_date end = civil_add_days(page->today, 1);
    for (size_t i = 0; i < dates->count; i++) {
        struct civil_date next;
        bool is_last = i + 1 == dates->count;
        add_run(&columns, &dates->items[i]);
        const char *behind = is_last ? dates->newer : dates->items[i + 1].bizdate;
        if (civil_date_parse(dates->items[i].bizdate, &date, NULL) != 0)
            continue;
        if (civil_date_parse(behind, &next, NULL) != 0)
            next = end;
        size_t before = columns.count;
        add_holes(page, civil_add_days(date, 1), next, &columns);
        /* nobody has run it for long: that is not news in the last column */
        if (behind[0] == '\0' && columns.count > before && columns.items[before].is_gap)
            columns.count = before;
    }
    cut(page, &columns, ret_columns);
}

/* ---- the times of one day ---- */

static int compare_column(const struct grid_column *column, const char *cyctime, bool is_second)
{
    int order = strcmp(column->cyctime, cyctime);
    return order != 0 ? order : (int)column->is_second - (int)is_second;
}

static void add_day_run(struct columns *columns, const struct view_grid_date *date, size_t *next)
{
    const struct view_grid_run *run = &date->runs[(*next)++];
    add_column(columns, (struct grid_column){.bizdate = date->bizdate,
                                             .cyctime = run->cyctime,
                                             .is_second = run->is_second,
                                             .run = run,
                                             .run_count = 1});
}

/* The runs' times and the schedule's, merged. */
static void merge_times(const struct view_grid_date *date, const struct plan_times *times,
                        struct columns *columns)
{
    size_t next = 0;
    for (size_t i = 0; i < times->count; i++) {
        char text[CIVIL_TIME_BYTES];
        struct grid_column planned = {.bizdate = date->bizdate,
                                      .is_second = times->items[i].is_second};
        civil_time_format(times->items[i].planned, text);
        planned.cyctime = arena_copy_string(columns->arena, text);
        while (next < date->count &&
               compare_column(&planned, date->runs[next].cyctime, date->runs[next].is_second) > 0)
            add_day_run(columns, date, &next);
        if (next < date->count &&
            compare_column(&planned, date->runs[next].cyctime, date->runs[next].is_second) == 0)
            add_day_run(columns, date, &next);
        else
            add_column(columns, planned);
    }
    while (next < date->count)
        add_day_run(columns, date, &next);
}

void grid_time_columns(const struct grid_page *page, const char *until, struct arena *arena,
                       struct grid_columns *ret_columns)
{
    const struct view_grid_date *date = &page->dates->items[0];
    struct columns columns = {.arena = arena};
    struct plan_times times = {0};
    struct plan_date asked = {0};
    if (page->flow != NULL && page->flow->schedule.rule_count > 0 &&
        civil_date_parse(date->bizdate, &asked.bizdate, NULL) == 0 &&
        plan_planned_times(page->flow, asked, arena, &times, NULL) != 0)
        times.count = 0;
    if (times.is_off_schedule)
        times.count = 0;
    merge_times(date, &times, &columns);
    size_t end = columns.count;
    while (until[0] != '\0' && end > 1 && strcmp(columns.items[end - 1].cyctime + 11, until) > 0)
        end--;
    size_t begin = end > page->limit ? end - page->limit : 0;
    size_t after = end + page->limit < columns.count ? end + page->limit : columns.count;
    *ret_columns = (struct grid_columns){
        .items = columns.items + begin,
        .count = end - begin,
        .older = begin > 0 ? columns.items[begin - 1].cyctime + 11 : "",
        .newer = end < columns.count ? columns.items[after - 1].cyctime + 11 : ""};
}

enum run_state grid_day_state(const struct view_grid_date *date)
{
    static const enum run_state order[] = {RUN_RUNNING, RUN_WAITING, RUN_FAILED, RUN_STOPPED};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        for (size_t k = 0; k < date->count; k++)
            if (date->runs[k].state == order[i])
                return order[i];
    return RUN_SUCCESS;
}
