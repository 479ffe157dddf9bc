/* datemill-web: the page of one project. `datemill serve` and `datemill web` start it. */
#include "nodes/node_type.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/system/tcp_listen.h"
#include "web/routes.h"
#include "web/site/answer.h"

#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct program {
    const char *project_dir;
    const char *listen;
    const char *assets_dir;
    const char *libexec_dir;
    int listen_fd;
    bool is_read_only;
};

static int read_options(int argc, char **argv, struct program *program, struct error *err)
{
    static const struct option options[] = {{"project", required_argument, NULL, 'p'},
                                            {"listen", required_argument, NULL, 'l'},
                                            {"listen-fd", required_argument, NULL, 'f'},
                                            {"assets", required_argument, NULL, 'a'},
                                            {"libexec", required_argument, NULL, 'x'},
                                            {"read-only", no_argument, NULL, 'r'},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (option == 'p')
            program->project_dir = optarg;
        else if (option == 'l')
            program->listen = optarg;
        else if (option == 'f')
            program->listen_fd = (int)strtol(optarg, NULL, 10);
        else if (option == 'a')
            program->assets_dir = optarg;
        else if (option == 'x')
            program->libexec_dir = optarg;
        else if (option == 'r')
            program->is_read_only = true;
        else
            return error_set(err, ERROR_KIND_USAGE, "see above");
    }
    if (program->project_dir == NULL || optind != argc)
        return error_set(err, ERROR_KIND_USAGE,
                         "usage: datemill-web --project DIR [--listen ADDRESS:PORT | --listen-fd "
                         "FD] [--libexec DIR] [--read-only] [--assets DIR]");
    return 0;
}

static void end(void *owner, int number)
{
    (void)number;
    loop_stop(owner);
}

static int open_loop(struct loop **ret_loop, struct error *err)
{
    if (loop_open(ret_loop, err) < 0 ||
        loop_add_signal(*ret_loop, SIGTERM, end, *ret_loop, err) < 0)
        return -1;
    return loop_add_signal(*ret_loop, SIGINT, end, *ret_loop, err);
}

static int work(const struct program *program, struct loop *loop, struct error *err)
{
    struct site *site;
    char address[TCP_ADDRESS_BYTES];
    struct site_options options = {.loop = loop,
                                   .project_dir = program->project_dir,
                                   .libexec_dir = program->libexec_dir,
                                   .assets_dir = program->assets_dir,
                                   .listen_fd = program->listen_fd,
                                   .is_read_only = program->is_read_only};
    options.types.types = node_types_builtin(&options.types.count);
    if (tcp_listen_address(program->listen_fd, address, err) < 0)
        return -1;
    if (site_open(&options, &site, err) < 0)
        return -1;
    struct answers_options serving = {
        .site = site, .routes = &web_routes, .listen_fd = program->listen_fd};
    struct answers *answers = NULL;
    int result = answers_open(&serving, &answers, err);
    if (result == 0) {
        printf("page http://%s/\n", address);
        fflush(stdout);
        result = loop_run(loop, err);
    }
    answers_close(answers);
    site_close(site);
    return result;
}

static int run(struct program *program, struct error *err)
{
    struct loop *loop = NULL;
    if (program->listen_fd < 0 && tcp_listen(program->listen, &program->listen_fd, err) < 0)
        return -1;
    int result = open_loop(&loop, err);
    if (result == 0)
        result = work(program, loop, err);
    loop_close(loop);
    return result;
}

int main(int argc, char **argv)
{
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    struct program program = {.listen = TCP_LISTEN_DEFAULT, .listen_fd = -1};
    struct error err = {0};
    sigaction(SIGPIPE, &ignored, NULL);
    if (read_options(argc, argv, &program, &err) == 0 && run(&program, &err) == 0)
        return 0;
    fprintf(stderr, "datemill-web: %s\n", err.text);
    if (err.help[0] != '\0')
        fprintf(stderr, "help: %s\n", err.help);
    return err.kind == ERROR_KIND_NONE ? ERROR_KIND_BUG : (int)err.kind;
}
