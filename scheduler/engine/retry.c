#include "scheduler/engine/retry.h"

#include <assert.h>

#define LONGEST_DELAY_US (10000 * DURATION_DAY_US)

static bool has_code(const struct event_retry *retry, int32_t code)
{
    for (size_t i = 0; i < retry->code_count; i++) {
        if (retry->codes[i] == code)
            return true;
    }
    return false;
}

/* `tries` counts the attempt that has just ended. */
bool retry_allows(const struct event_retry *retry, struct attempt_outcome outcome, int32_t tries)
{
    if (tries > retry->max)
        return false;
    switch (outcome.end) {
    case ATTEMPT_END_FAILURE:
        return retry->code_count == 0 || has_code(retry, outcome.code);
    case ATTEMPT_END_SIGNAL:
    case ATTEMPT_END_COULD_NOT_START:
        return retry->code_count == 0;
    case ATTEMPT_END_TIMEOUT:
        return retry->on_timeout;
    case ATTEMPT_END_LOST:
        return retry->on_lost;
    case ATTEMPT_END_SUCCESS:
    case ATTEMPT_END_STOPPED:
    case ATTEMPT_END_REVOKED:
        break;
    }
    return false;
}

/* The delay after the `tries`-th attempt: delay × (backoff/100)^(tries - 1), up to the limit. */
struct duration retry_delay(const struct event_retry *retry, int32_t tries)
{
    assert(tries >= 1);
    int64_t limit = LONGEST_DELAY_US;
    if (retry->max_delay.us > 0 && retry->max_delay.us < limit)
        limit = retry->max_delay.us;
    int64_t us = retry->delay.us < limit ? retry->delay.us : limit;
    for (int32_t i = 1; i < tries; i++) {
        int64_t product;
        if (__builtin_mul_overflow(us, (int64_t)retry->backoff_percent, &product))
            return (struct duration){limit};
        int64_t next = product / 100 < limit ? product / 100 : limit;
        if (next == us)
            break;
        us = next;
    }
    return (struct duration){us};
}
