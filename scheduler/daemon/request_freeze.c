#include "scheduler/daemon/request_freeze.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/daemon/freezes.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <string.h>

#define MAX_REASON_BYTES 2000 /* of a freeze */

/* One change while it is worked on. */
struct change {
    struct daemon *daemon;
    struct daemon_watcher *watcher;
    const struct request *request;
    const char *node; /* "" = the whole flow */
    struct notice_item *items;
    size_t item_count;
    size_t item_capacity;
};

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* `hello/fetch`, or `hello`. */
static const char *shown(const struct change *change)
{
    const char *flow = change->request->flow;
    if (change->node[0] == '\0')
        return flow;
    return arena_format(&change->daemon->turn.arena, "%s/%s", flow, change->node);
}

static int unknown_node(const struct change *change, const struct flow *flow, struct error *err)
{
    struct suggest suggest;
    suggest_begin(&suggest, change->node);
    for (size_t i = 0; i < flow->node_count; i++)
        suggest_offer(&suggest, flow->nodes[i].name);
    error_set(err, ERROR_KIND_NOT_FOUND, "flow %s has no node `%s`", flow->name, change->node);
    memcpy(err->code, "E012", sizeof "E012");
    if (suggest_best(&suggest) == NULL)
        return error_help(err, "datemill show %s lists its nodes", flow->name);
    return error_help(err, "did you mean `%s/%s`?", flow->name, suggest_best(&suggest));
}

/* A flow with problems in its file may be frozen all the same, but then its nodes are not known. */
static int check_place(const struct change *change, struct error *err)
{
    struct daemon *daemon = change->daemon;
    struct definition *definition;
    struct error problem = {0};
    if (definition_from_folder(&daemon->definitions, &daemon->place, change->request->flow,
                               &definition, &problem) < 0) {
        if (problem.kind == ERROR_KIND_INVALID && change->node[0] == '\0')
            return 0;
        *err = problem;
        return -1;
    }
    int result = 0;
    if (change->node[0] != '\0' && flow_find_node(definition->flow, change->node) == FLOW_NONE)
        result = unknown_node(change, definition->flow, err);
    definition_release(&daemon->definitions, definition);
    return result;
}

static int check_until(const struct change *change, struct error *err)
{
    const char *until = change->request->until;
    struct civil_date date;
    if (!is_set(until))
        return 0;
    if (civil_date_parse(until, &date, err) < 0)
        return -1;
    if (freezes_until_is_ahead(change->daemon, until))
        return 0;
    error_set(err, ERROR_KIND_USAGE, "nothing would be frozen: business date %s is here already",
              until);
    memcpy(err->code, "E020", sizeof "E020");
    return error_help(err, "--until names the first business date that runs again");
}

static void add_item(struct change *change, const struct daemon_run *run, uint32_t node)
{
    struct arena *arena = &change->daemon->turn.arena;
    struct engine_task task = {0};
    if (change->item_count >= NOTICE_MAX_ITEMS)
        return;
    engine_look(change->daemon->engine, run->id, node, &task, NULL);
    const char *state = task.wish == TASK_WISH_FREEZE
                            ? (task.is_granted ? "about to start, will be frozen"
                                               : "running, will be frozen instead of tried again")
                            : task_state_name(task.state);
    change->items = arena_grow(arena, change->items, change->item_count, &change->item_capacity,
                               sizeof *change->items);
    change->items[change->item_count++] = (struct notice_item){
        arena_copy_string(arena, run->plan->nodes[node].node->name),
        arena_format(arena, "run %" PRId64 " (%s): %s", run->id, run->plan->bizdate_text, state)};
}

static void note_node(struct change *change, const struct daemon_run *run, uint32_t node)
{
    bool is_freeze = change->request->kind == REQUEST_KIND_FREEZE;
    requests_add_operation(change->daemon, change->watcher, change->request,
                           (struct store_operation){.kind = is_freeze ? STORE_OPERATION_FREEZE
                                                                      : STORE_OPERATION_UNFREEZE,
                                                    .run_id = run->id,
                                                    .node = node});
}

/* Every node of the flow's open runs is as the freezes now say. */
static void settle_runs(struct change *change)
{
    struct daemon *daemon = change->daemon;
    for (size_t i = 0; i < daemon->run_count; i++) {
        const struct daemon_run *run = daemon->runs[i];
        if (run->is_over || strcmp(run->plan->flow->name, change->request->flow) != 0)
            continue;
        for (uint32_t node = 0; node < run->plan->node_count; node++) {
            if (!freezes_settle(daemon, run, node))
                continue;
            note_node(change, run, node);
            add_item(change, run, node);
        }
    }
}

static void note_change(struct change *change, const char *until)
{
    struct arena *arena = &change->daemon->turn.arena;
    bool is_freeze = change->request->kind == REQUEST_KIND_FREEZE;
    const char *detail = arena_format(arena, "%s%s%s", change->node,
                                      change->node[0] != '\0' && is_set(until) ? " " : "",
                                      is_set(until) ? arena_format(arena, "until %s", until) : "");
    requests_add_operation(
        change->daemon, change->watcher, change->request,
        (struct store_operation){.kind =
                                     is_freeze ? STORE_OPERATION_FREEZE : STORE_OPERATION_UNFREEZE,
                                 .detail = detail,
                                 .flow = arena_copy_string(arena, change->request->flow),
                                 .node = STORE_NO_NODE});
}

static struct notice *answer(struct change *change, const char *remark)
{
    struct arena *arena = &change->daemon->turn.arena;
    struct notice *notice =
        &requests_reply(change->daemon, change->watcher, change->request, NULL)->notice;
    notice->flow = arena_copy_string(arena, change->request->flow);
    notice->node = arena_copy_string(arena, change->node);
    notice->remark = remark;
    notice->items = change->items;
    notice->item_count = change->item_count;
    return notice;
}

/* What was there before, for the answer. */
static const char *describe_before(const struct change *change)
{
    const struct store_freeze *row =
        freezes_row(change->daemon, change->request->flow, change->node);
    if (row == NULL || !freezes_until_is_ahead(change->daemon, row->until))
        return "";
    SCOPED_TEXT struct text text = {0};
    text_append(&text, "it was ");
    freezes_describe(row, &text);
    return arena_copy_string(&change->daemon->turn.arena, text_string(&text));
}

static int freeze(struct change *change, struct error *err)
{
    const struct request *request = change->request;
    struct daemon *daemon = change->daemon;
    const char *reason = request->reason == NULL ? "" : request->reason;
    if (check_place(change, err) < 0 || check_until(change, err) < 0)
        return -1;
    if (strlen(reason) > MAX_REASON_BYTES)
        return error_set(err, ERROR_KIND_USAGE, "a reason of more than %d bytes", MAX_REASON_BYTES);
    const char *before = describe_before(change);
    const char *who = is_set(request->who) ? request->who : change->watcher->who;
    struct store_freeze row = {.flow = request->flow,
                               .node = change->node,
                               .since = clock_now(),
                               .until = request->until == NULL ? "" : request->until,
                               .who = who == NULL ? "?" : who,
                               .reason = reason};
    freezes_put(daemon, &row);
    note_change(change, row.until);
    settle_runs(change);
    answer(change, before);
    return 0;
}

struct nearest {
    struct arena *arena;
    struct suggest suggest;
    struct text all;
    size_t count;
};

static bool offer(void *owner, const struct store_freeze *freeze)
{
    struct nearest *nearest = owner;
    const char *name = arena_format(nearest->arena, "%s%s%s", freeze->flow,
                                    freeze->node[0] != '\0' ? "/" : "", freeze->node);
    suggest_offer(&nearest->suggest, name);
    if (nearest->count++ < 5)
        text_append_format(&nearest->all, "%s%s", nearest->count > 1 ? ", " : "", name);
    return true;
}

/* A node whose whole flow is frozen, or that its file freezes, is a case of its own. */
static int not_frozen(const struct change *change, struct error *err)
{
    struct daemon *daemon = change->daemon;
    const char *flow = change->request->flow;
    const char *name = shown(change);
    if (check_place(change, err) < 0)
        return -1;
    error_set(err, ERROR_KIND_NOT_FOUND, "%s is not frozen", name);
    const struct store_freeze *whole = freezes_row(daemon, flow, "");
    if (change->node[0] != '\0' && whole != NULL)
        return error_help(err, "its whole flow is: datemill unfreeze %s", flow);
    struct definition *definition;
    if (change->node[0] != '\0' && definition_from_folder(&daemon->definitions, &daemon->place,
                                                          flow, &definition, NULL) == 0) {
        size_t node = flow_find_node(definition->flow, change->node);
        bool is_in_file = node != FLOW_NONE && definition->flow->nodes[node].is_frozen;
        definition_release(&daemon->definitions, definition);
        if (is_in_file)
            return error_help(err, "its flow's file freezes it: take `frozen: true` out there");
    }
    struct nearest nearest = {.arena = &daemon->turn.arena};
    suggest_begin(&nearest.suggest, name);
    freezes_each(daemon, offer, &nearest);
    const char *best = suggest_best(&nearest.suggest);
    if (nearest.count == 0)
        error_help(err, "nothing is frozen by hand");
    else if (best != NULL)
        error_help(err, "did you mean `%s`?", best);
    else
        error_help(err, "frozen: %s", text_string(&nearest.all));
    text_free(&nearest.all);
    return -1;
}

/* The runs that ended with it frozen go on only when they are asked to. */
static int list_ended(const struct change *change, struct notice *notice, struct error *err)
{
    struct load_ids ids;
    struct load_node_place place = {change->request->flow, change->node, NOTICE_MAX_RUNS};
    struct arena *arena = &change->daemon->turn.arena;
    if (load_frozen_runs(change->daemon->store, &place, arena, &ids, err) < 0)
        return -1;
    for (size_t i = 0; i < ids.count; i++) {
        if (daemon_runs_find(change->daemon, ids.items[i]) == NULL)
            notice->run_ids[notice->run_count++] = ids.items[i];
    }
    return 0;
}

static int unfreeze(struct change *change, struct error *err)
{
    const char *before = describe_before(change);
    if (before[0] == '\0')
        return not_frozen(change, err);
    struct notice ended = {0};
    if (list_ended(change, &ended, err) < 0)
        return -1;
    freezes_remove(change->daemon, change->request->flow, change->node);
    note_change(change, "");
    settle_runs(change);
    struct notice *notice = answer(change, before);
    memcpy(notice->run_ids, ended.run_ids, sizeof ended.run_ids);
    notice->run_count = ended.run_count;
    return 0;
}

int request_freeze(struct daemon *daemon, struct daemon_watcher *watcher,
                   const struct request *request, struct error *err)
{
    if (!is_set(request->flow))
        return error_set(err, ERROR_KIND_USAGE, "name a flow");
    struct change change = {.daemon = daemon,
                            .watcher = watcher,
                            .request = request,
                            .node = request->nodes == NULL ? "" : request->nodes};
    if (request->kind == REQUEST_KIND_UNFREEZE)
        return unfreeze(&change, err);
    return freeze(&change, err);
}
