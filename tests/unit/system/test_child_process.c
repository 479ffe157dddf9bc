#include "scheduler/system/child_process.h"

#include "scheduler/base/scope.h"
#include "scheduler/system/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/wait.h>

struct seen {
    struct loop *loop;
    int status;
    bool is_over;
    bool is_late;
    bool is_cut;
    char output[256];
    char errors[256];
    char lines[256];
};

static void take_line(void *owner, const char *line)
{
    struct seen *seen = owner;
    size_t used = strlen(seen->lines);
    snprintf(seen->lines + used, sizeof seen->lines - used, "[%s]", line);
}

static void take_end(void *owner, const struct child_process_end *end)
{
    struct seen *seen = owner;
    seen->status = end->status;
    seen->is_late = end->is_late;
    seen->is_cut = end->output->is_cut;
    snprintf(seen->output, sizeof seen->output, "%.255s", text_string(end->output));
    snprintf(seen->errors, sizeof seen->errors, "%.255s", text_string(end->errors));
    seen->is_over = true;
    loop_stop(seen->loop);
}

static void run(struct seen *seen, const char *script, struct child_process_options options)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    struct child_process *child;
    struct error err = {0};
    assert_int_equal(loop_open(&seen->loop, &err), 0);
    options.loop = seen->loop;
    options.argv = argv;
    options.ended = take_end;
    options.owner = seen;
    if (child_process_start(&options, &child, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(loop_run(seen->loop, &err), 0);
    loop_close(seen->loop);
}

static void output_and_status(void **state)
{
    struct seen seen = {0};
    (void)state;
    run(&seen, "echo out; echo err >&2; exit 3",
        (struct child_process_options){.output_limit = 100, .errors_limit = 100});
    assert_true(WIFEXITED(seen.status));
    assert_int_equal(WEXITSTATUS(seen.status), 3);
    assert_string_equal(seen.output, "out\n");
    assert_string_equal(seen.errors, "err\n");
    assert_false(seen.is_cut);
}

static void output_is_limited(void **state)
{
    struct seen seen = {0};
    (void)state;
    run(&seen, "head -c 1000000 /dev/zero | tr '\\0' x",
        (struct child_process_options){.output_limit = 10});
    assert_string_equal(seen.output, "xxxxxxxxxx");
    assert_true(seen.is_cut);
    assert_int_equal(seen.status, 0);
}

static void lines_as_they_come(void **state)
{
    struct seen seen = {0};
    (void)state;
    run(&seen, "printf 'a\\nb\\n\\nc' >&2", (struct child_process_options){.line = take_line});
    assert_string_equal(seen.lines, "[a][b][][c]");
}

static void time_is_limited(void **state)
{
    struct seen seen = {0};
    struct duration began = clock_monotonic();
    (void)state;
    /* a grandchild that holds the pipe is not waited for */
    run(&seen, "echo x; sleep 60 & sleep 60",
        (struct child_process_options){.output_limit = 10, .limit = duration_ms(200)});
    assert_true(seen.is_late);
    assert_string_equal(seen.output, "x\n");
    assert_true(clock_monotonic().us - began.us < duration_seconds(30).us);
}

static void a_descriptor_is_passed(void **state)
{
    struct seen seen = {0};
    char name[] = "/tmp/datemill-child.XXXXXX";
    int fd = mkstemp(name);
    (void)state;
    unlink(name);
    run(&seen, "echo to-three >&3; cat | wc -c",
        (struct child_process_options){.passed_fd = fd, .output_limit = 100});
    char text[32] = "";
    assert_int_equal(pread(fd, text, sizeof text - 1, 0), 9);
    assert_string_equal(text, "to-three\n");
    close(fd);
    assert_string_equal(seen.output, "0\n"); /* nothing to read */
}

static void stopped_from_outside(void **state)
{
    const char *argv[] = {"/bin/sh", "-c", "trap '' TERM; sleep 60", NULL};
    struct seen seen = {0};
    struct child_process *child;
    struct error err = {0};
    (void)state;
    assert_int_equal(loop_open(&seen.loop, &err), 0);
    struct child_process_options options = {
        .loop = seen.loop, .argv = argv, .ended = take_end, .owner = &seen};
    assert_int_equal(child_process_start(&options, &child, &err), 0);
    int pid = child_process_pid(child);
    child_process_stop(child, duration_ms(50));
    assert_int_equal(kill(pid, 0), -1);
    assert_false(seen.is_over);
    child_process_stop(NULL, duration_ms(0));
    loop_close(seen.loop);
}

static void what_is_not_there(void **state)
{
    const char *argv[] = {"/no/such/program", NULL};
    struct seen seen = {0};
    struct child_process *child;
    struct error err = {0};
    (void)state;
    assert_int_equal(loop_open(&seen.loop, &err), 0);
    struct child_process_options options = {
        .loop = seen.loop, .argv = argv, .output_limit = 1, .ended = take_end, .owner = &seen};
    assert_int_equal(child_process_start(&options, &child, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_PRECONDITION);
    assert_non_null(strstr(err.text, "/no/such/program"));
    loop_close(seen.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_status),      cmocka_unit_test(output_is_limited),
        cmocka_unit_test(lines_as_they_come),     cmocka_unit_test(time_is_limited),
        cmocka_unit_test(a_descriptor_is_passed), cmocka_unit_test(stopped_from_outside),
        cmocka_unit_test(what_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
