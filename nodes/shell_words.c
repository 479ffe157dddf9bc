#include "nodes/shell_words.h"

#include <string.h>

/* Built-in and reserved words of the POSIX shell and its usual relatives; `test`, `echo` and the
 * like are programs too, but the shell's own may differ. */
static const char *const own_words[] = {
    ".",       ":",      "[",        "[[",       "alias",   "bg",       "break",  "builtin", "case",
    "cd",      "chdir",  "command",  "continue", "declare", "do",       "done",   "echo",    "elif",
    "else",    "esac",   "eval",     "exec",     "exit",    "export",   "false",  "fc",      "fg",
    "fi",      "for",    "function", "getopts",  "hash",    "if",       "in",     "jobs",    "kill",
    "let",     "local",  "printf",   "pwd",      "read",    "readonly", "return", "select",  "set",
    "shift",   "source", "test",     "then",     "time",    "times",    "trap",   "true",    "type",
    "typeset", "ulimit", "umask",    "unalias",  "unset",   "until",    "wait",   "while"};

static bool is_own_word(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof own_words / sizeof own_words[0]; i++) {
        if (strlen(own_words[i]) == length && memcmp(own_words[i], word, length) == 0)
            return true;
    }
    return false;
}

/* Bytes that mean themselves anywhere in a word, also to bash as `sh`. */
static bool is_plain(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("_./,:@+-=%", byte) != NULL) ||
           (unsigned char)byte >= 0x80;
}

static size_t plain_length(const char *text)
{
    size_t length = 0;
    while (is_plain(text[length]))
        length++;
    return length;
}

/* A program's name: no assignment, no word of the shell's own. */
static bool is_program(const char *word, size_t length)
{
    return length > 0 && memchr(word, '=', length) == NULL && !is_own_word(word, length);
}

bool shell_words_split(const char *text, struct arena *arena, const char *const **ret_words)
{
    size_t end = strlen(text);
    while (end > 0 && strchr(" \t\n", text[end - 1]) != NULL)
        end--;
    size_t at = strspn(text, " \t\n");
    const char **words = arena_array(arena, end / 2 + 2, sizeof *words);
    size_t count = 0;
    while (at < end) {
        size_t length = plain_length(text + at);
        bool is_alone = at + length >= end || text[at + length] == ' ' || text[at + length] == '\t';
        if (length == 0 || !is_alone)
            return false;
        words[count++] = arena_copy(arena, text + at, length);
        at += length;
        at += strspn(text + at, " \t");
    }
    if (count == 0 || !is_program(words[0], strlen(words[0])))
        return false;
    *ret_words = words;
    return true;
}

bool shell_words_first(const char *text, size_t *ret_offset, size_t *ret_length)
{
    size_t at = strspn(text, " \t\n");
    size_t length = plain_length(text + at);
    char after = text[at + length];
    bool is_alone = after == '\0' || strchr(" \t\n;|&<>", after) != NULL;
    if (!is_alone || !is_program(text + at, length))
        return false;
    /* `name () {` defines a function. */
    if (text[at + length + strspn(text + at + length, " \t")] == '(')
        return false;
    *ret_offset = at;
    *ret_length = length;
    return true;
}
