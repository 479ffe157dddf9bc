#include "scheduler/flow/field_read.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/flow/field_scalar.h"
#include "scheduler/flow/field_table.h"

#include <string.h>

#define NONE SIZE_MAX
#define SHOWN_KEYS 20

static const struct field secret_fields[] = {
    {.name = "file", .kind = FIELD_KIND_STRING, .help = "A file that holds the value."},
    {.name = "env", .kind = FIELD_KIND_NAME, .help = "A variable of the scheduler's environment."},
    {.name = NULL},
};
static const struct field secret_block = {.kind = FIELD_KIND_BLOCK, .fields = secret_fields};

/* A value still to be read. Members are put in the queue by their collection; nothing recurses. */
struct task {
    const struct yaml_node *node;
    const struct field *field;
    struct field_value *out;      /* name, key_place and field are set */
    size_t parent;                /* index of its collection's task, NONE for the root */
    const struct node_type *type; /* for a BLOCK of field_table_node */
};

struct work {
    const struct field_reader *reader;
    struct task *tasks;
    size_t count;
    size_t capacity;
    size_t value_count;
};

static void free_work(struct work *work)
{
    free(work->tasks);
}

static struct diagnostic_place place_of(const struct work *work, struct field_place place)
{
    return flow_report_place(work->reader->report, place);
}

const struct node_type *field_read_type(const struct node_type *const *types, size_t count,
                                        const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    }
    return NULL;
}

/* "node `x`", "`from` of node `x`", "a flow" */
static void describe(const struct work *work, size_t index, struct text *out)
{
    const struct task *task = &work->tasks[index];
    while (task->parent != NONE && task->out->name == NULL)
        task = &work->tasks[task->parent];
    if (task->parent == NONE) {
        text_append(out, work->reader->what);
        return;
    }
    if (task->field->fields == field_table_node) {
        text_append_format(out, "node `%s`", task->out->name);
        return;
    }
    text_append_format(out, "`%s`", task->out->name);
    const struct task *above = &work->tasks[task->parent];
    while (above->parent != NONE && above->field->fields != field_table_node)
        above = &work->tasks[above->parent];
    if (above->parent != NONE)
        text_append_format(out, " of node `%s`", above->out->name);
}

static void report_wrong(struct work *work, size_t index, struct field_place place,
                         const struct error *err)
{
    SCOPED_TEXT struct text where = {0};
    describe(work, index, &where);
    struct diagnostic *problem = diagnostics_add(work->reader->report->list, DIAGNOSTIC_ERROR,
                                                 "E104", "wrong value for %s", text_string(&where));
    diagnostic_label(problem, place_of(work, place), "%s", err->text);
    if (err->help[0] != '\0')
        diagnostic_help(problem, "%s", err->help);
}

static const char *kind_found(const struct yaml_node *node)
{
    if (yaml_is_null(node))
        return "nothing";
    if (node->kind == YAML_KIND_SEQUENCE)
        return "a list";
    return node->kind == YAML_KIND_MAPPING ? "a map" : "a single value";
}

static void report_kind(struct work *work, size_t index)
{
    const struct task *task = &work->tasks[index];
    struct error err;
    error_set(&err, ERROR_KIND_INVALID, "expected %s, found %s",
              field_kind_words(task->field->kind), kind_found(task->node));
    const char *example = task->field->example;
    if (example != NULL && task->out->name != NULL)
        error_help(&err, "for example: %s: %s", task->out->name, example);
    struct field_place place = task->node->place;
    if (yaml_is_null(task->node) && task->out->name != NULL)
        place = task->out->key_place;
    report_wrong(work, index, place, &err);
    task->out->field = NULL;
}

/* Room for the members of a collection; false when the file has too many. */
static bool take_values(struct work *work, size_t index, size_t count)
{
    work->value_count += count;
    if (work->value_count <= FIELD_READ_MAX_VALUES)
        return true;
    struct diagnostic *problem =
        flow_report_error(work->reader->report, work->tasks[index].node->place, "E107",
                          "more than %d values", FIELD_READ_MAX_VALUES);
    diagnostic_note(problem, "what an alias names is counted each time it is used");
    return false;
}

static void push(struct work *work, const struct yaml_node *node, const struct field *field,
                 struct field_value *out, size_t parent)
{
    out->field = field;
    out->text = "";
    work->tasks = memory_grow(work->tasks, work->count, &work->capacity, sizeof *work->tasks);
    work->tasks[work->count++] =
        (struct task){.node = node, .field = field, .out = out, .parent = parent};
}

static void offer_keys(struct suggest *suggest, const struct field *fields)
{
    for (const struct field *field = fields; field != NULL && field->name != NULL; field++)
        suggest_offer(suggest, field->name);
}

static void append_keys(struct text *out, const struct field *fields)
{
    for (const struct field *field = fields; field != NULL && field->name != NULL; field++)
        text_append_format(out, "%s%s", out->length == 0 ? "" : ", ", field->name);
}

/* A key that another type has: the node's `type:` is missing or wrong. */
static const struct node_type *find_owner(const struct work *work, const char *key)
{
    for (size_t i = 0; i < work->reader->type_count; i++) {
        if (field_describe(work->reader->types[i]->fields, key) != NULL)
            return work->reader->types[i];
    }
    return NULL;
}

static void report_unknown(struct work *work, size_t index, const struct yaml_node *key)
{
    const struct task *task = &work->tasks[index];
    SCOPED_TEXT struct text where = {0};
    describe(work, index, &where);
    struct suggest suggest;
    suggest_begin(&suggest, key->text);
    offer_keys(&suggest, task->field->fields);
    if (task->type != NULL)
        offer_keys(&suggest, task->type->fields);
    const char *best = suggest_best(&suggest);
    struct diagnostic *problem =
        diagnostics_add(work->reader->report->list, DIAGNOSTIC_ERROR, "E103",
                        "unknown key `%.64s` in %s", key->text, text_string(&where));
    if (best != NULL)
        diagnostic_label(problem, place_of(work, key->place), "did you mean `%s`?", best);
    else
        diagnostic_label(problem, place_of(work, key->place), "%s", "");
    SCOPED_TEXT struct text keys = {0};
    if (task->type != NULL)
        append_keys(&keys, task->type->fields);
    append_keys(&keys, task->field->fields);
    const char *whose = task->type != NULL
                            ? arena_format(work->reader->arena, "a %s node", task->type->name)
                        : task->parent == NONE ? work->reader->what
                                               : text_string(&where);
    diagnostic_note(problem, "%s has: %s", whose, text_string(&keys));
    const struct node_type *owner =
        task->type == NULL || best != NULL ? NULL : find_owner(work, key->text);
    if (owner != NULL)
        diagnostic_help(problem, "`%s` belongs to nodes with `type: %s`", key->text, owner->name);
    /* The rules of the type would only say the same in other words. */
    bool is_of_type =
        best != NULL && task->type != NULL &&
        (strcmp(best, "type") == 0 || field_describe(task->type->fields, best) != NULL);
    if (owner != NULL || is_of_type)
        task->out->number = 1;
}

/* Whether a key that nobody knows was meant to be this one: that was said already. */
static bool is_misspelt(const struct work *work, size_t index, const struct field *field)
{
    const struct task *task = &work->tasks[index];
    for (size_t i = 0; i < task->node->count; i++) {
        const char *key = task->node->pairs[i].key->text;
        bool is_known = field_describe(task->field->fields, key) != NULL ||
                        (task->type != NULL && field_describe(task->type->fields, key) != NULL);
        if (!is_known && suggest_among(key, &field->name, 1) != NULL)
            return true;
    }
    return false;
}

static void report_missing(struct work *work, size_t index, const struct field *field)
{
    const struct task *task = &work->tasks[index];
    SCOPED_TEXT struct text where = {0};
    describe(work, index, &where);
    struct field_place place = task->out->name != NULL ? task->out->key_place : task->node->place;
    struct diagnostic *problem =
        diagnostics_add(work->reader->report->list, DIAGNOSTIC_ERROR, "E106", "%s needs `%s`",
                        text_string(&where), field->name);
    diagnostic_label(problem, place_of(work, place), "`%s` is missing", field->name);
    if (field->example != NULL)
        diagnostic_help(problem, "for example: %s: %s", field->name, field->example);
}

static void check_required(struct work *work, size_t index, const struct field *fields)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        if (field->is_required && yaml_find(work->tasks[index].node, field->name) == NULL &&
            !is_misspelt(work, index, field))
            report_missing(work, index, field);
    }
}

static bool find_type(struct work *work, struct task *task)
{
    const struct yaml_node *named = yaml_find(task->node, "type");
    bool is_named = named != NULL && named->kind == YAML_KIND_SCALAR;
    const char *name = is_named ? named->text : FIELD_TABLE_DEFAULT_TYPE;
    task->type = field_read_type(work->reader->types, work->reader->type_count, name);
    if (task->type != NULL || !is_named)
        return task->type != NULL;
    struct suggest suggest;
    suggest_begin(&suggest, name);
    SCOPED_TEXT struct text names = {0};
    for (size_t i = 0; i < work->reader->type_count; i++) {
        suggest_offer(&suggest, work->reader->types[i]->name);
        text_append_format(&names, "%s%s", i == 0 ? "" : ", ", work->reader->types[i]->name);
    }
    struct diagnostic *problem = diagnostics_add(work->reader->report->list, DIAGNOSTIC_ERROR,
                                                 "E115", "no node type `%.64s`", name);
    if (suggest_best(&suggest) != NULL)
        diagnostic_label(problem, place_of(work, named->place), "did you mean `%s`?",
                         suggest_best(&suggest));
    else
        diagnostic_label(problem, place_of(work, named->place), "%s", "");
    diagnostic_note(problem, "the types are: %s", text_string(&names));
    return false;
}

static bool is_users_own(const char *key)
{
    return key[0] == 'x' && key[1] == '-';
}

/* The collection's value itself. */
static struct field_value *open_value(struct work *work, size_t index, enum field_kind kind)
{
    const struct task *task = &work->tasks[index];
    task->out->kind = kind;
    task->out->place = task->node->place;
    task->out->items =
        arena_array(work->reader->arena, task->node->count + 1, sizeof(struct field_value));
    return (struct field_value *)task->out->items;
}

static void name_member(struct field_value *member, const struct yaml_node *key)
{
    member->name = key->text;
    member->key_place = key->place;
}

static int read_block(struct work *work, size_t index)
{
    const struct field *fields = work->tasks[index].field->fields;
    const struct yaml_node *node = work->tasks[index].node;
    if (!take_values(work, index, node->count))
        return -1;
    bool is_node = fields == field_table_node;
    bool knows_keys = !is_node || find_type(work, &work->tasks[index]);
    const struct node_type *type = work->tasks[index].type;
    struct field_value *members = open_value(work, index, FIELD_KIND_BLOCK);
    struct field_value *out = work->tasks[index].out;
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_pair *pair = &node->pairs[i];
        if (is_users_own(pair->key->text))
            continue;
        const struct field *field = field_describe(fields, pair->key->text);
        if (field == NULL && type != NULL)
            field = field_describe(type->fields, pair->key->text);
        if (field == NULL) {
            if (knows_keys)
                report_unknown(work, index, pair->key);
            continue;
        }
        struct field_value *member = &members[out->item_count++];
        name_member(member, pair->key);
        push(work, pair->value, field, member, index);
    }
    check_required(work, index, fields);
    if (type != NULL)
        check_required(work, index, type->fields);
    return 0;
}

static int read_map(struct work *work, size_t index)
{
    const struct field *item = work->tasks[index].field->item;
    const struct yaml_node *node = work->tasks[index].node;
    if (!take_values(work, index, node->count))
        return -1;
    struct field_value *members = open_value(work, index, FIELD_KIND_MAP);
    struct field_value *out = work->tasks[index].out;
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_pair *pair = &node->pairs[i];
        if (!field_is_name(pair->key->text, strlen(pair->key->text))) {
            struct diagnostic *problem =
                flow_report_error(work->reader->report, pair->key->place, "E108",
                                  "`%.64s` is not a name", pair->key->text);
            diagnostic_help(problem,
                            "names are letters, digits and _, begin with no digit and have "
                            "at most %d characters",
                            FIELD_NAME_MAX);
            continue;
        }
        struct field_value *member = &members[out->item_count++];
        name_member(member, pair->key);
        push(work, pair->value, item, member, index);
    }
    return 0;
}

static int read_list(struct work *work, size_t index)
{
    const struct field *item = work->tasks[index].field->item;
    const struct yaml_node *node = work->tasks[index].node;
    bool is_single = node->kind == YAML_KIND_SCALAR;
    size_t count = is_single ? 1 : node->count;
    if (!take_values(work, index, count))
        return -1;
    struct field_value *out = work->tasks[index].out;
    out->kind = FIELD_KIND_LIST;
    out->place = node->place;
    struct field_value *items = arena_array(work->reader->arena, count + 1, sizeof *items);
    out->items = items;
    out->item_count = count;
    for (size_t i = 0; i < count; i++)
        push(work, is_single ? node : node->items[i], item, &items[i], index);
    return 0;
}

static void read_scalar(struct work *work, size_t index, const struct field *field)
{
    const struct task *task = &work->tasks[index];
    struct error err;
    int64_t number = 0;
    if (field_scalar_parse(field, task->node->text, &number, &err) != 0) {
        report_wrong(work, index, task->node->place, &err);
        task->out->field = NULL;
        return;
    }
    task->out->kind = field->kind;
    task->out->place = task->node->place;
    task->out->text = task->node->text;
    task->out->number = number;
}

/* `secret: {file: …}` or `secret: {env: …}` where a scalar is expected. */
static int read_secret(struct work *work, size_t index)
{
    struct task *task = &work->tasks[index];
    const struct yaml_node *inside = yaml_find(task->node, "secret");
    if (!task->field->allows_secret) {
        flow_report_error(work->reader->report, task->node->place, "E109",
                          "a secret cannot stand here");
        task->out->field = NULL;
        return 0;
    }
    bool is_good = task->node->count == 1 && inside->kind == YAML_KIND_MAPPING &&
                   inside->count == 1 && inside->pairs[0].value->kind == YAML_KIND_SCALAR;
    if (!is_good) {
        struct diagnostic *problem = flow_report_error(work->reader->report, task->node->place,
                                                       "E109", "a secret is a file or a variable");
        diagnostic_help(problem, "secret: {file: PATH}, or secret: {env: NAME}");
        task->out->field = NULL;
        return 0;
    }
    enum field_kind kind = task->field->kind;
    const struct field *field = task->field;
    task->node = inside;
    task->field = &secret_block;
    if (read_block(work, index) != 0)
        return -1;
    work->tasks[index].out->kind = kind;
    work->tasks[index].out->field = field;
    work->tasks[index].out->is_secret = true;
    return 0;
}

static bool is_secret_map(const struct yaml_node *node)
{
    return node->kind == YAML_KIND_MAPPING && yaml_find(node, "secret") != NULL;
}

static int read_either(struct work *work, size_t index)
{
    const struct task *task = &work->tasks[index];
    if (task->node->kind == YAML_KIND_MAPPING)
        return task->field->fields != NULL ? read_block(work, index) : read_map(work, index);
    if (task->node->kind == YAML_KIND_SCALAR && task->field->item != NULL)
        read_scalar(work, index, task->field->item);
    else
        report_kind(work, index);
    return 0;
}

static int read_task(struct work *work, size_t index)
{
    const struct task *task = &work->tasks[index];
    enum yaml_kind found = task->node->kind;
    enum field_kind kind = task->field->kind;
    if (yaml_is_null(task->node)) {
        report_kind(work, index);
        return 0;
    }
    if (kind == FIELD_KIND_EITHER)
        return read_either(work, index);
    if (kind == FIELD_KIND_BLOCK && found == YAML_KIND_MAPPING)
        return read_block(work, index);
    if (kind == FIELD_KIND_MAP && found == YAML_KIND_MAPPING)
        return read_map(work, index);
    if (kind == FIELD_KIND_LIST && found != YAML_KIND_MAPPING)
        return read_list(work, index);
    if (field_kind_is_scalar(kind) && is_secret_map(task->node))
        return read_secret(work, index);
    if (field_kind_is_scalar(kind) && found == YAML_KIND_SCALAR)
        read_scalar(work, index, task->field);
    else
        report_kind(work, index);
    return 0;
}

/* Drops members that could not be read (field NULL), from the innermost outward. */
static void drop_wrong(const struct work *work)
{
    for (size_t i = work->count; i > 0; i--) {
        struct field_value *value = work->tasks[i - 1].out;
        size_t kept = 0;
        struct field_value *items = (struct field_value *)value->items;
        for (size_t k = 0; k < value->item_count; k++) {
            if (items[k].field != NULL)
                items[kept++] = items[k];
        }
        value->item_count = kept;
    }
}

int field_read(const struct field_reader *reader, const struct yaml_node *root,
               const struct field *fields, struct field_value *ret_block)
{
    SCOPED(free_work) struct work work = {.reader = reader};
    struct field *block = arena_alloc(reader->arena, sizeof *block);
    block->kind = FIELD_KIND_BLOCK;
    block->fields = fields;
    struct field_value value = {0};
    push(&work, root, block, &value, NONE);
    for (size_t i = 0; i < work.count; i++) {
        if (read_task(&work, i) != 0)
            return -1;
    }
    if (value.field == NULL)
        return -1;
    drop_wrong(&work);
    *ret_block = value;
    return 0;
}
