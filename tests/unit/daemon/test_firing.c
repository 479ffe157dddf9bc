/* A server with a real keeper: what schedules owe becomes runs, once each, as the policies say. */
#include "scheduler/store/store_schedule.h"
#include "scheduler/store/view_history.h"
#include "tests/unit/daemon/harness.h"

#define PROJECT "timezone: UTC\nslots: 4\n"
#define DAY_US (86400 * DURATION_SECOND_US)
#define DATES 5

/* Business dates: [0] is yesterday, whose instance was due today at 00:00. */
struct story {
    struct world *world;
    char dates[DATES][CIVIL_DATE_BYTES];
    struct instant midnight; /* of today */
    char notes[4096];
};

static void write_flow(const struct story *story, const char *schedule, const char *script)
{
    SCOPED_TEXT struct text yaml = {0};
    text_append_format(&yaml,
                       "flow: shop\nschedule: {at: daily 00:00, %s}\n"
                       "params: {day: '${yyyy-mm-dd}'}\nnodes:\n  load:\n    run: |\n      %s\n",
                       schedule, script);
    world_write(story->world, "shop.yaml", text_string(&yaml));
}

/* A project whose flow's place is `days` back: so many instances are due. */
static struct story story_new(const char *schedule, const char *script, int days)
{
    struct story story = {.world = world_new(PROJECT, "flow: shop\nnodes: {load: {run: x}}\n")};
    world_leave(story.world);
    write_flow(&story, schedule, script);
    story.midnight.us = clock_now().us / DAY_US * DAY_US;
    for (int i = 0; i < DATES; i++) {
        struct civil_date today = civil_from_days(story.midnight.us / DAY_US);
        civil_date_format(civil_add_days(today, -1 - i), story.dates[i]);
    }
    struct store *store;
    struct instant place = {story.midnight.us - days * DAY_US + 1};
    struct store_schedule row = {"shop", "daily 00:00", "UTC", "", false, place, place};
    assert_int_equal(store_open_writer(story.world->state_dir, "test", &store, NULL), 0);
    assert_int_equal(store_begin(store, NULL), 0);
    assert_int_equal(store_put_schedule(store, &row, NULL), 0);
    assert_int_equal(store_commit(store, NULL), 0);
    store_close(store);
    story.world->options.is_server = true;
    return story;
}

/* All notes of the story, a line each. */
static const char *read_notes(struct story *story)
{
    SCOPED_ARENA struct arena arena = {0};
    struct store *store;
    struct view_events events;
    struct view_event_list list = {.page = {.limit = 200}};
    story->notes[0] = '\0';
    assert_int_equal(store_open_reader(story->world->state_dir, &store, NULL), 0);
    assert_int_equal(view_events(store, &list, &arena, &events, NULL), 0);
    for (size_t i = 0; i < events.count; i++) {
        size_t length = strlen(story->notes);
        if (events.items[i].kind == VIEW_EVENT_NOTE)
            snprintf(story->notes + length, sizeof story->notes - length, "%s\n",
                     events.items[i].text);
    }
    store_close(store);
    return story->notes;
}

/* The run that the schedule made for a business date; 0 = none. */
static int64_t scheduled_run(const struct story *story, int date)
{
    struct store *store;
    int64_t run_id = -1;
    char cyctime[32];
    struct civil_date day;
    assert_int_equal(civil_date_parse(story->dates[date], &day, NULL), 0);
    char text[CIVIL_DATE_BYTES];
    snprintf(cyctime, sizeof cyctime, "%sT00:00:00",
             civil_date_format(civil_add_days(day, 1), text));
    struct load_planned planned = {"shop", cyctime, false};
    assert_int_equal(store_open_reader(story->world->state_dir, &store, NULL), 0);
    assert_int_equal(load_scheduled_run(store, &planned, &run_id, NULL), 0);
    store_close(store);
    return run_id;
}

static void again(struct story *story)
{
    world_leave(story->world);
    world_open(story->world);
    world_wait(story->world, 150);
}

#define SAY "echo $day >> out"

static void each_catch_up_policy_is_kept_and_told(void **state)
{
    (void)state;
    static const struct {
        const char *schedule;
        int lines;
        const char *left_out;
    } cases[] = {{"catchup: all", 4, NULL},
                 {"'catchup': all, catchup_limit: 2", 2, "2 instances left out"},
                 {"catchup: latest", 1, "3 instances left out"},
                 {"catchup: none", 0, "4 instances left out"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct story story = story_new(cases[i].schedule, SAY, 4);
        char command[128];
        world_open(story.world);
        world_until(story.world, world_lines(story.world, "out") == cases[i].lines);
        again(&story); /* nothing twice */
        again(&story);
        assert_int_equal(world_lines(story.world, "out"), cases[i].lines);
        for (int date = 0; date < DATES; date++)
            assert_int_equal(scheduled_run(&story, date) != 0, date < cases[i].lines);
        read_notes(&story);
        snprintf(command, sizeof command, "datemill backfill shop %s..%s", story.dates[3],
                 story.dates[cases[i].lines]);
        assert_true((strstr(story.notes, "left out") != NULL) == (cases[i].left_out != NULL));
        if (cases[i].left_out != NULL) {
            assert_non_null(strstr(story.notes, cases[i].left_out));
            assert_non_null(strstr(story.notes, command));
        }
        world_free(story.world);
    }
}

/* One after another in the order of their dates, also over a change of server. */
static void overlap_wait_goes_in_order(void **state)
{
    (void)state;
    struct story story =
        story_new("overlap: wait", "echo begin $day >> out; sleep 0.2; echo end $day >> out", 3);
    char line[64];
    char expected[64];
    world_open(story.world);
    world_until(story.world, world_lines(story.world, "out") == 1);
    again(&story);
    world_until(story.world, world_lines(story.world, "out") == 6);
    for (int i = 0; i < 6; i++) {
        assert_true(world_read_line(story.world, "out", i, line, sizeof line));
        snprintf(expected, sizeof expected, "%s %s", i % 2 == 0 ? "begin" : "end",
                 story.dates[2 - i / 2]);
        assert_string_equal(line, expected);
    }
    world_free(story.world);
}

static void overlap_skip_leaves_out(void **state)
{
    (void)state;
    struct story story = story_new("overlap: skip", SAY "; sleep 0.3", 2);
    world_open(story.world);
    world_until(story.world, world_lines(story.world, "out") == 1);
    world_wait(story.world, 600);
    assert_int_equal(world_count_line(story.world, "out", story.dates[1]), 1);
    assert_int_equal(world_lines(story.world, "out"), 1);
    assert_non_null(strstr(read_notes(&story), "run 1 is open, overlap: skip"));
    world_free(story.world);
}

/* A run by hand that was left behind goes on with the server, and the schedule's own comes after
 * it. */
static void the_schedule_waits_for_a_run_by_hand(void **state)
{
    (void)state;
    struct story story = story_new(
        "catchup: all", SAY "; while [ ! -e go ]; do sleep 0.02; done; echo end >> out", 1);
    struct request run = {
        .kind = REQUEST_KIND_RUN, .flow = "shop", .date = story.dates[0], .nodes = ""};
    story.world->options.is_server = false;
    world_open(story.world);
    world_ask_well(story.world, &run);
    world_until(story.world, world_lines(story.world, "out") == 1);
    world_leave(story.world);
    story.world->options.is_server = true;
    world_open(story.world);
    world_wait(story.world, 200);
    assert_int_equal(scheduled_run(&story, 0), 0);
    assert_non_null(strstr(read_notes(&story), "is open: the schedule waits for its end"));
    world_write(story.world, "go", "");
    world_until(story.world, world_lines(story.world, "out") == 4);
    assert_true(scheduled_run(&story, 0) > 1);
    world_free(story.world);
}

static void a_wrong_file_keeps_the_last_good_version(void **state)
{
    (void)state;
    struct story story = story_new("catchup: all", SAY, 2);
    world_open(story.world);
    world_until(story.world, world_lines(story.world, "out") == 2);
    world_write(story.world, "shop.yaml", "flow: shop\nnodes: {load: {ruin: x}}\n");
    daemon_reload(story.world->daemon);
    world_wait(story.world, 50);
    assert_non_null(strstr(read_notes(&story), "its last good version goes on"));
    write_flow(&story, "catchup: all, timezone: Etc/GMT-14", SAY); /* 00:00 is elsewhere */
    daemon_reload(story.world->daemon);
    world_wait(story.world, 50);
    read_notes(&story);
    assert_non_null(strstr(story.notes, "its file is right again"));
    assert_non_null(strstr(story.notes, "schedule changed: daily 00:00 (UTC) -> daily 00:00 "
                                        "(Etc/GMT-14)"));
    world_wait(story.world, 200);
    assert_int_equal(world_lines(story.world, "out"), 2); /* what lies before now is not owed */
    world_free(story.world);
}

/* Wrong already when the server comes: what the store has of it runs. */
static void a_file_that_is_wrong_at_the_start(void **state)
{
    (void)state;
    struct story story = story_new("catchup: all", SAY, 1);
    world_open(story.world);
    world_until(story.world, world_lines(story.world, "out") == 1);
    world_leave(story.world);
    struct store *store;
    struct instant place = {story.midnight.us - 3 * DAY_US + 1};
    struct store_schedule row = {"shop", "daily 00:00", "UTC", "", false, place, place};
    assert_int_equal(store_open_writer(story.world->state_dir, "test", &store, NULL), 0);
    assert_int_equal(store_begin(store, NULL), 0);
    assert_int_equal(store_put_schedule(store, &row, NULL), 0);
    assert_int_equal(store_commit(store, NULL), 0);
    store_close(store);
    world_write(story.world, "shop.yaml", "flow: shop\nnodes: {load: {ruin: x}}\n");
    world_open(story.world);
    world_until(story.world, world_lines(story.world, "out") == 3);
    assert_non_null(strstr(read_notes(&story), "the last good version"));
    assert_int_equal(world_count_line(story.world, "out", story.dates[0]), 1);
    world_free(story.world);
}

static void a_frozen_flow_makes_frozen_instances(void **state)
{
    (void)state;
    struct story story = story_new("catchup: all", SAY, 1);
    struct request freeze = {.kind = REQUEST_KIND_FREEZE, .flow = "shop", .nodes = "", .until = ""};
    story.world->options.is_server = false;
    world_open(story.world);
    world_ask_well(story.world, &freeze);
    world_leave(story.world);
    story.world->options.is_server = true;
    world_open(story.world);
    world_wait(story.world, 200);
    assert_true(scheduled_run(&story, 0) != 0);
    assert_int_equal(world_lines(story.world, "out"), 0);
    freeze.kind = REQUEST_KIND_UNFREEZE;
    world_ask_well(story.world, &freeze);
    assert_int_equal(story.world->reply.run_count, 1); /* it says what can go on now */
    assert_int_equal(story.world->reply.run_ids[0], scheduled_run(&story, 0));
    world_free(story.world);
}

/* By the second, so that the clock itself is what starts them; a flow that is seen first owes from
 * then on, and one whose file is gone fires no more. */
static void the_clock_starts_them(void **state)
{
    (void)state;
    struct story story = story_new("catchup: all", SAY, 0);
    struct world *world = story.world;
    world_write(world, "tick.yaml",
                "flow: tick\nschedule: {cron: '* * * * * *'}\nparams: {at: $cyctime}\n"
                "nodes: {a: {run: 'echo $at >> ticks'}}\n");
    world_open(world);
    world_until(world, world_lines(world, "ticks") >= 3);
    world_remove(world, "tick.yaml");
    daemon_reload(world->daemon);
    world_wait(world, 300);
    int ticks = world_lines(world, "ticks");
    world_wait(world, 1500);
    assert_int_equal(world_lines(world, "ticks"), ticks);
    for (int i = 0; i < ticks; i++) {
        char line[64];
        assert_true(world_read_line(world, "ticks", i, line, sizeof line));
        assert_int_equal(world_count_line(world, "ticks", line), 1);
    }
    read_notes(&story);
    assert_non_null(strstr(story.notes, "schedule: * * * * * * (UTC); it owes"));
    assert_non_null(strstr(story.notes, "schedule ended: * * * * * * (UTC)"));
    world_free(world);
}

static void a_server_that_drains_starts_nothing(void **state)
{
    (void)state;
    struct story story = story_new("overlap: wait", SAY "; sleep 0.4; echo end >> out", 2);
    struct world *world = story.world;
    world_open(world);
    world_until(world, world_lines(world, "out") == 1);
    assert_int_equal(daemon_open_attempts(world->daemon), 1);
    daemon_drain(world->daemon);
    world_until(world, daemon_open_attempts(world->daemon) == 0);
    struct request run = {
        .kind = REQUEST_KIND_RUN, .flow = "shop", .date = "2021-11-11", .nodes = ""};
    world_ask_well(world, &run);
    world_wait(world, 200);
    assert_int_equal(world_lines(world, "out"), 2);
    again(&story);
    world_until(world, world_lines(world, "out") == 6);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_catch_up_policy_is_kept_and_told),
        cmocka_unit_test(overlap_wait_goes_in_order),
        cmocka_unit_test(overlap_skip_leaves_out),
        cmocka_unit_test(the_schedule_waits_for_a_run_by_hand),
        cmocka_unit_test(a_wrong_file_keeps_the_last_good_version),
        cmocka_unit_test(a_file_that_is_wrong_at_the_start),
        cmocka_unit_test(a_frozen_flow_makes_frozen_instances),
        cmocka_unit_test(the_clock_starts_them),
        cmocka_unit_test(a_server_that_drains_starts_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
