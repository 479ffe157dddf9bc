/* Expressions: what each gives, and what each refuses. */
#include "tests/unit/warehouse/warehouse_world.h"

struct row {
    const char *expression;
    const char *expected;
};

static void check_rows(struct world *world, const struct row *rows, size_t count)
{
    char sql[2048];
    size_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        snprintf(sql, sizeof sql, "SELECT %s", rows[i].expression);
        const char *got = world_run(world, sql) == 0 ? text_string(&world->out) : world->err.text;
        size_t length = strcspn(got, "\n");
        if (strlen(rows[i].expected) == length && strncmp(got, rows[i].expected, length) == 0)
            continue;
        print_error("%s: %.*s, expected %s\n", rows[i].expression, (int)length, got,
                    rows[i].expected);
        bad++;
    }
    assert_int_equal(bad, 0);
}

#define CHECK(world, rows) check_rows(world, rows, sizeof(rows) / sizeof *(rows))

static void texts(void **state)
{
    static const struct row rows[] = {
        {"concat('a', 1, 2.5, NULL)", "NULL"},
        {"concat('a', 1, 2.5, 'b')", "a12.5b"},
        {"concat(cast('1.50' as decimal(10,2)))", "1.5"},
        {"concat(1 = 1, 1 > 2)", "truefalse"},
        {"concat_ws('-', 'a', NULL, 'b', '')", "a-b-"},
        {"'a' || 1 || 'b'", "a1b"},
        {"substr('可口可乐abc', 2, 3)", "口可乐"},
        {"substr('abc', -2)", "bc"},
        {"substr('abc', 0, 2)", "ab"},
        {"substr('abc', -5)", ""},
        {"substr('abc', 5)", ""},
        {"substring('abc', 2, 0)", ""},
        {"length('可乐a')", "3"},
        {"lengthb('可乐a')", "7"},
        {"length(12345)", "5"},
        {"lower('ABÄ'), upper('abc'), tolower('X'), toupper('x')", "abÄ|ABC|x|X"},
        {"trim('  a b '), ltrim('  a'), rtrim('a  ')", "a b|a|a"},
        {"trim('xxaxyx', 'xy')", "a"},
        {"replace('aXbX', 'X', 'yy'), replace('abc', '', 'z')", "ayybyy|abc"},
        {"instr('banana', 'an'), instr('banana', 'an', 3), instr('banana', 'an', 1, 2)", "2|4|4"},
        {"instr('可口可乐', '可', 2), instr('abc', 'x')", "3|0"},
        {"split_part('a,b,c', ',', 1), split_part('a,b,c', ',', 2, 3)", "a|b,c"},
        {"split_part('a,b,c', ',', 4), split_part('a,b,c', ',', -1), split_part('abc', '', 1)",
         "|c|abc"},
        {"lpad('5', 3, '0'), rpad('ab', 5, 'xy'), lpad('abcd', 2, '0')", "005|abxyx|ab"},
        {"reverse('ab可'), repeat('ab', 3), space(2), ascii('A'), chr(66)", "可ba|ababab|  |65|B"},
        {"'it''s', \"it's\", 'it\\'s', 'a\\tb', 'a\\\\b', '\\u53ef'",
         "it's|it's|it's|a\tb|a\\b|可"},
        {"'ABC' like 'abc', 'ABC' like 'A%', 'ABC' like '_B_', 'a%c' like 'a\\\\%c'", "0|1|1|1"},
        {"'abc' like 'a\\\\%c', 'a_b' like 'a!_b' escape '!', '可乐' like '_乐'", "0|1|1"},
        {"'aXbXc' like '%X%c', '' like '%', 'abc' not like 'x%', NULL like 'a'", "1|1|1|NULL"},
        {"startswith('abc', 'ab'), startswith('a', 'ab')", "1|0"},
    };
    CHECK(*state, rows);
}

static void patterns(void **state)
{
    static const struct row rows[] = {
        {"'abc123' rlike '[0-9]+$', 'abc' rlike '^b', 'a' not rlike 'b'", "1|0|1"},
        {"regexp_replace('a1b22', '[0-9]+', '#')", "a#b#"},
        {"regexp_replace('a1b22', '[0-9]+', '#', 2)", "a1b#"},
        {"regexp_replace('ab cd', '(\\\\w)(\\\\w)', '\\\\2\\\\1')", "ba dc"},
        {"regexp_replace('可乐', '', '-')", "-可-乐-"},
        {"regexp_extract('foothebar', 'foo(.*?)(bar)', 1)", "the"},
        {"regexp_extract('foothebar', 'foo(.*?)(bar)', 0)", "foothebar"},
        {"regexp_extract('x', 'y(z)')", ""},
        {"regexp_extract('x', '(y)', 2)", "the pattern has 1 groups, there is no group 2"},
        {"regexp_substr('I love it', '[a-z]{2,}'), regexp_substr('a', 'b')", "love|NULL"},
        {"regexp_substr('ab1cd2', '[0-9]', 1, 2), regexp_count('abab', 'a')", "2|2"},
        {"'x' rlike '('", "the pattern '(' is wrong at character 2: missing closing parenthesis"},
        {"concat(repeat('a', 60), 'c') rlike '^(a|aa)+$'",
         "the pattern '^(a|aa)+$' cannot be matched: match limit exceeded"},
    };
    CHECK(*state, rows);
}

static void casts(void **state)
{
    static const struct row rows[] = {
        {"cast('1.6' as bigint), cast(' -12 ' as int), cast(1.9 as bigint)", "1|-12|1"},
        {"cast('9223372036854775807' as bigint)", "9223372036854775807"},
        {"cast('1e3' as bigint), cast('12345678901234567.9' as bigint)", "1000|12345678901234567"},
        {"cast('abc' as bigint)", "cannot cast: 'abc' is no BIGINT"},
        {"cast('' as bigint)", "cannot cast: '' is no BIGINT"},
        {"cast('9223372036854775808' as bigint)",
         "cannot cast: '9223372036854775808' is no BIGINT: it is out of range"},
        {"cast(300 as tinyint)", "cannot cast: 300 is no TINYINT: it is out of range"},
        {"cast(NULL as bigint)", "NULL"},
        {"cast('1' as double), cast('x' as double)", "cannot cast: 'x' is no DOUBLE"},
        {"cast('1' as double)", "1.0"},
        {"cast('12345678901234567890.123456789' as decimal)", "12345678901234567890.123456789"},
        {"cast('1.239' as decimal(5,2)), cast(-1.239 as decimal(5,2))", "1.23|-1.23"},
        {"cast('1000' as decimal(5,2))",
         "cannot cast: '1000' is no DECIMAL(5,2): it has too many digits before the point"},
        {"cast('abc' as decimal(5,2))", "cannot cast: 'abc' is no DECIMAL(5,2)"},
        {"cast(1.0 as string), cast(12 as string), cast(1 = 1 as string)", "1.0|12|true"},
        {"cast('true' as boolean), cast('FALSE' as boolean), cast(2 as boolean)", "1|0|1"},
        {"cast('yes' as boolean)", "cannot cast: 'yes' is no BOOLEAN"},
        {"cast('2021-11-11 02:30:45.5' as datetime), cast('2021-11-11' as datetime)",
         "2021-11-11 02:30:45.5|2021-11-11 00:00:00"},
        {"cast('2021-11-11 02:30:45' as date)", "2021-11-11"},
        {"cast('2021-02-30' as date)", "cannot cast: '2021-02-30' is no DATE: expected 2021-11-11"},
        {"cast('2021-11-11 02:30:45.123456789' as timestamp)", "2021-11-11 02:30:45.123456789"},
        {"cast('可乐abc' as varchar(3)), cast('ab' as char(4)) || '|'", "可乐a|ab  |"},
        {"1.5BD + 1, 10L, 3D", "2.5|10|3.0"},
        {"date '2021-11-11', datetime '2021-11-11 01:02:03'", "2021-11-11|2021-11-11 01:02:03"},
    };
    CHECK(*state, rows);
}

static void numbers(void **state)
{
    static const struct row rows[] = {
        {"5 / 2, 5 div 2, 5 % 3, -7 div 2, 7.5 % 2", "2.5|2|2|-3|1.5"},
        {"1 / 0, 1 % 0, 1 div 0", "NULL|NULL|NULL"},
        {"'1' + '2', '1.5' * 2, -'3'", "3.0|3.0|-3.0"},
        {"'abc' + 1", "'abc' is no number"},
        {"cast('0.1' as decimal) + cast('0.2' as decimal)", "0.3"},
        {"cast('0.1' as decimal) * 3, 1 - cast('0.9' as decimal)", "0.3|0.1"},
        {"cast(1 as decimal) / 3, -cast('0.5' as decimal)", "0.333333333333333333|-0.5"},
        {"cast('1' as decimal) + 0.5D", "1.5"},
        {"round(2.675, 2), round(2.5), round(-2.5), round(1234, -2)", "2.68|3.0|-3.0|1200"},
        {"round(cast('1.005' as decimal), 2), trunc(1.99, 1), trunc(-1.99)", "1.01|1.9|-1.0"},
        {"floor(-1.5), ceil(-1.5), floor(2), ceil('2.1')", "-2|-1|2|3"},
        {"abs(-3), abs(-1.5), abs(cast('-2.5' as decimal)), abs('-4')", "3|1.5|2.5|4.0"},
        {"pow(2, 10), power(2, 0.5) > 1.41, sqrt(16), sqrt(-1)", "1024.0|1|4.0|NULL"},
        {"log(2, 8), ln(1), log10(1000), log2(8), exp(0), sign(-3)", "3.0|0.0|3.0|3.0|1.0|-1.0"},
        {"greatest(1, 2.5, 2), least('b', 'a'), greatest(1, NULL)", "2.5|a|NULL"},
        {"greatest(cast('2.50' as decimal), 2, 1)", "2.5"},
        {"9223372036854775807 + 1 > 0", "1"},
        {"1 + 2 * 3 - 4 / 2, -2 * -3, 2 - -1, (1 + 2) * 3", "5.0|6|3|9"},
    };
    CHECK(*state, rows);
}

static void dates(void **state)
{
    static const struct row rows[] = {
        {"dateadd('2021-01-31', 1, 'mm'), dateadd('2021-12-31', 1, 'dd')", "2021-02-28|2022-01-01"},
        {"dateadd('2021-11-11 23:30:00', 45, 'mi'), dateadd('2021-11-11', -1, 'hh')",
         "2021-11-12 00:15:00|2021-11-10 23:00:00"},
        {"date_add('2021-11-11 05:00:00', 3), date_sub('2021-03-01', 1)", "2021-11-14|2021-02-28"},
        {"add_months('2020-02-29', 12)", "2021-02-28"},
        {"datediff('2021-11-11', '2021-11-01'), datediff('2006-01-01 00:00:00', "
         "'2005-12-31 23:59:59', 'dd')",
         "10|1"},
        {"datediff('2021-03-01', '2020-12-31', 'mm'), datediff('2021-01-01', '2020-12-31', 'yyyy')",
         "3|1"},
        {"datepart('2021-11-11 02:30:45', 'mi'), year('2021-11-11'), month('2021-11-11')",
         "30|2021|11"},
        {"day('2021-11-11'), hour('2021-11-11 02:30:45'), quarter('2021-11-11')", "11|2|4"},
        {"datetrunc('2021-11-11 02:30:45', 'dd'), datetrunc('2021-11-11', 'mm')",
         "2021-11-11 00:00:00|2021-11-01"},
        {"weekday('2021-11-11'), dayofweek('2021-11-14'), weekofyear('2021-01-01')", "3|1|53"},
        {"last_day('2024-02-10'), lastday('2021-11-11 01:00:00')",
         "2024-02-29|2021-11-30 00:00:00"},
        {"to_char('2021-11-11 02:30:45', 'yyyymmdd hh:mi:ss'), to_char(12.5)",
         "20211111 02:30:45|12.5"},
        {"to_date('20211111', 'yyyymmdd'), to_date('2021-11-11 05:06:07')",
         "2021-11-11 00:00:00|2021-11-11"},
        {"to_date('2021-13-01', 'yyyy-mm-dd')",
         "'2021-13-01' is no date by the pattern 'yyyy-mm-dd'"},
        {"date_format('2021-11-11 02:30:45', 'yyyy/MM/dd HH-mm-ss')", "2021/11/11 02-30-45"},
        {"isdate('20211111', 'yyyymmdd'), isdate('x', 'yyyy')", "1|0"},
        {"dateadd('2021-11-31', 1, 'dd')",
         "'2021-11-31' is no date or time: expected 2021-11-11 or 2021-11-11 02:30:45"},
        {"dateadd('2021-11-11', 1, 'weeks')",
         "'weeks' is no part of a date: yyyy, mm, dd, hh, mi or ss"},
        {"dateadd('9999-12-31', 1, 'dd')", "the date is out of range: years are 1 to 9999"},
        {"getdate(), current_timestamp, unix_timestamp()",
         "2021-11-11 16:00:00|2021-11-11 16:00:00|1636646400"},
        {"from_unixtime(0), unix_timestamp('1970-01-02 00:00:00')", "1970-01-01 00:00:00|86400"},
        {"date '2021-11-11' < datetime '2021-11-11 00:00:01'", "1"},
    };
    CHECK(*state, rows);
}

static void choices(void **state)
{
    static const struct row rows[] = {
        {"if(1 > 2, 'a', 'b'), if(NULL, 1, 2)", "b|2"},
        {"if(1 = 1, 1, cast('abc' as bigint))", "1"},
        {"coalesce(NULL, NULL, 3), nvl(NULL, 'x'), nullif(1, 1), nullif('1', 2)", "3|x|NULL|1"},
        {"coalesce(cast(NULL as decimal), 0) + cast('0.1' as decimal)", "0.1"},
        {"case when 1 = 2 then 'a' when 2 = 2 then 'b' else 'c' end", "b"},
        {"case 'x' when 'y' then 1 when 'x' then 2 end", "2"},
        {"case '12' when 12 then 'same' else 'other' end", "same"},
        {"case when 1 = 1 then cast('0.50' as decimal) else 1 end", "0.5"},
        {"not true and false, true or false, not (1 = 2)", "0|1|1"},
        {"1 between 0 and 2 and 3 not between 4 and 5", "1"},
        {"NULL is null, 1 is not null, 1 = NULL, NULL <=> NULL", "1|1|NULL|1"},
    };
    CHECK(*state, rows);
}

static void comparisons_go_by_value(void **state)
{
    static const struct row rows[] = {
        {"get_json_object('{\"a\":12}', '$.a') = 12, '9' < 12, 12 > '9'", "1|1|1"},
        {"'9' < '12', '10' = 10.0, 'abc' = 'ABC'", "0|1|0"},
        {"'abc' = 1", "cannot cast: 'abc' is no DOUBLE"},
        {"cast('36527.160' as decimal) = 36527.16, cast('100' as decimal) > 99", "1|1"},
        {"cast('9' as decimal) < cast('10' as decimal), cast('-2' as decimal) < -1.5", "1|1"},
        {"cast('5' as decimal) between 1 and 10, cast('5' as decimal) in (4, 5)", "1|1"},
        {"cast('5' as decimal) = '5.0', cast('5' as decimal) not in (1, 2)", "1|1"},
        {"'12' in (11, 12), 12 in ('11', '13'), NULL in (1), 3 in (1, NULL)", "1|0|NULL|NULL"},
        {"'12' between 9 and 100, '12' not between 9 and 100", "1|0"},
        {"true = 'true', 'x' in ('x', NULL)", "1|1"},
        {"max(cast(x as decimal)) from (select '9' x union all select '10') t", "10"},
        {"x from (select cast('9' as decimal) x union all select cast('10' as decimal)) t "
         "order by x desc limit 1",
         "10"},
        {"x from (select cast('9' as decimal) x union all select 10) t where x > 9.5", "10"},
    };
    CHECK(*state, rows);
}

static void aggregates(void **state)
{
#define MONEY "from (select '36527.1' m union all select '0.06' union all select NULL) t"
#define FLOATS                                                                                     \
    "from (select 1e16D d union all select 1.0 union all select -1e16D union all select 1.0) t"
    static const struct row rows[] = {
        {"sum(m), avg(m), count(m), count(*), count(1) " MONEY, "36527.16|18263.58|2|3|3"},
        {"min(m), max(cast(m as decimal)), count(distinct m) " MONEY, "0.06|36527.1|2"},
        {"sum(d), avg(d) " FLOATS, "2.0|0.5"},
        {"sum(x), avg(x) from (select 1 x union all select 2) t", "3|1.5"},
        {"sum(x) from (select 1 x) t where x > 5", "NULL"},
        {"sum(x) from (select 'abc' x) t", "cannot add 'abc': it is no number"},
        {"sum(x) from (select '1e100' x) t", "cannot add '1e100' exactly: CAST it to DOUBLE"},
        {"sum(x) from (select 9223372036854775807 x union all select 1) t",
         "the sum is out of range"},
        {"sum(x) from (select 9223372036854775807 x union all select 5 union all select -5) t",
         "9223372036854775807"},
        {"median(x), stddev(x), variance(x) from (select 1 x union all select 2 union all select 3 "
         "union all select 6) t",
         "2.5|1.8708286933869707|3.5"},
        {"stddev_samp(x), var_samp(x) from (select 1 x union all select 3) t",
         "1.4142135623730951|2.0"},
        {"wm_concat('-', x) from (select 'a' x union all select NULL union all select 'b') t",
         "a-b"},
        {"count(distinct a, b) from (select 1 a, 2 b union all select 1, 2 union all select 12, "
         "NULL) t",
         "1"},
        {"any_value(x) from (select NULL x union all select 7) t", "7"},
        {"sum(x) > 100, sum(x) = '150.50' from (select '150.5' x) t", "1|1"},
    };
    CHECK(*state, rows);
}

static void windows(void **state)
{
    struct world *world = *state;
    assert_string_equal(
        world_sql(
            world,
            "SELECT k, v, sum(v) OVER (PARTITION BY k ORDER BY v ROWS BETWEEN 1 PRECEDING AND "
            "CURRENT ROW), row_number() OVER (PARTITION BY k ORDER BY v DESC) FROM (SELECT "
            "'a' k, '0.1' v UNION ALL SELECT 'a', '0.2' UNION ALL SELECT 'a', '0.3' UNION ALL "
            "SELECT 'b', '5') t ORDER BY k, v"),
        "a|0.1|0.1|3\na|0.2|0.3|2\na|0.3|0.5|1\nb|5|5|1\n");
}

static void unknown_functions_are_named(void **state)
{
    struct world *world = *state;
    assert_int_equal(world_run(world, "SELECT\n  substrng('a', 1)"), -1);
    assert_string_equal(world->err.text, "there is no function `substrng`");
    assert_string_equal(world->err.help, "did you mean `substring`?");
    assert_int_equal(world->err.line, 2);
    assert_int_equal(world->err.column, 3);
    /* SQLite would know these */
    static const char *const foreign[] = {"randomblob(5)", "json_extract('{}', '$')", "printf('x')",
                                          "mc_add(1, 2)",  "sqlite_version()",        "hex('a')"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        char sql[128];
        snprintf(sql, sizeof sql, "SELECT %s", foreign[i]);
        assert_int_equal(world_run(world, sql), -1);
        assert_non_null(strstr(world->err.text, "there is no function"));
    }
    assert_int_equal(world_run(world, "SELECT lower()"), -1);
    assert_string_equal(world->err.text, "`lower` takes 1 argument, not 0");
    assert_int_equal(world_run(world, "SELECT round(1, 2, 3)"), -1);
    assert_string_equal(world->err.text, "`round` takes 1 to 2 arguments, not 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(patterns),
        cmocka_unit_test(casts),
        cmocka_unit_test(numbers),
        cmocka_unit_test(dates),
        cmocka_unit_test(choices),
        cmocka_unit_test(comparisons_go_by_value),
        cmocka_unit_test(aggregates),
        cmocka_unit_test(windows),
        cmocka_unit_test(unknown_functions_are_named),
    };
    unsetenv("TZ");
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
