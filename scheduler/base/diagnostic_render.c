#include "scheduler/base/diagnostic.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <stdio.h>
#include <string.h>

#define TAB_WIDTH 4
#define MIN_GUTTER 2
#define MIN_WINDOW 20
#define DETAIL_INDENT 3

#define COLOR_ERROR "\033[1;31m"
#define COLOR_WARNING "\033[1;33m"
#define COLOR_BOLD "\033[1m"
#define COLOR_FRAME "\033[1;34m"
#define COLOR_OFF "\033[0m"

/* What one problem is drawn with. */
struct painter {
    const struct diagnostics *list;
    const struct diagnostic_style *style;
    struct text *out;
    size_t gutter;         /* columns of the line numbers */
    const char *color;     /* of the problem's severity */
    size_t last_source;    /* of the line drawn last */
    uint32_t last_line;    /* 0: none yet */
    struct arena *scratch; /* for the time of one call */
};

/* One line of a source as it stands on the terminal: tabs expanded, unsafe bytes replaced. */
struct shown_line {
    struct text text;
    size_t from;  /* the columns [from, from + width) of the underlined piece */
    size_t width; /* at least 1 */
};

static void paint(struct painter *painter, const char *color)
{
    if (painter->style->has_color)
        text_append(painter->out, color);
}

/* Our own words: in ASCII mode the few signs beyond it are spelt. */
static void append_words(struct painter *painter, const char *words)
{
    static const char *const signs[][2] = {{"→", "->"}, {"←", "<-"}, {"…", "..."}, {"×", "x"},
                                           {"–", "-"},  {"·", "-"},  {"✓", "ok"},  {"✗", "x"}};
    SCOPED_TEXT struct text plain = {0};
    for (const char *at = words; *at != '\0';) {
        size_t step = 0;
        for (size_t i = 0; painter->style->is_ascii && i < sizeof signs / sizeof signs[0]; i++) {
            if (strncmp(at, signs[i][0], strlen(signs[i][0])) == 0) {
                text_append(&plain, signs[i][1]);
                step = strlen(signs[i][0]);
                break;
            }
        }
        if (step == 0)
            text_append_char(&plain, *at);
        at += step == 0 ? 1 : step;
    }
    utf8_append_safe(painter->out, text_string(&plain), plain.length);
}

static void append_lines(struct painter *painter, const char *text, size_t indent)
{
    for (const char *line = text;;) {
        const char *end = strchr(line, '\n');
        size_t length = end == NULL ? strlen(line) : (size_t)(end - line);
        SCOPED_TEXT struct text copy = {0};
        text_append_bytes(&copy, line, length);
        append_words(painter, text_string(&copy));
        text_append_char(painter->out, '\n');
        if (end == NULL)
            return;
        line = end + 1;
        if (*line != '\n' && *line != '\0')
            text_append_repeat(painter->out, ' ', indent);
    }
}

/* The bytes of a line, without its end; "" past the text's end. */
static const char *find_line(const struct diagnostic_source *source, uint32_t number,
                             size_t *ret_length)
{
    const char *at = source->bytes;
    const char *end = source->bytes + source->length;
    if (source->length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    for (uint32_t line = 1; line < number && at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline == NULL ? end : newline + 1;
    }
    const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    const char *stop = newline == NULL ? end : newline;
    if (stop > at && stop[-1] == '\r')
        stop--;
    *ret_length = (size_t)(stop - at);
    return at;
}

/* Draws the line into `shown`; finds the columns of the code points [column, column + length). */
static void expand_line(const char *bytes, size_t length, const struct diagnostic_place *place,
                        struct shown_line *shown)
{
    size_t width = 0;
    uint32_t column = 1;
    size_t end = 0;
    bool has_begun = false;
    for (size_t offset = 0; offset < length; column++) {
        if (column == place->column) {
            shown->from = width;
            has_begun = true;
        }
        int32_t code;
        size_t step = utf8_decode(bytes + offset, length - offset, &code);
        if (code == '\t') {
            size_t spaces = TAB_WIDTH - width % TAB_WIDTH;
            text_append_repeat(&shown->text, ' ', spaces);
            width += spaces;
        } else {
            size_t before = shown->text.length;
            utf8_append_safe(&shown->text, bytes + offset, step);
            width += utf8_width(shown->text.data + before, shown->text.length - before);
        }
        offset += step;
        uint32_t wanted = place->length == 0 ? 1 : place->length;
        if (has_begun && column - place->column < wanted)
            end = width;
    }
    if (!has_begun)
        shown->from = width;
    shown->width = end > shown->from ? end - shown->from : 1;
}

/* Cuts a line that is wider than the terminal around its underlined piece. */
static void window_line(const struct painter *painter, size_t label_width, struct shown_line *shown)
{
    size_t frame = painter->gutter + 3;
    size_t wanted = painter->style->width;
    if (wanted == 0)
        return;
    size_t room = wanted > frame + MIN_WINDOW ? wanted - frame : MIN_WINDOW;
    size_t total = utf8_width(shown->text.data, shown->text.length);
    if (shown->text.length == 0 || total <= room)
        return;
    const char *dots = painter->style->is_ascii ? "..." : "…";
    size_t dots_width = painter->style->is_ascii ? 3 : 1;
    size_t inner = room - 2 * dots_width;
    size_t needed = shown->width + (label_width < inner / 2 ? label_width : 0);
    size_t start = shown->from + needed <= inner ? 0 : shown->from + needed - inner;
    if (start > shown->from)
        start = shown->from;
    SCOPED_TEXT struct text cut = {0};
    size_t skipped = utf8_prefix_of_width(shown->text.data, shown->text.length, start);
    size_t skipped_width = utf8_width(shown->text.data, skipped);
    if (skipped > 0)
        text_append(&cut, dots);
    const char *rest = shown->text.data + skipped;
    size_t rest_length = shown->text.length - skipped;
    size_t kept = utf8_prefix_of_width(rest, rest_length, inner);
    text_append_bytes(&cut, rest, kept);
    if (kept < rest_length)
        text_append(&cut, dots);
    shown->from = shown->from - skipped_width + (skipped > 0 ? dots_width : 0);
    if (shown->width > inner)
        shown->width = inner;
    text_clear(&shown->text);
    text_append_bytes(&shown->text, cut.data, cut.length);
}

static void append_gutter(struct painter *painter, uint32_t line)
{
    paint(painter, COLOR_FRAME);
    if (line == 0)
        text_append_repeat(painter->out, ' ', painter->gutter);
    else
        text_append_format(painter->out, "%*u", (int)painter->gutter, line);
    text_append(painter->out, " |");
    paint(painter, COLOR_OFF);
}

static void append_shown(struct painter *painter, uint32_t number, const struct shown_line *shown)
{
    append_gutter(painter, number);
    size_t length = shown->text.length;
    while (length > 0 && shown->text.data[length - 1] == ' ')
        length--;
    if (length > 0)
        text_append_char(painter->out, ' ');
    text_append_bytes(painter->out, text_string(&shown->text), length);
    text_append_char(painter->out, '\n');
}

static void append_plain_lines(struct painter *painter, const struct diagnostic_label *label)
{
    const struct diagnostic_source *source = &painter->list->sources[label->place.source];
    uint32_t line = label->place.line;
    uint32_t first = line > label->lines_above ? line - label->lines_above : 1;
    if (painter->last_line != 0 && painter->last_source == label->place.source &&
        first <= painter->last_line)
        first = painter->last_line + 1;
    for (uint32_t at = first; at < line; at++) {
        size_t length;
        const char *bytes = find_line(source, at, &length);
        struct shown_line shown = {0};
        struct diagnostic_place none = {.column = 1, .length = 1};
        expand_line(bytes, length, &none, &shown);
        window_line(painter, 0, &shown);
        append_shown(painter, at, &shown);
        text_free(&shown.text);
        painter->last_line = at;
        painter->last_source = label->place.source;
    }
}

static void append_underline(struct painter *painter, const struct diagnostic_label *label,
                             const struct shown_line *shown, bool is_first)
{
    append_gutter(painter, 0);
    text_append_repeat(painter->out, ' ', shown->from + 1);
    paint(painter, is_first ? painter->color : COLOR_FRAME);
    text_append_repeat(painter->out, is_first ? '^' : '-', shown->width);
    if (label->text[0] != '\0') {
        text_append_char(painter->out, ' ');
        append_words(painter, label->text);
    }
    paint(painter, COLOR_OFF);
    text_append_char(painter->out, '\n');
}

static void append_label(struct painter *painter, const struct diagnostic_label *label,
                         bool is_first)
{
    const struct diagnostic_source *source = &painter->list->sources[label->place.source];
    bool is_same_source = painter->last_line != 0 && painter->last_source == label->place.source;
    bool is_same_line = is_same_source && painter->last_line == label->place.line;
    if (is_same_source && label->place.line > painter->last_line + 1 + label->lines_above)
        text_append(painter->out, "...\n");
    append_plain_lines(painter, label);
    size_t length;
    const char *bytes = find_line(source, label->place.line, &length);
    struct shown_line shown = {0};
    expand_line(bytes, length, &label->place, &shown);
    window_line(painter, utf8_width(label->text, strlen(label->text)) + 1, &shown);
    if (!is_same_line)
        append_shown(painter, label->place.line, &shown);
    append_underline(painter, label, &shown, is_first);
    text_free(&shown.text);
    painter->last_source = label->place.source;
    painter->last_line = label->place.line;
}

static void append_arrow(struct painter *painter, const struct diagnostic_place *place,
                         bool is_first)
{
    if (!is_first) {
        append_gutter(painter, 0);
        text_append_char(painter->out, '\n');
    }
    text_append_repeat(painter->out, ' ', painter->gutter);
    paint(painter, COLOR_FRAME);
    text_append(painter->out, is_first ? "--> " : "::: ");
    paint(painter, COLOR_OFF);
    const char *name = painter->list->sources[place->source].name;
    utf8_append_safe(painter->out, name, strlen(name));
    text_append_format(painter->out, ":%u:%u\n", place->line, place->column);
    append_gutter(painter, 0);
    text_append_char(painter->out, '\n');
}

/* Labels in the order they are drawn: the first one's source first, then by place. */
static const struct diagnostic_label **order_labels(const struct diagnostic *problem,
                                                    struct arena *arena)
{
    const struct diagnostic_label **order = arena_array(arena, problem->label_count, sizeof *order);
    size_t first_source = problem->labels[0].place.source;
    for (size_t i = 0; i < problem->label_count; i++) {
        const struct diagnostic_label *label = &problem->labels[i];
        size_t at = i;
        for (; at > 0; at--) {
            const struct diagnostic_place *a = &order[at - 1]->place;
            const struct diagnostic_place *b = &label->place;
            bool is_later =
                a->source == b->source
                    ? a->line < b->line || (a->line == b->line && a->column <= b->column)
                    : a->source == first_source || b->source != first_source;
            if (is_later)
                break;
            order[at] = order[at - 1];
        }
        order[at] = label;
    }
    return order;
}

static void append_snippets(struct painter *painter, const struct diagnostic *problem)
{
    const struct diagnostic_label **order = order_labels(problem, painter->scratch);
    size_t source = DIAGNOSTIC_NO_SOURCE;
    for (size_t i = 0; i < problem->label_count; i++) {
        const struct diagnostic_place *place = &order[i]->place;
        if (place->source != source) {
            bool is_first = source == DIAGNOSTIC_NO_SOURCE;
            source = place->source;
            append_arrow(painter, is_first ? &problem->labels[0].place : place, is_first);
            painter->last_line = 0;
        }
        append_label(painter, order[i], order[i] == &problem->labels[0]);
    }
}

static void append_extras(struct painter *painter, const struct diagnostic *problem)
{
    bool has_frame = problem->label_count > 0;
    bool is_first = true;
    enum diagnostic_extra_kind last = DIAGNOSTIC_DETAIL;
    for (size_t i = 0; i < problem->extra_count; i++) {
        const struct diagnostic_extra *extra = &problem->extras[i];
        if (extra->kind == DIAGNOSTIC_DETAIL)
            continue;
        const char *word = extra->kind == DIAGNOSTIC_NOTE ? "note: " : "help: ";
        size_t indent = strlen(word);
        if (has_frame) {
            if (is_first) {
                append_gutter(painter, 0);
                text_append_char(painter->out, '\n');
            }
            text_append_repeat(painter->out, ' ', painter->gutter);
            text_append(painter->out, " = ");
            indent += painter->gutter + 3;
        }
        /* A second help without a frame stands under the first. */
        bool is_continued = !has_frame && !is_first && last == extra->kind;
        paint(painter, COLOR_BOLD);
        text_append(painter->out, is_continued ? "      " : word);
        paint(painter, COLOR_OFF);
        append_lines(painter, extra->text, indent);
        last = extra->kind;
        is_first = false;
    }
}

static size_t gutter_of(const struct diagnostic *problem)
{
    size_t gutter = MIN_GUTTER;
    for (size_t i = 0; i < problem->label_count; i++) {
        char digits[16];
        int length = snprintf(digits, sizeof digits, "%u", problem->labels[i].place.line);
        if ((size_t)length > gutter)
            gutter = (size_t)length;
    }
    return gutter;
}

static void render_one(const struct diagnostic *problem, const struct diagnostic_style *style,
                       struct text *out)
{
    SCOPED_ARENA struct arena scratch;
    arena_init(&scratch, 0);
    bool is_error = problem->severity == DIAGNOSTIC_ERROR;
    struct painter painter = {.list = problem->owner,
                              .style = style,
                              .out = out,
                              .gutter = gutter_of(problem),
                              .color = is_error ? COLOR_ERROR : COLOR_WARNING,
                              .scratch = &scratch};
    paint(&painter, painter.color);
    text_append(out, is_error ? "error" : "warning");
    if (problem->code[0] != '\0')
        text_append_format(out, "[%s]", problem->code);
    paint(&painter, COLOR_OFF);
    paint(&painter, COLOR_BOLD);
    text_append(out, ": ");
    append_lines(&painter, problem->message, DETAIL_INDENT);
    paint(&painter, COLOR_OFF);
    for (size_t i = 0; i < problem->extra_count; i++) {
        if (problem->extras[i].kind != DIAGNOSTIC_DETAIL)
            continue;
        text_append_repeat(out, ' ', DETAIL_INDENT);
        append_lines(&painter, problem->extras[i].text, DETAIL_INDENT);
    }
    if (problem->label_count > 0)
        append_snippets(&painter, problem);
    append_extras(&painter, problem);
}

static size_t source_of(const struct diagnostic *problem)
{
    return problem->label_count == 0 ? DIAGNOSTIC_NO_SOURCE : problem->labels[0].place.source;
}

static void append_rest(const struct diagnostics *list, size_t source, size_t hidden,
                        struct text *out)
{
    if (hidden == 0)
        return;
    text_append_format(out, "\nand %zu more", hidden);
    if (source != DIAGNOSTIC_NO_SOURCE)
        text_append_format(out, " in %s", list->sources[source].name);
    text_append(out, "\n");
}

void diagnostics_render(const struct diagnostics *list, const struct diagnostic_style *style,
                        struct text *out)
{
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    const struct diagnostic **sorted = diagnostics_sorted(list, &arena);
    size_t most =
        style->shown_per_source == 0 ? DIAGNOSTICS_SHOWN_PER_SOURCE : style->shown_per_source;
    size_t shown = 0;
    size_t hidden = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0 && source_of(sorted[i]) != source_of(sorted[i - 1])) {
            append_rest(list, source_of(sorted[i - 1]), hidden, out);
            shown = hidden = 0;
        }
        if (shown == most) {
            hidden++;
            continue;
        }
        if (i > 0)
            text_append_char(out, '\n');
        render_one(sorted[i], style, out);
        shown++;
    }
    if (list->count > 0)
        append_rest(list, source_of(sorted[list->count - 1]), hidden, out);
    size_t found = list->error_count + list->warning_count;
    if (found > list->count)
        text_append_format(out, "\nand %zu more\n", found - list->count);
}
