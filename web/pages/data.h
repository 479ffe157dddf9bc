/* What the pages of the warehouse share: reading what datemill-data printed, sizes, links. */
#ifndef DATEMILL_WEB_PAGES_DATA_H
#define DATEMILL_WEB_PAGES_DATA_H

#include "scheduler/base/json_in.h"
#include "web/http/url.h"
#include "web/site/data_call.h"

/* The objects of an output with one a line; each is borrowed until the arena of the visit ends. */
struct data_objects {
    const struct json **items;
    size_t count;
};

/* Fails with ERROR_KIND_BUG for what is no JSON. Call data_objects_free() after use. */
int data_objects_read(struct visit *visit, const struct text *output,
                      struct data_objects *ret_objects, struct error *err);
void data_objects_free(struct data_objects *objects);

/* `12,345`; `1.4 MiB`. Belong to the visit's arena. */
const char *data_number(struct visit *visit, int64_t number);
const char *data_bytes(struct visit *visit, int64_t bytes);

/* A time that datemill-data printed, `2021-11-12T02:30:00Z`; 0 for anything else. */
struct instant data_time(const char *text);

/* `/data/T`; with a file `/data/T/rows.csv`. */
void data_url(struct url *url, struct visit *visit, const char *table, const char *file);

/* A head of a table; `number_mask` has the bits of the columns of numbers. */
void data_head(struct html *html, const enum string_key *keys, size_t count, uint32_t number_mask);

#endif
