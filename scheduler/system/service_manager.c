#include "scheduler/system/service_manager.h"

#include "scheduler/base/scope.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int service_manager_connect(const char *address, int *ret_fd, struct error *err)
{
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    *ret_fd = -1;
    if (address == NULL || address[0] == '\0')
        return 0;
    size_t length = strlen(address);
    if ((address[0] != '/' && address[0] != '@') || length < 2 || length >= sizeof place.sun_path)
        return error_set(err, ERROR_KIND_PRECONDITION,
                         "NOTIFY_SOCKET=%s is no path and no abstract socket", address);
    memcpy(place.sun_path, address, length);
    if (address[0] == '@')
        place.sun_path[0] = '\0';
    SCOPED_FD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&place, size) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "nobody listens at NOTIFY_SOCKET=%s",
                               address);
    *ret_fd = fd;
    fd = -1;
    return 0;
}

void service_manager_tell(int fd, const char *lines)
{
    if (fd < 0)
        return;
    while (send(fd, lines, strlen(lines), MSG_NOSIGNAL) < 0 && errno == EINTR)
        continue;
}

static bool read_number(const char *text, int64_t *ret_number)
{
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *ret_number = strtoll(text, &end, 10);
    return *end == '\0' && errno == 0;
}

struct duration service_manager_watchdog(const char *microseconds, const char *pid)
{
    int64_t us;
    int64_t whose = getpid();
    if (!read_number(microseconds, &us) || (pid != NULL && !read_number(pid, &whose)) ||
        whose != getpid())
        return (struct duration){0};
    return (struct duration){us};
}
