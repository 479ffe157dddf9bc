/* /runs/N/nodes/NAME: one attempt: how it ended, what ran, what it wrote, its log. */
#include "web/html/ansi.h"
#include "web/pages/pages.h"
#include "web/pages/run_page.h"
#include "web/pages/source_part.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

struct attempt_page {
    struct visit *visit;
    struct html *html;
    struct store *store;
    const struct zone *zone;
    struct view_run run;
    struct view_details details;
    struct view_attempts attempts;      /* of the run */
    const struct view_attempt *attempt; /* the one that is shown */
    struct flow_file text;              /* what ran; bytes NULL = nothing was kept */
    struct log_part log;
};

/* ---- finding it ---- */

/* The attempt of `try`, or the newest of the node. */
static int find_attempt(struct attempt_page *page, const char *node, struct error *err)
{
    int64_t wanted = visit_int(page->visit, "try", 0);
    int32_t newest = 0;
    for (size_t i = 0; i < page->attempts.count; i++) {
        const struct view_attempt *attempt = &page->attempts.items[i];
        if (strcmp(attempt->node_name, node) != 0)
            continue;
        newest = attempt->number;
        if (wanted == 0 || attempt->number == wanted)
            page->attempt = attempt;
    }
    if (page->attempt != NULL)
        return 0;
    if (newest == 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "node `%.63s` has not run in run %" PRId64,
                         node, page->run.id);
    return error_set(err, ERROR_KIND_NOT_FOUND, "node `%.63s` has %d tries in run %" PRId64, node,
                     newest, page->run.id);
}

static int open_page(struct attempt_page *page, struct visit *visit, struct error *err)
{
    int64_t id;
    *page = (struct attempt_page){.visit = visit};
    if (visit_part_id(visit, 0, &id, err) < 0 || visit_store(visit, &page->store, err) < 0 ||
        view_find_run(page->store, id, visit->arena, &page->run, err) < 0 ||
        view_run_attempts(page->store, id, visit->arena, &page->attempts, err) < 0)
        return -1;
    page->zone = site_zone(visit->site, page->run.zone);
    return find_attempt(page, visit->parts[1], err);
}

/* ---- facts ---- */

static const char *state_of(const struct view_attempt *attempt)
{
    if (attempt->state == ATTEMPT_GRANTED)
        return "waiting";
    if (attempt->state == ATTEMPT_RUNNING)
        return "running";
    if (attempt->outcome.end == ATTEMPT_END_SUCCESS)
        return "success";
    return attempt->outcome.end == ATTEMPT_END_STOPPED ? "stopped" : "failed";
}

static void write_fact(struct html *html, enum string_key name, const char *text)
{
    html_open(html, "div");
    html_element_say(html, "dt", NULL, name);
    html_element(html, "dd", NULL, text);
    html_close(html, "div");
}

static const char *bytes_text(struct arena *arena, int64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int64_t tenths = bytes * 10;
    size_t unit = 0;
    while (tenths >= 10240 && unit + 1 < sizeof units / sizeof units[0]) {
        tenths /= 1024;
        unit++;
    }
    if (unit == 0 || tenths >= 1000)
        return arena_format(arena, "%" PRId64 " %s", tenths / 10, units[unit]);
    return arena_format(arena, "%" PRId64 ".%" PRId64 " %s", tenths / 10, tenths % 10, units[unit]);
}

/* `exit status 1`, `signal 9`, `timeout`. */
static const char *outcome_text(const struct attempt_page *page)
{
    const struct view_attempt *attempt = page->attempt;
    struct arena *arena = page->visit->arena;
    if (attempt->state != ATTEMPT_ENDED)
        return attempt_state_name(attempt->state);
    if (attempt->outcome.end == ATTEMPT_END_FAILURE || attempt->outcome.end == ATTEMPT_END_SIGNAL)
        return arena_format(arena, "%s %d", attempt_end_name(attempt->outcome.end),
                            attempt->outcome.code);
    return attempt_end_name(attempt->outcome.end);
}

static void write_times(struct attempt_page *page)
{
    struct html *html = page->html;
    const struct view_attempt *attempt = page->attempt;
    struct instant end = attempt->ended_at.us != 0 ? attempt->ended_at : page->visit->now;
    html_open(html, "div");
    html_element_say(html, "dt", NULL, STR_STARTED);
    html_open(html, "dd");
    page_time(page->visit, attempt->started_at, page->zone);
    html_close(html, "dd");
    html_close(html, "div");
    if (attempt->started_at.us != 0)
        write_fact(html, STR_DURATION,
                   visit_duration(page->visit, instant_elapsed(attempt->started_at, end)));
}

static void write_facts(struct attempt_page *page)
{
    struct html *html = page->html;
    struct arena *arena = page->visit->arena;
    const struct view_attempt *attempt = page->attempt;
    html_open(html, "dl");
    html_attr(html, "class", "facts");
    write_times(page);
    write_fact(html, STR_OUTCOME, outcome_text(page));
    if (attempt->cpu.us > 0)
        write_fact(html, STR_CPU, visit_duration(page->visit, attempt->cpu));
    if (attempt->peak_bytes > 0)
        write_fact(html, STR_MEMORY, bytes_text(arena, attempt->peak_bytes));
    if (attempt->pid > 0)
        write_fact(html, STR_PROCESS, arena_format(arena, "%" PRId64, attempt->pid));
    if (attempt->log_bytes > 0)
        write_fact(html, STR_LOG, bytes_text(arena, attempt->log_bytes));
    if (attempt->log_lost_bytes > 0)
        write_fact(html, STR_LOG_LOST, bytes_text(arena, attempt->log_lost_bytes));
    if (attempt->leftovers > 0)
        write_fact(html, STR_LEFTOVERS, arena_format(arena, "%d", attempt->leftovers));
    html_close(html, "dl");
}

/* ---- what it wrote and put out ---- */

static void write_tables(struct attempt_page *page)
{
    struct html *html = page->html;
    struct arena *arena = page->visit->arena;
    bool is_first = true;
    for (size_t i = 0; i < page->details.table_count; i++) {
        const struct view_written *written = &page->details.tables[i];
        const struct store_table *table = &written->table;
        struct url url;
        if (written->attempt_id != page->attempt->id)
            continue;
        if (is_first) {
            html_element_say(html, "h2", NULL, STR_WRITTEN);
            html_open(html, "ul");
        }
        is_first = false;
        url_begin(&url, arena, "/data");
        url_part(&url, table->table);
        html_open(html, "li");
        html_link(html, url_string(&url), table->table);
        html_text(html, arena_format(arena, "%s%s · %s", table->partition[0] != '\0' ? "/" : "",
                                     table->partition, table->mode));
        if (table->rows >= 0) {
            html_text(html, " · ");
            html_say_count(html, STR_ROW_COUNT, table->rows);
        }
        html_close(html, "li");
    }
    if (!is_first)
        html_close(html, "ul");
}

static void write_outputs(struct attempt_page *page)
{
    struct html *html = page->html;
    bool is_first = true;
    for (size_t i = 0; i < page->details.output_count; i++) {
        const struct view_output *output = &page->details.outputs[i];
        if (output->attempt_id != page->attempt->id)
            continue;
        if (is_first) {
            html_element_say(html, "h2", NULL, STR_OUTPUTS);
            html_open(html, "dl");
            html_attr(html, "class", "facts");
        }
        is_first = false;
        html_open(html, "div");
        html_element(html, "dt", NULL, output->name);
        html_element(html, "dd", NULL, output->text);
        html_close(html, "div");
    }
    if (!is_first)
        html_close(html, "dl");
}

static void write_text(struct attempt_page *page)
{
    if (page->text.bytes == NULL || page->text.length == 0)
        return;
    html_element_say(page->html, "h2", NULL, STR_WHAT_RAN);
    struct source_part part = {.name = string_of(page->visit->language, STR_WHAT_RAN),
                               .bytes = page->text.bytes,
                               .length = page->text.length,
                               .prefix = "T"};
    source_part_write(page->visit, &part);
}

/* ---- its log ---- */

static void write_log_links(struct attempt_page *page)
{
    struct html *html = page->html;
    struct visit *visit = page->visit;
    const struct log_part *log = &page->log;
    const char *url =
        run_page_attempt_url(visit, page->run.id, page->attempt->node_name, page->attempt->number);
    html_open(html, "p");
    html_attr(html, "class", "sub dots");
    html_open(html, "span");
    if (log->count > 0 && log->total >= 0)
        html_say_with(html, STR_LINES_OF,
                      (const char *const[]){
                          arena_format(visit->arena, "%" PRId64, log->lines[0].number),
                          arena_format(visit->arena, "%" PRId64, log->lines[log->count - 1].number),
                          arena_format(visit->arena, "%" PRId64, log->total), NULL});
    else
        html_say_count(html, STR_LINES, (int64_t)log->count);
    html_close(html, "span");
    if (log->first > 0)
        html_link(html, arena_format(visit->arena, "%s&before=%" PRId64 "#log", url, log->first),
                  string_of(visit->language, STR_OLDER_LINES));
    if (!log->is_at_end)
        html_link(html, arena_format(visit->arena, "%s#log", url),
                  string_of(visit->language, STR_LAST_LINES));
    html_link(html,
              arena_format(visit->arena, "/runs/%" PRId64 "/nodes/%s/log?try=%d", page->run.id,
                           page->attempt->node_name, page->attempt->number),
              string_of(visit->language, STR_RAW));
    html_close(html, "p");
}

static void write_log(struct attempt_page *page)
{
    struct html *html = page->html;
    struct visit *visit = page->visit;
    bool is_live = page->attempt->state != ATTEMPT_ENDED && page->log.is_at_end;
    html_open(html, "section");
    html_attr(html, "id", "log");
    html_element_say(html, "h2", NULL, STR_LOG);
    write_log_links(page);
    if (page->log.count > 0 || is_live)
        log_part_write(visit, &page->log, page->zone,
                       page->log.is_at_end
                           ? arena_format(visit->arena, "%" PRId64 "/%s/%d", page->run.id,
                                          page->attempt->node_name, page->attempt->number)
                           : NULL);
    else
        html_element_say(html, "p", "empty",
                         page->log.is_there || page->attempt->log_path[0] == '\0' ? STR_LOG_EMPTY
                                                                                  : STR_LOG_GONE);
    html_close(html, "section");
}

/* ---- the page ---- */

static void write_tabs(struct attempt_page *page)
{
    struct html *html = page->html;
    struct visit *visit = page->visit;
    html_open(html, "nav");
    html_attr(html, "class", "tabs");
    html_attr(html, "aria-label", string_of(visit->language, STR_ATTEMPTS));
    for (size_t i = 0; i < page->attempts.count; i++) {
        const struct view_attempt *attempt = &page->attempts.items[i];
        if (attempt->node != page->attempt->node)
            continue;
        html_open(html, "a");
        html_attr(html, "href",
                  run_page_attempt_url(visit, page->run.id, attempt->node_name, attempt->number));
        if (attempt == page->attempt)
            html_attr(html, "aria-current", "page");
        html_say_with(
            html, STR_TRY,
            (const char *const[]){arena_format(visit->arena, "%d", attempt->number), NULL});
        html_close(html, "a");
    }
    html_close(html, "nav");
}

static void write_reason(struct attempt_page *page)
{
    struct html *html = page->html;
    if (page->attempt->reason[0] == '\0')
        return;
    struct ansi ansi;
    ansi_init(&ansi);
    html_open(html, "div");
    html_attr_format(html, "class", "why %s", state_of(page->attempt));
    if (page->attempt->code[0] != '\0') {
        html_element(html, "code", NULL, page->attempt->code);
        html_text(html, " ");
    }
    ansi_line(&ansi, html, page->attempt->reason, strlen(page->attempt->reason),
              LOG_PART_LINE_BYTES);
    if (page->log.error != SIZE_MAX) {
        html_text(html, " ");
        html_link(html,
                  arena_format(page->visit->arena, "#%s",
                               log_part_anchor(page->visit, &page->log.lines[page->log.error])),
                  string_of(page->visit->language, STR_JUMP_TO_ERROR));
    }
    html_close(html, "div");
}

static void write_heading(struct attempt_page *page)
{
    struct html *html = page->html;
    html_open(html, "h1");
    html_text(html, page->attempt->node_name);
    html_text(html, " ");
    html_element(html, "span", "muted", page->run.bizdate);
    html_text(html, " ");
    page_state(html, state_of(page->attempt));
    html_close(html, "h1");
}

static int write_page(struct attempt_page *page, struct error *err)
{
    struct visit *visit = page->visit;
    const char *run = arena_format(visit->arena, "/runs/%" PRId64, page->run.id);
    struct url node;
    int64_t newest;
    if (view_newest_event(page->store, page->run.id, &newest, err) < 0)
        return -1;
    url_begin(&node, visit->arena, "/flows");
    url_part(&node, page->run.flow);
    struct page_head head = {
        .title = arena_format(visit->arena, "%s %s", page->attempt->node_name, page->run.bizdate),
        .nav = PAGE_NAV_RUNS,
        .crumbs = {{"/runs", string_of(visit->language, STR_NAV_RUNS)},
                   {url_string(&node), page->run.flow},
                   {run, arena_format(visit->arena, "%s (%" PRId64 ")", page->run.bizdate,
                                      page->run.id)}},
        .zone = page->zone};
    url_part(&node, "nodes");
    url_part(&node, page->attempt->node_name);
    if (page->attempt->state != ATTEMPT_ENDED)
        head.events = arena_format(visit->arena, "/api/v1/events?run=%" PRId64 "&after=%" PRId64,
                                   page->run.id, newest);
    page->html = page_begin(visit, &head);
    write_heading(page);
    html_open(page->html, "p");
    html_attr(page->html, "class", "sub dots");
    html_link(page->html, run, string_of(visit->language, STR_THE_RUN));
    html_link(page->html, url_string(&node), string_of(visit->language, STR_NODE_HISTORY));
    html_close(page->html, "p");
    write_tabs(page);
    write_reason(page);
    write_facts(page);
    write_tables(page);
    write_outputs(page);
    write_text(page);
    write_log(page);
    return page_end(visit);
}

static int answer_attempt(struct visit *visit, struct error *err)
{
    struct attempt_page page;
    if (open_page(&page, visit, err) < 0 ||
        view_run_details(page.store, page.run.id, visit->arena, &page.details, err) < 0)
        return -1;
    bool has_text = page.attempt->text_hash[0] != '\0';
    if (has_text &&
        view_text(page.store, page.attempt->text_hash, visit->arena, &page.text, err) < 0)
        return -1;
    log_part_read(visit, page.attempt, visit_int(visit, "before", 0), &page.log);
    return write_page(&page, err);
}

static const struct parameter attempt_parameters[] = {
    {.name = "try", .kind = PARAMETER_INT, .min = 1, .max = INT32_MAX},
    {.name = "before", .kind = PARAMETER_INT, .min = 1, .max = INT64_MAX},
    {.name = NULL}};

/* ---- the file ---- */

/* One range of bytes (`bytes=100-200`, `bytes=100-`, `bytes=-100`); false for another header, which
 * may be ignored. An empty range is one that cannot be satisfied. */
static bool read_range(const char *header, int64_t size, int64_t *ret_first, int64_t *ret_length)
{
    int64_t numbers[2] = {-1, -1};
    static const char unit[] = "bytes=";
    if (header == NULL || strncmp(header, unit, sizeof unit - 1) != 0)
        return false;
    const char *at = header + sizeof unit - 1;
    for (int i = 0; i < 2; i++) {
        for (; *at >= '0' && *at <= '9'; at++) {
            int64_t value = numbers[i] < 0 ? 0 : numbers[i];
            numbers[i] = value > INT64_MAX / 10 - 10 ? INT64_MAX / 10 : value * 10 + (*at - '0');
        }
        if (i == 0 && *at++ != '-')
            return false;
    }
    if (*at != '\0' || (numbers[0] < 0 && numbers[1] < 0))
        return false;
    int64_t first = numbers[0] >= 0 ? numbers[0] : size - (numbers[1] < size ? numbers[1] : size);
    int64_t last = numbers[0] >= 0 && numbers[1] >= 0 && numbers[1] < size ? numbers[1] : size - 1;
    if (numbers[0] >= 0 && numbers[1] >= 0 && numbers[1] < numbers[0])
        return false;
    *ret_first = first;
    *ret_length = last >= first ? last - first + 1 : 0;
    return true;
}

static void answer_bytes(struct visit *visit, int64_t size)
{
    struct http_response *response = visit->response;
    int64_t first = 0;
    int64_t length = size;
    response->status = 200;
    http_set_header(response, "Accept-Ranges", "bytes");
    if (read_range(http_header(visit->request, "Range"), size, &first, &length)) {
        response->status = length > 0 ? 206 : 416;
        http_set_header(response, "Content-Range",
                        length > 0
                            ? arena_format(visit->arena, "bytes %" PRId64 "-%" PRId64 "/%" PRId64,
                                           first, first + length - 1, size)
                            : arena_format(visit->arena, "bytes */%" PRId64, size));
    }
    response->file_offset = first;
    response->file_length = length;
}

static int answer_raw(struct visit *visit, struct error *err)
{
    struct attempt_page page;
    int64_t size = 0;
    if (open_page(&page, visit, err) < 0)
        return -1;
    int fd = log_part_open(visit, page.attempt, &size);
    if (fd < 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "%s", string_of(visit->language, STR_LOG_GONE));
    visit->response->content_type = "text/plain; charset=utf-8";
    http_set_header(visit->response, "Content-Disposition",
                    arena_format(visit->arena, "inline; filename=\"run-%" PRId64 "-%s-%d.log\"",
                                 page.run.id, page.attempt->node_name, page.attempt->number));
    answer_bytes(visit, size);
    if (visit->response->status == 416) {
        close(fd);
        return 0;
    }
    visit->response->file_fd = fd;
    return 0;
}

static const struct parameter raw_parameters[] = {
    {.name = "try", .kind = PARAMETER_INT, .min = 1, .max = INT32_MAX}, {.name = NULL}};

const struct route page_attempt_routes[] = {{.pattern = "/runs/{id}/nodes/{node}",
                                             .methods = HTTP_GET,
                                             .parameters = attempt_parameters,
                                             .answer = answer_attempt},
                                            {.pattern = "/runs/{id}/nodes/{node}/log",
                                             .methods = HTTP_GET,
                                             .parameters = raw_parameters,
                                             .answer = answer_raw},
                                            {.pattern = NULL}};
