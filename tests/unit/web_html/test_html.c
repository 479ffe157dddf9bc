#include "web/html/html.h"

#include "scheduler/base/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void begin(struct html *html, struct text *text)
{
    text_clear(text);
    html_init(html, text, LANGUAGE_EN);
}

static void elements_and_attributes(void **state)
{
    SCOPED_TEXT struct text text = {0};
    struct html html;
    (void)state;
    begin(&html, &text);
    html_open(&html, "p");
    html_attr(&html, "class", "a\"b'c<d>&e");
    html_attr_int(&html, "data-n", -5);
    html_flag(&html, "hidden");
    html_text(&html, "x<y>&\"z'");
    html_void(&html, "br");
    html_element(&html, "b", NULL, "1 > 0");
    html_close(&html, "p");
    assert_string_equal(text_string(&text),
                        "<p class=\"a&quot;b&#39;c&lt;d&gt;&amp;e\" data-n=\"-5\" hidden>"
                        "x&lt;y&gt;&amp;&quot;z&#39;<br><b>1 &gt; 0</b></p>");
    assert_int_equal(html.depth, 0);
}

static void what_is_no_text_is_replaced(void **state)
{
    SCOPED_TEXT struct text text = {0};
    struct html html;
    const char bytes[] = "a\0b\x1b[31m\xff\xc2\x9f\xe4\xb8\xad\n\t";
    (void)state;
    begin(&html, &text);
    html_bytes(&html, bytes, sizeof bytes - 1);
    assert_string_equal(text_string(&text), "a\xef\xbf\xbd"
                                            "b\xef\xbf\xbd[31m\xef\xbf\xbd\xef\xbf\xbd"
                                            "\xe4\xb8\xad\n\t");
}

static void links_stay_here(void **state)
{
    static const struct {
        const char *value;
        const char *written;
    } cases[] = {{"/runs/1?a=b&c=d#e", "/runs/1?a=b&amp;c=d#e"},
                 {"?lang=zh", "?lang=zh"},
                 {"#main", "#main"},
                 {"javascript:alert(1)", "#"},
                 {"JaVaScRiPt:alert(1)", "#"},
                 {" /x", "#"},
                 {"//evil.example/", "#"},
                 {"/\\evil.example", "#"},
                 {"https://evil.example", "#"},
                 {"data:text/html,x", "#"},
                 {"", "#"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        SCOPED_TEXT struct text text = {0};
        SCOPED_TEXT struct text expected = {0};
        struct html html;
        begin(&html, &text);
        html_link(&html, cases[i].value, "t");
        text_append_format(&expected, "<a href=\"%s\">t</a>", cases[i].written);
        assert_string_equal(text_string(&text), text_string(&expected));
    }
}

static void our_mistakes_are_caught(void **state)
{
    SCOPED_TEXT struct text text = {0};
    struct html html;
    (void)state;
    begin(&html, &text);
    assert_int_equal(html.depth, 0);
    html_open(&html, "p");
    html_attr(&html, "data-x", "style=\"x\"");
    html_close(&html, "p");
    assert_null(strstr(text_string(&text), " style=\"x\""));
}

static void sentences(void **state)
{
    SCOPED_TEXT struct text text = {0};
    struct html html;
    (void)state;
    begin(&html, &text);
    html_say_with(&html, STR_TIMES_IN, (const char *const[]){"<zone>", NULL});
    assert_string_equal(text_string(&text), "Times in &lt;zone&gt;");
    text_clear(&text);
    string_count(&text, LANGUAGE_EN, STR_FLOWS_COUNT, 1);
    assert_string_equal(text_string(&text), "1 flow");
    text_clear(&text);
    string_count(&text, LANGUAGE_EN, STR_FLOWS_COUNT, 0);
    assert_string_equal(text_string(&text), "0 flows");
    text_clear(&text);
    string_count(&text, LANGUAGE_ZH, STR_FLOWS_COUNT, 1);
    assert_string_equal(text_string(&text), "1 个业务流程");
    /* a place without a value is empty, never what stands in memory behind the list */
    text_clear(&text);
    string_fill(&text, LANGUAGE_EN, STR_START_WHAT, (const char *const[]){"D", NULL});
    assert_string_equal(text_string(&text), "A manual run for business date D, scheduled .");
}

/* Every sentence has the same places in both languages, and a plural only where a number is. */
static void sentences_agree(void **state)
{
    (void)state;
    for (int key = 0; key < STRING_COUNT; key++) {
        const char *en = string_of(LANGUAGE_EN, (enum string_key)key);
        const char *zh = string_of(LANGUAGE_ZH, (enum string_key)key);
        assert_true(en[0] != '\0' && zh[0] != '\0');
        for (char digit = '1'; digit <= '9'; digit++) {
            const char place[] = {'{', digit, '}', '\0'};
            if ((strstr(en, place) == NULL) != (strstr(zh, place) == NULL))
                fail_msg("%s is not in both of `%s` and `%s`", place, en, zh);
        }
        const char *bar = strchr(en, '|');
        bool has_counts = bar != NULL && strstr(en, "{1}") != NULL && bar > strstr(en, "{1}");
        if (has_counts)
            assert_non_null(strstr(bar, "{1}"));
    }
}

static void languages(void **state)
{
    (void)state;
    assert_int_equal(language_accepted(NULL), LANGUAGE_EN);
    assert_int_equal(language_accepted("de"), LANGUAGE_EN);
    assert_int_equal(language_accepted("zh-CN,zh;q=0.9,en;q=0.8"), LANGUAGE_ZH);
    assert_int_equal(language_accepted("en-US,en;q=0.9,zh;q=0.8"), LANGUAGE_EN);
    assert_int_equal(language_accepted("en;q=0.2, zh;q=0.7"), LANGUAGE_ZH);
    assert_int_equal(language_accepted("zh;q=0"), LANGUAGE_EN);
    assert_int_equal(language_accepted(";;,,q=,zh"), LANGUAGE_ZH);
    enum language language;
    assert_true(language_parse("zh", &language));
    assert_false(language_parse("zhx", &language));
    assert_false(language_parse("", &language));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_and_attributes),
        cmocka_unit_test(what_is_no_text_is_replaced),
        cmocka_unit_test(links_stay_here),
        cmocka_unit_test(our_mistakes_are_caught),
        cmocka_unit_test(sentences),
        cmocka_unit_test(sentences_agree),
        cmocka_unit_test(languages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
