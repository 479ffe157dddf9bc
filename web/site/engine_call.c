#include "web/site/engine_call.h"

#include "scheduler/base/scope.h"
#include "scheduler/system/control_client.h"
#include "web/site/answer.h"

#include <string.h>

#define CALL_NUMBER 1
#define SEND_WAIT_MS 200

/* Belongs to the visit's arena; its connection ends with the exchange. */
struct engine_call {
    struct engine_call_options options;
    struct control_client *client;
    struct loop_fd *fd;
    struct loop_timer timer;
    bool is_over;
};

static void close_call(struct engine_call *call)
{
    struct loop *loop = site_loop(call->options.visit->site);
    loop_remove_fd(loop, call->fd);
    loop_cancel_timer(loop, &call->timer);
    control_client_close(call->client);
    call->fd = NULL;
    call->client = NULL;
    call->is_over = true;
}

static void forget(void *owner)
{
    struct engine_call *call = owner;
    if (!call->is_over)
        close_call(call);
}

static void complete(struct engine_call *call, const struct notice *reply)
{
    struct error err = {0};
    close_call(call);
    int result = call->options.done(call->options.visit, reply, call->options.owner, &err);
    answer_finish(call->options.visit, result, &err);
}

/* A reply of ours: the engine said nothing. By way of its text, so that no string is NULL. */
static void complete_without(struct engine_call *call, const char *why)
{
    SCOPED_TEXT struct text text = {0};
    struct notice notice = {.kind = NOTICE_KIND_REPLY, .request = CALL_NUMBER};
    struct notice copy;
    struct json *json = NULL;
    error_set(&notice.error, ERROR_KIND_PRECONDITION, "%s", why);
    notice_write(&notice, &text);
    if (json_parse(text_string(&text), text.length, &json, NULL) == 0 &&
        notice_from_json(json, call->options.visit->arena, &copy, NULL) == 0)
        complete(call, &copy);
    json_free(json);
}

static void late(void *owner)
{
    complete_without(owner, "the engine does not answer");
}

static void receive(void *owner, uint32_t events)
{
    struct engine_call *call = owner;
    struct json *json = NULL;
    (void)events;
    while (!call->is_over) {
        struct notice notice;
        if (control_client_receive(call->client, duration_ms(0), &json, NULL) < 0) {
            complete_without(call, "the engine went away before it answered");
            return;
        }
        if (json == NULL)
            return;
        int result = notice_from_json(json, call->options.visit->arena, &notice, NULL);
        json_free(json);
        if (result == 0 && notice.kind == NOTICE_KIND_REPLY && notice.request == CALL_NUMBER)
            complete(call, &notice);
    }
}

static int send_request(struct engine_call *call, struct error *err)
{
    SCOPED_TEXT struct text text = {0};
    struct visit *visit = call->options.visit;
    struct request request = *call->options.request;
    request.number = CALL_NUMBER;
    request.via = "web";
    request.needs_server = request.kind == REQUEST_KIND_RUN || request.kind == REQUEST_KIND_RERUN ||
                           request.kind == REQUEST_KIND_BACKFILL ||
                           request.kind == REQUEST_KIND_BACKFILL_RESUME ||
                           request.kind == REQUEST_KIND_BACKFILL_RETRY;
    request.who = visit->visitor.name;
    request_write(&request, &text);
    return control_client_send(call->client, text_string(&text), text.length,
                               duration_ms(SEND_WAIT_MS), err);
}

static int open_line(struct engine_call *call, struct error *err)
{
    struct site *site = call->options.visit->site;
    if (control_client_open(site_state_dir_fd(site), &call->client, err) < 0) {
        error_set(err, ERROR_KIND_PRECONDITION, "no scheduler is running");
        return error_help(err, "start one: datemill serve");
    }
    struct loop_fd_options options = {
        .fd = control_client_fd(call->client), .events = LOOP_READ, .call = receive, .owner = call};
    return loop_add_fd(site_loop(site), &options, &call->fd, err);
}

int engine_call_begin(const struct engine_call_options *options, struct error *err)
{
    struct visit *visit = options->visit;
    struct engine_call *call = arena_alloc(visit->arena, sizeof *call);
    call->options = *options;
    call->timer = (struct loop_timer){.call = late, .owner = call};
    if (open_line(call, err) < 0 || send_request(call, err) < 0) {
        close_call(call);
        return -1;
    }
    loop_set_timer(site_loop(visit->site), &call->timer, duration_seconds(ENGINE_CALL_WAIT_S));
    visit->exchange->owner = call;
    visit->exchange->forget = forget;
    http_exchange_defer(visit->exchange);
    return 0;
}
