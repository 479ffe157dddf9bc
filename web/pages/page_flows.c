#include "web/pages/pages.h"
#include "web/site/page.h"

static int answer_flows(struct visit *visit, struct error *err)
{
    const char *const *names;
    size_t count;
    if (site_flow_names(visit->site, visit->arena, &names, &count, err) < 0)
        return -1;
    struct page_head head = {.title = string_of(visit->language, STR_NAV_FLOWS),
                             .nav = PAGE_NAV_FLOWS};
    struct html *html = page_begin(visit, &head);
    html_element_say(html, "h1", NULL, STR_NAV_FLOWS);
    html_open(html, "ul");
    for (size_t i = 0; i < count; i++)
        html_element(html, "li", NULL, names[i]);
    html_close(html, "ul");
    return page_end(visit);
}

const struct route page_flows_routes[] = {
    {.pattern = "/", .methods = HTTP_GET, .answer = answer_flows}, {.pattern = NULL}};
