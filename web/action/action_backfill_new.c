/* /backfills/new: which dates, and what that would do, before it is done. */
#include "web/action/actions.h"

#include "scheduler/system/clock.h"
#include "web/action/backfill_preview.h"
#include "web/action/confirm.h"
#include "web/site/calendar.h"
#include "web/site/engine_call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STRETCHES_SHOWN 8

static const struct parameter new_parameters[] = {
    {.name = "flow", .kind = PARAMETER_NAME},
    {.name = "from", .kind = PARAMETER_DATE},
    {.name = "to", .kind = PARAMETER_DATE},
    {.name = "weekdays", .kind = PARAMETER_CHOICE, .choices = "0|1"},
    {.name = "nodes", .kind = PARAMETER_TEXT, .max = 1000},
    {.name = "redo", .kind = PARAMETER_CHOICE, .choices = "never|failed|always"},
    {.name = "order", .kind = PARAMETER_CHOICE, .choices = "asc|desc"},
    {.name = "parallel", .kind = PARAMETER_INT, .min = 1, .max = BACKFILL_PREVIEW_MAX_PARALLEL},
    {.name = "reason", .kind = PARAMETER_TEXT, .max = CONFIRM_REASON_BYTES},
    {.name = "changed", .kind = PARAMETER_CHOICE, .choices = "1"},
    {.name = NULL}};

/* What was typed is in the query, and in the form that begins it. */
static const char *typed(const struct visit *visit, const char *name)
{
    return visit->request->method == HTTP_POST ? visit_form(visit, name, "")
                                               : visit_text(visit, name, "");
}

static int read_ask(struct visit *visit, struct backfill_ask *ret_ask, struct error *err)
{
    const char *parallel = typed(visit, "parallel");
    struct backfill_ask ask = {
        .flow = typed(visit, "flow"),
        .range = arena_format(visit->arena, "%s..%s", typed(visit, "from"), typed(visit, "to")),
        .only_weekdays = strcmp(typed(visit, "weekdays"), "1") == 0,
        .redo = typed(visit, "redo"),
        .is_descending = strcmp(typed(visit, "order"), "desc") == 0,
        .selection = typed(visit, "nodes"),
        .reason = typed(visit, "reason")};
    if (parallel[strspn(parallel, "0123456789")] != '\0' || strlen(parallel) > 5)
        return error_set(err, ERROR_KIND_USAGE, "`%.40s` is not a number", parallel);
    ask.parallel = (int32_t)strtol(parallel, NULL, 10);
    *ret_ask = ask;
    return 0;
}

/* ---- the form ---- */

struct choice {
    const char *value;
    const char *text;
};

static void write_label(struct html *html, const char *name, enum string_key key)
{
    html_open(html, "label");
    html_attr_format(html, "for", "f-%s", name);
    html_say(html, key);
    html_close(html, "label");
}

static void write_input(struct visit *visit, const char *name, enum string_key key,
                        const char *type)
{
    struct html *html = &visit->html;
    const char *value = visit_text(visit, name, "");
    write_label(html, name, key);
    html_void(html, "input");
    html_attr_format(html, "id", "f-%s", name);
    html_attr(html, "name", name);
    html_attr(html, "type", type);
    html_attr(html, "value", value);
    if (strcmp(type, "date") == 0)
        html_flag(html, "required");
    if (strcmp(type, "number") == 0) {
        html_attr(html, "min", "1");
        html_attr_int(html, "max", BACKFILL_PREVIEW_MAX_PARALLEL);
    }
}

static void write_select(struct visit *visit, const char *name, enum string_key key,
                         const struct choice *choices, size_t count)
{
    struct html *html = &visit->html;
    const char *value = visit_text(visit, name, "");
    write_label(html, name, key);
    html_open(html, "select");
    html_attr_format(html, "id", "f-%s", name);
    html_attr(html, "name", name);
    for (size_t i = 0; i < count; i++) {
        html_open(html, "option");
        html_attr(html, "value", choices[i].value);
        if (strcmp(choices[i].value, value) == 0)
            html_flag(html, "selected");
        html_text(html, choices[i].text);
        html_close(html, "option");
    }
    html_close(html, "select");
}

static int write_flows(struct visit *visit, struct error *err)
{
    const char *const *names;
    size_t count;
    if (site_flow_names(visit->site, visit->arena, &names, &count, err) < 0)
        return -1;
    struct choice *choices = arena_array(visit->arena, count + 1, sizeof *choices);
    for (size_t i = 0; i < count; i++)
        choices[i] = (struct choice){names[i], names[i]};
    write_select(visit, "flow", STR_FLOW, choices, count);
    return 0;
}

static void write_weekdays(struct visit *visit)
{
    struct html *html = &visit->html;
    write_label(html, "weekdays", STR_BACKFILL_WEEKDAYS);
    html_open(html, "span");
    html_void(html, "input");
    html_attr(html, "id", "f-weekdays");
    html_attr(html, "type", "checkbox");
    html_attr(html, "name", "weekdays");
    html_attr(html, "value", "1");
    if (visit_int(visit, "weekdays", 0) != 0)
        html_flag(html, "checked");
    html_close(html, "span");
}

static int write_form(struct visit *visit, struct error *err)
{
    struct html *html = &visit->html;
    const struct choice redo[] = {{"failed", string_of(visit->language, STR_BACKFILL_REDO_FAILED)},
                                  {"never", string_of(visit->language, STR_BACKFILL_REDO_NEVER)},
                                  {"always", string_of(visit->language, STR_BACKFILL_REDO_ALWAYS)}};
    const struct choice order[] = {{"asc", string_of(visit->language, STR_BACKFILL_OLDEST_FIRST)},
                                   {"desc", string_of(visit->language, STR_BACKFILL_NEWEST_FIRST)}};
    html_open(html, "form");
    html_attr(html, "class", "form");
    html_attr(html, "action", "/backfills/new");
    if (write_flows(visit, err) < 0)
        return -1;
    write_input(visit, "from", STR_BACKFILL_FROM, "date");
    write_input(visit, "to", STR_BACKFILL_TO, "date");
    html_element_say(html, "p", "hint", STR_BACKFILL_BOTH);
    write_weekdays(visit);
    write_input(visit, "nodes", STR_BACKFILL_NODES, "text");
    html_element_say(html, "p", "hint", STR_BACKFILL_NODES_HINT);
    write_select(visit, "redo", STR_BACKFILL_REDO, redo, sizeof redo / sizeof *redo);
    write_select(visit, "order", STR_BACKFILL_ORDER, order, sizeof order / sizeof *order);
    write_input(visit, "parallel", STR_BACKFILL_PARALLEL, "number");
    write_input(visit, "reason", STR_REASON, "text");
    html_open(html, "div");
    html_attr(html, "class", "actions");
    html_element_say(html, "button", NULL, STR_BACKFILL_PREVIEW);
    html_close(html, "div");
    html_close(html, "form");
    return 0;
}

/* ---- the preview ---- */

static void write_decision(struct visit *visit, const struct backfill_plan *plan,
                           enum date_decision decision, enum string_key key)
{
    struct html *html = &visit->html;
    const struct backfill_stretch *stretches;
    if (plan->decided[decision] == 0)
        return;
    size_t count = backfill_plan_stretches(plan, decision, visit->arena, &stretches);
    html_open(html, "li");
    html_open(html, "strong");
    html_say_count(html, key, plan->decided[decision]);
    html_close(html, "strong");
    html_text(html, " ");
    for (size_t i = 0; i < count && i < STRETCHES_SHOWN; i++)
        html_format(html, stretches[i].count > 1 ? "%s%s … %s" : "%s%s", i > 0 ? ", " : "",
                    stretches[i].first, stretches[i].last);
    html_text(html, count > STRETCHES_SHOWN ? ", …" : "");
    html_close(html, "li");
}

static void write_notes(struct visit *visit, const struct backfill_plan *plan)
{
    struct html *html = &visit->html;
    if (plan->estimate.us > 0) {
        html_open(html, "p");
        html_say_with(html, STR_BACKFILL_ESTIMATE,
                      (const char *const[]){visit_duration(visit, plan->estimate),
                                            visit_duration(visit, plan->per_date), NULL});
        html_close(html, "p");
    }
    for (size_t i = 0; i < plan->shared_table_count; i++) {
        html_open(html, "p");
        html_attr(html, "class", "hint");
        html_say_with(html, STR_BACKFILL_SHARED,
                      (const char *const[]){plan->shared_tables[i], NULL});
        html_close(html, "p");
    }
}

static int compare_dates(const void *a, const void *b)
{
    return strcmp(((const struct calendar_day *)a)->bizdate,
                  ((const struct calendar_day *)b)->bizdate);
}

static const char *date_href(struct visit *visit, const char *flow, const struct store_date *date)
{
    struct url url;
    if (date->run_id > 0) {
        url_begin(&url, visit->arena, "/runs");
        url_part_int(&url, date->run_id);
    } else {
        url_begin(&url, visit->arena, "/flows");
        url_part(&url, flow);
        url_part(&url, "dates");
        url_part(&url, date->bizdate);
    }
    return url_string(&url);
}

/* A day's first decision stands for all its times: they mostly are the same. */
static void write_calendar(struct visit *visit, const struct backfill_preview *preview)
{
    static const struct {
        const char *state;
        enum string_key word;
    } looks[DATE_DECISION_COUNT] = {[DATE_KEEP] = {"success", STR_BACKFILL_DAY_KEPT},
                                    [DATE_REDO] = {"waiting", STR_BACKFILL_DAY_REDO},
                                    [DATE_RUN] = {"waiting", STR_BACKFILL_DAY_RUN},
                                    [DATE_CONFLICT] = {"running", STR_BACKFILL_DAY_CONFLICT},
                                    [DATE_NONE] = {"skipped", STR_BACKFILL_DAY_NONE}};
    const struct backfill_plan *plan = preview->plan;
    struct calendar_day *days = arena_array(visit->arena, plan->count + 1, sizeof *days);
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct store_date *date = &plan->dates[i];
        if (count > 0 && strcmp(days[count - 1].bizdate, date->bizdate) == 0)
            continue;
        days[count++] =
            (struct calendar_day){date->bizdate, looks[date->decision].state,
                                  string_of(visit->language, looks[date->decision].word),
                                  date_href(visit, preview->flow->name, date)};
    }
    qsort(days, count, sizeof *days, compare_dates);
    calendar_write(visit, days, count);
    if (count > CALENDAR_MAX_DAYS)
        html_element_say(&visit->html, "p", "hint", STR_BACKFILL_DAYS_CUT);
}

static const char *command_of(struct visit *visit, const struct backfill_preview *preview)
{
    const struct backfill_ask *ask = preview->ask;
    struct arena *arena = visit->arena;
    return arena_format(arena, "datemill backfill %s %s%s%s%s%s%s%s%s", ask->flow, ask->range,
                        ask->only_weekdays ? " --weekdays" : "",
                        ask->redo[0] != '\0' && strcmp(ask->redo, "failed") != 0
                            ? arena_format(arena, " --redo %s", ask->redo)
                            : "",
                        ask->is_descending ? " --order desc" : "",
                        ask->parallel > 0 ? arena_format(arena, " --parallel %d", ask->parallel)
                                          : "",
                        ask->selection[0] != '\0' ? " --nodes '" : "", ask->selection,
                        ask->selection[0] != '\0' ? "'" : "");
}

static void write_hidden(struct html *html, const char *name, const char *value)
{
    html_void(html, "input");
    html_attr(html, "type", "hidden");
    html_attr(html, "name", name);
    html_attr(html, "value", value);
}

static void write_begin(struct visit *visit, const struct backfill_preview *preview)
{
    static const char *const names[] = {"flow", "from",  "to",       "weekdays", "nodes",
                                        "redo", "order", "parallel", "reason"};
    struct html *html = &visit->html;
    html_open(html, "form");
    html_attr(html, "class", "actions");
    html_attr(html, "method", "post");
    html_attr(html, "action", "/backfills/new");
    page_csrf(visit);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        write_hidden(html, names[i], visit_text(visit, names[i], ""));
    write_hidden(html, "plan_hash", preview->hash);
    html_open(html, "button");
    html_attr(html, "class", "primary");
    html_say_count(html, STR_BACKFILL_BEGIN, preview->plan->to_run);
    html_close(html, "button");
    html_open(html, "span");
    html_attr(html, "class", "cli");
    html_element(html, "code", NULL, command_of(visit, preview));
    html_close(html, "span");
    html_close(html, "form");
}

static void write_preview(struct visit *visit, const struct backfill_preview *preview)
{
    struct html *html = &visit->html;
    const struct backfill_plan *plan = preview->plan;
    html_element_say(html, "h2", NULL, STR_BACKFILL_PLAN);
    html_open(html, "ul");
    write_decision(visit, plan, DATE_RUN, STR_BACKFILL_PLAN_RUN);
    write_decision(visit, plan, DATE_REDO, STR_BACKFILL_PLAN_REDO);
    write_decision(visit, plan, DATE_KEEP, STR_BACKFILL_PLAN_KEEP);
    write_decision(visit, plan, DATE_CONFLICT, STR_BACKFILL_PLAN_CONFLICT);
    write_decision(visit, plan, DATE_NONE, STR_BACKFILL_PLAN_NONE);
    html_close(html, "ul");
    write_notes(visit, plan);
    write_calendar(visit, preview);
    if (plan->to_run == 0)
        html_element_say(html, "p", NULL, STR_BACKFILL_NOTHING);
    else if (confirm_may_change(visit))
        write_begin(visit, preview);
    else
        confirm_write_hint(visit, "/backfills", command_of(visit, preview));
}

/* What is wrong with what was typed stands beside it. */
static void write_wrong(struct visit *visit, const struct error *error)
{
    struct html *html = &visit->html;
    html_open(html, "div");
    html_attr(html, "class", "why failed");
    html_text(html, error->text);
    if (error->help[0] != '\0')
        html_element(html, "p", "muted", error->help);
    html_close(html, "div");
}

static int answer_new(struct visit *visit, struct error *err)
{
    struct backfill_ask ask;
    struct backfill_preview preview = {0};
    struct error wrong = {0};
    bool is_asked = visit_has(visit, "flow") && visit_has(visit, "from") && visit_has(visit, "to");
    struct page_head head = {
        .title = string_of(visit->language, STR_BACKFILL_NEW_TITLE),
        .nav = PAGE_NAV_BACKFILLS,
        .crumbs = {{"/backfills", string_of(visit->language, STR_NAV_BACKFILLS)}}};
    if (read_ask(visit, &ask, err) < 0)
        return -1;
    int result = is_asked ? backfill_preview_make(visit, &ask, &preview, &wrong) : 0;
    if (result < 0)
        visit->response->status = visit_status_of(&wrong);
    struct html *html = page_begin(visit, &head);
    html_element(html, "h1", NULL, head.title);
    if (visit_has(visit, "changed")) {
        html_open(html, "div");
        html_attr(html, "class", "banner");
        html_say(html, STR_BACKFILL_CHANGED);
        html_close(html, "div");
    }
    bool is_written = write_form(visit, err) == 0;
    if (is_written && result < 0)
        write_wrong(visit, &wrong);
    else if (is_written && is_asked)
        write_preview(visit, &preview);
    backfill_preview_free(&preview);
    return is_written ? page_end(visit) : -1;
}

/* ---- it begins ---- */

/* The same form once more, with the plan as it is now. */
static int show_again(struct visit *visit)
{
    struct url url;
    url_begin(&url, visit->arena, "/backfills/new");
    for (size_t i = 0; i < visit->form.count; i++) {
        const struct http_pair *pair = &visit->form.items[i];
        bool is_typed = strcmp(pair->name, "plan_hash") != 0 && strcmp(pair->name, "csrf") != 0;
        if (is_typed && pair->value[0] != '\0')
            url_query(&url, pair->name, pair->value);
    }
    url_query(&url, "changed", "1");
    return visit_redirect(visit, url_string(&url));
}

static int take_reply(struct visit *visit, const struct notice *reply, void *owner,
                      struct error *err)
{
    (void)owner;
    if (strcmp(reply->error.code, "E029") == 0)
        return show_again(visit);
    if (reply->error.kind != ERROR_KIND_NONE)
        return confirm_refused(&reply->error, err);
    if (reply->backfill_id == 0)
        return error_set(err, ERROR_KIND_FAILED, "%s", reply->remark);
    return visit_redirect(visit,
                          arena_format(visit->arena, "/backfills/%" PRId64, reply->backfill_id));
}

static int answer_begin(struct visit *visit, struct error *err)
{
    struct backfill_ask ask;
    struct backfill_preview preview = {0};
    struct request request;
    char key[CLOCK_TOKEN_BYTES];
    if (read_ask(visit, &ask, err) < 0 || clock_make_token(key, err) < 0)
        return -1;
    ask.key = key;
    ask.plan_hash = visit_form(visit, "plan_hash", "");
    if (ask.plan_hash[0] == '\0')
        return error_set(err, ERROR_KIND_USAGE, "look at the plan first: there is no plan_hash");
    int result = backfill_preview_make(visit, &ask, &preview, err);
    if (result == 0) {
        backfill_preview_request(visit, &preview, &request);
        struct engine_call_options options = {
            .visit = visit, .request = &request, .done = take_reply};
        result = engine_call_begin(&options, err);
    }
    backfill_preview_free(&preview);
    return result;
}

const struct route action_backfill_new_routes[] = {
    {.pattern = "/backfills/new",
     .methods = HTTP_GET,
     .parameters = new_parameters,
     .answer = answer_new},
    {.pattern = "/backfills/new", .methods = HTTP_POST, .answer = answer_begin},
    {.pattern = NULL}};
