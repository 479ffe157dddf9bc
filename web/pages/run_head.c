/* The top of a run's page: what it is, why it failed, what can be done, facts, parameters. */
#include "web/html/ansi.h"
#include "web/pages/run_page.h"

#include <inttypes.h>
#include <string.h>

static void write_heading(struct run_page *page)
{
    struct html *html = page->html;
    const struct view_run *run = &page->run;
    html_open(html, "h1");
    html_text(html, run->flow);
    html_text(html, " ");
    html_element(html, "span", "muted", run->bizdate);
    html_text(html, " ");
    page_state(html, run_state_name(run->state));
    html_close(html, "h1");
}

/* `scheduled 2021-11-12 00:30`, with a second only where there is one. */
static const char *planned_of(struct run_page *page)
{
    const char *time = page->run.cyctime;
    bool has_seconds = strlen(time) == 19 && strcmp(time + 16, ":00") != 0;
    return arena_format(page->visit->arena, "%.10s %.*s", time, has_seconds ? 8 : 5, time + 11);
}

static void write_trigger(struct run_page *page)
{
    struct html *html = page->html;
    const char *trigger = page->run.trigger;
    static const char backfill[] = "backfill ";
    html_open(html, "span");
    if (strncmp(trigger, backfill, sizeof backfill - 1) == 0) {
        struct url url;
        url_begin(&url, page->visit->arena, "/backfills");
        url_part(&url, trigger + sizeof backfill - 1);
        html_link(html, url_string(&url), trigger);
    } else {
        html_text(html, trigger);
    }
    html_close(html, "span");
}

static void write_sub(struct run_page *page)
{
    struct html *html = page->html;
    struct arena *arena = page->visit->arena;
    const struct view_run *run = &page->run;
    html_open(html, "p");
    html_attr(html, "class", "sub dots");
    html_open(html, "span");
    html_say_with(html, STR_RUN_NUMBER,
                  (const char *const[]){arena_format(arena, "%" PRId64, run->id), NULL});
    html_close(html, "span");
    html_open(html, "span");
    html_say_with(html, STR_SCHEDULED_FOR, (const char *const[]){planned_of(page), NULL});
    html_close(html, "span");
    if (run->opening > 1) {
        html_open(html, "span");
        html_say_with(html, STR_OPENING,
                      (const char *const[]){arena_format(arena, "%d", run->opening), NULL});
        html_close(html, "span");
    }
    write_trigger(page);
    html_open(html, "span");
    html_say_with(html, STR_FLOW_VERSION, (const char *const[]){run->version, NULL});
    html_close(html, "span");
    if (page->behind > 0) {
        html_open(html, "span");
        html_say_count(html, STR_VERSION_BEHIND, page->behind);
        html_close(html, "span");
    }
    html_link(html, "#story", string_of(page->visit->language, STR_VERSION_MORE));
    html_close(html, "p");
}

/* ---- why ---- */

static void write_error_line(struct run_page *page)
{
    struct html *html = page->html;
    struct visit *visit = page->visit;
    if (page->log.error == SIZE_MAX)
        return;
    const struct log_part_line *line = &page->log.lines[page->log.error];
    struct ansi ansi;
    ansi_init(&ansi);
    html_open(html, "pre");
    ansi_line(&ansi, html, line->line.text, line->line.length, LOG_PART_LINE_BYTES);
    html_close(html, "pre");
    html_open(html, "p");
    html_link(html, arena_format(visit->arena, "#%s", log_part_anchor(visit, line)),
              string_of(visit->language, STR_JUMP_TO_ERROR));
    html_close(html, "p");
}

/* The reason begins with how it ended (`exit 1: …`); what follows is the line that is shown below
 * it, if there is one. */
static void write_reason(struct run_page *page, const struct view_attempt *attempt)
{
    struct html *html = page->html;
    struct ansi ansi;
    ansi_init(&ansi);
    const char *reason = page->run.failure.text;
    size_t length = strlen(reason);
    const char *colon = strstr(reason, ": ");
    bool is_exit = attempt != NULL && attempt->outcome.end != ATTEMPT_END_SUCCESS &&
                   page->log.error != SIZE_MAX && colon != NULL;
    if (page->run.failure.code[0] != '\0') {
        html_element(html, "code", NULL, page->run.failure.code);
        html_text(html, " ");
    }
    ansi_line(&ansi, html, reason, is_exit ? (size_t)(colon - reason) : length,
              LOG_PART_LINE_BYTES);
}

static const struct view_node *failed_node(const struct run_page *page)
{
    for (size_t i = 0; i < page->nodes.count; i++) {
        if (strcmp(page->nodes.items[i].name, page->run.failure.node) == 0)
            return &page->nodes.items[i];
    }
    return NULL;
}

static void write_why(struct run_page *page)
{
    struct html *html = page->html;
    const struct view_failure *failure = &page->run.failure;
    const struct view_node *node = failed_node(page);
    if (failure->node[0] == '\0')
        return;
    int32_t tries = node != NULL && node->tries > 0 ? node->tries : 1;
    html_open(html, "div");
    html_attr(html, "class", "why failed");
    html_open(html, "div");
    html_open(html, "strong");
    html_link(html, arena_format(page->visit->arena, "#n-%s", failure->node), failure->node);
    html_close(html, "strong");
    html_text(html, " ");
    html_say_count(html, STR_FAILED_AFTER, tries);
    html_text(html, " ");
    write_reason(page, node != NULL ? node->attempt : NULL);
    html_close(html, "div");
    if (page->shown == node)
        write_error_line(page);
    html_close(html, "div");
}

/* ---- actions ---- */

struct run_action {
    const char *part; /* of the URL behind the run's */
    const char *name; /* of the query, NULL = none */
    const char *value;
    enum string_key text;
    const char *class_name;
};

static void write_action(struct run_page *page, const struct run_action *action)
{
    struct html *html = page->html;
    struct url url;
    url_begin(&url, page->visit->arena, "/runs");
    url_part_int(&url, page->run.id);
    url_part(&url, action->part);
    if (action->name != NULL)
        url_query(&url, action->name, action->value);
    if (strcmp(action->part, "mark") == 0)
        url_query(&url, "as", "success");
    html_open(html, "a");
    html_attr(html, "class", action->class_name);
    html_attr(html, "href", url_string(&url));
    html_say(html, action->text);
    html_close(html, "a");
}

static void write_command(struct run_page *page, const char *command)
{
    struct html *html = page->html;
    html_open(html, "span");
    html_attr(html, "class", "cli");
    html_element(html, "code", NULL, command);
    html_close(html, "span");
}

static void write_actions(struct run_page *page)
{
    struct html *html = page->html;
    struct arena *arena = page->visit->arena;
    int64_t id = page->run.id;
    bool can_redo = page->run.state == RUN_FAILED || page->run.state == RUN_STOPPED;
    const struct view_node *failed = failed_node(page);
    html_open(html, "div");
    html_attr(html, "class", "actions");
    if (page->is_open) {
        write_action(page, &(struct run_action){"stop", NULL, NULL, STR_STOP, "button danger"});
        write_command(page, arena_format(arena, "datemill stop %" PRId64, id));
        html_close(html, "div");
        return;
    }
    if (can_redo)
        write_action(page, &(struct run_action){"rerun", "from", "failed", STR_RERUN_FAILED,
                                                "button primary"});
    write_action(page, &(struct run_action){"rerun", "from", "all", STR_RERUN_ALL, "button"});
    if (failed != NULL && failed->state == TASK_FAILED) {
        write_action(page,
                     &(struct run_action){"mark", "node", failed->name, STR_MARK_NODE, "button"});
        write_action(page,
                     &(struct run_action){"skip", "node", failed->name, STR_SKIP_NODE, "button"});
    }
    write_command(page, arena_format(arena, "datemill rerun %" PRId64 " %s", id,
                                     can_redo ? "--from-failed" : "--all"));
    html_close(html, "div");
}

/* ---- facts ---- */

static void begin_fact(struct html *html, enum string_key name)
{
    html_open(html, "div");
    html_element_say(html, "dt", NULL, name);
    html_open(html, "dd");
}

static void end_fact(struct html *html)
{
    html_close(html, "dd");
    html_close(html, "div");
}

static void write_took(struct run_page *page)
{
    struct html *html = page->html;
    const struct view_run *run = &page->run;
    char utc[CIVIL_TIME_BYTES];
    struct instant end = run->ended_at.us != 0 ? run->ended_at : page->visit->now;
    if (run->started_at.us == 0) {
        html_text(html, "–");
        return;
    }
    html_open(html, "span");
    if (page->is_open)
        html_attr_format(
            html, "data-since", "%sZ",
            civil_time_format(civil_from_seconds(run->started_at.us / DURATION_SECOND_US), utc));
    html_text(html, visit_duration(page->visit, instant_elapsed(run->started_at, end)));
    html_close(html, "span");
    if (page->median.samples == 0)
        return;
    html_open(html, "small");
    html_say_with(html, STR_MEDIAN_IS,
                  (const char *const[]){visit_duration(page->visit, page->median.median), NULL});
    html_close(html, "small");
}

static int64_t count_rows(const struct run_page *page)
{
    int64_t rows = -1;
    for (size_t i = 0; i < page->details.table_count; i++) {
        int64_t own = page->details.tables[i].table.rows;
        rows = own < 0 ? rows : (rows < 0 ? 0 : rows) + own;
    }
    return rows;
}

static void write_counts(struct run_page *page)
{
    struct html *html = page->html;
    bool is_first = true;
    for (int state = 0; state < TASK_STATE_COUNT; state++) {
        if (page->run.counts[state] == 0)
            continue;
        html_format(html, "%s%u ", is_first ? "" : " · ", page->run.counts[state]);
        html_text(html, string_state(html->language, task_state_name((enum task_state)state)));
        is_first = false;
    }
}

static void write_facts(struct run_page *page)
{
    struct html *html = page->html;
    int64_t rows = count_rows(page);
    html_open(html, "dl");
    html_attr(html, "class", "facts");
    begin_fact(html, STR_BIZDATE);
    html_text(html, page->run.bizdate);
    end_fact(html);
    begin_fact(html, STR_CYCTIME);
    html_text(html, planned_of(page));
    html_element(html, "small", NULL, page->run.zone);
    end_fact(html);
    begin_fact(html, STR_STARTED);
    page_time(page->visit, page->run.started_at, page->zone);
    end_fact(html);
    begin_fact(html, STR_DURATION);
    write_took(page);
    end_fact(html);
    begin_fact(html, STR_NODES);
    write_counts(page);
    end_fact(html);
    if (rows >= 0) {
        begin_fact(html, STR_ROWS_WRITTEN);
        html_int(html, rows);
        end_fact(html);
    }
    if (page->run.hold != RUN_HOLD_NONE) {
        begin_fact(html, STR_HELD);
        html_text(html, run_hold_name(page->run.hold));
        end_fact(html);
    }
    if (page->details.selection[0] != '\0') {
        begin_fact(html, STR_SELECTION);
        html_element(html, "code", NULL, page->details.selection);
        end_fact(html);
    }
    if (page->details.reason[0] != '\0') {
        begin_fact(html, STR_REASON);
        html_text(html, page->details.reason);
        end_fact(html);
    }
    html_close(html, "dl");
}

/* `var = 20211111 ← ${yyyymmdd}`; how it came about in the title. */
static void write_params(struct run_page *page)
{
    struct html *html = page->html;
    if (page->details.param_count == 0)
        return;
    html_open(html, "dl");
    html_attr(html, "class", "facts");
    for (size_t i = 0; i < page->details.param_count; i++) {
        const struct store_param *param = &page->details.params[i];
        html_open(html, "div");
        html_open(html, "dt");
        if (param->node != NULL && param->node[0] != '\0')
            html_format(html, "%s: ", param->node);
        html_text(html, param->name);
        html_close(html, "dt");
        html_open(html, "dd");
        html_attr(html, "title", param->explanation);
        html_element(html, "code", NULL, param->value);
        html_text(html, " ");
        html_open(html, "span");
        html_attr(html, "class", "muted");
        if (param->is_overridden)
            html_say(html, STR_BY_VAR);
        else
            html_format(html, "← %s", param->written);
        html_close(html, "span");
        html_close(html, "dd");
        html_close(html, "div");
    }
    html_close(html, "dl");
}

void run_head_write(struct run_page *page)
{
    write_heading(page);
    write_sub(page);
    write_why(page);
    write_actions(page);
    write_facts(page);
    write_params(page);
}
