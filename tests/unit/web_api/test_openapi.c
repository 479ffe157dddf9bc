/* The OpenAPI document and the routes of the program tell the same. */
#include "scheduler/base/json_in.h"
#include "scheduler/base/scope.h"
#include "web/api/api_doc.h"
#include "web/routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct json *document(void)
{
    SCOPED_TEXT struct text text = {0};
    struct json *json = NULL;
    struct error err = {0};
    api_write_document(&text);
    if (json_parse(text_string(&text), text.length, &json, &err) < 0)
        fail_msg("%s", err.text);
    return json;
}

static bool has_parameter(const struct json *operation, const char *name, const char *in)
{
    const struct json *list = json_get(operation, "parameters");
    for (const struct json *item = json_first(list); item != NULL; item = json_next(item)) {
        if (strcmp(json_get_string(item, "name", ""), name) == 0 &&
            strcmp(json_get_string(item, "in", ""), in) == 0)
            return true;
    }
    return false;
}

static size_t count_parameters(const struct json *operation, const char *in)
{
    size_t count = 0;
    const struct json *list = json_get(operation, "parameters");
    for (const struct json *item = json_first(list); item != NULL; item = json_next(item))
        count += strcmp(json_get_string(item, "in", ""), in) == 0;
    return count;
}

static void compare(const struct route *route, const struct json *operation)
{
    size_t count = 0;
    assert_non_null(operation);
    assert_string_equal(json_get_string(operation, "operationId", ""), route->doc->id);
    for (const struct parameter *rule = route->parameters; rule != NULL && rule->name != NULL;
         rule++, count++) {
        assert_non_null(rule->help);
        assert_true(has_parameter(operation, rule->name, "query"));
    }
    assert_int_equal(count_parameters(operation, "query"), count);
    size_t parts = 0;
    for (const char *at = route->pattern; *at != 0; at++)
        parts += *at == 123;
    assert_int_equal(count_parameters(operation, "path"), parts);
    assert_int_equal(json_get(operation, "requestBody") != NULL, route->doc->body != NULL);
    assert_int_equal(route->takes_json, route->doc->body != NULL);
}

/* Each route is in the document, and the document has no other. */
static void routes_and_document_agree(void **state)
{
    struct json *json = document();
    const struct json *paths = json_get(json, "paths");
    size_t routes = 0;
    size_t operations = 0;
    (void)state;
    for (size_t t = 0; web_routes.tables[t] != NULL; t++) {
        for (const struct route *route = web_routes.tables[t]; route->pattern != NULL; route++) {
            bool is_api = strncmp(route->pattern, "/api/", 5) == 0;
            assert_true(!is_api || route->is_api);
            assert_true(!is_api || route->doc != NULL);
            if (route->doc == NULL)
                continue;
            const char *method = route->methods == HTTP_POST ? "post" : "get";
            compare(route, json_get(json_get(paths, route->pattern), method));
            routes++;
        }
    }
    for (const struct json *path = json_first(paths); path != NULL; path = json_next(path))
        operations += json_count(path);
    assert_true(routes > 15);
    assert_int_equal(routes, operations);
    json_free(json);
}

/* Whatever is referred to is there. */
static void schemas_are_there(void **state)
{
    static const char prefix[] = "#/components/schemas/";
    SCOPED_TEXT struct text text = {0};
    struct json *json = document();
    const struct json *schemas = json_get(json_get(json, "components"), "schemas");
    size_t count = 0;
    (void)state;
    api_write_document(&text);
    for (const char *at = strstr(text_string(&text), prefix); at != NULL;
         at = strstr(at + 1, prefix)) {
        char name[64] = "";
        size_t length = strcspn(at + sizeof prefix - 1, "\"");
        assert_true(length < sizeof name);
        memcpy(name, at + sizeof prefix - 1, length);
        if (json_get(schemas, name) == NULL)
            fail_msg("there is no schema %s", name);
        count++;
    }
    assert_true(count > 20);
    json_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(routes_and_document_agree),
                                       cmocka_unit_test(schemas_are_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
