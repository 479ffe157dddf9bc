#include "web/api/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum metric_kind {
    GAUGE,
    COUNTER
};

static void head(struct text *text, const char *name, enum metric_kind kind, const char *help)
{
    text_append_format(text, "# HELP datemill_%s %s\n# TYPE datemill_%s %s\n", name, help, name,
                       kind == COUNTER ? "counter" : "gauge");
}

static void one(struct text *text, const char *name, enum metric_kind kind, const char *help,
                int64_t value)
{
    head(text, name, kind, help);
    text_append_format(text, "datemill_%s %" PRId64 "\n", name, value);
}

/* A label's value: backslash, quote and newline are escaped. */
static void labelled(struct text *text, const char *name, const char *label, const char *value)
{
    text_append_format(text, "datemill_%s{%s=\"", name, label);
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\\' || *at == '"')
            text_append_char(text, '\\');
        if (*at == '\n')
            text_append(text, "\\n");
        else
            text_append_char(text, *at);
    }
    text_append(text, "\"} ");
}

static void write_open(const struct view_status *status, struct text *text)
{
    int64_t runs[TASK_STATE_COUNT] = {0};
    int64_t nodes[TASK_STATE_COUNT] = {0};
    for (size_t i = 0; i < status->open_count; i++) {
        runs[status->open[i].state]++;
        for (size_t state = 0; state < TASK_STATE_COUNT; state++)
            nodes[state] += status->open[i].counts[state];
    }
    head(text, "runs_open", GAUGE, "Runs that are not over, at most 1000 of them, by state.");
    for (int state = RUN_WAITING; state <= RUN_RUNNING; state++) {
        labelled(text, "runs_open", "state", run_state_name((enum run_state)state));
        text_append_format(text, "%" PRId64 "\n", runs[state]);
    }
    head(text, "nodes", GAUGE, "Nodes of these runs by state.");
    for (int state = 0; state < TASK_STATE_COUNT; state++) {
        labelled(text, "nodes", "state", task_state_name((enum task_state)state));
        text_append_format(text, "%" PRId64 "\n", nodes[state]);
    }
    one(text, "flows_failing", GAUGE, "Flows whose newest run failed or was stopped.",
        (int64_t)status->attention_count);
    one(text, "attempts_granted", GAUGE, "Attempts that may start, and did not yet.",
        status->granted);
    one(text, "attempts_running", GAUGE, "Attempts that run.", status->running);
    one(text, "events_total", COUNTER, "Lines of the story.", status->newest_event);
}

static void write_pools(const struct notice *engine, struct text *text)
{
    const char *const names[] = {"pool_used", "pool_size"};
    const char *const helps[] = {"Places of a pool that are taken.", "Places of a pool."};
    for (size_t n = 0; n < 2 && engine->item_count > 0; n++) {
        head(text, names[n], GAUGE, helps[n]);
        for (size_t i = 0; i < engine->item_count; i++) {
            const char *of = strstr(engine->items[i].text, " of ");
            labelled(text, names[n], "pool", engine->items[i].key);
            text_append_format(
                text, "%ld\n",
                strtol(n == 0 || of == NULL ? engine->items[i].text : of + 4, NULL, 10));
        }
    }
}

static void write_engine(const struct notice *engine, struct text *text)
{
    one(text, "engine_up", GAUGE, "Whether an engine answers.", engine != NULL);
    if (engine == NULL)
        return;
    one(text, "engine_is_server", GAUGE, "Whether it is `datemill serve`.",
        engine->state[0] == 's');
    one(text, "slots", GAUGE, "Attempts at once, at most.", engine->total);
    one(text, "slots_used", GAUGE, "Slots that are taken.", engine->done);
    write_pools(engine, text);
}

static void write_store(const struct store_figures *store, struct text *text)
{
    one(text, "store_bytes", GAUGE, "Size of state.db.", store->file_bytes);
    one(text, "store_wal_bytes", GAUGE, "Size of its log.", store->wal_bytes);
    one(text, "store_free_bytes", GAUGE, "Free on its file system.", store->free_bytes);
    one(text, "store_schema_version", GAUGE, "Version of its schema.", store->schema_version);
}

static void write_web(const struct metrics *metrics, struct text *text)
{
    head(text, "web_requests_total", COUNTER, "Answers of the page by the class of their status.");
    for (int class = 1; class <= 5; class ++)
        text_append_format(text, "datemill_web_requests_total{status=\"%dxx\"} %" PRId64 "\n",
                           class, metrics->traffic->answers[class]);
    one(text, "web_request_us_total", COUNTER, "Microseconds that answers took.",
        metrics->traffic->took_us);
    one(text, "web_connections", GAUGE, "Connections to the page.", (int64_t)metrics->connections);
    one(text, "web_streams", GAUGE, "Event streams that are open.", (int64_t)metrics->streams);
    one(text, "web_start_time_seconds", GAUGE, "When the page's process began.",
        metrics->since.us / DURATION_SECOND_US);
}

void metrics_write(const struct metrics *metrics, struct text *text)
{
    const struct health *health = metrics->health;
    write_engine(health->engine, text);
    if (health->has_store) {
        one(text, "runs_total", COUNTER, "Runs that were ever made.", health->newest_run);
        write_open(&health->status, text);
        write_store(&health->store, text);
    }
    write_web(metrics, text);
}
