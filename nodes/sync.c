#include "nodes/builtin.h"
#include "nodes/node_job.h"
#include "nodes/node_wait.h"
#include "scheduler/base/scope.h"

#include <string.h>

static const char *const formats[] = {"lines", "json", "csv", NULL};
static const char *const modes[] = {"overwrite", "append", NULL};
static const char *const missing_choices[] = {"fail", "wait", "skip", "empty", NULL};

static const struct field from_fields[] = {
    {.name = "connection",
     .kind = FIELD_KIND_NAME,
     .is_required = true,
     .help = "Where the data comes from: a connection of datemill.yaml.",
     .example = "oss"},
    {.name = "file",
     .kind = FIELD_KIND_TEXT,
     .is_required = true,
     .help = "The file below the connection's folder; `*` matches several, `.gz` is unpacked.",
     .example = "event/OrderSucceededEvent/${var}data"},
    {.name = "format",
     .kind = FIELD_KIND_CHOICE,
     .choices = formats,
     .default_text = "lines",
     .help = "`lines`: a line is a row of one column; `json`: a value is a row, however the file "
             "is laid out; `csv`: fields are columns."},
    {.name = "delimiter",
     .kind = FIELD_KIND_STRING,
     .default_text = ",",
     .help = "csv: the character between fields; \"\\t\" for a tab.",
     .example = ";"},
    {.name = "header",
     .kind = FIELD_KIND_BOOL,
     .default_text = "false",
     .help = "csv: the first line holds the columns' names."},
    {.name = "null_text",
     .kind = FIELD_KIND_STRING,
     .help = "csv: a field with this text is NULL.",
     .example = "\\N"},
    {.name = NULL},
};

static const struct field partition_item = {.kind = FIELD_KIND_TEXT};

static const struct field to_fields[] = {
    {.name = "table",
     .kind = FIELD_KIND_NAME,
     .is_required = true,
     .help = "The table of the warehouse.",
     .example = "order_succeeded_event"},
    {.name = "partition",
     .kind = FIELD_KIND_EITHER,
     .item = &partition_item,
     .help = "The partition of a partitioned table: `dt=${var}`, or a map of columns to values.",
     .example = "dt=${var}"},
    {.name = "mode",
     .kind = FIELD_KIND_CHOICE,
     .choices = modes,
     .default_text = "overwrite",
     .help = "`overwrite` replaces what is there as a whole; `append` adds, and a repeated attempt "
             "replaces what the same run added before."},
    {.name = NULL},
};

static const struct field error_fields[] = {
    {.name = "max",
     .kind = FIELD_KIND_INTEGER,
     .default_text = "0",
     .min = 0,
     .max = 1000000000,
     .help = "Records that may be rejected before the node fails."},
    {.name = NULL},
};

static const struct field wait_fields[] = {
    NODE_WAIT_STABLE_FIELD,
    NODE_WAIT_EVERY_FIELD,
    {.name = "timeout",
     .kind = FIELD_KIND_DURATION,
     .default_text = NODE_WAIT_DEFAULT_TIMEOUT,
     .min = DURATION_SECOND_US,
     .max = 366 * DURATION_DAY_US,
     .help = "How long it waits at most; the node's own `timeout` is for its attempts."},
    NODE_WAIT_ON_TIMEOUT_FIELD,
    {.name = NULL},
};

static const struct field fields[] = {
    {.name = "from",
     .kind = FIELD_KIND_BLOCK,
     .is_required = true,
     .fields = from_fields,
     .help = "What to read."},
    {.name = "to",
     .kind = FIELD_KIND_BLOCK,
     .is_required = true,
     .fields = to_fields,
     .help = "What to write."},
    {.name = "errors",
     .kind = FIELD_KIND_BLOCK,
     .fields = error_fields,
     .help = "What to do with records that cannot be read; they are kept in a side file."},
    {.name = "on_missing",
     .kind = FIELD_KIND_CHOICE,
     .choices = missing_choices,
     .default_text = "fail",
     .help = "When there is no source file: fail, wait for it without a slot (`wait`), leave the "
             "table as it is and go on (`skip`), or write no rows (`empty`)."},
    {.name = "wait",
     .kind = FIELD_KIND_BLOCK,
     .fields = wait_fields,
     .help = "How `on_missing: wait` waits.",
     .example = "{stable: 30s, timeout: 6h, on_timeout: skip}"},
    {.name = NULL},
};

static void check_csv(const struct field_value *from, const struct node_report *report)
{
    const char *format = field_text(from, from_fields, "format");
    bool is_csv = strcmp(format, "csv") == 0;
    static const char *const names[] = {"delimiter", "header", "null_text"};
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !is_csv; i++) {
        const struct field_value *value = field_find(from, names[i]);
        if (value != NULL)
            report->add(report->context, value->key_place, "E131",
                        "only `format: csv` has delimiter, header and null_text", NULL);
    }
    const struct field_value *delimiter = field_find(from, "delimiter");
    if (delimiter != NULL && is_csv &&
        (strlen(delimiter->text) != 1 || strchr("\"\r\n", delimiter->text[0]) != NULL))
        report->add(report->context, delimiter->place, "E131",
                    "a delimiter is one character, no quote and no line end",
                    "as \",\" or \"\\t\"");
}

static bool waits(const struct field_value *block)
{
    const char *on_missing = field_text(block, fields, "on_missing");
    return on_missing != NULL && strcmp(on_missing, "wait") == 0;
}

static void check(const struct node_type *type, const struct node_values *values,
                  const struct node_facts *facts, const struct node_report *report)
{
    (void)type;
    const struct field_value *from = field_find(values->written, "from");
    const struct field_value *to = field_find(values->written, "to");
    const struct field_value *connection = field_find(from, "connection");
    const struct field_value *partition = field_find(to, "partition");
    if (connection != NULL)
        node_wait_check_connection(connection, facts, "sync", report);
    if (from != NULL)
        check_csv(from, report);
    if (partition != NULL)
        node_wait_check_partition(partition, report);
    const struct field_value *wait = field_find(values->written, "wait");
    if (wait != NULL && !waits(values->written))
        report->add(report->context, wait->key_place, "E131",
                    "only `on_missing: wait` has a `wait`", NULL);
}

static void write_from(struct json_out *json, const struct node_values *values,
                       const struct node_connection *connection, struct arena *arena)
{
    const struct field_value *from = field_find(values->resolved, "from");
    const struct field_value *file = field_find(from, "file");
    const struct field_value *written = field_find(field_find(values->written, "from"), "file");
    json_out_key(json, "from");
    json_out_begin_object(json);
    json_out_pair_string(json, "kind", connection->type);
    json_out_pair_string(json, "root", connection->path);
    json_out_pair_string(json, "connection", connection->name);
    json_out_pair_string(json, "file", file->text);
    json_out_pair_string(json, "template", written->text);
    json_out_pair_string(json, "place", node_job_place(values, written->place, arena));
    json_out_pair_string(json, "format", field_text(from, from_fields, "format"));
    json_out_pair_string(json, "delimiter", field_text(from, from_fields, "delimiter"));
    json_out_pair_bool(json, "header", field_number(from, "header", 0) != 0);
    json_out_pair_string(json, "null_text", field_text(from, from_fields, "null_text"));
    json_out_end_object(json);
}

static void write_to(struct json_out *json, const struct field_value *to, const char *partition)
{
    json_out_key(json, "to");
    json_out_begin_object(json);
    json_out_pair_string(json, "table", field_text(to, to_fields, "table"));
    json_out_pair_string(json, "partition", partition);
    json_out_pair_string(json, "mode", field_text(to, to_fields, "mode"));
    json_out_end_object(json);
}

static int prepare(const struct node_type *type, const struct node_work *work,
                   struct node_command *ret_command, struct error *err)
{
    const struct node_values *values = work->values;
    const struct node_facts *facts = work->facts;
    struct arena *arena = work->arena;
    (void)type;
    const struct field_value *from = field_find(values->resolved, "from");
    const struct field_value *to = field_find(values->resolved, "to");
    const char *name = field_text(from, from_fields, "connection");
    const struct node_connection *connection =
        name == NULL ? NULL : node_wait_connection(facts, name);
    if (connection == NULL || field_find(from, "file") == NULL)
        return error_set(err, ERROR_KIND_INVALID, "no connection `%s` in datemill.yaml",
                         name == NULL ? "" : name);
    SCOPED_TEXT struct text partition = {0};
    node_wait_append_partition(field_find(to, "partition"), &partition);
    const char *mode = field_text(to, to_fields, "mode");
    SCOPED_TEXT struct text job = {0};
    struct json_out json;
    json_out_init(&json, &job);
    node_job_begin(&json, facts);
    write_from(&json, values, connection, arena);
    write_to(&json, to, text_string(&partition));
    json_out_pair_int(&json, "errors_max",
                      field_number(field_find(values->resolved, "errors"), "max", 0));
    /* What was waited for and is gone again is missing. */
    json_out_pair_string(
        &json, "on_missing",
        waits(values->resolved) ? "fail" : field_text(values->resolved, fields, "on_missing"));
    json_out_end_object(&json);
    struct node_command command = node_job_command(facts, "datemill-sync", &job, arena);
    command.shown_text =
        arena_format(arena, "from %s: %s (%s)\nto   %s%s%s (%s)", connection->name,
                     field_find(from, "file")->text, field_text(from, from_fields, "format"),
                     field_text(to, to_fields, "table"), partition.length > 0 ? "/" : "",
                     text_string(&partition), mode);
    *ret_command = command;
    return 0;
}

static bool find_replaced(const struct node_type *type, const struct node_work *work,
                          struct node_table *ret_table)
{
    (void)type;
    const struct field_value *to = field_find(work->values->resolved, "to");
    const char *table = field_text(to, to_fields, "table");
    const char *mode = field_text(to, to_fields, "mode");
    if (table == NULL || strcmp(mode, "overwrite") != 0)
        return false;
    SCOPED_TEXT struct text partition = {0};
    node_wait_append_partition(field_find(to, "partition"), &partition);
    *ret_table = (struct node_table){
        .table = table, .partition = arena_copy_string(work->arena, text_string(&partition))};
    return true;
}

static bool find_wait(const struct node_type *type, const struct node_work *work,
                      struct node_wait *ret_wait)
{
    const struct field_value *block = work->values->resolved;
    const struct field_value *from = field_find(block, "from");
    const char *name = field_text(from, from_fields, "connection");
    const struct node_connection *connection =
        name == NULL || work->facts == NULL ? NULL : node_wait_connection(work->facts, name);
    struct node_wait wait = {.kind = NODE_WAIT_FILE, .connection = name};
    (void)type;
    if (!waits(block))
        return false;
    node_wait_read(field_find(block, "wait"), &wait);
    wait.root = connection == NULL ? NULL : connection->path;
    wait.file = field_text(from, from_fields, "file");
    *ret_wait = wait;
    return true;
}

const struct node_type node_type_sync = {
    .contract = NODE_TYPE_CONTRACT,
    .name = "sync",
    .help = "Copies records from a connection into a table of the warehouse.",
    .fields = fields,
    .has_process = true,
    .check = check,
    .prepare = prepare,
    .interpret = node_job_interpret,
    .find_replaced = find_replaced,
    .find_wait = find_wait,
};
