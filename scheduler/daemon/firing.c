#include "scheduler/daemon/firing.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/daemon/firing_flow.h"
#include "scheduler/daemon/needs.h"
#include "scheduler/plan/plan_calendar.h"
#include "scheduler/system/clock.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void look(struct firing *firing);

/* ---- the timer ---- */

static void on_soon(void *owner)
{
    look(owner);
}

/* Whether the time has come or the clock was set: what is due is looked at anew. */
static void on_wall_time(void *owner, bool is_clock_set)
{
    struct firing *firing = owner;
    for (size_t i = 0; is_clock_set && i < firing->flow_count; i++)
        firing_flow_check_clock(firing, firing->flows[i]);
    look(firing);
}

static void set_timer(struct firing *firing)
{
    struct loop_wall_options options = {.at = INSTANT_NEVER, .call = on_wall_time, .owner = firing};
    for (size_t i = 0; i < firing->flow_count; i++)
        options.at = instant_earlier(options.at, firing->flows[i]->next);
    if (loop_set_wall_timer(firing->daemon->loop, &options, NULL) < 0)
        loop_set_timer(firing->daemon->loop, &firing->soon, duration_seconds(1));
}

static void look(struct firing *firing)
{
    struct instant now = clock_now();
    bool has_more = false;
    if (firing->is_stopped)
        return;
    for (size_t i = 0; i < firing->flow_count; i++) {
        if (instant_compare(firing->flows[i]->next, now) <= 0)
            has_more |= firing_make_due(firing, firing->flows[i], now);
    }
    if (has_more)
        loop_set_timer(firing->daemon->loop, &firing->soon, duration_ms(0));
    set_timer(firing);
}

void firing_stop(struct firing *firing)
{
    if (firing == NULL || firing->is_stopped)
        return;
    firing->is_stopped = true;
    loop_cancel_timer(firing->daemon->loop, &firing->soon);
    loop_cancel_wall_timer(firing->daemon->loop);
}

/* ---- the files ---- */

/* Where the flow is, or would be. */
static size_t position_of(const struct firing *firing, const char *name)
{
    size_t low = 0;
    size_t high = firing->flow_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(firing->flows[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct firing_flow *find(const struct firing *firing, const char *name)
{
    size_t at = position_of(firing, name);
    bool is_there = at < firing->flow_count && strcmp(firing->flows[at]->name, name) == 0;
    return is_there ? firing->flows[at] : NULL;
}

static struct firing_flow *add(struct firing *firing, const char *name)
{
    firing->flows = memory_grow(firing->flows, firing->flow_count, &firing->flow_capacity,
                                sizeof *firing->flows);
    struct firing_flow *flow = memory_new(1, sizeof *flow);
    flow->name = memory_copy_string(name);
    flow->text = memory_copy_string("");
    flow->next = INSTANT_NEVER;
    size_t at = position_of(firing, name);
    memmove(&firing->flows[at + 1], &firing->flows[at],
            (firing->flow_count - at) * sizeof(struct firing_flow *));
    firing->flows[at] = flow;
    firing->flow_count++;
    return flow;
}

/* Zero for one that is not there. */
static struct firing_stamp stamp_of(const struct firing *firing, const char *path)
{
    SCOPED_FD int folder =
        open(firing->daemon->place.project_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat status;
    if (folder < 0 || fstatat(folder, path, &status, 0) < 0)
        return (struct firing_stamp){0};
    return (struct firing_stamp){
        .changed = status.st_ctim, .size = status.st_size, .number = status.st_ino};
}

static bool is_same_stamp(const struct firing_stamp *a, const struct firing_stamp *b)
{
    return a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec &&
           a->size == b->size && a->number == b->number && a->number != 0;
}

/* Told once, and when it is over. */
static void set_problem(struct firing *firing, struct firing_flow *flow, const char *problem)
{
    if (problem != NULL && (flow->problem == NULL || strcmp(flow->problem, problem) != 0))
        firing_note(firing, flow, "%s; %s", problem,
                    flow->text[0] == '\0' ? "until that is mended it does not start by itself"
                                          : "until that is mended its last good version goes on");
    if (problem == NULL && flow->problem != NULL)
        firing_note(firing, flow, "its file is right again");
    free(flow->problem);
    flow->problem = problem == NULL ? NULL : memory_copy_string(problem);
}

static void read_flow(struct firing *firing, struct firing_flow *flow, struct flow_source *source)
{
    struct diagnostics problems;
    struct flow *read = NULL;
    struct error err = {0};
    diagnostics_init(&problems);
    if (flow_load_among_others(firing->daemon->project, source, flow->path, &problems, &read) ==
        0) {
        set_problem(firing, flow, NULL);
        firing_flow_adopt(firing, flow, read);
        flow_free(read);
    } else {
        definition_problem(&problems, &err);
        set_problem(firing, flow, err.text);
    }
    diagnostics_free(&problems);
    needs_flow_changed(firing->daemon, flow->name);
}

/* One that was wrong is always read again: what is wrong may be in another file of it. */
static void look_at_file(struct firing *firing, struct flow_source *source, const char *path,
                         bool reads_all)
{
    SCOPED_ARENA struct arena arena = {0};
    const char *name = flow_source_flow_name(path, &arena);
    struct firing_flow *flow = find(firing, name);
    if (flow == NULL)
        flow = add(firing, name);
    struct firing_stamp stamp = stamp_of(firing, path);
    bool is_other = flow->path == NULL || strcmp(flow->path, path) != 0;
    bool must_read = reads_all || is_other || !flow->is_there || flow->problem != NULL ||
                     !is_same_stamp(&stamp, &flow->stamp);
    if (is_other) {
        free(flow->path);
        flow->path = memory_copy_string(path);
    }
    flow->stamp = stamp;
    flow->is_there = true;
    flow->round = firing->round;
    if (must_read)
        read_flow(firing, flow, source);
}

/* Flows whose file was not seen in this round fire no more. */
static void retire_gone(struct firing *firing)
{
    for (size_t i = 0; i < firing->flow_count; i++) {
        struct firing_flow *flow = firing->flows[i];
        if (flow->round == firing->round)
            continue;
        if (flow->is_there)
            needs_flow_changed(firing->daemon, flow->name);
        flow->is_there = false;
        set_problem(firing, flow, NULL);
        firing_flow_retire(firing, flow);
    }
}

static void read_flows(struct firing *firing)
{
    SCOPED_ARENA struct arena arena = {0};
    struct flow_source *source;
    struct flow_paths paths;
    struct firing_stamp stamp = stamp_of(firing, "datemill.yaml");
    bool reads_all = !is_same_stamp(&stamp, &firing->project_stamp);
    if (flow_source_open_folder(firing->daemon->place.project_dir, &source, NULL) < 0)
        return;
    if (flow_source_list(source, &arena, &paths, NULL) == 0) {
        firing->project_stamp = stamp;
        firing->round++;
        for (size_t i = 0; i < paths.count; i++)
            look_at_file(firing, source, paths.paths[i], reads_all);
        retire_gone(firing);
    }
    flow_source_close(source);
    malloc_trim(0); /* what reading took is not kept */
}

/* ---- the rest of its life ---- */

/* The place of a flow as the store has it, before its file is looked at. */
static void take_place(struct firing *firing, const struct store_schedule *row)
{
    struct firing_flow *flow = add(firing, row->flow);
    free(flow->text);
    flow->text = memory_copy_string(row->text);
    flow->zone = firing_flow_zone(firing, row->zone);
    flow->seen = row->seen_at;
    flow->place = plan_calendar_after(row->fires_at);
    struct civil_time planned;
    if (row->cyctime[0] != '\0' && civil_time_parse(row->cyctime, &planned, NULL) == 0)
        flow->place = (struct plan_time){
            .planned = planned, .is_second = row->is_second, .firing = row->fires_at};
    flow->catchup_limit = FLOW_CATCHUP_LIMIT;
    firing_flow_find_next(flow);
}

int firing_open(struct daemon *daemon, struct firing **ret_firing, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct load_schedules rows;
    if (load_schedules(daemon->store, &arena, &rows, err) < 0)
        return -1;
    struct firing *firing = memory_new(1, sizeof *firing);
    firing->daemon = daemon;
    firing->soon = (struct loop_timer){.call = on_soon, .owner = firing};
    for (size_t i = 0; i < rows.count; i++)
        take_place(firing, &rows.items[i]);
    read_flows(firing);
    for (size_t i = 0; i < firing->flow_count; i++)
        firing_make_order(firing, firing->flows[i]);
    loop_set_timer(daemon->loop, &firing->soon, duration_ms(0));
    *ret_firing = firing;
    return 0;
}

void firing_close(struct firing *firing)
{
    if (firing == NULL)
        return;
    firing_stop(firing);
    for (size_t i = 0; i < firing->flow_count; i++)
        firing_flow_free(firing->flows[i]);
    free(firing->flows);
    while (firing->zones != NULL) {
        struct firing_zone *zone = firing->zones;
        firing->zones = zone->next;
        zone_free(zone->zone);
        free(zone);
    }
    free(firing);
}

void firing_reload(struct firing *firing)
{
    if (firing == NULL || firing->is_stopped)
        return;
    read_flows(firing);
    needs_look(firing->daemon, NULL);
    for (size_t i = 0; i < firing->flow_count; i++)
        firing_make_order(firing, firing->flows[i]);
    look(firing);
}

bool firing_schedule(const struct firing *firing, const char *flow, struct arena *arena,
                     struct flow *ret_shape)
{
    const struct firing_flow *found = firing == NULL ? NULL : find(firing, flow);
    if (found == NULL || found->text[0] == '\0' || found->zone == NULL)
        return false;
    firing_flow_shape(found, arena, ret_shape);
    return true;
}

void firing_after_turn(struct firing *firing, const struct turn *done)
{
    if (firing == NULL || firing->is_stopped)
        return;
    for (size_t i = 0; i < done->actions.count; i++) {
        const struct action *action = &done->actions.items[i];
        const struct daemon_run *run = action->kind != ACTION_RECORD_RUN
                                           ? NULL
                                           : daemon_runs_find(firing->daemon, action->run.run_id);
        struct firing_flow *flow = run == NULL || !run_state_is_final(action->run.state)
                                       ? NULL
                                       : find(firing, run->plan->flow->name);
        if (flow == NULL)
            continue;
        firing_make_order(firing, flow);
        if (flow->waits_for != run->id)
            continue;
        flow->waits_for = 0;
        firing_flow_find_next(flow);
        loop_set_timer(firing->daemon->loop, &firing->soon, duration_ms(0));
    }
}
