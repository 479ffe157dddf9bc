#include "nodes/warehouse/catalog_view.h"

#include "scheduler/base/civil.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/base/utf8.h"

#include <string.h>

#define TIME_BYTES 48

static const char *format_time(int64_t us, char buffer[TIME_BYTES])
{
    struct civil_time time = civil_from_seconds(us / 1000000);
    snprintf(buffer, TIME_BYTES, "%04d-%02d-%02dT%02d:%02d:%02dZ", time.date.year, time.date.month,
             time.date.day, time.hour, time.minute, time.second);
    return buffer;
}

/* Lines of columns, two blanks between them; numbers to the right. */
struct grid {
    struct text cells; /* NUL between them */
    size_t widths[8];
    size_t columns;
    size_t count;
    uint32_t numbers; /* bit i: column i holds numbers */
};

static void grid_add(struct grid *grid, const char *text)
{
    size_t column = grid->count++ % grid->columns;
    size_t start = grid->cells.length;
    utf8_append_safe(&grid->cells, text, strlen(text));
    size_t width = grid->cells.length == start
                       ? 0
                       : utf8_width(grid->cells.data + start, grid->cells.length - start);
    if (width > grid->widths[column])
        grid->widths[column] = width;
    text_append_char(&grid->cells, '\0');
}

static void grid_add_int(struct grid *grid, int64_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)number);
    grid_add(grid, text);
}

/* Names, numbers and times: none of them needs quotes in CSV. */
static void grid_print(struct grid *grid, FILE *out, bool is_csv)
{
    const char *cell = text_string(&grid->cells);
    for (size_t i = 0; i < grid->count; i++, cell += strlen(cell) + 1) {
        size_t column = i % grid->columns;
        if (is_csv) {
            fprintf(out, "%s%s", cell, column + 1 == grid->columns ? "\n" : ",");
            continue;
        }
        int fill = (int)(grid->widths[column] - utf8_width(cell, strlen(cell)));
        bool is_right = (grid->numbers >> column & 1) != 0;
        bool is_last = column + 1 == grid->columns;
        fprintf(out, "%*s%s%*s%s", is_right ? fill : 0, "", cell, is_right || is_last ? 0 : fill,
                "", is_last ? "\n" : "  ");
    }
    text_free(&grid->cells);
}

struct totals {
    int64_t rows;
    int64_t bytes;
    int64_t modified_us;
};

static struct totals add_up(const struct catalog_snapshot *snapshot)
{
    struct totals totals = {.modified_us = snapshot->table->created_us};
    for (size_t i = 0; i < snapshot->partition_count; i++) {
        totals.rows += snapshot->partitions[i].rows;
        totals.bytes += snapshot->partitions[i].bytes;
        if (snapshot->partitions[i].modified_us > totals.modified_us)
            totals.modified_us = snapshot->partitions[i].modified_us;
    }
    return totals;
}

int catalog_view_find(struct catalog *catalog, const char *name, struct arena *arena,
                      struct catalog_snapshot *ret_snapshot, struct error *err)
{
    const char **names = NULL;
    size_t count = 0;
    *ret_snapshot = (struct catalog_snapshot){.name = name};
    if (catalog_snapshot(catalog, ret_snapshot, 1, arena, err) != 0)
        return -1;
    if (ret_snapshot->table != NULL)
        return 0;
    error_set(err, ERROR_KIND_NOT_FOUND, "there is no table `%s`", name);
    if (catalog_list_tables(catalog, arena, &names, &count, NULL) != 0)
        return -1;
    const char *best = suggest_among(name, names, count);
    return best == NULL ? -1 : error_help(err, "did you mean `%s`?", best);
}

static void put_table(struct json_out *json, const struct catalog_snapshot *snapshot)
{
    char time[TIME_BYTES];
    const struct table *table = snapshot->table;
    struct totals totals = add_up(snapshot);
    json_out_pair_string(json, "name", table->name);
    json_out_pair_string(json, "comment", table->comment);
    json_out_pair_int(json, "lifecycle_days", table->lifecycle_days);
    json_out_pair_bool(json, "partitioned", table_is_partitioned(table));
    json_out_pair_int(json, "partitions", (int64_t)snapshot->partition_count);
    json_out_pair_int(json, "rows", totals.rows);
    json_out_pair_int(json, "bytes", totals.bytes);
    json_out_pair_string(json, "modified", format_time(totals.modified_us, time));
}

int catalog_view_tables(struct catalog *catalog, FILE *out, enum result_format format,
                        struct error *err)
{
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    const char **names = NULL;
    size_t count = 0;
    if (catalog_list_tables(catalog, &arena, &names, &count, err) != 0)
        return -1;
    struct catalog_snapshot *snapshots = arena_array(&arena, count, sizeof *snapshots);
    for (size_t i = 0; i < count; i++)
        snapshots[i].name = names[i];
    if (catalog_snapshot(catalog, snapshots, count, &arena, err) != 0)
        return -1;
    struct grid grid = {.columns = 5, .numbers = 0xe};
    const char *const heads[] = {"TABLE", "PARTITIONS", "ROWS", "BYTES", "MODIFIED (UTC)"};
    for (size_t i = 0; i < 5 && format != RESULT_JSON; i++)
        grid_add(&grid, heads[i]);
    for (size_t i = 0; i < count; i++) {
        if (snapshots[i].table == NULL)
            continue;
        SCOPED_TEXT struct text line = {0};
        struct json_out json;
        char time[TIME_BYTES];
        struct totals totals = add_up(&snapshots[i]);
        if (format == RESULT_JSON) {
            json_out_init(&json, &line);
            json_out_begin_object(&json);
            put_table(&json, &snapshots[i]);
            json_out_end_object(&json);
            fprintf(out, "%s\n", text_string(&line));
            continue;
        }
        grid_add(&grid, names[i]);
        grid_add_int(&grid, (int64_t)snapshots[i].partition_count);
        grid_add_int(&grid, totals.rows);
        grid_add_int(&grid, totals.bytes);
        grid_add(&grid, format_time(totals.modified_us, time));
    }
    grid_print(&grid, out, format == RESULT_CSV);
    return 0;
}

static void put_columns(struct json_out *json, const struct table *table)
{
    char type[TYPE_NAME_BYTES];
    json_out_key(json, "columns");
    json_out_begin_array(json);
    for (size_t i = 0; i < table->column_count + table->partition_count; i++) {
        json_out_begin_object(json);
        json_out_pair_string(json, "name", table->columns[i].name);
        json_out_pair_string(json, "type", type_format(table->columns[i].type, type));
        json_out_pair_string(json, "comment", table->columns[i].comment);
        json_out_pair_bool(json, "partition", i >= table->column_count);
        json_out_end_object(json);
    }
    json_out_end_array(json);
}

static void print_table(const struct catalog_snapshot *snapshot, const char *ddl, FILE *out)
{
    char time[TIME_BYTES];
    struct totals totals = add_up(snapshot);
    fprintf(out, "%s\n\n", ddl);
    if (table_is_partitioned(snapshot->table))
        fprintf(out, "partitions  %zu\n", snapshot->partition_count);
    fprintf(out, "rows        %lld\nbytes       %lld\n", (long long)totals.rows,
            (long long)totals.bytes);
    fprintf(out, "modified    %s\n", format_time(totals.modified_us, time));
}

int catalog_view_table(struct catalog *catalog, const char *name, FILE *out,
                       enum result_format format, struct error *err)
{
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    SCOPED_TEXT struct text ddl = {0};
    SCOPED_TEXT struct text line = {0};
    struct catalog_snapshot snapshot;
    if (catalog_view_find(catalog, name, &arena, &snapshot, err) != 0)
        return -1;
    table_format_ddl(snapshot.table, &ddl);
    if (format != RESULT_JSON) {
        print_table(&snapshot, text_string(&ddl), out);
        return 0;
    }
    struct json_out json;
    json_out_init(&json, &line);
    json_out_begin_object(&json);
    put_table(&json, &snapshot);
    put_columns(&json, snapshot.table);
    json_out_pair_string(&json, "ddl", text_string(&ddl));
    json_out_end_object(&json);
    fprintf(out, "%s\n", text_string(&line));
    return 0;
}

static void print_partition_json(const struct catalog_partition *partition, FILE *out)
{
    SCOPED_TEXT struct text line = {0};
    char time[TIME_BYTES];
    struct json_out json;
    json_out_init(&json, &line);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "partition", partition->spec);
    json_out_pair_int(&json, "rows", partition->rows);
    json_out_pair_int(&json, "bytes", partition->bytes);
    json_out_pair_int(&json, "files", (int64_t)partition->part_count);
    json_out_pair_string(&json, "created", format_time(partition->created_us, time));
    json_out_pair_string(&json, "modified", format_time(partition->modified_us, time));
    json_out_pair_int(&json, "run", partition->run);
    json_out_pair_string(&json, "flow", partition->flow);
    json_out_pair_string(&json, "node", partition->node);
    json_out_pair_int(&json, "attempt", partition->attempt);
    json_out_pair_string(&json, "commit", partition->commit);
    json_out_end_object(&json);
    fprintf(out, "%s\n", text_string(&line));
}

/* In their order, or the newest first. */
static const struct catalog_partition *partition_at(const struct catalog_snapshot *snapshot,
                                                    size_t i, bool is_newest_first)
{
    return &snapshot->partitions[is_newest_first ? snapshot->partition_count - 1 - i : i];
}

int catalog_view_partitions(struct catalog *catalog, const struct catalog_view_choice *choice,
                            FILE *out, enum result_format format, struct error *err)
{
    int64_t newest = choice->newest;
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    struct catalog_snapshot snapshot;
    if (catalog_view_find(catalog, choice->table, &arena, &snapshot, err) != 0)
        return -1;
    struct grid grid = {.columns = 6, .numbers = 0x6};
    const char *const heads[] = {"PARTITION", "ROWS", "BYTES", "MODIFIED (UTC)", "RUN", "NODE"};
    for (size_t i = 0; i < 6 && format != RESULT_JSON; i++)
        grid_add(&grid, heads[i]);
    size_t count = snapshot.partition_count;
    if (newest > 0 && (size_t)newest < count)
        count = (size_t)newest;
    for (size_t i = 0; i < count; i++) {
        const struct catalog_partition *partition = partition_at(&snapshot, i, newest > 0);
        char time[TIME_BYTES];
        if (format == RESULT_JSON) {
            print_partition_json(partition, out);
            continue;
        }
        grid_add(&grid, *partition->spec == '\0' ? "(whole table)" : partition->spec);
        grid_add_int(&grid, partition->rows);
        grid_add_int(&grid, partition->bytes);
        grid_add(&grid, format_time(partition->modified_us, time));
        grid_add_int(&grid, partition->run);
        grid_add(&grid, partition->node);
    }
    grid_print(&grid, out, format == RESULT_CSV);
    return 0;
}

void catalog_view_line(FILE *out, const char *line, enum result_format format)
{
    if (format != RESULT_JSON) {
        fprintf(out, "%s\n", line);
        return;
    }
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "line", line);
    json_out_end_object(&json);
    fprintf(out, "%s\n", text_string(&text));
}
