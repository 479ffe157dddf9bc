#include "nodes/warehouse/table_source.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"

#include <stdlib.h>
#include <string.h>

static void open_source(struct table_source *source, int files_fd,
                        const struct catalog_snapshot *snapshot)
{
    *source = (struct table_source){.snapshot = snapshot, .files_fd = files_fd};
    for (size_t i = 0; i < snapshot->partition_count; i++)
        source->part_count += snapshot->partitions[i].part_count;
    source->parts = memory_new(source->part_count, sizeof *source->parts);
    size_t at = 0;
    for (size_t i = 0; i < snapshot->partition_count; i++) {
        const struct catalog_partition *partition = &snapshot->partitions[i];
        for (size_t k = 0; k < partition->part_count; k++)
            source->parts[at++] =
                (struct table_source_part){.partition = partition, .part = &partition->parts[k]};
    }
}

void table_sources_open(struct table_sources *sources, const struct catalog *catalog,
                        const struct catalog_snapshot *snapshots, size_t count)
{
    *sources =
        (struct table_sources){.items = memory_new(count, sizeof *sources->items), .count = count};
    for (size_t i = 0; i < count; i++)
        open_source(&sources->items[i], catalog->files_fd, &snapshots[i]);
}

void table_sources_add_path(struct table_sources *sources, const char *table, size_t column,
                            const char *path)
{
    for (size_t i = 0; i < sources->count; i++) {
        struct table_source *source = &sources->items[i];
        if (strcmp(source->snapshot->table->name, table) != 0)
            continue;
        source->paths = memory_resize(source->paths, source->path_count + 1, sizeof *source->paths);
        source->paths[source->path_count++] = (struct table_source_path){
            .column = column, .path = json_path_parse(path, strlen(path))};
    }
}

static void close_source(struct table_source *source)
{
    for (size_t i = 0; i < source->path_count; i++)
        json_path_free(source->paths[i].path);
    free(source->paths);
    while (source->indexes != NULL) {
        struct table_source_index *index = source->indexes;
        source->indexes = index->next;
        free(index->is_kept);
        free(index->rows.places);
        free(index->rows.buckets);
        free(index);
    }
    for (size_t i = 0; i < source->part_count; i++)
        part_reader_close(&source->parts[i].reader);
    free(source->parts);
}

void table_sources_close(struct table_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        close_source(&sources->items[i]);
    free(sources->items);
    *sources = (struct table_sources){0};
}

int table_sources_register(struct table_sources *sources, sqlite3 *db)
{
    int code = sqlite3_create_module_v2(db, "warehouse", &table_module, sources, NULL);
    for (size_t i = 0; i < sources->count && code == SQLITE_OK; i++) {
        SCOPED_TEXT struct text sql = {0};
        text_append_format(&sql, "CREATE VIRTUAL TABLE \"%s\" USING warehouse(%zu)",
                           sources->items[i].snapshot->table->name, i);
        code = sqlite3_exec(db, text_string(&sql), NULL, NULL, NULL);
    }
    return code;
}

struct part_reader *table_source_reader(struct table_source *source, size_t part, struct error *err)
{
    struct table_source_part *item = &source->parts[part];
    if (item->reader.map != NULL)
        return &item->reader;
    struct part_reader reader;
    if (part_reader_open(&reader, source->files_fd, item->part->path, err) != 0)
        return NULL;
    item->reader = reader;
    source->opened_count++;
    return &item->reader;
}

uint64_t table_source_hash_int(int64_t value)
{
    return row_index_hash(&value, sizeof value);
}

void table_document_free(struct table_document *document)
{
    json_tape_free(&document->tape);
    json_path_work_free(&document->work);
    document->bytes = NULL;
}

const char *table_source_path_value(const struct table_source *source,
                                    const struct part_reader *reader, size_t number,
                                    struct table_document *document, size_t *ret_length)
{
    const struct table_source_path *path = &source->paths[number];
    if (path->column >= reader->columns || path->path == NULL)
        return NULL;
    const struct part_value *value = &reader->values[path->column];
    if (value->bytes == NULL)
        return NULL;
    if (document->bytes != value->bytes) {
        document->bytes = value->bytes;
        document->is_valid = json_tape_read_document(&document->tape, value->bytes, value->length);
    }
    const char *found;
    if (!document->is_valid ||
        !json_path_walk(path->path, &document->tape, &document->work, &found, ret_length))
        return NULL;
    return found;
}

/* The hash of a column's value in the reader's row; false for NULL. */
static bool hash_value(const struct table_source *source, const struct part_reader *reader,
                       size_t column, struct table_document *document, uint64_t *ret_hash)
{
    const struct table *table = source->snapshot->table;
    size_t visible = table->column_count + table->partition_count;
    if (column >= visible) {
        size_t length;
        const char *found =
            table_source_path_value(source, reader, column - visible, document, &length);
        if (found != NULL)
            *ret_hash = row_index_hash(found, length);
        return found != NULL;
    }
    if (column >= reader->columns || reader->values[column].bytes == NULL)
        return false;
    const struct part_value *value = &reader->values[column];
    if (reader->classes[column] == PART_CLASS_INTEGER)
        *ret_hash = table_source_hash_int(part_value_int(value));
    else
        *ret_hash = row_index_hash(value->bytes, value->length);
    return true;
}

static int index_part(struct table_source *source, size_t part, struct table_source_index *index,
                      struct error *err)
{
    struct part_reader *owner = table_source_reader(source, part, err);
    if (owner == NULL)
        return -1;
    struct part_reader reader;
    struct table_document document = {0};
    part_reader_share(&reader, owner);
    int found;
    while ((found = part_reader_next(&reader, err)) == 1) {
        uint64_t hash;
        if (hash_value(source, &reader, index->column, &document, &hash))
            row_index_add(&index->rows, hash, (uint32_t)part, reader.row);
    }
    table_document_free(&document);
    part_reader_close(&reader);
    return found;
}

struct row_index *table_source_index(struct table_source *source, size_t column,
                                     const bool *is_kept, struct error *err)
{
    struct table_source_index *index = source->indexes;
    for (; index != NULL; index = index->next) {
        if (index->column == column && memcmp(index->is_kept, is_kept, source->part_count) == 0)
            return &index->rows;
    }
    index = memory_new(1, sizeof *index);
    index->column = column;
    index->is_kept = memory_new(source->part_count, sizeof *index->is_kept);
    memcpy(index->is_kept, is_kept, source->part_count);
    index->next = source->indexes;
    source->indexes = index;
    for (size_t i = 0; i < source->part_count; i++) {
        if (is_kept[i] && index_part(source, i, index, err) != 0)
            return NULL;
    }
    row_index_finish(&index->rows);
    return &index->rows;
}
