/* One POST of JSON. */
#ifndef DATEMILL_NOTIFY_WEBHOOK_H
#define DATEMILL_NOTIFY_WEBHOOK_H

#include "scheduler/base/error.h"

#include <stddef.h>
#include <stdint.h>

#define WEBHOOK_MAX_ANSWER_BYTES ((size_t)65536)
#define WEBHOOK_MAX_HEADERS 64

struct webhook {
    const char *url;
    const char *const *headers; /* `Name: value` */
    size_t header_count;
    const char *body;
    size_t body_length;
    int64_t timeout_ms;
    const char *ok_field; /* NULL: any 2xx is fine */
};

/* Fails unless it was taken: a status of 2xx, and `ok_field` of the answer 0. The error names
 * neither URL nor headers. */
int webhook_post(const struct webhook *webhook, struct error *err);

#endif
