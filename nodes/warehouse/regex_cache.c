#include "nodes/warehouse/regex_cache.h"

#include "scheduler/base/memory.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HEAP_LIMIT_KIB 65536

struct regex {
    char *pattern;
    size_t length;
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
    uint32_t groups;
};

static void regex_free(struct regex *regex)
{
    if (regex == NULL)
        return;
    pcre2_match_context_free(regex->context);
    pcre2_match_data_free(regex->match);
    pcre2_code_free(regex->code);
    free(regex->pattern);
    free(regex);
}

void regex_cache_free(struct regex_cache *cache)
{
    for (size_t i = 0; i < REGEX_CACHE_SIZE; i++)
        regex_free(cache->entries[i]);
    *cache = (struct regex_cache){0};
}

static int compile(const char *pattern, size_t length, struct regex **ret_regex, struct error *err)
{
    if (length > REGEX_MAX_PATTERN_BYTES)
        return error_set(err, ERROR_KIND_FAILED, "a pattern has at most %d bytes",
                         REGEX_MAX_PATTERN_BYTES);
    int number;
    PCRE2_SIZE offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, length,
                                     PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &number, &offset, NULL);
    if (code == NULL) {
        char message[256];
        pcre2_get_error_message(number, (PCRE2_UCHAR *)message, sizeof message);
        return error_set(err, ERROR_KIND_FAILED, "the pattern '%.*s' is wrong at character %zu: %s",
                         length > 60 ? 60 : (int)length, pattern, (size_t)offset + 1, message);
    }
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    struct regex *regex = memory_new(1, sizeof *regex);
    regex->code = code;
    regex->pattern = memory_new(length + 1, 1);
    memcpy(regex->pattern, pattern, length);
    regex->length = length;
    regex->match = pcre2_match_data_create_from_pattern(code, NULL);
    regex->context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(regex->context, REGEX_MATCH_LIMIT);
    pcre2_set_heap_limit(regex->context, HEAP_LIMIT_KIB);
    regex->groups = pcre2_get_ovector_count(regex->match);
    *ret_regex = regex;
    return 0;
}

int regex_cache_get(struct regex_cache *cache, const char *pattern, size_t length,
                    struct regex **ret_regex, struct error *err)
{
    for (size_t i = 0; i < REGEX_CACHE_SIZE; i++) {
        struct regex *regex = cache->entries[i];
        if (regex != NULL && regex->length == length &&
            memcmp(regex->pattern, pattern, length) == 0) {
            *ret_regex = regex;
            return 0;
        }
    }
    struct regex *regex;
    if (compile(pattern, length, &regex, err) != 0)
        return -1;
    regex_free(cache->entries[cache->next]);
    cache->entries[cache->next] = regex;
    cache->next = (cache->next + 1) % REGEX_CACHE_SIZE;
    *ret_regex = regex;
    return 0;
}

int regex_find(struct regex *regex, const char *text, size_t length, size_t start,
               struct error *err)
{
    int found =
        pcre2_match(regex->code, (PCRE2_SPTR)text, length, start, 0, regex->match, regex->context);
    if (found > 0)
        return 1;
    if (found == PCRE2_ERROR_NOMATCH)
        return 0;
    char message[256];
    pcre2_get_error_message(found, (PCRE2_UCHAR *)message, sizeof message);
    return error_set(err, ERROR_KIND_FAILED, "the pattern '%.60s' cannot be matched: %s",
                     regex->pattern, message);
}

size_t regex_group_count(const struct regex *regex)
{
    return regex->groups;
}

struct regex_group regex_group(const struct regex *regex, size_t group)
{
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(regex->match);
    if (group >= regex->groups || places[2 * group] == PCRE2_UNSET)
        return (struct regex_group){SIZE_MAX, SIZE_MAX};
    return (struct regex_group){places[2 * group], places[2 * group + 1]};
}
