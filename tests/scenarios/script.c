#include "tests/scenarios/scenario.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"

#include <string.h>

#define INDENT "    "
#define FILE_WORD "file "

static bool is_indented(const char *line)
{
    return strncmp(line, INDENT, strlen(INDENT)) == 0;
}

static int read_bytes(const char *path, char **ret_bytes, struct error *err)
{
    SCOPED_FILE FILE *file = fopen(path, "r");
    if (file == NULL)
        return error_set_errno(err, ERROR_KIND_NOT_FOUND, "%s", path);
    char *bytes = memory_new(SCENARIO_MAX_BYTES + 1, 1);
    size_t length = fread(bytes, 1, SCENARIO_MAX_BYTES, file);
    bool is_fine = !ferror(file) && length < SCENARIO_MAX_BYTES && strlen(bytes) == length;
    if (!is_fine) {
        free(bytes);
        return error_set(err, ERROR_KIND_INVALID, "%s cannot be read as text", path);
    }
    *ret_bytes = bytes;
    return 0;
}

static void split(struct script *script)
{
    size_t capacity = 0;
    char *next = script->bytes;
    while (*next != '\0') {
        script->lines =
            memory_grow(script->lines, script->line_count, &capacity, sizeof *script->lines);
        script->lines[script->line_count] = next;
        script->line_count++;
        next += strcspn(next, "\n");
        if (*next == '\n') {
            *next = '\0';
            next++;
        }
    }
}

/* A step's trace ends at the first line that is not indented; a file may have empty lines. */
static size_t block_end(const struct script *script, size_t first, bool is_file)
{
    size_t end = first;
    for (size_t i = first; i < script->line_count; i++) {
        if (is_indented(script->lines[i]))
            end = i + 1;
        else if (!is_file || script->lines[i][0] != '\0')
            break;
    }
    return end;
}

static void add_item(struct script *script, size_t line)
{
    const char *text = script->lines[line];
    bool is_file = strncmp(text, FILE_WORD, strlen(FILE_WORD)) == 0;
    script->items = memory_grow(script->items, script->item_count, &script->item_capacity,
                                sizeof *script->items);
    script->items[script->item_count] =
        (struct script_item){.is_file = is_file,
                             .text = is_file ? text + strlen(FILE_WORD) : text,
                             .line = line + 1,
                             .first = line + 1,
                             .end = block_end(script, line + 1, is_file)};
    script->item_count++;
}

int script_read(const char *path, struct script *script, struct error *err)
{
    *script = (struct script){.title = ""};
    if (read_bytes(path, &script->bytes, err) < 0)
        return -1;
    split(script);
    for (size_t i = 0; i < script->line_count; i++) {
        const char *line = script->lines[i];
        if (line[0] == '#' && script->title[0] == '\0')
            script->title = line + 1 + strspn(line + 1, " ");
        if (line[0] == '#' || line[0] == '\0')
            continue;
        if (line[0] == ' ' || line[0] == '\t')
            return error_set(err, ERROR_KIND_INVALID, "%s:%zu: this line belongs to no step", path,
                             i + 1);
        add_item(script, i);
        i = script->items[script->item_count - 1].end - 1;
    }
    return 0;
}

void script_free(struct script *script)
{
    free(script->bytes);
    free(script->lines);
    free(script->items);
}

void script_block(const struct script *script, const struct script_item *item, struct text *text)
{
    for (size_t i = item->first; i < item->end; i++) {
        const char *line = script->lines[i];
        text_append(text, is_indented(line) ? line + strlen(INDENT) : line);
        text_append(text, "\n");
    }
}
