#include "web/pages/flow_head.h"

#include "web/http/url.h"

void flow_head_title(struct visit *visit, const char *name, const struct flow *flow)
{
    struct html *html = &visit->html;
    html_open(html, "h1");
    html_text(html, name);
    if (flow != NULL && flow->title[0] != '\0') {
        html_text(html, " ");
        html_element(html, "span", "muted", flow->title);
    }
    html_close(html, "h1");
}

static void write_tab(struct visit *visit, const char *href, enum string_key key, bool is_current)
{
    struct html *html = &visit->html;
    html_open(html, "a");
    html_attr(html, "href", href);
    if (is_current)
        html_attr(html, "aria-current", "page");
    html_say(html, key);
    html_close(html, "a");
    html_text(html, " ");
}

void flow_head_tabs(struct visit *visit, const char *name, enum flow_tab current)
{
    struct html *html = &visit->html;
    struct url grid;
    struct url definition;
    struct url runs;
    url_begin(&grid, visit->arena, "/flows");
    url_part(&grid, name);
    definition = grid;
    url_part(&definition, "definition");
    url_begin(&runs, visit->arena, "/runs");
    url_query(&runs, "q", arena_format(visit->arena, "flow:%s", name));
    html_open(html, "nav");
    html_attr(html, "class", "tabs");
    html_attr(html, "aria-label", string_of(visit->language, STR_FLOW));
    write_tab(visit, url_string(&grid), STR_TAB_GRID, current == FLOW_TAB_GRID);
    write_tab(visit, url_string(&definition), STR_TAB_DEFINITION, current == FLOW_TAB_DEFINITION);
    write_tab(visit, url_string(&runs), STR_NAV_RUNS, current == FLOW_TAB_RUNS);
    html_close(html, "nav");
}
