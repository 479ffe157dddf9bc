/* spawn_loop COUNT PARALLEL PROGRAM [ARGUMENT…]: starts the program COUNT times, PARALLEL at once,
 * and does nothing else: what a scheduler costs is measured against it. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

static long read_count(const char *text)
{
    char *end;
    errno = 0;
    long count = strtol(text, &end, 10);
    return *end == '\0' && errno == 0 && count > 0 ? count : 0;
}

int main(int argc, char **argv)
{
    long count = argc > 3 ? read_count(argv[1]) : 0;
    long parallel = argc > 3 ? read_count(argv[2]) : 0;
    if (count == 0 || parallel == 0) {
        fprintf(stderr, "usage: spawn_loop COUNT PARALLEL PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    long started = 0;
    for (long ended = 0; ended < count; ended++) {
        while (started < count && started - ended < parallel) {
            pid_t pid;
            int status = posix_spawn(&pid, argv[3], NULL, NULL, argv + 3, environ);
            if (status != 0) {
                errno = status;
                perror(argv[3]);
                return 1;
            }
            started++;
        }
        int status = 0;
        if (wait(&status) < 0 || status != 0) {
            fprintf(stderr, "spawn_loop: one of them failed\n");
            return 1;
        }
    }
    return 0;
}
