#include "scheduler/command/run_waits_store.h"

#include "scheduler/command/flow_facts.h"
#include "scheduler/daemon/explain_store.h"
#include "scheduler/system/clock.h"

const struct store_freeze *run_waits_freeze(struct context *context, const struct view_run *run,
                                            const char *node)
{
    struct store *store;
    const struct store_freeze *freeze;
    if (context_store(context, &store, NULL) < 0)
        return NULL;
    explain_store_freeze(store, run, node, &context->arena, &freeze);
    return freeze;
}

static const struct flow *find_flow(void *owner, const char *name)
{
    return flow_facts_present(owner, name);
}

void run_waits_from_store(struct context *context, const struct run_facts_nodes *run,
                          struct run_waits *ret_waits)
{
    struct store *store;
    struct explain_list list;
    struct explain_store of = {.run = &run->run,
                               .nodes = &run->nodes,
                               .flow = run->flow,
                               .now = clock_now(),
                               .zone = context_shown_zone(context, run->run.zone),
                               .find_flow = find_flow,
                               .owner = context};
    if (context_store(context, &store, NULL) < 0)
        return;
    explain_store(store, &of, &context->arena, &list);
    ret_waits->items = list.items;
    ret_waits->count = list.count;
}
