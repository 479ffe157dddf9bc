/* Problems with their places: carets under the very word, whatever stands before it. */
#include "scheduler/base/diagnostic.h"

#include "scheduler/base/json_in.h"
#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct diagnostic *add_at(struct diagnostics *list, size_t source, uint32_t line,
                                 uint32_t column, uint32_t length)
{
    struct diagnostic *problem = diagnostics_add(list, DIAGNOSTIC_ERROR, "E001", "wrong");
    diagnostic_label(problem, (struct diagnostic_place){source, line, column, length}, "here");
    return problem;
}

static void expect(const struct diagnostics *list, const struct diagnostic_style *style,
                   const char *expected)
{
    SCOPED_TEXT struct text text = {0};
    diagnostics_render(list, style, &text);
    assert_string_equal(text_string(&text), expected);
}

static size_t add_source(struct diagnostics *list, const char *name, const char *text)
{
    return diagnostics_add_source(list, name, text, strlen(text));
}

static void carets_stand_under_wide_text(void **state)
{
    (void)state;
    struct diagnostics list;
    diagnostics_init(&list);
    size_t source = add_source(&list, "a.yaml", "标题: 经营, x\n\tkey: e\xcc\x81tat\r\nlast");
    add_at(&list, source, 1, 5, 2);
    add_at(&list, source, 2, 2, 3);
    add_at(&list, source, 2, 7, 3); /* e and its accent are two code points, one column */
    add_at(&list, source, 3, 9, 4); /* past the end of the line */
    add_at(&list, source, 7, 1, 1); /* past the end of the text */
    static const struct diagnostic_style style = {0};
    expect(
        &list, &style,
        "error[E001]: wrong\n  --> a.yaml:1:5\n   |\n 1 | 标题: 经营, x\n   |       ^^^^ here\n"
        "\nerror[E001]: wrong\n  --> a.yaml:2:2\n   |\n 2 |     key: e\xcc\x81tat\n   |     ^^^ "
        "here\n"
        "\nerror[E001]: wrong\n  --> a.yaml:2:7\n   |\n 2 |     key: e\xcc\x81tat\n   |          "
        "^^ here\n"
        "\nerror[E001]: wrong\n  --> a.yaml:3:9\n   |\n 3 | last\n   |     ^ here\n"
        "\nerror[E001]: wrong\n  --> a.yaml:7:1\n   |\n 7 |\n   | ^ here\n");
    diagnostics_free(&list);
}

static void long_lines_are_windowed(void **state)
{
    (void)state;
    struct diagnostics list;
    diagnostics_init(&list);
    struct text line = {0};
    for (int i = 0; i < 100; i++)
        text_append_format(&line, "w%02d 中 ", i);
    size_t source = add_source(&list, "a", text_string(&line));
    add_at(&list, source, 1, 50 * 6 + 1, 3);
    static const struct diagnostic_style style = {.width = 40};
    SCOPED_TEXT struct text shown = {0};
    diagnostics_render(&list, &style, &shown);
    assert_non_null(strstr(text_string(&shown), "w50"));
    size_t lines = 0;
    for (const char *at = text_string(&shown); *at != '\0'; lines++) {
        size_t length = strcspn(at, "\n");
        char copy[512];
        snprintf(copy, sizeof copy, "%.*s", (int)length, at);
        /* The caret stands under the word. */
        if (strstr(copy, "^^^") != NULL) {
            const char *above = strstr(text_string(&shown), " 1 | ");
            assert_non_null(above);
            const char *word = strstr(above, "w50");
            size_t column = 0;
            for (const char *p = above; p < word;) {
                unsigned char lead = (unsigned char)*p;
                /* 中 is three bytes and two columns, … three bytes and one. */
                bool is_wide = strncmp(p, "中", 3) == 0;
                column += is_wide ? 2 : 1;
                p += lead < 0x80 ? 1 : 3;
            }
            assert_int_equal(strstr(copy, "^^^") - copy, (long)column);
        }
        at += length + 1;
    }
    assert_true(lines >= 5);
    text_free(&line);
    diagnostics_free(&list);
}

static void places_are_sorted_and_counted(void **state)
{
    (void)state;
    struct diagnostics list;
    diagnostics_init(&list);
    size_t a = add_source(&list, "a", "1\n2\n3\n");
    size_t b = add_source(&list, "b", "1\n2\n");
    add_at(&list, b, 2, 1, 1);
    for (uint32_t i = 3; i > 0; i--)
        add_at(&list, a, i, 1, 1);
    diagnostics_add(&list, DIAGNOSTIC_WARNING, "L001", "no place");
    static const struct diagnostic_style style = {.shown_per_source = 2};
    expect(&list, &style,
           "warning[L001]: no place\n"
           "\nerror[E001]: wrong\n  --> a:1:1\n   |\n 1 | 1\n   | ^ here\n"
           "\nerror[E001]: wrong\n  --> a:2:1\n   |\n 2 | 2\n   | ^ here\n"
           "\nand 1 more in a\n"
           "\nerror[E001]: wrong\n  --> b:2:1\n   |\n 2 | 2\n   | ^ here\n");
    assert_int_equal(list.error_count, 4);
    assert_int_equal(list.warning_count, 1);
    diagnostics_free(&list);
}

static void colour_and_ascii(void **state)
{
    (void)state;
    struct diagnostics list;
    diagnostics_init(&list);
    size_t source = add_source(&list, "a\033[2J", "x: \033[31my\n");
    struct diagnostic *problem =
        diagnostics_add(&list, DIAGNOSTIC_ERROR, "E110", "a → b … \033[2J");
    diagnostic_label(problem, (struct diagnostic_place){source, 1, 1, 1}, "c → d");
    diagnostic_help(problem, "one → two\nthree");
    static const struct diagnostic_style ascii = {.is_ascii = true};
    expect(&list, &ascii,
           "error[E110]: a -> b ... \xef\xbf\xbd[2J\n  --> a\xef\xbf\xbd[2J:1:1\n   |\n"
           " 1 | x: \xef\xbf\xbd[31my\n   | ^ c -> d\n   |\n   = help: one -> two\n"
           "           three\n");
    static const struct diagnostic_style colour = {.has_color = true};
    SCOPED_TEXT struct text text = {0};
    diagnostics_render(&list, &colour, &text);
    assert_non_null(strstr(text_string(&text), "\033[1;31merror[E110]\033[0m"));
    diagnostics_free(&list);
}

static void several_labels_and_files(void **state)
{
    (void)state;
    struct diagnostics list;
    diagnostics_init(&list);
    size_t a = add_source(&list, "a", "1\n2\n3\n4 x\n5\n6\n");
    size_t b = add_source(&list, "b", "one\n");
    struct diagnostic *problem = diagnostics_add(&list, DIAGNOSTIC_ERROR, "E1", "many");
    diagnostic_label(problem, (struct diagnostic_place){a, 4, 3, 1}, "first");
    diagnostic_label_lines_above(problem, 1);
    diagnostic_label(problem, (struct diagnostic_place){b, 1, 1, 3}, "other file");
    diagnostic_label(problem, (struct diagnostic_place){a, 4, 1, 1}, "same line");
    diagnostic_label(problem, (struct diagnostic_place){a, 1, 1, 1}, "above");
    static const struct diagnostic_style style = {0};
    expect(&list, &style,
           "error[E1]: many\n  --> a:4:3\n   |\n 1 | 1\n   | - above\n...\n 4 | 4 x\n"
           "   | - same line\n   |   ^ first\n   |\n  ::: b:1:1\n   |\n 1 | one\n"
           "   | --- other file\n");
    diagnostics_free(&list);
}

static void formats_for_programs(void **state)
{
    (void)state;
    struct diagnostics list;
    diagnostics_init(&list);
    size_t source = add_source(&list, "a,b.yaml", "key: value\n");
    struct diagnostic *problem =
        diagnostics_add(&list, DIAGNOSTIC_ERROR, "E103", "unknown\nkey 100%%");
    diagnostic_label(problem, (struct diagnostic_place){source, 1, 6, 5}, "did you mean \"x\"?");
    diagnostic_help(problem, "do it");
    diagnostics_add(&list, DIAGNOSTIC_WARNING, "L1", "no place");
    SCOPED_TEXT struct text gcc = {0};
    diagnostics_write_gcc(&list, &gcc);
    assert_string_equal(text_string(&gcc),
                        "datemill: warning: no place [L1]\n"
                        "a,b.yaml:1:6: error: unknown key 100% (did you mean \"x\"?) [E103]\n");
    SCOPED_TEXT struct text github = {0};
    diagnostics_write_github(&list, &github);
    assert_string_equal(text_string(&github),
                        "::warning title=L1::no place\n"
                        "::error file=a%2Cb.yaml,line=1,col=6,endColumn=11,title=E103::unknown%0A"
                        "key 100%25 (did you mean \"x\"?)\n");
    SCOPED_TEXT struct text json = {0};
    diagnostics_write_json(&list, &json);
    const char *second = strchr(text_string(&json), '\n') + 1;
    struct json *parsed;
    struct error err;
    assert_int_equal(json_parse(second, strlen(second), &parsed, &err), 0);
    const struct json *error = json_get(parsed, "error");
    assert_string_equal(json_get_string(error, "code", ""), "E103");
    assert_string_equal(json_get_string(error, "message", ""), "unknown\nkey 100%");
    assert_string_equal(json_get_string(error, "file", ""), "a,b.yaml");
    assert_int_equal(json_get_int(error, "column", 0), 6);
    assert_string_equal(json_get_string(error, "help", ""), "do it");
    json_free(parsed);
    diagnostics_free(&list);
}

static void errors_become_problems(void **state)
{
    (void)state;
    struct diagnostics list;
    diagnostics_init(&list);
    size_t source = add_source(&list, "a.sql", "x\nSELECT y\n");
    struct error err = {0};
    error_at(&err, 2, 8, "E301", "no column y");
    error_help(&err, "add it");
    diagnostics_add_error(&list, "E999", source, &err);
    struct error plain = {0};
    error_set(&plain, ERROR_KIND_BUSY, "busy");
    diagnostics_add_error(&list, "E999", DIAGNOSTIC_NO_SOURCE, &plain);
    static const struct diagnostic_style style = {0};
    expect(&list, &style,
           "error[E999]: busy\n"
           "\nerror[E301]: no column y\n  --> a.sql:2:8\n   |\n 2 | SELECT y\n   |        ^\n"
           "   |\n   = help: add it\n");
    diagnostics_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carets_stand_under_wide_text),  cmocka_unit_test(long_lines_are_windowed),
        cmocka_unit_test(places_are_sorted_and_counted), cmocka_unit_test(colour_and_ascii),
        cmocka_unit_test(several_labels_and_files),      cmocka_unit_test(formats_for_programs),
        cmocka_unit_test(errors_become_problems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
