/* /runs/N/diff: what has changed in a run's definition since. */
#include "scheduler/base/scope.h"
#include "scheduler/base/text_diff.h"
#include "scheduler/store/view_run.h"
#include "web/pages/pages.h"
#include "web/pages/source_part.h"
#include "web/site/page.h"

#include <inttypes.h>
#include <string.h>

/* A file in both, or in one of them (hash NULL, bytes ""). */
struct diff_file {
    const char *path;
    const char *old_hash;
    const struct flow_file *now; /* NULL = it is gone */
};

static const struct flow_file *find_file(const struct flow_file *files, size_t count,
                                         const char *path)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    }
    return NULL;
}

static int write_file(struct visit *visit, struct store *store, const struct diff_file *file,
                      struct error *err)
{
    struct html *html = &visit->html;
    struct flow_file old = {.bytes = ""};
    SCOPED_TEXT struct text diff = {0};
    if (file->old_hash != NULL && view_text(store, file->old_hash, visit->arena, &old, err) < 0)
        return -1;
    text_diff_unified(old.bytes, file->now != NULL ? file->now->bytes : "", &diff);
    html_open(html, "h2");
    html_element(html, "code", NULL, file->path);
    html_close(html, "h2");
    source_part_write_diff(visit, file->path, text_string(&diff));
    return 0;
}

/* How many files differ; each is written. */
static int write_files(struct visit *visit, struct store *store, const struct view_files *files,
                       const struct flow *flow, struct error *err)
{
    int count = 0;
    for (size_t i = 0; i < files->count; i++) {
        struct diff_file file = {
            .path = files->items[i].path,
            .old_hash = files->items[i].hash,
            .now = find_file(flow->files, flow->file_count, files->items[i].path)};
        bool is_same = file.now != NULL && strcmp(file.now->hash, file.old_hash) == 0;
        if (!is_same && write_file(visit, store, &file, err) < 0)
            return -1;
        count += !is_same;
    }
    for (size_t i = 0; i < flow->file_count; i++) {
        struct diff_file file = {.path = flow->files[i].path, .now = &flow->files[i]};
        bool is_new = find_file(files->items, files->count, file.path) == NULL;
        if (is_new && write_file(visit, store, &file, err) < 0)
            return -1;
        count += is_new;
    }
    return count;
}

static int answer_diff(struct visit *visit, struct error *err)
{
    int64_t id;
    struct store *store;
    struct view_run run;
    struct view_files files;
    const struct flow *flow;
    if (visit_part_id(visit, 0, &id, err) < 0 || visit_store(visit, &store, err) < 0 ||
        view_find_run(store, id, visit->arena, &run, err) < 0 ||
        view_version_files(store, run.version_id, visit->arena, &files, err) < 0 ||
        visit_flow(visit, run.flow, &flow, err) < 0)
        return -1;
    const char *number = arena_format(visit->arena, "%" PRId64, id);
    struct page_head head = {
        .title = arena_format(visit->arena, "%s %s", run.flow, run.bizdate),
        .nav = PAGE_NAV_RUNS,
        .crumbs = {{"/runs", string_of(visit->language, STR_NAV_RUNS)},
                   {arena_format(visit->arena, "/runs/%s", number),
                    arena_format(visit->arena, "%s %s", run.flow, run.bizdate)}},
        .zone = site_zone(visit->site, run.zone)};
    struct html *html = page_begin(visit, &head);
    html_open(html, "h1");
    html_say_with(html, STR_DIFF_TITLE, (const char *const[]){number, NULL});
    html_close(html, "h1");
    int count = write_files(visit, store, &files, flow, err);
    if (count < 0)
        return -1;
    if (count == 0)
        html_element_say(html, "p", "empty", STR_DIFF_NONE);
    return page_end(visit);
}

const struct route page_run_diff_routes[] = {
    {.pattern = "/runs/{id}/diff", .methods = HTTP_GET, .answer = answer_diff}, {.pattern = NULL}};
