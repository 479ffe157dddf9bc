/* The page's program and how it is started: for `serve` and `web`. */
#ifndef DATEMILL_COMMAND_PAGE_START_H
#define DATEMILL_COMMAND_PAGE_START_H

#include "scheduler/command/context.h"

#define PAGE_START_MAX_HOSTS 16

struct page_start {
    const char *listen; /* NULL = the usual address, or a free one beside it */
    const char *assets; /* NULL = the built-in ones */
    const char *hosts[PAGE_START_MAX_HOSTS];
    size_t host_count;
    bool is_read_only;
};

/* Of `--listen`, `--assets`, `--host`, `--read-only`; strings are those of the command line. */
int page_start_read(const struct options *options, struct page_start *ret_start, struct error *err);

/* Listens. Of the usual address that is taken the next nine ports are tried, then any free one. An
 * address that others can reach is refused while nobody has a token. */
int page_start_listen(const struct page_start *start, int state_dir_fd, int *ret_fd,
                      struct error *err);

/* The command line of the program: it listens at descriptor `listen_fd` and ends with process
 * `parent`, 0 = with nobody. Belongs to the context's arena. PRECONDITION when the program is
 * missing. */
struct page_start_with {
    const struct page_start *start;
    int listen_fd;
    int parent;
};

int page_start_words(struct context *context, const struct page_start_with *with,
                     const char *const **ret_words, struct error *err);

/* What signs in once: `http://127.0.0.1:8650/login?key=…`. Belongs to the context's arena.
 * PRECONDITION when nobody serves the page. */
int page_start_link(struct context *context, int state_dir_fd, const char **ret_link,
                    struct error *err);

/* The state folder, made when it is missing. */
int page_start_folder(struct context *context, int *ret_fd, struct error *err);

/* Where the page of the project is, `http://127.0.0.1:8650`; "" = nowhere. Belongs to the context's
 * arena. */
const char *page_start_address(struct context *context);

#endif
