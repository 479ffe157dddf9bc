#include "scheduler/flow/expression_part.h"

#include <string.h>

#define SECONDS_A_DAY 86400
#define MAX_FACTOR 1000000000 /* of one number as written */
#define MAX_FACTORS 8         /* in one chain of * and / */

/* An exact number of days, always reduced. */
struct fraction {
    int64_t top;
    int64_t bottom; /* > 0 */
};

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a == 0 ? 1 : a;
}

static int read_number(struct expression_parser *parser, int64_t *ret_number)
{
    size_t start = parser->offset;
    int64_t number = 0;
    for (; expression_is_digit(expression_peek(parser)); parser->offset++) {
        if (number <= MAX_FACTOR)
            number = number * 10 + (expression_peek(parser) - '0');
    }
    if (parser->offset == start)
        return expression_mistake(parser, expression_span(start, 1), "a number is missing here");
    if (number > MAX_FACTOR)
        return expression_mistake(parser, expression_span(start, parser->offset - start),
                                  "this number is too large");
    *ret_number = number;
    return 0;
}

static int too_far(const struct expression_parser *parser, size_t start)
{
    return expression_mistake(parser, expression_span(start, parser->offset - start),
                              "this offset leads outside the years 1 to 9999");
}

/* N, N*M, N/M …: factors are joined from left to right. */
static int read_chain(struct expression_parser *parser, struct fraction *ret_chain)
{
    size_t start = parser->offset;
    struct fraction chain = {0, 1};
    if (read_number(parser, &chain.top) != 0)
        return -1;
    for (int i = 1;; i++) {
        expression_skip_spaces(parser);
        char sign = expression_peek(parser);
        if (sign != '*' && sign != '/')
            break;
        parser->offset++;
        expression_skip_spaces(parser);
        size_t place = parser->offset;
        int64_t factor;
        if (read_number(parser, &factor) != 0)
            return -1;
        if (sign == '/' && factor == 0)
            return expression_mistake(parser, expression_span(place, 1), "division by zero");
        if (i >= MAX_FACTORS)
            return expression_mistake(parser, expression_span(place, 1), "too many factors");
        int64_t *side = sign == '*' ? &chain.top : &chain.bottom;
        if (__builtin_mul_overflow(*side, factor, side))
            return too_far(parser, start);
        int64_t divisor = common_divisor(chain.top, chain.bottom);
        chain = (struct fraction){chain.top / divisor, chain.bottom / divisor};
    }
    *ret_chain = chain;
    return 0;
}

static bool read_sign(struct expression_parser *parser, int64_t *ret_sign)
{
    expression_skip_spaces(parser);
    char byte = expression_peek(parser);
    if (byte != '+' && byte != '-')
        return false;
    parser->offset++;
    expression_skip_spaces(parser);
    *ret_sign = byte == '-' ? -1 : 1;
    return true;
}

static int check_end(const struct expression_parser *parser)
{
    if (parser->offset == parser->end)
        return 0;
    expression_mistake(parser, expression_span(parser->offset, parser->end - parser->offset),
                       "this cannot follow an offset: `%.*s`", (int)(parser->end - parser->offset),
                       parser->text + parser->offset);
    return error_help(parser->err, "an offset ends the expression; other text stands outside the "
                                   "brackets");
}

static int add_within(const struct expression_parser *parser, size_t start, int64_t part,
                      int64_t limit, int64_t *sum)
{
    if (part > limit || part < -limit || *sum + part > limit || *sum + part < -limit)
        return too_far(parser, start);
    *sum += part;
    return 0;
}

static int refuse_fraction(const struct expression_parser *parser, size_t start)
{
    expression_mistake(parser, expression_span(start, parser->offset - start),
                       "the offset of a business date is a whole number");
    return error_help(parser->err, "hours and minutes belong to the scheduling time: "
                                   "`$[yyyymmddhh24-1/24]`");
}

int expression_read_business_offset(struct expression_parser *parser,
                                    const struct date_format *format, struct date_shift *shift)
{
    int64_t sign;
    size_t start = parser->offset;
    while (read_sign(parser, &sign)) {
        struct fraction chain;
        size_t number = parser->offset;
        if (read_chain(parser, &chain) != 0)
            return -1;
        if (memchr(parser->text + number, '/', parser->offset - number) != NULL)
            return refuse_fraction(parser, number);
        int64_t scale = format->has_day || format->has_month ? 1 : 12;
        int64_t *unit = format->has_day ? &shift->days : &shift->months;
        if (chain.top > EXPRESSION_MAX_DAYS)
            return too_far(parser, start);
        if (add_within(parser, start, sign * chain.top * scale, EXPRESSION_MAX_DAYS, unit) != 0)
            return -1;
    }
    return check_end(parser);
}

static int add_term(const struct expression_parser *parser, size_t start, struct fraction term,
                    struct date_shift *shift)
{
    const int64_t limit = EXPRESSION_MAX_DAYS;
    if (term.bottom == 1)
        return add_within(parser, start, term.top, limit, &shift->days);
    if (SECONDS_A_DAY % term.bottom != 0) {
        expression_mistake(parser, expression_span(start, parser->offset - start),
                           "this offset is not a whole number of seconds");
        return error_help(parser->err, "1/24 is an hour, 15/24/60 is a quarter of an hour");
    }
    if (term.top > limit * term.bottom || term.top < -limit * term.bottom)
        return too_far(parser, start);
    int64_t seconds = term.top * (SECONDS_A_DAY / term.bottom);
    return add_within(parser, start, seconds, limit * SECONDS_A_DAY, &shift->seconds);
}

int expression_read_schedule_offset(struct expression_parser *parser, struct date_shift *shift)
{
    int64_t sign;
    size_t start = parser->offset;
    while (read_sign(parser, &sign)) {
        struct fraction term;
        if (read_chain(parser, &term) != 0)
            return -1;
        term.top *= sign;
        if (add_term(parser, start, term, shift) != 0)
            return -1;
        start = parser->offset;
    }
    return check_end(parser);
}

int expression_read_count(struct expression_parser *parser, int64_t *ret_count)
{
    size_t start = parser->offset;
    int64_t count = 1;
    for (int i = 0;; i++) {
        int64_t sign = 1;
        int64_t factor;
        read_sign(parser, &sign);
        if (read_number(parser, &factor) != 0)
            return -1;
        if (i >= MAX_FACTORS)
            return expression_mistake(parser, expression_span(start, parser->offset - start),
                                      "too many factors");
        if (__builtin_mul_overflow(count, sign * factor, &count))
            return too_far(parser, start);
        expression_skip_spaces(parser);
        if (expression_peek(parser) != '*')
            break;
        parser->offset++;
    }
    if (count > EXPRESSION_MAX_DAYS || count < -EXPRESSION_MAX_DAYS)
        return too_far(parser, start);
    *ret_count = count;
    return 0;
}
