#include "scheduler/keeper/attempt_output.h"

#include "scheduler/base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define READ_BYTES ((size_t)64 << 10)
#define DRAIN_ROUNDS 32

static void pass_on(struct output_stream *stream, const char *bytes, size_t length)
{
    if (stream->index < 2)
        attempt_log_write(&stream->output->log, (enum attempt_log_stream)stream->index, bytes,
                          length);
    else
        event_lines_write(&stream->output->events, bytes, length);
}

static void take(struct output_stream *stream, const char *bytes, size_t length)
{
    const struct mask *mask = &stream->output->mask;
    if (mask->states == NULL) {
        pass_on(stream, bytes, length);
        return;
    }
    SCOPED_TEXT struct text masked = {0};
    mask_take(mask, &stream->masking, bytes, length, &masked);
    pass_on(stream, text_string(&masked), masked.length);
}

/* What was held back is no secret. */
static void pass_on_rest(struct output_stream *stream)
{
    SCOPED_TEXT struct text masked = {0};
    mask_finish(&stream->output->mask, &stream->masking, &masked);
    pass_on(stream, text_string(&masked), masked.length);
}

static void close_stream(struct output_stream *stream)
{
    if (stream->fd < 0)
        return;
    loop_remove_fd(stream->output->loop, stream->source);
    close(stream->fd);
    stream->source = NULL;
    stream->fd = -1;
    if (stream->output->mask.states != NULL)
        pass_on_rest(stream);
}

/* Returns whether there may be more at once. */
static bool read_stream(struct output_stream *stream)
{
    char bytes[READ_BYTES];
    ssize_t count = read(stream->fd, bytes, sizeof bytes);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (count <= 0) {
        close_stream(stream);
        return false;
    }
    take(stream, bytes, (size_t)count);
    return true;
}

static void on_stream(void *owner, uint32_t events)
{
    (void)events;
    struct output_stream *stream = owner;
    struct attempt_output *output = stream->output;
    read_stream(stream);
    if (attempt_output_is_over(output))
        output->on_over(output->owner);
}

static int open_stream(struct output_stream *stream, int *ret_fd, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make a pipe");
    /* the child's end stays blocking, ours does not */
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    stream->fd = ends[0];
    *ret_fd = ends[1];
    return 0;
}

int attempt_output_open(struct attempt_output *output, int ret_fds[ATTEMPT_OUTPUT_STREAMS],
                        struct error *err)
{
    int fds[ATTEMPT_OUTPUT_STREAMS];
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++)
        output->streams[i] = (struct output_stream){.output = output, .index = i, .fd = -1};
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++) {
        if (open_stream(&output->streams[i], &fds[i], err) < 0) {
            while (i > 0)
                close(fds[--i]);
            attempt_output_close(output);
            return -1;
        }
    }
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++)
        ret_fds[i] = fds[i];
    return 0;
}

int attempt_output_watch(struct attempt_output *output)
{
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++) {
        struct output_stream *stream = &output->streams[i];
        struct loop_fd_options options = {
            .fd = stream->fd, .events = LOOP_READ, .call = on_stream, .owner = stream};
        if (stream->fd >= 0 && stream->source == NULL &&
            loop_add_fd(output->loop, &options, &stream->source, NULL) < 0)
            return -1;
    }
    return 0;
}

bool attempt_output_is_watched(const struct attempt_output *output)
{
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++) {
        if (output->streams[i].fd >= 0 && output->streams[i].source == NULL)
            return false;
    }
    return true;
}

void attempt_output_drain(struct attempt_output *output)
{
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++) {
        struct output_stream *stream = &output->streams[i];
        for (int round = 0; round < DRAIN_ROUNDS && stream->fd >= 0; round++) {
            if (!read_stream(stream))
                break;
        }
    }
}

bool attempt_output_is_over(const struct attempt_output *output)
{
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++) {
        if (output->streams[i].fd >= 0)
            return false;
    }
    return true;
}

void attempt_output_close(struct attempt_output *output)
{
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++)
        close_stream(&output->streams[i]);
}
