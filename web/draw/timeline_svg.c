#include "web/draw/timeline_svg.h"

#include "scheduler/base/utf8.h"
#include "web/draw/share.h"

#include <string.h>

#define BAR_HEIGHT 14
#define SCALE_HEIGHT 18
#define TICKS_ID "timeline-ticks"
#define MAX_STEPS 5
#define LAST_LABEL 90000 /* thousandths of a percent: behind it a label would not fit */

struct duration timeline_svg_step(struct duration span, int at_most)
{
    static const int64_t seconds[] = {1,     2,     5,     10,    15,     30,    60,
                                      120,   300,   600,   900,   1800,   3600,  7200,
                                      10800, 21600, 43200, 86400, 172800, 604800};
    int64_t least = span.us / at_most;
    int64_t step = 1000; /* a millisecond, and 2, 5, 10, 20, … of them below a second */
    for (int i = 0; step < least && step < DURATION_SECOND_US; i++)
        step = i % 3 == 1 ? step / 2 * 5 : step * 2;
    for (size_t i = 0; step < least && i < sizeof seconds / sizeof seconds[0]; i++)
        step = seconds[i] * DURATION_SECOND_US;
    while (step < least)
        step *= 2;
    return (struct duration){step};
}

/* Lines for all rows, drawn once in the first one. */
static void put_ticks(const struct timeline_svg *timeline, struct html *html)
{
    int64_t span = timeline->to.us - timeline->from.us;
    int64_t step = timeline_svg_step((struct duration){span}, MAX_STEPS).us;
    html_open(html, "g");
    html_attr(html, "id", TICKS_ID);
    for (int64_t at = 0; at <= span; at += step) {
        html_open(html, "line");
        html_attr(html, "class", "axis");
        share_attr(html, "x1", share_of(at, span));
        share_attr(html, "x2", share_of(at, span));
        html_attr_int(html, "y2", TIMELINE_SVG_ROW_HEIGHT);
        html_close(html, "line");
    }
    html_close(html, "g");
}

static void put_scale(const struct timeline_svg *timeline, struct html *html)
{
    int64_t span = timeline->to.us - timeline->from.us;
    int64_t step = timeline_svg_step((struct duration){span}, MAX_STEPS).us;
    for (int64_t at = 0; share_of(at, span) <= LAST_LABEL; at += step) {
        char text[DURATION_TEXT_BYTES];
        html_open(html, "text");
        html_attr(html, "class", "tick");
        share_attr(html, "x", share_of(at, span));
        html_attr_int(html, "y", 13);
        html_format(html, "+%s",
                    at == 0 ? "0s" : duration_format_exact((struct duration){at}, text));
        html_close(html, "text");
    }
}

static void put_rect(const struct timeline_svg_bar *bar, struct html *html, int64_t start,
                     int64_t width)
{
    int32_t height = bar->is_waiting ? BAR_HEIGHT - 4 : BAR_HEIGHT;
    html_open(html, "rect");
    html_attr_format(html, "class", "%s %s", bar->is_waiting ? "wait" : "bar", bar->state);
    share_attr(html, "x", start);
    html_attr_int(html, "y", (TIMELINE_SVG_ROW_HEIGHT - height) / 2);
    if (width < 0)
        html_attr_int(html, "width", TIMELINE_SVG_LEAST_WIDTH);
    else
        share_attr(html, "width", width);
    html_attr_int(html, "height", height);
    html_attr_int(html, "rx", 2);
    html_close(html, "rect");
}

/* A thin one is drawn twice at the same place: as wide as it is, and as wide as it must be. */
static void put_bar(const struct timeline_svg *timeline, const struct timeline_svg_bar *bar,
                    struct html *html)
{
    int64_t span = timeline->to.us - timeline->from.us;
    struct instant from = bar->from.us < timeline->from.us ? timeline->from : bar->from;
    struct instant to = instant_earlier(bar->to, timeline->to);
    if (to.us < from.us)
        return;
    int64_t start = share_of(from.us - timeline->from.us, span);
    int64_t width = share_of(to.us - timeline->from.us, span) - start;
    bool has_link = bar->href[0] != '\0';
    if (has_link) {
        html_open(html, "a");
        html_attr(html, "href", bar->href);
    }
    html_open(html, "g");
    if (bar->title[0] != '\0')
        html_element(html, "title", NULL, bar->title);
    put_rect(bar, html, start, width);
    if (!bar->is_waiting && width < SHARE_PERCENT)
        put_rect(bar, html, start, -1);
    html_close(html, "g");
    if (has_link)
        html_close(html, "a");
}

static void begin_svg(struct html *html, int height)
{
    html_open(html, "svg");
    html_attr(html, "width", "100%");
    html_attr_int(html, "height", height);
}

static void put_name(const struct timeline_svg_row *row, struct html *html)
{
    size_t length = strlen(row->name);
    bool is_cut = utf8_width(row->name, length) > TIMELINE_SVG_NAME_COLUMNS;
    html_open(html, "a");
    html_attr(html, "href", row->href);
    if (is_cut)
        html_attr(html, "title", row->name);
    html_bytes(html, row->name,
               is_cut ? utf8_prefix_of_width(row->name, length, TIMELINE_SVG_NAME_COLUMNS - 1)
                      : length);
    if (is_cut)
        html_text(html, "…");
    html_close(html, "a");
}

/* Draws the bars of a row, which begin at *next. */
static void put_row(const struct timeline_svg *timeline, struct html *html, uint32_t row,
                    size_t *next)
{
    html_open(html, "tr");
    html_open(html, "th");
    html_attr(html, "scope", "row");
    put_name(&timeline->rows[row], html);
    html_close(html, "th");
    html_open(html, "td");
    begin_svg(html, TIMELINE_SVG_ROW_HEIGHT);
    html_attr(html, "role", "group");
    html_attr_format(html, "aria-label", "%s %s", timeline->rows[row].name, timeline->bars_label);
    if (row == 0) {
        put_ticks(timeline, html);
    } else {
        html_open(html, "use");
        html_attr(html, "href", "#" TICKS_ID);
        html_close(html, "use");
    }
    for (; *next < timeline->bar_count && timeline->bars[*next].row == row; ++*next)
        put_bar(timeline, &timeline->bars[*next], html);
    html_close(html, "svg");
    html_close(html, "td");
    html_close(html, "tr");
}

void timeline_svg_draw(const struct timeline_svg *timeline, struct html *html)
{
    struct timeline_svg whole = *timeline;
    size_t next = 0;
    if (whole.to.us <= whole.from.us)
        whole.to = instant_add(whole.from, duration_ms(1));
    html_open(html, "table");
    html_attr(html, "class", "timeline");
    html_element(html, "caption", "sr", whole.caption);
    html_open(html, "tbody");
    for (uint32_t row = 0; row < whole.row_count; row++)
        put_row(&whole, html, row, &next);
    html_open(html, "tr");
    html_open(html, "td");
    html_close(html, "td");
    html_open(html, "td");
    begin_svg(html, SCALE_HEIGHT);
    html_attr(html, "aria-hidden", "true");
    put_scale(&whole, html);
    html_close(html, "svg");
    html_close(html, "td");
    html_close(html, "tr");
    html_close(html, "tbody");
    html_close(html, "table");
}
