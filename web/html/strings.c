#include "web/html/strings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LANGUAGE_COUNT 2

static const char *const strings[STRING_COUNT][LANGUAGE_COUNT] = {
#define S(key, en, zh) [STR_##key] = {en, zh},
#include "web/html/strings.def"
#undef S
};

const char *string_of(enum language language, enum string_key key)
{
    return strings[key][language];
}

/* Appends up to `length` bytes of a template. */
static void fill(struct text *text, const char *at, size_t length, const char *const *values)
{
    size_t count = 0;
    while (values[count] != NULL)
        count++;
    const char *end = at + length;
    while (at < end) {
        bool is_place =
            end - at >= 3 && at[0] == '{' && at[1] >= '1' && at[1] <= '9' && at[2] == '}';
        if (!is_place) {
            text_append_char(text, *at++);
            continue;
        }
        size_t index = (size_t)(at[1] - '1');
        if (index < count)
            text_append(text, values[index]);
        at += 3;
    }
}

void string_fill(struct text *text, enum language language, enum string_key key,
                 const char *const *values)
{
    const char *template = string_of(language, key);
    fill(text, template, strlen(template), values);
}

void string_count(struct text *text, enum language language, enum string_key key, int64_t count)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, count);
    const char *template = string_of(language, key);
    const char *bar = strchr(template, '|');
    size_t length = bar == NULL ? strlen(template) : (size_t)(bar - template);
    if (bar != NULL && count != 1) {
        template = bar + 1;
        length = strlen(template);
    }
    fill(text, template, length, (const char *const[]){digits, NULL});
}

/* ---- states ---- */

static const struct {
    const char *name;
    enum string_key key;
    const char *glyph;
} states[] = {{"waiting", STR_STATE_WAITING, "○"}, {"running", STR_STATE_RUNNING, "▶"},
              {"success", STR_STATE_SUCCESS, "✓"}, {"failed", STR_STATE_FAILED, "✗"},
              {"blocked", STR_STATE_BLOCKED, "△"}, {"stopped", STR_STATE_STOPPED, "■"},
              {"skipped", STR_STATE_SKIPPED, "»"}, {"frozen", STR_STATE_FROZEN, "❄"},
              {"paused", STR_STATE_PAUSED, "‖"}};

const char *string_state(enum language language, const char *name)
{
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(states[i].name, name) == 0)
            return string_of(language, states[i].key);
    }
    return name;
}

const char *string_state_glyph(const char *name)
{
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(states[i].name, name) == 0)
            return states[i].glyph;
    }
    return "";
}

/* ---- languages ---- */

const char *language_tag(enum language language)
{
    return language == LANGUAGE_ZH ? "zh-CN" : "en";
}

static bool parse(const char *text, size_t length, enum language *ret_language)
{
    bool is_zh = length >= 2 && strncasecmp(text, "zh", 2) == 0;
    bool is_en = length >= 2 && strncasecmp(text, "en", 2) == 0;
    if ((!is_zh && !is_en) || (length > 2 && text[2] != '-'))
        return false;
    *ret_language = is_zh ? LANGUAGE_ZH : LANGUAGE_EN;
    return true;
}

bool language_parse(const char *text, enum language *ret_language)
{
    return parse(text, strlen(text), ret_language);
}

/* The weight of `zh;q=0.8`: 1 without one, 0 for what is none. */
static double weight(const char *item, size_t length)
{
    const char *mark = memmem(item, length, "q=", 2);
    if (mark == NULL)
        return 1;
    double value = strtod(mark + 2, NULL);
    return value > 0 && value <= 1 ? value : 0;
}

enum language language_accepted(const char *header)
{
    enum language best = LANGUAGE_EN;
    double best_weight = 0;
    while (header != NULL && *header != '\0') {
        header += strspn(header, ", \t");
        size_t length = strcspn(header, ",");
        enum language language;
        if (parse(header, strcspn(header, ",; \t"), &language) &&
            weight(header, length) > best_weight) {
            best = language;
            best_weight = weight(header, length);
        }
        header += length;
    }
    return best;
}
