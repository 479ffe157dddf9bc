#include "web/api/api_ask.h"

#include "web/api/api.h"
#include "web/api/api_doc.h"
#include "web/api/idempotency.h"
#include "web/site/engine_call.h"
#include "web/site/fail.h"

#include <inttypes.h>
#include <string.h>

/* What is wrong with the state of things rather than with us or the client. */
static int status_of(const struct error *error)
{
    bool is_conflict = error->kind == ERROR_KIND_BUSY || error->kind == ERROR_KIND_REFUSED ||
                       error->kind == ERROR_KIND_FAILED;
    return is_conflict ? 409 : visit_status_of(error);
}

static void write_runs(struct json_out *out, const struct notice *reply)
{
    json_out_key(out, "runs");
    json_out_begin_array(out);
    for (size_t i = 0; i < reply->run_count; i++)
        json_out_int(out, reply->run_ids[i]);
    json_out_end_array(out);
}

static void write_items(struct json_out *out, const struct notice *reply)
{
    json_out_key(out, "nodes");
    json_out_begin_array(out);
    for (size_t i = 0; i < reply->item_count; i++) {
        json_out_begin_object(out);
        json_out_pair_string(out, "node", reply->items[i].key);
        json_out_pair_string(out, "text", reply->items[i].text);
        json_out_end_object(out);
    }
    json_out_end_array(out);
}

static void write_backfill(const struct view_json *json, const struct notice *reply)
{
    json_out_key(json->out, "backfill");
    if (reply->backfill_id == 0) {
        json_out_null(json->out);
        return;
    }
    json_out_begin_object(json->out);
    json_out_pair_int(json->out, "id", reply->backfill_id);
    view_json_text(json, "flow", reply->flow);
    view_json_text(json, "state", reply->state);
    json_out_pair_int(json->out, "done", reply->done);
    json_out_pair_int(json->out, "total", reply->total);
    json_out_pair_int(json->out, "failed", reply->failed);
    json_out_pair_int(json->out, "running", reply->running);
    json_out_pair_int(json->out, "parallel", reply->dates_parallel);
    json_out_end_object(json->out);
}

/* 201 and the place of what was made. */
static void set_place(struct visit *visit, const struct notice *reply)
{
    const char *pattern = visit->route->pattern;
    const char *place = NULL;
    if (strcmp(pattern, "/api/v1/runs") == 0 && reply->run_count > 0)
        place = arena_format(visit->arena, "%s/%" PRId64, pattern, reply->run_ids[0]);
    if (strcmp(pattern, "/api/v1/backfills") == 0 && reply->backfill_id > 0)
        place = arena_format(visit->arena, "%s/%" PRId64, pattern, reply->backfill_id);
    if (place == NULL)
        return;
    visit->response->status = 201;
    http_set_header(visit->response, "Location", place);
}

static int answer(struct visit *visit, const struct notice *reply, void *owner, struct error *err)
{
    struct json_out out;
    struct view_json json = {.out = &out};
    (void)owner;
    (void)err;
    if (reply->error.kind != ERROR_KIND_NONE) {
        fail_visit(visit, status_of(&reply->error), &reply->error);
        idempotency_end(visit);
        return 0;
    }
    set_place(visit, reply);
    api_begin(visit, &out);
    write_runs(&out, reply);
    write_backfill(&json, reply);
    view_json_text(&json, "node", reply->node);
    view_json_text(&json, "state", reply->backfill_id == 0 ? reply->state : "");
    view_json_text(&json, "run_state", reply->node[0] != '\0' ? reply->result : "");
    view_json_text(&json, "remark", reply->remark);
    view_json_text(&json, "reason", reply->reason);
    write_items(&out, reply);
    api_end(visit, &out);
    idempotency_end(visit);
    return 0;
}

static int work_on(struct visit *visit, api_ask_work *work, struct error *err)
{
    struct json *body;
    struct request request = {0};
    struct engine_call_options options = {.visit = visit, .request = &request, .done = answer};
    if (api_read_body(visit, &body, err) < 0)
        return -1;
    int result = work(visit, body, &request, err);
    json_free(body);
    if (result == 0)
        result = engine_call_begin(&options, err);
    else if (result > 0)
        idempotency_end(visit);
    return result < 0 ? -1 : 0;
}

int api_ask(struct visit *visit, api_ask_work *work, struct error *err)
{
    int begun = idempotency_begin(visit, err);
    if (begun != 0)
        return begun < 0 ? -1 : 0;
    if (work_on(visit, work, err) == 0)
        return 0;
    idempotency_drop(visit);
    return -1;
}
