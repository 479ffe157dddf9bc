/* Numbers of a fixed width. Every line of a log and every row of a run has some of these: printf is
 * felt. */
#ifndef DATEMILL_BASE_DIGITS_H
#define DATEMILL_BASE_DIGITS_H

#include <stdint.h>

/* The last `count` decimal digits of a number that is not negative; returns the place behind them.
 * No NUL is added. */
static inline char *digits_put(char *at, int32_t number, int count)
{
    for (int i = count; i > 0; i--, number /= 10)
        at[i - 1] = (char)('0' + number % 10);
    return at + count;
}

#endif
