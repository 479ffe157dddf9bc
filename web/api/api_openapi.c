/* The OpenAPI document, written from the tables that the router uses. */
#include "web/api/api.h"
#include "scheduler/base/scope.h"
#include "web/api/api_doc.h"
#include "web/api/api_routes.h"

#include <string.h>

static const struct route *const tables[] = {
    api_flow_routes,  api_run_routes,   api_log_routes,    api_backfill_routes,
    api_table_routes, api_event_routes, api_health_routes, api_openapi_routes};

/* ---- kinds ---- */

static void write_choices(struct json_out *out, const char *choices)
{
    json_out_key(out, "enum");
    json_out_begin_array(out);
    for (const char *at = choices; *at != '\0';) {
        size_t length = strcspn(at, "|");
        json_out_bytes(out, at, length);
        at += length + (at[length] == '|');
    }
    json_out_end_array(out);
}

static void write_texts(struct json_out *out, const char *key)
{
    json_out_key(out, key);
    json_out_begin_object(out);
    json_out_pair_string(out, "type", "string");
    json_out_end_object(out);
}

static void write_kind(struct json_out *out, const struct parameter *rule)
{
    switch (rule->kind) {
    case PARAMETER_TEXT:
        json_out_pair_string(out, "type", "string");
        json_out_pair_int(out, "maxLength", rule->max > 0 ? rule->max : PARAMETER_MAX_TEXT);
        break;
    case PARAMETER_NAME:
        json_out_pair_string(out, "type", "string");
        json_out_pair_string(out, "pattern", "^[A-Za-z_][A-Za-z0-9_]{0,62}$");
        break;
    case PARAMETER_INT:
        json_out_pair_string(out, "type", "integer");
        json_out_pair_int(out, "minimum", rule->min);
        json_out_pair_int(out, "maximum", rule->max);
        break;
    case PARAMETER_DATE:
        json_out_pair_string(out, "type", "string");
        json_out_pair_string(out, "format", "date");
        break;
    case PARAMETER_CHOICE:
        json_out_pair_string(out, "type", "string");
        write_choices(out, rule->choices);
        break;
    case PARAMETER_BOOL:
        json_out_pair_string(out, "type", "boolean");
        break;
    case PARAMETER_TEXTS:
        json_out_pair_string(out, "type", "array");
        write_texts(out, "items");
        break;
    case PARAMETER_MAP:
        json_out_pair_string(out, "type", "object");
        write_texts(out, "additionalProperties");
        break;
    }
}

/* ---- parameters and bodies ---- */

static void write_parameter(struct json_out *out, const struct parameter *rule)
{
    json_out_begin_object(out);
    json_out_pair_string(out, "name", rule->name);
    json_out_pair_string(out, "in", "query");
    json_out_pair_string(out, "description", rule->help);
    json_out_key(out, "schema");
    json_out_begin_object(out);
    write_kind(out, rule);
    json_out_end_object(out);
    json_out_end_object(out);
}

/* What stands in braces in the pattern; `{id}` is a number. */
static void write_path_parameters(struct json_out *out, const char *pattern)
{
    for (const char *at = strchr(pattern, '{'); at != NULL; at = strchr(at + 1, '{')) {
        size_t length = strcspn(at + 1, "}");
        bool is_number = length == 2 && memcmp(at + 1, "id", 2) == 0;
        json_out_begin_object(out);
        json_out_key(out, "name");
        json_out_bytes(out, at + 1, length);
        json_out_pair_string(out, "in", "path");
        json_out_pair_bool(out, "required", true);
        json_out_key(out, "schema");
        json_out_begin_object(out);
        json_out_pair_string(out, "type", is_number ? "integer" : "string");
        json_out_end_object(out);
        json_out_end_object(out);
    }
}

static void write_key_header(struct json_out *out)
{
    json_out_begin_object(out);
    json_out_pair_string(out, "name", "Idempotency-Key");
    json_out_pair_string(out, "in", "header");
    json_out_pair_string(out, "description",
                         "The same request with the same key is done once and answered twice.");
    json_out_key(out, "schema");
    json_out_begin_object(out);
    json_out_pair_string(out, "type", "string");
    json_out_end_object(out);
    json_out_end_object(out);
}

static void write_body(struct json_out *out, const struct parameter *rules)
{
    json_out_key(out, "requestBody");
    json_out_begin_object(out);
    json_out_pair_bool(out, "required", true);
    json_out_key(out, "content");
    json_out_begin_object(out);
    json_out_key(out, "application/json");
    json_out_begin_object(out);
    json_out_key(out, "schema");
    json_out_begin_object(out);
    json_out_pair_string(out, "type", "object");
    json_out_pair_bool(out, "additionalProperties", false);
    json_out_key(out, "required");
    json_out_begin_array(out);
    for (const struct parameter *rule = rules; rule->name != NULL; rule++) {
        if (rule->is_required)
            json_out_string(out, rule->name);
    }
    json_out_end_array(out);
    json_out_key(out, "properties");
    json_out_begin_object(out);
    for (const struct parameter *rule = rules; rule->name != NULL; rule++) {
        json_out_key(out, rule->name);
        json_out_begin_object(out);
        write_kind(out, rule);
        json_out_pair_string(out, "description", rule->help);
        json_out_end_object(out);
    }
    json_out_end_object(out);
    json_out_end_object(out);
    json_out_end_object(out);
    json_out_end_object(out);
    json_out_end_object(out);
}

/* ---- answers ---- */

static void write_content(struct json_out *out, const char *type, const char *schema)
{
    SCOPED_TEXT struct text reference = {0};
    json_out_key(out, "content");
    json_out_begin_object(out);
    json_out_key(out, type);
    json_out_begin_object(out);
    json_out_key(out, "schema");
    json_out_begin_object(out);
    if (schema == NULL) {
        json_out_pair_string(out, "type", "string");
    } else {
        text_append_format(&reference, "#/components/schemas/%s", schema);
        json_out_pair_string(out, "$ref", text_string(&reference));
    }
    json_out_end_object(out);
    json_out_end_object(out);
    json_out_end_object(out);
}

static void write_answers(struct json_out *out, const struct api_doc *doc)
{
    json_out_key(out, "responses");
    json_out_begin_object(out);
    json_out_key(out, doc->status == 201 ? "201" : "200");
    json_out_begin_object(out);
    json_out_pair_string(out, "description", doc->summary);
    write_content(out, doc->type != NULL ? doc->type : "application/json", doc->answer);
    json_out_end_object(out);
    json_out_key(out, "default");
    json_out_begin_object(out);
    json_out_pair_string(out, "description",
                         doc->may_defer
                             ? "what is wrong; 409 a conflict, 503 no scheduler is running"
                             : "what is wrong");
    write_content(out, "application/problem+json", "Problem");
    json_out_end_object(out);
    json_out_end_object(out);
}

static void write_operation(struct json_out *out, const struct route *route)
{
    bool is_post = route->methods == HTTP_POST;
    json_out_key(out, is_post ? "post" : "get");
    json_out_begin_object(out);
    json_out_pair_string(out, "operationId", route->doc->id);
    json_out_pair_string(out, "summary", route->doc->summary);
    json_out_key(out, "parameters");
    json_out_begin_array(out);
    write_path_parameters(out, route->pattern);
    for (const struct parameter *rule = route->parameters; rule != NULL && rule->name != NULL;
         rule++)
        write_parameter(out, rule);
    if (is_post)
        write_key_header(out);
    json_out_end_array(out);
    if (route->doc->body != NULL)
        write_body(out, route->doc->body);
    write_answers(out, route->doc);
    if (is_post)
        json_out_raw(out, "\"security\":[{\"bearer\":[]},{\"session\":[]}]");
    json_out_end_object(out);
}

/* Routes with the same pattern stand one after another. */
static void write_paths(struct json_out *out)
{
    json_out_key(out, "paths");
    json_out_begin_object(out);
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        const char *pattern = "";
        for (const struct route *route = tables[t]; route->pattern != NULL; route++) {
            bool is_same = strcmp(route->pattern, pattern) == 0;
            if (!is_same && pattern[0] != '\0')
                json_out_end_object(out);
            if (!is_same) {
                json_out_key(out, route->pattern);
                json_out_begin_object(out);
            }
            pattern = route->pattern;
            write_operation(out, route);
        }
        if (pattern[0] != '\0')
            json_out_end_object(out);
    }
    json_out_end_object(out);
}

void api_write_document(struct text *text)
{
    struct json_out out;
    json_out_init(&out, text);
    json_out_begin_object(&out);
    json_out_pair_string(&out, "openapi", "3.1.0");
    json_out_key(&out, "info");
    json_out_begin_object(&out);
    json_out_pair_string(&out, "title", "datemill");
    json_out_pair_string(&out, "version", DATEMILL_VERSION);
    json_out_end_object(&out);
    write_paths(&out);
    json_out_key(&out, "components");
    json_out_raw(&out, api_schemas);
    json_out_end_object(&out);
    text_append_char(text, '\n');
}

static int show_document(struct visit *visit, struct error *err)
{
    (void)err;
    if (visit_is_unchanged(visit, "openapi"))
        return 0;
    visit->response->status = 200;
    visit->response->content_type = "application/json";
    api_write_document(&visit->response->body);
    return 0;
}

const struct route api_openapi_routes[] = {
    {.pattern = "/api/v1/openapi.json",
     .methods = HTTP_GET,
     .is_api = true,
     .answer = show_document,
     .doc = &(
         const struct api_doc){.id = "openapi", .summary = "This document.", .answer = "Document"}},
    {.pattern = NULL}};
