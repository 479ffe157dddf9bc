#include "contrib/smartrm/commodities.h"
#include "contrib/smartrm/events.h"
#include "scheduler/base/json_in.h"
#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define EVENTS 55000
#define LINE_BYTES_MIN 190 /* every line is longer, and its total stands within */

static const struct civil_date singles_day = {2021, 11, 11};

/* What one day holds, counted from its parsed lines. */
struct tally {
    uint64_t events;
    uint64_t unknown;
    uint64_t by_commodity[COMMODITY_COUNT];
    uint64_t by_hour[24];
    int64_t last_timestamp;
};

static void write_day(struct text *text, struct civil_date date, uint64_t seed, uint64_t count,
                      uint32_t unknown_per_thousand)
{
    struct event_day day;
    event_day_begin(&day, date, seed, count, unknown_per_thousand);
    while (event_day_next(&day, text))
        ;
}

/* totalAmount as it stands in the line, in fen, and as text. strstr() would look at the whole day
 * for each line under AddressSanitizer. */
static int64_t amount_in_line(const char *line, char decimal[32])
{
    static const char key[] = "\"totalAmount\":";
    const char *at = memmem(line, LINE_BYTES_MIN, key, sizeof key - 1);
    assert_non_null(at);
    char *end;
    int64_t yuan = strtoll(at + sizeof key - 1, &end, 10);
    assert_int_equal(*end, '.');
    int64_t fen = strtoll(end + 1, &end, 10);
    assert_true(*end == ',');
    snprintf(decimal, 32, "%lld.%02lld", (long long)yuan, (long long)fen);
    return yuan * 100 + fen;
}

static int64_t price_of(const char *id)
{
    for (size_t i = 0; i < COMMODITY_COUNT; i++) {
        if (strcmp(commodities[i].id, id) == 0)
            return commodities[i].price;
    }
    return -1;
}

static void tally_first_commodity(struct tally *tally, const char *id)
{
    for (size_t i = 0; i < COMMODITY_COUNT; i++) {
        if (strcmp(commodities[i].id, id) == 0) {
            tally->by_commodity[i]++;
            return;
        }
    }
    assert_true(strcmp(id, "1000011") >= 0 && strcmp(id, "1000013") <= 0);
    tally->unknown++;
}

static void check_total(const struct json *event, const char *line)
{
    int64_t sum = 0;
    bool is_known = true;
    const struct json *item = json_first(json_get(event, "commodities"));
    assert_non_null(item);
    for (; item != NULL; item = json_next(item)) {
        int64_t price = price_of(json_get_string(item, "commodityId", ""));
        int64_t count = json_get_int(item, "count", 0);
        assert_in_range(count, 1, 2);
        is_known = is_known && price >= 0;
        sum += price * count;
    }
    if (is_known)
        assert_int_equal(amount_in_line(line, (char[32]){0}), sum);
}

static void tally_line(struct tally *tally, const char *line, size_t length, int64_t midnight)
{
    static const int64_t machines[] = {1, 12, 13, 14, 15, 16, 17, 18, 19, 20};
    struct json *event = NULL;
    struct error err = {0};
    assert_int_equal(json_parse(line, length, &event, &err), 0);
    assert_int_equal(strlen(json_get_string(event, "eventId", "")), 32);
    int64_t machine = json_get_int(event, "machineId", 0);
    size_t i = 0;
    while (i < 10 && machines[i] != machine)
        i++;
    assert_true(i < 10);
    int64_t timestamp = json_get_int(event, "timestamp", 0);
    assert_true(timestamp >= tally->last_timestamp);
    assert_true(timestamp >= midnight && timestamp < midnight + 86400000);
    tally->last_timestamp = timestamp;
    tally->by_hour[(timestamp - midnight) / 3600000]++;
    check_total(event, line);
    tally_first_commodity(
        tally, json_get_string(json_first(json_get(event, "commodities")), "commodityId", ""));
    tally->events++;
    json_free(event);
}

static void tally_text(struct tally *tally, const struct text *text, int64_t midnight)
{
    const char *line = text_string(text);
    const char *end;
    while ((end = strchr(line, '\n')) != NULL) {
        tally_line(tally, line, (size_t)(end - line), midnight);
        line = end + 1;
    }
    assert_int_equal(*line, '\0');
}

static void a_day_has_the_promised_events(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text = {0};
    struct tally tally = {0};
    write_day(&text, singles_day, 1, EVENTS, 0);
    tally_text(&tally, &text, INT64_C(1636560000000)); /* 2021-11-11T00:00+08:00 */
    assert_int_equal(tally.events, EVENTS);
    assert_int_equal(tally.unknown, 0);
    for (size_t i = 0; i < COMMODITY_COUNT; i++) {
        uint64_t expected = EVENTS * (uint64_t)(100 - 10 * i) / 550;
        assert_in_range(tally.by_commodity[i], expected * 9 / 10, expected * 11 / 10);
    }
    assert_true(tally.by_hour[12] > 20 * tally.by_hour[3]);
    assert_true(tally.by_hour[8] > tally.by_hour[10]);
    assert_true(tally.by_hour[3] > 0);
}

static void unknown_commodities_are_as_many_as_asked_for(void **state)
{
    (void)state;
    SCOPED_TEXT struct text some = {0};
    SCOPED_TEXT struct text all = {0};
    struct tally tally = {0};
    write_day(&some, singles_day, 7, EVENTS, 5);
    tally_text(&tally, &some, INT64_C(1636560000000));
    assert_in_range(tally.unknown, EVENTS * 5 / 1000 / 2, EVENTS * 5 / 1000 * 2);
    tally = (struct tally){0};
    write_day(&all, singles_day, 7, 1000, 1000);
    tally_text(&tally, &all, INT64_C(1636560000000));
    assert_int_equal(tally.unknown, 1000);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    SCOPED_TEXT struct text first = {0};
    SCOPED_TEXT struct text second = {0};
    SCOPED_TEXT struct text other_seed = {0};
    SCOPED_TEXT struct text other_date = {0};
    write_day(&first, singles_day, 42, 2000, 5);
    write_day(&second, singles_day, 42, 2000, 5);
    write_day(&other_seed, singles_day, 43, 2000, 5);
    write_day(&other_date, (struct civil_date){2021, 11, 12}, 42, 2000, 5);
    assert_string_equal(text_string(&first), text_string(&second));
    assert_string_not_equal(text_string(&first), text_string(&other_seed));
    assert_memory_not_equal(text_string(&first), text_string(&other_date), 40); /* eventId */
}

/* The bytes themselves, so that another machine, compiler or version would be noticed. */
static void the_bytes_are_the_same_everywhere(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text = {0};
    write_day(&text, singles_day, 1, 1, 5);
    assert_string_equal(
        text_string(&text),
        "{\"eventId\":\"6c948f3b1e71c23d99851dbba903efa0\",\"orderId\":202111110000000001,"
        "\"machineId\":18,\"platformType\":\"Alipay\",\"type\":\"CabinetVending\","
        "\"totalAmount\":7.31,\"commodities\":[{\"commodityId\":\"1000007\",\"price\":7.31,"
        "\"count\":1}],\"timestamp\":1636643707672}\n");
}

/* Few events: the running sums of the hours must neither lose one nor divide by zero. */
static void small_days_are_whole(void **state)
{
    (void)state;
    for (uint64_t count = 0; count < 300; count++) {
        SCOPED_TEXT struct text text = {0};
        struct tally tally = {0};
        write_day(&text, singles_day, count, count, 500);
        tally_text(&tally, &text, INT64_C(1636560000000));
        assert_int_equal(tally.events, count);
    }
}

static void a_day_before_1970_has_negative_timestamps(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text = {0};
    struct tally tally = {.last_timestamp = INT64_MIN};
    write_day(&text, (struct civil_date){1969, 12, 31}, 1, 1000, 5);
    tally_text(&tally, &text, INT64_C(-115200000));
    assert_int_equal(tally.events, 1000);
    assert_true(tally.last_timestamp < 0);
}

/* Added up as doubles the amounts miss the exact sum: this is what the data is for. */
static void sums_in_floating_point_are_wrong(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text = {0};
    write_day(&text, singles_day, 1, 10000, 5);
    double sum = 0;
    int64_t exact = 0;
    char amount[32];
    const char *line = text_string(&text);
    for (; *line != '\0'; line = strchr(line, '\n') + 1) {
        exact += amount_in_line(line, amount);
        sum += strtod(amount, NULL);
    }
    char decimal[64];
    snprintf(decimal, sizeof decimal, "%lld.%02lld", (long long)(exact / 100),
             (long long)(exact % 100));
    assert_true(sum != strtod(decimal, NULL));
    assert_true(sum - strtod(decimal, NULL) < 0.01 && strtod(decimal, NULL) - sum < 0.01);
}

static void the_commodity_file_is_objects_one_after_another(void **state)
{
    (void)state;
    SCOPED_TEXT struct text text = {0};
    commodities_write(&text);
    const char *object = text_string(&text);
    for (size_t i = 0; i < COMMODITY_COUNT; i++) {
        const char *end = strstr(object, "\n}\n");
        assert_non_null(end);
        struct json *json = NULL;
        struct error err = {0};
        assert_int_equal(json_parse(object, (size_t)(end + 2 - object), &json, &err), 0);
        assert_string_equal(json_get_string(json, "commodityId", ""), commodities[i].id);
        assert_string_equal(json_get_string(json, "commodityName", ""), commodities[i].name);
        assert_string_equal(json_get_string(json, "firstLevelCategory", ""),
                            commodities[i].categories[0]);
        assert_string_equal(json_get_string(json, "secondLevelCategory", ""),
                            commodities[i].categories[1]);
        assert_string_equal(json_get_string(json, "thirdLevelCategory", ""),
                            commodities[i].categories[2]);
        assert_int_equal(json_kind_of(json_get(json, "label")), JSON_KIND_ARRAY);
        json_free(json);
        object = end + 3;
    }
    assert_int_equal(*object, '\0');
}

static void every_ticket_has_its_commodity(void **state)
{
    (void)state;
    uint32_t tickets[COMMODITY_COUNT] = {0};
    for (uint32_t i = 0; i < COMMODITY_TOTAL_WEIGHT; i++)
        tickets[commodity_of_ticket(i)]++;
    for (uint32_t i = 0; i < COMMODITY_COUNT; i++)
        assert_int_equal(tickets[i], 100 - 10 * i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_has_the_promised_events),
        cmocka_unit_test(unknown_commodities_are_as_many_as_asked_for),
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(the_bytes_are_the_same_everywhere),
        cmocka_unit_test(small_days_are_whole),
        cmocka_unit_test(a_day_before_1970_has_negative_timestamps),
        cmocka_unit_test(sums_in_floating_point_are_wrong),
        cmocka_unit_test(the_commodity_file_is_objects_one_after_another),
        cmocka_unit_test(every_ticket_has_its_commodity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
