/* links datemill_flow */
/* Any bytes as a flow's file: errors with places, or a flow; nothing else. */
#include "scheduler/base/scope.h"
#include "scheduler/flow/flow_load.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct project make_project(void)
{
    static const struct flow_pool pools[] = {{"warehouse", 2}};
    static const struct node_connection connections[] = {
        {.name = "oss", .type = "files", .path = "/mnt/ossfs"}};
    struct project project = {.dir = "/p",
                              .state_dir = "/p/.datemill",
                              .timezone = "UTC",
                              .pools = pools,
                              .pool_count = 1,
                              .connections = connections,
                              .connection_count = 1};
    project.types = node_types_builtin(&project.type_count);
    return project;
}

static void render_all(const struct diagnostics *problems)
{
    SCOPED_TEXT struct text text = {0};
    struct diagnostic_style style = {.width = 60, .has_color = true};
    diagnostics_render(problems, &style, &text);
    diagnostics_write_json(problems, &text);
    diagnostics_write_github(problems, &text);
    diagnostics_write_gcc(problems, &text);
    assert(text.length > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char sql[] = "SELECT '${var}', $<x>\n";
    /* One that stays open, so that libgit2 is set up once. */
    static struct flow_source *kept;
    if (kept == NULL) {
        static const struct flow_file file = {.path = "x.yaml", .bytes = ""};
        flow_source_open_capture(&file, 1, &kept, NULL);
    }
    struct project project = make_project();
    struct flow_file files[] = {
        {.path = "f.yaml", .bytes = (const char *)data, .length = size},
        {.path = "a.sql", .bytes = sql, .length = sizeof sql - 1},
    };
    struct flow_source *source;
    if (flow_source_open_capture(files, 2, &source, NULL) != 0)
        return 0;
    struct diagnostics problems;
    diagnostics_init(&problems);
    struct flow *flow = NULL;
    int failed = flow_load(&project, source, "f.yaml", &problems, &flow);
    assert((failed != 0) == (problems.error_count > 0));
    if (failed != 0)
        render_all(&problems);
    flow_free(flow);
    diagnostics_free(&problems);
    flow_source_close(source);
    return 0;
}
