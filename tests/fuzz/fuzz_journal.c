/* links datemill_keeper_lib: the keeper's journal, whatever its file holds. Each record that is
 * taken must come back the same when it is written. */
#include "scheduler/base/scope.h"
#include "scheduler/keeper/journal.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *owner, const struct journal_record *record)
{
    journal_encode(record, owner);
}

/* No fuzzer guesses a checksum: the bytes are also tried as what stands behind one. */
static void check_payload(const char *bytes, size_t length)
{
    SCOPED_TEXT struct text again = {0};
    struct journal_record record;
    if (length > JOURNAL_MAX_RECORD_BYTES || journal_decode(bytes, length, &record) < 0)
        return;
    journal_encode(&record, &again);
    assert(again.length == length + JOURNAL_HEAD_BYTES);
    assert(memcmp(again.data + JOURNAL_HEAD_BYTES, bytes, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED_TEXT struct text again = {0};
    size_t whole = journal_parse((const char *)data, size, take, &again);
    assert(whole <= size && again.length == whole);
    assert(whole == 0 || memcmp(again.data, data, whole) == 0);
    check_payload((const char *)data, size);
    return 0;
}
