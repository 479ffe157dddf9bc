#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "tests/scenarios/scenario.h"

#include <string.h>

#define DEFAULT_PROJECT "timezone: UTC\nslots: 1\n"

void story_init(struct story *story, const struct script *script)
{
    *story = (struct story){.script = script, .grant_ahead = ENGINE_GRANT_AHEAD, .boot = 1};
}

static void free_run(struct story_run *run)
{
    free(run->name);
    free(run->rows);
    plan_free(run->plan);
    arena_free(&run->arena);
    free(run);
}

void story_free(struct story *story)
{
    engine_free(story->engine);
    for (size_t i = 0; i < story->run_count; i++)
        free_run(story->runs[i]);
    for (size_t i = 0; i < story->flow_count; i++)
        flow_free(story->flows[i]);
    if (story->project != NULL)
        project_free(story->project);
    for (size_t i = 0; i < story->file_count; i++)
        free(story->files[i].bytes);
    free(story->runs);
    free(story->flows);
    free(story->files);
    free(story->attempts);
    action_list_free(&story->pending);
    text_free(&story->trace);
}

void story_add_file(struct story *story, const char *path, char *bytes)
{
    story->files =
        memory_grow(story->files, story->file_count, &story->file_capacity, sizeof *story->files);
    story->files[story->file_count] =
        (struct story_file){.path = path, .bytes = bytes, .length = strlen(bytes)};
    story->file_count++;
}

static const char *find_file(const struct story *story, const char *path)
{
    for (size_t i = story->file_count; i > 0; i--) {
        if (strcmp(story->files[i - 1].path, path) == 0)
            return story->files[i - 1].bytes;
    }
    return NULL;
}

static int report(const struct diagnostics *problems, struct error *err)
{
    SCOPED_TEXT struct text text = {0};
    diagnostics_write_gcc(problems, &text);
    return error_set(err, ERROR_KIND_INVALID, "%s", text_string(&text));
}

/* A project is a folder: it has one as long as it is read. */
static int load_project(struct story *story, struct error *err)
{
    char dir[] = "/tmp/datemill-scenario.XXXXXX";
    if (mkdtemp(dir) == NULL)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "%s", dir);
    SCOPED_TEXT struct text path = {0};
    text_append_format(&path, "%s/%s", dir, FLOW_SOURCE_PROJECT_FILE);
    FILE *file = fopen(text_string(&path), "w");
    const char *bytes = find_file(story, FLOW_SOURCE_PROJECT_FILE);
    if (file != NULL) {
        fputs(bytes == NULL ? DEFAULT_PROJECT : bytes, file);
        fclose(file);
    }
    struct project_types types;
    types.types = node_types_builtin(&types.count);
    struct flow_source *source;
    int result = flow_source_open_folder(dir, &source, err);
    if (result == 0) {
        struct diagnostics problems;
        diagnostics_init(&problems);
        result = project_load(source, &types, &problems, &story->project);
        if (result < 0)
            report(&problems, err);
        diagnostics_free(&problems);
        flow_source_close(source);
    }
    remove(text_string(&path));
    remove(dir);
    return result;
}

static const char *flow_path(const struct story *story, const char *name, struct arena *arena)
{
    const char *path = arena_format(arena, "%s.yaml", name);
    return find_file(story, path) != NULL ? path : arena_format(arena, "%s/flow.yaml", name);
}

static int load_flow(struct story *story, const char *name, struct flow **ret_flow,
                     struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    const char *path = flow_path(story, name, &arena);
    if (find_file(story, path) == NULL)
        return error_set(err, ERROR_KIND_NOT_FOUND, "there is no file %s in this story", path);
    struct flow_file *files = arena_array(&arena, story->file_count, sizeof *files);
    for (size_t i = 0; i < story->file_count; i++)
        files[i] = (struct flow_file){.path = story->files[i].path,
                                      .bytes = story->files[i].bytes,
                                      .length = story->files[i].length};
    struct flow_source *source;
    if (flow_source_open_capture(files, story->file_count, &source, err) < 0)
        return -1;
    struct diagnostics problems;
    diagnostics_init(&problems);
    int result = flow_load(story->project, source, path, &problems, ret_flow);
    if (result < 0)
        report(&problems, err);
    diagnostics_free(&problems);
    flow_source_close(source);
    return result;
}

int world_find_flow(struct story *story, const char *name, struct flow **ret_flow,
                    struct error *err)
{
    if (story->project == NULL && load_project(story, err) < 0)
        return -1;
    for (size_t i = 0; i < story->flow_count; i++) {
        if (strcmp(story->flows[i]->name, name) == 0) {
            *ret_flow = story->flows[i];
            return 0;
        }
    }
    if (load_flow(story, name, ret_flow, err) < 0)
        return -1;
    story->flows =
        memory_grow(story->flows, story->flow_count, &story->flow_capacity, sizeof *story->flows);
    story->flows[story->flow_count] = *ret_flow;
    story->flow_count++;
    return 0;
}

struct story_run *world_add_run(struct story *story, struct plan *plan, char *name)
{
    struct story_run *run = memory_new(1, sizeof *run);
    run->name = name;
    run->plan = plan;
    run->rows = memory_new(plan->node_count, sizeof *run->rows);
    arena_init(&run->arena, 0);
    run_image_from_plan(plan, (int64_t)story->run_count + 1, &run->arena, &run->image);
    for (size_t i = 0; i < plan->node_count; i++)
        run->rows[i].state = run->image.nodes[i].state;
    run->opening = 1;
    story->runs =
        memory_grow(story->runs, story->run_count, &story->run_capacity, sizeof(*story->runs));
    story->runs[story->run_count] = run;
    story->run_count++;
    return run;
}

struct story_run *world_run(const struct story *story, int64_t run_id)
{
    bool is_known = run_id >= 1 && (size_t)run_id <= story->run_count;
    return is_known ? story->runs[run_id - 1] : NULL;
}

int world_find_run(const struct story *story, const char *name, struct story_run **ret_run,
                   struct error *err)
{
    for (size_t i = story->run_count; i > 0; i--) {
        struct story_run *run = story->runs[i - 1];
        if (!run->is_lost && strcmp(run->name, name) == 0) {
            *ret_run = run;
            return 0;
        }
    }
    return error_set(err, ERROR_KIND_NOT_FOUND, "there is no run `%s`", name);
}

static int find_in_run(struct story_run *run, const char *name, struct story_run **ret_run,
                       uint32_t *ret_node, struct error *err)
{
    size_t node = flow_find_node(run->plan->flow, name);
    if (node == FLOW_NONE)
        return error_set(err, ERROR_KIND_NOT_FOUND, "run `%s` has no node `%s`", run->name, name);
    *ret_run = run;
    *ret_node = (uint32_t)node;
    return 0;
}

static int find_anywhere(const struct story *story, const char *name, struct story_run **ret_run,
                         uint32_t *ret_node, struct error *err)
{
    struct story_run *found = NULL;
    for (size_t i = 0; i < story->run_count; i++) {
        struct story_run *run = story->runs[i];
        if (run->is_lost || flow_find_node(run->plan->flow, name) == FLOW_NONE)
            continue;
        if (found != NULL)
            return error_set(err, ERROR_KIND_INVALID, "`%s`: of `%s` or of `%s`?", name,
                             found->name, run->name);
        found = run;
    }
    if (found == NULL)
        return error_set(err, ERROR_KIND_NOT_FOUND, "no run has a node `%s`", name);
    return find_in_run(found, name, ret_run, ret_node, err);
}

int world_find_node(const struct story *story, const char *name, struct story_run **ret_run,
                    uint32_t *ret_node, struct error *err)
{
    const char *slash = strchr(name, '/');
    if (slash == NULL)
        return find_anywhere(story, name, ret_run, ret_node, err);
    SCOPED_TEXT struct text run_name = {0};
    text_append_bytes(&run_name, name, (size_t)(slash - name));
    struct story_run *run;
    if (world_find_run(story, text_string(&run_name), &run, err) < 0)
        return -1;
    return find_in_run(run, slash + 1, ret_run, ret_node, err);
}

/* ---- rows ---- */

static int apply_task(struct story_run *run, const struct record_task *record, struct error *err)
{
    struct task_row *row = &run->rows[record->node];
    if (row->state != record->state && !task_state_may_follow(row->state, record->state))
        return error_set(err, ERROR_KIND_BUG, "a stored state %s became %s",
                         task_state_name(row->state), task_state_name(record->state));
    *row = (struct task_row){.state = record->state,
                             .wish = record->wish,
                             .attempts = record->attempts,
                             .tries = record->tries,
                             .ready_at = record->ready_at,
                             .wait_since = record->wait_since};
    return 0;
}

static int apply_attempt(struct story *story, const struct record_attempt *record,
                         struct error *err)
{
    if (record->state == ATTEMPT_GRANTED) {
        if (record->attempt_id != (int64_t)story->attempt_count + 1)
            return error_set(err, ERROR_KIND_BUG, "attempt ids have a hole or come twice");
        story->attempts = memory_grow(story->attempts, story->attempt_count,
                                      &story->attempt_capacity, sizeof *story->attempts);
        story->attempts[story->attempt_count] = (struct story_attempt){.run_id = record->run_id,
                                                                       .node = record->node,
                                                                       .number = record->number,
                                                                       .boot = story->boot};
        story->attempt_count++;
        return 0;
    }
    struct story_attempt *attempt = story_attempt(story, record->attempt_id);
    if (attempt->state == ATTEMPT_ENDED || attempt->number != record->number)
        return error_set(err, ERROR_KIND_BUG, "a record of an attempt that is over");
    attempt->state = record->state;
    if (record->state == ATTEMPT_ENDED)
        attempt->process = PROCESS_UNKNOWN; /* the keeper may forget it */
    return 0;
}

int world_apply(struct story *story, const struct action *action, struct error *err)
{
    switch (action->kind) {
    case ACTION_RECORD_TASK:
        return apply_task(world_run(story, action->task.run_id), &action->task, err);
    case ACTION_RECORD_ATTEMPT:
        return apply_attempt(story, &action->attempt, err);
    case ACTION_RECORD_RUN: {
        struct story_run *run = world_run(story, action->run.run_id);
        run->state = action->run.state;
        run->opening = action->run.opening;
        return 0;
    }
    case ACTION_GRANT:
    case ACTION_REVOKE:
    case ACTION_STOP:
    case ACTION_LOOK:
        break;
    }
    return 0;
}

/* What the engine has in mind and what is stored must be the same after each commit. */
int world_compare(struct story *story, struct error *err)
{
    for (size_t i = 0; i < story->run_count; i++) {
        const struct story_run *run = story->runs[i];
        for (uint32_t node = 0; run->is_loaded && node < run->plan->node_count; node++) {
            struct engine_task task;
            if (engine_look(story->engine, (int64_t)i + 1, node, &task, err) < 0)
                return -1;
            if (task.state != run->rows[node].state || task.wish != run->rows[node].wish)
                return error_set(err, ERROR_KIND_BUG, "%s/%s is %s, and stored as %s", run->name,
                                 run->plan->nodes[node].node->name, task_state_name(task.state),
                                 task_state_name(run->rows[node].state));
        }
    }
    return 0;
}
