#include "scheduler/base/diagnostic.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void diagnostics_init(struct diagnostics *list)
{
    memset(list, 0, sizeof *list);
    arena_init(&list->arena, 0);
    list->dropped.owner = list;
    list->dropped.is_dropped = true;
    list->dropped.message = "";
}

void diagnostics_free(struct diagnostics *list)
{
    arena_free(&list->arena);
    free(list->items);
    free(list->sources);
    memset(list, 0, sizeof *list);
}

size_t diagnostics_add_source(struct diagnostics *list, const char *name, const char *bytes,
                              size_t length)
{
    list->sources = memory_grow(list->sources, list->source_count, &list->source_capacity,
                                sizeof *list->sources);
    list->sources[list->source_count] =
        (struct diagnostic_source){.name = arena_copy_string(&list->arena, name),
                                   .bytes = arena_copy(&list->arena, bytes, length),
                                   .length = length};
    return list->source_count++;
}

static const char *format_args(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static const char *format_args(struct arena *arena, const char *format, va_list args)
{
    SCOPED_TEXT struct text text = {0};
    text_append_args(&text, format, args);
    return arena_copy(arena, text_string(&text), text.length);
}

struct diagnostic *diagnostics_add(struct diagnostics *list, enum diagnostic_severity severity,
                                   const char *code, const char *format, ...)
{
    if (severity == DIAGNOSTIC_ERROR)
        list->error_count++;
    else
        list->warning_count++;
    if (list->count >= DIAGNOSTICS_MAX)
        return &list->dropped;
    struct diagnostic *problem = arena_alloc(&list->arena, sizeof *problem);
    problem->owner = list;
    problem->severity = severity;
    problem->number = list->count;
    snprintf(problem->code, sizeof problem->code, "%s", code);
    va_list args;
    va_start(args, format);
    problem->message = format_args(&list->arena, format, args);
    va_end(args);
    list->items = memory_grow(list->items, list->count, &list->capacity, sizeof *list->items);
    list->items[list->count++] = problem;
    return problem;
}

struct diagnostic *diagnostics_add_error(struct diagnostics *list, const char *code, size_t source,
                                         const struct error *err)
{
    struct diagnostic *problem = diagnostics_add(
        list, DIAGNOSTIC_ERROR, err->code[0] != '\0' ? err->code : code, "%s", err->text);
    if (source != DIAGNOSTIC_NO_SOURCE && err->line > 0) {
        uint32_t column = err->column > 0 ? (uint32_t)err->column : 1;
        diagnostic_label(problem, (struct diagnostic_place){source, (uint32_t)err->line, column, 1},
                         "%s", "");
    }
    if (err->help[0] != '\0')
        diagnostic_help(problem, "%s", err->help);
    return problem;
}

void diagnostic_label(struct diagnostic *problem, struct diagnostic_place place, const char *format,
                      ...)
{
    if (problem->is_dropped)
        return;
    struct arena *arena = &problem->owner->arena;
    problem->labels = arena_grow(arena, problem->labels, problem->label_count,
                                 &problem->label_capacity, sizeof *problem->labels);
    va_list args;
    va_start(args, format);
    problem->labels[problem->label_count++] =
        (struct diagnostic_label){.place = place, .text = format_args(arena, format, args)};
    va_end(args);
}

void diagnostic_label_lines_above(struct diagnostic *problem, uint32_t lines)
{
    if (!problem->is_dropped && problem->label_count > 0)
        problem->labels[problem->label_count - 1].lines_above = lines;
}

static void add_extra(struct diagnostic *problem, enum diagnostic_extra_kind kind, const char *text)
{
    problem->extras = arena_grow(&problem->owner->arena, problem->extras, problem->extra_count,
                                 &problem->extra_capacity, sizeof *problem->extras);
    problem->extras[problem->extra_count++] = (struct diagnostic_extra){kind, text};
}

void diagnostic_detail(struct diagnostic *problem, const char *format, ...)
{
    if (problem->is_dropped)
        return;
    va_list args;
    va_start(args, format);
    add_extra(problem, DIAGNOSTIC_DETAIL, format_args(&problem->owner->arena, format, args));
    va_end(args);
}

void diagnostic_note(struct diagnostic *problem, const char *format, ...)
{
    if (problem->is_dropped)
        return;
    va_list args;
    va_start(args, format);
    add_extra(problem, DIAGNOSTIC_NOTE, format_args(&problem->owner->arena, format, args));
    va_end(args);
}

void diagnostic_help(struct diagnostic *problem, const char *format, ...)
{
    if (problem->is_dropped)
        return;
    va_list args;
    va_start(args, format);
    add_extra(problem, DIAGNOSTIC_HELP, format_args(&problem->owner->arena, format, args));
    va_end(args);
}

void diagnostic_quote(struct diagnostic *problem, const char *line, size_t offset, size_t length)
{
    size_t line_length = strlen(line);
    if (offset > line_length)
        offset = line_length;
    if (length > line_length - offset)
        length = line_length - offset;
    SCOPED_TEXT struct text carets = {0};
    text_append_repeat(&carets, ' ', utf8_width(line, offset));
    size_t width = utf8_width(line + offset, length);
    text_append_repeat(&carets, '^', width == 0 ? 1 : width);
    diagnostic_detail(problem, "%s", line);
    diagnostic_detail(problem, "%s", text_string(&carets));
}

static int compare_places(const struct diagnostic *a, const struct diagnostic *b)
{
    if ((a->label_count == 0) != (b->label_count == 0))
        return a->label_count == 0 ? -1 : 1;
    if (a->label_count > 0) {
        const struct diagnostic_place *x = &a->labels[0].place;
        const struct diagnostic_place *y = &b->labels[0].place;
        if (x->source != y->source)
            return x->source < y->source ? -1 : 1;
        if (x->line != y->line)
            return x->line < y->line ? -1 : 1;
        if (x->column != y->column)
            return x->column < y->column ? -1 : 1;
    }
    return (a->number > b->number) - (a->number < b->number);
}

static int compare_problems(const void *a, const void *b)
{
    return compare_places(*(const struct diagnostic *const *)a,
                          *(const struct diagnostic *const *)b);
}

const struct diagnostic **diagnostics_sorted(const struct diagnostics *list, struct arena *arena)
{
    const struct diagnostic **sorted = arena_array(arena, list->count + 1, sizeof *sorted);
    for (size_t i = 0; i < list->count; i++)
        sorted[i] = list->items[i];
    qsort(sorted, list->count, sizeof *sorted, compare_problems);
    return sorted;
}
