/* Rows by filters in words: what they find, and that a word is never SQL. */
#include "nodes/warehouse/catalog_view.h"
#include "nodes/warehouse/table_rows.h"
#include "tests/unit/warehouse/warehouse_world.h"

#include "scheduler/base/scope.h"

static void put_rows(struct world *world)
{
    world_sql(world, "CREATE TABLE t (name STRING, n BIGINT, amount DECIMAL(10,2), ratio DOUBLE,"
                     " is_it BOOLEAN, day DATE, raw BINARY, n__lt STRING)"
                     " PARTITIONED BY (dt STRING)");
    world_sql(world, "INSERT OVERWRITE TABLE t PARTITION (dt='20211111')"
                     " SELECT 'it\\'s 100%', 1, 1.50, 0.5, true, CAST('2021-11-11' AS DATE),"
                     "        CAST('x' AS BINARY), 'a'"
                     " UNION ALL SELECT '\\\\ _', 2, 20.00, 1.5, false, CAST('2021-11-12' AS DATE),"
                     "        CAST(NULL AS BINARY), 'b'"
                     " UNION ALL SELECT '可乐', -3, 3.25, 2.5, true, CAST('2021-11-13' AS DATE),"
                     "        CAST('z' AS BINARY), 'c'");
}

/* The values of `n`, in their order. */
static const char *find(struct world *world, const struct table_rows *rows)
{
    SCOPED_ARENA struct arena arena;
    SCOPED_TEXT struct text sql = {0};
    struct catalog_snapshot found;
    arena_init(&arena, 0);
    world->err = (struct error){0};
    if (catalog_view_find(&world->catalog, "t", &arena, &found, &world->err) != 0 ||
        table_rows_write_sql(found.table, rows, &sql, &world->err) != 0)
        return NULL;
    assert_ptr_equal(strstr(text_string(&sql), "SELECT * FROM `t`"), text_string(&sql));
    SCOPED_TEXT struct text only = {0};
    text_append_format(&only, "SELECT n %s", strchr(text_string(&sql), '*') + 1);
    if (world_run(world, text_string(&only)) != 0)
        return NULL;
    for (char *at = world->out.data; at != NULL && *at != '\0'; at++)
        *at = *at == '\n' ? ' ' : *at;
    return text_string(&world->out);
}

static const char *find_one(struct world *world, const char *filter)
{
    const struct table_rows rows = {.filters = {filter}, .filter_count = 1, .limit = 100};
    const char *found = find(world, &rows);
    if (found == NULL)
        fail_msg("%s: %s", filter, world->err.text);
    return found;
}

static void comparisons(void **state)
{
    static const struct {
        const char *filter;
        const char *found;
    } cases[] = {
        {"n=2", "2 "},
        {"n__ne=2", "1 -3 "},
        {"N__le=+1", "1 -3 "},
        {"n__le=1", "1 -3 "},
        {"n__gt=-3", "1 2 "},
        {"n__ge=2", "2 "},
        {"amount=1.5", "1 "},
        {"amount__gt=3", "2 -3 "},
        {"ratio__ge=1.5", "2 -3 "},
        {"is_it=false", "2 "},
        {"day__ge=2021-11-12", "2 -3 "},
        {"dt=20211111", "1 2 -3 "},
        {"dt__gt=20211111", ""},
        {"name=it's 100%", "1 "},
        {"name=\\ _", "2 "},
        {"name__contains=乐", "-3 "},
        {"name__contains=%", "1 "},
        {"name__contains=_", "2 "},
        {"n__contains=3", "-3 "},
        {"raw__null=1", "2 "},
        {"raw__null=0", "1 -3 "},
        {"name__null=1", ""},
        {"n__lt=b", "2 "}, /* a column of that name */
        {"n__lt__eq=c", "-3 "},
        {"name=", ""},
        {"name=' OR 1=1 --", ""},
        {"name=\\' OR 1=1 --", ""},
        {"name=x' UNION SELECT * FROM t --", ""},
    };
    struct world *world = *state;
    put_rows(world);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = find_one(world, cases[i].filter);
        if (strcmp(found, cases[i].found) != 0)
            fail_msg("%s: %s, not %s", cases[i].filter, found, cases[i].found);
    }
}

static void several_sorted_and_by_pages(void **state)
{
    struct world *world = *state;
    struct table_rows rows = {
        .filters = {"n__lt=a", "ratio__lt=9"}, .filter_count = 2, .limit = 100};
    put_rows(world);
    assert_string_equal(find(world, &rows), "1 ");
    rows = (struct table_rows){.sort = "-amount", .limit = 2};
    assert_string_equal(find(world, &rows), "2 -3 ");
    rows.offset = 2;
    assert_string_equal(find(world, &rows), "1 ");
    rows = (struct table_rows){.sort = "n", .limit = TABLE_ROWS_MAX};
    assert_string_equal(find(world, &rows), "-3 1 2 ");
}

static void refuse(struct world *world, struct table_rows rows, const char *code, const char *text)
{
    rows.limit = rows.limit == 0 ? 1 : rows.limit;
    assert_null(find(world, &rows));
    assert_int_equal(world->err.kind, ERROR_KIND_INVALID);
    assert_string_equal(world->err.code, code);
    assert_string_equal(world->err.text, text);
}

static void what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *filter;
        const char *code;
        const char *text;
    } cases[] = {
        {"nam=x", "E022", "table `t` has no column `nam`"},
        {"=x", "E022", "table `t` has no column ``"},
        {"__lt=x", "E022", "table `t` has no column ``"},
        {"name` = 1 OR `n=x", "E022", "table `t` has no column `name` `"},
        {"n__gr=1", "E022", "there is no comparison `gr`"},
        {"n__=1", "E022", "there is no comparison ``"},
        {"n", "E021", "`n` is no filter such as `column=value`"},
        {"n=1 OR 1", "E021", "`1 OR 1` is no value for the column `n`: a number is wanted"},
        {"n=1.", "E021", "`1.` is no value for the column `n`: a number is wanted"},
        {"n=-", "E021", "`-` is no value for the column `n`: a number is wanted"},
        {"ratio=1e5", "E021", "`1e5` is no value for the column `ratio`: a number is wanted"},
        {"is_it=1", "E021", "`1` is no value for the column `is_it`: true or false is wanted"},
        {"n__null=x", "E021", "`x` is no value for the column `n`: 0 or 1 is wanted"},
        {"raw=x", "E021", "the column `raw` is BINARY: only `raw__null` can be asked"},
    };
    struct world *world = *state;
    put_rows(world);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse(world, (struct table_rows){.filters = {cases[i].filter}, .filter_count = 1},
               cases[i].code, cases[i].text);
    refuse(world, (struct table_rows){.sort = "-am"}, "E022", "table `t` has no column `am`");
    refuse(world, (struct table_rows){.limit = TABLE_ROWS_MAX, .offset = 1}, "E021",
           "the first 10000 rows can be reached here");
    refuse(world, (struct table_rows){.limit = 1, .offset = INT64_MAX}, "E021",
           "the first 10000 rows can be reached here");
    refuse(world, (struct table_rows){.filters = {"nme=x"}, .filter_count = 1}, "E022",
           "table `t` has no column `nme`");
    assert_string_equal(world->err.help, "did you mean `name`?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(comparisons, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(several_sorted_and_by_pages, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_named, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
