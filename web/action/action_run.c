#include "web/action/actions.h"

#include "scheduler/store/view_run.h"
#include "web/action/confirm.h"
#include "web/action/run_action.h"
#include "web/site/engine_call.h"

#include <inttypes.h>
#include <string.h>

/* What a page says of an action. */
struct words {
    enum string_key title; /* {1}: the run */
    enum string_key button;
    enum string_key what; /* {1}: the node, where there is one */
};

static struct words words_of(const struct request *request)
{
    static const struct words reruns[] = {
        {STR_RERUN_TITLE, STR_RERUN_FAILED, STR_RERUN_FAILED_WHAT},
        {STR_RERUN_TITLE, STR_RERUN_ALL, STR_RERUN_ALL_WHAT},
        {STR_RERUN_TITLE, STR_RERUN_FROM, STR_RERUN_FROM_WHAT},
        {STR_RERUN_TITLE, STR_RERUN_ONLY, STR_RERUN_ONLY_WHAT}};
    static const struct words stops[] = {{STR_STOP_TITLE, STR_STOP_DRAIN, STR_STOP_DRAIN_WHAT},
                                         {STR_STOP_TITLE, STR_STOP_NOW, STR_STOP_NOW_WHAT},
                                         {STR_STOP_TITLE, STR_STOP_KILL, STR_STOP_KILL_WHAT}};
    if (request->kind == REQUEST_KIND_RERUN)
        return reruns[request->scope];
    if (request->kind == REQUEST_KIND_STOP)
        return stops[request->force];
    if (request->kind == REQUEST_KIND_SKIP)
        return (struct words){STR_SKIP_TITLE, STR_SKIP_BUTTON, STR_SKIP_WHAT};
    return request->is_success
               ? (struct words){STR_MARK_TITLE, STR_MARK_SUCCESS, STR_MARK_SUCCESS_WHAT}
               : (struct words){STR_MARK_TITLE, STR_MARK_FAILED, STR_MARK_FAILED_WHAT};
}

static const char *run_url(struct visit *visit, const struct request *request)
{
    struct url url;
    url_begin(&url, visit->arena, "/runs");
    url_part_int(&url, request->run_ids[0]);
    if (request->nodes[0] != '\0')
        url_fragment(&url, arena_format(visit->arena, "n-%s", request->nodes));
    return url_string(&url);
}

/* The node is one of the run's. */
static int check_node(struct visit *visit, struct store *store, const struct request *request,
                      struct error *err)
{
    struct view_nodes nodes;
    if (request->nodes[0] == '\0')
        return 0;
    if (view_run_nodes(store, request->run_ids[0], visit->arena, &nodes, err) < 0)
        return -1;
    for (size_t i = 0; i < nodes.count; i++) {
        if (strcmp(nodes.items[i].name, request->nodes) == 0)
            return 0;
    }
    return error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " has no node `%.100s`",
                     request->run_ids[0], request->nodes);
}

static int write_confirm(struct visit *visit, enum run_action_kind kind,
                         const struct request *request, struct error *err)
{
    struct store *store;
    struct view_run run;
    if (visit_store(visit, &store, err) < 0 ||
        view_find_run(store, request->run_ids[0], visit->arena, &run, err) < 0 ||
        check_node(visit, store, request, err) < 0)
        return -1;
    const struct words words = words_of(request);
    const char *number = arena_format(visit->arena, "%" PRId64, run.id);
    struct confirm confirm = {
        .title = page_fill(visit, words.title, number, request->nodes, NULL),
        .facts =
            arena_format(visit->arena, "%s · %s %s · %s %.10s %s · %s", run.flow,
                         string_of(visit->language, STR_BIZDATE), run.bizdate,
                         string_of(visit->language, STR_CYCTIME), run.cyctime, run.cyctime + 11,
                         string_state(visit->language, run_state_name(run.state))),
        .what = page_fill(visit, words.what, request->nodes, NULL),
        .command = run_action_command(request, visit->arena),
        .post = visit->request->path,
        .back = run_url(visit, request),
        .button = page_fill(visit, words.button, request->nodes, NULL),
        .is_danger = request->kind == REQUEST_KIND_STOP,
        .nav = PAGE_NAV_RUNS};
    confirm.crumbs[0] = (struct page_crumb){"/runs", string_of(visit->language, STR_NAV_RUNS)};
    confirm.crumbs[1] = (struct page_crumb){arena_format(visit->arena, "/runs/%s", number),
                                            page_fill(visit, STR_RUN_NUMBER, number, NULL)};
    static const char *const names[] = {"from", "node", "version", "how", "as"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        confirm_hide(&confirm, names[i], visit_text(visit, names[i], NULL));
    confirm_ask_why(visit, &confirm, kind == RUN_ACTION_SKIP || kind == RUN_ACTION_MARK);
    return confirm_write(visit, &confirm);
}

static int take_reply(struct visit *visit, const struct notice *reply, void *owner,
                      struct error *err)
{
    if (reply->error.kind != ERROR_KIND_NONE)
        return confirm_refused(&reply->error, err);
    return visit_redirect(visit, run_url(visit, owner));
}

/* The words of the query, or of the form. */
static int read_words(struct visit *visit, struct run_action_words *ret_words, struct error *err)
{
    bool is_post = visit->request->method == HTTP_POST;
    const char *(*get)(const struct visit *visit, const char *name, const char *fallback) =
        is_post ? visit_form : visit_text;
    *ret_words = (struct run_action_words){.from = get(visit, "from", NULL),
                                           .node = get(visit, "node", NULL),
                                           .version = get(visit, "version", NULL),
                                           .how = get(visit, "how", NULL),
                                           .as = get(visit, "as", NULL),
                                           .reason = get(visit, "reason", NULL)};
    return visit_part_id(visit, 0, &ret_words->run_id, err);
}

static int answer_action(struct visit *visit, struct error *err)
{
    enum run_action_kind kind;
    struct run_action_words words;
    struct request *request = arena_alloc(visit->arena, sizeof *request);
    bool is_post = visit->request->method == HTTP_POST;
    if (!run_action_find(strrchr(visit->request->path, '/') + 1, &kind))
        return error_set(err, ERROR_KIND_BUG, "no such action");
    if (read_words(visit, &words, err) < 0 ||
        run_action_request(kind, &words, is_post, request, err) < 0)
        return -1;
    if (!is_post)
        return write_confirm(visit, kind, request, err);
    struct engine_call_options options = {
        .visit = visit, .request = request, .done = take_reply, .owner = request};
    return engine_call_begin(&options, err);
}

#define REASON_PARAMETER                                                                           \
    {                                                                                              \
        .name = "reason", .kind = PARAMETER_TEXT, .max = CONFIRM_REASON_BYTES                      \
    }

static const struct parameter rerun_parameters[] = {
    {.name = "from", .kind = PARAMETER_CHOICE, .choices = "failed|all|node|only"},
    {.name = "node", .kind = PARAMETER_NAME},
    {.name = "version", .kind = PARAMETER_CHOICE, .choices = "run|current"},
    REASON_PARAMETER,
    {.name = NULL}};
static const struct parameter stop_parameters[] = {
    {.name = "how", .kind = PARAMETER_CHOICE, .choices = "drain|stop|kill"},
    REASON_PARAMETER,
    {.name = NULL}};
static const struct parameter skip_parameters[] = {
    {.name = "node", .kind = PARAMETER_NAME}, REASON_PARAMETER, {.name = NULL}};
static const struct parameter mark_parameters[] = {
    {.name = "node", .kind = PARAMETER_NAME},
    {.name = "as", .kind = PARAMETER_CHOICE, .choices = "success|failed"},
    REASON_PARAMETER,
    {.name = NULL}};

const struct route action_run_routes[] = {{.pattern = "/runs/{id}/rerun",
                                           .methods = HTTP_GET | HTTP_POST,
                                           .parameters = rerun_parameters,
                                           .answer = answer_action},
                                          {.pattern = "/runs/{id}/stop",
                                           .methods = HTTP_GET | HTTP_POST,
                                           .parameters = stop_parameters,
                                           .answer = answer_action},
                                          {.pattern = "/runs/{id}/skip",
                                           .methods = HTTP_GET | HTTP_POST,
                                           .parameters = skip_parameters,
                                           .answer = answer_action},
                                          {.pattern = "/runs/{id}/mark",
                                           .methods = HTTP_GET | HTTP_POST,
                                           .parameters = mark_parameters,
                                           .answer = answer_action},
                                          {.pattern = NULL}};
