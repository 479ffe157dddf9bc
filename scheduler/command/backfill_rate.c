#include "scheduler/command/backfill_rate.h"

#include <stdlib.h>
#include <string.h>

void backfill_rate_add(struct backfill_rate *rate, struct duration took, struct duration now)
{
    size_t at = (size_t)(rate->count % BACKFILL_RATE_SAMPLES);
    rate->took[at] = took;
    rate->ended[at] = now;
    rate->count++;
}

static size_t sample_count(const struct backfill_rate *rate)
{
    return rate->count < BACKFILL_RATE_SAMPLES ? (size_t)rate->count : BACKFILL_RATE_SAMPLES;
}

double backfill_rate_per_minute(const struct backfill_rate *rate)
{
    size_t count = sample_count(rate);
    if (count < BACKFILL_RATE_ENOUGH)
        return 0;
    int64_t first = INT64_MAX;
    int64_t last = 0;
    for (size_t i = 0; i < count; i++) {
        first = rate->ended[i].us < first ? rate->ended[i].us : first;
        last = rate->ended[i].us > last ? rate->ended[i].us : last;
    }
    if (last <= first)
        return 0;
    return (double)(count - 1) * 60.0 * (double)DURATION_SECOND_US / (double)(last - first);
}

static int compare_durations(const void *a, const void *b)
{
    const struct duration *one = a;
    const struct duration *other = b;
    return (one->us > other->us) - (one->us < other->us);
}

static struct duration median(const struct backfill_rate *rate)
{
    struct duration sorted[BACKFILL_RATE_SAMPLES];
    size_t count = sample_count(rate);
    memcpy(sorted, rate->took, sizeof sorted);
    qsort(sorted, count, sizeof sorted[0], compare_durations);
    if (count % 2 == 1)
        return sorted[count / 2];
    return (struct duration){(sorted[count / 2 - 1].us + sorted[count / 2].us) / 2};
}

bool backfill_rate_is_late(const struct backfill_rate *rate, struct duration per_date,
                           struct duration began, struct duration now)
{
    int64_t last = began.us;
    int64_t usual = rate->count >= BACKFILL_RATE_ENOUGH ? median(rate).us : per_date.us;
    for (size_t i = 0; i < sample_count(rate); i++)
        last = rate->ended[i].us > last ? rate->ended[i].us : last;
    int64_t silent = now.us - last;
    return silent > duration_ms(BACKFILL_RATE_LATE_MS).us && silent / 2 > usual;
}

struct backfill_left backfill_rate_left(const struct backfill_rate *rate, int64_t remaining,
                                        int64_t parallel, struct duration per_date)
{
    struct backfill_left left = {.is_known = true};
    if (rate->count >= BACKFILL_RATE_ENOUGH)
        per_date = median(rate);
    else if (per_date.us > 0)
        left.is_estimate = true;
    else
        left.is_known = false;
    if (parallel > remaining)
        parallel = remaining; /* the last dates leave places empty */
    int64_t whole;
    if (__builtin_mul_overflow(per_date.us, remaining, &whole))
        whole = INT64_MAX;
    left.left.us = parallel > 0 ? whole / parallel : 0;
    return left;
}
