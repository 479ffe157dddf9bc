/* links datemill_store: a store with a long past, in seconds.
 *
 *     bench_history STATE_DIR DATES [OTHER_RUNS]
 *
 * Flow `filled` of 20 nodes has one run for each of so many business dates from 1990-01-01 on,
 * every tenth of which failed at its last node; a hundred other flows of two nodes have OTHER_RUNS
 * finished runs between them. Rows are as the store would have written them, put in with plain SQL
 * while the indexes are away. */
#include "scheduler/store/store.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES 20
#define MAX_INDEXES 64
#define FLOWS 100

/* Rows 0, 1, 2, … below `count`. */
#define NUMBERS(count)                                                                             \
    "WITH RECURSIVE number(n) AS"                                                                  \
    " (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < " count ") "

/* A run of flow ?1 for each number below ?2; ids from ?3; ?4 flows take turns, ?5 nodes each. */
static const char insert_runs[] =
    NUMBERS("?2") "INSERT INTO run SELECT ?3 + n, ?1 + n % ?4, ?1 + n % ?4,"
                  " date('1990-01-02', '+' || (n / ?4) || ' days') || 'T00:30:00', 0,"
                  " date('1990-01-01', '+' || (n / ?4) || ' days'), 'UTC', 631240200000000, 0,"
                  " 'schedule', '', '', '', iif(n % 10 = 9, 3, 2), 1, 4, 0, 0, 631240200000000,"
                  " 631240200000000, 631240200000000 + n, 631240260000000 + n % 9000000,"
                  " iif(n % 10 = 9, '0,0,' || (?5 - 1) || ',1,0,0,0,0', '0,0,' || ?5 ||"
                  " ',0,0,0,0,0') FROM number";

/* Its nodes; the last of every tenth run failed. */
static const char insert_nodes[] =
    NUMBERS("?2 * ?5") "INSERT INTO node_run SELECT ?3 + n / ?5, n % ?5,"
                       " ?6 + (n / ?5 % ?4) * ?5 + n % ?5, 'shell', 1,"
                       " iif(n / ?5 % 10 = 9 AND n % ?5 = ?5 - 1, 3, 2), 0, 0, 2, 1, 1, 0,"
                       " 631240200000000, 631240200000000, 631240260000000, ?7 + n / ?5, NULL"
                       " FROM number";

static const char insert_attempts[] =
    NUMBERS("?2") "INSERT INTO attempt(id, run_id, node, number, opening, state, granted_at,"
                  " outcome, reason) SELECT ?7 + n, ?3 + n, ?5 - 1, 1, 1, 2, 631240200000000,"
                  " n % 10 = 9, iif(n % 10 = 9, 'no such column', '') FROM number";

static const char insert_events[] =
    NUMBERS("?2") "INSERT INTO event(id, at, kind, run_id, state)"
                  " SELECT ?7 + n, 631240260000000, 1, ?3 + n, iif(n % 10 = 9, 3, 2) FROM number";

struct past {
    int64_t flow; /* first id */
    int64_t runs;
    int64_t run; /* first id; of attempts and events, too */
    int64_t flows;
    int64_t nodes;
    int64_t node; /* first id */
};

static void die(sqlite3 *db, const char *what)
{
    fprintf(stderr, "bench_history: %s: %s\n", what, sqlite3_errmsg(db));
    exit(1);
}

static void run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(db, sql);
}

static void insert(sqlite3 *db, const char *sql, const struct past *past)
{
    sqlite3_stmt *statement;
    const int64_t values[] = {past->flow,  past->runs, past->run, past->flows,
                              past->nodes, past->node, past->run};
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        die(db, sql);
    int count = sqlite3_bind_parameter_count(statement);
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(statement, i + 1, values[i]);
    if (sqlite3_step(statement) != SQLITE_DONE)
        die(db, sql);
    sqlite3_finalize(statement);
}

static void put_past(sqlite3 *db, const struct past *past)
{
    insert(db, insert_runs, past);
    insert(db, insert_nodes, past);
    insert(db, insert_attempts, past);
    insert(db, insert_events, past);
}

/* The statements that make the indexes again; the indexes are gone. */
static size_t take_indexes(sqlite3 *db, char *ret_sql[MAX_INDEXES])
{
    sqlite3_stmt *statement;
    char drop[256];
    char *names[MAX_INDEXES];
    size_t count = 0;
    static const char select[] =
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL";
    if (sqlite3_prepare_v2(db, select, -1, &statement, NULL) != SQLITE_OK)
        die(db, select);
    while (sqlite3_step(statement) == SQLITE_ROW && count < MAX_INDEXES) {
        names[count] = strdup((const char *)sqlite3_column_text(statement, 0));
        ret_sql[count++] = strdup((const char *)sqlite3_column_text(statement, 1));
    }
    sqlite3_finalize(statement);
    for (size_t i = 0; i < count; i++) {
        snprintf(drop, sizeof drop, "DROP INDEX %s", names[i]);
        run_sql(db, drop);
        free(names[i]);
    }
    return count;
}

static void put_names(sqlite3 *db)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             NUMBERS("%d") "INSERT INTO flow SELECT n + 1, iif(n = 0, 'filled', 'other_' || n)"
                           " FROM number",
             FLOWS + 1);
    run_sql(db, sql);
    run_sql(db, "INSERT INTO version SELECT id, id, '', '', '', 0, '', 0 FROM flow");
    snprintf(sql, sizeof sql,
             NUMBERS("%d") "INSERT INTO node SELECT n + 1, 1, 'n' || (n + 1) FROM number", NODES);
    run_sql(db, sql);
    snprintf(sql, sizeof sql,
             NUMBERS("%d") "INSERT INTO node SELECT n + %d, 2 + n / 2, 'n' || (n %% 2) FROM number",
             2 * FLOWS, NODES + 1);
    run_sql(db, sql);
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct store *store;
    sqlite3 *db;
    char *indexes[MAX_INDEXES];
    int64_t dates = argc > 2 ? strtoll(argv[2], NULL, 10) : 0;
    int64_t others = argc > 3 ? strtoll(argv[3], NULL, 10) : 0;
    if (argc < 3 || dates < 1 || others < 0) {
        fprintf(stderr, "usage: bench_history STATE_DIR DATES [OTHER_RUNS]\n");
        return 2;
    }
    if (store_open_writer(argv[1], "bench_history", &store, &err) != 0) {
        fprintf(stderr, "bench_history: %s\n", err.text);
        return 1;
    }
    char *path = strdup(store_path(store));
    store_close(store);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        die(db, path);
    run_sql(db, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;"
                " PRAGMA cache_size=-262144; BEGIN");
    size_t count = take_indexes(db, indexes);
    put_names(db);
    put_past(db, &(struct past){1, dates, 1, 1, NODES, 1});
    if (others > 0)
        put_past(db, &(struct past){2, others, dates + 1, FLOWS, 2, NODES + 1});
    for (size_t i = 0; i < count; i++) {
        run_sql(db, indexes[i]);
        free(indexes[i]);
    }
    run_sql(db, "INSERT OR REPLACE INTO meta(name, value)"
                " SELECT column1, (SELECT max(id) + 1 FROM run)"
                " FROM (VALUES ('next_run_id'), ('next_attempt_id'));"
                " COMMIT; PRAGMA journal_mode=WAL");
    sqlite3_close(db);
    free(path);
    return 0;
}
