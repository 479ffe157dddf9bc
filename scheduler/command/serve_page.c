#include "scheduler/command/serve_page.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/child_process.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/page_files.h"
#include "scheduler/system/tcp_listen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_DELAY_MS 250
#define LAST_DELAY_S 60
#define GOOD_LIFE_S 60 /* after it the first delay counts again */
#define END_WAIT_MS 1000

struct serve_page {
    struct serve_page_options options;
    const char *const *words;
    int listen_fd;
    struct child_process *child; /* NULL = waiting for its next start */
    struct loop_timer timer;
    struct duration delay;   /* before the next start */
    struct duration started; /* monotonic */
    char last[256];          /* what it said last */
};

static void tell(struct serve_page *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void tell(struct serve_page *page, const char *format, ...)
{
    SCOPED_TEXT struct text text = {0};
    va_list args;
    va_start(args, format);
    text_append_args(&text, format, args);
    va_end(args);
    page->options.tell(page->options.owner, text_string(&text));
}

static void take_line(void *owner, const char *line)
{
    struct serve_page *page = owner;
    if (line[0] == '\0')
        return;
    snprintf(page->last, sizeof page->last, "%.255s", line);
    tell(page, "%s", line);
}

static void describe_end(int status, char *ret_text, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(ret_text, size, "by signal %d", WTERMSIG(status));
    else
        snprintf(ret_text, size, "with exit status %d", WEXITSTATUS(status));
}

static void take_end(void *owner, const struct child_process_end *end)
{
    struct serve_page *page = owner;
    char how[64];
    char wait[DURATION_TEXT_BYTES];
    int64_t lived_us = clock_monotonic().us - page->started.us;
    page->child = NULL;
    if (lived_us > duration_seconds(GOOD_LIFE_S).us)
        page->delay = duration_ms(FIRST_DELAY_MS);
    describe_end(end->status, how, sizeof how);
    tell(page, "the page's process ended %s; it is started again in %s", how,
         duration_format(page->delay, wait));
    loop_set_timer(page->options.loop, &page->timer, page->delay);
    page->delay.us *= 2;
    if (page->delay.us > duration_seconds(LAST_DELAY_S).us)
        page->delay = duration_seconds(LAST_DELAY_S);
}

static void start(void *owner)
{
    struct serve_page *page = owner;
    struct error err = {0};
    struct child_process_options options = {.loop = page->options.loop,
                                            .argv = page->words,
                                            .passed_fd = page->listen_fd,
                                            .line = take_line,
                                            .ended = take_end,
                                            .owner = page};
    page->started = clock_monotonic();
    if (child_process_start(&options, &page->child, &err) == 0)
        return;
    tell(page, "there is no page: %s", err.text);
    loop_set_timer(page->options.loop, &page->timer, duration_seconds(LAST_DELAY_S));
}

/* The link that signs in is told on a terminal only: a journal keeps what it is told. */
static void tell_address(struct serve_page *page)
{
    struct context *context = page->options.context;
    char address[TCP_ADDRESS_BYTES];
    char key[CLOCK_TOKEN_BYTES];
    struct error err = {0};
    if (tcp_listen_address(page->listen_fd, address, &err) < 0)
        return;
    if (page->options.start->is_read_only)
        tell(page, "page http://%s/   read-only", address);
    else if (context->err->is_terminal && !context->is_json &&
             page_files_key(page->options.state_dir_fd, key, &err) == 0)
        tell(page, "page http://%s/   sign in once: http://%s/login?key=%s", address, address, key);
    else
        tell(page, "page http://%s/   the link to sign in: datemill web open", address);
}

static int prepare(struct serve_page *page, struct error *err)
{
    const struct serve_page_options *options = &page->options;
    struct page_start_with with = {
        .start = options->start, .listen_fd = CHILD_PROCESS_FD, .parent = (int)getpid()};
    if (page_start_listen(options->start, options->state_dir_fd, &page->listen_fd, err) < 0)
        return -1;
    return page_start_words(options->context, &with, &page->words, err);
}

int serve_page_open(const struct serve_page_options *options, struct serve_page **ret_page,
                    struct error *err)
{
    struct serve_page *page = memory_new(1, sizeof *page);
    struct error why = {0};
    page->options = *options;
    page->listen_fd = -1;
    page->timer = (struct loop_timer){.call = start, .owner = page};
    page->delay = duration_ms(FIRST_DELAY_MS);
    if (prepare(page, &why) < 0) {
        bool was_asked = options->start->listen != NULL;
        if (!was_asked)
            tell(page, "there is no page: %s", why.text);
        serve_page_close(page);
        if (!was_asked)
            return 0;
        *err = why;
        return -1;
    }
    tell_address(page);
    start(page);
    *ret_page = page;
    return 0;
}

void serve_page_close(struct serve_page *page)
{
    if (page == NULL)
        return;
    loop_cancel_timer(page->options.loop, &page->timer);
    child_process_stop(page->child, duration_ms(END_WAIT_MS));
    if (page->listen_fd >= 0)
        close(page->listen_fd);
    free(page);
}
