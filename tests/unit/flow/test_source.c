/* Where bytes come from: only from beneath the project, with what git says about them. */
#include "tests/unit/flow/flow_test.h"

const char *__lsan_default_suppressions(void);

/* libgit2 1.5 forgets a match of PCRE2 when it opens a repository of format 1 (SHA-256). */
const char *__lsan_default_suppressions(void)
{
    return "leak:libpcre2-8\n";
}

static void begin(struct flow_test *test)
{
    flow_test_begin(test, NULL);
    run_command("mkdir -p p/f/sql p/g p/both p/.datemill outside");
    write_text("p/datemill.yaml", "timezone: UTC\n");
    write_text("p/f/flow.yaml", "flow: f\nnodes: {a: {type: sql, file: sql/a.sql}}\n");
    write_text("p/f/sql/a.sql", "SELECT 1\n");
    write_text("p/f/sql/b.sql", "SELECT 2\n");
    write_text("p/f/sql/.hidden.sql", "x");
    write_text("p/hello.yaml", "flow: hello\nnodes: {a: {type: virtual}}\n");
    write_text("p/both.yaml", "flow: both\n");
    write_text("p/both/flow.yaml", "flow: both\n");
    write_text("p/no-name.yaml", "flow: x\n");
    write_text("outside/secret.sql", "SECRET\n");
    run_command(
        "ln -s ../../../outside/secret.sql p/f/sql/link.sql && ln -s a.sql p/f/sql/inner.sql "
        "&& ln -s loop p/loop && mkfifo p/fifo");
    struct error err;
    assert_int_equal(flow_source_open_folder("p", &test->source, &err), 0);
}

static void refuse(struct flow_test *test, const char *path, const char *words)
{
    struct flow_file file;
    struct error err = {0};
    assert_int_equal(flow_source_read(test->source, path, &test->arena, &file, &err), -1);
    assert_string_equal(err.text, words);
    assert_int_equal(err.kind, ERROR_KIND_PRECONDITION);
}

static void nothing_outside_is_read(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    struct flow_file file;
    assert_int_equal(flow_source_read(test.source, "f/sql/a.sql", &test.arena, &file, NULL), 0);
    assert_string_equal(file.bytes, "SELECT 1\n");
    assert_int_equal(flow_source_read(test.source, "f/sql/inner.sql", &test.arena, &file, NULL), 0);
    refuse(&test, "f/sql/link.sql", "lies outside the project");
    refuse(&test, "../outside/secret.sql", "lies outside the project");
    refuse(&test, "f/../../outside/secret.sql", "lies outside the project");
    refuse(&test, "/etc/passwd", "lies outside the project");
    refuse(&test, "nothing.sql", "no such file");
    refuse(&test, "f", "is a folder");
    refuse(&test, "fifo", "is not a regular file");
    refuse(&test, "loop", "symbolic links in a circle");
    run_command("truncate -s 9M p/large.sql");
    refuse(&test, "large.sql", "is larger than 8 MiB");
    assert_false(flow_source_has_file(test.source, "f/sql/link.sql"));
    assert_false(flow_source_has_file(test.source, "f"));
    assert_true(flow_source_has_file(test.source, "f/sql/a.sql"));
    flow_test_end(&test);
}

static void flows_are_listed_and_found(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    struct flow_paths flows;
    assert_int_equal(flow_source_list(test.source, &test.arena, &flows, NULL), 0);
    assert_int_equal(flows.count, 4);
    assert_string_equal(flows.paths[0], "both.yaml");
    assert_string_equal(flows.paths[1], "both/flow.yaml");
    assert_string_equal(flows.paths[2], "f/flow.yaml");
    assert_string_equal(flows.paths[3], "hello.yaml");
    const char *path;
    struct error err = {0};
    static const char *const names[][2] = {{"f", "f/flow.yaml"},
                                           {"hello", "hello.yaml"},
                                           {"p/f/flow.yaml", "f/flow.yaml"},
                                           {"p/f/", "f/flow.yaml"},
                                           {"f/flow.yaml", "f/flow.yaml"},
                                           {"p/no-name.yaml", "no-name.yaml"},
                                           {"hello.yaml", "hello.yaml"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (flow_source_find(test.source, names[i][0], &test.arena, &path, &err) != 0)
            fail_msg("%s: %s", names[i][0], err.text);
        assert_string_equal(path, names[i][1]);
    }
    assert_int_equal(flow_source_find(test.source, "helo", &test.arena, &path, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
    assert_string_equal(err.help, "did you mean `hello`?");
    assert_int_equal(flow_source_find(test.source, "datemill", &test.arena, &path, &err), -1);
    assert_int_equal(flow_source_find(test.source, "both", &test.arena, &path, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_INVALID);
    assert_int_equal(flow_source_find(test.source, "outside/secret.sql", &test.arena, &path, &err),
                     -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
    flow_test_end(&test);
}

static void patterns_match_the_last_part(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    struct flow_paths paths;
    assert_int_equal(flow_source_glob(test.source, "f/sql/?.sql", &test.arena, &paths, NULL), 0);
    assert_int_equal(paths.count, 2);
    assert_string_equal(paths.paths[1], "f/sql/b.sql");
    /* the link that leaves the project is not offered */
    assert_int_equal(flow_source_glob(test.source, "f/sql/*.sql", &test.arena, &paths, NULL), 0);
    assert_int_equal(paths.count, 3);
    assert_int_equal(flow_source_glob(test.source, "nowhere/*.sql", &test.arena, &paths, NULL), 0);
    assert_int_equal(paths.count, 0);
    struct error err;
    assert_int_equal(flow_source_glob(test.source, "*/a.sql", &test.arena, &paths, &err), -1);
    assert_int_equal(flow_source_glob(test.source, "../*/*.sql", &test.arena, &paths, &err), -1);
    assert_int_equal(flow_source_glob(test.source, "../outside/*.sql", &test.arena, &paths, &err),
                     -1);
    flow_test_end(&test);
}

static void paths_are_joined_in_the_text(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    static const char *const cases[][3] = {{"f/flow.yaml", "sql/a.sql", "f/sql/a.sql"},
                                           {"f/flow.yaml", "../x.sql", "x.sql"},
                                           {"f/flow.yaml", "../../x", NULL},
                                           {"f/flow.yaml", "./a//b/./c", "f/a/b/c"},
                                           {"f.yaml", "a", "a"},
                                           {"f.yaml", "..", NULL},
                                           {"f.yaml", "/a", NULL},
                                           {"f/g/flow.yaml", "../../a/../b", "b"},
                                           {"f.yaml", "", NULL},
                                           {"f.yaml", "a/..", NULL},
                                           {"f/flow.yaml", "...", "f/..."}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *joined = flow_source_join(cases[i][0], cases[i][1], &arena);
        if (cases[i][2] == NULL)
            assert_null(joined);
        else
            assert_string_equal(joined, cases[i][2]);
    }
    assert_string_equal(flow_source_flow_name("a/flow.yaml", &arena), "a");
    assert_string_equal(flow_source_flow_name("a.yaml", &arena), "a");
    assert_string_equal(flow_source_flow_name("a/b.yaml", &arena), "");
    assert_string_equal(flow_source_flow_name("datemill.yaml", &arena), "");
    arena_free(&arena);
}

static void projects_are_found_upward(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    char *dir;
    char expected[600];
    assert_non_null(realpath("p", expected));
    assert_int_equal(flow_source_find_project("p/f/sql", &dir, NULL), 0);
    assert_string_equal(dir, expected);
    free(dir);
    struct error err;
    assert_int_equal(flow_source_find_project("outside", &dir, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_NOT_FOUND);
    assert_non_null(strstr(err.help, "datemill init"));
    assert_string_equal(flow_source_shown_path(test.source, "f/flow.yaml", &test.arena),
                        "p/f/flow.yaml");
    assert_int_equal(chdir("p/f/sql"), 0);
    struct flow_source *source;
    assert_int_equal(flow_source_open_folder("../..", &source, NULL), 0);
    assert_string_equal(flow_source_shown_path(source, "hello.yaml", &test.arena),
                        "../../hello.yaml");
    flow_source_close(source);
    assert_int_equal(chdir("../../../outside"), 0);
    assert_int_equal(flow_source_open_folder("../p", &source, NULL), 0);
    assert_int_equal(flow_source_shown_path(source, "hello.yaml", &test.arena)[0], '/');
    flow_source_close(source);
    flow_test_end(&test);
}

static void another_users_project_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    struct flow_test test;
    begin(&test);
    struct flow_source *source;
    struct error err;
    run_command("chown 12345 p/datemill.yaml");
    assert_int_equal(flow_source_open_folder("p", &source, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_REFUSED);
    run_command("chown 0 p/datemill.yaml && chown 12345 p");
    assert_int_equal(flow_source_open_folder("p", &source, &err), -1);
    assert_int_equal(err.kind, ERROR_KIND_REFUSED);
    run_command("chown 0 p");
    flow_test_end(&test);
}

static void hashes_are_those_of_git(void **state)
{
    (void)state;
    char hash[FLOW_HASH_BYTES];
    flow_source_hash("", 0, hash);
    assert_string_equal(hash, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    flow_source_hash("hello\n", 6, hash);
    assert_string_equal(hash, "ce013625030ba8dba906f756967f9e9ca394464a");
}

static struct flow_version version_of(struct flow_test *test, const char *path)
{
    struct flow_version version;
    flow_source_version(test->source, &path, 1, &version);
    return version;
}

static void versions_come_from_git(void **state)
{
    (void)state;
    struct flow_test test;
    begin(&test);
    struct flow_version version = version_of(&test, "f/flow.yaml");
    assert_string_equal(version.commit, "");
    assert_string_equal(version.note, "");
    if (system("git --version >/dev/null 2>&1") != 0)
        skip();
    run_command("git init -q . && git config user.email a@b.invalid && git config user.name a");
    version = version_of(&test, "f/flow.yaml");
    assert_string_equal(version.commit, "");
    assert_string_equal(version.note, "the repository has no commit yet");
    run_command("git add p/f p/hello.yaml && git commit -q -m one && git rev-parse HEAD > head");
    SCOPED_FREE char *head = read_text("head");
    head[40] = '\0';
    version = version_of(&test, "f/flow.yaml");
    assert_string_equal(version.commit, head);
    assert_true(strncmp(version.short_commit, head, strlen(version.short_commit)) == 0);
    assert_true(strlen(version.short_commit) >= 7);
    assert_false(version.is_dirty);
    assert_true(version_of(&test, "datemill.yaml").is_dirty); /* not in the commit */
    write_text("p/hello.yaml", "flow: hello\n");
    assert_true(version_of(&test, "hello.yaml").is_dirty);
    assert_int_equal(flow_source_commits_behind(test.source, head), 0);
    run_command("git commit -q -a -m two");
    assert_int_equal(flow_source_commits_behind(test.source, head), 1);
    run_command("git checkout -q -b side HEAD~1 && git commit -q --allow-empty -m three");
    assert_int_equal(flow_source_commits_behind(test.source, head), 1);
    SCOPED_FREE char *side = NULL;
    run_command("git rev-parse HEAD > side && git checkout -q -");
    side = read_text("side");
    side[40] = '\0';
    assert_int_equal(flow_source_commits_behind(test.source, side), -1); /* not of this branch */
    assert_int_equal(flow_source_commits_behind(test.source, "nonsense"), -1);
    assert_false(version_of(&test, "hello.yaml").is_dirty);
    assert_string_not_equal(version_of(&test, "hello.yaml").commit, head);
    assert_false(version_of(&test, "f/sql/a.sql").is_dirty); /* other files do not count */
    write_text("p/.datemill/x", "state");
    assert_false(version_of(&test, ".datemill/x").is_dirty);
    run_command("rm -rf .git && git init -q --object-format=sha256 . 2>/dev/null || true");
    version = version_of(&test, "f/flow.yaml");
    assert_string_equal(version.commit, "");
    assert_true(version.note[0] != '\0');
    flow_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_outside_is_read),
        cmocka_unit_test(flows_are_listed_and_found),
        cmocka_unit_test(patterns_match_the_last_part),
        cmocka_unit_test(paths_are_joined_in_the_text),
        cmocka_unit_test(projects_are_found_upward),
        cmocka_unit_test(another_users_project_is_refused),
        cmocka_unit_test(hashes_are_those_of_git),
        cmocka_unit_test(versions_come_from_git),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
