#include "web/api/idempotency.h"

#include "scheduler/base/memory.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_S 86400
#define PENDING_S 30 /* whoever asked may have gone away */
#define HASH_START UINT64_C(14695981039346656037)
#define HASH_FACTOR UINT64_C(1099511628211)

struct answered {
    char *key; /* NULL = free */
    uint64_t request;
    struct instant at;
    bool is_complete;
    int status;
    char *location; /* NULL = none */
    char *body;
    size_t length;
};

struct idempotency {
    struct answered items[IDEMPOTENCY_KEPT];
    size_t next; /* the oldest */
};

static void forget(struct answered *item)
{
    free(item->key);
    free(item->location);
    free(item->body);
    *item = (struct answered){0};
}

static void close_all(void *part)
{
    struct idempotency *kept = part;
    for (size_t i = 0; i < IDEMPOTENCY_KEPT; i++)
        forget(&kept->items[i]);
}

static const struct site_part_kind idempotency_kind = {.size = sizeof(struct idempotency),
                                                       .close = close_all};

static struct idempotency *kept_of(struct visit *visit)
{
    return site_part(visit->site, &idempotency_kind);
}

/* Another visitor's key is another key. */
static const char *full_key(struct visit *visit)
{
    const char *key = http_header(visit->request, "Idempotency-Key");
    if (key == NULL)
        return NULL;
    return arena_format(visit->arena, "%s %s", visit->visitor.name, key);
}

static struct answered *find(struct visit *visit)
{
    struct idempotency *kept = kept_of(visit);
    const char *key = full_key(visit);
    for (size_t i = 0; key != NULL && i < IDEMPOTENCY_KEPT; i++) {
        struct answered *item = &kept->items[i];
        int64_t kept_s = item->is_complete ? KEPT_S : PENDING_S;
        bool is_late =
            item->key != NULL && visit->now.us - item->at.us > duration_seconds(kept_s).us;
        if (is_late)
            forget(item);
        if (item->key != NULL && strcmp(item->key, key) == 0)
            return item;
    }
    return NULL;
}

static uint64_t mix(uint64_t hash, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * HASH_FACTOR;
    return hash;
}

static uint64_t hash_of(const struct http_request *request)
{
    uint64_t hash = mix(HASH_START, request->target, strlen(request->target) + 1);
    return mix(hash, request->body, request->body_length);
}

static int check_key(const char *key, struct error *err)
{
    size_t length = strlen(key);
    bool is_plain = length > 0 && length <= IDEMPOTENCY_MAX_KEY;
    for (size_t i = 0; i < length; i++)
        is_plain = is_plain && isgraph((unsigned char)key[i]);
    if (is_plain)
        return 0;
    return error_set(err, ERROR_KIND_USAGE, "Idempotency-Key must be 1 to %d visible characters",
                     IDEMPOTENCY_MAX_KEY);
}

static void keep(struct visit *visit)
{
    struct idempotency *kept = kept_of(visit);
    struct answered *item = &kept->items[kept->next];
    kept->next = (kept->next + 1) % IDEMPOTENCY_KEPT;
    forget(item);
    item->key = memory_copy_string(full_key(visit));
    item->request = hash_of(visit->request);
    item->at = visit->now;
}

static int repeat(struct visit *visit, const struct answered *item)
{
    struct http_response *response = visit->response;
    response->status = item->status;
    response->content_type = item->status >= 400 ? "application/problem+json" : "application/json";
    text_append_bytes(&response->body, item->body, item->length);
    if (item->location != NULL)
        http_set_header(response, "Location", arena_copy_string(visit->arena, item->location));
    http_set_header(response, "Idempotency-Replayed", "true");
    return 1;
}

int idempotency_begin(struct visit *visit, struct error *err)
{
    const char *key = http_header(visit->request, "Idempotency-Key");
    struct answered *item = find(visit);
    if (key == NULL)
        return 0;
    if (check_key(key, err) < 0)
        return -1;
    if (item == NULL) {
        keep(visit);
        return 0;
    }
    if (item->request != hash_of(visit->request))
        return error_set(err, ERROR_KIND_USAGE,
                         "this Idempotency-Key was sent with another request before");
    if (!item->is_complete)
        return error_set(err, ERROR_KIND_BUSY,
                         "the request with this Idempotency-Key is being worked on");
    return repeat(visit, item);
}

/* What may be other the next time is not kept: then the request is new again. */
void idempotency_end(struct visit *visit)
{
    struct http_response *response = visit->response;
    struct answered *item = find(visit);
    if (item == NULL || item->is_complete)
        return;
    if (response->status >= 500 || response->body.length > IDEMPOTENCY_MAX_BODY) {
        forget(item);
        return;
    }
    item->is_complete = true;
    item->status = response->status;
    item->length = response->body.length;
    item->body = memory_new(1, item->length + 1);
    memcpy(item->body, text_string(&response->body), item->length);
    for (size_t i = 0; i < response->header_count; i++) {
        if (strcmp(response->headers[i].name, "Location") == 0)
            item->location = memory_copy_string(response->headers[i].value);
    }
}

void idempotency_drop(struct visit *visit)
{
    struct answered *item = find(visit);
    if (item != NULL && !item->is_complete)
        forget(item);
}

const char *idempotency_key(struct visit *visit)
{
    const char *key = full_key(visit);
    if (key == NULL)
        return "";
    uint64_t hash = mix(hash_of(visit->request), key, strlen(key));
    return arena_format(visit->arena, "web-%016" PRIx64 "-%s", hash, key);
}
