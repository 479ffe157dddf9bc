#include "scheduler/base/memory.h"
#include "scheduler/daemon/daemon_state.h"
#include "scheduler/daemon/needs.h"
#include "scheduler/engine/run_image.h"
#include "scheduler/plan/plan_time.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A request for runs of a flow, while it is worked on. */
struct run_request {
    struct daemon *daemon;
    struct daemon_watcher *watcher;
    const struct request *request;
    struct definition *definition; /* one use is ours */
    struct civil_date bizdate;
    struct plan_times times;
    int64_t run_ids[NOTICE_MAX_RUNS];
    size_t run_count;
};

static const struct node_setting *copy_vars(struct arena *arena, const struct request *request)
{
    struct node_setting *vars = arena_array(arena, request->var_count, sizeof *vars);
    for (size_t i = 0; i < request->var_count; i++)
        vars[i] = (struct node_setting){arena_copy_string(arena, request->vars[i].name),
                                        arena_copy_string(arena, request->vars[i].text)};
    return vars;
}

static void copy_params(const struct plan_param *params, size_t count, const char *node,
                        struct store_param *rows)
{
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct store_param){.name = params[i].name,
                                       .value = params[i].text,
                                       .explanation = params[i].explanation,
                                       .written = params[i].written,
                                       .node = node,
                                       .is_overridden = params[i].is_overridden};
}

/* The row's texts belong to the plan, which lives as long as the run, or to the turn. */
static void fill_params(const struct plan *plan, struct arena *arena, struct store_run *row)
{
    size_t count = plan->param_count;
    for (size_t i = 0; i < plan->node_count; i++)
        count += plan->nodes[i].param_count;
    struct store_param *params = arena_array(arena, count, sizeof *params);
    copy_params(plan->params, plan->param_count, NULL, params);
    size_t at = plan->param_count;
    for (size_t i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        copy_params(node->params, node->param_count, node->node->name, params + at);
        at += node->param_count;
    }
    row->params = params;
    row->param_count = count;
}

static void fill_nodes(const struct plan *plan, const struct run_image *image, struct arena *arena,
                       struct store_run *row)
{
    struct store_run_node *nodes = arena_array(arena, plan->node_count, sizeof *nodes);
    for (size_t i = 0; i < plan->node_count; i++)
        nodes[i] = (struct store_run_node){.name = plan->nodes[i].node->name,
                                           .type = plan->nodes[i].node->type->name,
                                           .state = image->nodes[i].state,
                                           .is_selected = plan->nodes[i].is_selected};
    row->nodes = nodes;
    row->node_count = plan->node_count;
}

static void fill_row(const struct run_request *work, const struct daemon_run *run,
                     const struct run_image *image, struct store_run *row)
{
    struct arena *arena = &work->daemon->turn.arena;
    const struct plan *plan = run->plan;
    const struct request *request = work->request;
    const char *who = request->who != NULL && request->who[0] != '\0' ? request->who : "?";
    *row = (struct store_run){.run_id = run->id,
                              .flow = plan->flow->name,
                              .cyctime = plan->cyctime_text,
                              .is_second = plan->is_second,
                              .bizdate = plan->bizdate_text,
                              .zone = run->zone,
                              .fires_at = plan->firing,
                              .created_at = run->opened,
                              .kind = STORE_RUN_MANUAL,
                              .trigger = arena_format(arena, "cli by %s", who),
                              .request = arena_copy_string(arena, request->key),
                              .reason = arena_copy_string(arena, request->reason),
                              .selection = arena_copy_string(arena, request->nodes),
                              .priority = image->run.priority,
                              .parallel = image->run.parallel,
                              .hold = RUN_HOLD_NONE,
                              .vars = copy_vars(arena, request),
                              .var_count = request->var_count};
    fill_params(plan, arena, row);
    fill_nodes(plan, image, arena, row);
}

/* From the plan to the engine and into the turn. */
static int add_run(struct run_request *work, struct plan *plan, int64_t run_id, struct error *err)
{
    struct daemon *daemon = work->daemon;
    struct arena *arena = &daemon->turn.arena;
    work->definition->users++;
    struct daemon_run *run = daemon_runs_make(work->definition, plan, run_id, clock_now());
    if (work->times.remark[0] != '\0')
        run->remark = memory_copy_string(work->times.remark);
    struct run_image image;
    run_image_from_plan(plan, run_id, arena, &image);
    image.run.parallel = work->request->parallel;
    struct event event = {.kind = EVENT_RUN_ADDED, .run_id = run_id, .run = &image.run};
    struct turn_run *item = arena_alloc(arena, sizeof *item);
    item->run = run;
    fill_row(work, run, &image, &item->row);
    for (size_t i = 0; i < plan->node_count; i++) {
        run->is_done[i] = task_states[image.nodes[i].state].is_final;
        run->done += run->is_done[i];
    }
    if (needs_find(daemon, run, err) < 0 || daemon_step(daemon, &event, err) < 0) {
        daemon_runs_free(daemon, run);
        return -1;
    }
    daemon_runs_add(daemon, run);
    TURN_ADD(daemon->turn.runs, item);
    watch_add_interest(daemon, work->watcher, run_id, true);
    work->run_ids[work->run_count++] = run_id;
    return 0;
}

static bool is_same_time(const struct daemon_run *run, const struct flow *flow,
                         const struct plan_time *time)
{
    return !run->is_over && strcmp(run->plan->flow->name, flow->name) == 0 &&
           civil_time_compare(run->plan->planned, time->planned) == 0 &&
           run->plan->is_second == time->is_second;
}

/* An open run that somebody drives is in the way. One that was left behind is gone on with, if it
 * would do the same. */
static int find_open(struct run_request *work, const struct plan_time *time,
                     struct daemon_run **ret_run, struct error *err)
{
    struct daemon *daemon = work->daemon;
    const struct flow *flow = work->definition->flow;
    *ret_run = NULL;
    for (size_t i = 0; i < daemon->run_count; i++) {
        if (is_same_time(daemon->runs[i], flow, time))
            *ret_run = daemon->runs[i];
    }
    if (*ret_run == NULL)
        return 0;
    struct daemon_run *run = *ret_run;
    if (restore_check(run, err) < 0)
        return -1;
    bool is_left = !watch_is_driven(daemon, run->id) && !run->is_draining;
    bool is_same = strcmp(run->definition->flow->hash, flow->hash) == 0 &&
                   work->request->var_count == 0 &&
                   (work->request->nodes == NULL || work->request->nodes[0] == '\0') &&
                   run->plan->selected_count == run->plan->node_count;
    if (is_left && is_same) {
        free(run->remark);
        run->remark = memory_copy_string("this run was left unfinished; it goes on");
        return 0;
    }
    error_set(err, ERROR_KIND_BUSY, "run %" PRId64 " of %s for %s is open%s", run->id, flow->name,
              run->plan->bizdate_text,
              is_left ? ", left unfinished by another definition or selection" : "");
    return error_help(
        err,
        is_left ? "go on with it: datemill rerun %" PRId64 "; or end it: datemill stop %" PRId64
                : "watch it: datemill runs watch %" PRId64 "; or end it: datemill stop %" PRId64,
        run->id, run->id);
}

static int read_times(struct run_request *work, struct error *err)
{
    const struct request *request = work->request;
    struct civil_time time;
    bool has_time = request->time != NULL && request->time[0] != '\0';
    if (civil_date_parse(request->date, &work->bizdate, err) < 0)
        return -1;
    if (has_time) {
        char full[CIVIL_DATE_BYTES + 64];
        char date[CIVIL_DATE_BYTES];
        snprintf(full, sizeof full, "%sT%.32s", civil_date_format(work->bizdate, date),
                 request->time);
        if (civil_time_parse(full, &time, err) < 0)
            return -1;
    }
    struct plan_date date = {work->bizdate, has_time ? &time : NULL};
    if (plan_planned_times(work->definition->flow, date, &work->daemon->turn.arena, &work->times,
                           err) < 0)
        return -1;
    if (work->times.count == 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "%s", work->times.remark);
    if (work->times.count > NOTICE_MAX_RUNS) {
        error_set(err, ERROR_KIND_REFUSED, "%s has %zu times on that date, at most %d run at once",
                  work->definition->flow->name, work->times.count, NOTICE_MAX_RUNS);
        return error_help(err, "name one: datemill run %s %sT13:00", work->definition->flow->name,
                          request->date);
    }
    return 0;
}

static int make_plan(struct run_request *work, const struct plan_time *time, int64_t run_id,
                     struct plan **ret_plan, struct error *err)
{
    struct plan_request request = {.planned = time->planned,
                                   .is_second = time->is_second,
                                   .run_id = run_id,
                                   .vars = copy_vars(&work->daemon->turn.arena, work->request),
                                   .var_count = work->request->var_count,
                                   .selection = work->request->nodes};
    return plan_make(work->definition->flow, &request, ret_plan, err);
}

/* All or none: plans are made for every time before the first run is added. */
static int add_runs(struct run_request *work, struct error *err)
{
    struct plan *plans[NOTICE_MAX_RUNS] = {0};
    struct daemon_run *open[NOTICE_MAX_RUNS] = {0};
    int64_t ids[NOTICE_MAX_RUNS] = {0};
    int result = 0;
    for (size_t i = 0; result == 0 && i < work->times.count; i++) {
        const struct plan_time *time = &work->times.items[i];
        result = find_open(work, time, &open[i], err);
        if (result < 0 || open[i] != NULL)
            continue;
        ids[i] = store_take_run_id(work->daemon->store);
        result = make_plan(work, time, ids[i], &plans[i], err);
    }
    for (size_t i = 0; i < work->times.count; i++) {
        if (result < 0) {
            plan_free(plans[i]);
        } else if (open[i] != NULL) {
            watch_add_interest(work->daemon, work->watcher, open[i]->id, true);
            work->run_ids[work->run_count++] = open[i]->id;
        } else {
            result = add_run(work, plans[i], ids[i], err);
        }
    }
    return result;
}

/* The same request sent again, after the engine that had it died: its runs are there already. */
static int find_again(struct run_request *work, struct error *err)
{
    struct arena *arena = &work->daemon->turn.arena;
    struct load_ids ids = {0};
    const char *key = work->request->key;
    if (key == NULL || key[0] == '\0')
        return 0;
    if (load_runs_of_request(work->daemon->store, key, arena, &ids, err) < 0)
        return -1;
    for (size_t i = 0; i < ids.count && i < NOTICE_MAX_RUNS; i++)
        work->run_ids[work->run_count++] = ids.items[i];
    return 0;
}

int request_run(struct daemon *daemon, struct daemon_watcher *watcher,
                const struct request *request, struct error *err)
{
    struct run_request work = {.daemon = daemon, .watcher = watcher, .request = request};
    if (find_again(&work, err) < 0)
        return -1;
    if (work.run_count > 0) {
        struct request claim = {
            .kind = REQUEST_KIND_CLAIM, .number = request->number, .run_count = work.run_count};
        memcpy(claim.run_ids, work.run_ids, sizeof claim.run_ids);
        return request_follow(daemon, watcher, &claim, err);
    }
    if (definition_from_folder(&daemon->definitions, &daemon->place, request->flow,
                               &work.definition, err) < 0)
        return -1;
    int result = read_times(&work, err);
    if (result == 0)
        result = add_runs(&work, err);
    definition_release(&daemon->definitions, work.definition);
    if (result == 0)
        requests_reply_runs(daemon, watcher, request, work.run_ids, work.run_count);
    return result;
}
