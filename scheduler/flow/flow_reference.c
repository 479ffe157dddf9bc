#include "scheduler/flow/flow_reference.h"

#include "scheduler/flow/field_blocks.h"
#include "scheduler/flow/field_scalar.h"
#include "scheduler/flow/field_table.h"

struct page {
    struct text *out;
    struct field_blocks blocks;
    const char *above; /* the name of the block that is being written */
};

/* Text in a cell of a table: a bar would end it. */
static void append_cell(struct text *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '|')
            text_append_char(out, '\\');
        text_append_char(out, *at == '\n' ? ' ' : *at);
    }
}

static void append_code(struct text *out, const char *text)
{
    text_append_char(out, '`');
    append_cell(out, text);
    text_append_char(out, '`');
}

static void append_choices(struct text *out, const char *const *choices)
{
    for (const char *const *choice = choices; *choice != NULL; choice++) {
        text_append(out, choice == choices ? "" : ", ");
        append_code(out, *choice);
    }
}

static const char *link_to(struct page *page, const struct field *field)
{
    const struct field *inside = field_blocks_inside(field);
    if (inside == NULL)
        return NULL;
    if (inside == field_table_node)
        return "nodes";
    return field_blocks_name(&page->blocks, inside, page->above, field->name);
}

static void append_link(struct text *out, const char *words, const char *block)
{
    text_append_format(out, "%s, see %s", words, block);
}

static void append_kind(struct page *page, const struct field *field)
{
    struct text *out = page->out;
    const char *block = link_to(page, field);
    if (field->kind == FIELD_KIND_CHOICE) {
        append_choices(out, field->choices);
    } else if (field->kind == FIELD_KIND_LIST) {
        text_append(out, "list of: ");
        text_append(out, field_kind_words(field->item->kind));
    } else if (field->kind == FIELD_KIND_MAP && block != NULL) {
        append_link(out, "names to maps", block);
    } else if (field->kind == FIELD_KIND_MAP) {
        text_append_format(out, "names to: %s", field_kind_words(field->item->kind));
    } else if (field->kind == FIELD_KIND_EITHER && block != NULL) {
        append_link(out, "text or a map", block);
    } else if (field->kind == FIELD_KIND_EITHER) {
        text_append(out, "text, or names to text");
    } else if (block != NULL) {
        append_link(out, "map", block);
    } else {
        text_append(out, field_kind_words(field->kind));
    }
    if (field->kind == FIELD_KIND_INTEGER && field->max != 0)
        text_append_format(out, ", %lld to %lld", (long long)field->min, (long long)field->max);
}

static void append_field(struct page *page, const struct field *field)
{
    struct text *out = page->out;
    text_append(out, "| ");
    append_code(out, field->name);
    text_append(out, field->is_required ? " (required)" : "");
    text_append(out, " | ");
    append_kind(page, field);
    text_append(out, " | ");
    if (field->default_text != NULL)
        append_code(out, field->default_text);
    text_append(out, " | ");
    append_cell(out, field->help == NULL ? "" : field->help);
    if (field->example != NULL) {
        text_append(out, " For example ");
        append_code(out, field->example);
    }
    text_append(out, " |\n");
}

static void append_block(struct page *page, const char *name, const struct field *fields)
{
    struct text *out = page->out;
    page->above = name;
    if (fields->name == NULL) {
        text_append(out, "\nNo keys of its own.\n");
        return;
    }
    text_append(out, "\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for (const struct field *field = fields; field->name != NULL; field++)
        append_field(page, field);
}

/* The blocks that came up since the last call, each with a heading. */
static void append_pending(struct page *page, size_t *done)
{
    for (; *done < page->blocks.count; (*done)++) {
        struct field_block block = page->blocks.items[*done];
        text_append_format(page->out, "\n#### %s\n", block.name);
        append_block(page, block.name, block.fields);
    }
}

void flow_reference_write(const struct node_type *const *types, size_t count, struct text *out)
{
    struct page page = {.out = out};
    size_t done = 0;
    field_blocks_init(&page.blocks);
    text_append(out, "\n### A flow\n");
    append_block(&page, "flow", field_table_flow);
    append_pending(&page, &done);
    text_append(out, "\n### nodes\n\nWhat any node may have, beside the keys of its type:\n");
    append_block(&page, "nodes", field_table_node);
    append_pending(&page, &done);
    for (size_t i = 0; i < count; i++) {
        text_append_format(out, "\n### type: %s\n\n%s\n", types[i]->name, types[i]->help);
        append_block(&page, types[i]->name, types[i]->fields);
        append_pending(&page, &done);
    }
    text_append(out, "\n### datemill.yaml\n");
    append_block(&page, "project", field_table_project);
    append_pending(&page, &done);
    text_append(out, "\n### node.yaml\n\nThe manifest of a node type beyond the built-in ones:\n");
    append_block(&page, "node.yaml", field_table_manifest);
    append_pending(&page, &done);
    text_append_char(out, '\n');
    field_blocks_free(&page.blocks);
}
