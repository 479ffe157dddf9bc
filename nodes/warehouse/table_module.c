/* The virtual table itself: what SQLite calls. */
#include "nodes/warehouse/number.h"
#include "nodes/warehouse/sql_rewrite.h"
#include "nodes/warehouse/table_source.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"

#include <stdlib.h>
#include <string.h>

/* The index string of a plan: one letter and number for each argument of xFilter. `c3=` is a
 * condition on partition level 3 that is the same all through the statement, `v3=` one that comes
 * from a join; `h5` looks up data column 5. */
#define PLAN_CONSTANT 'c'
#define PLAN_VARYING 'v'
#define PLAN_LOOKUP 'h'

#define LARGE_ROWS 10000.0 /* an index over fewer rows costs next to nothing */
#define LARGE_FACTOR 0.05  /* of the rows beyond that, for each lookup */
#define LOOKUP_COST 0.7    /* of reading one row */
#define GUESSED_SHARE 0.3  /* of the partitions that a range of unknown bounds leaves */

#define ROWID_PART_SHIFT 40 /* bits of a row's place in its file */

struct table_vtab {
    sqlite3_vtab base;
    struct table_source *source;
};

struct table_cursor {
    sqlite3_vtab_cursor base;
    struct table_source *source;
    bool *is_kept;          /* for each part: conditions on partitions leave it */
    bool *is_kept_constant; /* … only those that are the same all through the statement */
    size_t part;            /* being read */
    struct part_reader reader;
    bool has_reader;
    const struct row_index *index; /* NULL: all rows are read */
    const struct row_place *place;
    struct table_document document;
    bool is_end;
};

static int fail(sqlite3_vtab *table, const struct error *err)
{
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("%s", err->text);
    return SQLITE_ERROR;
}

static void declare_columns(const struct table_source *source, struct text *out)
{
    const struct table *table = source->snapshot->table;
    text_append(out, "CREATE TABLE t (");
    for (size_t i = 0; i < table->column_count + table->partition_count; i++)
        text_append_format(out, "%s\"%s\" %s", i == 0 ? "" : ", ", table->columns[i].name,
                           table->columns[i].type.kind == TYPE_BOOLEAN
                               ? "BOOLEAN"
                               : type_affinity(table->columns[i].type.kind));
    for (size_t i = 0; i < source->path_count; i++)
        text_append_format(out, ", \"" SQL_PATH_NAME "%zu\" TEXT HIDDEN", i);
    text_append(out, ")");
}

static int connect_table(sqlite3 *db, void *context, int count, const char *const *arguments,
                         sqlite3_vtab **ret_table, char **ret_message)
{
    (void)count;
    (void)ret_message;
    struct table_sources *sources = context;
    size_t index = strtoul(arguments[3], NULL, 10);
    struct table_vtab *table = memory_new(1, sizeof *table);
    table->source = &sources->items[index];
    SCOPED_TEXT struct text sql = {0};
    declare_columns(table->source, &sql);
    int code = sqlite3_declare_vtab(db, text_string(&sql));
    if (code != SQLITE_OK) {
        free(table);
        return code;
    }
    *ret_table = &table->base;
    return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

/* One condition on a partition column. */
struct condition {
    size_t level;
    unsigned char op;
    sqlite3_value *value;
};

static bool order_matches(int order, unsigned char op)
{
    switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        return order == 0;
    case SQLITE_INDEX_CONSTRAINT_LT:
        return order < 0;
    case SQLITE_INDEX_CONSTRAINT_LE:
        return order <= 0;
    case SQLITE_INDEX_CONSTRAINT_GT:
        return order > 0;
    case SQLITE_INDEX_CONSTRAINT_GE:
        return order >= 0;
    default:
        return true;
    }
}

/* False only if the condition certainly excludes the partition: SQLite checks every row again. */
static bool is_possible(const struct table *table, const struct catalog_partition *partition,
                        const struct condition *condition)
{
    const char *own = partition->values[condition->level];
    bool is_whole = type_is_whole(table_partition_column(table, condition->level)->type.kind);
    int type = sqlite3_value_type(condition->value);
    if (type == SQLITE_NULL)
        return false;
    if (is_whole && type == SQLITE_INTEGER) {
        int64_t number = 0;
        int64_t other = sqlite3_value_int64(condition->value);
        number_parse_int(own, strlen(own), &number);
        return order_matches((number > other) - (number < other), condition->op);
    }
    if (is_whole || type != SQLITE_TEXT)
        return true;
    return order_matches(strcmp(own, (const char *)sqlite3_value_text(condition->value)),
                         condition->op);
}

static bool is_plain_collation(sqlite3_index_info *info, int i)
{
    const char *name = sqlite3_vtab_collation(info, i);
    return name == NULL || sqlite3_stricmp(name, "BINARY") == 0;
}

static bool is_range(unsigned char op)
{
    return op == SQLITE_INDEX_CONSTRAINT_LT || op == SQLITE_INDEX_CONSTRAINT_LE ||
           op == SQLITE_INDEX_CONSTRAINT_GT || op == SQLITE_INDEX_CONSTRAINT_GE;
}

struct plan {
    const struct table_source *source;
    struct text text;
    int arguments;
    struct condition conditions[16]; /* those whose value is known now */
    size_t condition_count;
    double share; /* of the rows that conditions of unknown value leave */
    bool has_lookup;
};

static void plan_partition(struct plan *plan, sqlite3_index_info *info, int i)
{
    const struct table *table = plan->source->snapshot->table;
    sqlite3_value *value;
    size_t level = (size_t)info->aConstraint[i].iColumn - table->column_count;
    unsigned char op = info->aConstraint[i].op;
    bool is_constant = sqlite3_vtab_rhs_value(info, i, &value) == SQLITE_OK;
    text_append_format(&plan->text, "%c%zu%c;", is_constant ? PLAN_CONSTANT : PLAN_VARYING, level,
                       (char)('A' + op));
    info->aConstraintUsage[i].argvIndex = ++plan->arguments;
    size_t room = sizeof plan->conditions / sizeof *plan->conditions;
    if (is_constant && plan->condition_count < room)
        plan->conditions[plan->condition_count++] = (struct condition){level, op, value};
    else if (op == SQLITE_INDEX_CONSTRAINT_EQ)
        plan->share /= (double)(plan->source->snapshot->partition_count + 1);
    else
        plan->share *= GUESSED_SHARE;
}

static void plan_lookup(struct plan *plan, sqlite3_index_info *info, int i)
{
    sqlite3_value *value;
    const struct table *table = plan->source->snapshot->table;
    size_t column = (size_t)info->aConstraint[i].iColumn;
    bool is_real = column < table->column_count && type_is_float(table->columns[column].type.kind);
    if (plan->has_lookup || is_real || sqlite3_vtab_rhs_value(info, i, &value) == SQLITE_OK)
        return;
    text_append_format(&plan->text, "%c%zuC;", PLAN_LOOKUP, column);
    info->aConstraintUsage[i].argvIndex = ++plan->arguments;
    plan->has_lookup = true;
}

static double rows_left(const struct plan *plan)
{
    const struct catalog_snapshot *snapshot = plan->source->snapshot;
    double rows = 0;
    for (size_t i = 0; i < snapshot->partition_count; i++) {
        bool is_kept = true;
        for (size_t k = 0; k < plan->condition_count && is_kept; k++)
            is_kept = is_possible(snapshot->table, &snapshot->partitions[i], &plan->conditions[k]);
        rows += is_kept ? (double)snapshot->partitions[i].rows : 0;
    }
    return rows * plan->share;
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    const struct table_vtab *table = (const struct table_vtab *)base;
    const struct table *columns = table->source->snapshot->table;
    struct plan plan = {.source = table->source, .share = 1};
    for (int i = 0; i < info->nConstraint; i++) {
        const struct sqlite3_index_constraint *item = &info->aConstraint[i];
        bool is_equal = item->op == SQLITE_INDEX_CONSTRAINT_EQ;
        if (!item->usable || item->iColumn < 0 || (!is_equal && !is_range(item->op)) ||
            !is_plain_collation(info, i))
            continue;
        size_t column = (size_t)item->iColumn;
        if (column >= columns->column_count &&
            column < columns->column_count + columns->partition_count)
            plan_partition(&plan, info, i);
        else if (is_equal)
            plan_lookup(&plan, info, i);
    }
    double rows = rows_left(&plan);
    info->estimatedRows = (sqlite3_int64)rows + 1;
    info->estimatedCost = rows + 2;
    if (plan.has_lookup) {
        info->estimatedRows = rows > LARGE_ROWS ? 10 : 1 + (sqlite3_int64)(rows / 1000);
        info->estimatedCost =
            LOOKUP_COST + (rows > LARGE_ROWS ? (rows - LARGE_ROWS) * LARGE_FACTOR : 0);
    }
    info->idxStr = sqlite3_mprintf("%s", text_string(&plan.text));
    info->needToFreeIdxStr = 1;
    text_free(&plan.text);
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **ret_cursor)
{
    struct table_vtab *table = (struct table_vtab *)base;
    struct table_cursor *cursor = memory_new(1, sizeof *cursor);
    cursor->source = table->source;
    cursor->is_kept = memory_new(table->source->part_count, sizeof *cursor->is_kept);
    cursor->is_kept_constant =
        memory_new(table->source->part_count, sizeof *cursor->is_kept_constant);
    *ret_cursor = &cursor->base;
    return SQLITE_OK;
}

static void close_reader(struct table_cursor *cursor)
{
    if (cursor->has_reader)
        part_reader_close(&cursor->reader);
    cursor->has_reader = false;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    struct table_cursor *cursor = (struct table_cursor *)base;
    close_reader(cursor);
    table_document_free(&cursor->document);
    free(cursor->is_kept);
    free(cursor->is_kept_constant);
    free(cursor);
    return SQLITE_OK;
}

static int open_part(struct table_cursor *cursor, size_t part, struct error *err)
{
    close_reader(cursor);
    struct part_reader *owner = table_source_reader(cursor->source, part, err);
    if (owner == NULL)
        return -1;
    part_reader_share(&cursor->reader, owner);
    cursor->has_reader = true;
    cursor->part = part;
    return 0;
}

/* The next row of a scan over the kept parts. */
static int next_scanned(struct table_cursor *cursor, struct error *err)
{
    for (;;) {
        int found = cursor->has_reader ? part_reader_next(&cursor->reader, err) : 0;
        if (found != 0)
            return found < 0 ? -1 : 0;
        size_t part = cursor->has_reader ? cursor->part + 1 : cursor->part;
        while (part < cursor->source->part_count && !cursor->is_kept[part])
            part++;
        close_reader(cursor);
        cursor->part = part;
        cursor->is_end = part == cursor->source->part_count;
        if (cursor->is_end)
            return 0;
        if (open_part(cursor, part, err) != 0)
            return -1;
    }
}

/* Goes to the place that was found, or to the end. */
static int take_place(struct table_cursor *cursor, struct error *err)
{
    while (cursor->place != NULL && !cursor->is_kept[cursor->place->part])
        cursor->place = row_index_next(cursor->index, cursor->place);
    cursor->is_end = cursor->place == NULL;
    if (cursor->is_end)
        return 0;
    bool is_open = cursor->has_reader && cursor->part == cursor->place->part;
    if (!is_open && open_part(cursor, cursor->place->part, err) != 0)
        return -1;
    return part_reader_row_at(&cursor->reader, cursor->place->row, err);
}

static int next_row(sqlite3_vtab_cursor *base)
{
    struct table_cursor *cursor = (struct table_cursor *)base;
    struct error err = {0};
    int result;
    if (cursor->index != NULL) {
        cursor->place = row_index_next(cursor->index, cursor->place);
        result = take_place(cursor, &err);
    } else {
        result = next_scanned(cursor, &err);
    }
    return result == 0 ? SQLITE_OK : fail(base->pVtab, &err);
}

static void keep_all(struct table_cursor *cursor)
{
    memset(cursor->is_kept, true, cursor->source->part_count);
    memset(cursor->is_kept_constant, true, cursor->source->part_count);
}

static void apply_condition(struct table_cursor *cursor, const struct condition *condition,
                            bool is_constant)
{
    const struct table_source *source = cursor->source;
    for (size_t i = 0; i < source->part_count; i++) {
        if (is_possible(source->snapshot->table, source->parts[i].partition, condition))
            continue;
        cursor->is_kept[i] = false;
        if (is_constant)
            cursor->is_kept_constant[i] = false;
    }
}

/* Looks a value up in an index; without one (the value is of another class) all rows are read. */
static int look_up(struct table_cursor *cursor, size_t column, sqlite3_value *value,
                   struct error *err)
{
    const struct table_source *source = cursor->source;
    const struct table *table = source->snapshot->table;
    char class = PART_CLASS_TEXT; /* of a hidden column */
    if (column < table->column_count)
        class = type_affinity(table->columns[column].type.kind)[0];
    int type = sqlite3_value_type(value);
    uint64_t hash = 0;
    if (type == SQLITE_NULL) {
        cursor->is_end = true;
        return 0;
    }
    if (class == PART_CLASS_INTEGER && type == SQLITE_INTEGER)
        hash = table_source_hash_int(sqlite3_value_int64(value));
    else if (class == PART_CLASS_TEXT && type == SQLITE_TEXT)
        hash = row_index_hash(sqlite3_value_text(value), (size_t)sqlite3_value_bytes(value));
    else if (class == PART_CLASS_BLOB && type == SQLITE_BLOB)
        hash = row_index_hash(sqlite3_value_blob(value), (size_t)sqlite3_value_bytes(value));
    else
        return 0;
    cursor->index = table_source_index(cursor->source, column, cursor->is_kept_constant, err);
    if (cursor->index == NULL)
        return -1;
    cursor->place = row_index_find(cursor->index, hash);
    return take_place(cursor, err);
}

static int filter_rows(sqlite3_vtab_cursor *base, int number, const char *plan, int count,
                       sqlite3_value **values)
{
    (void)number;
    struct table_cursor *cursor = (struct table_cursor *)base;
    struct error err = {0};
    sqlite3_value *wanted = NULL;
    size_t column = 0;
    const char *at = plan;
    keep_all(cursor);
    for (int i = 0; i < count; i++) {
        char *end;
        char kind = at[0];
        size_t place = strtoul(at + 1, &end, 10);
        const struct condition condition = {place, (unsigned char)(*end - 'A'), values[i]};
        at = end + 2;
        if (kind == PLAN_LOOKUP) {
            wanted = values[i];
            column = place;
        } else {
            apply_condition(cursor, &condition, kind == PLAN_CONSTANT);
        }
    }
    cursor->index = NULL;
    cursor->is_end = false;
    if (wanted != NULL && look_up(cursor, column, wanted, &err) != 0)
        return fail(base->pVtab, &err);
    if (cursor->index != NULL || cursor->is_end)
        return SQLITE_OK;
    close_reader(cursor);
    cursor->part = 0;
    return next_scanned(cursor, &err) == 0 ? SQLITE_OK : fail(base->pVtab, &err);
}

static int is_at_end(sqlite3_vtab_cursor *base)
{
    return ((struct table_cursor *)base)->is_end;
}

static void result_partition(sqlite3_context *context, const struct table_cursor *cursor,
                             size_t level)
{
    const struct table *table = cursor->source->snapshot->table;
    const char *value = cursor->source->parts[cursor->part].partition->values[level];
    int64_t number;
    if (type_is_whole(table_partition_column(table, level)->type.kind) &&
        number_parse_int(value, strlen(value), &number))
        sqlite3_result_int64(context, number);
    else
        sqlite3_result_text(context, value, -1, SQLITE_STATIC);
}

/* A hidden column. The document stays laid out for the other paths of the row. */
static void result_path(sqlite3_context *context, struct table_cursor *cursor, size_t number)
{
    size_t length;
    const char *found = table_source_path_value(cursor->source, &cursor->reader, number,
                                                &cursor->document, &length);
    if (found == NULL)
        return;
    bool is_mapped =
        found >= cursor->reader.map && found < cursor->reader.map + cursor->reader.size;
    sqlite3_result_text64(context, found, length, is_mapped ? SQLITE_STATIC : SQLITE_TRANSIENT,
                          SQLITE_UTF8);
}

static int read_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int index)
{
    struct table_cursor *cursor = (struct table_cursor *)base;
    const struct table *table = cursor->source->snapshot->table;
    size_t column = (size_t)index;
    if (column >= table->column_count + table->partition_count) {
        result_path(context, cursor, column - table->column_count - table->partition_count);
        return SQLITE_OK;
    }
    if (column >= table->column_count) {
        result_partition(context, cursor, column - table->column_count);
        return SQLITE_OK;
    }
    if (column >= cursor->reader.columns || cursor->reader.values[column].bytes == NULL)
        return SQLITE_OK;
    const struct part_value *value = &cursor->reader.values[column];
    switch (cursor->reader.classes[column]) {
    case PART_CLASS_INTEGER:
        sqlite3_result_int64(context, part_value_int(value));
        break;
    case PART_CLASS_REAL:
        sqlite3_result_double(context, part_value_real(value));
        break;
    case PART_CLASS_TEXT:
        /* -1: SQLite then knows of the NUL byte behind it and never copies to add one */
        sqlite3_result_text(context, value->bytes, -1, SQLITE_STATIC);
        break;
    default:
        sqlite3_result_blob(context, value->bytes, (int)value->length, SQLITE_STATIC);
    }
    return SQLITE_OK;
}

/* Where the row stands: the same in every scan, which outer joins rely on. */
static int read_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *ret_rowid)
{
    const struct table_cursor *cursor = (const struct table_cursor *)base;
    uint64_t place = (uint64_t)(cursor->reader.row - cursor->reader.map);
    *ret_rowid = (sqlite3_int64)((uint64_t)cursor->part << ROWID_PART_SHIFT | place);
    return SQLITE_OK;
}

const sqlite3_module table_module = {
    .iVersion = 1,
    .xCreate = connect_table,
    .xConnect = connect_table,
    .xBestIndex = best_index,
    .xDisconnect = disconnect_table,
    .xDestroy = disconnect_table,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter_rows,
    .xNext = next_row,
    .xEof = is_at_end,
    .xColumn = read_column,
    .xRowid = read_rowid,
};
