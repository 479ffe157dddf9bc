#include "scheduler/command/page_start.h"

#include "scheduler/base/scope.h"
#include "scheduler/command/companions.h"
#include "scheduler/system/page_files.h"
#include "scheduler/system/page_tokens.h"
#include "scheduler/system/tcp_listen.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define USUAL_HOST "127.0.0.1"
#define USUAL_PORT 8650
#define USUAL_PORTS 10
#define FIXED_WORDS 16

int page_start_read(const struct options *options, struct page_start *ret_start, struct error *err)
{
    struct page_start start = {.listen = options_text(options, "listen", NULL),
                               .assets = options_text(options, "assets", NULL),
                               .is_read_only = options_has(options, "read-only")};
    const struct option_given *given;
    size_t cursor = 0;
    while ((given = options_each(options, "host", &cursor)) != NULL) {
        if (start.host_count == PAGE_START_MAX_HOSTS) {
            command_line_mark_given(options, given);
            return error_set(err, ERROR_KIND_USAGE, "at most %d names", PAGE_START_MAX_HOSTS);
        }
        start.hosts[start.host_count++] = given->text;
    }
    *ret_start = start;
    return 0;
}

static int listen_usual(int *ret_fd, struct error *err)
{
    char address[TCP_ADDRESS_BYTES];
    for (int i = 0; i < USUAL_PORTS; i++) {
        snprintf(address, sizeof address, USUAL_HOST ":%d", USUAL_PORT + i);
        if (tcp_listen(address, ret_fd, NULL) == 0)
            return 0;
    }
    return tcp_listen(USUAL_HOST ":0", ret_fd, err);
}

int page_start_listen(const struct page_start *start, int state_dir_fd, int *ret_fd,
                      struct error *err)
{
    SCOPED_FD int fd = -1;
    if ((start->listen == NULL ? listen_usual(&fd, err) : tcp_listen(start->listen, &fd, err)) < 0)
        return -1;
    if (!start->is_read_only && page_tokens_check_address(state_dir_fd, fd, err) < 0)
        return -1;
    *ret_fd = fd;
    fd = -1;
    return 0;
}

int page_start_words(struct context *context, const struct page_start_with *with,
                     const char *const **ret_words, struct error *err)
{
    const struct project *project;
    const char *program;
    struct arena *arena = &context->arena;
    const struct page_start *start = with->start;
    if (context_project(context, &project, err) < 0 ||
        context_companion(context, COMPANION_WEB, &program, err) < 0)
        return -1;
    const char **words = arena_array(arena, FIXED_WORDS + start->host_count * 2, sizeof *words);
    size_t count = 0;
    words[count++] = program;
    words[count++] = "--project";
    words[count++] = project->dir;
    words[count++] = "--libexec";
    words[count++] = context->libexec_dir;
    words[count++] = "--listen-fd";
    words[count++] = arena_format(arena, "%d", with->listen_fd);
    if (with->parent != 0) {
        words[count++] = "--parent";
        words[count++] = arena_format(arena, "%d", with->parent);
    }
    if (start->assets != NULL) {
        words[count++] = "--assets";
        words[count++] = start->assets;
    }
    if (start->is_read_only)
        words[count++] = "--read-only";
    for (size_t i = 0; i < start->host_count; i++) {
        words[count++] = "--host";
        words[count++] = start->hosts[i];
    }
    *ret_words = words;
    return 0;
}

int page_start_folder(struct context *context, int *ret_fd, struct error *err)
{
    const struct project *project;
    if (context_project(context, &project, err) < 0)
        return -1;
    if (mkdir(project->state_dir, 0700) < 0 && errno != EEXIST)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make %s", project->state_dir);
    *ret_fd = open(project->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*ret_fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot open %s", project->state_dir);
    return 0;
}

int page_start_link(struct context *context, int state_dir_fd, const char **ret_link,
                    struct error *err)
{
    char address[PAGE_FILES_ADDRESS_BYTES];
    char key[CLOCK_TOKEN_BYTES];
    page_files_address(state_dir_fd, address);
    if (address[0] == '\0') {
        error_set(err, ERROR_KIND_PRECONDITION, "nobody serves the page of this project");
        return error_help(err, "start it: datemill serve, or datemill web to look only");
    }
    if (page_files_key(state_dir_fd, key, err) < 0)
        return -1;
    *ret_link = arena_format(&context->arena, "%s/login?key=%s", address, key);
    return 0;
}

const char *page_start_address(struct context *context)
{
    const struct project *project;
    char address[PAGE_FILES_ADDRESS_BYTES] = "";
    if (context_project(context, &project, NULL) < 0)
        return "";
    SCOPED_FD int fd = open(project->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        page_files_address(fd, address);
    return arena_copy_string(&context->arena, address);
}
