#include "nodes/warehouse/partition_writers.h"

#include "nodes/warehouse/failure.h"
#include "nodes/warehouse/row_index.h"
#include "scheduler/base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANY_WRITERS 64 /* from here on they keep no descriptor open */
#define MAX_NAME_TRIES 1000

int partition_writers_open(struct partition_writers *writers, struct catalog *catalog,
                           const struct catalog_writer *writer, const struct table *table,
                           struct error *err)
{
    *writers = (struct partition_writers){
        .catalog = catalog, .writer = writer, .table = table, .folder_fd = -1};
    arena_init(&writers->arena, 0);
    writers->classes = table_part_classes(table, &writers->arena);
    if (catalog_open_folder(catalog, table, &writers->folder_fd, err) != 0) {
        partition_writers_close(writers);
        return -1;
    }
    return 0;
}

static size_t bucket_of(const struct partition_writers *writers, const char *spec)
{
    return row_index_hash(spec, strlen(spec)) & (writers->bucket_count - 1);
}

static struct partition_writer *find(const struct partition_writers *writers, const char *spec)
{
    if (writers->bucket_count == 0)
        return NULL;
    size_t at = writers->buckets[bucket_of(writers, spec)];
    while (at != 0 && strcmp(writers->items[at - 1]->spec, spec) != 0)
        at = writers->items[at - 1]->next;
    return at == 0 ? NULL : writers->items[at - 1];
}

static void enlarge_buckets(struct partition_writers *writers)
{
    if (writers->count < writers->bucket_count)
        return;
    free(writers->buckets);
    writers->bucket_count = writers->bucket_count == 0 ? 64 : writers->bucket_count * 4;
    writers->buckets = memory_new(writers->bucket_count, sizeof *writers->buckets);
    for (size_t i = 0; i < writers->count; i++) {
        size_t *bucket = &writers->buckets[bucket_of(writers, writers->items[i]->spec)];
        writers->items[i]->next = *bucket;
        *bucket = i + 1;
    }
}

/* Files are called after their attempt; a name that is there already is somebody's leftover. */
static int create_file(struct partition_writers *writers, struct partition_writer *item,
                       struct error *err)
{
    const struct catalog_writer *writer = writers->writer;
    for (int i = 0; i < MAX_NAME_TRIES; i++) {
        char *name = arena_format(&writers->arena, "r%lld.%s.a%lld.%u.part", (long long)writer->run,
                                  writer->node, (long long)writer->attempt_id, ++writers->sequence);
        if (part_writer_open(&item->part, writers->folder_fd, name, writers->classes,
                             writers->table->column_count) == 0) {
            item->path = arena_format(&writers->arena, "%s/%s", writers->table->name, name);
            return 0;
        }
        if (errno != EEXIST)
            return failure_set_errno(err, "cannot create %s", name);
    }
    return error_set(err, ERROR_KIND_FAILED, "no free name for a file of table %s",
                     writers->table->name);
}

static int make_lazy(struct partition_writers *writers, struct error *err)
{
    if (writers->count != MANY_WRITERS)
        return 0;
    for (size_t i = 0; i < writers->count; i++) {
        struct part_writer *part = &writers->items[i]->part;
        part->is_lazy = true;
        if (part_writer_flush(part, err) != 0)
            return -1;
    }
    return 0;
}

int partition_writers_get(struct partition_writers *writers, const char *spec,
                          struct part_writer **ret_part, struct error *err)
{
    struct partition_writer *item = find(writers, spec);
    if (item != NULL) {
        *ret_part = &item->part;
        return 0;
    }
    if (writers->count == WAREHOUSE_MAX_DYNAMIC_PARTITIONS)
        return error_set(err, ERROR_KIND_INVALID, "a statement writes at most %d partitions",
                         WAREHOUSE_MAX_DYNAMIC_PARTITIONS);
    item = arena_alloc(&writers->arena, sizeof *item);
    item->spec = arena_copy_string(&writers->arena, spec);
    if (create_file(writers, item, err) != 0)
        return -1;
    item->part.is_lazy = writers->count >= MANY_WRITERS;
    if (item->part.is_lazy && part_writer_flush(&item->part, err) != 0) {
        part_writer_close(&item->part, false);
        return -1;
    }
    writers->items =
        memory_grow(writers->items, writers->count, &writers->capacity, sizeof *writers->items);
    writers->items[writers->count++] = item;
    enlarge_buckets(writers);
    size_t *bucket = &writers->buckets[bucket_of(writers, spec)];
    if (find(writers, spec) == NULL) {
        item->next = *bucket;
        *bucket = writers->count;
    }
    *ret_part = &item->part;
    return make_lazy(writers, err);
}

int partition_writers_commit(struct partition_writers *writers, enum catalog_change_kind kind,
                             struct error *err)
{
    struct catalog_change *changes = arena_array(&writers->arena, writers->count, sizeof *changes);
    for (size_t i = 0; i < writers->count; i++) {
        struct partition_writer *item = writers->items[i];
        if (part_writer_finish(&item->part, err) != 0)
            return -1;
        struct catalog_part *part = arena_alloc(&writers->arena, sizeof *part);
        *part = (struct catalog_part){.path = item->path,
                                      .rows = (int64_t)item->part.rows,
                                      .bytes = (int64_t)item->part.bytes};
        changes[i] = (struct catalog_change){.table_id = writers->table->id,
                                             .spec = item->spec,
                                             .kind = kind,
                                             .parts = part,
                                             .part_count = item->part.rows > 0 ? 1 : 0};
    }
    if (fsync(writers->folder_fd) != 0)
        return failure_set_errno(err, "cannot fsync the folder of table %s", writers->table->name);
    int result = catalog_switch(writers->catalog, writers->writer, changes, writers->count, err);
    if (result != 0 && !writers->catalog->is_in_doubt)
        return -1;
    for (size_t i = 0; i < writers->count; i++)
        part_writer_close(&writers->items[i]->part, writers->items[i]->part.rows > 0);
    writers->count = 0;
    return result;
}

void partition_writers_close(struct partition_writers *writers)
{
    for (size_t i = 0; i < writers->count; i++)
        part_writer_close(&writers->items[i]->part, false);
    if (writers->folder_fd >= 0)
        close(writers->folder_fd);
    free(writers->items);
    free(writers->buckets);
    arena_free(&writers->arena);
    *writers = (struct partition_writers){.folder_fd = -1};
}
