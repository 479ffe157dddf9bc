/* What a rewriter knows of names, and the edits it makes. */
#ifndef DATEMILL_NODES_WAREHOUSE_SQL_EDIT_H
#define DATEMILL_NODES_WAREHOUSE_SQL_EDIT_H

#include "nodes/warehouse/sql_rewriter.h"

/* sql_names.c: what names stand for. Keys are in small letters. */
void rewriter_learn(struct rewriter *rewriter, const char *relation, const char *name,
                    enum type_kind type);
/* … and that the name is a column of a table. */
void rewriter_learn_column(struct rewriter *rewriter, const char *relation,
                           const struct table *table, size_t column);
/* The name that is a table's own column, NULL if it is not, or may be something else. */
const struct rewriter_name *rewriter_find_column(struct rewriter *rewriter, const char *relation,
                                                 const char *name);
enum type_kind rewriter_look_up(struct rewriter *rewriter, const char *relation, const char *name);
void rewriter_learn_opaque(struct rewriter *rewriter, const char *relation);
/* The relation under which all columns that a query reads from are learnt. */
const char *rewriter_scope(struct rewriter *rewriter, const struct rewriter_frame *query);
void rewriter_learn_with(struct rewriter *rewriter, const char *name); /* WITH name AS … */
bool rewriter_is_with(struct rewriter *rewriter, const char *name);
const char *rewriter_small_name(struct rewriter *rewriter, size_t token);
const char *rewriter_small(struct rewriter *rewriter, const char *written);

/* sql_edit.c: nothing happens before the last pass. */
void rewriter_before(struct rewriter *rewriter, size_t token, const char *text);
void rewriter_after(struct rewriter *rewriter, size_t token, const char *text);
void rewriter_replace(struct rewriter *rewriter, size_t token, const char *text);
void rewriter_wrap(struct rewriter *rewriter, const struct rewriter_operand *operand,
                   const char *function);
void rewriter_name_token(struct rewriter *rewriter, size_t token); /* quotes what SQLite reserves */
void rewriter_string_token(struct rewriter *rewriter, size_t token, const char *value);
void rewriter_emit(struct rewriter *rewriter, struct sql_rewritten *rewritten);

#endif
