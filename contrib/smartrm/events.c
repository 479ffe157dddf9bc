#include "contrib/smartrm/events.h"

#include "contrib/smartrm/commodities.h"

#include <string.h>

#define HOURS 24
#define MS_PER_HOUR INT64_C(3600000)
#define MS_PER_DAY (24 * MS_PER_HOUR)
#define SHANGHAI_OFFSET (8 * MS_PER_HOUR)
#define ORDERS_PER_DATE UINT64_C(10000000000) /* room for the number within the day */
#define UNKNOWN_COMMODITIES 3                 /* 1000011 to 1000013 */
#define MAX_KINDS 3                           /* commodities in one order of a cabinet */

/* Share of a day's events by hour, in thousandths: breakfast, lunch, the way home. */
static const uint32_t hour_weights[HOURS] = {4,  2,  1,  1,  2,  8,  26, 58, 72, 46, 44, 66,
                                             98, 74, 46, 46, 52, 66, 84, 72, 54, 40, 26, 12};

/* A cabinet is opened by its customer, who may take several things; a slot drops one kind. */
static const struct machine {
    uint32_t id;
    bool is_cabinet;
} machines[] = {{1, false},  {12, false}, {13, false}, {14, false}, {15, false},
                {16, false}, {17, false}, {18, true},  {19, true},  {20, true}};

#define MACHINE_COUNT (sizeof machines / sizeof machines[0])

/* One kind of commodity in an order. */
struct item {
    const struct commodity *commodity; /* NULL: one that commodity_new.json does not have */
    uint32_t unknown;                  /* its id then */
    uint32_t price;                    /* fen */
    uint32_t count;
};

/* How many of `count` events lie before the end of `hour`: shares are rounded as running sums, so
 * that they add up. */
static uint64_t events_until(uint64_t count, uint32_t hour)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i <= hour; i++)
        sum += hour_weights[i];
    return count * sum / 1000;
}

void event_day_begin(struct event_day *day, struct civil_date date, uint64_t seed, uint64_t count,
                     uint32_t unknown_per_thousand)
{
    int64_t days = civil_to_days(date);
    struct random random;
    random_seed(&random, seed);
    *day = (struct event_day){.count = count, .unknown_per_thousand = unknown_per_thousand};
    random_seed(&day->random, random_next(&random) + (uint64_t)days);
    day->hour_end = events_until(count, 0);
    day->midnight = days * MS_PER_DAY - SHANGHAI_OFFSET;
    day->order_base = (uint64_t)(date.year * 10000 + date.month * 100 + date.day) * ORDERS_PER_DATE;
}

static void append_number(struct text *text, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    text_append_bytes(text, digits + at, sizeof digits - at);
}

static void append_signed(struct text *text, int64_t number)
{
    if (number < 0)
        text_append_char(text, '-');
    append_number(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

static void append_money(struct text *text, uint32_t fen)
{
    append_number(text, fen / 100);
    char cents[3] = {'.', (char)('0' + fen / 10 % 10), (char)('0' + fen % 10)};
    text_append_bytes(text, cents, sizeof cents);
}

static void append_hex(struct text *text, uint64_t number)
{
    char digits[16];
    for (size_t i = 0; i < sizeof digits; i++)
        digits[i] = "0123456789abcdef"[number >> (60 - 4 * i) & 15];
    text_append_bytes(text, digits, sizeof digits);
}

/* Instants within an hour: one event in each of as many equal parts, somewhere in its part. */
static int64_t next_timestamp(struct event_day *day)
{
    while (day->next >= day->hour_end) {
        day->hour++;
        day->hour_begin = day->hour_end;
        day->hour_end = events_until(day->count, day->hour);
    }
    uint64_t parts = day->hour_end - day->hour_begin;
    uint64_t part = day->next - day->hour_begin;
    uint64_t within = random_below(&day->random, (uint64_t)MS_PER_HOUR);
    uint64_t offset = (part * (uint64_t)MS_PER_HOUR + within) / parts;
    return day->midnight + day->hour * MS_PER_HOUR + (int64_t)offset;
}

/* What was bought; returns how many kinds. The first is the one that the frequencies speak of. */
static size_t choose_items(struct event_day *day, bool is_cabinet, struct item items[MAX_KINDS])
{
    struct random *random = &day->random;
    size_t kinds = is_cabinet ? 1 + random_below(random, MAX_KINDS) : 1;
    size_t chosen = commodity_of_ticket((uint32_t)random_below(random, COMMODITY_TOTAL_WEIGHT));
    for (size_t i = 0; i < kinds; i++) {
        const struct commodity *commodity = &commodities[(chosen + i) % COMMODITY_COUNT];
        items[i] = (struct item){commodity, 0, commodity->price, 1};
        if (is_cabinet && random_chance(random, 150))
            items[i].count = 2;
    }
    if (random_chance(random, day->unknown_per_thousand)) {
        items[0].commodity = NULL;
        items[0].unknown = 1000011 + (uint32_t)random_below(random, UNKNOWN_COMMODITIES);
        items[0].price = 450;
    }
    return kinds;
}

static void append_item(struct text *text, const struct item *item)
{
    text_append(text, "{\"commodityId\":\"");
    if (item->commodity != NULL)
        text_append(text, item->commodity->id);
    else
        append_number(text, item->unknown);
    text_append(text, "\",\"price\":");
    append_money(text, item->price);
    text_append(text, ",\"count\":");
    append_number(text, item->count);
    text_append_char(text, '}');
}

bool event_day_next(struct event_day *day, struct text *text)
{
    if (day->next >= day->count)
        return false;
    int64_t timestamp = next_timestamp(day);
    const struct machine *machine = &machines[random_below(&day->random, MACHINE_COUNT)];
    struct item items[MAX_KINDS];
    size_t kinds = choose_items(day, machine->is_cabinet, items);
    uint32_t total = 0;
    for (size_t i = 0; i < kinds; i++)
        total += items[i].price * items[i].count;

    text_append(text, "{\"eventId\":\"");
    append_hex(text, random_next(&day->random));
    append_hex(text, random_next(&day->random));
    text_append(text, "\",\"orderId\":");
    append_number(text, day->order_base + day->next + 1);
    text_append(text, ",\"machineId\":");
    append_number(text, machine->id);
    text_append(text, ",\"platformType\":\"");
    text_append(text, random_chance(&day->random, 700) ? "Wechat" : "Alipay");
    text_append(text, "\",\"type\":\"");
    text_append(text, machine->is_cabinet ? "CabinetVending" : "SlotVending");
    text_append(text, "\",\"totalAmount\":");
    append_money(text, total);
    text_append(text, ",\"commodities\":[");
    for (size_t i = 0; i < kinds; i++) {
        if (i > 0)
            text_append_char(text, ',');
        append_item(text, &items[i]);
    }
    text_append(text, "],\"timestamp\":");
    append_signed(text, timestamp);
    text_append(text, "}\n");
    day->next++;
    return true;
}
