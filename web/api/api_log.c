/* What a node printed: as the bytes that are kept, or as lines. */
#include "web/api/api.h"
#include "web/api/api_doc.h"
#include "web/api/api_routes.h"

#include "scheduler/base/beneath.h"
#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"
#include "scheduler/system/log_reader.h"
#include "web/api/base64url.h"
#include "web/http/range.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_LIMIT 1000
#define LOG_MAX_LIMIT 10000
#define LOG_MAX_TAIL 100000
#define LOG_MAX_BYTES ((size_t)8 << 20) /* of one answer */

static const struct parameter log_parameters[] = {
    {.name = "try",
     .kind = PARAMETER_INT,
     .min = 1,
     .max = INT32_MAX,
     .help = "the attempt, from 1; the newest unless given"},
    {.name = "format",
     .kind = PARAMETER_CHOICE,
     .choices = "text|jsonl",
     .help = "text: the bytes that are kept (time, stream, flag, text), Range works; jsonl: an "
             "object a line. Else the header Accept decides"},
    {.name = "from_line",
     .kind = PARAMETER_INT,
     .min = -LOG_MAX_TAIL,
     .max = INT64_MAX,
     .help = "jsonl: the first line, from 1; negative: so many from the end"},
    {.name = "limit",
     .kind = PARAMETER_INT,
     .min = 1,
     .max = LOG_MAX_LIMIT,
     .help = "jsonl: lines, 1000 unless given"},
    {.name = "after",
     .kind = PARAMETER_TEXT,
     .max = 200,
     .help = "jsonl: opaque, of the header Link of the answer before"},
    {.name = NULL}};

/* ---- which attempt ---- */

static int unknown_node(struct visit *visit, const struct view_nodes *nodes, struct error *err)
{
    struct suggest suggest;
    suggest_begin(&suggest, visit->parts[1]);
    for (size_t i = 0; i < nodes->count; i++)
        suggest_offer(&suggest, nodes->items[i].name);
    error_set(err, ERROR_KIND_NOT_FOUND, "run %s has no node `%.100s`", visit->parts[0],
              visit->parts[1]);
    if (suggest_best(&suggest) != NULL)
        error_help(err, "did you mean `%s`?", suggest_best(&suggest));
    return -1;
}

static int find_attempt(struct visit *visit, struct store *store, int64_t run_id,
                        const struct view_attempt **ret_attempt, struct error *err)
{
    struct view_nodes nodes;
    struct view_attempts attempts;
    const struct view_node *node = NULL;
    int64_t number = visit_int(visit, "try", 0);
    if (view_run_nodes(store, run_id, visit->arena, &nodes, err) < 0 ||
        view_run_attempts(store, run_id, visit->arena, &attempts, err) < 0)
        return -1;
    for (size_t i = 0; i < nodes.count; i++) {
        if (strcmp(nodes.items[i].name, visit->parts[1]) == 0)
            node = &nodes.items[i];
    }
    if (node == NULL)
        return unknown_node(visit, &nodes, err);
    *ret_attempt = NULL;
    for (size_t i = 0; i < attempts.count; i++) {
        const struct view_attempt *attempt = &attempts.items[i];
        if (attempt->node == node->index && (number == 0 || attempt->number == number))
            *ret_attempt = attempt;
    }
    if (*ret_attempt != NULL)
        return 0;
    error_set(err, ERROR_KIND_NOT_FOUND,
              number > 0 ? "%s of run %s has no such attempt" : "%s of run %s was never started",
              node->name, visit->parts[0]);
    if (err != NULL)
        memcpy(err->code, "E014", 5);
    return -1;
}

/* -1 in *ret_fd: nothing was printed. Only files beneath the state folder. */
static int open_log(struct visit *visit, const struct view_attempt *attempt, int *ret_fd,
                    struct error *err)
{
    struct stat status;
    int fd = -1;
    if (attempt->log_path[0] != '\0')
        fd = beneath_open(site_state_dir_fd(visit->site), attempt->log_path,
                          O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && attempt->log_path[0] != '\0' && errno != ENOENT)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot open %s", attempt->log_path);
    if (fd < 0 && attempt->log_path[0] != '\0' && attempt->log_bytes > 0)
        return error_set(err, ERROR_KIND_NOT_FOUND, "the log is no longer there: %s",
                         attempt->log_path);
    if (fd >= 0 && (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))) {
        close(fd);
        return error_set(err, ERROR_KIND_PRECONDITION, "%s is no file", attempt->log_path);
    }
    *ret_fd = fd;
    return 0;
}

/* ---- as bytes ---- */

static void answer_text(struct visit *visit, int fd)
{
    struct stat status = {0};
    int64_t offset = 0;
    int64_t length;
    struct http_response *response = visit->response;
    if (fd >= 0)
        fstat(fd, &status);
    length = status.st_size;
    response->content_type = "text/plain; charset=utf-8";
    response->status = 200;
    http_set_header(response, "Accept-Ranges", "bytes");
    switch (
        http_range_read(http_header(visit->request, "Range"), status.st_size, &offset, &length)) {
    case HTTP_RANGE_NONE:
        break;
    case HTTP_RANGE_PART:
        response->status = 206;
        http_set_header(response, "Content-Range",
                        arena_format(visit->arena, "bytes %" PRId64 "-%" PRId64 "/%" PRId64, offset,
                                     offset + length - 1, (int64_t)status.st_size));
        break;
    case HTTP_RANGE_OUTSIDE:
        response->status = 416;
        length = 0;
        http_set_header(response, "Content-Range",
                        arena_format(visit->arena, "bytes */%" PRId64, (int64_t)status.st_size));
        break;
    }
    if (fd >= 0 && length == 0)
        close(fd);
    if (fd < 0 || length == 0)
        return;
    response->file_fd = fd;
    response->file_offset = offset;
    response->file_length = length;
}

/* ---- as lines ---- */

static const char *stream_name(enum attempt_log_stream stream)
{
    switch (stream) {
    case ATTEMPT_LOG_STDOUT:
        return "stdout";
    case ATTEMPT_LOG_STDERR:
        return "stderr";
    case ATTEMPT_LOG_NOTE:
        return "note";
    }
    return "";
}

struct lines {
    struct visit *visit;
    struct log_reader reader;
    const struct view_run *run;
    const struct view_attempt *attempt;
    int64_t number; /* of the next line, from 1 */
    int64_t skip;   /* lines that are not asked for */
};

static void write_line(struct lines *lines, const struct attempt_log_line *line)
{
    struct json_out out;
    struct text *body = &lines->visit->response->body;
    struct view_json json = api_view(lines->visit, &out, lines->run->zone);
    json_out_init(&out, body);
    json_out_begin_object(&out);
    json_out_pair_int(&out, "line", lines->number);
    view_json_time(&json, "at", line->at);
    json_out_pair_string(&out, "stream", stream_name(line->stream));
    json_out_key(&out, "text");
    json_out_bytes(&out, line->text, line->length);
    json_out_end_object(&out);
    text_append_char(body, '\n');
}

static int bad_after(struct error *err)
{
    error_at(err, 0, 0, "E021", "parameter after: this is no `after` of a page before");
    if (err != NULL)
        err->kind = ERROR_KIND_USAGE;
    return -1;
}

/* `after` is {"o":offset of the next line,"l":its number}. */
static int seek(struct lines *lines, struct error *err)
{
    char *bytes;
    size_t length;
    struct json *cursor = NULL;
    const char *after = visit_text(lines->visit, "after", NULL);
    int64_t from = visit_int(lines->visit, "from_line", 1);
    lines->number = 1;
    if (after != NULL) {
        if (!base64url_decode(lines->visit->arena, after, &bytes, &length) ||
            json_parse(bytes, length, &cursor, NULL) < 0)
            return bad_after(err);
        lines->reader.offset = json_get_int(cursor, "o", -1);
        lines->number = json_get_int(cursor, "l", -1);
        json_free(cursor);
        return lines->reader.offset < 0 || lines->number < 1 ? bad_after(err) : 0;
    }
    if (from < 0) {
        log_reader_seek_tail(&lines->reader, -from);
        int64_t before = log_reader_count(&lines->reader, lines->reader.offset, INT64_MAX);
        lines->number = before + 1;
        return 0;
    }
    lines->skip = from > 0 ? from - 1 : 0;
    return 0;
}

static void write_lines(struct lines *lines, bool is_end)
{
    struct visit *visit = lines->visit;
    struct http_response *response = visit->response;
    struct attempt_log_line line;
    int64_t left = visit_int(visit, "limit", LOG_LIMIT);
    while (log_reader_next(&lines->reader, is_end, &line)) {
        if (lines->skip > 0) {
            lines->skip--;
            lines->number++;
            continue;
        }
        if (left-- == 0 || response->body.length > LOG_MAX_BYTES) {
            const char *next = api_next_url(
                visit, arena_format(visit->arena, "{\"o\":%" PRId64 ",\"l\":%" PRId64 "}",
                                    lines->reader.line_offset, lines->number));
            http_set_header(response, "Link",
                            arena_format(visit->arena, "<%s>; rel=\"next\"", next));
            return;
        }
        write_line(lines, &line);
        lines->number++;
    }
}

static int answer_lines(struct lines *lines, int fd, struct error *err)
{
    struct http_response *response = lines->visit->response;
    log_reader_open_fd(&lines->reader, fd);
    int result = seek(lines, err);
    if (result == 0) {
        response->status = 200;
        response->content_type = "application/jsonl";
        write_lines(lines, lines->attempt->state == ATTEMPT_ENDED);
    }
    log_reader_close(&lines->reader);
    return result;
}

static bool wants_lines(const struct visit *visit)
{
    const char *accept = http_header(visit->request, "Accept");
    const char *format = visit_text(visit, "format", NULL);
    if (format != NULL)
        return strcmp(format, "jsonl") == 0;
    return accept != NULL && (strstr(accept, "application/jsonl") != NULL ||
                              strstr(accept, "application/x-ndjson") != NULL);
}

static int show_log(struct visit *visit, struct error *err)
{
    int64_t id;
    int fd;
    struct store *store;
    struct view_run run;
    const struct view_attempt *attempt;
    if (visit_part_id(visit, 0, &id, err) < 0 || visit_store(visit, &store, err) < 0 ||
        view_find_run(store, id, visit->arena, &run, err) < 0 ||
        find_attempt(visit, store, id, &attempt, err) < 0 || open_log(visit, attempt, &fd, err) < 0)
        return -1;
    if (!wants_lines(visit)) {
        answer_text(visit, fd);
        return 0;
    }
    struct lines lines = {.visit = visit, .run = &run, .attempt = attempt};
    return answer_lines(&lines, fd, err);
}

const struct route api_log_routes[] = {
    {.pattern = "/api/v1/runs/{id}/nodes/{node}/log",
     .methods = HTTP_GET,
     .parameters = log_parameters,
     .is_api = true,
     .answer = show_log,
     .doc = &(const struct api_doc){.id = "show_log",
                                    .summary = "What a node of a run printed.",
                                    .type = "text/plain"}},
    {.pattern = NULL}};
