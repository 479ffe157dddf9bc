/* Which messages there are, and what they say. */
#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/daemon/backfill.h"
#include "scheduler/daemon/outbox.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* Facts by name, all of them text; what is not set is "". */
struct facts {
    enum notify_event event;
    const struct flow *flow; /* NULL = not known */
    const char *flow_name;
    const struct project *project;
    const char *text;
    const char *run;
    const char *bizdate;
    const char *cyctime;
    const char *state;
    const char *node;
    const char *reason;
    const char *backfill;
    const char *count;
    const char *deadline;
    const char *opening;
};

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static const char *write_facts(const struct facts *facts, struct arena *arena)
{
    char host[256] = "";
    char time[ZONE_RFC3339_BYTES] = "";
    const char *slash = strrchr(facts->project->dir, '/');
    SCOPED_TEXT struct text text = {0};
    struct zone *utc = NULL;
    struct json_out json;
    gethostname(host, sizeof host - 1);
    if (facts->flow != NULL)
        zone_format_rfc3339(facts->flow->zone, clock_now(), time);
    else if (zone_load("UTC", &utc, NULL) == 0)
        zone_format_rfc3339(utc, clock_now(), time);
    zone_free(utc);
    const struct node_setting pairs[] = {
        {"event", notify_event_name(facts->event)},
        {"text", facts->text},
        {"flow", facts->flow_name},
        {"title", facts->flow == NULL ? "" : facts->flow->title},
        {"owner", facts->flow == NULL ? "" : facts->flow->owner},
        {"run", facts->run},
        {"bizdate", facts->bizdate},
        {"cyctime", facts->cyctime},
        {"state", facts->state},
        {"node", facts->node},
        {"reason", facts->reason},
        {"backfill", facts->backfill},
        {"count", facts->count},
        {"deadline", facts->deadline},
        {"opening", facts->opening},
        {"host", host},
        {"time", time},
        {"project", slash == NULL ? facts->project->dir : slash + 1},
    };
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        json_out_pair_string(&json, pairs[i].name, or_empty(pairs[i].text));
    json_out_end_object(&json);
    return arena_copy(arena, text_string(&text), text.length);
}

static struct facts facts_of_run(struct daemon *daemon, const struct daemon_run *run,
                                 enum notify_event event, int32_t opening)
{
    const struct plan *plan = run->plan;
    struct arena *arena = &daemon->turn.arena;
    return (struct facts){.event = event,
                          .flow = plan->flow,
                          .flow_name = plan->flow->name,
                          .project = daemon->project,
                          .run = arena_format(arena, "%" PRId64, run->id),
                          .bizdate = plan->bizdate_text,
                          .cyctime = plan->cyctime_text,
                          .opening = arena_format(arena, "%d", opening)};
}

/* NULL: nobody is told of such a run. */
static const struct flow_notify *notify_of(const struct daemon_run *run)
{
    const struct flow_notify *notify = run->plan->flow->notify;
    bool is_told = run->is_scheduled || (notify != NULL && notify->tells_manual);
    return run->backfill_id == 0 && is_told ? notify : NULL;
}

static int32_t opening_of(const struct daemon *daemon, const struct daemon_run *run)
{
    struct engine_run_facts facts = {.opening = 1};
    engine_look_run(daemon->engine, run->id, &facts, NULL);
    return facts.opening;
}

static const char *reason_of(const struct daemon *daemon, const struct record_task *task)
{
    if (task->why == TASK_WHY_WAIT_TIMEOUT)
        return "waited too long for what was not there";
    for (const struct turn_end *end = daemon->turn.ends.first; end != NULL; end = end->next) {
        if (end->run_id == task->run_id && end->node == task->node)
            return end->result.reason;
    }
    return "";
}

static void tell_failure(struct daemon *daemon, const struct daemon_run *run, const char *node,
                         const char *reason)
{
    struct arena *arena = &daemon->turn.arena;
    const struct flow_notify *notify = notify_of(run);
    if (notify == NULL || notify->channels[NOTIFY_FAILURE].count == 0)
        return;
    int32_t opening = opening_of(daemon, run);
    struct facts facts = facts_of_run(daemon, run, NOTIFY_FAILURE, opening);
    facts.state = "failed";
    facts.node = node;
    facts.reason = reason;
    facts.text =
        arena_format(arena, "%s of %s failed%s%s%s%s", facts.flow_name, facts.bizdate,
                     node[0] != '\0' ? ": " : "", node, reason[0] != '\0' ? ": " : "", reason);
    outbox_add(daemon, &notify->channels[NOTIFY_FAILURE],
               &(struct outbox_words){
                   NOTIFY_FAILURE,
                   arena_format(arena, "failure of run %" PRId64 ".%d", run->id, opening),
                   write_facts(&facts, arena)});
}

static void note_task(struct daemon *daemon, const struct record_task *task)
{
    bool is_end = task->why == TASK_WHY_ENDED || task->why == TASK_WHY_WAIT_TIMEOUT;
    const struct daemon_run *run =
        task->state == TASK_FAILED && is_end ? daemon_runs_find(daemon, task->run_id) : NULL;
    if (run != NULL)
        tell_failure(daemon, run, run->plan->nodes[task->node].node->name, reason_of(daemon, task));
}

static void tell_success(struct daemon *daemon, const struct daemon_run *run)
{
    struct arena *arena = &daemon->turn.arena;
    const struct flow_notify *notify = notify_of(run);
    if (notify == NULL || notify->channels[NOTIFY_SUCCESS].count == 0)
        return;
    int32_t opening = opening_of(daemon, run);
    struct facts facts = facts_of_run(daemon, run, NOTIFY_SUCCESS, opening);
    facts.state = "success";
    facts.text = arena_format(arena, "%s of %s succeeded", facts.flow_name, facts.bizdate);
    outbox_add(daemon, &notify->channels[NOTIFY_SUCCESS],
               &(struct outbox_words){
                   NOTIFY_SUCCESS,
                   arena_format(arena, "success of run %" PRId64 ".%d", run->id, opening),
                   write_facts(&facts, arena)});
}

static void note_run(struct daemon *daemon, const struct record_run *record)
{
    struct daemon_run *run = daemon_runs_find(daemon, record->run_id);
    struct engine_run_facts facts;
    if (run == NULL || !run_state_is_final(record->state))
        return;
    outbox_look_late(daemon, run);
    if (record->state == RUN_SUCCESS)
        tell_success(daemon, run);
    /* Blocked by what somebody has frozen: no node has failed, and it failed all the same. */
    else if (record->state == RUN_FAILED &&
             engine_look_run(daemon->engine, run->id, &facts, NULL) == 0 &&
             facts.counts[TASK_FAILED] + facts.counts[TASK_STOPPED] == 0)
        tell_failure(daemon, run, "", "nodes are blocked");
}

/* ---- backfills ---- */

static void note_backfill(struct daemon *daemon, const struct backfill *backfill)
{
    struct arena *arena = &daemon->turn.arena;
    const struct flow *flow = backfill->definition == NULL ? NULL : backfill->definition->flow;
    const struct project *project = daemon->project;
    const struct flow_notify *notify = flow != NULL ? flow->notify : &project->notify->defaults;
    bool is_fine = backfill->row.state == BACKFILL_SUCCESS;
    bool has_paused = backfill->row.state == BACKFILL_PAUSED && backfill->row.max_failures > 0 &&
                      backfill->row.opening_failures >= backfill->row.max_failures;
    bool is_over = is_fine || has_paused || backfill->row.state == BACKFILL_FAILED;
    enum notify_event event = is_fine ? NOTIFY_SUCCESS : NOTIFY_FAILURE;
    if (!is_over || notify == NULL || notify->channels[event].count == 0)
        return;
    int64_t failed = backfill_failed(backfill);
    int64_t total = backfill_total(backfill);
    struct facts facts = {.event = event,
                          .flow = flow,
                          .flow_name = backfill->row.flow,
                          .project = project,
                          .state = backfill_state_name(backfill->row.state),
                          .reason = backfill->row.state_reason,
                          .backfill = arena_format(arena, "%" PRId64, backfill->row.id),
                          .count = arena_format(arena, "%" PRId64, is_fine ? total : failed)};
    facts.text =
        is_fine ? arena_format(arena, "backfill %s of %s: all %" PRId64 " dates succeeded",
                               facts.backfill, facts.flow_name, total)
                : arena_format(arena, "backfill %s of %s: %" PRId64 " of %" PRId64 " dates failed",
                               facts.backfill, facts.flow_name, failed, total);
    outbox_add(
        daemon, &notify->channels[event],
        &(struct outbox_words){event,
                               arena_format(arena, "%s of backfill %s opened %" PRId64, facts.state,
                                            facts.backfill, backfill->row.opened_at.us),
                               write_facts(&facts, arena)});
}

void outbox_note(struct daemon *daemon)
{
    struct turn *turn = &daemon->turn;
    for (; turn->told < turn->actions.count; turn->told++) {
        const struct action *action = &turn->actions.items[turn->told];
        if (action->kind == ACTION_RECORD_TASK)
            note_task(daemon, &action->task);
        else if (action->kind == ACTION_RECORD_RUN)
            note_run(daemon, &action->run);
    }
    for (const struct turn_backfill *item = turn->backfills.first; item != NULL;
         item = item->next) {
        if (item->kind == TURN_BACKFILL_SET)
            note_backfill(daemon, item->backfill);
    }
}

/* ---- deadlines ---- */

static struct instant deadline_of(const struct plan *plan, const struct flow_notify *notify)
{
    int32_t seconds = (int32_t)(notify->deadline.us / DURATION_SECOND_US);
    struct civil_time time = {.date = plan->planned.date,
                              .hour = seconds / 3600,
                              .minute = seconds / 60 % 60,
                              .second = seconds % 60};
    if (notify->is_deadline_after)
        return instant_add(plan->firing, notify->deadline);
    struct instant at = zone_find_local(plan->flow->zone, time).first;
    if (instant_compare(at, plan->firing) > 0)
        return at;
    time.date = civil_add_days(time.date, 1);
    return zone_find_local(plan->flow->zone, time).first;
}

struct instant outbox_look_late(struct daemon *daemon, struct daemon_run *run)
{
    struct arena *arena = &daemon->turn.arena;
    const struct flow_notify *notify = run->is_scheduled ? notify_of(run) : NULL;
    char text[ZONE_RFC3339_BYTES];
    if (notify == NULL || !notify->has_deadline || notify->channels[NOTIFY_LATE].count == 0 ||
        run->is_late_told)
        return INSTANT_NEVER;
    struct instant at = deadline_of(run->plan, notify);
    if (instant_compare(at, clock_now()) > 0)
        return at;
    run->is_late_told = true;
    struct engine_run_facts look = {.state = RUN_RUNNING, .opening = 1};
    engine_look_run(daemon->engine, run->id, &look, NULL);
    struct facts facts = facts_of_run(daemon, run, NOTIFY_LATE, look.opening);
    zone_format_rfc3339(run->plan->flow->zone, at, text);
    facts.deadline = arena_format(arena, "%.10s %.5s", text, text + 11);
    facts.state = run_state_name(look.state);
    facts.text = arena_format(arena, "%s of %s is late: %s at %s", facts.flow_name, facts.bizdate,
                              facts.state, facts.deadline);
    outbox_add(daemon, &notify->channels[NOTIFY_LATE],
               &(struct outbox_words){NOTIFY_LATE,
                                      arena_format(arena, "deadline of run %" PRId64, run->id),
                                      write_facts(&facts, arena)});
    return INSTANT_NEVER;
}

const char *outbox_test_facts(const struct project *project, struct arena *arena)
{
    struct facts facts = {.event = NOTIFY_TEST,
                          .flow_name = "example",
                          .project = project,
                          .text = "a test of datemill: example of 2021-11-11 failed: load: exit 1",
                          .run = "0",
                          .bizdate = "2021-11-11",
                          .cyctime = "2021-11-12T00:30:00",
                          .state = "failed",
                          .node = "load",
                          .reason = "exit 1"};
    return write_facts(&facts, arena);
}
