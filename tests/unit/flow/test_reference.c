/* The reference page in workflows/README.md is what the tables say. With
 * DATEMILL_REWRITE_GOLDENS=1 it is written anew. */
#include "tests/unit/flow/flow_test.h"

#include "scheduler/flow/field_table.h"
#include "scheduler/flow/flow_reference.h"

#define README TEST_SOURCE_DIR "/workflows/README.md"

static void the_page_holds_the_tables(void **state)
{
    (void)state;
    size_t count;
    const struct node_type *const *types = node_types_builtin(&count);
    struct text expected = {0};
    flow_reference_write(types, count, &expected);
    SCOPED_FREE char *page = read_text(README);
    assert_non_null(page);
    char *begin = strstr(page, FLOW_REFERENCE_BEGIN);
    assert_non_null(begin);
    begin += strlen(FLOW_REFERENCE_BEGIN);
    char *end = strstr(begin, FLOW_REFERENCE_END);
    assert_non_null(end);
    const char *rewrite = getenv("DATEMILL_REWRITE_GOLDENS");
    if (rewrite != NULL && strcmp(rewrite, "1") == 0) {
        struct text whole = {0};
        text_append_bytes(&whole, page, (size_t)(begin - page));
        text_append(&whole, text_string(&expected));
        text_append(&whole, end);
        write_text(README, text_string(&whole));
        text_free(&whole);
    } else {
        *end = '\0';
        assert_string_equal(begin, text_string(&expected));
    }
    text_free(&expected);
}

static bool is_documented(const struct field *fields)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        if (field->help == NULL || field->help[strlen(field->help) - 1] != '.')
            fail_msg("`%s` has no sentence of help", field->name);
        if (field->kind == FIELD_KIND_CHOICE && field->choices == NULL)
            fail_msg("`%s` has no choices", field->name);
    }
    return true;
}

static void every_key_has_a_sentence(void **state)
{
    (void)state;
    assert_true(is_documented(field_table_flow) && is_documented(field_table_node) &&
                is_documented(field_table_project) && is_documented(field_table_manifest));
    size_t count;
    const struct node_type *const *types = node_types_builtin(&count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(types[i]->contract, NODE_TYPE_CONTRACT);
        assert_true(is_documented(types[i]->fields));
        /* A type's key must not hide one that every node has. */
        for (const struct field *field = types[i]->fields; field->name != NULL; field++)
            assert_null(field_describe(field_table_node, field->name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_holds_the_tables),
        cmocka_unit_test(every_key_has_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
