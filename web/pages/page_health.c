#include "web/pages/pages.h"

static int answer_healthz(struct visit *visit, struct error *err)
{
    (void)err;
    visit->response->status = 200;
    visit->response->content_type = "text/plain; charset=utf-8";
    text_append(&visit->response->body, "ok\n");
    return 0;
}

const struct route page_health_routes[] = {
    {.pattern = "/healthz", .methods = HTTP_GET, .is_open = true, .answer = answer_healthz},
    {.pattern = NULL}};
