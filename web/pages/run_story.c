/* What nodes wait for, what was written, the version, what people did. */
#include "web/pages/run_page.h"

#include <inttypes.h>
#include <string.h>

#define MAX_WAITING 40 /* nodes */
#define MAX_WAITERS 8  /* of one node */

/* Tables that may be wider than a phone scroll by themselves. */
static void begin_table(struct run_page *page, enum string_key name)
{
    struct html *html = page->html;
    html_element_say(html, "h2", NULL, name);
    html_open(html, "div");
    html_attr(html, "class", "scroll");
    html_attr(html, "tabindex", "0");
    html_attr(html, "role", "region");
    html_attr(html, "aria-label", string_of(html->language, name));
    html_open(html, "table");
    html_attr(html, "class", "list");
}

static void end_table(struct run_page *page)
{
    html_close(page->html, "table");
    html_close(page->html, "div");
}

/* ---- waiting ---- */

static bool is_holding(const struct notice_item *item)
{
    return item->key[0] == NOTICE_HOLDS_UP;
}

static void write_waits_of(struct run_page *page, size_t first, size_t end)
{
    struct html *html = page->html;
    const char *name = page->waits.items[first].key;
    html_open(html, "tr");
    html_open(html, "th");
    html_attr(html, "scope", "row");
    html_link(html, arena_format(page->visit->arena, "#n-%s", name), name);
    html_close(html, "th");
    html_open(html, "td");
    for (size_t i = first; i < end && i < first + MAX_WAITERS; i++)
        html_element(html, "div", NULL, page->waits.items[i].text);
    if (end - first > MAX_WAITERS) {
        html_open(html, "div");
        html_say_with(
            html, STR_AND_MORE,
            (const char *const[]){
                arena_format(page->visit->arena, "%zu", end - first - MAX_WAITERS), NULL});
        html_close(html, "div");
    }
    html_close(html, "td");
    html_close(html, "tr");
}

static void write_waiting(struct run_page *page)
{
    struct html *html = page->html;
    size_t nodes = 0;
    if (page->waits.count == 0 || is_holding(&page->waits.items[0]))
        return;
    html_open(html, "section");
    html_attr(html, "id", "waiting");
    html_flag(html, "data-part");
    begin_table(page, STR_WAITING_FOR);
    html_open(html, "tbody");
    for (size_t first = 0, end = 0; first < page->waits.count && nodes < MAX_WAITING;
         first = end, nodes++) {
        const struct notice_item *item = &page->waits.items[first];
        while (end < page->waits.count && strcmp(page->waits.items[end].key, item->key) == 0)
            end++;
        if (is_holding(item))
            break;
        write_waits_of(page, first, end);
    }
    html_close(html, "tbody");
    end_table(page);
    if (page->is_open && !page->waits.is_of_engine)
        html_element_say(html, "p", "hint", STR_NO_SCHEDULER);
    html_close(html, "section");
}

/* ---- tables ---- */

static void write_table_row(struct run_page *page, const struct view_written *written)
{
    struct html *html = page->html;
    struct url url;
    const struct store_table *table = &written->table;
    url_begin(&url, page->visit->arena, "/data");
    url_part(&url, table->table);
    html_open(html, "tr");
    html_open(html, "th");
    html_attr(html, "scope", "row");
    html_link(html, url_string(&url), table->table);
    if (table->partition[0] != '\0')
        html_format(html, "/%s", table->partition);
    html_close(html, "th");
    html_element(html, "td", "n",
                 table->rows >= 0 ? arena_format(page->visit->arena, "%" PRId64, table->rows) : "");
    html_element(html, "td", NULL, table->mode);
    html_element(html, "td", NULL, written->node_name);
    html_close(html, "tr");
}

static void write_head(struct html *html, enum string_key title, const char *class_name)
{
    html_open(html, "th");
    html_attr(html, "scope", "col");
    if (class_name != NULL)
        html_attr(html, "class", class_name);
    html_say(html, title);
    html_close(html, "th");
}

static void write_tables(struct run_page *page)
{
    struct html *html = page->html;
    if (page->details.table_count == 0)
        return;
    begin_table(page, STR_WRITTEN);
    html_open(html, "thead");
    html_open(html, "tr");
    write_head(html, STR_TABLE, NULL);
    write_head(html, STR_ROWS, "n");
    write_head(html, STR_MODE, NULL);
    write_head(html, STR_NODE, NULL);
    html_close(html, "tr");
    html_close(html, "thead");
    html_open(html, "tbody");
    for (size_t i = 0; i < page->details.table_count; i++)
        write_table_row(page, &page->details.tables[i]);
    html_close(html, "tbody");
    end_table(page);
}

/* ---- version ---- */

static void write_fact(struct html *html, enum string_key name, const char *text)
{
    html_open(html, "div");
    html_element_say(html, "dt", NULL, name);
    html_element(html, "dd", NULL, text);
    html_close(html, "div");
}

static void write_version(struct run_page *page)
{
    struct html *html = page->html;
    struct visit *visit = page->visit;
    const struct view_details *details = &page->details;
    bool is_current = page->current != NULL && strcmp(page->current->hash, details->hash) == 0;
    enum string_key standing = page->current == NULL ? STR_VERSION_GONE
                               : is_current          ? STR_VERSION_CURRENT
                                                     : STR_VERSION_OTHER;
    html_element_say(html, "h2", NULL, STR_VERSION);
    html_open(html, "dl");
    html_attr(html, "class", "facts");
    if (details->commit[0] != '\0')
        write_fact(html, STR_COMMIT, arena_format(visit->arena, "%.12s", details->commit));
    write_fact(html, STR_CONTENT, arena_format(visit->arena, "%.12s", details->hash));
    if (details->is_dirty)
        write_fact(html, STR_MODIFIED, string_of(visit->language, STR_MODIFIED_SINCE));
    if (details->version_note[0] != '\0')
        write_fact(html, STR_NOTE, details->version_note);
    html_open(html, "div");
    html_element_say(html, "dt", NULL, STR_TODAY);
    html_open(html, "dd");
    html_say(html, standing);
    if (page->behind > 0) {
        html_open(html, "small");
        html_say_count(html, STR_VERSION_BEHIND, page->behind);
        html_close(html, "small");
    }
    html_close(html, "dd");
    html_close(html, "div");
    html_close(html, "dl");
    html_open(html, "p");
    html_attr(html, "class", "dots");
    html_link(html,
              arena_format(visit->arena, "/flows/%s/definition?run=%" PRId64, page->run.flow,
                           page->run.id),
              string_of(visit->language, STR_DEFINITION_OF_RUN));
    if (page->current != NULL && !is_current)
        html_link(html, arena_format(visit->arena, "/runs/%" PRId64 "/diff", page->run.id),
                  string_of(visit->language, STR_DIFF_TO_CURRENT));
    html_close(html, "p");
}

/* ---- operations ---- */

static void write_operation(struct run_page *page, const struct view_operation *operation)
{
    struct html *html = page->html;
    html_open(html, "tr");
    html_open(html, "td");
    html_attr(html, "class", "nb");
    page_time(page->visit, operation->at, page->zone);
    html_close(html, "td");
    html_open(html, "td");
    html_text(html, store_operation_kind_name(operation->kind));
    if (operation->node_name[0] != '\0')
        html_format(html, " %s", operation->node_name);
    if (operation->detail[0] != '\0')
        html_format(html, " %s", operation->detail);
    html_close(html, "td");
    html_element(html, "td", NULL, operation->who);
    html_element(html, "td", NULL, operation->reason);
    html_close(html, "tr");
}

static void write_operations(struct run_page *page)
{
    struct html *html = page->html;
    if (page->details.operation_count == 0)
        return;
    begin_table(page, STR_OPERATIONS);
    html_open(html, "thead");
    html_open(html, "tr");
    write_head(html, STR_WHEN, NULL);
    write_head(html, STR_OPERATION, NULL);
    write_head(html, STR_WHO, NULL);
    write_head(html, STR_REASON, NULL);
    html_close(html, "tr");
    html_close(html, "thead");
    html_open(html, "tbody");
    for (size_t i = 0; i < page->details.operation_count; i++)
        write_operation(page, &page->details.operations[i]);
    html_close(html, "tbody");
    end_table(page);
}

void run_story_write(struct run_page *page)
{
    struct html *html = page->html;
    write_waiting(page);
    html_open(html, "section");
    html_attr(html, "id", "story");
    write_tables(page);
    write_operations(page);
    write_version(page);
    html_close(html, "section");
}
