#include "scheduler/system/clock.h"
#include "scheduler/system/loop.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

struct trace {
    struct loop *loop;
    char text[512];
};

static void add(struct trace *trace, const char *word)
{
    size_t length = strlen(trace->text);
    int added = snprintf(trace->text + length, sizeof trace->text - length, "%s ", word);
    assert_true((size_t)added < sizeof trace->text - length);
}

static struct loop *open_loop(void)
{
    struct loop *loop = NULL;
    struct error err = {0};
    assert_int_equal(loop_open(&loop, &err), 0);
    return loop;
}

static void turn(struct loop *loop)
{
    assert_int_equal(loop_turn(loop, (struct duration){0}, NULL), 0);
}

/* --- descriptors ------------------------------------------------------------------------------ */

struct end {
    struct trace *trace;
    const char *name;
    int fds[2];
    struct loop_fd *source;
    struct end *victim; /* is removed by this one's callback */
    uint32_t events;
};

static void on_end(void *owner, uint32_t events)
{
    struct end *end = owner;
    end->events = events;
    add(end->trace, end->name);
    if (end->victim == NULL)
        return;
    loop_remove_fd(end->trace->loop, end->victim->source);
    end->victim->source = NULL;
    end->victim = NULL;
}

static void open_end(struct end *end, struct trace *trace, const char *name)
{
    *end = (struct end){.trace = trace, .name = name};
    assert_int_equal(pipe2(end->fds, O_CLOEXEC | O_NONBLOCK), 0);
    struct loop_fd_options options = {
        .fd = end->fds[0], .events = LOOP_READ, .call = on_end, .owner = end};
    assert_int_equal(loop_add_fd(trace->loop, &options, &end->source, NULL), 0);
    assert_int_equal(write(end->fds[1], "x", 1), 1);
}

static void close_end(struct end *end)
{
    loop_remove_fd(end->trace->loop, end->source);
    close(end->fds[0]);
    close(end->fds[1]);
}

static void test_who_is_removed_is_not_called(void **state)
{
    (void)state;
    struct trace trace = {.loop = open_loop()};
    struct end first;
    struct end second;
    open_end(&first, &trace, "first");
    open_end(&second, &trace, "second");
    /* whichever comes first removes the other */
    first.victim = &second;
    second.victim = &first;
    turn(trace.loop);
    assert_true(strcmp(trace.text, "first ") == 0 || strcmp(trace.text, "second ") == 0);
    close_end(&first);
    close_end(&second);
    loop_close(trace.loop);
}

static void test_who_removes_itself(void **state)
{
    (void)state;
    struct trace trace = {.loop = open_loop()};
    struct end end;
    open_end(&end, &trace, "once");
    end.victim = &end;
    turn(trace.loop);
    turn(trace.loop);
    assert_string_equal(trace.text, "once ");
    close_end(&end);
    loop_close(trace.loop);
}

static void test_level_interest_and_hang_up(void **state)
{
    (void)state;
    struct trace trace = {.loop = open_loop()};
    struct end end;
    open_end(&end, &trace, "r");
    turn(trace.loop);
    turn(trace.loop); /* nobody has read: again */
    loop_change_fd(trace.loop, end.source, 0);
    turn(trace.loop);
    assert_string_equal(trace.text, "r r ");
    char byte;
    assert_int_equal(read(end.fds[0], &byte, 1), 1);
    close(end.fds[1]);
    turn(trace.loop);
    assert_string_equal(trace.text, "r r r ");
    assert_int_equal(end.events & LOOP_HUP, LOOP_HUP);
    end.fds[1] = -1;
    close_end(&end);
    loop_close(trace.loop);
}

static void test_a_regular_file_is_an_error(void **state)
{
    (void)state;
    struct loop *loop = open_loop();
    struct error err = {0};
    struct loop_fd *source = NULL;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct loop_fd_options options = {.fd = fd, .events = LOOP_READ, .call = on_end};
    assert_int_equal(loop_add_fd(loop, &options, &source, &err), -1);
    assert_null(source);
    close(fd);
    loop_close(loop);
}

/* --- timers ----------------------------------------------------------------------------------- */

struct tick {
    struct loop_timer timer;
    struct trace *trace;
    const char *name;
    struct tick *cancels;
    bool is_repeated;
    int64_t *last_fired;
};

static void on_tick(void *owner)
{
    struct tick *tick = owner;
    add(tick->trace, tick->name);
    if (tick->cancels != NULL)
        loop_cancel_timer(tick->trace->loop, &tick->cancels->timer);
    if (tick->is_repeated)
        loop_set_timer(tick->trace->loop, &tick->timer, (struct duration){0});
}

static void init_tick(struct tick *tick, struct trace *trace, const char *name)
{
    *tick = (struct tick){.trace = trace, .name = name};
    tick->timer = (struct loop_timer){.call = on_tick, .owner = tick};
}

static void test_timers_come_in_order(void **state)
{
    (void)state;
    struct trace trace = {.loop = open_loop()};
    struct tick ticks[4];
    const char *names[] = {"a", "b", "c", "d"};
    const int64_t delays[] = {30, 10, 20, 10};
    for (int i = 0; i < 4; i++) {
        init_tick(&ticks[i], &trace, names[i]);
        loop_set_timer(trace.loop, &ticks[i].timer, duration_ms(delays[i]));
    }
    struct duration before = clock_monotonic();
    while (loop_timer_is_set(&ticks[0].timer))
        assert_int_equal(loop_turn(trace.loop, (struct duration){-1}, NULL), 0);
    assert_string_equal(trace.text, "b d c a ");
    assert_true(clock_monotonic().us - before.us >= 29000);
    loop_close(trace.loop);
}

static void test_timers_set_and_cancelled(void **state)
{
    (void)state;
    struct trace trace = {.loop = open_loop()};
    struct tick again;
    struct tick killer;
    struct tick victim;
    init_tick(&again, &trace, "again");
    init_tick(&killer, &trace, "killer");
    init_tick(&victim, &trace, "victim");
    again.is_repeated = true;
    killer.cancels = &victim;
    loop_set_timer(trace.loop, &killer.timer, (struct duration){0});
    loop_set_timer(trace.loop, &victim.timer, (struct duration){0});
    loop_set_timer(trace.loop, &again.timer, duration_seconds(1000));
    loop_set_timer(trace.loop, &again.timer, (struct duration){-5}); /* anew, and at once */
    usleep(1000);
    turn(trace.loop);
    assert_string_equal(trace.text, "killer again "); /* and not again in the same turn */
    assert_true(loop_timer_is_set(&again.timer));
    assert_false(loop_timer_is_set(&victim.timer));
    loop_cancel_timer(trace.loop, &again.timer);
    loop_cancel_timer(trace.loop, &again.timer);
    turn(trace.loop);
    assert_string_equal(trace.text, "killer again ");
    loop_close(trace.loop);
}

static void on_ordered(void *owner)
{
    struct tick *tick = owner;
    int64_t *last_fired = tick->last_fired;
    assert_true(tick->timer.at.us >= *last_fired);
    *last_fired = tick->timer.at.us;
}

/* Many, set and cancelled at random: the rest fires in order, and nothing that was cancelled. */
static void test_a_heap_of_timers(void **state)
{
    (void)state;
    struct loop *loop = open_loop();
    struct tick *ticks = calloc(2000, sizeof *ticks);
    unsigned seed = 7;
    int64_t last_fired = 0;
    for (int i = 0; i < 2000; i++)
        ticks[i] = (struct tick){.timer = {.call = on_ordered, .owner = &ticks[i]},
                                 .last_fired = &last_fired};
    for (int i = 0; i < 10000; i++) {
        struct tick *tick = &ticks[rand_r(&seed) % 2000];
        if (rand_r(&seed) % 3 == 0)
            loop_cancel_timer(loop, &tick->timer);
        else
            loop_set_timer(loop, &tick->timer, (struct duration){rand_r(&seed) % 3000});
    }
    usleep(5000);
    turn(loop);
    for (int i = 0; i < 2000; i++)
        assert_false(loop_timer_is_set(&ticks[i].timer));
    free(ticks);
    loop_close(loop);
}

/* Nothing to do: no wake-ups, also after timers that were cancelled. */
static void test_no_idle_wake_ups(void **state)
{
    (void)state;
    struct trace trace = {.loop = open_loop()};
    struct tick tick;
    init_tick(&tick, &trace, "t");
    loop_set_timer(trace.loop, &tick.timer, duration_ms(10));
    loop_cancel_timer(trace.loop, &tick.timer);
    struct rusage before;
    struct rusage after;
    getrusage(RUSAGE_THREAD, &before);
    assert_int_equal(loop_turn(trace.loop, duration_ms(60), NULL), 0);
    getrusage(RUSAGE_THREAD, &after);
    assert_true(after.ru_nvcsw - before.ru_nvcsw <= 2);
    assert_string_equal(trace.text, "");
    loop_close(trace.loop);
}

/* --- wall clock, signals, hooks --------------------------------------------------------------- */

static void on_wall(void *owner, bool is_clock_set)
{
    add(owner, is_clock_set ? "set" : "due");
}

static void test_wall_timer(void **state)
{
    (void)state;
    struct trace trace = {.loop = open_loop()};
    struct loop_wall_options options = {
        .at = instant_add(clock_now(), duration_ms(30)), .call = on_wall, .owner = &trace};
    assert_int_equal(loop_set_wall_timer(trace.loop, &options, NULL), 0);
    turn(trace.loop);
    assert_string_equal(trace.text, "");
    assert_int_equal(loop_turn(trace.loop, duration_seconds(5), NULL), 0);
    assert_string_equal(trace.text, "due ");
    options.at = (struct instant){-5}; /* long ago */
    assert_int_equal(loop_set_wall_timer(trace.loop, &options, NULL), 0);
    assert_int_equal(loop_turn(trace.loop, duration_seconds(5), NULL), 0);
    assert_string_equal(trace.text, "due due ");
    options.at = INSTANT_NEVER;
    assert_int_equal(loop_set_wall_timer(trace.loop, &options, NULL), 0);
    turn(trace.loop);
    loop_cancel_wall_timer(trace.loop);
    turn(trace.loop);
    assert_string_equal(trace.text, "due due ");
    loop_close(trace.loop);
}

static void on_signal(void *owner, int number)
{
    add(owner, number == SIGUSR1 ? "usr1" : "usr2");
    if (number == SIGUSR2)
        loop_stop(((struct trace *)owner)->loop);
}

static void test_signals_and_run(void **state)
{
    (void)state;
    struct trace trace = {.loop = open_loop()};
    assert_int_equal(loop_add_signal(trace.loop, SIGUSR1, on_signal, &trace, NULL), 0);
    assert_int_equal(loop_add_signal(trace.loop, SIGUSR2, on_signal, &trace, NULL), 0);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    turn(trace.loop);
    assert_string_equal(trace.text, "usr1 ");
    kill(getpid(), SIGUSR2);
    assert_int_equal(loop_run(trace.loop, NULL), 0);
    assert_string_equal(trace.text, "usr1 usr2 ");
    loop_close(trace.loop);
}

struct named_hook {
    struct loop_hook hook;
    struct trace *trace;
    const char *name;
    struct named_hook *removes;
};

static void on_hook(void *owner)
{
    struct named_hook *hook = owner;
    add(hook->trace, hook->name);
    if (hook->removes != NULL)
        loop_remove_hook(hook->trace->loop, &hook->removes->hook);
    hook->removes = NULL;
}

static void test_hooks(void **state)
{
    (void)state;
    struct trace trace = {.loop = open_loop()};
    struct named_hook hooks[4] = {
        {.name = "send1"}, {.name = "commit1"}, {.name = "commit2"}, {.name = "send2"}};
    for (int i = 0; i < 4; i++) {
        hooks[i].trace = &trace;
        hooks[i].hook = (struct loop_hook){.call = on_hook, .owner = &hooks[i]};
        loop_add_hook(trace.loop, i == 1 || i == 2 ? LOOP_PHASE_COMMIT : LOOP_PHASE_SEND,
                      &hooks[i].hook);
    }
    struct end end;
    open_end(&end, &trace, "fd");
    turn(trace.loop);
    assert_string_equal(trace.text, "fd commit1 commit2 send1 send2 ");
    hooks[1].removes = &hooks[2]; /* the next one */
    hooks[0].removes = &hooks[0]; /* itself */
    trace.text[0] = '\0';
    turn(trace.loop);
    turn(trace.loop);
    assert_string_equal(trace.text, "fd commit1 send1 send2 fd commit1 send2 ");
    close_end(&end);
    loop_close(trace.loop);
}

static void on_counted(void *owner)
{
    ++*(int *)owner;
}

/* What is queued outside of a turn does not wait for something else to happen. */
static void test_a_wanted_turn_does_not_wait(void **state)
{
    (void)state;
    struct loop *loop = open_loop();
    int calls = 0;
    struct loop_hook hook = {.call = on_counted, .owner = &calls};
    loop_add_hook(loop, LOOP_PHASE_SEND, &hook);
    loop_want_turn(loop);
    assert_int_equal(loop_turn(loop, (struct duration){-1}, NULL), 0);
    assert_int_equal(calls, 1);
    int64_t before = clock_monotonic().us;
    assert_int_equal(loop_turn(loop, duration_ms(20), NULL), 0);
    assert_true(clock_monotonic().us - before >= 19000); /* wanted once, not for ever */
    loop_close(loop);
}

struct wanter {
    struct loop *loop;
    int calls;
    bool wants_send; /* else a turn */
};

static void on_wanting(void *owner)
{
    struct wanter *wanter = owner;
    if (++wanter->calls > 1)
        return;
    if (wanter->wants_send)
        loop_want_send(wanter->loop);
    else
        loop_want_turn(wanter->loop);
}

/* How long the turn after one whose hook of that phase wanted something waits of 20 ms. */
static int64_t waited_after(enum loop_phase phase, bool wants_send)
{
    struct loop *loop = open_loop();
    struct wanter wanter = {.loop = loop, .wants_send = wants_send};
    struct loop_hook hook = {.call = on_wanting, .owner = &wanter};
    loop_add_hook(loop, phase, &hook);
    assert_int_equal(loop_turn(loop, duration_ms(0), NULL), 0);
    int64_t before = clock_monotonic().us;
    assert_int_equal(loop_turn(loop, duration_ms(20), NULL), 0);
    int64_t waited = clock_monotonic().us - before;
    assert_int_equal(wanter.calls, 2);
    before = clock_monotonic().us;
    assert_int_equal(loop_turn(loop, duration_ms(20), NULL), 0);
    assert_true(clock_monotonic().us - before >= 19000); /* once, not for ever */
    loop_close(loop);
    return waited;
}

static void test_what_a_hook_wants_is_not_forgotten(void **state)
{
    (void)state;
    assert_true(waited_after(LOOP_PHASE_COMMIT, false) < 15000);
    assert_true(waited_after(LOOP_PHASE_SEND, false) < 15000);
    assert_true(waited_after(LOOP_PHASE_SEND, true) < 15000);
    assert_true(waited_after(LOOP_PHASE_COMMIT, true) >= 19000); /* it was sent in that turn */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_removed_is_not_called),
        cmocka_unit_test(test_who_removes_itself),
        cmocka_unit_test(test_level_interest_and_hang_up),
        cmocka_unit_test(test_a_regular_file_is_an_error),
        cmocka_unit_test(test_timers_come_in_order),
        cmocka_unit_test(test_timers_set_and_cancelled),
        cmocka_unit_test(test_a_heap_of_timers),
        cmocka_unit_test(test_no_idle_wake_ups),
        cmocka_unit_test(test_wall_timer),
        cmocka_unit_test(test_signals_and_run),
        cmocka_unit_test(test_hooks),
        cmocka_unit_test(test_a_wanted_turn_does_not_wait),
        cmocka_unit_test(test_what_a_hook_wants_is_not_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
