#include "nodes/warehouse/value.h"

#include "nodes/warehouse/number.h"
#include "scheduler/base/utf8.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 60

void value_read(sqlite3_value *source, struct value *ret_value)
{
    struct value *value = ret_value;
    value->owned = (struct text){0};
    switch (sqlite3_value_type(source)) {
    case SQLITE_INTEGER:
        value->kind = VALUE_INT;
        value->integer = sqlite3_value_int64(source);
        return;
    case SQLITE_FLOAT:
        value->kind = VALUE_REAL;
        value->real = sqlite3_value_double(source);
        return;
    case SQLITE_TEXT:
        value->kind = VALUE_TEXT;
        value->bytes = (const char *)sqlite3_value_text(source);
        value->length = (size_t)sqlite3_value_bytes(source);
        if (value->bytes == NULL)
            value->kind = VALUE_NULL;
        return;
    case SQLITE_BLOB:
        break;
    default:
        value->kind = VALUE_NULL;
        return;
    }
    value->bytes = sqlite3_value_blob(source);
    value->length = (size_t)sqlite3_value_bytes(source);
    value->kind = VALUE_BINARY;
    if (decimal_decode(value->bytes, value->length, &value->decimal)) {
        value->kind = VALUE_DECIMAL;
    } else if (value->length > 0 && value->bytes[0] == TYPE_TAG_BINARY) {
        value->bytes++;
        value->length--;
    }
}

void value_set_text(struct value *value, const char *bytes, size_t length)
{
    value->owned = (struct text){0};
    value->kind = VALUE_TEXT;
    value->bytes = bytes;
    value->length = length;
}

void value_free(struct value *value)
{
    text_free(&value->owned);
}

static void result_binary(sqlite3_context *context, const struct value *value)
{
    struct text tagged = {0};
    text_append_char(&tagged, TYPE_TAG_BINARY);
    text_append_bytes(&tagged, value->bytes, value->length);
    sqlite3_result_blob64(context, tagged.data, tagged.length, SQLITE_TRANSIENT);
    text_free(&tagged);
}

void value_result(sqlite3_context *context, const struct value *value)
{
    unsigned char blob[DECIMAL_BLOB_BYTES];
    switch (value->kind) {
    case VALUE_NULL:
        sqlite3_result_null(context);
        return;
    case VALUE_INT:
        sqlite3_result_int64(context, value->integer);
        return;
    case VALUE_REAL:
        sqlite3_result_double(context, value->real);
        return;
    case VALUE_TEXT:
        sqlite3_result_text64(context, value->bytes, value->length, SQLITE_TRANSIENT, SQLITE_UTF8);
        return;
    case VALUE_DECIMAL:
        sqlite3_result_blob64(context, blob, decimal_encode(&value->decimal, blob),
                              SQLITE_TRANSIENT);
        return;
    case VALUE_BINARY:
        result_binary(context, value);
        return;
    }
}

const char *value_text(struct value *value, size_t *ret_length)
{
    switch (value->kind) {
    case VALUE_TEXT:
    case VALUE_BINARY:
        *ret_length = value->length;
        return value->bytes;
    case VALUE_INT:
        *ret_length = (size_t)snprintf(value->scratch, sizeof value->scratch, "%lld",
                                       (long long)value->integer);
        return value->scratch;
    case VALUE_REAL:
        *ret_length = number_format_double(value->real, value->scratch);
        return value->scratch;
    case VALUE_DECIMAL:
        *ret_length = decimal_format(&value->decimal, value->scratch);
        return value->scratch;
    case VALUE_NULL:
        break;
    }
    *ret_length = 0;
    return "";
}

void value_show(const struct value *value, struct text *out)
{
    struct value copy = *value;
    if (copy.kind == VALUE_TEXT && value->bytes == value->scratch)
        copy.bytes = copy.scratch;
    size_t length;
    const char *text = value_text(&copy, &length);
    size_t shown = length > SHOWN_BYTES ? SHOWN_BYTES : length;
    shown = utf8_valid_prefix(text, shown);
    bool is_quoted = value->kind == VALUE_TEXT || value->kind == VALUE_BINARY;
    text_append(out, is_quoted ? "'" : "");
    utf8_append_safe(out, text, shown);
    text_append(out, shown < length ? "…" : "");
    text_append(out, is_quoted ? "'" : "");
}

bool value_to_double(const struct value *value, double *ret_number)
{
    if (value->kind == VALUE_INT)
        *ret_number = (double)value->integer;
    else if (value->kind == VALUE_REAL)
        *ret_number = value->real;
    else if (value->kind == VALUE_DECIMAL)
        *ret_number = decimal_to_double(&value->decimal);
    else
        return value->kind == VALUE_TEXT &&
               number_parse_double(value->bytes, value->length, ret_number);
    return true;
}

bool value_to_decimal(const struct value *value, struct decimal *ret_decimal)
{
    char text[NUMBER_TEXT_BYTES];
    switch (value->kind) {
    case VALUE_INT:
        *ret_decimal = decimal_from_int(value->integer);
        return true;
    case VALUE_REAL:
        return isfinite(value->real) && decimal_parse(text, number_format_double(value->real, text),
                                                      ret_decimal) <= DECIMAL_READING_CUT;
    case VALUE_DECIMAL:
        *ret_decimal = value->decimal;
        return true;
    case VALUE_TEXT:
        return decimal_parse(value->bytes, value->length, ret_decimal) == DECIMAL_READING_EXACT;
    case VALUE_NULL:
    case VALUE_BINARY:
        break;
    }
    return false;
}

static int fail_number(const struct value *value, struct error *err)
{
    struct text shown = {0};
    value_show(value, &shown);
    error_set(err, ERROR_KIND_FAILED, "%s is no number", text_string(&shown));
    text_free(&shown);
    return -1;
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static int compare_text(const struct value *a, const struct value *b)
{
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = shorter == 0 ? 0 : memcmp(a->bytes, b->bytes, shorter);
    if (order == 0)
        order = (a->length > b->length) - (a->length < b->length);
    return sign(order);
}

int value_compare(const struct value *a, const struct value *b, int *ret_order, struct error *err)
{
    assert(a->kind != VALUE_NULL && b->kind != VALUE_NULL);
    bool are_bytes = (a->kind == VALUE_TEXT || a->kind == VALUE_BINARY) &&
                     (b->kind == VALUE_TEXT || b->kind == VALUE_BINARY);
    if (are_bytes) {
        *ret_order = compare_text(a, b);
        return 0;
    }
    if (a->kind == VALUE_INT && b->kind == VALUE_INT) {
        *ret_order = (a->integer > b->integer) - (a->integer < b->integer);
        return 0;
    }
    struct decimal x;
    struct decimal y;
    bool has_exact = value_to_decimal(a, &x) && value_to_decimal(b, &y);
    if (has_exact) {
        *ret_order = sign(decimal_compare(&x, &y));
        return 0;
    }
    double left;
    double right;
    if (!value_to_double(a, &left))
        return fail_number(a, err);
    if (!value_to_double(b, &right))
        return fail_number(b, err);
    *ret_order = (left > right) - (left < right);
    return 0;
}

static bool take_number(const char **at, const char *end, int digits, int32_t *ret_number)
{
    int32_t number = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (*at >= end || !isdigit((unsigned char)**at))
            return false;
        number = number * 10 + (**at - '0');
    }
    *ret_number = number;
    return true;
}

static bool take_char(const char **at, const char *end, const char *allowed)
{
    if (*at >= end || strchr(allowed, **at) == NULL || **at == '\0')
        return false;
    (*at)++;
    return true;
}

static bool take_fraction(const char **at, const char *end, int32_t *ret_nanosecond)
{
    int32_t value = 0;
    int digits = 0;
    for (; *at < end && isdigit((unsigned char)**at); (*at)++) {
        if (digits < 9) {
            value = value * 10 + (**at - '0');
            digits++;
        }
    }
    for (int i = digits; i < 9; i++)
        value *= 10;
    *ret_nanosecond = value;
    return digits > 0;
}

static bool take_time(const char **at, const char *end, struct value_moment *moment)
{
    struct civil_time *time = &moment->time;
    moment->has_time = true;
    if (!take_number(at, end, 2, &time->hour) || !take_char(at, end, ":") ||
        !take_number(at, end, 2, &time->minute) || !take_char(at, end, ":") ||
        !take_number(at, end, 2, &time->second))
        return false;
    if (*at < end && **at == '.') {
        (*at)++;
        if (!take_fraction(at, end, &moment->nanosecond))
            return false;
    }
    return time->hour < 24 && time->minute < 60 && time->second < 60;
}

bool value_parse_moment(const char *text, size_t length, struct value_moment *ret_moment)
{
    struct value_moment moment = {0};
    const char *at = text;
    const char *end = text + length;
    struct civil_date *date = &moment.time.date;
    if (!take_number(&at, end, 4, &date->year) || !take_char(&at, end, "-") ||
        !take_number(&at, end, 2, &date->month) || !take_char(&at, end, "-") ||
        !take_number(&at, end, 2, &date->day) || !civil_date_is_valid(*date))
        return false;
    if (at < end && (!take_char(&at, end, " T") || !take_time(&at, end, &moment)))
        return false;
    if (at != end)
        return false;
    *ret_moment = moment;
    return true;
}

size_t value_format_moment(const struct value_moment *moment, enum type_kind kind,
                           char buffer[VALUE_SCRATCH_BYTES])
{
    const struct civil_time *time = &moment->time;
    int length = snprintf(buffer, VALUE_SCRATCH_BYTES, "%04d-%02d-%02d", time->date.year,
                          time->date.month, time->date.day);
    if (kind == TYPE_DATE)
        return (size_t)length;
    length += snprintf(buffer + length, VALUE_SCRATCH_BYTES - (size_t)length, " %02d:%02d:%02d",
                       time->hour, time->minute, time->second);
    int32_t fraction = moment->nanosecond;
    if (kind == TYPE_DATETIME)
        fraction -= fraction % 1000000;
    if (fraction == 0)
        return (size_t)length;
    length += snprintf(buffer + length, VALUE_SCRATCH_BYTES - (size_t)length, ".%09d", fraction);
    while (buffer[length - 1] == '0')
        buffer[--length] = '\0';
    return (size_t)length;
}
