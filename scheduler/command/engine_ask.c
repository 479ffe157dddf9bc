#include "scheduler/command/engine_ask.h"

#include "scheduler/base/json_in.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/control_client.h"

#include <fcntl.h>
#include <stdlib.h>

#define STATUS_WAIT_MS 500 /* an engine that is busy committing answers within a few */
#define ASK_NUMBER 1

struct engine_talk {
    struct context *context;
    struct control_client *client;
    int state_dir_fd;
};

int engine_talk_open(struct context *context, struct engine_talk **ret_talk, struct error *err)
{
    const struct project *project;
    if (context_project(context, &project, err) < 0)
        return -1;
    struct engine_talk *talk = memory_new(1, sizeof *talk);
    talk->context = context;
    talk->state_dir_fd = open(project->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = 0;
    if (talk->state_dir_fd < 0)
        result = error_set_errno(err, ERROR_KIND_NOT_FOUND, "cannot open %s", project->state_dir);
    else
        result = control_client_open(talk->state_dir_fd, &talk->client, err);
    if (result < 0) {
        engine_talk_close(talk);
        return -1;
    }
    *ret_talk = talk;
    return 0;
}

void engine_talk_close(struct engine_talk *talk)
{
    if (talk == NULL)
        return;
    control_client_close(talk->client);
    if (talk->state_dir_fd >= 0)
        close(talk->state_dir_fd);
    free(talk);
}

/* 1: it is the reply. 0: another message, or none yet. */
static int receive(struct engine_talk *talk, struct duration wait, struct notice *ret_reply,
                   struct error *err)
{
    struct json *json = NULL;
    if (control_client_receive(talk->client, wait, &json, err) < 0) {
        error_set(err, ERROR_KIND_BUSY, "the engine went away before it answered");
        return -1;
    }
    if (json == NULL)
        return 0;
    int result = notice_from_json(json, &talk->context->arena, ret_reply, err);
    json_free(json);
    if (result < 0)
        return -1;
    return ret_reply->kind == NOTICE_KIND_REPLY && ret_reply->request == ASK_NUMBER;
}

int engine_talk_ask(struct engine_talk *talk, const struct request *request,
                    struct duration max_wait, struct notice *ret_reply, struct error *err)
{
    SCOPED_TEXT struct text text = {0};
    struct request numbered = *request;
    int64_t end = clock_monotonic().us + max_wait.us;
    numbered.number = ASK_NUMBER;
    request_write(&numbered, &text);
    if (control_client_send(talk->client, text_string(&text), text.length, max_wait, err) < 0) {
        err->kind = ERROR_KIND_BUSY;
        return -1;
    }
    for (;;) {
        int64_t left = end - clock_monotonic().us;
        if (left <= 0)
            return error_set(err, ERROR_KIND_BUSY, "the engine does not answer");
        int result = receive(talk, (struct duration){left}, ret_reply, err);
        if (result != 0)
            return result < 0 ? -1 : 0;
    }
}

int engine_ask_status(struct context *context, struct notice *ret_reply, struct error *err)
{
    struct engine_talk *talk;
    struct request request = {.kind = REQUEST_KIND_STATUS};
    if (engine_talk_open(context, &talk, err) < 0)
        return -1;
    int result = engine_talk_ask(talk, &request, duration_ms(STATUS_WAIT_MS), ret_reply, err);
    engine_talk_close(talk);
    return result;
}
