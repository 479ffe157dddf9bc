#include "scheduler/daemon/backfill_groups.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MASK "…"
#define REST_REASON "for other reasons"

void backfill_groups_free(struct backfill_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        free(groups->items[i].node);
        free(groups->items[i].masked);
        free(groups->items[i].reason);
        free(groups->items[i].days);
    }
    free(groups->items);
    *groups = (struct backfill_groups){0};
}

/* Bytes of a word of hexadecimal digits that has a digit, else 0. */
static size_t hex_word(const char *text)
{
    size_t length = strspn(text, "0123456789abcdefABCDEF");
    bool is_word = length > 0 && !isalnum((unsigned char)text[length]);
    size_t letters = strspn(text, "abcdefABCDEF");
    return is_word && letters < length ? length : 0;
}

/* Bytes of a number, or of a word of hexadecimal digits, at `at`; 0 = there is none. */
static size_t number_at(const char *text, size_t at)
{
    bool is_word_start = at == 0 || !isalnum((unsigned char)text[at - 1]);
    size_t length = is_word_start ? hex_word(text + at) : 0;
    return length > 0 ? length : strspn(text + at, "0123456789");
}

void backfill_groups_mask(const char *reason, struct text *text)
{
    for (size_t at = 0; reason[at] != '\0';) {
        size_t length = number_at(reason, at);
        if (length > 0)
            text_append(text, MASK);
        else
            text_append_char(text, reason[at]);
        at += length > 0 ? length : 1;
    }
}

/* Appends `shown`, with `…` for each number that is another one in `reason`. Both are of a kind. */
static void append_common(const char *shown, const char *reason, struct text *text)
{
    size_t a = 0;
    for (size_t b = 0; reason[b] != '\0' && shown[a] != '\0';) {
        size_t length = number_at(reason, b);
        bool is_masked = strncmp(shown + a, MASK, strlen(MASK)) == 0;
        if (length == 0) {
            text_append_char(text, reason[b++]);
            a++;
            continue;
        }
        size_t other = is_masked ? strlen(MASK) : number_at(shown, a);
        if (!is_masked && other == length && memcmp(shown + a, reason + b, length) == 0)
            text_append_bytes(text, reason + b, length);
        else
            text_append(text, MASK);
        a += other;
        b += length;
    }
}

static void take_reason(struct backfill_group *group, const char *reason)
{
    SCOPED_TEXT struct text common = {0};
    if (group->is_rest || strcmp(group->reason, reason) == 0)
        return;
    append_common(group->reason, reason, &common);
    free(group->reason);
    group->reason = text_take(&common);
}

static struct backfill_group *find(struct backfill_groups *groups, const char *node,
                                   const char *masked)
{
    for (size_t i = 0; i < groups->count; i++) {
        struct backfill_group *group = &groups->items[i];
        bool is_same = strcmp(group->node, node) == 0 && strcmp(group->masked, masked) == 0;
        if (is_same || group->is_rest)
            return group;
    }
    return NULL;
}

static struct backfill_group *open_group(struct backfill_groups *groups,
                                         const struct backfill_failure *failure, const char *masked)
{
    bool is_rest = groups->count == BACKFILL_GROUPS_MAX;
    groups->items =
        memory_grow(groups->items, groups->count, &groups->capacity, sizeof *groups->items);
    struct backfill_group *group = &groups->items[groups->count++];
    *group = (struct backfill_group){
        .node = memory_copy_string(is_rest ? "" : failure->node),
        .masked = memory_copy_string(masked),
        .reason = memory_copy_string(is_rest ? REST_REASON : failure->reason),
        .is_rest = is_rest,
        .run_id = failure->run_id};
    return group;
}

const struct backfill_group *backfill_groups_add(struct backfill_groups *groups,
                                                 const struct backfill_failure *failure)
{
    SCOPED_TEXT struct text masked = {0};
    backfill_groups_mask(failure->reason, &masked);
    struct backfill_group *group = find(groups, failure->node, text_string(&masked));
    if (group == NULL)
        group = open_group(groups, failure, text_string(&masked));
    take_reason(group, failure->reason);
    struct civil_date date = {0};
    if (civil_date_parse(failure->bizdate, &date, NULL) < 0)
        date = (struct civil_date){1970, 1, 1};
    group->days =
        memory_grow(group->days, (size_t)group->count, &group->day_capacity, sizeof *group->days);
    group->days[group->count++] = civil_to_days(date);
    return group;
}

static int compare_days(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a;
    int64_t other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

static const char *write_day(int64_t day, struct arena *arena)
{
    char buffer[CIVIL_DATE_BYTES];
    return arena_copy_string(arena, civil_date_format(civil_from_days(day), buffer));
}

size_t backfill_group_stretches(const struct backfill_group *group, struct arena *arena,
                                const struct backfill_stretch **ret_stretches, int64_t *ret_dates)
{
    size_t days = (size_t)group->count;
    int64_t *sorted = arena_array(arena, days, sizeof *sorted);
    struct backfill_stretch *stretches = arena_array(arena, days, sizeof *stretches);
    size_t count = 0;
    memcpy(sorted, group->days, days * sizeof *sorted);
    qsort(sorted, days, sizeof *sorted, compare_days);
    *ret_dates = 0;
    for (size_t i = 0; i < days; i++) {
        if (i > 0 && sorted[i] == sorted[i - 1])
            continue;
        *ret_dates += 1;
        if (i > 0 && sorted[i] == sorted[i - 1] + 1) {
            stretches[count - 1].count++;
        } else {
            stretches[count++] =
                (struct backfill_stretch){.first = write_day(sorted[i], arena), .count = 1};
        }
        stretches[count - 1].last = write_day(sorted[i], arena);
    }
    *ret_stretches = stretches;
    return count;
}
