#include "nodes/warehouse/value_store.h"

void value_store(const struct value *value, struct part_writer *part)
{
    unsigned char blob[DECIMAL_BLOB_BYTES];
    struct text tagged = {0};
    switch (value->kind) {
    case VALUE_NULL:
        part_writer_null(part);
        return;
    case VALUE_INT:
        part_writer_int(part, value->integer);
        return;
    case VALUE_REAL:
        part_writer_real(part, value->real);
        return;
    case VALUE_TEXT:
        part_writer_text(part, value->bytes, value->length);
        return;
    case VALUE_DECIMAL:
        part_writer_blob(part, blob, decimal_encode(&value->decimal, blob));
        return;
    case VALUE_BINARY:
        text_append_char(&tagged, TYPE_TAG_BINARY);
        text_append_bytes(&tagged, value->bytes, value->length);
        part_writer_blob(part, tagged.data, tagged.length);
        text_free(&tagged);
        return;
    }
}
