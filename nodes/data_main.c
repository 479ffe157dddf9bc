/* datemill-data: looks into the warehouse. Reads only.
 *
 *     datemill-data --state-dir DIR [--format table|csv|json] [--color auto|never|always]
 *                   [--errors text|json] query SQL | tables | show TABLE |
 *                   [--newest N] partitions TABLE |
 *                   [--where FILTER]… [--sort COLUMN] [--offset N] [--limit N]
 *                   [--without-filter all|newest] rows TABLE */
#include "nodes/warehouse/catalog_view.h"
#include "nodes/warehouse/job.h"
#include "nodes/warehouse/result_writer.h"
#include "nodes/warehouse/script.h"
#include "nodes/warehouse/table_rows.h"
#include "scheduler/base/error_json.h"
#include "scheduler/base/scope.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_ROWS 100

_Static_assert(WAREHOUSE_MAX_PARTITION_COLUMNS <= TABLE_ROWS_MAX_FILTERS, "a filter each");

struct options {
    const char *state_dir;
    enum result_format format;
    bool has_color;
    bool has_json_errors;
    const char *command;
    const char *argument;
    struct table_rows rows;
    int64_t newest;      /* partitions; 0 = all, in their order */
    bool is_newest_only; /* rows: without a filter those of the newest partition */
};

struct run {
    const struct options *options;
    struct result_writer results;
    int64_t lines; /* of SHOW and DESC */
};

static int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int usage(struct error *err, const char *problem, const char *what)
{
    error_set(err, ERROR_KIND_USAGE, "%s%s%s%s", problem, *what == '\0' ? "" : " `", what,
              *what == '\0' ? "" : "`");
    return error_help(err, "datemill-data --state-dir DIR [--format table|csv|json] "
                           "[--color auto|never|always] [--errors text|json] "
                           "query SQL | tables | show TABLE | [--newest N] partitions TABLE | "
                           "[--where COLUMN=VALUE] [--sort COLUMN] [--offset N] [--limit N] "
                           "[--without-filter all|newest] rows TABLE");
}

static int set_format(struct options *options, const char *name, struct error *err)
{
    static const char *const names[] = {"table", "csv", "json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            options->format = (enum result_format)i;
            return 0;
        }
    }
    return usage(err, "there is no format", name);
}

static int set_color(struct options *options, const char *name, struct error *err)
{
    if (strcmp(name, "auto") == 0)
        options->has_color = isatty(STDOUT_FILENO) != 0;
    else if (strcmp(name, "always") == 0 || strcmp(name, "never") == 0)
        options->has_color = strcmp(name, "always") == 0;
    else
        return usage(err, "--color is auto, never or always, not", name);
    return 0;
}

static int set_errors(struct options *options, const char *name, struct error *err)
{
    if (strcmp(name, "json") != 0 && strcmp(name, "text") != 0)
        return usage(err, "--errors is text or json, not", name);
    options->has_json_errors = strcmp(name, "json") == 0;
    return 0;
}

static int set_number(int64_t *ret_number, const char *name, const char *value, struct error *err)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || number < 0)
        return usage(err, "a number is wanted behind", name);
    *ret_number = number;
    return 0;
}

/* 1 = it is none of these. */
static int set_rows_option(struct options *options, const char *name, const char *value,
                           struct error *err)
{
    struct table_rows *rows = &options->rows;
    if (strcmp(name, "--offset") == 0)
        return set_number(&rows->offset, name, value, err);
    if (strcmp(name, "--limit") == 0)
        return set_number(&rows->limit, name, value, err);
    if (strcmp(name, "--newest") == 0)
        return set_number(&options->newest, name, value, err);
    if (strcmp(name, "--sort") == 0) {
        rows->sort = value;
        return 0;
    }
    if (strcmp(name, "--without-filter") == 0) {
        options->is_newest_only = strcmp(value, "newest") == 0;
        return options->is_newest_only || strcmp(value, "all") == 0
                   ? 0
                   : usage(err, "--without-filter is all or newest, not", value);
    }
    if (strcmp(name, "--where") != 0)
        return 1;
    if (rows->filter_count == TABLE_ROWS_MAX_FILTERS)
        return usage(err, "there are too many", name);
    rows->filters[rows->filter_count++] = value;
    return 0;
}

static int set_option(struct options *options, const char *name, const char *value,
                      struct error *err)
{
    if (value == NULL)
        return usage(err, "a value is missing behind", name);
    if (strcmp(name, "--format") == 0)
        return set_format(options, value, err);
    if (strcmp(name, "--color") == 0)
        return set_color(options, value, err);
    if (strcmp(name, "--errors") == 0)
        return set_errors(options, value, err);
    if (strcmp(name, "--state-dir") == 0) {
        options->state_dir = value;
        return 0;
    }
    int result = set_rows_option(options, name, value, err);
    return result == 1 ? usage(err, "there is no option", name) : result;
}

static int read_options(int count, char **arguments, struct options *options, struct error *err)
{
    options->has_color = isatty(STDOUT_FILENO) != 0;
    options->rows.limit = DEFAULT_ROWS;
    int i = 1;
    for (; i < count && strncmp(arguments[i], "--", 2) == 0; i += 2) {
        if (set_option(options, arguments[i], i + 1 < count ? arguments[i + 1] : NULL, err) != 0)
            return -1;
    }
    if (options->state_dir == NULL)
        return usage(err, "--state-dir is missing", "");
    if (i >= count)
        return usage(err, "a command is missing", "");
    options->command = arguments[i];
    bool is_alone = strcmp(options->command, "tables") == 0;
    int wanted = i + (is_alone ? 1 : 2);
    if (count != wanted)
        return usage(err,
                     count < wanted ? "an argument is missing behind" : "too many arguments for",
                     options->command);
    options->argument = is_alone ? NULL : arguments[i + 1];
    return 0;
}

static int begin_result(void *context, const struct query *query, struct error *err)
{
    struct run *run = context;
    (void)err;
    result_begin(&run->results, query);
    return 0;
}

static int write_row(void *context, const struct query *query, struct error *err)
{
    struct run *run = context;
    return result_row(&run->results, query, err);
}

static int end_result(void *context, struct error *err)
{
    struct run *run = context;
    return result_end(&run->results, err);
}

/* SHOW and DESC give lines of text. */
static int write_line(void *context, const char *line, struct error *err)
{
    struct run *run = context;
    (void)err;
    catalog_view_line(stdout, line, run->options->format);
    return 0;
}

static int run_sql(struct catalog *catalog, const struct options *options, const char *sql,
                   struct error *err)
{
    struct run run = {
        .options = options,
        .results = {.out = stdout, .format = options->format, .has_color = options->has_color}};
    const struct script_listener listener = {.begin_result = begin_result,
                                             .row = write_row,
                                             .end_result = end_result,
                                             .line = write_line,
                                             .context = &run};
    const struct script script = {.catalog = catalog, .listener = &listener};
    size_t count = 0;
    int result = script_run(&script, sql, strlen(sql), &count, err);
    result_free(&run.results);
    if (result == 0 && count == 0)
        return error_set(err, ERROR_KIND_INVALID, "the query is empty");
    return result;
}

/* One filter for each partition column; there are less of them than filters are allowed. */
static void choose_newest(const struct catalog_snapshot *found, struct arena *arena,
                          struct table_rows *rows)
{
    const struct table *table = found->table;
    if (!table_is_partitioned(table) || found->partition_count == 0)
        return;
    const struct catalog_partition *newest = &found->partitions[found->partition_count - 1];
    for (size_t i = 0; i < table->partition_count; i++)
        rows->filters[rows->filter_count++] =
            arena_format(arena, "%s=%s", table_partition_column(table, i)->name, newest->values[i]);
}

static int run_rows(struct catalog *catalog, const struct options *options, struct error *err)
{
    SCOPED_ARENA struct arena arena;
    SCOPED_TEXT struct text sql = {0};
    struct catalog_snapshot found;
    struct table_rows rows = options->rows;
    arena_init(&arena, 0);
    if (catalog_view_find(catalog, options->argument, &arena, &found, err) != 0)
        return -1;
    if (options->is_newest_only && rows.filter_count == 0)
        choose_newest(&found, &arena, &rows);
    if (table_rows_write_sql(found.table, &rows, &sql, err) != 0)
        return -1;
    return run_sql(catalog, options, text_string(&sql), err);
}

static int run_command(struct catalog *catalog, const struct options *options, struct error *err)
{
    enum result_format format = options->format;
    if (strcmp(options->command, "query") == 0)
        return run_sql(catalog, options, options->argument, err);
    if (strcmp(options->command, "rows") == 0)
        return run_rows(catalog, options, err);
    if (strcmp(options->command, "tables") == 0)
        return catalog_view_tables(catalog, stdout, format, err);
    if (strcmp(options->command, "show") == 0)
        return catalog_view_table(catalog, options->argument, stdout, format, err);
    if (strcmp(options->command, "partitions") == 0) {
        const struct catalog_view_choice choice = {options->argument, options->newest};
        return catalog_view_partitions(catalog, &choice, stdout, format, err);
    }
    return usage(err, "there is no command", options->command);
}

/* A query needs no table: before there is a warehouse it is asked of an empty one. */
static int open_catalog(struct catalog *catalog, const struct options *options, struct error *err)
{
    struct error problem = {0};
    bool is_query = strcmp(options->command, "query") == 0;
    if (catalog_open(catalog, options->state_dir, CATALOG_READ, clock_us, &problem) == 0)
        return 0;
    if (is_query && problem.kind == ERROR_KIND_NOT_FOUND)
        return catalog_open_empty(catalog, clock_us, err);
    *err = problem;
    return -1;
}

static int run_options(const struct options *options, struct error *err)
{
    struct catalog catalog;
    if (open_catalog(&catalog, options, err) != 0)
        return -1;
    int result = run_command(&catalog, options, err);
    catalog_close(&catalog);
    if (fflush(stdout) != 0 && result == 0 && errno != EPIPE)
        return error_set_errno(err, ERROR_KIND_FAILED, "cannot write the result");
    return result;
}

static void show_error(const struct options *options, const struct error *err)
{
    bool is_query = options->command != NULL && strcmp(options->command, "query") == 0;
    if (options->has_json_errors) {
        SCOPED_TEXT struct text json = {0};
        error_write_json(err, NULL, &json);
        fprintf(stderr, "%s\n", text_string(&json));
        return;
    }
    const struct job_problem problem = {
        .err = err, .file = "", .text = is_query ? options->argument : NULL};
    job_show_error(stderr, &problem);
}

int main(int count, char **arguments)
{
    struct options options = {.format = RESULT_TABLE};
    struct error err = {0};
    if (read_options(count, arguments, &options, &err) == 0 && run_options(&options, &err) == 0)
        return 0;
    fflush(stdout);
    show_error(&options, &err);
    return (int)err.kind;
}
