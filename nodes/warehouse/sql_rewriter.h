/* The inside of sql_rewrite(): what its files share. */
#ifndef DATEMILL_NODES_WAREHOUSE_SQL_REWRITER_H
#define DATEMILL_NODES_WAREHOUSE_SQL_REWRITER_H

#include "nodes/warehouse/function.h"
#include "nodes/warehouse/limits.h"
#include "nodes/warehouse/sql_rewrite.h"

/* Text put before or behind a token. */
struct rewriter_piece {
    const char *text;
    struct rewriter_piece *next;
};

struct rewriter_edit {
    struct rewriter_piece *before; /* the outermost first */
    struct rewriter_piece *after;  /* the innermost first */
    struct rewriter_piece *after_last;
    const char *text; /* in place of the token; NULL = as it is */
};

/* A value on the stack: tokens [first, last] and what they are. */
struct rewriter_operand {
    size_t first;
    size_t last;
    enum type_kind type;
    bool is_star;
    bool is_call;     /* may be followed by OVER */
    const char *name; /* a plain column's name in small letters, else NULL */
};

enum rewriter_operator_kind {
    OPERATOR_OR,
    OPERATOR_AND,
    OPERATOR_NOT,
    OPERATOR_COMPARE, /* = <> < > <= >= */
    OPERATOR_SAME,    /* <=> IS */
    OPERATOR_LIKE,    /* LIKE RLIKE REGEXP */
    OPERATOR_BETWEEN,
    OPERATOR_BITS,
    OPERATOR_ADD,      /* + - */
    OPERATOR_MULTIPLY, /* * % */
    OPERATOR_DIVIDE,
    OPERATOR_DIV, /* whole division */
    OPERATOR_CONCAT,
    OPERATOR_UNARY, /* - + ~ */
    OPERATOR_EXISTS
};

struct rewriter_operator {
    enum rewriter_operator_kind kind;
    size_t token;
    size_t and_token; /* BETWEEN: its AND, 0 while it waits for it */
    size_t not_token; /* NOT before LIKE, BETWEEN; 0 = none */
};

enum rewriter_frame_kind {
    FRAME_QUERY, /* a SELECT and what hangs on it, up to the bracket that closes it */
    FRAME_FROM,  /* a join in brackets */
    FRAME_GROUP, /* an expression in brackets */
    FRAME_ROW,   /* one row of VALUES */
    FRAME_CALL,
    FRAME_CAST,
    FRAME_CASE,
    FRAME_IN,
    FRAME_OVER
};

enum rewriter_clause {
    CLAUSE_START, /* SELECT, WITH or VALUES is next */
    CLAUSE_WITH,
    CLAUSE_SELECT,
    CLAUSE_FROM,
    CLAUSE_ON,
    CLAUSE_EXPRESSIONS, /* WHERE, GROUP BY, HAVING, ORDER BY, LIMIT */
    CLAUSE_VALUES,
    CLAUSE_AFTER /* a whole query has ended: UNION, ORDER BY … or the end */
};

/* What a query is needed for. */
enum rewriter_use {
    USE_TOP,
    USE_SCALAR,
    USE_IN,
    USE_EXISTS,
    USE_FROM,
    USE_WITH,
    USE_SET /* one side of UNION in brackets */
};

struct rewriter_frame {
    enum rewriter_frame_kind kind;
    size_t first; /* its first token: the bracket, CASE, or the name of the function */
    size_t operand_base;
    size_t operator_base;
    const struct function *function; /* CALL */
    size_t not_token;                /* IN */
    bool has_base;                   /* CASE x WHEN */
    bool has_else;
    bool is_distinct; /* CALL: DISTINCT before its arguments */
    size_t distinct_token;
    enum rewriter_clause clause; /* QUERY, FROM */
    enum rewriter_use use;
    bool wants_relation;  /* FROM: a table comes next */
    const char *relation; /* WITH: the name being defined; FROM: how the relation is called */
    const struct table *relation_table;   /* FROM: the table just named */
    struct rewriter_item *relation_items; /* FROM: of the subquery just closed */
    size_t relation_item_count;
    bool has_relation;           /* FROM: one was named and waits for its alias */
    struct rewriter_item *items; /* QUERY: what the first SELECT gives */
    size_t item_count;
    size_t item_capacity;
    size_t item_at; /* position in the present SELECT */
};

struct rewriter_name {
    const char *key; /* `name`, `relation.name` or `relation.*`, in small letters */
    enum type_kind type;
    const struct table *table; /* a column of this table and nothing else; NULL = it is not */
    size_t column;
    bool is_mixed; /* it is several things */
    struct rewriter_name *next;
};

#define REWRITER_BUCKETS 512
#define REWRITER_MAX_PASSES 24

struct rewriter {
    const struct sql_source *source;
    const struct sql_tables *tables;
    struct arena *arena;
    size_t first;
    size_t last;
    bool is_final;    /* edits are made */
    bool is_settling; /* what is still unknown stays so */
    bool is_untyped;  /* passes did not settle: nothing is known */
    bool has_changed;
    bool wants_operand;
    struct rewriter_edit *edits; /* one for each token from `first` */
    struct rewriter_name *names[REWRITER_BUCKETS];
    size_t name_count;
    struct rewriter_operand *operands;
    size_t operand_count;
    size_t operand_capacity;
    struct rewriter_operator *operators;
    size_t operator_count;
    size_t operator_capacity;
    struct rewriter_frame frames[WAREHOUSE_MAX_SQL_DEPTH];
    size_t frame_count;
    struct sql_path *paths;
    size_t path_count;
    size_t path_capacity;
    const struct table **used;
    size_t used_count;
    size_t used_capacity;
    struct rewriter_item *result; /* items of the outermost query */
    size_t result_count;
};

static inline struct rewriter_frame *rewriter_top(struct rewriter *rewriter)
{
    return &rewriter->frames[rewriter->frame_count - 1];
}

/* sql_operator.c */
void rewriter_push_operator(struct rewriter *rewriter, struct rewriter_operator op);
/* Applies all operators of the frame; `token` ends the expression. */
int rewriter_flush(struct rewriter *rewriter, size_t token, struct error *err);
/* Applies the operators that bind at least as tightly as `kind`, then pushes nothing. */
void rewriter_reduce_to(struct rewriter *rewriter, enum rewriter_operator_kind kind);
void rewriter_in_list(struct rewriter *rewriter, const struct rewriter_frame *frame, size_t close);
/* Makes values of several kinds alike and says what they are. */
enum type_kind rewriter_converge(struct rewriter *rewriter, struct rewriter_operand *operands,
                                 size_t count);

/* sql_expression.c */
void rewriter_push_operand(struct rewriter *rewriter, struct rewriter_operand operand);
struct rewriter_operand *rewriter_operand(struct rewriter *rewriter); /* the newest; NULL if none */
int rewriter_push_frame(struct rewriter *rewriter, enum rewriter_frame_kind kind, size_t token,
                        struct error *err);
int rewriter_unexpected(struct rewriter *rewriter, size_t token, const char *expected,
                        struct error *err);
/* Reads one or more tokens of an expression at `*at` and moves it behind them. */
int rewriter_expression(struct rewriter *rewriter, size_t *at, struct error *err);

#endif
