/* links datemill_flow */
/* Any bytes as node.yaml: errors with places, or a type whose fields can be used. */
#include "scheduler/base/scope.h"
#include "scheduler/flow/flow_reference.h"
#include "scheduler/flow/flow_schema.h"
#include "scheduler/flow/manifest.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct diagnostics problems;
    diagnostics_init(&problems);
    struct flow_file file = {
        .path = "node.yaml", .bytes = arena_copy(&arena, (const char *)data, size), .length = size};
    struct flow_report report = {.list = &problems, .files = &file, .file_count = 1};
    report.first_source = diagnostics_add_source(&problems, "node.yaml", file.bytes, size);
    struct manifest_input input = {.file = &file, .report = &report, .dir = "/x", .arena = &arena};
    const struct node_type *type = NULL;
    int failed = manifest_read(&input, &type);
    assert((failed != 0) == (problems.error_count > 0));
    SCOPED_TEXT struct text text = {0};
    if (failed == 0) {
        flow_schema_write(&type, 1, &text);
        flow_reference_write(&type, 1, &text);
    }
    diagnostics_free(&problems);
    arena_free(&arena);
    return 0;
}
