/* What a sync job says: its `from` and `to`. */
#include "nodes/warehouse/sync.h"

#include <string.h>

/* The index of a name among `names`, which end with NULL. */
static int choose(const char *what, const char *name, const char *const *names, size_t *ret_index,
                  struct error *err)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret_index = i;
            return 0;
        }
    }
    return error_set(err, ERROR_KIND_INVALID, "%s `%s` is not supported", what, name);
}

static int read_delimiter(const char *text, char *ret_delimiter, struct error *err)
{
    if (strcmp(text, "\\t") == 0)
        text = "\t";
    if (strlen(text) != 1 || strchr("\"\r\n", *text) != NULL || (unsigned char)*text >= 0x80)
        return error_set(err, ERROR_KIND_INVALID,
                         "`delimiter` is one character that is no quote and no end of a line");
    *ret_delimiter = *text;
    return 0;
}

static int read_source(struct sync_source *source, const struct json *json, struct error *err)
{
    static const char *const formats[] = {"lines", "json", "csv", NULL};
    static const char *const kinds[] = {"files", NULL};
    size_t format;
    size_t kind;
    const char *format_name;
    if (choose("a connection of kind", json_get_string(json, "kind", "files"), kinds, &kind, err) !=
            0 ||
        job_string(json, "root", &source->root, err) != 0 ||
        job_string(json, "file", &source->file, err) != 0 ||
        job_string(json, "format", &format_name, err) != 0 ||
        choose("format", format_name, formats, &format, err) != 0 ||
        read_delimiter(json_get_string(json, "delimiter", ","), &source->delimiter, err) != 0)
        return -1;
    source->format = (enum sync_format)format;
    source->connection = json_get_string(json, "connection", "");
    source->template = json_get_string(json, "template", source->file);
    source->place = json_get_string(json, "place", "");
    source->has_header = json_get_bool(json, "header", false);
    source->null_text = json_get_string(json, "null_text", NULL);
    return 0;
}

int sync_read_job(struct sync *sync, struct job *job, struct error *err)
{
    static const char *const modes[] = {"overwrite", "append", NULL};
    static const char *const missing[] = {"fail", "skip", "empty", NULL};
    const struct json *to = json_get(job->json, "to");
    size_t mode;
    size_t on_missing;
    sync->job = job;
    sync->rejects.path = job->reject_file;
    sync->rejects.max = json_get_int(job->json, "errors_max", 0);
    if (read_source(&sync->source, json_get(job->json, "from"), err) != 0 ||
        job_string(to, "table", &sync->table_name, err) != 0 ||
        choose("mode", json_get_string(to, "mode", "overwrite"), modes, &mode, err) != 0 ||
        choose("on_missing", json_get_string(job->json, "on_missing", "fail"), missing, &on_missing,
               err) != 0)
        return -1;
    sync->partition = json_get_string(to, "partition", "");
    sync->is_append = mode == 1;
    sync->missing = (enum sync_missing)on_missing;
    return 0;
}
