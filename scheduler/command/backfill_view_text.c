#include "scheduler/command/backfill_view_text.h"

#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"
#include "scheduler/command/backfill_words.h"
#include "scheduler/command/logfmt.h"

#include <inttypes.h>
#include <string.h>

#define BAR_COLUMNS 21
#define BAR_LEAST 8
#define RATE_EXACT_BELOW 100 /* a minute: one digit after the point */
#define REASON_COLUMNS 100   /* of a reason in the list at the end */

static bool is(const char *word, const char *other)
{
    return word != NULL && strcmp(word, other) == 0;
}

static bool has(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool is_bad(const char *state)
{
    return !is(state, "success") && !is(state, "left out");
}

/* ---- the live part ---- */

static void append_counts(const struct backfill_progress *progress, struct text *text)
{
    const struct terminal *terminal = progress->terminal;
    const struct backfill_standing *standing = progress->standing;
    const char *plain = terminal_style(terminal, TERMINAL_STYLE_PLAIN);
    if (standing->failed > 0)
        text_append_format(
            text, "  %s%s %" PRId64 "%s", terminal_style(terminal, TERMINAL_STYLE_RED),
            terminal_glyph(terminal, TERMINAL_GLYPH_FAILED), standing->failed, plain);
    text_append_format(text, "  %s%s %" PRId64 "%s", terminal_style(terminal, TERMINAL_STYLE_BLUE),
                       terminal_glyph(terminal, TERMINAL_GLYPH_RUNNING), standing->running, plain);
}

static void append_rate(const struct backfill_progress *progress, struct text *text)
{
    double rate = progress->per_minute;
    if (rate > 0)
        text_append_format(text, "   %.*f/min", rate < RATE_EXACT_BELOW ? 1 : 0, rate);
}

/* Whole seconds, minutes, hours: it is a guess. */
static void append_left(const struct backfill_progress *progress, struct text *text)
{
    if (!is(progress->standing->state, "running"))
        text_append(text, "   no new dates");
    if (!progress->left.is_known)
        return;
    int64_t seconds = progress->left.left.us / DURATION_SECOND_US;
    if (seconds < 60)
        text_append_format(text, "   %" PRId64 "s left", seconds);
    else if (seconds < 3600)
        text_append_format(text, "   %" PRId64 "m left", (seconds + 30) / 60);
    else
        text_append_format(text, "   %" PRId64 "h %02" PRId64 "m left", seconds / 3600,
                           seconds % 3600 / 60);
    if (progress->left.is_estimate)
        text_append(text, " (estimate)");
}

/* The parts that may be left out, the least important first. */
enum part {
    PART_FINISH,
    PART_RATE,
    PART_BAR,
    PART_LEFT,
    PART_COUNT
};

static void append_parts(const struct backfill_progress *progress, const bool *has_part, size_t bar,
                         struct text *text)
{
    const struct backfill_standing *standing = progress->standing;
    int64_t percent = standing->total > 0 ? standing->done * 100 / standing->total : 100;
    text_append_format(text, "[%" PRId64 "/%" PRId64 "] %3" PRId64 "%%", standing->done,
                       standing->total, percent);
    if (has_part[PART_BAR]) {
        text_append_char(text, ' ');
        backfill_words_bar(progress->terminal, standing->done, standing->total, bar, text);
    }
    append_counts(progress, text);
    if (has_part[PART_RATE])
        append_rate(progress, text);
    if (has_part[PART_LEFT])
        append_left(progress, text);
    if (has_part[PART_LEFT] && has_part[PART_FINISH] && has(progress->finish) &&
        progress->left.is_known)
        text_append_format(text, ", about %s", progress->finish);
}

void backfill_text_progress(const struct backfill_progress *progress, struct text *text)
{
    bool has_part[PART_COUNT] = {true, true, true, true};
    size_t bar = BAR_COLUMNS;
    SCOPED_TEXT struct text line = {0};
    for (int next = 0;;) {
        text_clear(&line);
        append_parts(progress, has_part, bar, &line);
        size_t width = terminal_width_of(text_string(&line));
        bool fits = width <= progress->columns;
        if (fits || next == PART_COUNT)
            break;
        size_t over = width - progress->columns;
        if (bar > BAR_LEAST)
            bar = bar - BAR_LEAST > over ? bar - over : BAR_LEAST;
        else
            has_part[next++] = false;
    }
    text_append(text, text_string(&line));
}

/* ---- failures ---- */

/* A reason of a group, with our mark for what was masked. */
static void append_reason(const struct terminal *terminal, const char *reason, struct text *text)
{
    static const char mark[] = "…";
    for (const char *at = reason; *at != '\0';) {
        const char *next = terminal->has_utf8 ? NULL : strstr(at, mark);
        size_t length = next != NULL ? (size_t)(next - at) : strlen(at);
        utf8_append_safe(text, at, length);
        at += length;
        if (next != NULL) {
            text_append(text, terminal_glyph(terminal, TERMINAL_GLYPH_DOTS));
            at += strlen(mark);
        }
    }
}

void backfill_text_failure(const struct terminal *terminal, const struct notice *notice,
                           const char *date, struct text *text)
{
    const char *state = notice->state != NULL ? notice->state : "";
    const char *shown = is(state, "in conflict") ? "blocked" : state;
    text_append_format(text, "%s%s%s %s", terminal_style(terminal, terminal_state_style(shown)),
                       terminal_glyph(terminal, terminal_state_glyph(shown)),
                       terminal_style(terminal, TERMINAL_STYLE_PLAIN), date);
    if (has(notice->node)) {
        text_append(text, "  ");
        utf8_append_safe(text, notice->node, strlen(notice->node));
    }
    text_append(text, "  ");
    if (!is(state, "failed"))
        text_append_format(text, "%s%s", state, has(notice->reason) ? ": " : "");
    if (has(notice->reason))
        utf8_append_safe(text, notice->reason, strlen(notice->reason));
    text_append_char(text, '\n');
}

void backfill_text_more(const struct terminal *terminal, const struct backfill_group *group,
                        struct text *text)
{
    text_append_format(text,
                       "%s%s%s %" PRId64 " more: ", terminal_style(terminal, TERMINAL_STYLE_RED),
                       terminal_glyph(terminal, TERMINAL_GLYPH_FAILED),
                       terminal_style(terminal, TERMINAL_STYLE_PLAIN), group->count - 1);
    if (has(group->node)) {
        utf8_append_safe(text, group->node, strlen(group->node));
        text_append_char(text, ' ');
    }
    append_reason(terminal, group->reason, text);
}

static void append_group(const struct terminal *terminal, const struct backfill_group *group,
                         struct text *text)
{
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_TEXT struct text reason = {0};
    struct backfill_stretches stretches;
    int64_t dates;
    stretches.count = backfill_group_stretches(group, &arena, &stretches.items, &dates);
    size_t columns = backfill_words_columns(terminal);
    SCOPED_TEXT struct text line = {0};
    text_append_format(&line, "%" PRId64 " %s%s: ", group->count,
                       dates == group->count ? "date" : "run", group->count == 1 ? "" : "s");
    if (has(group->node)) {
        utf8_append_safe(&line, group->node, strlen(group->node));
        text_append_char(&line, ' ');
    }
    append_reason(terminal, group->reason, &reason);
    terminal_append_cut(terminal, &line, text_string(&reason), REASON_COLUMNS);
    text_append(&line, ": ");
    size_t used = terminal_width_of(text_string(&line)) % columns;
    backfill_words_stretches(terminal, &stretches, columns - used, &line);
    text_append_format(text, "%s\n", text_string(&line));
}

void backfill_text_groups(const struct terminal *terminal, const struct backfill_groups *groups,
                          int64_t at_least, struct text *text)
{
    for (size_t i = 0; i < groups->count; i++) {
        if (groups->items[i].count >= at_least)
            append_group(terminal, &groups->items[i], text);
    }
}

/* ---- lines for files and programs ---- */

void backfill_text_line(const struct notice *notice, const struct zone *zone, const char *date,
                        struct text *text)
{
    logfmt_stamp(text, zone, notice->at);
    text_append_format(text, " backfill=%" PRId64, notice->backfill_id);
    logfmt_pair(text, "date", date);
    logfmt_pair(text, "state", notice->state);
    if (is_bad(notice->state)) {
        if (notice->run_id != 0)
            text_append_format(text, " run=%" PRId64, notice->run_id);
        logfmt_pair(text, "node", notice->node);
        logfmt_pair(text, "reason", notice->reason);
    }
    if (notice->duration.us > 0)
        text_append_format(text, " dur=%.1fs",
                           (double)notice->duration.us / (double)DURATION_SECOND_US);
    text_append_format(text, " done=%" PRId64 "/%" PRId64 "\n", notice->done, notice->total);
}

static void write_text(struct json_out *json, const char *key, const char *value)
{
    if (has(value))
        json_out_pair_string(json, key, value);
}

static void write_running(struct json_out *json, const struct notice *notice)
{
    json_out_key(json, "dates");
    json_out_begin_array(json);
    for (size_t i = 0; i < notice->item_count; i++) {
        json_out_begin_object(json);
        json_out_pair_string(json, "date", notice->items[i].key);
        json_out_pair_string(json, "at", notice->items[i].text);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

static void write_date(struct json_out *json, const struct notice *notice)
{
    if (notice->run_id != 0)
        json_out_pair_int(json, "run", notice->run_id);
    write_text(json, "bizdate", notice->bizdate);
    write_text(json, "cyctime", notice->cyctime);
    write_text(json, "state", notice->state);
    write_text(json, "node", notice->node);
    write_text(json, "reason", notice->reason);
    json_out_pair_int(json, "duration_ms", notice->duration.us / 1000);
}

static const char *event_name(enum notice_kind kind)
{
    return kind == NOTICE_KIND_DATE ? "date" : kind == NOTICE_KIND_TROUBLE ? "trouble" : "backfill";
}

void backfill_text_json(const struct notice *notice, const struct zone *zone, bool is_first,
                        struct text *text)
{
    struct json_out json;
    char stamp[ZONE_RFC3339_BYTES];
    json_out_init(&json, text);
    json_out_begin_object(&json);
    if (is_first)
        json_out_pair_int(&json, "schema", 1);
    json_out_pair_string(&json, "event", event_name(notice->kind));
    json_out_pair_string(&json, "at", zone_format_rfc3339(zone, notice->at, stamp));
    json_out_pair_int(&json, "backfill", notice->backfill_id);
    if (notice->kind == NOTICE_KIND_DATE) {
        write_date(&json, notice);
    } else {
        write_text(&json, "flow", notice->flow);
        write_text(&json, "state", notice->state);
        write_text(&json, "reason", notice->reason);
    }
    if (notice->kind != NOTICE_KIND_TROUBLE) {
        json_out_pair_int(&json, "done", notice->done);
        json_out_pair_int(&json, "total", notice->total);
        json_out_pair_int(&json, "failed", notice->failed);
        json_out_pair_int(&json, "running", notice->running);
    }
    if (notice->kind == NOTICE_KIND_BACKFILL) {
        json_out_pair_int(&json, "parallel", notice->dates_parallel);
        write_running(&json, notice);
    }
    json_out_end_object(&json);
    text_append_char(text, '\n');
}

/* ---- the end ---- */

static void append_part(struct text *text, int64_t count, const char *word)
{
    if (count > 0)
        text_append_format(text, "%s%" PRId64 " %s", text->length > 0 ? ", " : "", count, word);
}

static void append_commands(const struct backfill_end *end, struct text *text)
{
    const struct backfill_standing *standing = end->standing;
    bool goes_on = is(standing->state, "paused") || is(standing->state, "stopped");
    if (end->page != NULL && end->page[0] != '\0' &&
        (goes_on || standing->failed > standing->stopped))
        text_append_format(text, "  page    %s/backfills/%" PRId64 "\n", end->page, standing->id);
    if (goes_on)
        text_append_format(text, "  go on   datemill backfill resume %" PRId64 "%s\n", standing->id,
                           end->can_repeat && is(standing->state, "paused")
                               ? "        (or repeat the same command)"
                               : "");
    if (standing->failed - standing->stopped <= 0)
        return;
    if (!goes_on)
        text_append_format(text, "  retry   datemill backfill retry %" PRId64 "\n", standing->id);
    text_append_format(text, "  why     datemill runs list 'backfill:%" PRId64 " state:failed'\n",
                       standing->id);
    for (size_t i = 0; i < end->groups->count; i++) {
        const struct backfill_group *group = &end->groups->items[i];
        if (group->run_id == 0 || group->node[0] == '\0')
            continue;
        text_append_format(text, "  log     datemill logs %" PRId64 " %s\n", group->run_id,
                           group->node);
        return;
    }
}

void backfill_text_end(const struct backfill_end *end, struct text *text)
{
    const struct backfill_standing *standing = end->standing;
    SCOPED_TEXT struct text counts = {0};
    char took[DURATION_TEXT_BYTES];
    append_part(&counts, standing->done - standing->failed, "ok");
    append_part(&counts,
                standing->failed - standing->stopped - standing->blocked - standing->in_conflict,
                "failed");
    append_part(&counts, standing->blocked, "blocked");
    append_part(&counts, standing->in_conflict, "in conflict");
    append_part(&counts, standing->stopped, "stopped");
    append_part(&counts, standing->total - standing->done, "left");
    text_append_format(text, "backfill %" PRId64 " %s%s%s: %s", standing->id,
                       terminal_style(end->terminal, terminal_state_style(standing->state)),
                       standing->state, terminal_style(end->terminal, TERMINAL_STYLE_PLAIN),
                       counts.length > 0 ? text_string(&counts) : "nothing to run");
    if (end->took.us > 0)
        text_append_format(text, " in %s", duration_format(end->took, took));
    text_append_char(text, '\n');
    if (end->says_why && has(standing->reason)) {
        text_append(text, "  because ");
        utf8_append_safe(text, standing->reason, strlen(standing->reason));
        text_append_char(text, '\n');
    }
    append_commands(end, text);
}
