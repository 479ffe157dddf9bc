#include "nodes/warehouse/function_help.h"

#include <string.h>

static void free_path(void *path)
{
    json_path_free(path);
}

/* The document stays laid out: the next path of the same row only walks. */
static bool read_document(struct function_state *state, const char *bytes, size_t length)
{
    bool is_same = state->has_document && state->document.length == length &&
                   memcmp(state->document.data, bytes, length) == 0;
    if (is_same)
        return state->is_document_valid;
    text_clear(&state->document);
    text_append_bytes(&state->document, bytes, length);
    state->has_document = true;
    state->is_document_valid = json_tape_read_document(&state->tape, state->document.data, length);
    return state->is_document_valid;
}

static void call_get_json_object(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct function_state *state = sqlite3_user_data(context);
    struct argument document;
    struct argument text;
    if (!argument_text(values[0], &document) || !argument_text(values[1], &text))
        return;
    struct json_path *path = sqlite3_get_auxdata(context, 1);
    struct json_path *own = NULL;
    if (path == NULL) {
        path = own = json_path_parse(text.bytes, text.length);
        if (path == NULL)
            return;
    }
    const char *found;
    size_t length;
    if (read_document(state, document.bytes, document.length) &&
        json_path_walk(path, &state->tape, &state->path_work, &found, &length))
        sqlite3_result_text64(context, found, length, SQLITE_TRANSIENT, SQLITE_UTF8);
    if (own != NULL)
        sqlite3_set_auxdata(context, 1, own, free_path);
}

const struct function functions_json[] = {
    {.name = "get_json_object",
     .min_arguments = 2,
     .max_arguments = 2,
     .result = FUNCTION_STRING,
     .call = call_get_json_object},
    {0},
};
