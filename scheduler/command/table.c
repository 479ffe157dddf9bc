#include "scheduler/command/table.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#define GAP 2 /* columns between two columns */

void table_init(struct table *table, const struct table_column *columns, struct arena *arena)
{
    *table = (struct table){.arena = arena, .columns = columns};
    while (columns[table->column_count].title != NULL)
        table->column_count++;
    assert(table->column_count > 0 && table->column_count <= TABLE_MAX_COLUMNS);
}

void table_cell_styled(struct table *table, enum terminal_style style, const char *text)
{
    size_t index = table->row_count * table->column_count + table->filled;
    table->cells =
        arena_grow(table->arena, table->cells, index, &table->cell_capacity, sizeof *table->cells);
    table->styles = arena_grow(table->arena, table->styles, index, &table->style_capacity,
                               sizeof *table->styles);
    SCOPED_TEXT struct text safe = {0};
    utf8_append_safe(&safe, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
    char *cell = arena_copy(table->arena, text_string(&safe), safe.length);
    for (char *byte = cell; *byte != '\0'; byte++) {
        if (*byte == '\n' || *byte == '\t')
            *byte = ' ';
    }
    table->cells[index] = cell;
    table->styles[index] = style;
    table->filled++;
    if (table->filled == table->column_count) {
        table->filled = 0;
        table->row_count++;
    }
}

void table_cell(struct table *table, const char *text)
{
    table_cell_styled(table, TERMINAL_STYLE_PLAIN, text);
}

void table_cell_format(struct table *table, const char *format, ...)
{
    SCOPED_TEXT struct text text = {0};
    va_list args;
    va_start(args, format);
    text_append_args(&text, format, args);
    va_end(args);
    table_cell(table, text_string(&text));
}

void table_cell_state(struct table *table, const struct terminal *terminal, const char *state)
{
    SCOPED_TEXT struct text text = {0};
    text_append_format(&text, "%s %s", terminal_glyph(terminal, terminal_state_glyph(state)),
                       state);
    table_cell_styled(table, terminal_state_style(state), text_string(&text));
}

/* How wide each column is shown; 0 = left out. */
struct widths {
    size_t of[TABLE_MAX_COLUMNS];
    bool is_out[TABLE_MAX_COLUMNS];
};

static size_t cell_width(const char *cell)
{
    return utf8_width(cell, strlen(cell));
}

static void measure(const struct table *table, bool has_titles, struct widths *ret_widths)
{
    *ret_widths = (struct widths){0};
    for (size_t i = 0; i < table->column_count; i++) {
        size_t widest = has_titles ? cell_width(table->columns[i].title) : 0;
        for (size_t row = 0; row < table->row_count; row++) {
            size_t width = cell_width(table->cells[row * table->column_count + i]);
            widest = width > widest ? width : widest;
        }
        ret_widths->of[i] = widest;
    }
}

static size_t total_width(const struct table *table, const struct widths *widths)
{
    size_t total = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!widths->is_out[i])
            total += widths->of[i] + (total > 0 ? GAP : 0);
    }
    return total;
}

/* Takes `over` columns from those that may shrink, the widest first. */
static void shrink(const struct table *table, struct widths *widths, size_t limit)
{
    while (total_width(table, widths) > limit) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < table->column_count; i++) {
            size_t least = (size_t)table->columns[i].shrink_to;
            bool can_shrink = least > 0 && !widths->is_out[i] && widths->of[i] > least;
            if (can_shrink && (best == SIZE_MAX || widths->of[i] > widths->of[best]))
                best = i;
        }
        if (best == SIZE_MAX)
            return;
        widths->of[best]--;
    }
}

/* Leaves out the column with the largest rank; false when only columns of rank 0 are left. */
static bool leave_one_out(const struct table *table, struct widths *widths)
{
    size_t worst = SIZE_MAX;
    int rank = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!widths->is_out[i] && table->columns[i].rank > rank) {
            rank = table->columns[i].rank;
            worst = i;
        }
    }
    if (worst == SIZE_MAX)
        return false;
    widths->is_out[worst] = true;
    return true;
}

static void fit(const struct table *table, bool has_titles, size_t limit, struct widths *widths)
{
    measure(table, has_titles, widths);
    if (limit == 0)
        return;
    struct widths full = *widths;
    for (;;) {
        memcpy(widths->of, full.of, sizeof widths->of);
        shrink(table, widths, limit);
        if (total_width(table, widths) <= limit || !leave_one_out(table, widths))
            return;
    }
}

static size_t last_column(const struct table *table, const struct widths *widths)
{
    size_t last = 0;
    for (size_t i = 0; i < table->column_count; i++)
        last = widths->is_out[i] ? last : i;
    return last;
}

static void print_row(const struct table *table, struct terminal *terminal,
                      const struct widths *widths, const char *const *cells,
                      const enum terminal_style *styles)
{
    SCOPED_TEXT struct text line = {0};
    size_t last = last_column(table, widths);
    bool is_first = true;
    for (size_t i = 0; i < table->column_count; i++) {
        if (widths->is_out[i])
            continue;
        SCOPED_TEXT struct text cut = {0};
        terminal_append_cut(terminal, &cut, cells[i], widths->of[i]);
        size_t pad = widths->of[i] - cell_width(text_string(&cut));
        text_append_repeat(&line, ' ', is_first ? 0 : GAP);
        is_first = false;
        text_append_repeat(&line, ' ', table->columns[i].is_right ? pad : 0);
        bool is_styled = styles != NULL && styles[i] != TERMINAL_STYLE_PLAIN && cut.length > 0;
        text_append(&line, is_styled ? terminal_style(terminal, styles[i]) : "");
        text_append(&line, text_string(&cut));
        text_append(&line, is_styled ? terminal_style(terminal, TERMINAL_STYLE_PLAIN) : "");
        text_append_repeat(&line, ' ', table->columns[i].is_right || i == last ? 0 : pad);
    }
    const char *string = text_string(&line);
    size_t length = line.length;
    while (length > 0 && string[length - 1] == ' ')
        length--;
    terminal_print(terminal, "%.*s\n", (int)length, string);
}

void table_print(const struct table *table, struct terminal *terminal, bool has_titles)
{
    assert(table->filled == 0);
    struct widths widths;
    fit(table, has_titles, (size_t)terminal->width, &widths);
    if (has_titles) {
        const char *titles[TABLE_MAX_COLUMNS];
        enum terminal_style styles[TABLE_MAX_COLUMNS];
        for (size_t i = 0; i < table->column_count; i++) {
            titles[i] = table->columns[i].title;
            styles[i] = TERMINAL_STYLE_BOLD;
        }
        print_row(table, terminal, &widths, titles, styles);
    }
    for (size_t row = 0; row < table->row_count; row++) {
        size_t first = row * table->column_count;
        print_row(table, terminal, &widths, &table->cells[first], &table->styles[first]);
    }
}
