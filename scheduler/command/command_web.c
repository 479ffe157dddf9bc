#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/command.h"
#include "scheduler/command/page_start.h"
#include "scheduler/system/page_files.h"
#include "scheduler/system/tcp_listen.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const struct option web_options[] = {
    {.name = "listen",
     .kind = OPTION_KIND_TEXT,
     .value = "ADDRESS:PORT",
     .help = "where the page is (127.0.0.1:8650)"},
    {.name = "host",
     .kind = OPTION_KIND_TEXT,
     .may_repeat = true,
     .value = "NAME",
     .help = "a name that browsers may call it by, besides numbers and localhost"},
    {.name = "assets",
     .kind = OPTION_KIND_TEXT,
     .value = "DIR",
     .help = "CSS and JS from a folder, for those who work on them"},
    {.name = NULL}};

static void tell_address(struct context *context, int listen_fd)
{
    char address[TCP_ADDRESS_BYTES];
    if (tcp_listen_address(listen_fd, address, NULL) < 0)
        return;
    terminal_print(context->err, "page http://%s/   read-only; Ctrl-C ends it\n", address);
    terminal_flush(context->err);
}

/* The page takes over this process. Returns only when it cannot. */
static int run_web(struct context *context, const struct options *options, struct error *err)
{
    struct page_start start;
    struct page_start_with with = {.start = &start};
    const char *const *words;
    SCOPED_FD int state_dir_fd = -1;
    if (page_start_read(options, &start, err) < 0 ||
        page_start_folder(context, &state_dir_fd, err) < 0)
        return -1;
    start.is_read_only = true;
    char address[PAGE_FILES_ADDRESS_BYTES];
    page_files_address(state_dir_fd, address);
    if (address[0] != '\0')
        return error_set(err, ERROR_KIND_BUSY, "the page is there already: %s/", address);
    if (page_start_listen(&start, state_dir_fd, &with.listen_fd, err) < 0 ||
        page_start_words(context, &with, &words, err) < 0)
        return -1;
    tell_address(context, with.listen_fd);
    fcntl(with.listen_fd, F_SETFD, 0);
    SCOPED_FD int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null_fd, STDOUT_FILENO);
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    sigaction(SIGPIPE, &usual, NULL); /* ignored by us, and that would be inherited */
    execv(words[0], (char *const *)words);
    return error_set_errno(err, ERROR_KIND_PRECONDITION, "%s cannot be started", words[0]);
}

static int run_web_open(struct context *context, const struct options *options, struct error *err)
{
    const char *link;
    (void)options;
    SCOPED_FD int state_dir_fd = -1;
    if (page_start_folder(context, &state_dir_fd, err) < 0 ||
        page_start_link(context, state_dir_fd, &link, err) < 0)
        return -1;
    if (!context->is_json) {
        terminal_print(context->out, "%s\n", link);
        context_note(context, "it signs in once; afterwards this command prints another");
        return 0;
    }
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "link", link);
    json_out_end_object(&json);
    terminal_print(context->out, "%s\n", text_string(&text));
    return 0;
}

const struct command command_web = {
    .name = "web",
    .usage = "web [--listen ADDRESS:PORT] [--host NAME]…",
    .summary = "Serve the page alone: to look, not to change anything.",
    .details =
        "`datemill serve` serves the same page, and changes are possible there. Ctrl-C ends it.",
    .options = web_options,
    .run = run_web,
};

const struct command command_web_open = {
    .name = "open",
    .parent = "web",
    .usage = "web open",
    .summary = "Print the link that signs in to the page once.",
    .details =
        "Whoever opens it may change what you may. It is good once; the session lasts 30 days.",
    .run = run_web_open,
};
