#include "web/action/actions.h"

#include "web/action/confirm.h"
#include "web/site/engine_call.h"

#include <string.h>

static bool is_freeze(const struct visit *visit)
{
    return strcmp(strrchr(visit->request->path, '/'), "/freeze") == 0;
}

/* Flow and node are there, as far as the files that are there can say. */
static int check_place(struct visit *visit, const char *node, struct error *err)
{
    const struct flow *flow;
    if (visit_flow(visit, visit->parts[0], &flow, err) < 0)
        return err->kind == ERROR_KIND_INVALID ? 0 : -1;
    if (node[0] != '\0' && flow_find_node(flow, node) == FLOW_NONE)
        return error_set(err, ERROR_KIND_NOT_FOUND, "flow %s has no node `%.100s`", flow->name,
                         node);
    return 0;
}

static const char *flow_url(struct visit *visit)
{
    struct url url;
    url_begin(&url, visit->arena, "/flows");
    url_part(&url, visit->parts[0]);
    return url_string(&url);
}

static void ask_until(struct visit *visit, struct confirm *confirm)
{
    confirm->fields[confirm->field_count++] =
        (struct confirm_field){.kind = CONFIRM_DATE,
                               .name = "until",
                               .value = visit_text(visit, "until", ""),
                               .label = string_of(visit->language, STR_FREEZE_UNTIL),
                               .hint = string_of(visit->language, STR_FREEZE_UNTIL_HINT)};
}

static int write_confirm(struct visit *visit, const char *node)
{
    bool freezes = is_freeze(visit);
    const char *place =
        arena_format(visit->arena, "%s%s%s", visit->parts[0], node[0] != '\0' ? "/" : "", node);
    struct confirm confirm = {
        .title = page_fill(visit, freezes ? STR_FREEZE_TITLE : STR_UNFREEZE_TITLE, place, NULL),
        .what = page_fill(visit, freezes ? STR_FREEZE_WHAT : STR_UNFREEZE_WHAT, place, NULL),
        .command =
            arena_format(visit->arena, "datemill %s %s", freezes ? "freeze" : "unfreeze", place),
        .post = visit->request->path,
        .back = flow_url(visit),
        .button = string_of(visit->language, freezes ? STR_FREEZE_BUTTON : STR_UNFREEZE_BUTTON),
        .nav = PAGE_NAV_FLOWS};
    confirm.crumbs[0] = (struct page_crumb){"/", string_of(visit->language, STR_NAV_FLOWS)};
    confirm.crumbs[1] = (struct page_crumb){flow_url(visit), visit->parts[0]};
    confirm_hide(&confirm, "node", node[0] != '\0' ? node : NULL);
    if (freezes)
        ask_until(visit, &confirm);
    confirm_ask_why(visit, &confirm, false);
    return confirm_write(visit, &confirm);
}

static int take_reply(struct visit *visit, const struct notice *reply, void *owner,
                      struct error *err)
{
    (void)owner;
    if (reply->error.kind != ERROR_KIND_NONE)
        return confirm_refused(&reply->error, err);
    return visit_redirect(visit, flow_url(visit));
}

static int send(struct visit *visit, const char *node, struct error *err)
{
    struct civil_date date;
    const char *until = visit_form(visit, "until", "");
    if (until[0] != '\0' && civil_date_parse(until, &date, err) < 0)
        return -1;
    struct request request = {.kind =
                                  is_freeze(visit) ? REQUEST_KIND_FREEZE : REQUEST_KIND_UNFREEZE,
                              .flow = visit->parts[0],
                              .nodes = node,
                              .until = until,
                              .reason = visit_form(visit, "reason", "")};
    struct engine_call_options options = {.visit = visit, .request = &request, .done = take_reply};
    return engine_call_begin(&options, err);
}

static int answer_freeze(struct visit *visit, struct error *err)
{
    bool is_post = visit->request->method == HTTP_POST;
    const char *node = is_post ? visit_form(visit, "node", "") : visit_text(visit, "node", "");
    if (check_place(visit, node, err) < 0)
        return -1;
    return is_post ? send(visit, node, err) : write_confirm(visit, node);
}

static const struct parameter freeze_parameters[] = {
    {.name = "node", .kind = PARAMETER_NAME},
    {.name = "until", .kind = PARAMETER_DATE},
    {.name = "reason", .kind = PARAMETER_TEXT, .max = CONFIRM_REASON_BYTES},
    {.name = NULL}};

const struct route action_freeze_routes[] = {{.pattern = "/flows/{flow}/freeze",
                                              .methods = HTTP_GET | HTTP_POST,
                                              .parameters = freeze_parameters,
                                              .answer = answer_freeze},
                                             {.pattern = "/flows/{flow}/unfreeze",
                                              .methods = HTTP_GET | HTTP_POST,
                                              .parameters = freeze_parameters,
                                              .answer = answer_freeze},
                                             {.pattern = NULL}};
