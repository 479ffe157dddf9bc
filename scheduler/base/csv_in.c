#include "scheduler/base/csv_in.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/text.h"

#include <stdbool.h>
#include <string.h>

/* Behind the opening quote. */
static int read_quoted(struct csv_in *csv, struct arena *arena, const char **ret_field)
{
    SCOPED_TEXT struct text field = {0};
    for (;;) {
        const char *quote =
            csv->at == csv->end ? NULL : memchr(csv->at, '"', (size_t)(csv->end - csv->at));
        if (quote == NULL)
            return -1;
        text_append_bytes(&field, csv->at, (size_t)(quote - csv->at));
        csv->at = quote + 1;
        if (csv->at == csv->end || *csv->at != '"')
            break;
        text_append_char(&field, '"');
        csv->at++;
    }
    if (field.length > 0 && memchr(field.data, '\0', field.length) != NULL)
        return -1;
    *ret_field = arena_copy(arena, text_string(&field), field.length);
    return 0;
}

static bool is_separator(char c)
{
    return c == ',' || c == '\n' || c == '\r';
}

static int read_field(struct csv_in *csv, struct arena *arena, const char **ret_field)
{
    const char *start = csv->at;
    if (start < csv->end && *start == '"') {
        csv->at++;
        return read_quoted(csv, arena, ret_field);
    }
    while (csv->at < csv->end && !is_separator(*csv->at)) {
        if (*csv->at == '"' || *csv->at == '\0')
            return -1;
        csv->at++;
    }
    *ret_field = csv->at == start ? NULL : arena_copy(arena, start, (size_t)(csv->at - start));
    return 0;
}

/* 1 = another field follows, 0 = the record is over, -1 = something else. */
static int read_separator(struct csv_in *csv)
{
    if (csv->at == csv->end)
        return 0;
    if (*csv->at == ',') {
        csv->at++;
        return 1;
    }
    if (*csv->at == '\r')
        csv->at++;
    if (csv->at == csv->end || *csv->at != '\n')
        return -1;
    csv->at++;
    return 0;
}

int csv_in_record(struct csv_in *csv, struct arena *arena, const char *const **ret_fields,
                  size_t *ret_count)
{
    const char **fields = NULL;
    size_t capacity = 0;
    size_t count = 0;
    int more = 1;
    if (csv->at == csv->end)
        return 0;
    while (more == 1) {
        const char *field;
        if (count == CSV_IN_MAX_FIELDS || read_field(csv, arena, &field) != 0)
            return -1;
        fields = arena_grow(arena, fields, count, &capacity, sizeof *fields);
        fields[count++] = field;
        more = read_separator(csv);
    }
    if (more < 0)
        return -1;
    *ret_fields = fields;
    *ret_count = count;
    return 1;
}
