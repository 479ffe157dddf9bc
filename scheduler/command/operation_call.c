#include "scheduler/command/operation_call.h"

#include "scheduler/base/json_in.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/foreground_work.h"

#include <string.h>

struct call {
    struct context *context;
    struct operation_answer *answer;
    bool is_answered;
};

/* By way of its text: every string is copied, and none is NULL. */
static void copy_notice(struct context *context, const struct notice *notice,
                        struct notice *ret_notice)
{
    SCOPED_TEXT struct text text = {0};
    struct json *json = NULL;
    *ret_notice = (struct notice){.kind = notice->kind};
    notice_write(notice, &text);
    if (json_parse(text_string(&text), text.length, &json, NULL) < 0)
        return;
    notice_from_json(json, &context->arena, ret_notice, NULL);
    json_free(json);
}

static void take_reply(void *owner, struct foreground_work *work, const struct notice *notice)
{
    struct call *call = owner;
    copy_notice(call->context, notice, &call->answer->notice);
    call->is_answered = true;
    const struct notice *copy = &call->answer->notice;
    if (copy->reason[0] == '\0' || copy->node[0] == '\0') {
        foreground_work_end(work);
        return;
    }
    context_note(call->context, "%s: %s", copy->node, copy->reason);
}

static bool is_over(const char *state)
{
    return strcmp(state, "waiting") != 0 && strcmp(state, "running") != 0;
}

static void take_notice(void *owner, struct foreground_work *work, const struct notice *notice)
{
    struct call *call = owner;
    const struct notice *reply = &call->answer->notice;
    if (notice->kind == NOTICE_KIND_TROUBLE && notice->reason != NULL && notice->reason[0] != '\0')
        context_note(call->context, "%s", notice->reason);
    if (!call->is_answered || notice->kind != NOTICE_KIND_NODE || notice->run_id != reply->run_id ||
        strcmp(notice->node, reply->node) != 0 || !is_over(notice->state))
        return;
    call->answer->became = arena_copy_string(&call->context->arena, notice->state);
    foreground_work_end(work);
}

static void say(void *owner, const char *line)
{
    struct call *call = owner;
    context_note(call->context, "%s", line);
}

static bool tick(void *owner)
{
    (void)owner;
    return false;
}

static void flush(void *owner)
{
    struct call *call = owner;
    terminal_flush(call->context->err);
}

int operation_call(struct context *context, const struct request *request,
                   struct operation_answer *ret_answer, struct error *err)
{
    struct call call = {.context = context, .answer = ret_answer};
    struct foreground_actions actions = {.owner = &call,
                                         .reply = take_reply,
                                         .notice = take_notice,
                                         .say = say,
                                         .tick = tick,
                                         .flush = flush};
    *ret_answer = (struct operation_answer){.became = ""};
    return foreground_work_do(context, &actions, request, err);
}

int operation_reason(const struct options *options, const char **ret_reason, struct error *err)
{
    const char *reason = options_text(options, "reason", "");
    if (reason[strspn(reason, " \t")] == '\0') {
        error_set(err, ERROR_KIND_USAGE, "say why: --reason TEXT");
        return error_help(err, "it is kept with the run, with who and when");
    }
    *ret_reason = reason;
    return 0;
}

const char *operation_nodes(struct context *context, const struct notice *notice)
{
    SCOPED_TEXT struct text text = {0};
    size_t count = notice->item_count;
    size_t shown = count > OPERATION_SHOWN_NODES ? OPERATION_SHOWN_NODES : count;
    for (size_t i = 0; i < shown; i++)
        text_append_format(&text, "%s%s", i > 0 ? ", " : "", notice->items[i].key);
    if (count > shown)
        text_append_format(&text, " and %zu more", count - shown);
    return arena_copy(&context->arena, text_string(&text), text.length);
}

void operation_pair(struct json_out *json, const char *key, const char *text)
{
    json_out_pair_string(json, key, text[0] != '\0' ? text : NULL);
}
