/* links datemill_store */
#include "scheduler/base/scope.h"
#include "scheduler/store/store_backup.h"
#include "scheduler/store/store_commit.h"
#include "scheduler/store/store_internal.h"
#include "scheduler/store/store_load.h"
#include "scheduler/store/view_backfill.h"
#include "scheduler/store/view_history.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The input is a database as it stands (first byte 0), or changes to a good one: three bytes of
 * offset and one byte that goes there, again and again. Whatever comes of it, every question is
 * answered or fails with an error, within its budget. */

#define MAX_LOOKS 5 /* small, so that circles end soon */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *folder(const char *name, char path[64])
{
    snprintf(path, 64, "/tmp/datemill-fuzz-%d%s", (int)getpid(), name);
    return path;
}

static void clean(void)
{
    static const char *const names[] = {
        "/state.db",      "/state.db-wal",      "/state.db-shm",      "/.gitignore",
        "-good/state.db", "-good/state.db-wal", "-good/state.db-shm", "-good/.gitignore"};
    char path[64];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(folder(names[i], path));
    rmdir(folder("-good", path));
    rmdir(folder("", path));
}

static void put_run(struct store *store, int64_t version_id)
{
    static const struct store_run_node nodes[] = {{"a", "shell", TASK_WAITING, true},
                                                  {"b", "sql", TASK_WAITING, true}};
    struct store_run run = {.run_id = store_take_run_id(store),
                            .flow = "f",
                            .version_id = version_id,
                            .cyctime = "2021-11-12T00:30:00",
                            .bizdate = "2021-11-11",
                            .zone = "UTC",
                            .kind = STORE_RUN_MANUAL,
                            .trigger = "cli by lin",
                            .nodes = nodes,
                            .node_count = 2};
    struct action attempt = {
        .kind = ACTION_RECORD_ATTEMPT,
        .attempt = {.attempt_id = 1, .run_id = run.run_id, .node = 0, .number = 1}};
    struct action task = {.kind = ACTION_RECORD_TASK,
                          .task = {.run_id = run.run_id,
                                   .node = 0,
                                   .state = TASK_FAILED,
                                   .why = TASK_WHY_ENDED,
                                   .attempts = 1}};
    struct store_table table = {"t", "dt=1", "overwrite", 7};
    struct store_end end = {
        .attempt_id = 1, .reason = "no such column", .tables = &table, .table_count = 1};
    struct store_operation operation = {
        .kind = STORE_OPERATION_MARK, .who = "lin", .reason = "r", .run_id = run.run_id, .node = 1};
    if (store_put_run(store, &run, NULL) != 0 || store_apply(store, &attempt, NULL) != 0 ||
        store_apply(store, &task, NULL) != 0 || store_put_end(store, &end, NULL) != 0 ||
        store_put_operation(store, &operation, NULL) != 0)
        abort(); /* the good store cannot be made */
}

static void put_backfill(struct store *store, int64_t version_id)
{
    static const struct node_setting vars[] = {{"var", "7"}};
    static const struct store_date dates[] = {
        {0, "2021-11-11", "2021-11-12T00:30:00", false, DATE_REDO, DATE_FAILED, 1, "a failed"},
        {1, "2021-11-12", "2021-11-13T00:30:00", false, DATE_RUN, DATE_WAITING, 0, "never ran"},
        {2, "2021-11-13", "2021-11-14T00:30:00", true, DATE_NONE, DATE_LEFT_OUT, 0, "no instance"}};
    struct store_backfill backfill = {.id = store_take_backfill_id(store),
                                      .flow = "f",
                                      .version_id = version_id,
                                      .request = "key",
                                      .ranges = "2021-11-11..2021-11-13",
                                      .parallel = 2,
                                      .vars = vars,
                                      .var_count = 1};
    struct store_operation operation = {.kind = STORE_OPERATION_BACKFILL,
                                        .who = "lin",
                                        .node = STORE_NO_NODE,
                                        .backfill_id = backfill.id};
    if (store_put_backfill(store, &backfill, dates, 3, NULL) != 0 ||
        store_put_operation(store, &operation, NULL) != 0)
        abort(); /* the good store cannot be made */
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    char path[64];
    struct store *store = NULL;
    struct flow_file file = {.path = "f.yaml", .bytes = "x", .length = 1, .hash = "00"};
    struct store_version version = {.flow = "f", .hash = "11", .files = &file, .file_count = 1};
    int64_t version_id = 0;
    clean();
    atexit(clean);
    int result = store_open_writer(folder("-good", path), "datemill 0", &store, NULL);
    if (result == 0)
        result = store_begin(store, NULL);
    if (result == 0)
        result = store_put_version(store, &version, (struct instant){1}, &version_id, NULL);
    assert(result == 0);
    put_run(store, version_id);
    put_backfill(store, version_id);
    result = store_commit(store, NULL);
    assert(result == 0);
    store_close(store);
    mkdir(folder("", path), 0700);
    return 0;
}

static void write_input(const uint8_t *data, size_t size)
{
    char path[64];
    char good_path[64];
    SCOPED_FD int fd = open(folder("/state.db", path), O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert(fd >= 0);
    if (size > 0 && data[0] == 0) {
        assert(write(fd, data + 1, size - 1) == (ssize_t)size - 1);
        return;
    }
    SCOPED_FD int good = open(folder("-good/state.db", good_path), O_RDONLY);
    char block[65536];
    ssize_t length;
    size_t total = 0;
    while ((length = read(good, block, sizeof block)) > 0) {
        assert(write(fd, block, (size_t)length) == length);
        total += (size_t)length;
    }
    for (size_t i = 1; i + 4 <= size && total > 0; i += 4) {
        size_t offset = ((size_t)data[i] << 16 | (size_t)data[i + 1] << 8 | data[i + 2]) % total;
        assert(pwrite(fd, &data[i + 3], 1, (off_t)offset) == 1);
    }
}

static void ask_lists(struct store *store, struct arena *arena)
{
    static const char *const queries[] = {
        "",       "flow:f state:failed",  "date:2021-11", "trigger:*", "node:a state:failed",
        "column", "node:* state:blocked", "backfill:1"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct run_query query;
        struct view_runs runs;
        struct view_page page = {.limit = 20, .query = &query};
        int result = run_query_parse(queries[i], (struct instant){1}, arena, &query, NULL);
        assert(result == 0);
        if (view_list_runs(store, &page, arena, &runs, NULL) == 0)
            assert(runs.count <= 20);
    }
}

static void ask_run(struct store *store, struct arena *arena)
{
    struct view_run run;
    struct view_nodes nodes;
    struct view_details details;
    struct view_files files;
    struct view_starts starts;
    struct flow_file text;
    struct load_run loaded;
    struct load_definition definition;
    if (view_find_run(store, 1, arena, &run, NULL) == 0)
        assert((int)run.state < TASK_STATE_COUNT && run.flow != NULL && run.failure.text != NULL);
    if (view_run_nodes(store, 1, arena, &nodes, NULL) == 0)
        for (size_t i = 0; i < nodes.count; i++)
            assert(nodes.items[i].index == i && (int)nodes.items[i].state < TASK_STATE_COUNT);
    view_run_details(store, 1, arena, &details, NULL);
    if (view_run_starts(store, 1, arena, &starts, NULL) == 0)
        for (size_t i = 0; i < starts.count; i++)
            assert((int)starts.items[i].start.cause < START_CAUSE_COUNT &&
                   (int)starts.items[i].start.wait < START_WAIT_COUNT);
    view_version_files(store, 1, arena, &files, NULL);
    view_text(store, "00", arena, &text, NULL);
    load_definition(store, 1, arena, &definition, NULL);
    if (load_run(store, 1, arena, &loaded, NULL) == 0)
        for (size_t i = 0; i < loaded.node_count; i++)
            assert((int)loaded.nodes[i].state < TASK_STATE_COUNT);
}

static void ask_across(struct store *store, struct arena *arena)
{
    struct view_status status;
    struct view_median median;
    struct view_node_medians medians;
    struct view_place place = {"f", "a"};
    struct view_node_list list = {.place = place, .page = {.limit = 5}};
    struct view_planned planned = {"f", "2021-11-12T00:30:00", false};
    struct view_event_list story = {.run_id = 1, .page = {.limit = 10}};
    struct view_attempts attempts;
    struct view_events events;
    struct view_date date;
    struct load_runs runs;
    struct load_attempts open;
    view_status(store, arena, &status, NULL);
    view_median(store, &place, &median, NULL);
    place.node = "";
    view_median(store, &place, &median, NULL);
    view_node_history(store, &list, arena, &attempts, NULL);
    view_node_medians(store, "f", arena, &medians, NULL);
    view_date_state(store, &planned, arena, &date, NULL);
    view_events(store, &story, arena, &events, NULL);
    load_open_runs(store, arena, &runs, NULL);
    load_open_attempts(store, "boot", arena, &open, NULL);
}

static void check_backfill(const struct store_backfill *backfill)
{
    assert((int)backfill->state < BACKFILL_STATE_COUNT &&
           (int)backfill->redo < BACKFILL_REDO_COUNT);
    assert(backfill->flow != NULL && backfill->ranges != NULL);
}

static void check_dates(const struct view_date_runs *dates)
{
    for (size_t i = 0; i < dates->count; i++) {
        const struct store_date *date = &dates->items[i].date;
        assert((int)date->state < DATE_STATE_COUNT && (int)date->decision < DATE_DECISION_COUNT);
        assert(i == 0 || date->position >= dates->items[i - 1].date.position);
    }
}

static void ask_backfills(struct store *store, struct arena *arena)
{
    static const char *const asked[] = {"a", "zebra"};
    struct view_backfill_list list = {.page = {.limit = 5}};
    struct load_dates_of dates_of = {1, 0xff, -1, 2};
    struct view_instances_of which = {"f", "2021-01-01", "2021-12-31", asked, 2};
    struct view_backfills backfills;
    struct view_backfill found;
    struct view_date_runs dates;
    struct view_operations operations;
    struct view_median median;
    struct view_instances instances;
    struct load_backfills open;
    int64_t id;
    if (view_list_backfills(store, &list, arena, &backfills, NULL) == 0)
        for (size_t i = 0; i < backfills.count; i++)
            check_backfill(&backfills.items[i].row);
    list.flow = "f";
    view_list_backfills(store, &list, arena, &backfills, NULL);
    if (view_find_backfill(store, 1, arena, &found, NULL) == 0)
        check_backfill(&found.row);
    if (view_backfill_dates(store, &dates_of, arena, &dates, NULL) == 0)
        check_dates(&dates);
    view_backfill_operations(store, 1, arena, &operations, NULL);
    view_backfill_median(store, 1, &median, NULL);
    load_open_backfills(store, arena, &open, NULL);
    load_backfill_of_request(store, "key", &id, NULL);
    if (view_instances(store, &which, arena, &instances, NULL) == 0)
        for (size_t i = 0; i < instances.count; i++)
            assert((int)instances.items[i].verdict <= VIEW_INSTANCE_OPEN &&
                   (int)instances.items[i].state < TASK_STATE_COUNT);
    which.nodes = NULL;
    which.node_count = 0;
    view_instances(store, &which, arena, &instances, NULL);
}

/* What somebody hands to `restore`. */
static void look_at_copy(void)
{
    char path[64];
    struct store_copy copy;
    struct error err = {0};
    if (store_look_at_copy(folder("/state.db", path), &copy, &err) == 0)
        assert(copy.runs >= 0 && copy.open_attempts >= 0);
    else
        assert(err.kind != ERROR_KIND_NONE && err.text[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct store *store = NULL;
    struct error err = {0};
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    write_input(data, size);
    look_at_copy();
    if (store_open_reader(folder("", path), &store, &err) != 0) {
        assert(err.kind != ERROR_KIND_NONE && err.text[0] != '\0');
        return 0;
    }
    store->max_looks = MAX_LOOKS;
    ask_lists(store, &arena);
    ask_run(store, &arena);
    ask_across(store, &arena);
    ask_backfills(store, &arena);
    store_close(store);
    return 0;
}
