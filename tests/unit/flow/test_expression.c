#include "scheduler/flow/expression.h"

#include "scheduler/base/scope.h"
#include "tests/unit/flow/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *find_name(const void *data, const char *name)
{
    (void)data;
    return strcmp(name, "name") == 0 ? "value" : NULL;
}

static struct civil_time planned_at(const char *text)
{
    struct civil_time time = {0};
    struct error err = {0};
    if (civil_time_parse(text, &time, &err) != 0)
        fail_msg("%s", err.text);
    return time;
}

static struct zone *zone_named(const char *name)
{
    struct zone *zone = NULL;
    struct error err = {0};
    if (zone_load(name, &zone, &err) != 0)
        fail_msg("%s", err.text);
    return zone;
}

/* Parses and evaluates; NULL and a message when either fails. The caller frees. */
static char *value_of(const char *text, const struct expression_context *context, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_TEXT struct text value = {0};
    const struct expression *expression = NULL;
    if (expression_parse(&arena, text, &expression, NULL, err) != 0)
        return NULL;
    assert_string_equal(expression_text(expression), text);
    if (expression_evaluate(expression, context, &value, err) != 0)
        return NULL;
    return text_take(&value);
}

static void assert_value(const char *text, const struct expression_context *context,
                         const char *expected)
{
    struct error err = {0};
    SCOPED_FREE char *value = value_of(text, context, &err);
    if (value == NULL)
        fail_msg("%s: %s", text, err.text);
    if (strcmp(value, expected) != 0)
        fail_msg("%s: %s, not %s", text, value, expected);
}

static void test_published(void **state)
{
    (void)state;
    struct zone *zone = zone_named("Asia/Shanghai");
    SCOPED_FILE FILE *file = vectors_open(TEST_SOURCE_DIR, "params.tsv");
    struct vector row = {.number = 0};
    size_t rows = 0;
    assert_non_null(file);
    while (vectors_next(file, &row)) {
        struct expression_context context = {.planned = planned_at(row.columns[1]), .zone = zone};
        assert_value(row.columns[0], &context, row.columns[2]);
        rows++;
    }
    assert_int_equal(rows, 55);
    zone_free(zone);
}

struct row {
    const char *text;
    const char *planned;
    const char *expected;
};

static void check_rows(const struct row *rows, size_t count, const struct zone *zone)
{
    for (size_t i = 0; i < count; i++) {
        struct expression_context context = {.planned = planned_at(rows[i].planned),
                                             .zone = zone,
                                             .job_id = "17",
                                             .node_id = "42",
                                             .task_id = "9001",
                                             .find = find_name};
        assert_value(rows[i].text, &context, rows[i].expected);
    }
}

/* The value that the rules give for each published mistake, by its line in the file. */
static const struct {
    const char *text;
    const char *planned;
    const char *right;
} suspects[] = {
    {"$[yyyymmddhh24miss]", "2025-03-15T00:00:00", "20250315000000"},
    {"$[yyyy-mm-dd] $[hh24:mi:ss-1/24/60]", "2023-11-01T02:30:45", "2023-11-01 02:29:45"},
    {"${dd}", "2025-07-20T10:30:00", "19"},
    {"$[add_months(yyyymmdd,-1)]", "2025-07-20T10:30:00", "20250620"},
    {"$[add_months(yyyymmdd,-12)]", "2025-07-20T10:30:00", "20240720"},
    {"$[add_months(yyyy,-12)]", "2025-07-20T10:30:00", "2024"},
    {"$[yyyymmddhh24miss-1]", "2025-07-20T10:30:00", "20250719103000"},
    {"$[yyyymm-1]", "2026-03-22T14:30:00", "202603"},
    {"$gmtdate", "2026-03-22T14:30:00", "20260322"},
    {"$[hh24-1/24]", "2026-03-22T03:00:00", "02"},
    {"$[yyyymmddhh24miss]", "2021-11-01T00:00:00", "20211101000000"},
};

#define SUSPECTS (sizeof suspects / sizeof suspects[0])

static void test_published_mistakes(void **state)
{
    (void)state;
    SCOPED_FILE FILE *file = vectors_open(TEST_SOURCE_DIR, "params_suspect.tsv");
    struct vector row = {.number = 0};
    size_t rows = 0;
    assert_non_null(file);
    while (vectors_next(file, &row)) {
        assert_true(rows < SUSPECTS);
        struct expression_context context = {.planned = planned_at(suspects[rows].planned)};
        assert_value(suspects[rows].text, &context, suspects[rows].right);
        bool is_same_text = strcmp(row.columns[0], suspects[rows].text) == 0;
        bool is_other_form = strstr(row.columns[0], " with ") != NULL ||
                             strstr(row.columns[4], "needs add_months(yyyy,-12)") != NULL;
        assert_true(is_same_text || is_other_form);
        if (is_same_text)
            assert_string_not_equal(row.columns[2], suspects[rows].right);
        rows++;
    }
    assert_int_equal(rows, SUSPECTS);
}

static void test_business_date(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"${yyyymmdd}", "2024-03-01T00:00:00", "20240229"},
        {"${yyyymmdd}", "2023-03-01T00:00:00", "20230228"},
        {"${yyyymmdd}", "1900-03-01T00:00:00", "19000228"},
        {"${yyyymmdd}", "2000-03-01T00:00:00", "20000229"},
        {"${yyyymmdd}", "2021-01-01T00:00:00", "20201231"},
        {"${yyyymmdd-1}", "2021-01-01T00:00:00", "20201230"},
        {"${yyyymmdd+1}", "2021-01-01T00:00:00", "20210101"},
        {"${yyyymmdd-7*1}", "2021-01-05T00:00:00", "20201228"},
        {"${yyyymmdd+7*2}", "2021-01-05T00:00:00", "20210118"},
        {"${yyyymmdd-7*1-1}", "2021-01-05T00:00:00", "20201227"},
        {"${yyyymmdd+1-1}", "2021-01-05T00:00:00", "20210104"},
        {"${yyyy-mm-dd-364}", "2025-07-20T10:30:00", "2024-07-20"},
        {"${yyyymm-1}", "2025-04-01T00:00:00", "202502"},
        {"${yyyymm-1}", "2025-01-15T00:00:00", "202412"},
        {"${yyyymm-12*2}", "2025-01-15T00:00:00", "202301"},
        {"${yyyymm+1}", "2025-12-15T00:00:00", "202601"},
        {"${mm-1}", "2025-01-15T00:00:00", "12"},
        {"${yy-1}", "2000-06-01T00:00:00", "99"},
        {"${yyyy-1}", "2024-03-01T00:00:00", "2023"},
        {"${yyyy+1}", "2024-03-01T00:00:00", "2025"},
        {"${mmdd-1}", "2024-03-02T00:00:00", "0229"},
        {"${ddmmyyyy}", "2024-03-02T00:00:00", "01032024"},
        {"${yyyyMMdd}", "2024-03-02T00:00:00", "20240301"},
        {"${YYYY-MM-DD}", "2024-03-02T00:00:00", "2024-03-01"},
        {"${yyyy/mm/dd}", "2024-03-02T00:00:00", "2024/03/01"},
        {"${yyyy_mm.dd}", "2024-03-02T00:00:00", "2024_03.01"},
        {"${yyyy年mm月dd日}", "2024-03-02T00:00:00", "2024年03月01日"},
        {"${yyyy-mm-dd - 1}", "2024-03-02T00:00:00", "2024-02-29"},
        {"${ yyyymmdd }", "2024-03-02T00:00:00", "20240301"},
        {"${yyyymm}01", "2024-03-02T00:00:00", "20240301"},
        {"dt=${yyyymmdd}/x-${dd}", "2024-03-02T00:00:00", "dt=20240301/x-01"},
        {"${yyyymmdd}${yyyymmdd-1}", "2024-03-02T00:00:00", "2024030120240229"},
        {"${last_day(yyyymmdd,0)}", "2024-03-01T00:00:00", "20240229"},
        {"${last_day(yyyymmdd,0)}", "2024-02-29T00:00:00", "20240229"},
        {"${last_day(yyyy-mm-dd,-1)}", "2024-04-01T00:00:00", "2024-02-29"},
        {"${first_day(yyyymmdd,0)}", "2024-03-01T00:00:00", "20240201"},
        {"${first_day(yyyymmdd,-1)}", "2024-01-31T00:00:00", "20231201"},
        {"${week_start(yyyymmdd,0)}", "2024-01-01T00:00:00", "20231225"},
        {"${week_start(yyyymmdd,0)}", "2024-01-02T00:00:00", "20240101"},
        {"${week_start(yyyymmdd,-1)}", "2024-01-08T00:00:00", "20231225"},
        {"${quarter_start(yyyymmdd,0)}", "2024-04-01T00:00:00", "20240101"},
        {"${quarter_start(yyyymmdd,0)}", "2024-04-02T00:00:00", "20240401"},
        {"${quarter_start(yyyymmdd,-1)}", "2024-01-15T00:00:00", "20231001"},
        {"${Last_Day( yyyymmdd , 12*1 )}", "2024-03-01T00:00:00", "20250228"},
        {"${bdp.system.bizdate}", "2024-03-01T05:06:07", "20240229"},
        {"${bdp.system.cyctime}", "2024-03-01T05:06:07", "20240301050607"},
        {"${BDP.System.BizDate}", "2024-03-01T05:06:07", "20240229"},
        {"${yyyy}", "0002-01-01T00:00:00", "0001"},
        {"${yyyymmdd}", "0001-01-02T00:00:00", "00010101"},
        {"${yyyymmdd+2}", "9999-12-30T00:00:00", "99991231"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0], NULL);
}

static void test_scheduling_time(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"$[yyyymmdd]", "2024-03-01T00:00:00", "20240301"},
        {"$[yyyymmdd-1]", "2024-03-01T00:00:00", "20240229"},
        {"$[yyyymmdd-7*1]", "2024-03-01T00:00:00", "20240223"},
        {"$[yyyymmdd-1-1/24]", "2024-03-01T00:00:00", "20240228"},
        {"$[hh24-1-1/24]", "2024-03-01T00:00:00", "23"},
        {"$[yyyy-mm-dd-1]", "2024-01-01T00:00:00", "2023-12-31"},
        {"$[yyyy-1]", "2024-01-02T00:00:00", "2024"},
        {"$[yyyy-1]", "2024-01-01T00:00:00", "2023"},
        {"$[yyyymm-31]", "2024-03-31T00:00:00", "202402"},
        {"$[mm-1/24]", "2024-03-01T00:00:00", "02"},
        {"$[mi-15/24/60]", "2025-07-27T00:05:00", "50"},
        {"$[yyyymmdd-15/24/60]", "2025-07-27T00:05:00", "20250726"},
        {"$[hh24:mi:ss+1/24/60/60]", "2024-12-31T23:59:59", "00:00:00"},
        {"$[yyyymmdd+1/24/60/60]", "2024-12-31T23:59:59", "20250101"},
        {"$[yyyymmddhh24miss-2*3/24]", "2024-03-01T00:00:00", "20240229180000"},
        {"$[yyyymmdd-24/24]", "2024-03-01T00:00:00", "20240229"},
        {"$[hh24mi-3/2]", "2024-03-01T06:00:00", "1800"},
        {"$[hh24miss]", "2026-03-22T14:30:00", "143000"},
        {"$[hh12]", "2026-03-22T00:30:00", "12"},
        {"$[hh12]", "2026-03-22T12:30:00", "12"},
        {"$[hh12:mi]", "2026-03-22T13:05:00", "01:05"},
        {"$[hh]", "2026-03-22T13:05:00", "13"},
        {"$[HH24MISS]", "2026-03-22T13:05:09", "130509"},
        {"$[mmmi]", "2026-03-22T13:05:09", "0305"},
        {"$[yyyymmdd hh24]", "2026-03-22T13:05:09", "20260322 13"},
        {"$[yyyymmdd hh24 - 1/24]", "2026-03-22T13:05:09", "20260322 12"},
        {"$[yyyy-mm-dd-hh24]", "2026-03-22T13:05:09", "2026-03-22-13"},
        {"$[add_months(yyyymmdd,-1)]", "2025-03-31T00:00:00", "20250228"},
        {"$[add_months(yyyymmdd,-1)]", "2024-03-31T00:00:00", "20240229"},
        {"$[add_months(yyyymmdd,1)]", "2024-01-31T00:00:00", "20240229"},
        {"$[add_months(yyyymmdd,12*1)]", "2024-02-29T00:00:00", "20250228"},
        {"$[add_months(yyyymmdd,12*-1)]", "2024-02-29T00:00:00", "20230228"},
        {"$[add_months(yyyymmdd,-12*4)]", "2024-02-29T00:00:00", "20200229"},
        {"$[add_months(yyyymmdd,+1)]", "2024-12-31T00:00:00", "20250131"},
        {"$[ADD_MONTHS(yyyymm,-1)]", "2024-01-31T00:00:00", "202312"},
        {"$[add_months(yyyy-mm-dd hh24:mi:ss,-1)]", "2024-03-31T01:02:03", "2024-02-29 01:02:03"},
        {"$[last_day(yyyymmdd,0)]", "2024-02-01T00:00:00", "20240229"},
        {"$[last_day(yyyymmdd,-1)]", "2024-01-31T00:00:00", "20231231"},
        {"$[last_day(yyyymmdd,1)]", "2023-01-31T00:00:00", "20230228"},
        {"$[first_day(yyyymmdd,1)]", "2023-12-31T00:00:00", "20240101"},
        {"$[week_start(yyyymmdd,0)]", "2024-09-02T00:00:00", "20240902"},
        {"$[week_start(yyyymmdd,0)]", "2024-09-08T00:00:00", "20240902"},
        {"$[week_start(yyyymmdd,1)]", "2024-12-31T00:00:00", "20250106"},
        {"$[quarter_start(yyyymmdd,0)]", "2024-12-31T00:00:00", "20241001"},
        {"$[quarter_start(yyyymmdd,1)]", "2024-12-31T00:00:00", "20250101"},
        {"$[quarter_start(yyyymmdd,0)]", "2024-05-31T00:00:00", "20240401"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0], NULL);
}

static void test_short_forms_and_text(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", "2024-03-01T00:00:00", ""},
        {"cn-shanghai", "2024-03-01T00:00:00", "cn-shanghai"},
        {"'123'", "2024-03-01T00:00:00", "'123'"},
        {"a = b c", "2024-03-01T00:00:00", "a = b c"},
        {"$bizdate", "2024-03-01T01:02:03", "20240229"},
        {"$BizDate", "2024-03-01T01:02:03", "20240229"},
        {"$bizdate01", "2024-03-01T01:02:03", "2024022901"},
        {"x_$bizdate_y", "2024-03-01T01:02:03", "x_20240229_y"},
        {"$cyctime", "2024-03-01T01:02:03", "20240301010203"},
        {"$gmtdate", "2024-03-01T01:02:03", "20240301"},
        {"$bizmonth", "2024-03-01T01:02:03", "202402"},
        {"$bizmonth", "2024-03-02T01:02:03", "202402"},
        {"$bizmonth", "2024-01-01T01:02:03", "202312"},
        {"$bizmonth", "2024-01-02T01:02:03", "202312"},
        {"$jobid/$nodeid/$taskid", "2024-03-01T00:00:00", "17/42/9001"},
        {"$yyyymmdd $yyyy $mm $dd", "2024-03-01T00:00:00", "20240229 2024 02 29"},
        {"$YYYYMMDD", "2024-03-01T00:00:00", "20240229"},
        {"-Dbizdate=$bizdate -Dend=$[yyyymmdd hh24]", "2024-03-01T05:00:00",
         "-Dbizdate=20240229 -Dend=20240301 05"},
        {"$<name>", "2024-03-01T00:00:00", "value"},
        {"a$<name>b$<name>", "2024-03-01T00:00:00", "avaluebvalue"},
        {"$${yyyymmdd}", "2024-03-01T00:00:00", "${yyyymmdd}"},
        {"$$[yyyymmdd]", "2024-03-01T00:00:00", "$[yyyymmdd]"},
        {"$$<name>", "2024-03-01T00:00:00", "$<name>"},
        {"$$bizdate", "2024-03-01T00:00:00", "$bizdate"},
        {"$$$bizdate", "2024-03-01T00:00:00", "$$bizdate"},
        {"$", "2024-03-01T00:00:00", "$"},
        {"$$", "2024-03-01T00:00:00", "$$"},
        {"5$ $5 $.", "2024-03-01T00:00:00", "5$ $5 $."},
        {"{}[]<>()", "2024-03-01T00:00:00", "{}[]<>()"},
        {"经营$bizdate数据", "2024-03-01T00:00:00", "经营20240229数据"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0], NULL);
}

static void test_clock_changes(void **state)
{
    (void)state;
    static const struct row new_york[] = {
        /* the day of 23 hours */
        {"$[hh24-1/24]", "2025-03-09T03:00:00", "01"},
        {"$[hh24-1/24]", "2025-03-10T03:00:00", "02"},
        {"$[hh24+1/24]", "2025-03-09T01:00:00", "03"},
        {"$[yyyymmddhh24-24/24]", "2025-03-10T00:30:00", "2025030900"},
        {"$[yyyymmdd-1]", "2025-03-10T00:30:00", "20250309"},
        {"$[yyyymmddhh24mi-1]", "2025-03-10T02:30:00", "202503090230"},
        {"$[yyyymmddhh24mi-25/24]", "2025-03-10T00:30:00", "202503082230"},
        {"$[yyyymmddhh24mi-1-1/24]", "2025-03-10T03:00:00", "202503090100"},
        {"$[hh24:mi-1/24]", "2025-03-09T02:30:00", "01:30"},
        {"$[hh24:mi+1/24]", "2025-03-09T02:30:00", "04:30"},
        {"$[hh24:mi]", "2025-03-09T02:30:00", "02:30"},
        /* the day of 25 hours */
        {"$[hh24-1/24]", "2025-11-02T03:00:00", "02"},
        {"$[hh24-2/24]", "2025-11-02T03:00:00", "01"},
        {"$[hh24-3/24]", "2025-11-02T03:00:00", "01"},
        {"$[hh24-2/24]", "2025-11-03T03:00:00", "01"},
        {"$[yyyymmdd-1]", "2025-11-03T00:00:00", "20251102"},
        {"$[hh24:mi+1/24]", "2025-11-02T01:30:00", "01:30"},
        {"$[hh24:mi-1/24]", "2025-11-02T01:30:00", "00:30"},
        {"$[add_months(yyyymmddhh24mi,1)]", "2025-02-09T02:30:00", "202503090230"},
    };
    static const struct row lord_howe[] = {
        {"$[hh24:mi-1/24]", "2021-10-03T02:30:00", "01:00"},
        {"$[hh24:mi+30/24/60]", "2021-10-03T01:45:00", "02:45"},
        {"$[hh24:mi-1/24]", "2021-04-04T02:00:00", "01:30"},
        {"$[hh24:mi-1/24]", "2021-04-04T02:30:00", "01:30"},
        {"$[hh24:mi-90/24/60]", "2021-04-04T02:30:00", "01:30"},
        {"$[hh24:mi-90/24/60]", "2021-04-04T03:30:00", "02:00"},
        {"$[yyyymmdd-1]", "2021-10-04T00:00:00", "20211003"},
    };
    static const struct row apia[] = {
        {"$[yyyymmdd-1]", "2011-12-31T00:30:00", "20111230"},
        {"${yyyymmdd}", "2011-12-31T00:30:00", "20111230"},
        {"$[yyyymmddhh24-1/24]", "2011-12-31T00:30:00", "2011122923"},
        {"$[yyyymmdd-2]", "2011-12-31T00:30:00", "20111229"},
        {"$[yyyymmddhh24+1/24]", "2011-12-29T23:00:00", "2011123100"},
    };
    static const struct row berlin[] = {
        {"$[hh24-1/24]", "2025-03-30T03:00:00", "01"},
        {"$[hh24-1/24]", "2025-10-26T03:00:00", "02"},
        {"$[hh24-2/24]", "2025-10-26T03:00:00", "02"},
        {"$[hh24-2/24]", "2025-10-27T03:00:00", "01"},
    };
    struct zone *zone = zone_named("Europe/Berlin");
    check_rows(berlin, sizeof berlin / sizeof berlin[0], zone);
    zone_free(zone);
    zone = zone_named("America/New_York");
    check_rows(new_york, sizeof new_york / sizeof new_york[0], zone);
    struct expression_context second = {
        .planned = planned_at("2025-11-02T01:30:00"), .is_second = true, .zone = zone};
    assert_value("$[hh24:mi-1/24]", &second, "01:30");
    assert_value("$[hh24:mi+1/24]", &second, "02:30");
    assert_value("$[yyyymmdd-1]", &second, "20251101");
    zone_free(zone);
    zone = zone_named("Australia/Lord_Howe");
    check_rows(lord_howe, sizeof lord_howe / sizeof lord_howe[0], zone);
    zone_free(zone);
    zone = zone_named("Pacific/Apia");
    check_rows(apia, sizeof apia / sizeof apia[0], zone);
    zone_free(zone);
}

static void test_references(void **state)
{
    (void)state;
    SCOPED_ARENA struct arena arena = {0};
    const struct expression *expression = NULL;
    struct expression_span span = {0};
    assert_int_equal(expression_parse(&arena, "经$<a>-$<b_1>${dd}$<a>", &expression, NULL, NULL),
                     0);
    assert_string_equal(expression_reference(expression, 0, &span), "a");
    assert_int_equal(span.offset, 3);
    assert_int_equal(span.length, 4);
    assert_string_equal(expression_reference(expression, 1, &span), "b_1");
    assert_int_equal(span.offset, 8);
    assert_string_equal(expression_reference(expression, 2, NULL), "a");
    assert_null(expression_reference(expression, 3, NULL));
    assert_false(expression_is_constant(expression));
    assert_int_equal(expression_parse(&arena, "$$<a> $5", &expression, NULL, NULL), 0);
    assert_true(expression_is_constant(expression));
    assert_null(expression_reference(expression, 0, NULL));
}

static void test_explain(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"${yyyymm-1}01", "2025-11-01T02:30:45",
         "${yyyymm-1}: business date 2025-10-31, minus 1 month = 2025-09-30, as yyyymm = 202509"},
        {"$bizdate", "2025-11-01T02:30:45",
         "$bizdate: business date 2025-10-31, as yyyymmdd = 20251031"},
        {"a $[hh24-1/24] $<name>", "2025-03-09T03:00:00",
         "$[hh24-1/24]: scheduling time 2025-03-09T03:00:00, minus 1h = 2025-03-09T01:00:00 "
         "(clocks changed in between), as hh24 = 01\n$<name>: the parameter name = value"},
        {"$[yyyymmdd-7*1-90/24/60]", "2025-07-09T03:00:00",
         "$[yyyymmdd-7*1-90/24/60]: scheduling time 2025-07-09T03:00:00, minus 7 days = "
         "2025-07-02T03:00:00, minus 1h30m = 2025-07-02T01:30:00, as yyyymmdd = 20250702"},
        {"${last_day(yyyymmdd,-2)}", "2025-11-01T00:00:00",
         "${last_day(yyyymmdd,-2)}: business date 2025-10-31, minus 2 months = 2025-08-31, the "
         "last day of its month = 2025-08-31, as yyyymmdd = 20250831"},
        {"$bizmonth", "2025-11-01T00:00:00",
         "$bizmonth: business date 2025-10-31, before the month of the scheduling time, so its own "
         "month = 202510"},
        {"$bizmonth", "2025-11-05T00:00:00",
         "$bizmonth: business date 2025-11-04, in the month of the scheduling time, so the month "
         "before = 202510"},
        {"plain", "2025-11-05T00:00:00", ""},
    };
    struct zone *zone = zone_named("America/New_York");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SCOPED_ARENA struct arena arena = {0};
        SCOPED_TEXT struct text text = {0};
        const struct expression *expression = NULL;
        struct expression_context context = {
            .planned = planned_at(rows[i].planned), .zone = zone, .find = find_name};
        assert_int_equal(expression_parse(&arena, rows[i].text, &expression, NULL, NULL), 0);
        assert_int_equal(expression_explain(expression, &context, &text, NULL), 0);
        assert_string_equal(text_string(&text), rows[i].expected);
    }
    zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_published_mistakes),
        cmocka_unit_test(test_business_date),
        cmocka_unit_test(test_scheduling_time),
        cmocka_unit_test(test_short_forms_and_text),
        cmocka_unit_test(test_clock_changes),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_explain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
