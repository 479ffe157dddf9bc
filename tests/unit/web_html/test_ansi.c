#include "web/html/ansi.h"

#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct screen {
    struct ansi ansi;
    struct text text;
    struct html html;
};

static void begin(struct screen *screen)
{
    *screen = (struct screen){0};
    ansi_init(&screen->ansi);
    html_init(&screen->html, &screen->text, LANGUAGE_EN);
}

static void expect(struct screen *screen, const char *line, const char *markup)
{
    text_clear(&screen->text);
    assert_int_equal(ansi_line(&screen->ansi, &screen->html, line, strlen(line), 1000), 0);
    assert_string_equal(text_string(&screen->text), markup);
}

static void check(const char *line, const char *markup)
{
    struct screen screen;
    begin(&screen);
    expect(&screen, line, markup);
    text_free(&screen.text);
}

static void test_colors(void **state)
{
    (void)state;
    check("plain", "plain");
    check("\033[31mred\033[0m plain", "<span class=\"f1\">red</span> plain");
    check("\033[1;4;92mall\033[mnone", "<span class=\"ab au f2\">all</span>none");
    check("\033[2m\033[3mx\033[22my\033[23mz",
          "<span class=\"ad ai\">x</span><span class=\"ai\">y</span>z");
    check("\033[7mx\033[27my", "<span class=\"ar\">x</span>y");
    check("\033[31ma\033[39mb", "<span class=\"f1\">a</span>b");
    check("\033[41mbackgrounds are left out", "backgrounds are left out");
    check("\033[1m\033[0m", "");
}

static void test_many_colors(void **state)
{
    (void)state;
    check("\033[38;5;196mx", "<span class=\"f1\">x</span>");
    check("\033[38;5;12mx", "<span class=\"f4\">x</span>");
    check("\033[38;5;244mx", "<span class=\"f7\">x</span>");
    check("\033[38;2;0;255;0mx", "<span class=\"f2\">x</span>");
    check("\033[38:2::255:200:0mx", "<span class=\"f3\">x</span>");
    check("\033[48;5;1;1mx", "<span class=\"ab\">x</span>");
    check("\033[48;2;1;31;1;4mx", "<span class=\"au\">x</span>");
    check("\033[38;5mx", "x");
    check("\033[38;2;1mx", "x");
    check("\033[38;5;999999999999999999999mx", "<span class=\"f7\">x</span>");
}

static void test_other_sequences_are_dropped(void **state)
{
    (void)state;
    check("a\033[2Jb\033[10;20Hc\033[?25ld", "abcd");
    check("a\033]0;title\007b", "ab");
    check("a\033]8;;http://x/\033\\link\033]8;;\033\\b", "alinkb");
    check("a\033Pq#0;2;0\033\\b", "ab");
    check("a\033(Bb\033=c\0337d", "abcd");
    check("a\033[>4mb", "ab");
    check("a\033[1", "a");
    check("a\033", "a");
    check("a\033]never ends", "a");
    check("a\033[31\033[1mb", "a<span class=\"ab\">b</span>");
    check("bell\007 back\bspace\177", "bell backspace");
    check("tab\tstays", "tab\tstays");
}

static void test_nothing_is_markup(void **state)
{
    (void)state;
    check("<script>alert(\"1\")</script>", "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
    check("\033[31m</span><b>\033[0m", "<span class=\"f1\">&lt;/span&gt;&lt;b&gt;</span>");
    check("\033[3<1mx", "x");
    check("caf\xc3\xa9 \xff\xe2\x82", "caf\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    check("\xe4\xb8\xad\xe6\x96\x87", "\xe4\xb8\xad\xe6\x96\x87");
}

static void test_carriage_return_writes_over(void **state)
{
    (void)state;
    check("10%\r20%\r100%", "100%");
    check("windows\r", "windows");
    check("100%\r\r", "100%");
    check("\033[32m10%\r100%", "<span class=\"f2\">100%</span>");
}

static void test_looks_last_from_line_to_line(void **state)
{
    (void)state;
    struct screen screen;
    begin(&screen);
    expect(&screen, "\033[31mone", "<span class=\"f1\">one</span>");
    expect(&screen, "two\033[0m", "<span class=\"f1\">two</span>");
    expect(&screen, "three", "three");
    text_free(&screen.text);
}

static void test_long_lines_are_cut(void **state)
{
    (void)state;
    struct screen screen;
    begin(&screen);
    assert_int_equal(ansi_line(&screen.ansi, &screen.html, "0123456789", 10, 4), 6);
    assert_string_equal(text_string(&screen.text), "0123");
    text_clear(&screen.text);
    assert_int_equal(ansi_line(&screen.ansi, &screen.html, "a\xe4\xb8\xad", 4, 2), 3);
    assert_string_equal(text_string(&screen.text), "a");
    text_free(&screen.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_colors),
        cmocka_unit_test(test_many_colors),
        cmocka_unit_test(test_other_sequences_are_dropped),
        cmocka_unit_test(test_nothing_is_markup),
        cmocka_unit_test(test_carriage_return_writes_over),
        cmocka_unit_test(test_looks_last_from_line_to_line),
        cmocka_unit_test(test_long_lines_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
