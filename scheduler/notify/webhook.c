#include "scheduler/notify/webhook.h"

#include "scheduler/base/json_in.h"
#include "scheduler/base/scope.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Returning less than was given ends the transfer. */
static size_t take_answer(char *bytes, size_t size, size_t count, void *owner)
{
    struct text *answer = owner;
    text_append_bytes(answer, bytes, size * count);
    return answer->is_cut ? 0 : size * count;
}

static int check_answer(const struct webhook *webhook, const struct text *answer, struct error *err)
{
    struct json *json;
    int result = 0;
    if (webhook->ok_field == NULL)
        return 0;
    if (json_parse(text_string(answer), answer->length, &json, NULL) < 0)
        return error_set(err, ERROR_KIND_REFUSED, "the answer is no JSON, so that `%s` is unknown",
                         webhook->ok_field);
    const struct json *field = json_get(json, webhook->ok_field);
    int64_t code = json_as_int(field, -1);
    if (json_kind_of(field) != JSON_KIND_NUMBER)
        result =
            error_set(err, ERROR_KIND_REFUSED, "the answer has no number `%s`", webhook->ok_field);
    else if (code != 0)
        result =
            error_set(err, ERROR_KIND_REFUSED, "it answered %s %" PRId64, webhook->ok_field, code);
    json_free(json);
    return result;
}

static int add_headers(const struct webhook *webhook, struct curl_slist **list, struct error *err)
{
    *list = curl_slist_append(NULL, "Content-Type: application/json; charset=utf-8");
    for (size_t i = 0; i < webhook->header_count && *list != NULL; i++) {
        struct curl_slist *longer = curl_slist_append(*list, webhook->headers[i]);
        if (longer == NULL)
            return error_set(err, ERROR_KIND_PRECONDITION, "no memory");
        *list = longer;
    }
    return *list == NULL ? error_set(err, ERROR_KIND_PRECONDITION, "no memory") : 0;
}

/* Nothing of the surroundings (proxy variables, .netrc) has a say, and a redirect is an answer like
 * another: what is said to this host is not for others. */
static void set_options(CURL *curl, const struct webhook *webhook, struct curl_slist *headers,
                        struct text *answer)
{
    curl_easy_setopt(curl, CURLOPT_URL, webhook->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, webhook->body);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)webhook->body_length);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "datemill-notify");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)webhook->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
}

static int post(CURL *curl, const struct webhook *webhook, struct text *answer, struct error *err)
{
    long status = 0;
    CURLcode code = curl_easy_perform(curl);
    if (answer->is_cut)
        return error_set(err, ERROR_KIND_REFUSED, "the answer is longer than %zu KiB",
                         WEBHOOK_MAX_ANSWER_BYTES >> 10);
    if (code != CURLE_OK)
        return error_set(err, ERROR_KIND_PRECONDITION, "%s", curl_easy_strerror(code));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 300 && status < 400)
        return error_set(err, ERROR_KIND_REFUSED,
                         "it answered %ld, a redirect, which is not followed", status);
    if (status < 200 || status >= 300)
        return error_set(err, ERROR_KIND_REFUSED, "it answered %ld", status);
    return check_answer(webhook, answer, err);
}

int webhook_post(const struct webhook *webhook, struct error *err)
{
    SCOPED_TEXT struct text answer;
    struct curl_slist *headers = NULL;
    int result = -1;
    text_init(&answer, WEBHOOK_MAX_ANSWER_BYTES);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, ERROR_KIND_PRECONDITION, "libcurl cannot be used");
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        error_set(err, ERROR_KIND_PRECONDITION, "no memory");
    else if (add_headers(webhook, &headers, err) == 0) {
        set_options(curl, webhook, headers, &answer);
        result = post(curl, webhook, &answer, err);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return result;
}
