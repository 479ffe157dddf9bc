#include "scheduler/command/run_waits.h"

#include "scheduler/base/scope.h"
#include "scheduler/command/engine_ask.h"

#include <string.h>

#define SHOWN_NODES 40  /* in text; JSON has all */
#define SHOWN_WAITERS 8 /* of one node */

/* Whether an engine has answered. */
static bool ask_engine(struct context *context, int64_t run_id, struct run_waits *waits)
{
    struct engine_talk *talk;
    struct notice notice;
    struct error err = {0};
    struct request request = {.kind = REQUEST_KIND_EXPLAIN, .run_count = 1};
    request.run_ids[0] = run_id;
    if (engine_talk_open(context, &talk, &err) < 0)
        return false;
    int result = engine_talk_ask(talk, &request, duration_ms(RUN_WAITS_ENGINE_MS), &notice, &err);
    engine_talk_close(talk);
    if (result < 0)
        waits->remark = "the scheduler does not answer: as far as the store knows";
    if (result < 0 || notice.error.kind != ERROR_KIND_NONE)
        return false;
    *waits = (struct run_waits){notice.items, notice.item_count, notice.remark, true};
    return true;
}

void run_waits_find(struct context *context, const struct run_facts_nodes *run,
                    struct run_waits *ret_waits)
{
    *ret_waits = (struct run_waits){.remark = ""};
    bool is_open = !run_state_is_final(run->run.state);
    if (is_open && context->project != NULL && ask_engine(context, run->run.id, ret_waits))
        return;
    run_waits_from_store(context, run, ret_waits);
}

static bool is_of(const struct notice_item *item, bool holds_up)
{
    return (item->key[0] == NOTICE_HOLDS_UP) == holds_up;
}

static const char *node_of(const struct notice_item *item)
{
    return item->key[0] == NOTICE_HOLDS_UP ? item->key + 1 : item->key;
}

static void print_line(struct terminal *out, int width, const char *name, const char *text)
{
    terminal_print(out, "%-*s", width + 2, name);
    terminal_put(out, text);
    terminal_print(out, "\n");
}

static int name_width(const struct run_waits *waits)
{
    size_t width = 0;
    for (size_t i = 0; i < waits->count; i++) {
        size_t length = strlen(node_of(&waits->items[i]));
        width = length > width ? length : width;
    }
    return width > 32 ? 32 : (int)width;
}

static void print_waiting(struct context *context, const struct run_waits *waits)
{
    const char *last = "";
    size_t nodes = 0;
    for (size_t i = 0; i < waits->count; i++) {
        const struct notice_item *item = &waits->items[i];
        if (!is_of(item, false))
            continue;
        bool is_new = strcmp(item->key, last) != 0;
        last = item->key;
        nodes += is_new;
        if (nodes == 1 && is_new)
            terminal_print_styled(context->out, TERMINAL_STYLE_BOLD, "\nWAITING\n");
        if (nodes <= SHOWN_NODES)
            print_line(context->out, name_width(waits), is_new ? item->key : "", item->text);
    }
    if (nodes > SHOWN_NODES)
        terminal_print(context->out, "and %zu more nodes\n", nodes - SHOWN_NODES);
}

/* Waiters of one node are next to each other; those of other runs come behind them all. */
static void print_holds(struct context *context, const struct run_waits *waits)
{
    size_t nodes = 0;
    for (size_t i = 0; i < waits->count; i++) {
        SCOPED_TEXT struct text line = {0};
        const struct notice_item *item = &waits->items[i];
        if (!is_of(item, true))
            continue;
        size_t count = 0;
        size_t next = i;
        for (; next < waits->count && strcmp(waits->items[next].key, item->key) == 0; next++) {
            if (count++ < SHOWN_WAITERS)
                text_append_format(&line, "%s%s", count > 1 ? ", " : "", waits->items[next].text);
        }
        i = next - 1;
        if (count > SHOWN_WAITERS)
            text_append_format(&line, " and %zu more", count - SHOWN_WAITERS);
        if (nodes++ == 0)
            terminal_print_styled(context->out, TERMINAL_STYLE_BOLD, "\nHOLDS UP\n");
        if (nodes <= SHOWN_NODES)
            print_line(context->out, name_width(waits), node_of(item), text_string(&line));
    }
}

void run_waits_print(struct context *context, const struct run_waits *waits)
{
    print_waiting(context, waits);
    print_holds(context, waits);
    if (waits->count > 0 && waits->remark[0] != '\0')
        context_note(context, "%s", waits->remark);
}

/* Nodes whose items are not all next to each other are one all the same. */
static bool is_first_of_key(const struct run_waits *waits, size_t index)
{
    for (size_t i = index; i > 0; i--) {
        if (strcmp(waits->items[i - 1].key, waits->items[index].key) == 0)
            return false;
    }
    return true;
}

static void write_nodes(const struct run_waits *waits, bool holds_up, struct json_out *json)
{
    json_out_begin_array(json);
    for (size_t i = 0; i < waits->count; i++) {
        if (!is_of(&waits->items[i], holds_up) || !is_first_of_key(waits, i))
            continue;
        json_out_begin_object(json);
        json_out_pair_string(json, "node", node_of(&waits->items[i]));
        json_out_key(json, holds_up ? "waiters" : "reasons");
        json_out_begin_array(json);
        for (size_t j = i; j < waits->count; j++) {
            if (strcmp(waits->items[j].key, waits->items[i].key) == 0)
                json_out_string(json, waits->items[j].text);
        }
        json_out_end_array(json);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

void run_waits_write(const struct run_waits *waits, struct json_out *json)
{
    json_out_key(json, "waiting");
    write_nodes(waits, false, json);
    json_out_key(json, "holds_up");
    write_nodes(waits, true, json);
    json_out_pair_bool(json, "asked_scheduler", waits->is_of_engine);
}
