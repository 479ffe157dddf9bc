#include "web/site/fail.h"

#include "scheduler/base/json_out.h"
#include "web/site/page.h"

#include <string.h>

static enum string_key title_of(int status)
{
    switch (status) {
    case 401:
        return STR_ERROR_401;
    case 403:
    case 421:
        return STR_ERROR_403;
    case 404:
        return STR_ERROR_404;
    case 405:
        return STR_ERROR_405;
    case 409:
        return STR_ERROR_409;
    case 503:
        return STR_ERROR_503;
    default:
        return status >= 500 ? STR_ERROR_500 : STR_ERROR_400;
    }
}

static void write_problem(struct visit *visit, int status, const struct error *error)
{
    struct json_out json;
    json_out_init(&json, &visit->response->body);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "type", "about:blank");
    json_out_pair_string(&json, "title", http_status_text(status));
    json_out_pair_int(&json, "status", status);
    if (error->code[0] != '\0')
        json_out_pair_string(&json, "code", error->code);
    json_out_pair_string(&json, "detail", error->text);
    if (error->help[0] != '\0')
        json_out_pair_string(&json, "help", error->help);
    json_out_end_object(&json);
    text_append_char(&visit->response->body, '\n');
    visit->response->content_type = "application/problem+json";
}

static void write_page(struct visit *visit, int status, const struct error *error)
{
    const char *title = string_of(visit->language, title_of(status));
    struct page_head head = {.title = title, .is_error = true};
    struct html *html = page_begin(visit, &head);
    html_element(html, "h1", NULL, title);
    html_open(html, "div");
    html_attr(html, "class", "why failed");
    if (error->code[0] != '\0') {
        html_element(html, "code", NULL, error->code);
        html_text(html, " ");
    }
    html_text(html, error->text);
    html_close(html, "div");
    if (error->help[0] != '\0')
        html_element(html, "p", NULL, error->help);
    if (status == 404) {
        html_open(html, "p");
        html_link(html, "/", string_of(visit->language, STR_NAV_FLOWS));
        html_text(html, " · ");
        html_link(html, "/runs", string_of(visit->language, STR_NAV_RUNS));
        html_close(html, "p");
    }
    page_end(visit);
}

void fail_visit(struct visit *visit, int status, const struct error *error)
{
    http_response_reset(visit->response);
    visit->response->status = status;
    http_set_header(visit->response, "Cache-Control", "no-store");
    if (status == 503)
        http_set_header(visit->response, "Retry-After", "5");
    if (status == 401 && visit->is_api)
        http_set_header(visit->response, "WWW-Authenticate", "Bearer");
    if (visit->is_api)
        write_problem(visit, status, error);
    else
        write_page(visit, status, error);
}
