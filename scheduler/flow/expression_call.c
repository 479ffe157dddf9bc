#include "scheduler/base/suggest.h"
#include "scheduler/flow/expression_part.h"

#include <stdio.h>
#include <string.h>

/* What name(format,N) does: N months or days away, then to the day that the name says. */
struct function {
    const char *name;
    int64_t months; /* for N = 1 */
    int64_t days;
    enum date_snap snap;
    bool is_schedule_only;
};

static const struct function functions[] = {
    {"add_months", 1, 0, DATE_SNAP_NONE, true},
    {"last_day", 1, 0, DATE_SNAP_MONTH_LAST, false},
    {"first_day", 1, 0, DATE_SNAP_MONTH_FIRST, false},
    {"week_start", 0, 7, DATE_SNAP_WEEK, false},
    {"quarter_start", 3, 0, DATE_SNAP_QUARTER, false},
};

#define FUNCTIONS (sizeof functions / sizeof functions[0])
#define MAX_NAME 40

/* The length of a name that a parenthesis follows, 0 when there is none. */
static size_t name_length(const struct expression_parser *parser)
{
    size_t at = parser->offset;
    while (at < parser->end && (expression_is_letter(parser->text[at]) || parser->text[at] == '_' ||
                                expression_is_digit(parser->text[at])))
        at++;
    size_t length = at - parser->offset;
    while (at < parser->end && parser->text[at] == ' ')
        at++;
    return at < parser->end && parser->text[at] == '(' ? length : 0;
}

static void refuse_name(const struct expression_parser *parser, size_t length)
{
    char name[MAX_NAME + 1];
    struct suggest suggest;
    snprintf(name, sizeof name, "%.*s", (int)(length > MAX_NAME ? MAX_NAME : length),
             parser->text + parser->offset);
    expression_mistake(parser, expression_span(parser->offset, length), "there is no function `%s`",
                       name);
    suggest_begin(&suggest, name);
    for (size_t i = 0; i < FUNCTIONS; i++)
        suggest_offer(&suggest, functions[i].name);
    if (suggest_best(&suggest) != NULL)
        error_help(parser->err, "did you mean `%s`?", suggest_best(&suggest));
    else
        error_help(parser->err, "there are add_months, last_day, first_day, week_start and "
                                "quarter_start, each of (format,N)");
}

/* NULL, with the message set, when there is none of that name or it is not allowed here. */
static const struct function *find_function(const struct expression_parser *parser, size_t length,
                                            bool is_business)
{
    for (size_t i = 0; i < FUNCTIONS; i++) {
        if (strlen(functions[i].name) != length ||
            !expression_has_word(parser, parser->offset, functions[i].name))
            continue;
        if (is_business && functions[i].is_schedule_only) {
            expression_mistake(parser, expression_span(parser->offset, length),
                               "`%s` is not for the business date", functions[i].name);
            error_help(parser->err, "write `$[add_months(yyyymm,-1)]` for the scheduling "
                                    "time, or `${yyyymm-1}`");
            return NULL;
        }
        return &functions[i];
    }
    refuse_name(parser, length);
    return NULL;
}

static int expect(struct expression_parser *parser, char wanted, const char *name)
{
    expression_skip_spaces(parser);
    if (expression_peek(parser) == wanted) {
        parser->offset++;
        return 0;
    }
    expression_mistake(parser, expression_span(parser->offset, 1), "`%c` is missing here", wanted);
    return error_help(parser->err, "write %s(yyyymmdd,0)", name);
}

static int check_nothing_follows(struct expression_parser *parser)
{
    expression_skip_spaces(parser);
    if (parser->offset == parser->end)
        return 0;
    return expression_mistake(parser, expression_span(parser->offset, parser->end - parser->offset),
                              "nothing can follow the function's `)`");
}

int expression_read_call(struct expression_parser *parser, struct part *part, bool *ret_is_call)
{
    int64_t count;
    size_t length = name_length(parser);
    *ret_is_call = length > 0;
    if (length == 0)
        return 0;
    const struct function *function = find_function(parser, length, part->is_business);
    if (function == NULL)
        return -1;
    parser->offset += length;
    if (expect(parser, '(', function->name) != 0)
        return -1;
    expression_skip_spaces(parser);
    if (expression_read_format(parser, part->is_business, true, &part->format) != 0)
        return -1;
    if (expect(parser, ',', function->name) != 0 || expression_read_count(parser, &count) != 0)
        return -1;
    if (expect(parser, ')', function->name) != 0)
        return -1;
    part->shift.months = function->months * count;
    part->shift.days = function->days * count;
    part->shift.snap = function->snap;
    return check_nothing_follows(parser);
}
