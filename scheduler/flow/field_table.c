#include "scheduler/flow/field_table.h"

#include "scheduler/base/instant.h"
#include "scheduler/flow/notify.h"

#define SECOND DURATION_SECOND_US
#define DAY DURATION_DAY_US

static const char *const backoff_choices[] = {"constant", "double", NULL};
/* in the order of enum flow_catchup and enum flow_overlap */
static const char *const catchup_choices[] = {"all", "latest", "none", NULL};
static const char *const overlap_choices[] = {"allow", "wait", "skip", NULL};
static const char *const leftover_choices[] = {"kill", "keep", NULL};
static const char *const connection_types[] = {"files", NULL};
static const char *const manifest_kinds[] = {
    "string", "text", "name", "integer", "duration", "size", "bool", "choice", "list", "map", NULL};

static const struct field string_item = {.kind = FIELD_KIND_STRING};
static const struct field path_item = {.kind = FIELD_KIND_PATH};
static const struct field need_item = {.kind = FIELD_KIND_NEED};
static const struct field value_item = {.kind = FIELD_KIND_VALUE};
static const struct field code_item = {.kind = FIELD_KIND_INTEGER, .min = 1, .max = 255};
static const struct field size_item = {.kind = FIELD_KIND_INTEGER, .min = 1, .max = 10000};
static const struct field environment_item = {.kind = FIELD_KIND_TEXT, .allows_secret = true};

static const struct field schedule_fields[] = {
    {.name = "at",
     .kind = FIELD_KIND_LIST,
     .item = &string_item,
     .help = "When, one or several: `daily HH:MM`, `hourly :MM`, `every 5m from HH:MM to HH:MM`, "
             "`weekly mon,fri HH:MM`, `monthly 1,last HH:MM`, `yearly MM-DD HH:MM`.",
     .example = "daily 00:30"},
    {.name = "cron",
     .kind = FIELD_KIND_LIST,
     .item = &string_item,
     .help = "Or cron lines of 5 fields, or of 6 with seconds first.",
     .example = "\"30 0 * * *\""},
    {.name = "timezone",
     .kind = FIELD_KIND_STRING,
     .help = "The zone of these times; the project's when it is not given.",
     .example = "Asia/Shanghai"},
    {.name = "from",
     .kind = FIELD_KIND_DATE,
     .help = "The first scheduling date.",
     .example = "2021-11-11"},
    {.name = "until",
     .kind = FIELD_KIND_DATE,
     .help = "The last scheduling date.",
     .example = "2021-12-31"},
    {.name = "catchup",
     .kind = FIELD_KIND_CHOICE,
     .choices = catchup_choices,
     .default_text = "all",
     .help =
         "What becomes of instances that were due while no scheduler ran: each of them runs, the "
         "latest, or none. What is left out is told; `datemill backfill` runs it."},
    {.name = "catchup_limit",
     .kind = FIELD_KIND_INTEGER,
     .default_text = "100",
     .min = 1,
     .max = 100000,
     .help = "At most so many of them, the newest."},
    {.name = "overlap",
     .kind = FIELD_KIND_CHOICE,
     .choices = overlap_choices,
     .default_text = "allow",
     .help =
         "While the scheduled run of an earlier instance is open: run beside it, wait for it, or "
         "leave this instance out."},
    {.name = NULL},
};

static const struct field retry_fields[] = {
    {.name = "max",
     .kind = FIELD_KIND_INTEGER,
     .default_text = "0",
     .min = 0,
     .max = 100,
     .help = "Attempts after the first: 2 means at most 3."},
    {.name = "delay",
     .kind = FIELD_KIND_DURATION,
     .default_text = "1m",
     .min = 0,
     .max = 7 * DAY,
     .help = "The pause before the second attempt."},
    {.name = "backoff",
     .kind = FIELD_KIND_CHOICE,
     .choices = backoff_choices,
     .default_text = "constant",
     .help = "How the pause grows from attempt to attempt."},
    {.name = "max_delay",
     .kind = FIELD_KIND_DURATION,
     .default_text = "1h",
     .min = 0,
     .max = 7 * DAY,
     .help = "The longest pause."},
    {.name = "on_timeout",
     .kind = FIELD_KIND_BOOL,
     .default_text = "false",
     .help = "Whether an attempt that ran out of time is repeated."},
    {.name = "on_lost",
     .kind = FIELD_KIND_BOOL,
     .default_text = "false",
     .help = "Whether an attempt whose fate is unknown is repeated."},
    {.name = "codes",
     .kind = FIELD_KIND_LIST,
     .item = &code_item,
     .help = "Only these exit codes are repeated; without it any failure is.",
     .example = "[75]"},
    {.name = NULL},
};

#define RETRY_FIELD                                                                                \
    {                                                                                              \
        .name = "retry", .kind = FIELD_KIND_BLOCK, .fields = retry_fields,                         \
        .help = "What happens after a failure.", .example = "{max: 2, delay: 1m}"                  \
    }
#define TIMEOUT_FIELD                                                                              \
    {                                                                                              \
        .name = "timeout", .kind = FIELD_KIND_DURATION, .min = SECOND, .max = 366 * DAY,           \
        .help = "An attempt that runs longer is stopped and has failed; without it there is no "   \
                "limit.",                                                                          \
        .example = "30m"                                                                           \
    }
#define STOP_GRACE_FIELD                                                                           \
    {                                                                                              \
        .name = "stop_grace", .kind = FIELD_KIND_DURATION, .default_text = "10s", .min = 0,        \
        .max = 7 * DAY, .help = "The time between SIGTERM and SIGKILL when an attempt is stopped." \
    }
#define LOG_LIMIT_FIELD                                                                            \
    {                                                                                              \
        .name = "log_limit", .kind = FIELD_KIND_SIZE, .default_text = "64MiB",                     \
        .min = INT64_C(64) << 10, .max = INT64_C(16) << 30,                                        \
        .help = "How much of an attempt's output is kept: its head and its tail."                  \
    }
#define POOL_FIELD                                                                                 \
    {                                                                                              \
        .name = "pool", .kind = FIELD_KIND_NAME,                                                   \
        .help = "A pool of datemill.yaml: how many attempts of it run at once.",                   \
        .example = "warehouse"                                                                     \
    }
#define PRIORITY_FIELD(words)                                                                      \
    {                                                                                              \
        .name = "priority", .kind = FIELD_KIND_INTEGER, .default_text = "4", .min = 1, .max = 8,   \
        .help = words                                                                              \
    }
#define LEFTOVERS_FIELD                                                                            \
    {                                                                                              \
        .name = "leftovers", .kind = FIELD_KIND_CHOICE, .choices = leftover_choices,               \
        .default_text = "kill",                                                                    \
        .help = "What happens to processes that outlive an attempt's first one."                   \
    }

/* Of a node, and of `defaults` for all of them. */
#define ATTEMPT_FIELDS                                                                             \
    RETRY_FIELD, TIMEOUT_FIELD, STOP_GRACE_FIELD, LOG_LIMIT_FIELD, POOL_FIELD,                     \
        PRIORITY_FIELD("Which of the ready nodes starts first: 1 to 8, larger first."),            \
        LEFTOVERS_FIELD

static const struct field defaults_fields[] = {
    ATTEMPT_FIELDS,
    {.name = NULL},
};

const struct field field_table_node[] = {
    {.name = "type",
     .kind = FIELD_KIND_NAME,
     .default_text = FIELD_TABLE_DEFAULT_TYPE,
     .help = "What the node does; see the types below.",
     .example = "sql"},
    {.name = "title",
     .kind = FIELD_KIND_STRING,
     .help = "What people call it.",
     .example = "销售统计"},
    {.name = "description", .kind = FIELD_KIND_STRING, .help = "What it is for."},
    {.name = "needs",
     .kind = FIELD_KIND_LIST,
     .item = &need_item,
     .help = "What must be done before: `node`, `flow/node` or `flow/*` (all of it) of the same "
             "business date; behind it `@-1` for the cycle before, `@-1d` for the business date "
             "before, `@13:00` for that one of the date's instances.",
     .example = "[commodity_sync, order_succeeded_sync]"},
    {.name = "params",
     .kind = FIELD_KIND_MAP,
     .item = &value_item,
     .help = "Parameters of this node; they hide the flow's.",
     .example = "{hour: \"$[hh24-1/24]\"}"},
    {.name = "env",
     .kind = FIELD_KIND_MAP,
     .item = &environment_item,
     .help = "Environment variables; `{secret: {file: PATH}}` or `{secret: {env: NAME}}` may stand "
             "for a value.",
     .example = "{PATH: /opt/tools/bin:/usr/bin:/bin}"},
    ATTEMPT_FIELDS,
    {.name = "frozen",
     .kind = FIELD_KIND_BOOL,
     .default_text = "false",
     .help = "A frozen node does not run and holds up those that need it."},
    {.name = "on",
     .kind = FIELD_KIND_LIST,
     .item = &string_item,
     .help = "The scheduling dates on which it runs, one or several: `weekly mon,fri`, `monthly "
             "1,last`, `yearly MM-DD`. On others it is skipped, which counts as done; without it "
             "it runs on all.",
     .example = "weekly mon"},
    {.name = NULL},
};

static const struct field node_item = {.kind = FIELD_KIND_BLOCK, .fields = field_table_node};

const struct field field_table_flow[] = {
    {.name = "flow",
     .kind = FIELD_KIND_NAME,
     .is_required = true,
     .help = "The flow's name; it equals the name of its file or folder.",
     .example = "smartrm_study"},
    {.name = "title",
     .kind = FIELD_KIND_STRING,
     .help = "What people call it.",
     .example = "经营数据分析"},
    {.name = "description", .kind = FIELD_KIND_STRING, .help = "What it is for."},
    {.name = "owner",
     .kind = FIELD_KIND_STRING,
     .help = "Whom to ask.",
     .example = "data-platform"},
    {.name = "tags",
     .kind = FIELD_KIND_LIST,
     .item = &string_item,
     .help = "Words to find it by.",
     .example = "[smartrm, sales]"},
    {.name = "schedule",
     .kind = FIELD_KIND_EITHER,
     .item = &string_item,
     .fields = schedule_fields,
     .help = "When it runs by itself: a form of `at` or a cron line, or a map. Without it the flow "
             "is started by hand.",
     .example = "daily 00:30"},
    {.name = "params",
     .kind = FIELD_KIND_MAP,
     .item = &value_item,
     .help = "Parameters and their values: text with `${…}` (business date) and `$[…]` (scheduling "
             "time).",
     .example = "{var: \"${yyyymmdd}\"}"},
    {.name = "tables",
     .kind = FIELD_KIND_LIST,
     .item = &path_item,
     .help = "Files with CREATE TABLE statements, in MaxCompute's dialect; `*` and `?` match "
             "several.",
     .example = "tables/*.sql"},
    PRIORITY_FIELD("Of its runs: 1 to 8, larger first."),
    {.name = "max_runs",
     .kind = FIELD_KIND_INTEGER,
     .min = 1,
     .max = 10000,
     .help =
         "Scheduled runs of it that are open at once; further ones wait. Without it any number."},
    {.name = "notify",
     .kind = FIELD_KIND_BLOCK,
     .fields = notify_fields,
     .help = "Whom to tell of its runs; what it does not say is as datemill.yaml says.",
     .example = "{failure: [ops]}"},
    {.name = "deadline",
     .kind = FIELD_KIND_STRING,
     .help = "When a scheduled run is late: a time of day of the flow's zone, the first after the "
             "planned time; or a time after that, as 2h.",
     .example = "\"07:00\""},
    {.name = "defaults",
     .kind = FIELD_KIND_BLOCK,
     .fields = defaults_fields,
     .help = "Settings for all nodes; a node's own win."},
    {.name = "nodes",
     .kind = FIELD_KIND_MAP,
     .is_required = true,
     .item = &node_item,
     .help = "The nodes by name."},
    {.name = NULL},
};

static const struct field connection_fields[] = {
    {.name = "type",
     .kind = FIELD_KIND_CHOICE,
     .is_required = true,
     .choices = connection_types,
     .help = "`files`: a folder of this machine, also a mounted bucket."},
    {.name = "path",
     .kind = FIELD_KIND_STRING,
     .is_required = true,
     .help = "The folder, absolute or beside datemill.yaml; nothing outside it is read.",
     .example = "/mnt/ossfs"},
    {.name = NULL},
};

static const struct field connection_item = {.kind = FIELD_KIND_BLOCK, .fields = connection_fields};

static const struct field keep_fields[] = {
    {.name = "runs",
     .kind = FIELD_KIND_DURATION,
     .min = SECOND,
     .max = 100 * 366 * DAY,
     .help = "Runs that ended longer ago are forgotten, with their logs; without it none is.",
     .example = "90d"},
    {.name = "logs",
     .kind = FIELD_KIND_DURATION,
     .min = SECOND,
     .max = 100 * 366 * DAY,
     .help = "Logs of runs that ended longer ago are removed; shorter than `runs`.",
     .example = "30d"},
    {.name = NULL},
};

static const struct field channel_item = {.kind = FIELD_KIND_BLOCK,
                                          .fields = notify_channel_fields};

const struct field field_table_project[] = {
    {.name = "timezone",
     .kind = FIELD_KIND_STRING,
     .default_text = "UTC",
     .help = "The zone of flows that name none.",
     .example = "Asia/Shanghai"},
    {.name = "slots",
     .kind = FIELD_KIND_INTEGER,
     .min = 1,
     .max = 10000,
     .help = "Attempts at once; without it as many as there are processors.",
     .example = "4"},
    {.name = "pools",
     .kind = FIELD_KIND_MAP,
     .item = &size_item,
     .help = "Pools and how many attempts of each run at once.",
     .example = "{warehouse: 2}"},
    {.name = "connections",
     .kind = FIELD_KIND_MAP,
     .item = &connection_item,
     .help = "Where data comes from, by name.",
     .example = "{oss: {type: files, path: ./data}}"},
    {.name = "env",
     .kind = FIELD_KIND_MAP,
     .item = &environment_item,
     .help = "Environment variables of every attempt; `{secret: {file: PATH}}` or `{secret: {env: "
             "NAME}}` may stand for a value."},
    {.name = "keep",
     .kind = FIELD_KIND_BLOCK,
     .fields = keep_fields,
     .help = "How long `datemill serve` keeps history. Without it everything stays.",
     .example = "{runs: 90d, logs: 30d}"},
    {.name = "channels",
     .kind = FIELD_KIND_MAP,
     .item = &channel_item,
     .help = "Ways to tell people, by name.",
     .example = "{ops: {type: command, command: [/usr/local/bin/page]}}"},
    {.name = "notify",
     .kind = FIELD_KIND_BLOCK,
     .fields = notify_fields,
     .help = "Whom to tell of runs, unless a flow says else.",
     .example = "{failure: [ops], late: [ops]}"},
    STOP_GRACE_FIELD,
    LOG_LIMIT_FIELD,
    {.name = "node_types",
     .kind = FIELD_KIND_LIST,
     .item = &path_item,
     .help = "Folders with a node.yaml each: node types beyond the built-in ones.",
     .example = "[../contrib/node-types/http_check]"},
    {.name = NULL},
};

static const struct field manifest_field_fields[] = {
    {.name = "kind",
     .kind = FIELD_KIND_CHOICE,
     .choices = manifest_kinds,
     .default_text = "string",
     .help = "What may stand there. In `text`, and in the items of `list` and `map`, `${name}` is "
             "replaced."},
    {.name = "required",
     .kind = FIELD_KIND_BOOL,
     .default_text = "false",
     .help = "Whether it must be given."},
    {.name = "default",
     .kind = FIELD_KIND_STRING,
     .help = "The value when it is not given (scalars only)."},
    {.name = "choices",
     .kind = FIELD_KIND_LIST,
     .item = &string_item,
     .help = "For `choice`: the words that may stand there."},
    {.name = "min", .kind = FIELD_KIND_INTEGER, .help = "For `integer`: the smallest value."},
    {.name = "max", .kind = FIELD_KIND_INTEGER, .help = "For `integer`: the largest value."},
    {.name = "help", .kind = FIELD_KIND_STRING, .help = "One sentence for the reference page."},
    {.name = "example", .kind = FIELD_KIND_STRING, .help = "A value as one would write it."},
    {.name = NULL},
};

static const struct field manifest_item = {.kind = FIELD_KIND_BLOCK,
                                           .fields = manifest_field_fields};

const struct field field_table_manifest[] = {
    {.name = "node_type",
     .kind = FIELD_KIND_NAME,
     .is_required = true,
     .help = "What `type:` says.",
     .example = "http_check"},
    {.name = "help", .kind = FIELD_KIND_STRING, .is_required = true, .help = "One sentence."},
    {.name = "program",
     .kind = FIELD_KIND_STRING,
     .is_required = true,
     .help = "The program: a file beside node.yaml when it has a slash (`./run`), else a name "
             "searched in PATH.",
     .example = "./http_check"},
    {.name = "fields",
     .kind = FIELD_KIND_MAP,
     .item = &manifest_item,
     .help = "The keys a node of this type may have."},
    {.name = NULL},
};
