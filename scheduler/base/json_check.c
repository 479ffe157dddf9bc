#include "scheduler/base/json_check.h"

#include "scheduler/base/utf8.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What the grammar allows at the next byte that is not white space. */
enum expectation {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END, /* after [ */
    EXPECT_KEY,
    EXPECT_KEY_OR_END, /* after { */
    EXPECT_COLON,
    EXPECT_COMMA_OR_END, /* after a value */
    EXPECT_NOTHING       /* after the outermost value */
};

struct scanner {
    const char *bytes;
    size_t length;
    size_t offset;
    size_t values;
    struct json_limits limits;
    uint64_t is_object; /* bit d: the container open at depth d is an object */
    size_t depth;
    enum expectation expectation;
    struct error *err;
};

static int fail_at(const struct scanner *scanner, size_t offset, const char *what)
{
    int line = 1;
    int column = 1;
    for (size_t i = 0; i < offset; i++) {
        bool is_continuation = ((unsigned char)scanner->bytes[i] & 0xc0) == 0x80;
        column += is_continuation ? 0 : 1;
        if (scanner->bytes[i] == '\n') {
            line++;
            column = 1;
        }
    }
    return error_at(scanner->err, line, column, NULL, "not JSON at line %d, column %d: %s", line,
                    column, what);
}

static int fail(const struct scanner *scanner, const char *what)
{
    return fail_at(scanner, scanner->offset, what);
}

/* The byte at the offset, or NUL at the end; a NUL in the input is allowed nowhere. */
static char peek(const struct scanner *scanner)
{
    return scanner->offset < scanner->length ? scanner->bytes[scanner->offset] : '\0';
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static size_t skip_digits(struct scanner *scanner)
{
    size_t start = scanner->offset;
    while (is_digit(peek(scanner)))
        scanner->offset++;
    return scanner->offset - start;
}

static int scan_number(struct scanner *scanner)
{
    if (peek(scanner) == '-')
        scanner->offset++;
    if (peek(scanner) == '0')
        scanner->offset++;
    else if (skip_digits(scanner) == 0)
        return fail(scanner, "a digit is missing");
    if (is_digit(peek(scanner)))
        return fail(scanner, "a number does not begin with 0");
    if (peek(scanner) == '.') {
        scanner->offset++;
        if (skip_digits(scanner) == 0)
            return fail(scanner, "a digit is missing");
    }
    if (peek(scanner) == 'e' || peek(scanner) == 'E') {
        scanner->offset++;
        if (peek(scanner) == '+' || peek(scanner) == '-')
            scanner->offset++;
        if (skip_digits(scanner) == 0)
            return fail(scanner, "a digit is missing");
    }
    return 0;
}

static int scan_word(struct scanner *scanner, const char *word)
{
    size_t length = strlen(word);
    if (scanner->length - scanner->offset < length ||
        memcmp(scanner->bytes + scanner->offset, word, length) != 0)
        return fail(scanner, "expected a value (text needs double quotes)");
    scanner->offset += length;
    return 0;
}

/* Four hexadecimal digits; -1 when they are not there. */
static int32_t scan_hex(struct scanner *scanner)
{
    int32_t code = 0;
    for (int i = 0; i < 4; i++) {
        char byte = peek(scanner);
        int32_t digit;
        if (is_digit(byte))
            digit = byte - '0';
        else if ((byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F'))
            digit = (byte | 0x20) - 'a' + 10;
        else
            return -1;
        code = code * 16 + digit;
        scanner->offset++;
    }
    return code;
}

static int scan_unicode_escape(struct scanner *scanner)
{
    size_t start = scanner->offset - 2;
    int32_t code = scan_hex(scanner);
    if (code < 0)
        return fail(scanner, "\\u needs four hexadecimal digits");
    if (code == 0)
        return fail_at(scanner, start, "\\u0000 is not accepted");
    bool is_high = code >= 0xd800 && code < 0xdc00;
    bool is_low = code >= 0xdc00 && code < 0xe000;
    if (is_high) {
        bool has_next = scanner->length - scanner->offset >= 6 &&
                        memcmp(scanner->bytes + scanner->offset, "\\u", 2) == 0;
        scanner->offset += has_next ? 2 : 0;
        int32_t low = has_next ? scan_hex(scanner) : -1;
        is_high = low < 0xdc00 || low >= 0xe000;
    }
    return is_high || is_low ? fail_at(scanner, start, "half of a surrogate pair") : 0;
}

static int scan_escape(struct scanner *scanner)
{
    scanner->offset++;
    char byte = peek(scanner);
    if (byte == '\0' || strchr("\"\\/bfnrtu", byte) == NULL)
        return fail(scanner, "unknown escape after \\");
    scanner->offset++;
    return byte == 'u' ? scan_unicode_escape(scanner) : 0;
}

static int scan_string(struct scanner *scanner)
{
    size_t start = scanner->offset++;
    while (scanner->offset < scanner->length) {
        char byte = peek(scanner);
        if (byte == '"') {
            scanner->offset++;
            return 0;
        }
        if (byte == '\\') {
            if (scan_escape(scanner) != 0)
                return -1;
            continue;
        }
        if ((unsigned char)byte < 0x20)
            return fail(scanner, "a control character in a string (write it as an escape)");
        int32_t code;
        size_t step =
            utf8_decode(scanner->bytes + scanner->offset, scanner->length - scanner->offset, &code);
        if (code < 0)
            return fail(scanner, "a byte that is not UTF-8");
        scanner->offset += step;
    }
    return fail_at(scanner, start, "this string has no end");
}

static void after_value(struct scanner *scanner)
{
    scanner->expectation = scanner->depth == 0 ? EXPECT_NOTHING : EXPECT_COMMA_OR_END;
}

static int open_container(struct scanner *scanner, bool is_object)
{
    if (scanner->depth == scanner->limits.depth)
        return fail(scanner, "nested too deeply");
    uint64_t bit = UINT64_C(1) << scanner->depth;
    scanner->is_object = is_object ? scanner->is_object | bit : scanner->is_object & ~bit;
    scanner->depth++;
    scanner->offset++;
    scanner->expectation = is_object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
    return 0;
}

static bool is_in_object(const struct scanner *scanner)
{
    return (scanner->is_object >> (scanner->depth - 1) & 1) != 0;
}

static void close_container(struct scanner *scanner)
{
    scanner->depth--;
    scanner->offset++;
    after_value(scanner);
}

static int scan_scalar(struct scanner *scanner, char byte)
{
    switch (byte) {
    case '"':
        return scan_string(scanner);
    case 't':
        return scan_word(scanner, "true");
    case 'f':
        return scan_word(scanner, "false");
    case 'n':
        return scan_word(scanner, "null");
    default:
        if (byte == '-' || is_digit(byte))
            return scan_number(scanner);
        return fail(scanner, "expected a value (text needs double quotes)");
    }
}

static int scan_value(struct scanner *scanner, char byte)
{
    if (++scanner->values > scanner->limits.values)
        return fail(scanner, "too many values");
    if (byte == '{' || byte == '[')
        return open_container(scanner, byte == '{');
    if (scan_scalar(scanner, byte) != 0)
        return -1;
    after_value(scanner);
    return 0;
}

static int scan_key(struct scanner *scanner, char byte)
{
    if (byte != '"')
        return fail(scanner, "expected a key in double quotes");
    scanner->expectation = EXPECT_COLON;
    return scan_string(scanner);
}

static int scan_separator(struct scanner *scanner, char byte)
{
    bool is_object = is_in_object(scanner);
    if (byte == (is_object ? '}' : ']')) {
        close_container(scanner);
        return 0;
    }
    if (byte != ',')
        return fail(scanner, is_object ? "expected , or }" : "expected , or ]");
    scanner->offset++;
    scanner->expectation = is_object ? EXPECT_KEY : EXPECT_VALUE;
    return 0;
}

/* One token; `byte` is its first byte. */
static int scan_token(struct scanner *scanner, char byte)
{
    switch (scanner->expectation) {
    case EXPECT_VALUE_OR_END:
        if (byte == ']') {
            close_container(scanner);
            return 0;
        }
        return scan_value(scanner, byte);
    case EXPECT_VALUE:
        return scan_value(scanner, byte);
    case EXPECT_KEY_OR_END:
        if (byte == '}') {
            close_container(scanner);
            return 0;
        }
        return scan_key(scanner, byte);
    case EXPECT_KEY:
        return scan_key(scanner, byte);
    case EXPECT_COLON:
        if (byte != ':')
            return fail(scanner, "expected : after the key");
        scanner->offset++;
        scanner->expectation = EXPECT_VALUE;
        return 0;
    case EXPECT_COMMA_OR_END:
        return scan_separator(scanner, byte);
    case EXPECT_NOTHING:
        return fail(scanner, "text after the end of the value");
    }
    return fail(scanner, "unexpected byte");
}

int json_check(const char *bytes, size_t length, struct json_limits limits, size_t *ret_values,
               struct error *err)
{
    assert(limits.depth <= JSON_CHECK_MAX_DEPTH);
    if (length > limits.bytes)
        return error_set(err, ERROR_KIND_INVALID, "this JSON is too large: %zu bytes, at most %zu",
                         length, limits.bytes);
    struct scanner scanner = {.bytes = bytes, .length = length, .limits = limits, .err = err};
    while (scanner.offset < length) {
        char byte = bytes[scanner.offset];
        if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r') {
            scanner.offset++;
            continue;
        }
        if (scan_token(&scanner, byte) != 0)
            return -1;
    }
    if (scanner.expectation != EXPECT_NOTHING)
        return fail(&scanner, length == 0 ? "it is empty" : "it ends too early");
    *ret_values = scanner.values;
    return 0;
}
