#include "scheduler/flow/yaml_problem.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <string.h>

#define SHOWN_REFERENCE_BYTES 64

static struct field_place place_at(const struct yaml_input *input, struct yaml_mark mark,
                                   uint32_t length)
{
    return (struct field_place){
        .file = input->file_index, .line = mark.line, .column = mark.column, .length = length};
}

/* What a code point is that no YAML file of ours may hold; NULL for the others. */
static const char *refused_code(int32_t code, int32_t next)
{
    if (code < 0)
        return "this byte is not UTF-8";
    if (code == '\r' && next != '\n')
        return "a carriage return without a line feed";
    if (code < 0x20 && code != '\t' && code != '\n' && code != '\r')
        return "a control character";
    if (code == 0x7f || (code >= 0x80 && code < 0xa0))
        return "a control character";
    if (code == 0x2028 || code == 0x2029)
        return "a line separator that editors do not show";
    if (code == 0xfeff)
        return "a byte order mark inside the file";
    return code == 0xfffe || code == 0xffff ? "not a character" : NULL;
}

static int refuse(const struct yaml_input *input, struct yaml_mark mark, const char *what,
                  int32_t code)
{
    struct diagnostic *problem = flow_report_error(input->report, place_at(input, mark, 1), "E100",
                                                   "the file cannot be read as YAML: %s", what);
    if (code >= 0)
        diagnostic_help(problem, "remove it, or write \"\\u%04X\" in double quotes",
                        (unsigned)code);
    else
        diagnostic_help(problem, "save the file as UTF-8");
    return -1;
}

/* Directives are of no use here, and many of them would take the parser long. */
static int refuse_directive(const struct yaml_input *input, struct yaml_mark mark)
{
    struct diagnostic *problem =
        flow_report_error(input->report, place_at(input, mark, 1), "E100",
                          "a line cannot begin with `%%`: directives are not part of the format");
    diagnostic_help(problem, "quote the text, or indent it");
    return -1;
}

int yaml_problem_check_bytes(const struct yaml_input *input)
{
    const char *bytes = input->file->bytes;
    size_t length = input->file->length;
    struct yaml_mark mark = {1, 1};
    if (length > YAML_MAX_BYTES) {
        flow_report_error(input->report, place_at(input, mark, 1), "E107",
                          "the file is larger than %zu MiB", YAML_MAX_BYTES >> 20);
        return -1;
    }
    size_t offset = length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (offset < length) {
        unsigned char byte = (unsigned char)bytes[offset];
        if (byte >= 0x20 && byte < 0x7f && (byte != '%' || mark.column != 1)) {
            mark.column++;
            offset++;
            continue;
        }
        if (byte == '%')
            return refuse_directive(input, mark);
        int32_t code;
        size_t step = utf8_decode(bytes + offset, length - offset, &code);
        int32_t next = offset + step < length ? bytes[offset + step] : -1;
        const char *what = refused_code(code, next);
        if (what != NULL)
            return refuse(input, mark, what, code);
        offset += step;
        mark.column++;
        if (code == '\n')
            mark = (struct yaml_mark){mark.line + 1, 1};
    }
    return 0;
}

/* The bytes from a place to the end of its line. */
static const char *rest_of_line(const struct yaml_input *input, struct yaml_mark mark,
                                size_t *ret_before, size_t *ret_length)
{
    const char *at = input->file->bytes;
    const char *end = at + input->file->length;
    if (input->file->length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    for (uint32_t line = 1; line < mark.line && at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline == NULL ? end : newline + 1;
    }
    const char *begin = at;
    for (uint32_t column = 1; column < mark.column && at < end && *at != '\n'; column++) {
        int32_t code;
        at += utf8_decode(at, (size_t)(end - at), &code);
    }
    const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    *ret_before = (size_t)(at - begin);
    *ret_length = (size_t)((newline == NULL ? end : newline) - at);
    return at;
}

/* A piece of the file. */
struct piece {
    const char *at;
    size_t length;
};

static bool is_word(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
}

/* The word that ends before `at`, over spaces and one of `signs`; empty when there is none. */
static struct piece word_before(const char *line, const char *at, const char *signs)
{
    while (at > line && at[-1] == ' ')
        at--;
    if (at == line || strchr(signs, at[-1]) == NULL)
        return (struct piece){at, 0};
    at--;
    const char *end = at;
    while (at > line && is_word(at[-1]))
        at--;
    return (struct piece){at, (size_t)(end - at)};
}

/* The value that a reference at `dollar` is part of: back to its colon or comma, on to the end of
 * what stands beside it. */
static struct piece value_around(const char *line, const char *dollar, struct piece reference)
{
    const char *begin = dollar;
    while (begin > line && strchr(":,{[", begin[-1]) == NULL)
        begin--;
    while (*begin == ' ')
        begin++;
    const char *end = reference.at + reference.length;
    while (*end != '\0' && strchr(",}] \r\n", *end) == NULL)
        end++;
    return (struct piece){begin, (size_t)(end - begin)};
}

static void help_reference(struct diagnostic *problem, const char *line, struct piece value)
{
    int length = (int)value.length;
    struct piece key = word_before(line, value.at, ":");
    struct piece map = word_before(line, key.at, "{");
    if (map.length == 0 && map.at > line && key.length > 0)
        map = word_before(line, map.at + 0, ":");
    if (key.length > 0 && map.length > 0)
        diagnostic_help(
            problem, "write \"%.*s\", or put the map on separate lines:\n%.*s:\n  %.*s: %.*s",
            length, value.at, (int)map.length, map.at, (int)key.length, key.at, length, value.at);
    else
        diagnostic_help(problem, "write \"%.*s\"", length, value.at);
}

/* `${var}` or `$[…]` in the middle of `{}` or `[]`: the parser stops at the bracket after `$`. */
static bool report_reference(const struct yaml_input *input, const struct yaml_failure *failure)
{
    size_t before;
    size_t length;
    const char *at = rest_of_line(input, failure->at, &before, &length);
    bool is_open = length > 0 && (*at == '{' || *at == '[');
    if (!is_open || before == 0 || at[-1] != '$')
        return false;
    const char *end = memchr(at, *at == '{' ? '}' : ']', length);
    struct piece reference = {at - 1, (end == NULL ? length : (size_t)(end - at) + 1) + 1};
    if (reference.length > SHOWN_REFERENCE_BYTES)
        return false;
    struct yaml_mark mark = {failure->at.line, failure->at.column - 1};
    struct field_place place = place_at(input, mark, (uint32_t)reference.length);
    struct diagnostic *problem =
        diagnostics_add(input->report->list, DIAGNOSTIC_ERROR, "E101",
                        "`%.*s` must be quoted inside { } or [ ]", (int)reference.length, at - 1);
    diagnostic_label(problem, flow_report_place(input->report, place),
                     "YAML reads `%c` as a nested %s here", *at, *at == '{' ? "map" : "list");
    diagnostic_label_lines_above(problem, 1);
    help_reference(problem, at - before, value_around(at - before, at - 1, reference));
    return true;
}

/* `[`, `{` or a quote that is never closed: the place where it was opened says more than the place
 * where the parser gave up. */
static bool report_unclosed(const struct yaml_input *input, const struct yaml_failure *failure)
{
    bool is_list = strstr(failure->problem, "',' or ']'") != NULL;
    bool is_map = strstr(failure->problem, "',' or '}'") != NULL;
    bool is_quote = strstr(failure->context, "quoted scalar") != NULL &&
                    (strstr(failure->problem, "end of stream") != NULL ||
                     strstr(failure->problem, "document indicator") != NULL);
    if ((!is_list && !is_map && !is_quote) || failure->context_at.line == 0)
        return false;
    struct diagnostic_place opened =
        flow_report_place(input->report, place_at(input, failure->context_at, 1));
    struct diagnostic_place stopped =
        flow_report_place(input->report, place_at(input, failure->at, 1));
    const char *sign = is_list ? "]" : "}";
    if (is_quote) {
        struct diagnostic *problem =
            diagnostics_add(input->report->list, DIAGNOSTIC_ERROR, "E100", "a quote is not closed");
        diagnostic_label(problem, opened, "opened here");
        return true;
    }
    if (failure->at.line == failure->context_at.line) {
        struct diagnostic *problem = diagnostics_add(input->report->list, DIAGNOSTIC_ERROR, "E100",
                                                     "expected `,` or `%s`", sign);
        diagnostic_label(problem, stopped, "before this");
        diagnostic_label(problem, opened, "opened here");
        return true;
    }
    struct diagnostic *problem = diagnostics_add(input->report->list, DIAGNOSTIC_ERROR, "E100",
                                                 "`%s` is not closed", is_list ? "[" : "{");
    diagnostic_label(problem, opened, "opened here");
    diagnostic_label(problem, stopped, "a `,` or `%s` was expected before this", sign);
    return true;
}

/* "found character that cannot start any token" is said of three different mistakes. */
static bool report_character(const struct yaml_input *input, const struct yaml_failure *failure)
{
    bool is_tab = strstr(failure->problem, "tab character") != NULL;
    if (!is_tab && strstr(failure->problem, "cannot start any token") == NULL)
        return false;
    size_t before;
    size_t length;
    const char *at = rest_of_line(input, failure->at, &before, &length);
    char character = length == 0 ? '\0' : *at;
    struct field_place place = place_at(input, failure->at, 1);
    if (is_tab || character == '\t') {
        diagnostic_help(flow_report_error(input->report, place, "E100", "a tab cannot indent"),
                        "use spaces");
        return true;
    }
    struct diagnostic *problem = flow_report_error(
        input->report, place, "E100", "a value cannot begin with `%c` without quotes", character);
    diagnostic_help(problem, "put the whole value in quotes");
    return true;
}

struct saying {
    const char *problem; /* part of libyaml's words */
    const char *context; /* part of them too, "" = any */
    bool is_at_context;  /* the place where it began is the better one */
    const char *message;
    const char *help; /* NULL = none */
};

static const struct saying sayings[] = {
    {"mapping values are not allowed", "", false, "a `key:` cannot stand here",
     "check the indentation of this line and the one above; a text that holds `: ` needs quotes"},
    {"block sequence entries are not allowed", "", false, "a list item `- ` cannot stand here",
     "begin the list on a line of its own, or write [a, b]"},
    {"could not find expected ':'", "", true, "expected `key: value`",
     "a line is a key with a colon and its value, or a list item `- value`"},
    {"did not find expected key", "", false, "this line is indented like no line above it",
     "keys of one map begin in the same column"},
    {"did not find expected '-' indicator", "", false, "this line is no item of the list above",
     "items of one list begin with `- ` in the same column"},
    {"did not find expected <document start>", "", false, "nothing may follow the end of the map",
     "keys of the file begin in the first column"},
    {"did not find expected node content", "", false, "a value is missing here", NULL},
    {"unknown escape character", "", false, "no such escape in double quotes",
     "write `\\\\` for a backslash, or use single quotes"},
    {"hexdecimal number", "", false, "this escape needs hexadecimal digits",
     "\\x41, \\u4E2D, \\U0001F600"},
    {"invalid Unicode character escape", "", false, "this escape is no character", NULL},
    {"alphabetic or numeric character", "alias", true, "an alias (`*name`) needs a name",
     "a value that begins with `*` needs quotes"},
    {"alphabetic or numeric character", "anchor", true, "an anchor (`&name`) needs a name",
     "a value that begins with `&` needs quotes"},
    {"", "tag", true, "tags (`!name`) are not part of the format",
     "a value that begins with `!` needs quotes"},
    {"", "block scalar", false, "after `|` or `>` the text begins on the next line",
     "only a comment may follow on this line"},
    {"unexpected document indicator", "", false, "`---` or `...` cannot stand inside a value",
     NULL},
    {"unexpected ':'", "", false, "a `:` cannot stand here", "put the value in quotes"},
};

static bool report_saying(const struct yaml_input *input, const struct yaml_failure *failure)
{
    for (size_t i = 0; i < sizeof sayings / sizeof sayings[0]; i++) {
        const struct saying *saying = &sayings[i];
        if (strstr(failure->problem, saying->problem) == NULL ||
            strstr(failure->context, saying->context) == NULL)
            continue;
        bool has_context = saying->is_at_context && failure->context_at.line != 0;
        struct yaml_mark mark = has_context ? failure->context_at : failure->at;
        struct diagnostic *problem = flow_report_error(input->report, place_at(input, mark, 1),
                                                       "E100", "%s", saying->message);
        if (saying->help != NULL)
            diagnostic_help(problem, "%s", saying->help);
        return true;
    }
    return false;
}

void yaml_problem_report(const struct yaml_input *input, const struct yaml_failure *failure)
{
    if (report_reference(input, failure) || report_unclosed(input, failure) ||
        report_character(input, failure) || report_saying(input, failure))
        return;
    flow_report_error(input->report, place_at(input, failure->at, 1), "E100", "this is not YAML");
}
