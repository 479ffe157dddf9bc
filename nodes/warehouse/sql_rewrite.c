#include "nodes/warehouse/sql_rewrite.h"

#include "nodes/warehouse/sql_edit.h"
#include "nodes/warehouse/sql_parts.h"

#include <string.h>

#define FIRST_OPERANDS 64 /* there is room on the stack from the beginning */

/* Where a row of VALUES ends its values become the columns of the query. */
static int end_row(struct rewriter *rewriter, size_t token, struct error *err)
{
    if (rewriter_flush(rewriter, token, err) != 0)
        return -1;
    struct rewriter_frame frame = *rewriter_top(rewriter);
    struct rewriter_frame *query = &rewriter->frames[rewriter->frame_count - 2];
    size_t count = rewriter->operand_count - frame.operand_base;
    if (query->item_count > 0 && query->item_count != count)
        return sql_source_fail(rewriter->source, frame.first, err,
                               "this row has %zu values, the first one has %zu", count,
                               query->item_count);
    bool is_first = query->item_count == 0;
    if (is_first)
        query->items = arena_array(rewriter->arena, count, sizeof *query->items);
    for (size_t i = 0; i < count; i++) {
        enum type_kind type = rewriter->operands[frame.operand_base + i].type;
        struct rewriter_item *item = &query->items[i];
        bool is_alike = is_first || type_family(item->type) == type_family(type) ||
                        type == TYPE_NULL || item->type == TYPE_NULL;
        item->type = is_alike ? type_join(item->type, type) : TYPE_UNKNOWN;
    }
    query->item_count = count;
    rewriter->operand_count = frame.operand_base;
    rewriter->frame_count--;
    rewriter->wants_operand = false;
    return 0;
}

static int read_token(struct rewriter *rewriter, size_t *at, struct error *err)
{
    const struct rewriter_frame *frame = rewriter_top(rewriter);
    if (frame->kind == FRAME_ROW && !rewriter->wants_operand &&
        sql_source_is(rewriter->source, *at, ")"))
        return end_row(rewriter, (*at)++, err);
    if (frame->kind == FRAME_QUERY || frame->kind == FRAME_FROM)
        return rewriter_query(rewriter, at, err);
    return rewriter_expression(rewriter, at, err);
}

static int run_pass(struct rewriter *rewriter, struct error *err)
{
    rewriter->frame_count = 0;
    rewriter->operand_count = 0;
    rewriter->operator_count = 0;
    rewriter->has_changed = false;
    if (rewriter_open_query(rewriter, rewriter->first, USE_TOP, err) != 0)
        return -1;
    size_t at = rewriter->first;
    while (at < rewriter->last) {
        if (read_token(rewriter, &at, err) != 0)
            return -1;
    }
    const struct rewriter_frame *frame = rewriter_top(rewriter);
    if (rewriter->frame_count > 1)
        return sql_source_fail(rewriter->source, frame->first, err, "%s is not closed",
                               sql_source_show(rewriter->source, frame->first));
    return rewriter_end_query(rewriter, at, err);
}

/* Passes until nothing new is learnt, first with what is not known left open, then taken as
 * unknown; and a last one that edits. */
static int run_passes(struct rewriter *rewriter, struct error *err)
{
    size_t passes = 0;
    do {
        if (run_pass(rewriter, err) != 0)
            return -1;
        if (!rewriter->has_changed && !rewriter->is_settling) {
            rewriter->is_settling = true;
            rewriter->has_changed = true;
        }
    } while (rewriter->has_changed && ++passes < REWRITER_MAX_PASSES);
    rewriter->is_untyped = rewriter->has_changed;
    rewriter->is_settling = true;
    rewriter->is_final = true;
    return run_pass(rewriter, err);
}

static void collect_names(const struct rewriter *rewriter, struct sql_rewritten *rewritten)
{
    rewritten->names =
        arena_array(rewriter->arena, rewriter->name_count + 1, sizeof *rewritten->names);
    for (size_t i = 0; i < REWRITER_BUCKETS; i++) {
        for (const struct rewriter_name *name = rewriter->names[i]; name != NULL;
             name = name->next) {
            if (strchr(name->key, '.') == NULL)
                rewritten->names[rewritten->name_count++] = name->key;
        }
    }
}

static void collect_result(const struct rewriter *rewriter, struct sql_rewritten *rewritten)
{
    rewritten->items = rewriter->result;
    rewritten->item_count = rewriter->result_count;
    rewritten->paths = rewriter->paths;
    rewritten->path_count = rewriter->path_count;
    rewritten->tables = rewriter->used;
    rewritten->table_count = rewriter->used_count;
}

int sql_rewrite(struct sql_span span, const struct sql_tables *tables,
                struct sql_rewritten *ret_rewritten, struct error *err)
{
    struct arena *arena = span.source->arena;
    struct rewriter *rewriter = arena_alloc(arena, sizeof *rewriter);
    rewriter->source = span.source;
    rewriter->tables = tables;
    rewriter->arena = arena;
    rewriter->first = span.first;
    rewriter->last = span.last;
    rewriter->edits = arena_array(arena, span.last - span.first + 1, sizeof *rewriter->edits);
    rewriter->operand_capacity = FIRST_OPERANDS;
    rewriter->operands = arena_array(arena, FIRST_OPERANDS, sizeof *rewriter->operands);
    if (run_passes(rewriter, err) != 0)
        return -1;
    struct sql_rewritten rewritten = {0};
    rewriter_emit(rewriter, &rewritten);
    collect_result(rewriter, &rewritten);
    collect_names(rewriter, &rewritten);
    *ret_rewritten = rewritten;
    return 0;
}
