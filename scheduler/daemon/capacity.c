#include "scheduler/daemon/capacity.h"

#include "scheduler/base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int load(struct daemon *daemon, struct project **ret_project, struct error *err)
{
    struct flow_source *source;
    if (flow_source_open_folder(daemon->place.project_dir, &source, err) < 0)
        return -1;
    struct diagnostics problems;
    diagnostics_init(&problems);
    int result = project_load(source, daemon->place.types, &problems, ret_project);
    if (result < 0)
        definition_problem(&problems, err);
    diagnostics_free(&problems);
    flow_source_close(source);
    return result;
}

int capacity_read(struct daemon *daemon, struct error *err)
{
    struct project *project;
    if (load(daemon, &project, err) < 0)
        return -1;
    if (project->slots < 1) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        project->slots = processors < 1 ? 1 : (int32_t)processors;
    }
    project_free(daemon->project);
    daemon->project = project;
    return 0;
}

/* The number of a pool; one that is not known yet is added. */
static size_t find_pool(struct daemon *daemon, const struct flow_pool *pool)
{
    size_t number = 0;
    while (number < daemon->pool_count && strcmp(daemon->pools[number].name, pool->name) != 0)
        number++;
    if (number < daemon->pool_count)
        return number;
    daemon->pools =
        memory_grow(daemon->pools, number, &daemon->pool_capacity, sizeof *daemon->pools);
    daemon->pools[daemon->pool_count++] = (struct flow_pool){
        .name = arena_copy_string(&daemon->arena, pool->name), .size = pool->size};
    return number;
}

static int tell_engine(struct daemon *daemon, struct error *err)
{
    int32_t *sizes = memory_new(daemon->pool_count, sizeof *sizes);
    for (size_t i = 0; i < daemon->pool_count; i++)
        sizes[i] = daemon->pools[i].size;
    struct event event = {.kind = EVENT_SET_CAPACITY,
                          .capacity = {.slots = daemon->project->slots,
                                       .pools = sizes,
                                       .pool_count = daemon->pool_count}};
    int result = daemon_step(daemon, &event, err);
    free(sizes);
    return result;
}

int capacity_set(struct daemon *daemon, struct error *err)
{
    const struct project *project = daemon->project;
    for (size_t i = 0; i < project->pool_count; i++) {
        size_t number = find_pool(daemon, &project->pools[i]);
        daemon->pools[number].size = project->pools[i].size;
    }
    if (daemon->keeper != NULL)
        keeper_client_set_slots(daemon->keeper, project->slots);
    return tell_engine(daemon, err);
}

int capacity_map(struct daemon *daemon, const struct plan *plan, struct run_image *image,
                 struct error *err)
{
    size_t known = daemon->pool_count;
    for (size_t i = 0; i < plan->node_count; i++) {
        size_t pool = plan->nodes[i].node->pool;
        if (pool != FLOW_NONE)
            image->nodes[i].pool = (uint32_t)find_pool(daemon, &plan->flow->project->pools[pool]);
    }
    return daemon->pool_count == known ? 0 : tell_engine(daemon, err);
}
