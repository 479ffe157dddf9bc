#include "scheduler/daemon/need_text.h"

#include "scheduler/base/scope.h"
#include "scheduler/store/store_schedule.h"
#include "scheduler/store/view_history.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <string.h>

static void append_command(const struct needs_open *need, const char *bizdate, struct text *text)
{
    text_append_format(text, "datemill run %s %s", need->flow, bizdate);
    if (!need->is_daily)
        text_append_format(text, "%.6s", need->cyctime + 10);
}

/* Whether the schedule's place is behind the instance: it makes it no more. */
static bool has_gone_on(struct store *store, const struct needs_open *need, bool *ret_is_kept)
{
    SCOPED_ARENA struct arena arena = {0};
    struct load_schedules rows = {0};
    *ret_is_kept = false;
    if (load_schedules(store, &arena, &rows, NULL) < 0)
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        if (strcmp(rows.items[i].flow, need->flow) != 0)
            continue;
        *ret_is_kept = rows.items[i].text[0] != '\0';
        return instant_compare(rows.items[i].fires_at, need->due) >= 0;
    }
    return false;
}

static void append_why_none(struct store *store, const struct needs_open *need, const char *bizdate,
                            struct text *text)
{
    char wait[DURATION_TEXT_BYTES];
    struct duration left = instant_minus(need->due, clock_now());
    bool is_kept;
    if (need->is_gone) {
        text_append_format(text, "no run of it, and flow %s is gone", need->flow);
        return;
    }
    if (need->is_by_hand) {
        text_append(text, "no run of it yet, its flow is started by hand: ");
        append_command(need, bizdate, text);
        return;
    }
    if (left.us > 0) {
        text_append_format(text, "no run of it yet, due in %s", duration_format(left, wait));
        return;
    }
    if (has_gone_on(store, need, &is_kept)) {
        text_append(text, "no run of it, and its schedule has left it out: ");
        append_command(need, bizdate, text);
        return;
    }
    left.us = -left.us;
    text_append_format(text, "no run of it yet, due since %s%s", duration_format(left, wait),
                       is_kept ? "" : ": ");
    if (!is_kept)
        append_command(need, bizdate, text);
}

static void append_name(const struct needs_open *need, const char *bizdate, struct text *text)
{
    text_append_format(text, "%s/%s of %s (planned %.10s %.5s): ", need->flow, need->needed,
                       bizdate, need->cyctime, need->cyctime + 11);
}

bool need_text_append(struct store *store, const struct needs_open *need, struct text *text)
{
    SCOPED_ARENA struct arena arena = {0};
    struct view_planned planned = {need->flow, need->cyctime, need->is_second};
    struct view_date date = {0};
    const struct view_date_node *undone;
    struct civil_time time;
    char bizdate[CIVIL_DATE_BYTES] = "?";
    if (need->problem != NULL) {
        text_append_format(text, "%s/%s: %s", need->flow, need->needed, need->problem);
        return true;
    }
    if (civil_time_parse(need->cyctime, &time, NULL) == 0)
        civil_date_format(civil_add_days(time.date, -1), bizdate);
    if (view_date_state(store, &planned, &arena, &date, NULL) < 0) {
        append_name(need, bizdate, text);
        text_append(text, "it cannot be looked up now");
        return true;
    }
    if (view_date_is_done(&date, need->needed, &undone))
        return false;
    append_name(need, bizdate, text);
    if (undone != NULL && strcmp(undone->name, need->needed) == 0)
        text_append_format(text, "%s in run %" PRId64, task_state_name(undone->state),
                           undone->run_id);
    else if (undone != NULL)
        text_append_format(text, "%s is %s in run %" PRId64, undone->name,
                           task_state_name(undone->state), undone->run_id);
    else if (date.newest_run_id != 0)
        text_append(text, "not in its runs so far");
    else
        append_why_none(store, need, bizdate, text);
    return true;
}
