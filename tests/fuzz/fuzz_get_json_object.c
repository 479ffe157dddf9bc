/* links datemill_warehouse */
/* A path and a document: whatever they are, a result lies in the document or is valid JSON made of
 * it, and reading the same bytes cut short never says that they are whole. */
#include "nodes/warehouse/json_path.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct json_path *path, const char *document, size_t length)
{
    struct json_tape tape = {0};
    struct json_path_work work = {0};
    const char *found;
    size_t found_length;
    if (json_tape_read_document(&tape, document, length)) {
        assert(tape.count > 0 && tape.items[0].next == tape.count);
        if (path != NULL && json_path_walk(path, &tape, &work, &found, &found_length))
            assert(found_length <= length + 2 || found == text_string(&work.out));
        struct text compact = {0};
        struct json_tape again = {0};
        json_tape_compact(document, length, &compact);
        assert(compact.length <= length);
        assert(json_tape_read_document(&again, text_string(&compact), compact.length));
        assert(again.count == tape.count);
        json_tape_free(&again);
        text_free(&compact);
    }
    json_path_work_free(&work);
    json_tape_free(&tape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = memchr(data, '\n', size);
    if (line == NULL)
        return 0;
    size_t path_length = (size_t)(line - data);
    size_t length = size - path_length - 1;
    struct json_path *path = json_path_parse((const char *)data, path_length);
    char *document = malloc(length + 1); /* its own memory: reading past the end is seen */
    memcpy(document, line + 1, length);
    walk(path, document, length);
    free(document);
    json_path_free(path);
    return 0;
}
