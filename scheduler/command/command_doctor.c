#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/companions.h"
#include "scheduler/command/context.h"
#include "scheduler/command/flow_facts.h"
#include "scheduler/command/message_facts.h"
#include "scheduler/command/project_facts.h"
#include "scheduler/command/versions.h"
#include "scheduler/daemon/daemon.h"
#include "scheduler/store/view_history.h"
#include "scheduler/system/keeper_protocol.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define DISK_WARNING_BYTES ((int64_t)1000 * 1000 * 1000)
#define DISK_PROBLEM_BYTES ((int64_t)64 * 1000 * 1000)
#define INODE_WARNING 1000

enum finding_kind {
    FINDING_OK,
    FINDING_WARNING,
    FINDING_PROBLEM
};

struct finding {
    enum finding_kind kind;
    const char *check;
    const char *help; /* what to do about it, NULL = nothing */
};

struct doctor {
    struct context *context;
    size_t problems;
    size_t warnings;
};

static const char *finding_name(enum finding_kind kind)
{
    switch (kind) {
    case FINDING_OK:
        return "ok";
    case FINDING_WARNING:
        return "warning";
    case FINDING_PROBLEM:
        return "problem";
    }
    return "";
}

static void print_json(struct doctor *doctor, const struct finding *finding, const char *text)
{
    SCOPED_TEXT struct text line = {0};
    struct json_out json;
    json_out_init(&json, &line);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "check", finding->check);
    json_out_pair_string(&json, "state", finding_name(finding->kind));
    json_out_pair_string(&json, "text", text);
    json_out_pair_string(&json, "help", finding->help);
    json_out_end_object(&json);
    terminal_print(doctor->context->out, "%s\n", text_string(&line));
}

static void print_people(struct doctor *doctor, const struct finding *finding, const char *text)
{
    struct terminal *out = doctor->context->out;
    enum terminal_glyph glyphs[] = {TERMINAL_GLYPH_OK, TERMINAL_GLYPH_WARNING,
                                    TERMINAL_GLYPH_FAILED};
    enum terminal_style styles[] = {TERMINAL_STYLE_GREEN, TERMINAL_STYLE_WARNING,
                                    TERMINAL_STYLE_RED};
    const char *glyph = terminal_glyph(out, glyphs[finding->kind]);
    terminal_print_styled(out, styles[finding->kind], "%s", glyph);
    terminal_print(out, "%*s%-13s ", strlen(glyph) == 2 && !out->has_utf8 ? 1 : 2, "",
                   finding->check);
    terminal_put(out, text);
    terminal_print(out, "\n");
    if (finding->help != NULL) {
        terminal_print(out, "%17s", "");
        terminal_put(out, finding->help);
        terminal_print(out, "\n");
    }
}

static void find(struct doctor *doctor, struct finding finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void find(struct doctor *doctor, struct finding finding, const char *format, ...)
{
    SCOPED_TEXT struct text text = {0};
    va_list args;
    va_start(args, format);
    text_append_args(&text, format, args);
    va_end(args);
    if (doctor->context->is_json)
        print_json(doctor, &finding, text_string(&text));
    else
        print_people(doctor, &finding, text_string(&text));
    doctor->problems += finding.kind == FINDING_PROBLEM;
    doctor->warnings += finding.kind == FINDING_WARNING;
}

static void find_error(struct doctor *doctor, const char *check, const struct error *err)
{
    find(doctor, (struct finding){FINDING_PROBLEM, check, err->help[0] != '\0' ? err->help : NULL},
         "%s", err->text);
}

static void check_programs(struct doctor *doctor)
{
    static const char *const names[] = {COMPANION_KEEPER, COMPANION_SYNC, COMPANION_SQL,
                                        COMPANION_DATA,   COMPANION_LOOK, COMPANION_NOTIFY};
    size_t found = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *path;
        struct error err = {0};
        if (context_companion(doctor->context, names[i], &path, &err) < 0)
            find_error(doctor, "programs", &err);
        else
            found++;
    }
    if (found == sizeof names / sizeof names[0])
        find(doctor, (struct finding){FINDING_OK, "programs", NULL},
             "datemill %s, its %zu companions in %s", versions_own(), found,
             doctor->context->libexec_dir);
    SCOPED_TEXT struct text text = {0};
    struct version_item items[VERSIONS_MAX];
    size_t count = versions_of_libraries(&doctor->context->arena, items);
    for (size_t i = 0; i < count; i++)
        text_append_format(&text, "%s%s %s", i > 0 ? ", " : "", items[i].name, items[i].version);
    find(doctor, (struct finding){FINDING_OK, "libraries", NULL}, "%s", text_string(&text));
}

static void check_state_folder(struct doctor *doctor)
{
    const char *dir = doctor->context->project->state_dir;
    struct stat status;
    if (stat(dir, &status) != 0)
        return;
    if ((status.st_mode & 077) != 0)
        find(doctor,
             (struct finding){FINDING_WARNING, "folder",
                              arena_format(&doctor->context->arena, "chmod 700 %s", dir)},
             "%s is open to others (mode %04o)", dir, status.st_mode & 07777);
    if (access(dir, W_OK) != 0)
        find(doctor,
             (struct finding){FINDING_PROBLEM, "folder", "nothing can be run until it is writable"},
             "%s cannot be written: %s", dir, strerror(errno));
}

static void check_keeper(struct doctor *doctor, const struct view_status *view)
{
    struct lock_holder engine = project_facts_holder(doctor->context, ENGINE_LOCK_NAME);
    struct lock_holder keeper = project_facts_holder(doctor->context, KEEPER_LOCK_NAME);
    struct arena *arena = &doctor->context->arena;
    if (engine.pid != 0)
        find(doctor, (struct finding){FINDING_OK, "engine", NULL},
             "pid %" PRId64 " (%s), up %s: %s", engine.pid, engine.user,
             project_facts_ago(arena, engine.since), engine.command);
    else
        find(doctor, (struct finding){FINDING_OK, "engine", NULL},
             "none at work, the lock is free");
    if (keeper.pid != 0)
        find(doctor, (struct finding){FINDING_OK, "keeper", NULL}, "pid %" PRId64 ", up %s",
             keeper.pid, project_facts_ago(arena, keeper.since));
    else if (view->running > 0)
        find(doctor,
             (struct finding){FINDING_PROBLEM, "keeper",
                              "datemill status tells what became of them"},
             "%" PRId64 " attempts are open, but no keeper lives", view->running);
    if (engine.pid == 0 && view->open_count > 0)
        find(doctor,
             (struct finding){FINDING_WARNING, "runs",
                              "datemill status shows them; datemill runs watch RUN "
                              "goes on with one"},
             "%zu runs are open and nobody drives them", view->open_count);
}

static void check_messages(struct doctor *doctor, struct store *store)
{
    struct message_counts counts;
    struct error err = {0};
    if (view_message_counts(store, &doctor->context->arena, &counts, &err) < 0)
        find_error(doctor, "messages", &err);
    else if (counts.failing + counts.given_up > 0)
        find(doctor, (struct finding){FINDING_WARNING, "messages", "datemill notify list"}, "%s",
             message_facts_words(doctor->context, &counts));
}

static void check_store(struct doctor *doctor)
{
    struct context *context = doctor->context;
    struct store *store;
    struct error err = {0};
    struct store_figures figures;
    struct view_status view;
    check_state_folder(doctor);
    if (context_store(context, &store, &err) < 0) {
        if (err.kind == ERROR_KIND_NOT_FOUND)
            find(doctor, (struct finding){FINDING_OK, "store", NULL}, "none yet: nothing has run");
        else
            find_error(doctor, "store", &err);
        return;
    }
    if (store_measure(store, &figures, &err) < 0 ||
        view_status(store, &context->arena, &view, &err) < 0) {
        find_error(doctor, "store", &err);
        return;
    }
    find(doctor, (struct finding){FINDING_OK, "store", NULL}, "%s, %s, WAL %s, schema %d",
         store_path(store), project_facts_bytes(&context->arena, figures.file_bytes),
         project_facts_bytes(&context->arena, figures.wal_bytes), figures.schema_version);
    check_messages(doctor, store);
    check_keeper(doctor, &view);
}

static void check_zone(struct doctor *doctor)
{
    const char *name = doctor->context->project->timezone;
    struct zone *zone;
    struct error err = {0};
    if (zone_load(name, &zone, &err) < 0) {
        find_error(doctor, "time zones", &err);
        return;
    }
    zone_free(zone);
    find(doctor, (struct finding){FINDING_OK, "time zones", NULL}, "%s found", name);
}

/* An empty folder is most often a mount point whose bucket is not there. */
static bool is_empty_folder(const char *path, int *ret_errno)
{
    SCOPED_DIR DIR *dir = opendir(path);
    *ret_errno = dir == NULL ? errno : 0;
    if (dir == NULL)
        return false;
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return false;
    }
    return true;
}

static void check_connections(struct doctor *doctor)
{
    const struct project *project = doctor->context->project;
    struct arena *arena = &doctor->context->arena;
    for (size_t i = 0; i < project->connection_count; i++) {
        const struct node_connection *connection = &project->connections[i];
        if (connection->path == NULL)
            continue;
        int number;
        bool is_empty = is_empty_folder(connection->path, &number);
        if (number != 0)
            find(doctor,
                 (struct finding){FINDING_PROBLEM, "connection",
                                  arena_format(arena,
                                               "make or mount it, or change `%s` in datemill.yaml",
                                               connection->name)},
                 "%s: %s cannot be read: %s", connection->name, connection->path, strerror(number));
        else if (is_empty)
            find(doctor,
                 (struct finding){
                     FINDING_PROBLEM, "connection",
                     arena_format(arena, "mount the bucket, then: ls %s", connection->path)},
                 "%s: %s is empty or not mounted", connection->name, connection->path);
        else
            find(doctor, (struct finding){FINDING_OK, "connection", NULL}, "%s: %s",
                 connection->name, connection->path);
    }
}

static void check_disk(struct doctor *doctor)
{
    const struct project *project = doctor->context->project;
    struct statvfs disk;
    bool has_state = statvfs(project->state_dir, &disk) == 0;
    const char *path = has_state ? project->state_dir : project->dir;
    if (!has_state && statvfs(project->dir, &disk) != 0) {
        find(doctor, (struct finding){FINDING_PROBLEM, "disk", NULL}, "%s: %s", path,
             strerror(errno));
        return;
    }
    int64_t free_bytes = (int64_t)(disk.f_bavail * disk.f_frsize);
    enum finding_kind kind = free_bytes < DISK_PROBLEM_BYTES   ? FINDING_PROBLEM
                             : free_bytes < DISK_WARNING_BYTES ? FINDING_WARNING
                                                               : FINDING_OK;
    const char *help = kind == FINDING_OK ? NULL : "make room: logs and old partitions live there";
    find(doctor, (struct finding){kind, "disk", help}, "%s free on %s",
         project_facts_bytes(&doctor->context->arena, free_bytes), path);
    if (disk.f_files > 0 && disk.f_favail < INODE_WARNING)
        find(doctor, (struct finding){FINDING_WARNING, "disk", "remove files that are not needed"},
             "%" PRIu64 " files more fit on %s", (uint64_t)disk.f_favail, path);
}

static int check_flows(struct doctor *doctor, struct error *err)
{
    struct context *context = doctor->context;
    struct project_flows flows;
    if (project_facts_flows(context, &flows, err) < 0)
        return -1;
    for (size_t i = 0; i < flows.invalid_count; i++)
        find(doctor,
             (struct finding){
                 FINDING_PROBLEM, "flow",
                 arena_format(&context->arena, "datemill validate %s", flows.invalid[i].flow)},
             "%s: %s", flows.invalid[i].file, flows.invalid[i].message);
    if (flows.invalid_count == 0)
        find(doctor, (struct finding){FINDING_OK, "flows", NULL}, "%s",
             flow_facts_number(&context->arena, flows.scheduled + flows.manual, "valid flow"));
    return 0;
}

static void print_sum(struct doctor *doctor)
{
    struct context *context = doctor->context;
    if (context->is_json)
        return;
    if (doctor->problems + doctor->warnings == 0) {
        terminal_print(context->out, "all is well\n");
        return;
    }
    terminal_print(context->out, "%s",
                   flow_facts_number(&context->arena, doctor->problems, "problem"));
    if (doctor->warnings > 0)
        terminal_print(context->out, ", %s",
                       flow_facts_number(&context->arena, doctor->warnings, "warning"));
    terminal_print(context->out, "\n");
}

static int run_doctor(struct context *context, const struct options *options, struct error *err)
{
    (void)options;
    struct doctor doctor = {.context = context};
    const struct project *project;
    if (context_project(context, &project, err) < 0)
        return -1;
    check_programs(&doctor);
    check_store(&doctor);
    check_zone(&doctor);
    check_connections(&doctor);
    check_disk(&doctor);
    if (check_flows(&doctor, err) < 0)
        return -1;
    print_sum(&doctor);
    return doctor.problems > 0 ? ERROR_KIND_PRECONDITION : 0;
}

const struct command command_doctor = {
    .name = "doctor",
    .group = "Other",
    .usage = "doctor",
    .summary = "Look for what would keep flows from running, and say what to do about it.",
    .details = "Exit code 6 when there is a problem. Nothing is changed. With --json there is one "
               "object a line.",
    .run = run_doctor,
};
