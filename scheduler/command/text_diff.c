#include "scheduler/command/text_diff.h"

#include "scheduler/base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct line {
    const char *bytes;
    size_t length;
};

struct lines {
    struct line *items;
    size_t count;
    size_t capacity;
};

static struct lines split(const char *text)
{
    struct lines lines = {0};
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        lines.items = memory_grow(lines.items, lines.count, &lines.capacity, sizeof *lines.items);
        lines.items[lines.count++] = (struct line){text, length};
        text += length + (text[length] == '\n');
    }
    return lines;
}

static bool is_same(const struct line *a, const struct line *b)
{
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static void append_line(struct text *out, char sign, size_t number, const struct line *line)
{
    text_append_format(out, "%c %4zu  ", sign, number);
    text_append_bytes(out, line->bytes, line->length);
    text_append_char(out, '\n');
}

/* The part of both texts that remains when equal lines at both ends are taken away. */
struct middle {
    const struct line *a;
    const struct line *b;
    size_t a_count;
    size_t b_count;
    size_t first; /* number of its first line, from 1 */
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
                           .first = head + 1};
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

static void append_whole(const struct middle *middle, struct text *out)
{
    for (size_t i = 0; i < middle->a_count; i++)
        append_line(out, '-', middle->first + i, &middle->a[i]);
    for (size_t j = 0; j < middle->b_count; j++)
        append_line(out, '+', middle->first + j, &middle->b[j]);
}

static void append_smallest(const struct middle *middle, const uint32_t *cells, struct text *out)
{
    size_t width = middle->b_count + 1;
    size_t i = 0;
    size_t j = 0;
    while (i < middle->a_count || j < middle->b_count) {
        bool has_both = i < middle->a_count && j < middle->b_count;
        if (has_both && is_same(&middle->a[i], &middle->b[j])) {
            i++;
            j++;
            continue;
        }
        bool takes_a = j >= middle->b_count ||
                       (has_both && cells[(i + 1) * width + j] >= cells[i * width + j + 1]);
        if (takes_a) {
            append_line(out, '-', middle->first + i, &middle->a[i]);
            i++;
        } else {
            append_line(out, '+', middle->first + j, &middle->b[j]);
            j++;
        }
    }
}

void text_diff(const char *before, const char *after, struct text *out)
{
    struct lines a = split(before);
    struct lines b = split(after);
    struct middle middle = find_middle(&a, &b);
    size_t rows = middle.a_count + 1;
    size_t columns = middle.b_count + 1;
    if (rows > TEXT_DIFF_MAX_CELLS / columns) {
        append_whole(&middle, out);
    } else {
        uint32_t *cells = memory_new(rows * columns, sizeof *cells);
        fill_common(&middle, cells);
        append_smallest(&middle, cells, out);
        free(cells);
    }
    free(a.items);
    free(b.items);
}
