#include "nodes/builtin.h"
#include "nodes/node_job.h"
#include "scheduler/base/scope.h"

#include <string.h>

static const struct field fields[] = {
    {.name = "file",
     .kind = FIELD_KIND_SQL_FILE,
     .help = "A file of SQL statements, in MaxCompute's dialect, beside the flow's file.",
     .example = "sql/sales_stat.sql"},
    {.name = "sql",
     .kind = FIELD_KIND_SQL,
     .help = "The statements themselves, instead of `file`.",
     .example = "SELECT COUNT(*) FROM sales_stat WHERE dt = '${var}'"},
    {.name = NULL},
};

static void check(const struct node_type *type, const struct node_values *values,
                  const struct node_facts *facts, const struct node_report *report)
{
    (void)type;
    (void)facts;
    const struct field_value *block = values->written;
    const struct field_value *file = field_find(block, "file");
    const struct field_value *sql = field_find(block, "sql");
    if (file != NULL && sql != NULL)
        report->add(report->context, sql->key_place, "E130",
                    "a sql node has `file` or `sql`, not both", NULL);
    if (file == NULL && sql == NULL)
        report->add(report->context, block->key_place, "E106", "a sql node needs `file` or `sql`",
                    "write `file: sql/name.sql`");
    if (sql != NULL && sql->text[strspn(sql->text, " \t\r\n")] == '\0')
        report->add(report->context, sql->place, "E130", "`sql` is empty", NULL);
}

static int prepare(const struct node_type *type, const struct node_work *work,
                   struct node_command *ret_command, struct error *err)
{
    const struct node_values *values = work->values;
    const struct node_facts *facts = work->facts;
    struct arena *arena = work->arena;
    (void)type;
    const struct field_value *file = field_find(values->resolved, "file");
    const struct field_value *value = file != NULL ? file : field_find(values->resolved, "sql");
    const struct field_value *written = field_find(values->written, file != NULL ? "file" : "sql");
    if (value == NULL || written == NULL)
        return error_set(err, ERROR_KIND_INVALID, "node %s has no SQL", facts->node);
    /* The text of a block scalar begins on the line after its key. */
    int64_t line_offset = file != NULL                          ? 0
                          : strchr(written->text, '\n') != NULL ? (int64_t)written->place.line
                                                                : (int64_t)written->place.line - 1;
    size_t index = file != NULL ? (size_t)written->number : written->place.file;
    SCOPED_TEXT struct text job = {0};
    struct json_out json;
    json_out_init(&json, &job);
    node_job_begin(&json, facts);
    json_out_pair_string(&json, "file", values->file_names[index]);
    json_out_pair_string(&json, "sql", value->text);
    json_out_pair_int(&json, "line_offset", line_offset);
    json_out_end_object(&json);
    struct node_command command = node_job_command(facts, "datemill-sql", &job, arena);
    command.shown_text = arena_copy_string(arena, value->text);
    *ret_command = command;
    return 0;
}

const struct node_type node_type_sql = {
    .contract = NODE_TYPE_CONTRACT,
    .name = "sql",
    .help = "Runs SQL statements in the warehouse.",
    .fields = fields,
    .has_process = true,
    .check = check,
    .prepare = prepare,
    .interpret = node_job_interpret,
};
