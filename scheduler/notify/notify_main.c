/* datemill-notify: sends one message to one webhook.
 *
 * Standard input: {"url":…,"headers":["Name: value"],"template":…,"facts":{"flow":…},
 * "timeout_ms":…,"ok_field":…}; without `template` the facts are the body. Standard output: one
 * line, {"ok":true} or {"ok":false,"problem":…}. */
#include "scheduler/base/json_in.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/json_template.h"
#include "scheduler/base/scope.h"
#include "scheduler/notify/webhook.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_JOB_BYTES ((size_t)1 << 20)

static int read_job(struct json **ret_job, struct error *err)
{
    SCOPED_TEXT struct text bytes;
    char buffer[16384];
    ssize_t count;
    text_init(&bytes, MAX_JOB_BYTES);
    while ((count = read(STDIN_FILENO, buffer, sizeof buffer)) != 0) {
        if (count < 0 && errno != EINTR)
            return error_set_errno(err, ERROR_KIND_INVALID, "standard input");
        text_append_bytes(&bytes, buffer, count < 0 ? 0 : (size_t)count);
    }
    if (bytes.is_cut)
        return error_set(err, ERROR_KIND_INVALID, "the job is longer than 1 MiB");
    return json_parse(text_string(&bytes), bytes.length, ret_job, err);
}

static const char *find_fact(const void *data, const char *name, size_t length)
{
    char key[64];
    snprintf(key, sizeof key, "%.*s", length > 60 ? 60 : (int)length, name);
    return json_get_string(data, key, NULL);
}

/* All facts, or the template with them. */
static int make_body(const struct json *job, struct text *body, struct error *err)
{
    const struct json *facts = json_get(job, "facts");
    const char *template = json_get_string(job, "template", NULL);
    struct json_out json;
    if (template != NULL)
        return json_template_fill((struct json_template){template, strlen(template)},
                                  (struct json_template_values){find_fact, facts}, body, err);
    json_out_init(&json, body);
    json_out_begin_object(&json);
    for (const struct json *fact = json_first(facts); fact != NULL; fact = json_next(fact))
        json_out_pair_string(&json, json_key(fact), json_as_string(fact, ""));
    json_out_end_object(&json);
    return 0;
}

static int send(const struct json *job, struct error *err)
{
    SCOPED_TEXT struct text body = {0};
    const char *headers[WEBHOOK_MAX_HEADERS];
    struct webhook webhook = {.url = json_get_string(job, "url", ""),
                              .headers = headers,
                              .timeout_ms = json_get_int(job, "timeout_ms", 10000),
                              .ok_field = json_get_string(job, "ok_field", NULL)};
    for (const struct json *item = json_first(json_get(job, "headers")); item != NULL;
         item = json_next(item)) {
        if (webhook.header_count == WEBHOOK_MAX_HEADERS)
            return error_set(err, ERROR_KIND_INVALID, "more than %d headers", WEBHOOK_MAX_HEADERS);
        headers[webhook.header_count++] = json_as_string(item, "");
    }
    if (make_body(job, &body, err) < 0)
        return error_prefix(err, "the template");
    webhook.body = text_string(&body);
    webhook.body_length = body.length;
    return webhook_post(&webhook, err);
}

int main(void)
{
    SCOPED_TEXT struct text text = {0};
    struct json *job = NULL;
    struct json_out json;
    struct error err = {0};
    bool is_ok = read_job(&job, &err) == 0 && send(job, &err) == 0;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_bool(&json, "ok", is_ok);
    if (!is_ok)
        json_out_pair_string(&json, "problem", err.text);
    json_out_end_object(&json);
    printf("%s\n", text_string(&text));
    json_free(job);
    return is_ok ? 0 : 1;
}
