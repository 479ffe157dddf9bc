/* Text counts in characters (code points), places from 1. */
#include "nodes/warehouse/function_help.h"
#include "nodes/warehouse/limits.h"
#include "scheduler/base/utf8.h"

#include <ctype.h>
#include <string.h>

static bool is_start(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

static int64_t count_characters(const char *bytes, size_t length)
{
    int64_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += is_start(bytes[i]);
    return count;
}

/* Where the character number `index` (from 0) begins; `length` behind the last one. */
static size_t offset_of(const char *bytes, size_t length, int64_t index)
{
    size_t at = 0;
    while (at < length && index > 0) {
        at++;
        while (at < length && !is_start(bytes[at]))
            at++;
        index--;
    }
    return at;
}

static void result_bytes(sqlite3_context *context, const char *bytes, size_t length)
{
    sqlite3_result_text64(context, bytes, length, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void call_concat(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct text out = function_text();
    if (any_null(context, count, values))
        return;
    for (int i = 0; i < count; i++) {
        struct argument argument;
        argument_text(values[i], &argument);
        text_append_bytes(&out, argument.bytes, argument.length);
    }
    function_result_text(context, &out);
    text_free(&out);
}

static void call_concat_ws(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct text out = function_text();
    struct argument separator;
    bool has_one = false;
    if (!argument_text(values[0], &separator))
        return;
    for (int i = 1; i < count; i++) {
        struct argument argument;
        if (!argument_text(values[i], &argument))
            continue;
        if (has_one)
            text_append_bytes(&out, separator.bytes, separator.length);
        text_append_bytes(&out, argument.bytes, argument.length);
        has_one = true;
    }
    function_result_text(context, &out);
    text_free(&out);
}

static void call_substr(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct argument text;
    int64_t start;
    int64_t wanted = INT64_MAX;
    if (!argument_text(values[0], &text) || !argument_int(context, values[1], &start) ||
        (count > 2 && !argument_int(context, values[2], &wanted)))
        return;
    if (start < 0) {
        start += count_characters(text.bytes, text.length);
        if (start < 0 || wanted <= 0) {
            result_bytes(context, "", 0);
            return;
        }
    } else if (start > 0) {
        start--;
    }
    size_t from = offset_of(text.bytes, text.length, start);
    size_t length = offset_of(text.bytes + from, text.length - from, wanted < 0 ? 0 : wanted);
    result_bytes(context, text.bytes + from, length);
}

static void call_length(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct argument text;
    if (argument_text(values[0], &text))
        sqlite3_result_int64(context, count_characters(text.bytes, text.length));
}

static void call_lengthb(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct argument text;
    if (argument_text(values[0], &text))
        sqlite3_result_int64(context, (int64_t)text.length);
}

/* Letters beyond ASCII stay as they are. */
static void change_case(sqlite3_context *context, sqlite3_value *source, int (*change)(int))
{
    struct argument text;
    struct text out = function_text();
    if (!argument_text(source, &text))
        return;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        text_append_char(&out, c < 0x80 ? (char)change(c) : (char)c);
    }
    function_result_text(context, &out);
    text_free(&out);
}

static void call_lower(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    change_case(context, values[0], tolower);
}

static void call_upper(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    change_case(context, values[0], toupper);
}

static bool is_among(const char *bytes, size_t length, const struct argument *set)
{
    for (size_t i = 0; i + length <= set->length; i++) {
        if (is_start(set->bytes[i]) && memcmp(set->bytes + i, bytes, length) == 0)
            return true;
    }
    return false;
}

static void trim(sqlite3_context *context, int count, sqlite3_value **values, const char *sides)
{
    struct argument text;
    struct argument set = {.bytes = " ", .length = 1};
    if (!argument_text(values[0], &text) || (count > 1 && !argument_text(values[1], &set)))
        return;
    size_t from = 0;
    size_t to = text.length;
    while (strchr(sides, 'l') != NULL && from < to) {
        size_t length = offset_of(text.bytes + from, to - from, 1);
        if (!is_among(text.bytes + from, length, &set))
            break;
        from += length;
    }
    while (strchr(sides, 'r') != NULL && from < to) {
        size_t last = to - 1;
        while (last > from && !is_start(text.bytes[last]))
            last--;
        if (!is_among(text.bytes + last, to - last, &set))
            break;
        to = last;
    }
    result_bytes(context, text.bytes + from, to - from);
}

static void call_trim(sqlite3_context *context, int count, sqlite3_value **values)
{
    trim(context, count, values, "lr");
}

static void call_ltrim(sqlite3_context *context, int count, sqlite3_value **values)
{
    trim(context, count, values, "l");
}

static void call_rtrim(sqlite3_context *context, int count, sqlite3_value **values)
{
    trim(context, count, values, "r");
}

static const char *find_bytes(const char *text, size_t length, const struct argument *what)
{
    return what->length == 0 ? NULL : memmem(text, length, what->bytes, what->length);
}

static void call_replace(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct argument text;
    struct argument old;
    struct argument new;
    struct text out = function_text();
    if (!argument_text(values[0], &text) || !argument_text(values[1], &old) ||
        !argument_text(values[2], &new))
        return;
    const char *at = text.bytes;
    const char *end = text.bytes + text.length;
    const char *found;
    while ((found = find_bytes(at, (size_t)(end - at), &old)) != NULL) {
        text_append_bytes(&out, at, (size_t)(found - at));
        text_append_bytes(&out, new.bytes, new.length);
        at = found + old.length;
    }
    text_append_bytes(&out, at, (size_t)(end - at));
    function_result_text(context, &out);
    text_free(&out);
}

static void call_instr(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct argument text;
    struct argument what;
    int64_t start = 1;
    int64_t nth = 1;
    if (!argument_text(values[0], &text) || !argument_text(values[1], &what) ||
        (count > 2 && !argument_int(context, values[2], &start)) ||
        (count > 3 && !argument_int(context, values[3], &nth)))
        return;
    if (start < 1 || nth < 1) {
        function_fail(context, "instr: the start and the number of the hit begin with 1");
        return;
    }
    size_t from = offset_of(text.bytes, text.length, start - 1);
    const char *found = NULL;
    while (nth-- > 0) {
        found = find_bytes(text.bytes + from, text.length - from, &what);
        if (found == NULL)
            break;
        from = (size_t)(found - text.bytes) + 1;
    }
    sqlite3_result_int64(
        context,
        found == NULL ? 0 : count_characters(text.bytes, (size_t)(found - text.bytes)) + 1);
}

/* SPLIT_PART(text, separator, start[, end]): parts from 1, or from the end if negative. */
static void call_split_part(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct argument text;
    struct argument separator;
    int64_t first;
    if (!argument_text(values[0], &text) || !argument_text(values[1], &separator) ||
        !argument_int(context, values[2], &first))
        return;
    int64_t last = first;
    if (count > 3 && !argument_int(context, values[3], &last))
        return;
    int64_t parts = 1;
    const char *end = text.bytes + text.length;
    const char *at = text.bytes;
    const char *found;
    while ((found = find_bytes(at, (size_t)(end - at), &separator)) != NULL) {
        parts++;
        at = found + separator.length;
    }
    first += first < 0 ? parts + 1 : 0;
    last += last < 0 ? parts + 1 : 0;
    first = first < 1 ? 1 : first;
    const char *from = NULL;
    const char *to = end;
    at = text.bytes;
    for (int64_t i = 1; i <= parts && i <= last; i++) {
        found = find_bytes(at, (size_t)(end - at), &separator);
        from = i == first ? at : from;
        to = found == NULL ? end : found;
        at = found == NULL ? end : found + separator.length;
    }
    if (from == NULL)
        result_bytes(context, "", 0);
    else
        result_bytes(context, from, (size_t)(to - from));
}

static void pad(sqlite3_context *context, sqlite3_value **values, bool is_left)
{
    struct argument text;
    struct argument filler;
    int64_t wanted;
    struct text out = function_text();
    if (!argument_text(values[0], &text) || !argument_text(values[2], &filler) ||
        !argument_int(context, values[1], &wanted))
        return;
    if (wanted < 0 || wanted > (int64_t)WAREHOUSE_MAX_RECORD_BYTES) {
        function_fail(context, "a text cannot be padded to %lld characters", (long long)wanted);
        return;
    }
    int64_t missing = wanted - count_characters(text.bytes, text.length);
    size_t kept = offset_of(text.bytes, text.length, wanted);
    if (!is_left)
        text_append_bytes(&out, text.bytes, kept);
    size_t at = 0;
    while (missing-- > 0 && filler.length > 0) {
        size_t length = offset_of(filler.bytes + at, filler.length - at, 1);
        text_append_bytes(&out, filler.bytes + at, length);
        at = at + length == filler.length ? 0 : at + length;
    }
    if (is_left)
        text_append_bytes(&out, text.bytes, kept);
    function_result_text(context, &out);
    text_free(&out);
}

static void call_lpad(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    pad(context, values, true);
}

static void call_rpad(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    pad(context, values, false);
}

static void call_reverse(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct argument text;
    struct text out = function_text();
    if (!argument_text(values[0], &text))
        return;
    size_t end = text.length;
    while (end > 0) {
        size_t start = end - 1;
        while (start > 0 && !is_start(text.bytes[start]))
            start--;
        text_append_bytes(&out, text.bytes + start, end - start);
        end = start;
    }
    function_result_text(context, &out);
    text_free(&out);
}

static void call_repeat(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct argument text;
    int64_t times;
    struct text out = function_text();
    if (!argument_text(values[0], &text) || !argument_int(context, values[1], &times))
        return;
    while (times-- > 0 && !out.is_cut && text.length > 0)
        text_append_bytes(&out, text.bytes, text.length);
    function_result_text(context, &out);
    text_free(&out);
}

static void call_space(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    int64_t times;
    struct text out = function_text();
    if (!argument_int(context, values[0], &times))
        return;
    while (times-- > 0 && !out.is_cut)
        text_append_char(&out, ' ');
    function_result_text(context, &out);
    text_free(&out);
}

static void call_ascii(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct argument text;
    if (argument_text(values[0], &text))
        sqlite3_result_int(context, text.length == 0 ? 0 : (unsigned char)text.bytes[0]);
}

static void call_chr(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    int64_t code;
    if (!argument_int(context, values[0], &code))
        return;
    if (code < 1 || code > 127) {
        function_fail(context, "chr takes 1 to 127, not %lld", (long long)code);
        return;
    }
    result_bytes(context, (const char[]){(char)code}, 1);
}

static void call_starts(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct argument text;
    struct argument part;
    if (argument_text(values[0], &text) && argument_text(values[1], &part))
        sqlite3_result_int(context, part.length <= text.length &&
                                        memcmp(text.bytes, part.bytes, part.length) == 0);
}

#define ROW(function_name, min, max, kind, function)                                               \
    {                                                                                              \
        .name = function_name, .min_arguments = min, .max_arguments = max, .result = kind,         \
        .call = function                                                                           \
    }

const struct function functions_text[] = {
    ROW("concat", 1, FUNCTION_MANY, FUNCTION_STRING, call_concat),
    ROW("concat_ws", 2, FUNCTION_MANY, FUNCTION_STRING, call_concat_ws),
    ROW("substr", 2, 3, FUNCTION_STRING, call_substr),
    ROW("substring", 2, 3, FUNCTION_STRING, call_substr),
    ROW("length", 1, 1, FUNCTION_BIGINT, call_length),
    ROW("lengthb", 1, 1, FUNCTION_BIGINT, call_lengthb),
    ROW("lower", 1, 1, FUNCTION_STRING, call_lower),
    ROW("tolower", 1, 1, FUNCTION_STRING, call_lower),
    ROW("upper", 1, 1, FUNCTION_STRING, call_upper),
    ROW("toupper", 1, 1, FUNCTION_STRING, call_upper),
    ROW("trim", 1, 2, FUNCTION_STRING, call_trim),
    ROW("ltrim", 1, 2, FUNCTION_STRING, call_ltrim),
    ROW("rtrim", 1, 2, FUNCTION_STRING, call_rtrim),
    ROW("replace", 3, 3, FUNCTION_STRING, call_replace),
    ROW("instr", 2, 4, FUNCTION_BIGINT, call_instr),
    ROW("split_part", 3, 4, FUNCTION_STRING, call_split_part),
    ROW("lpad", 3, 3, FUNCTION_STRING, call_lpad),
    ROW("rpad", 3, 3, FUNCTION_STRING, call_rpad),
    ROW("reverse", 1, 1, FUNCTION_STRING, call_reverse),
    ROW("repeat", 2, 2, FUNCTION_STRING, call_repeat),
    ROW("space", 1, 1, FUNCTION_STRING, call_space),
    ROW("ascii", 1, 1, FUNCTION_BIGINT, call_ascii),
    ROW("chr", 1, 1, FUNCTION_STRING, call_chr),
    ROW("startswith", 2, 2, FUNCTION_BOOLEAN, call_starts),
    {0},
};
