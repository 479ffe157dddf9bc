/* The bytes of a part file, shared by its writer and its reader (part_file.h describes them). */
#ifndef DATEMILL_NODES_WAREHOUSE_PART_FORMAT_H
#define DATEMILL_NODES_WAREHOUSE_PART_FORMAT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PART_MAGIC "DMPART1\n"
#define PART_BLOCK_MAGIC 0x4b4c4244u /* "DBLK" */
#define PART_END_MAGIC 0x444e4544u   /* "DEND" */

struct part_file_header {
    char magic[8];
    uint32_t columns;
    uint32_t checksum; /* of the class bytes, its lower half */
};

struct part_block_header {
    uint32_t magic;
    uint32_t rows;
    uint32_t bytes; /* of the payload, without padding */
    uint32_t zero;
    uint64_t checksum;
};

struct part_end {
    uint32_t magic;
    uint32_t zero;
    uint64_t rows;
    uint64_t checksum;
};

/* Bytes that bring a length to a multiple of 8. */
static inline size_t part_padding(size_t length)
{
    return (8 - length % 8) % 8;
}

/* Four lanes of multiply and turn: finds torn and flipped bytes at the speed of memory; it is no
 * protection against somebody who wants to deceive. */
uint64_t part_checksum(const void *bytes, size_t length);

#endif
