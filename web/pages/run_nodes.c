/* The table of a run's nodes. */
#include "web/pages/run_page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 200 /* of a page of it */

enum node_sort {
    NODE_SORT_FLOW, /* as in the file */
    NODE_SORT_NAME,
    NODE_SORT_STATE,
    NODE_SORT_START,
    NODE_SORT_DURATION,
    NODE_SORT_TRIES
};

static const char *const sort_names[] = {"flow", "name", "state", "start", "duration", "tries"};

/* A row to be sorted: `key`, then `text`, then the order of the flow. */
struct node_row {
    const struct view_node *node;
    int64_t key;
    const char *text;
};

static enum node_sort sort_of(const struct visit *visit)
{
    const char *asked = visit_text(visit, "sort", "flow");
    for (size_t i = 0; i < sizeof sort_names / sizeof sort_names[0]; i++) {
        if (strcmp(asked, sort_names[i]) == 0)
            return (enum node_sort)i;
    }
    return NODE_SORT_FLOW;
}

/* What is wrong comes first, then what goes on. */
static int64_t urgency(enum task_state state)
{
    static const enum task_state order[TASK_STATE_COUNT] = {
        TASK_FAILED,  TASK_STOPPED, TASK_BLOCKED, TASK_RUNNING,
        TASK_WAITING, TASK_FROZEN,  TASK_SKIPPED, TASK_SUCCESS};
    for (int i = 0; i < TASK_STATE_COUNT; i++) {
        if (order[i] == state)
            return i;
    }
    return TASK_STATE_COUNT;
}

static int64_t key_of(const struct run_page *page, const struct view_node *node,
                      enum node_sort sort)
{
    switch (sort) {
    case NODE_SORT_STATE:
        return urgency(node->state);
    case NODE_SORT_START:
        return node->started_at.us != 0 ? node->started_at.us : INT64_MAX;
    case NODE_SORT_DURATION:
        return -run_page_took(page, node).us;
    case NODE_SORT_TRIES:
        return -(int64_t)node->tries;
    case NODE_SORT_FLOW:
    case NODE_SORT_NAME:
        break;
    }
    return 0;
}

static int compare_rows(const void *a, const void *b)
{
    const struct node_row *left = a;
    const struct node_row *right = b;
    if (left->key != right->key)
        return left->key > right->key ? 1 : -1;
    int order = strcmp(left->text, right->text);
    if (order != 0)
        return order;
    return (left->node->index > right->node->index) - (left->node->index < right->node->index);
}

/* Nodes that left the flow and never ran are not shown. */
static size_t sort_rows(struct run_page *page, enum node_sort sort, struct node_row *rows)
{
    size_t count = 0;
    for (size_t i = 0; i < page->nodes.count; i++) {
        const struct view_node *node = &page->nodes.items[i];
        if (node->type[0] != '\0' || node->attempts > 0)
            rows[count++] = (struct node_row){.node = node,
                                              .key = key_of(page, node, sort),
                                              .text = sort == NODE_SORT_NAME ? node->name : ""};
    }
    qsort(rows, count, sizeof *rows, compare_rows);
    return count;
}

/* ---- the head ---- */

static void write_column(struct run_page *page, enum node_sort sort, enum string_key text,
                         bool is_number)
{
    struct html *html = page->html;
    struct url url;
    bool is_current = sort_of(page->visit) == sort;
    html_open(html, "th");
    html_attr(html, "scope", "col");
    if (is_number)
        html_attr(html, "class", "n");
    if (is_current && sort != NODE_SORT_FLOW)
        html_attr(html, "aria-sort",
                  sort == NODE_SORT_NAME || sort == NODE_SORT_START || sort == NODE_SORT_STATE
                      ? "ascending"
                      : "descending");
    url_begin(&url, page->visit->arena, "");
    url_query(&url, "sort", is_current ? sort_names[NODE_SORT_FLOW] : sort_names[sort]);
    url_fragment(&url, "nodes");
    html_link(html, url_string(&url), string_of(page->visit->language, text));
    html_close(html, "th");
}

static void write_plain_column(struct html *html, enum string_key text, const char *class_name)
{
    html_open(html, "th");
    html_attr(html, "scope", "col");
    if (class_name != NULL)
        html_attr(html, "class", class_name);
    html_say(html, text);
    html_close(html, "th");
}

static void write_columns(struct run_page *page)
{
    struct html *html = page->html;
    html_open(html, "thead");
    html_open(html, "tr");
    write_column(page, NODE_SORT_NAME, STR_NODE, false);
    write_plain_column(html, STR_TYPE, NULL);
    write_column(page, NODE_SORT_STATE, STR_STATE, false);
    write_column(page, NODE_SORT_START, STR_STARTED, true);
    write_column(page, NODE_SORT_DURATION, STR_DURATION, true);
    write_plain_column(html, STR_VS_MEDIAN, "n");
    write_column(page, NODE_SORT_TRIES, STR_TRIES, true);
    write_plain_column(html, STR_ROWS, "n");
    write_plain_column(html, STR_OPEN, NULL);
    html_close(html, "tr");
    html_close(html, "thead");
}

/* ---- rows ---- */

static void write_name(struct run_page *page, const struct view_node *node)
{
    struct html *html = page->html;
    struct url url;
    const struct flow_node *definition = run_page_definition(page, node->name);
    url_begin(&url, page->visit->arena, "/flows");
    url_part(&url, page->run.flow);
    url_part(&url, "nodes");
    url_part(&url, node->name);
    html_open(html, "th");
    html_attr(html, "scope", "row");
    html_link(html, url_string(&url), node->name);
    if (definition != NULL && definition->title[0] != '\0')
        html_element(html, "small", NULL, definition->title);
    html_close(html, "th");
}

/* `marked by lin: reason`, or why it is not where one would expect it. */
static void write_state(struct run_page *page, const struct view_node *node)
{
    struct html *html = page->html;
    struct arena *arena = page->visit->arena;
    html_open(html, "td");
    page_state(html, task_state_name(node->state));
    if (node->tag_who[0] != '\0') {
        html_open(html, "small");
        html_say_with(html, STR_BY_WHOM, (const char *const[]){node->tag_who, NULL});
        if (node->tag_reason[0] != '\0')
            html_text(html, arena_format(arena, ": %s", node->tag_reason));
        html_close(html, "small");
    } else if (node->state == TASK_SKIPPED && node->type[0] == '\0') {
        html_element_say(html, "small", NULL, STR_LEFT_FLOW);
    } else if (node->state == TASK_SKIPPED && !node->is_selected) {
        html_element_say(html, "small", NULL, STR_NOT_SELECTED);
    } else if (node->wish != TASK_WISH_NONE) {
        html_element(html, "small", NULL, task_wish_name(node->wish));
    }
    html_close(html, "td");
}

static void write_number(struct html *html, const char *text)
{
    html_element(html, "td", "n", text);
}

/* `+12%`, `= ` within five in a hundred, a dash where there is nothing to compare. */
static const char *against_median(const struct run_page *page, const struct view_node *node)
{
    struct duration median = run_page_median(page, node->name);
    struct duration took = run_page_took(page, node);
    if (median.us <= 0 || node->started_at.us == 0 || node->state != TASK_SUCCESS)
        return "";
    int64_t percent = (took.us - median.us) * 100 / median.us;
    if (percent > -5 && percent < 5)
        return "=";
    if (percent > 999)
        return arena_format(page->visit->arena, "×%" PRId64, took.us / median.us);
    return arena_format(page->visit->arena, "%s%" PRId64 "%%", percent > 0 ? "+" : "−",
                        percent > 0 ? percent : -percent);
}

static const char *rows_of(const struct run_page *page, const struct view_node *node)
{
    int64_t rows = -1;
    for (size_t i = 0; i < page->details.table_count; i++) {
        const struct view_written *written = &page->details.tables[i];
        bool is_own = node->attempt != NULL && written->attempt_id == node->attempt->id;
        if (is_own && written->table.rows >= 0)
            rows = (rows < 0 ? 0 : rows) + written->table.rows;
    }
    return rows < 0 ? "" : arena_format(page->visit->arena, "%" PRId64, rows);
}

static void write_links(struct run_page *page, const struct view_node *node)
{
    struct html *html = page->html;
    html_open(html, "td");
    html_attr(html, "class", "nb dots");
    if (node->attempt != NULL) {
        const char *url = run_page_attempt_url(page->visit, page->run.id, node->name, 0);
        html_link(html, arena_format(page->visit->arena, "%s#log", url),
                  string_of(page->visit->language, STR_LOG));
        html_link(html, url, string_of(page->visit->language, STR_RENDERED));
    }
    html_close(html, "td");
}

static void write_row(struct run_page *page, const struct view_node *node)
{
    struct html *html = page->html;
    struct visit *visit = page->visit;
    bool has_started = node->started_at.us != 0;
    html_open(html, "tr");
    html_attr_format(html, "id", "n-%s", node->name);
    html_attr(html, "data-node", node->name);
    html_attr(html, "class", task_state_name(node->state));
    write_name(page, node);
    html_element(html, "td", NULL, node->type);
    write_state(page, node);
    write_number(html, run_page_clock(page, node->started_at));
    write_number(html, has_started ? visit_duration(visit, run_page_took(page, node)) : "");
    write_number(html, against_median(page, node));
    write_number(html, node->tries > 0 ? arena_format(visit->arena, "%d", node->tries) : "");
    write_number(html, rows_of(page, node));
    write_links(page, node);
    html_close(html, "tr");
}

/* A flow of ten thousand nodes has fifty pages of them. */
static void write_pager(struct run_page *page, size_t from, size_t count)
{
    struct html *html = page->html;
    struct url url;
    if (count <= ROWS)
        return;
    html_open(html, "nav");
    html_attr(html, "class", "pager");
    html_attr(html, "aria-label", string_of(page->visit->language, STR_NODES));
    for (int i = 0; i < 2; i++) {
        bool is_there = i == 0 ? from > 0 : from + ROWS < count;
        size_t to = i == 0 ? (from > ROWS ? from - ROWS : 0) : from + ROWS;
        url_begin(&url, page->visit->arena, "");
        url_query(&url, "sort", sort_names[sort_of(page->visit)]);
        url_query_int(&url, "from", (int64_t)to);
        url_fragment(&url, "nodes");
        if (is_there)
            html_link(html, url_string(&url),
                      arena_format(page->visit->arena, "%zu–%zu", to + 1,
                                   to + ROWS < count ? to + ROWS : count));
        else
            html_element(html, "span", NULL, "");
    }
    html_close(html, "nav");
}

void run_nodes_write(struct run_page *page)
{
    struct html *html = page->html;
    struct node_row *rows = arena_array(page->visit->arena, page->nodes.count + 1, sizeof *rows);
    size_t count = sort_rows(page, sort_of(page->visit), rows);
    int64_t asked = visit_int(page->visit, "from", 0);
    size_t from = asked > 0 && (size_t)asked < count ? (size_t)asked : 0;
    html_open(html, "section");
    html_attr(html, "id", "nodes");
    html_flag(html, "data-part");
    html_element_say(html, "h2", NULL, STR_NODES);
    html_open(html, "div");
    html_attr(html, "class", "scroll");
    html_attr(html, "tabindex", "0");
    html_attr(html, "role", "region");
    html_attr(html, "aria-label", string_of(page->visit->language, STR_NODES));
    html_open(html, "table");
    html_attr(html, "class", "list");
    write_columns(page);
    html_open(html, "tbody");
    for (size_t i = from; i < count && i < from + ROWS; i++)
        write_row(page, rows[i].node);
    html_close(html, "tbody");
    html_close(html, "table");
    html_close(html, "div");
    write_pager(page, from, count);
    html_close(html, "section");
}
