#include "scheduler/command/backfill_view.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"
#include "scheduler/command/backfill_words.h"
#include "scheduler/command/frame.h"
#include "scheduler/command/page_start.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define VIEW_QUIET_MS 300     /* nothing is drawn before */
#define VIEW_DRAW_MS 100      /* between two drawings */
#define VIEW_GROUPS_LIVE 3    /* kinds of failures that are counted in the live part */
#define VIEW_COLUMN_GAP 3     /* between two columns of dates */
#define VIEW_FINISH_FROM_S 60 /* time left from which the wall time of the end is said */

struct backfill_view {
    struct backfill_view_options options;
    struct terminal *terminal;
    struct frame frame;
    bool is_live;          /* a live part is shown */
    bool is_lines;         /* a line for each date */
    bool has_json;         /* something was printed as JSON */
    struct duration began; /* monotonic */
    struct duration drawn;
    struct backfill_standing standing; /* its texts are in `texts` */
    struct arena texts;
    struct arena items_arena;
    const struct notice_item *items; /* dates that run now */
    size_t item_count;
    size_t widest; /* item that was ever shown: columns do not jump */
    struct backfill_groups groups;
    struct backfill_rate rate;
};

void backfill_view_show(struct backfill_view *view)
{
    const struct context *context = view->options.context;
    view->is_live = context->err->has_cursor && !context->has_no_progress && !context->is_quiet &&
                    !context->is_json && !view->options.is_silent;
}

struct backfill_view *backfill_view_new(const struct backfill_view_options *options)
{
    struct backfill_view *view = memory_new(1, sizeof *view);
    const struct context *context = options->context;
    view->options = *options;
    view->terminal = context->err;
    if (!options->is_later)
        backfill_view_show(view);
    view->is_lines = !context->is_json && !options->is_silent &&
                     (!context->err->has_cursor || context->has_no_progress);
    view->began = clock_monotonic();
    view->standing = (struct backfill_standing){.flow = "", .state = "running", .reason = ""};
    frame_init(&view->frame, view->terminal);
    return view;
}

void backfill_view_free(struct backfill_view *view)
{
    if (view == NULL)
        return;
    frame_free(&view->frame);
    backfill_groups_free(&view->groups);
    arena_free(&view->texts);
    arena_free(&view->items_arena);
    free(view);
}

const struct backfill_standing *backfill_view_standing(const struct backfill_view *view)
{
    return &view->standing;
}

/* Texts that stay are copied once; there are few of them. */
static const char *keep(struct backfill_view *view, const char *now, const char *text)
{
    if (text == NULL || strcmp(now, text) == 0)
        return now;
    return arena_copy_string(&view->texts, text);
}

static void take_standing(struct backfill_view *view, const struct notice *notice)
{
    struct backfill_standing *standing = &view->standing;
    standing->id = notice->backfill_id;
    standing->done = notice->done;
    standing->total = notice->total;
    standing->failed = notice->failed;
    if (notice->kind == NOTICE_KIND_DATE)
        return; /* the next date takes its place at once: how many run is told by the others */
    standing->running = notice->running;
    standing->flow = keep(view, standing->flow, notice->flow);
    standing->state = keep(view, standing->state, notice->state);
    standing->reason = keep(view, standing->reason, notice->reason);
    standing->parallel = notice->dates_parallel;
}

static int compare_items(const void *a, const void *b)
{
    const struct notice_item *one = a;
    const struct notice_item *other = b;
    return strcmp(one->key, other->key);
}

static void take_items(struct backfill_view *view, const struct notice *notice)
{
    arena_free(&view->items_arena);
    struct notice_item *items = arena_array(&view->items_arena, notice->item_count, sizeof *items);
    for (size_t i = 0; i < notice->item_count; i++)
        items[i] =
            (struct notice_item){arena_copy_string(&view->items_arena, notice->items[i].key),
                                 arena_copy_string(&view->items_arena, notice->items[i].text)};
    qsort(items, notice->item_count, sizeof *items, compare_items);
    view->items = items;
    view->item_count = notice->item_count;
}

/* ---- dates that have ended ---- */

static bool is_state(const struct notice *notice, const char *state)
{
    return notice->state != NULL && strcmp(notice->state, state) == 0;
}

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* Told in full for the first of a kind, or where every date has its line. */
static void take_failure(struct backfill_view *view, const struct notice *notice, const char *date)
{
    struct backfill_failure failure = {.node = text_or_empty(notice->node),
                                       .reason = text_or_empty(notice->reason),
                                       .bizdate = text_or_empty(notice->bizdate),
                                       .run_id = notice->run_id};
    bool is_first = backfill_groups_add(&view->groups, &failure)->count == 1;
    if (!is_first || view->is_lines || view->options.context->is_json)
        return;
    SCOPED_TEXT struct text text = {0};
    backfill_text_failure(view->terminal, notice, date, &text);
    terminal_print(view->terminal, "%s", text_string(&text));
}

static void take_date(struct backfill_view *view, const struct notice *notice)
{
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_TEXT struct text text = {0};
    bool is_success = is_state(notice, "success");
    bool is_stopped = is_state(notice, "stopped");
    const char *date =
        backfill_words_date(text_or_empty(notice->bizdate), text_or_empty(notice->cyctime),
                            view->options.has_times, &arena);
    if (is_success || is_state(notice, "failed"))
        backfill_rate_add(&view->rate, notice->duration, clock_monotonic());
    if (!is_success && !is_stopped)
        take_failure(view, notice, date);
    bool is_told = view->is_lines && (!view->options.context->is_quiet || !is_success);
    if (!is_told)
        return;
    backfill_text_line(notice, view->options.zone, date, &text);
    terminal_print(view->terminal, "%s", text_string(&text));
}

static void print_json(struct backfill_view *view, const struct notice *notice)
{
    SCOPED_TEXT struct text text = {0};
    if (view->options.is_silent)
        return;
    backfill_text_json(notice, view->options.zone, !view->has_json, &text);
    terminal_print(view->options.context->out, "%s", text_string(&text));
    view->has_json = true;
}

static void take_trouble(struct backfill_view *view, const struct notice *notice)
{
    const char *reason = text_or_empty(notice->reason);
    backfill_view_say(view, reason[0] != '\0' ? reason : "it goes on");
}

void backfill_view_notice(struct backfill_view *view, const struct notice *notice)
{
    bool is_standing = notice->backfill_id != 0 && notice->kind != NOTICE_KIND_TROUBLE;
    bool is_news = notice->kind == NOTICE_KIND_DATE || notice->kind == NOTICE_KIND_BACKFILL;
    if (is_standing)
        take_standing(view, notice);
    if (notice->kind == NOTICE_KIND_BACKFILL)
        take_items(view, notice);
    if (notice->kind == NOTICE_KIND_DATE)
        take_date(view, notice);
    if (view->options.context->is_json && (is_news || notice->kind == NOTICE_KIND_TROUBLE))
        print_json(view, notice);
    else if (notice->kind == NOTICE_KIND_TROUBLE)
        take_trouble(view, notice);
}

void backfill_view_say(struct backfill_view *view, const char *line)
{
    if (view->options.context->is_json)
        return;
    terminal_put(view->terminal, line);
    terminal_print(view->terminal, "\n");
    terminal_flush(view->terminal);
}

/* ---- the live part ---- */

static bool is_rate_known(const struct backfill_view *view)
{
    return strcmp(view->standing.state, "running") == 0 && view->standing.reason[0] == '\0' &&
           view->standing.running > 0 &&
           !backfill_rate_is_late(&view->rate, view->options.per_date, view->began,
                                  clock_monotonic());
}

static void draw_progress(struct backfill_view *view)
{
    const struct backfill_standing *standing = &view->standing;
    char finish[CIVIL_TIME_BYTES] = "";
    struct backfill_progress progress = {
        .terminal = view->terminal,
        .standing = standing,
        .per_minute = backfill_rate_per_minute(&view->rate),
        .left = backfill_rate_left(&view->rate, standing->total - standing->done,
                                   standing->parallel, view->options.per_date),
        .columns = (size_t)view->terminal->width};
    if (!is_rate_known(view)) {
        progress.per_minute = 0;
        progress.left = (struct backfill_left){0};
    }
    if (progress.left.left.us >= VIEW_FINISH_FROM_S * DURATION_SECOND_US) {
        struct instant end = instant_add(clock_now(), progress.left.left);
        civil_time_format(zone_civil_at(view->options.zone, end), finish);
    }
    SCOPED_ARENA struct arena arena = {0};
    progress.finish = strlen(finish) > 16 ? arena_copy(&arena, finish + 11, 5) : "";
    SCOPED_TEXT struct text line = {0};
    backfill_text_progress(&progress, &line);
    frame_add(&view->frame, "%s", text_string(&line));
}

/* Kinds of failures with more than one date, the newest first. */
static size_t draw_groups(struct backfill_view *view)
{
    size_t drawn = 0;
    for (size_t i = view->groups.count; i > 0 && drawn < VIEW_GROUPS_LIVE; i--) {
        if (view->groups.items[i - 1].count < 2)
            continue;
        SCOPED_TEXT struct text line = {0};
        backfill_text_more(view->terminal, &view->groups.items[i - 1], &line);
        frame_add(&view->frame, "%s", text_string(&line));
        drawn++;
    }
    return drawn;
}

static void append_item(const struct notice_item *item, struct text *text)
{
    utf8_append_safe(text, item->key, strlen(item->key));
    text_append_char(text, ' ');
    utf8_append_safe(text, item->text, strlen(item->text));
}

static void measure_items(struct backfill_view *view)
{
    for (size_t i = 0; i < view->item_count; i++) {
        SCOPED_TEXT struct text text = {0};
        append_item(&view->items[i], &text);
        size_t width = terminal_width_of(text_string(&text));
        view->widest = width > view->widest ? width : view->widest;
    }
}

/* In two columns where the window is wide enough; `rows` lines at most. */
static void draw_items(struct backfill_view *view, size_t rows)
{
    measure_items(view);
    size_t column = 2 + view->widest + VIEW_COLUMN_GAP;
    size_t each = (size_t)view->terminal->width >= column + view->widest ? 2 : 1;
    size_t needed = (view->item_count + each - 1) / each;
    size_t shown = needed <= rows ? view->item_count : rows > 0 ? (rows - 1) * each : 0;
    for (size_t i = 0; i < shown; i += each) {
        SCOPED_TEXT struct text line = {0};
        text_append(&line, "  ");
        append_item(&view->items[i], &line);
        if (each == 2 && i + 1 < shown) {
            size_t width = terminal_width_of(text_string(&line));
            text_append_repeat(&line, ' ', column - width);
            append_item(&view->items[i + 1], &line);
        }
        frame_add(&view->frame, "%s", text_string(&line));
    }
    if (shown < view->item_count && rows > 0)
        frame_add(&view->frame, "  %s and %zu more",
                  terminal_glyph(view->terminal, TERMINAL_GLYPH_DOTS), view->item_count - shown);
}

bool backfill_view_tick(struct backfill_view *view)
{
    if (!view->is_live)
        return false;
    struct duration now = clock_monotonic();
    bool is_early = now.us - view->began.us < VIEW_QUIET_MS * 1000 ||
                    now.us - view->drawn.us < VIEW_DRAW_MS * 1000;
    if (is_early || view->standing.id == 0)
        return true;
    view->drawn = now;
    frame_begin(&view->frame);
    draw_progress(view);
    size_t used = 1 + draw_groups(view);
    size_t most = view->terminal->height > 1 ? (size_t)view->terminal->height - 1 : 1;
    draw_items(view, most > used + 1 ? most - used - 1 : 0);
    frame_show(&view->frame);
    return true;
}

void backfill_view_flush(struct backfill_view *view)
{
    terminal_flush(view->terminal);
    terminal_flush(view->options.context->out);
}

void backfill_view_count(struct backfill_view *view, const struct date_counts *counts)
{
    view->standing.stopped = counts->items[DATE_STOPPED];
    view->standing.blocked = counts->items[DATE_BLOCKED];
    view->standing.in_conflict = counts->items[DATE_IN_CONFLICT];
}

void backfill_view_end(struct backfill_view *view, bool says_why)
{
    view->is_live = false;
    frame_erase(&view->frame);
    if (view->options.context->is_json || view->standing.id == 0)
        return;
    SCOPED_TEXT struct text text = {0};
    backfill_text_groups(view->terminal, &view->groups, 2, &text);
    struct backfill_end end = {.terminal = view->terminal,
                               .standing = &view->standing,
                               .groups = &view->groups,
                               .took = {clock_monotonic().us - view->began.us},
                               .page = page_start_address(view->options.context),
                               .says_why = says_why,
                               .can_repeat = view->options.can_repeat};
    backfill_text_end(&end, &text);
    terminal_print(view->terminal, "%s", text_string(&text));
    terminal_flush(view->terminal);
}
