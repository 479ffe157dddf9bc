/* Which dates and times the grid has as columns, and how many. */
#include "tests/unit/plan/plan_test.h"
#include "web/pages/grid.h"

#define MAX_DATES 40

struct story {
    const char *lines; /* of the flow: its schedule; NULL = its file is gone */
    const char *runs;  /* business dates with a run, with blanks between */
    const char *older; /* as the store knows them */
    const char *newer;
    const char *today;
    size_t limit;
    bool is_ascending;
};

/* `2021-11-01 2021-11-02- [2021-11-03 2021-11-20] | older | newer`: a dash has no run. */
static char *columns_of(const struct story *story)
{
    struct flow_test test;
    struct view_grid_date dates[MAX_DATES] = {0};
    struct view_grid_run runs[MAX_DATES] = {0};
    struct view_grid grid = {.items = dates, .older = story->older, .newer = story->newer};
    struct grid_columns columns;
    struct text text = {0};
    char yaml[512];
    plan_test_begin(&test, "timezone: Asia/Shanghai\n");
    struct flow *flow = NULL;
    if (story->lines != NULL) {
        snprintf(yaml, sizeof yaml, "flow: f\n%snodes: {a: {type: virtual}}\n", story->lines);
        flow = plan_test_flow(&test, yaml);
    }
    for (const char *at = story->runs; *at != '\0'; at += at[10] == ' ' ? 11 : 10) {
        size_t i = grid.count++;
        runs[i] = (struct view_grid_run){.id = (int64_t)i + 1, .cyctime = "2021-01-01T00:30:00"};
        dates[i] = (struct view_grid_date){.bizdate = arena_copy(&test.arena, at, 10),
                                           .runs = &runs[i],
                                           .count = 1,
                                           .newest = &runs[i],
                                           .run_count = 1};
    }
    struct grid_page page = {
        .flow = flow, .dates = &grid, .limit = story->limit, .is_ascending = story->is_ascending};
    assert_int_equal(civil_date_parse(story->today, &page.today, NULL), 0);
    grid_date_columns(&page, &test.arena, &columns);
    for (size_t i = 0; i < columns.count; i++) {
        const struct grid_column *column = &columns.items[i];
        if (column->is_gap)
            text_append_format(&text, "[%s %s] ", column->bizdate, column->gap_last);
        else
            text_append_format(&text, "%s%s ", column->bizdate, column->run == NULL ? "-" : "");
    }
    text_append_format(&text, "| %s | %s", columns.older, columns.newer);
    flow_free(flow);
    flow_test_end(&test);
    return text_take(&text);
}

static void expect(struct story story, const char *expected)
{
    story.older = story.older == NULL ? "" : story.older;
    story.newer = story.newer == NULL ? "" : story.newer;
    char *got = columns_of(&story);
    assert_string_equal(got, expected);
    free(got);
}

#define DAILY "schedule: daily 00:30\n"

static void holes_of_a_schedule_are_seen(void **state)
{
    (void)state;
    struct story story = {
        DAILY, "2021-11-01 2021-11-02 2021-11-05", "2021-10-31", "", "2021-11-05", 40, false};
    expect(story, "2021-11-01 2021-11-02 2021-11-03- 2021-11-04- 2021-11-05 | 2021-10-31 | ");
    story.today = "2021-11-07"; /* and up to today */
    expect(story, "2021-11-01 2021-11-02 2021-11-03- 2021-11-04- 2021-11-05 2021-11-06- "
                  "2021-11-07- | 2021-10-31 | ");
    story.newer = "2021-11-07"; /* or to what the next page begins with */
    expect(story, "2021-11-01 2021-11-02 2021-11-03- 2021-11-04- 2021-11-05 2021-11-06- "
                  "| 2021-10-31 | 2021-11-07");
    story.newer = "";
    story.lines = ""; /* by hand: nothing is missing */
    expect(story, "2021-11-01 2021-11-02 2021-11-05 | 2021-10-31 | ");
    story.lines = NULL;
    expect(story, "2021-11-01 2021-11-02 2021-11-05 | 2021-10-31 | ");
    story.lines = "schedule: weekly tue 00:30\n"; /* Tuesdays' business dates are Mondays */
    story.runs = "2021-11-01 2021-11-02 2021-11-22";
    story.today = "2021-11-22";
    expect(story, "2021-11-01 2021-11-02 2021-11-08- 2021-11-15- 2021-11-22 | 2021-10-31 | ");
}

static void long_holes_are_one_column(void **state)
{
    (void)state;
    struct story story = {DAILY, "2021-01-01 2021-02-01", "", "", "2021-02-01", 40, false};
    expect(story, "2021-01-01 [2021-01-02 2021-01-31] 2021-02-01 |  | ");
    story.today = "2026-01-01"; /* long ago: the present is not shown */
    expect(story, "2021-01-01 [2021-01-02 2021-01-31] 2021-02-01 |  | ");
    story.runs = "2021-01-21 2021-02-01"; /* ten are still dates */
    story.today = "2021-02-01";
    expect(story, "2021-01-21 2021-01-22- 2021-01-23- 2021-01-24- 2021-01-25- 2021-01-26- "
                  "2021-01-27- 2021-01-28- 2021-01-29- 2021-01-30- 2021-01-31- 2021-02-01 |  | ");
    story.runs = "2021-01-20 2021-02-01";
    expect(story, "2021-01-20 [2021-01-21 2021-01-31] 2021-02-01 |  | ");
}

static void what_is_cut_off_is_on_the_next_page(void **state)
{
    (void)state;
    struct story story = {
        DAILY, "2021-11-01 2021-11-02 2021-11-05", "2021-10-31", "2021-11-06", "2021-11-09", 3,
        false};
    expect(story, "2021-11-03- 2021-11-04- 2021-11-05 | 2021-11-02 | 2021-11-06");
    story.is_ascending = true;
    expect(story, "2021-11-01 2021-11-02 2021-11-03- | 2021-10-31 | 2021-11-04");
}

/* ---- times of a day ---- */

static void expect_times(const char *lines, const char *until, size_t limit, const char *expected)
{
    static const struct view_grid_run runs[] = {
        {.id = 3, .cyctime = "2021-11-12T00:15:00"},
        {.id = 4, .cyctime = "2021-11-12T05:00:00"}, /* by hand */
        {.id = 5, .cyctime = "2021-11-12T12:15:00"}};
    struct flow_test test;
    struct view_grid_date date = {
        .bizdate = "2021-11-11", .runs = runs, .count = 3, .newest = &runs[2], .run_count = 3};
    struct view_grid grid = {.items = &date, .count = 1, .older = "", .newer = ""};
    struct grid_columns columns;
    struct text text = {0};
    char yaml[512];
    plan_test_begin(&test, "timezone: Asia/Shanghai\n");
    snprintf(yaml, sizeof yaml, "flow: f\n%snodes: {a: {type: virtual}}\n", lines);
    struct flow *flow = plan_test_flow(&test, yaml);
    struct grid_page page = {.flow = flow, .dates = &grid, .limit = limit};
    grid_time_columns(&page, until, &test.arena, &columns);
    for (size_t i = 0; i < columns.count; i++)
        text_append_format(&text, "%.5s%s ", columns.items[i].cyctime + 11,
                           columns.items[i].run == NULL ? "-" : "");
    text_append_format(&text, "| %s | %s", columns.older, columns.newer);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
    flow_free(flow);
    flow_test_end(&test);
}

static void times_of_a_day(void **state)
{
    (void)state;
    const char *lines = "schedule: every 6h from 00:15 to 23:15\n";
    expect_times(lines, "", 40, "00:15 05:00 06:15- 12:15 18:15- |  | ");
    expect_times(lines, "", 2, "12:15 18:15- | 06:15:00 | ");
    expect_times(lines, "06:15:00", 2, "05:00 06:15- | 00:15:00 | 18:15:00");
    expect_times(lines, "05:00:00", 2, "00:15 05:00 |  | 12:15:00");
    expect_times(lines, "00:00:00", 2, "00:15 |  | 06:15:00"); /* never empty */
    expect_times("", "", 40, "00:15 05:00 12:15 |  | ");
}

static void a_day_is_what_needs_eyes_first(void **state)
{
    (void)state;
    static const struct {
        enum run_state states[3];
        enum run_state day;
    } days[] = {{{RUN_SUCCESS, RUN_SUCCESS, RUN_SUCCESS}, RUN_SUCCESS},
                {{RUN_SUCCESS, RUN_FAILED, RUN_SUCCESS}, RUN_FAILED},
                {{RUN_STOPPED, RUN_FAILED, RUN_SUCCESS}, RUN_FAILED},
                {{RUN_STOPPED, RUN_SUCCESS, RUN_SUCCESS}, RUN_STOPPED},
                {{RUN_FAILED, RUN_WAITING, RUN_SUCCESS}, RUN_WAITING},
                {{RUN_FAILED, RUN_WAITING, RUN_RUNNING}, RUN_RUNNING}};
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        struct view_grid_run runs[3] = {0};
        for (size_t k = 0; k < 3; k++)
            runs[k].state = days[i].states[k];
        struct view_grid_date date = {.runs = runs, .count = 3};
        assert_int_equal(grid_day_state(&date), days[i].day);
    }
}

static void pages_stay_small(void **state)
{
    (void)state;
    assert_int_equal(grid_column_limit(40, 4, 15), 40);
    assert_int_equal(grid_column_limit(80, 4, 15), 80);
    size_t large = grid_column_limit(40, 200, 8);
    assert_true(large >= 10 && large * 201 <= GRID_MAX_CELLS);
    size_t wordy = grid_column_limit(40, 100, 63);
    assert_true(wordy * 101 * (90 + 63) <= GRID_MAX_BYTES);
    assert_int_equal(grid_column_limit(40, 10000, 8), 7); /* rows are left out, not dates */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holes_of_a_schedule_are_seen),
        cmocka_unit_test(long_holes_are_one_column),
        cmocka_unit_test(what_is_cut_off_is_on_the_next_page),
        cmocka_unit_test(times_of_a_day),
        cmocka_unit_test(a_day_is_what_needs_eyes_first),
        cmocka_unit_test(pages_stay_small),
    };
    return cmocka_run_group_tests_name("grid", tests, NULL, NULL);
}
