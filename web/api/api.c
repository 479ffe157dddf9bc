#include "web/api/api.h"

#include "scheduler/base/scope.h"
#include "scheduler/store/view_history.h"
#include "web/api/base64url.h"

#include <inttypes.h>
#include <string.h>

#define CURSOR_NUMBER "i"
#define CURSOR_TEXT "t"

void api_begin(struct visit *visit, struct json_out *out)
{
    if (visit->response->status == 0)
        visit->response->status = 200;
    visit->response->content_type = "application/json";
    json_out_init(out, &visit->response->body);
    json_out_begin_object(out);
}

int api_end(struct visit *visit, struct json_out *out)
{
    json_out_end_object(out);
    text_append_char(&visit->response->body, '\n');
    return 0;
}

struct view_json api_view(const struct visit *visit, struct json_out *out, const char *zone)
{
    return (struct view_json){.out = out,
                              .zone = zone == NULL ? site_project_zone(visit->site)
                                                   : site_zone(visit->site, zone),
                              .now = visit->now};
}

void api_url(struct json_out *out, const char *path, int64_t id)
{
    SCOPED_TEXT struct text url = {0};
    text_append_format(&url, "%s/%" PRId64, path, id);
    json_out_pair_string(out, "url", text_string(&url));
}

int api_store(struct visit *visit, struct store **ret_store, struct error *err)
{
    struct error why = {0};
    if (visit_store(visit, ret_store, &why) == 0)
        return 0;
    *ret_store = NULL;
    if (why.kind == ERROR_KIND_NOT_FOUND)
        return 0;
    *err = why;
    return -1;
}

int api_state(struct visit *visit, struct store *store, int64_t run_id, const char **ret_state,
              struct error *err)
{
    int64_t event = 0;
    if (store != NULL && view_newest_event(store, run_id, &event, err) < 0)
        return -1;
    *ret_state = arena_format(visit->arena, "e%" PRId64, event);
    return 0;
}

int32_t api_limit(const struct visit *visit)
{
    return (int32_t)visit_int(visit, "limit", API_LIMIT);
}

/* ---- cursors ---- */

static int bad_cursor(struct error *err)
{
    error_at(err, 0, 0, "E021", "parameter after: this is no `after` of a page before");
    if (err != NULL)
        err->kind = ERROR_KIND_USAGE;
    return -1;
}

static int read_cursor(const struct visit *visit, struct json **ret_cursor, struct error *err)
{
    const char *text = visit_text(visit, "after", NULL);
    char *bytes;
    size_t length;
    *ret_cursor = NULL;
    if (text == NULL)
        return 0;
    if (!base64url_decode(visit->arena, text, &bytes, &length) ||
        json_parse(bytes, length, ret_cursor, NULL) < 0)
        return bad_cursor(err);
    return 0;
}

int api_after_int(const struct visit *visit, int64_t *ret_key, struct error *err)
{
    struct json *cursor;
    if (read_cursor(visit, &cursor, err) < 0)
        return -1;
    int64_t key = json_get_int(cursor, CURSOR_NUMBER, 0);
    bool is_wrong = cursor != NULL && key <= 0;
    json_free(cursor);
    if (is_wrong)
        return bad_cursor(err);
    *ret_key = key;
    return 0;
}

int api_after_text(const struct visit *visit, const char **ret_key, struct error *err)
{
    struct json *cursor;
    if (read_cursor(visit, &cursor, err) < 0)
        return -1;
    const char *key = arena_copy_string(visit->arena, json_get_string(cursor, CURSOR_TEXT, ""));
    bool is_wrong = cursor != NULL && key[0] == '\0';
    json_free(cursor);
    if (is_wrong)
        return bad_cursor(err);
    *ret_key = key;
    return 0;
}

const char *api_next_url(const struct visit *visit, const char *cursor_json)
{
    struct url url;
    SCOPED_TEXT struct text path = {0};
    const struct http_pairs *query = &visit->request->query;
    size_t length = strcspn(visit->request->target, "?");
    text_append_bytes(&path, visit->request->target, length);
    url_begin(&url, visit->arena, arena_copy(visit->arena, text_string(&path), path.length));
    for (size_t i = 0; i < query->count; i++) {
        if (strcmp(query->items[i].name, "after") != 0 && query->items[i].value[0] != '\0')
            url_query(&url, query->items[i].name, query->items[i].value);
    }
    url_query(&url, "after", base64url_encode(visit->arena, cursor_json, strlen(cursor_json)));
    return url_string(&url);
}

static void write_next(const struct visit *visit, struct json_out *out, struct text *cursor)
{
    json_out_pair_string(out, "next", api_next_url(visit, text_string(cursor)));
}

void api_next_int(const struct visit *visit, struct json_out *out, int64_t key)
{
    SCOPED_TEXT struct text cursor = {0};
    text_append_format(&cursor, "{\"" CURSOR_NUMBER "\":%" PRId64 "}", key);
    write_next(visit, out, &cursor);
}

void api_next_text(const struct visit *visit, struct json_out *out, const char *key)
{
    SCOPED_TEXT struct text cursor = {0};
    struct json_out json;
    json_out_init(&json, &cursor);
    json_out_begin_object(&json);
    json_out_pair_string(&json, CURSOR_TEXT, key);
    json_out_end_object(&json);
    write_next(visit, out, &cursor);
}
