#include "web/pages/data.h"

#include "scheduler/base/civil.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int data_objects_read(struct visit *visit, const struct text *output,
                      struct data_objects *ret_objects, struct error *err)
{
    struct data_objects objects = {0};
    size_t capacity = 0;
    const char *at = text_string(output);
    const char *end = at + output->length;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline == NULL ? end : newline) - at);
        struct json *json = NULL;
        if (json_parse(at, length, &json, err) != 0) {
            data_objects_free(&objects);
            if (err != NULL)
                err->kind = ERROR_KIND_BUG;
            return -1;
        }
        objects.items = arena_grow(visit->arena, objects.items, objects.count, &capacity,
                                   sizeof *objects.items);
        objects.items[objects.count++] = json;
        at += length + 1;
    }
    *ret_objects = objects;
    return 0;
}

void data_objects_free(struct data_objects *objects)
{
    for (size_t i = 0; i < objects->count; i++)
        json_free((struct json *)objects->items[i]);
    *objects = (struct data_objects){0};
}

const char *data_number(struct visit *visit, int64_t number)
{
    char digits[32];
    char text[48];
    size_t used = 0;
    int length = snprintf(digits, sizeof digits, "%" PRId64, number);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-')
            text[used++] = ',';
        text[used++] = digits[i];
    }
    return arena_copy(visit->arena, text, used);
}

const char *data_bytes(struct visit *visit, int64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double size = (double)bytes / 1024;
    size_t unit = 0;
    if (bytes < 1024)
        return arena_format(visit->arena, "%" PRId64 " B", bytes);
    while (size >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        size /= 1024;
        unit++;
    }
    return arena_format(visit->arena, size < 10 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

struct instant data_time(const char *text)
{
    struct civil_time time;
    char copy[CIVIL_TIME_BYTES];
    snprintf(copy, sizeof copy, "%.19s", text);
    if (civil_time_parse(copy, &time, NULL) != 0)
        return (struct instant){0};
    return (struct instant){civil_to_seconds(time) * DURATION_SECOND_US};
}

void data_url(struct url *url, struct visit *visit, const char *table, const char *file)
{
    url_begin(url, visit->arena, "/data");
    url_part(url, table);
    if (file != NULL)
        url_part(url, file);
}

void data_head(struct html *html, const enum string_key *keys, size_t count, uint32_t number_mask)
{
    html_open(html, "thead");
    html_open(html, "tr");
    for (size_t i = 0; i < count; i++) {
        html_open(html, "th");
        html_attr(html, "scope", "col");
        if ((number_mask >> i & 1) != 0)
            html_attr(html, "class", "n");
        html_say(html, keys[i]);
        html_close(html, "th");
    }
    html_close(html, "tr");
    html_close(html, "thead");
}
