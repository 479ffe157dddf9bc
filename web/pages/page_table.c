/* /data/{table}: its rows, partitions with the runs that wrote them, columns.
 * /data/{table}/rows.csv and rows.json: the rows alone. */
#include "web/pages/pages.h"
#include "web/pages/table_page.h"
#include "web/site/page.h"

#include <inttypes.h>
#include <string.h>

#define PARTITIONS_SHOWN 30
#define PARTITIONS_MOST 1000

/* `dt=20211111/region=cn` as filters. */
static void partition_url(struct table_page *page, const char *spec, struct url *url)
{
    data_url(url, page->visit, page->ask.table, NULL);
    while (*spec != '\0') {
        size_t length = strcspn(spec, "/");
        const char *equals = memchr(spec, '=', length);
        if (equals != NULL)
            url_query(
                url, arena_copy(page->visit->arena, spec, (size_t)(equals - spec)),
                arena_copy(page->visit->arena, equals + 1, length - (size_t)(equals - spec) - 1));
        spec += length + (spec[length] == '/' ? 1 : 0);
    }
}

static void write_writer(struct table_page *page, const struct json *partition)
{
    struct html *html = page->html;
    struct url url;
    int64_t run = json_get_int(partition, "run", 0);
    const char *node = json_get_string(partition, "node", "");
    html_open(html, "td");
    if (run > 0) {
        url_begin(&url, page->visit->arena, "/runs");
        url_part_int(&url, run);
        url_fragment(&url, arena_format(page->visit->arena, "n-%s", node));
        html_link(html, url_string(&url), arena_format(page->visit->arena, "%" PRId64, run));
    }
    html_close(html, "td");
    html_open(html, "td");
    html_format(html, "%s/%s", json_get_string(partition, "flow", ""), node);
    html_close(html, "td");
    html_open(html, "td");
    html_element(html, "code", NULL, json_get_string(partition, "commit", ""));
    html_close(html, "td");
}

static void write_partition(struct table_page *page, const struct json *partition)
{
    struct html *html = page->html;
    struct visit *visit = page->visit;
    struct url url;
    const char *spec = json_get_string(partition, "partition", "");
    html_open(html, "tr");
    html_open(html, "th");
    html_attr(html, "scope", "row");
    partition_url(page, spec, &url);
    if (spec[0] != '\0')
        html_link(html, url_string(&url), spec);
    else
        html_say(html, STR_DATA_WHOLE_TABLE);
    html_close(html, "th");
    html_element(html, "td", "n", data_number(visit, json_get_int(partition, "rows", 0)));
    html_element(html, "td", "n", data_bytes(visit, json_get_int(partition, "bytes", 0)));
    html_open(html, "td");
    html_attr(html, "class", "nb");
    page_time(visit, data_time(json_get_string(partition, "modified", "")), NULL);
    html_close(html, "td");
    write_writer(page, partition);
    html_close(html, "tr");
}

static void write_partitions(struct table_page *page)
{
    static const enum string_key keys[] = {STR_DATA_PARTITION, STR_DATA_ROWS, STR_DATA_SIZE,
                                           STR_DATA_CHANGED,   STR_RUN,       STR_DATA_WRITTEN_BY,
                                           STR_VERSION};
    struct html *html = page->html;
    int64_t all = json_get_int(page->table, "partitions", 0);
    html_element_say(html, "h2", NULL, STR_DATA_PARTITIONS);
    html_open(html, "div");
    html_attr(html, "class", "scroll");
    html_open(html, "table");
    html_attr(html, "class", "list");
    data_head(html, keys, sizeof keys / sizeof *keys, 0x6);
    html_open(html, "tbody");
    for (size_t i = 0; i < page->partitions.count; i++)
        write_partition(page, page->partitions.items[i]);
    html_close(html, "tbody");
    html_close(html, "table");
    html_close(html, "div");
    if (all <= (int64_t)page->partitions.count)
        return;
    struct url url;
    table_ask_url(&page->ask, NULL, SIZE_MAX, &url);
    url_query_int(&url, "_partitions", PARTITIONS_MOST);
    html_open(html, "p");
    html_say_with(html, STR_DATA_PARTITIONS_SHOWN,
                  (const char *const[]){data_number(page->visit, (int64_t)page->partitions.count),
                                        data_number(page->visit, all), NULL});
    html_text(html, " ");
    if (page->partitions_asked < PARTITIONS_MOST)
        html_link(html, url_string(&url), string_of(html->language, STR_DATA_MORE_PARTITIONS));
    html_close(html, "p");
}

/* ---- columns ---- */

static void write_columns(struct table_page *page)
{
    static const enum string_key keys[] = {STR_DATA_COLUMN, STR_DATA_TYPE, STR_DATA_COMMENT};
    struct html *html = page->html;
    html_element_say(html, "h2", NULL, STR_DATA_COLUMNS);
    html_open(html, "div");
    html_attr(html, "class", "scroll");
    html_open(html, "table");
    html_attr(html, "class", "list");
    data_head(html, keys, sizeof keys / sizeof *keys, 0);
    html_open(html, "tbody");
    for (const struct json *column = json_first(json_get(page->table, "columns")); column != NULL;
         column = json_next(column)) {
        html_open(html, "tr");
        html_open(html, "th");
        html_attr(html, "scope", "row");
        html_text(html, json_get_string(column, "name", ""));
        html_close(html, "th");
        html_open(html, "td");
        html_element(html, "code", NULL, json_get_string(column, "type", ""));
        if (json_get_bool(column, "partition", false))
            html_element_say(html, "small", NULL, STR_DATA_PARTITION_COLUMN);
        html_close(html, "td");
        html_element(html, "td", NULL, json_get_string(column, "comment", ""));
        html_close(html, "tr");
    }
    html_close(html, "tbody");
    html_close(html, "table");
    html_close(html, "div");
    html_open(html, "details");
    html_element_say(html, "summary", NULL, STR_DATA_DDL);
    html_open(html, "pre");
    html_attr(html, "class", "source");
    html_open(html, "span");
    html_attr(html, "class", "l");
    html_text(html, json_get_string(page->table, "ddl", ""));
    html_close(html, "span");
    html_close(html, "pre");
    html_close(html, "details");
}

/* ---- the page ---- */

static void write_sub(struct table_page *page)
{
    struct html *html = page->html;
    struct visit *visit = page->visit;
    int64_t days = json_get_int(page->table, "lifecycle_days", 0);
    const char *comment = json_get_string(page->table, "comment", "");
    html_open(html, "p");
    html_attr(html, "class", "sub dots");
    if (comment[0] != '\0')
        html_element(html, "span", NULL, comment);
    html_open(html, "span");
    html_say_with(
        html, STR_DATA_SO_MANY_ROWS,
        (const char *const[]){data_number(visit, json_get_int(page->table, "rows", 0)), NULL});
    html_close(html, "span");
    html_element(html, "span", NULL, data_bytes(visit, json_get_int(page->table, "bytes", 0)));
    if (days > 0) {
        html_open(html, "span");
        html_say_count(html, STR_DATA_KEPT, days);
        html_close(html, "span");
    }
    html_close(html, "p");
}

static int write_page(struct table_page *page, struct error *err)
{
    struct visit *visit = page->visit;
    const char *name = json_get_string(page->table, "name", page->ask.table);
    struct page_head head = {.title = name,
                             .nav = PAGE_NAV_DATA,
                             .crumbs = {{"/data", string_of(visit->language, STR_NAV_DATA)}},
                             .alternate =
                                 arena_format(visit->arena, "/api/v1/tables/%s/rows", name)};
    page->html = page_begin(visit, &head);
    html_element(page->html, "h1", NULL, name);
    write_sub(page);
    table_page_filters(page);
    if (table_page_rows(page, err) != 0)
        return -1;
    write_partitions(page);
    write_columns(page);
    return page_end(visit);
}

static int done(struct visit *visit, void *owner, struct error *err)
{
    struct table_page *page = owner;
    struct data_objects tables = {0};
    int result = -1;
    page->visit = visit;
    if (data_objects_read(visit, page->questions[TABLE_QUESTION_TABLE].ret_output, &tables, err) ==
            0 &&
        data_objects_read(visit, page->questions[TABLE_QUESTION_PARTITIONS].ret_output,
                          &page->partitions, err) == 0) {
        page->table = tables.count > 0 ? tables.items[0] : NULL;
        result = write_page(page, err);
    }
    data_objects_free(&tables);
    data_objects_free(&page->partitions);
    return result;
}

/* What the form adds stands in the address like all filters. */
static int redirect_typed(struct visit *visit, const struct table_ask *ask)
{
    struct url url;
    table_ask_url(ask, NULL, SIZE_MAX, &url);
    return visit_redirect(visit, url_string(&url));
}

static int answer_table(struct visit *visit, struct error *err)
{
    struct table_page *page = arena_alloc(visit->arena, sizeof *page);
    *page = (struct table_page){.visit = visit};
    if (table_ask_read(visit, &page->ask, err) != 0)
        return -1;
    if (visit_has(visit, "_column"))
        return redirect_typed(visit, &page->ask);
    page->partitions_asked = visit_int(visit, "_partitions", PARTITIONS_SHOWN);
    const char *newest = arena_format(visit->arena, "%" PRId64, page->partitions_asked);
    const char *table[] = {"show", page->ask.table, NULL};
    const char *partitions[] = {"--newest", newest, "partitions", page->ask.table, NULL};
    int64_t limit = page->ask.limit + 1;
    if (page->ask.offset + limit > TABLE_ASK_REACH)
        limit = TABLE_ASK_REACH - page->ask.offset;
    if (limit < 1)
        return table_ask_out_of_reach(err);
    page->questions[TABLE_QUESTION_TABLE] =
        (struct data_question){.format = "json", .words = table};
    page->questions[TABLE_QUESTION_PARTITIONS] =
        (struct data_question){.format = "json", .words = partitions};
    page->questions[TABLE_QUESTION_ROWS] =
        (struct data_question){.format = "csv", .words = table_ask_words(&page->ask, limit)};
    const struct data_call_options options = {.visit = visit,
                                              .questions = page->questions,
                                              .count = TABLE_QUESTION_COUNT,
                                              .done = done,
                                              .owner = page};
    return data_call_begin(&options, err);
}

/* ---- downloads ---- */

struct download {
    struct data_question question;
    const char *content_type;
    const char *name; /* of the file */
};

static int download_done(struct visit *visit, void *owner, struct error *err)
{
    const struct download *download = owner;
    (void)err;
    visit->response->status = 200;
    visit->response->content_type = download->content_type;
    http_set_header(visit->response, "Content-Disposition", download->name);
    text_append_bytes(&visit->response->body, text_string(download->question.ret_output),
                      download->question.ret_output->length);
    return 0;
}

static int begin_download(struct visit *visit, bool is_json, struct error *err)
{
    struct table_ask ask;
    struct download *download = arena_alloc(visit->arena, sizeof *download);
    if (table_ask_read(visit, &ask, err) != 0)
        return -1;
    int64_t limit = visit_has(visit, "_limit") ? ask.limit : TABLE_ASK_REACH - ask.offset;
    if (limit < 1)
        return table_ask_out_of_reach(err);
    *download = (struct download){
        .question = {.format = is_json ? "json" : "csv", .words = table_ask_words(&ask, limit)},
        .content_type = is_json ? "application/json" : "text/csv; charset=utf-8",
        .name = is_json ? "inline; filename=\"rows.json\"" : "attachment; filename=\"rows.csv\""};
    const struct data_call_options options = {.visit = visit,
                                              .questions = &download->question,
                                              .count = 1,
                                              .done = download_done,
                                              .owner = download};
    return data_call_begin(&options, err);
}

static int answer_csv(struct visit *visit, struct error *err)
{
    return begin_download(visit, false, err);
}

static int answer_json(struct visit *visit, struct error *err)
{
    return begin_download(visit, true, err);
}

const struct route page_table_routes[] = {{.pattern = "/data/{table}",
                                           .methods = HTTP_GET,
                                           .parameters = table_ask_parameters,
                                           .takes_columns = true,
                                           .answer = answer_table},
                                          {.pattern = "/data/{table}/rows.csv",
                                           .methods = HTTP_GET,
                                           .parameters = table_ask_parameters,
                                           .takes_columns = true,
                                           .answer = answer_csv},
                                          {.pattern = "/data/{table}/rows.json",
                                           .methods = HTTP_GET,
                                           .parameters = table_ask_parameters,
                                           .takes_columns = true,
                                           .answer = answer_json},
                                          {.pattern = NULL}};
