/* /flows/F/definition: the graph, the files, values of parameters, what is wrong with it. */
#include "scheduler/store/view.h"
#include "web/pages/flow_capture.h"
#include "web/pages/flow_graph_part.h"
#include "web/pages/flow_head.h"
#include "web/pages/flow_values_part.h"
#include "web/pages/pages.h"
#include "web/pages/source_part.h"
#include "web/site/page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILES 40
#define MAX_FINDINGS 50

/* A file as it is shown, with the beginning of its lines' ids. */
struct shown_file {
    const char *path;
    const char *bytes;
    size_t length;
    const char *prefix;
};

struct definition_page {
    struct visit *visit;
    struct html *html;
    const char *name;
    const struct flow *flow; /* NULL = it is wrong */
    struct flow *own_flow;   /* of a run */
    const struct diagnostics *problems;
    struct error error; /* of a flow that is wrong */
    int64_t run_id;     /* whose definition it is; 0 = as it is on disk */
    struct shown_file *files;
    size_t file_count;
};

/* ---- findings ---- */

/* The file that a place lies in; NULL = it is not shown. */
static const struct shown_file *file_of(const struct definition_page *page,
                                        const struct diagnostic_place *place)
{
    if (place->source >= page->problems->source_count)
        return NULL;
    const struct diagnostic_source *source = &page->problems->sources[place->source];
    for (size_t i = 0; i < page->file_count; i++) {
        const struct shown_file *file = &page->files[i];
        if (file->length == source->length &&
            memcmp(file->bytes, source->bytes, source->length) == 0)
            return file;
    }
    return NULL;
}

static void write_place(struct definition_page *page, const struct diagnostic *problem)
{
    struct html *html = page->html;
    struct arena *arena = page->visit->arena;
    if (problem->label_count == 0)
        return;
    const struct diagnostic_place *place = &problem->labels[0].place;
    const struct shown_file *file = file_of(page, place);
    if (file == NULL)
        return;
    html_text(html, " ");
    html_link(html, arena_format(arena, "#%s%u", file->prefix, place->line),
              arena_format(arena, "%s:%u:%u", file->path, place->line, place->column));
    if (problem->labels[0].text[0] != '\0')
        html_element(html, "small", NULL, problem->labels[0].text);
}

static void write_finding(struct definition_page *page, const struct diagnostic *problem)
{
    struct html *html = page->html;
    html_open(html, "div");
    html_attr_format(html, "class", "why%s",
                     problem->severity == DIAGNOSTIC_ERROR ? " failed" : " blocked");
    html_element(html, "code", NULL, problem->code);
    html_text(html, " ");
    html_text(html, problem->message);
    write_place(page, problem);
    for (size_t i = 0; i < problem->extra_count; i++)
        html_element(html, "small", NULL, problem->extras[i].text);
    html_close(html, "div");
}

static void write_findings(struct definition_page *page)
{
    struct html *html = page->html;
    size_t count = page->problems != NULL ? page->problems->count : 0;
    if (count == 0 && page->flow != NULL)
        return;
    html_open(html, "section");
    html_attr(html, "id", "findings");
    html_element_say(html, "h2", NULL, STR_FINDINGS);
    if (count == 0)
        html_element(html, "div", "why failed", page->error.text);
    const struct diagnostic **sorted =
        count > 0 ? diagnostics_sorted(page->problems, page->visit->arena) : NULL;
    for (size_t i = 0; i < count && i < MAX_FINDINGS; i++)
        write_finding(page, sorted[i]);
    if (count > MAX_FINDINGS) {
        html_open(html, "p");
        html_say_with(html, STR_AND_MORE,
                      (const char *const[]){
                          arena_format(page->visit->arena, "%zu", count - MAX_FINDINGS), NULL});
        html_close(html, "p");
    }
    html_close(html, "section");
}

/* ---- graph ---- */

static void write_graph(struct definition_page *page)
{
    struct arena *arena = page->visit->arena;
    const struct flow *flow = page->flow;
    struct graph_svg_node *nodes = arena_array(arena, flow->node_count + 1, sizeof *nodes);
    for (size_t i = 0; i < flow->node_count; i++) {
        const struct flow_node *node = &flow->nodes[i];
        struct url url;
        url_begin(&url, arena, "/flows");
        url_part(&url, flow->name);
        url_part(&url, "nodes");
        url_part(&url, node->name);
        nodes[i] = (struct graph_svg_node){
            .name = node->name,
            .glyph = "",
            .note = node->title[0] != '\0' ? node->title : node->type->name,
            .title =
                node->title[0] != '\0'
                    ? arena_format(arena, "%s (%s)\n%s", node->name, node->type->name, node->title)
                    : arena_format(arena, "%s (%s)", node->name, node->type->name),
            .state = "",
            .href = url_string(&url),
            .key = ""};
    }
    struct flow_graph_part part = {.visit = page->visit,
                                   .flow = flow,
                                   .nodes = nodes,
                                   .is_whole = visit_has(page->visit, "graph")};
    html_open(page->html, "section");
    html_attr(page->html, "id", "graph");
    html_element_say(page->html, "h2", NULL, STR_GRAPH);
    flow_graph_part_write(&part);
    html_close(page->html, "section");
}

/* ---- files ---- */

static void add_file(struct definition_page *page, const char *path, const char *bytes,
                     size_t length)
{
    if (page->file_count == MAX_FILES)
        return;
    const char *prefix =
        page->file_count == 0 ? "L" : arena_format(page->visit->arena, "F%zuL", page->file_count);
    page->files[page->file_count++] = (struct shown_file){path, bytes, length, prefix};
}

static void collect_files(struct definition_page *page)
{
    page->files = arena_array(page->visit->arena, MAX_FILES, sizeof *page->files);
    for (size_t i = 0; page->flow != NULL && i < page->flow->file_count; i++)
        add_file(page, page->flow->files[i].path, page->flow->files[i].bytes,
                 page->flow->files[i].length);
    for (size_t i = 0;
         page->flow == NULL && page->problems != NULL && i < page->problems->source_count; i++)
        add_file(page, page->problems->sources[i].name, page->problems->sources[i].bytes,
                 page->problems->sources[i].length);
}

/* Lines with a problem, as far as they are in this file. */
static void find_wrong_lines(struct definition_page *page, const struct shown_file *file,
                             struct source_part *part)
{
    size_t count = page->problems != NULL ? page->problems->count : 0;
    uint32_t *lines = arena_array(page->visit->arena, count + 1, sizeof *lines);
    part->wrong_lines = lines;
    for (size_t i = 0; i < count; i++) {
        const struct diagnostic *problem = page->problems->items[i];
        if (problem->label_count > 0 && file_of(page, &problem->labels[0].place) == file)
            lines[part->wrong_count++] = problem->labels[0].place.line;
    }
}

static void write_files(struct definition_page *page)
{
    struct html *html = page->html;
    html_open(html, "section");
    html_attr(html, "id", "files");
    for (size_t i = 0; i < page->file_count; i++) {
        const struct shown_file *file = &page->files[i];
        struct source_part part = {.name = file->path,
                                   .bytes = file->bytes,
                                   .length = file->length,
                                   .prefix = file->prefix};
        find_wrong_lines(page, file, &part);
        html_open(html, "h2");
        html_element(html, "code", NULL, file->path);
        html_close(html, "h2");
        source_part_write(page->visit, &part);
    }
    html_close(html, "section");
}

/* ---- the page ---- */

static void write_sub(struct definition_page *page)
{
    struct html *html = page->html;
    const struct flow *flow = page->flow;
    html_open(html, "p");
    html_attr(html, "class", "sub dots");
    html_open(html, "span");
    if (flow->schedule.rule_count > 0)
        html_format(html, "%s %s", flow->schedule.text, zone_name(flow->zone));
    else
        html_say(html, STR_BY_HAND);
    html_close(html, "span");
    html_open(html, "span");
    html_say_count(html, STR_NODE_COUNT, (int64_t)flow->node_count);
    html_close(html, "span");
    if (flow->owner[0] != '\0')
        html_element(html, "span", NULL, flow->owner);
    html_close(html, "p");
    if (flow->description[0] != '\0')
        html_element(html, "p", NULL, flow->description);
}

static void write_of_run(struct definition_page *page)
{
    struct html *html = page->html;
    struct visit *visit = page->visit;
    if (page->run_id == 0)
        return;
    html_open(html, "div");
    html_attr(html, "class", "banner");
    html_open(html, "span");
    html_say_with(
        html, STR_AS_OF_RUN,
        (const char *const[]){arena_format(visit->arena, "%" PRId64, page->run_id), NULL});
    html_close(html, "span");
    html_link(html, arena_format(visit->arena, "/runs/%" PRId64, page->run_id),
              string_of(visit->language, STR_THE_RUN));
    html_link(html, arena_format(visit->arena, "/runs/%" PRId64 "/diff", page->run_id),
              string_of(visit->language, STR_DIFF_TO_CURRENT));
    html_close(html, "div");
}

static int write_page(struct definition_page *page)
{
    struct visit *visit = page->visit;
    struct url flow;
    url_begin(&flow, visit->arena, "/flows");
    url_part(&flow, page->name);
    struct page_head head = {
        .title = arena_format(visit->arena, "%s · %s", page->name,
                              string_of(visit->language, STR_DEFINITION)),
        .nav = PAGE_NAV_FLOWS,
        .crumbs = {{"/", string_of(visit->language, STR_NAV_FLOWS)},
                   {url_string(&flow), page->name}},
        .zone = page->flow != NULL ? site_zone(visit->site, zone_name(page->flow->zone)) : NULL};
    page->html = page_begin(visit, &head);
    flow_head_title(visit, page->name, page->flow);
    if (page->flow != NULL)
        write_sub(page);
    flow_head_tabs(visit, page->name, FLOW_TAB_DEFINITION);
    write_of_run(page);
    collect_files(page);
    write_findings(page);
    if (page->flow != NULL) {
        write_graph(page);
        flow_values_part_write(visit, page->flow);
    }
    write_files(page);
    return page_end(visit);
}

/* As it was captured with the run of ?run=. */
static int open_of_run(struct definition_page *page, struct error *err)
{
    struct store *store;
    struct view_run run;
    page->run_id = visit_int(page->visit, "run", 0);
    if (visit_store(page->visit, &store, err) < 0 ||
        view_find_run(store, page->run_id, page->visit->arena, &run, err) < 0)
        return -1;
    if (strcmp(run.flow, page->name) != 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " is one of flow %s",
                         page->run_id, run.flow);
    page->own_flow = flow_capture_read(page->visit, store, run.version_id);
    page->flow = page->own_flow;
    if (page->flow == NULL)
        return error_set(err, ERROR_KIND_NOT_FOUND,
                         "the definition of run %" PRId64 " cannot be read any more", page->run_id);
    return 0;
}

static int open_of_disk(struct definition_page *page, struct error *err)
{
    int result = visit_flow(page->visit, page->name, &page->flow, &page->error);
    if (result < 0 && page->error.kind != ERROR_KIND_INVALID) {
        *err = page->error;
        return -1;
    }
    if (result < 0)
        page->flow = NULL;
    page->problems = site_flow_problems(page->visit->site, page->name);
    return 0;
}

static int answer_definition(struct visit *visit, struct error *err)
{
    struct definition_page page = {.visit = visit, .name = visit->parts[0]};
    int result = visit_has(visit, "run") ? open_of_run(&page, err) : open_of_disk(&page, err);
    if (result == 0)
        result = write_page(&page);
    flow_free(page.own_flow);
    return result;
}

static const struct parameter definition_parameters[] = {
    {.name = "run", .kind = PARAMETER_INT, .min = 1, .max = INT64_MAX},
    {.name = "graph", .kind = PARAMETER_CHOICE, .choices = "all"},
    {.name = NULL}};

const struct route page_definition_routes[] = {{.pattern = "/flows/{flow}/definition",
                                                .methods = HTTP_GET,
                                                .parameters = definition_parameters,
                                                .answer = answer_definition},
                                               {.pattern = NULL}};
