#include "scheduler/flow/expression_part.h"

#include <inttypes.h>

/* Walking from the base date to the date that is printed, and writing the way down if wanted. */
struct walk {
    const struct part *part;
    struct civil_time time;
    struct text *steps; /* NULL: nobody asks */
    struct error *err;
};

static int check_range(const struct walk *walk)
{
    if (civil_date_is_valid(walk->time.date))
        return 0;
    return error_at(walk->err, 0, 0, "E124", "`%s` leads outside the years 1 to 9999",
                    walk->part->text);
}

static void append_time(const struct walk *walk)
{
    char buffer[CIVIL_TIME_BYTES];
    if (walk->part->is_business)
        text_append(walk->steps, civil_date_format(walk->time.date, buffer));
    else
        text_append(walk->steps, civil_time_format(walk->time, buffer));
}

/* ", minus 2 months = 2025-08-31" */
static int end_count(struct walk *walk, int64_t count, const char *unit)
{
    if (check_range(walk) != 0)
        return -1;
    if (walk->steps == NULL)
        return 0;
    int64_t size = count < 0 ? -count : count;
    text_append_format(walk->steps, ", %s %" PRId64 " %s%s = ", count < 0 ? "minus" : "plus", size,
                       unit, size == 1 ? "" : "s");
    append_time(walk);
    return 0;
}

static int shift_months(struct walk *walk, int64_t months)
{
    if (months == 0)
        return 0;
    walk->time.date = civil_add_months(walk->time.date, months);
    return end_count(walk, months, "month");
}

static int shift_days(struct walk *walk, int64_t days)
{
    if (days == 0)
        return 0;
    walk->time.date = civil_add_days(walk->time.date, days);
    return end_count(walk, days, "day");
}

static const char *snap_date(enum date_snap snap, struct civil_date *date)
{
    switch (snap) {
    case DATE_SNAP_NONE:
        break;
    case DATE_SNAP_MONTH_FIRST:
        date->day = 1;
        return "the first day of its month";
    case DATE_SNAP_MONTH_LAST:
        date->day = civil_days_in_month(date->year, date->month);
        return "the last day of its month";
    case DATE_SNAP_WEEK:
        *date = civil_add_days(*date, 1 - civil_weekday(*date));
        return "the Monday of its week";
    case DATE_SNAP_QUARTER:
        date->month -= (date->month - 1) % 3;
        date->day = 1;
        return "the first day of its quarter";
    }
    return NULL;
}

static int snap(struct walk *walk, enum date_snap kind)
{
    const char *words = snap_date(kind, &walk->time.date);
    if (check_range(walk) != 0)
        return -1;
    if (walk->steps != NULL && words != NULL) {
        text_append_format(walk->steps, ", %s = ", words);
        append_time(walk);
    }
    return 0;
}

/* The instant of a planned wall time. A wall time that the clocks jumped over is counted on from
 * before the jump, so that minutes stay minutes: one hour before 02:30 is 01:30. */
static struct instant instant_of(const struct expression_context *context, struct civil_time time)
{
    struct zone_local local = zone_find_local(context->zone, time);
    struct instant before = instant_add(local.first, duration_seconds(-1));
    switch (local.kind) {
    case ZONE_KIND_UNIQUE:
        break;
    case ZONE_KIND_FOLD:
        return context->is_second ? local.second : local.first;
    case ZONE_KIND_GAP:
        return (struct instant){(civil_to_seconds(time) - zone_offset_at(context->zone, before)) *
                                DURATION_SECOND_US};
    }
    return local.first;
}

static int shift_seconds(struct walk *walk, const struct expression_context *context,
                         int64_t seconds)
{
    char size[DURATION_TEXT_BYTES];
    if (seconds == 0)
        return 0;
    int64_t wall = civil_to_seconds(walk->time);
    if (context->zone == NULL) {
        walk->time = civil_from_seconds(wall + seconds);
    } else {
        struct instant start = instant_of(context, walk->time);
        walk->time = zone_civil_at(context->zone, instant_add(start, duration_seconds(seconds)));
    }
    if (check_range(walk) != 0)
        return -1;
    if (walk->steps == NULL)
        return 0;
    struct duration length = duration_seconds(seconds < 0 ? -seconds : seconds);
    text_append_format(walk->steps, ", %s %s = ", seconds < 0 ? "minus" : "plus",
                       duration_format_exact(length, size));
    append_time(walk);
    if (civil_to_seconds(walk->time) - wall != seconds)
        text_append(walk->steps, " (clocks changed in between)");
    return 0;
}

struct civil_date expression_business_date(struct civil_time planned)
{
    return civil_add_days(planned.date, -1);
}

int expression_resolve(const struct part *part, const struct expression_context *context,
                       struct text *steps, struct civil_time *ret_time, struct error *err)
{
    struct walk walk = {.part = part, .time = context->planned, .steps = steps, .err = err};
    if (part->is_business)
        walk.time = (struct civil_time){.date = expression_business_date(context->planned)};
    if (check_range(&walk) != 0)
        return -1;
    if (steps != NULL) {
        text_append(steps, part->is_business ? "business date " : "scheduling time ");
        append_time(&walk);
    }
    const struct date_shift *shift = &part->shift;
    if (shift_months(&walk, shift->months) != 0 || shift_days(&walk, shift->days) != 0 ||
        snap(&walk, shift->snap) != 0 || shift_seconds(&walk, context, shift->seconds) != 0)
        return -1;
    *ret_time = walk.time;
    return 0;
}
