/* GET_JSON_OBJECT: published examples, and what its contract says about the rest. */
#include "nodes/warehouse/json_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VECTORS TEST_SOURCE_DIR "/tests/unit/warehouse/vectors/get_json_object.tsv"

/* The result as a fresh string, NULL for NULL. */
static char *get(const char *document, const char *path_text)
{
    struct json_tape tape = {0};
    struct json_path_work work = {0};
    char *result = NULL;
    struct json_path *path = json_path_parse(path_text, strlen(path_text));
    const char *found;
    size_t length;
    if (path != NULL && json_tape_read_document(&tape, document, strlen(document)) &&
        json_path_walk(path, &tape, &work, &found, &length)) {
        result = calloc(length + 1, 1);
        memcpy(result, found, length);
    }
    json_path_free(path);
    json_path_work_free(&work);
    json_tape_free(&tape);
    return result;
}

static void check(const char *document, const char *path, const char *expected)
{
    char *result = get(document, path);
    const char *shown = result == NULL ? "NULL" : result;
    if (strcmp(shown, expected == NULL ? "NULL" : expected) != 0)
        fail_msg("%s of %.200s: %s, expected %s", path, document, shown,
                 expected == NULL ? "NULL" : expected);
    free(result);
}

static void published_examples(void **state)
{
    (void)state;
    char line[8192];
    int rows = 0;
    FILE *file = fopen(VECTORS, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#')
            continue;
        char *path = strchr(line, '\t');
        assert_non_null(path);
        *path++ = '\0';
        char *expected = strchr(path, '\t');
        assert_non_null(expected);
        *expected++ = '\0';
        check(line, path, strcmp(expected, "\\N") == 0 ? NULL : expected);
        rows++;
    }
    fclose(file);
    assert_int_equal(rows, 34);
}

static void the_document_must_be_json_to_its_end(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",
        "{",
        "{\"a\":1",
        "{\"a\":1}}",
        "{\"a\":1} x",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "[1,]",
        "{\"a\":tru}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\n\"}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":nul",
        "{\"a\":-}",
        "{\"a\":1e}",
        "[1 2]",
        "{\"a\":[1}",
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        check(broken[i], "$.a", NULL);
        check(broken[i], "$", NULL);
    }
    check(" \n\t{ \"a\" : 1 }\r\n ", "$.a", "1");
}

static void numbers_and_texts_stay_as_written(void **state)
{
    (void)state;
    check("{\"a\":1.50}", "$.a", "1.50");
    check("{\"a\":-0.0e+07}", "$.a", "-0.0e+07");
    check("{\"a\":123456789012345678901234567890}", "$.a", "123456789012345678901234567890");
    check("{\"a\": { \"b\" : [ 1 , 2 ] } }", "$.a", "{ \"b\" : [ 1 , 2 ] }");
    check("7", "$", "7");
    check("\"x\\ty\"", "$", "x\ty");
    check("{\"a\":\"\"}", "$.a", "");
    check("{\"a\":false}", "$.a", "false");
}

static void escapes_are_decoded(void **state)
{
    (void)state;
    check("{\"a\":\"\\u53ef\\u4e50\"}", "$.a", "可乐");
    check("{\"a\":\"\\ud83d\\ude00!\"}", "$.a", "😀!");
    check("{\"a\":\"\\ud83d!\"}", "$.a", "\xef\xbf\xbd!");
    check("{\"a\":\"\\ude00\"}", "$.a", "\xef\xbf\xbd");
    check("{\"a\":\"\\u0000b\"}", "$.a",
          "\xef\xbf\xbd"
          "b");
    check("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "$.a", "\"\\/\b\f\n\r\t");
    check("{\"\\u0061\":1}", "$.a", "1");
    check("{\"x.y\":{\"z\":1}}", "$['x.y'].z", "1");
    check("{\"x.y\":{\"z\":1}}", "$[\"x.y\"][\"z\"]", "1");
}

static void paths_that_are_none_give_null(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",    "a",     ".a",    "$a",     "$.",        "$..a", "$[",     "$[]",    "$[-1]",
        "$[1", "$['a'", "$['a]", "$[1:2]", "$[?(@.a)]", "$.a[", "$.a[x]", "$[1.5]", "$ .a",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check("{\"a\":[1,2],\"\":3}", wrong[i], NULL);
}

static void stars_collect(void **state)
{
    (void)state;
    check("{\"a\":[{\"b\":1},{\"c\":2},{\"b\":null},{\"b\":\"x\"}]}", "$.a[*].b", "[1,\"x\"]");
    check("{\"a\":[1,null,\"x\"]}", "$.a[*]", "[1,null,\"x\"]");
    check("{\"a\":[7]}", "$.a[*]", "[7]");
    check("{\"a\":[]}", "$.a[*]", NULL);
    check("{\"a\":{\"b\":1}}", "$.a[*]", NULL);
    check("{\"a\":[[1,2],[3]]}", "$.a[*][0]", "[1,3]");
    check("{\"a\":[{\"b\":[1,2]},{\"b\":[3]}]}", "$.a[*].b", "[1,2,3]");
    check("{\"a\":[{\"b\":1}]}", "$.a.b", NULL);
    check("[{\"a\":1},{\"a\":2}]", "$[1].a", "2");
    check("[1,2]", "$[2]", NULL);
}

static void nesting_costs_no_stack(void **state)
{
    (void)state;
    enum {
        DEPTH = 200000
    };
    char *deep = malloc(2 * DEPTH + 1);
    memset(deep, '[', DEPTH);
    memset(deep + DEPTH, ']', DEPTH);
    deep[2 * DEPTH] = '\0';
    char *result = get(deep, "$");
    assert_non_null(result);
    assert_int_equal(strlen(result), 2 * DEPTH);
    free(result);
    deep[2 * DEPTH - 1] = '\0';
    assert_null(get(deep, "$"));
    free(deep);
}

static void compaction_leaves_strings_alone(void **state)
{
    (void)state;
    struct text out = {0};
    const char *text = "{ \"a b\" : [ 1 ,\n\t\"x \\\" y\" ] ,\r\n \"c\":\"\\\\\" , \"d\" : 1 }";
    json_tape_compact(text, strlen(text), &out);
    assert_string_equal(text_string(&out), "{\"a b\":[1,\"x \\\" y\"],\"c\":\"\\\\\",\"d\":1}");
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_examples),
        cmocka_unit_test(the_document_must_be_json_to_its_end),
        cmocka_unit_test(numbers_and_texts_stay_as_written),
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(paths_that_are_none_give_null),
        cmocka_unit_test(stars_collect),
        cmocka_unit_test(nesting_costs_no_stack),
        cmocka_unit_test(compaction_leaves_strings_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
