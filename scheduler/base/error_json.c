#include "scheduler/base/error_json.h"

#include "scheduler/base/json_in.h"
#include "scheduler/base/json_out.h"

#include <stdio.h>
#include <string.h>

int error_exit_code(const struct error *err)
{
    return err->kind == ERROR_KIND_NONE ? ERROR_KIND_BUG : (int)err->kind;
}

static void put_number(struct json_out *json, const char *key, int number)
{
    json_out_key(json, key);
    if (number > 0)
        json_out_int(json, number);
    else
        json_out_null(json);
}

void error_write_json(const struct error *err, const char *file, struct text *text)
{
    struct json_out json;
    json_out_init(&json, text);
    json_out_begin_object(&json);
    json_out_key(&json, "error");
    json_out_begin_object(&json);
    json_out_pair_string(&json, "code", err->code[0] != '\0' ? err->code : NULL);
    json_out_pair_string(&json, "message", err->text);
    json_out_pair_string(&json, "file", file);
    put_number(&json, "line", err->line);
    put_number(&json, "column", err->column);
    json_out_pair_string(&json, "help", err->help[0] != '\0' ? err->help : NULL);
    json_out_pair_int(&json, "exit_code", error_exit_code(err));
    json_out_end_object(&json);
    json_out_end_object(&json);
}

int error_read_json(const char *bytes, size_t length, struct error *ret_error)
{
    struct json *json = NULL;
    struct error error = {0};
    const char *end = length == 0 ? NULL : memchr(bytes, '\n', length);
    if (length == 0 ||
        json_parse(bytes, end == NULL ? length : (size_t)(end - bytes), &json, NULL) != 0)
        return -1;
    const struct json *facts = json_get(json, "error");
    int64_t kind = json_get_int(facts, "exit_code", ERROR_KIND_NONE);
    bool is_ours =
        (kind >= ERROR_KIND_FAILED && kind <= ERROR_KIND_REFUSED) || kind == ERROR_KIND_BUG;
    error.kind = (enum error_kind)kind;
    error.line = (int)json_get_int(facts, "line", 0);
    error.column = (int)json_get_int(facts, "column", 0);
    snprintf(error.code, sizeof error.code, "%s", json_get_string(facts, "code", ""));
    snprintf(error.text, sizeof error.text, "%s", json_get_string(facts, "message", ""));
    snprintf(error.help, sizeof error.help, "%s", json_get_string(facts, "help", ""));
    json_free(json);
    if (is_ours)
        *ret_error = error;
    return is_ours ? 0 : -1;
}
