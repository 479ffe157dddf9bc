/* The keeper's journal as a file. */
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/keeper/journal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define MAX_TAKEN 64

struct taken {
    struct journal_record records[MAX_TAKEN];
    char *strings[MAX_TAKEN];
    size_t count;
};

static void take(void *owner, const struct journal_record *record)
{
    struct taken *taken = owner;
    assert_true(taken->count < MAX_TAKEN);
    const char *string = record->kind == JOURNAL_BOOT    ? record->boot_id
                         : record->kind == JOURNAL_START ? record->token
                                                         : record->end.text;
    taken->strings[taken->count] = memory_copy_string(string);
    taken->records[taken->count++] = *record;
}

static void forget(struct taken *taken)
{
    for (size_t i = 0; i < taken->count; i++)
        free(taken->strings[i]);
    taken->count = 0;
}

static const struct journal_record boot = {.kind = JOURNAL_BOOT, .boot_id = "boot-1"};
static const struct journal_record start = {.kind = JOURNAL_START,
                                            .attempt_id = 7,
                                            .token = "token-7",
                                            .log_path = "logs/7",
                                            .started = {123456789}};
static const struct journal_record end = {.kind = JOURNAL_END,
                                          .attempt_id = 7,
                                          .end = {.attempt_id = 7,
                                                  .kind = KEEPER_END_SIGNALED,
                                                  .why = KEEPER_WHY_TIMEOUT,
                                                  .status = 9,
                                                  .started = {123456789},
                                                  .ended = {123999999},
                                                  .elapsed = {543210},
                                                  .cpu_user = {11},
                                                  .cpu_system = {12},
                                                  .peak_memory = 13,
                                                  .log_bytes = 14,
                                                  .log_lost_bytes = 15,
                                                  .leftovers_killed = 16,
                                                  .text = "words"}};

static int open_folder(char folder[32])
{
    snprintf(folder, 32, "/tmp/datemill-journal-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void remove_folder(const char *folder, int dir_fd)
{
    unlinkat(dir_fd, JOURNAL_NAME, 0);
    close(dir_fd);
    rmdir(folder);
}

static void expect_all(const struct taken *taken)
{
    assert_int_equal(taken->count, 3);
    assert_string_equal(taken->strings[0], "boot-1");
    assert_string_equal(taken->strings[1], "token-7");
    assert_int_equal(taken->records[1].attempt_id, 7);
    assert_int_equal(taken->records[1].started.us, 123456789);
    const struct keeper_end *read = &taken->records[2].end;
    assert_int_equal(read->kind, KEEPER_END_SIGNALED);
    assert_int_equal(read->why, KEEPER_WHY_TIMEOUT);
    assert_int_equal(read->status, 9);
    assert_int_equal(read->ended.us, 123999999);
    assert_int_equal(read->elapsed.us, 543210);
    assert_int_equal(read->cpu_user.us + read->cpu_system.us, 23);
    assert_int_equal(read->peak_memory, 13);
    assert_int_equal(read->log_bytes, 14);
    assert_int_equal(read->log_lost_bytes, 15);
    assert_int_equal(read->leftovers_killed, 16);
    assert_string_equal(taken->strings[2], "words");
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    char folder[32];
    int dir_fd = open_folder(folder);
    struct taken taken = {0};
    struct journal journal;
    struct error err = {0};
    assert_int_equal(journal_open(dir_fd, take, &taken, &journal, &err), 0);
    assert_int_equal(taken.count, 0);
    assert_int_equal(journal_append(&journal, &boot, &err), 0);
    assert_int_equal(journal_append(&journal, &start, &err), 0);
    assert_int_equal(journal_append(&journal, &end, &err), 0);
    journal_close(&journal);
    assert_int_equal(journal_open(dir_fd, take, &taken, &journal, &err), 0);
    expect_all(&taken);
    forget(&taken);
    SCOPED_TEXT struct text records = {0};
    journal_encode(&boot, &records);
    assert_int_equal(journal_replace(&journal, &records, &err), 0);
    assert_int_equal(journal_append(&journal, &end, &err), 0);
    journal_close(&journal);
    assert_int_equal(journal_open(dir_fd, take, &taken, &journal, &err), 0);
    assert_int_equal(taken.count, 2);
    assert_int_equal(taken.records[1].kind, JOURNAL_END);
    forget(&taken);
    journal_close(&journal);
    remove_folder(folder, dir_fd);
}

/* Cut at every byte, the whole records before the cut are there, and writing goes on after them. */
static void test_torn_at_every_byte(void **state)
{
    (void)state;
    char folder[32];
    int dir_fd = open_folder(folder);
    SCOPED_TEXT struct text whole = {0};
    size_t ends[3];
    journal_encode(&boot, &whole);
    ends[0] = whole.length;
    journal_encode(&start, &whole);
    ends[1] = whole.length;
    journal_encode(&end, &whole);
    ends[2] = whole.length;
    for (size_t cut = 0; cut <= whole.length; cut++) {
        struct taken taken = {0};
        struct journal journal;
        struct error err = {0};
        SCOPED_FD int fd =
            openat(dir_fd, JOURNAL_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_int_equal(write(fd, whole.data, cut), (ssize_t)cut);
        assert_int_equal(journal_open(dir_fd, take, &taken, &journal, &err), 0);
        size_t expected =
            (size_t)(cut >= ends[0]) + (size_t)(cut >= ends[1]) + (size_t)(cut >= ends[2]);
        assert_int_equal(taken.count, expected);
        assert_int_equal(journal_append(&journal, &boot, &err), 0);
        journal_close(&journal);
        forget(&taken);
        assert_int_equal(journal_open(dir_fd, take, &taken, &journal, &err), 0);
        assert_int_equal(taken.count, expected + 1);
        assert_int_equal(taken.records[expected].kind, JOURNAL_BOOT);
        journal_close(&journal);
        forget(&taken);
    }
    remove_folder(folder, dir_fd);
}

/* A byte that has changed is noticed; nothing after it is believed. */
static void test_every_changed_byte_is_noticed(void **state)
{
    (void)state;
    SCOPED_TEXT struct text whole = {0};
    journal_encode(&boot, &whole);
    size_t first = whole.length;
    journal_encode(&end, &whole);
    for (size_t i = first; i < whole.length; i++) {
        struct taken taken = {0};
        whole.data[i] = (char)(whole.data[i] ^ 0x20);
        assert_int_equal(journal_parse(whole.data, whole.length, take, &taken), first);
        assert_int_equal(taken.count, 1);
        forget(&taken);
        whole.data[i] = (char)(whole.data[i] ^ 0x20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_torn_at_every_byte),
        cmocka_unit_test(test_every_changed_byte_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
