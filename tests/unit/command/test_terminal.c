#include "scheduler/command/frame.h"
#include "scheduler/command/report.h"
#include "scheduler/command/terminal.h"

#include "scheduler/base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include <cmocka.h>

#define COLUMNS 40
#define LINES 6

/* A terminal of 40 by 6 of our own. */
struct screen {
    int master;
    int slave;
    struct terminal terminal;
};

static void open_screen(struct screen *screen, const struct terminal_settings *settings)
{
    struct winsize size = {.ws_col = COLUMNS, .ws_row = LINES};
    if (openpty(&screen->master, &screen->slave, NULL, NULL, &size) != 0)
        skip(); /* a bare root without /dev/pts has no terminals */
    assert_int_equal(fcntl(screen->master, F_SETFL, O_NONBLOCK), 0);
    terminal_init(&screen->terminal, screen->slave, settings);
}

static void close_screen(struct screen *screen)
{
    terminal_free(&screen->terminal);
    close(screen->slave);
    close(screen->master);
}

/* What was written since the last call; the line discipline makes \r\n of \n. */
static const char *read_screen(struct screen *screen, char *buffer, size_t size)
{
    ssize_t length = read(screen->master, buffer, size - 1);
    buffer[length > 0 ? length : 0] = '\0';
    return buffer;
}

static const struct terminal_settings usual = {.term = "xterm", .locale = "C.UTF-8"};

static void test_color_order(void **state)
{
    (void)state;
    static const struct {
        enum terminal_color_when color;
        const char *no_color;
        const char *force;
        const char *term;
        bool on_terminal;
        bool expected;
    } rows[] = {
        {TERMINAL_COLOR_AUTO, NULL, NULL, "xterm", true, true},
        {TERMINAL_COLOR_AUTO, NULL, NULL, "xterm", false, false},
        {TERMINAL_COLOR_AUTO, "", NULL, "xterm", true, true},
        {TERMINAL_COLOR_AUTO, "1", NULL, "xterm", true, false},
        {TERMINAL_COLOR_AUTO, "1", "1", "xterm", true, false},
        {TERMINAL_COLOR_AUTO, NULL, "1", "xterm", false, true},
        {TERMINAL_COLOR_AUTO, NULL, "0", "xterm", false, false},
        {TERMINAL_COLOR_AUTO, NULL, "", "xterm", false, false},
        {TERMINAL_COLOR_AUTO, NULL, NULL, "dumb", true, false},
        {TERMINAL_COLOR_AUTO, NULL, NULL, NULL, true, false},
        {TERMINAL_COLOR_ALWAYS, "1", NULL, "dumb", false, true},
        {TERMINAL_COLOR_NEVER, NULL, "1", "xterm", true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct terminal_settings settings = {.color = rows[i].color,
                                             .no_color = rows[i].no_color,
                                             .clicolor_force = rows[i].force,
                                             .term = rows[i].term};
        struct screen screen;
        open_screen(&screen, &settings);
        struct terminal pipe_terminal;
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        terminal_init(&pipe_terminal, ends[1], &settings);
        bool has_color = rows[i].on_terminal ? screen.terminal.has_color : pipe_terminal.has_color;
        if (has_color != rows[i].expected)
            fail_msg("row %zu", i);
        terminal_free(&pipe_terminal);
        close(ends[0]);
        close(ends[1]);
        close_screen(&screen);
    }
}

static void test_glyphs(void **state)
{
    (void)state;
    static const struct {
        const char *locale;
        bool ascii;
        const char *glyph;
    } rows[] = {{"C.UTF-8", false, "✓"}, {"zh_CN.utf8", false, "✓"}, {"en_US.UTF-8@x", false, "✓"},
                {"C", false, "ok"},      {NULL, false, "ok"},        {"zh_CN.GB18030", false, "ok"},
                {"C.UTF-8", true, "ok"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct terminal_settings settings = {.locale = rows[i].locale,
                                             .wants_ascii = rows[i].ascii};
        struct terminal terminal;
        terminal_init(&terminal, -1, &settings);
        assert_string_equal(terminal_glyph(&terminal, TERMINAL_GLYPH_OK), rows[i].glyph);
        terminal_free(&terminal);
    }
    static const char *const states[] = {"waiting", "running", "success", "failed",
                                         "blocked", "stopped", "skipped", "frozen"};
    struct terminal_settings settings = {.wants_ascii = true};
    struct terminal terminal;
    terminal_init(&terminal, -1, &settings);
    for (size_t i = 0; i < 8; i++) {
        for (size_t j = 0; j < i; j++) /* each state is told apart without colour */
            assert_string_not_equal(terminal_glyph(&terminal, terminal_state_glyph(states[i])),
                                    terminal_glyph(&terminal, terminal_state_glyph(states[j])));
    }
    terminal_free(&terminal);
}

static void test_size(void **state)
{
    (void)state;
    struct screen screen;
    open_screen(&screen, &usual);
    assert_int_equal(screen.terminal.width, COLUMNS);
    assert_int_equal(screen.terminal.height, LINES);
    struct winsize size = {.ws_col = 100, .ws_row = 30};
    assert_int_equal(ioctl(screen.master, TIOCSWINSZ, &size), 0);
    terminal_update_size(&screen.terminal);
    assert_int_equal(screen.terminal.width, 100);
    close_screen(&screen);
}

static void test_cut(void **state)
{
    (void)state;
    struct terminal terminal;
    terminal_init(&terminal, -1, &usual);
    static const struct {
        const char *text;
        size_t width;
        const char *expected;
    } rows[] = {
        {"abcdef", 6, "abcdef"},
        {"abcdef", 5, "abcd…"},
        {"经营数据分析", 12, "经营数据分析"},
        {"经营数据分析", 11, "经营数据分…"},
        {"经营数据分析", 10, "经营数据…"},
        {"abc", 0, ""},
        {"\033[31mabcdef\033[0m", 6, "\033[31mabcdef\033[0m"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text text = {0};
        terminal_append_cut(&terminal, &text, rows[i].text, rows[i].width);
        assert_string_equal(text_string(&text), rows[i].expected);
        assert_true(terminal_width_of(text_string(&text)) <= rows[i].width);
        text_free(&text);
    }
    terminal.has_color = true;
    struct text text = {0};
    terminal_append_cut(&terminal, &text, "\033[31mabcdef\033[0m", 4);
    assert_string_equal(text_string(&text), "\033[31mabc…\033[0m"); /* the colour is ended */
    text_free(&text);
    terminal_free(&terminal);
}

static void test_outside_text(void **state)
{
    (void)state;
    struct screen screen;
    char buffer[256];
    open_screen(&screen, &usual);
    terminal_put(&screen.terminal, "a\033[2Jb\rc\x01\xff\t中\n");
    terminal_flush(&screen.terminal);
    assert_string_equal(read_screen(&screen, buffer, sizeof buffer),
                        "a\xEF\xBF\xBD[2Jb\xEF\xBF\xBD"
                        "c\xEF\xBF\xBD\xEF\xBF\xBD\t中\r\n");
    close_screen(&screen);
}

static void test_frame(void **state)
{
    (void)state;
    struct screen screen;
    char buffer[1024];
    open_screen(&screen, &usual);
    struct frame frame;
    frame_init(&frame, &screen.terminal);
    frame_begin(&frame);
    frame_add(&frame, "one %d", 1);
    frame_add(&frame, "two");
    frame_show(&frame);
    assert_string_equal(read_screen(&screen, buffer, sizeof buffer), "one 1\r\ntwo\r\n");
    frame_begin(&frame);
    frame_add(&frame, "three");
    frame_show(&frame);
    assert_string_equal(read_screen(&screen, buffer, sizeof buffer), "\r\033[2A\033[Jthree\r\n");
    /* other output takes the frame away in the same write */
    terminal_print(&screen.terminal, "an event\n");
    terminal_flush(&screen.terminal);
    assert_string_equal(read_screen(&screen, buffer, sizeof buffer), "\r\033[1A\033[Jan event\r\n");
    terminal_print(&screen.terminal, "another\n");
    terminal_flush(&screen.terminal);
    assert_string_equal(read_screen(&screen, buffer, sizeof buffer), "another\r\n");
    frame_show(&frame);
    assert_string_equal(read_screen(&screen, buffer, sizeof buffer), "three\r\n");
    frame_free(&frame);
    assert_string_equal(read_screen(&screen, buffer, sizeof buffer), "\r\033[1A\033[J");
    close_screen(&screen);
}

static void test_frame_limits(void **state)
{
    (void)state;
    struct screen screen;
    char buffer[2048];
    open_screen(&screen, &usual);
    struct frame frame;
    frame_init(&frame, &screen.terminal);
    frame_begin(&frame);
    for (int i = 0; i < 20; i++)
        frame_add(&frame, "%d 经营数据分析经营数据分析经营数据分析经营数据分析", i);
    frame_show(&frame);
    char *line = buffer;
    read_screen(&screen, buffer, sizeof buffer);
    int lines = 0;
    for (char *next; (next = strstr(line, "\r\n")) != NULL; line = next + 2, lines++) {
        *next = '\0';
        assert_true(terminal_width_of(line) <= COLUMNS);
    }
    assert_int_equal(lines, LINES - 1);
    frame_free(&frame);
    close_screen(&screen);
}

static void test_peer(void **state)
{
    (void)state;
    struct screen screen;
    char buffer[1024];
    open_screen(&screen, &usual);
    struct terminal out;
    terminal_init(&out, screen.slave, &usual);
    terminal_join(&out, &screen.terminal);
    struct frame frame;
    frame_init(&frame, &screen.terminal);
    frame_begin(&frame);
    frame_add(&frame, "live");
    frame_show(&frame);
    read_screen(&screen, buffer, sizeof buffer);
    terminal_print(&out, "data\n");
    terminal_flush(&out);
    assert_string_equal(read_screen(&screen, buffer, sizeof buffer), "\r\033[1A\033[Jdata\r\n");
    terminal_print(&out, "first\n");
    terminal_print(&screen.terminal, "second\n");
    terminal_flush(&screen.terminal);
    assert_string_equal(read_screen(&screen, buffer, sizeof buffer), "first\r\nsecond\r\n");
    frame_free(&frame);
    terminal_free(&out);
    close_screen(&screen);
}

static void test_no_frame_in_a_pipe(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    struct terminal terminal;
    terminal_init(&terminal, ends[1], &usual);
    struct frame frame;
    frame_init(&frame, &terminal);
    frame_begin(&frame);
    frame_add(&frame, "live");
    frame_show(&frame);
    frame_free(&frame);
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), -1);
    assert_int_equal(errno, EAGAIN);
    close(ends[0]);
    /* the reader went away: said by the return value, without a signal, and only once */
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    assert_int_equal(sigaction(SIGPIPE, &ignored, NULL), 0);
    terminal_print(&terminal, "data\n");
    assert_int_equal(terminal_flush(&terminal), -1);
    assert_true(terminal.is_closed);
    assert_false(terminal.is_failed);
    terminal_free(&terminal);
    close(ends[1]);
}

static void test_full_disk(void **state)
{
    (void)state;
    SCOPED_FD int fd = open("/dev/full", O_WRONLY);
    assert_true(fd >= 0);
    struct terminal terminal;
    terminal_init(&terminal, fd, &usual);
    terminal_print(&terminal, "data\n");
    assert_int_equal(terminal_flush(&terminal), -1);
    assert_true(terminal.is_failed);
    assert_non_null(strstr(terminal.error.text, "No space left"));
    assert_int_equal(terminal.error.kind, ERROR_KIND_PRECONDITION);
    terminal_free(&terminal);
}

static void test_report(void **state)
{
    (void)state;
    struct screen screen;
    char buffer[1024];
    open_screen(&screen, &(struct terminal_settings){.term = "dumb", .locale = "C.UTF-8"});
    const char *const words[] = {"d", "show", "smartrm_stuy"};
    struct command_line line = {.words = words, .count = 3, .mark_word = 2, .mark_length = 12};
    struct error err = {.kind = ERROR_KIND_NOT_FOUND,
                        .code = "E011",
                        .text = "no flow `smartrm_stuy`\nin this project",
                        .help = "did you mean `smartrm_study`?"};
    report_error(&screen.terminal, false, &line, NULL, &err);
    assert_string_equal(read_screen(&screen, buffer, sizeof buffer),
                        "error[E011]: no flow `smartrm_stuy`\r\n"
                        "   in this project\r\n"
                        "   datemill show smartrm_stuy\r\n"
                        "                 ^^^^^^^^^^^^\r\n"
                        "help: did you mean `smartrm_study`?\r\n");
    report_error(&screen.terminal, true, &line, NULL, &err);
    assert_string_equal(
        read_screen(&screen, buffer, sizeof buffer),
        "{\"error\":{\"code\":\"E011\",\"message\":\"no flow `smartrm_stuy`\\nin this project\","
        "\"file\":null,\"line\":null,\"column\":null,\"help\":\"did you mean `smartrm_study`?\","
        "\"exit_code\":4}}\r\n");
    assert_int_equal(report_exit_code(&err), 4);
    close_screen(&screen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_color_order),
        cmocka_unit_test(test_glyphs),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_outside_text),
        cmocka_unit_test(test_frame),
        cmocka_unit_test(test_frame_limits),
        cmocka_unit_test(test_peer),
        cmocka_unit_test(test_no_frame_in_a_pipe),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
