#include "web/assets/asset.h"

#include "scheduler/base/scope.h"
#include "web/assets/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

struct builtin {
    const char *name;
    const char *content_type;
    const char *bytes;
    const size_t *length;
};

static const struct builtin builtins[] = {
    {"app.css", "text/css; charset=utf-8", asset_app_css, &asset_app_css_length},
    {"app.js", "text/javascript; charset=utf-8", asset_app_js, &asset_app_js_length},
    {"icon.svg", "image/svg+xml", asset_icon_svg, &asset_icon_svg_length},
};
#define BUILTIN_COUNT (sizeof builtins / sizeof builtins[0])

/* FNV-1a, 64 bits: names a version, guards nothing. */
static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        hash ^= (unsigned char)bytes[i];
        hash *= UINT64_C(1099511628211);
    }
    return hash;
}

#define HASH_BEGIN UINT64_C(14695981039346656037)

static int read_file(const char *path, struct arena *arena, struct asset *asset, struct error *err)
{
    SCOPED_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot read %s", path);
    char *bytes = arena_alloc(arena, ASSET_MAX_BYTES + 1);
    size_t length = 0;
    while (length <= ASSET_MAX_BYTES) {
        ssize_t got = read(fd, bytes + length, ASSET_MAX_BYTES + 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot read %s", path);
        if (got == 0)
            break;
        length += (size_t)got;
    }
    if (length > ASSET_MAX_BYTES)
        return error_set(err, ERROR_KIND_INVALID, "%s is larger than 1 MiB", path);
    asset->bytes = bytes;
    asset->length = length;
    return 0;
}

static const char *make_url(struct arena *arena, const struct asset *asset)
{
    const char *dot = strrchr(asset->name, '.');
    return arena_format(arena, "/a/%.*s-%s%s", (int)(dot - asset->name), asset->name, asset->hash,
                        dot);
}

int asset_set_load(const char *dir, struct asset_set *ret_set, struct error *err)
{
    struct asset_set set = {0};
    uint64_t version = HASH_BEGIN;
    arena_init(&set.arena, 0);
    struct asset *items = arena_array(&set.arena, BUILTIN_COUNT, sizeof *items);
    for (size_t i = 0; i < BUILTIN_COUNT; i++) {
        struct asset *asset = &items[i];
        *asset = (struct asset){.name = builtins[i].name,
                                .content_type = builtins[i].content_type,
                                .bytes = builtins[i].bytes,
                                .length = *builtins[i].length};
        if (dir != NULL && read_file(arena_format(&set.arena, "%s/%s", dir, asset->name),
                                     &set.arena, asset, err) < 0) {
            arena_free(&set.arena);
            return -1;
        }
        uint64_t hash = hash_bytes(HASH_BEGIN, asset->bytes, asset->length);
        version = hash_bytes(version, (const char *)&hash, sizeof hash);
        snprintf(asset->hash, sizeof asset->hash, "%016" PRIx64, hash);
        asset->url = make_url(&set.arena, asset);
    }
    snprintf(set.version, sizeof set.version, "%016" PRIx64, version);
    set.items = items;
    set.count = BUILTIN_COUNT;
    *ret_set = set;
    return 0;
}

void asset_set_free(struct asset_set *set)
{
    arena_free(&set->arena);
}

const struct asset *asset_by_name(const struct asset_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->items[i].name, name) == 0)
            return &set->items[i];
    }
    return NULL;
}

const struct asset *asset_by_url(const struct asset_set *set, const char *path)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->items[i].url, path) == 0)
            return &set->items[i];
    }
    return NULL;
}
