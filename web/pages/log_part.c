#include "web/pages/log_part.h"

#include "scheduler/base/beneath.h"
#include "scheduler/system/log_reader.h"
#include "web/html/ansi.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_COUNTED_BYTES ((int64_t)96 << 20)

int log_part_open(struct visit *visit, const struct view_attempt *attempt, int64_t *ret_bytes)
{
    struct stat status;
    if (attempt->log_path[0] == '\0')
        return -1;
    int fd = beneath_open(site_state_dir_fd(visit->site), attempt->log_path, O_RDONLY | O_NONBLOCK);
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return -1;
    }
    *ret_bytes = status.st_size;
    return fd;
}

static void keep_line(struct visit *visit, const struct log_reader *reader,
                      const struct attempt_log_line *line, struct log_part_line *kept)
{
    size_t length = line->length < LOG_PART_LINE_BYTES ? line->length : LOG_PART_LINE_BYTES;
    *kept = (struct log_part_line){
        .line = *line, .number = reader->line_offset, .left_out = line->length - length};
    kept->line.text = arena_copy(visit->arena, line->text, length);
    kept->line.length = length;
}

/* Only the last lines are kept that fit into LOG_PART_BYTES. */
static void read_lines(struct visit *visit, struct log_reader *reader, struct log_part *part)
{
    struct log_part_line *lines = arena_array(visit->arena, LOG_PART_LINES, sizeof *lines);
    struct attempt_log_line line;
    size_t bytes = 0;
    size_t count = 0;
    while (count < LOG_PART_LINES && log_reader_next(reader, true, &line)) {
        keep_line(visit, reader, &line, &lines[count]);
        bytes += lines[count++].line.length;
    }
    for (; bytes > LOG_PART_BYTES && count > 1; count--) {
        bytes -= lines->line.length;
        lines++;
    }
    part->lines = lines;
    part->count = count;
    part->first = count > 0 ? lines[0].number : 0;
}

/* Offsets become numbers where the log is short enough to count. Parts of a long line count, too:
 * that keeps numbers the same wherever reading began. */
static void number_lines(struct log_reader *reader, struct log_part *part)
{
    part->total = log_reader_count(reader, INT64_MAX, MAX_COUNTED_BYTES);
    if (part->total < 0)
        return;
    int64_t before = log_reader_count(reader, part->first, MAX_COUNTED_BYTES);
    for (size_t i = 0; i < part->count; i++)
        part->lines[i].number = before + 1 + (int64_t)i;
}

static size_t find_error(const struct log_part *part)
{
    size_t found = SIZE_MAX;
    for (size_t i = part->count; i-- > 0;) {
        const struct attempt_log_line *line = &part->lines[i].line;
        if (line->stream == ATTEMPT_LOG_NOTE)
            continue;
        if (attempt_log_speaks_of_error(line))
            return i;
        if (found == SIZE_MAX && line->stream == ATTEMPT_LOG_STDERR && line->length > 0)
            found = i;
    }
    return found;
}

void log_part_read(struct visit *visit, const struct view_attempt *attempt, int64_t before,
                   struct log_part *ret_part)
{
    struct log_reader reader;
    *ret_part = (struct log_part){.attempt = attempt, .error = SIZE_MAX, .is_at_end = before == 0};
    int fd = log_part_open(visit, attempt, &ret_part->bytes);
    ret_part->is_there = fd >= 0;
    log_reader_open_fd(&reader, fd);
    log_reader_seek_before(&reader, before == 0 ? INT64_MAX : before, LOG_PART_LINES);
    read_lines(visit, &reader, ret_part);
    number_lines(&reader, ret_part);
    log_reader_close(&reader);
    bool has_failed =
        attempt->state == ATTEMPT_ENDED && attempt->outcome.end != ATTEMPT_END_SUCCESS;
    if (has_failed && ret_part->is_at_end)
        ret_part->error = find_error(ret_part);
}

const char *log_part_anchor(struct visit *visit, const struct log_part_line *line)
{
    return arena_format(visit->arena, "L%" PRId64, line->number);
}

static void write_time(struct html *html, const struct log_part_line *line, const struct zone *zone)
{
    char stamp[ZONE_RFC3339_BYTES];
    if (instant_is_never(line->line.at))
        return;
    zone_format_rfc3339(zone, line->line.at, stamp);
    html_open(html, "time");
    html_bytes(html, stamp + 11, 12);
    html_close(html, "time");
}

static void write_line(struct visit *visit, const struct log_part *part, size_t index,
                       struct ansi *ansi, const struct zone *zone)
{
    struct html *html = &visit->html;
    const struct log_part_line *line = &part->lines[index];
    const char *anchor = log_part_anchor(visit, line);
    bool is_hit = index == part->error;
    html_open(html, "span");
    html_attr_format(html, "class", "l%s%s", is_hit ? " err hit" : "",
                     line->line.stream == ATTEMPT_LOG_NOTE ? " muted" : "");
    html_attr(html, "id", anchor);
    html_open(html, "a");
    html_attr_format(html, "href", "#%s", anchor);
    html_int(html, line->number);
    html_close(html, "a");
    write_time(html, line, zone);
    ansi_line(ansi, html, line->line.text, line->line.length, LOG_PART_LINE_BYTES);
    if (line->left_out > 0)
        html_element(html, "span", "muted", arena_format(visit->arena, "… %zu B", line->left_out));
    html_text(html, "\n"); /* within: a block of its own does not show it, what is copied has it */
    html_close(html, "span");
}

void log_part_write(struct visit *visit, const struct log_part *part, const struct zone *zone,
                    const char *key)
{
    struct html *html = &visit->html;
    struct ansi ansi[ATTEMPT_LOG_NOTE + 1]; /* programs write colours to each stream apart */
    for (size_t i = 0; i <= ATTEMPT_LOG_NOTE; i++)
        ansi_init(&ansi[i]);
    html_open(html, "pre");
    html_attr(html, "class", "log");
    html_attr(html, "tabindex", "0");
    html_attr(html, "role", "region");
    html_attr(html, "aria-label", string_of(visit->language, STR_LOG));
    if (key != NULL)
        html_attr(html, "data-log", key);
    for (size_t i = 0; i < part->count; i++)
        write_line(visit, part, i, &ansi[part->lines[i].line.stream], zone);
    html_close(html, "pre");
}
