/* Targets and forms, read strictly; URLs, written so that no value can break out of its place.
 * Pure. */
#ifndef DATEMILL_WEB_HTTP_URL_H
#define DATEMILL_WEB_HTTP_URL_H

#include "scheduler/base/error.h"
#include "web/http/http.h"

/* Reads `/runs/12?q=flow%3Ahello` into a path and pairs. Refuses (ERROR_KIND_INVALID) a target that
 * does not begin with '/', a broken escape, a NUL or other control character, bytes that are no
 * UTF-8, `.` and `..` as parts of the path, an encoded slash in the path, too many pairs. */
int url_parse_target(const char *target, struct arena *arena, const char **ret_path,
                     struct http_pairs *ret_query, struct error *err);

/* Reads a body of application/x-www-form-urlencoded. Newlines are kept. */
int url_parse_form(const char *body, size_t length, struct arena *arena,
                   struct http_pairs *ret_pairs, struct error *err);

/* Appends with everything but letters, digits and `-._~` percent-encoded. */
void url_append_encoded(struct text *text, const char *value);

/* A URL of ours that is being written:
 *
 *     struct url url;
 *     url_begin(&url, arena, "/runs");
 *     url_part(&url, "12");              // /runs/12
 *     url_query(&url, "q", "state:failed");
 *     html_attr(html, "href", url_string(&url));
 */
struct url {
    struct arena *arena;
    const char *text;
    bool has_query;
};

void url_begin(struct url *url, struct arena *arena, const char *path); /* `path` as it stands */
void url_part(struct url *url, const char *part);                       /* adds `/part` */
void url_part_int(struct url *url, int64_t part);
void url_query(struct url *url, const char *name, const char *value);
void url_query_int(struct url *url, const char *name, int64_t value);
void url_fragment(struct url *url, const char *fragment); /* last */
const char *url_string(const struct url *url);            /* belongs to the arena */

#endif
