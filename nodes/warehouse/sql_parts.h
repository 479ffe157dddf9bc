/* The readers of the parts of a query, which hand over to each other. */
#ifndef DATEMILL_NODES_WAREHOUSE_SQL_PARTS_H
#define DATEMILL_NODES_WAREHOUSE_SQL_PARTS_H

#include "nodes/warehouse/sql_rewriter.h"

/* sql_call.c */
int rewriter_open_call(struct rewriter *rewriter, size_t *at, struct error *err);
int rewriter_close_call(struct rewriter *rewriter, size_t token, struct error *err);
int rewriter_cast_type(struct rewriter *rewriter, size_t *at, struct error *err);
int rewriter_case_word(struct rewriter *rewriter, size_t token, struct error *err);
bool rewriter_is_case_word(struct rewriter *rewriter, size_t token);

/* sql_query.c */
int rewriter_open_query(struct rewriter *rewriter, size_t token, enum rewriter_use use,
                        struct error *err);
int rewriter_query(struct rewriter *rewriter, size_t *at, struct error *err);
int rewriter_end_query(struct rewriter *rewriter, size_t token, struct error *err);
bool rewriter_starts_query(struct rewriter *rewriter, size_t token);
bool rewriter_is_clause_word(struct rewriter *rewriter, size_t token);

/* sql_from.c */
int rewriter_from(struct rewriter *rewriter, size_t *at, struct error *err);
void rewriter_end_relation(struct rewriter *rewriter);

#endif
