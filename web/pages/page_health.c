/* /health: how the project's processes and its store are doing; /healthz for machines. */
#include "web/pages/pages.h"

#include "scheduler/base/scope.h"
#include "scheduler/store/view_history.h"
#include "scheduler/system/keeper_protocol.h"
#include "scheduler/system/lock_file.h"
#include "web/site/page.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define ENGINE_LOCK "engine.lock"
#define LOW_SPACE_BYTES ((int64_t)1 << 30)
#define MAX_WRONG 50 /* flows that are named */

struct page {
    struct visit *visit;
    struct html *html;
    struct store *store; /* NULL: `why` */
    struct error why;
    struct store_figures figures;
    struct view_status status;
};

/* ---- facts ---- */

static void begin_fact(struct page *page, enum string_key name)
{
    html_open(page->html, "div");
    html_element_say(page->html, "dt", NULL, name);
    html_open(page->html, "dd");
}

static void end_fact(struct page *page)
{
    html_close(page->html, "dd");
    html_close(page->html, "div");
}

static void write_fact(struct page *page, enum string_key name, const char *text)
{
    begin_fact(page, name);
    html_text(page->html, text);
    end_fact(page);
}

/* `339 MB`: powers of ten. */
static const char *bytes(struct page *page, int64_t count)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    size_t unit = 0;
    double value = (double)count;
    while (value >= 1000 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1000;
        unit++;
    }
    return arena_format(page->visit->arena, value < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", value,
                        units[unit]);
}

static void write_holder(struct page *page, enum string_key name, const char *lock,
                         enum string_key nobody)
{
    struct lock_holder holder;
    if (lock_file_holder(site_state_dir_fd(page->visit->site), lock, &holder, NULL) < 0 ||
        holder.pid == 0) {
        write_fact(page, name, string_of(page->visit->language, nobody));
        return;
    }
    const char *up = visit_duration(page->visit, instant_elapsed(holder.started, page->visit->now));
    write_fact(page, name,
               page_fill(page->visit, STR_HEALTH_PROCESS,
                         arena_format(page->visit->arena, "%" PRId64, holder.pid), up, NULL));
}

/* ---- the parts ---- */

static void write_processes(struct page *page)
{
    struct visit *visit = page->visit;
    html_element_say(page->html, "h2", NULL, STR_HEALTH_PROCESSES);
    html_open(page->html, "dl");
    html_attr(page->html, "class", "facts");
    write_holder(page, STR_HEALTH_SCHEDULER, ENGINE_LOCK, STR_HEALTH_NO_SCHEDULER);
    write_holder(page, STR_HEALTH_KEEPER, KEEPER_LOCK_NAME, STR_HEALTH_NO_KEEPER);
    const char *up = visit_duration(visit, instant_elapsed(site_since(visit->site), visit->now));
    write_fact(page, STR_HEALTH_PAGE,
               page_fill(visit, STR_HEALTH_PROCESS, arena_format(visit->arena, "%d", (int)getpid()),
                         up, NULL));
    write_fact(page, STR_HEALTH_CONNECTIONS,
               arena_format(visit->arena, "%zu / %d",
                            http_server_connections(visit->exchange->server),
                            HTTP_SERVER_MAX_CONNECTIONS));
    write_fact(page, STR_HEALTH_STREAMS,
               arena_format(visit->arena, "%zu / %d", http_server_streams(visit->exchange->server),
                            HTTP_SERVER_MAX_STREAMS));
    html_close(page->html, "dl");
}

static void write_store(struct page *page)
{
    struct visit *visit = page->visit;
    html_element_say(page->html, "h2", NULL, STR_HEALTH_STORE);
    if (page->store == NULL) {
        bool is_empty = page->why.kind == ERROR_KIND_NOT_FOUND;
        html_element(page->html, "div", is_empty ? "empty" : "why failed",
                     is_empty ? string_of(visit->language, STR_RUNS_NONE) : page->why.text);
        return;
    }
    html_open(page->html, "dl");
    html_attr(page->html, "class", "facts");
    write_fact(page, STR_HEALTH_SIZE, bytes(page, page->figures.file_bytes));
    write_fact(page, STR_HEALTH_WAL, bytes(page, page->figures.wal_bytes));
    begin_fact(page, STR_HEALTH_FREE);
    if (page->figures.free_bytes < LOW_SPACE_BYTES) {
        html_element(page->html, "span", "wrong", bytes(page, page->figures.free_bytes));
    } else {
        html_text(page->html, bytes(page, page->figures.free_bytes));
    }
    end_fact(page);
    write_fact(page, STR_HEALTH_SCHEMA,
               arena_format(visit->arena, "%d", page->figures.schema_version));
    write_fact(page, STR_HEALTH_RUNNING,
               arena_format(visit->arena, "%" PRId64, page->status.running));
    write_fact(page, STR_HEALTH_GRANTED,
               arena_format(visit->arena, "%" PRId64, page->status.granted));
    html_close(page->html, "dl");
}

static void write_wrong_flow(struct page *page, const char *name, const char *why)
{
    struct url url;
    url_begin(&url, page->visit->arena, "/flows");
    url_part(&url, name);
    url_part(&url, "definition");
    html_open(page->html, "li");
    html_link(page->html, url_string(&url), name);
    html_format(page->html, ": %s", why);
    html_close(page->html, "li");
}

static int write_flows(struct page *page, struct error *err)
{
    const char *const *names;
    size_t count;
    size_t wrong = 0;
    if (site_flow_names(page->visit->site, page->visit->arena, &names, &count, err) < 0)
        return -1;
    html_element_say(page->html, "h2", NULL, STR_NAV_FLOWS);
    html_open(page->html, "ul");
    for (size_t i = 0; i < count && wrong < MAX_WRONG; i++) {
        const struct flow *flow;
        struct error why = {0};
        if (visit_flow(page->visit, names[i], &flow, &why) == 0)
            continue;
        write_wrong_flow(page, names[i], why.text);
        wrong++;
    }
    html_close(page->html, "ul");
    html_open(page->html, "p");
    html_say_count(page->html, wrong == 0 ? STR_HEALTH_FLOWS_RIGHT : STR_HEALTH_FLOWS_WRONG,
                   wrong == 0 ? (int64_t)count : (int64_t)wrong);
    html_close(page->html, "p");
    return 0;
}

static void write_versions(struct page *page)
{
    struct arena *arena = page->visit->arena;
    html_element_say(page->html, "h2", NULL, STR_HEALTH_VERSIONS);
    html_open(page->html, "dl");
    html_attr(page->html, "class", "facts");
    write_fact(page, STR_HEALTH_PROGRAM, "datemill " DATEMILL_VERSION);
    write_fact(page, STR_HEALTH_SQLITE, store_library_version(arena));
    write_fact(page, STR_HEALTH_PROJECT, site_project_dir(page->visit->site));
    html_close(page->html, "dl");
}

/* A store that cannot be read is what this page is for: it is shown, not failed with. */
static void read_store(struct page *page)
{
    if (visit_store(page->visit, &page->store, &page->why) == 0 &&
        store_measure(page->store, &page->figures, &page->why) == 0 &&
        view_status(page->store, page->visit->arena, &page->status, &page->why) == 0)
        return;
    page->store = NULL;
}

static int answer_health(struct visit *visit, struct error *err)
{
    struct page page = {.visit = visit};
    struct page_head head = {.title = string_of(visit->language, STR_NAV_HEALTH),
                             .alternate = "/api/v1/health"};
    read_store(&page);
    page.html = page_begin(visit, &head);
    html_element_say(page.html, "h1", NULL, STR_NAV_HEALTH);
    write_processes(&page);
    write_store(&page);
    if (write_flows(&page, err) < 0)
        return -1;
    write_versions(&page);
    html_open(page.html, "p");
    html_say(page.html, STR_HEALTH_MORE);
    html_text(page.html, " ");
    html_element(page.html, "code", NULL, "datemill doctor");
    html_close(page.html, "p");
    return page_end(visit);
}

/* `ok` while the store can be read, or there is none yet. */
static int answer_healthz(struct visit *visit, struct error *err)
{
    struct store *store;
    int64_t event;
    (void)err;
    struct error why = {0};
    bool is_ok = visit_store(visit, &store, &why) == 0
                     ? view_newest_event(store, 0, &event, &why) == 0
                     : why.kind == ERROR_KIND_NOT_FOUND;
    visit->response->status = is_ok ? 200 : 503;
    visit->response->content_type = "text/plain; charset=utf-8";
    http_set_header(visit->response, "Cache-Control", "no-store");
    text_append(&visit->response->body, is_ok ? "ok\n" : "the store cannot be read\n");
    return 0;
}

const struct route page_health_routes[] = {
    {.pattern = "/health", .methods = HTTP_GET, .answer = answer_health},
    {.pattern = "/healthz", .methods = HTTP_GET, .is_open = true, .answer = answer_healthz},
    {.pattern = NULL}};
