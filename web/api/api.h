/* The JSON API: what its routes share. Names are those of `--json` on the command line (view_json.h
 * in the store). Lists hold `items` and, where there is more, `next`: the page behind. */
#ifndef DATEMILL_WEB_API_API_H
#define DATEMILL_WEB_API_API_H

#include "scheduler/base/json_in.h"
#include "scheduler/base/json_out.h"
#include "scheduler/store/view_json.h"
#include "web/http/url.h"
#include "web/site/visit.h"

#define API_LIMIT 50      /* rows of a page, where none is asked for */
#define API_MAX_LIMIT 500 /* and at most */

/* Parameters of every list (site/route.h). */
#define API_PARAMETER_LIMIT                                                                        \
    {                                                                                              \
        .name = "limit", .kind = PARAMETER_INT, .min = 1, .max = API_MAX_LIMIT,                    \
        .help = "rows, 50 unless given"                                                            \
    }
#define API_PARAMETER_AFTER                                                                        \
    {                                                                                              \
        .name = "after", .kind = PARAMETER_TEXT, .max = 200,                                       \
        .help = "opaque: what the URL in `next` of the page before has"                            \
    }

/* ---- answers ---- */

/* Begins an object as the answer, and ends it; api_end() returns 0. */
void api_begin(struct visit *visit, struct json_out *out);
int api_end(struct visit *visit, struct json_out *out);

/* Times are written in the zone named; NULL = the project's. */
struct view_json api_view(const struct visit *visit, struct json_out *out, const char *zone);

/* `url`: path and number of the page that shows it. */
void api_url(struct json_out *out, const char *path, int64_t id);

/* The store, NULL where nothing ever ran. */
int api_store(struct visit *visit, struct store **ret_store, struct error *err);

/* What visit_is_unchanged() wants: the newest event of the run (0: of all), `e991204`. */
int api_state(struct visit *visit, struct store *store, int64_t run_id, const char **ret_state,
              struct error *err);

/* The last key of the page before, of `?after=`: base64url of `{"i":184102}`. A number or a text; 0
 * or "" where there is none. Another text is E021. */
int api_after_int(const struct visit *visit, int64_t *ret_key, struct error *err);
int api_after_text(const struct visit *visit, const char **ret_key, struct error *err);

/* `next`: this very URL, with another `after`. */
void api_next_int(const struct visit *visit, struct json_out *out, int64_t key);
void api_next_text(const struct visit *visit, struct json_out *out, const char *key);
const char *api_next_url(const struct visit *visit, const char *cursor_json);

int32_t api_limit(const struct visit *visit);

/* ---- bodies ---- */

/* Reads the JSON object of a POST and checks it against the route's doc->body: unknown and missing
 * members, wrong kinds, values that do not fit (E021, E022). The caller frees with json_free(). */
int api_read_body(struct visit *visit, struct json **ret_body, struct error *err);

/* Members of it; strings are copied into the visit's arena, "" where there is none. */
const char *api_body_text(const struct visit *visit, const struct json *body, const char *name);
const char *api_body_list(const struct visit *visit, const struct json *body, const char *name);
struct api_vars {
    const struct node_setting *items;
    size_t count;
};
struct api_vars api_body_map(const struct visit *visit, const struct json *body, const char *name);

#endif
