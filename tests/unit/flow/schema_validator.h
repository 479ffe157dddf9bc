/* A validator for the part of JSON Schema draft-07 that our schemas use, over a YAML tree that is
 * seen as an editor sees it: plain scalars are null, booleans and numbers where they look so. A
 * keyword that it does not know fails the test. */
#ifndef DATEMILL_TESTS_SCHEMA_VALIDATOR_H
#define DATEMILL_TESTS_SCHEMA_VALIDATOR_H

#include "scheduler/base/json_in.h"
#include "scheduler/flow/yaml_tree.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct json *validator_root;

static inline bool validator_matches(const char *pattern, const char *text)
{
    regex_t compiled;
    assert_int_equal(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool matches = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return matches;
}

/* YAML 1.2 core schema */
static inline const char *validator_type(const struct yaml_node *node)
{
    if (node->kind != YAML_KIND_SCALAR)
        return node->kind == YAML_KIND_MAPPING ? "object" : "array";
    if (!node->is_plain)
        return "string";
    if (yaml_is_null(node))
        return "null";
    if (validator_matches("^(true|True|TRUE|false|False|FALSE)$", node->text))
        return "boolean";
    if (validator_matches("^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", node->text))
        return "integer";
    if (validator_matches("^[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?$", node->text) ||
        validator_matches("^([-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN))$", node->text))
        return "number";
    return "string";
}

static inline bool validator_has_type(const struct yaml_node *node, const char *type)
{
    const char *actual = validator_type(node);
    return strcmp(actual, type) == 0 ||
           (strcmp(type, "number") == 0 && strcmp(actual, "integer") == 0);
}

static inline bool validator_accepts(const struct json *schema, const struct yaml_node *node);

static inline bool validator_check_type(const struct json *types, const struct yaml_node *node)
{
    if (json_kind_of(types) == JSON_KIND_STRING)
        return validator_has_type(node, json_as_string(types, ""));
    for (const struct json *type = json_first(types); type != NULL; type = json_next(type)) {
        if (validator_has_type(node, json_as_string(type, "")))
            return true;
    }
    return false;
}

static inline bool validator_equals(const struct json *value, const struct yaml_node *node)
{
    if (node->kind != YAML_KIND_SCALAR)
        return false;
    if (json_kind_of(value) == JSON_KIND_STRING)
        return strcmp(validator_type(node), "string") == 0 &&
               strcmp(json_as_string(value, ""), node->text) == 0;
    if (json_kind_of(value) == JSON_KIND_BOOL)
        return strcmp(validator_type(node), "boolean") == 0 &&
               (strchr("tT", node->text[0]) != NULL) ==
                   (json_kind_of(value) == JSON_KIND_BOOL && json_as_int(value, 0) != 0);
    return strcmp(validator_type(node), "integer") == 0 &&
           json_as_int(value, 0) == strtoll(node->text, NULL, 0);
}

static inline bool validator_check_enum(const struct json *values, const struct yaml_node *node)
{
    for (const struct json *value = json_first(values); value != NULL; value = json_next(value)) {
        bool is_boolean = json_kind_of(value) == JSON_KIND_BOOL;
        if (is_boolean ? strcmp(validator_type(node), "boolean") == 0
                       : validator_equals(value, node))
            return true;
    }
    return false;
}

static inline bool validator_matches_any(const struct json *patterns, const char *key)
{
    for (const struct json *item = json_first(patterns); item != NULL; item = json_next(item)) {
        if (validator_matches(json_key(item), key))
            return true;
    }
    return false;
}

static inline bool validator_check_object(const struct json *schema, const struct yaml_node *node)
{
    const struct json *properties = json_get(schema, "properties");
    const struct json *patterns = json_get(schema, "patternProperties");
    const struct json *names = json_get(schema, "propertyNames");
    const struct json *rest = json_get(schema, "additionalProperties");
    const struct json *required = json_get(schema, "required");
    int64_t count = (int64_t)node->count;
    if (count < json_get_int(schema, "minProperties", 0) ||
        count > json_get_int(schema, "maxProperties", INT32_MAX))
        return false;
    for (const struct json *name = json_first(required); name != NULL; name = json_next(name)) {
        if (yaml_find(node, json_as_string(name, "")) == NULL)
            return false;
    }
    for (size_t i = 0; i < node->count; i++) {
        const char *key = node->pairs[i].key->text;
        const struct json *property = json_get(properties, key);
        if (names != NULL && !validator_matches(json_get_string(names, "pattern", ""), key))
            return false;
        if (property != NULL && !validator_accepts(property, node->pairs[i].value))
            return false;
        if (property != NULL || validator_matches_any(patterns, key))
            continue;
        if (json_kind_of(rest) == JSON_KIND_BOOL &&
            !json_get_bool(schema, "additionalProperties", true))
            return false;
        if (json_kind_of(rest) == JSON_KIND_OBJECT &&
            !validator_accepts(rest, node->pairs[i].value))
            return false;
    }
    return true;
}

static inline bool validator_check_scalar(const struct json *schema, const struct yaml_node *node)
{
    const char *pattern = json_get_string(schema, "pattern", NULL);
    const char *type = validator_type(node);
    if (pattern != NULL && strcmp(type, "string") == 0 && !validator_matches(pattern, node->text))
        return false;
    bool is_number = strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
    double number = strtod(node->text, NULL);
    const struct json *minimum = json_get(schema, "minimum");
    const struct json *maximum = json_get(schema, "maximum");
    if (is_number && minimum != NULL && number < (double)json_as_int(minimum, 0))
        return false;
    return !is_number || maximum == NULL || number <= (double)json_as_int(maximum, 0);
}

/* "#/definitions/node_common/properties/needs" */
static inline const struct json *validator_follow(const char *reference)
{
    assert_int_equal(strncmp(reference, "#/", 2), 0);
    const struct json *at = validator_root;
    for (const char *part = reference + 2; *part != '\0';) {
        char name[128];
        size_t length = strcspn(part, "/");
        snprintf(name, sizeof name, "%.*s", (int)length, part);
        at = json_get(at, name);
        assert_non_null(at);
        part += length + (part[length] == '/' ? 1 : 0);
    }
    return at;
}

static inline bool validator_check_parts(const struct json *schema, const struct yaml_node *node)
{
    const struct json *any = json_get(schema, "anyOf");
    const struct json *all = json_get(schema, "allOf");
    const struct json *condition = json_get(schema, "if");
    bool is_any = any == NULL;
    for (const struct json *part = json_first(any); part != NULL; part = json_next(part))
        is_any = is_any || validator_accepts(part, node);
    for (const struct json *part = json_first(all); part != NULL; part = json_next(part)) {
        if (!validator_accepts(part, node))
            return false;
    }
    if (condition == NULL)
        return is_any;
    const char *branch = validator_accepts(condition, node) ? "then" : "else";
    const struct json *next = json_get(schema, branch);
    return is_any && (next == NULL || validator_accepts(next, node));
}

static inline void validator_check_keywords(const struct json *schema)
{
    static const char *const known[] = {"$schema",
                                        "title",
                                        "type",
                                        "properties",
                                        "patternProperties",
                                        "additionalProperties",
                                        "required",
                                        "definitions",
                                        "$ref",
                                        "description",
                                        "default",
                                        "anyOf",
                                        "allOf",
                                        "if",
                                        "then",
                                        "else",
                                        "enum",
                                        "const",
                                        "pattern",
                                        "minimum",
                                        "maximum",
                                        "items",
                                        "propertyNames",
                                        "minProperties",
                                        "maxProperties"};
    for (const struct json *item = json_first(schema); item != NULL; item = json_next(item)) {
        bool is_known = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            is_known = is_known || strcmp(json_key(item), known[i]) == 0;
        if (!is_known)
            fail_msg("the validator does not know `%s`", json_key(item));
    }
}

static inline bool validator_accepts(const struct json *schema, const struct yaml_node *node)
{
    validator_check_keywords(schema);
    const char *reference = json_get_string(schema, "$ref", NULL);
    if (reference != NULL)
        return validator_accepts(validator_follow(reference), node);
    const struct json *type = json_get(schema, "type");
    const struct json *values = json_get(schema, "enum");
    const struct json *constant = json_get(schema, "const");
    const struct json *items = json_get(schema, "items");
    if (type != NULL && !validator_check_type(type, node))
        return false;
    if (values != NULL && !validator_check_enum(values, node))
        return false;
    if (constant != NULL && !validator_equals(constant, node))
        return false;
    if (node->kind == YAML_KIND_SCALAR && !validator_check_scalar(schema, node))
        return false;
    if (node->kind == YAML_KIND_MAPPING && !validator_check_object(schema, node))
        return false;
    for (size_t i = 0; items != NULL && node->kind == YAML_KIND_SEQUENCE && i < node->count; i++) {
        if (!validator_accepts(items, node->items[i]))
            return false;
    }
    return validator_check_parts(schema, node);
}

#endif
