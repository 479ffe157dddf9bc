#include "scheduler/base/zone.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/random.h"
#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct counts {
    uint32_t utc, standard, leap, time, type, character;
};

static void put_u32(struct text *file, uint32_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        text_append_char(file, (char)(number >> shift & 0xff));
}

static void put_header(struct text *file, char version, struct counts counts)
{
    text_append(file, "TZif");
    text_append_char(file, version);
    text_append_repeat(file, '\0', 15);
    put_u32(file, counts.utc);
    put_u32(file, counts.standard);
    put_u32(file, counts.leap);
    put_u32(file, counts.time);
    put_u32(file, counts.type);
    put_u32(file, counts.character);
}

/* A file without transitions whose local time follows the rule. */
static void put_rule_file(struct text *file, char version, const char *rule)
{
    put_header(file, version, (struct counts){.type = 1, .character = 4});
    text_append_repeat(file, '\0', 6);
    text_append_bytes(file, "UTC", 4);
    put_header(file, version, (struct counts){.type = 1, .character = 4});
    text_append_repeat(file, '\0', 6);
    text_append_bytes(file, "UTC", 4);
    text_append_format(file, "\n%s\n", rule);
}

/* The bytes stand in memory of exactly their size, so that reading past the end is seen. */
static int parse(const char *data, size_t length, struct zone **ret_zone)
{
    struct error err = {0};
    char *bytes = memory_new(length, 1);
    memcpy(bytes, data, length);
    int result = zone_parse("Test/Zone", bytes, length, ret_zone, &err);
    free(bytes);
    if (result != 0)
        assert_int_equal(err.kind, ERROR_KIND_INVALID);
    return result;
}

static struct zone *rule_zone(char version, const char *rule)
{
    SCOPED_TEXT struct text file = {0};
    struct zone *zone = NULL;
    put_rule_file(&file, version, rule);
    if (parse(file.data, file.length, &zone) != 0)
        return NULL;
    return zone;
}

static int32_t offset_on(const struct zone *zone, const char *utc)
{
    struct civil_time time = {0};
    assert_int_equal(civil_time_parse(utc, &time, NULL), 0);
    return zone_offset_at(zone, (struct instant){civil_to_seconds(time) * DURATION_SECOND_US}) / 60;
}

static void test_rules(void **state)
{
    (void)state;
    static const struct {
        char version;
        const char *rule;
        const char *utc;
        int32_t minutes;
    } rows[] = {
        {'2', "EST5EDT,M3.2.0,M11.1.0", "2021-03-14T06:59:59", -300},
        {'2', "EST5EDT,M3.2.0,M11.1.0", "2021-03-14T07:00:00", -240},
        {'2', "EST5EDT,M3.2.0,M11.1.0", "2021-11-07T05:59:59", -240},
        {'2', "EST5EDT,M3.2.0,M11.1.0", "2021-11-07T06:00:00", -300},
        {'2', "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2021-01-01", 660},
        {'2', "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2021-07-01", 630},
        {'3', "IST-2IDT,M3.4.4/26,M10.5.0", "2021-03-25T23:59:59", 120},
        {'3', "IST-2IDT,M3.4.4/26,M10.5.0", "2021-03-26T00:00:00", 180},
        {'3', "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2024-03-31T00:59:59", -120},
        {'3', "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2024-03-31T01:00:00", -60},
        {'3', "IST-1GMT0,M10.5.0,M3.5.0/1", "2021-07-01", 60},
        {'3', "IST-1GMT0,M10.5.0,M3.5.0/1", "2021-12-31T23:59:59", 0},
        {'3', "XXX3EDT4,0/0,J365/23", "2021-12-31T23:59:59", -240},
        {'3', "XXX3EDT4,0/0,J365/23", "2022-01-01T03:59:59", -240},
        {'2', "AAA0BBB,J60/0,J305/0", "2024-03-01T00:00:00", 60},
        {'2', "AAA0BBB,J60/0,J305/0", "2024-02-29T23:59:59", 0},
        {'2', "AAA0BBB,59/0,304/0", "2024-02-29T00:00:00", 60},
        {'2', "AAA0BBB,59/0,304/0", "2024-02-28T23:59:59", 0},
        {'4', "CST-8", "2021-01-01", 480},
        {'2', "", "2021-01-01", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct zone *zone = rule_zone(rows[i].version, rows[i].rule);
        assert_non_null(zone);
        int32_t minutes = offset_on(zone, rows[i].utc);
        if (minutes != rows[i].minutes)
            fail_msg("%s at %s: %d, not %d", rows[i].rule, rows[i].utc, minutes, rows[i].minutes);
        zone_free(zone);
    }
}

static void test_rules_without_change(void **state)
{
    (void)state;
    struct zone *zone = rule_zone('3', "XXX3EDT4,0/0,J365/23");
    assert_true(instant_is_never(zone_next_change(zone, (struct instant){0})));
    zone_free(zone);
    zone = rule_zone('2', "AAA0BBB0,M3.2.0,M11.1.0");
    assert_true(instant_is_never(zone_next_change(zone, (struct instant){0})));
    zone_free(zone);
}

static void test_bad_rules(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "EST",
        "E5",
        "5",
        "EST5EDT",
        "EST5EDT,M3.2.0",
        "EST5EDT,M13.2.0,M11.1.0",
        "EST25",
        "EST5EDT,M0.2.0,M11.1.0",
        "EST5EDT,M3.6.0,M11.1.0",
        "EST5EDT,M3.0.0,M11.1.0",
        "EST5:60",
        "EST5EDT,M3.2.7,M11.1.0",
        "EST5EDT,M3.2.0,M11.1.0x",
        "EST5EDT,J0,J365",
        "EST5EDT,J1,J366",
        "EST5EDT,0,366",
        "EST5EDT,M3.2.0/25,M11.1.0",
        "EST5EDT,M3.2.0/-1,M11.1.0",
        "<EST5",
        "<>5",
        "EST5EDT,,",
        "EST5EDT,M3.2.0/,M11.1.0",
        "EST99999999999",
        "\n",
        "EST5\n",
        "EST5EDT,M3,M11",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct zone *zone = rule_zone('2', bad[i]);
        if (zone != NULL)
            fail_msg("accepted: %s", bad[i]);
    }
    assert_null(rule_zone('3', "EST5EDT,M3.2.0/168,M11.1.0"));
    assert_null(rule_zone('5', "EST5"));
    assert_null(rule_zone('1', "EST5"));
}

/* One transition at 1000 s from 0 to an hour, in the form of version 1. */
static void put_version_1(struct text *file, uint32_t second_time)
{
    put_header(file, '\0', (struct counts){.time = 2, .type = 2, .character = 4});
    put_u32(file, 1000);
    put_u32(file, second_time);
    text_append_bytes(file, "\1\0", 2);
    text_append_repeat(file, '\0', 6);
    put_u32(file, 3600);
    text_append_bytes(file, "\1\0", 2);
    text_append_bytes(file, "ABC", 4);
}

static void test_version_1(void **state)
{
    (void)state;
    SCOPED_TEXT struct text file = {0};
    struct zone *zone = NULL;
    put_version_1(&file, 2000);
    assert_int_equal(parse(file.data, file.length, &zone), 0);
    assert_int_equal(zone_offset_at(zone, (struct instant){INT64_C(999999999)}), 0);
    assert_int_equal(zone_offset_at(zone, (struct instant){INT64_C(1000000000)}), 3600);
    assert_int_equal(zone_offset_at(zone, (struct instant){INT64_C(2000000000)}), 0);
    zone_free(zone);
    for (size_t length = 0; length < file.length; length++)
        assert_int_equal(parse(file.data, length, &zone), -1);
    text_append_char(&file, '\n');
    assert_int_equal(parse(file.data, file.length, &zone), -1);
    text_clear(&file);
    put_version_1(&file, 1000);
    assert_int_equal(parse(file.data, file.length, &zone), -1);
}

/* Single bytes of the version 1 file that make it wrong. */
static void test_bad_bytes(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        char byte;
    } rows[] = {
        {0, 't'},   {4, '5'}, {23, 1},      {27, 1},      {31, 1},      {32, '\x7f'}, {35, 3},
        {39, 0},    {39, 1},  {40, '\xff'}, {43, 0},      {43, 3},      {52, 2},      {53, '\xff'},
        {54, 0x7f}, {58, 2},  {59, 4},      {60, '\x80'}, {64, '\xff'}, {65, 7},      {69, 'D'},
    };
    SCOPED_TEXT struct text file = {0};
    put_version_1(&file, 2000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct zone *zone = NULL;
        char before = file.data[rows[i].offset];
        file.data[rows[i].offset] = rows[i].byte;
        if (parse(file.data, file.length, &zone) == 0)
            fail_msg("accepted byte %zu = %d", rows[i].offset, rows[i].byte);
        file.data[rows[i].offset] = before;
    }
}

static size_t read_zone_file(const char *path, char *bytes, size_t capacity)
{
    SCOPED_FILE FILE *file = fopen(path, "rb");
    assert_non_null(file);
    return fread(bytes, 1, capacity, file);
}

/* Every cut of a real file is refused, and no change of a byte does more than change times. */
static void test_damaged_files(void **state)
{
    (void)state;
    static const char *const paths[] = {"/usr/share/zoneinfo/Asia/Shanghai",
                                        "/usr/share/zoneinfo/Africa/Casablanca"};
    struct random random;
    random_seed(&random, 23);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char bytes[8192];
        size_t length = read_zone_file(paths[i], bytes, sizeof bytes);
        struct zone *zone = NULL;
        for (size_t cut = 0; cut < length; cut++)
            assert_int_equal(parse(bytes, cut, &zone), -1);
        for (int n = 0; n < 4000; n++) {
            size_t offset = (size_t)random_below(&random, length);
            char before = bytes[offset];
            bytes[offset] = (char)random_next(&random);
            if (parse(bytes, length, &zone) == 0) {
                struct instant at = {(int64_t)random_next(&random)};
                zone_next_change(zone, at);
                zone_find_local(zone,
                                civil_from_seconds((int64_t)random_below(&random, 5000000000)));
                assert_in_range(zone_offset_at(zone, at) + 100000, 10001, 193599);
                zone_free(zone);
            }
            bytes[offset] = before;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),     cmocka_unit_test(test_rules_without_change),
        cmocka_unit_test(test_bad_rules), cmocka_unit_test(test_version_1),
        cmocka_unit_test(test_bad_bytes), cmocka_unit_test(test_damaged_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
