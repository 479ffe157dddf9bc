/* One YAML document as a tree of plain nodes. The only part that uses libyaml is yaml_tree.c.
 *
 * Refused, each with its place: more than one document, merge keys, tags, keys that are not plain
 * text, duplicate keys, bytes that are not UTF-8, control characters, tabs as indentation. Aliases
 * point to the node they name, so that a tree is never larger than its file; whoever walks it
 * counts what it visits (FIELD_READ_MAX_VALUES). An alias inside the node it names is refused. */
#ifndef DATEMILL_FLOW_YAML_TREE_H
#define DATEMILL_FLOW_YAML_TREE_H

#include "scheduler/flow/yaml_input.h"

#include <stdbool.h>
#include <stddef.h>

#define YAML_MAX_DEPTH 64
#define YAML_MAX_NODES 200000
#define YAML_MAX_SCALAR_BYTES ((size_t)1 << 20)
#define YAML_MAX_ANCHORS 1000

enum yaml_kind {
    YAML_KIND_SCALAR,
    YAML_KIND_SEQUENCE,
    YAML_KIND_MAPPING
};

struct yaml_pair;

struct yaml_node {
    enum yaml_kind kind;
    bool is_plain; /* a scalar without quotes, and no block scalar */
    struct field_place place;
    const char *text;               /* scalars, else "" */
    struct yaml_node *const *items; /* sequences */
    const struct yaml_pair *pairs;  /* mappings, in the file's order */
    size_t count;
};

struct yaml_pair {
    const struct yaml_node *key; /* a scalar */
    const struct yaml_node *value;
};

/* Returns -1 with at least one error reported. Duplicate keys are reported, the first one counts,
 * and the tree is returned all the same (0). */
int yaml_tree_read(const struct yaml_input *input, const struct yaml_node **ret_root);

/* A plain scalar that YAML calls null: nothing, `~` or null. */
bool yaml_is_null(const struct yaml_node *node);

const struct yaml_node *yaml_find(const struct yaml_node *mapping, const char *key);

/* Of libyaml, as the program runs with: `0.2.5`. Belongs to `arena`. */
const char *yaml_tree_library_version(struct arena *arena);

#endif
