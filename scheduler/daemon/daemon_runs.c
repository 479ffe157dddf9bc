#include "scheduler/base/civil.h"
#include "scheduler/base/memory.h"
#include "scheduler/daemon/daemon_state.h"
#include "scheduler/daemon/needs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a run with that id is, or would be. */
static size_t find_place(const struct daemon *daemon, int64_t run_id)
{
    size_t low = 0;
    size_t high = daemon->run_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (daemon->runs[middle]->id < run_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct daemon_run *daemon_runs_find(const struct daemon *daemon, int64_t run_id)
{
    size_t place = find_place(daemon, run_id);
    if (place < daemon->run_count && daemon->runs[place]->id == run_id)
        return daemon->runs[place];
    return NULL;
}

void daemon_runs_add(struct daemon *daemon, struct daemon_run *run)
{
    size_t place = find_place(daemon, run->id);
    daemon->runs =
        memory_grow(daemon->runs, daemon->run_count, &daemon->run_capacity, sizeof *daemon->runs);
    memmove(daemon->runs + place + 1, daemon->runs + place,
            (daemon->run_count - place) * sizeof *daemon->runs);
    daemon->runs[place] = run;
    daemon->run_count++;
}

struct daemon_run *daemon_runs_make(struct definition *definition, struct plan *plan,
                                    int64_t run_id, struct instant created)
{
    struct daemon_run *run = memory_new(1, sizeof *run);
    run->id = run_id;
    run->definition = definition;
    run->plan = plan;
    run->opened = created;
    run->failed_node = STORE_NO_NODE;
    run->needs = needs_new(plan);
    run->zone = memory_copy_string(zone_name(definition->flow->zone));
    run->is_done = memory_new(plan->node_count, sizeof *run->is_done);
    struct civil_time local = zone_civil_at(definition->flow->zone, created);
    char date[CIVIL_DATE_BYTES];
    char log_dir[96];
    snprintf(log_dir, sizeof log_dir, "logs/%s/%" PRId64, civil_date_format(local.date, date),
             run_id);
    run->log_dir = memory_copy_string(log_dir);
    return run;
}

void daemon_runs_free(struct daemon *daemon, struct daemon_run *run)
{
    if (run == NULL)
        return;
    needs_free(run->needs);
    plan_free(run->plan);
    definition_release(&daemon->definitions, run->definition);
    free(run->zone);
    free(run->log_dir);
    free(run->remark);
    free(run->failure);
    free(run->is_done);
    free(run);
}

void daemon_runs_remove(struct daemon *daemon, int64_t run_id)
{
    size_t place = find_place(daemon, run_id);
    if (place >= daemon->run_count || daemon->runs[place]->id != run_id)
        return;
    daemon_runs_free(daemon, daemon->runs[place]);
    daemon->run_count--;
    memmove(daemon->runs + place, daemon->runs + place + 1,
            (daemon->run_count - place) * sizeof *daemon->runs);
}

struct daemon_attempt *daemon_runs_find_attempt(struct daemon *daemon, int64_t attempt_id)
{
    for (size_t i = 0; i < daemon->attempt_count; i++) {
        if (daemon->attempts[i].id == attempt_id)
            return &daemon->attempts[i];
    }
    return NULL;
}

struct daemon_attempt *daemon_runs_add_attempt(struct daemon *daemon, int64_t attempt_id)
{
    struct daemon_attempt *attempt = daemon_runs_find_attempt(daemon, attempt_id);
    if (attempt != NULL)
        return attempt;
    daemon->attempts = memory_grow(daemon->attempts, daemon->attempt_count,
                                   &daemon->attempt_capacity, sizeof *daemon->attempts);
    attempt = &daemon->attempts[daemon->attempt_count++];
    *attempt = (struct daemon_attempt){.id = attempt_id};
    return attempt;
}

void daemon_runs_remove_attempt(struct daemon *daemon, int64_t attempt_id)
{
    struct daemon_attempt *attempt = daemon_runs_find_attempt(daemon, attempt_id);
    if (attempt == NULL)
        return;
    free(attempt->log_path);
    *attempt = daemon->attempts[--daemon->attempt_count];
}
