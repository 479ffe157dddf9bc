/* /runs/N: one run, from why it failed to what can be done about it. */
#include "web/pages/pages.h"
#include "web/pages/run_page.h"
#include "web/site/engine_call.h"

#include <inttypes.h>

/* ---- the log of one node ---- */

static void write_tries(struct run_page *page)
{
    struct html *html = page->html;
    const struct view_node *node = page->shown;
    for (size_t i = 0; i < page->attempts.count; i++) {
        const struct view_attempt *attempt = &page->attempts.items[i];
        if (attempt->node != node->index || attempt->id == page->log.attempt->id)
            continue;
        html_open(html, "a");
        html_attr(html, "href",
                  run_page_attempt_url(page->visit, page->run.id, node->name, attempt->number));
        html_say_with(
            html, STR_TRY,
            (const char *const[]){arena_format(page->visit->arena, "%d", attempt->number), NULL});
        html_close(html, "a");
    }
}

static void write_log_links(struct run_page *page)
{
    struct html *html = page->html;
    struct arena *arena = page->visit->arena;
    const struct log_part *log = &page->log;
    html_open(html, "p");
    html_attr(html, "class", "sub dots");
    html_open(html, "span");
    if (log->total >= 0 && (size_t)log->total > log->count)
        html_say_with(html, STR_LAST_OF_LINES,
                      (const char *const[]){arena_format(arena, "%zu", log->count),
                                            arena_format(arena, "%" PRId64, log->total), NULL});
    else
        html_say_count(html, STR_LINES, (int64_t)log->count);
    html_close(html, "span");
    const char *url =
        run_page_attempt_url(page->visit, page->run.id, page->shown->name, log->attempt->number);
    if (log->first > 0)
        html_link(html, arena_format(arena, "%s&before=%" PRId64 "#log", url, log->first),
                  string_of(page->visit->language, STR_OLDER_LINES));
    html_link(html,
              arena_format(arena, "/runs/%" PRId64 "/nodes/%s/log?try=%d", page->run.id,
                           page->shown->name, log->attempt->number),
              string_of(page->visit->language, STR_RAW));
    write_tries(page);
    html_close(html, "p");
}

static void write_log(struct run_page *page)
{
    struct html *html = page->html;
    struct arena *arena = page->visit->arena;
    if (page->shown == NULL)
        return;
    int32_t number = page->log.attempt->number;
    html_open(html, "section");
    html_attr(html, "id", "log");
    html_open(html, "h2");
    html_say_with(
        html, STR_LOG_OF,
        (const char *const[]){page->shown->name, arena_format(arena, "%d", number), NULL});
    html_close(html, "h2");
    write_log_links(page);
    const char *key =
        arena_format(arena, "%" PRId64 "/%s/%d", page->run.id, page->shown->name, number);
    if (page->log.count > 0 || page->log.attempt->state != ATTEMPT_ENDED)
        log_part_write(page->visit, &page->log, page->zone, key);
    else
        html_element_say(html, "p", "empty", page->log.is_there ? STR_LOG_EMPTY : STR_LOG_GONE);
    html_close(html, "section");
}

/* ---- the page ---- */

static int write_page(struct run_page *page, struct error *err)
{
    struct visit *visit = page->visit;
    int64_t newest = 0;
    if (view_newest_event(page->store, page->run.id, &newest, err) < 0)
        return -1;
    const char *id = arena_format(visit->arena, "%" PRId64, page->run.id);
    struct url flow;
    url_begin(&flow, visit->arena, "/flows");
    url_part(&flow, page->run.flow);
    struct page_head head = {
        .title = arena_format(visit->arena, "%s %s", page->run.flow, page->run.bizdate),
        .nav = PAGE_NAV_RUNS,
        .crumbs = {{"/runs", string_of(visit->language, STR_NAV_RUNS)},
                   {url_string(&flow), page->run.flow}},
        .zone = page->zone,
        .alternate = arena_format(visit->arena, "/api/v1/runs/%s", id)};
    if (page->is_open)
        head.events =
            arena_format(visit->arena, "/api/v1/events?run=%s&after=%" PRId64, id, newest);
    page->html = page_begin(visit, &head);
    html_open(page->html, "div");
    html_attr(page->html, "data-run", id);
    html_open(page->html, "section");
    html_attr(page->html, "id", "head");
    html_flag(page->html, "data-part");
    run_head_write(page);
    html_close(page->html, "section");
    run_graph_write(page);
    run_timeline_write(page);
    run_nodes_write(page);
    write_log(page);
    run_story_write(page);
    html_close(page->html, "div");
    return page_end(visit);
}

/* A run that is over changes with the next event, and as its flow's files do. */
static int write_unless_unchanged(struct run_page *page, struct error *err)
{
    struct visit *visit = page->visit;
    int64_t newest;
    if (view_newest_event(page->store, 0, &newest, err) < 0)
        return -1;
    const char *hash = page->current != NULL ? page->current->hash : "none";
    if (!page->is_open &&
        visit_is_unchanged(
            visit, arena_format(visit->arena, "%" PRId64 ".%.12s.%d", newest, hash, page->behind)))
        return 0;
    return write_page(page, err);
}

/* `reply` of the engine, NULL = there is none. */
static int answer_with(struct visit *visit, const struct notice *reply, struct error *err)
{
    struct run_page page;
    int64_t id;
    if (visit_part_id(visit, 0, &id, err) < 0)
        return -1;
    int result = run_page_open(&page, visit, id, err);
    if (result == 0) {
        if (reply != NULL && reply->error.kind == ERROR_KIND_NONE)
            page.waits = (struct run_page_waits){reply->items, reply->item_count, true};
        else
            run_page_explain(&page);
        result = write_unless_unchanged(&page, err);
    }
    run_page_close(&page);
    return result;
}

static int explained(struct visit *visit, const struct notice *reply, void *owner,
                     struct error *err)
{
    (void)owner;
    return answer_with(visit, reply, err);
}

static int answer_run(struct visit *visit, struct error *err)
{
    int64_t id;
    struct store *store;
    struct view_run run;
    if (visit_part_id(visit, 0, &id, err) < 0 || visit_store(visit, &store, err) < 0 ||
        view_find_run(store, id, visit->arena, &run, err) < 0)
        return -1;
    if (run_state_is_final(run.state))
        return answer_with(visit, NULL, err);
    struct request request = {.kind = REQUEST_KIND_EXPLAIN, .run_ids = {id}, .run_count = 1};
    struct engine_call_options call = {.visit = visit, .request = &request, .done = explained};
    if (engine_call_begin(&call, NULL) == 0)
        return 0;
    return answer_with(visit, NULL, err);
}

static const struct parameter run_parameters[] = {
    {.name = "sort", .kind = PARAMETER_CHOICE, .choices = "flow|name|state|start|duration|tries"},
    {.name = "from", .kind = PARAMETER_INT, .min = 0, .max = INT32_MAX},
    {.name = "graph", .kind = PARAMETER_CHOICE, .choices = "all"},
    {.name = "timeline", .kind = PARAMETER_CHOICE, .choices = "all"},
    {.name = "log", .kind = PARAMETER_NAME},
    {.name = NULL}};

const struct route page_run_routes[] = {{.pattern = "/runs/{id}",
                                         .methods = HTTP_GET,
                                         .parameters = run_parameters,
                                         .answer = answer_run},
                                        {.pattern = NULL}};
