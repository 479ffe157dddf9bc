#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/versions.h"

static void print_json(struct context *context, const struct version_item *items, size_t count)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_string(&json, "version", versions_own());
    json_out_key(&json, "libraries");
    json_out_begin_object(&json);
    for (size_t i = 0; i < count; i++)
        json_out_pair_string(&json, items[i].name, items[i].version);
    json_out_end_object(&json);
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
}

static int run_version(struct context *context, const struct options *options, struct error *err)
{
    (void)options;
    (void)err;
    struct version_item items[VERSIONS_MAX];
    size_t count = versions_of_libraries(&context->arena, items);
    if (context->is_json) {
        print_json(context, items, count);
        return 0;
    }
    terminal_print(context->out, "datemill %s\n", versions_own());
    for (size_t i = 0; i < count; i++)
        terminal_print(context->out, "%s%s %s", i > 0 ? ", " : "", items[i].name, items[i].version);
    terminal_print(context->out, "\n");
    return 0;
}

const struct command command_version = {
    .name = "version",
    .usage = "version",
    .summary = "Print the version of datemill and of the libraries it runs with.",
    .run = run_version,
};
