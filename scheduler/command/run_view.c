#include "scheduler/command/run_view.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"
#include "scheduler/command/frame.h"
#include "scheduler/command/page_start.h"
#include "scheduler/command/run_view_text.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define VIEW_QUIET_MS 300 /* nothing is drawn before */
#define VIEW_DRAW_MS 100  /* between two drawings */

/* A node that runs now. */
struct view_node {
    int64_t run_id;
    char *name;
    struct duration since; /* monotonic */
    int64_t done;
    int64_t total;
    char *unit;
};

struct view_run {
    int64_t run_id;
    int64_t node_count;
    int64_t done;
    char *date; /* its business date */
};

struct run_view {
    struct run_view_options options;
    struct terminal *terminal;
    struct frame frame;
    struct zone *zone;     /* of the last notice */
    bool is_live;          /* the terminal can show a live part and it is wanted */
    struct duration began; /* monotonic */
    struct duration drawn;
    struct view_node *running;
    size_t running_count;
    size_t running_capacity;
    struct view_run *runs;
    size_t run_count;
    size_t run_capacity;
};

struct run_view *run_view_new(const struct run_view_options *options)
{
    struct run_view *view = memory_new(1, sizeof *view);
    const struct context *context = options->context;
    view->options = *options;
    view->terminal = context->err;
    view->is_live = context->err->has_cursor && !context->has_no_progress && !context->is_quiet &&
                    !context->is_json;
    view->began = clock_monotonic();
    frame_init(&view->frame, view->terminal);
    return view;
}

static void free_node(struct view_node *node)
{
    free(node->name);
    free(node->unit);
}

void run_view_free(struct run_view *view)
{
    if (view == NULL)
        return;
    frame_free(&view->frame);
    zone_free(view->zone);
    for (size_t i = 0; i < view->running_count; i++)
        free_node(&view->running[i]);
    for (size_t i = 0; i < view->run_count; i++)
        free(view->runs[i].date);
    free(view->running);
    free(view->runs);
    free(view);
}

static struct view_run *find_run(struct run_view *view, int64_t run_id)
{
    for (size_t i = 0; i < view->run_count; i++) {
        if (view->runs[i].run_id == run_id)
            return &view->runs[i];
    }
    return NULL;
}

static struct view_node *find_node(struct run_view *view, const struct notice *notice)
{
    for (size_t i = 0; i < view->running_count; i++) {
        struct view_node *node = &view->running[i];
        if (node->run_id == notice->run_id && strcmp(node->name, notice->node) == 0)
            return node;
    }
    return NULL;
}

static void add_node(struct run_view *view, const struct notice *notice)
{
    if (find_node(view, notice) != NULL)
        return;
    view->running = memory_grow(view->running, view->running_count, &view->running_capacity,
                                sizeof *view->running);
    view->running[view->running_count++] =
        (struct view_node){.run_id = notice->run_id,
                           .name = memory_copy_string(notice->node),
                           .since = {clock_monotonic().us - notice->duration.us}};
}

static void remove_node(struct run_view *view, const struct notice *notice)
{
    struct view_node *node = find_node(view, notice);
    if (node == NULL)
        return;
    free_node(node);
    *node = view->running[--view->running_count];
}

static void open_run(struct run_view *view, const struct notice *notice)
{
    struct view_run *run = find_run(view, notice->run_id);
    if (run == NULL) {
        view->runs =
            memory_grow(view->runs, view->run_count, &view->run_capacity, sizeof *view->runs);
        run = &view->runs[view->run_count++];
        *run = (struct view_run){.run_id = notice->run_id,
                                 .date = memory_copy_string(notice->bizdate)};
    }
    run->node_count = notice->node_count;
    run->done = notice->done;
}

/* Keeps the books; returns the number of nodes of the run that are done. */
static int64_t count_notice(struct run_view *view, const struct notice *notice)
{
    if (notice->kind == NOTICE_KIND_RUN)
        open_run(view, notice);
    struct view_run *run = find_run(view, notice->run_id);
    if (notice->kind == NOTICE_KIND_NODE) {
        if (strcmp(notice->state, "running") == 0)
            add_node(view, notice);
        else
            remove_node(view, notice);
        if (run != NULL)
            run->done = notice->done;
    }
    if (notice->kind == NOTICE_KIND_PROGRESS) {
        struct view_node *node = find_node(view, notice);
        if (node != NULL) {
            node->done = notice->done;
            node->total = notice->total;
            free(node->unit);
            node->unit = memory_copy_string(notice->unit);
        }
    }
    return run == NULL ? 0 : run->done;
}

static void show_for_people(struct run_view *view, const struct notice *notice)
{
    SCOPED_TEXT struct text text = {0};
    const struct view_run *run = find_run(view, notice->run_id);
    struct run_view_place place = {.terminal = view->terminal,
                                   .zone = &view->zone,
                                   .done = run == NULL ? 0 : run->done,
                                   .all = run == NULL ? 0 : run->node_count,
                                   .date = view->run_count > 1 && run != NULL ? run->date : "",
                                   .said_date = view->options.said_date,
                                   .is_quiet = view->options.context->is_quiet};
    if (notice->kind == NOTICE_KIND_RUN_END)
        place.page = page_start_address(view->options.context);
    run_view_text_people(&place, notice, &text);
    terminal_print(view->terminal, "%s", text_string(&text));
}

static void show_as_line(struct run_view *view, const struct notice *notice)
{
    SCOPED_TEXT struct text text = {0};
    const struct view_run *run = find_run(view, notice->run_id);
    struct run_view_place place = {.terminal = view->terminal,
                                   .zone = &view->zone,
                                   .done = run == NULL ? 0 : run->done,
                                   .all = run == NULL ? 0 : run->node_count,
                                   .date = run == NULL ? "" : run->date,
                                   .said_date = view->options.said_date,
                                   .is_quiet = view->options.context->is_quiet};
    run_view_text_line(&place, notice, &text);
    terminal_print(view->terminal, "%s", text_string(&text));
}

void run_view_notice(struct run_view *view, const struct notice *notice)
{
    count_notice(view, notice);
    if (view->options.context->is_json) {
        SCOPED_TEXT struct text json = {0};
        notice_write(notice, &json);
        terminal_print(view->options.context->out, "%s\n", text_string(&json));
    } else if (view->terminal->is_terminal) {
        show_for_people(view, notice);
    } else {
        show_as_line(view, notice);
    }
}

void run_view_say(struct run_view *view, const char *format, ...)
{
    if (view->options.context->is_json)
        return;
    va_list args;
    va_start(args, format);
    terminal_print_args(view->terminal, format, args);
    va_end(args);
    terminal_print(view->terminal, "\n");
    terminal_flush(view->terminal);
}

static void draw_node(struct run_view *view, const struct view_node *node, struct duration now)
{
    SCOPED_TEXT struct text line = {0};
    char since[DURATION_TEXT_BYTES];
    struct duration elapsed = {now.us - node->since.us};
    text_append_format(&line, "  %s%s%s ", terminal_style(view->terminal, TERMINAL_STYLE_BLUE),
                       terminal_glyph(view->terminal, TERMINAL_GLYPH_RUNNING),
                       terminal_style(view->terminal, TERMINAL_STYLE_PLAIN));
    utf8_append_safe(&line, node->name, strlen(node->name));
    text_append_format(&line, "  %s", duration_format(elapsed, since));
    if (node->total > 0)
        text_append_format(&line, "  %" PRId64 "%%", node->done * 100 / node->total);
    else if (node->done > 0 && node->unit != NULL) {
        text_append_format(&line, "  %" PRId64 " ", node->done);
        utf8_append_safe(&line, node->unit, strlen(node->unit));
    }
    frame_add(&view->frame, "%s", text_string(&line));
}

bool run_view_tick(struct run_view *view)
{
    if (!view->is_live)
        return false;
    struct duration now = clock_monotonic();
    if (now.us - view->began.us < VIEW_QUIET_MS * 1000 ||
        now.us - view->drawn.us < VIEW_DRAW_MS * 1000)
        return true;
    view->drawn = now;
    if (view->running_count == 0) {
        frame_erase(&view->frame);
        return true;
    }
    frame_begin(&view->frame);
    for (size_t i = 0; i < view->running_count; i++)
        draw_node(view, &view->running[i], now);
    frame_show(&view->frame);
    return true;
}

void run_view_flush(struct run_view *view)
{
    terminal_flush(view->terminal);
    terminal_flush(view->options.context->out);
}
