#include "nodes/warehouse/decimal.h"

#include "nodes/warehouse/column_type.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FRACTION_DIGITS (DECIMAL_FRACTION_LIMBS * DECIMAL_LIMB_DIGITS)
#define INTEGER_DIGITS (DECIMAL_INTEGER_LIMBS * DECIMAL_LIMB_DIGITS)
#define MAX_EXPONENT 400

static const uint32_t powers[] = {1,      10,      100,      1000,      10000,
                                  100000, 1000000, 10000000, 100000000, 1000000000};

struct number_text {
    const char *digits; /* digits with at most one point among them */
    size_t length;
    size_t integer_digits; /* before the point */
    bool is_negative;
    int exponent;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool split_exponent(const char *at, const char *end, int *ret_exponent)
{
    bool is_negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return false;
    int exponent = 0;
    for (; at < end; at++) {
        if (!is_digit(*at))
            return false;
        if (exponent < MAX_EXPONENT)
            exponent = exponent * 10 + (*at - '0');
    }
    *ret_exponent = is_negative ? -exponent : exponent;
    return true;
}

static bool split_number(const char *text, size_t length, struct number_text *ret_number)
{
    const char *at = text;
    const char *end = text + length;
    while (at < end && is_blank(*at))
        at++;
    while (end > at && is_blank(end[-1]))
        end--;
    struct number_text number = {.is_negative = at < end && *at == '-'};
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    number.digits = at;
    size_t digits = 0;
    bool has_point = false;
    for (; at < end && (is_digit(*at) || (*at == '.' && !has_point)); at++) {
        if (*at == '.')
            has_point = true;
        else if (++digits > 0 && !has_point)
            number.integer_digits++;
    }
    number.length = (size_t)(at - number.digits);
    if (digits == 0)
        return false;
    if (at < end) {
        if ((*at != 'e' && *at != 'E') || !split_exponent(at + 1, end, &number.exponent))
            return false;
    }
    *ret_number = number;
    return true;
}

/* Puts one digit at 10^power; false if there is no such place. */
static bool put_digit(struct decimal *decimal, int power, uint32_t digit)
{
    int place = power + FRACTION_DIGITS;
    if (place < 0 || place >= DECIMAL_DIGITS)
        return false;
    decimal->limb[place / DECIMAL_LIMB_DIGITS] += digit * powers[place % DECIMAL_LIMB_DIGITS];
    return true;
}

enum decimal_reading decimal_parse(const char *text, size_t length, struct decimal *ret_decimal)
{
    struct number_text number;
    if (!split_number(text, length, &number))
        return DECIMAL_READING_NO_NUMBER;
    struct decimal decimal = {.is_negative = number.is_negative};
    enum decimal_reading reading = DECIMAL_READING_EXACT;
    bool is_zero = true;
    int64_t power = (int64_t)number.integer_digits - 1 + number.exponent;
    for (size_t i = 0; i < number.length; i++) {
        if (number.digits[i] == '.')
            continue;
        uint32_t digit = (uint32_t)(number.digits[i] - '0');
        if (digit != 0 && power >= INTEGER_DIGITS)
            return DECIMAL_READING_TOO_LARGE;
        if (digit != 0 && power < -FRACTION_DIGITS)
            reading = DECIMAL_READING_CUT;
        else if (digit != 0 && put_digit(&decimal, (int)power, digit))
            is_zero = false;
        power--;
    }
    if (is_zero)
        decimal.is_negative = false;
    *ret_decimal = decimal;
    return reading;
}

struct decimal decimal_from_int(int64_t value)
{
    struct decimal decimal = {.is_negative = value < 0};
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    for (int i = DECIMAL_FRACTION_LIMBS; rest != 0; i++) {
        decimal.limb[i] = (uint32_t)(rest % DECIMAL_LIMB);
        rest /= DECIMAL_LIMB;
    }
    return decimal;
}

bool decimal_to_int(const struct decimal *decimal, int64_t *ret_value)
{
    uint64_t value = 0;
    for (int i = DECIMAL_LIMBS - 1; i >= DECIMAL_FRACTION_LIMBS; i--) {
        if (__builtin_mul_overflow(value, (uint64_t)DECIMAL_LIMB, &value) ||
            __builtin_add_overflow(value, (uint64_t)decimal->limb[i], &value))
            return false;
    }
    uint64_t limit = (uint64_t)INT64_MAX + (decimal->is_negative ? 1 : 0);
    if (value > limit)
        return false;
    *ret_value = decimal->is_negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

double decimal_to_double(const struct decimal *decimal)
{
    char text[DECIMAL_TEXT_BYTES];
    decimal_format(decimal, text);
    return strtod(text, NULL); /* correctly rounded, which a sum of limbs would not be */
}

size_t decimal_format(const struct decimal *decimal, char buffer[DECIMAL_TEXT_BYTES])
{
    char digits[DECIMAL_DIGITS];
    for (int i = 0; i < DECIMAL_LIMBS; i++) {
        uint32_t limb = decimal->limb[DECIMAL_LIMBS - 1 - i];
        for (int k = DECIMAL_LIMB_DIGITS - 1; k >= 0; k--) {
            digits[i * DECIMAL_LIMB_DIGITS + k] = (char)('0' + limb % 10);
            limb /= 10;
        }
    }
    size_t first = 0;
    while (first < INTEGER_DIGITS - 1 && digits[first] == '0')
        first++;
    size_t end = DECIMAL_DIGITS;
    while (end > INTEGER_DIGITS && digits[end - 1] == '0')
        end--;
    size_t length = 0;
    if (decimal->is_negative)
        buffer[length++] = '-';
    memcpy(buffer + length, digits + first, INTEGER_DIGITS - first);
    length += INTEGER_DIGITS - first;
    if (end > INTEGER_DIGITS) {
        buffer[length++] = '.';
        memcpy(buffer + length, digits + INTEGER_DIGITS, end - INTEGER_DIGITS);
        length += end - INTEGER_DIGITS;
    }
    buffer[length] = '\0';
    return length;
}

bool decimal_is_zero(const struct decimal *decimal)
{
    for (int i = 0; i < DECIMAL_LIMBS; i++) {
        if (decimal->limb[i] != 0)
            return false;
    }
    return true;
}

static int compare_sizes(const struct decimal *a, const struct decimal *b)
{
    for (int i = DECIMAL_LIMBS - 1; i >= 0; i--) {
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    }
    return 0;
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
    if (a->is_negative != b->is_negative)
        return a->is_negative ? -1 : 1;
    return a->is_negative ? compare_sizes(b, a) : compare_sizes(a, b);
}

bool decimal_add(const struct decimal *a, const struct decimal *b, struct decimal *ret_sum)
{
    struct decimal_sum sum = {{0}};
    decimal_sum_add(&sum, a);
    decimal_sum_add(&sum, b);
    return decimal_sum_result(&sum, ret_sum);
}

bool decimal_subtract(const struct decimal *a, const struct decimal *b, struct decimal *ret_rest)
{
    struct decimal_sum sum = {{0}};
    decimal_sum_add(&sum, a);
    decimal_sum_remove(&sum, b);
    return decimal_sum_result(&sum, ret_rest);
}

bool decimal_multiply(const struct decimal *a, const struct decimal *b, struct decimal *ret_product)
{
    uint64_t product[2 * DECIMAL_LIMBS + 1] = {0};
    for (int i = 0; i < DECIMAL_LIMBS; i++) {
        uint64_t carry = 0;
        for (int k = 0; k < DECIMAL_LIMBS; k++) {
            uint64_t value = product[i + k] + (uint64_t)a->limb[i] * b->limb[k] + carry;
            product[i + k] = value % DECIMAL_LIMB;
            carry = value / DECIMAL_LIMB;
        }
        product[i + DECIMAL_LIMBS] += carry;
    }
    struct decimal result = {.is_negative = a->is_negative != b->is_negative};
    for (int i = 0; i < DECIMAL_LIMBS; i++)
        result.limb[i] = (uint32_t)product[i + DECIMAL_FRACTION_LIMBS];
    for (int i = DECIMAL_LIMBS + DECIMAL_FRACTION_LIMBS; i < 2 * DECIMAL_LIMBS + 1; i++) {
        if (product[i] != 0)
            return false;
    }
    if (decimal_is_zero(&result))
        result.is_negative = false;
    *ret_product = result;
    return true;
}

/* Long division, digit by digit, of 10^18 * a by b; both are taken as whole numbers. */
struct division {
    uint32_t rest[DECIMAL_LIMBS + 1];
    char quotient[DECIMAL_DIGITS + TYPE_DECIMAL_SCALE];
};

static bool rest_is_less(const uint32_t *rest, const struct decimal *divisor)
{
    if (rest[DECIMAL_LIMBS] != 0)
        return false;
    for (int i = DECIMAL_LIMBS - 1; i >= 0; i--) {
        if (rest[i] != divisor->limb[i])
            return rest[i] < divisor->limb[i];
    }
    return false;
}

static void rest_subtract(uint32_t *rest, const struct decimal *divisor)
{
    int64_t borrow = 0;
    for (int i = 0; i <= DECIMAL_LIMBS; i++) {
        int64_t value = (int64_t)rest[i] - (i < DECIMAL_LIMBS ? divisor->limb[i] : 0) - borrow;
        borrow = value < 0 ? 1 : 0;
        rest[i] = (uint32_t)(value + borrow * DECIMAL_LIMB);
    }
}

static void rest_shift(uint32_t *rest, uint32_t digit)
{
    uint64_t carry = digit;
    for (int i = 0; i <= DECIMAL_LIMBS; i++) {
        uint64_t value = (uint64_t)rest[i] * 10 + carry;
        rest[i] = (uint32_t)(value % DECIMAL_LIMB);
        carry = value / DECIMAL_LIMB;
    }
}

static uint32_t digit_at(const struct decimal *decimal, int place)
{
    return decimal->limb[place / DECIMAL_LIMB_DIGITS] / powers[place % DECIMAL_LIMB_DIGITS] % 10;
}

bool decimal_divide(const struct decimal *a, const struct decimal *b, struct decimal *ret_quotient)
{
    assert(!decimal_is_zero(b));
    struct division work = {.rest = {0}};
    for (int i = 0; i < DECIMAL_DIGITS + TYPE_DECIMAL_SCALE; i++) {
        int place = DECIMAL_DIGITS - 1 - i;
        rest_shift(work.rest, place >= 0 ? digit_at(a, place) : 0);
        while (!rest_is_less(work.rest, b)) {
            rest_subtract(work.rest, b);
            work.quotient[i]++;
        }
    }
    struct decimal result = {.is_negative = a->is_negative != b->is_negative};
    for (int i = 0; i < DECIMAL_DIGITS + TYPE_DECIMAL_SCALE; i++) {
        int power = DECIMAL_DIGITS - 1 - i;
        uint32_t digit = (uint32_t)work.quotient[i];
        if (digit != 0 && !put_digit(&result, power, digit))
            return false;
    }
    if (decimal_is_zero(&result))
        result.is_negative = false;
    *ret_quotient = result;
    return true;
}

struct decimal decimal_negate(const struct decimal *decimal)
{
    struct decimal result = *decimal;
    result.is_negative = !decimal->is_negative && !decimal_is_zero(decimal);
    return result;
}

void decimal_cut(struct decimal *decimal, int scale)
{
    assert(scale >= 0 && scale <= FRACTION_DIGITS);
    int places = FRACTION_DIGITS - scale;
    for (int i = 0; i < places / DECIMAL_LIMB_DIGITS; i++)
        decimal->limb[i] = 0;
    if (places % DECIMAL_LIMB_DIGITS != 0) {
        uint32_t *limb = &decimal->limb[places / DECIMAL_LIMB_DIGITS];
        *limb -= *limb % powers[places % DECIMAL_LIMB_DIGITS];
    }
    if (decimal_is_zero(decimal))
        decimal->is_negative = false;
}

bool decimal_round(struct decimal *decimal, int scale)
{
    if (scale < FRACTION_DIGITS) {
        struct decimal half = {.is_negative = decimal->is_negative};
        put_digit(&half, -scale - 1, 5);
        if (!decimal_add(decimal, &half, decimal))
            return false;
    }
    decimal_cut(decimal, scale);
    return true;
}

int decimal_integer_digits(const struct decimal *decimal)
{
    for (int place = DECIMAL_DIGITS - 1; place >= FRACTION_DIGITS; place--) {
        if (digit_at(decimal, place) != 0)
            return place - FRACTION_DIGITS + 1;
    }
    return 0;
}

void decimal_sum_add(struct decimal_sum *sum, const struct decimal *decimal)
{
    for (int i = 0; i < DECIMAL_LIMBS; i++) {
        int64_t limb = (int64_t)decimal->limb[i];
        sum->limb[i] += decimal->is_negative ? -limb : limb;
    }
}

void decimal_sum_remove(struct decimal_sum *sum, const struct decimal *decimal)
{
    for (int i = 0; i < DECIMAL_LIMBS; i++) {
        int64_t limb = (int64_t)decimal->limb[i];
        sum->limb[i] += decimal->is_negative ? limb : -limb;
    }
}

/* Brings every limb but the last into 0 … LIMB-1. */
static void carry_limbs(int64_t *limbs)
{
    for (int i = 0; i + 1 < DECIMAL_LIMBS; i++) {
        int64_t carry = limbs[i] / DECIMAL_LIMB;
        int64_t rest = limbs[i] % DECIMAL_LIMB;
        if (rest < 0) {
            rest += DECIMAL_LIMB;
            carry--;
        }
        limbs[i] = rest;
        limbs[i + 1] += carry;
    }
}

bool decimal_sum_result(const struct decimal_sum *sum, struct decimal *ret_decimal)
{
    int64_t limbs[DECIMAL_LIMBS];
    memcpy(limbs, sum->limb, sizeof limbs);
    carry_limbs(limbs);
    struct decimal result = {.is_negative = limbs[DECIMAL_LIMBS - 1] < 0};
    if (result.is_negative) {
        for (int i = 0; i < DECIMAL_LIMBS; i++)
            limbs[i] = -limbs[i];
        carry_limbs(limbs);
    }
    if (limbs[DECIMAL_LIMBS - 1] >= DECIMAL_LIMB)
        return false;
    for (int i = 0; i < DECIMAL_LIMBS; i++)
        result.limb[i] = (uint32_t)limbs[i];
    *ret_decimal = result;
    return true;
}

/* The blob: the tag; 0x80 for zero; else for a positive value 0x80 + where its first pair of digits
 * stands, and the pairs, each plus one; a negative value has everything turned round and a 0xff at
 * the end, so that it sorts before the longer ones it begins. */
#define BLOB_ZERO 0x80
#define BLOB_FIRST (FRACTION_DIGITS / 2 + 1)
#define BLOB_PAIRS (DECIMAL_DIGITS / 2)
#define BLOB_END 0xff

static unsigned pair_at(const struct decimal *decimal, int pair)
{
    return digit_at(decimal, 2 * pair + 1) * 10 + digit_at(decimal, 2 * pair);
}

size_t decimal_encode(const struct decimal *decimal, unsigned char buffer[DECIMAL_BLOB_BYTES])
{
    size_t length = 0;
    buffer[length++] = TYPE_TAG_DECIMAL;
    int top = DECIMAL_LIMBS - 1;
    while (top >= 0 && decimal->limb[top] == 0)
        top--;
    if (top < 0) {
        buffer[length++] = BLOB_ZERO;
        return length;
    }
    int first = ((top + 1) * DECIMAL_LIMB_DIGITS + 1) / 2 - 1;
    while (pair_at(decimal, first) == 0)
        first--;
    int bottom = 0;
    while (decimal->limb[bottom] == 0)
        bottom++;
    int last = bottom * DECIMAL_LIMB_DIGITS / 2;
    while (pair_at(decimal, last) == 0)
        last++;
    int place = first - FRACTION_DIGITS / 2 + BLOB_FIRST;
    bool is_negative = decimal->is_negative;
    buffer[length++] = (unsigned char)(is_negative ? BLOB_ZERO - place : BLOB_ZERO + place);
    for (int i = first; i >= last; i--) {
        unsigned pair = pair_at(decimal, i);
        buffer[length++] = (unsigned char)(is_negative ? 100 - pair : pair + 1);
    }
    if (is_negative)
        buffer[length++] = BLOB_END;
    return length;
}

static bool decode_pairs(const unsigned char *bytes, size_t length, int first,
                         struct decimal *decimal)
{
    for (size_t i = 0; i < length; i++) {
        int pair = decimal->is_negative ? 100 - bytes[i] : bytes[i] - 1;
        int place = 2 * (first - (int)i);
        if (pair < 0 || pair > 99 || place < 0)
            return false;
        put_digit(decimal, place - FRACTION_DIGITS, (uint32_t)pair % 10);
        put_digit(decimal, place + 1 - FRACTION_DIGITS, (uint32_t)pair / 10);
    }
    return true;
}

bool decimal_decode(const void *bytes, size_t length, struct decimal *ret_decimal)
{
    const unsigned char *at = bytes;
    if (length < 2 || length > DECIMAL_BLOB_BYTES || at[0] != TYPE_TAG_DECIMAL)
        return false;
    struct decimal decimal = {.is_negative = at[1] < BLOB_ZERO};
    if (at[1] != BLOB_ZERO) {
        int place = decimal.is_negative ? BLOB_ZERO - at[1] : at[1] - BLOB_ZERO;
        int first = place + FRACTION_DIGITS / 2 - BLOB_FIRST;
        size_t pairs = length - 2;
        if (decimal.is_negative) {
            if (pairs == 0 || at[length - 1] != BLOB_END)
                return false;
            pairs--;
        }
        if (pairs == 0 || first < 0 || first >= BLOB_PAIRS ||
            !decode_pairs(at + 2, pairs, first, &decimal))
            return false;
    } else if (length != 2) {
        return false;
    }
    *ret_decimal = decimal;
    return true;
}
