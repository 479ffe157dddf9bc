/* links datemill_flow */
#include "scheduler/base/scope.h"
#include "scheduler/flow/reference.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *find(const void *data, const char *name)
{
    assert(name[0] != '\0' && strlen(name) < REFERENCE_NAME_BYTES);
    return name[0] == 'n' ? NULL : data;
}

static void check_walk(const struct reference_finder *finder, struct reference_walk walk)
{
    struct reference reference;
    size_t last = 0;
    for (;;) {
        int found = reference_next(finder, &walk, &reference, NULL);
        if (found == 0)
            break;
        assert(reference.offset >= last && reference.length > 0);
        assert(reference.offset + reference.length <= walk.length);
        assert(walk.bytes[reference.offset] == '$');
        assert(reference.line > 0 && reference.column > 0);
        assert(walk.offset > reference.offset);
        last = walk.offset;
    }
    assert(walk.offset == walk.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const values[] = {"", "-", "20211111", "a-"};
    struct reference_finder *finder = reference_finder_new();
    struct reference_walk walk;
    SCOPED_TEXT struct text plain = {0};
    SCOPED_TEXT struct text sql = {0};
    reference_walk_init(&walk, (const char *)data, size);
    check_walk(finder, walk);
    struct reference_values any = {find, size > 0 ? values[data[0] % 4] : "",
                                   REFERENCE_RULES_PLAIN};
    struct reference_values strict = {any.find, any.data, REFERENCE_RULES_SQL};
    int result = reference_substitute(finder, walk, any, &plain, NULL);
    if (reference_substitute(finder, walk, strict, &sql, NULL) == 0)
        assert(result == 0 && strcmp(text_string(&plain), text_string(&sql)) == 0);
    reference_finder_free(finder);
    return 0;
}
