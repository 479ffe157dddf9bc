#include "web/pages/table_page.h"

#include <string.h>

/* `num__ge` → `num ≥`. */
static const char *filter_words(struct table_page *page, const char *name)
{
    static const struct {
        const char *name;
        const char *sign;
    } signs[] = {{"__eq", "="}, {"__ne", "≠"}, {"__lt", "<"},       {"__le", "≤"},
                 {"__gt", ">"}, {"__ge", "≥"}, {"__contains", "∋"}, {"__null", "NULL ="}};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t tail = strlen(signs[i].name);
        if (length > tail && strcmp(name + length - tail, signs[i].name) == 0)
            return arena_format(page->visit->arena, "%.*s %s", (int)(length - tail), name,
                                signs[i].sign);
    }
    return arena_format(page->visit->arena, "%s =", name);
}

static void write_filter(struct table_page *page, size_t i)
{
    struct html *html = page->html;
    struct url url;
    table_ask_url(&page->ask, NULL, i, &url);
    html_open(html, "span");
    html_open(html, "code");
    html_format(html, "%s %s", filter_words(page, page->ask.filters[i].name),
                page->ask.filters[i].value);
    html_close(html, "code");
    html_text(html, " ");
    html_open(html, "a");
    html_attr(html, "class", "button small");
    html_attr(html, "href", url_string(&url));
    html_open(html, "span");
    html_attr(html, "aria-hidden", "true");
    html_text(html, "✕");
    html_close(html, "span");
    html_element_say(html, "span", "sr", STR_DATA_REMOVE_FILTER);
    html_close(html, "a");
    html_close(html, "span");
}

static bool is_newest_only(const struct table_page *page)
{
    return page->ask.filter_count == 0 && !page->ask.is_all && page->partitions.count > 0 &&
           json_get_bool(page->table, "partitioned", false);
}

static void write_chosen(struct table_page *page)
{
    struct html *html = page->html;
    if (page->ask.filter_count == 0 && !is_newest_only(page))
        return;
    html_open(html, "div");
    html_attr(html, "class", "filters");
    for (size_t i = 0; i < page->ask.filter_count; i++)
        write_filter(page, i);
    if (is_newest_only(page)) {
        struct table_ask ask = page->ask;
        struct url url;
        const char *spec = json_get_string(page->partitions.items[0], "partition", "");
        ask.is_all = true;
        table_ask_url(&ask, NULL, SIZE_MAX, &url);
        html_open(html, "span");
        html_say_with(html, STR_DATA_NEWEST, (const char *const[]){spec, NULL});
        html_close(html, "span");
        html_link(html, url_string(&url), string_of(html->language, STR_DATA_ALL_PARTITIONS));
    }
    html_close(html, "div");
}

static void write_hidden(struct html *html, const char *name, const char *value)
{
    html_void(html, "input");
    html_attr(html, "type", "hidden");
    html_attr(html, "name", name);
    html_attr(html, "value", value);
}

static void write_option(struct html *html, const char *value, const char *text)
{
    html_open(html, "option");
    html_attr(html, "value", value);
    html_text(html, text);
    html_close(html, "option");
}

static void open_select(struct html *html, const char *name, enum string_key label)
{
    html_open(html, "select");
    html_attr(html, "name", name);
    html_attr(html, "aria-label", string_of(html->language, label));
}

static void write_form_fields(struct table_page *page)
{
    static const char *const comparisons[][2] = {{"eq", "="},      {"ne", "≠"}, {"lt", "<"},
                                                 {"le", "≤"},      {"gt", ">"}, {"ge", "≥"},
                                                 {"contains", "∋"}};
    struct html *html = page->html;
    open_select(html, "_column", STR_DATA_COLUMN);
    for (const struct json *column = json_first(json_get(page->table, "columns")); column != NULL;
         column = json_next(column))
        write_option(html, json_get_string(column, "name", ""),
                     json_get_string(column, "name", ""));
    html_close(html, "select");
    open_select(html, "_is", STR_DATA_COMPARISON);
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++)
        write_option(html, comparisons[i][0], comparisons[i][1]);
    html_close(html, "select");
    html_void(html, "input");
    html_attr(html, "name", "_value");
    html_attr(html, "aria-label", string_of(html->language, STR_DATA_VALUE));
    html_attr(html, "maxlength", "4096");
}

static void write_form(struct table_page *page)
{
    struct html *html = page->html;
    struct url url;
    html_open(html, "form");
    html_attr(html, "class", "filters");
    for (size_t i = 0; i < page->ask.filter_count; i++)
        write_hidden(html, page->ask.filters[i].name, page->ask.filters[i].value);
    if (page->ask.sort[0] != '\0')
        write_hidden(html, "_sort", page->ask.sort);
    write_form_fields(page);
    html_open(html, "button");
    html_say(html, STR_DATA_FILTER);
    html_close(html, "button");
    html_open(html, "span");
    html_attr(html, "class", "end");
    table_ask_url(&page->ask, "rows.csv", SIZE_MAX, &url);
    html_link(html, url_string(&url), "CSV");
    html_text(html, " ");
    table_ask_url(&page->ask, "rows.json", SIZE_MAX, &url);
    html_link(html, url_string(&url), "JSON");
    html_close(html, "span");
    html_close(html, "form");
}

void table_page_filters(struct table_page *page)
{
    write_chosen(page);
    write_form(page);
}
