#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/base/zone_data.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DATABASE "/usr/share/zoneinfo"
#define MAX_ENTRIES 2000 /* names of a folder that are compared for a suggestion */

static const char *database_folder(void)
{
    const char *folder = getenv("TZDIR");
    return folder != NULL && folder[0] == '/' ? folder : DATABASE;
}

/* Parts of letters, digits, `_`, `+`, `-`, separated by single slashes. */
static bool is_zone_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length >= ZONE_NAME_BYTES || name[length - 1] == '/')
        return false;
    bool is_start = true;
    for (const char *at = name; *at != '\0'; at++) {
        bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        bool is_other = (*at >= '0' && *at <= '9') || *at == '_' || *at == '+' || *at == '-';
        if (!is_letter && (is_start || (!is_other && *at != '/')))
            return false;
        is_start = *at == '/';
    }
    return true;
}

/* The entry of a folder that is nearest to a misspelt one; "" when none is. */
static void suggest_entry(const char *folder, const char *wrong, char ret_best[NAME_MAX + 1])
{
    SCOPED_DIR DIR *dir = opendir(folder);
    struct suggest suggest;
    suggest_begin(&suggest, wrong);
    ret_best[0] = '\0';
    for (int i = 0; dir != NULL && i < MAX_ENTRIES; i++) {
        const struct dirent *entry = readdir(dir);
        if (entry == NULL)
            break;
        const char *best = suggest_best(&suggest);
        suggest_offer(&suggest, entry->d_name);
        if (suggest_best(&suggest) != best) {
            snprintf(ret_best, NAME_MAX + 1, "%s", entry->d_name);
            suggest.best = ret_best;
        }
        if (suggest.distance == 0)
            break;
    }
}

/* Area/Place: the wrong one is the area when there is no such folder, else the place. */
static int refuse_unknown(const char *folder, const char *name, struct error *err)
{
    char area[ZONE_NAME_BYTES];
    char path[PATH_MAX];
    char best[NAME_MAX + 1];
    struct stat status;
    error_set(err, ERROR_KIND_INVALID, "there is no time zone `%.63s`", name);
    error_help(err, "zones have names such as Asia/Shanghai or UTC");
    snprintf(area, sizeof area, "%s", name);
    char *slash = strchr(area, '/');
    const char *place = slash == NULL ? "" : name + (slash - area) + 1;
    if (slash != NULL)
        *slash = '\0';
    snprintf(path, sizeof path, "%s/%s", folder, area);
    bool has_area = slash != NULL && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    suggest_entry(has_area ? path : folder, has_area ? place : area, best);
    if (best[0] == '\0')
        return -1;
    if (has_area)
        return error_help(err, "did you mean `%s/%s`?", area, best);
    return error_help(err, "did you mean `%s%s%s`?", best, slash == NULL ? "" : "/", place);
}

static int read_file(int fd, char *bytes, size_t capacity, size_t *ret_length)
{
    size_t length = 0;
    while (length < capacity) {
        ssize_t got = read(fd, bytes + length, capacity - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    *ret_length = length;
    return 0;
}

static int load_file(int fd, const char *name, struct zone **ret_zone, struct error *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "reading time zone %s", name);
    if (!S_ISREG(status.st_mode) || status.st_size > (off_t)ZONE_MAX_BYTES)
        return error_set(err, ERROR_KIND_INVALID, "`%s` is not a time zone", name);
    size_t length;
    size_t capacity = (size_t)status.st_size;
    SCOPED_FREE char *bytes = memory_new(capacity, 1);
    if (read_file(fd, bytes, capacity, &length) != 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "reading time zone %s", name);
    return zone_parse(name, bytes, length, ret_zone, err);
}

static struct zone *new_utc(void)
{
    struct zone *zone = memory_new(1, sizeof *zone);
    snprintf(zone->name, sizeof zone->name, "UTC");
    return zone;
}

int zone_load(const char *name, struct zone **ret_zone, struct error *err)
{
    const char *folder = database_folder();
    char path[PATH_MAX];
    if (!is_zone_name(name))
        return error_set(err, ERROR_KIND_INVALID, "`%.63s` is not the name of a time zone", name);
    if (strcmp(name, "UTC") == 0) {
        *ret_zone = new_utc();
        return 0;
    }
    if (access(folder, X_OK) != 0) {
        error_set(err, ERROR_KIND_PRECONDITION, "there is no time zone database in %s", folder);
        return error_help(err, "install the package tzdata");
    }
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    errno = ENOENT;
    SCOPED_FD int fd =
        (size_t)length < sizeof path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "reading time zone %s", name);
    if (fd < 0)
        return refuse_unknown(folder, name, err);
    return load_file(fd, name, ret_zone, err);
}
