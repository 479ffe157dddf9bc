/* A unified diff, put onto the first text, gives the second: by its own numbers and lines alone. */
#include "scheduler/base/random.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/text_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *before, const char *after, const char *expected)
{
    SCOPED_TEXT struct text text = {0};
    text_diff_unified(before, after, &text);
    assert_string_equal(text_string(&text), expected);
}

static void it_looks_as_people_know_it(void **state)
{
    (void)state;
    expect("", "", "");
    expect("a\nb\n", "a\nb\n", "");
    expect("a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
    expect("", "one\ntwo\n", "@@ -0,0 +1,2 @@\n+one\n+two\n");
    expect("one\n", "", "@@ -1 +0,0 @@\n-one\n");
    expect("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\n6\n7\n", "@@ -4,3 +4,4 @@\n 4\n 5\n 6\n+7\n");
}

static void an_end_without_a_newline_is_said(void **state)
{
    (void)state;
    expect("a\nb", "a\nb\n", "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
    expect("a\nb", "x\nb", "@@ -1,2 +1,2 @@\n-a\n+x\n b\n\\ No newline at end of file\n");
}

/* Six lines between two changes make one hunk, as three are shown around each; seven make two. */
static void near_changes_share_a_hunk(void **state)
{
    (void)state;
    expect("a\n1\n2\n3\n4\n5\n6\nb\n", "x\n1\n2\n3\n4\n5\n6\ny\n",
           "@@ -1,8 +1,8 @@\n-a\n+x\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+y\n");
    expect("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "x\n1\n2\n3\n4\n5\n6\n7\ny\n",
           "@@ -1,4 +1,4 @@\n-a\n+x\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+y\n");
}

/* ---- any texts ---- */

static const char *next_line(const char *at)
{
    at += strcspn(at, "\n");
    return at + (*at == '\n');
}

/* The line number of a hunk in the first text, and how many lines it takes of it. */
static void read_header(const char *header, size_t *ret_first, size_t *ret_count)
{
    char *end;
    assert_memory_equal(header, "@@ -", 4);
    *ret_first = strtoul(header + 4, &end, 10);
    *ret_count = *end == ',' ? strtoul(end + 1, &end, 10) : 1;
    assert_memory_equal(end, " +", 2);
    *ret_first += *ret_count == 0;
}

/* Copies lines of the first text up to line `number`, from 1. */
static const char *copy_until(const char *at, size_t *line, size_t number, struct text *out)
{
    for (; *line < number; (*line)++) {
        const char *next = next_line(at);
        assert_true(next > at);
        text_append_bytes(out, at, (size_t)(next - at));
        at = next;
    }
    return at;
}

static void apply(const char *before, const char *diff, struct text *out)
{
    const char *at = before;
    size_t line = 1;
    while (*diff != '\0') {
        size_t first;
        size_t count;
        read_header(diff, &first, &count);
        at = copy_until(at, &line, first, out);
        size_t end = line + count;
        for (diff = next_line(diff); *diff != '\0' && *diff != '@'; diff = next_line(diff)) {
            size_t length = (size_t)(next_line(diff) - diff) - 1;
            if (*diff == '\\')
                continue;
            bool has_end = diff[length + 1] != '\\';
            if (*diff != '+') {
                assert_memory_equal(at, diff + 1, length - 1);
                at = next_line(at);
                line++;
            }
            if (*diff != '-')
                text_append_bytes(out, diff + 1, length - 1 + has_end);
        }
        assert_int_equal(line, end);
    }
    text_append(out, at);
}

static void make_text(struct random *random, struct text *text)
{
    size_t lines = random_below(random, 40);
    for (size_t i = 0; i < lines; i++)
        text_append_format(text, "%c\n", (char)('a' + (char)random_below(random, 4)));
    if (lines > 0 && random_below(random, 3) == 0)
        text_append(text, "end");
}

static void it_leads_from_one_to_the_other(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 4711);
    for (int i = 0; i < 3000; i++) {
        SCOPED_TEXT struct text before = {0};
        SCOPED_TEXT struct text after = {0};
        SCOPED_TEXT struct text diff = {0};
        SCOPED_TEXT struct text result = {0};
        make_text(&random, &before);
        make_text(&random, &after);
        text_diff_unified(text_string(&before), text_string(&after), &diff);
        apply(text_string(&before), text_string(&diff), &result);
        assert_string_equal(text_string(&result), text_string(&after));
    }
}

/* Too much to compare is shown whole, and still leads there. */
static void large_texts_too(void **state)
{
    (void)state;
    SCOPED_TEXT struct text before = {0};
    SCOPED_TEXT struct text after = {0};
    SCOPED_TEXT struct text diff = {0};
    SCOPED_TEXT struct text result = {0};
    for (int i = 0; i < 5000; i++) {
        text_append_format(&before, "old %d\n", i);
        text_append_format(&after, "new %d\n", i);
    }
    text_diff_unified(text_string(&before), text_string(&after), &diff);
    apply(text_string(&before), text_string(&diff), &result);
    assert_string_equal(text_string(&result), text_string(&after));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_looks_as_people_know_it),
        cmocka_unit_test(an_end_without_a_newline_is_said),
        cmocka_unit_test(near_changes_share_a_hunk),
        cmocka_unit_test(it_leads_from_one_to_the_other),
        cmocka_unit_test(large_texts_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
