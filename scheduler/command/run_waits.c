#include "scheduler/command/run_waits.h"

#include "scheduler/base/json_in.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/control_client.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define SHOWN_NODES 40  /* in text; JSON has all */
#define SHOWN_WAITERS 8 /* of one node */

/* The reply to a request, among whatever else is said; false when it does not come in time. */
static bool receive_reply(struct context *context, struct control_client *client,
                          struct duration until, struct notice *ret_notice)
{
    for (;;) {
        struct json *json = NULL;
        struct duration left = {until.us - clock_monotonic().us};
        if (left.us <= 0 || control_client_receive(client, left, &json, NULL) < 0)
            return false;
        if (json == NULL)
            continue;
        bool is_read = notice_from_json(json, &context->arena, ret_notice, NULL) == 0;
        json_free(json);
        if (is_read && ret_notice->kind == NOTICE_KIND_REPLY)
            return true;
    }
}

static bool ask(struct context *context, struct control_client *client, int64_t run_id,
                struct notice *ret_notice)
{
    struct request request = {.kind = REQUEST_KIND_EXPLAIN, .number = 1, .run_count = 1};
    SCOPED_TEXT struct text json = {0};
    struct duration until = {clock_monotonic().us + duration_ms(RUN_WAITS_ENGINE_MS).us};
    request.run_ids[0] = run_id;
    request_write(&request, &json);
    return control_client_send(client, text_string(&json), json.length,
                               duration_ms(RUN_WAITS_ENGINE_MS), NULL) == 0 &&
           receive_reply(context, client, until, ret_notice);
}

/* Whether an engine has answered. */
static bool ask_engine(struct context *context, int64_t run_id, struct run_waits *waits)
{
    struct control_client *client;
    struct notice notice;
    SCOPED_FD int folder = open(context->project->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || control_client_open(folder, &client, NULL) < 0)
        return false;
    bool is_answered = ask(context, client, run_id, &notice);
    control_client_close(client);
    if (!is_answered) {
        waits->remark = "the scheduler does not answer: as far as the store knows";
        return false;
    }
    if (notice.error.kind != ERROR_KIND_NONE)
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
