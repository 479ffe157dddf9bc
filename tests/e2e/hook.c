/* A loopback HTTP server for tests of messages: hook FOLDER.
 *
 * Writes its port to FOLDER/port and each request to FOLDER/N (from 1, whole, as it came). What
 * FOLDER/mode says decides the answer: ok, fail, hang, slow, redirect, errcode, huge (200, and no
 * end); without the file ok. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *folder;
static int port;

static void read_mode(char mode[32])
{
    char path[512];
    snprintf(path, sizeof path, "%s/mode", folder);
    FILE *file = fopen(path, "re");
    snprintf(mode, 32, "ok");
    if (file == NULL)
        return;
    if (fgets(mode, 32, file) == NULL)
        snprintf(mode, 32, "ok");
    mode[strcspn(mode, "\n")] = '\0';
    fclose(file);
}

static void keep(const char *bytes, size_t length, int number)
{
    char path[512];
    char final[512];
    snprintf(path, sizeof path, "%s/.new", folder);
    snprintf(final, sizeof final, "%s/%d", folder, number);
    FILE *file = fopen(path, "we");
    if (file == NULL)
        exit(1);
    fwrite(bytes, 1, length, file);
    fclose(file);
    rename(path, final);
}

/* Up to the end of the body, by Content-Length. */
static size_t read_request(int fd, char *bytes, size_t size)
{
    size_t length = 0;
    size_t wanted = size - 1;
    ssize_t count;
    while (length < wanted && (count = read(fd, bytes + length, wanted - length)) > 0) {
        length += (size_t)count;
        bytes[length] = '\0';
        const char *end = strstr(bytes, "\r\n\r\n");
        const char *header = strcasestr(bytes, "content-length:");
        if (end != NULL)
            wanted =
                (size_t)(end - bytes) + 4 + (header == NULL ? 0 : strtoul(header + 15, NULL, 10));
    }
    return length;
}

static void reply(int fd, const char *status, const char *header, const char *body)
{
    char text[1024];
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                          status, header, strlen(body), body);
    if (write(fd, text, (size_t)length) < 0)
        return;
}

static void flood(int fd)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    char block[4096];
    memset(block, 'x', sizeof block);
    if (write(fd, head, sizeof head - 1) < 0)
        return;
    while (write(fd, block, sizeof block) > 0) {
    }
}

static void answer(int fd, const char *mode)
{
    char location[128];
    snprintf(location, sizeof location, "Location: http://127.0.0.1:%d/elsewhere\r\n", port);
    if (strcmp(mode, "hang") == 0)
        return; /* the connection stays open: the child waits */
    if (strcmp(mode, "slow") == 0)
        sleep(1);
    if (strcmp(mode, "fail") == 0)
        reply(fd, "500 No", "", "{}");
    else if (strcmp(mode, "redirect") == 0)
        reply(fd, "302 Found", location, "");
    else if (strcmp(mode, "errcode") == 0)
        reply(fd, "200 OK", "", "{\"errcode\":310000,\"errmsg\":\"keywords not in content\"}");
    else if (strcmp(mode, "huge") == 0)
        flood(fd);
    else
        reply(fd, "200 OK", "", "{\"errcode\":0}");
    close(fd);
}

static int open_socket(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        exit(1);
    port = ntohs(address.sin_port);
    return fd;
}

int main(int argc, char **argv)
{
    static char bytes[1 << 20];
    char path[512];
    char mode[32];
    if (argc != 2)
        return 2;
    folder = argv[1];
    signal(SIGPIPE, SIG_IGN);
    int listener = open_socket();
    snprintf(path, sizeof path, "%s/port", folder);
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return 1;
    fprintf(file, "%d\n", port);
    fclose(file);
    for (int number = 1;; number++) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            return 1;
        size_t length = read_request(fd, bytes, sizeof bytes);
        keep(bytes, length, number);
        read_mode(mode);
        answer(fd, mode);
    }
}
