#include "scheduler/daemon/freezes.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/zone.h"
#include "scheduler/system/clock.h"

#include <stdlib.h>
#include <string.h>

/* A row with memory of its own. */
struct freeze {
    struct freeze *next;
    struct arena arena;
    struct store_freeze row;
};

struct freezes {
    struct freeze *first;
    struct zone *zone; /* of the project; NULL = UTC */
};

static void copy_row(struct arena *arena, const struct store_freeze *row,
                     struct store_freeze *ret_row)
{
    *ret_row = (struct store_freeze){.flow = arena_copy_string(arena, row->flow),
                                     .node = arena_copy_string(arena, row->node),
                                     .since = row->since,
                                     .until = arena_copy_string(arena, row->until),
                                     .who = arena_copy_string(arena, row->who),
                                     .reason = arena_copy_string(arena, row->reason)};
}

static void add(struct freezes *freezes, const struct store_freeze *row)
{
    struct freeze *freeze = memory_new(1, sizeof *freeze);
    copy_row(&freeze->arena, row, &freeze->row);
    freeze->next = freezes->first;
    freezes->first = freeze;
}

static void drop(struct freeze **place)
{
    struct freeze *freeze = *place;
    *place = freeze->next;
    arena_free(&freeze->arena);
    free(freeze);
}

void freezes_read_zone(struct daemon *daemon)
{
    zone_free(daemon->freezes->zone);
    if (zone_load(daemon->project->timezone, &daemon->freezes->zone, NULL) < 0)
        daemon->freezes->zone = NULL;
}

int freezes_load(struct daemon *daemon, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct load_freezes rows;
    if (load_freezes(daemon->store, &arena, &rows, err) < 0)
        return -1;
    struct freezes *freezes = memory_new(1, sizeof *freezes);
    daemon->freezes = freezes;
    freezes_read_zone(daemon);
    for (size_t i = 0; i < rows.count; i++)
        add(freezes, &rows.items[i]);
    return 0;
}

void freezes_free(struct daemon *daemon)
{
    if (daemon->freezes == NULL)
        return;
    while (daemon->freezes->first != NULL)
        drop(&daemon->freezes->first);
    zone_free(daemon->freezes->zone);
    free(daemon->freezes);
    daemon->freezes = NULL;
}

int freezes_store(struct daemon *daemon, struct error *err)
{
    for (struct turn_freeze *item = daemon->turn.freezes.first; item != NULL; item = item->next) {
        int result = item->is_removed
                         ? store_remove_freeze(daemon->store, item->row.flow, item->row.node, err)
                         : store_put_freeze(daemon->store, &item->row, err);
        if (result < 0)
            return -1;
    }
    return 0;
}

bool freezes_until_is_ahead(const struct daemon *daemon, const char *until)
{
    char today[CIVIL_DATE_BYTES];
    if (until[0] == '\0')
        return true;
    struct civil_date date = daemon->freezes->zone == NULL
                                 ? (struct civil_date){1970, 1, 1}
                                 : zone_civil_at(daemon->freezes->zone, clock_now()).date;
    civil_date_format(civil_add_days(date, -1), today);
    return strcmp(until, today) > 0;
}

static bool is_of(const struct store_freeze *row, const char *flow, const char *node)
{
    return strcmp(row->flow, flow) == 0 && strcmp(row->node, node) == 0;
}

const struct store_freeze *freezes_row(const struct daemon *daemon, const char *flow,
                                       const char *node)
{
    for (const struct freeze *each = daemon->freezes->first; each != NULL; each = each->next) {
        if (is_of(&each->row, flow, node))
            return &each->row;
    }
    return NULL;
}

static const struct store_freeze *find_at(const struct daemon *daemon, const char *flow,
                                          const char *node, const char *bizdate)
{
    const struct store_freeze *row = freezes_row(daemon, flow, node);
    if (row == NULL || !freezes_until_is_ahead(daemon, row->until))
        return NULL;
    return row->until[0] == '\0' || strcmp(bizdate, row->until) < 0 ? row : NULL;
}

const struct store_freeze *freezes_find(const struct daemon *daemon,
                                        const struct freezes_place *place)
{
    const struct store_freeze *own = find_at(daemon, place->flow, place->node, place->bizdate);
    if (own != NULL || place->node[0] == '\0')
        return own;
    return find_at(daemon, place->flow, "", place->bizdate);
}

void freezes_each(const struct daemon *daemon,
                  bool (*each)(void *owner, const struct store_freeze *freeze), void *owner)
{
    for (const struct freeze *item = daemon->freezes->first; item != NULL; item = item->next) {
        if (freezes_until_is_ahead(daemon, item->row.until) && !each(owner, &item->row))
            return;
    }
}

void freezes_describe(const struct store_freeze *freeze, struct text *text)
{
    text_append_format(text, "frozen by %s", freeze->who);
    if (freeze->until[0] != '\0')
        text_append_format(text, ", business dates before %s", freeze->until);
    if (freeze->reason[0] != '\0')
        text_append_format(text, ": %s", freeze->reason);
}

int freezes_refuse(const struct store_freeze *freeze, struct error *err)
{
    SCOPED_TEXT struct text text = {0};
    freezes_describe(freeze, &text);
    error_set(err, ERROR_KIND_REFUSED, "flow %s is %s", freeze->flow, text_string(&text));
    return error_help(err, "let it go: datemill unfreeze %s", freeze->flow);
}

int freezes_check(const struct daemon *daemon, const char *flow, const char *bizdate,
                  struct error *err)
{
    const struct store_freeze *row = find_at(daemon, flow, "", bizdate);
    return row == NULL ? 0 : freezes_refuse(row, err);
}

void freezes_apply(const struct daemon *daemon, const struct plan *plan, struct run_image *image)
{
    if (daemon->freezes->first == NULL)
        return;
    for (size_t i = 0; i < plan->node_count; i++) {
        struct freezes_place place = {plan->flow->name, plan->nodes[i].node->name,
                                      plan->bizdate_text};
        if (image->nodes[i].state == TASK_WAITING && freezes_find(daemon, &place) != NULL)
            image->nodes[i].state = TASK_FROZEN;
    }
}

bool freezes_hold(const struct daemon *daemon, const struct daemon_run *run, uint32_t node)
{
    const struct flow_node *definition = run->plan->nodes[node].node;
    struct freezes_place place = {run->plan->flow->name, definition->name, run->plan->bizdate_text};
    return definition->is_frozen || freezes_find(daemon, &place) != NULL;
}

bool freezes_settle(struct daemon *daemon, const struct daemon_run *run, uint32_t node)
{
    struct engine_task task;
    if (engine_look(daemon->engine, run->id, node, &task, NULL) < 0)
        return false;
    bool is_frozen = task.state == TASK_FROZEN || task.wish == TASK_WISH_FREEZE;
    bool is_open = task.state == TASK_WAITING || task.state == TASK_BLOCKED ||
                   task.state == TASK_RUNNING || task.state == TASK_FROZEN;
    if (!is_open || is_frozen == freezes_hold(daemon, run, node))
        return false;
    struct event event = {
        .kind = is_frozen ? EVENT_UNFREEZE : EVENT_FREEZE, .run_id = run->id, .node = node};
    return daemon_step(daemon, &event, NULL) == 0;
}

static void note(struct daemon *daemon, const struct store_freeze *row, bool is_removed)
{
    struct arena *arena = &daemon->turn.arena;
    struct turn_freeze *item = arena_alloc(arena, sizeof *item);
    *item = (struct turn_freeze){.is_removed = is_removed};
    copy_row(arena, row, &item->row);
    TURN_ADD(daemon->turn.freezes, item);
}

/* What is over goes, and the one that is named. */
static void remove_old(struct daemon *daemon, const char *flow, const char *node)
{
    struct freeze **place = &daemon->freezes->first;
    while (*place != NULL) {
        const struct store_freeze *row = &(*place)->row;
        if (is_of(row, flow, node) || !freezes_until_is_ahead(daemon, row->until)) {
            note(daemon, row, true);
            drop(place);
        } else {
            place = &(*place)->next;
        }
    }
}

void freezes_put(struct daemon *daemon, const struct store_freeze *row)
{
    remove_old(daemon, row->flow, row->node);
    note(daemon, row, false);
    add(daemon->freezes, row);
}

void freezes_remove(struct daemon *daemon, const char *flow, const char *node)
{
    remove_old(daemon, flow, node);
}
