/* datemill-web: the page of one project. `datemill serve` and `datemill web` start it. */
#include "nodes/node_type.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/page_files.h"
#include "scheduler/system/process_limits.h"
#include "scheduler/system/tcp_listen.h"
#include "web/routes.h"
#include "web/site/access.h"
#include "web/site/answer.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char usage[] =
    "usage: datemill-web --project DIR [--listen ADDRESS:PORT | --listen-fd FD] [--host NAME]…\n"
    "                    [--libexec DIR] [--read-only] [--assets DIR] [--parent PID]";

struct program {
    const char *project_dir;
    const char *listen;
    const char *assets_dir;
    const char *libexec_dir;
    const char *hosts[ACCESS_MAX_HOSTS + 1];
    size_t host_count;
    int listen_fd;
    int parent; /* ends with it; 0 = with nobody */
    bool is_read_only;
};

static int read_number(const char *text, int *ret_number, struct error *err)
{
    char *end;
    long number = strtol(text, &end, 10);
    if (*end != '\0' || text[0] == '\0' || number < 0 || number > 0x7fffffff)
        return error_set(err, ERROR_KIND_USAGE, "`%s` is not a number", text);
    *ret_number = (int)number;
    return 0;
}

static int take_option(struct program *program, int option, struct error *err)
{
    switch (option) {
    case 'p':
        program->project_dir = optarg;
        return 0;
    case 'l':
        program->listen = optarg;
        return 0;
    case 'f':
        return read_number(optarg, &program->listen_fd, err);
    case 'o':
        return read_number(optarg, &program->parent, err);
    case 'a':
        program->assets_dir = optarg;
        return 0;
    case 'x':
        program->libexec_dir = optarg;
        return 0;
    case 'r':
        program->is_read_only = true;
        return 0;
    case 'h':
        if (program->host_count == ACCESS_MAX_HOSTS)
            return error_set(err, ERROR_KIND_USAGE, "at most %d names", ACCESS_MAX_HOSTS);
        program->hosts[program->host_count++] = optarg;
        return 0;
    default:
        return error_set(err, ERROR_KIND_USAGE, "%s", usage);
    }
}

static int read_options(int argc, char **argv, struct program *program, struct error *err)
{
    static const struct option options[] = {{"project", required_argument, NULL, 'p'},
                                            {"listen", required_argument, NULL, 'l'},
                                            {"listen-fd", required_argument, NULL, 'f'},
                                            {"assets", required_argument, NULL, 'a'},
                                            {"libexec", required_argument, NULL, 'x'},
                                            {"read-only", no_argument, NULL, 'r'},
                                            {"host", required_argument, NULL, 'h'},
                                            {"parent", required_argument, NULL, 'o'},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (take_option(program, option, err) < 0)
            return -1;
    }
    if (program->project_dir == NULL || optind != argc)
        return error_set(err, ERROR_KIND_USAGE, "%s", usage);
    return 0;
}

static void end(void *owner, int number)
{
    (void)number;
    loop_stop(owner);
}

static void write_log(void *owner, const char *line)
{
    (void)owner;
    fprintf(stderr, "%s\n", line);
}

static int open_loop(struct loop **ret_loop, struct error *err)
{
    if (loop_open(ret_loop, err) < 0 ||
        loop_add_signal(*ret_loop, SIGTERM, end, *ret_loop, err) < 0)
        return -1;
    return loop_add_signal(*ret_loop, SIGINT, end, *ret_loop, err);
}

static int answer(const struct program *program, struct loop *loop, struct site *site,
                  struct error *err)
{
    struct lock_file lock;
    char address[TCP_ADDRESS_BYTES];
    char url[TCP_ADDRESS_BYTES + 16];
    struct answers *answers;
    struct answers_options options = {
        .site = site, .routes = &web_routes, .listen_fd = program->listen_fd, .log = write_log};
    if (tcp_listen_address(program->listen_fd, address, err) < 0)
        return -1;
    snprintf(url, sizeof url, "http://%s", address);
    if (page_files_begin(site_state_dir_fd(site), url, &lock, err) < 0)
        return -1;
    int result = answers_open(&options, &answers, err);
    if (result == 0) {
        printf("page %s/\n", url);
        fflush(stdout);
        result = loop_run(loop, err);
        answers_close(answers);
    }
    page_files_end(site_state_dir_fd(site), &lock);
    return result;
}

static int work(const struct program *program, struct loop *loop, struct error *err)
{
    struct site *site;
    struct site_options options = {.loop = loop,
                                   .project_dir = program->project_dir,
                                   .libexec_dir = program->libexec_dir,
                                   .assets_dir = program->assets_dir,
                                   .listen_fd = program->listen_fd,
                                   .hosts = program->hosts,
                                   .is_read_only = program->is_read_only};
    options.types.types = node_types_builtin(&options.types.count);
    if (site_open(&options, &site, err) < 0)
        return -1;
    int result = answer(program, loop, site, err);
    site_close(site);
    return result;
}

static int run(struct program *program, struct error *err)
{
    struct loop *loop = NULL;
    umask(077);
    if (process_limits_harden(err) < 0 ||
        (program->parent != 0 && process_limits_end_with_parent(program->parent, err) < 0))
        return -1;
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
    fprintf(stderr, "%s\n", err.text);
    if (err.help[0] != '\0')
        fprintf(stderr, "help: %s\n", err.help);
    return err.kind == ERROR_KIND_NONE ? ERROR_KIND_BUG : (int)err.kind;
}
