#include "scheduler/flow/expression.h"

#include "scheduler/base/scope.h"
#include "scheduler/flow/expression_part.h"

#include <string.h>

const char *expression_text(const struct expression *expression)
{
    return expression->text;
}

bool expression_is_constant(const struct expression *expression)
{
    for (size_t i = 0; i < expression->count; i++) {
        if (expression->parts[i].kind != PART_KIND_TEXT)
            return false;
    }
    return true;
}

const char *expression_reference(const struct expression *expression, size_t index,
                                 struct expression_span *ret_span)
{
    if (index >= expression->reference_count)
        return NULL;
    if (ret_span != NULL)
        *ret_span = expression->references[index]->span;
    return expression->references[index]->text;
}

/* The month before when the business date is in the month of the scheduling time. */
static struct civil_date business_month(struct civil_date business, struct civil_time planned)
{
    bool is_same = business.year == planned.date.year && business.month == planned.date.month;
    return is_same ? civil_add_months(business, -1) : business;
}

static int append_month(const struct part *part, const struct expression_context *context,
                        struct text *text, struct error *err)
{
    struct civil_time time;
    if (expression_resolve(part, context, NULL, &time, err) != 0)
        return -1;
    time.date = business_month(time.date, context->planned);
    if (!civil_date_is_valid(time.date))
        return error_at(err, 0, 0, "E124", "`%s` leads outside the years 1 to 9999", part->text);
    expression_append_date(text, &part->format, time);
    return 0;
}

static int append_date(const struct part *part, const struct expression_context *context,
                       struct text *text, struct error *err)
{
    struct civil_time time;
    if (expression_resolve(part, context, NULL, &time, err) != 0)
        return -1;
    expression_append_date(text, &part->format, time);
    return 0;
}

static int append_id(const struct part *part, const char *id, struct text *text, struct error *err)
{
    if (id == NULL)
        return error_at(err, 0, 0, "E124", "`%s` has no value here", part->text);
    text_append(text, id);
    return 0;
}

static int append_parameter(const struct part *part, const struct expression_context *context,
                            struct text *text, struct error *err)
{
    const char *value =
        context->find == NULL ? NULL : context->find(context->find_data, part->text);
    if (value == NULL)
        return error_at(err, 0, 0, "E120", "`$<%s>` is not defined here", part->text);
    text_append(text, value);
    return 0;
}

static int append_part(const struct part *part, const struct expression_context *context,
                       struct text *text, struct error *err)
{
    switch (part->kind) {
    case PART_KIND_TEXT:
        text_append_bytes(text, part->text, part->length);
        return 0;
    case PART_KIND_DATE:
        return append_date(part, context, text, err);
    case PART_KIND_MONTH:
        return append_month(part, context, text, err);
    case PART_KIND_JOB:
        return append_id(part, context->job_id, text, err);
    case PART_KIND_NODE:
        return append_id(part, context->node_id, text, err);
    case PART_KIND_TASK:
        return append_id(part, context->task_id, text, err);
    case PART_KIND_PARAMETER:
        return append_parameter(part, context, text, err);
    }
    return 0;
}

int expression_evaluate(const struct expression *expression,
                        const struct expression_context *context, struct text *ret_text,
                        struct error *err)
{
    SCOPED_TEXT struct text value = {.limit = EXPRESSION_MAX_VALUE_BYTES};
    for (size_t i = 0; i < expression->count; i++) {
        if (append_part(&expression->parts[i], context, &value, err) != 0)
            return -1;
    }
    if (value.is_cut)
        return error_at(err, 0, 0, "E124", "the value is longer than %zu bytes",
                        EXPRESSION_MAX_VALUE_BYTES);
    text_append_bytes(ret_text, text_string(&value), value.length);
    return 0;
}

static int explain_month(const struct part *part, const struct expression_context *context,
                         struct text *text, struct error *err)
{
    struct civil_time time;
    if (expression_resolve(part, context, text, &time, err) != 0)
        return -1;
    bool is_same = business_month(time.date, context->planned).month != time.date.month;
    text_append(text, is_same ? ", in the month of the scheduling time, so the month before"
                              : ", before the month of the scheduling time, so its own month");
    text_append(text, " = ");
    return append_month(part, context, text, err);
}

static int explain_part(const struct part *part, const struct expression_context *context,
                        struct text *text, struct error *err)
{
    struct civil_time time;
    switch (part->kind) {
    case PART_KIND_TEXT:
        return 0;
    case PART_KIND_DATE:
        text_append_format(text, "%s: ", part->text);
        if (expression_resolve(part, context, text, &time, err) != 0)
            return -1;
        text_append_format(text, ", as %s = ", part->format.text);
        expression_append_date(text, &part->format, time);
        return 0;
    case PART_KIND_MONTH:
        text_append_format(text, "%s: ", part->text);
        return explain_month(part, context, text, err);
    case PART_KIND_PARAMETER:
        text_append_format(text, "$<%s>: the parameter %s = ", part->text, part->text);
        return append_part(part, context, text, err);
    case PART_KIND_JOB:
    case PART_KIND_NODE:
    case PART_KIND_TASK:
        text_append_format(text, "%s: the id ", part->text);
        return append_part(part, context, text, err);
    }
    return 0;
}

int expression_explain(const struct expression *expression,
                       const struct expression_context *context, struct text *ret_text,
                       struct error *err)
{
    SCOPED_TEXT struct text steps = {.limit = 4 * EXPRESSION_MAX_VALUE_BYTES};
    for (size_t i = 0; i < expression->count; i++) {
        const struct part *part = &expression->parts[i];
        if (part->kind != PART_KIND_TEXT && steps.length > 0)
            text_append_char(&steps, '\n');
        if (explain_part(part, context, &steps, err) != 0)
            return -1;
    }
    text_append_bytes(ret_text, text_string(&steps), steps.length);
    return 0;
}
