#include "scheduler/flow/notify.h"

#include "nodes/node_wait.h"
#include "scheduler/base/json_template.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"

#include <string.h>

#define DEFAULT_TIMEOUT (10 * DURATION_SECOND_US)
#define DEFAULT_PER (600 * DURATION_SECOND_US)
#define DEFAULT_MAX 10

static const char *const types[] = {"webhook", "command", NULL};

static const struct field word_item = {.kind = FIELD_KIND_STRING};
static const struct field name_item = {.kind = FIELD_KIND_NAME};
static const struct field secret_item = {.kind = FIELD_KIND_STRING, .allows_secret = true};

static const struct field header_fields[] = {
    {.name = "name",
     .kind = FIELD_KIND_STRING,
     .is_required = true,
     .help = "The header's name.",
     .example = "X-Token"},
    {.name = "value",
     .kind = FIELD_KIND_STRING,
     .is_required = true,
     .allows_secret = true,
     .help = "Its value, which may be a secret.",
     .example = "{secret: {env: HOOK_TOKEN}}"},
    {.name = NULL},
};

static const struct field header_item = {.kind = FIELD_KIND_BLOCK, .fields = header_fields};

const struct field notify_channel_fields[] = {
    {.name = "type",
     .kind = FIELD_KIND_CHOICE,
     .is_required = true,
     .choices = types,
     .help = "`webhook`: a POST of JSON; `command`: a program of this machine."},
    {.name = "url",
     .kind = FIELD_KIND_STRING,
     .allows_secret = true,
     .help = "webhook: where to; `{secret: {file: PATH}}` or `{secret: {env: NAME}}` may stand for "
             "it. Redirects are not followed.",
     .example = "{secret: {file: secrets/dingtalk-url}}"},
    {.name = "headers",
     .kind = FIELD_KIND_LIST,
     .item = &header_item,
     .help = "webhook: further headers.",
     .example = "[{name: X-Token, value: {secret: {env: HOOK_TOKEN}}}]"},
    {.name = "body",
     .kind = FIELD_KIND_PATH,
     .help = "webhook: a file of JSON with `${text}`, `${flow}`, … in its strings; without it all "
             "that is known is sent.",
     .example = "notify/dingtalk.json"},
    {.name = "ok_field",
     .kind = FIELD_KIND_NAME,
     .help = "webhook: a number in the answer that has to be 0, for services that answer 200 to "
             "everything.",
     .example = "errcode"},
    {.name = "command",
     .kind = FIELD_KIND_LIST,
     .item = &word_item,
     .help = "command: program and arguments, in the project's folder; what is known stands in "
             "variables (DATEMILL_TEXT …) and as JSON on standard input.",
     .example = "[/usr/local/bin/page, --team, data]"},
    {.name = "env",
     .kind = FIELD_KIND_MAP,
     .item = &secret_item,
     .help = "command: further variables; their values may be secrets."},
    {.name = "timeout",
     .kind = FIELD_KIND_DURATION,
     .default_text = "10s",
     .min = DURATION_SECOND_US,
     .max = 300 * DURATION_SECOND_US,
     .help = "Then it is ended, and tried again later."},
    {.name = "max",
     .kind = FIELD_KIND_INTEGER,
     .default_text = "10",
     .min = 1,
     .max = 1000,
     .help = "Messages within `per`; what is more becomes one summary."},
    {.name = "per",
     .kind = FIELD_KIND_DURATION,
     .default_text = "10m",
     .min = DURATION_SECOND_US,
     .max = DURATION_DAY_US,
     .help = "The time that `max` is for."},
    {.name = NULL},
};

const struct field notify_fields[] = {
    {.name = "failure",
     .kind = FIELD_KIND_LIST,
     .item = &name_item,
     .help = "Channels for a node that failed for good (after the last retry): one message a run; "
             "for a backfill one at its end.",
     .example = "[ops]"},
    {.name = "success",
     .kind = FIELD_KIND_LIST,
     .item = &name_item,
     .help = "Channels for a run, or a backfill, that ended well."},
    {.name = "late",
     .kind = FIELD_KIND_LIST,
     .item = &name_item,
     .help = "Channels for a scheduled run that is not done at its flow's `deadline`."},
    {.name = "manual",
     .kind = FIELD_KIND_BOOL,
     .default_text = "false",
     .help = "Whether runs by hand are told of, too."},
    {.name = NULL},
};

const char *const notify_fact_names[] = {"id",    "event",    "text",     "flow",    "title",
                                         "owner", "run",      "bizdate",  "cyctime", "state",
                                         "node",  "reason",   "backfill", "count",   "host",
                                         "time",  "deadline", "project",  "opening", NULL};

const char *notify_event_name(enum notify_event event)
{
    static const char *const names[] = {"failure", "success", "late", "summary", "test"};
    return names[event];
}

const struct notify_channel *notify_find_channel(const struct project *project, const char *name)
{
    const struct project_notify *notify = project->notify;
    for (size_t i = 0; notify != NULL && i < notify->channel_count; i++) {
        if (strcmp(notify->channels[i].name, name) == 0)
            return &notify->channels[i];
    }
    return NULL;
}

/* ---- channels ---- */

static const char *find_sample(const void *data, const char *name, size_t length)
{
    (void)data;
    for (size_t i = 0; notify_fact_names[i] != NULL; i++) {
        if (strlen(notify_fact_names[i]) == length &&
            memcmp(notify_fact_names[i], name, length) == 0)
            return "";
    }
    return NULL;
}

static void list_facts(struct diagnostic *problem)
{
    SCOPED_TEXT struct text names = {0};
    for (size_t i = 0; notify_fact_names[i] != NULL; i++)
        text_append_format(&names, "%s%s", i > 0 ? ", " : "", notify_fact_names[i]);
    diagnostic_note(problem, "the values are: %s", text_string(&names));
}

static void check_body(struct flow_source *source, const struct field_value *value,
                       struct flow_report *report)
{
    SCOPED_ARENA struct arena arena = {0};
    struct flow_file file = {0};
    struct error err = {0};
    if (flow_source_read(source, value->text, &arena, &file, &err) < 0) {
        flow_report_error(report, value->place, "E105", "cannot read %s: %s", value->text,
                          err.text);
        return;
    }
    struct json_template template = {file.bytes, file.length};
    if (json_template_fill(template, (struct json_template_values){find_sample, NULL}, NULL,
                           &err) == 0)
        return;
    const char *shown = flow_source_shown_path(source, value->text, &arena);
    struct diagnostic *problem = flow_report_error(report, value->place, "E133", "%s:%d:%d: %s",
                                                   shown, err.line, err.column, err.text);
    list_facts(problem);
}

static void need(const struct field_value *block, const char *name, struct flow_report *report)
{
    const struct field_value *type = field_find(block, "type");
    if (field_find(block, name) == NULL)
        flow_report_error(report, type->place, "E106", "a channel of type %s needs `%s`",
                          type->text, name);
}

static void refuse(const struct field_value *block, const char *name, struct flow_report *report)
{
    const struct field_value *value = field_find(block, name);
    if (value != NULL)
        flow_report_error(report, value->key_place, "E133", "a channel of type %s has no `%s`",
                          field_find(block, "type")->text, name);
}

static void check_headers(const struct field_value *list, struct flow_report *report)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789-_";
    for (size_t i = 0; list != NULL && i < list->item_count; i++) {
        const struct field_value *name = field_find(&list->items[i], "name");
        if (name != NULL &&
            (name->text[0] == '\0' || name->text[strspn(name->text, letters)] != '\0'))
            flow_report_error(report, name->place, "E133",
                              "a header's name is letters, digits, `-` and `_`");
    }
    if (list != NULL && list->item_count > NOTIFY_MAX_HEADERS)
        flow_report_error(report, list->place, "E107", "more than %d headers", NOTIFY_MAX_HEADERS);
}

static void check_channel(const struct field_value *block, struct flow_source *source,
                          struct flow_report *report)
{
    static const char *const webhook[] = {"url", "headers", "body", "ok_field"};
    static const char *const command[] = {"command", "env"};
    const struct field_value *type = field_find(block, "type");
    const struct field_value *url = field_find(block, "url");
    const struct field_value *words = field_find(block, "command");
    const struct field_value *body = field_find(block, "body");
    if (type == NULL)
        return;
    bool is_command = strcmp(type->text, "command") == 0;
    need(block, is_command ? "command" : "url", report);
    for (size_t i = 0; is_command && i < 4; i++)
        refuse(block, webhook[i], report);
    for (size_t i = 0; !is_command && i < 2; i++)
        refuse(block, command[i], report);
    if (!is_command && url != NULL && !url->is_secret && strncmp(url->text, "https://", 8) != 0 &&
        strncmp(url->text, "http://", 7) != 0)
        flow_report_error(report, url->place, "E133", "a url begins with https:// or http://");
    check_headers(is_command ? NULL : field_find(block, "headers"), report);
    if (is_command && words != NULL && (words->item_count == 0 || words->items[0].text[0] == '\0'))
        flow_report_error(report, words->place, "E133", "the command has no program");
    if (!is_command && body != NULL && flow_source_dir(source) != NULL)
        check_body(source, body, report);
}

static const char *const *list_words(const struct field_value *list, const char *dir,
                                     struct arena *arena)
{
    size_t count = list == NULL ? 0 : list->item_count;
    const char **words = arena_array(arena, count + 1, sizeof *words);
    for (size_t i = 0; i < count; i++)
        words[i] = list->items[i].text;
    if (count > 0 && strchr(words[0], '/') != NULL && words[0][0] != '/' && dir != NULL)
        words[0] = arena_format(arena, "%s/%s", dir, words[0]);
    return words;
}

static void read_channel(const struct field_value *block, const char *dir, struct arena *arena,
                         struct notify_channel *channel)
{
    const struct field_value *type = field_find(block, "type");
    *channel =
        (struct notify_channel){.name = block->name,
                                .is_command = type != NULL && strcmp(type->text, "command") == 0,
                                .url = field_find(block, "url"),
                                .headers = field_find(block, "headers"),
                                .body = field_text(block, notify_channel_fields, "body"),
                                .ok_field = field_text(block, notify_channel_fields, "ok_field"),
                                .words = list_words(field_find(block, "command"), dir, arena),
                                .env = field_find(block, "env"),
                                .timeout = {field_number(block, "timeout", DEFAULT_TIMEOUT)},
                                .max = (int32_t)field_number(block, "max", DEFAULT_MAX),
                                .per = {field_number(block, "per", DEFAULT_PER)}};
}

/* ---- who is told ---- */

static void report_unknown(const struct field_value *value, const struct notify_channel *channels,
                           size_t count, struct flow_report *report)
{
    struct suggest suggest;
    struct diagnostic *problem = flow_report_error(report, value->place, "E119",
                                                   "no channel `%s` in datemill.yaml", value->text);
    suggest_begin(&suggest, value->text);
    for (size_t i = 0; i < count; i++)
        suggest_offer(&suggest, channels[i].name);
    if (suggest_best(&suggest) != NULL)
        diagnostic_help(problem, "did you mean `%s`?", suggest_best(&suggest));
    else
        diagnostic_help(problem, "add it: channels: {%s: {type: webhook, url: …}}", value->text);
}

static void read_names(const struct field_value *list, const struct project_notify *known,
                       struct flow_report *report, struct arena *arena, struct flow_paths *names)
{
    const char **texts = arena_array(arena, list->item_count + 1, sizeof *texts);
    for (size_t i = 0; i < list->item_count; i++) {
        const char *name = list->items[i].text;
        bool is_known = false;
        for (size_t j = 0; j < known->channel_count; j++)
            is_known |= strcmp(known->channels[j].name, name) == 0;
        if (!is_known)
            report_unknown(&list->items[i], known->channels, known->channel_count, report);
        texts[i] = name;
    }
    *names = (struct flow_paths){texts, list->item_count};
}

static void read_notify(const struct field_value *block, const struct project_notify *known,
                        struct flow_report *report, struct arena *arena, struct flow_notify *notify)
{
    for (enum notify_event event = NOTIFY_FAILURE; event < NOTIFY_ASKED_COUNT; event++) {
        const struct field_value *list = field_find(block, notify_event_name(event));
        if (list != NULL)
            read_names(list, known, report, arena, &notify->channels[event]);
    }
    notify->tells_manual = field_number(block, "manual", notify->tells_manual) != 0;
}

const struct project_notify *notify_read_project(const struct field_value *block,
                                                 struct flow_source *source,
                                                 struct flow_report *report, struct arena *arena)
{
    const struct field_value *map = field_find(block, "channels");
    size_t count = map == NULL ? 0 : map->item_count;
    struct project_notify *notify = arena_alloc(arena, sizeof *notify);
    struct notify_channel *channels = arena_array(arena, count + 1, sizeof *channels);
    for (size_t i = 0; i < count; i++) {
        check_channel(&map->items[i], source, report);
        read_channel(&map->items[i], flow_source_dir(source), arena, &channels[i]);
    }
    *notify = (struct project_notify){.channels = channels, .channel_count = count};
    read_notify(field_find(block, "notify"), notify, report, arena, &notify->defaults);
    return notify;
}

static void read_deadline(const struct field_value *value, struct flow_report *report,
                          struct flow_notify *notify)
{
    int32_t seconds;
    struct duration after = {0};
    notify->has_deadline = true;
    if (node_wait_parse_time(value->text, &seconds)) {
        notify->deadline = duration_seconds(seconds);
    } else if (duration_parse(value->text, &after, NULL) == 0 && after.us > 0) {
        notify->deadline = after;
        notify->is_deadline_after = true;
    } else {
        struct diagnostic *problem =
            flow_report_error(report, value->place, "E104", "`%s` is no deadline", value->text);
        diagnostic_help(problem, "a time of day, as 07:00, or a time after the planned one, as 2h");
    }
}

const struct flow_notify *notify_read_flow(const struct field_value *block,
                                           const struct project *project,
                                           struct flow_report *report, struct arena *arena)
{
    static const struct project_notify none;
    const struct project_notify *known = project->notify == NULL ? &none : project->notify;
    const struct field_value *deadline = field_find(block, "deadline");
    struct flow_notify *notify = arena_alloc(arena, sizeof *notify);
    *notify = known->defaults;
    read_notify(field_find(block, "notify"), known, report, arena, notify);
    if (deadline != NULL)
        read_deadline(deadline, report, notify);
    return notify;
}
