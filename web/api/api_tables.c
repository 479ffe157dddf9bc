/* Tables of the warehouse: which there are, one with its partitions, its rows. datemill-data
 * answers; the page's /data is the same for people. */
#include "web/api/api.h"
#include "web/api/api_doc.h"
#include "web/api/api_routes.h"
#include "web/site/data_call.h"

#include <inttypes.h>
#include <string.h>

#define ROWS_LIMIT 50
#define ROWS_MAX_LIMIT 1000
#define ROWS_REACH 10000 /* rows that can be reached, as datemill-data has it */
#define MAX_FILTERS 16
#define PARTITIONS "1000"

static const struct parameter row_parameters[] = {
    {.name = "_sort",
     .kind = PARAMETER_TEXT,
     .max = 200,
     .help = "column, or -column: largest first"},
    {.name = "_all",
     .kind = PARAMETER_CHOICE,
     .choices = "0|1",
     .help = "1: without a filter all partitions, not only the newest"},
    {.name = "_limit",
     .kind = PARAMETER_INT,
     .min = 1,
     .max = ROWS_MAX_LIMIT,
     .help = "rows, 50 unless given"},
    {.name = "_after", .kind = PARAMETER_INT, .min = 0, .max = ROWS_REACH, .help = "rows to skip"},
    {.name = NULL}};

/* ---- which there are ---- */

/* Objects, a line each, as an array. */
static void write_lines(struct json_out *out, const struct text *lines)
{
    const char *at = text_string(lines);
    json_out_begin_array(out);
    while (*at != '\0') {
        size_t length = strcspn(at, "\n");
        if (length > 0) {
            struct text one = {0};
            text_append_bytes(&one, at, length);
            json_out_raw(out, text_string(&one));
            text_free(&one);
        }
        at += length + (at[length] == '\n');
    }
    json_out_end_array(out);
}

static int write_tables(struct visit *visit, void *owner, struct error *err)
{
    struct json_out out;
    const struct data_question *question = owner;
    (void)err;
    api_begin(visit, &out);
    json_out_key(&out, "items");
    write_lines(&out, question->ret_output);
    return api_end(visit, &out);
}

static int list_tables(struct visit *visit, struct error *err)
{
    static const char *const words[] = {"tables", NULL};
    struct data_question *question = arena_alloc(visit->arena, sizeof *question);
    *question = (struct data_question){.format = "json", .words = words, .may_be_missing = true};
    const struct data_call_options options = {
        .visit = visit, .questions = question, .count = 1, .done = write_tables, .owner = question};
    return data_call_begin(&options, err);
}

/* ---- one ---- */

static int write_table(struct visit *visit, void *owner, struct error *err)
{
    struct json_out out;
    const struct data_question *questions = owner;
    (void)err;
    struct text table = {0};
    const char *bytes = text_string(questions[0].ret_output);
    text_append_bytes(&table, bytes, strcspn(bytes, "\n"));
    api_begin(visit, &out);
    json_out_key(&out, "table");
    json_out_raw(&out, table.length > 0 ? text_string(&table) : "null");
    json_out_key(&out, "partitions");
    write_lines(&out, questions[1].ret_output);
    text_free(&table);
    return api_end(visit, &out);
}

static int show_table(struct visit *visit, struct error *err)
{
    struct data_question *questions = arena_array(visit->arena, 2, sizeof *questions);
    const char **table = arena_array(visit->arena, 3, sizeof *table);
    const char **partitions = arena_array(visit->arena, 5, sizeof *partitions);
    table[0] = "show";
    table[1] = visit->parts[0];
    partitions[0] = "--newest";
    partitions[1] = PARTITIONS;
    partitions[2] = "partitions";
    partitions[3] = visit->parts[0];
    questions[0] = (struct data_question){.format = "json", .words = table};
    questions[1] = (struct data_question){.format = "json", .words = partitions};
    const struct data_call_options options = {.visit = visit,
                                              .questions = questions,
                                              .count = 2,
                                              .done = write_table,
                                              .owner = questions};
    return data_call_begin(&options, err);
}

/* ---- rows ---- */

struct rows {
    struct data_question question;
    int64_t offset;
    int64_t limit;
};

static const char *next_url(const struct visit *visit, int64_t offset)
{
    struct url url;
    const struct http_pairs *query = &visit->request->query;
    url_begin(&url, visit->arena, "/api/v1/tables");
    url_part(&url, visit->parts[0]);
    url_part(&url, "rows");
    for (size_t i = 0; i < query->count; i++) {
        if (strcmp(query->items[i].name, "_after") != 0)
            url_query(&url, query->items[i].name, query->items[i].value);
    }
    url_query_int(&url, "_after", offset);
    return url_string(&url);
}

static int write_rows(struct visit *visit, void *owner, struct error *err)
{
    struct json_out out;
    struct json *items = NULL;
    const struct rows *rows = owner;
    const struct text *output = rows->question.ret_output;
    if (json_parse(text_string(output), output->length, &items, err) < 0)
        return -1;
    int64_t count = (int64_t)json_count(items);
    json_free(items);
    int64_t next = rows->offset + count;
    api_begin(visit, &out);
    json_out_key(&out, "items");
    json_out_raw(&out, text_string(output));
    if (count == rows->limit && next < ROWS_REACH)
        json_out_pair_string(&out, "next", next_url(visit, next));
    return api_end(visit, &out);
}

static bool is_column(const char *name)
{
    return name[0] != '_' && strcmp(name, "lang") != 0;
}

/* The words for datemill-data; NULL when there are too many filters. */
static const char *const *row_words(struct visit *visit, const struct rows *rows)
{
    const struct http_pairs *query = &visit->request->query;
    const char **words = arena_array(visit->arena, DATA_CALL_MAX_WORDS, sizeof *words);
    const char *sort = visit_text(visit, "_sort", NULL);
    size_t count = 0;
    for (size_t i = 0; i < query->count; i++) {
        if (!is_column(query->items[i].name))
            continue;
        if (count == (size_t)2 * MAX_FILTERS)
            return NULL;
        words[count++] = "--where";
        words[count++] =
            arena_format(visit->arena, "%s=%s", query->items[i].name, query->items[i].value);
    }
    if (sort != NULL) {
        words[count++] = "--sort";
        words[count++] = sort;
    }
    words[count++] = "--offset";
    words[count++] = arena_format(visit->arena, "%" PRId64, rows->offset);
    words[count++] = "--limit";
    words[count++] = arena_format(visit->arena, "%" PRId64, rows->limit);
    words[count++] = "--without-filter";
    words[count++] = visit_int(visit, "_all", 0) != 0 ? "all" : "newest";
    words[count++] = "rows";
    words[count++] = visit->parts[0];
    return words;
}

static int list_rows(struct visit *visit, struct error *err)
{
    struct rows *rows = arena_alloc(visit->arena, sizeof *rows);
    *rows = (struct rows){.offset = visit_int(visit, "_after", 0),
                          .limit = visit_int(visit, "_limit", ROWS_LIMIT)};
    if (rows->offset + rows->limit > ROWS_REACH)
        rows->limit = ROWS_REACH - rows->offset;
    rows->question = (struct data_question){.format = "json", .words = row_words(visit, rows)};
    if (rows->limit < 1 || rows->question.words == NULL)
        return error_set(err, ERROR_KIND_USAGE, "at most %d rows can be reached, by %d filters",
                         ROWS_REACH, MAX_FILTERS);
    const struct data_call_options options = {.visit = visit,
                                              .questions = &rows->question,
                                              .count = 1,
                                              .done = write_rows,
                                              .owner = rows};
    return data_call_begin(&options, err);
}

const struct route api_table_routes[] = {
    {.pattern = "/api/v1/tables",
     .methods = HTTP_GET,
     .is_api = true,
     .answer = list_tables,
     .doc = &(const struct api_doc){.id = "list_tables",
                                    .summary = "Tables of the warehouse.",
                                    .answer = "Tables"}},
    {.pattern = "/api/v1/tables/{table}",
     .methods = HTTP_GET,
     .is_api = true,
     .answer = show_table,
     .doc = &(const struct api_doc){.id = "show_table",
                                    .summary = "A table with its newest partitions.",
                                    .answer = "Table"}},
    {.pattern = "/api/v1/tables/{table}/rows",
     .methods = HTTP_GET,
     .parameters = row_parameters,
     .takes_columns = true,
     .is_api = true,
     .answer = list_rows,
     .doc = &(const struct api_doc){.id = "list_rows",
                                    .summary = "Rows; columns are filters: dt=20211111, num__ge=5 "
                                               "(ne lt le gt ge contains null).",
                                    .answer = "Rows"}},
    {.pattern = NULL}};
