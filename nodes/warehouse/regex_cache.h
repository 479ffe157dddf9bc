/* Compiled regular expressions, kept by their text. */
#ifndef DATEMILL_NODES_WAREHOUSE_REGEX_CACHE_H
#define DATEMILL_NODES_WAREHOUSE_REGEX_CACHE_H

#include "scheduler/base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define REGEX_CACHE_SIZE 16
#define REGEX_MAX_PATTERN_BYTES 4096
#define REGEX_MATCH_LIMIT 1000000 /* steps; a pattern that needs more fails */

struct regex; /* PCRE2 code with its match data */

struct regex_cache {
    struct regex *entries[REGEX_CACHE_SIZE];
    size_t next; /* the one to be replaced */
};

struct regex_group {
    size_t start;
    size_t end; /* SIZE_MAX in start: the group took no part */
};

void regex_cache_free(struct regex_cache *cache);

/* Belongs to the cache, until REGEX_CACHE_SIZE others were asked for. */
int regex_cache_get(struct regex_cache *cache, const char *pattern, size_t length,
                    struct regex **ret_regex, struct error *err);

/* 1 = found from `start` on, 0 = not, -1 = it took too many steps. */
int regex_find(struct regex *regex, const char *text, size_t length, size_t start,
               struct error *err);

size_t regex_group_count(const struct regex *regex); /* with the whole match, group 0 */
struct regex_group regex_group(const struct regex *regex, size_t group); /* of the last match */

#endif
