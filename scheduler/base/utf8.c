#include "scheduler/base/utf8.h"

#include "scheduler/base/utf8_table.h"

/* Length of the sequence that begins with `lead`, 0 when none does. */
static size_t sequence_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead < 0xe0)
        return 2;
    if (lead >= 0xe0 && lead < 0xf0)
        return 3;
    return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

size_t utf8_decode(const char *bytes, size_t length, int32_t *ret_code)
{
    static const int32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (length == 0)
        return 0;
    unsigned char lead = (unsigned char)bytes[0];
    size_t needed = sequence_length(lead);
    *ret_code = -1;
    if (needed == 0 || needed > length)
        return 1;
    int32_t code = needed == 1 ? lead : lead & (0x7f >> needed);
    for (size_t i = 1; i < needed; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if ((byte & 0xc0) != 0x80)
            return 1;
        code = code << 6 | (byte & 0x3f);
    }
    bool is_surrogate = code >= 0xd800 && code < 0xe000;
    if (code < smallest[needed] || is_surrogate || code > 0x10ffff)
        return 1;
    *ret_code = code;
    return needed;
}

size_t utf8_valid_prefix(const char *bytes, size_t length)
{
    size_t offset = 0;
    while (offset < length) {
        int32_t code;
        size_t step = utf8_decode(bytes + offset, length - offset, &code);
        if (code < 0)
            break;
        offset += step;
    }
    return offset;
}

static bool is_in(int32_t code, const struct utf8_range *ranges, size_t count)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges[middle].last < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && ranges[low].first <= code;
}

int utf8_code_width(int32_t code)
{
    if (code < 0x20 || (code >= 0x7f && code < 0xa0))
        return 0;
    if (code < 0x300)
        return 1;
    if (is_in(code, utf8_zero_width, utf8_zero_width_count))
        return 0;
    return is_in(code, utf8_wide, utf8_wide_count) ? 2 : 1;
}

/* A byte that is not valid is shown as U+FFFD, one column. */
static size_t shown_width(int32_t code)
{
    return code < 0 ? 1 : (size_t)utf8_code_width(code);
}

size_t utf8_width(const char *bytes, size_t length)
{
    size_t width = 0;
    size_t offset = 0;
    while (offset < length) {
        int32_t code;
        offset += utf8_decode(bytes + offset, length - offset, &code);
        width += shown_width(code);
    }
    return width;
}

size_t utf8_prefix_of_width(const char *bytes, size_t length, size_t width)
{
    size_t used = 0;
    size_t offset = 0;
    while (offset < length) {
        int32_t code;
        size_t step = utf8_decode(bytes + offset, length - offset, &code);
        used += shown_width(code);
        if (used > width)
            break;
        offset += step;
    }
    return offset;
}

/* Control characters of both halves, and the marks that reorder a line: text may look like other
 * text with them. */
static bool is_unsafe(int32_t code)
{
    if (code < 0)
        return true;
    if (code < 0x20)
        return code != '\n' && code != '\t';
    if (code >= 0x7f && code < 0xa0)
        return true;
    return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* Printable ASCII at the beginning, which is most of what there is. */
static size_t count_plain(const char *bytes, size_t length)
{
    size_t count = 0;
    while (count < length && bytes[count] >= ' ' && bytes[count] <= '~')
        count++;
    return count;
}

void utf8_append_safe(struct text *text, const char *bytes, size_t length)
{
    size_t offset = 0;
    while (offset < length) {
        int32_t code;
        size_t plain = count_plain(bytes + offset, length - offset);
        text_append_bytes(text, bytes + offset, plain);
        offset += plain;
        if (offset == length)
            break;
        size_t step = utf8_decode(bytes + offset, length - offset, &code);
        if (is_unsafe(code))
            text_append(text, "\xEF\xBF\xBD");
        else
            text_append_bytes(text, bytes + offset, step);
        offset += step;
    }
}
