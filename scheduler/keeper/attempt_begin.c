#include "scheduler/base/scope.h"
#include "scheduler/keeper/attempt_inside.h"
#include "scheduler/system/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

static void on_event_line(void *owner, const char *line)
{
    struct attempt *attempt = owner;
    attempt->host->on_event(attempt->host->owner, attempt, line);
}

static int make_input(const struct keeper_start *start, struct error *err)
{
    SCOPED_FD int fd = memfd_create("datemill-input", MFD_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot keep the standard input");
    for (size_t done = 0; done < start->input_length;) {
        ssize_t count = write(fd, start->input + done, start->input_length - done);
        if (count < 0 && errno != EINTR)
            return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot keep the standard input");
        done += count > 0 ? (size_t)count : 0;
    }
    lseek(fd, 0, SEEK_SET);
    int result = fd;
    fd = -1;
    return result;
}

static void prepare_output(struct attempt *attempt)
{
    struct attempt_output *output = &attempt->output;
    int dir_fd = attempt->host->state_dir_fd;
    output->loop = attempt->host->loop;
    output->on_over = attempt_output_is_done;
    output->owner = attempt;
    mask_init(&output->mask, attempt->start.masks);
    attempt_log_init(&output->log, dir_fd, attempt->start.log_path, attempt->start.log_limit);
    output->events = (struct event_lines){.dir_fd = dir_fd,
                                          .path = attempt->start.events_path,
                                          .call = on_event_line,
                                          .owner = attempt,
                                          .fd = -1};
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++)
        output->streams[i] = (struct output_stream){.fd = -1, .is_over = true};
}

static int start_process(struct attempt *attempt, int *ret_errno, struct error *err)
{
    struct attempt_host *host = attempt->host;
    struct pipe_set pipes;
    bool has_input = attempt->start.input_length > 0;
    SCOPED_FD int input = has_input ? make_input(&attempt->start, err) : -1;
    *ret_errno = errno;
    if (has_input && input < 0)
        return -1;
    if (pipe_stock_take(&host->pipes, &pipes, err) < 0) {
        *ret_errno = errno;
        return -1;
    }
    attempt_output_open(&attempt->output, &pipes);
    attempt->cgroup = cgroup_make(&host->cgroup_root, attempt->id, attempt->start.token);
    struct child_options options = {.argv = attempt->start.argv,
                                    .env = attempt->start.env,
                                    .folder = attempt->start.folder,
                                    .fds = {has_input ? input : host->null_fd, pipes.writers[0],
                                            pipes.writers[1], pipes.writers[2]},
                                    .cgroup_fd = attempt->cgroup.fd,
                                    .limits = &host->file_limit};
    struct child child;
    int result = child_start(&host->maker, &options, &child, err);
    attempt->pid = result == 0 ? child.pid : 0;
    attempt->launch = child.launch;
    *ret_errno = child.number;
    for (int i = 0; i < ATTEMPT_OUTPUT_STREAMS; i++)
        close(pipes.writers[i]);
    return result;
}

static void fail_to_start(struct attempt *attempt, int number, const struct error *err)
{
    struct text reason = {0};
    attempt_free_command(attempt);
    mask_text(&attempt->output.mask, err->text, &reason);
    attempt_log_note(&attempt->output.log, "could not start: %s", text_string(&reason));
    attempt->end = (struct keeper_end){.attempt_id = attempt->id,
                                       .kind = KEEPER_END_COULD_NOT_START,
                                       .status = number,
                                       .started = attempt->started,
                                       .ended = clock_now(),
                                       .text = text_take(&reason)};
    attempt_end_output(attempt);
    attempt->phase = ATTEMPT_ENDED;
    attempt_tidy(attempt);
}

static void begin_program(struct attempt *attempt)
{
    attempt_free_command(attempt);
    attempt->host->on_started(attempt->host->owner, attempt);
}

int attempt_end_launch(struct attempt *attempt)
{
    struct error err = {0};
    int number = 0;
    struct child_launch *launch = attempt->launch;
    attempt->launch = NULL;
    if (child_launch_end(launch, &number, &err) < 0 && attempt->why == KEEPER_WHY_OWN) {
        fail_to_start(attempt, number, &err);
        return -1;
    }
    begin_program(attempt); /* or it was stopped before: that is what it ends of */
    return 0;
}

void attempt_begin(struct attempt *attempt)
{
    struct error err = {0};
    int number = 0;
    assert(attempt->phase == ATTEMPT_QUEUED);
    attempt->started_at = clock_boottime();
    attempt->is_untidy = true;
    prepare_output(attempt);
    if (start_process(attempt, &number, &err) < 0) {
        fail_to_start(attempt, number, &err);
        return;
    }
    attempt->session = attempt->pid;
    attempt->phase = ATTEMPT_RUNNING;
    if (attempt->start.timeout.us > 0)
        loop_set_timer(attempt->host->loop, &attempt->deadline, attempt->start.timeout);
    if (attempt->launch == NULL)
        begin_program(attempt);
}
