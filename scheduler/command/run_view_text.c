#include "scheduler/command/run_view_text.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"
#include "scheduler/base/zone.h"
#include "scheduler/command/logfmt.h"
#include "scheduler/system/attempt_log.h"

#include <inttypes.h>
#include <string.h>

#define NAME_COLUMNS 28
#define TAIL_LINES 3
#define RULE_COLUMNS 72

static bool is(const char *word, const char *other)
{
    return word != NULL && strcmp(word, other) == 0;
}

static bool has(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static void append_padded(struct text *text, const char *string, size_t columns)
{
    size_t width = utf8_width(string, strlen(string));
    utf8_append_safe(text, string, strlen(string));
    if (width < columns)
        text_append_repeat(text, ' ', columns - width);
}

static void append_run(const struct run_view_place *place, const struct notice *notice,
                       struct text *text)
{
    text_append_format(text, "run %" PRId64 "   ", notice->run_id);
    utf8_append_safe(text, notice->flow, strlen(notice->flow));
    text_append_format(text, "   bizdate %s", notice->bizdate);
    if (has(place->said_date))
        text_append_format(text, " (%s)", place->said_date);
    text_append_format(text, "   scheduled %.10s %.5s", notice->cyctime,
                       strlen(notice->cyctime) > 11 ? notice->cyctime + 11 : "");
    if (has(notice->version))
        text_append_format(text, "   version %s", notice->version);
    text_append_char(text, '\n');
    if (has(notice->remark)) {
        text_append(text, "note: ");
        utf8_append_safe(text, notice->remark, strlen(notice->remark));
        text_append_char(text, '\n');
    }
}

static void append_rule(const struct run_view_place *place, struct text *text, size_t columns)
{
    size_t width = place->terminal->width > 0 ? (size_t)place->terminal->width : RULE_COLUMNS;
    for (size_t i = columns; i < width && i < RULE_COLUMNS; i++)
        text_append(text, terminal_glyph(place->terminal, TERMINAL_GLYPH_RULE));
    text_append_char(text, '\n');
}

static const struct zone *find_zone(const struct run_view_place *place, const struct notice *notice)
{
    const char *name = has(notice->zone) ? notice->zone : "UTC";
    if (*place->zone != NULL && strcmp(zone_name(*place->zone), name) == 0)
        return *place->zone;
    struct zone *zone = NULL;
    if (zone_load(name, &zone, NULL) < 0)
        zone_load("UTC", &zone, NULL);
    zone_free(*place->zone);
    *place->zone = zone;
    return zone;
}

static void append_time(const struct zone *zone, struct instant at, struct text *text)
{
    char stamp[ZONE_RFC3339_BYTES] = "";
    if (zone != NULL && !instant_is_never(at))
        text_append_format(text, "%.12s  ", zone_format_rfc3339(zone, at, stamp) + 11);
}

/* The last lines of what a failed node said. */
static void append_tail(const struct run_view_place *place, const struct notice *notice,
                        struct text *text)
{
    SCOPED_ARENA struct arena arena = {0};
    struct attempt_log_tail tail;
    if (!has(notice->log_path) ||
        attempt_log_tail(notice->log_path, TAIL_LINES, &arena, &tail, NULL) < 0 || tail.count == 0)
        return;
    SCOPED_TEXT struct text title = {0};
    const char *rule = terminal_glyph(place->terminal, TERMINAL_GLYPH_RULE);
    text_append_format(&title, "%s%s %s, last %zu of %s%zu lines ", rule, rule, notice->node,
                       tail.count, tail.is_whole ? "" : "more than ", tail.total);
    text_append(text, text_string(&title));
    append_rule(place, text, utf8_width(text_string(&title), title.length));
    const struct zone *zone = find_zone(place, notice);
    for (size_t i = 0; i < tail.count; i++) {
        append_time(zone, tail.lines[i].at, text);
        utf8_append_safe(text, tail.lines[i].text, tail.lines[i].length);
        text_append_char(text, '\n');
    }
    append_rule(place, text, 0);
}

static void append_node(const struct run_view_place *place, const struct notice *notice,
                        struct text *text)
{
    const struct terminal *terminal = place->terminal;
    bool is_failed = is(notice->state, "failed");
    bool is_retry = is(notice->state, "waiting") && notice->attempt > 0;
    bool is_told = is_retry || !is(notice->state, "waiting") || has(notice->reason);
    if (is(notice->state, "running") || !is_told)
        return;
    if (place->is_quiet && !is_failed)
        return;
    char duration[DURATION_TEXT_BYTES];
    const char *glyph = is(notice->state, "success")
                            ? terminal_glyph(terminal, TERMINAL_GLYPH_OK)
                            : terminal_glyph(terminal, terminal_state_glyph(notice->state));
    if (is_retry)
        glyph = terminal_glyph(terminal, TERMINAL_GLYPH_WARNING);
    text_append_format(text, "[%" PRId64 "/%" PRId64 "] ", place->done, place->all);
    text_append_format(text, "%s%s%s ",
                       terminal_style(terminal, is_retry ? TERMINAL_STYLE_WARNING
                                                         : terminal_state_style(notice->state)),
                       glyph, terminal_style(terminal, TERMINAL_STYLE_PLAIN));
    if (has(place->date))
        text_append_format(text, "%s ", place->date);
    append_padded(text, notice->node, NAME_COLUMNS);
    if (is(notice->state, "success") || is_failed || is_retry || is(notice->state, "stopped"))
        text_append_format(text, " %7s", duration_format(notice->duration, duration));
    if (has(notice->reason)) {
        text_append(text, "   ");
        utf8_append_safe(text, notice->reason, strlen(notice->reason));
    }
    if (has(notice->result)) {
        text_append(text, "   ");
        utf8_append_safe(text, notice->result, strlen(notice->result));
    }
    if (is_failed && notice->attempts_max > 1)
        text_append_format(text, ", try %d of %d", notice->attempt, notice->attempts_max);
    text_append_char(text, '\n');
    if (is_failed)
        append_tail(place, notice, text);
}

static void append_end(const struct run_view_place *place, const struct notice *notice,
                       struct text *text)
{
    const struct terminal *terminal = place->terminal;
    char duration[DURATION_TEXT_BYTES];
    terminal_append_state(terminal, text, notice->state);
    if (has(place->date))
        text_append_format(text, " %s", place->date);
    text_append(text, ": ");
    utf8_append_safe(text, notice->result, strlen(notice->result));
    text_append_format(text, " in %s\n", duration_format(notice->duration, duration));
    if (is(notice->state, "success"))
        return;
    if (has(notice->node))
        text_append_format(text, "  log     datemill logs %" PRId64 " %s\n", notice->run_id,
                           notice->node);
    text_append_format(text, "  redo    datemill rerun %" PRId64 " --from-failed\n",
                       notice->run_id);
    if (has(place->page))
        text_append_format(text, "  page    %s/runs/%" PRId64 "\n", place->page, notice->run_id);
}

void run_view_text_people(const struct run_view_place *place, const struct notice *notice,
                          struct text *text)
{
    switch (notice->kind) {
    case NOTICE_KIND_RUN:
        if (!place->is_quiet)
            append_run(place, notice, text);
        break;
    case NOTICE_KIND_NODE:
        append_node(place, notice, text);
        break;
    case NOTICE_KIND_RUN_END:
        append_end(place, notice, text);
        break;
    case NOTICE_KIND_TROUBLE:
        text_append_format(text, "%s%s%s\n",
                           terminal_style(place->terminal, TERMINAL_STYLE_WARNING),
                           has(notice->reason) ? notice->reason : "it goes on",
                           terminal_style(place->terminal, TERMINAL_STYLE_PLAIN));
        break;
    case NOTICE_KIND_REPLY:
    case NOTICE_KIND_PROGRESS:
    case NOTICE_KIND_BACKFILL:
    case NOTICE_KIND_DATE:
    case NOTICE_KIND_PRUNE:
        break;
    }
}

static void append_stamp(const struct run_view_place *place, const struct notice *notice,
                         struct text *text)
{
    const struct zone *zone = find_zone(place, notice);
    if (zone != NULL)
        logfmt_stamp(text, zone, notice->at);
}

void run_view_text_line(const struct run_view_place *place, const struct notice *notice,
                        struct text *text)
{
    if (notice->kind == NOTICE_KIND_REPLY || notice->kind == NOTICE_KIND_PROGRESS ||
        notice->backfill_id != 0)
        return;
    if (place->is_quiet && !is(notice->state, "failed") && notice->kind != NOTICE_KIND_RUN_END)
        return;
    if (notice->kind == NOTICE_KIND_TROUBLE) {
        append_stamp(place, notice, text);
        logfmt_pair(text, "trouble", has(notice->reason) ? notice->reason : "over");
        text_append_char(text, '\n');
        return;
    }
    char duration[DURATION_TEXT_BYTES];
    append_stamp(place, notice, text);
    text_append_format(text, " run=%" PRId64, notice->run_id);
    logfmt_pair(text, "flow", notice->flow);
    logfmt_pair(text, "date", place->date);
    logfmt_pair(text, "node", notice->kind == NOTICE_KIND_NODE ? notice->node : "");
    logfmt_pair(text, "state", notice->state);
    if (notice->attempt > 0)
        text_append_format(text, " try=%d", notice->attempt);
    if (notice->duration.us > 0)
        logfmt_pair(text, "dur", duration_format(notice->duration, duration));
    logfmt_pair(text, "reason", notice->reason);
    logfmt_pair(text, "result", notice->result);
    logfmt_pair(text, "version", notice->kind == NOTICE_KIND_RUN ? notice->version : "");
    logfmt_pair(text, "note", notice->remark);
    text_append_format(text, " done=%" PRId64 "/%" PRId64 "\n", place->done, place->all);
}
