#include "scheduler/base/json_in.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/message_facts.h"
#include "scheduler/command/table.h"
#include "scheduler/daemon/daemon.h"
#include "scheduler/daemon/delivery.h"
#include "scheduler/daemon/outbox.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <string.h>

#define MAX_LISTED 1000
#define DEFAULT_LISTED 50

const char *message_facts_words(struct context *context, const struct message_counts *counts)
{
    SCOPED_TEXT struct text text = {0};
    if (counts->waiting > 0)
        text_append_format(&text, "%" PRId64 " not sent yet", counts->waiting);
    if (counts->failing > 0)
        text_append_format(&text, ", %" PRId64 " of them tried", counts->failing);
    if (counts->given_up > 0)
        text_append_format(&text, "%s%" PRId64 " given up", text.length > 0 ? "; " : "",
                           counts->given_up);
    if (counts->problem[0] != '\0')
        text_append_format(&text, ": %s", counts->problem);
    return arena_copy(&context->arena, text_string(&text), text.length);
}

/* ---- test ---- */

struct trial {
    struct loop *loop;
    struct arena *arena;
    const char *problem;
    bool is_done;
};

static void on_done(void *owner, const char *problem)
{
    struct trial *trial = owner;
    trial->is_done = true;
    trial->problem = problem == NULL ? NULL : arena_copy_string(trial->arena, problem);
    loop_stop(trial->loop);
}

static int find_channel(const struct project *project, const struct options *options,
                        const struct notify_channel **ret_channel, struct error *err)
{
    const char *name = options_argument(options, 0, "");
    struct suggest suggest;
    *ret_channel = notify_find_channel(project, name);
    if (*ret_channel != NULL)
        return 0;
    command_line_mark_argument(options, 0);
    suggest_begin(&suggest, name);
    for (size_t i = 0; i < project->notify->channel_count; i++)
        suggest_offer(&suggest, project->notify->channels[i].name);
    error_set(err, ERROR_KIND_NOT_FOUND, "datemill.yaml has no channel `%s`", name);
    if (suggest_best(&suggest) != NULL)
        return error_help(err, "did you mean `%s`?", suggest_best(&suggest));
    return error_help(err, "add it: channels: {%s: {type: webhook, url: …}}", name);
}

static int try_channel(struct context *context, const struct delivery_options *given,
                       struct trial *trial, struct error *err)
{
    struct delivery_options options = *given;
    struct delivery *delivery = NULL;
    int result = 0;
    if (loop_open(&trial->loop, err) < 0)
        return -1;
    trial->arena = &context->arena;
    options.loop = trial->loop;
    options.done = on_done;
    options.owner = trial;
    result = delivery_start(&options, &delivery, err);
    if (result == 0)
        result = loop_run(trial->loop, err);
    if (!trial->is_done)
        delivery_cancel(delivery);
    loop_close(trial->loop);
    return result;
}

static int run_test(struct context *context, const struct options *options, struct error *err)
{
    static const struct node_setting environment[] = {{"PATH", DAEMON_PATH}, {"LANG", "C.UTF-8"}};
    const struct project *project;
    struct trial trial = {0};
    struct delivery_options delivery = {.libexec_dir = context->libexec_dir,
                                        .id = clock_now().us / 1000,
                                        .environment = environment,
                                        .environment_count = 2};
    if (context_project(context, &project, err) < 0 ||
        find_channel(project, options, &delivery.channel, err) < 0)
        return -1;
    delivery.project = project;
    delivery.facts = outbox_test_facts(project, &context->arena);
    if (try_channel(context, &delivery, &trial, err) < 0)
        return -1;
    if (trial.problem != NULL)
        return error_set(err, ERROR_KIND_PRECONDITION, "channel `%s`: %s", delivery.channel->name,
                         trial.problem);
    if (!context->is_json)
        terminal_print(context->out, "%s took it\n", delivery.channel->name);
    else
        terminal_print(context->out, "{\"channel\":\"%s\",\"ok\":true}\n", delivery.channel->name);
    return 0;
}

/* ---- list ---- */

static const struct option list_options[] = {
    {.name = "all", .letter = 'a', .kind = OPTION_KIND_FLAG, .help = "delivered ones, too"},
    {.name = "limit",
     .letter = 'n',
     .kind = OPTION_KIND_NUMBER,
     .value = "N",
     .min = 1,
     .max = MAX_LISTED,
     .help = "at most so many, the newest"},
    {.name = NULL}};

static const struct table_column columns[] = {{.title = "ID"},
                                              {.title = "MADE"},
                                              {.title = "CHANNEL"},
                                              {.title = "EVENT"},
                                              {.title = "STATE"},
                                              {.title = "TRIES", .is_right = true},
                                              {.title = "TEXT", .shrink_to = 20},
                                              {.title = "PROBLEM", .shrink_to = 20},
                                              {.title = NULL}};

static const char *state_name(enum message_state state)
{
    static const char *const names[] = {"waiting", "delivered", "given up", "in a summary"};
    return names[state];
}

static const char *event_name(int32_t event)
{
    return event >= 0 && event < NOTIFY_EVENT_COUNT ? notify_event_name((enum notify_event)event)
                                                    : "?";
}

static const char *time_of(struct context *context, struct instant at)
{
    char text[ZONE_RFC3339_BYTES];
    const struct zone *zone = context_shown_zone(context, context->project->timezone);
    return arena_copy_string(&context->arena, zone_format_rfc3339(zone, at, text));
}

static const char *text_of(struct context *context, const struct store_message *message)
{
    struct json *facts = NULL;
    if (json_parse(message->facts, strlen(message->facts), &facts, NULL) < 0)
        return "";
    char *text = arena_copy_string(&context->arena, json_get_string(facts, "text", ""));
    json_free(facts);
    return text;
}

static void print_json(struct context *context, const struct store_message *message)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "id", message->id);
    json_out_pair_string(&json, "channel", message->channel);
    json_out_pair_string(&json, "event", event_name(message->event));
    json_out_pair_string(&json, "state", state_name(message->state));
    json_out_pair_int(&json, "tries", message->tries);
    json_out_pair_string(&json, "created_at", time_of(context, message->created_at));
    json_out_pair_string(&json, "next_at",
                         message->state == MESSAGE_WAITING && message->next_at.us != 0
                             ? time_of(context, message->next_at)
                             : NULL);
    json_out_pair_string(&json, "problem", message->problem);
    if (message->summary_id != 0)
        json_out_pair_int(&json, "summary", message->summary_id);
    json_out_key(&json, "facts");
    json_out_raw(&json, message->facts);
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
}

static void print_table(struct context *context, const struct store_messages *messages)
{
    struct table table;
    table_init(&table, columns, &context->arena);
    for (size_t i = 0; i < messages->count; i++) {
        const struct store_message *message = &messages->items[i];
        const char *text = text_of(context, message);
        table_cell_format(&table, "%" PRId64, message->id);
        table_cell_format(&table, "%.10s %.8s", time_of(context, message->created_at),
                          time_of(context, message->created_at) + 11);
        table_cell(&table, message->channel);
        table_cell(&table, event_name(message->event));
        table_cell(&table, state_name(message->state));
        table_cell_format(&table, "%d", message->tries);
        table_cell_format(&table, "%.*s", (int)strcspn(text, "\n"), text);
        table_cell(&table, message->problem);
    }
    table_print(&table, context->out, true);
}

static int run_list(struct context *context, const struct options *options, struct error *err)
{
    const struct project *project;
    struct store *store;
    struct store_messages messages = {0};
    struct message_query query = {!options_has(options, "all"),
                                  (size_t)options_number(options, "limit", DEFAULT_LISTED)};
    if (context_project(context, &project, err) < 0)
        return -1;
    if (context_store(context, &store, err) < 0) {
        if (err->kind != ERROR_KIND_NOT_FOUND)
            return -1;
        *err = (struct error){0};
    } else if (view_messages(store, &query, &context->arena, &messages, err) < 0) {
        return -1;
    }
    for (size_t i = 0; context->is_json && i < messages.count; i++)
        print_json(context, &messages.items[i]);
    if (context->is_json)
        return 0;
    if (messages.count == 0)
        context_note(context, query.open_only ? "every message went out" : "there is no message");
    else
        print_table(context, &messages);
    return 0;
}

const struct command command_notify_list = {
    .name = "list",
    .parent = "notify",
    .usage = "notify list [--all] [-n N]",
    .summary = "List messages that were not delivered: they wait, or were given up.",
    .details = "`datemill serve` sends them; a failure is tried again with growing pauses for a\n"
               "day. Ended ones are kept for 30 days.",
    .options = list_options,
    .run = run_list,
};

const struct command command_notify_test = {
    .name = "test",
    .parent = "notify",
    .usage = "notify test CHANNEL",
    .summary = "Send a message of the event `test` through a channel, at once.",
    .details = "Exit code 6 when the channel does not take it; nothing is stored.",
    .arguments = {"CHANNEL"},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_test,
};
