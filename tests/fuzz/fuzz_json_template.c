/* links datemill_base */
#include "scheduler/base/json_in.h"
#include "scheduler/base/json_template.h"
#include "scheduler/base/scope.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The value is as bad as it can be: whatever the first bytes of the template are. */
static const char *find(const void *value, const char *name, size_t length)
{
    (void)name;
    return length > 8 ? NULL : value;
}

/* Whatever is filled in, the result is JSON with as many members as before. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char value[64] = "";
    SCOPED_TEXT struct text text = {0};
    struct json *before = NULL;
    struct json *after = NULL;
    struct json_template template = {(const char *)data, size};
    memcpy(value, data, size < sizeof value - 1 ? size : sizeof value - 1);
    struct json_template_values values = {find, value};
    int checked = json_template_fill(template, values, NULL, NULL);
    int filled = json_template_fill(template, values, &text, NULL);
    assert(checked == filled);
    if (filled < 0)
        return 0;
    assert(json_parse((const char *)data, size, &before, NULL) == 0);
    /* keys may become equal, which is an error of its own */
    if (json_parse(text_string(&text), text.length, &after, NULL) == 0)
        assert(json_kind_of(before) == json_kind_of(after) &&
               json_count(before) == json_count(after));
    json_free(before);
    json_free(after);
    return 0;
}
