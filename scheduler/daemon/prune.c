#include "scheduler/daemon/prune.h"

#include "scheduler/base/civil.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PRUNE_LOGS "logs"
#define PRUNE_MAX_DAYS 200000 /* folders of days that one prune looks into */
#define PRUNE_DAY_BYTES 11    /* 2021-11-11 */
#define PRUNE_RUN_DIGITS 18   /* of a run's number: it fits */
#define PRUNE_LOOK_ENTRIES 20 /* of a day, for each one that may be removed in a step */
#define PRUNE_WHERE_BYTES 512 /* of a path within the state folder */
#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

enum prune_phase {
    PRUNE_PHASE_RUNS,
    PRUNE_PHASE_DAYS, /* the names of all days are read */
    PRUNE_PHASE_LOGS, /* day by day */
    PRUNE_PHASE_DONE
};

struct prune {
    struct prune_options options;
    struct store_pruning runs;
    struct prune_result result;
    enum prune_phase phase;
    int logs_fd;
    char (*days)[PRUNE_DAY_BYTES]; /* ascending */
    size_t day_count;
    size_t day_capacity;
    size_t next_day;
    DIR *day;                      /* of days[next_day - 1]; NULL = none is open */
    char unfinished[NAME_MAX + 1]; /* a run's folder with more files than a step had; "" */
    int32_t budget;                /* what is left of a step */
};

struct prune *prune_new(const struct prune_options *options)
{
    struct prune *prune = memory_new(1, sizeof *prune);
    prune->options = *options;
    prune->logs_fd = -1;
    prune->phase = options->runs_before.us > 0 ? PRUNE_PHASE_RUNS : PRUNE_PHASE_DAYS;
    prune->runs = (struct store_pruning){.before = options->runs_before,
                                         .is_dry_run = options->is_dry_run,
                                         .keeps = options->keeps,
                                         .owner = options->owner};
    return prune;
}

void prune_free(struct prune *prune)
{
    if (prune == NULL)
        return;
    if (prune->day != NULL)
        closedir(prune->day);
    if (prune->logs_fd >= 0)
        close(prune->logs_fd);
    free(prune->days);
    free(prune);
}

bool prune_has_more(const struct prune *prune)
{
    return prune->phase != PRUNE_PHASE_DONE;
}

const struct prune_result *prune_result(const struct prune *prune)
{
    return &prune->result;
}

/* Why openat() gave no folder. */
static const char *why_not_open(void)
{
    return errno == ENOTDIR || errno == ELOOP ? "not a folder, or a link" : strerror(errno);
}

static void note_left(struct prune *prune, const char *where, const char *why)
{
    struct prune_result *result = &prune->result;
    if (result->left++ == 0)
        snprintf(result->left_first, sizeof result->left_first, "%s: %s", where, why);
}

/* ---- names ---- */

static bool is_day(const char *name)
{
    struct civil_date date;
    char again[CIVIL_DATE_BYTES];
    return strlen(name) == PRUNE_DAY_BYTES - 1 && civil_date_parse(name, &date, NULL) == 0 &&
           strcmp(civil_date_format(date, again), name) == 0;
}

/* 0 when the name is not a run's number as we write it. */
static int64_t run_of_name(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    bool is_number = digits >= 1 && digits <= PRUNE_RUN_DIGITS && name[digits] == '\0';
    return is_number && name[0] != '0' ? strtoll(name, NULL, 10) : 0;
}

/* NODE.TRY.log, NODE.TRY.events, NODE.TRY.rejected */
static bool is_attempt_file(const char *name)
{
    const char *end = strrchr(name, '.');
    if (end == NULL ||
        (strcmp(end, ".log") != 0 && strcmp(end, ".events") != 0 && strcmp(end, ".rejected") != 0))
        return false;
    const char *at = end;
    while (at > name && at[-1] >= '0' && at[-1] <= '9')
        at--;
    return at < end && at - name >= 2 && at[-1] == '.';
}

/* ---- days ---- */

static int compare_days(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void read_days(struct prune *prune)
{
    prune->logs_fd = openat(prune->options.state_dir_fd, PRUNE_LOGS, OPEN_FOLDER);
    if (prune->logs_fd < 0 && errno != ENOENT)
        note_left(prune, PRUNE_LOGS, why_not_open());
    int copy = prune->logs_fd < 0 ? -1 : openat(prune->logs_fd, ".", OPEN_FOLDER);
    SCOPED_DIR DIR *logs = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    while (logs != NULL && prune->day_count < PRUNE_MAX_DAYS && (entry = readdir(logs)) != NULL) {
        if (!is_day(entry->d_name))
            continue;
        prune->days =
            memory_grow(prune->days, prune->day_count, &prune->day_capacity, sizeof *prune->days);
        memcpy(prune->days[prune->day_count++], entry->d_name, PRUNE_DAY_BYTES);
    }
    if (prune->day_count > 0)
        qsort(prune->days, prune->day_count, sizeof *prune->days, compare_days);
    prune->phase = PRUNE_PHASE_LOGS;
}

/* What still has something in it stays. A keeper that makes a folder in it makes it anew. */
static void close_day(struct prune *prune)
{
    closedir(prune->day);
    prune->day = NULL;
    if (!prune->options.is_dry_run)
        unlinkat(prune->logs_fd, prune->days[prune->next_day - 1], AT_REMOVEDIR);
}

static void open_day(struct prune *prune)
{
    const char *name = prune->days[prune->next_day++];
    int fd = openat(prune->logs_fd, name, OPEN_FOLDER);
    prune->day = fd < 0 ? NULL : fdopendir(fd);
    if (prune->day != NULL)
        return;
    char where[PRUNE_WHERE_BYTES];
    snprintf(where, sizeof where, PRUNE_LOGS "/%s", name);
    note_left(prune, where, why_not_open());
    if (fd >= 0)
        close(fd);
}

/* ---- a run's folder ---- */

struct run_folder {
    int fd;
    const char *day;
    const char *name;
    int64_t left; /* what is in the way; the first of it, and why */
    char first[NAME_MAX + 1];
    const char *why;
};

static bool stays(struct run_folder *folder, const char *file, const char *why)
{
    if (folder->left++ == 0) {
        snprintf(folder->first, sizeof folder->first, "%s", file);
        folder->why = why;
    }
    return false;
}

static void note_folder(struct prune *prune, const struct run_folder *folder)
{
    char where[PRUNE_WHERE_BYTES];
    snprintf(where, sizeof where, PRUNE_LOGS "/%s/%s%s%s", folder->day, folder->name,
             folder->first[0] == '\0' ? "" : "/", folder->first);
    note_left(prune, where, folder->why);
    prune->result.left += folder->left - 1;
}

/* False when it stays. */
static bool remove_file(struct prune *prune, struct run_folder *folder, const char *file)
{
    struct stat facts;
    if (fstatat(folder->fd, file, &facts, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT || stays(folder, file, strerror(errno));
    if (!is_attempt_file(file) || !S_ISREG(facts.st_mode))
        return stays(folder, file, "not a file of datemill's");
    if (!prune->options.is_dry_run) {
        prune->budget--;
        if (unlinkat(folder->fd, file, 0) < 0)
            return errno == ENOENT || stays(folder, file, strerror(errno));
    }
    prune->result.bytes += facts.st_size;
    return true;
}

/* False when the step was at its end before the folder was. At least one file goes, so that it
 * comes to an end. */
static bool remove_files(struct prune *prune, struct run_folder *folder, DIR *files)
{
    const struct dirent *entry;
    int64_t removed = 0;
    while ((entry = readdir(files)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (prune->budget <= 0 && removed > 0)
            return false;
        removed += remove_file(prune, folder, entry->d_name);
    }
    return true;
}

/* Removes the files of a folder as far as the step goes, then the folder. */
static void remove_folder(struct prune *prune, const char *name)
{
    struct run_folder folder = {.day = prune->days[prune->next_day - 1], .name = name};
    int day_fd = dirfd(prune->day);
    folder.fd = openat(day_fd, name, OPEN_FOLDER);
    SCOPED_DIR DIR *files = folder.fd < 0 ? NULL : fdopendir(folder.fd);
    if (files == NULL) {
        stays(&folder, "", why_not_open());
        note_folder(prune, &folder);
        return;
    }
    if (!remove_files(prune, &folder, files)) {
        snprintf(prune->unfinished, sizeof prune->unfinished, "%s", name);
        return;
    }
    prune->budget--;
    if (folder.left == 0 && !prune->options.is_dry_run &&
        unlinkat(day_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        stays(&folder, "", strerror(errno));
    if (folder.left > 0)
        note_folder(prune, &folder);
    else
        prune->result.logs++;
}

static int look_at_run(struct prune *prune, const char *name, struct error *err)
{
    int64_t run_id = run_of_name(name);
    struct store_prune_state state;
    bool is_busy = run_id != 0 && prune->options.is_busy != NULL &&
                   prune->options.is_busy(prune->options.owner, run_id);
    if (run_id == 0 || is_busy)
        return 0;
    if (store_prune_look(prune->options.store, &prune->runs, run_id, &state, err) < 0) {
        snprintf(prune->unfinished, sizeof prune->unfinished, "%s", name);
        return -1;
    }
    bool is_old = instant_compare(state.ended, prune->options.logs_before) < 0;
    bool goes = state.fate == STORE_PRUNE_GONE || (state.fate == STORE_PRUNE_STAYS && is_old) ||
                (state.fate == STORE_PRUNE_GOES && (is_old || prune->options.is_dry_run));
    if (goes)
        remove_folder(prune, name);
    return 0;
}

/* ---- steps ---- */

/* The folder that was not finished, else the next of the day; false at its end. */
static bool next_entry(struct prune *prune, char ret_name[NAME_MAX + 1])
{
    const struct dirent *entry = prune->unfinished[0] != '\0' ? NULL : readdir(prune->day);
    if (prune->unfinished[0] == '\0' && entry == NULL)
        return false;
    snprintf(ret_name, NAME_MAX + 1, "%s", entry != NULL ? entry->d_name : prune->unfinished);
    prune->unfinished[0] = '\0';
    return true;
}

static int step_logs(struct prune *prune, int32_t size, struct error *err)
{
    int64_t entries = (int64_t)size * PRUNE_LOOK_ENTRIES;
    prune->budget = size;
    while (prune->budget > 0 && entries-- > 0) {
        if (prune->day == NULL && prune->next_day == prune->day_count) {
            prune->phase = PRUNE_PHASE_DONE;
            return 0;
        }
        if (prune->day == NULL) {
            open_day(prune);
            continue;
        }
        char name[NAME_MAX + 1];
        if (!next_entry(prune, name))
            close_day(prune);
        else if (look_at_run(prune, name, err) < 0)
            return -1;
    }
    return 0;
}

int prune_step(struct prune *prune, int32_t size, struct error *err)
{
    assert(size >= 1 && size <= PRUNE_MAX_SIZE);
    switch (prune->phase) {
    case PRUNE_PHASE_RUNS:
        prune->runs.max_runs = size;
        if (store_prune(prune->options.store, &prune->runs, err) < 0)
            return -1;
        prune->result.runs = prune->runs.runs;
        prune->result.backfills = prune->runs.backfills;
        if (prune->runs.is_done)
            prune->phase = PRUNE_PHASE_DAYS;
        return 0;
    case PRUNE_PHASE_DAYS:
        read_days(prune);
        return 0;
    case PRUNE_PHASE_LOGS:
        return step_logs(prune, size, err);
    case PRUNE_PHASE_DONE:
        break;
    }
    return 0;
}
