/* The files of web/assets, inside the program. Their URLs hold a hash of their bytes, so that
 * browsers may keep them for ever. */
#ifndef DATEMILL_WEB_ASSETS_ASSET_H
#define DATEMILL_WEB_ASSETS_ASSET_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define ASSET_MAX_BYTES ((size_t)1 << 20)

struct asset {
    const char *name;         /* "app.css" */
    const char *content_type; /* "text/css; charset=utf-8" */
    const char *bytes;
    size_t length;
    char hash[17];   /* hexadecimal */
    const char *url; /* "/a/app-d98bd4df01234567.css" */
};

struct asset_set {
    struct arena arena;
    const struct asset *items;
    size_t count;
    char version[17]; /* a hash over all */
};

/* The built-in ones, or with `dir` those of a folder on disk (for development), which must have the
 * same names. */
int asset_set_load(const char *dir, struct asset_set *ret_set, struct error *err);
void asset_set_free(struct asset_set *set);

const struct asset *asset_by_name(const struct asset_set *set, const char *name); /* NULL = none */
const struct asset *asset_by_url(const struct asset_set *set, const char *path);  /* NULL = none */

#endif
