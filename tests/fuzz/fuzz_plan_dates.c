/* links datemill_plan */
/* Bytes as the words of a backfill's dates: what is taken is ascending and within the limits, and
 * reads the same when it was written; of what is refused there is a place. */
#include "scheduler/base/scope.h"
#include "scheduler/plan/plan_dates.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_WORDS 64
#define MAX_BYTES 4096

/* A byte that says whether weekends count (`w` = they do not), then a word a line. */
static struct plan_dates_request split(const uint8_t *data, size_t size, struct arena *arena)
{
    const char **words = arena_array(arena, MAX_WORDS, sizeof *words);
    struct plan_dates_request request = {
        .words = words, .today = {2024, 2, 29}, .only_weekdays = data[0] == 'w'};
    char *at = arena_copy(arena, (const char *)data + 1, size - 1);
    while (at != NULL && request.word_count < MAX_WORDS) {
        words[request.word_count++] = at;
        at = strchr(at, '\n');
        if (at != NULL)
            *at++ = '\0';
    }
    return request;
}

static void read_again(const struct plan_dates *dates, struct arena *arena)
{
    SCOPED_TEXT struct text text = {0};
    plan_dates_write(dates, &text);
    const char *word = text_string(&text);
    struct plan_dates_request request = {.words = &word, .word_count = 1, .today = {1, 1, 2}};
    struct plan_dates back;
    assert(plan_dates_parse(&request, arena, &back, NULL, NULL) == 0);
    assert(back.count == dates->count);
    for (size_t i = 0; i < back.count; i++) {
        assert(civil_date_compare(back.items[i], dates->items[i]) == 0);
        assert(i == 0 || civil_date_compare(back.items[i - 1], back.items[i]) < 0);
        assert(civil_date_is_valid(back.items[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED_ARENA struct arena arena = {0};
    struct error err = {0};
    struct plan_dates dates = {0};
    struct plan_dates_spot spot = {0};
    if (size == 0 || size > MAX_BYTES)
        return 0;
    struct plan_dates_request request = split(data, size, &arena);
    if (plan_dates_parse(&request, &arena, &dates, &spot, &err) < 0) {
        assert(err.kind == ERROR_KIND_USAGE && strcmp(err.code, "E020") == 0);
        assert(err.text[0] != '\0' && dates.count == 0);
        assert(spot.word < request.word_count && spot.length >= 1);
        size_t length = strlen(request.words[spot.word]);
        assert(spot.offset + spot.length <= length || (spot.offset == 0 && spot.length == 1));
        return 0;
    }
    assert(dates.count > 0 && dates.count <= PLAN_MAX_DATES && err.text[0] == '\0');
    read_again(&dates, &arena);
    return 0;
}
