#include "scheduler/daemon/backfill_tell.h"

#include "scheduler/base/scope.h"
#include "scheduler/daemon/explain_text.h"
#include "scheduler/plan/plan_time.h"
#include "scheduler/system/clock.h"

#include <string.h>

void backfill_tell_fill(const struct backfill *backfill, struct notice *notice)
{
    const struct store_backfill *row = &backfill->row;
    notice->backfill_id = row->id;
    notice->flow = row->flow;
    notice->state = backfill_state_name(row->state);
    notice->reason = row->state_reason;
    if (row->state == BACKFILL_RUNNING && !watch_drives_backfill(backfill->daemon, row->id))
        notice->reason = BACKFILL_UNDRIVEN;
    notice->total = backfill_total(backfill);
    notice->done = backfill_done(backfill);
    notice->failed = backfill_failed(backfill);
    notice->running = backfill->counts.items[DATE_OPEN];
    notice->dates_parallel = row->parallel;
}

/* ---- where its dates are ---- */

static const char *show_date(const struct daemon_run *run, struct arena *arena)
{
    const struct plan *plan = run->plan;
    if (plan_schedule_is_daily(plan->flow))
        return plan->bizdate_text;
    return arena_format(arena, "%s %.5s%s", plan->bizdate_text, plan->cyctime_text + 11,
                        plan->is_second ? " (second)" : "");
}

/* The attempt that runs longest. */
static const struct daemon_attempt *find_running(const struct daemon *daemon, int64_t run_id)
{
    const struct daemon_attempt *first = NULL;
    for (size_t i = 0; i < daemon->attempt_count; i++) {
        const struct daemon_attempt *each = &daemon->attempts[i];
        if (each->run_id == run_id && each->started.us != 0 &&
            (first == NULL || instant_compare(each->started, first->started) < 0))
            first = each;
    }
    return first;
}

static void describe_run(const struct daemon *daemon, const struct daemon_run *run,
                         struct text *text)
{
    struct engine_run_facts facts;
    char elapsed[DURATION_TEXT_BYTES];
    struct error problem = {0};
    const struct daemon_attempt *running = find_running(daemon, run->id);
    if (restore_check(run, &problem) < 0) {
        text_append(text, problem.text);
        return;
    }
    if (running != NULL) {
        text_append_format(
            text, "%s %s", run->plan->nodes[running->node].node->name,
            duration_format(instant_elapsed(running->started, clock_now()), elapsed));
        return;
    }
    if (engine_look_run(daemon->engine, run->id, &facts, NULL) == 0 &&
        facts.hold == RUN_HOLD_NO_SCHEDULER) {
        text_append(text, run_hold_name(RUN_HOLD_NO_SCHEDULER));
        return;
    }
    for (uint32_t i = 0; i < run->plan->node_count; i++) {
        struct engine_task task;
        if (engine_look(daemon->engine, run->id, i, &task, NULL) < 0 ||
            task.state != TASK_WAITING || task.reason == TASK_REASON_UPSTREAM)
            continue;
        text_append_format(text, "%s ", run->plan->nodes[i].node->name);
        explain_in_short(daemon, run, i, &task, text);
        return;
    }
}

static size_t list_runs(const struct backfill *backfill, struct arena *arena,
                        struct notice_item *items)
{
    const struct daemon *daemon = backfill->daemon;
    size_t count = 0;
    for (size_t i = 0; i < daemon->run_count && count < BACKFILL_MAX_ITEMS; i++) {
        const struct daemon_run *run = daemon->runs[i];
        if (run->backfill_id != backfill->row.id || run->is_over || run->date_state != DATE_OPEN)
            continue;
        SCOPED_TEXT struct text text = {0};
        describe_run(daemon, run, &text);
        items[count++] = (struct notice_item){show_date(run, arena),
                                              arena_copy_string(arena, text_string(&text))};
    }
    return count;
}

/* ---- telling ---- */

static void make_notice(const struct backfill *backfill, struct arena *arena,
                        struct notice_item *items, struct notice *notice)
{
    *notice = (struct notice){.kind = NOTICE_KIND_BACKFILL, .at = clock_now(), .items = items};
    backfill_tell_fill(backfill, notice);
    notice->item_count = list_runs(backfill, arena, items);
}

void backfill_tell_one(struct backfill *backfill, struct daemon_watcher *watcher)
{
    SCOPED_ARENA struct arena arena = {0};
    struct notice_item items[BACKFILL_MAX_ITEMS];
    struct notice notice;
    make_notice(backfill, &arena, items, &notice);
    watcher->tell(watcher->owner, &notice);
}

static void on_time(void *owner);

/* The next notice: soon when something has changed, later when dates only grow older. */
static void tell_later(struct backfill *backfill)
{
    struct loop *loop = backfill->daemon->loop;
    bool is_set = loop_timer_is_set(&backfill->tell_timer);
    if (!watch_has_backfill(backfill->daemon, backfill->row.id)) {
        loop_cancel_timer(loop, &backfill->tell_timer);
        return;
    }
    if (is_set && (!backfill->has_news || !backfill->is_told_again))
        return;
    if (!backfill->has_news && backfill->counts.items[DATE_OPEN] == 0)
        return;
    backfill->tell_timer.call = on_time;
    backfill->tell_timer.owner = backfill;
    backfill->is_told_again = !backfill->has_news;
    loop_set_timer(loop, &backfill->tell_timer,
                   duration_ms(backfill->has_news ? BACKFILL_TELL_MS : BACKFILL_REFRESH_MS));
}

static void tell_all(struct backfill *backfill)
{
    SCOPED_ARENA struct arena arena = {0};
    struct notice_item items[BACKFILL_MAX_ITEMS];
    struct notice notice;
    make_notice(backfill, &arena, items, &notice);
    backfill->has_news = false;
    backfill->must_tell = false;
    loop_cancel_timer(backfill->daemon->loop, &backfill->tell_timer);
    watch_tell_backfill(backfill->daemon, backfill->row.id, &notice);
    tell_later(backfill);
}

/* What is not committed is told after the commit. */
static void on_time(void *owner)
{
    struct backfill *backfill = owner;
    if (backfill->daemon->turn.backfills.first == NULL)
        tell_all(backfill);
    else
        backfill->has_news = true;
}

void backfill_tell_turn(struct daemon *daemon, const struct turn *done)
{
    for (const struct turn_backfill *item = done->backfills.first; item != NULL;
         item = item->next) {
        if (item->is_end)
            watch_tell_backfill(daemon, item->backfill->row.id, &item->notice);
    }
    for (struct backfill *each = daemon->backfills; each != NULL; each = each->next) {
        if (each->must_tell && !each->is_in_turn)
            tell_all(each);
        else
            tell_later(each);
    }
}
