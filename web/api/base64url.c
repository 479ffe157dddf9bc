#include "web/api/base64url.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *base64url_encode(struct arena *arena, const char *bytes, size_t length)
{
    char *text = arena_alloc(arena, length / 3 * 4 + 5);
    size_t count = 0;
    for (size_t i = 0; i < length; i += 3) {
        size_t have = length - i < 3 ? length - i : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (k < have ? (unsigned char)bytes[i + k] : 0u);
        for (size_t k = 0; k <= have; k++)
            text[count++] = digits[group >> (18 - 6 * k) & 63];
    }
    text[count] = '\0';
    return text;
}

bool base64url_decode(struct arena *arena, const char *text, char **ret_bytes, size_t *ret_length)
{
    size_t length = strlen(text);
    char *bytes = arena_alloc(arena, length / 4 * 3 + 4);
    size_t count = 0;
    if (length % 4 == 1)
        return false;
    for (size_t i = 0; i < length; i += 4) {
        size_t have = length - i < 4 ? length - i : 4;
        uint32_t group = 0;
        for (size_t k = 0; k < 4; k++) {
            const char *digit = k < have ? strchr(digits, text[i + k]) : digits;
            if (digit == NULL || *digit == '\0')
                return false;
            group = group << 6 | (uint32_t)(digit - digits);
        }
        for (size_t k = 0; k + 1 < have; k++)
            bytes[count++] = (char)(group >> (16 - 8 * k) & 255);
    }
    bytes[count] = '\0';
    *ret_bytes = bytes;
    *ret_length = count;
    return true;
}
