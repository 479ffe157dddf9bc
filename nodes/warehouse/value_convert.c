#include "nodes/warehouse/value.h"

#include "nodes/warehouse/number.h"
#include "scheduler/base/utf8.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#define TWO_TO_63 9223372036854775808.0

/* One conversion under way. */
struct conversion {
    const struct value *from;
    struct column_type type;
    enum value_strictness strict;
    struct value *to;
};

static int fail(const struct conversion *work, const char *why, struct error *err)
{
    char name[TYPE_NAME_BYTES];
    struct text shown = {0};
    value_show(work->from, &shown);
    error_set(err, ERROR_KIND_FAILED, "%s is no %s%s%s", text_string(&shown),
              type_format(work->type, name), why[0] == '\0' ? "" : ": ", why);
    text_free(&shown);
    return -1;
}

static int set_int(const struct conversion *work, int64_t value, struct error *err)
{
    if (value < type_min(work->type.kind) || value > type_max(work->type.kind))
        return fail(work, "it is out of range", err);
    work->to->kind = VALUE_INT;
    work->to->integer = value;
    return 0;
}

static int whole_from_real(const struct conversion *work, double real, struct error *err)
{
    if (!isfinite(real) || real >= TWO_TO_63 || real < -TWO_TO_63)
        return fail(work, "it is out of range", err);
    if (work->strict == VALUE_IMPLICIT && trunc(real) < real)
        return fail(work, "CAST it to cut its fraction", err);
    if (work->strict == VALUE_IMPLICIT && trunc(real) > real)
        return fail(work, "CAST it to cut its fraction", err);
    return set_int(work, (int64_t)real, err);
}

static int whole_from_decimal(const struct conversion *work, const struct decimal *decimal,
                              struct error *err)
{
    struct decimal whole = *decimal;
    int64_t value;
    decimal_cut(&whole, 0);
    if (work->strict == VALUE_IMPLICIT && decimal_compare(&whole, decimal) != 0)
        return fail(work, "CAST it to cut its fraction", err);
    if (!decimal_to_int(decimal, &value))
        return fail(work, "it is out of range", err);
    return set_int(work, value, err);
}

static int whole_from_text(const struct conversion *work, struct error *err)
{
    const struct value *from = work->from;
    int64_t whole;
    double real;
    struct decimal decimal;
    if (number_parse_int(from->bytes, from->length, &whole))
        return set_int(work, whole, err);
    if (decimal_parse(from->bytes, from->length, &decimal) <= DECIMAL_READING_CUT)
        return whole_from_decimal(work, &decimal, err);
    if (number_parse_double(from->bytes, from->length, &real))
        return whole_from_real(work, real, err);
    return fail(work, "", err);
}

static int to_whole(const struct conversion *work, struct error *err)
{
    switch (work->from->kind) {
    case VALUE_INT:
        return set_int(work, work->from->integer, err);
    case VALUE_REAL:
        return whole_from_real(work, work->from->real, err);
    case VALUE_DECIMAL:
        return whole_from_decimal(work, &work->from->decimal, err);
    case VALUE_TEXT:
        return whole_from_text(work, err);
    case VALUE_NULL:
    case VALUE_BINARY:
        break;
    }
    return fail(work, "", err);
}

static int to_real(const struct conversion *work, struct error *err)
{
    double real;
    if (!value_to_double(work->from, &real))
        return fail(work, "", err);
    if (work->type.kind == TYPE_FLOAT)
        real = (double)(float)real;
    work->to->kind = VALUE_REAL;
    work->to->real = real;
    return 0;
}

static int to_decimal(const struct conversion *work, struct error *err)
{
    struct decimal decimal;
    const struct value *from = work->from;
    bool is_number = from->kind == VALUE_TEXT
                         ? decimal_parse(from->bytes, from->length, &decimal) <= DECIMAL_READING_CUT
                         : value_to_decimal(from, &decimal);
    if (!is_number)
        return fail(work, "", err);
    decimal_cut(&decimal, work->type.scale);
    if (decimal_integer_digits(&decimal) > work->type.precision - work->type.scale)
        return fail(work, "it has too many digits before the point", err);
    work->to->kind = VALUE_DECIMAL;
    work->to->decimal = decimal;
    return 0;
}

static int to_boolean(const struct conversion *work, struct error *err)
{
    const struct value *from = work->from;
    work->to->kind = VALUE_INT;
    if (from->kind == VALUE_TEXT) {
        bool is_true = from->length == 4 && strncasecmp(from->bytes, "true", 4) == 0;
        bool is_false = from->length == 5 && strncasecmp(from->bytes, "false", 5) == 0;
        bool is_digit = from->length == 1 && (*from->bytes == '0' || *from->bytes == '1');
        if (!is_true && !is_false && !is_digit)
            return fail(work, "", err);
        work->to->integer = is_true || (is_digit && *from->bytes == '1');
        return 0;
    }
    double number;
    if (!value_to_double(from, &number))
        return fail(work, "", err);
    bool is_zero = !(number < 0) && !(number > 0);
    if (work->strict == VALUE_IMPLICIT && !is_zero && !(number >= 1 && number <= 1))
        return fail(work, "", err);
    work->to->integer = !is_zero;
    return 0;
}

static int to_moment(const struct conversion *work, struct error *err)
{
    struct value_moment moment;
    const struct value *from = work->from;
    if (from->kind != VALUE_TEXT || !value_parse_moment(from->bytes, from->length, &moment))
        return fail(work,
                    work->type.kind == TYPE_DATE ? "expected 2021-11-11"
                                                 : "expected 2021-11-11 02:30:45",
                    err);
    work->to->kind = VALUE_TEXT;
    work->to->length = value_format_moment(&moment, work->type.kind, work->to->scratch);
    work->to->bytes = work->to->scratch;
    return 0;
}

static size_t bytes_of_characters(const char *bytes, size_t length, int count)
{
    size_t at = 0;
    while (at < length && count > 0) {
        at++;
        while (at < length && ((unsigned char)bytes[at] & 0xc0) == 0x80)
            at++;
        count--;
    }
    return at;
}

static size_t count_characters(const char *bytes, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)bytes[i] & 0xc0) != 0x80;
    return count;
}

/* STRING, VARCHAR(n), CHAR(n). */
static int to_text(const struct conversion *work, struct error *err)
{
    struct value *to = work->to;
    struct value shown = *work->from;
    shown.owned = (struct text){0};
    size_t length;
    const char *bytes = value_text(&shown, &length);
    if (bytes == shown.scratch) {
        memcpy(to->scratch, bytes, length + 1);
        bytes = to->scratch;
    } else if (work->from->bytes == work->from->scratch && work->from->kind == VALUE_TEXT) {
        memcpy(to->scratch, bytes, length);
        bytes = to->scratch;
    }
    if (utf8_valid_prefix(bytes, length) != length)
        return fail(work, "it is not UTF-8", err);
    if (work->type.kind != TYPE_STRING) {
        size_t fitting = bytes_of_characters(bytes, length, work->type.precision);
        if (fitting < length && work->strict == VALUE_IMPLICIT)
            return fail(work, "it is too long", err);
        length = fitting;
    }
    size_t characters = work->type.kind == TYPE_CHAR ? count_characters(bytes, length) : SIZE_MAX;
    if (characters < (size_t)work->type.precision) {
        text_append_bytes(&to->owned, bytes, length);
        text_append_repeat(&to->owned, ' ', (size_t)work->type.precision - characters);
        bytes = to->owned.data;
        length = to->owned.length;
    }
    to->kind = VALUE_TEXT;
    to->bytes = bytes;
    to->length = length;
    return 0;
}

static int to_binary(const struct conversion *work, struct error *err)
{
    if (work->from->kind != VALUE_TEXT && work->from->kind != VALUE_BINARY)
        return fail(work, "", err);
    work->to->kind = VALUE_BINARY;
    work->to->bytes = work->from->bytes;
    work->to->length = work->from->length;
    return 0;
}

int value_convert(const struct value *from, struct column_type type, enum value_strictness strict,
                  struct value *to, struct error *err)
{
    const struct conversion work = {.from = from, .type = type, .strict = strict, .to = to};
    to->owned = (struct text){0};
    to->kind = VALUE_NULL;
    if (from->kind == VALUE_NULL)
        return 0;
    switch (type.kind) {
    case TYPE_BIGINT:
    case TYPE_INT:
    case TYPE_SMALLINT:
    case TYPE_TINYINT:
        return to_whole(&work, err);
    case TYPE_DOUBLE:
    case TYPE_FLOAT:
        return to_real(&work, err);
    case TYPE_DECIMAL:
        return to_decimal(&work, err);
    case TYPE_BOOLEAN:
        return to_boolean(&work, err);
    case TYPE_DATETIME:
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
        return to_moment(&work, err);
    case TYPE_BINARY:
        return to_binary(&work, err);
    case TYPE_STRING:
    case TYPE_VARCHAR:
    case TYPE_CHAR:
    case TYPE_NONE:
    case TYPE_UNKNOWN:
    case TYPE_NULL:
        break;
    }
    return to_text(&work, err);
}
