/* A year of a server in seconds: the wall clock goes by days (by hours in the long form), store,
 * engine and keeper are real. Every instance is made once, clock changes included, and what the
 * server holds at the end is what it held after the first weeks: memory, descriptors, the WAL, the
 * store's file under retention; the keeper's, too. */
#include "scheduler/daemon/daemon_state.h"
#include "tests/unit/daemon/harness.h"

#include <dirent.h>
#include <malloc.h>
#include <sys/syscall.h>
#include <time.h>

#if defined(__SANITIZE_ADDRESS__) /* gcc has it, but no header that says so */
size_t __sanitizer_get_current_allocated_bytes(void);
#endif

#define PROJECT "timezone: Europe/Berlin\nslots: 4\n"
#define HOURLY "flow: shop\nschedule: hourly :15\nnodes: {n: {type: virtual}}\n"
#define NIGHTLY                                                                                    \
    "flow: night\nschedule: {at: daily 02:30, overlap: wait}\n"                                    \
    "nodes: {first: {type: virtual}, n: {needs: [first], run: /bin/true}}\n"
#define MONTHLY "flow: month\nschedule: monthly last 23:59\nnodes: {n: {run: 'exit 1'}}\n"
#define HOUR_US (3600 * DURATION_SECOND_US)
#define WEEK_STEPS 7
#define WARM_DAYS 70 /* after it nothing grows any more */
#define KEEP_DAYS 30
#define WAL_MAX (8 << 20)
#define MEMORY_SLACK (192 << 10)
#define FILE_SLACK 5 / 4

/* Of the wall clock of this process, which goes ahead of the machine's. */
static int64_t ahead_us;

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, ret_time);
    if (clock != CLOCK_REALTIME || result != 0)
        return result;
    int64_t us =
        (int64_t)ret_time->tv_sec * DURATION_SECOND_US + ret_time->tv_nsec / 1000 + ahead_us;
    ret_time->tv_sec = (time_t)(us / DURATION_SECOND_US);
    ret_time->tv_nsec = us % DURATION_SECOND_US * 1000;
    return 0;
}

struct held {
    int64_t memory;
    int64_t descriptors;
    int64_t keeper_descriptors;
    int64_t file;
};

static int64_t count_descriptors(const char *process)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/fd", process);
    DIR *dir = opendir(path);
    int64_t count = 0;
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static int64_t count_memory(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return (int64_t)__sanitizer_get_current_allocated_bytes();
#else
    return (int64_t)mallinfo2().uordblks;
#endif
}

static int64_t size_of(const struct world *world, const char *name)
{
    char path[160];
    struct stat facts;
    snprintf(path, sizeof path, "%s/%s", world->state_dir, name);
    return stat(path, &facts) == 0 ? facts.st_size : 0;
}

static int64_t keeper_pid(const struct world *world)
{
    struct lock_holder holder = {0};
    SCOPED_FD int folder = open(world->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(lock_file_holder(folder, "keeper.lock", &holder, NULL), 0);
    return holder.pid;
}

static struct held look(const struct world *world)
{
    char pid[32];
    snprintf(pid, sizeof pid, "%lld", (long long)keeper_pid(world));
    return (struct held){.memory = count_memory(),
                         .descriptors = count_descriptors("self"),
                         .keeper_descriptors = count_descriptors(pid),
                         .file = size_of(world, STORE_FILE_NAME)};
}

/* Turns until nothing is open any more. */
static void settle(struct world *world)
{
    int64_t quiet = 0;
    struct duration begin = clock_monotonic();
    while (quiet < 2) {
        assert_int_equal(loop_turn(world->loop, duration_ms(0), NULL), 0);
        quiet = engine_count(world->daemon->engine).open_runs == 0 ? quiet + 1 : 0;
        if (clock_monotonic().us - begin.us > WORLD_WAIT_MS * 1000LL)
            fail_msg("a step never came to its end");
    }
}

static void step_to(struct world *world, int64_t now_us)
{
    struct timespec machine;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &machine);
    ahead_us = now_us - ((int64_t)machine.tv_sec * DURATION_SECOND_US + machine.tv_nsec / 1000);
    daemon_reload(world->daemon);
    settle(world);
}

static void prune(struct world *world)
{
    struct request request = {.kind = REQUEST_KIND_PRUNE,
                              .who = "lin",
                              .keep_runs = {KEEP_DAYS * DURATION_DAY_US},
                              .keep_logs = {WEEK_STEPS * DURATION_DAY_US}};
    world_ask_well(world, &request);
}

static void compare(const struct held *warm, const struct held *end)
{
    if (end->memory > warm->memory + MEMORY_SLACK)
        fail_msg("memory grew from %lld to %lld bytes", (long long)warm->memory,
                 (long long)end->memory);
    assert_int_equal(end->descriptors, warm->descriptors);
    assert_int_equal(end->keeper_descriptors, warm->keeper_descriptors);
    if (end->file > warm->file * FILE_SLACK)
        fail_msg("the store grew from %lld to %lld bytes", (long long)warm->file,
                 (long long)end->file);
}

static struct world *serve_from(int64_t begin_us)
{
    struct world *world = world_new(PROJECT, HOURLY);
    world_leave(world);
    world_write(world, "night.yaml", NIGHTLY);
    world_write(world, "month.yaml", MONTHLY);
    struct timespec machine;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &machine);
    ahead_us = begin_us - (int64_t)machine.tv_sec * DURATION_SECOND_US;
    world->options.is_server = true;
    world_open(world);
    settle(world);
    return world;
}

static void a_year_leaves_nothing_behind(void **state)
{
    (void)state;
    const char *full = getenv("DATEMILL_TEST_FULL");
    bool is_long = full != NULL && strcmp(full, "0") != 0;
    struct civil_date today = civil_from_days(clock_now().us / DURATION_DAY_US);
    struct civil_date first = {today.year + 1, 1, 1};
    struct civil_date last = {today.year + 2, 1, 1};
    int64_t days = civil_to_days(last) - civil_to_days(first);
    int64_t begin_us = civil_to_days(first) * DURATION_DAY_US - HOUR_US; /* midnight in Berlin */
    struct world *world = serve_from(begin_us);
    struct held warm = {0};
    int64_t wal = 0;
    for (int64_t day = 1; day <= days; day++) {
        for (int hour = is_long ? 1 : 24; hour <= 24; hour++)
            step_to(world, begin_us + (day - 1) * DURATION_DAY_US + hour * HOUR_US);
        if (day % WEEK_STEPS == 0)
            prune(world);
        if (day == WARM_DAYS)
            warm = look(world);
        wal = size_of(world, STORE_FILE_NAME "-wal") > wal ? size_of(world, STORE_FILE_NAME "-wal")
                                                           : wal;
    }
    prune(world);
    struct held end = look(world);
    compare(&warm, &end);
    assert_true(wal < WAL_MAX);
    /* A number is given for each run and never again; both clock changes cancel each other. */
    assert_int_equal(store_take_run_id(world->daemon->store) - 1, days * 24 + days + 12);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_year_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
