/* smartrm: sample data of a vending machine service (see README.md beside this file). */
#include "contrib/smartrm/commodities.h"
#include "contrib/smartrm/events.h"
#include "scheduler/base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_DAYS 36600 /* a hundred years */
#define WRITE_BYTES ((size_t)256 * 1024)

static const char usage_text[] =
    "usage: smartrm --out DIR --from DATE [--to DATE] [--events N] [--seed N]\n"
    "               [--unknown-per-thousand N]\n"
    "\n"
    "Makes the files that the vending machines' service leaves in its bucket:\n"
    "  DIR/commodity/commodity_new.json\n"
    "  DIR/event/OrderSucceededEvent/YYYYMMDDdata      one for each date\n"
    "\n"
    "  --out DIR                   where to; made when it does not exist\n"
    "  --from DATE                 first date, as in 2021-11-01\n"
    "  --to DATE                   last date, included; without it only the first\n"
    "  --events N                  events per date (10000)\n"
    "  --seed N                    the same seed gives the same bytes (1)\n"
    "  --unknown-per-thousand N    events with a commodity that the commodity file\n"
    "                              does not have, of a thousand (5)\n"
    "  --help                      this text\n";

struct options {
    const char *out;
    const char *from;
    const char *to;
    uint64_t events;
    uint64_t seed;
    uint64_t unknown_per_thousand;
    struct civil_date first;
    struct civil_date last;
    bool wants_help;
};

static int read_number(const char *name, const char *value, uint64_t max, uint64_t *ret_number,
                       struct error *err)
{
    char *end;
    errno = 0;
    uint64_t number = strtoull(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0' || errno == ERANGE || number > max)
        return error_set(err, ERROR_KIND_USAGE, "--%s: `%s` is not a number from 0 to %" PRIu64,
                         name, value, max);
    *ret_number = number;
    return 0;
}

static int read_dates(struct options *options, struct error *err)
{
    if (options->out == NULL || options->from == NULL)
        return error_set(err, ERROR_KIND_USAGE, "%s is missing",
                         options->out == NULL ? "--out DIR" : "--from DATE");
    if (civil_date_parse(options->from, &options->first, err) < 0)
        return error_prefix(err, "--from");
    if (civil_date_parse(options->to != NULL ? options->to : options->from, &options->last, err) <
        0)
        return error_prefix(err, "--to");
    int64_t days = civil_to_days(options->last) - civil_to_days(options->first) + 1;
    if (days < 1)
        return error_set(err, ERROR_KIND_USAGE, "--to %s is before --from %s", options->to,
                         options->from);
    if (days > MAX_DAYS)
        return error_set(err, ERROR_KIND_USAGE, "%" PRId64 " dates are too many: at most %d", days,
                         MAX_DAYS);
    return 0;
}

static int read_option(struct options *options, int key, struct error *err)
{
    switch (key) {
    case 'o':
        options->out = optarg;
        return 0;
    case 'f':
        options->from = optarg;
        return 0;
    case 't':
        options->to = optarg;
        return 0;
    case 'n':
        return read_number("events", optarg, EVENTS_MAX_PER_DAY, &options->events, err);
    case 's':
        return read_number("seed", optarg, UINT64_MAX, &options->seed, err);
    case 'u':
        return read_number("unknown-per-thousand", optarg, 1000, &options->unknown_per_thousand,
                           err);
    default: /* h */
        options->wants_help = true;
        return 0;
    }
}

static int read_options(int argc, char **argv, struct options *options, struct error *err)
{
    static const struct option names[] = {{"out", required_argument, NULL, 'o'},
                                          {"from", required_argument, NULL, 'f'},
                                          {"to", required_argument, NULL, 't'},
                                          {"events", required_argument, NULL, 'n'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"unknown-per-thousand", required_argument, NULL, 'u'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    *options = (struct options){.events = 10000, .seed = 1, .unknown_per_thousand = 5};
    opterr = 0;
    for (;;) {
        int at = optind;
        int key = getopt_long(argc, argv, ":", names, NULL);
        if (key == -1)
            break;
        if (key == ':')
            return error_set(err, ERROR_KIND_USAGE, "%s needs a value", argv[at]);
        if (key == '?')
            return error_set(err, ERROR_KIND_USAGE, "unknown option `%s`", argv[at]);
        if (read_option(options, key, err) < 0)
            return -1;
    }
    if (options->wants_help)
        return 0;
    if (optind < argc)
        return error_set(err, ERROR_KIND_USAGE, "unexpected argument `%s`", argv[optind]);
    return read_dates(options, err);
}

static int make_folders(const char *path, struct error *err)
{
    SCOPED_FREE char *copy = strdup(path);
    if (copy == NULL)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "%s", path);
    for (char *slash = copy + 1;; slash++) {
        char saved = *slash;
        if (saved != '/' && saved != '\0')
            continue;
        *slash = '\0';
        if (mkdir(copy, 0777) < 0 && errno != EEXIST)
            return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make the folder %s", copy);
        *slash = saved;
        if (saved == '\0')
            return 0;
    }
}

static int write_all(int fd, const struct text *text)
{
    size_t done = 0;
    while (done < text->length) {
        ssize_t written = write(fd, text->data + done, text->length - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        done += (size_t)written;
    }
    return 0;
}

/* Writes what `text` holds, then the events of `day` (NULL: none). */
static int write_content(int fd, struct text *text, struct event_day *day)
{
    bool is_more = true;
    while (is_more) {
        while (is_more && text->length < WRITE_BYTES)
            is_more = day != NULL && event_day_next(day, text);
        if (write_all(fd, text) < 0)
            return -1;
        text_clear(text);
    }
    return 0;
}

/* A file is complete or not there: it is written beside its place under a name with a dot in front,
 * which no `*data` finds, and then renamed. */
static int write_file(const char *folder, const char *name, struct text *text,
                      struct event_day *day, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    char *path = arena_format(&arena, "%s/%s", folder, name);
    char *temporary = arena_format(&arena, "%s/.%s.XXXXXX", folder, name);
    SCOPED_FD int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot write in %s", folder);
    mode_t mask = umask(0);
    umask(mask);
    if (write_content(fd, text, day) < 0 || fchmod(fd, 0666 & ~mask) < 0 ||
        rename(temporary, path) < 0) {
        error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot write %s", path);
        unlink(temporary);
        return -1;
    }
    return 0;
}

static int make_data(const struct options *options, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_TEXT struct text text = {0};
    const char *commodity_folder = arena_format(&arena, "%s/commodity", options->out);
    const char *event_folder = arena_format(&arena, "%s/event/OrderSucceededEvent", options->out);
    if (make_folders(commodity_folder, err) < 0 || make_folders(event_folder, err) < 0)
        return -1;
    commodities_write(&text);
    if (write_file(commodity_folder, "commodity_new.json", &text, NULL, err) < 0)
        return -1;
    int64_t last = civil_to_days(options->last);
    for (int64_t days = civil_to_days(options->first); days <= last; days++) {
        struct civil_date date = civil_from_days(days);
        struct event_day day;
        char name[32];
        snprintf(name, sizeof name, "%04d%02d%02ddata", date.year, date.month, date.day);
        event_day_begin(&day, date, options->seed, options->events,
                        (uint32_t)options->unknown_per_thousand);
        if (write_file(event_folder, name, &text, &day, err) < 0)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options options;
    struct error err = {0};
    if (read_options(argc, argv, &options, &err) < 0) {
        fprintf(stderr, "smartrm: %s\nhelp: smartrm --help\n", err.text);
        return ERROR_KIND_USAGE;
    }
    if (options.wants_help) {
        fputs(usage_text, stdout);
        return fflush(stdout) == 0 ? 0 : ERROR_KIND_PRECONDITION;
    }
    if (make_data(&options, &err) < 0) {
        fprintf(stderr, "smartrm: %s\n", err.text);
        return (int)err.kind;
    }
    return 0;
}
