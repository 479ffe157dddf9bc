#include "scheduler/base/diagnostic.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"

#include <string.h>

static const char *severity_word(const struct diagnostic *problem)
{
    return problem->severity == DIAGNOSTIC_ERROR ? "error" : "warning";
}

static const char *source_name(const struct diagnostics *list, const struct diagnostic *problem)
{
    return list->sources[problem->labels[0].place.source].name;
}

/* The message and, where it says more, the words beside the caret. */
static void append_message(const struct diagnostic *problem, struct text *out)
{
    text_append(out, problem->message);
    if (problem->label_count > 0 && problem->labels[0].text[0] != '\0')
        text_append_format(out, " (%s)", problem->labels[0].text);
}

static void append_on_one_line(struct text *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        text_append_char(out, *at == '\n' || *at == '\r' ? ' ' : *at);
}

void diagnostics_write_gcc(const struct diagnostics *list, struct text *out)
{
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    const struct diagnostic **sorted = diagnostics_sorted(list, &arena);
    for (size_t i = 0; i < list->count; i++) {
        const struct diagnostic *problem = sorted[i];
        if (problem->label_count > 0) {
            const struct diagnostic_place *place = &problem->labels[0].place;
            append_on_one_line(out, source_name(list, problem));
            text_append_format(out, ":%u:%u: ", place->line, place->column);
        } else {
            text_append(out, "datemill: ");
        }
        text_append_format(out, "%s: ", severity_word(problem));
        SCOPED_TEXT struct text message = {0};
        append_message(problem, &message);
        append_on_one_line(out, text_string(&message));
        text_append_format(out, " [%s]\n", problem->code);
    }
}

static void write_extras(struct json_out *json, const struct diagnostic *problem,
                         enum diagnostic_extra_kind kind)
{
    json_out_begin_array(json);
    for (size_t i = 0; i < problem->extra_count; i++) {
        if (problem->extras[i].kind == kind)
            json_out_string(json, problem->extras[i].text);
    }
    json_out_end_array(json);
}

static void write_json(const struct diagnostics *list, const struct diagnostic *problem,
                       struct text *out)
{
    struct json_out json;
    json_out_init(&json, out);
    json_out_begin_object(&json);
    json_out_key(&json, severity_word(problem));
    json_out_begin_object(&json);
    json_out_pair_string(&json, "code", problem->code);
    json_out_pair_string(&json, "message", problem->message);
    if (problem->label_count > 0) {
        const struct diagnostic_label *label = &problem->labels[0];
        json_out_pair_string(&json, "file", source_name(list, problem));
        json_out_pair_int(&json, "line", label->place.line);
        json_out_pair_int(&json, "column", label->place.column);
        json_out_pair_int(&json, "length", label->place.length == 0 ? 1 : label->place.length);
        json_out_pair_string(&json, "label", label->text);
    }
    json_out_key(&json, "details");
    write_extras(&json, problem, DIAGNOSTIC_DETAIL);
    json_out_key(&json, "notes");
    write_extras(&json, problem, DIAGNOSTIC_NOTE);
    SCOPED_TEXT struct text help = {0};
    for (size_t i = 0; i < problem->extra_count; i++) {
        if (problem->extras[i].kind != DIAGNOSTIC_HELP)
            continue;
        text_append(&help, help.length > 0 ? "\n" : "");
        text_append(&help, problem->extras[i].text);
    }
    json_out_pair_string(&json, "help", text_string(&help));
    json_out_end_object(&json);
    json_out_end_object(&json);
    text_append_char(out, '\n');
}

void diagnostics_write_json(const struct diagnostics *list, struct text *out)
{
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    const struct diagnostic **sorted = diagnostics_sorted(list, &arena);
    for (size_t i = 0; i < list->count; i++)
        write_json(list, sorted[i], out);
}

/* Workflow commands: properties escape two more characters than the message. */
static void append_github(struct text *out, const char *text, bool is_property)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '%' || *at == '\r' || *at == '\n' || (is_property && (*at == ':' || *at == ',')))
            text_append_format(out, "%%%02X", (unsigned)(unsigned char)*at);
        else
            text_append_char(out, *at);
    }
}

void diagnostics_write_github(const struct diagnostics *list, struct text *out)
{
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    const struct diagnostic **sorted = diagnostics_sorted(list, &arena);
    for (size_t i = 0; i < list->count; i++) {
        const struct diagnostic *problem = sorted[i];
        text_append_format(out, "::%s ", severity_word(problem));
        if (problem->label_count > 0) {
            const struct diagnostic_place *place = &problem->labels[0].place;
            uint32_t length = place->length == 0 ? 1 : place->length;
            text_append(out, "file=");
            append_github(out, source_name(list, problem), true);
            text_append_format(out, ",line=%u,col=%u,endColumn=%u,", place->line, place->column,
                               place->column + length);
        }
        text_append_format(out, "title=%s::", problem->code);
        SCOPED_TEXT struct text message = {0};
        append_message(problem, &message);
        append_github(out, text_string(&message), false);
        text_append_char(out, '\n');
    }
}
