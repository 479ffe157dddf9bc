#include "scheduler/base/memory.h"
#include "scheduler/base/zone_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* TZif, RFC 8536: a header and a block with times of 4 bytes; from version 2 on a second header and
 * block with times of 8 bytes, and a footer with the rule for the time after. */

#define HEADER_BYTES 44
#define TYPE_BYTES 6
#define MAX_TYPES 256

struct header {
    char version;
    size_t utc_count; /* indicators of how a transition was specified */
    size_t standard_count;
    size_t leap_count;
    size_t time_count;
    size_t type_count;
    size_t char_count; /* bytes of abbreviations */
};

/* The bytes not yet read. */
struct reader {
    const unsigned char *at;
    size_t left;
    const char *name;
    struct error *err;
};

static int malformed(const struct reader *reader, const char *what)
{
    return error_set(reader->err, ERROR_KIND_INVALID, "the data of zone %s is malformed: %s",
                     reader->name, what);
}

static uint32_t read_u32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t read_time(const unsigned char *bytes, size_t size)
{
    if (size == 4)
        return (int32_t)read_u32(bytes);
    return (int64_t)((uint64_t)read_u32(bytes) << 32 | read_u32(bytes + 4));
}

static int read_header(struct reader *reader, struct header *ret_header)
{
    if (reader->left < HEADER_BYTES || memcmp(reader->at, "TZif", 4) != 0)
        return malformed(reader, "it does not begin as TZif");
    const unsigned char *counts = reader->at + 20;
    struct header header = {.version = (char)reader->at[4],
                            .utc_count = read_u32(counts),
                            .standard_count = read_u32(counts + 4),
                            .leap_count = read_u32(counts + 8),
                            .time_count = read_u32(counts + 12),
                            .type_count = read_u32(counts + 16),
                            .char_count = read_u32(counts + 20)};
    if (header.version != '\0' && (header.version < '2' || header.version > '4'))
        return malformed(reader, "its version is unknown");
    if (header.utc_count > MAX_TYPES || header.standard_count > MAX_TYPES ||
        header.type_count > MAX_TYPES || header.leap_count > ZONE_MAX_BYTES ||
        header.time_count > ZONE_MAX_BYTES || header.char_count > ZONE_MAX_BYTES)
        return malformed(reader, "a count is too large");
    reader->at += HEADER_BYTES;
    reader->left -= HEADER_BYTES;
    *ret_header = header;
    return 0;
}

/* Bytes of the block that follows the header; no overflow, the counts are small. */
static size_t block_bytes(const struct header *header, size_t time_size)
{
    return header->time_count * (time_size + 1) + header->type_count * TYPE_BYTES +
           header->char_count + header->leap_count * (time_size + 4) + header->standard_count +
           header->utc_count;
}

static int check_counts(const struct reader *reader, const struct header *header)
{
    if (header->type_count == 0 || header->char_count == 0)
        return malformed(reader, "it has no types");
    if ((header->utc_count != 0 && header->utc_count != header->type_count) ||
        (header->standard_count != 0 && header->standard_count != header->type_count))
        return malformed(reader, "the number of indicators is wrong");
    if (header->leap_count != 0)
        return malformed(reader, "it counts leap seconds");
    return 0;
}

static int check_abbreviation(const struct reader *reader, const unsigned char *chars,
                              size_t char_count, size_t index)
{
    if (index >= char_count || memchr(chars + index, 0, char_count - index) == NULL)
        return malformed(reader, "an abbreviation is outside");
    return 0;
}

static int check_types(const struct reader *reader, const struct header *header,
                       const unsigned char *types)
{
    const unsigned char *chars = types + header->type_count * TYPE_BYTES;
    for (size_t i = 0; i < header->type_count; i++) {
        const unsigned char *type = types + i * TYPE_BYTES;
        int64_t offset = (int32_t)read_u32(type);
        if (offset < ZONE_MIN_OFFSET || offset > ZONE_MAX_OFFSET)
            return malformed(reader, "an offset is too large");
        if (type[4] > 1)
            return malformed(reader, "a flag is neither 0 nor 1");
        if (check_abbreviation(reader, chars, header->char_count, type[5]) != 0)
            return -1;
    }
    const unsigned char *indicators = chars + header->char_count;
    for (size_t i = 0; i < header->standard_count + header->utc_count; i++) {
        if (indicators[i] > 1)
            return malformed(reader, "an indicator is neither 0 nor 1");
    }
    return 0;
}

static int32_t offset_of(const unsigned char *types, size_t index)
{
    return (int32_t)read_u32(types + index * TYPE_BYTES);
}

/* Reads the block that holds the zone. */
static int read_block(struct reader *reader, const struct header *header, size_t time_size,
                      struct zone *zone)
{
    size_t bytes = block_bytes(header, time_size);
    if (check_counts(reader, header) != 0)
        return -1;
    if (bytes > reader->left)
        return malformed(reader, "it ends too early");
    const unsigned char *indexes = reader->at + header->time_count * time_size;
    const unsigned char *types = indexes + header->time_count;
    if (check_types(reader, header, types) != 0)
        return -1;
    zone->count = header->time_count;
    zone->times = memory_new(zone->count, sizeof *zone->times);
    zone->offsets = memory_new(zone->count, sizeof *zone->offsets);
    zone->first_offset = offset_of(types, 0);
    for (size_t i = 0; i < zone->count; i++) {
        zone->times[i] = read_time(reader->at + i * time_size, time_size);
        if (i > 0 && zone->times[i] <= zone->times[i - 1])
            return malformed(reader, "the transitions are not in order");
        if (indexes[i] >= header->type_count)
            return malformed(reader, "a transition has no type");
        zone->offsets[i] = offset_of(types, indexes[i]);
    }
    reader->at += bytes;
    reader->left -= bytes;
    return 0;
}

/* A newline, the rule or nothing, a newline, the end. */
static int read_footer(struct reader *reader, char version, struct zone *zone)
{
    const char *text = (const char *)reader->at;
    if (reader->left < 2 || text[0] != '\n' || text[reader->left - 1] != '\n')
        return malformed(reader, "the footer is missing");
    zone->has_rule = reader->left > 2;
    if (!zone->has_rule)
        return 0;
    if (zone_rule_parse(text + 1, reader->left - 2, version >= '3', &zone->rule, reader->err) != 0)
        return error_prefix(reader->err, "zone %s", reader->name);
    return 0;
}

static int read_zone(struct reader *reader, struct zone *zone)
{
    struct header header;
    if (read_header(reader, &header) != 0)
        return -1;
    if (header.version == '\0') {
        if (read_block(reader, &header, 4, zone) != 0)
            return -1;
        return reader->left == 0 ? 0 : malformed(reader, "bytes follow its end");
    }
    size_t skipped = block_bytes(&header, 4);
    if (skipped > reader->left)
        return malformed(reader, "it ends too early");
    reader->at += skipped;
    reader->left -= skipped;
    char version = header.version;
    if (read_header(reader, &header) != 0)
        return -1;
    if (header.version != version)
        return malformed(reader, "its two versions differ");
    if (read_block(reader, &header, 8, zone) != 0)
        return -1;
    return read_footer(reader, version, zone);
}

int zone_parse(const char *name, const void *bytes, size_t length, struct zone **ret_zone,
               struct error *err)
{
    struct reader reader = {.at = bytes, .left = length, .name = name, .err = err};
    if (length > ZONE_MAX_BYTES)
        return malformed(&reader, "it is too large");
    struct zone *zone = memory_new(1, sizeof *zone);
    snprintf(zone->name, sizeof zone->name, "%s", name);
    if (read_zone(&reader, zone) != 0) {
        zone_free(zone);
        return -1;
    }
    *ret_zone = zone;
    return 0;
}
