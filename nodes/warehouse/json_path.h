/* The paths of GET_JSON_OBJECT: `$`, `.key`, `['key']`, `[n]`, `[*]`.
 *
 * A string gives its text without quotes and escapes, any other value its text as written, JSON
 * null nothing. What `[*]` reached is collected into one array; the arrays that a `.key` behind it
 * finds are joined, one level deep. A key asks objects only. */
#ifndef DATEMILL_NODES_WAREHOUSE_JSON_PATH_H
#define DATEMILL_NODES_WAREHOUSE_JSON_PATH_H

#include "nodes/warehouse/json_tape.h"
#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>

#define JSON_PATH_MAX_STEPS 64
#define JSON_PATH_MAX_BYTES 4096

enum json_path_kind {
    JSON_PATH_KEY,
    JSON_PATH_INDEX,
    JSON_PATH_ALL
};

struct json_path_step {
    enum json_path_kind kind;
    size_t key_start; /* in struct json_path's text */
    size_t key_length;
    size_t index;
};

struct json_path {
    struct json_path_step *steps;
    size_t count;
    char *text;
};

/* Memory that walking needs, kept from one row to the next. */
struct json_path_work {
    size_t *now; /* indexes on the tape */
    size_t *then;
    size_t now_count;
    size_t then_count;
    size_t now_capacity;
    size_t then_capacity;
    struct text out; /* results that are not part of the document */
};

/* NULL for a text that is no path. The caller frees. */
struct json_path *json_path_parse(const char *text, size_t length);
void json_path_free(struct json_path *path);
void json_path_work_free(struct json_path_work *work);

/* Walks from the document's top. False if there is nothing there. The result is borrowed from the
 * document or from `work`, until the next call. */
bool json_path_walk(const struct json_path *path, const struct json_tape *tape,
                    struct json_path_work *work, const char **ret_text, size_t *ret_length);

#endif
