/* Random numbers from a seed (simulation, sample data): the same seed gives the same numbers on
 * every machine. Not for secrets. */
#ifndef DATEMILL_BASE_RANDOM_H
#define DATEMILL_BASE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state[4]; /* xoshiro256**, seeded by splitmix64 */
};

void random_seed(struct random *random, uint64_t seed);
uint64_t random_next(struct random *random);
uint64_t random_below(struct random *random, uint64_t bound); /* 0 … bound-1, unbiased; bound > 0 */
bool random_chance(struct random *random, uint32_t per_thousand); /* true so often */

#endif
