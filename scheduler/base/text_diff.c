#include "scheduler/base/text_diff.h"

#include "scheduler/base/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct line {
    const char *bytes;
    size_t length;
    bool has_end; /* a newline; only the last line of a text may have none */
};

struct lines {
    struct line *items;
    size_t count;
    size_t capacity;
};

/* One line of the way from one text to the other. */
struct edit {
    char sign; /* '-' it goes, '+' it comes, ' ' it stays */
    size_t a;  /* indexes in both texts, of the line or where it would stand */
    size_t b;
};

struct edits {
    struct edit *items;
    size_t count;
    size_t capacity;
};

static struct lines split(const char *text)
{
    struct lines lines = {0};
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        bool has_end = text[length] == '\n';
        lines.items = memory_grow(lines.items, lines.count, &lines.capacity, sizeof *lines.items);
        lines.items[lines.count++] = (struct line){text, length, has_end};
        text += length + has_end;
    }
    return lines;
}

static bool is_same(const struct line *a, const struct line *b)
{
    return a->length == b->length && a->has_end == b->has_end &&
           memcmp(a->bytes, b->bytes, a->length) == 0;
}

static void add(struct edits *edits, char sign, size_t a, size_t b)
{
    edits->items = memory_grow(edits->items, edits->count, &edits->capacity, sizeof *edits->items);
    edits->items[edits->count++] = (struct edit){sign, a, b};
}

/* The part of both texts that remains when equal lines at both ends are taken away. */
struct middle {
    const struct line *a;
    const struct line *b;
    size_t a_count;
    size_t b_count;
    size_t first; /* index of its first line */
};

static struct middle find_middle(const struct lines *a, const struct lines *b)
{
    size_t head = 0;
    while (head < a->count && head < b->count && is_same(&a->items[head], &b->items[head]))
        head++;
    size_t tail = 0;
    while (tail < a->count - head && tail < b->count - head &&
           is_same(&a->items[a->count - 1 - tail], &b->items[b->count - 1 - tail]))
        tail++;
    return (struct middle){.a = a->items != NULL ? a->items + head : NULL,
                           .b = b->items != NULL ? b->items + head : NULL,
                           .a_count = a->count - head - tail,
                           .b_count = b->count - head - tail,
                           .first = head};
}

/* cells[i * width + j]: how many lines the rests a[i…] and b[j…] can have in common. */
static void fill_common(const struct middle *middle, uint32_t *cells)
{
    size_t width = middle->b_count + 1;
    for (size_t i = middle->a_count; i-- > 0;) {
        for (size_t j = middle->b_count; j-- > 0;) {
            uint32_t below = cells[(i + 1) * width + j];
            uint32_t right = cells[i * width + j + 1];
            cells[i * width + j] = is_same(&middle->a[i], &middle->b[j])
                                       ? cells[(i + 1) * width + j + 1] + 1
                                   : below > right ? below
                                                   : right;
        }
    }
}

static void add_whole(const struct middle *middle, struct edits *edits)
{
    for (size_t i = 0; i < middle->a_count; i++)
        add(edits, '-', middle->first + i, middle->first);
    for (size_t j = 0; j < middle->b_count; j++)
        add(edits, '+', middle->first + middle->a_count, middle->first + j);
}

static void add_smallest(const struct middle *middle, const uint32_t *cells, struct edits *edits)
{
    size_t width = middle->b_count + 1;
    size_t i = 0;
    size_t j = 0;
    while (i < middle->a_count || j < middle->b_count) {
        bool has_both = i < middle->a_count && j < middle->b_count;
        if (has_both && is_same(&middle->a[i], &middle->b[j])) {
            add(edits, ' ', middle->first + i, middle->first + j);
            i++;
            j++;
            continue;
        }
        bool takes_a = j >= middle->b_count ||
                       (has_both && cells[(i + 1) * width + j] >= cells[i * width + j + 1]);
        add(edits, takes_a ? '-' : '+', middle->first + i, middle->first + j);
        i += takes_a;
        j += !takes_a;
    }
}

static struct edits compare(const struct lines *a, const struct lines *b)
{
    struct edits edits = {0};
    struct middle middle = find_middle(a, b);
    size_t rows = middle.a_count + 1;
    size_t columns = middle.b_count + 1;
    for (size_t i = 0; i < middle.first; i++)
        add(&edits, ' ', i, i);
    if (rows > TEXT_DIFF_MAX_CELLS / columns) {
        add_whole(&middle, &edits);
    } else {
        uint32_t *cells = memory_new(rows * columns, sizeof *cells);
        fill_common(&middle, cells);
        add_smallest(&middle, cells, &edits);
        free(cells);
    }
    size_t at_a = middle.first + middle.a_count;
    size_t at_b = middle.first + middle.b_count;
    for (size_t i = 0; at_a + i < a->count; i++)
        add(&edits, ' ', at_a + i, at_b + i);
    return edits;
}

void text_diff(const char *before, const char *after, struct text *out)
{
    struct lines a = split(before);
    struct lines b = split(after);
    struct edits edits = compare(&a, &b);
    for (size_t i = 0; i < edits.count; i++) {
        const struct edit *edit = &edits.items[i];
        const struct line *line = edit->sign == '+' ? &b.items[edit->b] : &a.items[edit->a];
        if (edit->sign == ' ')
            continue;
        text_append_format(out, "%c %4zu  ", edit->sign,
                           (edit->sign == '+' ? edit->b : edit->a) + 1);
        text_append_bytes(out, line->bytes, line->length);
        text_append_char(out, '\n');
    }
    free(edits.items);
    free(a.items);
    free(b.items);
}

/* ---- unified ---- */

/* The end of the hunk that begins at a change: changes with few lines between them are one. */
static size_t find_end(const struct edits *edits, size_t first)
{
    size_t last = first;
    for (size_t i = first; i < edits->count && i - last <= 2 * TEXT_DIFF_CONTEXT + 1; i++) {
        if (edits->items[i].sign != ' ')
            last = i;
    }
    size_t end = last + 1 + TEXT_DIFF_CONTEXT;
    return end < edits->count ? end : edits->count;
}

/* `-12,3`: an empty part is named by the line before it. */
static void append_range(struct text *out, char sign, size_t first, size_t count)
{
    text_append_format(out, "%c%zu", sign, count == 0 ? first : first + 1);
    if (count != 1)
        text_append_format(out, ",%zu", count);
}

struct hunk {
    const struct edits *edits;
    size_t first;
    size_t end;
};

static void append_hunk(const struct hunk *hunk, const struct lines *a, const struct lines *b,
                        struct text *out)
{
    const struct edits *edits = hunk->edits;
    size_t first = hunk->first;
    size_t end = hunk->end;
    size_t a_count = 0;
    size_t b_count = 0;
    for (size_t i = first; i < end; i++) {
        a_count += edits->items[i].sign != '+';
        b_count += edits->items[i].sign != '-';
    }
    text_append(out, "@@ ");
    append_range(out, '-', edits->items[first].a, a_count);
    text_append_char(out, ' ');
    append_range(out, '+', edits->items[first].b, b_count);
    text_append(out, " @@\n");
    for (size_t i = first; i < end; i++) {
        const struct edit *edit = &edits->items[i];
        const struct line *line = edit->sign == '+' ? &b->items[edit->b] : &a->items[edit->a];
        text_append_char(out, edit->sign);
        text_append_bytes(out, line->bytes, line->length);
        text_append(out, line->has_end ? "\n" : "\n\\ No newline at end of file\n");
    }
}

void text_diff_unified(const char *before, const char *after, struct text *out)
{
    struct lines a = split(before);
    struct lines b = split(after);
    struct edits edits = compare(&a, &b);
    for (size_t i = 0; i < edits.count; i++) {
        if (edits.items[i].sign == ' ')
            continue;
        size_t end = find_end(&edits, i);
        struct hunk hunk = {&edits, i > TEXT_DIFF_CONTEXT ? i - TEXT_DIFF_CONTEXT : 0, end};
        append_hunk(&hunk, &a, &b, out);
        i = end - 1;
    }
    free(edits.items);
    free(a.items);
    free(b.items);
}
