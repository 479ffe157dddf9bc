#include "scheduler/command/serve_tell.h"

#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/logfmt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_BYTES 24

static bool has(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static void tell_person(struct terminal *terminal, const char *stamp, const struct serve_line *line)
{
    terminal_print(terminal, "%.8s  ", stamp + 11);
    if (has(line->state)) {
        SCOPED_TEXT struct text state = {0};
        terminal_append_state(terminal, &state, line->state);
        terminal_print(terminal, "%s  ", text_string(&state));
    }
    if (has(line->flow)) {
        terminal_put(terminal, line->flow);
        terminal_print(terminal, "%s%s  ", has(line->bizdate) ? " for " : "",
                       has(line->bizdate) ? line->bizdate : "");
    }
    if (has(line->text))
        terminal_put(terminal, line->text);
    if (line->run_id != 0)
        terminal_print(terminal, "%sdatemill runs show %" PRId64, has(line->text) ? "   " : "",
                       line->run_id);
    terminal_print(terminal, "\n");
}

static void tell_journal(struct context *context, struct instant at, const struct serve_line *line)
{
    SCOPED_TEXT struct text text = {0};
    char run[NUMBER_BYTES] = "";
    if (line->run_id != 0)
        snprintf(run, sizeof run, "%" PRId64, line->run_id);
    logfmt_stamp(&text, context_shown_zone(context, context->project->timezone), at);
    logfmt_pair(&text, "event", line->event);
    logfmt_pair(&text, "flow", line->flow);
    logfmt_pair(&text, "date", line->bizdate);
    logfmt_pair(&text, "run", run);
    logfmt_pair(&text, "state", line->state);
    logfmt_pair(&text, "text", line->text);
    terminal_print(context->err, "%s\n", text_string(&text));
}

static void pair(struct json_out *json, const char *key, const char *text)
{
    if (has(text))
        json_out_pair_string(json, key, text);
}

static void tell_program(struct terminal *terminal, const char *stamp,
                         const struct serve_line *line)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "at", stamp);
    json_out_pair_string(&json, "event", line->event);
    pair(&json, "flow", line->flow);
    pair(&json, "bizdate", line->bizdate);
    if (line->run_id != 0)
        json_out_pair_int(&json, "run", line->run_id);
    pair(&json, "state", line->state);
    pair(&json, "text", line->text);
    json_out_end_object(&json);
    terminal_print(terminal, "%s\n", text_string(&text));
}

void serve_tell(struct context *context, struct instant at, const struct serve_line *line)
{
    struct terminal *terminal = context->err;
    char stamp[ZONE_RFC3339_BYTES];
    if (context->is_quiet)
        return;
    zone_format_rfc3339(context_shown_zone(context, context->project->timezone), at, stamp);
    if (context->is_json)
        tell_program(terminal, stamp, line);
    else if (terminal->is_terminal && !context->has_no_progress)
        tell_person(terminal, stamp, line);
    else
        tell_journal(context, at, line);
    terminal_flush(terminal);
}
