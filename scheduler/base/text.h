/* A string that grows, with a limit.
 *
 * `data` always ends with a NUL byte once something was appended; text_string() is never NULL.
 * Past the limit further bytes are dropped and `is_cut` stays set: output of ours is never
 * longer than was meant, and whoever must not lose bytes asks `is_cut` at the end. */
#ifndef DATEMILL_BASE_TEXT_H
#define DATEMILL_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
    char *data;      /* NULL while empty; freed by text_free() */
    size_t length;   /* bytes without the NUL */
    size_t capacity; /* bytes allocated */
    size_t limit;    /* bytes at most; 0 = no limit */
    bool is_cut;     /* something did not fit */
};

void text_init(struct text *text, size_t limit); /* `struct text t = {0}` is a text without limit */
void text_free(struct text *text);
void text_clear(struct text *text); /* keeps the memory */

void text_append(struct text *text, const char *string);
void text_append_bytes(struct text *text, const void *bytes, size_t length);
void text_append_char(struct text *text, char character);
void text_append_format(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_append_args(struct text *text, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
void text_append_repeat(struct text *text, char character, size_t count);

/* Borrowed, valid until the next change; "" while empty. */
const char *text_string(const struct text *text);

/* The memory, which the caller frees; the text is empty afterwards. Never NULL. */
char *text_take(struct text *text);

#endif
