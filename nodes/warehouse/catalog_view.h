/* The catalogue for people (aligned text) and programs (CSV; JSON, one object a line). */
#ifndef DATEMILL_NODES_WAREHOUSE_CATALOG_VIEW_H
#define DATEMILL_NODES_WAREHOUSE_CATALOG_VIEW_H

#include "nodes/warehouse/catalog.h"
#include "nodes/warehouse/result_writer.h"

#include <stdio.h>

/* {"name","comment","lifecycle_days","partitioned","partitions","rows","bytes","modified"} */
int catalog_view_tables(struct catalog *catalog, FILE *out, enum result_format format,
                        struct error *err);

/* One object: the above with "columns":[{"name","type","comment","partition"}] and "ddl". */
int catalog_view_table(struct catalog *catalog, const char *name, FILE *out,
                       enum result_format format, struct error *err);

/* A table as it is now; NOT_FOUND with did-you-mean. */
int catalog_view_find(struct catalog *catalog, const char *name, struct arena *arena,
                      struct catalog_snapshot *ret_snapshot, struct error *err);

/* {"partition","rows","bytes","files","created","modified","run","flow","node","attempt","commit"};
 * times are RFC 3339 in UTC. A table without partitions has one, called "". */
struct catalog_view_choice {
    const char *table;
    int64_t newest; /* > 0: only so many, the last in order first; 0 = all */
};

int catalog_view_partitions(struct catalog *catalog, const struct catalog_view_choice *choice,
                            FILE *out, enum result_format format, struct error *err);

/* One line of SHOW or DESC: as it is, or {"line":…}. */
void catalog_view_line(FILE *out, const char *line, enum result_format format);

#endif
