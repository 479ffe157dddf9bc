#include "scheduler/flow/reference.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <assert.h>
#include <string.h>

#define SHOWN_BYTES 60 /* of a reference that is not well formed */

struct reference_finder {
    pcre2_code *code;
};

/* An escape, the two forms with a name each, and what only begins like one of them. Bytes, not
 * code points: SQL that is not UTF-8 is somebody else's error. */
#define NAME "((?i:bdp\\.system\\.(?:bizdate|cyctime))|[A-Za-z_][A-Za-z0-9_]{0,62})"
static const char pattern[] = "\\$\\$[{<]|\\$\\{" NAME "\\}|\\$<" NAME ">|\\$\\{|\\$<(?=[A-Za-z_])";

#define GROUP_BRACES 1
#define GROUP_ANGLES 2
#define GROUPS 3

struct reference_finder *reference_finder_new(void)
{
    int number;
    PCRE2_SIZE offset;
    struct reference_finder *finder = memory_new(1, sizeof *finder);
    finder->code = pcre2_compile((PCRE2_SPTR)pattern, sizeof pattern - 1, PCRE2_NEVER_UTF, &number,
                                 &offset, NULL);
    assert(finder->code != NULL);
    /* Without it matching is slower, not different. */
    pcre2_jit_compile(finder->code, PCRE2_JIT_COMPLETE);
    return finder;
}

void reference_finder_free(struct reference_finder *finder)
{
    if (finder == NULL)
        return;
    pcre2_code_free(finder->code);
    free(finder);
}

void reference_walk_init(struct reference_walk *walk, const char *bytes, size_t length)
{
    *walk = (struct reference_walk){.bytes = bytes, .length = length, .line = 1, .column = 1};
}

/* Moves on to `offset`, counting lines and code points. */
static void advance(struct reference_walk *walk, size_t offset)
{
    for (; walk->offset < offset; walk->offset++) {
        unsigned char byte = (unsigned char)walk->bytes[walk->offset];
        if (byte == '\n') {
            walk->line++;
            walk->column = 1;
        } else if ((byte & 0xc0) != 0x80) {
            walk->column++;
        }
    }
}

/* The bytes to underline: up to the closing bracket if it is near, on the same line. */
static size_t malformed_length(const struct reference_walk *walk)
{
    const char *at = walk->bytes + walk->offset;
    size_t left = walk->length - walk->offset;
    char close = at[1] == '{' ? '}' : '>';
    for (size_t i = 2; i < left && i < SHOWN_BYTES; i++) {
        unsigned char byte = (unsigned char)at[i];
        if (byte < 0x20 || byte >= 0x7f || byte == '$')
            break;
        if (at[i] == close)
            return i + 1;
    }
    return 2;
}

static int refuse(const struct reference_walk *walk, const struct reference *reference,
                  struct error *err)
{
    const char *at = walk->bytes + walk->offset;
    int length = (int)reference->length;
    if (length == 2) {
        error_at(err, walk->line, walk->column, "E121", "`%.2s` without a name and `%c`", at,
                 at[1] == '{' ? '}' : '>');
        return error_help(err, "write `$%.2s` for the text itself", at);
    }
    if (length == 3) {
        error_at(err, walk->line, walk->column, "E121", "`%.3s` has no name", at);
        return error_help(err, "write `$%.2s` for the text itself", at);
    }
    error_at(err, walk->line, walk->column, "E121", "`%.*s` is not the name of a parameter", length,
             at);
    return error_help(err,
                      "a date expression stands under `params:` and gets a name there; write "
                      "`$%.2s` for the text itself",
                      at);
}

static void set_name(struct reference *reference, const char *name, size_t length)
{
    bool is_system = memchr(name, '.', length) != NULL;
    for (size_t i = 0; i < length; i++) {
        bool is_upper = name[i] >= 'A' && name[i] <= 'Z';
        reference->name[i] = is_system && is_upper ? (char)(name[i] | 0x20) : name[i];
    }
    reference->name[length] = '\0';
}

/* What was matched, `found` being the offsets of the match and its groups. */
static int take_match(struct reference_walk *walk, const PCRE2_SIZE *found, int groups,
                      struct reference *ret_reference, struct error *err)
{
    advance(walk, found[0]);
    struct reference reference = {.offset = found[0],
                                  .length = found[1] - found[0],
                                  .line = walk->line,
                                  .column = walk->column};
    reference.is_escape = walk->bytes[found[0] + 1] == '$';
    if (!reference.is_escape && groups <= GROUP_BRACES) {
        reference.length = malformed_length(walk);
        int result = refuse(walk, &reference, err);
        *ret_reference = reference;
        advance(walk, found[0] + 2);
        return result;
    }
    if (!reference.is_escape) {
        const PCRE2_SIZE *name = found + 2 * (groups - 1);
        set_name(&reference, walk->bytes + name[0], name[1] - name[0]);
    }
    advance(walk, found[1]);
    *ret_reference = reference;
    return 1;
}

int reference_next(const struct reference_finder *finder, struct reference_walk *walk,
                   struct reference *ret_reference, struct error *err)
{
    if (walk->length > REFERENCE_MAX_BYTES) {
        *ret_reference = (struct reference){.line = 1, .column = 1};
        walk->offset = walk->length = 0;
        return error_set(err, ERROR_KIND_INVALID, "a text with references has at most %zu bytes",
                         REFERENCE_MAX_BYTES);
    }
    pcre2_match_data *match = pcre2_match_data_create(GROUPS, NULL);
    if (match == NULL)
        return error_set(err, ERROR_KIND_PRECONDITION, "not enough memory to find references");
    int groups = pcre2_match(finder->code, (PCRE2_SPTR)walk->bytes, walk->length, walk->offset, 0,
                             match, NULL);
    int result = 0;
    if (groups > 0)
        result = take_match(walk, pcre2_get_ovector_pointer(match), groups, ret_reference, err);
    else if (groups == PCRE2_ERROR_NOMATCH)
        advance(walk, walk->length);
    else
        result = error_set(err, ERROR_KIND_BUG, "finding references failed with code %d", groups);
    pcre2_match_data_free(match);
    return result;
}

/* A text while values are put in. */
struct builder {
    const struct reference_values *values;
    const char *bytes;                 /* the text that is searched */
    const struct reference *reference; /* the newest one, for messages */
    bool is_after_value;               /* the last piece was a value, or an empty value followed */
    struct text text;
    struct error *err;
};

static int forbid(const struct builder *builder, const char *what)
{
    const struct reference *reference = builder->reference;
    error_at(builder->err, reference->line, reference->column, "E123",
             "the value of `%.*s` has %s, which may not come into SQL", (int)reference->length,
             builder->bytes + reference->offset, what);
    return error_help(builder->err, "values are put into SQL as they stand; choose a value without "
                                    "quotes, backslashes, control characters and `--`");
}

static int check_value(const struct builder *builder, const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte < 0x20 || byte == 0x7f)
            return forbid(builder, "a control character");
        if (byte == '\'' || byte == '"' || byte == '`')
            return forbid(builder, "a quote");
        if (byte == '\\')
            return forbid(builder, "a backslash");
        if (byte == '-' && at[1] == '-')
            return forbid(builder, "`--`");
    }
    return 0;
}

static int append(struct builder *builder, const char *bytes, size_t length, bool is_value)
{
    bool is_seam = is_value || builder->is_after_value;
    const struct text *text = &builder->text;
    if (length == 0) {
        builder->is_after_value = is_seam;
        return 0;
    }
    bool is_comment =
        text->length > 0 && text->data[text->length - 1] == '-' && bytes[0] == '-' && is_seam;
    if (builder->values->rules == REFERENCE_RULES_SQL && is_comment)
        return forbid(builder, "a `-` beside another");
    text_append_bytes(&builder->text, bytes, length);
    builder->is_after_value = is_value;
    if (!builder->text.is_cut)
        return 0;
    return error_set(builder->err, ERROR_KIND_INVALID,
                     "with its parameters the text is longer than %zu bytes",
                     REFERENCE_MAX_OUTPUT_BYTES);
}

static int append_value(struct builder *builder)
{
    const struct reference *reference = builder->reference;
    const char *value = builder->values->find(builder->values->data, reference->name);
    if (value == NULL)
        return error_at(builder->err, reference->line, reference->column, "E120",
                        "`%.*s` is not defined", (int)reference->length,
                        builder->bytes + reference->offset);
    if (builder->values->rules == REFERENCE_RULES_SQL && check_value(builder, value) != 0)
        return -1;
    return append(builder, value, strlen(value), true);
}

static int build(const struct reference_finder *finder, struct reference_walk *walk,
                 struct builder *builder)
{
    struct reference reference = {0};
    struct reference next;
    builder->reference = &reference;
    for (;;) {
        size_t start = walk->offset;
        int found = reference_next(finder, walk, &next, builder->err);
        if (found < 0)
            return -1;
        size_t end = found == 0 ? walk->length : next.offset;
        if (append(builder, walk->bytes + start, end - start, false) != 0)
            return -1;
        if (found == 0)
            return 0;
        reference = next;
        int result = reference.is_escape
                         ? append(builder, walk->bytes + reference.offset + 1, 2, false)
                         : append_value(builder);
        if (result != 0)
            return -1;
    }
}

int reference_substitute(const struct reference_finder *finder, struct reference_walk walk,
                         struct reference_values values, struct text *ret_text, struct error *err)
{
    struct builder builder = {.values = &values,
                              .bytes = walk.bytes,
                              .text = {.limit = REFERENCE_MAX_OUTPUT_BYTES},
                              .err = err};
    int result = build(finder, &walk, &builder);
    if (result == 0)
        text_append_bytes(ret_text, text_string(&builder.text), builder.text.length);
    text_free(&builder.text);
    return result;
}

const char *reference_library_version(struct arena *arena)
{
    char version[64] = "";
    int length = pcre2_config(PCRE2_CONFIG_VERSION, NULL);
    if (length > 0 && (size_t)length <= sizeof version)
        pcre2_config(PCRE2_CONFIG_VERSION, version);
    return arena_copy(arena, version, strcspn(version, " "));
}
