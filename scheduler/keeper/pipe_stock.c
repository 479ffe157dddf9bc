#include "scheduler/keeper/pipe_stock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void close_pipes(const struct pipe_set *set, int count)
{
    for (int i = 0; i < count; i++) {
        close(set->readers[i]);
        close(set->writers[i]);
    }
}

static int make_set(struct pipe_set *ret_set)
{
    for (int i = 0; i < PIPE_SET_PIPES; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0) {
            int number = errno;
            close_pipes(ret_set, i);
            errno = number;
            return -1;
        }
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        ret_set->readers[i] = ends[0];
        ret_set->writers[i] = ends[1];
    }
    return 0;
}

int pipe_stock_take(struct pipe_stock *stock, struct pipe_set *ret_set, struct error *err)
{
    if (stock->count > 0)
        *ret_set = stock->sets[--stock->count];
    else if (make_set(ret_set) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make a pipe");
    return 0;
}

void pipe_stock_fill(struct pipe_stock *stock, size_t count)
{
    while (stock->count < count && stock->count < PIPE_STOCK_SETS) {
        if (make_set(&stock->sets[stock->count]) < 0)
            return;
        stock->count++;
    }
}

void pipe_stock_close(struct pipe_stock *stock)
{
    while (stock->count > 0)
        close_pipes(&stock->sets[--stock->count], PIPE_SET_PIPES);
}
