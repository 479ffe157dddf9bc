/* A command that only reads finds a store of an older version: it must not be told to run another
 * command first, least of all a backfill, which reads before it asks the engine. */
#include "scheduler/daemon/settle.h"
#include "tests/unit/daemon/harness.h"

#include <sqlite3.h>

#define SCHEMA_1 TEST_SOURCE_DIR "/tests/unit/store/schema_v1.sql"
#define SCHEMA_BYTES 65536

/* As the first version left it. */
static void make_first(const char *state_dir)
{
    static const char head[] = "PRAGMA journal_mode = WAL; PRAGMA application_id = 1685351788;"
                               " PRAGMA user_version = 1;";
    static const char rows[] = "INSERT INTO meta VALUES ('program', 'datemill 0.0.9'),"
                               " ('next_run_id', 1), ('next_attempt_id', 1), ('epoch', 3)";
    char path[160];
    char schema[SCHEMA_BYTES] = "";
    sqlite3 *db;
    SCOPED_FILE FILE *file = fopen(SCHEMA_1, "r");
    assert_non_null(file);
    size_t length = fread(schema, 1, sizeof schema - 1, file);
    assert_true(length > 0 && length < sizeof schema - 1);
    snprintf(path, sizeof path, "%s/state.db", state_dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, head, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, schema, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, rows, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void an_older_store_is_brought_up_to_date(void **state)
{
    (void)state;
    struct world *world =
        world_new("timezone: UTC\n", "flow: shop\nnodes:\n  n: {type: virtual}\n");
    struct error err = {0};
    struct store *store;
    world_leave(world);
    world_remove(world, ".datemill/state.db"); /* closed well: without a WAL */
    make_first(world->state_dir);
    assert_int_equal(store_open_reader(world->state_dir, &store, &err), -1);
    err = (struct error){0};
    assert_int_equal(daemon_settle(&world->options.place, &err), 0);
    if (store_open_reader(world->state_dir, &store, &err) < 0)
        fail_msg("%s", err.text);
    store_close(store);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_older_store_is_brought_up_to_date)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
