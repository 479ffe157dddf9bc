#include "nodes/warehouse/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_NUMBER_TEXT 400 /* longer texts are no numbers to us */
#define LIMB_BITS 32
#define LOWEST_EXPONENT 1074
#define CARRY_AFTER ((int64_t)1 << 30)

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && is_blank(**text)) {
        (*text)++;
        (*length)--;
    }
    while (*length > 0 && is_blank((*text)[*length - 1]))
        (*length)--;
}

bool number_parse_int(const char *text, size_t length, int64_t *ret_value)
{
    trim(&text, &length);
    bool is_negative = length > 0 && *text == '-';
    size_t i = length > 0 && (*text == '-' || *text == '+') ? 1 : 0;
    if (i == length)
        return false;
    int64_t value = 0;
    for (; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        int64_t digit = text[i] - '0';
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, is_negative ? -digit : digit, &value))
            return false;
    }
    *ret_value = value;
    return true;
}

static bool parse_special(const char *text, double *ret_value)
{
    const char *word = text + (*text == '-' || *text == '+');
    if (strcasecmp(word, "nan") == 0)
        *ret_value = (double)NAN;
    else if (strcasecmp(word, "infinity") == 0 || strcasecmp(word, "inf") == 0)
        *ret_value = *text == '-' ? -(double)INFINITY : (double)INFINITY;
    else
        return false;
    return true;
}

bool number_parse_double(const char *text, size_t length, double *ret_value)
{
    char copy[MAX_NUMBER_TEXT + 1];
    trim(&text, &length);
    if (length == 0 || length > MAX_NUMBER_TEXT)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (strspn(copy, "0123456789+-.eE") != length)
        return parse_special(copy, ret_value);
    char *end;
    double value = strtod(copy, &end);
    if (end == copy || *end != '\0')
        return false;
    *ret_value = value;
    return true;
}

static void append_point(char buffer[NUMBER_TEXT_BYTES])
{
    size_t length = strlen(buffer);
    if (strchr(buffer, '.') == NULL)
        snprintf(buffer + length, NUMBER_TEXT_BYTES - length, ".0");
}

/* "1e+20" and "1.5e-07" become "1.0E20" and "1.5E-7". */
static size_t rewrite_exponent(char buffer[NUMBER_TEXT_BYTES])
{
    char *mark = strchr(buffer, 'e');
    if (mark == NULL) {
        append_point(buffer);
        return strlen(buffer);
    }
    int exponent = (int)strtol(mark + 1, NULL, 10);
    *mark = '\0';
    append_point(buffer);
    size_t length = strlen(buffer);
    snprintf(buffer + length, NUMBER_TEXT_BYTES - length, "E%d", exponent);
    return strlen(buffer);
}

size_t number_format_double(double value, char buffer[NUMBER_TEXT_BYTES])
{
    if (isnan(value) || isinf(value)) {
        const char *word = isnan(value) ? "NaN" : (value < 0 ? "-Infinity" : "Infinity");
        return (size_t)snprintf(buffer, NUMBER_TEXT_BYTES, "%s", word);
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buffer, NUMBER_TEXT_BYTES, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value)
            break;
    }
    return rewrite_exponent(buffer);
}

/* Brings every limb but the last into 0 … 2^32-1. */
static void carry_limbs(int64_t *limbs)
{
    for (int i = 0; i + 1 < NUMBER_SUM_LIMBS; i++) {
        int64_t low = (int64_t)((uint64_t)limbs[i] & UINT32_MAX);
        int64_t carry = (limbs[i] - low) / ((int64_t)1 << LIMB_BITS);
        limbs[i] = low;
        limbs[i + 1] += carry;
    }
}

static void add_finite(struct number_sum *sum, double value, bool is_removed)
{
    int exponent;
    double fraction = frexp(value, &exponent);
    int64_t mantissa = (int64_t)ldexp(fraction, 53);
    int place = exponent - 53 + LOWEST_EXPONENT;
    if (place < 0) { /* subnormal: its low bits are zero */
        mantissa /= (int64_t)1 << -place;
        place = 0;
    }
    bool is_negative = (mantissa < 0) != is_removed;
    uint64_t bits = mantissa < 0 ? 0 - (uint64_t)mantissa : (uint64_t)mantissa;
    int limb = place / LIMB_BITS;
    int shift = place % LIMB_BITS;
    uint64_t low = (bits & UINT32_MAX) << shift;
    uint64_t high = (bits >> LIMB_BITS) << shift;
    int64_t parts[3] = {(int64_t)(low & UINT32_MAX),
                        (int64_t)((low >> LIMB_BITS) + (high & UINT32_MAX)),
                        (int64_t)(high >> LIMB_BITS)};
    for (int i = 0; i < 3; i++)
        sum->limb[limb + i] += is_negative ? -parts[i] : parts[i];
    if (++sum->pending >= CARRY_AFTER) {
        carry_limbs(sum->limb);
        sum->pending = 0;
    }
}

static void change(struct number_sum *sum, double value, bool is_removed)
{
    int step = is_removed ? -1 : 1;
    if (isnan(value))
        sum->nans += step;
    else if (isinf(value) && value > 0)
        sum->infinities += step;
    else if (isinf(value))
        sum->negative_infinities += step;
    else if (value < 0 || value > 0)
        add_finite(sum, value, is_removed);
}

void number_sum_add(struct number_sum *sum, double value)
{
    change(sum, value, false);
}

void number_sum_remove(struct number_sum *sum, double value)
{
    change(sum, value, true);
}

/* The 53 highest bits of the limbs, rounded to nearest, ties to even. */
static double round_limbs(const int64_t *limbs)
{
    int top = NUMBER_SUM_LIMBS - 1;
    while (top >= 0 && limbs[top] == 0)
        top--;
    if (top < 0)
        return 0.0;
    int highest = top * LIMB_BITS + 63 - __builtin_clzll((uint64_t)limbs[top]);
    int lowest = highest < 53 ? 0 : highest - 52;
    uint64_t bits = 0;
    for (int bit = highest; bit >= lowest; bit--)
        bits = bits << 1 | ((uint64_t)limbs[bit / LIMB_BITS] >> (bit % LIMB_BITS) & 1);
    bool is_half = false;
    bool is_more = false;
    for (int bit = lowest - 1; bit >= 0; bit--) {
        bool is_set = ((uint64_t)limbs[bit / LIMB_BITS] >> (bit % LIMB_BITS) & 1) != 0;
        if (bit == lowest - 1)
            is_half = is_set;
        else if (is_set)
            is_more = true;
    }
    if (is_half && (is_more || (bits & 1) != 0))
        bits++;
    return ldexp((double)bits, lowest - LOWEST_EXPONENT);
}

double number_sum_result(const struct number_sum *sum)
{
    if (sum->nans > 0 || (sum->infinities > 0 && sum->negative_infinities > 0))
        return (double)NAN;
    if (sum->infinities > 0 || sum->negative_infinities > 0)
        return sum->infinities > 0 ? (double)INFINITY : -(double)INFINITY;
    int64_t limbs[NUMBER_SUM_LIMBS];
    memcpy(limbs, sum->limb, sizeof limbs);
    carry_limbs(limbs);
    bool is_negative = limbs[NUMBER_SUM_LIMBS - 1] < 0;
    if (is_negative) {
        for (int i = 0; i < NUMBER_SUM_LIMBS; i++)
            limbs[i] = -limbs[i];
        carry_limbs(limbs);
    }
    double value = round_limbs(limbs);
    return is_negative ? -value : value;
}
