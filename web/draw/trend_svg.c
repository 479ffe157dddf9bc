#include "web/draw/trend_svg.h"

#include "web/draw/share.h"
#include "web/draw/timeline_svg.h"

#define HEIGHT 140
#define TOP 12
#define FOOT 22
#define LEFT (6 * SHARE_PERCENT)  /* free beside the points: for the scale, */
#define RIGHT (2 * SHARE_PERCENT) /* so that none is cut */
#define DOT 4
#define STEPS 3

static int64_t height_of(struct duration value, struct duration most)
{
    return TOP + HEIGHT - share_of(value.us, most.us) * HEIGHT / SHARE_WHOLE;
}

static struct duration greatest(const struct trend_svg *trend)
{
    struct duration most = duration_ms(1);
    for (size_t i = 0; i < trend->point_count; i++) {
        if (trend->points[i].value.us > most.us)
            most = trend->points[i].value;
    }
    for (size_t i = 0; i < trend->line_count; i++) {
        if (trend->lines[i].value.us > most.us)
            most = trend->lines[i].value;
    }
    return most;
}

static void put_line(struct html *html, const char *class_name, int64_t y)
{
    html_open(html, "line");
    html_attr(html, "class", class_name);
    html_attr(html, "x2", "100%");
    html_attr_int(html, "y1", y);
    html_attr_int(html, "y2", y);
    html_close(html, "line");
}

static void put_scale(struct html *html, struct duration most, struct duration step)
{
    for (int64_t at = 0; at <= most.us; at += step.us) {
        char text[DURATION_TEXT_BYTES];
        int64_t y = height_of((struct duration){at}, most);
        put_line(html, "axis", y);
        html_open(html, "text");
        html_attr(html, "class", "tick");
        html_attr_int(html, "x", 0);
        html_attr_int(html, "y", y - 3);
        html_text(html, at == 0 ? "0" : duration_format_exact((struct duration){at}, text));
        html_close(html, "text");
    }
}

static void put_references(const struct trend_svg *trend, struct html *html, struct duration most)
{
    for (size_t i = 0; i < trend->line_count; i++) {
        const struct trend_svg_line *line = &trend->lines[i];
        int64_t y = height_of(line->value, most);
        put_line(html, line->class_name, y);
        html_open(html, "text");
        html_attr(html, "class", "tick");
        html_attr(html, "x", "100%");
        html_attr_int(html, "y", y - 4);
        html_attr(html, "text-anchor", "end");
        html_text(html, line->label);
        html_close(html, "text");
    }
}

static void put_sign(const struct trend_svg_point *point, struct html *html, int64_t x, int64_t y)
{
    bool is_dot = point->glyph[0] == '\0';
    html_open(html, is_dot ? "circle" : "text");
    html_attr_format(html, "class", "%s %s", is_dot ? "dot" : "glyph", point->state);
    share_attr(html, is_dot ? "cx" : "x", x);
    html_attr_int(html, is_dot ? "cy" : "y", is_dot ? y : y + 5);
    if (is_dot)
        html_attr_int(html, "r", DOT);
    else
        html_attr(html, "text-anchor", "middle");
    if (point->title[0] != '\0')
        html_element(html, "title", NULL, point->title);
    if (!is_dot)
        html_text(html, point->glyph);
    html_close(html, is_dot ? "circle" : "text");
}

static void put_points(const struct trend_svg *trend, struct html *html, struct duration most)
{
    for (size_t i = 0; i < trend->point_count; i++) {
        const struct trend_svg_point *point = &trend->points[i];
        bool is_alone = trend->point_count == 1;
        int64_t share =
            is_alone ? SHARE_WHOLE / 2 : share_of((int64_t)i, (int64_t)trend->point_count - 1);
        int64_t x = LEFT + share * (SHARE_WHOLE - LEFT - RIGHT) / SHARE_WHOLE;
        bool has_link = point->href[0] != '\0';
        if (has_link) {
            html_open(html, "a");
            html_attr(html, "href", point->href);
        }
        put_sign(point, html, x, height_of(point->value, most));
        if (has_link)
            html_close(html, "a");
    }
}

static void put_foot(const struct trend_svg *trend, struct html *html)
{
    for (int i = 0; i < 2; i++) {
        html_open(html, "text");
        html_attr(html, "class", "tick");
        html_attr(html, "x", i == 0 ? "6%" : "100%");
        html_attr_int(html, "y", TOP + HEIGHT + FOOT - 4);
        html_attr(html, "text-anchor", i == 0 ? "start" : "end");
        html_text(html, i == 0 ? trend->first : trend->last);
        html_close(html, "text");
    }
}

void trend_svg_draw(const struct trend_svg *trend, struct html *html)
{
    struct duration most = greatest(trend);
    struct duration step = timeline_svg_step(most, STEPS);
    most = (struct duration){(most.us + step.us - 1) / step.us * step.us};
    html_open(html, "svg");
    html_attr(html, "class", "trend");
    html_attr(html, "width", "100%");
    html_attr_int(html, "height", TOP + HEIGHT + FOOT);
    html_attr(html, "role", "group");
    html_attr(html, "aria-label", trend->label);
    put_scale(html, most, step);
    put_references(trend, html, most);
    put_points(trend, html, most);
    put_foot(trend, html);
    html_close(html, "svg");
}
