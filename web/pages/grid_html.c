#include "web/pages/grid.h"

#include "web/http/url.h"

#include <stdio.h>
#include <string.h>

#define CELL 24 /* pixels, as in app.css */
#define BAR 14
#define BARS_HEIGHT 40
#define MAX_TITLED_CELLS 500 /* so many cells say their date when pointed at */

/* What stands above a column: the group (a month, an hour, a day) and the label. */
struct heading {
    char group[24];
    char label[8];
};

static struct heading heading_of(const struct grid_view *view, const struct grid_column *column)
{
    struct heading heading = {0};
    if (view->is_sparse) {
        snprintf(heading.group, sizeof heading.group, "%.4s", column->bizdate);
        snprintf(heading.label, sizeof heading.label, "%.5s", column->bizdate + 5);
        return heading;
    }
    if (!view->is_by_time) {
        snprintf(heading.group, sizeof heading.group, "%.7s", column->bizdate);
        snprintf(heading.label, sizeof heading.label, "%.2s", column->bizdate + 8);
        return heading;
    }
    /* 2021-11-12T13:15:00: hours, or minutes where several times share one */
    const struct grid_columns *columns = view->columns;
    bool has_same_hour = false;
    for (size_t i = 1; i < columns->count; i++)
        if (strncmp(columns->items[i - 1].cyctime, columns->items[i].cyctime, 13) == 0 &&
            !columns->items[i].is_second)
            has_same_hour = true;
    if (has_same_hour) {
        snprintf(heading.group, sizeof heading.group, "%.2s:", column->cyctime + 11);
        snprintf(heading.label, sizeof heading.label, "%.2s", column->cyctime + 14);
    } else {
        snprintf(heading.group, sizeof heading.group, "%.10s", column->cyctime);
        snprintf(heading.label, sizeof heading.label, "%.2s%s", column->cyctime + 11,
                 column->is_second ? "′" : "");
    }
    return heading;
}

static bool is_weekend(const char *date)
{
    struct civil_date parsed;
    return civil_date_parse(date, &parsed, NULL) == 0 && civil_weekday(parsed) >= 6;
}

/* "2021-11-11", "2021-11-11, 13:15". */
static const char *column_name(const struct grid_view *view, const struct grid_column *column)
{
    if (!view->is_by_time)
        return column->bizdate;
    return arena_format(view->arena, "%s, %.5s%s", column->bizdate, column->cyctime + 11,
                        column->is_second ? "′" : "");
}

static const char *column_href(const struct grid_view *view, const struct grid_column *column)
{
    struct url url;
    url_begin(&url, view->arena, "/flows");
    url_part(&url, view->flow);
    if (view->is_strip) {
        url_query(&url, "date", column->bizdate);
        return url_string(&url);
    }
    if (view->is_by_time && column->run != NULL) {
        url_begin(&url, view->arena, "/runs");
        url_part_int(&url, column->run->id);
        return url_string(&url);
    }
    url_part(&url, "dates");
    url_part(&url, column->bizdate);
    return url_string(&url);
}

/* ---- the two rows of the head ---- */

static void write_empty(struct html *html)
{
    html_open(html, "td");
    html_close(html, "td");
}

static void write_groups(struct html *html, const struct grid_view *view)
{
    const struct grid_columns *columns = view->columns;
    html_open(html, "tr");
    write_empty(html);
    for (size_t i = 0; i < columns->count;) {
        struct heading first = heading_of(view, &columns->items[i]);
        size_t end = i + 1;
        while (end < columns->count &&
               strcmp(heading_of(view, &columns->items[end]).group, first.group) == 0)
            end++;
        html_open(html, "th");
        html_attr(html, "class", "month");
        html_attr(html, "scope", "colgroup");
        html_attr_int(html, "colspan", (int64_t)(end - i));
        /* one column is too narrow for more than a month's number */
        bool is_narrow = end - i < 2 && !view->is_by_time && !view->is_sparse;
        html_element(html, "span", NULL, is_narrow ? first.group + 5 : first.group);
        html_close(html, "th");
        i = end;
    }
    html_close(html, "tr");
}

static void write_gap(struct html *html, const struct grid_column *column)
{
    const char *values[] = {column->bizdate, column->gap_last, NULL};
    struct text text = {0};
    string_fill(&text, html->language, STR_GRID_GAP, values);
    html_open(html, "th");
    html_attr(html, "scope", "col");
    html_open(html, "abbr");
    html_attr(html, "title", text_string(&text));
    html_text(html, "⋯");
    html_close(html, "abbr");
    html_close(html, "th");
    text_free(&text);
}

static void write_label(struct html *html, const struct grid_view *view,
                        const struct grid_column *column)
{
    struct heading heading = heading_of(view, column);
    struct text name = {0};
    text_append(&name, column_name(view, column));
    if (column->run_count > 1) {
        text_append(&name, ", ");
        string_count(&name, html->language, STR_RUN_COUNT, column->run_count);
    }
    html_open(html, "th");
    html_attr(html, "scope", "col");
    if (!view->is_by_time && is_weekend(column->bizdate))
        html_attr(html, "class", "rest");
    html_open(html, "a");
    html_attr(html, "href", column_href(view, column));
    html_attr(html, "title", text_string(&name));
    html_attr(html, "aria-label", text_string(&name));
    if (view->is_strip && strcmp(view->selected, column->bizdate) == 0)
        html_attr(html, "aria-current", "date");
    if (column->run_count > 1 && !view->is_strip)
        html_attr_int(html, "data-count", column->run_count < 99 ? column->run_count : 99);
    html_text(html, heading.label);
    html_close(html, "a");
    html_close(html, "th");
    text_free(&name);
}

/* ---- rows ---- */

struct cell {
    const char *row; /* "" = the run itself */
    const char *state;
    const char *href;
    int64_t run_id;
    bool is_by_hand;
    bool is_open; /* follows the events of its run */
};

static bool is_open_state(const char *state)
{
    return strcmp(state, "running") == 0 || strcmp(state, "waiting") == 0;
}

static void write_cell(struct html *html, const struct grid_view *view,
                       const struct grid_column *column, const struct cell *cell)
{
    const char *word = string_state(html->language, cell->state);
    size_t cells = (view->row_count + 1) * view->columns->count;
    html_open(html, "td");
    html_open(html, "a");
    html_attr_format(html, "class", "c %s%s", cell->state, cell->is_by_hand ? " by-hand" : "");
    html_attr(html, "href", cell->href);
    if (cell->is_open) {
        html_attr_int(html, "data-run", cell->run_id);
        html_attr(html, "data-node", cell->row);
    }
    if (cells <= MAX_TITLED_CELLS)
        html_attr_format(html, "title", "%s%s%s%s", column_name(view, column),
                         cell->row[0] != '\0' ? " · " : "", cell->row,
                         column->run_count > 1 && cell->row[0] == '\0' ? " …" : "");
    html_attr(html, "tabindex", "-1");
    html_text(html, word);
    html_close(html, "a");
    html_close(html, "td");
}

static struct duration time_of(const struct grid_view *view, const struct view_grid_run *run)
{
    if (run == NULL || run->started_at.us == 0)
        return (struct duration){0};
    return instant_elapsed(run->started_at, run->ended_at.us != 0 ? run->ended_at : view->now);
}

/* How long each run took: one path a state. */
static void write_bars(struct html *html, const struct grid_view *view)
{
    const struct grid_columns *columns = view->columns;
    char text[DURATION_TEXT_BYTES];
    struct duration most = {0};
    for (size_t i = 0; i < columns->count; i++) {
        struct duration took = time_of(view, columns->items[i].run);
        most = took.us > most.us ? took : most;
    }
    if (most.us == 0 || view->is_strip || view->is_sparse)
        return; /* the columns of sparse ones are wider */
    html_open(html, "tr");
    html_attr(html, "class", "bars-row");
    html_open(html, "th");
    html_attr(html, "scope", "row");
    html_open(html, "small");
    html_say_with(html, STR_GRID_LONGEST, (const char *const[]){duration_format(most, text), NULL});
    html_close(html, "small");
    html_close(html, "th");
    html_open(html, "td");
    html_attr_int(html, "colspan", (int64_t)columns->count);
    html_open(html, "svg");
    html_attr(html, "class", "bars");
    html_attr_int(html, "width", (int64_t)columns->count * CELL);
    html_attr_int(html, "height", BARS_HEIGHT);
    html_attr(html, "aria-hidden", "true");
    for (int state = 0; state < TASK_STATE_COUNT; state++) {
        struct text path = {0};
        for (size_t i = 0; i < columns->count; i++) {
            const struct view_grid_run *run = columns->items[i].run;
            if (run == NULL || (int)run->state != state)
                continue;
            int height = (int)((double)time_of(view, run).us / (double)most.us * BARS_HEIGHT);
            height = height < 2 ? 2 : height;
            text_append_format(&path, "M%zu %dh%dv%dh-%dz", i * CELL + (CELL - BAR) / 2,
                               BARS_HEIGHT - height, BAR, height, BAR);
        }
        if (path.length > 0) {
            html_open(html, "path");
            html_attr(html, "class", task_state_name((enum task_state)state));
            html_attr(html, "d", text_string(&path));
            html_close(html, "path");
        }
        text_free(&path);
    }
    html_close(html, "svg");
    html_close(html, "td");
    html_close(html, "tr");
}

static void write_run_row(struct html *html, const struct grid_view *view)
{
    html_open(html, "tr");
    html_attr(html, "class", "run-row");
    html_open(html, "th");
    html_attr(html, "scope", "row");
    html_element_say(html, "span", NULL, view->is_strip ? STR_GRID_DAY : STR_RUN);
    html_close(html, "th");
    for (size_t i = 0; i < view->columns->count; i++) {
        const struct grid_column *column = &view->columns->items[i];
        struct url url;
        if (column->run == NULL) {
            write_empty(html);
            continue;
        }
        const char *state = run_state_name(column->run->state);
        struct cell cell = {.row = "",
                            .state = state,
                            .run_id = column->run->id,
                            .is_open = is_open_state(state) && !view->is_strip};
        url_begin(&url, view->arena, "/runs");
        url_part_int(&url, column->run->id);
        cell.href = view->is_strip ? column_href(view, column) : url_string(&url);
        write_cell(html, view, column, &cell);
    }
    html_close(html, "tr");
}

static void write_row_name(struct html *html, const struct grid_view *view,
                           const struct grid_row *row)
{
    struct url url;
    url_begin(&url, view->arena, "/flows");
    url_part(&url, view->flow);
    url_part(&url, "nodes");
    url_part(&url, row->name);
    html_open(html, "th");
    html_attr(html, "scope", "row");
    html_open(html, "a");
    html_attr(html, "href", url_string(&url));
    if (row->has_left)
        html_attr(html, "class", "muted");
    html_attr_format(html, "title", "%s%s%s", row->name, row->title[0] != '\0' ? " · " : "",
                     row->has_left ? string_of(html->language, STR_GRID_LEFT) : row->title);
    html_text(html, row->name);
    html_close(html, "a");
    html_close(html, "th");
}

static void write_row(struct html *html, const struct grid_view *view, const struct grid_row *row)
{
    const char *fragment = arena_format(view->arena, "n-%s", row->name);
    html_open(html, "tr");
    write_row_name(html, view, row);
    for (size_t i = 0; i < view->columns->count; i++) {
        const struct grid_cell *cell = &row->cells[i];
        struct url url;
        if (cell->run_id == 0) {
            write_empty(html);
            continue;
        }
        const char *state = task_state_name(cell->state);
        url_begin(&url, view->arena, "/runs");
        url_part_int(&url, cell->run_id);
        url_fragment(&url, fragment);
        write_cell(html, view, &view->columns->items[i],
                   &(struct cell){.row = row->name,
                                  .state = state,
                                  .href = url_string(&url),
                                  .run_id = cell->run_id,
                                  .is_by_hand = cell->is_by_hand,
                                  .is_open = is_open_state(state)});
    }
    html_close(html, "tr");
}

static bool is_sparse(const struct grid_view *view)
{
    const struct grid_columns *columns = view->columns;
    size_t months = columns->count > 0 ? 1 : 0;
    for (size_t i = 1; i < columns->count; i++)
        if (strncmp(columns->items[i - 1].bizdate, columns->items[i].bizdate, 7) != 0)
            months++;
    return !view->is_by_time && months > 1 && columns->count < months * 3;
}

void grid_write(struct html *html, struct grid_view given)
{
    const struct grid_view *view = &given;
    given.is_sparse = is_sparse(&given);
    html_open(html, "div");
    html_attr(html, "class", "gridbox");
    html_open(html, "table");
    html_attr(html, "class", "grid");
    html_open(html, "caption");
    html_attr(html, "class", "sr");
    html_say_with(html, view->is_by_time ? STR_GRID_CAPTION_TIMES : STR_GRID_CAPTION,
                  (const char *const[]){view->flow, view->selected, NULL});
    html_close(html, "caption");
    html_open(html, "thead");
    write_groups(html, view);
    html_open(html, "tr");
    write_empty(html);
    for (size_t i = 0; i < view->columns->count; i++) {
        if (view->columns->items[i].is_gap)
            write_gap(html, &view->columns->items[i]);
        else
            write_label(html, view, &view->columns->items[i]);
    }
    html_close(html, "tr");
    html_close(html, "thead");
    html_open(html, "tbody");
    write_bars(html, view);
    write_run_row(html, view);
    for (size_t i = 0; i < view->row_count && !view->is_strip; i++)
        write_row(html, view, view->rows[i]);
    html_close(html, "tbody");
    html_close(html, "table");
    html_close(html, "div");
}
