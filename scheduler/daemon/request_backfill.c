#include "scheduler/daemon/request_backfill.h"

#include "scheduler/base/scope.h"
#include "scheduler/daemon/run_make.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <string.h>

#define YIELD 2 /* how far the priority of its runs is below the flow's */

static const char *text_of(const char *text)
{
    return text == NULL ? "" : text;
}

static int read_redo(const char *name, enum backfill_redo *ret_redo, struct error *err)
{
    for (int i = 0; i < BACKFILL_REDO_COUNT; i++) {
        if (strcmp(text_of(name), backfill_redo_name((enum backfill_redo)i)) == 0) {
            *ret_redo = (enum backfill_redo)i;
            return 0;
        }
    }
    return error_set(err, ERROR_KIND_USAGE, "redo `%s` is none of never, failed, always",
                     text_of(name));
}

int request_backfill_read_dates(const struct flow *flow, const struct store_backfill *row,
                                struct arena *arena, struct plan_dates *ret_dates,
                                struct error *err)
{
    const char *ranges = row->ranges;
    struct plan_dates_request written = {
        .words = &ranges, .word_count = 1, .today = zone_civil_at(flow->zone, clock_now()).date};
    return plan_dates_parse(&written, arena, ret_dates, NULL, err);
}

int request_backfill_read_row(const struct backfill_request *work, const struct flow *flow,
                              struct store_backfill *ret_row, struct error *err)
{
    const struct request *request = work->request;
    int32_t slots = work->daemon->project->slots;
    struct instant now = clock_now();
    int32_t priority = flow->priority - YIELD;
    *ret_row = (struct store_backfill){
        .flow = flow->name,
        .request = text_of(request->key),
        .typed = text_of(request->typed),
        .ranges = text_of(request->ranges),
        .is_descending = request->is_descending,
        .parallel = request->dates_parallel > 0 ? request->dates_parallel : slots,
        .max_failures = request->max_failures < 0 ? 0 : request->max_failures,
        .priority = priority < ENGINE_MIN_PRIORITY ? ENGINE_MIN_PRIORITY : priority,
        .selection = text_of(request->nodes),
        .who = request_backfill_who(work),
        .reason = text_of(request->reason),
        .created_at = now,
        .opened_at = now,
        .state = BACKFILL_RUNNING,
        .vars = run_make_copy_vars(&work->daemon->turn.arena, request),
        .var_count = request->var_count};
    if (ret_row->parallel > BACKFILL_MAX_PARALLEL)
        return error_set(err, ERROR_KIND_USAGE, "%d dates at once are too many, at most %d",
                         ret_row->parallel, BACKFILL_MAX_PARALLEL);
    return read_redo(request->redo, &ret_row->redo, err);
}

/* ---- an equal one that is unfinished ---- */

static bool has_same_vars(const struct store_backfill *a, const struct store_backfill *b)
{
    if (a->var_count != b->var_count)
        return false;
    for (size_t i = 0; i < a->var_count; i++) {
        if (strcmp(a->vars[i].name, b->vars[i].name) != 0 ||
            strcmp(a->vars[i].text, b->vars[i].text) != 0)
            return false;
    }
    return true;
}

static bool is_equal(const struct store_backfill *a, const struct store_backfill *b)
{
    return strcmp(a->flow, b->flow) == 0 && strcmp(a->ranges, b->ranges) == 0 &&
           strcmp(a->selection, b->selection) == 0 && a->is_descending == b->is_descending &&
           a->redo == b->redo && has_same_vars(a, b);
}

int request_backfill_find_equal(const struct backfill_request *work,
                                const struct store_backfill *row, struct backfill **ret_backfill,
                                struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct load_backfills open;
    int64_t found = 0;
    *ret_backfill = NULL;
    if (load_open_backfills(work->daemon->store, &arena, &open, err) < 0)
        return -1;
    for (size_t i = 0; i < open.count; i++)
        found = is_equal(&open.items[i], row) ? open.items[i].id : found;
    for (const struct backfill *each = work->daemon->backfills; each != NULL; each = each->next) {
        if (each->plan != NULL && is_equal(&each->row, row)) /* not stored yet */
            found = each->row.id;
    }
    if (found == 0)
        return 0;
    if (backfill_load(work->daemon, found, ret_backfill, err) < 0)
        return -1;
    enum backfill_state state = (*ret_backfill)->row.state;
    if (state != BACKFILL_RUNNING && state != BACKFILL_PAUSED)
        *ret_backfill = NULL;
    return 0;
}

/* The plan that was shown before says that failed dates are redone: not by one that goes on. */
static const char *describe_going_on(const struct backfill *backfill, struct arena *arena)
{
    int64_t id = backfill->row.id;
    int64_t failed = backfill->counts.items[DATE_FAILED];
    bool is_running = backfill->row.state == BACKFILL_RUNNING;
    const char *stays = failed == 0 ? ""
                                    : arena_format(arena,
                                                   "; what failed in it (%" PRId64 " date%s) waits "
                                                   "for: datemill backfill retry %" PRId64,
                                                   failed, failed == 1 ? "" : "s", id);
    return arena_format(arena, "backfill %" PRId64 " was %s; it goes on%s", id,
                        is_running ? "left unfinished" : "paused", stays);
}

int request_backfill_go_on_with_equal(const struct backfill_request *work,
                                      struct backfill *backfill, struct definition *definition,
                                      struct error *err)
{
    int64_t id = backfill->row.id;
    const struct request *request = work->request;
    bool is_running = backfill->row.state == BACKFILL_RUNNING;
    if (is_running && watch_drives_backfill(work->daemon, id)) {
        definition_release(&work->daemon->definitions, definition);
        error_set(err, ERROR_KIND_BUSY, "backfill %" PRId64 " of %s does the same and runs", id,
                  backfill->row.flow);
        return error_help(err,
                          "watch it: datemill backfill watch %" PRId64
                          "; or end it: datemill backfill stop %" PRId64,
                          id, id);
    }
    struct backfill_resume resume = {.backfill = backfill,
                                     .definition = definition,
                                     .kind = STORE_OPERATION_RESUME,
                                     .states = 1u << DATE_STOPPED | 1u << DATE_BLOCKED,
                                     .remark =
                                         describe_going_on(backfill, &work->daemon->turn.arena)};
    int32_t parallel = backfill->row.parallel;
    int32_t max_failures = backfill->row.max_failures;
    if (request->dates_parallel > 0)
        backfill->row.parallel = request->dates_parallel;
    backfill->row.max_failures = request->max_failures < 0 ? 0 : request->max_failures;
    if (request_backfill_go_on(work, &resume, err) == 0)
        return 0;
    backfill->row.parallel = parallel;
    backfill->row.max_failures = max_failures;
    return -1;
}

/* ---- a new one ---- */

void request_backfill_reply_nothing(const struct backfill_request *work, int64_t keep,
                                    int64_t conflict)
{
    struct arena *arena = &work->daemon->turn.arena;
    struct turn_reply *reply = requests_reply(work->daemon, work->watcher, work->request, NULL);
    SCOPED_TEXT struct text text = {0};
    text_append(&text, "nothing to run");
    if (keep > 0)
        text_append_format(&text, ": %" PRId64 " date%s already green", keep,
                           keep == 1 ? " is" : "s are");
    if (conflict > 0)
        text_append_format(&text, "%s %" PRId64 " %s open in another run", keep > 0 ? "," : ":",
                           conflict, conflict == 1 ? "is" : "are");
    reply->notice.remark = arena_copy_string(arena, text_string(&text));
    reply->notice.failed = conflict;
}

struct backfill *request_backfill_make(const struct backfill_request *work,
                                       struct store_backfill *row, struct backfill_plan *plan,
                                       struct definition *definition)
{
    struct daemon *daemon = work->daemon;
    if (row->id == 0)
        row->id = store_take_backfill_id(daemon->store);
    struct backfill *backfill = backfill_add(daemon, row, plan, definition);
    request_backfill_note(work, backfill, STORE_OPERATION_BACKFILL,
                          arena_copy_string(&daemon->turn.arena, row->typed));
    watch_add_backfill(daemon, work->watcher, row->id, true);
    request_backfill_reply(work, backfill, "");
    return backfill;
}

/* What was shown to a person is what is done, or nothing. */
static int check_hash(const struct backfill_request *work, const struct backfill_wish *wish,
                      const struct backfill_plan *plan, struct error *err)
{
    char hash[BACKFILL_PLAN_HASH_BYTES];
    const char *shown = text_of(work->request->plan_hash);
    if (shown[0] == '\0' || strcmp(shown, backfill_plan_hash(wish, plan, hash)) == 0)
        return 0;
    error_set(err, ERROR_KIND_FAILED,
              "the plan has changed since it was shown: %" PRId64 " of %zu dates would run now",
              plan->to_run, plan->count);
    if (err != NULL)
        memcpy(err->code, "E029", 5);
    return error_help(err, "look at it again, with the hash of the new plan");
}

static int plan_and_make(const struct backfill_request *work, struct store_backfill *row,
                         struct definition *definition, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct plan_dates dates;
    struct backfill_plan *plan = NULL;
    struct backfill_wish wish = {.flow = definition->flow,
                                 .dates = &dates,
                                 .redo = row->redo,
                                 .is_descending = row->is_descending,
                                 .parallel = row->parallel,
                                 .selection = row->selection,
                                 .vars = row->vars,
                                 .var_count = row->var_count};
    if (request_backfill_read_dates(definition->flow, row, &arena, &dates, err) < 0 ||
        backfill_plan_make(work->daemon->store, &wish, &plan, err) < 0) {
        definition_release(&work->daemon->definitions, definition);
        return -1;
    }
    if (check_hash(work, &wish, plan, err) < 0) {
        backfill_plan_free(plan);
        definition_release(&work->daemon->definitions, definition);
        return -1;
    }
    if (plan->to_run > 0) {
        request_backfill_make(work, row, plan, definition);
        return 0;
    }
    request_backfill_reply_nothing(work, plan->decided[DATE_KEEP], plan->decided[DATE_CONFLICT]);
    backfill_plan_free(plan);
    definition_release(&work->daemon->definitions, definition);
    return 0;
}

static int request_new(const struct backfill_request *work, struct error *err)
{
    struct daemon *daemon = work->daemon;
    const struct request *request = work->request;
    struct definition *definition;
    struct store_backfill row;
    struct backfill *equal = NULL;
    int64_t again = 0;
    bool has_key = request->key != NULL && request->key[0] != '\0';
    if (has_key && load_backfill_of_request(daemon->store, request->key, &again, err) < 0)
        return -1;
    if (again != 0)
        return request_backfill_follow(work, again, true, err);
    if (request->downstream_count > 0)
        return request_backfill_group(work, err);
    if (definition_for_request(&daemon->definitions, &daemon->place, request->flow, &definition,
                               err) < 0)
        return -1;
    if (request_backfill_read_row(work, definition->flow, &row, err) < 0 ||
        request_backfill_find_equal(work, &row, &equal, err) < 0) {
        definition_release(&daemon->definitions, definition);
        return -1;
    }
    if (equal != NULL)
        return request_backfill_go_on_with_equal(work, equal, definition, err);
    return plan_and_make(work, &row, definition, err);
}

int request_backfill(struct daemon *daemon, struct daemon_watcher *watcher,
                     const struct request *request, struct error *err)
{
    struct backfill_request work = {.daemon = daemon, .watcher = watcher, .request = request};
    int result = 0;
    if (request->kind == REQUEST_KIND_BACKFILL)
        result = request_new(&work, err);
    else if (request->kind == REQUEST_KIND_BACKFILL_CLAIM)
        result = request_backfill_follow(&work, request->backfill_id, true, err);
    else if (request->kind == REQUEST_KIND_BACKFILL_WATCH)
        result = request_backfill_follow(&work, request->backfill_id, false, err);
    else
        result = request_backfill_change(&work, err);
    loop_want_turn(daemon->loop);
    return result;
}
