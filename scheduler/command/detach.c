#include "scheduler/command/detach.h"

#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/engine_ask.h"
#include "scheduler/command/operation_call.h"
#include "scheduler/command/page_start.h"
#include "scheduler/command/project_facts.h"
#include "scheduler/daemon/daemon.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define RETRY_MS 100

static int refuse(const struct notice *status, struct error *err)
{
    error_set(err, ERROR_KIND_PRECONDITION, "--detach needs `datemill serve`, and none is running");
    if (status != NULL)
        return error_help(err, "a command in the foreground is the engine now; without --detach "
                               "this one works beside it");
    return error_help(err, "without --detach it works in the foreground; what was begun is never "
                           "lost: the same command again goes on with it");
}

/* Asks once. Fails with BUSY where it is worth to ask again. */
static int try_once(struct context *context, const struct request *request,
                    struct notice *ret_reply, struct error *err)
{
    struct engine_talk *talk;
    struct notice status = {0};
    const struct request who = {.kind = REQUEST_KIND_STATUS};
    const struct duration patience = duration_seconds(DETACH_PATIENCE_S);
    if (engine_talk_open(context, &talk, err) < 0)
        return -1;
    int result = engine_talk_ask(talk, &who, patience, &status, err);
    if (result == 0 && strcmp(status.state, NOTICE_STATE_SERVER) != 0)
        result = refuse(&status, err);
    if (result == 0)
        result = engine_talk_ask(talk, request, patience, ret_reply, err);
    engine_talk_close(talk);
    return result;
}

/* One that had a server, and lost it in the middle, waits for it to come back. */
static int ask(struct context *context, const struct request *request, struct notice *ret_reply,
               struct error *err)
{
    int64_t end = clock_monotonic().us + duration_seconds(DETACH_PATIENCE_S).us;
    const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000};
    bool was_there = false;
    for (;;) {
        if (try_once(context, request, ret_reply, err) == 0)
            return 0;
        bool is_gone = err->kind == ERROR_KIND_NOT_FOUND;
        if (is_gone && !was_there && project_facts_holder(context, ENGINE_LOCK_NAME).pid == 0)
            return refuse(NULL, err);
        if ((!is_gone && err->kind != ERROR_KIND_BUSY) || clock_monotonic().us > end)
            return -1;
        was_there = true;
        nanosleep(&pause, NULL);
    }
}

static void print_runs(struct context *context, const struct request *request,
                       const struct notice *reply, int64_t pid)
{
    struct arena *arena = &context->arena;
    const char *what = request->kind == REQUEST_KIND_RUN
                           ? arena_format(arena, "   %s   bizdate %s", request->flow, request->date)
                           : "";
    for (size_t i = 0; i < reply->run_count; i++)
        terminal_print(context->out,
                       "run %" PRId64 "%s   handed to datemill serve, pid %" PRId64 "\n",
                       reply->run_ids[i], what, pid);
    if (context->is_quiet || reply->run_count == 0)
        return;
    terminal_print(context->out,
                   "  watch   datemill runs watch %" PRId64 "\n"
                   "  look    datemill runs show %" PRId64 "\n"
                   "  stop    datemill stop %" PRId64 "\n",
                   reply->run_ids[0], reply->run_ids[0], reply->run_ids[0]);
    const char *page = page_start_address(context);
    if (page[0] != '\0')
        terminal_print(context->out, "  page    %s/runs/%" PRId64 "\n", page, reply->run_ids[0]);
}

static void print_backfill(struct context *context, const struct notice *reply, int64_t pid)
{
    int64_t id = reply->backfill_id;
    if (id == 0)
        return;
    terminal_print(context->out,
                   "backfill %" PRId64 "   %" PRId64 " of %" PRId64
                   " dates are done   handed to datemill serve, pid %" PRId64 "\n",
                   id, reply->done, reply->total, pid);
    if (context->is_quiet)
        return;
    terminal_print(context->out,
                   "  watch   datemill backfill watch %" PRId64 "\n"
                   "  look    datemill backfill show %" PRId64 "\n"
                   "  pause   datemill backfill pause %" PRId64 "\n",
                   id, id, id);
    const char *page = page_start_address(context);
    if (page[0] != '\0')
        terminal_print(context->out, "  page    %s/backfills/%" PRId64 "\n", page, id);
}

static void print_json(struct context *context, const struct notice *reply, int64_t pid)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_int(&json, "schema", 1);
    json_out_pair_int(&json, "pid", pid);
    json_out_key(&json, "runs");
    json_out_begin_array(&json);
    for (size_t i = 0; i < reply->run_count; i++)
        json_out_int(&json, reply->run_ids[i]);
    json_out_end_array(&json);
    json_out_key(&json, "backfill");
    if (reply->backfill_id != 0)
        json_out_int(&json, reply->backfill_id);
    else
        json_out_null(&json);
    operation_pair(&json, "remark", reply->remark);
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
}

int detach_hand_over(struct context *context, const struct request *request, struct error *err)
{
    struct notice reply = {0};
    struct request keyed = *request;
    char token[CLOCK_TOKEN_BYTES] = "";
    if (clock_make_token(token, err) < 0)
        return -1;
    keyed.key = token;
    if (ask(context, &keyed, &reply, err) < 0)
        return -1;
    if (reply.error.kind != ERROR_KIND_NONE) {
        *err = reply.error;
        return -1;
    }
    int64_t pid = project_facts_holder(context, ENGINE_LOCK_NAME).pid;
    if (context->is_json) {
        print_json(context, &reply, pid);
        return 0;
    }
    if (reply.remark[0] != '\0')
        context_note(context, "%s", reply.remark);
    print_runs(context, request, &reply, pid);
    print_backfill(context, &reply, pid);
    return 0;
}
