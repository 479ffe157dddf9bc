/* The page of a table, /data/{table}: between the files that write it. */
#ifndef DATEMILL_WEB_PAGES_TABLE_PAGE_H
#define DATEMILL_WEB_PAGES_TABLE_PAGE_H

#include "web/pages/data.h"
#include "web/pages/table_ask.h"

enum table_question {
    TABLE_QUESTION_TABLE,
    TABLE_QUESTION_PARTITIONS,
    TABLE_QUESTION_ROWS,
    TABLE_QUESTION_COUNT
};

struct table_page {
    struct visit *visit;
    struct html *html;
    struct table_ask ask;
    struct data_question questions[TABLE_QUESTION_COUNT];
    int64_t partitions_asked;
    const struct json *table;
    struct data_objects partitions; /* the newest first */
};

/* What is filtered, each filter with a link that takes it away; the form that adds one. */
void table_page_filters(struct table_page *page);

/* The rows, what of them is shown, the links to others. */
int table_page_rows(struct table_page *page, struct error *err);

#endif
