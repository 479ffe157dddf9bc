/* When the nodes of a run waited and ran: this opening's attempts. */
#include "web/draw/timeline_svg.h"
#include "web/pages/run_page.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ROWS 60   /* at first */
#define MOST_ROWS 200 /* when all are asked for */

/* Which nodes have a row: all, or those that ran longest. */
struct rows {
    uint32_t *row_of; /* of a node: its row, UINT32_MAX = none */
    uint32_t *nodes;  /* of a row */
    uint32_t count;
    size_t left_out;
};

struct candidate {
    int64_t us;
    uint32_t node;
};

static int compare_longest(const void *a, const void *b)
{
    const struct candidate *left = a;
    const struct candidate *right = b;
    if (left->us != right->us)
        return left->us < right->us ? 1 : -1;
    return (left->node > right->node) - (left->node < right->node);
}

static struct rows choose_rows(struct run_page *page)
{
    struct arena *arena = page->visit->arena;
    size_t count = page->nodes.count;
    struct candidate *found = arena_array(arena, count + 1, sizeof *found);
    struct rows rows = {.row_of = arena_array(arena, count + 1, sizeof *rows.row_of),
                        .nodes = arena_array(arena, count + 1, sizeof *rows.nodes)};
    size_t candidates = 0;
    for (uint32_t i = 0; i < count; i++) {
        rows.row_of[i] = UINT32_MAX;
        if (page->nodes.items[i].started_at.us != 0)
            found[candidates++] =
                (struct candidate){run_page_took(page, &page->nodes.items[i]).us, i};
    }
    qsort(found, candidates, sizeof *found, compare_longest);
    size_t most = visit_has(page->visit, "timeline") ? MOST_ROWS : MAX_ROWS;
    rows.left_out = candidates > most ? candidates - most : 0;
    for (size_t i = 0; i < candidates - rows.left_out; i++)
        rows.row_of[found[i].node] = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (rows.row_of[i] == UINT32_MAX)
            continue;
        rows.row_of[i] = rows.count;
        rows.nodes[rows.count++] = i;
    }
    return rows;
}

static const char *state_of(const struct view_attempt *attempt)
{
    if (attempt->state != ATTEMPT_ENDED)
        return "running";
    if (attempt->outcome.end == ATTEMPT_END_SUCCESS)
        return "success";
    return attempt->outcome.end == ATTEMPT_END_STOPPED ? "stopped" : "failed";
}

static void add_attempt(struct run_page *page, struct timeline_svg *timeline,
                        struct timeline_svg_bar *bars, const struct view_attempt *attempt,
                        uint32_t row)
{
    struct visit *visit = page->visit;
    struct timeline_svg_bar *bar = &bars[timeline->bar_count++];
    struct instant end = attempt->ended_at.us != 0 ? attempt->ended_at : visit->now;
    const char *state = state_of(attempt);
    *bar = (struct timeline_svg_bar){
        .row = row,
        .from = attempt->started_at,
        .to = end,
        .state = state,
        .title = arena_format(visit->arena, "%s · #%d · %s · %s · %s", attempt->node_name,
                              attempt->number, string_state(visit->language, state),
                              run_page_clock(page, attempt->started_at),
                              visit_duration(visit, instant_elapsed(attempt->started_at, end))),
        .href = run_page_attempt_url(visit, page->run.id, attempt->node_name, attempt->number)};
}

/* Dashed up to its first attempt, or to now; a virtual node is a point. */
static void add_waiting(struct run_page *page, struct timeline_svg *timeline,
                        struct timeline_svg_bar *bars, const struct view_node *node, uint32_t row)
{
    struct instant from = page->run.started_at;
    struct instant to = node->started_at.us != 0 ? node->started_at : page->visit->now;
    if (to.us > from.us)
        bars[timeline->bar_count++] = (struct timeline_svg_bar){.row = row,
                                                                .from = from,
                                                                .to = to,
                                                                .state = "waiting",
                                                                .title = "",
                                                                .href = "",
                                                                .is_waiting = true};
    if (node->attempt == NULL && node->ended_at.us != 0)
        bars[timeline->bar_count++] =
            (struct timeline_svg_bar){.row = row,
                                      .from = node->started_at,
                                      .to = node->ended_at,
                                      .state = task_state_name(node->state),
                                      .title = node->name,
                                      .href = ""};
}

/* Attempts come in the order of their start; bars are wanted row by row. */
static void add_bars(struct run_page *page, const struct rows *rows, struct timeline_svg *timeline,
                     struct timeline_svg_bar *bars)
{
    struct arena *arena = page->visit->arena;
    size_t *next = arena_array(arena, page->attempts.count + 1, sizeof *next);
    size_t *first = arena_array(arena, rows->count + 1, sizeof *first);
    for (size_t i = page->attempts.count; i-- > 0;) {
        const struct view_attempt *attempt = &page->attempts.items[i];
        uint32_t row = attempt->node < page->nodes.count ? rows->row_of[attempt->node] : UINT32_MAX;
        if (row == UINT32_MAX || attempt->opening != page->run.opening ||
            attempt->started_at.us == 0)
            continue;
        next[i] = first[row];
        first[row] = i + 1;
    }
    for (uint32_t row = 0; row < rows->count; row++) {
        add_waiting(page, timeline, bars, &page->nodes.items[rows->nodes[row]], row);
        for (size_t i = first[row]; i > 0; i = next[i - 1])
            add_attempt(page, timeline, bars, &page->attempts.items[i - 1], row);
    }
}

void run_timeline_write(struct run_page *page)
{
    struct html *html = page->html;
    struct arena *arena = page->visit->arena;
    struct rows rows = choose_rows(page);
    if (rows.count == 0)
        return;
    struct timeline_svg_row *names = arena_array(arena, rows.count, sizeof *names);
    struct timeline_svg_bar *bars =
        arena_array(arena, rows.count * 2 + page->attempts.count + 1, sizeof *bars);
    for (uint32_t row = 0; row < rows.count; row++) {
        const char *name = page->nodes.items[rows.nodes[row]].name;
        names[row] = (struct timeline_svg_row){name, arena_format(arena, "#n-%s", name)};
    }
    struct timeline_svg timeline = {.rows = names,
                                    .row_count = rows.count,
                                    .bars = bars,
                                    .from = page->run.started_at,
                                    .to = page->is_open ? page->visit->now : page->run.ended_at,
                                    .caption = string_of(page->visit->language, STR_TIMELINE),
                                    .bars_label = string_of(page->visit->language, STR_ATTEMPTS)};
    add_bars(page, &rows, &timeline, bars);
    html_open(html, "section");
    html_attr(html, "id", "timeline");
    html_flag(html, "data-part");
    html_element_say(html, "h2", NULL, STR_TIMELINE);
    if (rows.left_out > 0) {
        html_open(html, "p");
        html_attr(html, "class", "hint");
        html_say_with(html, STR_TIMELINE_LONGEST,
                      (const char *const[]){arena_format(arena, "%u", rows.count), NULL});
        html_text(html, " ");
        if (!visit_has(page->visit, "timeline"))
            html_link(html, "?timeline=all#timeline",
                      string_of(page->visit->language, STR_SHOW_ALL));
        html_close(html, "p");
    }
    html_open(html, "div");
    html_attr(html, "class", "card");
    timeline_svg_draw(&timeline, html);
    html_close(html, "div");
    html_close(html, "section");
}
