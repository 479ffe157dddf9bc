#include "web/site/calendar.h"

#include "scheduler/base/civil.h"

#include <string.h>

static void write_empty(struct html *html, int count)
{
    for (int i = 0; i < count; i++)
        html_element(html, "li", NULL, "");
}

static void write_day(struct html *html, const struct calendar_day *day)
{
    html_open(html, "li");
    html_open(html, "a");
    html_attr_format(html, "class", "c %s", day->state);
    html_attr(html, "href", day->href);
    html_attr_format(html, "title", "%s %s", day->bizdate, day->word);
    html_attr_format(html, "aria-label", "%s %s", day->bizdate, day->word);
    html_text(html, day->word);
    html_close(html, "a");
    html_close(html, "li");
}

static int day_of(const char *bizdate)
{
    return (bizdate[8] - '0') * 10 + bizdate[9] - '0';
}

/* The days of one month; returns how many they are. */
static size_t write_month(struct html *html, const struct calendar_day *days, size_t count)
{
    int next = 1;
    size_t used = 0;
    html_open(html, "section");
    html_open(html, "h3");
    html_bytes(html, days[0].bizdate, 7);
    html_close(html, "h3");
    html_open(html, "ol");
    for (; used < count && strncmp(days[used].bizdate, days[0].bizdate, 7) == 0; used++) {
        write_empty(html, day_of(days[used].bizdate) - next);
        write_day(html, &days[used]);
        next = day_of(days[used].bizdate) + 1;
    }
    html_close(html, "ol");
    html_close(html, "section");
    return used;
}

void calendar_write(struct visit *visit, const struct calendar_day *days, size_t count)
{
    struct html *html = &visit->html;
    if (count > CALENDAR_MAX_DAYS)
        count = CALENDAR_MAX_DAYS;
    html_open(html, "div");
    html_attr(html, "class", "card dates");
    for (size_t i = 0; i < count;)
        i += write_month(html, days + i, count - i);
    html_close(html, "div");
}
