#include "scheduler/flow/yaml_tree.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/flow/name_index.h"
#include "scheduler/flow/yaml_problem.h"

#include <yaml.h>

#include <string.h>

#define SMALL_MAP 8

/* A collection whose end has not come yet. */
struct open_node {
    struct yaml_node *node;
    struct yaml_node **children; /* freed with the builder; kept for the next collection */
    size_t count;                /* of a mapping: keys and values in turn */
    size_t capacity;
};

struct anchor {
    const char *name;
    struct yaml_node *node; /* may be open still */
};

struct builder {
    const struct yaml_input *input;
    struct open_node open[YAML_MAX_DEPTH];
    size_t depth;
    struct yaml_node *root;
    struct anchor *anchors;
    size_t anchor_count;
    size_t anchor_capacity;
    size_t node_count;
    size_t document_count;
};

static void free_builder(struct builder *builder)
{
    for (size_t i = 0; i < YAML_MAX_DEPTH; i++)
        free(builder->open[i].children);
}

static struct field_place place_of(const struct builder *builder, const yaml_event_t *event)
{
    const yaml_mark_t *from = &event->start_mark;
    const yaml_mark_t *to = &event->end_mark;
    bool is_on_one_line = from->line == to->line && to->column > from->column;
    return (struct field_place){.file = builder->input->file_index,
                                .line = (uint32_t)from->line + 1,
                                .column = (uint32_t)from->column + 1,
                                .length =
                                    is_on_one_line ? (uint32_t)(to->column - from->column) : 1};
}

__attribute__((format(printf, 4, 5))) static int fail(const struct builder *builder,
                                                      struct field_place place, const char *code,
                                                      const char *format, ...)
{
    SCOPED_TEXT struct text message = {0};
    va_list args;
    va_start(args, format);
    text_append_args(&message, format, args);
    va_end(args);
    flow_report_error(builder->input->report, place, code, "%s", text_string(&message));
    return -1;
}

static void report_duplicate(const struct builder *builder, const struct yaml_node *first,
                             const struct yaml_node *second)
{
    const struct flow_report *report = builder->input->report;
    struct diagnostic *problem = diagnostics_add(report->list, DIAGNOSTIC_ERROR, "E102",
                                                 "`%.64s` is given twice", second->text);
    diagnostic_label(problem, flow_report_place(report, second->place), "again here");
    diagnostic_label(problem, flow_report_place(report, first->place), "first here");
}

/* The pair that has this key already, NAME_INDEX_NONE if there is none. Small maps are the rule,
 * and need no index. */
static size_t find_earlier(struct name_index *index, const struct yaml_pair *pairs, size_t kept,
                           const char *key)
{
    if (index != NULL)
        return name_index_add(index, key, kept);
    for (size_t i = 0; i < kept; i++) {
        if (strcmp(pairs[i].key->text, key) == 0)
            return i;
    }
    return NAME_INDEX_NONE;
}

static void close_mapping(struct builder *builder, struct open_node *open)
{
    struct arena *arena = builder->input->arena;
    size_t count = open->count / 2;
    struct yaml_pair *pairs = arena_array(arena, count + 1, sizeof *pairs);
    SCOPED_ARENA struct arena scratch;
    arena_init(&scratch, 0);
    struct name_index *index = count <= SMALL_MAP ? NULL : name_index_new(&scratch, count + 1);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct yaml_node *key = open->children[2 * i];
        size_t earlier = find_earlier(index, pairs, kept, key->text);
        if (earlier != NAME_INDEX_NONE)
            report_duplicate(builder, pairs[earlier].key, key);
        else
            pairs[kept++] = (struct yaml_pair){key, open->children[2 * i + 1]};
    }
    open->node->pairs = pairs;
    open->node->count = kept;
}

static void close_node(struct builder *builder)
{
    struct open_node *open = &builder->open[--builder->depth];
    if (open->node->kind == YAML_KIND_MAPPING) {
        close_mapping(builder, open);
    } else {
        size_t bytes = open->count * sizeof *open->children;
        struct yaml_node **items =
            arena_array(builder->input->arena, open->count + 1, sizeof *items);
        if (bytes > 0)
            memcpy(items, open->children, bytes);
        open->node->items = items;
        open->node->count = open->count;
    }
}

/* Puts a finished or just opened node into the collection around it. */
static int attach(struct builder *builder, struct yaml_node *node)
{
    if (builder->depth == 0) {
        builder->root = node;
        return 0;
    }
    struct open_node *open = &builder->open[builder->depth - 1];
    bool is_key = open->node->kind == YAML_KIND_MAPPING && open->count % 2 == 0;
    if (is_key && node->kind != YAML_KIND_SCALAR)
        return fail(builder, node->place, "E100", "a key is a word, not a list or a map");
    if (is_key && node->is_plain && strcmp(node->text, "<<") == 0) {
        fail(builder, node->place, "E100", "merge keys (`<<`) are not part of the format");
        return -1;
    }
    open->children =
        memory_grow(open->children, open->count, &open->capacity, sizeof(struct yaml_node *));
    open->children[open->count++] = node;
    return 0;
}

static int add_anchor(struct builder *builder, const yaml_event_t *event, const yaml_char_t *name,
                      struct yaml_node *node)
{
    if (name == NULL)
        return 0;
    if (builder->anchor_count == YAML_MAX_ANCHORS)
        return fail(builder, place_of(builder, event), "E107", "more than %d anchors",
                    YAML_MAX_ANCHORS);
    struct arena *arena = builder->input->arena;
    builder->anchors = arena_grow(arena, builder->anchors, builder->anchor_count,
                                  &builder->anchor_capacity, sizeof *builder->anchors);
    builder->anchors[builder->anchor_count++] =
        (struct anchor){arena_copy_string(arena, (const char *)name), node};
    return 0;
}

static int add_alias(struct builder *builder, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct yaml_node *node = NULL;
    for (size_t i = builder->anchor_count; i > 0 && node == NULL; i--) {
        if (strcmp(builder->anchors[i - 1].name, name) == 0)
            node = builder->anchors[i - 1].node;
    }
    struct field_place place = place_of(builder, event);
    if (node == NULL)
        return fail(builder, place, "E100", "no anchor `&%.64s` before this alias", name);
    for (size_t i = 0; i < builder->depth; i++) {
        if (builder->open[i].node == node)
            return fail(builder, place, "E100", "the alias `*%.64s` stands inside what it names",
                        name);
    }
    return attach(builder, node);
}

static struct yaml_node *new_node(struct builder *builder, const yaml_event_t *event,
                                  enum yaml_kind kind)
{
    struct yaml_node *node = arena_alloc(builder->input->arena, sizeof *node);
    node->kind = kind;
    node->place = place_of(builder, event);
    node->text = "";
    return node;
}

static int check_node(struct builder *builder, const yaml_event_t *event, const yaml_char_t *tag)
{
    struct field_place place = place_of(builder, event);
    if (++builder->node_count > YAML_MAX_NODES)
        return fail(builder, place, "E107", "the file holds more than %d values", YAML_MAX_NODES);
    if (tag != NULL)
        return fail(builder, place, "E100", "tags (`!name`) are not part of the format");
    return 0;
}

static int add_scalar(struct builder *builder, const yaml_event_t *event)
{
    if (check_node(builder, event, event->data.scalar.tag) != 0)
        return -1;
    struct yaml_node *node = new_node(builder, event, YAML_KIND_SCALAR);
    size_t length = event->data.scalar.length;
    const char *bytes = (const char *)event->data.scalar.value;
    if (length > YAML_MAX_SCALAR_BYTES)
        return fail(builder, node->place, "E107", "a value of more than %zu KiB",
                    YAML_MAX_SCALAR_BYTES >> 10);
    if (memchr(bytes, '\0', length) != NULL)
        return fail(builder, node->place, "E100", "a value cannot hold a NUL character");
    node->text = arena_copy(builder->input->arena, bytes, length);
    node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (add_anchor(builder, event, event->data.scalar.anchor, node) != 0)
        return -1;
    return attach(builder, node);
}

static int open_collection(struct builder *builder, const yaml_event_t *event, enum yaml_kind kind)
{
    bool is_mapping = kind == YAML_KIND_MAPPING;
    const yaml_char_t *tag =
        is_mapping ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    const yaml_char_t *anchor =
        is_mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    if (check_node(builder, event, tag) != 0)
        return -1;
    struct yaml_node *node = new_node(builder, event, kind);
    if (builder->depth == YAML_MAX_DEPTH)
        return fail(builder, node->place, "E107", "nested more than %d levels deep",
                    YAML_MAX_DEPTH);
    if (attach(builder, node) != 0 || add_anchor(builder, event, anchor, node) != 0)
        return -1;
    struct open_node *open = &builder->open[builder->depth++];
    open->node = node;
    open->count = 0;
    return 0;
}

static int add_event(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return add_scalar(builder, event);
    case YAML_ALIAS_EVENT:
        return add_alias(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(builder, event, YAML_KIND_SEQUENCE);
    case YAML_MAPPING_START_EVENT:
        return open_collection(builder, event, YAML_KIND_MAPPING);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_node(builder);
        return 0;
    case YAML_DOCUMENT_START_EVENT:
        if (++builder->document_count > 1)
            return fail(builder, place_of(builder, event), "E100",
                        "a file holds one document: `---` begins a second one");
        return 0;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return 0;
    }
    return 0;
}

static void report_failure(const struct builder *builder, const yaml_parser_t *parser)
{
    bool has_context = parser->context != NULL;
    struct yaml_failure failure = {
        .problem = parser->problem == NULL ? "" : parser->problem,
        .context = has_context ? parser->context : "",
        .at = {(uint32_t)parser->problem_mark.line + 1, (uint32_t)parser->problem_mark.column + 1},
        .context_at = {has_context ? (uint32_t)parser->context_mark.line + 1 : 0,
                       (uint32_t)parser->context_mark.column + 1}};
    yaml_problem_report(builder->input, &failure);
}

static int build(struct builder *builder, yaml_parser_t *parser)
{
    for (bool is_over = false; !is_over;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            report_failure(builder, parser);
            return -1;
        }
        int failed = add_event(builder, &event);
        is_over = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (failed != 0)
            return -1;
    }
    return 0;
}

int yaml_tree_read(const struct yaml_input *input, const struct yaml_node **ret_root)
{
    if (yaml_problem_check_bytes(input) != 0)
        return -1;
    SCOPED(free_builder) struct builder builder = {.input = input};
    SCOPED(yaml_parser_delete) yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return fail(&builder, (struct field_place){input->file_index, 1, 1, 1}, "E107",
                    "not enough memory to read the file");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    const char *bytes = input->file->bytes;
    size_t mark = input->file->length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes + mark,
                                 input->file->length - mark);
    if (build(&builder, &parser) != 0)
        return -1;
    if (builder.root == NULL)
        return fail(&builder, (struct field_place){input->file_index, 1, 1, 1}, "E100",
                    "the file is empty");
    *ret_root = builder.root;
    return 0;
}

bool yaml_is_null(const struct yaml_node *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    if (node->kind != YAML_KIND_SCALAR || !node->is_plain)
        return false;
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
        if (strcmp(node->text, nulls[i]) == 0)
            return true;
    }
    return false;
}

const struct yaml_node *yaml_find(const struct yaml_node *mapping, const char *key)
{
    if (mapping == NULL || mapping->kind != YAML_KIND_MAPPING)
        return NULL;
    for (size_t i = 0; i < mapping->count; i++) {
        if (strcmp(mapping->pairs[i].key->text, key) == 0)
            return mapping->pairs[i].value;
    }
    return NULL;
}

const char *yaml_tree_library_version(struct arena *arena)
{
    return arena_copy_string(arena, yaml_get_version_string());
}
