/* A real engine with a real keeper, in a project of its own. */
#ifndef DATEMILL_TESTS_UNIT_DAEMON_HARNESS_H
#define DATEMILL_TESTS_UNIT_DAEMON_HARNESS_H

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/daemon/daemon.h"
#include "scheduler/store/view_backfill.h"
#include "scheduler/system/clock.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* cmocka.h needs the four headers above it */
#include <cmocka.h>

#define WORLD_WAIT_MS 30000

struct world {
    char folder[64];
    char state_dir[96];
    struct project_types types;
    struct daemon_options options;
    struct loop *loop;
    struct daemon *daemon;
    struct daemon_watcher watcher;
    struct arena arena; /* of what was told */
    struct notice reply;
    struct notice backfill; /* the last */
    struct notice *dates;
    size_t date_count;
    size_t date_capacity;
    size_t backfill_count; /* BACKFILL notices */
    int64_t last_number;
    int64_t run_notices; /* RUN, NODE, RUN_END */
    int64_t run_ends;
};

static inline const char *world_keep(struct world *world, const char *text)
{
    return arena_copy_string(&world->arena, text == NULL ? "" : text);
}

static inline void world_copy(struct world *world, const struct notice *from, struct notice *to)
{
    *to = *from;
    to->flow = world_keep(world, from->flow);
    to->bizdate = world_keep(world, from->bizdate);
    to->cyctime = world_keep(world, from->cyctime);
    to->remark = world_keep(world, from->remark);
    to->state = world_keep(world, from->state);
    to->node = world_keep(world, from->node);
    to->reason = world_keep(world, from->reason);
    struct notice_item *items = arena_array(&world->arena, from->item_count, sizeof *items);
    for (size_t i = 0; i < from->item_count; i++)
        items[i] = (struct notice_item){world_keep(world, from->items[i].key),
                                        world_keep(world, from->items[i].text)};
    to->items = items;
}

static inline void world_take(void *owner, const struct notice *notice)
{
    struct world *world = owner;
    if (getenv("WORLD_TRACE") != NULL) {
        SCOPED_TEXT struct text json = {0};
        notice_write(notice, &json);
        fprintf(stderr, "%s\n", text_string(&json));
    }
    world->run_notices += notice->kind == NOTICE_KIND_RUN || notice->kind == NOTICE_KIND_NODE ||
                          notice->kind == NOTICE_KIND_RUN_END;
    world->run_ends += notice->kind == NOTICE_KIND_RUN_END;
    if (notice->kind == NOTICE_KIND_REPLY)
        world_copy(world, notice, &world->reply);
    if (notice->kind == NOTICE_KIND_BACKFILL) {
        world_copy(world, notice, &world->backfill);
        world->backfill_count++;
    }
    if (notice->kind == NOTICE_KIND_DATE) {
        world->dates = memory_grow(world->dates, world->date_count, &world->date_capacity,
                                   sizeof *world->dates);
        world_copy(world, notice, &world->dates[world->date_count++]);
    }
}

static inline void world_write(const struct world *world, const char *name, const char *text)
{
    SCOPED_TEXT struct text path = {0};
    text_append_format(&path, "%s/%s", world->folder, name);
    SCOPED_FILE FILE *file = fopen(text_string(&path), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
}

/* Opens the engine and watches. */
static inline void world_open(struct world *world)
{
    struct error err = {0};
    assert_int_equal(loop_open(&world->loop, &err), 0);
    world->options.loop = world->loop;
    if (daemon_open(&world->options, &world->daemon, &err) < 0)
        fail_msg("daemon_open: %s", err.text);
    world->watcher = (struct daemon_watcher){.tell = world_take, .owner = world, .who = "lin"};
    daemon_add_watcher(world->daemon, &world->watcher);
}

static inline void world_leave(struct world *world)
{
    if (world->daemon == NULL)
        return;
    daemon_remove_watcher(world->daemon, &world->watcher);
    daemon_close(world->daemon);
    loop_close(world->loop);
    world->daemon = NULL;
    world->loop = NULL;
}

static inline struct world *world_new(const char *project, const char *flow)
{
    struct world *world = memory_new(1, sizeof *world);
    snprintf(world->folder, sizeof world->folder, "/tmp/datemill-daemon-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->state_dir, sizeof world->state_dir, "%s/.datemill", world->folder);
    assert_int_equal(mkdir(world->state_dir, 0700), 0);
    world_write(world, "datemill.yaml", project);
    world_write(world, "shop.yaml", flow);
    world->types.types = node_types_builtin(&world->types.count);
    world->options.place = (struct daemon_place){.project_dir = world->folder,
                                                 .state_dir = world->state_dir,
                                                 .libexec_dir = TEST_BUILD_DIR,
                                                 .types = &world->types};
    world_open(world);
    return world;
}

static inline int world_remove_one(const char *path, const struct stat *status, int kind,
                                   struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* The keeper ends with the test. */
static inline void world_end_keeper(const struct world *world)
{
    struct lock_holder holder = {0};
    int folder = open(world->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0 && lock_file_holder(folder, "keeper.lock", &holder, NULL) == 0 &&
        holder.pid > 0)
        kill((pid_t)holder.pid, SIGKILL);
    if (folder >= 0)
        close(folder);
}

static inline void world_free(struct world *world)
{
    world_leave(world);
    world_end_keeper(world);
    usleep(20000);
    nftw(world->folder, world_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(&world->arena);
    free(world->dates);
    free(world);
}

/* Turns until it is so; fails the test when it does not come. */
#define world_until(world, condition)                                                              \
    do {                                                                                           \
        struct duration begin_ = clock_monotonic();                                                \
        while (!(condition)) {                                                                     \
            assert_int_equal(loop_turn((world)->loop, duration_ms(50), NULL), 0);                  \
            if (clock_monotonic().us - begin_.us > WORLD_WAIT_MS * 1000LL)                         \
                fail_msg("never came: %s", #condition);                                            \
        }                                                                                          \
    } while (0)

/* Turns for a while. */
static inline void world_wait(struct world *world, int64_t ms)
{
    struct duration begin = clock_monotonic();
    while (clock_monotonic().us - begin.us < ms * 1000)
        assert_int_equal(loop_turn(world->loop, duration_ms(20), NULL), 0);
}

/* Asks, and waits for the answer, which is then world->reply. */
static inline void world_ask(struct world *world, struct request *request)
{
    request->number = ++world->last_number;
    world->reply = (struct notice){0};
    daemon_request(world->daemon, &world->watcher, request);
    world_until(world, world->reply.request == request->number);
}

static inline void world_ask_well(struct world *world, struct request *request)
{
    world_ask(world, request);
    if (world->reply.error.kind != ERROR_KIND_NONE)
        fail_msg("%s (%s)", world->reply.error.text, world->reply.error.help);
}

/* How many lines a file of the project has; 0 when it is not there. */
static inline int world_lines(const struct world *world, const char *name)
{
    SCOPED_TEXT struct text path = {0};
    text_append_format(&path, "%s/%s", world->folder, name);
    SCOPED_FILE FILE *file = fopen(text_string(&path), "r");
    int count = 0;
    for (int byte = file == NULL ? EOF : fgetc(file); byte != EOF; byte = fgetc(file))
        count += byte == '\n';
    return count;
}

/* Line `number`, from 0, without its end. */
static inline bool world_read_line(const struct world *world, const char *name, int number,
                                   char *ret_line, int size)
{
    SCOPED_TEXT struct text path = {0};
    text_append_format(&path, "%s/%s", world->folder, name);
    SCOPED_FILE FILE *file = fopen(text_string(&path), "r");
    for (int i = 0; i <= number; i++) {
        if (file == NULL || fgets(ret_line, size, file) == NULL)
            return false;
    }
    ret_line[strcspn(ret_line, "\n")] = '\0';
    return true;
}

/* How many lines are just this. */
static inline int world_count_line(const struct world *world, const char *name, const char *line)
{
    char read[256];
    int count = 0;
    for (int i = 0; world_read_line(world, name, i, read, sizeof read); i++)
        count += strcmp(read, line) == 0;
    return count;
}

static inline void world_remove(const struct world *world, const char *name)
{
    SCOPED_TEXT struct text path = {0};
    text_append_format(&path, "%s/%s", world->folder, name);
    assert_int_equal(unlink(text_string(&path)), 0);
}

/* What was told last of a date. */
static inline const struct notice *world_find_date(const struct world *world, const char *bizdate)
{
    for (size_t i = world->date_count; i > 0; i--) {
        if (strcmp(world->dates[i - 1].bizdate, bizdate) == 0)
            return &world->dates[i - 1];
    }
    fail_msg("nothing was told of %s", bizdate);
    return NULL;
}

#endif
