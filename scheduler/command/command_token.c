#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/page_start.h"
#include "scheduler/command/table.h"
#include "scheduler/system/page_tokens.h"

#include <string.h>

enum role_choice {
    ROLE_CHOICE_VIEWER,
    ROLE_CHOICE_OPERATOR
};

static const char *const role_choices[] = {"viewer", "operator", NULL};

static const struct option add_options[] = {
    {.name = "role",
     .kind = OPTION_KIND_CHOICE,
     .value = "ROLE",
     .choices = role_choices,
     .help = "viewer reads (the default), operator changes too"},
    {.name = NULL}};

static const char *role_name(bool is_operator)
{
    return role_choices[is_operator ? ROLE_CHOICE_OPERATOR : ROLE_CHOICE_VIEWER];
}

static int run_add(struct context *context, const struct options *options, struct error *err)
{
    SCOPED_FD int state_dir_fd = -1;
    char token[PAGE_TOKENS_TEXT_BYTES];
    const char *role = options_text(options, "role", role_choices[ROLE_CHOICE_VIEWER]);
    struct page_token_wish wish = {.name = options_argument(options, 0, ""),
                                   .is_operator = strcmp(role, role_name(true)) == 0};
    if (page_start_folder(context, &state_dir_fd, err) < 0)
        return -1;
    if (page_tokens_add(state_dir_fd, &wish, token, err) < 0) {
        if (err->kind == ERROR_KIND_USAGE)
            command_line_mark_argument(options, 0);
        return -1;
    }
    if (!context->is_json) {
        terminal_print(context->out, "%s\n", token);
        context_note(context,
                     "%s of `%s`, shown only now: paste it at /login, or send it as "
                     "`Authorization: Bearer`",
                     role, wish.name);
        return 0;
    }
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "name", wish.name);
    json_out_pair_string(&json, "role", role);
    json_out_pair_string(&json, "token", token);
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
    return 0;
}

static const struct table_column columns[] = {
    {.title = "NAME", .shrink_to = 10}, {.title = "ROLE"}, {.title = "MADE"}, {.title = NULL}};

static const char *made_at(struct context *context, const struct page_token *token)
{
    char text[ZONE_RFC3339_BYTES];
    const struct zone *zone = context_shown_zone(context, context->project->timezone);
    return arena_copy_string(&context->arena, zone_format_rfc3339(zone, token->made_at, text));
}

static void print_json(struct context *context, const struct page_tokens *tokens)
{
    for (size_t i = 0; i < tokens->count; i++) {
        SCOPED_TEXT struct text text = {0};
        struct json_out json;
        json_out_init(&json, &text);
        json_out_begin_object(&json);
        json_out_pair_string(&json, "name", tokens->items[i].name);
        json_out_pair_string(&json, "role", role_name(tokens->items[i].is_operator));
        json_out_pair_string(&json, "made_at", made_at(context, &tokens->items[i]));
        json_out_end_object(&json);
        terminal_print(context->out, "%s\n", text_string(&text));
    }
}

static int run_list(struct context *context, const struct options *options, struct error *err)
{
    SCOPED_FD int state_dir_fd = -1;
    struct page_tokens tokens;
    (void)options;
    if (page_start_folder(context, &state_dir_fd, err) < 0 ||
        page_tokens_read(state_dir_fd, &context->arena, &tokens, err) < 0)
        return -1;
    if (context->is_json) {
        print_json(context, &tokens);
        return 0;
    }
    if (tokens.count == 0) {
        context_note(context, "there is no token: datemill token add NAME --role viewer|operator");
        return 0;
    }
    struct table table;
    table_init(&table, columns, &context->arena);
    for (size_t i = 0; i < tokens.count; i++) {
        table_cell(&table, tokens.items[i].name);
        table_cell(&table, role_name(tokens.items[i].is_operator));
        table_cell(&table, made_at(context, &tokens.items[i]));
    }
    table_print(&table, context->out, true);
    return 0;
}

static int run_remove(struct context *context, const struct options *options, struct error *err)
{
    SCOPED_FD int state_dir_fd = -1;
    const char *name = options_argument(options, 0, "");
    if (page_start_folder(context, &state_dir_fd, err) < 0)
        return -1;
    if (page_tokens_remove(state_dir_fd, name, err) < 0) {
        command_line_mark_argument(options, 0);
        return -1;
    }
    context_note(context, "`%s` may not come in any more; its sessions are over", name);
    return 0;
}

const struct command command_token_add = {
    .name = "add",
    .parent = "token",
    .usage = "token add NAME [--role viewer|operator]",
    .summary = "Make a token for the page and its API; it is printed once.",
    .details =
        "An address that others can reach needs tokens for reading too (serve --listen). Only\n"
        "a hash of it is kept.",
    .arguments = {"NAME"},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = add_options,
    .run = run_add,
};

const struct command command_token_list = {
    .name = "list",
    .parent = "token",
    .usage = "token list",
    .summary = "List the tokens of the page: names and roles.",
    .run = run_list,
};

const struct command command_token_remove = {
    .name = "remove",
    .parent = "token",
    .usage = "token remove NAME",
    .summary = "Take a token back, and end the sessions that began with it.",
    .arguments = {"NAME"},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_remove,
};
