#include "scheduler/system/clock.h"

#include "scheduler/base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec time = {0};
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * DURATION_SECOND_US + time.tv_nsec / 1000;
}

struct instant clock_now(void)
{
    return (struct instant){read_clock(CLOCK_REALTIME)};
}

struct duration clock_monotonic(void)
{
    return (struct duration){read_clock(CLOCK_MONOTONIC)};
}

struct duration clock_boottime(void)
{
    return (struct duration){read_clock(CLOCK_BOOTTIME)};
}

/* Reads a small file whole; returns its length, -1 if it cannot be read. */
static ssize_t read_small(const char *path, char *buffer, size_t size)
{
    SCOPED_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t count = read(fd, buffer, size - 1);
    buffer[count < 0 ? 0 : count] = '\0';
    return count;
}

struct instant clock_process_started(void)
{
    char stat[1024];
    struct instant now = clock_now();
    if (read_small("/proc/self/stat", stat, sizeof stat) <= 0)
        return now;
    /* the command's name is field 2 and ends with the last ')'; the start is field 22, in clock
     * ticks since the machine's */
    char *at = strrchr(stat, ')');
    for (int field = 2; at != NULL && field < 22; field++)
        at = strchr(at + 1, ' ');
    if (at == NULL)
        return now;
    int64_t ticks = strtoll(at, NULL, 10);
    int64_t started = ticks * DURATION_SECOND_US / sysconf(_SC_CLK_TCK);
    return (struct instant){now.us - (read_clock(CLOCK_BOOTTIME) - started)};
}

int clock_read_boot_id(char ret_boot_id[CLOCK_BOOT_ID_BYTES], struct error *err)
{
    const char *path = "/proc/sys/kernel/random/boot_id";
    char buffer[CLOCK_BOOT_ID_BYTES] = {0};
    if (read_small(path, buffer, sizeof buffer) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot read %s", path);
    buffer[strcspn(buffer, "\n")] = '\0';
    if (buffer[0] == '\0')
        return error_set(err, ERROR_KIND_PRECONDITION, "%s is empty", path);
    memcpy(ret_boot_id, buffer, sizeof buffer);
    return 0;
}

int clock_make_token(char ret_token[CLOCK_TOKEN_BYTES], struct error *err)
{
    uint8_t bytes[(CLOCK_TOKEN_BYTES - 1) / 2];
    ssize_t count;
    do
        count = getrandom(bytes, sizeof bytes, 0);
    while (count < 0 && errno == EINTR);
    if (count != (ssize_t)sizeof bytes)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot get random bytes");
    for (size_t i = 0; i < sizeof bytes; i++) {
        ret_token[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        ret_token[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    ret_token[2 * sizeof bytes] = '\0';
    return 0;
}
