#include "scheduler/base/scope.h"
#include "tests/scenarios/scenario.h"

#include <stdarg.h>
#include <string.h>

void trace_line(struct story *story, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_append_args(&story->trace, format, args);
    va_end(args);
    text_append(&story->trace, "\n");
}

static const char *node_name(const struct story_run *run, uint32_t node)
{
    return run->plan->nodes[node].node->name;
}

void trace_node(const struct story *story, int64_t run_id, uint32_t node, struct text *text)
{
    const struct story_run *run = world_run(story, run_id);
    text_append_format(text, "%s/%s", run->name, node_name(run, node));
}

/* `7/2` in a line becomes `nightly/load`, `run 7` becomes `run nightly`; the ids of attempts, which
 * stand before their node, fall out: its name and number say as much. */
static void translate(const struct story *story, const char *line, struct text *text)
{
    SCOPED_FREE char *copy = strdup(line);
    char *rest = copy;
    const char *before = "";
    for (char *word = strtok_r(rest, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        char *end;
        int64_t number = strtoll(word, &end, 10);
        bool is_number = end != word;
        bool is_order = strcmp(before, "attempt") == 0 || strcmp(before, "grant") == 0 ||
                        strcmp(before, "revoke") == 0 || strcmp(before, "stop") == 0 ||
                        strcmp(before, "kill") == 0;
        if (is_number && *end == '\0' && is_order) {
            before = "";
            continue;
        }
        if (text->length > 0 && text->data[text->length - 1] != '\n')
            text_append_char(text, ' ');
        if (is_number && *end == '/')
            trace_node(story, number, (uint32_t)strtoul(end + 1, NULL, 10), text);
        else if (is_number && *end == '\0' && strcmp(before, "run") == 0)
            text_append(text, world_run(story, number)->name);
        else
            text_append(text, word);
        before = word;
    }
}

void trace_actions(struct story *story)
{
    for (; story->traced < story->pending.count; story->traced++) {
        const struct action *action = &story->pending.items[story->traced];
        SCOPED_TEXT struct text line = {0};
        SCOPED_TEXT struct text shown = {0};
        action_format(action, &line);
        translate(story, text_string(&line), &shown);
        bool is_order = action->kind > ACTION_RECORD_RUN;
        bool is_sent = story->fate == STORY_GOES_ON;
        trace_line(story, "%s%s%s", is_order ? "-> " : "", text_string(&shown),
                   is_order && !is_sent ? "  (never sent)" : "");
    }
}

/* What the keeper's snapshot meant: `<- ended nightly/load #1 success`. */
void trace_event(struct story *story, const struct event *event)
{
    SCOPED_TEXT struct text line = {0};
    const struct story_attempt *attempt = story_attempt(story, event->attempt.id);
    event_format(event, &line);
    const char *words = text_string(&line);
    size_t name = strcspn(words, " ");
    const char *after = words + name + strlen(" attempt ");
    after += strcspn(after, " ");
    const char *clock = strstr(after, " @");
    SCOPED_TEXT struct text node = {0};
    trace_node(story, attempt->run_id, attempt->node, &node);
    trace_line(story, "<- %.*s %s #%d%.*s", (int)name, words, text_string(&node), attempt->number,
               (int)(clock - after), after);
}

void trace_run(struct story *story, const struct story_run *run)
{
    size_t width = 0;
    for (uint32_t i = 0; i < run->plan->node_count; i++) {
        size_t length = strlen(node_name(run, i));
        width = length > width ? length : width;
    }
    trace_line(story, "%s: %s", run->name, run_state_name(run->state));
    for (uint32_t i = 0; i < run->plan->node_count; i++) {
        const struct task_row *row = &run->rows[i];
        SCOPED_TEXT struct text tries = {0};
        if (row->attempts > 0)
            text_append_format(&tries, ", %d attempt%s", row->attempts,
                               row->attempts == 1 ? "" : "s");
        trace_line(story, "  %-*s  %s%s", (int)width, node_name(run, i),
                   task_state_name(row->state), text_string(&tries));
    }
}

static void trace_params(struct story *story, const struct plan_param *params, size_t count,
                         const char *node)
{
    for (size_t i = 0; i < count; i++)
        trace_line(story, "  %s%s%s = %s", node, node[0] == '\0' ? "" : ".", params[i].name,
                   params[i].text);
}

void trace_plan(struct story *story, const struct story_run *run)
{
    const struct plan *plan = run->plan;
    char fires[ZONE_RFC3339_BYTES];
    zone_format_rfc3339(plan->flow->zone, plan->firing, fires);
    trace_line(story, "%s: business date %s, planned %s%s, fires %.19s%s%s", run->name,
               plan->bizdate_text, plan->cyctime_text, plan->is_second ? " the second time" : "",
               fires, fires + 23, plan->is_moved ? " instead" : "");
    trace_params(story, plan->params, plan->param_count, "");
    for (size_t i = 0; i < plan->node_count; i++)
        trace_params(story, plan->nodes[i].params, plan->nodes[i].param_count,
                     plan->nodes[i].node->name);
}

static void trace_reason(struct story *story, const struct engine_reason *reason)
{
    SCOPED_TEXT struct text node = {0};
    switch (reason->kind) {
    case ENGINE_REASON_UPSTREAM:
        trace_node(story, reason->run_id, reason->node, &node);
        trace_line(story, "waits for %s, which is %s", text_string(&node),
                   task_state_name(reason->state));
        return;
    case ENGINE_REASON_EXTERNAL:
        trace_line(story, "waits for %zu needs outside the run", reason->count);
        return;
    case ENGINE_REASON_RETRY:
        trace_line(story, "is tried again at %llds",
                   (long long)(reason->at.us / DURATION_SECOND_US));
        return;
    case ENGINE_REASON_WAIT:
        trace_line(story, "waits since %llds for what is to be there, until %llds at most",
                   (long long)(reason->since.us / DURATION_SECOND_US),
                   (long long)(reason->at.us / DURATION_SECOND_US));
        return;
    case ENGINE_REASON_SLOT:
        trace_line(story, "waits for a slot, %zu before it%s", reason->count,
                   reason->is_granted ? ", granted" : "");
        return;
    case ENGINE_REASON_POOL:
        trace_node(story, reason->run_id, reason->node, &node);
        trace_line(story, "waits for a place in pool %s, held by %s",
                   story->project->pools[reason->pool].name, text_string(&node));
        return;
    case ENGINE_REASON_PARALLEL:
        trace_line(story, "waits: its run may have no more than %zu open", reason->count);
        return;
    case ENGINE_REASON_FROZEN:
        trace_line(story, "is frozen");
        return;
    case ENGINE_REASON_HELD:
        trace_line(story, "waits: its run is held (%s)", run_hold_name(reason->hold));
        return;
    case ENGINE_REASON_WISH:
        trace_line(story, "waits for the end of its attempt, then: %s",
                   task_wish_name(reason->wish));
        return;
    case ENGINE_REASON_RECOVERING:
        trace_line(story, "waits for the end of the recovery");
        return;
    }
}

int trace_why(struct story *story, const struct story_run *run, uint32_t node, struct error *err)
{
    struct engine_reasons reasons = {0};
    if (engine_explain(story->engine, run->image.run.run_id, node, &reasons, err) < 0)
        return -1;
    for (size_t i = 0; i < reasons.count; i++)
        trace_reason(story, &reasons.items[i]);
    engine_reasons_free(&reasons);
    return 0;
}
