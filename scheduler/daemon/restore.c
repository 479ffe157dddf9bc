#include "scheduler/daemon/restore.h"

#include "scheduler/base/memory.h"
#include "scheduler/daemon/capacity.h"
#include "scheduler/daemon/daemon_state.h"
#include "scheduler/engine/run_image.h"
#include "scheduler/system/clock.h"

#include <stdlib.h>
#include <string.h>

int restore_definition(struct daemon *daemon, int64_t version_id,
                       struct definition **ret_definition, struct error *err)
{
    *ret_definition = definition_find(&daemon->definitions, version_id);
    if (*ret_definition != NULL)
        return 0;
    struct arena arena = {0};
    struct load_definition row;
    int result = load_definition(daemon->store, version_id, &arena, &row, err);
    if (result == 0)
        result = definition_from_capture(
            &daemon->definitions, &daemon->place,
            &(struct definition_capture){version_id, row.files, row.file_count}, ret_definition,
            err);
    if (result == 0)
        definition_set_version(*ret_definition, row.commit, row.short_commit, row.is_dirty);
    arena_free(&arena);
    return result;
}

/* A run whose definition cannot be read must not keep the others from going on. */
static int make_stand_in(struct daemon *daemon, const struct load_run *row,
                         const struct error *problem, struct definition **ret_definition,
                         struct error *err)
{
    struct arena arena = {0};
    const char **names = arena_array(&arena, row->node_count, sizeof *names);
    for (size_t i = 0; i < row->node_count; i++)
        names[i] = row->nodes[i].name;
    struct definition_stand_in wanted = {.flow = row->flow,
                                         .zone = row->zone,
                                         .nodes = names,
                                         .node_count = row->node_count,
                                         .problem = problem->text};
    int result = definition_make_stand_in(&daemon->definitions, &daemon->place, &wanted,
                                          ret_definition, err);
    arena_free(&arena);
    return result;
}

static bool has_param(const struct flow *flow, const char *name)
{
    for (size_t i = 0; i < flow->param_count; i++) {
        if (strcmp(flow->params[i].name, name) == 0)
            return true;
    }
    for (size_t n = 0; n < flow->node_count; n++) {
        for (size_t i = 0; i < flow->nodes[n].param_count; i++) {
            if (strcmp(flow->nodes[n].params[i].name, name) == 0)
                return true;
        }
    }
    return false;
}

int restore_values(struct daemon *daemon, const struct load_run *row, const struct flow *flow,
                   struct restore_values *ret_values, struct error *err)
{
    struct arena *arena = ret_values->arena;
    struct load_values *values = &ret_values->values;
    if (load_values(daemon->store, row->run_id, arena, values, err) < 0)
        return -1;
    struct node_setting *vars = arena_array(arena, values->var_count, sizeof *vars);
    size_t count = 0;
    for (size_t i = 0; i < values->var_count; i++) {
        if (has_param(flow, values->vars[i].name))
            vars[count++] = values->vars[i];
    }
    values->vars = vars;
    values->var_count = count;
    return 0;
}

int restore_plan(struct daemon *daemon, const struct load_run *row, struct definition *definition,
                 struct plan **ret_plan, struct error *err)
{
    struct arena arena = {0};
    struct restore_values stored = {.arena = &arena};
    const struct load_values *values = &stored.values;
    struct plan_request request = {
        .is_second = row->is_second, .run_id = row->run_id, .selection = row->selection};
    int result = civil_time_parse(row->cyctime, &request.planned, err);
    if (definition->problem != NULL)
        request.selection = "";
    else if (result == 0)
        result = restore_values(daemon, row, definition->flow, &stored, err);
    if (result == 0) {
        struct plan_fixed *fixed = arena_array(&arena, values->param_count, sizeof *fixed);
        for (size_t i = 0; i < values->param_count; i++)
            fixed[i] = (struct plan_fixed){.node = values->params[i].node,
                                           .name = values->params[i].name,
                                           .text = values->params[i].value};
        request.fixed = fixed;
        request.fixed_count = values->param_count;
        request.vars = values->vars;
        request.var_count = values->var_count;
        result = plan_make(definition->flow, &request, ret_plan, err);
    }
    arena_free(&arena);
    return result;
}

static void fill_node(struct event_node *node, const struct load_node *row)
{
    bool is_waiting = row->reason == TASK_REASON_WAIT && node->wait.is_set && row->ready_at.us != 0;
    if (is_waiting)
        node->wait_since = instant_add(row->ready_at, (struct duration){-node->wait.timeout.us});
    node->is_selected = row->is_selected;
    node->state = row->state;
    node->wish = row->wish;
    node->attempts = row->attempts;
    node->tries = row->tries;
    node->ready_at = row->ready_at;
    node->attempt_id = row->attempt_id;
    node->attempt_number = row->attempt_number;
    node->attempt_is_running = row->attempt_is_running;
}

static int restore_attempt(struct daemon *daemon, const struct load_run *row, uint32_t node,
                           struct error *err)
{
    struct arena arena = {0};
    struct load_attempt attempt_row;
    int64_t attempt_id = row->nodes[node].attempt_id;
    int result = load_attempt(daemon->store, attempt_id, &arena, &attempt_row, err);
    if (result == 0) {
        struct daemon_attempt *attempt = daemon_runs_add_attempt(daemon, attempt_id);
        attempt->run_id = row->run_id;
        attempt->node = node;
        attempt->number = attempt_row.number;
        attempt->has_events = true; /* nobody listened for a while */
        attempt->log_path = memory_copy_string(attempt_row.log_path);
        attempt->started =
            row->nodes[node].attempt_is_running ? attempt_row.started_at : (struct instant){0};
    }
    arena_free(&arena);
    return result;
}

/* A server drives every run that can go on, and says anew which wait for an earlier one; else a run
 * that nobody drives yet is held. */
static enum run_hold hold_of(const struct daemon *daemon, const struct load_run *row,
                             const struct daemon_run *run)
{
    bool is_driven = daemon->is_server && run->definition->problem == NULL;
    bool is_ours = row->hold == RUN_HOLD_NONE || row->hold == RUN_HOLD_NO_SCHEDULER;
    if (is_ours)
        return is_driven ? RUN_HOLD_NONE : RUN_HOLD_NO_SCHEDULER;
    if (row->hold == RUN_HOLD_OVERLAP && !daemon->is_server)
        return RUN_HOLD_NO_SCHEDULER;
    return row->hold;
}

/* An attempt of it that runs is followed whatever holds it. */
static int send_to_engine(struct daemon *daemon, const struct load_run *row, struct daemon_run *run,
                          struct error *err)
{
    struct arena arena = {0};
    struct run_image image;
    run_image_from_plan(run->plan, row->run_id, &arena, &image);
    image.run.priority = row->priority;
    image.run.parallel = row->parallel;
    image.run.hold = hold_of(daemon, row, run);
    image.run.opening = row->opening;
    image.run.state = row->state;
    for (size_t i = 0; i < row->node_count; i++) {
        fill_node(&image.nodes[i], &row->nodes[i]);
        run->is_done[i] = task_states[row->nodes[i].state].is_final;
        run->done += run->is_done[i];
    }
    struct event event = {.kind = EVENT_RUN_ADDED, .run_id = row->run_id, .run = &image.run};
    int result = capacity_map(daemon, run->plan, &image, err);
    if (result == 0)
        result = daemon_step(daemon, &event, err);
    if (result == 0 && image.run.hold != row->hold)
        turn_add_hold(daemon, row->run_id, image.run.hold);
    arena_free(&arena);
    return result;
}

/* 0 = it belongs to none. */
static int64_t backfill_of(const struct load_run *row)
{
    static const char word[] = "backfill ";
    if (row->kind != STORE_RUN_BACKFILL || strncmp(row->trigger, word, sizeof word - 1) != 0)
        return 0;
    return strtoll(row->trigger + sizeof word - 1, NULL, 10);
}

int restore_planned(struct daemon *daemon, const struct load_run *row,
                    const struct restore_meaning *meaning, struct daemon_run **ret_run,
                    struct error *err)
{
    struct definition *definition = meaning->definition;
    struct plan *plan = meaning->plan;
    struct daemon_run *run = daemon_runs_make(definition, plan, row->run_id, row->queued_at);
    run->is_scheduled = row->kind == STORE_RUN_SCHEDULE;
    run->backfill_id = backfill_of(row);
    run->position = -1;
    if (plan->node_count != row->node_count) {
        error_set(err, ERROR_KIND_BUG, "run %lld has %zu nodes, its definition %zu",
                  (long long)row->run_id, row->node_count, plan->node_count);
        daemon_runs_free(daemon, run);
        return -1;
    }
    if (send_to_engine(daemon, row, run, err) < 0) {
        daemon_runs_free(daemon, run);
        return -1;
    }
    daemon_runs_add(daemon, run);
    for (size_t i = 0; i < row->node_count; i++) {
        if (row->nodes[i].attempt_id != 0 && restore_attempt(daemon, row, (uint32_t)i, err) < 0)
            return -1;
    }
    *ret_run = run;
    return 0;
}

/* Takes over the use of the definition. */
static int restore_as(struct daemon *daemon, const struct load_run *row,
                      struct definition *definition, struct daemon_run **ret_run, struct error *err)
{
    struct restore_meaning meaning = {.definition = definition};
    if (restore_plan(daemon, row, definition, &meaning.plan, err) < 0) {
        definition_release(&daemon->definitions, definition);
        return -1;
    }
    return restore_planned(daemon, row, &meaning, ret_run, err);
}

int restore_run(struct daemon *daemon, const struct load_run *row, struct daemon_run **ret_run,
                struct error *err)
{
    struct definition *definition;
    if (restore_definition(daemon, row->version_id, &definition, err) < 0)
        return -1;
    return restore_as(daemon, row, definition, ret_run, err);
}

int restore_check(const struct daemon_run *run, struct error *err)
{
    const char *problem = run->definition->problem;
    if (problem == NULL)
        return 0;
    error_set(err, ERROR_KIND_INVALID, "run %lld cannot go on: %s", (long long)run->id, problem);
    return error_help(err, "mend that, and it goes on; or end it: datemill stop %lld",
                      (long long)run->id);
}

static int restore_open_run(struct daemon *daemon, const struct load_run *row, struct error *err)
{
    struct daemon_run *run;
    struct definition *definition;
    struct error problem = {0};
    if (restore_run(daemon, row, &run, &problem) == 0)
        return 0;
    struct error ignored = {0};
    if (daemon_runs_find(daemon, row->run_id) == NULL &&
        make_stand_in(daemon, row, &problem, &definition, &ignored) == 0 &&
        restore_as(daemon, row, definition, &run, &ignored) == 0)
        return 0;
    *err = problem;
    return error_prefix(err, "run %lld cannot be taken up again", (long long)row->run_id);
}

int restore_open_runs(struct daemon *daemon, struct error *err)
{
    struct arena arena = {0};
    struct load_runs rows;
    int result = load_open_runs(daemon->store, &arena, &rows, err);
    for (size_t i = 0; result == 0 && i < rows.count; i++)
        result = restore_open_run(daemon, &rows.items[i], err);
    arena_free(&arena);
    return result;
}
