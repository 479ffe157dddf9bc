#include "scheduler/system/tcp_listen.h"

#include "scheduler/base/scope.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST_BYTES 64
#define MAX_PORT 65535
#define BACKLOG 128

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static int fail(const char *text, struct error *err)
{
    error_set(err, ERROR_KIND_USAGE, "`%.80s` is no address to listen at", text);
    return error_help(err, "write it as %s or [::1]:8650; port 0 takes a free one",
                      TCP_LISTEN_DEFAULT);
}

static bool parse_port(const char *text, uint16_t *ret_port)
{
    char *end;
    if (!isdigit((unsigned char)text[0]) || strlen(text) > 5)
        return false;
    unsigned long port = strtoul(text, &end, 10);
    if (*end != '\0' || port > MAX_PORT)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

/* The host without brackets, and what follows it. */
static bool split(const char *text, char ret_host[HOST_BYTES], const char **ret_port)
{
    const char *colon = strrchr(text, ':');
    const char *begin = text;
    if (colon == NULL) {
        snprintf(ret_host, HOST_BYTES, "127.0.0.1");
        *ret_port = text;
        return true;
    }
    const char *end = colon;
    if (text[0] == '[') {
        if (colon == text || colon[-1] != ']')
            return false;
        begin++;
        end--;
    } else if (memchr(text, ':', (size_t)(colon - text)) != NULL) {
        return false;
    }
    if (end - begin >= HOST_BYTES)
        return false;
    snprintf(ret_host, HOST_BYTES, "%.*s", (int)(end - begin), begin);
    if (strcmp(ret_host, "localhost") == 0)
        snprintf(ret_host, HOST_BYTES, "127.0.0.1");
    *ret_port = colon + 1;
    return true;
}

static int parse(const char *text, union address *ret_address, struct error *err)
{
    char host[HOST_BYTES];
    const char *port_text;
    uint16_t port;
    union address address = {0};
    if (!split(text, host, &port_text) || !parse_port(port_text, &port))
        return fail(text, err);
    if (inet_pton(AF_INET, host, &address.four.sin_addr) == 1) {
        address.four.sin_family = AF_INET;
        address.four.sin_port = htons(port);
    } else if (inet_pton(AF_INET6, host, &address.six.sin6_addr) == 1) {
        address.six.sin6_family = AF_INET6;
        address.six.sin6_port = htons(port);
    } else {
        return fail(text, err);
    }
    *ret_address = address;
    return 0;
}

static socklen_t size_of(const union address *address)
{
    return address->any.sa_family == AF_INET ? sizeof address->four : sizeof address->six;
}

int tcp_listen(const char *text, int *ret_fd, struct error *err)
{
    union address address;
    const int on = 1;
    if (parse(text, &address, err) < 0)
        return -1;
    SCOPED_FD int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot listen at %s", text);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, &address.any, size_of(&address)) < 0 || listen(fd, BACKLOG) < 0) {
        error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot listen at %s", text);
        return error_help(err, "name another address: --listen 127.0.0.1:8651");
    }
    *ret_fd = fd;
    fd = -1;
    return 0;
}

static int read_address(int fd, union address *ret_address, struct error *err)
{
    socklen_t size = sizeof *ret_address;
    if (getsockname(fd, &ret_address->any, &size) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "descriptor %d is no socket", fd);
    if (ret_address->any.sa_family != AF_INET && ret_address->any.sa_family != AF_INET6)
        return error_set(err, ERROR_KIND_PRECONDITION, "descriptor %d is no TCP socket", fd);
    return 0;
}

int tcp_listen_address(int fd, char ret_address[TCP_ADDRESS_BYTES], struct error *err)
{
    union address address = {0};
    char host[INET6_ADDRSTRLEN];
    if (read_address(fd, &address, err) < 0)
        return -1;
    if (address.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &address.four.sin_addr, host, sizeof host);
        snprintf(ret_address, TCP_ADDRESS_BYTES, "%s:%d", host, ntohs(address.four.sin_port));
    } else {
        inet_ntop(AF_INET6, &address.six.sin6_addr, host, sizeof host);
        snprintf(ret_address, TCP_ADDRESS_BYTES, "[%s]:%d", host, ntohs(address.six.sin6_port));
    }
    return 0;
}

bool tcp_listen_is_loopback(int fd)
{
    union address address = {0};
    if (read_address(fd, &address, NULL) < 0)
        return false;
    if (address.any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&address.six.sin6_addr);
    return (ntohl(address.four.sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
}
