/* Every bound of the warehouse, with its reason. */
#ifndef DATEMILL_NODES_WAREHOUSE_LIMITS_H
#define DATEMILL_NODES_WAREHOUSE_LIMITS_H

#include <stddef.h>

#define WAREHOUSE_MAX_RECORD_BYTES ((size_t)8 << 20) /* one row; MaxCompute's limit of a string */
#define WAREHOUSE_MAX_COLUMNS 1200                   /* of a table, as MaxCompute */
#define WAREHOUSE_MAX_PARTITION_COLUMNS 6            /* levels, as MaxCompute */
#define WAREHOUSE_MAX_NAME_BYTES 128                 /* of a table or column */
#define WAREHOUSE_MAX_PARTITION_VALUE_BYTES 255      /* of one partition column */
#define WAREHOUSE_MAX_DYNAMIC_PARTITIONS 60000       /* written by one statement */
#define WAREHOUSE_MAX_SQL_BYTES ((size_t)1 << 20)    /* of one file */
#define WAREHOUSE_MAX_STATEMENTS 2000                /* in one file */
#define WAREHOUSE_MAX_SQL_DEPTH 90                   /* brackets in brackets; SQLite stops at 100 */
#define WAREHOUSE_BUSY_TIMEOUT_MS 30000              /* waiting for the catalogue */
#define WAREHOUSE_KEEP_LEFT_US ((int64_t)86400 * 1000000) /* a file stays after it left */

#endif
