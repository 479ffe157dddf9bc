#include "scheduler/command/run_starts.h"

#include "scheduler/base/scope.h"
#include "scheduler/command/run_facts.h"
#include "scheduler/command/table.h"

#include <inttypes.h>

#define NOTICEABLE_US 20000 /* less is what a commit and a message take */

static const struct table_column columns[] = {
    {.title = "NODE", .shrink_to = 10},
    {.title = "TRY", .is_right = true},
    {.title = "READY"},
    {.title = "START"},
    {.title = "BECAUSE"},
    {.title = NULL},
};

static const char *cause_words(const struct view_start *start, struct arena *arena)
{
    switch (start->start.cause) {
    case START_CAUSE_RUN:
        return "when its run was made";
    case START_CAUSE_NEED:
        return arena_format(arena, "when %s was done",
                            start->need_name[0] != '\0' ? start->need_name : "what it needs");
    case START_CAUSE_OUTSIDE:
        return "when what it needs of other runs was done";
    case START_CAUSE_PAUSE:
        return "when the pause before this attempt was over";
    case START_CAUSE_RELEASE:
        return "when its run was held no more";
    case START_CAUSE_RERUN:
        return "when its run was opened again";
    case START_CAUSE_HAND:
        return "when somebody had marked, skipped or unfrozen a node";
    case START_CAUSE_DATA:
        return "when the data that it waits for was there";
    case START_CAUSE_ENGINE:
        return "when a scheduler began with its run";
    }
    return "";
}

static const char *room_words(const struct view_start *start)
{
    switch (start->start.wait) {
    case START_WAIT_NONE:
    case START_WAIT_ENGINE:
    case START_WAIT_SETTING:
        break;
    case START_WAIT_SLOT:
        return "made room";
    case START_WAIT_POOL:
        return "left its pool";
    case START_WAIT_RUN:
        return "ended, as its run has a limit of its own";
    }
    return "";
}

static void append_room(const struct view_start *start, struct text *text)
{
    switch (start->start.wait) {
    case START_WAIT_NONE:
        return;
    case START_WAIT_ENGINE:
        text_append(text, ", when the scheduler knew what runs");
        return;
    case START_WAIT_SETTING:
        text_append(text, ", when slots or pools were changed");
        return;
    case START_WAIT_SLOT:
    case START_WAIT_POOL:
    case START_WAIT_RUN:
        break;
    }
    if (start->freed_run_id != 0)
        text_append_format(text, ", when %s of run %" PRId64 " %s", start->freed_node,
                           start->freed_run_id, room_words(start));
    else
        text_append(text, ", when it was its turn");
}

static void append_others(const struct view_start *start, struct text *text)
{
    int64_t count = start->start.overtaken;
    const char *plural = count == 1 ? "" : "s";
    if (count == 0)
        return;
    if (start->start.wait == START_WAIT_NONE)
        text_append_format(text, ", behind %" PRId64 " other%s", count, plural);
    else if (start->start.wait == START_WAIT_SLOT)
        text_append_format(
            text, "; %" PRId64 " other%s of a higher priority or an earlier run went first", count,
            plural);
    else
        text_append_format(text, "; %" PRId64 " other%s went first meanwhile", count, plural);
}

const char *run_starts_words(const struct view_start *start, struct arena *arena)
{
    SCOPED_TEXT struct text text = {0};
    char length[DURATION_TEXT_BYTES];
    struct duration queued = instant_minus(start->granted_at, start->start.ready);
    struct duration handed = instant_minus(start->started_at, start->granted_at);
    text_append(&text, cause_words(start, arena));
    if (start->start.wait == START_WAIT_NONE)
        text_append(&text, ", at once");
    else
        text_append_format(&text, "; %s later", duration_format(queued, length));
    append_room(start, &text);
    append_others(start, &text);
    if (start->started_at.us != 0 && handed.us >= NOTICEABLE_US)
        text_append_format(&text, "; then %s until a slot was free",
                           duration_format(handed, length));
    return arena_copy_string(arena, text_string(&text));
}

void run_starts_print(struct context *context, const struct view_run *run,
                      const struct view_starts *starts)
{
    struct table table;
    if (starts->count == 0)
        return;
    table_init(&table, columns, &context->arena);
    for (size_t i = 0; i < starts->count; i++) {
        const struct view_start *start = &starts->items[i];
        const char *ready = run_facts_time(context, run, start->start.ready);
        const char *began = run_facts_time(context, run, start->started_at);
        table_cell(&table, start->node_name);
        table_cell_format(&table, "%d", start->number);
        table_cell_format(&table, "%.8s", ready[0] != '\0' ? ready + 11 : "");
        table_cell_format(&table, "%.8s", began[0] != '\0' ? began + 11 : "");
        table_cell(&table, run_starts_words(start, &context->arena));
    }
    terminal_print_styled(context->out, TERMINAL_STYLE_BOLD, "\nSTARTS\n");
    table_print(&table, context->out, true);
}

static void write_freed(const struct view_start *start, struct json_out *json)
{
    json_out_key(json, "freed_by");
    if (start->freed_run_id == 0) {
        json_out_null(json);
        return;
    }
    json_out_begin_object(json);
    json_out_pair_int(json, "attempt", start->start.freed_by);
    json_out_pair_int(json, "run", start->freed_run_id);
    json_out_pair_string(json, "flow", start->freed_flow);
    json_out_pair_string(json, "node", start->freed_node);
    json_out_end_object(json);
}

static void write_time(struct json_out *json, const char *key, const struct zone *zone,
                       struct instant at)
{
    char stamp[ZONE_RFC3339_BYTES];
    json_out_pair_string(json, key, at.us == 0 ? NULL : zone_format_rfc3339(zone, at, stamp));
}

void run_starts_write(const struct view_starts *starts, int64_t attempt_id, const struct zone *zone,
                      struct json_out *json)
{
    SCOPED_ARENA struct arena arena = {0};
    const struct view_start *start = NULL;
    for (size_t i = 0; i < starts->count && start == NULL; i++)
        start = starts->items[i].attempt_id == attempt_id ? &starts->items[i] : NULL;
    json_out_key(json, "start");
    if (start == NULL) {
        json_out_null(json);
        return;
    }
    json_out_begin_object(json);
    write_time(json, "ready_at", zone, start->start.ready);
    json_out_pair_string(json, "ready_by", start_cause_name(start->start.cause));
    json_out_pair_string(json, "need", start->need_name[0] != '\0' ? start->need_name : NULL);
    write_time(json, "granted_at", zone, start->granted_at);
    json_out_pair_string(json, "waited_for", start_wait_name(start->start.wait));
    write_freed(start, json);
    json_out_pair_int(json, "went_first", start->start.overtaken);
    json_out_pair_string(json, "words", run_starts_words(start, &arena));
    json_out_end_object(json);
}
