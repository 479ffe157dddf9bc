/* Statements: tables, partitions, inserts, places of errors, and the study's SQL as it stands. */
#include "tests/unit/warehouse/warehouse_world.h"

#include <dirent.h>

static void fails(struct world *world, const char *sql, int line, int column, const char *text)
{
    if (world_run(world, sql) == 0)
        fail_msg("%s\nsucceeded, expected: %s", sql, text);
    if (strstr(world->err.text, text) == NULL || world->err.line != line ||
        world->err.column != column)
        fail_msg("%s\n%d:%d: %s\nexpected %d:%d: %s", sql, world->err.line, world->err.column,
                 world->err.text, line, column, text);
}

static void tables_are_declared(void **state)
{
    struct world *world = *state;
    world_sql(world, "CREATE TABLE IF NOT EXISTS `T` (a STRING COMMENT 'it''s; -- a', B bigint, "
                     "c DECIMAL, d decimal(10,2), e VARCHAR(20), f CHAR(3) NOT NULL)\n"
                     "COMMENT 'all' PARTITIONED BY (dt STRING COMMENT 'day', h BIGINT) "
                     "LIFECYCLE 90;");
    assert_string_equal(world_sql(world, "SHOW CREATE TABLE t"),
                        "CREATE TABLE IF NOT EXISTS t (\n"
                        "    a STRING COMMENT 'it\\'s; -- a',\n"
                        "    b BIGINT,\n"
                        "    c DECIMAL(38,18),\n"
                        "    d DECIMAL(10,2),\n"
                        "    e VARCHAR(20),\n"
                        "    f CHAR(3) NOT NULL\n"
                        ")\n"
                        "COMMENT 'all'\n"
                        "PARTITIONED BY (\n"
                        "    dt STRING COMMENT 'day',\n"
                        "    h BIGINT\n"
                        ")\n"
                        "LIFECYCLE 90;\n");
    char *ddl = strdup(text_string(&world->out));
    world_sql(world, "DROP TABLE t");
    world_sql(world, ddl);
    assert_string_equal(world_sql(world, "DESC t"), ddl);
    free(ddl);
    world_sql(world, "CREATE TABLE IF NOT EXISTS t (other STRING)");
    assert_string_equal(world_sql(world, "SHOW TABLES"), "t\n");
    fails(world, "CREATE TABLE t (a STRING)", 1, 14, "table `t` exists already");
    world_sql(world, "DROP TABLE IF EXISTS t; DROP TABLE IF EXISTS t;");
    fails(world, "DROP TABLE t", 1, 12, "there is no table `t`");
}

static void bad_declarations_have_a_place(void **state)
{
    struct world *world = *state;
    fails(world, "CREATE TABLE t (a STRNG)", 1, 19, "`STRNG` is not a type");
    fails(world, "CREATE TABLE t (a DECIMAL(40,2))", 1, 19, "1 to 38 digits, not 40");
    fails(world, "CREATE TABLE t (a DECIMAL(10,12))", 1, 19, "0 to 10 digits behind the point");
    fails(world, "CREATE TABLE t (a VARCHAR)", 1, 19, "VARCHAR needs one length");
    fails(world, "CREATE TABLE t (a STRING, A BIGINT)", 1, 27, "column `a` is there twice");
    fails(world, "CREATE TABLE t (a STRING) PARTITIONED BY (d DOUBLE)", 1, 42, "cannot be DOUBLE");
    fails(world, "CREATE TABLE t (a STRING) LIFECYCLE 0", 1, 37, "LIFECYCLE is 1 to");
    fails(world, "CREATE TABLE t (a STRING) STORED AS orc", 1, 27, "expected COMMENT");
    fails(world, "CREATE TABLE t ()", 1, 17, "expected a column's name");
    fails(world, "CREATE TABLE 1t (a STRING)", 1, 14, "expected a table's name");
    fails(world, "CREATE TABLE `a b` (a STRING)", 1, 14, "cannot be");
    fails(world, "CREATE TABLE t (a ARRAY<STRING>)", 1, 19, "`ARRAY` is not a type");
}

static void the_first_failure_ends_the_file(void **state)
{
    struct world *world = *state;
    const char *sql = "CREATE TABLE a (x STRING); -- one; not two\n"
                      "/* ; */ INSERT INTO a VALUES (';'';');\n"
                      "\n"
                      "SELECT 经营 FROM a WHERE y = 1;\n"
                      "INSERT INTO a VALUES ('never');\n";
    fails(world, sql, 4, 8, "no such column");
    assert_string_equal(world_sql(world, "SELECT x FROM a"), ";';\n");
    fails(world, "SELECT x FROM a;\n\n  SELEC x", 3, 3, "`SELEC` does not begin a statement");
    assert_string_equal(world->err.help, "did you mean `SELECT`?");
    fails(world, "SELECT 'open\nx", 1, 8, "a quote is missing");
    fails(world, "SELECT x FROM a; /* no end\n", 1, 18, "`*/` is missing");
    fails(world, "SELECT '${var}' x, ${var}", 1, 20, "was a parameter not replaced");
    fails(world, "SELECT '\xff'", 1, 9, "this is not UTF-8");
    fails(world, "SELECT (1", 1, 8, "`(` is not closed");
    fails(world, "SELECT 1)", 1, 9, "expected");
    fails(world, "SELECT 1 +", 1, 11, "expected a value");
    fails(world, "SELECT case when 1 then 2", 1, 8, "`case` is not closed");
    fails(world, "SELECT x FROM b", 1, 15, "there is no table `b`");
    fails(world, "SELECT x FROM a\nWHER x = 1", 2, 6, "expected");
    fails(world, "SELECT x FROM a LEFT SEMI JOIN a b ON a.x = b.x", 1, 22, "SEMI JOIN");
    fails(world, "SELECT x FROM a LATERAL VIEW explode(x) t", 1, 17, "LATERAL VIEW");
    fails(world, "PRAGMA table_info(a)", 1, 1, "does not begin a statement");
    fails(world, "ATTACH 'x' AS y", 1, 1, "does not begin a statement");
    fails(world, "SELECT * FROM sqlite_master", 1, 15, "there is no table `sqlite_master`");
    fails(world, "SELECT * FROM pragma_database_list()", 1, 15, "there is no table");
}

static void partitions_are_written_and_dropped(void **state)
{
    struct world *world = *state;
    world_sql(world, "CREATE TABLE p (a STRING, n BIGINT) PARTITIONED BY (dt STRING, h BIGINT)");
    world_sql(world, "INSERT OVERWRITE TABLE p PARTITION (dt='20211111', h='1') VALUES ('x', 1)");
    world_sql(world, "INSERT OVERWRITE TABLE p PARTITION (dt='20211111', h) "
                     "SELECT 'y', 2, '2' UNION ALL SELECT 'z', 3, 3");
    world_sql(world, "INSERT INTO p PARTITION (dt, h) VALUES ('w', 4, '20211112', 1)");
    assert_string_equal(world_sql(world, "SELECT * FROM p ORDER BY n"),
                        "x|1|20211111|1\ny|2|20211111|2\nz|3|20211111|3\nw|4|20211112|1\n");
    assert_string_equal(world_sql(world, "SHOW PARTITIONS p"),
                        "dt=20211111/h=1\ndt=20211111/h=2\ndt=20211111/h=3\ndt=20211112/h=1\n");
    assert_string_equal(world_sql(world, "SELECT sum(h) FROM p WHERE h >= 2 AND h < 10"), "5\n");
    world_sql(world, "ALTER TABLE p DROP PARTITION (dt='20211111', h='2')");
    fails(world, "ALTER TABLE p DROP PARTITION (dt='20211111', h='2')", 1, 31, "has no partition");
    world_sql(world, "ALTER TABLE p DROP IF EXISTS PARTITION (dt='20211111', h='2')");
    world_sql(world, "ALTER TABLE p ADD IF NOT EXISTS PARTITION (dt='20211113', h='0')");
    fails(world, "ALTER TABLE p ADD PARTITION (dt='20211113', h='0')", 1, 30, "already");
    world_sql(world, "TRUNCATE TABLE p PARTITION (dt='20211111', h='3')");
    assert_string_equal(world_sql(world, "SELECT a FROM p ORDER BY a"), "w\nx\n");
    assert_string_equal(world_sql(world, "SHOW PARTITIONS p"),
                        "dt=20211111/h=1\ndt=20211111/h=3\ndt=20211112/h=1\ndt=20211113/h=0\n");
    world_sql(world, "INSERT OVERWRITE TABLE p PARTITION (dt='20211112', h='1') "
                     "SELECT a, n FROM p WHERE 1 = 0");
    assert_string_equal(world_sql(world, "SELECT count(*) FROM p WHERE dt='20211112'"), "0\n");
    assert_non_null(strstr(world_sql(world, "SHOW PARTITIONS p"), "dt=20211112/h=1"));
}

static void inserts_say_what_is_wrong(void **state)
{
    struct world *world = *state;
    world_sql(world, "CREATE TABLE i (a STRING, n BIGINT, d DECIMAL(5,2), r BIGINT NOT NULL) "
                     "PARTITIONED BY (dt STRING);"
                     "CREATE TABLE plain (a STRING, n BIGINT)");
    fails(world, "INSERT INTO i SELECT 1", 1, 13, "table `i` is partitioned");
    fails(world, "INSERT INTO i PARTITION (dt='1')\nSELECT 'a', 1", 2, 1,
          "the query gives 2 columns, table `i` takes 4");
    assert_string_equal(world->err.help, "columns are taken by position: a, n, d, r");
    fails(world, "INSERT INTO i PARTITION (d='1') SELECT 1, 1, 1, 1", 1, 26,
          "expected partition column `dt`");
    fails(world, "INSERT INTO i PARTITION (dt='1/2') SELECT 1, 1, 1, 1", 1, 26,
          "a character that partitions cannot have");
    fails(world, "INSERT INTO i PARTITION (dt) SELECT 'a', 1, 1, 1, NULL", 1, 30,
          "the partition value is NULL");
    fails(world, "INSERT INTO i PARTITION (dt) SELECT 'a', 1, 1, 1, '中'", 1, 30,
          "a character that partitions cannot have");
    fails(world, "INSERT INTO i PARTITION (dt='1') VALUES ('a', 1, 1, 1), ('b', 'x', 1, 1)", 1, 34,
          "row 2 of the query: column `n` of table `i`: 'x' is no BIGINT");
    fails(world, "INSERT INTO i PARTITION (dt='1') SELECT 'a', 1.5, 1, 1", 1, 34,
          "CAST it to cut its fraction");
    fails(world, "INSERT INTO i PARTITION (dt='1') SELECT 'a', 1, 1000, 1", 1, 34,
          "too many digits before the point");
    fails(world, "INSERT INTO i PARTITION (dt='1') SELECT 'a', 1, 1, NULL", 1, 34, "NOT NULL");
    fails(world, "INSERT INTO plain PARTITION (dt='1') SELECT 'a', 1", 1, 30, "not partitioned");
    fails(world, "INSERT INTO plain (a, zz) SELECT 'a', 1", 1, 23, "no data column `zz`");
    fails(world, "INSERT INTO plain (a, a) SELECT 'a', 1", 1, 23, "twice");
    fails(world, "INSERT OVERWRITE plain SELECT 'a', 1", 1, 18, "expected `TABLE`");
    world_sql(world, "INSERT INTO plain (n) VALUES (7)");
    assert_string_equal(world_sql(world, "SELECT * FROM plain"), "NULL|7\n");
    assert_string_equal(world_sql(world, "SELECT count(*) FROM i"), "0\n");
}

static void types_come_back_as_they_went_in(void **state)
{
    struct world *world = *state;
    world_sql(world, "CREATE TABLE v (s STRING, b BIGINT, i INT, t TINYINT, d DOUBLE, f FLOAT, "
                     "m DECIMAL(38,18), o BOOLEAN, dt DATETIME, da DATE, ts TIMESTAMP, "
                     "v VARCHAR(3), c CHAR(3), x BINARY)");
    world_sql(world,
              "INSERT INTO v VALUES ('可乐', '-9223372036854775808', 2147483647, -128, '0.1', 0.5, "
              "'12345678901234567890.123456789012345678', true, '2021-11-11 02:30:45', "
              "'2021-11-11', '2021-11-11 02:30:45.123456789', 'abc', 'a', 'bytes'), "
              "(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
              "NULL), ('', 0, 0, 0, 0, 0, 0, false, '0001-01-01', '9999-12-31 23:59:59', "
              "'2021-11-11', '', '', '')");
    assert_string_equal(
        world_sql(world, "SELECT * FROM v"),
        "可乐|-9223372036854775808|2147483647|-128|0.1|0.5|12345678901234567890.123456789012345678|"
        "1|2021-11-11 02:30:45|2021-11-11|2021-11-11 02:30:45.123456789|abc|a  |bytes\n"
        "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL\n"
        "|0|0|0|0.0|0.0|0|0|0001-01-01 00:00:00|9999-12-31|2021-11-11 00:00:00||   |\n");
    assert_string_equal(world_sql(world, "SELECT count(*) FROM v WHERE m > 1 AND o = true AND "
                                         "da = '2021-11-11' AND t < -100 AND b + 1 < 0"),
                        "1\n");
    world_sql(world, "CREATE TABLE w (a STRING); INSERT INTO w SELECT o FROM v WHERE o; "
                     "INSERT INTO w SELECT m > 1 FROM v WHERE m = 0");
    assert_string_equal(world_sql(world, "SELECT a FROM w"), "true\nfalse\n");
}

static void decimals_order_by_value(void **state)
{
    struct world *world = *state;
    world_sql(world, "CREATE TABLE m (k STRING, amount DECIMAL(38,18))");
    world_sql(world,
              "INSERT INTO m VALUES ('a', '9'), ('b', '10'), ('c', '-100.5'), ('d', '0.05'), "
              "('e', '10.00'), ('f', '36527.16')");
    assert_string_equal(world_sql(world, "SELECT k FROM m ORDER BY amount DESC, k"),
                        "f\nb\ne\na\nd\nc\n");
    assert_string_equal(world_sql(world, "SELECT k FROM m WHERE amount >= 10 ORDER BY k"),
                        "b\ne\nf\n");
    assert_string_equal(world_sql(world, "SELECT k FROM m WHERE amount = 36527.160"), "f\n");
    assert_string_equal(world_sql(world, "SELECT amount, count(*) FROM m WHERE amount > 0 GROUP BY "
                                         "amount HAVING count(*) > 1"),
                        "10|2\n");
    assert_string_equal(world_sql(world, "SELECT min(amount), max(amount), sum(amount) FROM m"),
                        "-100.5|36527.16|36455.71\n");
    assert_string_equal(world_sql(world,
                                  "SELECT k, s FROM (SELECT k, sum(amount) AS s FROM m GROUP "
                                  "BY k) t WHERE s < 10 ORDER BY s"),
                        "c|-100.5\nd|0.05\na|9\n");
    assert_string_equal(world_sql(world, "SELECT k FROM m GROUP BY k HAVING sum(amount) > 100"),
                        "f\n");
    assert_string_equal(world_sql(world, "SELECT x.k, y.k FROM m x JOIN m y ON x.amount = y.amount "
                                         "WHERE x.k < y.k"),
                        "b|e\n");
    assert_string_equal(world_sql(world, "SELECT amount * 2 + 1 AS z FROM m ORDER BY z LIMIT 2"),
                        "-200\n1.1\n");
}

static void joins_and_shapes_of_queries(void **state)
{
    struct world *world = *state;
    world_sql(world, "CREATE TABLE l (id BIGINT, v STRING); CREATE TABLE r (id STRING, w STRING);"
                     "INSERT INTO l VALUES (1, 'a'), (2, 'b'), (3, 'c'), (NULL, 'n');"
                     "INSERT INTO r VALUES ('2', 'x'), ('3', 'y'), ('3', 'z'), ('03', 'o'), "
                     "(NULL, 'm')");
    assert_string_equal(world_sql(world, "SELECT l.v, r.w FROM l JOIN r ON l.id = r.id "
                                         "ORDER BY l.v, r.w"),
                        "b|x\nc|o\nc|y\nc|z\n");
    assert_string_equal(world_sql(world, "SELECT v, w FROM l LEFT OUTER JOIN r ON l.id = r.id "
                                         "WHERE w IS NULL ORDER BY v"),
                        "a|NULL\nn|NULL\n");
    assert_string_equal(world_sql(world, "SELECT count(*) FROM l FULL OUTER JOIN r ON l.id = r.id"),
                        "7\n");
    assert_string_equal(world_sql(world, "SELECT v FROM l WHERE id IN (SELECT cast(id AS bigint) "
                                         "FROM r) ORDER BY v"),
                        "b\nc\n");
    assert_string_equal(world_sql(world, "SELECT v FROM l WHERE NOT EXISTS (SELECT 1 FROM r WHERE "
                                         "r.id = l.id) ORDER BY v"),
                        "a\nn\n");
    assert_string_equal(world_sql(world,
                                  "WITH a AS (SELECT id x FROM l), b AS (SELECT x + 1 y FROM "
                                  "a WHERE x > 1) SELECT sum(y), max(b.y) FROM b"),
                        "7|4\n");
    assert_string_equal(world_sql(world, "(SELECT 1 a) UNION ALL (SELECT 2) UNION SELECT 2 "
                                         "ORDER BY a"),
                        "1\n2\n");
    assert_string_equal(world_sql(world, "SELECT id FROM l WHERE id IS NOT NULL MINUS SELECT 2 "
                                         "ORDER BY id"),
                        "1\n3\n");
    assert_string_equal(world_sql(world, "SELECT `order`.k FROM (SELECT 1 AS k) `order`"), "1\n");
    assert_string_equal(world_sql(world, "SELECT max(id) + 1, (SELECT count(*) FROM r) FROM l"),
                        "4|5\n");
    assert_string_equal(world_sql(world, "SELECT a.v FROM (l a JOIN l b ON a.id = b.id), r WHERE "
                                         "r.w = 'x' AND a.id = 1"),
                        "a\n");
    assert_string_equal(world_sql(world, "SELECT DISTINCT id FROM r WHERE id RLIKE '^[0-9]$' ORDER "
                                         "BY id DESC LIMIT 1"),
                        "3\n");
    assert_string_equal(world_sql(world,
                                  "SET odps.sql.type.system.odps2=true; SELECT /*+ MAPJOIN(r) "
                                  "*/ count(*) FROM l, r WHERE l.id <=> cast(r.id AS bigint)"),
                        "5\n");
    fails(world, "SELECT v FROM l WHERE id IN (SELECT id FROM r)", 1, 23, "IN compares");
}

/* A path into a table's own column is answered by the table, the same on anything else is not. */
static void paths_are_found_wherever_the_document_comes_from(void **state)
{
    struct world *world = *state;
    world_sql(world,
              "CREATE TABLE j (id BIGINT, json STRING) PARTITIONED BY (dt STRING); CREATE TABLE "
              "k (json STRING); INSERT INTO j PARTITION (dt='1') VALUES "
              "(1, '{\"a\":\"x\\\\n\",\"b\":{\"c\":[1,2]}}'), (2, 'no json'), (3, NULL), "
              "(4, '{\"a\":\"y\",\"b\":null}'); INSERT INTO k VALUES ('{\"a\":\"k\"}')");
    assert_string_equal(
        world_sql(world, "SELECT id, get_json_object(json, '$.a'), "
                         "get_json_object(j.json, '$.b.c[1]'), "
                         "GET_JSON_OBJECT(json, '$.b') FROM j ORDER BY id"),
        "1|x\n|2|{\"c\":[1,2]}\n2|NULL|NULL|NULL\n3|NULL|NULL|NULL\n4|y|NULL|NULL\n");
    assert_string_equal(world_sql(world, "SELECT * FROM j WHERE get_json_object(json, '$.a') = 'y' "
                                         "AND dt = '1'"),
                        "4|{\"a\":\"y\",\"b\":null}|1\n");
    assert_string_equal(world_sql(world,
                                  "SELECT get_json_object(json, '$.a') FROM j WHERE id = 4 UNION "
                                  "ALL SELECT get_json_object(json, '$.a') FROM k"),
                        "y\nk\n");
    assert_string_equal(world_sql(world,
                                  "SELECT get_json_object(json, '$.b') FROM (SELECT '{\"b\":7}' "
                                  "AS json FROM k) j"),
                        "7\n");
    assert_string_equal(
        world_sql(world, "SELECT get_json_object(json, '$.a') FROM (SELECT * FROM k) t"), "k\n");
    assert_string_equal(world_sql(world,
                                  "SELECT get_json_object(t.json, '$.a'), get_json_object(u.json, "
                                  "'$.a') FROM j t LEFT JOIN k u ON t.id = 1 AND "
                                  "get_json_object(u.json, '$.a') = 'k' WHERE t.id IN (1, 4) "
                                  "ORDER BY t.id DESC"),
                        "y|NULL\nx\n|k\n");
    assert_string_equal(world_sql(world, "SELECT id FROM j WHERE EXISTS (SELECT 1 FROM k WHERE "
                                         "get_json_object(j.json, '$.a') > get_json_object(k.json, "
                                         "'$.a')) ORDER BY id"),
                        "1\n4\n");
    assert_string_equal(world_sql(world,
                                  "SELECT x.id, y.id FROM j x JOIN j y ON "
                                  "get_json_object(x.json, '$.a') = get_json_object(y.json, '$.a') "
                                  "ORDER BY 1"),
                        "1|1\n4|4\n");
    assert_string_equal(world_sql(world, "SELECT get_json_object(json, 'a'), get_json_object(json, "
                                         "concat('$.', 'a')) FROM k"),
                        "NULL|k\n");
}

/* A name that is two things in two places is decided while rows flow. */
static void types_that_cannot_be_told_still_compare_right(void **state)
{
    struct world *world = *state;
    world_sql(world, "CREATE TABLE one (x BIGINT); CREATE TABLE two (x STRING); CREATE TABLE three "
                     "(x DECIMAL(10,2)); INSERT INTO one VALUES (9), (10); INSERT INTO two VALUES "
                     "('9'), ('10'); INSERT INTO three VALUES ('9'), ('10')");
    assert_string_equal(world_sql(world, "SELECT count(*) FROM one, two, three WHERE one.x = two.x "
                                         "AND two.x = three.x AND three.x = one.x"),
                        "2\n");
    assert_string_equal(world_sql(world,
                                  "SELECT max(y) FROM (SELECT x y FROM three UNION ALL SELECT "
                                  "x FROM one) t WHERE y > 9.5"),
                        "10\n");
    assert_string_equal(world_sql(world, "SELECT x + 1 FROM (SELECT x FROM two WHERE x < 10) t, "
                                         "(SELECT 1 AS z FROM three) u LIMIT 1"),
                        "10.0\n");
}

static size_t count_files(const struct world *world, const char *table)
{
    char path[256];
    size_t count = 0;
    snprintf(path, sizeof path, "%s/warehouse/files/%s", world->state, table);
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        count += entry->d_name[0] != '.';
    if (folder != NULL)
        closedir(folder);
    return count;
}

static void a_filter_opens_no_other_partition(void **state)
{
    struct world *world = *state;
    char path[256];
    world_sql(world, "CREATE TABLE f (a STRING) PARTITIONED BY (dt STRING);"
                     "INSERT INTO f PARTITION (dt) VALUES ('x', '20211110'), ('y', '20211111'), "
                     "('z', '20211112')");
    assert_int_equal(count_files(world, "f"), 3);
    /* the file of the 10th is the first one; without it only queries that need it fail */
    snprintf(path, sizeof path, "%s/warehouse/files/f/r1.n.a1.200001.part", world->state);
    assert_int_equal(unlink(path), 0);
    assert_string_equal(world_sql(world, "SELECT a FROM f WHERE dt = '20211111'"), "y\n");
    assert_string_equal(world_sql(world, "SELECT a FROM f WHERE dt IN ('20211111', '20211112')"),
                        "y\nz\n");
    assert_string_equal(world_sql(world, "SELECT a FROM f WHERE dt > '20211110' AND dt <= "
                                         "'20211112'"),
                        "y\nz\n");
    assert_string_equal(world_sql(world, "SELECT a FROM f WHERE dt BETWEEN '20211111' AND "
                                         "'20211119' AND a = 'y'"),
                        "y\n");
    assert_string_equal(world_sql(world, "SELECT t.a FROM (SELECT a, dt FROM f) t WHERE t.dt = "
                                         "concat('2021', '1111')"),
                        "y\n");
    assert_int_equal(world_run(world, "SELECT a FROM f"), -1);
    assert_non_null(strstr(world->err.text, "cannot open warehouse file"));
}

static void a_retry_doubles_nothing(void **state)
{
    struct world *world = *state;
    world_sql(world, "CREATE TABLE d (a STRING); INSERT INTO d VALUES ('first'); "
                     "INSERT INTO d VALUES ('second')");
    assert_string_equal(world_sql(world, "SELECT a FROM d"), "first\nsecond\n");
    world_next_attempt(world);
    world_sql(world, "INSERT INTO d VALUES ('again')");
    assert_string_equal(world_sql(world, "SELECT a FROM d"), "again\n");
    world_next_run(world);
    world_sql(world, "INSERT INTO d VALUES ('other run')");
    assert_string_equal(world_sql(world, "SELECT a FROM d"), "again\nother run\n");
    world_sql(world, "INSERT OVERWRITE TABLE d SELECT concat(a, '!') FROM d");
    assert_string_equal(world_sql(world, "SELECT a FROM d"), "again!\nother run!\n");
}

static void thousands_of_partitions(void **state)
{
    struct world *world = *state;
    struct text sql = {0};
    text_append(&sql,
                "CREATE TABLE many (n BIGINT) PARTITIONED BY (k STRING);"
                "INSERT INTO many PARTITION (k) SELECT a.n * 40 + b.n, concat('k', a.n * 40 + "
                "b.n) FROM (");
    for (int i = 0; i < 40; i++)
        text_append_format(&sql, "%sSELECT %d n", i == 0 ? "" : " UNION ALL ", i);
    char *numbers = strdup(strrchr(text_string(&sql), '(') + 1);
    text_append_format(&sql, ") a, (%s) b, (SELECT 1 UNION ALL SELECT 2) c", numbers);
    world_sql(world, text_string(&sql));
    assert_string_equal(world_sql(world, "SELECT count(*), count(distinct k), sum(n) FROM many"),
                        "3200|1600|2558400\n");
    assert_string_equal(world_sql(world, "SELECT n FROM many WHERE k = 'k777'"), "777\n777\n");
    free(numbers);
    text_free(&sql);
}

static void deep_and_long_sql_is_refused_or_runs(void **state)
{
    struct world *world = *state;
    struct text sql = {0};
    text_append(&sql, "SELECT ");
    text_append_repeat(&sql, '(', 300);
    text_append(&sql, "1");
    text_append_repeat(&sql, ')', 300);
    assert_int_equal(world_run(world, text_string(&sql)), -1);
    assert_non_null(strstr(world->err.text, "inside each other"));
    text_clear(&sql);
    text_append(&sql, "SELECT 1");
    for (int i = 0; i < 900; i++)
        text_append(&sql, " + 1");
    assert_string_equal(world_sql(world, text_string(&sql)), "901\n");
    text_free(&sql);
}

#define STUDY TEST_SOURCE_DIR "/workflows/smartrm_study/"

/* A file with ${var} replaced. */
static char *study_sql(const char *name, const char *var)
{
    size_t length;
    char *text = world_read(name, &length);
    struct text out = {0};
    const char *at = text;
    const char *found;
    while ((found = strstr(at, "${var}")) != NULL) {
        text_append_bytes(&out, at, (size_t)(found - at));
        text_append(&out, var);
        at = found + strlen("${var}");
    }
    text_append(&out, at);
    free(text);
    return text_take(&out);
}

static void fill_study(struct world *world)
{
    struct text sql = {0};
    text_append(&sql, "INSERT OVERWRITE TABLE commodity_new VALUES ");
    for (int i = 1; i <= 10; i++)
        text_append_format(&sql,
                           "%s('{\"commodityId\":\"%d\",\"commodityName\":\"商品%d\","
                           "\"firstLevelCategory\":\"饮料\",\"label\":[\"热\",\"%d\"]}')",
                           i == 1 ? "" : ", ", 1000000 + i, i, i);
    text_append(&sql, "; INSERT OVERWRITE TABLE order_succeeded_event PARTITION (dt) VALUES ");
    for (int i = 0; i < 400; i++)
        text_append_format(&sql,
                           "%s('{\"machineId\":%d,\"totalAmount\":%d.%02d,\"commodities\":"
                           "[{\"commodityId\":\"%d\"}]}', '%d')",
                           i == 0 ? "" : ", ", 1 + i % 3, i % 7, (i * 37) % 100, 1000001 + i % 11,
                           20211111 + i % 2);
    text_append(&sql, ", ('{\"machineId\":1,\"totalAmount\":5}', '20211111')");
    world_sql(world, text_string(&sql));
    text_free(&sql);
}

static void the_study_runs_as_it_stands(void **state)
{
    struct world *world = *state;
    static const char *const files[] = {STUDY "tables/commodity_new.sql",
                                        STUDY "tables/order_succeeded_event.sql",
                                        STUDY "tables/sales_stat.sql"};
    for (size_t i = 0; i < 3; i++) {
        size_t length;
        char *sql = world_read(files[i], &length);
        world_sql(world, sql);
        free(sql);
    }
    fill_study(world);
    char *sql = study_sql(STUDY "sql/sales_stat.sql", "20211111");
    world_sql(world, sql);
    char *first = strdup(world_sql(world, "SELECT * FROM sales_stat"));
    assert_string_equal(world_sql(world,
                                  "SELECT count(*), sum(num), count(distinct machineid) FROM "
                                  "sales_stat WHERE dt = '20211111'"),
                        "30|182|3\n");
    /* exact: what the events of known commodities cost, added up in cents */
    int64_t cents = 0;
    for (int i = 0; i < 400; i += 2)
        cents += i % 11 == 10 ? 0 : i % 7 * 100 + (i * 37) % 100;
    char expected[64];
    snprintf(expected, sizeof expected, "1|%lld.%02lld\n", (long long)cents / 100,
             (long long)cents % 100);
    assert_string_equal(
        world_sql(world, "SELECT s.a = e.a, s.a FROM (SELECT sum(amount) a FROM sales_stat) s, "
                         "(SELECT sum(get_json_object(json, '$.totalAmount')) a FROM "
                         "order_succeeded_event WHERE dt = '20211111' AND get_json_object(json, "
                         "'$.commodities[0].commodityId') <= '1000010') e"),
        expected);
    world_next_attempt(world);
    world_sql(world, sql);
    assert_string_equal(world_sql(world, "SELECT * FROM sales_stat"), first);
    free(first);
    free(sql);
    sql = study_sql(STUDY "sql/sales_stat.sql", "20211112");
    world_sql(world, sql);
    free(sql);
    assert_string_equal(world_sql(world, "SHOW PARTITIONS sales_stat"),
                        "dt=20211111\ndt=20211112\n");
}

/* Where the document is that the project grew from, its SQL is the workflow's to the byte. */
static void the_workflow_holds_the_seeds_sql(void **state)
{
    (void)state;
    static const char *const files[] = {"tables/commodity_new.sql",
                                        "tables/order_succeeded_event.sql", "tables/sales_stat.sql",
                                        "sql/sales_stat.sql"};
    DIR *folder = opendir(TEST_SOURCE_DIR "/../shared/seed");
    if (folder == NULL)
        skip();
    size_t found = 0;
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        char path[512];
        size_t length;
        if (strstr(entry->d_name, ".txt") == NULL)
            continue;
        snprintf(path, sizeof path, "%s/../shared/seed/%s", TEST_SOURCE_DIR, entry->d_name);
        char *text = world_read(path, &length);
        const char *at = text;
        while ((at = strstr(at, "```sql\n")) != NULL && found < 4) {
            char *own;
            at += strlen("```sql\n");
            const char *end = strstr(at, "```");
            assert_non_null(end);
            snprintf(path, sizeof path, "%s%s", STUDY, files[found++]);
            own = world_read(path, &length);
            assert_int_equal(length, end - at);
            assert_memory_equal(own, at, length);
            free(own);
        }
        free(text);
    }
    closedir(folder);
    assert_int_equal(found, 4);
}

/* One text that is no number stops the study's SQL, with the value's name. */
static void one_bad_machine_fails_the_study(void **state)
{
    struct world *world = *state;
    static const char *const files[] = {STUDY "tables/commodity_new.sql",
                                        STUDY "tables/order_succeeded_event.sql",
                                        STUDY "tables/sales_stat.sql"};
    for (size_t i = 0; i < 3; i++) {
        size_t length;
        char *sql = world_read(files[i], &length);
        world_sql(world, sql);
        free(sql);
    }
    fill_study(world);
    world_sql(world, "INSERT INTO order_succeeded_event PARTITION (dt='20211111') VALUES "
                     "('{\"machineId\":\"abc\",\"commodities\":[{\"commodityId\":\"1000001\"}]}')");
    char *sql = study_sql(STUDY "sql/sales_stat.sql", "20211111");
    assert_int_equal(world_run(world, sql), -1);
    assert_string_equal(world->err.text, "cannot cast: 'abc' is no BIGINT");
    assert_string_equal(world_sql(world, "SELECT count(*) FROM sales_stat"), "0\n");
    free(sql);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(tables_are_declared),
        EACH(bad_declarations_have_a_place),
        EACH(the_first_failure_ends_the_file),
        EACH(partitions_are_written_and_dropped),
        EACH(inserts_say_what_is_wrong),
        EACH(types_come_back_as_they_went_in),
        EACH(decimals_order_by_value),
        EACH(joins_and_shapes_of_queries),
        EACH(paths_are_found_wherever_the_document_comes_from),
        EACH(types_that_cannot_be_told_still_compare_right),
        EACH(a_filter_opens_no_other_partition),
        EACH(a_retry_doubles_nothing),
        EACH(thousands_of_partitions),
        EACH(deep_and_long_sql_is_refused_or_runs),
        EACH(the_study_runs_as_it_stands),
        EACH(the_workflow_holds_the_seeds_sql),
        EACH(one_bad_machine_fails_the_study),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
