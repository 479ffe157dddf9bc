#include "scheduler/plan/plan_resolve.h"

#include "scheduler/base/scope.h"

#include <string.h>

/* `folder`/`name` with `.` and `..` resolved in the text; NULL when it leaves the project. */
static const char *join(const char *path, const char *name, struct arena *arena)
{
    const char *slash = strrchr(path, '/');
    char *joined =
        arena_format(arena, "%.*s%s", slash == NULL ? 0 : (int)(slash - path + 1), path, name);
    char *result = arena_alloc(arena, strlen(joined) + 2);
    size_t length = 0;
    for (const char *part = joined; *part != '\0'; part += *part == '/') {
        size_t size = strcspn(part, "/");
        if (size == 2 && strncmp(part, "..", 2) == 0) {
            if (length == 0)
                return NULL;
            while (length > 0 && result[length - 1] != '/')
                length--;
            length -= length > 0;
        } else if (size > 0 && !(size == 1 && part[0] == '.')) {
            if (length > 0)
                result[length++] = '/';
            memcpy(result + length, part, size);
            length += size;
        }
        part += size;
    }
    result[length] = '\0';
    return result;
}

static const struct flow_file *find_file(const struct plan_resolver *resolver, const char *name)
{
    const struct flow *flow = resolver->flow;
    const char *path = join(flow->files[0].path, name, resolver->arena);
    for (size_t i = 0; path != NULL && i < flow->file_count; i++) {
        if (strcmp(flow->files[i].path, path) == 0)
            return &flow->files[i];
    }
    return NULL;
}

static const char *file_name(const struct flow *flow, const struct field_value *value)
{
    return flow->files[value->place.file < flow->file_count ? value->place.file : 0].path;
}

static int substitute(const struct plan_resolver *resolver, struct reference_walk walk,
                      enum reference_rules rules, struct field_value *value, struct error *err)
{
    struct reference_values values = {
        .find = parameter_find, .data = resolver->scope, .rules = rules};
    SCOPED_TEXT struct text text = {0};
    if (reference_substitute(resolver->finder, walk, values, &text, err) < 0)
        return -1;
    value->text = arena_copy(resolver->arena, text_string(&text), text.length);
    return 0;
}

/* The place within a value becomes a place in the file: right for plain text on one line and for
 * blocks of text, near for others. */
static int place_error(const struct plan_resolver *resolver, const struct field_value *value,
                       struct error *err)
{
    if (err == NULL)
        return -1;
    bool is_first_line = err->line <= 1;
    err->column =
        (int)value->place.column + (is_first_line && err->column > 1 ? err->column - 1 : 0);
    err->line = (int)value->place.line + (is_first_line ? 0 : err->line - 1);
    return error_prefix(err, "%s", file_name(resolver->flow, value));
}

static int resolve_file(const struct plan_resolver *resolver, struct field_value *value,
                        struct error *err)
{
    const struct flow_file *file = find_file(resolver, value->text);
    if (file == NULL)
        return error_at(err, (int)value->place.line, (int)value->place.column, "",
                        "%s: the file %s was not read with the flow",
                        file_name(resolver->flow, value), value->text);
    struct reference_walk walk;
    reference_walk_init(&walk, file->bytes, file->length);
    if (substitute(resolver, walk, REFERENCE_RULES_SQL, value, err) < 0)
        return error_prefix(err, "%s", file->path);
    return 0;
}

static int resolve_text(const struct plan_resolver *resolver, enum reference_rules rules,
                        struct field_value *value, struct error *err)
{
    struct reference_walk walk;
    reference_walk_init(&walk, value->text, strlen(value->text));
    if (substitute(resolver, walk, rules, value, err) < 0)
        return place_error(resolver, value, err);
    return 0;
}

static int resolve_one(const struct plan_resolver *resolver, struct field_value *value,
                       struct error *err)
{
    if (value->is_secret || value->text == NULL)
        return 0;
    switch (value->kind) {
    case FIELD_KIND_TEXT:
        return resolve_text(resolver, REFERENCE_RULES_PLAIN, value, err);
    case FIELD_KIND_SQL:
        return resolve_text(resolver, REFERENCE_RULES_SQL, value, err);
    case FIELD_KIND_SQL_FILE:
        return resolve_file(resolver, value, err);
    case FIELD_KIND_STRING:
    case FIELD_KIND_NAME:
    case FIELD_KIND_SCRIPT:
    case FIELD_KIND_VALUE:
    case FIELD_KIND_PATH:
    case FIELD_KIND_INTEGER:
    case FIELD_KIND_DURATION:
    case FIELD_KIND_SIZE:
    case FIELD_KIND_BOOL:
    case FIELD_KIND_CHOICE:
    case FIELD_KIND_DATE:
    case FIELD_KIND_LIST:
    case FIELD_KIND_MAP:
    case FIELD_KIND_BLOCK:
    case FIELD_KIND_NEED:
    case FIELD_KIND_EITHER:
        return 0;
    }
    return 0;
}

/* A collection whose items are still to be copied. */
struct pending {
    struct field_value *value;
    struct pending *next;
};

int plan_resolve(const struct plan_resolver *resolver, const struct field_value *written,
                 struct field_value *ret_resolved, struct error *err)
{
    struct field_value root = *written;
    if (resolve_one(resolver, &root, err) < 0)
        return -1;
    struct pending first = {.value = &root};
    struct pending *pending = &first;
    while (pending != NULL) {
        struct field_value *value = pending->value;
        pending = pending->next;
        if (value->is_secret || value->item_count == 0)
            continue;
        struct field_value *items = arena_array(resolver->arena, value->item_count, sizeof *items);
        memcpy(items, value->items, value->item_count * sizeof *items);
        value->items = items;
        for (size_t i = 0; i < value->item_count; i++) {
            if (resolve_one(resolver, &items[i], err) < 0)
                return -1;
            struct pending *later = arena_alloc(resolver->arena, sizeof *later);
            *later = (struct pending){.value = &items[i], .next = pending};
            pending = later;
        }
    }
    *ret_resolved = root;
    return 0;
}
