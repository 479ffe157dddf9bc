#include "scheduler/daemon/notice.h"

#include "scheduler/base/json_in.h"
#include "scheduler/base/json_out.h"

#include <string.h>

/* One table a struct: what is written is read back, in the same place. */
enum member_kind {
    MEMBER_STRING,
    MEMBER_INT64,
    MEMBER_INT32,
    MEMBER_BOOL
};

struct member {
    const char *name;
    enum member_kind kind;
    size_t offset;
};

static const struct member notice_members[] = {
    {"run", MEMBER_INT64, offsetof(struct notice, run_id)},
    {"at", MEMBER_INT64, offsetof(struct notice, at)},
    {"request", MEMBER_INT64, offsetof(struct notice, request)},
    {"flow", MEMBER_STRING, offsetof(struct notice, flow)},
    {"bizdate", MEMBER_STRING, offsetof(struct notice, bizdate)},
    {"cyctime", MEMBER_STRING, offsetof(struct notice, cyctime)},
    {"zone", MEMBER_STRING, offsetof(struct notice, zone)},
    {"version", MEMBER_STRING, offsetof(struct notice, version)},
    {"remark", MEMBER_STRING, offsetof(struct notice, remark)},
    {"node_count", MEMBER_INT64, offsetof(struct notice, node_count)},
    {"state", MEMBER_STRING, offsetof(struct notice, state)},
    {"node", MEMBER_STRING, offsetof(struct notice, node)},
    {"type", MEMBER_STRING, offsetof(struct notice, type)},
    {"reason", MEMBER_STRING, offsetof(struct notice, reason)},
    {"result", MEMBER_STRING, offsetof(struct notice, result)},
    {"log_path", MEMBER_STRING, offsetof(struct notice, log_path)},
    {"attempt", MEMBER_INT32, offsetof(struct notice, attempt)},
    {"attempts_max", MEMBER_INT32, offsetof(struct notice, attempts_max)},
    {"duration_us", MEMBER_INT64, offsetof(struct notice, duration)},
    {"done", MEMBER_INT64, offsetof(struct notice, done)},
    {"total", MEMBER_INT64, offsetof(struct notice, total)},
    {"unit", MEMBER_STRING, offsetof(struct notice, unit)},
    {"hold", MEMBER_STRING, offsetof(struct notice, hold)},
    {"backfill", MEMBER_INT64, offsetof(struct notice, backfill_id)},
    {"failed", MEMBER_INT64, offsetof(struct notice, failed)},
    {"running", MEMBER_INT64, offsetof(struct notice, running)},
    {"dates_parallel", MEMBER_INT64, offsetof(struct notice, dates_parallel)},
    {"backfill_count", MEMBER_INT64, offsetof(struct notice, backfill_count)},
    {"pruned_runs", MEMBER_INT64, offsetof(struct notice, pruned.runs)},
    {"pruned_backfills", MEMBER_INT64, offsetof(struct notice, pruned.backfills)},
    {"pruned_logs", MEMBER_INT64, offsetof(struct notice, pruned.logs)},
    {"pruned_bytes", MEMBER_INT64, offsetof(struct notice, pruned.bytes)},
    {"pruned_left", MEMBER_INT64, offsetof(struct notice, pruned.left)},
};

static const struct member request_members[] = {
    {"number", MEMBER_INT64, offsetof(struct request, number)},
    {"who", MEMBER_STRING, offsetof(struct request, who)},
    {"via", MEMBER_STRING, offsetof(struct request, via)},
    {"needs_server", MEMBER_BOOL, offsetof(struct request, needs_server)},
    {"key", MEMBER_STRING, offsetof(struct request, key)},
    {"flow", MEMBER_STRING, offsetof(struct request, flow)},
    {"date", MEMBER_STRING, offsetof(struct request, date)},
    {"time", MEMBER_STRING, offsetof(struct request, time)},
    {"nodes", MEMBER_STRING, offsetof(struct request, nodes)},
    {"reason", MEMBER_STRING, offsetof(struct request, reason)},
    {"uses_current_version", MEMBER_BOOL, offsetof(struct request, uses_current_version)},
    {"parallel", MEMBER_INT32, offsetof(struct request, parallel)},
    {"backfill", MEMBER_INT64, offsetof(struct request, backfill_id)},
    {"ranges", MEMBER_STRING, offsetof(struct request, ranges)},
    {"typed", MEMBER_STRING, offsetof(struct request, typed)},
    {"redo", MEMBER_STRING, offsetof(struct request, redo)},
    {"plan_hash", MEMBER_STRING, offsetof(struct request, plan_hash)},
    {"is_descending", MEMBER_BOOL, offsetof(struct request, is_descending)},
    {"dates_parallel", MEMBER_INT32, offsetof(struct request, dates_parallel)},
    {"max_failures", MEMBER_INT32, offsetof(struct request, max_failures)},
    {"is_success", MEMBER_BOOL, offsetof(struct request, is_success)},
    {"until", MEMBER_STRING, offsetof(struct request, until)},
    {"keep_runs_us", MEMBER_INT64, offsetof(struct request, keep_runs)},
    {"keep_logs_us", MEMBER_INT64, offsetof(struct request, keep_logs)},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const notice_names[] = {"reply",   "run",      "node", "progress", "run_end",
                                           "trouble", "backfill", "date", "prune"};
static const char *const request_names[] = {"run",
                                            "claim",
                                            "watch",
                                            "rerun",
                                            "stop",
                                            "status",
                                            "backfill",
                                            "backfill_claim",
                                            "backfill_resume",
                                            "backfill_retry",
                                            "backfill_watch",
                                            "backfill_pause",
                                            "backfill_stop",
                                            "backfill_set",
                                            "skip",
                                            "mark",
                                            "freeze",
                                            "unfreeze",
                                            "explain",
                                            "prune",
                                            "step_down"};
static const char *const scope_names[] = {"failed", "all", "from", "only"};
static const char *const force_names[] = {"drain", "stop", "kill"};

static void write_members(struct json_out *json, const void *object, const struct member *members,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *at = (const char *)object + members[i].offset;
        switch (members[i].kind) {
        case MEMBER_STRING: {
            const char *text;
            memcpy(&text, at, sizeof text);
            if (text != NULL && text[0] != '\0')
                json_out_pair_string(json, members[i].name, text);
            break;
        }
        case MEMBER_INT64: {
            int64_t number;
            memcpy(&number, at, sizeof number);
            if (number != 0)
                json_out_pair_int(json, members[i].name, number);
            break;
        }
        case MEMBER_INT32: {
            int32_t number;
            memcpy(&number, at, sizeof number);
            if (number != 0)
                json_out_pair_int(json, members[i].name, number);
            break;
        }
        case MEMBER_BOOL:
            if (*(const bool *)at)
                json_out_pair_bool(json, members[i].name, true);
            break;
        }
    }
}

static void read_members(const struct json *json, struct arena *arena, void *object,
                         const struct member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *at = (char *)object + members[i].offset;
        switch (members[i].kind) {
        case MEMBER_STRING: {
            const char *text = arena_copy_string(arena, json_get_string(json, members[i].name, ""));
            memcpy(at, &text, sizeof text);
            break;
        }
        case MEMBER_INT64: {
            int64_t number = json_get_int(json, members[i].name, 0);
            memcpy(at, &number, sizeof number);
            break;
        }
        case MEMBER_INT32: {
            int32_t number = (int32_t)json_get_int(json, members[i].name, 0);
            memcpy(at, &number, sizeof number);
            break;
        }
        case MEMBER_BOOL:
            *(bool *)at = json_get_bool(json, members[i].name, false);
            break;
        }
    }
}

static void write_runs(struct json_out *json, const int64_t *run_ids, size_t count)
{
    if (count == 0)
        return;
    json_out_key(json, "runs");
    json_out_begin_array(json);
    for (size_t i = 0; i < count; i++)
        json_out_int(json, run_ids[i]);
    json_out_end_array(json);
}

static size_t read_runs(const struct json *json, int64_t run_ids[NOTICE_MAX_RUNS])
{
    size_t count = 0;
    for (const struct json *item = json_first(json_get(json, "runs"));
         item != NULL && count < NOTICE_MAX_RUNS; item = json_next(item))
        run_ids[count++] = json_as_int(item, 0);
    return count;
}

static void write_items(struct json_out *json, const struct notice *notice)
{
    if (notice->item_count == 0)
        return;
    json_out_key(json, "items");
    json_out_begin_array(json);
    for (size_t i = 0; i < notice->item_count; i++) {
        json_out_begin_object(json);
        json_out_pair_string(json, "key", notice->items[i].key);
        json_out_pair_string(json, "text", notice->items[i].text);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

static void read_items(const struct json *json, struct arena *arena, struct notice *notice)
{
    const struct json *list = json_get(json, "items");
    size_t count = json_count(list) < NOTICE_MAX_ITEMS ? json_count(list) : NOTICE_MAX_ITEMS;
    struct notice_item *items = arena_array(arena, count, sizeof *items);
    for (const struct json *item = json_first(list); item != NULL && notice->item_count < count;
         item = json_next(item)) {
        struct notice_item *copy = &items[notice->item_count++];
        copy->key = arena_copy_string(arena, json_get_string(item, "key", ""));
        copy->text = arena_copy_string(arena, json_get_string(item, "text", ""));
    }
    notice->items = items;
}

static int read_name(const struct json *json, const char *key, const char *const *names,
                     size_t count)
{
    const char *name = json_get_string(json, key, "");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return (int)i;
    }
    return -1;
}

static void write_error(struct json_out *json, const struct error *error)
{
    json_out_key(json, "error");
    json_out_begin_object(json);
    json_out_pair_int(json, "kind", (int64_t)error->kind);
    json_out_pair_string(json, "code", error->code);
    json_out_pair_string(json, "text", error->text);
    json_out_pair_string(json, "help", error->help);
    json_out_end_object(json);
}

static void read_error(const struct json *json, struct error *ret_error)
{
    ret_error->kind = (enum error_kind)json_get_int(json, "kind", ERROR_KIND_NONE);
    const char *code = json_get_string(json, "code", "");
    size_t length = strnlen(code, sizeof ret_error->code - 1);
    memcpy(ret_error->code, code, length);
    ret_error->code[length] = '\0';
    const char *text = json_get_string(json, "text", "");
    length = strnlen(text, sizeof ret_error->text - 1);
    memcpy(ret_error->text, text, length);
    ret_error->text[length] = '\0';
    error_help(ret_error, "%s", json_get_string(json, "help", ""));
}

void notice_write(const struct notice *notice, struct text *ret_json)
{
    struct json_out json;
    json_out_init(&json, ret_json);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "event", notice_names[notice->kind]);
    write_members(&json, notice, notice_members, COUNT(notice_members));
    write_runs(&json, notice->run_ids, notice->run_count);
    write_items(&json, notice);
    if (notice->error.kind != ERROR_KIND_NONE || notice->error.text[0] != '\0')
        write_error(&json, &notice->error);
    json_out_end_object(&json);
}

int notice_from_json(const struct json *json, struct arena *arena, struct notice *ret_notice,
                     struct error *err)
{
    int kind = read_name(json, "event", notice_names, COUNT(notice_names));
    if (kind < 0) /* as an engine from before an upgrade, which still runs, says it */
        kind = read_name(json, "notice", notice_names, COUNT(notice_names));
    if (kind < 0)
        return error_set(err, ERROR_KIND_INVALID, "this is no notice of a datemill engine");
    *ret_notice = (struct notice){.kind = (enum notice_kind)kind};
    read_members(json, arena, ret_notice, notice_members, COUNT(notice_members));
    ret_notice->run_count = read_runs(json, ret_notice->run_ids);
    read_items(json, arena, ret_notice);
    if (json_get(json, "error") != NULL)
        read_error(json_get(json, "error"), &ret_notice->error);
    return 0;
}

static void write_settings(struct json_out *json, const char *key,
                           const struct request_setting *settings, size_t count)
{
    json_out_key(json, key);
    json_out_begin_object(json);
    for (size_t i = 0; i < count; i++)
        json_out_pair_string(json, settings[i].name, settings[i].text);
    json_out_end_object(json);
}

void request_write(const struct request *request, struct text *ret_json)
{
    struct json_out json;
    json_out_init(&json, ret_json);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "request", request_names[request->kind]);
    json_out_pair_string(&json, "scope", scope_names[request->scope]);
    json_out_pair_string(&json, "force", force_names[request->force]);
    write_members(&json, request, request_members, COUNT(request_members));
    write_runs(&json, request->run_ids, request->run_count);
    write_settings(&json, "vars", request->vars, request->var_count);
    if (request->downstream_count > 0)
        write_settings(&json, "downstream", request->downstream, request->downstream_count);
    json_out_end_object(&json);
}

static int read_settings(const struct json *json, const char *key, struct arena *arena,
                         const struct request_setting **ret_settings, size_t *ret_count)
{
    const struct json *object = json_get(json, key);
    struct request_setting *settings = arena_array(arena, json_count(object), sizeof *settings);
    size_t count = 0;
    for (const struct json *item = json_first(object); item != NULL; item = json_next(item)) {
        settings[count].name = arena_copy_string(arena, json_key(item));
        settings[count].text = arena_copy_string(arena, json_as_string(item, ""));
        if (settings[count].name == NULL)
            return -1;
        count++;
    }
    *ret_settings = settings;
    *ret_count = count;
    return 0;
}

int request_from_json(const struct json *json, struct arena *arena, struct request *ret_request,
                      struct error *err)
{
    int kind = read_name(json, "request", request_names, COUNT(request_names));
    int scope = read_name(json, "scope", scope_names, COUNT(scope_names));
    int force = read_name(json, "force", force_names, COUNT(force_names));
    if (kind < 0 || scope < 0 || force < 0)
        return error_set(err, ERROR_KIND_INVALID, "this is no request that this engine knows");
    *ret_request = (struct request){.kind = (enum request_kind)kind,
                                    .scope = (enum request_scope)scope,
                                    .force = (enum request_force)force};
    read_members(json, arena, ret_request, request_members, COUNT(request_members));
    ret_request->run_count = read_runs(json, ret_request->run_ids);
    if (read_settings(json, "vars", arena, &ret_request->vars, &ret_request->var_count) < 0)
        return error_set(err, ERROR_KIND_INVALID, "`vars` must be an object");
    if (read_settings(json, "downstream", arena, &ret_request->downstream,
                      &ret_request->downstream_count) < 0)
        return error_set(err, ERROR_KIND_INVALID, "`downstream` must be an object");
    return 0;
}
