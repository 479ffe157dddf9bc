#include "scheduler/base/scope.h"
#include "scheduler/command/flow_facts.h"
#include "scheduler/command/run_facts.h"
#include "scheduler/command/run_waits_store.h"
#include "scheduler/flow/flow_need.h"

#include <string.h>

/* One node whose state is to be explained. */
struct why {
    struct context *context;
    const struct run_facts_nodes *run;
    const struct view_node *node;
    const struct flow_node *definition; /* NULL = not known */
    struct text text;
};

static void append_tag(struct why *why)
{
    const struct view_node *node = why->node;
    if (node->tag_who[0] == '\0')
        return;
    text_append_format(&why->text, "%sby %s", why->text.length > 0 ? ", " : "", node->tag_who);
    if (node->tag_reason[0] != '\0')
        text_append_format(&why->text, ": %s", node->tag_reason);
}

static const struct view_node *find_node(const struct view_nodes *nodes, const char *name)
{
    for (size_t i = 0; i < nodes->count; i++) {
        if (strcmp(nodes->items[i].name, name) == 0)
            return &nodes->items[i];
    }
    return NULL;
}

/* The upstream nodes that hold this one up, each with its state; whether there are any. */
static bool append_upstream(struct why *why)
{
    size_t before = why->text.length;
    for (size_t n = 0; why->definition != NULL && n < why->definition->need_count; n++) {
        const struct flow_need *need = &why->definition->needs[n];
        const struct view_node *other =
            !flow_need_is_inside(need) ? NULL : find_node(&why->run->nodes, need->node);
        bool holds = other != NULL && !task_states[other->state].lets_go_on;
        if (holds)
            text_append_format(&why->text, "%s%s is %s", why->text.length > before ? ", " : "",
                               other->name, task_state_name(other->state));
    }
    return why->text.length > before;
}

static bool append_external(struct why *why)
{
    const char *date = why->run->run.bizdate;
    size_t before = why->text.length;
    for (size_t n = 0; why->definition != NULL && n < why->definition->need_count; n++) {
        const struct flow_need *need = &why->definition->needs[n];
        if (!flow_need_is_inside(need))
            text_append_format(&why->text, "%s%s %s %s",
                               why->text.length > before ? ", " : "outside this run: ",
                               flow_need_text(need, &why->context->arena),
                               need->cycle_back > 0 ? "from" : "of", date);
    }
    return why->text.length > before;
}

/* `file oss: a until 06:30:00`; with `before` a wait that is over. */
static void append_wait(struct why *why, const char *before)
{
    const struct view_node *node = why->node;
    text_append_format(&why->text, "%s%s", before,
                       why->definition == NULL
                           ? "what it waits for"
                           : flow_facts_wait(why->definition, &why->context->arena));
    if (node->state == TASK_WAITING && node->ready_at.us != 0)
        text_append_format(&why->text, " until %.8s at most",
                           run_facts_time(why->context, &why->run->run, node->ready_at) + 11);
}

/* The recorded reason is as of the last change: but for a retry, what holds it up now
 * follows from the nodes it needs. */
static void append_waiting(struct why *why)
{
    const struct view_run *run = &why->run->run;
    const struct view_node *node = why->node;
    bool is_waiting = node->reason == TASK_REASON_WAIT;
    bool is_ready = node->reason != TASK_REASON_RETRY && !is_waiting && !append_upstream(why);
    if (is_waiting)
        append_wait(why, "");
    if (node->reason == TASK_REASON_RETRY)
        text_append_format(&why->text, "retry at %.8s",
                           run_facts_time(why->context, run, node->ready_at) + 11);
    /* Only the engine knows whether what is outside the run is still in the way. */
    if (is_ready && append_external(why))
        text_append(&why->text, ", or a free slot");
    else if (is_ready && run->hold == RUN_HOLD_NONE)
        text_append(&why->text, "a free slot");
    if (run->hold != RUN_HOLD_NONE)
        text_append_format(&why->text, "%s%s", why->text.length > 0 ? ", " : "",
                           run_hold_name(run->hold));
}

static void append_attempt(struct why *why)
{
    const struct view_attempt *attempt = why->node->attempt;
    if (attempt != NULL && attempt->reason[0] != '\0')
        text_append_format(&why->text, "%s%s%s", attempt->code, attempt->code[0] != '\0' ? " " : "",
                           attempt->reason);
}

/* A run that was made while the node was frozen has no tag of its own. */
static void append_freeze(struct why *why)
{
    const struct store_freeze *freeze =
        why->node->tag_who[0] != '\0'
            ? NULL
            : run_waits_freeze(why->context, &why->run->run, why->node->name);
    if (freeze != NULL)
        text_append_format(&why->text, "by %s%s%s", freeze->who,
                           freeze->reason[0] != '\0' ? ": " : "", freeze->reason);
}

static void append_state(struct why *why)
{
    const struct view_node *node = why->node;
    switch (node->state) {
    case TASK_WAITING:
        append_waiting(why);
        break;
    case TASK_BLOCKED:
        if (!append_upstream(why))
            text_append(&why->text, "an upstream node");
        break;
    case TASK_FAILED:
    case TASK_STOPPED:
        if (node->why == TASK_WHY_WAIT_TIMEOUT)
            append_wait(why, "waited too long for ");
        else
            append_attempt(why);
        break;
    case TASK_SKIPPED:
        if (node->why == TASK_WHY_WAIT_TIMEOUT) {
            append_wait(why, "waited too long for ");
            break;
        }
        if (node->type[0] == '\0')
            text_append(&why->text, "no longer in the flow");
        else if (node->why == TASK_WHY_OFF_DAY)
            text_append(&why->text, flow_facts_off_day(why->definition, why->run->run.cyctime,
                                                       &why->context->arena));
        else
            text_append(&why->text, node->is_selected ? "" : "not selected");
        break;
    case TASK_RUNNING:
        if (node->wish != TASK_WISH_NONE)
            text_append_format(&why->text, "%s asked for", task_wish_name(node->wish));
        break;
    case TASK_FROZEN:
        append_freeze(why);
        break;
    case TASK_SUCCESS:
        break;
    }
}

const char *run_facts_why(struct context *context, const struct run_facts_nodes *run,
                          const struct view_node *node)
{
    size_t index = run->flow != NULL ? flow_find_node(run->flow, node->name) : FLOW_NONE;
    struct why why = {.context = context,
                      .run = run,
                      .node = node,
                      .definition = index != FLOW_NONE ? &run->flow->nodes[index] : NULL};
    append_state(&why);
    append_tag(&why);
    const char *text = arena_copy(&context->arena, text_string(&why.text), why.text.length);
    text_free(&why.text);
    return text;
}
