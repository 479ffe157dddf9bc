#include "web/action/run_action.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"

#include <inttypes.h>
#include <string.h>

#define NAME_COUNT(names) (sizeof(names) / sizeof(names)[0])

static const char *const kind_names[] = {"rerun", "stop", "skip", "mark"};
static const char *const from_names[] = {"failed", "all", "node", "only"};
static const char *const version_names[] = {"run", "current"};
static const char *const how_names[] = {"drain", "stop", "kill"};
static const char *const as_names[] = {"success", "failed"};

bool run_action_find(const char *name, enum run_action_kind *ret_kind)
{
    for (size_t i = 0; i < NAME_COUNT(kind_names); i++) {
        if (strcmp(name, kind_names[i]) == 0) {
            *ret_kind = (enum run_action_kind)i;
            return true;
        }
    }
    return false;
}

const char *run_action_name(enum run_action_kind kind)
{
    return kind_names[kind];
}

/* One of several words; the first where none was given. */
struct choice {
    const char *what;
    const char *const *names;
    size_t count;
};

static int choose(const struct choice *choice, const char *word, size_t *ret_index,
                  struct error *err)
{
    *ret_index = 0;
    if (word == NULL || word[0] == '\0')
        return 0;
    for (size_t i = 0; i < choice->count; i++) {
        if (strcmp(word, choice->names[i]) == 0) {
            *ret_index = i;
            return 0;
        }
    }
    const char *best = suggest_among(word, choice->names, choice->count);
    error_set(err, ERROR_KIND_USAGE, "`%.100s` is no %s", word, choice->what);
    return best == NULL ? -1 : error_help(err, "did you mean `%s`?", best);
}

static bool is_empty(const char *text)
{
    return text == NULL || text[strspn(text, " \t\r\n")] == '\0';
}

static int need_node(const struct run_action_words *words, struct error *err)
{
    return is_empty(words->node) ? error_set(err, ERROR_KIND_USAGE, "which node?") : 0;
}

static int read_rerun(const struct run_action_words *words, struct request *request,
                      struct error *err)
{
    const struct choice from = {"place to rerun from", from_names, NAME_COUNT(from_names)};
    const struct choice version = {"version", version_names, NAME_COUNT(version_names)};
    static const enum request_scope scopes[] = {REQUEST_SCOPE_FAILED, REQUEST_SCOPE_ALL,
                                                REQUEST_SCOPE_FROM, REQUEST_SCOPE_ONLY};
    size_t scope;
    size_t which;
    if (choose(&from, words->from, &scope, err) < 0 ||
        choose(&version, words->version, &which, err) < 0)
        return -1;
    bool needs_node = scopes[scope] == REQUEST_SCOPE_FROM || scopes[scope] == REQUEST_SCOPE_ONLY;
    if (needs_node && need_node(words, err) < 0)
        return -1;
    request->kind = REQUEST_KIND_RERUN;
    request->scope = scopes[scope];
    request->nodes = needs_node ? words->node : "";
    request->uses_current_version = which == 1;
    return 0;
}

static int read_stop(const struct run_action_words *words, struct request *request,
                     struct error *err)
{
    const struct choice how = {"way to stop", how_names, NAME_COUNT(how_names)};
    static const enum request_force forces[] = {REQUEST_FORCE_DRAIN, REQUEST_FORCE_STOP,
                                                REQUEST_FORCE_KILL};
    size_t force;
    if (choose(&how, words->how, &force, err) < 0)
        return -1;
    request->kind = REQUEST_KIND_STOP;
    request->force = forces[force];
    return 0;
}

static int read_mark(const struct run_action_words *words, struct request *request,
                     struct error *err)
{
    const struct choice as = {"state to mark a node with", as_names, NAME_COUNT(as_names)};
    size_t which;
    if (choose(&as, words->as, &which, err) < 0 || need_node(words, err) < 0)
        return -1;
    request->kind = REQUEST_KIND_MARK;
    request->is_success = which == 0;
    request->nodes = words->node;
    return 0;
}

static int read_skip(const struct run_action_words *words, struct request *request,
                     struct error *err)
{
    if (need_node(words, err) < 0)
        return -1;
    request->kind = REQUEST_KIND_SKIP;
    request->nodes = words->node;
    return 0;
}

int run_action_request(enum run_action_kind kind, const struct run_action_words *words,
                       bool needs_reason, struct request *ret_request, struct error *err)
{
    static int (*const readers[])(const struct run_action_words *words, struct request *request,
                                  struct error *err) = {read_rerun, read_stop, read_skip,
                                                        read_mark};
    struct request request = {.run_ids = {words->run_id},
                              .run_count = 1,
                              .nodes = "",
                              .reason = is_empty(words->reason) ? "" : words->reason};
    if (readers[kind](words, &request, err) < 0)
        return -1;
    bool asks_why = kind == RUN_ACTION_SKIP || kind == RUN_ACTION_MARK;
    if (asks_why && needs_reason && request.reason[0] == '\0') {
        error_set(err, ERROR_KIND_USAGE, "say why");
        return error_help(err, "it is kept with the run, with who and when");
    }
    *ret_request = request;
    return 0;
}

/* ---- the same as a command ---- */

/* 'it''s' as a shell reads it back. */
static void append_quoted(struct text *text, const char *value)
{
    text_append_char(text, '\'');
    for (; *value != '\0'; value++) {
        if (*value == '\'')
            text_append(text, "'\\''");
        else
            text_append_char(text, *value);
    }
    text_append_char(text, '\'');
}

static void append_rerun(struct text *text, const struct request *request)
{
    text_append_format(text, "datemill rerun %" PRId64, request->run_ids[0]);
    switch (request->scope) {
    case REQUEST_SCOPE_FAILED:
        text_append(text, " --from-failed");
        break;
    case REQUEST_SCOPE_ALL:
        text_append(text, " --all");
        break;
    case REQUEST_SCOPE_FROM:
        text_append_format(text, " --from %s", request->nodes);
        break;
    case REQUEST_SCOPE_ONLY:
        text_append_format(text, " --only %s", request->nodes);
        break;
    }
    if (request->uses_current_version)
        text_append(text, " --use-version current");
}

static void append_stop(struct text *text, const struct request *request)
{
    static const char *const flags[] = {"", " --now", " --kill"};
    text_append_format(text, "datemill stop %" PRId64 "%s", request->run_ids[0],
                       flags[request->force]);
}

const char *run_action_command(const struct request *request, struct arena *arena)
{
    SCOPED_TEXT struct text text = {0};
    bool asks_why = false;
    if (request->kind == REQUEST_KIND_RERUN) {
        append_rerun(&text, request);
    } else if (request->kind == REQUEST_KIND_STOP) {
        append_stop(&text, request);
    } else {
        asks_why = true;
        bool is_mark = request->kind == REQUEST_KIND_MARK;
        text_append_format(&text, "datemill %s %" PRId64 " %s%s", is_mark ? "mark" : "skip",
                           request->run_ids[0], request->nodes,
                           !is_mark              ? ""
                           : request->is_success ? " success"
                                                 : " failed");
    }
    if (request->reason[0] != '\0' || asks_why) {
        text_append(&text, " --reason ");
        if (request->reason[0] == '\0')
            text_append(&text, "TEXT");
        else
            append_quoted(&text, request->reason);
    }
    return arena_copy(arena, text_string(&text), text.length);
}
