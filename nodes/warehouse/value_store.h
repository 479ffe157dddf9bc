/* How a value that has its column's type goes into a row of a part file. */
#ifndef DATEMILL_NODES_WAREHOUSE_VALUE_STORE_H
#define DATEMILL_NODES_WAREHOUSE_VALUE_STORE_H

#include "nodes/warehouse/part_file.h"
#include "nodes/warehouse/value.h"

void value_store(const struct value *value, struct part_writer *part);

#endif
