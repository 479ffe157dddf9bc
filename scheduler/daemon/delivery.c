#include "scheduler/daemon/delivery.h"

#include "scheduler/base/beneath.h"
#include "scheduler/base/json_in.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/json_template.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"
#include "scheduler/daemon/secret.h"
#include "scheduler/system/helper.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_BYTES 16384
#define PROBLEM_BYTES 300

struct delivery {
    struct helper *helper;
    bool is_command;
    void (*done)(void *owner, const char *problem);
    void *owner;
};

/* What is being put together; everything belongs to the arena. */
struct making {
    const struct delivery_options *options;
    struct arena *arena;
    struct json *facts;
};

static int read_value(struct making *making, const struct field_value *value, const char **ret_text,
                      struct error *err)
{
    *ret_text = value->text;
    if (value->is_secret) {
        const struct field_value *file = field_find(value, "file");
        const struct field_value *variable = field_find(value, "env");
        struct node_environment entry = {.secret_env = variable == NULL ? NULL : variable->text};
        if (file != NULL)
            entry.secret_file = file->text[0] == '/'
                                    ? file->text
                                    : arena_format(making->arena, "%s/%s",
                                                   making->options->project->dir, file->text);
        if (secret_read(&entry, making->arena, ret_text, err) < 0)
            return -1;
    }
    if (strpbrk(*ret_text, "\r\n") != NULL)
        return error_set(err, ERROR_KIND_INVALID, "a value of channel `%s` has several lines",
                         making->options->channel->name);
    return 0;
}

static int read_template(struct making *making, struct text *text, struct error *err)
{
    const struct notify_channel *channel = making->options->channel;
    SCOPED_FD int dir = open(making->options->project->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    SCOPED_FD int fd =
        dir < 0 ? -1 : beneath_open(dir, channel->body, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char buffer[16384];
    ssize_t count;
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot read %s", channel->body);
    text_init(text, JSON_TEMPLATE_MAX_BYTES);
    while ((count = read(fd, buffer, sizeof buffer)) > 0)
        text_append_bytes(text, buffer, (size_t)count);
    if (count < 0 || text->is_cut)
        return error_set(err, ERROR_KIND_PRECONDITION, "%s cannot be read, or is too long",
                         channel->body);
    return 0;
}

static void write_facts(const struct making *making, struct json_out *json)
{
    json_out_begin_object(json);
    json_out_pair_string(json, "id", arena_format(making->arena, "%" PRId64, making->options->id));
    for (const struct json *fact = json_first(making->facts); fact != NULL; fact = json_next(fact))
        json_out_pair_string(json, json_key(fact), json_as_string(fact, ""));
    json_out_end_object(json);
}

static int write_headers(struct making *making, struct json_out *json, struct error *err)
{
    const struct field_value *headers = making->options->channel->headers;
    json_out_key(json, "headers");
    json_out_begin_array(json);
    for (size_t i = 0; headers != NULL && i < headers->item_count; i++) {
        const struct field_value *header = &headers->items[i];
        const char *value;
        if (read_value(making, field_find(header, "value"), &value, err) < 0)
            return -1;
        json_out_string(
            json, arena_format(making->arena, "%s: %s", field_find(header, "name")->text, value));
    }
    json_out_end_array(json);
    return 0;
}

static int write_webhook(struct making *making, struct text *job, struct error *err)
{
    const struct notify_channel *channel = making->options->channel;
    SCOPED_TEXT struct text template = {0};
    const char *url;
    struct json_out json;
    if (read_value(making, channel->url, &url, err) < 0 ||
        (channel->body != NULL && read_template(making, &template, err) < 0))
        return -1;
    json_out_init(&json, job);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "url", url);
    if (write_headers(making, &json, err) < 0)
        return -1;
    if (channel->body != NULL)
        json_out_pair_string(&json, "template", text_string(&template));
    if (channel->ok_field != NULL)
        json_out_pair_string(&json, "ok_field", channel->ok_field);
    json_out_pair_int(&json, "timeout_ms", channel->timeout.us / 1000);
    json_out_key(&json, "facts");
    write_facts(making, &json);
    json_out_end_object(&json);
    return 0;
}

static const char *variable(struct making *making, const char *name, const char *text)
{
    char *entry = arena_format(making->arena, "DATEMILL_%s=%s", name, text);
    for (char *at = entry; *at != '='; at++)
        *at = (char)toupper((unsigned char)*at);
    return entry;
}

static int make_environment(struct making *making, const char *const **ret_list, struct error *err)
{
    const struct delivery_options *options = making->options;
    const struct field_value *env = options->channel->env;
    size_t most = options->environment_count + json_count(making->facts) + 2 +
                  (env == NULL ? 0 : env->item_count);
    const char **list = arena_array(making->arena, most + 1, sizeof *list);
    size_t count = 0;
    for (size_t i = 0; i < options->environment_count; i++)
        list[count++] = arena_format(making->arena, "%s=%s", options->environment[i].name,
                                     options->environment[i].text);
    list[count++] =
        variable(making, "message_id", arena_format(making->arena, "%" PRId64, options->id));
    for (const struct json *fact = json_first(making->facts); fact != NULL; fact = json_next(fact))
        list[count++] = variable(making, json_key(fact), json_as_string(fact, ""));
    for (size_t i = 0; env != NULL && i < env->item_count; i++) {
        const char *value;
        if (read_value(making, &env->items[i], &value, err) < 0)
            return -1;
        list[count++] = arena_format(making->arena, "%s=%s", env->items[i].name, value);
    }
    *ret_list = list;
    return 0;
}

static void finish(struct delivery *delivery, const char *problem)
{
    void (*done)(void *owner, const char *problem) = delivery->done;
    void *owner = delivery->owner;
    free(delivery);
    done(owner, problem);
}

/* What a command prints is its own affair, and may hold its secrets. */
static void on_end(void *owner, const struct helper_end *end)
{
    struct delivery *delivery = owner;
    SCOPED_TEXT struct text problem = {0};
    struct json *verdict = NULL;
    bool is_fine = end->kind == HELPER_END_EXITED && end->status == 0;
    if (end->kind == HELPER_END_TOO_LONG)
        text_append(&problem, "it took too long, and was ended");
    else if (end->kind == HELPER_END_SIGNALED)
        text_append_format(&problem, "ended by signal %d", end->status);
    else if (!is_fine && !delivery->is_command &&
             json_parse(end->output, end->output_length, &verdict, NULL) == 0)
        utf8_append_safe(&problem, json_get_string(verdict, "problem", ""),
                         strnlen(json_get_string(verdict, "problem", ""), PROBLEM_BYTES));
    if (!is_fine && problem.length == 0)
        text_append_format(&problem, "exit %d", end->status);
    json_free(verdict);
    finish(delivery, is_fine ? NULL : text_string(&problem));
}

static int start(struct making *making, struct delivery *delivery, struct error *err)
{
    const struct delivery_options *options = making->options;
    const struct notify_channel *channel = options->channel;
    SCOPED_TEXT struct text input = {0};
    struct json_out json;
    const char *const *environment = NULL;
    const char *words[2] = {arena_format(making->arena, "%s/datemill-notify", options->libexec_dir),
                            NULL};
    if (channel->is_command) {
        json_out_init(&json, &input);
        write_facts(making, &json);
        if (make_environment(making, &environment, err) < 0)
            return -1;
    } else if (write_webhook(making, &input, err) < 0) {
        return -1;
    }
    struct helper_options helper = {
        .loop = options->loop,
        .arguments = channel->is_command ? channel->words : words,
        .environment = environment,
        .folder = options->project->dir,
        .input = text_string(&input),
        .input_length = input.length,
        .output_limit = OUTPUT_BYTES,
        .limit = {channel->timeout.us +
                  (channel->is_command ? 0 : DELIVERY_GRACE_SECONDS * DURATION_SECOND_US)},
        .ended = on_end,
        .owner = delivery};
    return helper_start(&helper, &delivery->helper, err);
}

int delivery_start(const struct delivery_options *options, struct delivery **ret_delivery,
                   struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct making making = {.options = options, .arena = &arena};
    struct delivery *delivery = memory_new(1, sizeof *delivery);
    *delivery = (struct delivery){
        .is_command = options->channel->is_command, .done = options->done, .owner = options->owner};
    int result = json_parse(options->facts, strlen(options->facts), &making.facts, err);
    if (result == 0)
        result = start(&making, delivery, err);
    json_free(making.facts);
    if (result < 0)
        free(delivery);
    else
        *ret_delivery = delivery;
    return result;
}

void delivery_cancel(struct delivery *delivery)
{
    if (delivery == NULL)
        return;
    helper_cancel(delivery->helper);
    free(delivery);
}
