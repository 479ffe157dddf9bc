/* Backfills of a flow and of those that need it, asked for together. */
#include "scheduler/base/scope.h"
#include "scheduler/daemon/backfill_link.h"
#include "scheduler/daemon/request_backfill.h"

#include <inttypes.h>
#include <string.h>

/* One flow of the request. */
struct part {
    struct definition *definition; /* one use; NULL = handed over */
    struct store_backfill row;
    struct plan_dates dates;
    struct backfill *equal;     /* an unfinished one that does the same; NULL = none */
    struct backfill_plan *plan; /* of now; NULL = handed over */
};

struct parts {
    const struct backfill_request *work;
    struct arena arena;
    struct part *items; /* the flow, then its downstream */
    size_t count;
    struct backfill_upstream *upstream; /* of the parts so far */
    int64_t keep;
    int64_t conflict;
};

/* ---- what would be done ---- */

static int read_part(struct parts *parts, struct part *part, struct error *err)
{
    const struct backfill_request *work = parts->work;
    struct daemon *daemon = work->daemon;
    const struct flow *flow = part->definition->flow;
    struct backfill_wish wish = {.flow = flow,
                                 .dates = &part->dates,
                                 .redo = part->row.redo,
                                 .is_descending = part->row.is_descending,
                                 .parallel = part->row.parallel,
                                 .selection = part->row.selection,
                                 .vars = part->row.vars,
                                 .var_count = part->row.var_count,
                                 .upstream = parts->upstream,
                                 .upstream_count = parts->count};
    if (request_backfill_find_equal(work, &part->row, &part->equal, err) < 0 ||
        request_backfill_read_dates(flow, &part->row, &parts->arena, &part->dates, err) < 0 ||
        backfill_plan_make(daemon->store, &wish, &part->plan, err) < 0)
        return -1;
    parts->upstream[parts->count] = (struct backfill_upstream){.flow = flow,
                                                               .selection = part->row.selection,
                                                               .dates = part->plan->dates,
                                                               .count = part->plan->count};
    parts->keep += part->plan->decided[DATE_KEEP];
    parts->conflict += part->plan->decided[DATE_CONFLICT];
    return 0;
}

static int add_part(struct parts *parts, const char *flow, const char *ranges, struct error *err)
{
    const struct backfill_request *work = parts->work;
    struct daemon *daemon = work->daemon;
    struct part *part = &parts->items[parts->count];
    if (definition_from_folder(&daemon->definitions, &daemon->place, flow, &part->definition, err) <
            0 ||
        request_backfill_read_row(work, part->definition->flow, &part->row, err) < 0)
        return -1;
    part->row.request = "";
    if (parts->count > 0) {
        part->row.ranges = ranges;
        part->row.selection = "";
        part->row.vars = NULL;
        part->row.var_count = 0;
    }
    if (read_part(parts, part, err) < 0)
        return -1;
    parts->count++;
    return 0;
}

static int read_parts(struct parts *parts, struct error *err)
{
    const struct request *request = parts->work->request;
    size_t most = request->downstream_count + 1;
    parts->items = arena_array(&parts->arena, most, sizeof *parts->items);
    parts->upstream = arena_array(&parts->arena, most, sizeof *parts->upstream);
    int result = add_part(parts, request->flow, request->ranges, err);
    for (size_t i = 0; result == 0 && i < request->downstream_count; i++)
        result = add_part(parts, request->downstream[i].name, request->downstream[i].text, err);
    return result;
}

/* ---- and is done ---- */

static bool is_wanted(const struct part *part)
{
    return part->equal != NULL || part->plan->to_run > 0;
}

/* One that runs is watched; one that cannot go on is told, and holds up no other. */
static struct backfill *go_on(struct parts *parts, struct part *part, struct text *remark)
{
    struct backfill_request quiet = *parts->work;
    struct error err = {0};
    quiet.is_quiet = true;
    struct definition *definition = part->definition;
    part->definition = NULL;
    if (request_backfill_go_on_with_equal(&quiet, part->equal, definition, &err) < 0) {
        if (err.kind != ERROR_KIND_BUSY)
            text_append_format(remark, "%s%s", remark->length > 0 ? "; " : "", err.text);
        watch_add_backfill(quiet.daemon, quiet.watcher, part->equal->row.id, false);
    } else {
        text_append_format(remark, "%sbackfill %" PRId64 " of %s goes on",
                           remark->length > 0 ? "; " : "", part->equal->row.id,
                           part->equal->row.flow);
    }
    part->equal->must_tell = true;
    return part->equal;
}

static struct backfill *make(struct parts *parts, struct part *part)
{
    struct backfill_request quiet = *parts->work;
    quiet.is_quiet = true;
    struct definition *definition = part->definition;
    struct backfill_plan *plan = part->plan;
    part->definition = NULL;
    part->plan = NULL;
    return request_backfill_make(&quiet, &part->row, plan, definition);
}

static void do_parts(struct parts *parts)
{
    const struct backfill_request *work = parts->work;
    SCOPED_TEXT struct text remark = {0};
    struct backfill *leader = NULL;
    size_t wanted = 0;
    for (size_t i = 0; i < parts->count; i++)
        wanted += is_wanted(&parts->items[i]);
    for (size_t i = 0; i < parts->count; i++) {
        struct part *part = &parts->items[i];
        if (!is_wanted(part))
            continue;
        if (part->equal == NULL && leader == NULL) {
            part->row.id = store_take_backfill_id(work->daemon->store);
            part->row.request = work->request->key == NULL ? "" : work->request->key;
        }
        if (part->equal == NULL && wanted > 1)
            part->row.leader_id = leader == NULL ? part->row.id : leader->row.leader_id;
        struct backfill *each =
            part->equal != NULL ? go_on(parts, part, &remark) : make(parts, part);
        if (wanted > 1 && each->row.leader_id == 0) {
            each->row.leader_id = leader == NULL ? each->row.id : leader->row.leader_id;
            backfill_change(each);
        }
        leader = leader == NULL ? each : leader;
    }
    if (leader != NULL)
        request_backfill_reply(work, leader, text_string(&remark));
    else
        request_backfill_reply_nothing(work, parts->keep, parts->conflict);
}

int request_backfill_group(const struct backfill_request *work, struct error *err)
{
    struct parts parts = {.work = work};
    int result = read_parts(&parts, err);
    if (result == 0)
        do_parts(&parts);
    for (size_t i = 0; i <= work->request->downstream_count; i++) {
        definition_release(&work->daemon->definitions, parts.items[i].definition);
        backfill_plan_free(parts.items[i].plan);
    }
    arena_free(&parts.arena);
    return result;
}

/* ---- those that were asked for together ---- */

int request_backfill_each_mate(struct daemon *daemon, const struct backfill *backfill,
                               void (*call)(void *owner, struct backfill *mate), void *owner,
                               struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct load_backfills group;
    int64_t id = backfill->row.id;
    struct backfill *mate;
    if (backfill->row.leader_id != id)
        return 0;
    if (load_backfill_group(daemon->store, id, &arena, &group, err) < 0)
        return -1;
    for (size_t i = 0; i < group.count; i++) {
        if (group.items[i].id == id)
            continue;
        if (backfill_load(daemon, group.items[i].id, &mate, err) < 0)
            return -1;
        call(owner, mate);
    }
    return 0;
}

/* Those of this turn are in memory, older ones may be in the store alone. */
int64_t request_backfill_count(struct daemon *daemon, const struct backfill *backfill)
{
    SCOPED_ARENA struct arena arena = {0};
    struct load_backfills group = {0};
    int64_t leader = backfill->row.leader_id;
    int64_t count = 0;
    if (leader == 0 || leader != backfill->row.id)
        return 1;
    load_backfill_group(daemon->store, leader, &arena, &group, NULL);
    for (const struct backfill *each = daemon->backfills; each != NULL; each = each->next)
        count += each->row.leader_id == leader;
    for (size_t i = 0; i < group.count; i++)
        count += backfill_find(daemon, group.items[i].id) == NULL;
    return count;
}
