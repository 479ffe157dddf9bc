/* The page under `serve`: its address, and its process, which is started again when it dies. */
#ifndef DATEMILL_COMMAND_SERVE_PAGE_H
#define DATEMILL_COMMAND_SERVE_PAGE_H

#include "scheduler/command/page_start.h"
#include "scheduler/system/loop.h"

struct serve_page;

struct serve_page_options {
    struct context *context;
    struct loop *loop;
    int state_dir_fd;               /* borrowed */
    const struct page_start *start; /* borrowed */
    void (*tell)(void *owner, const char *text);
    void *owner;
};

/* Fails only where the user asked for what cannot be (an address); else it tells why there is no
 * page, and serving goes on without. */
int serve_page_open(const struct serve_page_options *options, struct serve_page **ret_page,
                    struct error *err);
void serve_page_close(struct serve_page *page); /* NULL is fine */

#endif
