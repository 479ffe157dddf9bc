#include "nodes/warehouse/sql_edit.h"

#include <ctype.h>
#include <string.h>

const char *rewriter_small(struct rewriter *rewriter, const char *written)
{
    char *name = arena_copy_string(rewriter->arena, written);
    for (char *at = name; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return name;
}

static size_t bucket_of(const char *key)
{
    uint32_t hash = 2166136261u;
    for (; *key != '\0'; key++)
        hash = (hash ^ (unsigned char)*key) * 16777619u;
    return hash % REWRITER_BUCKETS;
}

static struct rewriter_name *find(struct rewriter *rewriter, const char *key)
{
    struct rewriter_name *name = rewriter->names[bucket_of(key)];
    while (name != NULL && strcmp(name->key, key) != 0)
        name = name->next;
    return name;
}

static const char *qualified(struct rewriter *rewriter, const char *relation, const char *name)
{
    if (relation == NULL)
        return name;
    return arena_format(rewriter->arena, "%s.%s", relation, name);
}

/* What a name is that is two things in two places: the same only if they compare alike. */
static enum type_kind join(enum type_kind a, enum type_kind b)
{
    if (a == TYPE_NONE || a == TYPE_NULL)
        return b;
    if (b == TYPE_NONE || b == TYPE_NULL || a == b)
        return a;
    return type_family(a) == type_family(b) ? type_join(a, b) : TYPE_UNKNOWN;
}

static struct rewriter_name *learn(struct rewriter *rewriter, const char *relation,
                                   const char *name, enum type_kind type)
{
    const char *key = qualified(rewriter, relation, name);
    struct rewriter_name *entry = find(rewriter, key);
    if (entry == NULL) {
        entry = arena_alloc(rewriter->arena, sizeof *entry);
        entry->key = key;
        entry->next = rewriter->names[bucket_of(key)];
        rewriter->names[bucket_of(key)] = entry;
        rewriter->name_count++;
        rewriter->has_changed = true;
    }
    enum type_kind joined = join(entry->type, type);
    if (joined != entry->type)
        rewriter->has_changed = true;
    entry->type = joined;
    return entry;
}

void rewriter_learn(struct rewriter *rewriter, const char *relation, const char *name,
                    enum type_kind type)
{
    learn(rewriter, relation, name, type)->is_mixed = true;
}

void rewriter_learn_column(struct rewriter *rewriter, const char *relation,
                           const struct table *table, size_t column)
{
    const char *name = rewriter_small(rewriter, table->columns[column].name);
    struct rewriter_name *entry = learn(rewriter, relation, name, table->columns[column].type.kind);
    if (entry->table != NULL && (entry->table != table || entry->column != column))
        entry->is_mixed = true;
    entry->table = table;
    entry->column = column;
}

void rewriter_learn_opaque(struct rewriter *rewriter, const char *relation)
{
    rewriter_learn(rewriter, relation, "*", TYPE_STRING);
}

const char *rewriter_scope(struct rewriter *rewriter, const struct rewriter_frame *query)
{
    return arena_format(rewriter->arena, "#%zu", query->first);
}

/* A name without a table: the relations of the innermost query that has it, then those around it.
 * A relation whose columns are not known one by one may have it, too: then nothing is certain. */
static const struct rewriter_name *find_in_scopes(struct rewriter *rewriter, const char *name)
{
    for (size_t i = rewriter->frame_count; i > 0; i--) {
        const struct rewriter_frame *frame = &rewriter->frames[i - 1];
        if (frame->kind != FRAME_QUERY)
            continue;
        const char *scope = rewriter_scope(rewriter, frame);
        const struct rewriter_name *entry = find(rewriter, qualified(rewriter, scope, name));
        if (entry != NULL)
            return entry;
        if (find(rewriter, qualified(rewriter, scope, "*")) != NULL)
            return NULL;
    }
    return NULL;
}

/* Behind SELECT a name may also be one of its aliases. */
static enum type_kind join_aliases(struct rewriter *rewriter, const char *name, enum type_kind type)
{
    for (size_t i = rewriter->frame_count; i > 0; i--) {
        const struct rewriter_frame *frame = &rewriter->frames[i - 1];
        if (frame->kind != FRAME_QUERY)
            continue;
        for (size_t k = 0; k < frame->item_count && frame->clause == CLAUSE_EXPRESSIONS; k++) {
            if (frame->items[k].name != NULL && strcmp(frame->items[k].name, name) == 0)
                type = join(type, frame->items[k].type);
        }
        break;
    }
    return type;
}

/* The name as its scope or its relation has it. */
static const struct rewriter_name *find_placed(struct rewriter *rewriter, const char *relation,
                                               const char *name)
{
    if (relation == NULL)
        return find_in_scopes(rewriter, name);
    if (find(rewriter, qualified(rewriter, relation, "*")) != NULL)
        return NULL;
    return find(rewriter, qualified(rewriter, relation, name));
}

const struct rewriter_name *rewriter_find_column(struct rewriter *rewriter, const char *relation,
                                                 const char *name)
{
    const struct rewriter_name *entry = find_placed(rewriter, relation, name);
    return entry == NULL || entry->table == NULL || entry->is_mixed ? NULL : entry;
}

enum type_kind rewriter_look_up(struct rewriter *rewriter, const char *relation, const char *name)
{
    if (rewriter->is_untyped)
        return TYPE_UNKNOWN;
    const struct rewriter_name *entry = find_placed(rewriter, relation, name);
    if (entry == NULL)
        entry = find(rewriter, name);
    enum type_kind type = entry == NULL ? TYPE_NONE : entry->type;
    if (relation == NULL)
        type = join_aliases(rewriter, name, type);
    if (type != TYPE_NONE)
        return type;
    return rewriter->is_settling ? TYPE_UNKNOWN : TYPE_NONE;
}

void rewriter_learn_with(struct rewriter *rewriter, const char *name)
{
    rewriter_learn(rewriter, "with ", name, TYPE_STRING);
}

bool rewriter_is_with(struct rewriter *rewriter, const char *name)
{
    return find(rewriter, qualified(rewriter, "with ", name)) != NULL;
}

const char *rewriter_small_name(struct rewriter *rewriter, size_t token)
{
    return rewriter_small(rewriter, sql_source_name(rewriter->source, token));
}
