/* Which instances the needs of a run mean. */
#include "scheduler/daemon/needs_inside.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/daemon/firing.h"
#include "scheduler/plan/plan_need.h"
#include "scheduler/store/store_schedule.h"

#include <string.h>

/* The flow that a need names: that of the run itself, or one of the folder. */
struct other {
    struct daemon *daemon;
    const struct plan *plan;
    bool is_strict;
    struct definition *definition; /* one use; NULL = none yet */
    struct arena arena;            /* of `shape` */
    struct flow shape;             /* of one that is wrong: its schedule as the server keeps it */
    bool has_shape;
    bool is_gone; /* the folder has it no more */
};

/* As it was when it last was right: the schedule that the server goes on with, or the version that
 * ran last. */
static int load_last_good(struct other *other, const char *name)
{
    int64_t version_id = 0;
    struct error ignored = {0};
    arena_free(&other->arena);
    other->has_shape = firing_schedule(other->daemon->firing, name, &other->arena, &other->shape);
    if (other->has_shape)
        return 0;
    if (load_newest_version(other->daemon->store, name, &version_id, &ignored) < 0 ||
        version_id == 0)
        return -1;
    return restore_definition(other->daemon, version_id, &other->definition, &ignored);
}

static int load_other(struct other *other, const char *name, const struct flow **ret_flow,
                      struct error *err)
{
    struct daemon *daemon = other->daemon;
    *ret_flow = other->plan->flow;
    if (strcmp(name, other->plan->flow->name) == 0) {
        other->is_gone = false;
        return 0;
    }
    bool is_loaded = other->definition != NULL && strcmp(other->definition->flow->name, name) == 0;
    if (!is_loaded) {
        definition_release(&daemon->definitions, other->definition);
        other->definition = NULL;
        other->has_shape = false;
        int result = definition_from_folder(&daemon->definitions, &daemon->place, name,
                                            &other->definition, err);
        other->is_gone = result < 0 && err->kind == ERROR_KIND_NOT_FOUND;
        if (result < 0 && (other->is_strict || load_last_good(other, name) < 0))
            return error_prefix(err, "%s needs flow %s", other->plan->flow->name, name);
    }
    *ret_flow = other->has_shape ? &other->shape : other->definition->flow;
    return 0;
}

static struct need *add(struct needs *needs, uint32_t node, const struct plan_external *external)
{
    needs->items = memory_grow(needs->items, needs->count, &needs->capacity, sizeof *needs->items);
    struct need *need = &needs->items[needs->count++];
    *need = (struct need){.node = node,
                          .flow = external->flow,
                          .needed = external->node,
                          .is_before = external->cycle_back > 0,
                          .is_open = true};
    return need;
}

static void add_instances(struct needs *needs, uint32_t node, const struct plan_need *about,
                          const struct plan_times *times)
{
    for (size_t i = 0; i < times->count; i++) {
        struct need *need = add(needs, node, about->external);
        need->is_second = times->items[i].is_second;
        need->due = times->items[i].firing;
        need->is_by_hand = about->other->schedule.rule_count == 0;
        need->is_daily = plan_schedule_is_daily(about->other);
        civil_time_format(times->items[i].planned, need->cyctime);
    }
}

static int find_of_node(struct other *other, struct daemon_run *run, uint32_t node,
                        struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    const struct plan_node *planned = &run->plan->nodes[node];
    for (size_t i = 0; i < planned->external_count; i++) {
        const struct plan_external *external = &planned->externals[i];
        struct plan_need about = {.plan = run->plan, .external = external};
        struct plan_times times;
        struct error problem = {0};
        size_t first = run->needs->count;
        if (load_other(other, external->flow, &about.other, &problem) == 0 &&
            plan_need_times(&about, &arena, &times, &problem) == 0) {
            add_instances(run->needs, node, &about, &times);
        } else if (other->is_strict) {
            *err = problem;
            return -1;
        } else {
            add(run->needs, node, external)->problem =
                arena_copy_string(&run->needs->arena, problem.text);
        }
        for (size_t k = first; k < run->needs->count; k++)
            run->needs->items[k].is_gone = other->is_gone;
    }
    return 0;
}

static int find(struct daemon *daemon, struct daemon_run *run, bool is_strict, struct error *err)
{
    struct needs *needs = run->needs;
    struct other other = {.daemon = daemon, .plan = run->plan, .is_strict = is_strict};
    int result = 0;
    needs->count = 0;
    arena_free(&needs->arena);
    for (uint32_t i = 0; result == 0 && i < run->plan->node_count; i++)
        result = find_of_node(&other, run, i, err);
    definition_release(&daemon->definitions, other.definition);
    arena_free(&other.arena);
    needs->is_found = result == 0;
    return result;
}

int needs_find(struct daemon *daemon, struct daemon_run *run, struct error *err)
{
    if (run->needs == NULL || run->needs->is_found)
        return 0;
    return find(daemon, run, true, err);
}

void needs_find_anyway(struct daemon *daemon, struct daemon_run *run)
{
    struct error ignored = {0};
    if (run->needs != NULL && !run->needs->is_found)
        find(daemon, run, false, &ignored);
}
