#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/text.h"
#include "scheduler/daemon/daemon_state.h"
#include "scheduler/system/clock.h"

#include <stdlib.h>
#include <string.h>

/* Attempts of a keeper that the engine does not know of: nothing to do but to let it forget. */
static void forget(struct daemon *daemon, int64_t attempt_id)
{
    keeper_client_settled(daemon->keeper, &attempt_id, 1);
}

static void add_end(struct daemon *daemon, const struct daemon_attempt *attempt,
                    const struct keeper_end *end, struct attempt_outcome *ret_outcome)
{
    struct arena *arena = &daemon->turn.arena;
    const struct daemon_run *run = daemon_runs_find(daemon, attempt->run_id);
    const struct node_type *type = run->plan->nodes[attempt->node].node->type;
    size_t stem = strlen(attempt->log_path) - strlen(".log");
    struct attempt_files files = {
        .node = run->plan->nodes[attempt->node].node->name,
        .log_path = arena_format(arena, "%s/%s", daemon->place.state_dir, attempt->log_path),
        .events_path = !attempt->has_events
                           ? NULL
                           : arena_format(arena, "%s/%.*s.events", daemon->place.state_dir,
                                          (int)stem, attempt->log_path)};
    struct turn_end *item = arena_alloc(arena, sizeof *item);
    item->run_id = attempt->run_id;
    item->node = attempt->node;
    item->number = attempt->number;
    item->elapsed = end->elapsed;
    item->log_path = end->log_bytes > 0 ? files.log_path : "";
    attempt_result_make(type, end, &files, arena, &item->result);
    item->row = (struct store_end){.attempt_id = attempt->id,
                                   .code = "",
                                   .reason = item->result.reason,
                                   .cpu = {end->cpu_user.us + end->cpu_system.us},
                                   .peak_bytes = end->peak_memory,
                                   .log_bytes = end->log_bytes,
                                   .log_lost_bytes = end->log_lost_bytes,
                                   .leftovers = end->leftovers_killed,
                                   .tables = item->result.tables,
                                   .table_count = item->result.table_count,
                                   .outputs = item->result.outputs,
                                   .output_count = item->result.output_count};
    TURN_ADD(daemon->turn.ends, item);
    *ret_outcome = item->result.outcome;
}

void keeper_link_end(struct daemon *daemon, const struct keeper_end *end)
{
    const struct daemon_attempt *attempt = daemon_runs_find_attempt(daemon, end->attempt_id);
    if (attempt == NULL) {
        forget(daemon, end->attempt_id);
        return;
    }
    struct event event = {.kind = EVENT_ATTEMPT_ENDED,
                          .attempt = {.id = end->attempt_id, .at = end->ended}};
    add_end(daemon, attempt, end, &event.attempt.outcome);
    daemon_step(daemon, &event, NULL);
}

static void note_started(struct daemon *daemon, const struct keeper_started *started)
{
    struct daemon_attempt *attempt = daemon_runs_find_attempt(daemon, started->attempt_id);
    if (attempt == NULL)
        return;
    bool is_known = attempt->started.us != 0;
    attempt->started = started->at;
    struct event event = {.kind = EVENT_ATTEMPT_STARTED,
                          .attempt = {.id = started->attempt_id, .at = started->at}};
    /* The engine hears of a known start too: it says again a stop that may have been lost. */
    if (daemon_step(daemon, &event, NULL) < 0 || is_known)
        return;
    struct turn_started *item = arena_alloc(&daemon->turn.arena, sizeof *item);
    item->attempt_id = started->attempt_id;
    item->pid = started->pid;
    TURN_ADD(daemon->turn.started, item);
}

static void note_revoked(struct daemon *daemon, int64_t attempt_id)
{
    struct event event = {.kind = EVENT_ATTEMPT_REVOKED, .attempt = {.id = attempt_id}};
    if (daemon_step(daemon, &event, NULL) == 0)
        daemon_runs_remove_attempt(daemon, attempt_id);
}

/* ---- the greeting ---- */

static void begin_snapshot(struct daemon *daemon, const struct keeper_welcome *welcome)
{
    memcpy(daemon->boot_id, welcome->boot_id, sizeof daemon->boot_id);
    daemon->known_count = 0;
    arena_free(&daemon->known_arena);
    watch_set_trouble(daemon, TROUBLE_KEEPER, NULL); /* that of the keeper before, perhaps */
    if (!welcome->is_draining)
        return;
    SCOPED_TEXT struct text text = {0};
    text_append_format(&text,
                       "the running datemill-keeper (process %lld) ends when what it runs is done, "
                       "since a newer datemill has been here; until then nothing new starts",
                       (long long)welcome->pid);
    watch_set_trouble(daemon, TROUBLE_KEEPER, text_string(&text));
}

static void add_known(struct daemon *daemon, const struct keeper_attempt *attempt)
{
    static const enum recover_kind kinds[] = {RECOVER_QUEUED, RECOVER_RUNNING, RECOVER_ENDED};
    size_t capacity = daemon->known_capacity;
    daemon->known =
        memory_grow(daemon->known, daemon->known_count, &capacity, sizeof *daemon->known);
    daemon->known_ends = memory_grow(daemon->known_ends, daemon->known_count,
                                     &daemon->known_capacity, sizeof *daemon->known_ends);
    struct recover_known *known = &daemon->known[daemon->known_count];
    *known = (struct recover_known){
        .attempt_id = attempt->attempt_id, .kind = kinds[attempt->state], .at = attempt->started};
    daemon->known_ends[daemon->known_count] = (struct keeper_end){0};
    if (attempt->state == KEEPER_ATTEMPT_ENDED) {
        known->at = attempt->end.ended;
        daemon->known_ends[daemon->known_count] = attempt->end;
        daemon->known_ends[daemon->known_count].text =
            arena_copy_string(&daemon->known_arena, attempt->end.text);
    }
    daemon->known_count++;
}

static int compare_known(const void *a, const void *b)
{
    const struct recover_known *left = a;
    const struct recover_known *right = b;
    return (left->attempt_id > right->attempt_id) - (left->attempt_id < right->attempt_id);
}

static const struct keeper_end *find_known_end(const struct daemon *daemon, int64_t attempt_id)
{
    for (size_t i = 0; i < daemon->known_count; i++) {
        if (daemon->known_ends[i].attempt_id == attempt_id)
            return &daemon->known_ends[i];
    }
    return NULL;
}

/* An end that the keeper knows is worked in with all it tells; of a lost one there is nothing. */
static void apply_end(struct daemon *daemon, const struct event *event)
{
    const struct keeper_end *known = find_known_end(daemon, event->attempt.id);
    struct keeper_end lost = {.attempt_id = event->attempt.id,
                              .kind = KEEPER_END_LOST,
                              .ended = event->attempt.at,
                              .text = ""};
    keeper_link_end(daemon, known == NULL ? &lost : known);
}

static void apply_recovered(struct daemon *daemon, const struct recover_result *result)
{
    for (size_t i = 0; i < result->event_count; i++) {
        struct event event = result->events[i];
        if (event.kind == EVENT_ATTEMPT_ENDED) {
            apply_end(daemon, &event);
        } else if (event.kind == EVENT_ATTEMPT_STARTED) {
            struct keeper_started started = {.attempt_id = event.attempt.id,
                                             .at = event.attempt.at};
            note_started(daemon, &started);
        } else {
            daemon_step(daemon, &event, NULL);
        }
    }
    for (size_t i = 0; i < result->orders.count; i++) {
        const struct action *order = &result->orders.items[i];
        if (order->kind == ACTION_REVOKE)
            keeper_client_revoke(daemon->keeper, order->order.attempt_id);
        else
            keeper_client_stop(daemon->keeper, order->order.attempt_id, order->order.is_kill);
    }
}

/* The attempts that are open: in the engine, their boots in the store. */
static struct recover_open *open_attempts(struct daemon *daemon, size_t *ret_count)
{
    size_t count;
    struct engine_open_attempt *open = engine_open_attempts(daemon->engine, &count);
    struct recover_open *result = memory_new(count, sizeof *result);
    for (size_t i = 0; i < count; i++) {
        struct arena arena = {0};
        struct load_attempt row;
        bool is_other_boot =
            load_attempt(daemon->store, open[i].attempt_id, &arena, &row, NULL) == 0 &&
            row.boot_id[0] != '\0' && strcmp(row.boot_id, daemon->boot_id) != 0;
        result[i] = (struct recover_open){.attempt_id = open[i].attempt_id,
                                          .is_running = open[i].is_running,
                                          .is_this_boot = !is_other_boot};
        arena_free(&arena);
    }
    free(open);
    *ret_count = count;
    return result;
}

static void end_snapshot(struct daemon *daemon)
{
    size_t open_count;
    struct recover_open *open = open_attempts(daemon, &open_count);
    struct recover_known *sorted = memory_new(daemon->known_count, sizeof *sorted);
    if (daemon->known_count > 0)
        memcpy(sorted, daemon->known, daemon->known_count * sizeof *sorted);
    qsort(sorted, daemon->known_count, sizeof *sorted, compare_known);
    for (size_t i = 0; i < daemon->attempt_count; i++)
        daemon->attempts[i].has_events = true; /* nobody listened for a while */
    struct recover_result result = {0};
    recover_events(
        &(struct recover_input){open, open_count, sorted, daemon->known_count, clock_now()},
        &result);
    apply_recovered(daemon, &result);
    for (size_t i = 0; i < daemon->known_count; i++) {
        if (daemon->known[i].kind == RECOVER_ENDED &&
            daemon_runs_find_attempt(daemon, daemon->known[i].attempt_id) == NULL)
            forget(daemon, daemon->known[i].attempt_id);
    }
    recover_result_free(&result);
    free(sorted);
    free(open);
    if (!daemon->has_begun) {
        struct event begin = {.kind = EVENT_BEGIN};
        daemon->has_begun = true;
        daemon_step(daemon, &begin, NULL);
    }
}

static void note_event(struct daemon *daemon, const struct keeper_event *event)
{
    struct daemon_attempt *attempt = daemon_runs_find_attempt(daemon, event->attempt_id);
    if (attempt == NULL)
        return;
    attempt->has_events = true;
    watch_tell_progress(daemon, attempt, event->line);
}

/* What the keeper says of its journal, and where that is. */
static void note_disk(struct daemon *daemon, const struct keeper_disk *disk)
{
    SCOPED_TEXT struct text text = {0};
    char mount[512];
    int64_t available;
    text_append(&text, disk->text);
    if (store_find_space(daemon->place.state_dir, mount, sizeof mount, &available) == 0)
        text_append_format(&text, ": the file system at %s has %.1f MB free; make room there",
                           mount, (double)available / 1e6);
    text_append(&text, "; what runs goes on, and nothing new starts until it can be written");
    watch_set_trouble(daemon, TROUBLE_KEEPER, disk->is_full ? text_string(&text) : NULL);
}

void keeper_link_message(void *owner, const struct keeper_message *message)
{
    struct daemon *daemon = owner;
    switch (message->kind) {
    case KEEPER_WELCOME:
        begin_snapshot(daemon, &message->welcome);
        break;
    case KEEPER_ATTEMPT:
        add_known(daemon, &message->attempt);
        break;
    case KEEPER_SNAPSHOT_END:
        end_snapshot(daemon);
        break;
    case KEEPER_STARTED:
        note_started(daemon, &message->started);
        break;
    case KEEPER_ENDED:
        keeper_link_end(daemon, &message->ended);
        break;
    case KEEPER_EVENT:
        note_event(daemon, &message->event);
        break;
    case KEEPER_REVOKED:
        note_revoked(daemon, message->attempt_id);
        break;
    case KEEPER_DISK:
        note_disk(daemon, &message->disk);
        break;
    case KEEPER_GONE:
        if (message->gone.is_lasting)
            watch_set_trouble(daemon, TROUBLE_KEEPER, message->gone.reason);
        break;
    case KEEPER_HELLO:
    case KEEPER_START:
    case KEEPER_REVOKE:
    case KEEPER_STOP:
    case KEEPER_SETTLED:
    case KEEPER_SET_SLOTS:
        break;
    }
}
