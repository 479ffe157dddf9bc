/* Whether and when a failed attempt is followed by another. Private to this folder. */
#ifndef DATEMILL_ENGINE_RETRY_H
#define DATEMILL_ENGINE_RETRY_H

#include "scheduler/engine/event.h"

bool retry_allows(const struct event_retry *retry, struct attempt_outcome outcome, int32_t tries);
struct duration retry_delay(const struct event_retry *retry, int32_t tries);

#endif
