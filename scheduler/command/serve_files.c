#include "scheduler/command/serve_files.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/text.h"

#include <string.h>

static bool is_data(const struct project *project, const char *path)
{
    SCOPED_TEXT struct text full = {0};
    text_append_format(&full, "%s/%s", project->dir, path);
    for (size_t i = 0; i < project->connection_count; i++) {
        const char *data = project->connections[i].path;
        if (data == NULL)
            continue;
        size_t length = strlen(data);
        while (length > 1 && data[length - 1] == '/')
            length--;
        const char *rest = text_string(&full) + length;
        if (full.length >= length && strncmp(text_string(&full), data, length) == 0 &&
            (*rest == '/' || *rest == '\0'))
            return true;
    }
    return false;
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name);
    size_t end_length = strlen(end);
    return length > end_length && strcmp(name + length - end_length, end) == 0;
}

bool serve_files_matter(const struct project *project, const char *path, bool is_folder)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    if (name[0] == '.')
        return false;
    if (is_folder)
        return !is_data(project, path);
    return ends_with(name, ".yaml") || ends_with(name, ".yml") || ends_with(name, ".sql");
}
