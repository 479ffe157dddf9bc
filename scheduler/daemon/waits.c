#include "scheduler/daemon/waits.h"

#include "scheduler/base/json_in.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/helper.h"
#include "scheduler/system/path_watch.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ANSWER_BYTES 16384
#define SIGNATURE_BYTES 24
#define PROBLEM_BYTES 300
#define NO_WATCH (-1)
#define STABLE_SLACK_US (DURATION_SECOND_US / 10) /* a look at the very end would be too early */

/* What a write of the warehouse changes, and a reader does not. */
struct catalog_state {
    ino_t folder; /* 0 = there is no warehouse yet */
    struct timespec written[2];
    off_t size[2]; /* two writes may fall into one tick of the clock */
};

struct wait {
    struct wait *next;
    struct daemon *daemon;
    struct arena arena; /* of `plan` */
    struct plan_wait plan;
    int64_t run_id;
    uint32_t node;
    struct helper *helper; /* a look that is under way */
    bool must_look;        /* as soon as there is room for one */
    struct loop_timer timer;
    bool is_settling;                /* the timer is of a change; further ones do not put it off */
    char signature[SIGNATURE_BYTES]; /* of the file as it was seen last; "" = it was not there */
    struct duration seen_since;      /* clock_boottime(): it has looked like that */
    int watch;                       /* of path_watch, or NO_WATCH */
    char *folder;                    /* that is watched, NULL = none */
    struct catalog_state catalog;    /* PARTITION: when it was looked at last */
    struct instant looked_at;        /* 0 = never */
    bool was_there;                  /* and is not yet stable */
    bool has_problem;                /* that is new since it was told */
    struct text problem;
};

struct waits {
    struct wait *first;
    size_t looking;
    struct path_watch *folders; /* NULL until the first is needed */
    bool is_unwatched;          /* the kernel gives no inotify at all */
};

static struct wait *find(const struct daemon *daemon, int64_t run_id, uint32_t node)
{
    struct wait *wait = daemon->waits == NULL ? NULL : daemon->waits->first;
    while (wait != NULL && (wait->run_id != run_id || wait->node != node))
        wait = wait->next;
    return wait;
}

static void answer(struct wait *wait, bool is_there)
{
    struct event event = {
        .kind = EVENT_LOOKED, .run_id = wait->run_id, .node = wait->node, .is_there = is_there};
    wait->looked_at = clock_now();
    daemon_step(wait->daemon, &event, NULL);
}

static void look_again_in(struct wait *wait, struct duration delay)
{
    wait->is_settling = false;
    loop_set_timer(wait->daemon->loop, &wait->timer, delay);
}

/* ---- folders that tell of changes ---- */

static void drop_folder(struct wait *wait)
{
    if (wait->watch != NO_WATCH)
        path_watch_remove(wait->daemon->waits->folders, wait->watch);
    wait->watch = NO_WATCH;
    free(wait->folder);
    wait->folder = NULL;
}

static bool is_quiet_for(const struct wait *wait, int watch)
{
    return watch >= 0 && wait->watch != watch;
}

static void on_folder(void *owner, int watch)
{
    struct daemon *daemon = owner;
    for (struct wait *wait = daemon->waits->first; wait != NULL; wait = wait->next) {
        if (is_quiet_for(wait, watch) || wait->plan.wait.kind == NODE_WAIT_TIME ||
            wait->is_settling)
            continue;
        look_again_in(wait, duration_ms(WAITS_SETTLE_MS));
        wait->is_settling = true;
    }
}

/* True: it was watched already, so that nothing can have come between the look and now. */
static bool watch_folder(struct wait *wait, const char *folder)
{
    struct waits *waits = wait->daemon->waits;
    if (wait->folder != NULL && strcmp(wait->folder, folder) == 0 &&
        path_watch_has(waits->folders, wait->watch))
        return true;
    drop_folder(wait);
    if (waits->folders == NULL && !waits->is_unwatched)
        waits->is_unwatched =
            path_watch_open(wait->daemon->loop, on_folder, wait->daemon, &waits->folders, NULL) < 0;
    if (waits->is_unwatched || path_watch_add(waits->folders, folder, &wait->watch, NULL) < 0)
        return true;
    wait->folder = memory_copy_string(folder);
    return false;
}

/* ---- a look ---- */

static void start_looks(struct daemon *daemon);

/* Opening the catalogue is a change of its folder, too: what counts is that it was written. */
static bool catalog_has_changed(struct wait *wait)
{
    static const char *const names[] = {"", "/catalog.db", "/catalog.db-wal"};
    struct catalog_state now;
    memset(&now, 0, sizeof now);
    for (size_t i = 0; i < 3; i++) {
        SCOPED_TEXT struct text path = {0};
        struct stat status;
        text_append_format(&path, "%s/warehouse%s", wait->daemon->place.state_dir, names[i]);
        bool is_there = stat(text_string(&path), &status) == 0 && status.st_size > 0;
        if (is_there && i == 0) {
            now.folder = status.st_ino;
        } else if (is_there) {
            now.written[i - 1] = status.st_mtim;
            now.size[i - 1] = status.st_size;
        }
    }
    bool has_changed = wait->looked_at.us == 0 || memcmp(&now, &wait->catalog, sizeof now) != 0;
    wait->catalog = now;
    return has_changed;
}

static void want_look(struct wait *wait)
{
    wait->must_look = true;
    start_looks(wait->daemon);
}

static void on_timer(void *owner)
{
    struct wait *wait = owner;
    struct duration left = instant_minus(wait->plan.at, clock_now());
    wait->is_settling = false;
    if (wait->plan.wait.kind != NODE_WAIT_TIME) {
        bool is_partition = wait->plan.wait.kind == NODE_WAIT_PARTITION;
        if (!is_partition || wait->folder == NULL || catalog_has_changed(wait))
            want_look(wait);
    } else if (left.us > 0) {
        look_again_in(wait, left);
    } else {
        answer(wait, true);
    }
}

/* The file is there: how long it has to stay as it is until it counts. Zero: it does. */
static struct duration still_unstable(struct wait *wait, const char *signature, int64_t age_us)
{
    struct duration now = clock_boottime();
    int64_t stable_us = wait->plan.wait.stable.us;
    if (strncmp(wait->signature, signature, SIGNATURE_BYTES - 1) != 0) {
        snprintf(wait->signature, sizeof wait->signature, "%s", signature);
        wait->seen_since = now;
    }
    int64_t known_us = now.us - wait->seen_since.us;
    if (age_us > known_us)
        known_us = age_us;
    return (struct duration){known_us >= stable_us ? 0 : stable_us - known_us};
}

static void note_problem(struct wait *wait, const char *text)
{
    text_clear(&wait->problem);
    utf8_append_safe(&wait->problem, text, strnlen(text, PROBLEM_BYTES));
}

static void take_sight(struct wait *wait, const struct json *sight)
{
    const char *folder = json_get_string(sight, "watch", "");
    bool is_there = json_get_bool(sight, "there", false);
    struct duration left = {0};
    note_problem(wait, json_get_string(sight, "problem", ""));
    bool is_watched = folder[0] != '\0' && watch_folder(wait, folder);
    if (folder[0] == '\0')
        drop_folder(wait);
    if (!is_there)
        wait->signature[0] = '\0';
    else if (wait->plan.wait.kind == NODE_WAIT_FILE)
        left = still_unstable(wait, json_get_string(sight, "signature", ""),
                              json_get_int(sight, "age_us", -1));
    wait->was_there = is_there;
    if (is_there && left.us == 0) {
        answer(wait, true);
        return;
    }
    if (is_there)
        look_again_in(wait, (struct duration){left.us + STABLE_SLACK_US});
    else if (wait->folder == NULL || wait->problem.length > 0)
        look_again_in(wait, wait->plan.wait.every);
    else if (!is_watched) /* it may have come before the folder was watched */
        look_again_in(wait, duration_ms(0));
    answer(wait, false);
}

static void on_end(void *owner, const struct helper_end *end)
{
    struct wait *wait = owner;
    struct daemon *daemon = wait->daemon;
    struct json *sight = NULL;
    wait->helper = NULL;
    daemon->waits->looking--;
    if (end->kind == HELPER_END_EXITED &&
        json_parse(end->output, end->output_length, &sight, NULL) == 0) {
        take_sight(wait, sight);
    } else {
        drop_folder(wait);
        note_problem(wait, end->kind == HELPER_END_TOO_LONG
                               ? "the look did not come back: does the mount hang?"
                               : "the look ended in a way it should not");
        wait->was_there = false;
        look_again_in(wait, wait->plan.wait.every);
        answer(wait, false);
    }
    json_free(sight);
    start_looks(daemon);
}

static void write_job(const struct wait *wait, struct text *text)
{
    const struct node_wait *what = &wait->plan.wait;
    bool is_file = what->kind == NODE_WAIT_FILE;
    struct json_out json;
    json_out_init(&json, text);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "kind", is_file ? "file" : "partition");
    json_out_pair_string(&json, is_file ? "root" : "table", is_file ? what->root : what->table);
    json_out_pair_string(&json, is_file ? "file" : "partition",
                         is_file ? what->file : what->partition);
    json_out_pair_string(&json, "state_dir", wait->daemon->place.state_dir);
    json_out_end_object(&json);
}

static void start_look(struct wait *wait)
{
    struct daemon *daemon = wait->daemon;
    SCOPED_TEXT struct text program = {0};
    SCOPED_TEXT struct text job = {0};
    struct error err = {0};
    wait->must_look = false;
    wait->is_settling = false;
    loop_cancel_timer(daemon->loop, &wait->timer);
    if (wait->plan.wait.kind == NODE_WAIT_PARTITION)
        catalog_has_changed(wait);
    text_append_format(&program, "%s/datemill-look", daemon->place.libexec_dir);
    write_job(wait, &job);
    const char *const arguments[] = {text_string(&program), NULL};
    struct helper_options options = {.loop = daemon->loop,
                                     .arguments = arguments,
                                     .input = text_string(&job),
                                     .input_length = job.length,
                                     .output_limit = ANSWER_BYTES,
                                     .limit = duration_seconds(WAITS_LOOK_SECONDS),
                                     .ended = on_end,
                                     .owner = wait};
    if (helper_start(&options, &wait->helper, &err) == 0) {
        daemon->waits->looking++;
        return;
    }
    note_problem(wait, err.text);
    look_again_in(wait, wait->plan.wait.every);
    answer(wait, false);
}

static void start_looks(struct daemon *daemon)
{
    for (struct wait *wait = daemon->waits->first;
         wait != NULL && daemon->waits->looking < WAITS_MAX_LOOKS; wait = wait->next) {
        if (wait->must_look && wait->helper == NULL)
            start_look(wait);
    }
}

/* ---- who waits ---- */

static struct plan_facts facts_of(const struct daemon *daemon, uint32_t node)
{
    return (struct plan_facts){.node = node,
                               .attempt = 1,
                               .libexec_dir = daemon->place.libexec_dir,
                               .finder = daemon->finder};
}

static struct wait *add(struct daemon *daemon, const struct daemon_run *run, uint32_t node,
                        struct error *err)
{
    struct plan_facts facts = facts_of(daemon, node);
    if (daemon->waits == NULL)
        daemon->waits = memory_new(1, sizeof *daemon->waits);
    struct wait *wait = memory_new(1, sizeof *wait);
    *wait = (struct wait){.daemon = daemon,
                          .run_id = run->id,
                          .node = node,
                          .watch = NO_WATCH,
                          .timer = {.call = on_timer, .owner = wait}};
    if (plan_find_wait(run->plan, &facts, &wait->arena, &wait->plan, err) < 0) {
        arena_free(&wait->arena);
        free(wait);
        return NULL;
    }
    wait->next = daemon->waits->first;
    daemon->waits->first = wait;
    return wait;
}

/* What cannot be told what it is will not come: it waits until its timeout, and says why. */
void waits_look(struct daemon *daemon, int64_t run_id, uint32_t node)
{
    const struct daemon_run *run = daemon_runs_find(daemon, run_id);
    struct wait *wait = find(daemon, run_id, node);
    if (run == NULL)
        return;
    if (wait == NULL)
        wait = add(daemon, run, node, NULL);
    if (wait == NULL) {
        struct event event = {.kind = EVENT_LOOKED, .run_id = run_id, .node = node};
        daemon_step(daemon, &event, NULL);
    } else if (wait->plan.wait.kind == NODE_WAIT_TIME) {
        bool is_there = instant_compare(wait->plan.at, clock_now()) <= 0;
        if (!is_there)
            on_timer(wait);
        answer(wait, is_there);
    } else if (wait->helper == NULL) {
        want_look(wait);
    }
}

static void drop(struct wait *wait)
{
    struct daemon *daemon = wait->daemon;
    daemon->waits->looking -= wait->helper != NULL;
    helper_cancel(wait->helper);
    loop_cancel_timer(daemon->loop, &wait->timer);
    drop_folder(wait);
    text_free(&wait->problem);
    arena_free(&wait->arena);
    free(wait);
}

void waits_tidy(struct daemon *daemon)
{
    struct wait **at = daemon->waits == NULL ? NULL : &daemon->waits->first;
    while (at != NULL && *at != NULL) {
        struct wait *wait = *at;
        struct engine_task task;
        if (engine_look(daemon->engine, wait->run_id, wait->node, &task, NULL) == 0 &&
            task.is_looked_for) {
            at = &wait->next;
            continue;
        }
        *at = wait->next;
        drop(wait);
    }
    if (daemon->waits != NULL)
        start_looks(daemon);
}

void waits_set_clock(struct daemon *daemon)
{
    for (struct wait *wait = daemon->waits == NULL ? NULL : daemon->waits->first; wait != NULL;
         wait = wait->next) {
        if (wait->plan.wait.kind == NODE_WAIT_TIME)
            look_again_in(wait, duration_ms(0));
    }
}

void waits_close(struct daemon *daemon)
{
    if (daemon->waits == NULL)
        return;
    while (daemon->waits->first != NULL) {
        struct wait *wait = daemon->waits->first;
        daemon->waits->first = wait->next;
        drop(wait);
    }
    path_watch_close(daemon->waits->folders);
    free(daemon->waits);
    daemon->waits = NULL;
}

void waits_name(const struct daemon *daemon, const struct daemon_run *run, uint32_t node,
                struct text *text)
{
    SCOPED_ARENA struct arena arena = {0};
    struct plan_facts facts = facts_of(daemon, node);
    struct plan_wait plan;
    struct error err = {0};
    if (plan_find_wait(run->plan, &facts, &arena, &plan, &err) < 0)
        text_append(text, err.text);
    else
        plan_name_wait(&plan.wait, text);
}

void waits_append_sight(const struct daemon *daemon, const struct daemon_run *run, uint32_t node,
                        struct text *text)
{
    const struct wait *wait = find(daemon, run->id, node);
    if (wait == NULL || wait->looked_at.us == 0 || wait->plan.wait.kind == NODE_WAIT_TIME)
        return;
    struct civil_time time = zone_civil_at(run->plan->flow->zone, wait->looked_at);
    if (wait->problem.length > 0)
        text_append_format(text, "; it cannot be seen: %s", text_string(&wait->problem));
    text_append_format(text, "; %s at %02d:%02d:%02d",
                       wait->was_there ? "there, and still changing" : "not there", time.hour,
                       time.minute, time.second);
}
