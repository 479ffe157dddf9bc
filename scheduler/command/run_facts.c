#include "scheduler/command/run_facts.h"

#include "scheduler/base/scope.h"
#include "scheduler/command/flow_facts.h"
#include "scheduler/flow/flow_load.h"
#include "scheduler/store/store_load.h"
#include "scheduler/system/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int fail_run(const struct options *options, size_t index, struct error *err)
{
    command_line_mark_argument(options, index);
    if (err != NULL && err->code[0] == '\0')
        memcpy(err->code, "E013", 5);
    return -1;
}

static int find_latest(struct context *context, struct store *store, struct view_run *ret_run,
                       struct error *err)
{
    struct view_page page = {.limit = 1};
    struct view_runs runs;
    if (view_list_runs(store, &page, &context->arena, &runs, err) < 0)
        return -1;
    if (runs.count == 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "nothing has run yet");
    *ret_run = runs.items[0];
    return 0;
}

int run_facts_find(struct context *context, const struct options *options, size_t index,
                   struct view_run *ret_run, struct error *err)
{
    struct store *store;
    const char *word = options_argument(options, index, "");
    if (context_store(context, &store, err) < 0)
        return -1;
    if (strcasecmp(word, "latest") == 0)
        return find_latest(context, store, ret_run, err) < 0 ? fail_run(options, index, err) : 0;
    char *end = NULL;
    errno = 0;
    long long id = strtoll(word, &end, 10);
    bool is_number = word[0] >= '0' && word[0] <= '9' && *end == '\0' && errno == 0;
    if (!is_number) {
        error_set(err, ERROR_KIND_USAGE, "`%s` is not the number of a run", word);
        error_help(err, "datemill runs list shows them; `latest` is the newest");
        return fail_run(options, index, err);
    }
    if (view_find_run(store, id, &context->arena, ret_run, err) < 0)
        return fail_run(options, index, err);
    return 0;
}

const char *run_facts_time(struct context *context, const struct view_run *run, struct instant at)
{
    if (at.us == 0)
        return "";
    const struct zone *zone = context_shown_zone(context, run->zone);
    char text[ZONE_RFC3339_BYTES];
    zone_format_rfc3339(zone, at, text);
    return arena_format(&context->arena, "%.10s %.8s %s", text, text + 11, text + 23);
}

const char *run_facts_planned(struct context *context, const struct view_run *run)
{
    struct zone *zone = NULL;
    struct error ignored = {0};
    const char *offset = "";
    char text[ZONE_RFC3339_BYTES];
    if (zone_load(run->zone, &zone, &ignored) == 0) {
        zone_format_rfc3339(zone, run->fires_at, text);
        offset = text + 23;
    }
    zone_free(zone);
    return arena_format(&context->arena, "%.10s %.5s%s%s%s", run->cyctime, run->cyctime + 11,
                        offset[0] != '\0' ? " " : "", offset,
                        run->is_second ? " (the second time)" : "");
}

const char *run_facts_duration(struct context *context, struct instant started,
                               struct instant ended)
{
    if (started.us == 0)
        return "";
    char text[DURATION_TEXT_BYTES];
    struct instant until = ended.us != 0 ? ended : clock_now();
    return arena_copy_string(&context->arena,
                             duration_format(instant_elapsed(started, until), text));
}

const char *run_facts_failure(struct context *context, const struct view_run *run)
{
    const struct view_failure *failure = &run->failure;
    if (failure->node[0] == '\0')
        return "";
    return arena_format(&context->arena, "%s: %s%s%s", failure->node, failure->code,
                        failure->code[0] != '\0' ? " " : "", failure->text);
}

const char *run_facts_counts(struct context *context, const struct view_run *run)
{
    SCOPED_TEXT struct text text = {0};
    for (int state = 0; state < TASK_STATE_COUNT; state++) {
        if (run->counts[state] > 0)
            text_append_format(&text, "%s%u %s", text.length > 0 ? ", " : "", run->counts[state],
                               task_state_name((enum task_state)state));
    }
    return arena_copy(&context->arena, text_string(&text), text.length);
}

const struct flow *run_facts_flow(struct context *context, struct store *store,
                                  const struct view_run *run)
{
    struct load_definition definition;
    struct flow_source *source = NULL;
    struct error ignored = {0};
    struct flow *flow = NULL;
    if (load_definition(store, run->version_id, &context->arena, &definition, &ignored) < 0 ||
        definition.file_count == 0 ||
        flow_source_open_capture(definition.files, definition.file_count, &source, &ignored) < 0)
        return NULL;
    struct diagnostics problems;
    diagnostics_init(&problems);
    if (flow_load(context->project, source, definition.files[0].path, &problems, &flow) < 0)
        flow = NULL;
    diagnostics_free(&problems);
    flow_source_close(source);
    if (flow != NULL)
        context_keep_flow(context, flow);
    return flow;
}
