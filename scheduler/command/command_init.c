#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/new_files.h"
#include "scheduler/flow/flow_schema.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define ZONE_FOLDER "/zoneinfo/"
#define STATE_FOLDER_MODE 0700

static const struct option init_options[] = {
    {.name = "yes", .letter = 'y', .help = "replace files that exist without asking"},
    {.name = NULL},
};

/* The machine's zone by name: TZ, else what /etc/localtime points to, else UTC. */
static const char *machine_zone(struct arena *arena)
{
    const char *name = getenv("TZ");
    char target[PATH_MAX];
    if (name == NULL || name[0] == '\0') {
        ssize_t length = readlink("/etc/localtime", target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        const char *folder = strstr(target, ZONE_FOLDER);
        name = folder != NULL ? folder + strlen(ZONE_FOLDER) : "UTC";
    }
    struct zone *zone;
    struct error ignored;
    if (zone_load(name, &zone, &ignored) < 0)
        return "UTC";
    zone_free(zone);
    return arena_copy_string(arena, name);
}

static const char *project_text(struct context *context, const char *zone)
{
    return arena_format(
        &context->arena,
        "# A datemill project: flows are the YAML files beside this one.\n"
        "timezone: %s\n"
        "# slots: 4                    # attempts at once; default: processors\n"
        "# pools: {warehouse: 2}       # at most 2 nodes of this pool at once\n"
        "connections:\n"
        "  data: {type: files, path: ./data}   # in production the mounted bucket\n",
        zone);
}

static const char *editor_text(void)
{
    return "{\n"
           "  \"yaml.schemas\": {\n"
           "    \".datemill/project.schema.json\": \"datemill.yaml\",\n"
           "    \".datemill/flow.schema.json\": [\"*.yaml\", \"*/flow.yaml\", "
           "\"!datemill.yaml\"]\n"
           "  }\n"
           "}\n";
}

static const char *schema_text(struct context *context, bool is_project)
{
    SCOPED_TEXT struct text text = {0};
    if (is_project)
        flow_schema_write_project(&text);
    else
        flow_schema_write(context->types, context->type_count, &text);
    text_append_char(&text, '\n');
    return arena_copy(&context->arena, text_string(&text), text.length);
}

/* The absolute path of the folder, which is made when it is missing. */
static int open_folder(struct context *context, const char *name, const char **ret_dir,
                       struct error *err)
{
    const char *base = context->dir != NULL ? context->dir : ".";
    const char *path = name[0] == '/' ? name : arena_format(&context->arena, "%s/%s", base, name);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "the folder %s cannot be made", path);
    SCOPED_FREE char *real = realpath(path, NULL);
    if (real == NULL)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "the folder %s cannot be opened",
                               path);
    *ret_dir = arena_copy_string(&context->arena, real);
    return 0;
}

/* Closed to others before anything is put into it. */
static int make_state_folder(struct context *context, const char *dir, struct error *err)
{
    const char *path = arena_format(&context->arena, "%s/%s", dir, FLOW_SOURCE_STATE_DIR);
    if (mkdir(path, STATE_FOLDER_MODE) == 0 || errno == EEXIST)
        return 0;
    return error_set_errno(err, ERROR_KIND_PRECONDITION, "the folder %s cannot be made", path);
}

static int run_init(struct context *context, const struct options *options, struct error *err)
{
    const char *name = options_argument(options, 0, ".");
    struct new_files files = {.replaces = options_has(options, "yes")};
    if (open_folder(context, name, &files.dir, err) < 0 ||
        make_state_folder(context, files.dir, err) < 0) {
        command_line_mark_argument(options, 0);
        return -1;
    }
    const char *zone = machine_zone(&context->arena);
    new_files_add(&files, FLOW_SOURCE_PROJECT_FILE, project_text(context, zone), "");
    new_files_add(&files, ".datemill/.gitignore", "*\n", "");
    new_files_add(&files, ".datemill/flow.schema.json", schema_text(context, false),
                  "(editor completion)");
    new_files_add(&files, ".datemill/project.schema.json", schema_text(context, true),
                  "(editor completion)");
    new_files_add(&files, ".vscode/settings.json", editor_text(), "(editor completion)");
    if (new_files_write(context, &files, err) < 0)
        return -1;
    const char *next[4] = {NULL};
    size_t count = 0;
    if (strcmp(name, ".") != 0) {
        SCOPED_TEXT struct text quoted = {0};
        command_line_quote(&quoted, name);
        next[count++] = arena_format(&context->arena, "cd %s", text_string(&quoted));
    }
    next[count++] = "datemill new hello";
    next[count++] = "datemill run hello";
    if (context->is_json)
        new_files_print_json(context, &files, next);
    else
        new_files_print_next(context, next);
    context_note(context, "the time zone is %s; `timezone:` in %s changes it", zone,
                 FLOW_SOURCE_PROJECT_FILE);
    return 0;
}

const struct command command_init = {
    .name = "init",
    .group = "Flows",
    .usage = "init [DIR] [--yes]",
    .summary = "Make a new project: datemill.yaml and completion for editors.",
    .arguments = {"DIR"},
    .max_arguments = 1,
    .options = init_options,
    .run = run_init,
};
