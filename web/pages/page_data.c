/* /data: the tables of the warehouse. */
#include "web/pages/data.h"
#include "web/pages/pages.h"
#include "web/site/page.h"

#include <inttypes.h>

static void write_table(struct visit *visit, const struct json *table)
{
    struct html *html = &visit->html;
    struct url url;
    const char *name = json_get_string(table, "name", "");
    const char *comment = json_get_string(table, "comment", "");
    int64_t days = json_get_int(table, "lifecycle_days", 0);
    data_url(&url, visit, name, NULL);
    html_open(html, "tr");
    html_open(html, "th");
    html_attr(html, "scope", "row");
    html_link(html, url_string(&url), name);
    if (comment[0] != '\0')
        html_element(html, "small", NULL, comment);
    html_close(html, "th");
    bool is_partitioned = json_get_bool(table, "partitioned", false);
    html_element(html, "td", "n",
                 is_partitioned ? data_number(visit, json_get_int(table, "partitions", 0)) : "–");
    html_element(html, "td", "n", data_number(visit, json_get_int(table, "rows", 0)));
    html_element(html, "td", "n", data_bytes(visit, json_get_int(table, "bytes", 0)));
    html_open(html, "td");
    html_attr(html, "class", "nb");
    if (days > 0)
        html_say_count(html, STR_DATA_DAYS, days);
    else
        html_text(html, "–");
    html_close(html, "td");
    html_open(html, "td");
    html_attr(html, "class", "nb");
    page_time(visit, data_time(json_get_string(table, "modified", "")), NULL);
    html_close(html, "td");
    html_close(html, "tr");
}

static void write_tables(struct visit *visit, const struct data_objects *tables)
{
    static const enum string_key keys[] = {STR_DATA_TABLE, STR_DATA_PARTITIONS, STR_DATA_ROWS,
                                           STR_DATA_SIZE,  STR_DATA_LIFECYCLE,  STR_DATA_CHANGED};
    struct html *html = &visit->html;
    html_open(html, "div");
    html_attr(html, "class", "scroll");
    html_open(html, "table");
    html_attr(html, "class", "list");
    data_head(html, keys, sizeof keys / sizeof *keys, 0xe);
    html_open(html, "tbody");
    for (size_t i = 0; i < tables->count; i++)
        write_table(visit, tables->items[i]);
    html_close(html, "tbody");
    html_close(html, "table");
    html_close(html, "div");
}

static int write_page(struct visit *visit, const struct data_objects *tables)
{
    const char *title = string_of(visit->language, STR_NAV_DATA);
    struct page_head head = {.title = title, .nav = PAGE_NAV_DATA, .alternate = "/api/v1/tables"};
    struct html *html = page_begin(visit, &head);
    html_element(html, "h1", NULL, title);
    html_open(html, "p");
    html_attr(html, "class", "sub");
    html_say_count(html, STR_DATA_TABLE_COUNT, (int64_t)tables->count);
    html_close(html, "p");
    if (tables->count > 0) {
        write_tables(visit, tables);
        return page_end(visit);
    }
    html_open(html, "div");
    html_attr(html, "class", "empty");
    html_say(html, STR_DATA_NO_TABLES);
    html_element(html, "code", NULL, "tables: tables/*.sql");
    html_close(html, "div");
    return page_end(visit);
}

static int done(struct visit *visit, void *owner, struct error *err)
{
    const struct data_question *question = owner;
    struct data_objects tables = {0};
    if (data_objects_read(visit, question->ret_output, &tables, err) != 0)
        return -1;
    int result = write_page(visit, &tables);
    data_objects_free(&tables);
    return result;
}

static int answer_data(struct visit *visit, struct error *err)
{
    static const char *const words[] = {"tables", NULL};
    struct data_question *question = arena_alloc(visit->arena, sizeof *question);
    *question = (struct data_question){.format = "json", .words = words, .may_be_missing = true};
    const struct data_call_options options = {
        .visit = visit, .questions = question, .count = 1, .done = done, .owner = question};
    return data_call_begin(&options, err);
}

const struct route page_data_routes[] = {
    {.pattern = "/data", .methods = HTTP_GET, .answer = answer_data}, {.pattern = NULL}};
