#include "scheduler/command/context_internal.h"

#include "scheduler/daemon/settle.h"
#include "scheduler/store/store.h"

#include <assert.h>
#include <string.h>

struct context_zone {
    struct zone *zone;
    struct context_zone *next;
};

int context_store(struct context *context, struct store **ret_store, struct error *err)
{
    const struct project *project;
    if (context_project(context, &project, err) < 0)
        return -1;
    if (context->store == NULL && store_open_reader(project->state_dir, &context->store, err) < 0)
        return -1;
    *ret_store = context->store;
    return 0;
}

void context_settle(struct context *context)
{
    const struct project *project;
    struct error ignored = {0};
    if (context->libexec_dir == NULL || context_project(context, &project, &ignored) < 0)
        return;
    struct project_types types = {context->types, context->type_count};
    struct daemon_place place = {.project_dir = project->dir,
                                 .state_dir = project->state_dir,
                                 .libexec_dir = context->libexec_dir,
                                 .types = &types};
    if (daemon_settle(&place, &ignored) < 0 && context->is_verbose)
        context_note(context, "what runs could not be asked for: %s", ignored.text);
}

/* NULL when the machine does not know it; UTC it always does. */
static const struct zone *find_zone(struct context *context, const char *name)
{
    for (struct context_zone *item = context->zones; item != NULL; item = item->next) {
        if (strcmp(zone_name(item->zone), name) == 0)
            return item->zone;
    }
    struct zone *zone;
    struct error ignored = {0};
    if (zone_load(name, &zone, &ignored) < 0)
        return NULL;
    struct context_zone *item = arena_alloc(&context->arena, sizeof *item);
    *item = (struct context_zone){zone, context->zones};
    context->zones = item;
    return zone;
}

const struct zone *context_shown_zone(struct context *context, const char *name)
{
    const char *wanted = context->zone_name != NULL ? context->zone_name : name;
    const struct zone *zone = find_zone(context, wanted);
    if (zone == NULL)
        zone = find_zone(context, "UTC");
    assert(zone != NULL);
    return zone;
}

void context_free(struct context *context)
{
    for (struct context_zone *item = context->zones; item != NULL; item = item->next)
        zone_free(item->zone);
    store_close(context->store);
    context_free_project(context);
    arena_free(&context->arena);
}
