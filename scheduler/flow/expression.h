/* The value of a parameter: text glued with date expressions.
 *
 *     var: ${yyyymmdd}                    business date
 *     hour: $[yyyymmddhh24-1/24]          scheduling time, an hour earlier
 *     path: dt=$bizdate/$<name>.csv       short forms; another parameter
 *
 * ${format offset}   the business date: yyyy yy mm dd; an offset counts the smallest unit in the
 *                    format (+N, -N, 7*N). Also ${last_day(format,N)} and the other three below,
 *                    ${bdp.system.bizdate}, ${bdp.system.cyctime}.
 * $[format offset]   the scheduling time: yyyy yy mm dd hh24 hh12 hh (= hh24) mi ss; an offset
 *                    counts days: -1, -7*1, -1/24, -15/24/60, -1-1/24. Whole days move the date and
 *                    keep the wall time; fractions then move absolute time through the zone.
 * $[add_months(format,N)] and $[last_day(format,N)] $[first_day(format,N)] of the month N months
 *                    away, $[week_start(format,N)] the Monday N weeks away,
 *                    $[quarter_start(format,N)]; N is 3, -1, 12*3, 12*-3; they keep the wall time.
 * $bizdate $cyctime $gmtdate $bizmonth $jobid $nodeid $taskid, $yyyymmdd $yyyy $mm $dd
 * $<name>            another parameter
 * $${ $$[ $$< $$name a dollar sign as it stands
 *
 * Letters in either case. Other characters in a format are copied; a minus or plus before a digit
 * begins the offset. Everything is exact integers; a result outside the years 1 to 9999 is an
 * error. Compiled expressions are read-only, belong to their arena and read no clock. */
#ifndef DATEMILL_FLOW_EXPRESSION_H
#define DATEMILL_FLOW_EXPRESSION_H

#include "scheduler/base/arena.h"
#include "scheduler/base/civil.h"
#include "scheduler/base/text.h"
#include "scheduler/base/zone.h"

#include <stdbool.h>
#include <stddef.h>

#define EXPRESSION_MAX_BYTES 4096                  /* of a value as written */
#define EXPRESSION_MAX_VALUE_BYTES ((size_t)65536) /* of a value as evaluated */
#define EXPRESSION_NAME_BYTES 64                   /* a parameter's name with its NUL */

struct expression;

/* A piece of the text that was parsed, in bytes from its start. */
struct expression_span {
    size_t offset;
    size_t length; /* at least 1, except at the very end of the text */
};

/* Compiles `text`, which is copied. On -1 `err` has the message (code E121), a help text where one
 * is known, and as err->column the code point (from 1) within the text; `*ret_span`, which may be
 * NULL, is then the piece to underline. */
int expression_parse(struct arena *arena, const char *text,
                     const struct expression **ret_expression, struct expression_span *ret_span,
                     struct error *err);

const char *expression_text(const struct expression *expression); /* as it was written */

/* No date, no other parameter: the value is always the same. */
bool expression_is_constant(const struct expression *expression);

/* The parameters it names with $<name>, in order, repeats included. NULL when `index` is past the
 * end. `ret_span` may be NULL. */
const char *expression_reference(const struct expression *expression, size_t index,
                                 struct expression_span *ret_span);

/* What an expression is evaluated for. Strings are borrowed for the call. */
struct expression_context {
    struct civil_time planned; /* the scheduling time on the wall clock of `zone` */
    bool is_second;            /* of a wall time that comes twice, the second */
    const struct zone *zone;   /* NULL: a zone without clock changes */
    const char *job_id;        /* $jobid, $nodeid, $taskid; NULL: not known here, an error */
    const char *node_id;
    const char *task_id;

    /* The value of another parameter, NULL if there is none. May be NULL when no expression has
     * references. Must not evaluate anything (parameter.h orders parameters beforehand). */
    const char *(*find)(const void *data, const char *name);
    const void *find_data;
};

/* Appends the value to `ret_text`. Errors: a result outside the years 1 to 9999, an unknown id or
 * parameter, a value longer than EXPRESSION_MAX_VALUE_BYTES. On -1 the text is as it was. */
int expression_evaluate(const struct expression *expression,
                        const struct expression_context *context, struct text *ret_text,
                        struct error *err);

/* Appends how the value comes about, in words, one line for each part that is not constant, lines
 * separated by newlines:
 *     ${yyyymm-1}: business date 2025-10-31, minus 1 month = 2025-09-30, as yyyymm = 202509 */
int expression_explain(const struct expression *expression,
                       const struct expression_context *context, struct text *ret_text,
                       struct error *err);

/* The business date of a scheduling time: the calendar date before. */
struct civil_date expression_business_date(struct civil_time planned);

#endif
