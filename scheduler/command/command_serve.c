#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/serve.h"

static const struct option serve_options[] = {
    {.name = "drain",
     .kind = OPTION_KIND_TEXT,
     .value = "TIME",
     .help = "how long the end waits for what runs (stop_grace)"},
    {.name = "listen",
     .kind = OPTION_KIND_TEXT,
     .value = "ADDRESS:PORT",
     .help = "where the page is (127.0.0.1:8650)"},
    {.name = "host",
     .kind = OPTION_KIND_TEXT,
     .may_repeat = true,
     .value = "NAME",
     .help = "a name that browsers may call it by, besides numbers and localhost"},
    {.name = "read-only", .kind = OPTION_KIND_FLAG, .help = "nothing can be changed on the page"},
    {.name = "no-web", .kind = OPTION_KIND_FLAG, .help = "no page"},
    {.name = "assets",
     .kind = OPTION_KIND_TEXT,
     .value = "DIR",
     .help = "CSS and JS from a folder, for those who work on them"},
    {.name = NULL}};

static int read_drain(const struct options *options, struct duration *ret_drain, struct error *err)
{
    const struct option_given *given = options_find(options, "drain");
    *ret_drain = (struct duration){-1};
    if (given == NULL || duration_parse(given->text, ret_drain, err) == 0)
        return 0;
    command_line_mark_given(options, given);
    err->kind = ERROR_KIND_USAGE;
    return -1;
}

static int run_serve(struct context *context, const struct options *options, struct error *err)
{
    struct serve_options serve = {0};
    struct page_start page;
    if (read_drain(options, &serve.drain, err) < 0 || page_start_read(options, &page, err) < 0)
        return -1;
    serve.page = options_has(options, "no-web") ? NULL : &page;
    return serve_work(context, &serve, err);
}

const struct command command_serve = {
    .name = "serve",
    .usage = "serve [--listen ADDRESS:PORT] [--read-only] [--no-web]",
    .summary = "Run flows by their schedules, every day, until it is told to end.",
    .details =
        "It takes what `--detach` hands over, and everything that is left unfinished. Flows are\n"
        "read again when their files change; one that is wrong keeps its last good version.\n"
        "\n"
        "SIGTERM or Ctrl-C starts nothing more, waits for what runs, and leaves the rest running:\n"
        "the next start takes it up. A second one leaves at once. SIGHUP reads all files again,\n"
        "SIGUSR1 prints how it stands. What happens is told on standard error, a line an event;\n"
        "-q is silent.\n"
        "\n"
        "The page is a process of its own. Everybody on this machine may read there; who wants\n"
        "to change something opens the link that `datemill web open` prints. An address that\n"
        "others can reach needs tokens (`datemill token add`), or --read-only.\n"
        "\n"
        "contrib/systemd starts it with the machine.",
    .options = serve_options,
    .run = run_serve,
};
