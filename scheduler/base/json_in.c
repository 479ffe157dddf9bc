#include "scheduler/base/json_in.h"

#include "scheduler/base/json_check.h"
#include "scheduler/base/memory.h"

#include <cjson/cJSON.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_EXACT_INTEGER 9007199254740992.0 /* 2^53 */

static const cJSON *item_of(const struct json *json)
{
    return (const cJSON *)(const void *)json;
}

static const struct json *json_of(const cJSON *item)
{
    return (const struct json *)(const void *)item;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* `keys` has room for the members of the largest object. */
static int check_members(const cJSON *object, const char **keys, struct error *err)
{
    size_t count = 0;
    for (const cJSON *member = object->child; member != NULL; member = member->next)
        keys[count++] = member->string;
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(keys[i - 1], keys[i]) == 0)
            return error_set(err, ERROR_KIND_INVALID, "the key `%.200s` comes twice in one object",
                             keys[i]);
    }
    return 0;
}

/* Looks at every object, without recursion: `path` holds the open containers. */
static int check_keys(const cJSON *root, size_t values, struct error *err)
{
    const cJSON *path[JSON_IN_MAX_DEPTH + 1];
    size_t depth = 0;
    const char **keys = memory_new(values, sizeof *keys);
    const cJSON *item = root;
    int result = 0;
    while (item != NULL && result == 0) {
        if (cJSON_IsObject(item))
            result = check_members(item, keys, err);
        if (item->child != NULL) {
            path[depth++] = item;
            item = item->child;
            continue;
        }
        while (item != root && item->next == NULL)
            item = path[--depth];
        item = item == root ? NULL : item->next;
    }
    free(keys);
    return result;
}

int json_parse(const char *bytes, size_t length, struct json **ret_json, struct error *err)
{
    const struct json_limits limits = {JSON_IN_MAX_BYTES, JSON_IN_MAX_DEPTH, JSON_IN_MAX_VALUES};
    size_t values;
    if (json_check(bytes, length, limits, &values, err) != 0)
        return -1;
    cJSON *root = cJSON_ParseWithLength(bytes, length);
    if (root == NULL)
        return error_set(err, ERROR_KIND_PRECONDITION, "not enough memory to read this JSON");
    if (check_keys(root, values, err) != 0) {
        cJSON_Delete(root);
        return -1;
    }
    *ret_json = (struct json *)(void *)root;
    return 0;
}

void json_free(struct json *json)
{
    cJSON_Delete((cJSON *)(void *)json);
}

enum json_kind json_kind_of(const struct json *json)
{
    const cJSON *item = item_of(json);
    if (cJSON_IsBool(item))
        return JSON_KIND_BOOL;
    if (cJSON_IsNumber(item))
        return JSON_KIND_NUMBER;
    if (cJSON_IsString(item))
        return JSON_KIND_STRING;
    if (cJSON_IsArray(item))
        return JSON_KIND_ARRAY;
    return cJSON_IsObject(item) ? JSON_KIND_OBJECT : JSON_KIND_NULL;
}

const struct json *json_get(const struct json *json, const char *key)
{
    if (json_kind_of(json) != JSON_KIND_OBJECT)
        return NULL;
    return json_of(cJSON_GetObjectItemCaseSensitive(item_of(json), key));
}

const char *json_get_string(const struct json *json, const char *key, const char *fallback)
{
    return json_as_string(json_get(json, key), fallback);
}

int64_t json_get_int(const struct json *json, const char *key, int64_t fallback)
{
    return json_as_int(json_get(json, key), fallback);
}

bool json_get_bool(const struct json *json, const char *key, bool fallback)
{
    const cJSON *item = item_of(json_get(json, key));
    return cJSON_IsBool(item) ? (bool)cJSON_IsTrue(item) : fallback;
}

const char *json_as_string(const struct json *json, const char *fallback)
{
    const cJSON *item = item_of(json);
    return cJSON_IsString(item) ? item->valuestring : fallback;
}

int64_t json_as_int(const struct json *json, int64_t fallback)
{
    const cJSON *item = item_of(json);
    if (!cJSON_IsNumber(item))
        return fallback;
    double value = item->valuedouble;
    bool is_exact = fabs(value) <= MAX_EXACT_INTEGER && value - floor(value) <= 0.0;
    return is_exact ? (int64_t)value : fallback;
}

const struct json *json_first(const struct json *json)
{
    enum json_kind kind = json_kind_of(json);
    if (kind != JSON_KIND_ARRAY && kind != JSON_KIND_OBJECT)
        return NULL;
    return json_of(item_of(json)->child);
}

const struct json *json_next(const struct json *item)
{
    return item == NULL ? NULL : json_of(item_of(item)->next);
}

const char *json_key(const struct json *item)
{
    return item == NULL ? NULL : item_of(item)->string;
}

size_t json_count(const struct json *json)
{
    size_t count = 0;
    for (const struct json *item = json_first(json); item != NULL; item = json_next(item))
        count++;
    return count;
}
