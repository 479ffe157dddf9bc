#include "scheduler/base/scope.h"
#include "scheduler/daemon/backfill.h"
#include "scheduler/flow/flow_need.h"

#include <inttypes.h>
#include <string.h>

#define BIT(state) (1u << (state))
#define ALL_DATES (BIT(DATE_STATE_COUNT) - 1)

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

static bool is_all(const char *node)
{
    return strcmp(node, FLOW_NEED_ALL) == 0;
}

static enum backfill_verdict look_in_memory(struct daemon *daemon, const struct daemon_run *run,
                                            const char *node)
{
    struct engine_task task;
    size_t index = flow_find_node(run->plan->flow, node);
    if (is_all(node))
        return BACKFILL_NEED_OPEN; /* it is met when its date is a success */
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
    for (size_t i = 0; !is_all(node) && i < row.node_count; i++) {
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

/* The backfill that makes runs of the needed flow: the run's own, or one that was asked for with
 * it. NULL: there is none. */
static struct backfill *find_mate(struct daemon *daemon, struct backfill *own, const char *flow)
{
    SCOPED_ARENA struct arena arena = {0};
    struct load_backfills group = {0};
    int64_t leader = own->row.leader_id;
    struct backfill *mate = NULL;
    if (strcmp(own->row.flow, flow) == 0 || leader == 0)
        return strcmp(own->row.flow, flow) == 0 ? own : NULL;
    for (struct backfill *each = daemon->backfills; each != NULL; each = each->next) {
        if (each->row.leader_id == leader && strcmp(each->row.flow, flow) == 0)
            return each;
    }
    if (load_backfill_group(daemon->store, leader, &arena, &group, NULL) < 0)
        return NULL;
    for (size_t i = 0; i < group.count && mate == NULL; i++) {
        if (strcmp(group.items[i].flow, flow) == 0 &&
            backfill_load(daemon, group.items[i].id, &mate, NULL) < 0)
            return NULL;
    }
    return mate;
}

/* Of a backfill of some nodes the others are none of its business. */
static bool leaves_out(struct backfill *backfill, const char *node)
{
    SCOPED_ARENA struct arena arena = {0};
    bool *selected;
    if (backfill->row.selection[0] == '\0')
        return false;
    if (backfill_read_definition(backfill, NULL) < 0 ||
        plan_select(backfill->definition->flow, backfill->row.selection, &arena, &selected, NULL) <
            0)
        return true;
    size_t index = flow_find_node(backfill->definition->flow, node);
    return index == FLOW_NONE || !selected[index];
}

static int look(struct daemon *daemon, struct backfill *backfill, const struct backfill_need *need,
                struct arena *arena, struct store_date *ret_date)
{
    struct civil_time planned;
    char bizdate[CIVIL_DATE_BYTES];
    if (civil_time_parse(need->cyctime, &planned, NULL) < 0)
        return -1;
    struct load_date_of which = {backfill->row.id,
                                 civil_date_format(civil_add_days(planned.date, -1), bizdate),
                                 need->cyctime, need->is_second};
    return load_date(daemon->store, &which, arena, ret_date, NULL);
}

/* Whether what waits of the other one may wait for ever: then a run that needs it holds up the end
 * of its own. */
static bool is_at_rest(const struct backfill *own, const struct backfill *other)
{
    return other != own &&
           (other->row.state == BACKFILL_STOPPED ||
            (other->row.state == BACKFILL_PAUSED && own->row.state != BACKFILL_RUNNING));
}

int backfill_look_need(struct daemon *daemon, const struct backfill_need *need, struct arena *arena,
                       enum backfill_verdict *ret_verdict, const char **ret_why)
{
    struct backfill *own;
    struct store_date date;
    *ret_verdict = BACKFILL_NEED_OUTSIDE;
    *ret_why = "";
    if (backfill_load(daemon, need->run->backfill_id, &own, NULL) < 0 || need->run->position < 0)
        return 0;
    struct backfill *backfill = find_mate(daemon, own, need->flow);
    if (backfill == NULL || leaves_out(backfill, need->node))
        return 0;
    if (look(daemon, backfill, need, arena, &date) < 0)
        return -1;
    if (date.position < 0)
        return 0;
    *ret_verdict = look_at_date(daemon, &date, need->node, arena);
    const char *which = backfill == own ? "" : arena_format(arena, "%s of ", backfill->row.flow);
    if (date.state == DATE_WAITING && is_at_rest(own, backfill)) {
        bool is_stopped = backfill->row.state == BACKFILL_STOPPED;
        *ret_verdict = is_stopped ? BACKFILL_NEED_HOPELESS : BACKFILL_NEED_PUT_OFF;
        *ret_why =
            arena_format(arena, "needs %s%s, whose backfill %" PRId64 " is %s", which, date.bizdate,
                         backfill->row.id, backfill_state_name(backfill->row.state));
    } else if (*ret_verdict == BACKFILL_NEED_HOPELESS) {
        *ret_why =
            arena_format(arena, "needs %s%s, which %s%s", which, date.bizdate,
                         date.state == DATE_FAILED ? "" : "is ", date_state_name(date.state));
    }
    return 0;
}
