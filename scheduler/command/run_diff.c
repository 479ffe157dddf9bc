#include "scheduler/command/run_diff.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/text_diff.h"
#include "scheduler/command/run_facts.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

bool run_diff_is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool run_diff_is_same_node(const struct run_diff_node *node)
{
    return node->a != NULL && node->b != NULL && node->a->state == node->b->state &&
           node->a->attempts == node->b->attempts && strcmp(node->a->type, node->b->type) == 0;
}

int run_diff_load(struct context *context, const struct options *options, size_t index,
                  struct run_diff_side *ret_side, struct error *err)
{
    struct store *store;
    struct run_diff_side side = {0};
    struct arena *arena = &context->arena;
    if (run_facts_find(context, options, index, &side.run, err) < 0 ||
        context_store(context, &store, err) < 0 ||
        view_run_nodes(store, side.run.id, arena, &side.nodes, err) < 0 ||
        view_run_details(store, side.run.id, arena, &side.details, err) < 0 ||
        view_version_files(store, side.run.version_id, arena, &side.files, err) < 0)
        return -1;
    *ret_side = side;
    return 0;
}

/* ---- facts ---- */

static void add_fact(struct run_diff *diff, const char *name, const char *a, const char *b)
{
    assert(diff->fact_count < RUN_DIFF_MAX_FACTS);
    diff->facts[diff->fact_count++] = (struct run_diff_fact){name, a, b};
}

static const char *or_all(const char *selection)
{
    return selection[0] != '\0' ? selection : "all";
}

static void compare_facts(struct context *context, const struct run_diff_side *a,
                          const struct run_diff_side *b, struct run_diff *diff)
{
    add_fact(diff, "flow", a->run.flow, b->run.flow);
    add_fact(diff, "bizdate", a->run.bizdate, b->run.bizdate);
    add_fact(diff, "planned", run_facts_planned(context, &a->run),
             run_facts_planned(context, &b->run));
    add_fact(diff, "timezone", a->run.zone, b->run.zone);
    add_fact(diff, "version", a->run.version, b->run.version);
    add_fact(diff, "state", run_state_name(a->run.state), run_state_name(b->run.state));
    add_fact(diff, "kind", store_run_kind_name(a->run.kind), store_run_kind_name(b->run.kind));
    add_fact(diff, "trigger", a->run.trigger, b->run.trigger);
    add_fact(diff, "reason", a->details.reason, b->details.reason);
    add_fact(diff, "nodes", or_all(a->details.selection), or_all(b->details.selection));
    add_fact(diff, "attempt", arena_format(&context->arena, "%d", a->run.opening),
             arena_format(&context->arena, "%d", b->run.opening));
}

/* ---- parameters ---- */

static const char *whose(const struct store_param *param)
{
    return param->node != NULL ? param->node : "";
}

static const char *how(struct arena *arena, const struct store_param *param)
{
    if (param->is_overridden)
        return "given by --var";
    if (param->written[0] != '\0')
        return arena_format(arena, "from %s", param->written);
    return param->explanation;
}

static const struct store_param *find_param(const struct view_details *details,
                                            const struct store_param *like)
{
    for (size_t i = 0; i < details->param_count; i++) {
        const struct store_param *param = &details->params[i];
        if (strcmp(param->name, like->name) == 0 && strcmp(whose(param), whose(like)) == 0)
            return param;
    }
    return NULL;
}

static void compare_params(struct arena *arena, const struct run_diff_side *a,
                           const struct run_diff_side *b, struct run_diff *diff)
{
    size_t count = a->details.param_count + b->details.param_count;
    struct run_diff_param *params = arena_array(arena, count, sizeof *params);
    for (size_t i = 0; i < count; i++) {
        bool is_first = i < a->details.param_count;
        const struct store_param *own =
            is_first ? &a->details.params[i] : &b->details.params[i - a->details.param_count];
        const struct store_param *other = find_param(is_first ? &b->details : &a->details, own);
        const struct store_param *in_a = is_first ? own : other;
        const struct store_param *in_b = is_first ? other : own;
        if (!is_first && other != NULL)
            continue;
        struct run_diff_param param = {.name = own->name, .node = whose(own)};
        param.a = in_a != NULL ? in_a->value : NULL;
        param.b = in_b != NULL ? in_b->value : NULL;
        param.how_a = in_a != NULL ? how(arena, in_a) : NULL;
        param.how_b = in_b != NULL ? how(arena, in_b) : NULL;
        if (run_diff_is_same(param.a, param.b) && run_diff_is_same(param.how_a, param.how_b))
            diff->same_params++;
        else
            params[diff->param_count++] = param;
    }
    diff->params = params;
}

/* ---- files and texts ---- */

static int read_text(struct store *store, const char *hash, struct arena *arena,
                     const char **ret_bytes, struct error *err)
{
    struct flow_file text = {.bytes = ""};
    if (hash != NULL && view_text(store, hash, arena, &text, err) < 0)
        return -1;
    *ret_bytes = text.bytes;
    return 0;
}

static int compare_text(struct store *store, struct run_diff_text *text, struct arena *arena,
                        struct error *err)
{
    const char *a;
    const char *b;
    SCOPED_TEXT struct text out = {0};
    if (read_text(store, text->hash_a, arena, &a, err) < 0 ||
        read_text(store, text->hash_b, arena, &b, err) < 0)
        return -1;
    text_diff_unified(a, b, &out);
    text->diff = arena_copy(arena, text_string(&out), out.length);
    return 0;
}

static const char *find_file(const struct view_files *files, const char *path)
{
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->items[i].path, path) == 0)
            return files->items[i].hash;
    }
    return NULL;
}

/* Of different flows a file that only one has is named, no more. */
static int compare_files(struct context *context, const struct run_diff_side *a,
                         const struct run_diff_side *b, struct run_diff *diff, struct error *err)
{
    struct arena *arena = &context->arena;
    size_t count = a->files.count + b->files.count;
    struct run_diff_text *files = arena_array(arena, count, sizeof *files);
    for (size_t i = 0; i < count; i++) {
        bool is_first = i < a->files.count;
        const char *path =
            is_first ? a->files.items[i].path : b->files.items[i - a->files.count].path;
        struct run_diff_text file = {.name = path,
                                     .hash_a = find_file(&a->files, path),
                                     .hash_b = find_file(&b->files, path),
                                     .diff = ""};
        if (!is_first && file.hash_a != NULL)
            continue;
        bool has_both = file.hash_a != NULL && file.hash_b != NULL;
        if (has_both && strcmp(file.hash_a, file.hash_b) == 0) {
            diff->same_files++;
            continue;
        }
        if ((has_both || diff->is_same_flow) && compare_text(context->store, &file, arena, err) < 0)
            return -1;
        files[diff->file_count++] = file;
    }
    diff->files = files;
    return 0;
}

/* ---- nodes ---- */

/* Nodes by name; mostly they stand in the same place of both. */
static const struct view_node *find_node(const struct view_nodes *nodes, const char *name,
                                         size_t near)
{
    for (size_t i = 0; i < nodes->count; i++) {
        const struct view_node *node = &nodes->items[(near + i) % nodes->count];
        if (strcmp(node->name, name) == 0)
            return node;
    }
    return NULL;
}

static struct duration took(const struct view_node *node)
{
    if (node == NULL || node->started_at.us == 0 || node->ended_at.us == 0)
        return (struct duration){-1};
    return instant_elapsed(node->started_at, node->ended_at);
}

static void compare_nodes(struct arena *arena, const struct run_diff_side *a,
                          const struct run_diff_side *b, struct run_diff *diff)
{
    size_t count = a->nodes.count + b->nodes.count;
    struct run_diff_node *nodes = arena_array(arena, count, sizeof *nodes);
    for (size_t i = 0; i < a->nodes.count; i++) {
        const struct view_node *node = &a->nodes.items[i];
        nodes[diff->node_count++] = (struct run_diff_node){
            .name = node->name, .a = node, .b = find_node(&b->nodes, node->name, i)};
    }
    for (size_t i = 0; i < b->nodes.count; i++) {
        const struct view_node *node = &b->nodes.items[i];
        if (find_node(&a->nodes, node->name, i) == NULL)
            nodes[diff->node_count++] = (struct run_diff_node){.name = node->name, .b = node};
    }
    for (size_t i = 0; i < diff->node_count; i++) {
        nodes[i].took_a = took(nodes[i].a);
        nodes[i].took_b = took(nodes[i].b);
    }
    diff->nodes = nodes;
}

static const char *hash_of(const struct view_node *node)
{
    bool has_text = node != NULL && node->attempt != NULL && node->attempt->text_hash[0] != '\0';
    return has_text ? node->attempt->text_hash : NULL;
}

static int compare_texts(struct store *store, struct arena *arena, struct run_diff *diff,
                         struct error *err)
{
    struct run_diff_text *texts = arena_array(arena, diff->node_count, sizeof *texts);
    for (size_t i = 0; i < diff->node_count; i++) {
        struct run_diff_text text = {.name = diff->nodes[i].name,
                                     .hash_a = hash_of(diff->nodes[i].a),
                                     .hash_b = hash_of(diff->nodes[i].b)};
        if (text.hash_a == NULL || text.hash_b == NULL || strcmp(text.hash_a, text.hash_b) == 0)
            continue;
        if (compare_text(store, &text, arena, err) < 0)
            return -1;
        texts[diff->text_count++] = text;
    }
    diff->texts = texts;
    return 0;
}

/* ---- tables ---- */

static struct run_diff_table *find_table(struct run_diff_table *tables, size_t count,
                                         const struct view_written *written)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(tables[i].table, written->table.table) == 0 &&
            strcmp(tables[i].node, written->node_name) == 0)
            return &tables[i];
    }
    return NULL;
}

/* What the newest attempt wrote into a table: all its partitions together. */
static void sum_table(struct arena *arena, const struct view_details *details,
                      const struct run_diff_table *table, const char **ret_part, int64_t *ret_rows)
{
    int64_t attempt_id = 0;
    int64_t rows = 0;
    size_t parts = 0;
    const char *part = NULL;
    for (size_t i = 0; i < details->table_count; i++) {
        const struct view_written *written = &details->tables[i];
        if (strcmp(written->table.table, table->table) != 0 ||
            strcmp(written->node_name, table->node) != 0 || written->attempt_id < attempt_id)
            continue;
        if (written->attempt_id != attempt_id) {
            parts = 0;
            rows = 0;
        }
        attempt_id = written->attempt_id;
        parts++;
        part = written->table.partition;
        rows = rows < 0 || written->table.rows < 0 ? -1 : rows + written->table.rows;
    }
    *ret_part = parts > 1 ? arena_format(arena, "%zu partitions", parts) : part;
    *ret_rows = parts > 0 ? rows : -1;
}

static void compare_tables(struct arena *arena, const struct run_diff_side *a,
                           const struct run_diff_side *b, struct run_diff *diff)
{
    size_t count = a->details.table_count + b->details.table_count;
    struct run_diff_table *tables = arena_array(arena, count, sizeof *tables);
    for (size_t i = 0; i < count; i++) {
        const struct view_written *written = i < a->details.table_count
                                                 ? &a->details.tables[i]
                                                 : &b->details.tables[i - a->details.table_count];
        if (find_table(tables, diff->table_count, written) != NULL)
            continue;
        struct run_diff_table *table = &tables[diff->table_count++];
        *table = (struct run_diff_table){.node = written->node_name, .table = written->table.table};
        sum_table(arena, &a->details, table, &table->part_a, &table->rows_a);
        sum_table(arena, &b->details, table, &table->part_b, &table->rows_b);
    }
    diff->tables = tables;
}

int run_diff_make(struct context *context, const struct run_diff_side *a,
                  const struct run_diff_side *b, struct run_diff *ret_diff, struct error *err)
{
    struct store *store;
    struct arena *arena = &context->arena;
    struct run_diff diff = {.is_same_flow = strcmp(a->run.flow, b->run.flow) == 0};
    if (context_store(context, &store, err) < 0)
        return -1;
    compare_facts(context, a, b, &diff);
    compare_params(arena, a, b, &diff);
    compare_nodes(arena, a, b, &diff);
    compare_tables(arena, a, b, &diff);
    if (compare_files(context, a, b, &diff, err) < 0 || compare_texts(store, arena, &diff, err) < 0)
        return -1;
    *ret_diff = diff;
    return 0;
}
