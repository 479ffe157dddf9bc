#include "scheduler/base/random.h"

#include <assert.h>

static uint64_t rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

/* splitmix64: spreads one word over the state, so that near seeds give far sequences. */
static uint64_t split(uint64_t *counter)
{
    uint64_t mixed = *counter += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

void random_seed(struct random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        random->state[i] = split(&seed);
}

uint64_t random_next(struct random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t random_below(struct random *random, uint64_t bound)
{
    assert(bound > 0);
    /* 2^64 mod bound: the numbers below it would come once too often. */
    uint64_t surplus = (0 - bound) % bound;
    uint64_t number = random_next(random);
    while (number < surplus)
        number = random_next(random);
    return number % bound;
}

bool random_chance(struct random *random, uint32_t per_thousand)
{
    return random_below(random, 1000) < per_thousand;
}
