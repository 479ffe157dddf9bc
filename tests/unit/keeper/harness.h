/* A real keeper in a folder of its own, and an engine's side of the line to it. */
#ifndef DATEMILL_TESTS_UNIT_KEEPER_HARNESS_H
#define DATEMILL_TESTS_UNIT_KEEPER_HARNESS_H

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/keeper_client.h"
#include "scheduler/system/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* cmocka.h needs the four headers above it */
#include <cmocka.h>

#define KEEPER_PROGRAM TEST_BUILD_DIR "/datemill-keeper"
#define WORLD_MAX_TOLD 4096
#define WORLD_WAIT_MS 20000

struct told {
    enum keeper_message_kind kind;
    int64_t attempt_id;
    enum keeper_attempt_state state; /* ATTEMPT */
    int64_t pid;                     /* STARTED, ATTEMPT */
    struct instant at;               /* STARTED, ATTEMPT */
    struct keeper_end end;           /* ENDED, ATTEMPT */
    bool is_full;                    /* DISK; of GONE, whether it lasts */
    char *text;                      /* EVENT, GONE, DISK, end.text */
};

struct world {
    char folder[64];
    char state_dir[96];
    struct loop *loop;
    struct keeper_client *client;
    int64_t epoch;
    pid_t keeper; /* as it said in its last WELCOME */
    bool is_draining;
    struct told told[WORLD_MAX_TOLD];
    size_t count;
    size_t seen; /* told before this have been waited for */
};

static inline void world_take(void *owner, const struct keeper_message *message)
{
    struct world *world = owner;
    assert_true(world->count < WORLD_MAX_TOLD);
    struct told *told = &world->told[world->count++];
    *told = (struct told){.kind = message->kind};
    switch (message->kind) {
    case KEEPER_WELCOME:
        world->keeper = (pid_t)message->welcome.pid;
        world->is_draining = message->welcome.is_draining;
        break;
    case KEEPER_ATTEMPT:
        told->attempt_id = message->attempt.attempt_id;
        told->state = message->attempt.state;
        told->pid = message->attempt.pid;
        told->at = message->attempt.started;
        told->end = message->attempt.end;
        told->text = memory_copy_string(message->attempt.end.text);
        break;
    case KEEPER_STARTED:
        told->attempt_id = message->started.attempt_id;
        told->pid = message->started.pid;
        told->at = message->started.at;
        break;
    case KEEPER_ENDED:
        told->attempt_id = message->ended.attempt_id;
        told->end = message->ended;
        told->text = memory_copy_string(message->ended.text);
        break;
    case KEEPER_EVENT:
        told->attempt_id = message->event.attempt_id;
        told->text = memory_copy_string(message->event.line);
        break;
    case KEEPER_REVOKED:
        told->attempt_id = message->attempt_id;
        break;
    case KEEPER_DISK:
        told->is_full = message->disk.is_full;
        told->text = memory_copy_string(message->disk.text);
        break;
    case KEEPER_GONE:
        told->text = memory_copy_string(message->gone.reason);
        told->is_full = message->gone.is_lasting;
        break;
    case KEEPER_SNAPSHOT_END:
        break;
    case KEEPER_HELLO:
    case KEEPER_START:
    case KEEPER_REVOKE:
    case KEEPER_STOP:
    case KEEPER_SETTLED:
    case KEEPER_SET_SLOTS:
        fail_msg("an engine's message came from the keeper");
    }
}

static inline void world_turn(struct world *world, int64_t wait_ms)
{
    struct error err = {0};
    if (loop_turn(world->loop, duration_ms(wait_ms), &err) < 0)
        fail_msg("%s", err.text);
}

/* The first message of this kind (and attempt, unless it is 0) from `from` on, NULL if none. */
static inline struct told *world_find(struct world *world, enum keeper_message_kind kind,
                                      int64_t attempt_id, size_t from)
{
    for (size_t i = from; i < world->count; i++) {
        struct told *told = &world->told[i];
        if (told->kind == kind && (attempt_id == 0 || told->attempt_id == attempt_id))
            return told;
    }
    return NULL;
}

static inline struct told *world_wait_from(struct world *world, enum keeper_message_kind kind,
                                           int64_t attempt_id, size_t from)
{
    int64_t until = clock_monotonic().us + duration_ms(WORLD_WAIT_MS).us;
    struct told *told = world_find(world, kind, attempt_id, from);
    while (told == NULL && clock_monotonic().us < until) {
        world_turn(world, 100);
        told = world_find(world, kind, attempt_id, from);
    }
    if (told == NULL)
        fail_msg("message %d about attempt %ld did not come", (int)kind, (long)attempt_id);
    return told;
}

static inline struct told *world_wait(struct world *world, enum keeper_message_kind kind,
                                      int64_t attempt_id)
{
    return world_wait_from(world, kind, attempt_id, 0);
}

static inline void world_pause(struct world *world, int64_t milliseconds)
{
    int64_t until = clock_monotonic().us + duration_ms(milliseconds).us;
    while (clock_monotonic().us < until)
        world_turn(world, 5);
}

/* Greets the keeper (of which one is started if none lives) as a newer engine. */
static inline void world_open_client(struct world *world, int32_t slots)
{
    struct error err = {0};
    struct keeper_client_options options = {.loop = world->loop,
                                            .state_dir = world->state_dir,
                                            .program = KEEPER_PROGRAM,
                                            .epoch = ++world->epoch,
                                            .slots = slots,
                                            .idle = duration_ms(700),
                                            .on_message = world_take,
                                            .owner = world};
    if (keeper_client_open(&options, &world->client, &err) < 0)
        fail_msg("%s", err.text);
}

static inline void world_connect(struct world *world, int32_t slots)
{
    size_t from = world->count;
    world_open_client(world, slots);
    world_wait_from(world, KEEPER_SNAPSHOT_END, 0, from);
}

static inline void world_disconnect(struct world *world)
{
    keeper_client_close(world->client);
    world->client = NULL;
}

/* Nobody is there yet. */
static inline struct world *world_new(void)
{
    struct error err = {0};
    struct world *world = memory_new(1, sizeof *world);
    snprintf(world->folder, sizeof world->folder, "/tmp/datemill-keeper-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->state_dir, sizeof world->state_dir, "%s/.datemill", world->folder);
    assert_int_equal(mkdir(world->state_dir, 0700), 0);
    assert_int_equal(loop_open(&world->loop, &err), 0);
    return world;
}

static inline struct world *world_open(int32_t slots)
{
    struct world *world = world_new();
    world_connect(world, slots);
    return world;
}

static inline bool process_lives(pid_t pid)
{
    char path[64];
    char stat[512] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    SCOPED_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, stat, sizeof stat - 1) <= 0)
        return false;
    const char *state = strrchr(stat, ')');
    return state != NULL && state[2] != 'Z' && state[2] != 'X';
}

static inline bool wait_until_dead(pid_t pid, int64_t milliseconds)
{
    int64_t until = clock_monotonic().us + duration_ms(milliseconds).us;
    while (process_lives(pid)) {
        if (clock_monotonic().us >= until)
            return false;
        usleep(2000);
    }
    return true;
}

static inline int world_remove_file(const char *path, const struct stat *status, int kind,
                                    struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void world_close(struct world *world)
{
    keeper_client_close(world->client);
    if (world->keeper > 0 && process_lives(world->keeper)) {
        kill(world->keeper, SIGTERM);
        if (!wait_until_dead(world->keeper, 3000)) {
            kill(world->keeper, SIGKILL);
            wait_until_dead(world->keeper, 3000);
        }
    }
    loop_close(world->loop);
    nftw(world->folder, world_remove_file, 16, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; i < world->count; i++)
        free(world->told[i].text);
    free(world);
}

/* --- starting ----------------------------------------------------------------------------------*/

struct script {
    struct keeper_start start;
    char token[CLOCK_TOKEN_BYTES];
    char log_path[64];
    char events_path[64];
    const char *argv[8];
    const char *env[4];
};

/* A start of `sh -c text`, with every field at a usual value. */
static inline struct script *script_new(struct world *world, int64_t attempt_id, const char *text)
{
    struct script *script = memory_new(1, sizeof *script);
    clock_make_token(script->token, NULL);
    snprintf(script->log_path, sizeof script->log_path, "logs/%ld/log", (long)attempt_id);
    snprintf(script->events_path, sizeof script->events_path, "logs/%ld/events", (long)attempt_id);
    script->argv[0] = "sh";
    script->argv[1] = "-c";
    script->argv[2] = text;
    script->env[0] = "PATH=/usr/local/bin:/usr/bin:/bin";
    script->env[1] = "COLOUR=green";
    script->start = (struct keeper_start){.attempt_id = attempt_id,
                                          .token = script->token,
                                          .folder = world->folder,
                                          .argv = script->argv,
                                          .env = script->env,
                                          .log_path = script->log_path,
                                          .events_path = script->events_path,
                                          .stop_grace = duration_ms(500),
                                          .needs_slot = true};
    return script;
}

static inline void script_start(struct world *world, struct script *script)
{
    struct error err = {0};
    if (keeper_client_start(world->client, &script->start, &err) < 0)
        fail_msg("%s", err.text);
    free(script);
}

static inline void run_script(struct world *world, int64_t attempt_id, const char *text)
{
    script_start(world, script_new(world, attempt_id, text));
}

static inline const struct keeper_end *wait_end(struct world *world, int64_t attempt_id)
{
    return &world_wait(world, KEEPER_ENDED, attempt_id)->end;
}

/* The file in the state folder, with a NUL; the caller frees it. NULL if it is not there. */
static inline char *read_file(const struct world *world, const char *name, size_t *ret_length)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", name[0] == '/' ? "" : world->state_dir, name);
    SCOPED_FILE FILE *file = fopen(path, "re");
    if (file == NULL)
        return NULL;
    struct text text = {0};
    char chunk[65536];
    size_t count;
    while ((count = fread(chunk, 1, sizeof chunk, file)) > 0)
        text_append_bytes(&text, chunk, count);
    if (ret_length != NULL)
        *ret_length = text.length;
    return text_take(&text);
}

static inline char *read_log(const struct world *world, int64_t attempt_id)
{
    char name[64];
    snprintf(name, sizeof name, "logs/%ld/log", (long)attempt_id);
    return read_file(world, name, NULL);
}

/* The number that a script has written to a file of the project's folder; waits for it. */
static inline pid_t wait_for_pid_file(struct world *world, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", world->folder, name);
    for (int i = 0; i < 2000; i++) {
        char line[32] = "";
        SCOPED_FILE FILE *file = fopen(path, "re");
        if (file != NULL && fgets(line, sizeof line, file) != NULL && strchr(line, '\n') != NULL)
            return (pid_t)strtol(line, NULL, 10);
        world_turn(world, 5);
    }
    fail_msg("no pid in %s", path);
    return 0;
}

#endif
