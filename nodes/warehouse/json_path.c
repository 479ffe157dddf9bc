#include "nodes/warehouse/json_path.h"

#include "scheduler/base/memory.h"

#include <stdlib.h>
#include <string.h>

static struct json_path_step *add_step(struct json_path *path, enum json_path_kind kind)
{
    if (path->count == JSON_PATH_MAX_STEPS)
        return NULL;
    struct json_path_step *step = &path->steps[path->count++];
    *step = (struct json_path_step){.kind = kind};
    return step;
}

/* Each of these reads one step at `at` and returns where it ends, 0 if it is malformed. */
static size_t read_dot(struct json_path *path, size_t at, size_t length)
{
    size_t start = at + 1;
    size_t end = start;
    while (end < length && path->text[end] != '.' && path->text[end] != '[')
        end++;
    struct json_path_step *step = end > start ? add_step(path, JSON_PATH_KEY) : NULL;
    if (step == NULL)
        return 0;
    step->key_start = start;
    step->key_length = end - start;
    return end;
}

static size_t read_quoted(struct json_path *path, size_t at, size_t length)
{
    char quote = path->text[at + 1];
    const char *start = path->text + at + 2;
    const char *end = memchr(start, quote, length - at - 2);
    if (end == NULL || end[1] != ']')
        return 0;
    struct json_path_step *step = add_step(path, JSON_PATH_KEY);
    if (step == NULL)
        return 0;
    step->key_start = at + 2;
    step->key_length = (size_t)(end - start);
    return (size_t)(end - path->text) + 2;
}

static size_t read_bracket(struct json_path *path, size_t at, size_t length)
{
    const char *inner = path->text + at + 1;
    if (*inner == '\'' || *inner == '"')
        return read_quoted(path, at, length);
    if (*inner == '*')
        return inner[1] == ']' && add_step(path, JSON_PATH_ALL) != NULL ? at + 3 : 0;
    size_t digits = strspn(inner, "0123456789");
    if (digits == 0 || digits > 9 || inner[digits] != ']')
        return 0;
    struct json_path_step *step = add_step(path, JSON_PATH_INDEX);
    if (step == NULL)
        return 0;
    step->index = strtoul(inner, NULL, 10);
    return at + digits + 2;
}

struct json_path *json_path_parse(const char *text, size_t length)
{
    if (length == 0 || length > JSON_PATH_MAX_BYTES || text[0] != '$' ||
        memchr(text, '\0', length) != NULL)
        return NULL;
    struct json_path *path = memory_new(1, sizeof *path);
    path->text = memory_new(length + 1, 1);
    memcpy(path->text, text, length);
    path->steps = memory_new(JSON_PATH_MAX_STEPS, sizeof *path->steps);
    size_t at = 1;
    while (at != 0 && at < length) {
        if (path->text[at] == '.')
            at = read_dot(path, at, length);
        else if (path->text[at] == '[')
            at = read_bracket(path, at, length);
        else
            at = 0;
    }
    if (at == 0) {
        json_path_free(path);
        return NULL;
    }
    return path;
}

void json_path_free(struct json_path *path)
{
    if (path == NULL)
        return;
    free(path->steps);
    free(path->text);
    free(path);
}

void json_path_work_free(struct json_path_work *work)
{
    free(work->now);
    free(work->then);
    text_free(&work->out);
    *work = (struct json_path_work){0};
}

static void push(struct json_path_work *work, size_t index)
{
    work->then =
        memory_grow(work->then, work->then_count, &work->then_capacity, sizeof *work->then);
    work->then[work->then_count++] = index;
}

static void push_elements(struct json_path_work *work, const struct json_tape *tape, size_t array)
{
    for (size_t i = json_tape_first(tape, array); i != 0; i = json_tape_next(tape, i))
        push(work, i);
}

static void step_index(const struct json_path_step *step, const struct json_tape *tape,
                       struct json_path_work *work, size_t array)
{
    size_t left = step->index;
    size_t i = json_tape_first(tape, array);
    while (i != 0 && left-- > 0)
        i = json_tape_next(tape, i);
    if (i != 0)
        push(work, i);
}

static void step_from(const struct json_path *path, const struct json_path_step *step,
                      const struct json_tape *tape, struct json_path_work *work, size_t index)
{
    const struct json_tape_item *item = &tape->items[index];
    bool is_many = false;
    for (const struct json_path_step *s = path->steps; s < step; s++)
        is_many = is_many || s->kind == JSON_PATH_ALL;
    if (step->kind == JSON_PATH_KEY) {
        size_t member =
            json_tape_member(tape, index, path->text + step->key_start, step->key_length);
        if (member != 0 && is_many && tape->items[member].kind == JSON_TAPE_ARRAY)
            push_elements(work, tape, member);
        else if (member != 0 && !(is_many && tape->items[member].kind == JSON_TAPE_NULL))
            push(work, member);
    } else if (item->kind == JSON_TAPE_ARRAY && step->kind == JSON_PATH_ALL) {
        push_elements(work, tape, index);
    } else if (item->kind == JSON_TAPE_ARRAY) {
        step_index(step, tape, work, index);
    }
}

static void walk(const struct json_path *path, const struct json_tape *tape,
                 struct json_path_work *work)
{
    work->then_count = 0;
    push(work, 0);
    for (size_t i = 0; i < path->count && work->then_count > 0; i++) {
        size_t *memory = work->now;
        size_t capacity = work->now_capacity;
        work->now = work->then;
        work->now_count = work->then_count;
        work->now_capacity = work->then_capacity;
        work->then = memory;
        work->then_count = 0;
        work->then_capacity = capacity;
        for (size_t k = 0; k < work->now_count; k++)
            step_from(path, &path->steps[i], tape, work, work->now[k]);
    }
}

static void collect(const struct json_tape *tape, struct json_path_work *work)
{
    text_clear(&work->out);
    text_append_char(&work->out, '[');
    for (size_t i = 0; i < work->then_count; i++) {
        size_t length;
        const char *text = json_tape_text(tape, work->then[i], &length);
        if (i > 0)
            text_append_char(&work->out, ',');
        text_append_bytes(&work->out, text, length);
    }
    text_append_char(&work->out, ']');
}

static void take_one(const struct json_tape *tape, struct json_path_work *work,
                     const char **ret_text, size_t *ret_length)
{
    const struct json_tape_item *item = &tape->items[work->then[0]];
    if (item->kind != JSON_TAPE_STRING || !item->has_escape) {
        *ret_text = tape->bytes + item->start;
        *ret_length = item->end - item->start;
        return;
    }
    text_clear(&work->out);
    json_tape_unescape(tape->bytes + item->start, item->end - item->start, &work->out);
    *ret_text = text_string(&work->out);
    *ret_length = work->out.length;
}

bool json_path_walk(const struct json_path *path, const struct json_tape *tape,
                    struct json_path_work *work, const char **ret_text, size_t *ret_length)
{
    walk(path, tape, work);
    if (work->then_count == 0)
        return false;
    bool is_many = false;
    for (size_t i = 0; i < path->count; i++)
        is_many = is_many || path->steps[i].kind == JSON_PATH_ALL;
    if (is_many) {
        collect(tape, work);
        *ret_text = text_string(&work->out);
        *ret_length = work->out.length;
        return true;
    }
    if (tape->items[work->then[0]].kind == JSON_TAPE_NULL)
        return false;
    take_one(tape, work, ret_text, ret_length);
    return true;
}
