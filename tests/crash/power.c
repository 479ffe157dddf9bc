#include "tests/crash/power.h"

#include "scheduler/base/scope.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define TELL_FD 40 /* the child's end of the pipe */
#define STEP_SHORT 4
#define SEEDS_SHORT 3
#define SEEDS_FULL 10
#define FAULTS_SHOWN 5

static void tell(char kind, int number)
{
    char line[32];
    int length = snprintf(line, sizeof line, "%c%d\n", kind, number);
    if (write(TELL_FD, line, (size_t)length) != length)
        _exit(97);
}

void power_begin(int number)
{
    tell('b', number);
}

void power_done(int number)
{
    tell('d', number);
}

void power_must(int result, const struct error *err)
{
    if (result == 0)
        return;
    fprintf(stderr, "# the work failed: %s\n", err->text);
    _exit(96);
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
    (void)facts;
    (void)kind;
    (void)where;
    return remove(path);
}

static void play(const struct power_work *work, const struct disk_plan *plan, const int pipe_fds[2])
{
    dup2(pipe_fds[1], TELL_FD);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    disk_watch(plan);
    work->play(plan->root);
    _exit(0);
}

static struct power_told listen_to(int fd)
{
    struct power_told told = {0};
    FILE *file = fdopen(fd, "r");
    char line[32];
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        *(line[0] == 'b' ? &told.begun : &told.done) = (int)strtol(line + 1, NULL, 10);
    if (file != NULL)
        fclose(file);
    return told;
}

/* 1: there was no such sync; 0: as it must be; -1. */
static int cut_once(const struct power_work *work, struct disk_plan plan, struct error *err)
{
    char dir[] = "/tmp/datemill-power.XXXXXX";
    char root[64];
    char after[64];
    int pipe_fds[2];
    if (mkdtemp(dir) == NULL || pipe(pipe_fds) != 0)
        return error_set_errno(err, ERROR_KIND_FAILED, "%s", dir);
    snprintf(root, sizeof root, "%s/disk", dir);
    snprintf(after, sizeof after, "%s/after", dir);
    mkdir(root, 0700);
    mkdir(after, 0700);
    plan.root = root;
    plan.after = after;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        play(work, &plan, pipe_fds);
    close(pipe_fds[1]);
    struct power_told told = listen_to(pipe_fds[0]);
    int status = -1;
    waitpid(pid, &status, 0);
    int result = 1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == DISK_STATUS_CUT)
        result = work->look(after, told, err);
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        result = error_set(err, ERROR_KIND_FAILED, "the work ended with %d", status);
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return result;
}

struct tally {
    size_t cuts;
    size_t syncs;
    size_t faults;
};

static struct tally cut_everywhere(const struct power_work *work, bool is_full, bool is_lying)
{
    struct tally tally = {0};
    size_t seeds = is_full ? SEEDS_FULL : SEEDS_SHORT;
    size_t step = is_full ? 1 : STEP_SHORT;
    bool is_over = false;
    for (size_t at = 1; !is_over; at += at < 12 ? 1 : step) { /* the first make the files */
        for (uint64_t seed = 0; seed < seeds && !is_over; seed++) {
            struct error err = {0};
            struct disk_plan plan = {.cut_at = at,
                                     .seed = seed < 2 ? seed : seed + at * 100,
                                     .lies_about = is_lying ? work->lies_about : NULL};
            int result = cut_once(work, plan, &err);
            is_over = result == 1;
            tally.cuts += !is_over;
            tally.syncs = is_over ? tally.syncs : at;
            tally.faults += result < 0;
            if (result < 0 && !is_lying && tally.faults <= FAULTS_SHOWN)
                printf("# at sync %zu, seed %llu: %s\n", at, (unsigned long long)plan.seed,
                       err.text);
        }
    }
    return tally;
}

int power_main(const struct power_work *work, int argc, char **argv)
{
    bool is_full = argc > 1 && strcmp(argv[1], "--full") == 0;
    struct tally honest = cut_everywhere(work, is_full, false);
    bool is_fine = honest.faults == 0 && honest.cuts > 0;
    printf("%s 1 - %s after %zu power cuts at %zu syncs: whole, nothing promised is missing\n",
           is_fine ? "ok" : "not ok", work->what, honest.cuts, honest.syncs);
    struct tally lying = cut_everywhere(work, false, true);
    printf("%s 2 - a disk that lies is noticed: %zu of %zu\n", lying.faults > 0 ? "ok" : "not ok",
           lying.faults, lying.cuts);
    printf("1..2\n");
    return is_fine && lying.faults > 0 ? 0 : 1;
}
