/* scenarios [--update] FILE.scn…: plays each story and compares the trace; TAP. */
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "tests/scenarios/scenario.h"

#include <stdio.h>
#include <string.h>

struct played {
    const char *path;
    size_t wrong;       /* steps whose trace differs */
    struct text report; /* for people */
    struct text after;  /* the file as it would be with the true traces */
};

struct lines {
    char *bytes;
    char **all;
    size_t count;
};

static struct lines lines_of(const char *text)
{
    struct lines lines = {.bytes = memory_copy_string(text)};
    size_t capacity = 0;
    char *rest = lines.bytes;
    while (*rest != '\0') {
        char *end = strchr(rest, '\n');
        lines.all = memory_grow(lines.all, lines.count, &capacity, sizeof *lines.all);
        lines.all[lines.count] = rest;
        lines.count++;
        *end = '\0';
        rest = end + 1;
    }
    return lines;
}

static void free_lines(struct lines *lines)
{
    free(lines->bytes);
    free(lines->all);
}

/* common[i][j]: the longest common part of expected from i and got from j. */
static size_t *common_lengths(const struct lines *expected, const struct lines *got)
{
    size_t width = got->count + 1;
    size_t *common = memory_new((expected->count + 1) * width, sizeof *common);
    for (size_t i = expected->count; i-- > 0;) {
        for (size_t j = got->count; j-- > 0;) {
            size_t down = common[(i + 1) * width + j];
            size_t right = common[i * width + j + 1];
            common[i * width + j] = down > right ? down : right;
            if (strcmp(expected->all[i], got->all[j]) == 0)
                common[i * width + j] = common[(i + 1) * width + j + 1] + 1;
        }
    }
    return common;
}

/* Lines of the file with their numbers; `-` is expected and missing, `+` came instead. */
static void report_difference(struct played *played, const struct script_item *item,
                              const char *expected_text, const char *got_text)
{
    struct lines expected = lines_of(expected_text);
    struct lines got = lines_of(got_text);
    SCOPED_FREE size_t *common = common_lengths(&expected, &got);
    size_t width = got.count + 1;
    text_append_format(&played->report, "# %s:%zu: %s\n", played->path, item->line, item->text);
    size_t i = 0;
    size_t j = 0;
    while (i < expected.count || j < got.count) {
        bool is_same =
            i < expected.count && j < got.count && strcmp(expected.all[i], got.all[j]) == 0;
        bool is_missing = i < expected.count && (j == got.count || common[(i + 1) * width + j] >=
                                                                       common[i * width + j + 1]);
        if (is_same || is_missing)
            text_append_format(&played->report, "# %5zu %c %s\n", item->first + i + 1,
                               is_same ? ' ' : '-', expected.all[i]);
        else
            text_append_format(&played->report, "#       + %s\n", got.all[j]);
        j += is_same || !is_missing;
        i += is_same || is_missing;
    }
    free_lines(&expected);
    free_lines(&got);
}

static void write_lines(struct text *text, const struct script *script, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        text_append_format(text, "%s\n", script->lines[i]);
}

static void write_trace(struct text *text, const char *trace)
{
    struct lines lines = lines_of(trace);
    for (size_t i = 0; i < lines.count; i++)
        text_append_format(text, "    %s\n", lines.all[i]);
    free_lines(&lines);
}

static int play_item(struct story *story, struct played *played, const struct script_item *item)
{
    SCOPED_TEXT struct text block = {0};
    struct error err = {0};
    script_block(story->script, item, &block);
    if (item->is_file) {
        write_lines(&played->after, story->script, item->first, item->end);
        story_add_file(story, item->text, text_take(&block));
        return 0;
    }
    if (story_step(story, item->text, &err) < 0) {
        text_append_format(&played->report, "# %s:%zu: %s\n#       cannot be: %s\n", played->path,
                           item->line, item->text, err.text);
        return -1;
    }
    write_trace(&played->after, text_string(&story->trace));
    if (strcmp(text_string(&block), text_string(&story->trace)) != 0) {
        report_difference(played, item, text_string(&block), text_string(&story->trace));
        played->wrong++;
    }
    return 0;
}

/* Every step is played, also after one that differs. */
static int play(const struct script *script, struct played *played)
{
    struct story story;
    story_init(&story, script);
    size_t line = 0;
    int result = script->item_count > 0 ? 0 : -1;
    for (size_t i = 0; i < script->item_count && result == 0; i++) {
        const struct script_item *item = &script->items[i];
        write_lines(&played->after, script, line, item->first);
        result = play_item(&story, played, item);
        line = item->end;
    }
    write_lines(&played->after, script, line, script->line_count);
    story_free(&story);
    return result;
}

static int rewrite(const struct played *played, struct error *err)
{
    SCOPED_FILE FILE *file = fopen(played->path, "w");
    if (file == NULL || fputs(text_string(&played->after), file) < 0)
        return error_set_errno(err, ERROR_KIND_FAILED, "%s", played->path);
    return 0;
}

/* Whether the story is as the file tells it. */
static bool play_file(const char *path, bool must_update, struct text *title)
{
    struct script script;
    struct played played = {.path = path};
    struct error err = {0};
    int result = script_read(path, &script, &err);
    if (result == 0) {
        text_append(title, script.title);
        result = play(&script, &played);
    }
    if (result == 0 && must_update && played.wrong > 0) {
        result = rewrite(&played, &err);
        text_append_format(title, " (%zu steps rewritten)", played.wrong);
        played.wrong = 0;
        text_clear(&played.report);
    }
    if (err.text[0] != '\0')
        text_append_format(&played.report, "# %s\n", err.text);
    fputs(text_string(&played.report), stdout);
    text_free(&played.report);
    text_free(&played.after);
    script_free(&script);
    return result == 0 && played.wrong == 0;
}

int main(int argc, char **argv)
{
    bool must_update = argc > 1 && strcmp(argv[1], "--update") == 0;
    int first = must_update ? 2 : 1;
    int failed = 0;
    if (argc <= first) {
        fputs("usage: scenarios [--update] FILE.scn…\n", stderr);
        return 2;
    }
    for (int i = first; i < argc; i++) {
        SCOPED_TEXT struct text title = {0};
        bool is_fine = play_file(argv[i], must_update, &title);
        const char *slash = strrchr(argv[i], '/');
        printf("%s %d - %s: %s\n", is_fine ? "ok" : "not ok", i - first + 1,
               slash == NULL ? argv[i] : slash + 1, text_string(&title));
        fflush(stdout);
        failed += !is_fine;
    }
    printf("1..%d\n", argc - first);
    return failed == 0 ? 0 : 1;
}
