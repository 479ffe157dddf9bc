/* links datemill_command */
/* The command line: any words are read or refused, and what is refused can be shown. */
#include "scheduler/command/command.h"
#include "scheduler/command/context.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WORDS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes are words with a NUL between; the first byte is the width of the terminal. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *copy = malloc(size);
    if (copy == NULL)
        return 0;
    memcpy(copy, data + 1, size - 1);
    copy[size - 1] = '\0';
    const char *words[MAX_WORDS] = {"datemill"};
    size_t count = 1;
    for (size_t at = 0; at < size && count < MAX_WORDS; at += strlen(copy + at) + 1)
        words[count++] = copy + at;
    struct command_line line = {.words = words, .count = count, .mark_word = OPTIONS_NO_WORD};
    struct arena arena = {0};
    struct command_call call;
    struct error err = {0};
    struct text text = {0};
    if (command_parse(&line, global_options, &arena, &call, &err) < 0 &&
        (err.kind != ERROR_KIND_USAGE || err.text[0] == '\0'))
        abort();
    command_line_mark(&line, count - 1, data[0] % 7, data[0] % 5);
    command_line_show(&line, 3, data[0], data[0] % 2 == 0, &text);
    text_free(&text);
    arena_free(&arena);
    free(copy);
    return 0;
}
