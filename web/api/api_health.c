/* How the project stands: for programs (JSON) and for Prometheus (text). Cheap: nothing here looks
 * at more than what is open. */
#include "web/api/api.h"
#include "web/api/api_doc.h"
#include "web/api/api_routes.h"

#include "scheduler/base/scope.h"
#include "scheduler/store/view_history.h"
#include "web/api/metrics.h"
#include "web/site/engine_call.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef int health_writer(struct visit *visit, const struct health *health);

/* An answer that waits for the engine's. */
struct pending {
    struct health health;
    health_writer *write;
};

static int load_store(struct visit *visit, struct health *health, struct error *err)
{
    struct view_page page = {.limit = 1};
    struct view_runs runs;
    struct store *store;
    if (api_store(visit, &store, err) < 0)
        return -1;
    health->has_store = store != NULL;
    if (store == NULL)
        return 0;
    if (store_measure(store, &health->store, err) < 0 ||
        view_status(store, visit->arena, &health->status, err) < 0 ||
        view_list_runs(store, &page, visit->arena, &runs, err) < 0)
        return -1;
    health->newest_run = runs.count > 0 ? runs.items[0].id : 0;
    return 0;
}

static int answer_with_engine(struct visit *visit, const struct notice *reply, void *owner,
                              struct error *err)
{
    struct pending *pending = owner;
    (void)err;
    pending->health.engine = reply->state[0] != '\0' ? reply : NULL;
    return pending->write(visit, &pending->health);
}

static int begin(struct visit *visit, health_writer *write, struct error *err)
{
    struct pending *pending = arena_alloc(visit->arena, sizeof *pending);
    *pending = (struct pending){.write = write};
    const struct request request = {.kind = REQUEST_KIND_STATUS};
    struct engine_call_options options = {
        .visit = visit, .request = &request, .done = answer_with_engine, .owner = pending};
    if (load_store(visit, &pending->health, err) < 0)
        return -1;
    if (engine_call_begin(&options, NULL) == 0)
        return 0;
    return write(visit, &pending->health); /* no engine is there */
}

/* ---- as JSON ---- */

static void write_engine(struct json_out *out, const struct notice *engine)
{
    json_out_key(out, "engine");
    json_out_begin_object(out);
    json_out_pair_string(out, "state", engine != NULL ? engine->state : NULL);
    json_out_key(out, "slots");
    if (engine != NULL)
        json_out_int(out, engine->total);
    else
        json_out_null(out);
    json_out_key(out, "slots_used");
    if (engine != NULL)
        json_out_int(out, engine->done);
    else
        json_out_null(out);
    json_out_key(out, "runs_open");
    if (engine != NULL)
        json_out_int(out, engine->running);
    else
        json_out_null(out);
    json_out_end_object(out);
}

static void write_store(struct json_out *out, const struct health *health)
{
    json_out_key(out, "store");
    if (!health->has_store) {
        json_out_null(out);
        return;
    }
    json_out_begin_object(out);
    json_out_pair_int(out, "schema_version", health->store.schema_version);
    json_out_pair_int(out, "bytes", health->store.file_bytes);
    json_out_pair_int(out, "wal_bytes", health->store.wal_bytes);
    json_out_pair_int(out, "free_bytes", health->store.free_bytes);
    json_out_end_object(out);
}

static void write_web(struct visit *visit, struct json_out *out)
{
    const struct site_traffic *traffic = site_traffic(visit->site);
    const struct http_server *server = visit->exchange->server;
    struct view_json json = api_view(visit, out, NULL);
    int64_t all = 0;
    for (size_t i = 1; i < sizeof traffic->answers / sizeof traffic->answers[0]; i++)
        all += traffic->answers[i];
    json_out_key(out, "web");
    json_out_begin_object(out);
    view_json_time(&json, "since", site_since(visit->site));
    json_out_pair_int(out, "requests", all);
    json_out_pair_int(out, "errors", traffic->answers[5]);
    json_out_pair_int(out, "connections", (int64_t)http_server_connections(server));
    json_out_pair_int(out, "streams", (int64_t)http_server_streams(server));
    json_out_end_object(out);
}

static int write_health(struct visit *visit, const struct health *health)
{
    struct json_out out;
    api_begin(visit, &out);
    json_out_pair_string(&out, "version", DATEMILL_VERSION);
    write_engine(&out, health->engine);
    write_store(&out, health);
    json_out_key(&out, "attempts");
    json_out_begin_object(&out);
    json_out_pair_int(&out, "granted", health->status.granted);
    json_out_pair_int(&out, "running", health->status.running);
    json_out_end_object(&out);
    json_out_pair_int(&out, "open", (int64_t)health->status.open_count);
    json_out_pair_int(&out, "attention", (int64_t)health->status.attention_count);
    json_out_pair_int(&out, "newest_run", health->newest_run);
    json_out_pair_int(&out, "newest_event", health->status.newest_event);
    write_web(visit, &out);
    return api_end(visit, &out);
}

static int show_health(struct visit *visit, struct error *err)
{
    return begin(visit, write_health, err);
}

/* ---- for Prometheus ---- */

static int write_metrics(struct visit *visit, const struct health *health)
{
    struct metrics metrics = {.health = health,
                              .traffic = site_traffic(visit->site),
                              .connections = http_server_connections(visit->exchange->server),
                              .streams = http_server_streams(visit->exchange->server),
                              .since = site_since(visit->site)};
    visit->response->status = 200;
    visit->response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_write(&metrics, &visit->response->body);
    return 0;
}

static int show_metrics(struct visit *visit, struct error *err)
{
    return begin(visit, write_metrics, err);
}

const struct route api_health_routes[] = {
    {.pattern = "/api/v1/health",
     .methods = HTTP_GET,
     .is_api = true,
     .answer = show_health,
     .doc = &(const struct api_doc){.id = "health",
                                    .summary = "Engine, store and page: how they are.",
                                    .answer = "Health"}},
    {.pattern = "/metrics",
     .methods = HTTP_GET,
     .is_api = true,
     .answer = show_metrics,
     .doc = &(const struct api_doc){.id = "metrics",
                                    .summary = "The same and more for Prometheus.",
                                    .type = "text/plain"}},
    {.pattern = NULL}};
