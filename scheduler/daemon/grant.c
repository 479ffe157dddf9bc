#include "scheduler/base/memory.h"
#include "scheduler/daemon/daemon_state.h"
#include "scheduler/daemon/secret.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void grant_read_environment(struct daemon *daemon)
{
    struct arena *arena = &daemon->arena;
    struct passwd entry;
    struct passwd *found = NULL;
    char buffer[4096];
    bool is_known =
        getpwuid_r(getuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != NULL;
    daemon->environment[0] = (struct node_setting){"PATH", DAEMON_PATH};
    daemon->environment[1] =
        (struct node_setting){"HOME", arena_copy_string(arena, is_known ? entry.pw_dir : "/")};
    daemon->environment[2] = (struct node_setting){
        "USER", arena_copy_string(arena, is_known ? entry.pw_name : "nobody")};
    daemon->environment[3] = (struct node_setting){"LANG", "C.UTF-8"};
}

/* `name=text`; there are a dozen for each attempt. */
static const char *join_entry(struct arena *arena, const char *name, const char *text)
{
    size_t name_length = strlen(name);
    size_t text_length = strlen(text);
    char *entry = arena_alloc(arena, name_length + text_length + 2);
    memcpy(entry, name, name_length);
    entry[name_length] = '=';
    memcpy(entry + name_length + 1, text, text_length + 1);
    return entry;
}

static int make_environment(const struct plan_start *prepared, struct arena *arena,
                            struct keeper_start *start, struct error *err)
{
    struct secret_masks masks = {0};
    const char **environment =
        arena_array(arena, prepared->environment_count + 1, sizeof *environment);
    for (size_t i = 0; i < prepared->environment_count; i++) {
        const struct node_environment *entry = &prepared->environment[i];
        const char *text = entry->text;
        if (text == NULL) {
            if (secret_read(entry, arena, &text, err) < 0)
                return -1;
            secret_add_masks(&masks, text, arena);
        }
        environment[i] = join_entry(arena, entry->name, text);
    }
    start->env = environment;
    start->masks = masks.texts;
    return 0;
}

static void fill_start(const struct daemon_run *run, const struct action *action,
                       const struct plan_start *prepared, struct turn_grant *grant)
{
    const struct flow_node *node = run->plan->nodes[action->order.node].node;
    const struct node_command *command = &prepared->command;
    struct keeper_start *start = &grant->start;
    start->folder = command->folder;
    start->argv = command->arguments;
    start->input = command->input;
    start->input_length = command->input_length;
    start->log_limit = node->log_limit;
    start->timeout = node->timeout;
    start->stop_grace = node->stop_grace;
    start->keep_leftovers = node->keeps_leftovers;
    start->needs_slot = true;
    grant->row.text = command->shown_text;
    grant->row.text_length = command->shown_text == NULL ? 0 : strlen(command->shown_text);
}

/* argv[0] is what the program sees as its name; the keeper starts what `program` says. */
static void set_program(const struct node_command *command, struct arena *arena,
                        struct keeper_start *start)
{
    if (command->program == NULL || strcmp(command->program, command->arguments[0]) == 0)
        return;
    size_t count = 0;
    while (command->arguments[count] != NULL)
        count++;
    const char **argv = arena_array(arena, count + 1, sizeof *argv);
    memcpy(argv, command->arguments, count * sizeof *argv);
    argv[0] = command->program;
    start->argv = argv;
}

static int make_command(struct daemon *daemon, const struct daemon_run *run,
                        const struct action *action, struct turn_grant *grant, struct error *err)
{
    struct arena *arena = &daemon->turn.arena;
    const char *log_path = grant->row.log_path;
    struct plan_facts facts = {.attempt_id = action->order.attempt_id,
                               .attempt = action->order.number,
                               .libexec_dir = daemon->place.libexec_dir,
                               .version = run->definition->shown_version,
                               .reject_file =
                                   arena_format(arena, "%s/%.*s.rejected", daemon->place.state_dir,
                                                (int)(strlen(log_path) - strlen(".log")), log_path),
                               .environment = daemon->environment,
                               .environment_count = DAEMON_ENVIRONMENT_COUNT,
                               .finder = daemon->finder,
                               .node = action->order.node};
    struct plan_start prepared;
    if (plan_prepare(run->plan, &facts, arena, &prepared, err) < 0)
        return -1;
    fill_start(run, action, &prepared, grant);
    set_program(&prepared.command, arena, &grant->start);
    return make_environment(&prepared, arena, &grant->start, err);
}

void grant_prepare(struct daemon *daemon, const struct action *action)
{
    struct arena *arena = &daemon->turn.arena;
    const struct daemon_run *run = daemon_runs_find(daemon, action->order.run_id);
    struct turn_grant *grant = arena_alloc(arena, sizeof *grant);
    const char *node = run->plan->nodes[action->order.node].node->name;
    char *token = arena_alloc(arena, CLOCK_TOKEN_BYTES);
    char *hash = arena_alloc(arena, FLOW_HASH_BYTES);
    struct error err = {0};
    grant->row = (struct store_grant){
        .attempt_id = action->order.attempt_id,
        .executor = "local",
        .token = token,
        .boot_id = daemon->boot_id,
        .log_path = arena_format(arena, "%s/%s.%d.log", run->log_dir, node, action->order.number),
        .text = "",
        .text_hash = hash};
    grant->start.attempt_id = action->order.attempt_id;
    grant->start.token = token;
    grant->start.log_path = grant->row.log_path;
    grant->start.events_path =
        arena_format(arena, "%s/%s.%d.events", run->log_dir, node, action->order.number);
    if (clock_make_token(token, &err) < 0 || make_command(daemon, run, action, grant, &err) < 0)
        grant->problem =
            arena_format(arena, "%s%s%s", err.text, err.help[0] == '\0' ? "" : "; ", err.help);
    if (grant->row.text == NULL)
        grant->row.text = "";
    flow_source_hash(grant->row.text, grant->row.text_length, hash);
    TURN_ADD(daemon->turn.grants, grant);
    struct daemon_attempt *attempt = daemon_runs_add_attempt(daemon, action->order.attempt_id);
    free(attempt->log_path);
    attempt->run_id = action->order.run_id;
    attempt->node = action->order.node;
    attempt->number = action->order.number;
    attempt->log_path = memory_copy_string(grant->row.log_path);
}
