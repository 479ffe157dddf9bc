#include "scheduler/flow/flow_source_git.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"

#include <git2.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SHORT_COMMIT_LENGTH 7

struct flow_source_git {
    git_repository *repository; /* NULL: none, or it was refused */
    struct stat config;         /* of the repository's configuration when it was opened */
    bool is_known;              /* `repository` and `note` are about that configuration */
    char note[256];             /* why it was refused */
};

/* libgit2 reads all certificates of the machine when it is initialised, in case it should ever
 * speak to a server: 10 ms of every command. There is no option to leave it out, and we never do;
 * so this takes the place of its TLS library's function, and says that there are none to be read.
 * Where libgit2 was built with another library it is never called. */
int mbedtls_x509_crt_parse_file(void *chain, const char *path);

int mbedtls_x509_crt_parse_file(void *chain, const char *path)
{
    (void)chain;
    (void)path;
    return -1;
}

struct flow_source_git *flow_source_git_open(void)
{
    git_libgit2_init();
    return memory_new(1, sizeof(struct flow_source_git));
}

void flow_source_git_close(struct flow_source_git *git)
{
    git_repository_free(git->repository);
    git_libgit2_shutdown();
    free(git);
}

void flow_source_hash(const char *bytes, size_t length, char ret_hash[FLOW_HASH_BYTES])
{
    git_libgit2_init();
    git_oid id;
    int failed = git_odb_hash(&id, bytes, length, GIT_OBJECT_BLOB);
    assert(failed == 0);
    git_oid_tostr(ret_hash, FLOW_HASH_BYTES, &id);
    git_libgit2_shutdown();
}

static void set_note(char *note, size_t size, const char *what)
{
    const git_error *last = git_error_last();
    snprintf(note, size, "%s%s%s", what, last == NULL ? "" : ": ",
             last == NULL || last->message == NULL ? "" : last->message);
}

static void free_object(git_object **object)
{
    git_object_free(*object);
}

static void free_status(git_status_list **list)
{
    git_status_list_free(*list);
}

static int find_commit(git_repository *repository, struct flow_version *version)
{
    git_oid id;
    int failed = git_reference_name_to_id(&id, repository, "HEAD");
    if (failed != 0) {
        git_error_clear();
        bool is_unborn = git_repository_head_unborn(repository) == 1;
        set_note(version->note, sizeof version->note,
                 is_unborn ? "the repository has no commit yet" : "git HEAD is unreadable");
        return -1;
    }
    git_oid_tostr(version->commit, sizeof version->commit, &id);
    snprintf(version->short_commit, sizeof version->short_commit, "%.*s", SHORT_COMMIT_LENGTH,
             version->commit);
    SCOPED(free_object) git_object *object = NULL;
    git_buf buffer = {0};
    if (git_object_lookup(&object, repository, &id, GIT_OBJECT_COMMIT) == 0 &&
        git_object_short_id(&buffer, object) == 0 && buffer.size < sizeof version->short_commit)
        snprintf(version->short_commit, sizeof version->short_commit, "%s", buffer.ptr);
    git_buf_dispose(&buffer);
    return 0;
}

/* The paths as the repository spells them: beneath its work tree. */
static char **spell_paths(struct arena *arena, const char *prefix, const char *const *paths,
                          size_t *count)
{
    char **spelt = arena_array(arena, *count + 1, sizeof *spelt);
    size_t kept = 0;
    size_t state_length = strlen(FLOW_SOURCE_STATE_DIR);
    for (size_t i = 0; i < *count; i++) {
        bool is_state = strncmp(paths[i], FLOW_SOURCE_STATE_DIR, state_length) == 0 &&
                        (paths[i][state_length] == '/' || paths[i][state_length] == '\0');
        if (is_state || paths[i][0] == '/')
            continue;
        spelt[kept++] =
            arena_format(arena, "%s%s%s", prefix, prefix[0] == '\0' ? "" : "/", paths[i]);
    }
    *count = kept;
    return spelt;
}

static int find_changes(git_repository *repository, char **paths, size_t count,
                        struct flow_version *version)
{
    git_status_options options;
    git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
    options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
    options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS |
                    GIT_STATUS_OPT_INCLUDE_IGNORED | GIT_STATUS_OPT_RECURSE_IGNORED_DIRS |
                    GIT_STATUS_OPT_EXCLUDE_SUBMODULES | GIT_STATUS_OPT_DISABLE_PATHSPEC_MATCH;
    options.pathspec = (git_strarray){.strings = paths, .count = count};
    SCOPED(free_status) git_status_list *list = NULL;
    if (git_status_list_new(&list, repository, &options) != 0) {
        set_note(version->note, sizeof version->note, "git cannot compare the files");
        return -1;
    }
    for (size_t i = 0; i < git_status_list_entrycount(list); i++) {
        if (git_status_byindex(list, i)->status != GIT_STATUS_CURRENT)
            version->is_dirty = true;
    }
    return 0;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Opens the repository around `dir` unless it is the one that was opened already. */
static void find_repository(struct flow_source_git *git, const char *dir)
{
    git_buf path = {0};
    SCOPED_TEXT struct text config = {0};
    struct stat status;
    bool is_found = git_repository_discover(&path, dir, 0, NULL) == 0;
    if (is_found)
        text_append_format(&config, "%sconfig", path.ptr);
    bool is_there = is_found && stat(text_string(&config), &status) == 0;
    git_buf_dispose(&path);
    if (is_there && git->is_known && is_same_file(&status, &git->config))
        return;
    git_repository_free(git->repository);
    *git = (struct flow_source_git){0};
    git_error_clear();
    int failed = git_repository_open_ext(&git->repository, dir, 0, NULL);
    /* Where a configuration does not name `safe.directory`, libgit2 1.5 says of another user's
     * repository that there is none. */
    if (failed == GIT_EOWNER || (failed == GIT_ENOTFOUND && is_found))
        snprintf(git->note, sizeof git->note,
                 "git refuses the repository: it belongs to another user");
    else if (failed != 0 && failed != GIT_ENOTFOUND)
        set_note(git->note, sizeof git->note, "git refuses the repository");
    git->is_known = is_there;
    if (is_there)
        git->config = status;
}

static void read_repository(struct flow_source_git *git, const char *dir, const char *const *paths,
                            size_t count, struct flow_version *version)
{
    find_repository(git, dir);
    git_repository *repository = git->repository;
    snprintf(version->note, sizeof version->note, "%s", git->note);
    if (repository == NULL)
        return;
    const char *work_tree = git_repository_workdir(repository);
    size_t length = work_tree == NULL ? 0 : strlen(work_tree);
    while (length > 1 && work_tree[length - 1] == '/')
        length--;
    bool is_beneath = work_tree != NULL && strncmp(dir, work_tree, length) == 0 &&
                      (dir[length] == '/' || dir[length] == '\0');
    if (!is_beneath) {
        snprintf(version->note, sizeof version->note, "the repository has no work tree here");
        return;
    }
    if (find_commit(repository, version) != 0)
        return;
    SCOPED_ARENA struct arena arena;
    arena_init(&arena, 0);
    const char *prefix = dir[length] == '/' ? dir + length + 1 : "";
    char **spelt = spell_paths(&arena, prefix, paths, &count);
    /* An empty list of paths would mean all files. */
    if (count > 0 && find_changes(repository, spelt, count, version) != 0)
        version->commit[0] = version->short_commit[0] = '\0';
}

void flow_source_git_version(struct flow_source_git *git, const char *dir, const char *const *paths,
                             size_t count, struct flow_version *ret_version)
{
    struct flow_version version = {0};
    git_error_clear();
    read_repository(git, dir, paths, count, &version);
    *ret_version = version;
}

static void free_commit(git_commit **commit)
{
    git_commit_free(*commit);
}

/* The first parent of a commit; false at the beginning of the history. */
static bool step_back(git_repository *repository, git_oid *id)
{
    SCOPED(free_commit) git_commit *commit = NULL;
    if (git_commit_lookup(&commit, repository, id) != 0 || git_commit_parentcount(commit) == 0)
        return false;
    git_oid_cpy(id, git_commit_parent_id(commit, 0));
    return true;
}

int32_t flow_source_git_behind(struct flow_source_git *git, const char *dir, const char *commit)
{
    git_oid wanted;
    git_oid id;
    git_error_clear();
    find_repository(git, dir);
    if (git->repository == NULL || git_oid_fromstr(&wanted, commit) != 0 ||
        git_reference_name_to_id(&id, git->repository, "HEAD") != 0)
        return -1;
    for (int32_t count = 0; count <= FLOW_SOURCE_MAX_BEHIND; count++) {
        if (git_oid_equal(&id, &wanted))
            return count;
        if (!step_back(git->repository, &id))
            return -1;
    }
    return -1;
}

const char *flow_source_library_version(struct arena *arena)
{
    int major = 0;
    int minor = 0;
    int revision = 0;
    git_libgit2_version(&major, &minor, &revision);
    return arena_format(arena, "%d.%d.%d", major, minor, revision);
}
