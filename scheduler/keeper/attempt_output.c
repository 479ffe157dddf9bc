#include "scheduler/keeper/attempt_output.h"

#include "scheduler/base/scope.h"

#include <errno.h>
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

static void end_stream(struct output_stream *stream)
{
    if (stream->is_over)
        return;
    stream->is_over = true;
    loop_remove_fd(stream->output->loop, stream->source);
    stream->source = NULL;
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
        end_stream(stream);
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

void attempt_output_open(struct attempt_output *output, const struct pipe_set *pipes)
{
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++)
        output->streams[i] =
            (struct output_stream){.output = output, .index = i, .fd = pipes->readers[i]};
}

int attempt_output_watch(struct attempt_output *output)
{
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++) {
        struct output_stream *stream = &output->streams[i];
        struct loop_fd_options options = {
            .fd = stream->fd, .events = LOOP_READ, .call = on_stream, .owner = stream};
        if (!stream->is_over && stream->source == NULL &&
            loop_add_fd(output->loop, &options, &stream->source, NULL) < 0)
            return -1;
    }
    return 0;
}

bool attempt_output_is_watched(const struct attempt_output *output)
{
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++) {
        if (!output->streams[i].is_over && output->streams[i].source == NULL)
            return false;
    }
    return true;
}

void attempt_output_drain(struct attempt_output *output)
{
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++) {
        struct output_stream *stream = &output->streams[i];
        for (int round = 0; round < DRAIN_ROUNDS && !stream->is_over; round++) {
            if (!read_stream(stream))
                break;
        }
    }
}

bool attempt_output_is_over(const struct attempt_output *output)
{
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++) {
        if (!output->streams[i].is_over)
            return false;
    }
    return true;
}

void attempt_output_end(struct attempt_output *output)
{
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++)
        end_stream(&output->streams[i]);
}

void attempt_output_close(struct attempt_output *output)
{
    attempt_output_end(output);
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++) {
        scope_close_fd(&output->streams[i].fd);
        output->streams[i].fd = -1;
    }
}
