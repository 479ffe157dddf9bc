/* The pipes of attempts, made before they are needed: while attempts run, not between the end of
 * one and the start of the next, when a processor may have nothing else to do. */
#ifndef DATEMILL_KEEPER_PIPE_STOCK_H
#define DATEMILL_KEEPER_PIPE_STOCK_H

#include "scheduler/base/error.h"

#include <stddef.h>

#define PIPE_SET_PIPES 3  /* stdout, stderr, events */
#define PIPE_STOCK_SETS 4 /* attempts that end in one turn are seldom more */

/* Close on exec, all of them; reading does not block, writing does. */
struct pipe_set {
    int readers[PIPE_SET_PIPES];
    int writers[PIPE_SET_PIPES];
};

/* Zeroed at first. */
struct pipe_stock {
    struct pipe_set sets[PIPE_STOCK_SETS];
    size_t count;
};

/* A set out of the stock, or a new one; the descriptors are the caller's. Fails for want of
 * descriptors or memory, with errno. */
int pipe_stock_take(struct pipe_stock *stock, struct pipe_set *ret_set, struct error *err);

/* Makes sets until there are `count` of them, at most PIPE_STOCK_SETS. Where that fails there are
 * fewer. */
void pipe_stock_fill(struct pipe_stock *stock, size_t count);

void pipe_stock_close(struct pipe_stock *stock);

#endif
