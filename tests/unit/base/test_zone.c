#include "scheduler/base/zone.h"

#include "scheduler/base/random.h"
#include "scheduler/base/scope.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define FIRST_YEAR 1800
#define LAST_YEAR 2100

static const char *const hard_zones[] = {
    "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",      "Africa/Casablanca",
    "Europe/Dublin",    "Antarctica/Troll",    "America/Sao_Paulo", "Pacific/Kwajalein",
    "Pacific/Chatham",  "Asia/Gaza",           "America/Caracas",   "Asia/Pyongyang",
    "Asia/Shanghai",    "Europe/London",       "America/Nuuk",      "Africa/Monrovia",
    "Asia/Kathmandu",   "Pacific/Kiritimati",  "America/St_Johns",  "Africa/El_Aaiun",
    "Europe/Volgograd", "Asia/Tehran",         "Africa/Cairo",      "UTC",
};

#define HARD_ZONES (sizeof hard_zones / sizeof hard_zones[0])

static struct zone *load(const char *name)
{
    struct zone *zone = NULL;
    struct error err = {0};
    if (zone_load(name, &zone, &err) != 0)
        fail_msg("%s: %s", name, err.text);
    return zone;
}

static struct instant at_seconds(int64_t seconds)
{
    return (struct instant){seconds * DURATION_SECOND_US};
}

static int64_t to_seconds(struct instant instant)
{
    return instant.us / DURATION_SECOND_US;
}

/* One line of zdump: a second next to a change, and what the wall shows then. */
struct dump_line {
    int64_t utc;
    int64_t wall;
    int offset;
};

static int month_of(const char *name)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    return (int)(strstr(names, name) - names) / 3;
}

static bool parse_dump_line(const char *line, struct dump_line *ret_line)
{
    char month[2][4];
    struct tm t[2];
    memset(t, 0, sizeof t);
    int fields = sscanf(line,
                        "%*s %*s %3s %d %d:%d:%d %d %*s = %*s %3s %d %d:%d:%d %d %*s isdst=%*d "
                        "gmtoff=%d",
                        month[0], &t[0].tm_mday, &t[0].tm_hour, &t[0].tm_min, &t[0].tm_sec,
                        &t[0].tm_year, month[1], &t[1].tm_mday, &t[1].tm_hour, &t[1].tm_min,
                        &t[1].tm_sec, &t[1].tm_year, &ret_line->offset);
    if (fields != 13)
        return false;
    for (int i = 0; i < 2; i++) {
        t[i].tm_mon = month_of(month[i]);
        t[i].tm_year -= 1900;
    }
    ret_line->utc = timegm(&t[0]);
    ret_line->wall = timegm(&t[1]);
    return true;
}

/* Every wall time near a change, found by trying all offsets. */
static void check_local(const struct zone *zone, int64_t wall, const int32_t offsets[2])
{
    struct zone_local local = zone_find_local(zone, civil_from_seconds(wall));
    int64_t early = offsets[0] > offsets[1] ? offsets[0] : offsets[1];
    int64_t late = offsets[0] + offsets[1] - early;
    bool has_early = zone_offset_at(zone, at_seconds(wall - early)) == early;
    bool has_late = zone_offset_at(zone, at_seconds(wall - late)) == late;
    enum zone_kind kind = has_early && has_late   ? ZONE_KIND_FOLD
                          : has_early || has_late ? ZONE_KIND_UNIQUE
                                                  : ZONE_KIND_GAP;
    if (local.kind != kind)
        fail_msg("%s: wall %lld is %d, not %d", zone_name(zone), (long long)wall, local.kind, kind);
    int64_t first = to_seconds(local.first);
    if (kind == ZONE_KIND_GAP) {
        assert_true(civil_to_seconds(zone_civil_at(zone, local.first)) > wall);
        assert_true(civil_to_seconds(zone_civil_at(zone, at_seconds(first - 1))) < wall);
        return;
    }
    assert_int_equal(first, has_early ? wall - early : wall - late);
    assert_int_equal(to_seconds(local.second), has_late ? wall - late : wall - early);
}

static void check_change(const struct zone *zone, const struct dump_line *before,
                         const struct dump_line *after)
{
    struct instant next = zone_next_change(zone, at_seconds(before->utc));
    assert_int_equal(to_seconds(next), after->utc);
    const int32_t offsets[2] = {before->offset, after->offset};
    int64_t low = before->wall < after->wall ? before->wall : after->wall;
    int64_t high = before->wall + after->wall - low;
    for (int64_t wall = low - 1800; wall <= high + 1800; wall += 599)
        check_local(zone, wall, offsets);
    for (int64_t wall = before->wall - 1; wall <= before->wall + 2; wall++)
        check_local(zone, wall, offsets);
    for (int64_t wall = after->wall - 2; wall <= after->wall + 1; wall++)
        check_local(zone, wall, offsets);
}

/* Everything that zdump says about a zone, and nothing else. */
static void check_zone(const char *name)
{
    char command[256];
    char line[512];
    struct dump_line before = {0};
    struct dump_line now;
    size_t lines = 0;
    size_t changes = 0;
    struct zone *zone = load(name);
    snprintf(command, sizeof command, "zdump -v -c %d,%d %s", FIRST_YEAR, LAST_YEAR, name);
    FILE *dump = popen(command, "r");
    assert_non_null(dump);
    while (fgets(line, sizeof line, dump) != NULL) {
        if (!parse_dump_line(line, &now))
            continue;
        lines++;
        assert_int_equal(zone_offset_at(zone, at_seconds(now.utc)), now.offset);
        assert_int_equal(civil_to_seconds(zone_civil_at(zone, at_seconds(now.utc))), now.wall);
        bool is_pair = now.utc == before.utc + 1 && lines > 1;
        if (is_pair && now.offset != before.offset) {
            changes++;
            check_change(zone, &before, &now);
        }
        before = now;
    }
    assert_int_equal(pclose(dump), 0);
    size_t ours = 0;
    struct instant at =
        at_seconds(civil_to_seconds((struct civil_time){{FIRST_YEAR, 1, 1}, 0, 0, 0}));
    int64_t end = civil_to_seconds((struct civil_time){{LAST_YEAR, 1, 1}, 0, 0, 0});
    for (;;) {
        at = zone_next_change(zone, at);
        if (instant_is_never(at) || to_seconds(at) >= end)
            break;
        ours++;
    }
    if (ours != changes)
        fail_msg("%s: %zu changes, zdump has %zu", name, ours, changes);
    zone_free(zone);
}

static void test_hard_zones(void **state)
{
    (void)state;
    for (size_t i = 0; i < HARD_ZONES; i++)
        check_zone(hard_zones[i]);
}

static int check_path(const char *path, const struct stat *status, int flag, struct FTW *ftw)
{
    static const char root[] = "/usr/share/zoneinfo/";
    (void)status;
    (void)ftw;
    const char *name = path + sizeof root - 1;
    bool is_other = flag != FTW_F || strchr(name, '.') != NULL || strncmp(name, "right/", 6) == 0 ||
                    strcmp(name, "leapseconds") == 0;
    if (!is_other)
        check_zone(name);
    return 0;
}

static void test_all_zones(void **state)
{
    (void)state;
    const char *full = getenv("DATEMILL_TEST_FULL");
    if (full == NULL || strcmp(full, "0") == 0)
        skip();
    assert_int_equal(nftw("/usr/share/zoneinfo/", check_path, 16, FTW_PHYS), 0);
}

/* Random instants far and near, against the C library. */
static void test_against_libc(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 19);
    for (size_t i = 0; i < HARD_ZONES; i++) {
        struct zone *zone = load(hard_zones[i]);
        setenv("TZ", hard_zones[i], 1);
        tzset();
        for (int n = 0; n < 3000; n++) {
            uint64_t span = (uint64_t)8000 * 31556952;
            time_t seconds =
                (time_t)random_below(&random, n % 2 == 0 ? span : span / 80) - (time_t)3000000000;
            struct tm tm;
            localtime_r(&seconds, &tm);
            struct civil_time got = zone_civil_at(zone, at_seconds(seconds));
            assert_int_equal(got.date.year, tm.tm_year + 1900);
            assert_int_equal(got.date.month, tm.tm_mon + 1);
            assert_int_equal(got.date.day, tm.tm_mday);
            assert_int_equal(got.hour, tm.tm_hour);
            assert_int_equal(got.minute, tm.tm_min);
            assert_int_equal(got.second, tm.tm_sec);
        }
        zone_free(zone);
    }
    unsetenv("TZ");
    tzset();
}

static struct zone_local find(const struct zone *zone, const char *text)
{
    struct civil_time time = {0};
    assert_int_equal(civil_time_parse(text, &time, NULL), 0);
    return zone_find_local(zone, time);
}

static void assert_shown(const struct zone *zone, struct instant instant, const char *text)
{
    char buffer[ZONE_RFC3339_BYTES];
    assert_string_equal(zone_format_rfc3339(zone, instant, buffer), text);
}

static void test_known_changes(void **state)
{
    (void)state;
    struct zone *zone = load("America/New_York");
    struct zone_local local = find(zone, "2021-03-14T02:30:00");
    assert_int_equal(local.kind, ZONE_KIND_GAP);
    assert_shown(zone, local.first, "2021-03-14T03:00:00.000-04:00");
    local = find(zone, "2021-11-07T01:30:00");
    assert_int_equal(local.kind, ZONE_KIND_FOLD);
    assert_shown(zone, local.first, "2021-11-07T01:30:00.000-04:00");
    assert_shown(zone, local.second, "2021-11-07T01:30:00.000-05:00");
    assert_int_equal(find(zone, "2021-11-07T02:00:00").kind, ZONE_KIND_UNIQUE);
    assert_int_equal(find(zone, "2021-03-14T03:00:00").kind, ZONE_KIND_UNIQUE);
    zone_free(zone);

    zone = load("Pacific/Apia");
    local = find(zone, "2011-12-30T12:00:00");
    assert_int_equal(local.kind, ZONE_KIND_GAP);
    assert_shown(zone, local.first, "2011-12-31T00:00:00.000+14:00");
    zone_free(zone);

    zone = load("Australia/Lord_Howe");
    assert_int_equal(find(zone, "2021-10-03T02:15:00").kind, ZONE_KIND_GAP);
    assert_int_equal(find(zone, "2021-04-04T01:45:00").kind, ZONE_KIND_FOLD);
    zone_free(zone);

    zone = load("Asia/Shanghai");
    assert_shown(zone, (struct instant){INT64_C(1636655400012000)},
                 "2021-11-12T02:30:00.012+08:00");
    assert_shown(zone, (struct instant){-1}, "1970-01-01T07:59:59.999+08:00");
    assert_shown(zone, at_seconds(-3000000000), "1874-12-08T02:45:00.000+08:05");
    assert_shown(zone, (struct instant){INT64_MIN}, "-290308-12-22T04:04:05.224+08:05");
    assert_true(instant_is_never(zone_next_change(zone, at_seconds(1700000000))));
    assert_true(instant_is_never(zone_next_change(zone, INSTANT_NEVER)));
    zone_free(zone);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "/etc/passwd",
        "../UTC",
        "Asia/../UTC",
        "Asia//Shanghai",
        "Asia/",
        ".",
        "Asia/Shang hai",
        "Asia/\nX",
        "Mars/Base",
        "Asia",
        "tzdata.zi",
        "zone.tab",
        "Asia/Shanghai/x",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "right/Asia/Shanghai",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct zone *zone = NULL;
        struct error err = {0};
        if (zone_load(bad[i], &zone, &err) == 0)
            fail_msg("loaded %s", bad[i]);
        assert_int_equal(err.kind, ERROR_KIND_INVALID);
    }
    struct zone *zone = NULL;
    struct error err = {0};
    assert_int_equal(zone_load("Asia/Shangai", &zone, &err), -1);
    assert_string_equal(err.help, "did you mean `Asia/Shanghai`?");
    assert_int_equal(zone_load("Amerika/New_York", &zone, &err), -1);
    assert_string_equal(err.help, "did you mean `America/New_York`?");
    zone = load("Etc/GMT+5");
    assert_int_equal(zone_offset_at(zone, at_seconds(0)), -5 * 3600);
    assert_string_equal(zone_name(zone), "Etc/GMT+5");
    zone_free(zone);
}

static void test_without_database(void **state)
{
    (void)state;
    setenv("TZDIR", "/nonexistent", 1);
    struct zone *zone = load("UTC");
    assert_shown(zone, at_seconds(0), "1970-01-01T00:00:00.000+00:00");
    zone_free(zone);
    struct error err = {0};
    assert_int_equal(zone_load("Asia/Shanghai", &zone, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_PRECONDITION);
    unsetenv("TZDIR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hard_zones),   cmocka_unit_test(test_all_zones),
        cmocka_unit_test(test_against_libc), cmocka_unit_test(test_known_changes),
        cmocka_unit_test(test_names),        cmocka_unit_test(test_without_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
