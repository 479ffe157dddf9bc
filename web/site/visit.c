#include "web/site/visit.h"

#include "scheduler/base/scope.h"
#include "web/assets/asset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *visit_text(const struct visit *visit, const char *name, const char *fallback)
{
    const char *value = http_pairs_find(&visit->request->query, name);
    return value == NULL || value[0] == '\0' ? fallback : value;
}

int64_t visit_int(const struct visit *visit, const char *name, int64_t fallback)
{
    const char *value = visit_text(visit, name, NULL);
    return value == NULL ? fallback : (int64_t)strtoll(value, NULL, 10);
}

bool visit_has(const struct visit *visit, const char *name)
{
    return visit_text(visit, name, NULL) != NULL;
}

const char *visit_form(const struct visit *visit, const char *name, const char *fallback)
{
    const char *value = http_pairs_find(&visit->form, name);
    return value == NULL || value[0] == '\0' ? fallback : value;
}

int visit_part_id(const struct visit *visit, size_t part, int64_t *ret_id, struct error *err)
{
    char *end;
    const char *text = visit->parts[part];
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (strspn(text, "0123456789") != strlen(text) || errno != 0 || value < 1)
        return error_set(err, ERROR_KIND_NOT_FOUND, "`%.100s` is not a number", text);
    *ret_id = value;
    return 0;
}

int visit_redirect(struct visit *visit, const char *path)
{
    http_response_reset(visit->response);
    visit->response->status = 303;
    http_set_header(visit->response, "Location", path);
    return 0;
}

int visit_status_of(const struct error *error)
{
    switch (error->kind) {
    case ERROR_KIND_USAGE:
    case ERROR_KIND_INVALID:
        return 400;
    case ERROR_KIND_NOT_FOUND:
        return 404;
    case ERROR_KIND_BUSY:
    case ERROR_KIND_PRECONDITION:
        return 503;
    case ERROR_KIND_REFUSED:
        return 403;
    case ERROR_KIND_FAILED:
        return 409;
    case ERROR_KIND_NONE:
    case ERROR_KIND_BUG:
        break;
    }
    return 500;
}

bool visit_is_unchanged(struct visit *visit, const char *state)
{
    const char *asked = http_header(visit->request, "If-None-Match");
    const char *tag =
        arena_format(visit->arena, "W/\"%s.%s.%s.%d.%s\"", state, DATEMILL_VERSION,
                     site_assets(visit->site)->version, (int)visit->language, visit->visitor.tag);
    http_set_header(visit->response, "ETag", tag);
    if (asked == NULL || strstr(asked, tag) == NULL)
        return false;
    visit->response->status = 304;
    return true;
}

int visit_store(struct visit *visit, struct store **ret_store, struct error *err)
{
    return site_store(visit->site, ret_store, err);
}

int visit_flow(struct visit *visit, const char *name, const struct flow **ret_flow,
               struct error *err)
{
    return site_flow(visit->site, name, ret_flow, err);
}

const char *visit_time(const struct visit *visit, struct instant at, const struct zone *zone)
{
    char text[CIVIL_TIME_BYTES];
    if (at.us == 0 || instant_is_never(at))
        return "";
    civil_time_format(zone_civil_at(zone, at), text);
    text[10] = ' ';
    return arena_copy_string(visit->arena, text);
}

const char *visit_duration(const struct visit *visit, struct duration duration)
{
    char text[DURATION_TEXT_BYTES];
    return arena_copy_string(visit->arena, duration_format(duration, text));
}
