#include "scheduler/base/error_json.h"

#include "scheduler/base/json_out.h"

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
