#include "scheduler/base/suggest.h"

#include <stdbool.h>
#include <string.h>

#define MAX_EDITS 2

static char fold_case(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static bool is_same(char a, char b)
{
    return fold_case(a) == fold_case(b);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Three rows of the table of edits: the one being filled and the two before it. */
struct rows {
    size_t before[SUGGEST_MAX_NAME + 1];
    size_t above[SUGGEST_MAX_NAME + 1];
    size_t current[SUGGEST_MAX_NAME + 1];
};

/* Fills row `i`; returns its smallest number. */
static size_t fill_row(struct rows *rows, const char *a, const char *b, size_t i)
{
    size_t least = rows->current[0] = i;
    size_t columns = strlen(b);
    for (size_t j = 1; j <= columns; j++) {
        size_t replaced = rows->above[j - 1] + (is_same(a[i - 1], b[j - 1]) ? 0 : 1);
        size_t edited = smaller(rows->above[j], rows->current[j - 1]) + 1;
        size_t cost = smaller(replaced, edited);
        bool is_swap = i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]);
        if (is_swap)
            cost = smaller(cost, rows->before[j - 2] + 1);
        rows->current[j] = cost;
        least = smaller(least, cost);
    }
    return least;
}

size_t suggest_distance(const char *a, const char *b, size_t limit)
{
    size_t rows_count = strnlen(a, SUGGEST_MAX_NAME + 1);
    size_t columns = strnlen(b, SUGGEST_MAX_NAME + 1);
    if (rows_count > SUGGEST_MAX_NAME || columns > SUGGEST_MAX_NAME)
        return limit + 1;
    size_t apart = rows_count > columns ? rows_count - columns : columns - rows_count;
    if (apart > limit)
        return limit + 1;
    struct rows rows = {0};
    for (size_t j = 0; j <= columns; j++)
        rows.above[j] = j;
    size_t least_above = 0;
    for (size_t i = 1; i <= rows_count; i++) {
        size_t least = fill_row(&rows, a, b, i);
        if (least > limit && least_above > limit)
            return limit + 1;
        least_above = least;
        memcpy(rows.before, rows.above, sizeof rows.before);
        memcpy(rows.above, rows.current, sizeof rows.above);
    }
    return smaller(rows.above[columns], limit + 1);
}

void suggest_begin(struct suggest *suggest, const char *wrong)
{
    size_t length = strlen(wrong);
    *suggest = (struct suggest){
        .wrong = wrong, .length = length, .distance = smaller(MAX_EDITS, length / 3) + 1};
}

void suggest_offer(struct suggest *suggest, const char *candidate)
{
    if (suggest->distance == 0)
        return;
    size_t distance = suggest_distance(suggest->wrong, candidate, suggest->distance - 1);
    if (distance >= suggest->distance)
        return;
    suggest->distance = distance;
    suggest->best = candidate;
}

const char *suggest_best(const struct suggest *suggest)
{
    return suggest->best;
}

const char *suggest_among(const char *wrong, const char *const *candidates, size_t count)
{
    struct suggest suggest;
    suggest_begin(&suggest, wrong);
    for (size_t i = 0; i < count; i++)
        suggest_offer(&suggest, candidates[i]);
    return suggest_best(&suggest);
}
