#include "web/html/ansi.h"

#include "scheduler/base/escape.h"

#include <stdio.h>

#define MAX_PARAMETERS 32
#define MAX_PARAMETER 9999

void ansi_init(struct ansi *ansi)
{
    *ansi = (struct ansi){.color = ANSI_NO_COLOR};
}

/* ---- colours ---- */

/* The nearest of the eight: each part that is more than half as strong as the strongest one. */
static int nearest(int red, int green, int blue)
{
    int most = red > green ? red : green;
    most = most > blue ? most : blue;
    if (most < 48)
        return 0;
    return (red * 5 > most * 3 ? 1 : 0) | (green * 5 > most * 3 ? 2 : 0) |
           (blue * 5 > most * 3 ? 4 : 0);
}

/* Of the palette of 256: sixteen names, a cube of 6 x 6 x 6, greys. */
static int color_of_palette(int number)
{
    if (number < 16)
        return number % 8;
    if (number >= 232)
        return number < 238 ? 0 : 7;
    int cube = number - 16;
    return nearest(cube / 36 * 51, cube / 6 % 6 * 51, cube % 6 * 51);
}

/* `38;5;N` and `38;2;R;G;B`, whose first number stands at `at`; where the next one stands. `color`
 * is NULL for those of the background. */
static size_t read_color(const int *numbers, size_t count, size_t at, int *color)
{
    int kind = at + 1 < count ? numbers[at + 1] : 0;
    if (kind == 5 && at + 2 < count) {
        if (color != NULL)
            *color = color_of_palette(numbers[at + 2] & 255);
        return at + 3;
    }
    if (kind == 2 && at + 4 < count) {
        if (color != NULL)
            *color = nearest(numbers[at + 2] & 255, numbers[at + 3] & 255, numbers[at + 4] & 255);
        return at + 5;
    }
    return count; /* cut off: what it would have meant is not known */
}

static void apply_one(struct ansi *ansi, int number)
{
    if (number == 0)
        ansi_init(ansi);
    else if (number == 1)
        ansi->is_bold = true;
    else if (number == 2)
        ansi->is_dim = true;
    else if (number == 3 || number == 23)
        ansi->is_italic = number == 3;
    else if (number == 4 || number == 24)
        ansi->is_underlined = number == 4;
    else if (number == 7 || number == 27)
        ansi->is_reversed = number == 7;
    else if (number == 22)
        ansi->is_bold = ansi->is_dim = false;
    else if (number >= 30 && number <= 37)
        ansi->color = number - 30;
    else if (number >= 90 && number <= 97)
        ansi->color = number - 90;
    else if (number == 39)
        ansi->color = ANSI_NO_COLOR;
}

static void apply(struct ansi *ansi, const int *numbers, size_t count)
{
    size_t at = 0;
    while (at < count) {
        if (numbers[at] == 38 || numbers[at] == 48) {
            at = read_color(numbers, count, at, numbers[at] == 38 ? &ansi->color : NULL);
            continue;
        }
        apply_one(ansi, numbers[at]);
        at++;
    }
}

/* `1;31` or, with the spelling of ISO 8613-6, `38:2::255:0:0`, whose empty one names a space of
 * colours. */
static void read_sgr(struct ansi *ansi, const char *text, size_t length)
{
    int numbers[MAX_PARAMETERS];
    size_t count = 0;
    int value = 0;
    bool has_digit = false;
    for (size_t i = 0; i <= length; i++) {
        char c = i < length ? text[i] : ';';
        if (c >= '0' && c <= '9') {
            value = value < MAX_PARAMETER ? value * 10 + (c - '0') : MAX_PARAMETER;
            has_digit = true;
            continue;
        }
        if (c != ';' && c != ':')
            return; /* private: not about looks */
        bool is_space = c == ':' && !has_digit;
        if (!is_space && count < MAX_PARAMETERS)
            numbers[count++] = value;
        value = 0;
        has_digit = false;
    }
    apply(ansi, numbers, count);
}

/* Behind the sequence that begins at `at`. */
static size_t read_sequence(struct ansi *ansi, const char *bytes, size_t length, size_t at)
{
    struct escape escape;
    escape_read(bytes, length, at, &escape);
    if (escape.parameters != NULL)
        read_sgr(ansi, escape.parameters, escape.length);
    return escape.end;
}

/* ---- text ---- */

static bool is_plain(const struct ansi *ansi)
{
    return ansi->color == ANSI_NO_COLOR && !ansi->is_bold && !ansi->is_dim && !ansi->is_italic &&
           !ansi->is_underlined && !ansi->is_reversed;
}

static void put_piece(const struct ansi *ansi, struct html *html, const char *bytes, size_t length)
{
    if (length == 0)
        return;
    if (is_plain(ansi)) {
        html_bytes(html, bytes, length);
        return;
    }
    char color[16] = "";
    char classes[48];
    if (ansi->color != ANSI_NO_COLOR)
        snprintf(color, sizeof color, " f%d", ansi->color);
    snprintf(classes, sizeof classes, "%s%s%s%s%s%s", ansi->is_bold ? " ab" : "",
             ansi->is_dim ? " ad" : "", ansi->is_italic ? " ai" : "",
             ansi->is_underlined ? " au" : "", ansi->is_reversed ? " ar" : "", color);
    html_open(html, "span");
    html_attr(html, "class", classes + 1);
    html_bytes(html, bytes, length);
    html_close(html, "span");
}

/* Where the line begins behind what a carriage return writes over: a progress bar shows its last
 * state. A return at the very end writes over nothing. */
static size_t start_of(const char *bytes, size_t length)
{
    while (length > 0 && bytes[length - 1] == '\r')
        length--;
    for (size_t at = length; at > 0; at--) {
        if (bytes[at - 1] == '\r')
            return at;
    }
    return 0;
}

static bool is_dropped(char c)
{
    unsigned char byte = (unsigned char)c;
    return (byte < ' ' && byte != '\t') || byte == 0x7f;
}

size_t ansi_line(struct ansi *ansi, struct html *html, const char *bytes, size_t length,
                 size_t max_bytes)
{
    size_t start = start_of(bytes, length);
    size_t rest = length - start > max_bytes ? length - start - max_bytes : 0;
    size_t end = length - rest;
    while (rest > 0 && end > start && ((unsigned char)bytes[end] & 0xc0) == 0x80) {
        end--; /* characters stay whole */
        rest++;
    }
    size_t piece = start; /* what is not written yet */
    size_t at = 0;
    while (at < start) /* colours set before the return last */
        at = bytes[at] == ESCAPE_BYTE ? read_sequence(ansi, bytes, start, at) : at + 1;
    for (at = start; at < end;) {
        if (bytes[at] != ESCAPE_BYTE && !is_dropped(bytes[at])) {
            at++;
            continue;
        }
        put_piece(ansi, html, bytes + piece, at - piece);
        at = bytes[at] == ESCAPE_BYTE ? read_sequence(ansi, bytes, end, at) : at + 1;
        piece = at;
    }
    put_piece(ansi, html, bytes + piece, end - piece);
    return rest;
}
