#include "scheduler/command/status_scheduler.h"

#include "scheduler/command/engine_ask.h"
#include "scheduler/command/project_facts.h"
#include "scheduler/daemon/daemon.h"

#include <inttypes.h>
#include <string.h>

void status_scheduler_load(struct context *context, struct status_scheduler *ret_scheduler)
{
    struct status_scheduler scheduler = {.holder = project_facts_holder(context, ENGINE_LOCK_NAME),
                                         .trouble = ""};
    struct notice about;
    struct error ignored = {0};
    if (scheduler.holder.pid != 0 && engine_ask_status(context, &about, &ignored) == 0) {
        scheduler.has_answered = true;
        scheduler.is_server = strcmp(about.state, NOTICE_STATE_SERVER) == 0;
        scheduler.slots = about.total;
        scheduler.slots_used = about.done;
        scheduler.trouble = about.reason == NULL ? "" : about.reason;
    }
    *ret_scheduler = scheduler;
}

const char *status_scheduler_word(const struct status_scheduler *scheduler)
{
    if (scheduler->holder.pid != 0 && !scheduler->has_answered)
        return "silent";
    return scheduler->is_server ? "running" : "not running";
}

const char *status_scheduler_text(struct context *context, const struct status_scheduler *scheduler)
{
    struct arena *arena = &context->arena;
    const struct lock_holder *holder = &scheduler->holder;
    if (holder->pid == 0)
        return "datemill run works without one, in the foreground";
    const char *up = project_facts_ago(arena, holder->since);
    if (!scheduler->has_answered)
        return arena_format(arena, "pid %" PRId64 ", up %s, does not answer just now   %s",
                            holder->pid, up, holder->command);
    const char *slots = arena_format(arena, "%" PRId64 " of %" PRId64 " slots used",
                                     scheduler->slots_used, scheduler->slots);
    if (scheduler->is_server)
        return arena_format(arena, "pid %" PRId64 ", up %s, %s", holder->pid, up, slots);
    return arena_format(arena, "a command is the engine: pid %" PRId64 ", for %s, %s   %s",
                        holder->pid, up, slots, holder->command);
}

static const char *kind(const struct status_scheduler *scheduler)
{
    if (!scheduler->has_answered)
        return NULL;
    return scheduler->is_server ? NOTICE_STATE_SERVER : NOTICE_STATE_COMMAND;
}

void status_scheduler_write(struct context *context, const struct status_scheduler *scheduler,
                            struct json_out *json)
{
    const struct lock_holder *holder = &scheduler->holder;
    const struct zone *zone = context_shown_zone(context, context->project->timezone);
    char since[ZONE_RFC3339_BYTES];
    zone_format_rfc3339(zone, holder->since, since);
    json_out_key(json, "scheduler");
    json_out_begin_object(json);
    json_out_pair_bool(json, "running", holder->pid != 0);
    json_out_pair_int(json, "pid", holder->pid);
    json_out_pair_string(json, "command", holder->command);
    json_out_pair_string(json, "kind", kind(scheduler));
    json_out_pair_string(json, "since", holder->pid != 0 ? since : NULL);
    json_out_pair_int(json, "slots", scheduler->slots);
    json_out_pair_int(json, "slots_used", scheduler->slots_used);
    json_out_pair_string(json, "trouble",
                         scheduler->trouble[0] != '\0' ? scheduler->trouble : NULL);
    json_out_end_object(json);
}
