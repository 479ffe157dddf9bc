#include "web/site/data_call.h"

#include "scheduler/base/error_json.h"
#include "scheduler/system/child_process.h"
#include "web/site/answer.h"
#include "web/site/site_state.h"

#include <stdlib.h> /* WIFEXITED */
#include <string.h>

#define ERRORS_BYTES ((size_t)16 << 10)
#define FIXED_WORDS 7

struct data_child {
    struct data_call *call;
    struct data_question *question;
    struct child_process *process; /* NULL = it has ended */
    struct text output;
};

/* Belongs to the visit's arena; its processes end with the exchange. */
struct data_call {
    struct data_call_options options;
    struct data_child children[DATA_CALL_MAX];
    size_t open_count;
    struct error error; /* the first */
};

static void forget(void *owner)
{
    struct data_call *call = owner;
    for (size_t i = 0; i < call->options.count; i++) {
        struct data_child *child = &call->children[i];
        if (child->process != NULL) {
            child_process_stop(child->process, duration_ms(0));
            call->options.visit->site->data_processes--;
        }
        child->process = NULL;
        text_free(&child->output);
    }
}

static void judge(const struct child_process_end *end, struct error *err)
{
    if (end->is_late) {
        error_set(err, ERROR_KIND_BUSY, "the warehouse took longer than %d s to answer",
                  DATA_CALL_SECONDS);
        error_help(err, "ask for fewer rows, or at the command line: datemill query");
    } else if (end->output->is_cut) {
        error_set(err, ERROR_KIND_INVALID, "these rows are more than %zu MiB",
                  DATA_CALL_BYTES >> 20);
        error_help(err, "ask for fewer, or at the command line: datemill query");
    } else if (end->status != 0 &&
               error_read_json(end->errors->data, end->errors->length, err) != 0) {
        error_set(err, ERROR_KIND_BUG, "datemill-data ended with %s %d",
                  WIFEXITED(end->status) ? "status" : "signal",
                  WIFEXITED(end->status) ? WEXITSTATUS(end->status) : WTERMSIG(end->status));
    }
}

static void child_ended(void *owner, const struct child_process_end *end)
{
    struct data_child *child = owner;
    struct data_call *call = child->call;
    struct error err = {0};
    child->process = NULL;
    call->options.visit->site->data_processes--;
    call->open_count--;
    text_append_bytes(&child->output, end->output->data, end->output->length);
    judge(end, &err);
    if (child->question->may_be_missing && err.kind == ERROR_KIND_NOT_FOUND)
        err = (struct error){0};
    if (call->error.kind == ERROR_KIND_NONE)
        call->error = err;
    if (call->open_count > 0)
        return;
    err = call->error;
    int result = err.kind != ERROR_KIND_NONE
                     ? -1
                     : call->options.done(call->options.visit, call->options.owner, &err);
    answer_finish(call->options.visit, result, &err);
}

static int start(struct data_call *call, struct data_child *child, struct error *err)
{
    struct site *site = call->options.visit->site;
    const struct data_question *question = child->question;
    const char *words[FIXED_WORDS + DATA_CALL_MAX_WORDS + 1] = {
        arena_format(call->options.visit->arena, "%s/datemill-data", site_libexec_dir(site)),
        "--state-dir",
        site_state_dir(site),
        "--errors",
        "json",
        "--format",
        question->format};
    for (size_t i = 0; question->words[i] != NULL; i++) {
        if (i == DATA_CALL_MAX_WORDS)
            return error_set(err, ERROR_KIND_INVALID, "there are too many filters");
        words[FIXED_WORDS + i] = question->words[i];
    }
    const struct child_process_options options = {.loop = site_loop(site),
                                                  .argv = words,
                                                  .output_limit = DATA_CALL_BYTES,
                                                  .errors_limit = ERRORS_BYTES,
                                                  .limit = duration_seconds(DATA_CALL_SECONDS),
                                                  .ended = child_ended,
                                                  .owner = child};
    if (child_process_start(&options, &child->process, err) < 0)
        return -1;
    site->data_processes++;
    call->open_count++;
    return 0;
}

static int check(const struct site *site, size_t count, struct error *err)
{
    if (site_libexec_dir(site) == NULL) {
        error_set(err, ERROR_KIND_PRECONDITION, "datemill-data was not found");
        return error_help(err, "start the page with: datemill serve, or datemill web");
    }
    if (site->data_processes + count > DATA_CALL_MAX_PROCESSES) {
        error_set(err, ERROR_KIND_BUSY, "the warehouse is asked by many at once");
        return error_help(err, "try again in a moment");
    }
    return 0;
}

int data_call_begin(const struct data_call_options *options, struct error *err)
{
    struct visit *visit = options->visit;
    struct data_call *call = arena_alloc(visit->arena, sizeof *call);
    *call = (struct data_call){.options = *options};
    if (check(visit->site, options->count, err) < 0)
        return -1;
    for (size_t i = 0; i < options->count; i++) {
        struct data_child *child = &call->children[i];
        *child = (struct data_child){.call = call, .question = &options->questions[i]};
        options->questions[i].ret_output = &child->output;
        if (start(call, child, err) < 0) {
            forget(call);
            return -1;
        }
    }
    visit->exchange->owner = call;
    visit->exchange->forget = forget;
    http_exchange_defer(visit->exchange);
    return 0;
}
