#include "scheduler/base/memory.h"
#include "scheduler/daemon/freezes.h"
#include "scheduler/daemon/run_make.h"

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

static struct run_wish wish_of(const struct run_request *work)
{
    struct arena *arena = &work->daemon->turn.arena;
    const struct request *request = work->request;
    const char *who = request->who != NULL && request->who[0] != '\0' ? request->who : "?";
    const char *via = request->via != NULL && request->via[0] != '\0' ? request->via : "cli";
    return (struct run_wish){.definition = work->definition,
                             .kind = STORE_RUN_MANUAL,
                             .trigger = arena_format(arena, "%s by %s", via, who),
                             .request = request->key,
                             .reason = request->reason,
                             .selection = request->nodes,
                             .remark = work->times.remark,
                             .parallel = request->parallel,
                             .vars = run_make_copy_vars(arena, request),
                             .var_count = request->var_count};
}

static int add_run(struct run_request *work, struct plan *plan, struct error *err)
{
    struct run_wish wish = wish_of(work);
    struct daemon_run *run;
    if (run_make(work->daemon, &wish, plan, &run, err) < 0)
        return -1;
    watch_add_interest(work->daemon, work->watcher, run->id, true);
    work->run_ids[work->run_count++] = run->id;
    return 0;
}

/* An open run that somebody drives is in the way. One that was left behind is gone on with, if it
 * would do the same. */
static int find_open(struct run_request *work, const struct plan_time *time,
                     struct daemon_run **ret_run, struct error *err)
{
    struct daemon *daemon = work->daemon;
    const struct flow *flow = work->definition->flow;
    *ret_run = run_make_find_open(daemon, flow->name, time);
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

/* All or none: plans are made for every time before the first run is added. */
static int add_runs(struct run_request *work, struct error *err)
{
    struct plan *plans[NOTICE_MAX_RUNS] = {0};
    struct daemon_run *open[NOTICE_MAX_RUNS] = {0};
    struct run_wish wish = wish_of(work);
    int result = 0;
    for (size_t i = 0; result == 0 && i < work->times.count; i++) {
        const struct plan_time *time = &work->times.items[i];
        result = find_open(work, time, &open[i], err);
        if (result < 0 || open[i] != NULL)
            continue;
        int64_t run_id = store_take_run_id(work->daemon->store);
        result = run_make_plan(&wish, time, run_id, &plans[i], err);
    }
    for (size_t i = 0; i < work->times.count; i++) {
        if (result < 0) {
            plan_free(plans[i]);
        } else if (open[i] != NULL) {
            watch_add_interest(work->daemon, work->watcher, open[i]->id, true);
            work->run_ids[work->run_count++] = open[i]->id;
        } else {
            result = add_run(work, plans[i], err);
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
    if (definition_for_request(&daemon->definitions, &daemon->place, request->flow,
                               &work.definition, err) < 0)
        return -1;
    char bizdate[CIVIL_DATE_BYTES];
    int result = read_times(&work, err);
    if (result == 0)
        result = freezes_check(daemon, work.definition->flow->name,
                               civil_date_format(work.bizdate, bizdate), err);
    if (result == 0)
        result = add_runs(&work, err);
    definition_release(&daemon->definitions, work.definition);
    if (result == 0)
        requests_reply_runs(daemon, watcher, request, work.run_ids, work.run_count);
    return result;
}
