#include "scheduler/base/scope.h"
#include "scheduler/daemon/backfill.h"

#include <string.h>

#define BIT(state) (1u << (state))
#define ALL_DATES (BIT(DATE_STATE_COUNT) - 1)

/* How far back the date before one is looked for, in steps: dates that are left out and dates on
 * which nothing is planned stand between them. */
static const int32_t reaches[] = {64, 512, 4096};

/* A search for the date of a run among all of a backfill. */
#define SCAN_DATES 1000

/* ---- dates ---- */

int backfill_next(struct backfill *backfill, const struct store_date **ret_date, struct error *err)
{
    *ret_date = NULL;
    if (backfill->page_next == backfill->page.count && !backfill->is_at_end &&
        !backfill->must_commit) {
        struct load_dates_of next = {backfill->row.id, BIT(DATE_WAITING), backfill->after,
                                     BACKFILL_PAGE_DATES};
        arena_free(&backfill->page_arena);
        backfill->page = (struct load_dates){0};
        backfill->page_next = 0;
        if (load_dates(backfill->daemon->store, &next, &backfill->page_arena, &backfill->page,
                       err) < 0)
            return -1;
        backfill->is_at_end = backfill->page.count < BACKFILL_PAGE_DATES;
        if (backfill->page.count > 0)
            backfill->after = backfill->page.items[backfill->page.count - 1].position;
    }
    if (backfill->page_next < backfill->page.count)
        *ret_date = &backfill->page.items[backfill->page_next++];
    return 0;
}

int backfill_find_date(struct backfill *backfill, struct daemon_run *run, struct error *err)
{
    if (run->position >= 0)
        return 0;
    struct load_dates_of which = {backfill->row.id, ALL_DATES, -1, SCAN_DATES};
    size_t count = SCAN_DATES;
    while (count == SCAN_DATES) {
        SCOPED_ARENA struct arena arena = {0};
        struct load_dates dates;
        if (load_dates(backfill->daemon->store, &which, &arena, &dates, err) < 0)
            return -1;
        count = dates.count;
        for (size_t i = 0; i < count; i++) {
            if (dates.items[i].run_id != run->id || dates.items[i].state == DATE_LEFT_OUT)
                continue;
            run->position = dates.items[i].position;
            run->date_state = dates.items[i].state;
            return 0;
        }
        if (count > 0)
            which.after = dates.items[count - 1].position;
    }
    run->backfill_id = 0; /* the backfill has made another run of that date since */
    return 0;
}

int backfill_read_definition(struct backfill *backfill, struct error *err)
{
    if (backfill->definition != NULL)
        return 0;
    return restore_definition(backfill->daemon, backfill->row.version_id, &backfill->definition,
                              err);
}

/* ---- needs between dates ---- */

/* The last date before a position that is none of those left out, if it has that time. */
static int find_before(const struct backfill *backfill, const struct backfill_need *need,
                       struct arena *arena, const struct store_date **ret_date)
{
    int32_t before = need->run->position;
    *ret_date = NULL;
    for (size_t i = 0; i < sizeof reaches / sizeof reaches[0]; i++) {
        int32_t after = before - 1 - reaches[i];
        struct load_dates_of which = {backfill->row.id, ALL_DATES & ~BIT(DATE_LEFT_OUT),
                                      after < -1 ? -1 : after, reaches[i]};
        struct load_dates dates;
        if (load_dates(backfill->daemon->store, &which, arena, &dates, NULL) < 0)
            return -1;
        size_t count = dates.count;
        while (count > 0 && dates.items[count - 1].position >= before)
            count--;
        if (count > 0) {
            const struct store_date *last = &dates.items[count - 1];
            if (strcmp(last->cyctime, need->cyctime) == 0 && last->is_second == need->is_second)
                *ret_date = last;
            return 0;
        }
        if (after < 0)
            return 0;
    }
    return 0;
}

static enum backfill_verdict look_in_memory(struct daemon *daemon, const struct daemon_run *run,
                                            const char *node)
{
    struct engine_task task;
    size_t index = flow_find_node(run->plan->flow, node);
    if (index == FLOW_NONE ||
        engine_look(daemon->engine, run->id, (uint32_t)index, &task, NULL) < 0)
        return BACKFILL_NEED_OPEN;
    return task_states[task.state].lets_go_on ? BACKFILL_NEED_MET : BACKFILL_NEED_OPEN;
}

/* Of a date that did not end well some nodes may have. */
static enum backfill_verdict look_in_store(struct daemon *daemon, int64_t run_id, const char *node,
                                           struct arena *arena)
{
    struct load_run row;
    if (run_id == 0 || load_run(daemon->store, run_id, arena, &row, NULL) < 0)
        return BACKFILL_NEED_HOPELESS;
    for (size_t i = 0; i < row.node_count; i++) {
        if (strcmp(row.nodes[i].name, node) == 0 && task_states[row.nodes[i].state].lets_go_on)
            return BACKFILL_NEED_MET;
    }
    return BACKFILL_NEED_HOPELESS;
}

static enum backfill_verdict look_at_date(struct daemon *daemon, const struct store_date *date,
                                          const char *node, struct arena *arena)
{
    const struct daemon_run *run;
    switch (date->state) {
    case DATE_WAITING:
        return BACKFILL_NEED_OPEN;
    case DATE_OPEN:
        run = daemon_runs_find(daemon, date->run_id);
        return run == NULL ? BACKFILL_NEED_OPEN : look_in_memory(daemon, run, node);
    case DATE_SUCCESS:
        return BACKFILL_NEED_MET;
    case DATE_IN_CONFLICT: /* with a run that is not the backfill's */
        return BACKFILL_NEED_HOPELESS;
    case DATE_FAILED:
    case DATE_STOPPED:
    case DATE_BLOCKED:
        return look_in_store(daemon, date->run_id, node, arena);
    case DATE_LEFT_OUT:
        break;
    }
    return BACKFILL_NEED_OUTSIDE;
}

int backfill_look_need(struct daemon *daemon, const struct backfill_need *need, struct arena *arena,
                       enum backfill_verdict *ret_verdict, const char **ret_why)
{
    struct backfill *backfill;
    const struct store_date *date;
    *ret_verdict = BACKFILL_NEED_OUTSIDE;
    *ret_why = "";
    if (backfill_load(daemon, need->run->backfill_id, &backfill, NULL) < 0 ||
        need->run->position < 0)
        return 0;
    if (find_before(backfill, need, arena, &date) < 0)
        return -1;
    if (date == NULL)
        return 0;
    *ret_verdict = look_at_date(daemon, date, need->node, arena);
    if (*ret_verdict == BACKFILL_NEED_HOPELESS)
        *ret_why =
            arena_format(arena, "needs %s, which %s%s", date->bizdate,
                         date->state == DATE_FAILED ? "" : "is ", date_state_name(date->state));
    return 0;
}
