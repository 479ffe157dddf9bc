#include "nodes/warehouse/rejects.h"

#include "nodes/warehouse/failure.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/scope.h"

static int write_line(struct rejects *rejects, const struct rejected *rejected, struct error *err)
{
    if (rejects->path[0] == '\0')
        return 0;
    if (rejects->file == NULL)
        rejects->file = fopen(rejects->path, "we");
    if (rejects->file == NULL)
        return failure_set_errno(err, "cannot create the file of rejected records %s",
                                 rejects->path);
    SCOPED_TEXT struct text line = {0};
    struct json_out json;
    size_t kept = rejected->length < REJECT_TEXT_BYTES ? rejected->length : REJECT_TEXT_BYTES;
    json_out_init(&json, &line);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "file", rejected->file);
    json_out_pair_int(&json, "line", rejected->line);
    json_out_pair_int(&json, "offset", rejected->offset);
    json_out_pair_int(&json, "bytes", (int64_t)rejected->length);
    json_out_pair_string(&json, "reason", rejected->reason);
    json_out_key(&json, "text");
    json_out_bytes(&json, rejected->bytes, kept);
    json_out_end_object(&json);
    text_append_char(&line, '\n');
    if (fwrite(text_string(&line), 1, line.length, rejects->file) != line.length)
        return failure_set_errno(err, "cannot write %s", rejects->path);
    return 0;
}

int rejects_add(struct rejects *rejects, const struct rejected *rejected, struct error *err)
{
    if (rejects->count++ == 0)
        snprintf(rejects->first, sizeof rejects->first, "%s:%lld: %s", rejected->file,
                 (long long)rejected->line, rejected->reason);
    if (write_line(rejects, rejected, err) != 0)
        return -1;
    if (rejects->count <= rejects->max)
        return 0;
    error_set(err, ERROR_KIND_FAILED, "%lld rejected record%s, more than errors.max %lld: %s",
              (long long)rejects->count, rejects->count == 1 ? "" : "s", (long long)rejects->max,
              rejects->first);
    if (rejects->path[0] != '\0')
        error_help(err, "rejected records are kept in %s", rejects->path);
    return -1;
}

int rejects_close(struct rejects *rejects, struct error *err)
{
    if (rejects->file == NULL)
        return 0;
    FILE *file = rejects->file;
    rejects->file = NULL;
    if (fclose(file) != 0)
        return failure_set_errno(err, "cannot write %s", rejects->path);
    return 0;
}
