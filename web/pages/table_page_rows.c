#include "web/pages/table_page.h"

#include "scheduler/base/csv_in.h"
#include "scheduler/base/utf8.h"

#include <string.h>

#define MAX_CELL_BYTES ((size_t)240)       /* of a value; downloads have all of it */
#define MAX_ROWS_BYTES ((size_t)220 << 10) /* of the page */

static bool is_number_type(const char *type)
{
    static const char *const types[] = {"BIGINT", "INT",   "SMALLINT", "TINYINT",
                                        "DOUBLE", "FLOAT", "DECIMAL"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strncmp(type, types[i], strlen(types[i])) == 0)
            return true;
    }
    return false;
}

/* Sorts by the column; by the same once more: the other way round. */
static void write_column(struct table_page *page, const struct json *column)
{
    struct html *html = page->html;
    const char *name = json_get_string(column, "name", "");
    const char *sort = page->ask.sort;
    bool is_up = strcmp(sort, name) == 0;
    bool is_down = sort[0] == '-' && strcmp(sort + 1, name) == 0;
    struct table_ask ask = page->ask;
    struct url url;
    ask.sort = is_up ? arena_format(page->visit->arena, "-%s", name) : name;
    table_ask_url(&ask, NULL, SIZE_MAX, &url);
    html_open(html, "th");
    html_attr(html, "scope", "col");
    if (is_number_type(json_get_string(column, "type", "")))
        html_attr(html, "class", "n");
    if (is_up || is_down)
        html_attr(html, "aria-sort", is_up ? "ascending" : "descending");
    html_link(html, url_string(&url), name);
    if (is_up || is_down)
        html_text(html, is_up ? " ↑" : " ↓");
    html_close(html, "th");
}

static void write_value(struct html *html, const char *value, const char *type)
{
    html_open(html, "td");
    if (value == NULL) {
        html_attr(html, "class", "muted");
        html_text(html, "NULL");
        html_close(html, "td");
        return;
    }
    size_t length = strlen(value);
    bool is_cut = length > MAX_CELL_BYTES;
    html_attr(html, "class", is_number_type(type) ? "n" : "cut");
    if (!is_cut && length > 40)
        html_attr(html, "title", value);
    html_bytes(html, value, is_cut ? utf8_valid_prefix(value, MAX_CELL_BYTES) : length);
    html_text(html, is_cut ? "…" : "");
    html_close(html, "td");
}

static void write_row(struct table_page *page, const char *const *values, size_t count)
{
    const struct json *column = json_first(json_get(page->table, "columns"));
    html_open(page->html, "tr");
    for (size_t i = 0; i < count && column != NULL; i++, column = json_next(column))
        write_value(page->html, values[i], json_get_string(column, "type", ""));
    html_close(page->html, "tr");
}

struct written {
    int64_t rows;
    bool is_full;    /* the page is; there are more of what was asked */
    bool has_behind; /* more rows than the page may show */
};

static int write_body(struct table_page *page, struct written *ret_written, struct error *err)
{
    const struct text *output = page->questions[TABLE_QUESTION_ROWS].ret_output;
    const char *bytes = text_string(output);
    struct csv_in csv = {bytes, bytes + output->length};
    const char *const *values;
    size_t count;
    int result = csv_in_record(&csv, page->visit->arena, &values, &count); /* the names */
    html_open(page->html, "tbody");
    while (result == 1 &&
           (result = csv_in_record(&csv, page->visit->arena, &values, &count)) == 1) {
        if (ret_written->rows == page->ask.limit) {
            ret_written->has_behind = true;
            break;
        }
        if (page->html->text->length > MAX_ROWS_BYTES) {
            ret_written->is_full = true;
            break;
        }
        write_row(page, values, count);
        ret_written->rows++;
    }
    html_close(page->html, "tbody");
    if (result < 0)
        return error_set(err, ERROR_KIND_BUG, "the rows cannot be read");
    return 0;
}

static void write_pager(struct table_page *page, const struct written *written)
{
    struct html *html = page->html;
    int64_t next = page->ask.offset + written->rows;
    bool has_more = (written->has_behind || written->is_full) && next < TABLE_ASK_REACH;
    struct url url;
    if (page->ask.offset == 0 && !has_more)
        return;
    html_open(html, "nav");
    html_attr(html, "class", "pager");
    html_attr(html, "aria-label", string_of(html->language, STR_DATA_ROWS));
    html_open(html, "span");
    if (page->ask.offset > 0) {
        int64_t before =
            page->ask.offset > page->ask.limit ? page->ask.offset - page->ask.limit : 0;
        table_ask_url(&page->ask, NULL, SIZE_MAX, &url);
        if (before > 0)
            url_query_int(&url, "_offset", before);
        html_link(html, url_string(&url), string_of(html->language, STR_DATA_BEFORE));
    }
    html_close(html, "span");
    if (has_more) {
        table_ask_url(&page->ask, NULL, SIZE_MAX, &url);
        url_query_int(&url, "_offset", next);
        html_link(html, url_string(&url), string_of(html->language, STR_DATA_BEHIND));
    }
    html_close(html, "nav");
}

static void write_count(struct table_page *page, const struct written *written)
{
    struct html *html = page->html;
    html_open(html, "p");
    html_attr(html, "class", "hint");
    if (written->rows == 0) {
        html_say(html, STR_DATA_NO_ROWS);
    } else {
        const char *first = data_number(page->visit, page->ask.offset + 1);
        const char *last = data_number(page->visit, page->ask.offset + written->rows);
        html_say_with(html, STR_DATA_ROWS_SHOWN, (const char *const[]){first, last, NULL});
    }
    if (page->ask.offset + written->rows >= TABLE_ASK_REACH) {
        html_text(html, " ");
        html_say_with(html, STR_DATA_REACH,
                      (const char *const[]){data_number(page->visit, TABLE_ASK_REACH), NULL});
    }
    html_close(html, "p");
}

int table_page_rows(struct table_page *page, struct error *err)
{
    struct html *html = page->html;
    struct written written = {0};
    html_open(html, "div");
    html_attr(html, "class", "scroll");
    html_attr(html, "tabindex", "0");
    html_attr(html, "role", "region");
    html_attr(html, "aria-label", string_of(html->language, STR_DATA_ROWS));
    html_open(html, "table");
    html_attr(html, "class", "list");
    html_open(html, "thead");
    html_open(html, "tr");
    for (const struct json *column = json_first(json_get(page->table, "columns")); column != NULL;
         column = json_next(column))
        write_column(page, column);
    html_close(html, "tr");
    html_close(html, "thead");
    if (write_body(page, &written, err) != 0)
        return -1;
    html_close(html, "table");
    html_close(html, "div");
    write_count(page, &written);
    write_pager(page, &written);
    return 0;
}
