/* Idempotency-Key: the same POST sent again, as after a lost connection, is answered as it was and
 * changes nothing more. Answers are kept in this process, the newest IDEMPOTENCY_KEPT of them for a
 * day; runs and backfills are found by their key in the store besides, whatever dies meanwhile. */
#ifndef DATEMILL_WEB_API_IDEMPOTENCY_H
#define DATEMILL_WEB_API_IDEMPOTENCY_H

#include "web/site/visit.h"

#define IDEMPOTENCY_KEPT 256
#define IDEMPOTENCY_MAX_KEY 200
#define IDEMPOTENCY_MAX_BODY ((size_t)64 << 10) /* larger answers are not kept */

/* 0: the request is new, or has no key: go on. 1: it is answered. -1: the key is no key (USAGE), or
 * that of another request (USAGE), or of one that is on its way (BUSY). */
int idempotency_begin(struct visit *visit, struct error *err);

/* What was answered: visit->response is complete but for general headers. */
void idempotency_end(struct visit *visit);

/* Nothing was done: the key may be used again. */
void idempotency_drop(struct visit *visit);

/* The engine's key for it: "" without one. */
const char *idempotency_key(struct visit *visit);

#endif
