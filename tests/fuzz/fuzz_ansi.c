/* links datemill_web_html */
#include "web/html/ansi.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/utf8.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define MAX_BYTES 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a browser would make of it: text, references to characters, and our spans, each of them
 * closed. */
static void check_markup(const char *markup, size_t length)
{
    static const char open[] = "<span class=\"";
    static const char close[] = "</span>";
    static const char letters[] = "abdfiru01234567 ";
    int depth = 0;
    assert(utf8_valid_prefix(markup, length) == length);
    for (size_t at = 0; at < length; at++) {
        unsigned char byte = (unsigned char)markup[at];
        assert(byte >= ' ' || byte == '\t');
        assert(byte != '>' && byte != '"' && byte != '\'' && byte != 0x7f);
        if (byte != '<')
            continue;
        if (strncmp(markup + at, close, sizeof close - 1) == 0) {
            assert(--depth == 0);
            at += sizeof close - 2;
            continue;
        }
        assert(strncmp(markup + at, open, sizeof open - 1) == 0 && ++depth == 1);
        at += sizeof open - 1;
        size_t classes = strspn(markup + at, letters);
        assert(classes >= 2 && strncmp(markup + at + classes, "\">", 2) == 0);
        at += classes + 1;
    }
    assert(depth == 0);
}

/* Lines of a log, one after the other. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ansi ansi;
    const char *bytes = (const char *)data;
    ansi_init(&ansi);
    for (size_t at = 0; at < size;) {
        const char *newline = memchr(bytes + at, '\n', size - at);
        size_t length = newline != NULL ? (size_t)(newline - bytes) - at : size - at;
        SCOPED_TEXT struct text text = {0};
        struct html html;
        html_init(&html, &text, LANGUAGE_EN);
        size_t rest = ansi_line(&ansi, &html, bytes + at, length, MAX_BYTES);
        assert(rest <= length && length - rest <= length);
        assert(ansi.color >= ANSI_NO_COLOR && ansi.color <= 7);
        check_markup(text_string(&text), text.length);
        at += length + 1;
    }
    return 0;
}
