/* What the tests of this floor share. */
#ifndef DATEMILL_TESTS_FLOW_TEST_H
#define DATEMILL_TESTS_FLOW_TEST_H

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/flow/flow_load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLOW_TESTS TEST_SOURCE_DIR "/tests/unit/flow"

/* A project that was opened for a test, in a folder of its own, which is the working folder. */
struct flow_test {
    char dir[64];
    struct flow_source *source;
    struct project *project;
    struct diagnostics problems;
    struct arena arena;
};

static inline void run_command(const char *command)
{
    int status = system(command);
    assert_int_equal(status, 0);
}

static inline void write_file(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static inline void write_text(const char *path, const char *text)
{
    write_file(path, text, strlen(text));
}

/* The whole file; the caller frees. NULL when there is none. */
static inline char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    struct text text = {0};
    char buffer[4096];
    for (size_t got; (got = fread(buffer, 1, sizeof buffer, file)) > 0;)
        text_append_bytes(&text, buffer, got);
    fclose(file);
    return text_take(&text);
}

/* A new folder with a copy of what `from` holds (NULL: nothing), and the working folder. */
static inline void flow_test_begin(struct flow_test *test, const char *from)
{
    memset(test, 0, sizeof *test);
    snprintf(test->dir, sizeof test->dir, "/tmp/datemill-flow-XXXXXX");
    assert_non_null(mkdtemp(test->dir));
    assert_int_equal(chdir(test->dir), 0);
    if (from != NULL) {
        char command[4096];
        snprintf(command, sizeof command, "cp -r '%s/.' .", from);
        run_command(command);
    }
    diagnostics_init(&test->problems);
    arena_init(&test->arena, 0);
}

/* Opens the working folder as a project. */
static inline void flow_test_open(struct flow_test *test)
{
    struct error err;
    struct project_types types;
    types.types = node_types_builtin(&types.count);
    if (flow_source_open_folder(".", &test->source, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(project_load(test->source, &types, &test->problems, &test->project), 0);
}

static inline void flow_test_end(struct flow_test *test)
{
    project_free(test->project);
    flow_source_close(test->source);
    diagnostics_free(&test->problems);
    arena_free(&test->arena);
    assert_int_equal(chdir("/"), 0);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", test->dir);
    run_command(command);
}

/* The problems so far as people see them; the caller frees. */
static inline char *render(const struct diagnostics *problems)
{
    struct text text = {0};
    struct diagnostic_style style = {0};
    diagnostics_render(problems, &style, &text);
    return text_take(&text);
}

/* Writes FLOW.yaml, loads it; NULL when it has errors. */
static inline struct flow *load_text(struct flow_test *test, const char *name, const char *yaml)
{
    char path[128];
    snprintf(path, sizeof path, "%s.yaml", name);
    write_text(path, yaml);
    struct flow *flow = NULL;
    int failed = flow_load(test->project, test->source, path, &test->problems, &flow);
    assert_true((failed != 0) == (flow == NULL));
    return flow;
}

#endif
