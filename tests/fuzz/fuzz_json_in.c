/* links datemill_base */
#include "scheduler/base/json_in.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_value(const struct json *json, struct json_out *out)
{
    switch (json_kind_of(json)) {
    case JSON_KIND_STRING:
        json_out_string(out, json_as_string(json, NULL));
        return;
    case JSON_KIND_NUMBER:
        json_out_int(out, json_as_int(json, 0));
        return;
    case JSON_KIND_NULL:
    case JSON_KIND_BOOL:
    case JSON_KIND_ARRAY:
    case JSON_KIND_OBJECT:
        json_out_null(out);
        return;
    }
}

/* The members of an object, written again, can be read again and are the same. */
static void check_object(const struct json *json)
{
    SCOPED_TEXT struct text text = {0};
    struct json_out out;
    struct json *again;
    json_out_init(&out, &text);
    json_out_begin_object(&out);
    for (const struct json *item = json_first(json); item != NULL; item = json_next(item)) {
        json_out_key(&out, json_key(item));
        write_value(item, &out);
    }
    json_out_end_object(&out);
    assert(json_parse(text.data, text.length, &again, NULL) == 0);
    assert(json_count(again) == json_count(json));
    for (const struct json *item = json_first(json); item != NULL; item = json_next(item)) {
        const char *text_before = json_as_string(item, "");
        assert(strcmp(json_get_string(again, json_key(item), ""), text_before) == 0);
    }
    json_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json *json;
    struct error err = {0};
    if (json_parse((const char *)data, size, &json, &err) != 0) {
        assert(err.text[0] != '\0');
        return 0;
    }
    if (json_kind_of(json) == JSON_KIND_OBJECT)
        check_object(json);
    json_free(json);
    return 0;
}
