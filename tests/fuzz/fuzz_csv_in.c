/* links datemill_base */
/* CSV: whatever is read, written again in quotes, reads the same. */
#include "scheduler/base/csv_in.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/text.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_record(const char *const *fields, size_t count, struct text *out)
{
    for (size_t i = 0; i < count; i++) {
        text_append(out, i > 0 ? "," : "");
        text_append(out, fields[i] == NULL ? "" : "\"");
        for (const char *at = fields[i]; at != NULL && *at != '\0'; at++) {
            text_append(out, *at == '"' ? "\"" : "");
            text_append_char(out, *at);
        }
        text_append(out, fields[i] == NULL ? "" : "\"");
    }
    text_append_char(out, '\n');
}

static int read_all(const char *bytes, size_t length, struct text *out)
{
    SCOPED_ARENA struct arena arena;
    struct csv_in csv = {bytes, bytes + length};
    const char *const *fields;
    size_t count;
    int result;
    arena_init(&arena, 0);
    while ((result = csv_in_record(&csv, &arena, &fields, &count)) == 1)
        write_record(fields, count, out);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED_TEXT struct text once = {0};
    SCOPED_TEXT struct text twice = {0};
    if (read_all((const char *)data, size, &once) != 0 || once.length == 0)
        return 0;
    assert(read_all(once.data, once.length, &twice) == 0);
    assert(strcmp(text_string(&once), text_string(&twice)) == 0);
    return 0;
}
