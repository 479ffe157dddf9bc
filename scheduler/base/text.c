#include "scheduler/base/text.h"

#include "scheduler/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_init(struct text *text, size_t limit)
{
    *text = (struct text){.limit = limit};
}

void text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){.limit = text->limit};
}

void text_clear(struct text *text)
{
    text->length = 0;
    text->is_cut = false;
    if (text->data != NULL)
        text->data[0] = '\0';
}

/* Makes room for `length` more bytes and the NUL; returns how many of them fit in the limit. */
static size_t reserve(struct text *text, size_t length)
{
    if (text->limit != 0 && length > text->limit - text->length) {
        length = text->limit - text->length;
        text->is_cut = true;
    }
    size_t needed = text->length + length + 1;
    if (needed > text->capacity) {
        size_t capacity = text->capacity < 64 ? 64 : text->capacity;
        while (capacity < needed)
            capacity *= 2;
        text->data = memory_resize(text->data, capacity, 1);
        text->capacity = capacity;
    }
    return length;
}

void text_append_bytes(struct text *text, const void *bytes, size_t length)
{
    length = reserve(text, length);
    if (length > 0)
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_append(struct text *text, const char *string)
{
    text_append_bytes(text, string, strlen(string));
}

void text_append_char(struct text *text, char character)
{
    text_append_bytes(text, &character, 1);
}

void text_append_args(struct text *text, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    char small[256];
    int length = vsnprintf(small, sizeof small, format, args);
    if (length > 0 && (size_t)length < sizeof small) {
        text_append_bytes(text, small, (size_t)length);
    } else if (length > 0) {
        char *large = memory_new((size_t)length + 1, 1);
        vsnprintf(large, (size_t)length + 1, format, again);
        text_append_bytes(text, large, (size_t)length);
        free(large);
    }
    va_end(again);
}

void text_append_format(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_append_args(text, format, args);
    va_end(args);
}

void text_append_repeat(struct text *text, char character, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_append_char(text, character);
}

const char *text_string(const struct text *text)
{
    return text->data == NULL ? "" : text->data;
}

char *text_take(struct text *text)
{
    char *data = text->data != NULL ? text->data : memory_new(1, 1);
    *text = (struct text){.limit = text->limit};
    return data;
}
