#include "nodes/builtin.h"

static const struct field fields[] = {{.name = NULL}};

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

const struct node_type node_type_virtual = {
    .contract = NODE_TYPE_CONTRACT,
    .name = "virtual",
    .help = "Does nothing: a common start or a meeting point. Needs no process and no slot.",
    .fields = fields,
    .has_process = false,
    .prepare = prepare,
    .interpret = interpret,
};
