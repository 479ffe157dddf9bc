/* The ten commodities of the vending machines, and the file that describes them. */
#ifndef DATEMILL_SMARTRM_COMMODITIES_H
#define DATEMILL_SMARTRM_COMMODITIES_H

#include "scheduler/base/text.h"

#include <stddef.h>
#include <stdint.h>

#define COMMODITY_COUNT 10
#define COMMODITY_MAX_LABELS 3
#define COMMODITY_TOTAL_WEIGHT 550 /* 100 + 90 + … + 10 */

struct commodity {
    const char *id;
    const char *name;
    const char *categories[3];                /* first, second and third level */
    const char *labels[COMMODITY_MAX_LABELS]; /* NULL after the last */
    uint32_t price;                           /* fen: hundredths of a yuan */
    uint32_t weight; /* how often it is bought, of COMMODITY_TOTAL_WEIGHT */
};

/* Most frequent first, in the order of the ids. */
extern const struct commodity commodities[COMMODITY_COUNT];

/* The commodity at `ticket` (less than COMMODITY_TOTAL_WEIGHT): each owns as many
 * tickets as its weight. */
size_t commodity_of_ticket(uint32_t ticket);

/* Appends commodity_new.json: pretty-printed JSON objects, one after another, no array. */
void commodities_write(struct text *text);

#endif
