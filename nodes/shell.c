#include "nodes/builtin.h"
#include "nodes/node_job.h"
#include "nodes/shell_words.h"

#include <string.h>

#define DEFAULT_SHELL "sh -eu"

static const struct field argument_item = {.kind = FIELD_KIND_TEXT};

static const struct field fields[] = {
    {.name = "run",
     .kind = FIELD_KIND_SCRIPT,
     .help =
         "What to run, through `sh -eu`; a single plain command is started without a shell. The "
         "text is never edited: parameters arrive as environment variables.",
     .example = "wc -l rates_${bizdate}.csv"},
    {.name = "script",
     .kind = FIELD_KIND_PATH,
     .help = "A script file to run instead of `run`, beside the flow's file.",
     .example = "load.sh"},
    {.name = "args",
     .kind = FIELD_KIND_LIST,
     .item = &argument_item,
     .help = "Arguments, which the script sees as `$1`, `$2` and so on.",
     .example = "[\"${var}\", full]"},
    {.name = "shell",
     .kind = FIELD_KIND_STRING,
     .default_text = DEFAULT_SHELL,
     .help = "The interpreter and its options; `-c TEXT` or the script's file is added.",
     .example = "bash -eu -o pipefail"},
    {.name = NULL},
};

static void check(const struct node_type *type, const struct node_values *values,
                  const struct node_facts *facts, const struct node_report *report)
{
    (void)type;
    (void)facts;
    const struct field_value *block = values->written;
    const struct field_value *run = field_find(block, "run");
    const struct field_value *script = field_find(block, "script");
    const struct field_value *shell = field_find(block, "shell");
    if (run != NULL && script != NULL)
        report->add(report->context, script->key_place, "E130",
                    "a shell node has `run` or `script`, not both", NULL);
    if (run == NULL && script == NULL)
        report->add(report->context, block->key_place, "E106", "a shell node needs `run`",
                    "write what to run, as `run: ./load.sh`, or name another `type`");
    if (run != NULL && run->text[strspn(run->text, " \t\n")] == '\0')
        report->add(report->context, run->place, "E130", "`run` is empty", NULL);
    if (shell != NULL && strspn(shell->text, " ") == strlen(shell->text))
        report->add(report->context, shell->place, "E130", "`shell` is empty", NULL);
}

/* Words separated by spaces. `room` more places are kept behind them. */
static const char **split_spaces(const char *text, size_t room, struct arena *arena,
                                 size_t *ret_count)
{
    const char **words = arena_array(arena, strlen(text) / 2 + 2 + room, sizeof *words);
    size_t count = 0;
    for (const char *at = text + strspn(text, " "); *at != '\0'; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        words[count++] = arena_copy(arena, at, length);
        at += length;
    }
    *ret_count = count;
    return words;
}

/* A program with a slash lies where the node runs, unless it is absolute. */
static const char *locate(const char *program, const struct node_facts *facts, struct arena *arena)
{
    if (program[0] == '/' || strchr(program, '/') == NULL)
        return program;
    return arena_format(arena, "%s/%s", facts->flow_dir, program);
}

static const char *shell_text(const struct node_values *values)
{
    return field_text(values->resolved, fields, "shell");
}

/* Whether the node's text is one plain command that needs no shell. */
static bool split_directly(const struct node_values *values, struct arena *arena,
                           const char *const **ret_words)
{
    const struct field_value *block = values->resolved;
    const struct field_value *run = field_find(block, "run");
    return run != NULL && field_find(block, "args") == NULL && field_find(block, "shell") == NULL &&
           shell_words_split(run->text, arena, ret_words);
}

static int prepare(const struct node_type *type, const struct node_work *work,
                   struct node_command *ret_command, struct error *err)
{
    const struct node_values *values = work->values;
    const struct node_facts *facts = work->facts;
    struct arena *arena = work->arena;
    (void)type;
    const struct field_value *block = values->resolved;
    const struct field_value *run = field_find(block, "run");
    const struct field_value *script = field_find(block, "script");
    const struct field_value *args = field_find(block, "args");
    struct node_command command = {.folder = arena_copy_string(arena, facts->flow_dir)};
    const char *const *words;
    if (split_directly(values, arena, &words)) {
        command.arguments = words;
    } else {
        size_t room = 4 + (args == NULL ? 0 : args->item_count);
        size_t count;
        const char **shell = split_spaces(shell_text(values), room, arena, &count);
        if (count == 0 || (run == NULL && script == NULL))
            return error_set(err, ERROR_KIND_INVALID, "node %s has nothing to run", facts->node);
        if (run != NULL) {
            shell[count++] = "-c";
            shell[count++] = arena_copy_string(arena, run->text);
            shell[count++] = arena_copy_string(arena, facts->node); /* $0 */
        } else {
            shell[count++] = arena_copy_string(arena, script->text);
        }
        for (size_t i = 0; args != NULL && i < args->item_count; i++)
            shell[count++] = arena_copy_string(arena, args->items[i].text);
        command.arguments = shell;
    }
    command.program = locate(command.arguments[0], facts, arena);
    command.environment = node_job_environment(facts, arena, &command.environment_count);
    command.shown_text = arena_copy_string(arena, run != NULL ? run->text : script->text);
    *ret_command = command;
    return 0;
}

static bool find_program(const struct node_type *type, const struct node_work *work,
                         struct node_program *ret_program)
{
    (void)type;
    struct node_program program = {0};
    const struct field_value *run = field_find(work->values->written, "run");
    const struct field_value *shell = field_find(work->values->written, "shell");
    if (shell != NULL) {
        program.value = shell;
        program.offset = strspn(shell->text, " ");
        program.length = strcspn(shell->text + program.offset, " ");
    } else if (run != NULL) {
        program.value = run;
        if (!shell_words_first(run->text, &program.offset, &program.length))
            return false;
    } else {
        return false;
    }
    if (program.length == 0)
        return false;
    const char *name =
        arena_copy(work->arena, program.value->text + program.offset, program.length);
    program.name = locate(name, work->facts, work->arena);
    *ret_program = program;
    return true;
}

const struct node_type node_type_shell = {
    .contract = NODE_TYPE_CONTRACT,
    .name = "shell",
    .help = "Runs a command or a script in the folder of the flow's file.",
    .fields = fields,
    .has_process = true,
    .check = check,
    .prepare = prepare,
    .interpret = node_job_interpret,
    .find_program = find_program,
};
