#include "scheduler/command/command.h"
#include "scheduler/command/context.h"
#include "scheduler/command/serve.h"

static const struct option serve_options[] = {
    {.name = "drain",
     .kind = OPTION_KIND_TEXT,
     .value = "TIME",
     .help = "how long the end waits for what runs (10s)"},
    {.name = NULL}};

static int read_drain(const struct options *options, struct duration *ret_drain, struct error *err)
{
    const struct option_given *given = options_find(options, "drain");
    *ret_drain = duration_seconds(SERVE_DRAIN_S);
    if (given == NULL || duration_parse(given->text, ret_drain, err) == 0)
        return 0;
    command_line_mark_given(options, given);
    err->kind = ERROR_KIND_USAGE;
    return -1;
}

static int run_serve(struct context *context, const struct options *options, struct error *err)
{
    struct serve_options serve = {0};
    if (read_drain(options, &serve.drain, err) < 0)
        return -1;
    return serve_work(context, &serve, err);
}

const struct command command_serve = {
    .name = "serve",
    .usage = "serve",
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
        "contrib/systemd starts it with the machine.",
    .options = serve_options,
    .run = run_serve,
};
