#include "nodes/builtin.h"
#include "nodes/node_wait.h"
#include "scheduler/base/civil.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/text.h"

#include <string.h>

static const struct field partition_item = {.kind = FIELD_KIND_TEXT};

static const struct field fields[] = {
    {.name = "file",
     .kind = FIELD_KIND_TEXT,
     .help = "A file below the connection's folder; `*` matches several, of which one is enough.",
     .example = "event/OrderSucceededEvent/${var}data"},
    {.name = "connection",
     .kind = FIELD_KIND_NAME,
     .help = "Where the file is to come: a connection of datemill.yaml.",
     .example = "oss"},
    {.name = "table",
     .kind = FIELD_KIND_NAME,
     .help = "Or a table of the warehouse.",
     .example = "order_succeeded_event"},
    {.name = "partition",
     .kind = FIELD_KIND_EITHER,
     .item = &partition_item,
     .help = "The partition of it that is to be there; without it any row of the table.",
     .example = "dt=${var}"},
    {.name = "time",
     .kind = FIELD_KIND_STRING,
     .help = "Or a time of day: of the scheduling date, in the flow's zone.",
     .example = "\"02:30\""},
    NODE_WAIT_STABLE_FIELD,
    NODE_WAIT_EVERY_FIELD,
    NODE_WAIT_ON_TIMEOUT_FIELD,
    {.name = NULL},
};

static void report_at(const struct node_report *report, const struct field_value *value,
                      const char *message, const char *help)
{
    report->add(report->context, value->key_place, "E131", message, help);
}

/* `stable` without `file` and the like. */
static void check_owner(const struct field_value *block, const char *name, const char *owner,
                        const struct node_report *report)
{
    const struct field_value *value = field_find(block, name);
    SCOPED_TEXT struct text message = {0};
    if (value == NULL || field_find(block, owner) != NULL)
        return;
    text_append_format(&message, "`%s` belongs to `%s`, which is not there", name, owner);
    report_at(report, value, text_string(&message), NULL);
}

static void check_time(const struct field_value *value, const struct node_report *report)
{
    int32_t seconds;
    if (!node_wait_parse_time(value->text, &seconds))
        report->add(report->context, value->place, "E131",
                    "a time of day is written HH:MM or HH:MM:SS", "as \"02:30\"");
}

static void check(const struct node_type *type, const struct node_values *values,
                  const struct node_facts *facts, const struct node_report *report)
{
    static const char *const kinds[] = {"file", "table", "time"};
    const struct field_value *block = values->written;
    const struct field_value *found[3] = {0};
    size_t count = 0;
    (void)type;
    for (size_t i = 0; i < 3; i++) {
        const struct field_value *value = field_find(block, kinds[i]);
        if (value != NULL)
            found[count++] = value;
    }
    if (count == 0)
        report->add(report->context, block->key_place, "E131",
                    "a node of type wait says what it waits for: `file`, `table` or `time`",
                    "as file: event/${var}data, with connection: oss");
    if (count > 1)
        report_at(report, found[1], "a node waits for one thing: `file`, `table` or `time`",
                  "one node for each, and `needs` with both");
    const struct field_value *connection = field_find(block, "connection");
    if (connection != NULL)
        node_wait_check_connection(connection, facts, "wait", report);
    check_owner(block, "connection", "file", report);
    if (field_find(block, "file") != NULL && connection == NULL)
        report_at(report, field_find(block, "file"), "a file is in a `connection`: which?",
                  "as connection: oss");
    check_owner(block, "stable", "file", report);
    check_owner(block, "partition", "table", report);
    const struct field_value *partition = field_find(block, "partition");
    if (partition != NULL)
        node_wait_check_partition(partition, report);
    if (field_find(block, "time") != NULL)
        check_time(field_find(block, "time"), report);
    if (count == 1 && found[0] == field_find(block, "time") && field_find(block, "every") != NULL)
        report_at(report, field_find(block, "every"), "a time of day needs no `every`", NULL);
}

static int prepare(const struct node_type *type, const struct node_work *work,
                   struct node_command *ret_command, struct error *err)
{
    (void)work;
    (void)ret_command;
    return error_set(err, ERROR_KIND_BUG, "a node of type %s has no process", type->name);
}

static enum node_outcome interpret(const struct node_type *type, const struct node_exit *exit)
{
    (void)type;
    (void)exit;
    return NODE_OUTCOME_SUCCESS;
}

static bool find_wait(const struct node_type *type, const struct node_work *work,
                      struct node_wait *ret_wait)
{
    const struct field_value *block = work->values->resolved;
    const char *name = field_text(block, fields, "connection");
    const struct node_connection *connection =
        name == NULL || work->facts == NULL ? NULL : node_wait_connection(work->facts, name);
    struct node_wait wait = {.kind = NODE_WAIT_TIME, .time = field_text(block, fields, "time")};
    SCOPED_TEXT struct text partition = {0};
    (void)type;
    node_wait_read(block, &wait);
    node_wait_append_partition(field_find(block, "partition"), &partition);
    wait.partition = arena_copy_string(work->arena, text_string(&partition));
    wait.file = field_text(block, fields, "file");
    wait.table = field_text(block, fields, "table");
    wait.connection = name;
    wait.root = connection == NULL ? NULL : connection->path;
    if (wait.file != NULL)
        wait.kind = NODE_WAIT_FILE;
    else if (wait.table != NULL)
        wait.kind = NODE_WAIT_PARTITION;
    *ret_wait = wait;
    return true;
}

const struct node_type node_type_wait = {
    .contract = NODE_TYPE_CONTRACT,
    .name = "wait",
    .help = "Waits for a file, a partition of the warehouse or a time of day, and takes no slot "
            "meanwhile. Its `timeout` (1d unless the node has one) is how long it waits; that of "
            "`defaults` is not.",
    .fields = fields,
    .has_process = false,
    .check = check,
    .prepare = prepare,
    .interpret = interpret,
    .find_wait = find_wait,
};
