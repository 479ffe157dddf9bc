/* links datemill_flow */
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/flow/expression.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *find(const void *data, const char *name)
{
    return name[0] == 'a' ? data : NULL;
}

static void check_value(const struct expression *expression, const uint8_t *seed)
{
    struct civil_time planned = civil_from_seconds(
        ((int64_t)seed[0] << 32 | (int64_t)seed[1] << 24 | (int64_t)seed[2] << 16) - 62135596800);
    struct expression_context context = {
        .planned = planned, .job_id = "1", .find = find, .find_data = "value"};
    SCOPED_TEXT struct text value = {0};
    SCOPED_TEXT struct text again = {0};
    SCOPED_TEXT struct text steps = {0};
    int result = expression_evaluate(expression, &context, &value, NULL);
    assert(expression_evaluate(expression, &context, &again, NULL) == result);
    assert(strcmp(text_string(&value), text_string(&again)) == 0);
    assert(value.length <= EXPRESSION_MAX_VALUE_BYTES);
    if (result == 0)
        assert(expression_explain(expression, &context, &steps, NULL) == 0);
    if (expression_is_constant(expression))
        assert(result == 0 && steps.length == 0);
}

/* Three bytes choose the planned time, the rest is the value of a parameter. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_FREE char *text = memory_new(size - 3 + 1, 1);
    memcpy(text, data + 3, size - 3);
    size_t length = strlen(text);
    const struct expression *expression;
    struct expression_span span;
    struct error err = {0};
    if (expression_parse(&arena, text, &expression, &span, &err) == 0) {
        assert(strcmp(expression_text(expression), text) == 0);
        check_value(expression, data);
    } else {
        assert(err.text[0] != '\0' && err.column > 0);
        assert(span.offset + span.length <= length);
    }
    return 0;
}
