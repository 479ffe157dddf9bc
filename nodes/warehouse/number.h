/* Doubles: reading and writing them as text, and adding many of them exactly. */
#ifndef DATEMILL_NODES_WAREHOUSE_NUMBER_H
#define DATEMILL_NODES_WAREHOUSE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUMBER_TEXT_BYTES 32

/* A whole number such as ` -12 `; false for anything else and for what does not fit. */
bool number_parse_int(const char *text, size_t length, int64_t *ret_value);

/* Reads `1`, `-1.5`, `.5`, `1e3`, `NaN`, `Infinity`; blanks around it are allowed; nothing else
 * (no hexadecimal). The bytes need no NUL at the end. */
bool number_parse_double(const char *text, size_t length, double *ret_value);

/* The shortest text that reads back as the same value, with a point or an exponent: `1.0`, `0.1`,
 * `1.0E20`, `NaN`, `Infinity`. Returns the length. */
size_t number_format_double(double value, char buffer[NUMBER_TEXT_BYTES]);

/* The sum of doubles, rounded once at the end: the order of the values does not matter. Takes 2^30
 * values between two calls of number_sum_result() or carries. */
#define NUMBER_SUM_LIMBS 70

struct number_sum {
    int64_t limb[NUMBER_SUM_LIMBS]; /* base 2^32; limb[0] counts 2^-1074 */
    int64_t pending;                /* additions since carries were taken */
    int64_t infinities;             /* positive ones */
    int64_t negative_infinities;
    int64_t nans;
};

void number_sum_add(struct number_sum *sum, double value);
void number_sum_remove(struct number_sum *sum, double value);
double number_sum_result(const struct number_sum *sum);

#endif
