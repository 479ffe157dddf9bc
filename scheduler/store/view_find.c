/* Which runs match: streams of ids from an index, newest first, filtered and merged.
 *
 * Every query has a driver: the filter that leaves the fewest rows and has an index in whose
 * order the ids come. A driver with several values (two flows, thirty dates) is one stream per
 * value. What the other filters say is tested row by row. So nothing is ever sorted, and the work
 * for a page is bounded: a stream that finds nothing for too long makes the answer partial. */
#include "scheduler/base/civil.h"
#include "scheduler/store/view_internal.h"

#include <assert.h>
#include <string.h>

#define MAX_STREAMS 1024
#define MAX_DRIVER_FLOWS 64
#define MAX_DRIVER_DAYS 366
#define MAX_TRIGGERS 1000     /* different ones that are looked through */
#define MAX_OLD_IN_A_ROW 1000 /* then since: is over */
#define MAX_NODES 256         /* that the patterns of one query may mean */

enum driver {
    DRIVER_ID,
    DRIVER_WORDS,
    DRIVER_NODE,
    DRIVER_NODE_STATE,
    DRIVER_FLOW,
    DRIVER_FLOW_STATE,
    DRIVER_FLOW_DATE,
    DRIVER_STATE,
    DRIVER_DATE,
    DRIVER_TRIGGER
};

#define COLUMNS "SELECT run.id, flow_id, run.state, kind, bizdate, run.created_at, trigger, counts"

/* ?1 is the stream's number, ?2 its text, ?3 the id below which it begins. */
static const char *const driver_sql[] = {
    [DRIVER_ID] = COLUMNS " FROM run WHERE id < ?3 ORDER BY id DESC",
    [DRIVER_WORDS] = COLUMNS " FROM run_error_text JOIN run ON run.id = run_error_text.rowid"
                             " WHERE run_error_text MATCH ?2 AND run_error_text.rowid < ?3"
                             " ORDER BY run_error_text.rowid DESC",
    [DRIVER_NODE] = "SELECT run.id, flow_id, node_run.state, kind, bizdate, run.created_at,"
                    " trigger, counts FROM node_run INDEXED BY node_run_by_node"
                    " JOIN run ON run.id = run_id"
                    " WHERE node_id = ?1 AND run_id < ?3 ORDER BY run_id DESC",
    [DRIVER_NODE_STATE] = "SELECT run.id, flow_id, node_run.state, kind, bizdate, run.created_at,"
                          " trigger, counts FROM node_run INDEXED BY node_run_by_state"
                          " JOIN run ON run.id = run_id WHERE node_id = ?1"
                          " AND node_run.state = ?4 AND node_run.state <> 0 AND node_run.state <> 1"
                          " AND node_run.state <> 2 AND run_id < ?3"
                          " ORDER BY run_id DESC",
    [DRIVER_FLOW] = COLUMNS " FROM run INDEXED BY run_by_flow"
                            " WHERE flow_id = ?1 AND id < ?3 ORDER BY id DESC",
    [DRIVER_FLOW_STATE] = COLUMNS " FROM run INDEXED BY run_by_flow_state WHERE flow_id = ?1"
                                  " AND state = ?4 AND state <> 2 AND id < ?3 ORDER BY id DESC",
    [DRIVER_FLOW_DATE] = COLUMNS " FROM run INDEXED BY run_by_flow_date WHERE flow_id = ?1"
                                 " AND bizdate = ?2 AND id < ?3 ORDER BY id DESC",
    [DRIVER_STATE] = COLUMNS " FROM run INDEXED BY run_by_state"
                             " WHERE state = ?4 AND state <> 2 AND id < ?3 ORDER BY id DESC",
    [DRIVER_DATE] = COLUMNS " FROM run INDEXED BY run_by_date"
                            " WHERE bizdate = ?2 AND id < ?3 ORDER BY id DESC",
    [DRIVER_TRIGGER] = COLUMNS " FROM run INDEXED BY run_by_trigger"
                               " WHERE trigger = ?2 AND id < ?3 ORDER BY id DESC",
};

struct stream {
    int64_t number; /* flow or node */
    const char *text;
    int state;
};

struct numbers {
    int64_t *items;
    size_t count;
    size_t capacity;
};

struct texts {
    const char **items;
    size_t count;
    size_t capacity;
};

struct search {
    struct store *store;
    struct arena *arena;
    const struct run_query *query;
    struct numbers flows;   /* that the query means, if it names any */
    struct numbers nodes;   /* same */
    struct texts triggers;  /* same */
    bool has_many_triggers; /* too many to list: tested row by row */
    struct texts days;      /* of all dates; empty if there are too many */
    bool is_any_node;       /* node:*: states are counted */
    enum driver driver;
    struct stream *streams;
    size_t stream_count;
    size_t stream_capacity;
    int64_t *found; /* descending, at most `wanted` */
    size_t found_count;
    size_t wanted;
    int64_t before; /* ids are smaller */
    int64_t floor;  /* a stream was given up here: smaller ids are not known */
};

static void add_number(struct search *search, struct numbers *numbers, int64_t number)
{
    numbers->items = arena_grow(search->arena, numbers->items, numbers->count, &numbers->capacity,
                                sizeof *numbers->items);
    numbers->items[numbers->count++] = number;
}

static void add_text(struct search *search, struct texts *texts, const char *text)
{
    texts->items = arena_grow(search->arena, texts->items, texts->count, &texts->capacity,
                              sizeof *texts->items);
    texts->items[texts->count++] = text;
}

static bool has_number(const struct numbers *numbers, int64_t number)
{
    for (size_t i = 0; i < numbers->count; i++)
        if (numbers->items[i] == number)
            return true;
    return false;
}

static bool has_name(const struct run_query_names *names, const char *text)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], text) == 0)
            return true;
    return false;
}

static bool matches_any(const struct run_query_names *names, const char *text)
{
    for (size_t i = 0; i < names->count; i++)
        if (run_query_matches(names->items[i], text))
            return true;
    return false;
}

/* The whole text or its first word. */
static bool trigger_matches(const struct run_query_names *names, const char *trigger)
{
    char word[64];
    size_t length = strcspn(trigger, " ");
    if (matches_any(names, trigger))
        return true;
    if (length >= sizeof word)
        return false;
    memcpy(word, trigger, length);
    word[length] = '\0';
    return matches_any(names, word);
}

/* ---- what the names mean ---- */

static int find_flows(struct search *search, struct error *err)
{
    STATEMENT(s);
    if (search->query->flows.count == 0)
        return 0;
    if (statement_open(&s, search->store, "SELECT id, name FROM flow", err) != 0)
        return -1;
    int row;
    while ((row = statement_step(&s, err)) == 1)
        if (matches_any(&search->query->flows, statement_peek_text(&s, 1)))
            add_number(search, &search->flows, statement_get_int(&s, 0));
    return row;
}

static int find_nodes_of(struct search *search, const char *sql, const char *name,
                         struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, search->store, sql, err) != 0)
        return -1;
    statement_text(&s, name);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        int64_t id = statement_get_int(&s, 0);
        if (!run_query_matches(name, statement_peek_text(&s, 2)) ||
            (search->query->flows.count > 0 &&
             !has_number(&search->flows, statement_get_int(&s, 1))) ||
            has_number(&search->nodes, id))
            continue;
        if (search->nodes.count == MAX_NODES) {
            error_set(err, ERROR_KIND_USAGE, "node:%s means more than %d nodes", name, MAX_NODES);
            return error_help(err, "add flow:NAME, or name the node");
        }
        add_number(search, &search->nodes, id);
    }
    return row;
}

static int find_nodes(struct search *search, struct error *err)
{
    const struct run_query_names *names = &search->query->nodes;
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], "*") == 0)
            search->is_any_node = true;
    for (size_t i = 0; i < names->count && !search->is_any_node; i++) {
        const char *sql = run_query_is_pattern(names->items[i])
                              ? "SELECT id, flow_id, name FROM node WHERE ?1 <> ''"
                              : "SELECT id, flow_id, name FROM node WHERE name = ?1";
        if (find_nodes_of(search, sql, names->items[i], err) != 0)
            return -1;
    }
    return 0;
}

/* From one different text to the next along the index, however many runs share each. */
static int find_triggers(struct search *search, struct error *err)
{
    if (search->query->triggers.count == 0)
        return 0;
    const char *last = "";
    for (int i = 0; i < MAX_TRIGGERS; i++) {
        STATEMENT(s);
        if (statement_open(&s, search->store,
                           "SELECT trigger FROM run WHERE trigger > ? ORDER BY trigger LIMIT 1",
                           err) != 0)
            return -1;
        statement_text(&s, last);
        int row = statement_step(&s, err);
        if (row != 1)
            return row;
        last = statement_get_text(&s, 0, search->arena);
        if (trigger_matches(&search->query->triggers, last))
            add_text(search, &search->triggers, last);
    }
    search->has_many_triggers = true;
    return 0;
}

static void find_days(struct search *search)
{
    for (size_t i = 0; i < search->query->date_count; i++) {
        struct civil_date day;
        struct civil_date to;
        if (civil_date_parse(search->query->dates[i].from, &day, NULL) != 0 ||
            civil_date_parse(search->query->dates[i].to, &to, NULL) != 0)
            continue;
        for (; civil_date_compare(day, to) <= 0; day = civil_add_days(day, 1)) {
            char text[CIVIL_DATE_BYTES];
            if (search->days.count == MAX_DRIVER_DAYS) {
                search->days.count = 0; /* tested row by row */
                return;
            }
            civil_date_format(day, text);
            add_text(search, &search->days, arena_copy_string(search->arena, text));
        }
    }
}

/* ---- the driver ---- */

static void add_stream(struct search *search, struct stream stream)
{
    search->streams = arena_grow(search->arena, search->streams, search->stream_count,
                                 &search->stream_capacity, sizeof *search->streams);
    search->streams[search->stream_count++] = stream;
}

static const char *match_expression(struct search *search)
{
    SCOPED_TEXT struct text text = {0};
    for (size_t i = 0; i < search->query->words.count; i++) {
        text_append(&text, i == 0 ? "\"" : " AND \"");
        for (const char *at = search->query->words.items[i]; *at != '\0'; at++)
            text_append(&text, *at == '"' ? "\"\"" : (char[2]){*at, '\0'});
        text_append_char(&text, '"');
    }
    return arena_copy(search->arena, text_string(&text), text.length);
}

/* States that have an index: all but success, and only without node:, whose states they are. */
static bool has_indexed_states(const struct search *search)
{
    return search->query->nodes.count == 0 && search->query->states != 0 &&
           (search->query->states & (1u << TASK_SUCCESS)) == 0;
}

static void add_state_streams(struct search *search, int64_t number)
{
    for (int state = 0; state < TASK_STATE_COUNT; state++)
        if ((search->query->states & (1u << state)) != 0)
            add_stream(search, (struct stream){.number = number, .text = "", .state = state});
}

static void add_text_streams(struct search *search, const struct texts *texts, int64_t flow)
{
    for (size_t i = 0; i < texts->count; i++)
        add_stream(search, (struct stream){.number = flow, .text = texts->items[i]});
}

static void add_name_streams(struct search *search, const struct run_query_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        add_stream(search, (struct stream){.text = names->items[i]});
}

static void drive_by_flow(struct search *search)
{
    size_t flows = search->flows.count;
    search->driver = has_indexed_states(search) ? DRIVER_FLOW_STATE
                     : search->days.count > 0 && search->days.count * flows <= MAX_STREAMS
                         ? DRIVER_FLOW_DATE
                         : DRIVER_FLOW;
    for (size_t i = 0; i < flows; i++) {
        int64_t flow = search->flows.items[i];
        if (search->driver == DRIVER_FLOW_STATE)
            add_state_streams(search, flow);
        else if (search->driver == DRIVER_FLOW_DATE)
            add_text_streams(search, &search->days, flow);
        else
            add_stream(search, (struct stream){.number = flow, .text = ""});
    }
}

/* States that are rare have an index. */
static void drive_by_node(struct search *search)
{
    uint32_t often = 1u << TASK_WAITING | 1u << TASK_RUNNING | 1u << TASK_SUCCESS;
    uint32_t states = search->query->states;
    search->driver = states != 0 && (states & often) == 0 ? DRIVER_NODE_STATE : DRIVER_NODE;
    for (size_t i = 0; i < search->nodes.count; i++)
        if (search->driver == DRIVER_NODE_STATE)
            add_state_streams(search, search->nodes.items[i]);
        else
            add_stream(search, (struct stream){.number = search->nodes.items[i], .text = ""});
}

static void choose_driver(struct search *search)
{
    const struct run_query *query = search->query;
    if (query->words.count > 0) {
        search->driver = DRIVER_WORDS;
        add_stream(search, (struct stream){.text = match_expression(search)});
    } else if (query->backfills.count > 0) {
        search->driver = DRIVER_TRIGGER;
        add_name_streams(search, &query->backfills);
    } else if (query->nodes.count > 0 && !search->is_any_node) {
        drive_by_node(search);
    } else if (query->flows.count > 0 && search->flows.count <= MAX_DRIVER_FLOWS) {
        drive_by_flow(search);
    } else if (has_indexed_states(search)) {
        search->driver = DRIVER_STATE;
        add_state_streams(search, 0);
    } else if (search->days.count > 0) {
        search->driver = DRIVER_DATE;
        add_text_streams(search, &search->days, 0);
    } else if (query->triggers.count > 0 && !search->has_many_triggers) {
        search->driver = DRIVER_TRIGGER;
        add_text_streams(search, &search->triggers, 0);
    } else {
        search->driver = DRIVER_ID;
        add_stream(search, (struct stream){.text = ""});
    }
}

/* ---- rows ---- */

/* A node that is meant, in a state that is meant. */
static int has_such_node(struct search *search, int64_t run_id, struct error *err)
{
    uint32_t states = search->query->states;
    STATEMENT(s);
    if (statement_open(&s, search->store, "SELECT node_id, state FROM node_run WHERE run_id = ?",
                       err) != 0)
        return -1;
    statement_int(&s, run_id);
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        int state = statement_get_enum(&s, 1, TASK_STATE_COUNT);
        if ((states == 0 || (states & (1u << state)) != 0) &&
            (search->is_any_node || has_number(&search->nodes, statement_get_int(&s, 0))))
            return 1;
    }
    return row;
}

/* The states of a run that is over are counted in its row. */
static bool has_counted_state(const struct search *search, const char *counts_text)
{
    uint32_t counts[TASK_STATE_COUNT];
    if (!view_parse_counts(counts_text, counts))
        return false;
    for (uint32_t i = 0; i < TASK_STATE_COUNT; i++)
        if (counts[i] > 0 && (search->query->states & (1u << i)) != 0)
            return true;
    return false;
}

static int test_state(struct search *search, struct statement *s, struct error *err)
{
    int state = statement_get_enum(s, 2, TASK_STATE_COUNT);
    const struct run_query *query = search->query;
    if (query->nodes.count == 0 || search->driver == DRIVER_NODE ||
        search->driver == DRIVER_NODE_STATE)
        return query->states == 0 || (query->states & (1u << state)) != 0;
    if (search->is_any_node && query->states == 0)
        return 1;
    if (search->is_any_node && !statement_get_is_null(s, 7))
        return has_counted_state(search, statement_peek_text(s, 7));
    return has_such_node(search, statement_get_int(s, 0), err);
}

static bool is_in_dates(const struct run_query *query, const char *bizdate)
{
    for (size_t i = 0; i < query->date_count; i++)
        if (strcmp(query->dates[i].from, bizdate) <= 0 && strcmp(bizdate, query->dates[i].to) <= 0)
            return true;
    return false;
}

/* 1 it matches, 0 it does not, -1 failed. */
static int test_row(struct search *search, struct statement *s, struct error *err)
{
    const struct run_query *query = search->query;
    int kind = statement_get_enum(s, 3, STORE_RUN_MANUAL + 1);
    if ((query->flows.count > 0 && !has_number(&search->flows, statement_get_int(s, 1))) ||
        (query->kinds != 0 && (query->kinds & (1u << kind)) == 0) ||
        (query->date_count > 0 && !is_in_dates(query, statement_peek_text(s, 4))) ||
        (query->since.us != 0 && statement_get_int(s, 5) < query->since.us) ||
        (query->triggers.count > 0 &&
         !trigger_matches(&query->triggers, statement_peek_text(s, 6))) ||
        (query->backfills.count > 0 && !has_name(&query->backfills, statement_peek_text(s, 6))))
        return 0;
    return test_state(search, s, err);
}

/* Runs stand in the order in which they were made, but a clock may have been wrong for some of
 * them: only many old ones in a row mean that the rest is old as well. */
static bool is_over_age(const struct search *search, struct statement *s, size_t *old_in_a_row)
{
    if (search->query->since.us == 0)
        return false;
    *old_in_a_row =
        statement_get_int(s, 5) < search->query->since.us ? *old_in_a_row + 1 : (size_t)0;
    return *old_in_a_row == MAX_OLD_IN_A_ROW;
}

/* Puts an id into the descending list; the smallest falls out of a full one. */
static void keep(struct search *search, int64_t id)
{
    size_t at = search->found_count;
    while (at > 0 && search->found[at - 1] < id)
        at--;
    if ((at > 0 && search->found[at - 1] == id) || at == search->wanted)
        return;
    if (search->found_count < search->wanted)
        search->found_count++;
    memmove(&search->found[at + 1], &search->found[at],
            (search->found_count - at - 1) * sizeof *search->found);
    search->found[at] = id;
}

/* Ids at or below this one are not wanted any more. */
static int64_t lower_bound(const struct search *search)
{
    int64_t smallest =
        search->found_count == search->wanted ? search->found[search->wanted - 1] : 0;
    return smallest > search->floor ? smallest : search->floor;
}

static int read_stream(struct search *search, const struct stream *stream, size_t budget,
                       struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, search->store, driver_sql[search->driver], err) != 0)
        return -1;
    statement_int(&s, stream->number);
    statement_text(&s, stream->text);
    statement_int(&s, search->before);
    if (sqlite3_bind_parameter_count(s.handle) > 3)
        statement_int(&s, stream->state);
    size_t old_in_a_row = 0;
    int row;
    while ((row = statement_step(&s, err)) == 1) {
        int64_t id = statement_get_int(&s, 0);
        if (id <= lower_bound(search) || is_over_age(search, &s, &old_in_a_row))
            return 0;
        int matches = test_row(search, &s, err);
        if (matches < 0)
            return -1;
        if (matches == 1)
            keep(search, id);
        if (--budget == 0) {
            search->floor = id - 1;
            return 0;
        }
    }
    return row;
}

static int run_streams(struct search *search, struct error *err)
{
    size_t budget = search->stream_count == 0 ? 0 : VIEW_MAX_EXAMINED / search->stream_count;
    if (budget < VIEW_MIN_EXAMINED)
        budget = VIEW_MIN_EXAMINED;
    for (size_t i = 0; i < search->stream_count; i++)
        if (read_stream(search, &search->streams[i], budget, err) != 0)
            return -1;
    while (search->found_count > 0 && search->found[search->found_count - 1] <= search->floor)
        search->found_count--;
    return 0;
}

int view_find_ids(struct store *store, const struct view_page *page, struct arena *arena,
                  struct view_ids *ret_ids, struct error *err)
{
    static const struct run_query all = {0};
    assert(page->limit >= 1 && page->limit <= VIEW_MAX_ROWS);
    size_t limit = (size_t)page->limit;
    struct search search = {.store = store,
                            .arena = arena,
                            .query = page->query == NULL ? &all : page->query,
                            .wanted = limit + 1,
                            .before = page->after == 0 ? INT64_MAX : page->after};
    search.found = arena_array(arena, search.wanted, sizeof *search.found);
    find_days(&search);
    if (find_flows(&search, err) != 0 || find_nodes(&search, err) != 0 ||
        find_triggers(&search, err) != 0)
        return -1;
    choose_driver(&search);
    if (run_streams(&search, err) != 0)
        return -1;
    struct view_ids ids = {.items = search.found, .count = search.found_count};
    if (ids.count > limit) {
        ids.count = limit;
        ids.next = search.found[limit - 1];
    } else if (search.floor > 0) {
        ids.is_partial = true;
        ids.next = search.floor + 1;
    }
    *ret_ids = ids;
    return 0;
}
