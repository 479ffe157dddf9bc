#include "scheduler/flow/field_scalar.h"

#include "scheduler/base/civil.h"
#include "scheduler/base/instant.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"

#include <string.h>

#define SHOWN_BYTES 64

bool field_is_name(const char *text, size_t length)
{
    if (length == 0 || length > FIELD_NAME_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool is_digit = c >= '0' && c <= '9';
        if (!is_letter && !(is_digit && i > 0))
            return false;
    }
    return true;
}

const char *field_kind_words(enum field_kind kind)
{
    switch (kind) {
    case FIELD_KIND_STRING:
    case FIELD_KIND_TEXT:
    case FIELD_KIND_SCRIPT:
        return "text";
    case FIELD_KIND_NAME:
        return "a name (letters, digits and _, at most 63)";
    case FIELD_KIND_SQL:
        return "SQL text";
    case FIELD_KIND_VALUE:
        return "a parameter's value";
    case FIELD_KIND_PATH:
    case FIELD_KIND_SQL_FILE:
        return "a path to a file";
    case FIELD_KIND_INTEGER:
        return "a whole number";
    case FIELD_KIND_DURATION:
        return "a duration such as 30s, 5m, 1h30m";
    case FIELD_KIND_SIZE:
        return "a size such as 512KiB, 64MiB";
    case FIELD_KIND_BOOL:
        return "true or false";
    case FIELD_KIND_CHOICE:
        return "one of the choices";
    case FIELD_KIND_DATE:
        return "a date such as 2021-11-11";
    case FIELD_KIND_LIST:
        return "a list";
    case FIELD_KIND_MAP:
        return "a map of names to values";
    case FIELD_KIND_BLOCK:
        return "a map";
    case FIELD_KIND_NEED:
        return "what is needed, as node or flow/node";
    case FIELD_KIND_EITHER:
        return "text or a map";
    }
    return "a value";
}

bool field_kind_is_scalar(enum field_kind kind)
{
    return kind != FIELD_KIND_LIST && kind != FIELD_KIND_MAP && kind != FIELD_KIND_BLOCK &&
           kind != FIELD_KIND_EITHER;
}

static int expected(const struct field *field, const char *text, struct error *err)
{
    return error_set(err, ERROR_KIND_INVALID, "expected %s, not `%.*s`",
                     field_kind_words(field->kind), SHOWN_BYTES, text);
}

static int parse_integer(const char *text, int64_t *ret_number)
{
    const char *at = text + (*text == '-' || *text == '+' ? 1 : 0);
    if (*at == '\0')
        return -1;
    int64_t number = 0;
    for (; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, *at - '0', &number))
            return -1;
    }
    *ret_number = *text == '-' ? -number : number;
    return 0;
}

static int parse_size(const char *text, int64_t *ret_number)
{
    static const struct {
        const char *unit;
        int shift;
    } units[] = {{"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 15)
        return -1;
    int64_t number = 0;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (text[i] - '0');
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text + digits, units[i].unit) == 0)
            return __builtin_mul_overflow(number, INT64_C(1) << units[i].shift, ret_number) ? -1
                                                                                            : 0;
    }
    return -1;
}

static int parse_bool(const char *text, int64_t *ret_number)
{
    *ret_number = strcmp(text, "true") == 0;
    return *ret_number == 1 || strcmp(text, "false") == 0 ? 0 : -1;
}

static int check_choice(const struct field *field, const char *text, struct error *err)
{
    SCOPED_TEXT struct text list = {0};
    struct suggest suggest;
    suggest_begin(&suggest, text);
    for (const char *const *choice = field->choices; *choice != NULL; choice++) {
        if (strcmp(*choice, text) == 0)
            return 0;
        suggest_offer(&suggest, *choice);
        bool is_last = choice[1] == NULL && choice != field->choices;
        text_append_format(&list, "%s%s",
                           choice == field->choices ? ""
                           : is_last                ? " or "
                                                    : ", ",
                           *choice);
    }
    error_set(err, ERROR_KIND_INVALID, "expected %s, not `%.*s`", text_string(&list), SHOWN_BYTES,
              text);
    if (suggest_best(&suggest) != NULL)
        error_help(err, "did you mean `%s`?", suggest_best(&suggest));
    return -1;
}

static void append_size(struct text *out, int64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    for (; unit < 4 && bytes != 0 && bytes % 1024 == 0; unit++)
        bytes /= 1024;
    text_append_format(out, "%lld%s", (long long)bytes, units[unit]);
}

/* A bound as one would write it. */
static void append_bound(struct text *out, enum field_kind kind, int64_t number)
{
    char buffer[DURATION_TEXT_BYTES];
    if (kind == FIELD_KIND_DURATION)
        text_append(out, duration_format_exact((struct duration){number}, buffer));
    else if (kind == FIELD_KIND_SIZE)
        append_size(out, number);
    else
        text_append_format(out, "%lld", (long long)number);
}

static int check_bounds(const struct field *field, const char *text, int64_t number,
                        struct error *err)
{
    bool has_bounds = field->min != 0 || field->max != 0;
    bool is_within = number >= field->min && (field->max == 0 || number <= field->max);
    if (!has_bounds || is_within)
        return 0;
    SCOPED_TEXT struct text words = {0};
    append_bound(&words, field->kind, field->min);
    text_append(&words, field->max == 0 ? " or more" : " to ");
    if (field->max != 0)
        append_bound(&words, field->kind, field->max);
    return error_set(err, ERROR_KIND_INVALID, "expected %s, not %.*s", text_string(&words),
                     SHOWN_BYTES, text);
}

static int check_path(const char *text, struct error *err)
{
    size_t length = strlen(text);
    if (length == 0 || length > 4096)
        return error_set(err, ERROR_KIND_INVALID, "expected a path of 1 to 4096 bytes");
    if (strpbrk(text, "\n\r") != NULL)
        return error_set(err, ERROR_KIND_INVALID, "a path is one line");
    return 0;
}

int field_scalar_parse(const struct field *field, const char *text, int64_t *ret_number,
                       struct error *err)
{
    int64_t number = 0;
    struct duration duration = {0};
    struct civil_date date;
    switch (field->kind) {
    case FIELD_KIND_NAME:
        if (!field_is_name(text, strlen(text)))
            return expected(field, text, err);
        break;
    case FIELD_KIND_INTEGER:
        if (parse_integer(text, &number) != 0)
            return expected(field, text, err);
        break;
    case FIELD_KIND_SIZE:
        if (parse_size(text, &number) != 0)
            return expected(field, text, err);
        break;
    case FIELD_KIND_BOOL:
        if (parse_bool(text, &number) != 0)
            return expected(field, text, err);
        break;
    case FIELD_KIND_DURATION:
        if (duration_parse(text, &duration, err) != 0)
            return -1;
        number = duration.us;
        break;
    case FIELD_KIND_DATE:
        if (civil_date_parse(text, &date, err) != 0)
            return -1;
        break;
    case FIELD_KIND_CHOICE:
        if (check_choice(field, text, err) != 0)
            return -1;
        break;
    case FIELD_KIND_PATH:
    case FIELD_KIND_SQL_FILE:
        if (check_path(text, err) != 0)
            return -1;
        break;
    case FIELD_KIND_STRING:
    case FIELD_KIND_TEXT:
    case FIELD_KIND_SQL:
    case FIELD_KIND_SCRIPT:
    case FIELD_KIND_VALUE:
    case FIELD_KIND_NEED:
    case FIELD_KIND_LIST:
    case FIELD_KIND_MAP:
    case FIELD_KIND_BLOCK:
    case FIELD_KIND_EITHER:
        break;
    }
    bool is_number = field->kind == FIELD_KIND_INTEGER || field->kind == FIELD_KIND_SIZE ||
                     field->kind == FIELD_KIND_DURATION;
    if (is_number && check_bounds(field, text, number, err) != 0)
        return -1;
    *ret_number = number;
    return 0;
}
