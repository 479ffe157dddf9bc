#include "scheduler/flow/flow_report.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <string.h>

struct diagnostic_place flow_report_place(const struct flow_report *report,
                                          struct field_place place)
{
    return (struct diagnostic_place){.source = report->first_source + place.file,
                                     .line = place.line,
                                     .column = place.column,
                                     .length = place.length};
}

/* How often `needle` stands in the text before `offset`. */
static size_t count_before(const char *text, size_t offset, const char *needle, size_t length)
{
    size_t count = 0;
    for (size_t at = 0; at < offset; at++) {
        if (strncmp(text + at, needle, length) == 0)
            count++;
    }
    return count;
}

/* The byte of a place in a file. */
static const char *find_place(const struct flow_file *file, struct field_place place)
{
    const char *at = file->bytes;
    const char *end = file->bytes + file->length;
    if (file->length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    for (uint32_t line = 1; line < place.line && at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline == NULL ? end : newline + 1;
    }
    for (uint32_t column = 1; column < place.column && at < end; column++) {
        int32_t code;
        at += utf8_decode(at, (size_t)(end - at), &code);
    }
    return at;
}

static uint32_t count_codes(const char *bytes, size_t length)
{
    uint32_t count = 0;
    for (size_t offset = 0; offset < length; count++) {
        int32_t code;
        offset += utf8_decode(bytes + offset, length - offset, &code);
    }
    return count;
}

struct field_place flow_report_inside(const struct flow_report *report,
                                      const struct field_value *value, size_t offset, size_t length)
{
    struct field_place place = value->place;
    size_t text_length = strlen(value->text);
    if (place.file >= report->file_count || offset >= text_length || length == 0)
        return place;
    if (length > text_length - offset)
        length = text_length - offset;
    const struct flow_file *file = &report->files[place.file];
    const char *end = file->bytes + file->length;
    const char *at = find_place(file, place);
    const char *needle = value->text + offset;
    size_t before = count_before(value->text, offset, needle, length);
    for (;; at++) {
        at = memmem(at, (size_t)(end - at), needle, length);
        if (at == NULL)
            return place;
        if (before-- == 0)
            break;
    }
    const char *from = find_place(file, place);
    for (const char *newline; (newline = memchr(from, '\n', (size_t)(at - from))) != NULL;) {
        from = newline + 1;
        place.line++;
        place.column = 1;
    }
    place.column += count_codes(from, (size_t)(at - from));
    place.length = count_codes(needle, length);
    return place;
}

struct diagnostic *flow_report_error(const struct flow_report *report, struct field_place place,
                                     const char *code, const char *format, ...)
{
    SCOPED_TEXT struct text message = {0};
    va_list args;
    va_start(args, format);
    text_append_args(&message, format, args);
    va_end(args);
    struct diagnostic *problem =
        diagnostics_add(report->list, DIAGNOSTIC_ERROR, code, "%s", text_string(&message));
    diagnostic_label(problem, flow_report_place(report, place), "%s", "");
    return problem;
}

static void add_from_node(void *context, struct field_place place, const char *code,
                          const char *message, const char *help)
{
    struct diagnostic *problem = flow_report_error(context, place, code, "%s", message);
    if (help != NULL)
        diagnostic_help(problem, "%s", help);
}

struct node_report flow_report_for_node(struct flow_report *report)
{
    return (struct node_report){.context = report, .add = add_from_node};
}
