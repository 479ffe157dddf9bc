/* Which rows of a table the URL asks for: `?dt=20211111&num__ge=5&_sort=-amount&_offset=50`. */
#ifndef DATEMILL_WEB_PAGES_TABLE_ASK_H
#define DATEMILL_WEB_PAGES_TABLE_ASK_H

#include "web/http/url.h"
#include "web/site/data_call.h"
#include "web/site/route.h"

#define TABLE_ASK_ROWS 50 /* of a page */
#define TABLE_ASK_MAX_ROWS 200
#define TABLE_ASK_MAX_FILTERS 16
#define TABLE_ASK_REACH 10000 /* rows that can be reached, as datemill-data has it */

struct table_ask {
    struct visit *visit;
    const char *table;
    struct http_pair filters[TABLE_ASK_MAX_FILTERS]; /* names with their comparison */
    size_t filter_count;
    const char *sort; /* "" = as the rows were written */
    int64_t offset;
    int64_t limit;
    bool is_all; /* `_all=1`: without a filter all partitions, not only the newest */
};

extern const struct parameter table_ask_parameters[];

/* Fails with USAGE for too many filters. */
int table_ask_read(struct visit *visit, struct table_ask *ret_ask, struct error *err);

/* The words for datemill-data that give these rows; `limit` rows from ask->offset on. */
const char *const *table_ask_words(const struct table_ask *ask, int64_t limit);

/* The same rows at /data/T, or /data/T/FILE; without the filter `left_out` (SIZE_MAX: with all). */
void table_ask_url(const struct table_ask *ask, const char *file, size_t left_out, struct url *url);

/* USAGE: the offset is behind TABLE_ASK_REACH. */
int table_ask_out_of_reach(struct error *err);

#endif
