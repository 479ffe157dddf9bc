#include "scheduler/system/clock.h"
#include "scheduler/system/lock_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char folder[40];
    int dir_fd;
};

static int open_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    snprintf(place->folder, sizeof place->folder, "/tmp/datemill-lock-XXXXXX");
    if (mkdtemp(place->folder) == NULL)
        return -1;
    place->dir_fd = open(place->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = place;
    return 0;
}

static int close_place(void **state)
{
    struct place *place = *state;
    unlinkat(place->dir_fd, "lock", 0);
    close(place->dir_fd);
    rmdir(place->folder);
    free(place);
    return 0;
}

/* Another process that holds the lock until it is killed. */
static pid_t hold_elsewhere(const struct place *place)
{
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct lock_file lock;
        if (lock_file_try(place->dir_fd, "lock", &lock, NULL) < 0)
            _exit(1);
        if (write(ends[1], "x", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    return pid;
}

static void end_process(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void test_held_and_free(void **state)
{
    struct place *place = *state;
    struct lock_file lock;
    struct lock_file second;
    struct lock_holder holder;
    struct error err = {0};
    assert_int_equal(lock_file_holder(place->dir_fd, "lock", &holder, &err), 0);
    assert_int_equal(holder.pid, 0);
    assert_int_equal(lock_file_try(place->dir_fd, "lock", &lock, &err), 0);
    assert_int_equal(fcntl(lock.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(lock_file_try(place->dir_fd, "lock", &second, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_BUSY);
    char pid[32];
    snprintf(pid, sizeof pid, "pid %ld", (long)getpid());
    assert_non_null(strstr(err.text, pid));
    assert_non_null(strstr(err.text, "test_lock_file"));
    assert_int_equal(lock_file_holder(place->dir_fd, "lock", &holder, &err), 0);
    assert_int_equal(holder.pid, getpid());
    assert_non_null(strstr(holder.command, "test_lock_file"));
    assert_true(strlen(holder.user) > 0);
    int64_t age = clock_now().us - holder.started.us;
    assert_true(age >= -DURATION_SECOND_US && age < 600 * DURATION_SECOND_US);
    assert_true(holder.since.us + DURATION_SECOND_US >= holder.started.us);
    lock_file_release(&lock);
    lock_file_release(&lock);
    assert_int_equal(lock_file_holder(place->dir_fd, "lock", &holder, &err), 0);
    assert_int_equal(holder.pid, 0);
    assert_int_equal(lock_file_try(place->dir_fd, "lock", &lock, &err), 0);
    lock_file_release(&lock);
}

static void test_a_dead_holder_holds_nothing(void **state)
{
    struct place *place = *state;
    struct lock_file lock;
    struct lock_holder holder;
    struct error err = {0};
    pid_t pid = hold_elsewhere(place);
    assert_int_equal(lock_file_try(place->dir_fd, "lock", &lock, &err), -1);
    assert_int_equal(lock_file_holder(place->dir_fd, "lock", &holder, &err), 0);
    assert_int_equal(holder.pid, pid);
    end_process(pid);
    /* its record is still in the file, and is not believed */
    assert_int_equal(lock_file_holder(place->dir_fd, "lock", &holder, &err), 0);
    assert_int_equal(holder.pid, 0);
    assert_int_equal(lock_file_try(place->dir_fd, "lock", &lock, &err), 0);
    lock_file_release(&lock);
}

static void test_waiting(void **state)
{
    struct place *place = *state;
    struct lock_file lock;
    struct error err = {0};
    pid_t pid = hold_elsewhere(place);
    int64_t before = clock_monotonic().us;
    assert_int_equal(lock_file_wait(place->dir_fd, "lock", duration_ms(60), &lock, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_BUSY);
    assert_true(clock_monotonic().us - before >= 60000);
    pid_t killer = fork();
    if (killer == 0) {
        usleep(50000);
        kill(pid, SIGKILL);
        _exit(0);
    }
    assert_int_equal(lock_file_wait(place->dir_fd, "lock", duration_seconds(10), &lock, &err), 0);
    waitpid(killer, NULL, 0);
    waitpid(pid, NULL, 0);
    lock_file_release(&lock);
}

static void test_garbage_in_the_file(void **state)
{
    struct place *place = *state;
    struct lock_file lock;
    struct lock_holder holder;
    struct error err = {0};
    pid_t pid = hold_elsewhere(place);
    int fd = openat(place->dir_fd, "lock", O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_int_equal(write(fd, "pid x\n\377\377", 8), 8);
    close(fd);
    assert_int_equal(lock_file_holder(place->dir_fd, "lock", &holder, &err), 0);
    assert_int_equal(holder.pid, 0);
    assert_int_equal(lock_file_try(place->dir_fd, "lock", &lock, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_BUSY);
    end_process(pid);
}

static void test_no_folder(void **state)
{
    (void)state;
    struct lock_file lock;
    struct error err = {0};
    assert_int_equal(lock_file_try(AT_FDCWD, "/no/such/folder/lock", &lock, &err), -1);
    assert_int_not_equal(err.kind, ERROR_KIND_BUSY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_held_and_free, open_place, close_place),
        cmocka_unit_test_setup_teardown(test_a_dead_holder_holds_nothing, open_place, close_place),
        cmocka_unit_test_setup_teardown(test_waiting, open_place, close_place),
        cmocka_unit_test_setup_teardown(test_garbage_in_the_file, open_place, close_place),
        cmocka_unit_test(test_no_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
