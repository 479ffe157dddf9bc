/* Decimals and sums: exact, in any order, and blobs that sort as the numbers do. */
#include "nodes/warehouse/decimal.h"
#include "nodes/warehouse/number.h"
#include "scheduler/base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct decimal parse(const char *text)
{
    struct decimal decimal;
    if (decimal_parse(text, strlen(text), &decimal) > DECIMAL_READING_CUT)
        fail_msg("%s is no decimal", text);
    return decimal;
}

static const char *show(const struct decimal *decimal, char buffer[DECIMAL_TEXT_BYTES])
{
    decimal_format(decimal, buffer);
    return buffer;
}

static void check_text(const char *text, const char *expected)
{
    char buffer[DECIMAL_TEXT_BYTES];
    struct decimal decimal = parse(text);
    assert_string_equal(show(&decimal, buffer), expected);
}

static void text_becomes_one_form(void **state)
{
    (void)state;
    check_text("36527.160", "36527.16");
    check_text(" +007.50 ", "7.5");
    check_text("-0.000", "0");
    check_text(".5", "0.5");
    check_text("3.", "3");
    check_text("1.5e3", "1500");
    check_text("-12E-4", "-0.0012");
    check_text("99999999999999999999.999999999999999999",
               "99999999999999999999.999999999999999999");
    check_text("0.000000000000000001", "0.000000000000000001");
    check_text("1000000000", "1000000000");
    check_text("0e400", "0");
}

static void what_is_no_number_is_told(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",   " ",   "-",   ".",   "1.2.3", "1e",   "1e+", "abc",
                                        "1a", "0x1", "1 2", "--1", "nan",   "1e5x", "+",   "e5"};
    struct decimal decimal;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (decimal_parse(wrong[i], strlen(wrong[i]), &decimal) != DECIMAL_READING_NO_NUMBER)
            fail_msg("`%s` was taken", wrong[i]);
    }
    assert_int_equal(decimal_parse("1e60", 4, &decimal), DECIMAL_READING_TOO_LARGE);
    assert_int_equal(decimal_parse("1e-40", 5, &decimal), DECIMAL_READING_CUT);
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static int compare_blobs(const struct decimal *a, const struct decimal *b)
{
    unsigned char x[DECIMAL_BLOB_BYTES];
    unsigned char y[DECIMAL_BLOB_BYTES];
    size_t m = decimal_encode(a, x);
    size_t n = decimal_encode(b, y);
    int order = memcmp(x, y, m < n ? m : n);
    return order != 0 ? sign(order) : (m > n) - (m < n);
}

/* A number of random size and sign, with few or many digits. */
static struct decimal some_decimal(struct random *random)
{
    char text[64];
    size_t length = 0;
    if (random_chance(random, 500))
        text[length++] = '-';
    size_t whole = random_below(random, 20);
    size_t behind = random_below(random, 19);
    for (size_t i = 0; i < whole; i++)
        text[length++] = (char)('0' + (random_chance(random, 400) ? 0 : random_below(random, 10)));
    text[length++] = '0';
    text[length++] = '.';
    for (size_t i = 0; i < behind; i++)
        text[length++] = (char)('0' + (random_chance(random, 400) ? 0 : random_below(random, 10)));
    text[length++] = '0';
    text[length] = '\0';
    return parse(text);
}

static void blobs_sort_as_numbers_and_come_back(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 7);
    struct decimal last = parse("0");
    for (int i = 0; i < 20000; i++) {
        struct decimal decimal = some_decimal(&random);
        struct decimal back;
        unsigned char blob[DECIMAL_BLOB_BYTES];
        size_t length = decimal_encode(&decimal, blob);
        assert_true(length <= DECIMAL_BLOB_BYTES);
        assert_true(decimal_decode(blob, length, &back));
        assert_memory_equal(&back, &decimal, sizeof back);
        assert_int_equal(compare_blobs(&decimal, &last), decimal_compare(&decimal, &last));
        last = decimal;
    }
}

static void foreign_blobs_are_refused(void **state)
{
    (void)state;
    struct decimal decimal;
    static const unsigned char zero[] = {1, 0x80};
    assert_true(decimal_decode(zero, 2, &decimal));
    assert_false(decimal_decode("", 0, &decimal));
    assert_false(decimal_decode("\x01", 1, &decimal));
    assert_false(decimal_decode("\x02\x80", 2, &decimal));
    assert_false(decimal_decode("\x01\x80\x05", 3, &decimal));
    assert_false(decimal_decode("\x01\x94", 2, &decimal));
    assert_false(decimal_decode("\x01\x94\xf0", 3, &decimal));
    assert_false(decimal_decode("\x01\x6c\x05", 3, &decimal));
    assert_false(decimal_decode("\x01\xff\x05", 3, &decimal));
}

static void calculation_is_exact(void **state)
{
    (void)state;
    char buffer[DECIMAL_TEXT_BYTES];
    struct decimal a = parse("36527.1");
    struct decimal b = parse("0.06");
    struct decimal result;
    assert_true(decimal_add(&a, &b, &result));
    assert_string_equal(show(&result, buffer), "36527.16");
    assert_true(decimal_subtract(&b, &a, &result));
    assert_string_equal(show(&result, buffer), "-36527.04");
    assert_true(decimal_multiply(&a, &b, &result));
    assert_string_equal(show(&result, buffer), "2191.626");
    assert_true(decimal_divide(&a, &b, &result));
    assert_string_equal(show(&result, buffer), "608785");
    a = parse("-1");
    b = parse("3");
    assert_true(decimal_divide(&a, &b, &result));
    assert_string_equal(show(&result, buffer), "-0.333333333333333333");
    a = parse("999999999999999999999999999999999999999999999999999999");
    assert_false(decimal_add(&a, &b, &result));
    assert_false(decimal_multiply(&a, &a, &result));
    a = parse("0.005");
    assert_true(decimal_round(&a, 2));
    assert_string_equal(show(&a, buffer), "0.01");
    a = parse("-2.5");
    assert_true(decimal_round(&a, 0));
    assert_string_equal(show(&a, buffer), "-3");
    a = parse("-0.009");
    decimal_cut(&a, 2);
    assert_string_equal(show(&a, buffer), "0");
    assert_false(a.is_negative);
}

static void products_and_quotients_agree(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 11);
    for (int i = 0; i < 2000; i++) {
        struct decimal a = decimal_from_int((int64_t)(random_next(&random) >> 20));
        struct decimal b = decimal_from_int((int64_t)(random_next(&random) >> 40) + 1);
        struct decimal product;
        struct decimal back;
        assert_true(decimal_multiply(&a, &b, &product));
        assert_true(decimal_divide(&product, &b, &back));
        assert_int_equal(decimal_compare(&back, &a), 0);
    }
}

static void whole_numbers_keep_their_range(void **state)
{
    (void)state;
    static const int64_t numbers[] = {0, 1, -1, INT64_MAX, INT64_MIN, 1000000000, -999999999};
    int64_t back;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct decimal decimal = decimal_from_int(numbers[i]);
        assert_true(decimal_to_int(&decimal, &back));
        assert_true(back == numbers[i]);
    }
    struct decimal large = parse("9223372036854775808");
    assert_false(decimal_to_int(&large, &back));
    large = parse("-9223372036854775808.9");
    assert_true(decimal_to_int(&large, &back));
    assert_true(back == INT64_MIN);
}

static void a_million_cents_add_up(void **state)
{
    (void)state;
    struct decimal_sum sum = {{0}};
    struct decimal cent = parse("0.01");
    struct decimal result;
    char buffer[DECIMAL_TEXT_BYTES];
    for (int i = 0; i < 1000000; i++)
        decimal_sum_add(&sum, &cent);
    assert_true(decimal_sum_result(&sum, &result));
    assert_string_equal(show(&result, buffer), "10000");
    for (int i = 0; i < 1000001; i++)
        decimal_sum_remove(&sum, &cent);
    assert_true(decimal_sum_result(&sum, &result));
    assert_string_equal(show(&result, buffer), "-0.01");
}

#define DOUBLES 2000

static double sum_of(const double *values, size_t count)
{
    struct number_sum sum = {0};
    for (size_t i = 0; i < count; i++)
        number_sum_add(&sum, values[i]);
    return number_sum_result(&sum);
}

static void sums_of_doubles_do_not_know_their_order(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 3);
    double values[DOUBLES];
    for (int i = 0; i < DOUBLES; i++)
        values[i] =
            ldexp((double)(int64_t)random_next(&random), (int)random_below(&random, 200) - 160);
    double first = sum_of(values, DOUBLES);
    for (int round = 0; round < 20; round++) {
        for (int i = DOUBLES - 1; i > 0; i--) {
            size_t other = random_below(&random, (uint64_t)i + 1);
            double kept = values[i];
            values[i] = values[other];
            values[other] = kept;
        }
        double again = sum_of(values, DOUBLES);
        assert_memory_equal(&again, &first, sizeof first);
    }
}

static void sums_of_doubles_are_rounded_once(void **state)
{
    (void)state;
    const double cancel[] = {1e308, 1e308, -1e308, -1e308, 1.0};
    assert_true(sum_of(cancel, 5) == 1.0);
    const double tiny[] = {1.0, 0x1p-60, -1.0};
    assert_true(sum_of(tiny, 3) == 0x1p-60);
    const double tie[] = {0x1p53, 1.0, 0x1p-1000};
    assert_true(sum_of(tie, 2) == 0x1p53);
    assert_true(sum_of(tie, 3) == 0x1p53 + 2.0);
    const double small[] = {5e-324, 5e-324, 5e-324};
    assert_true(sum_of(small, 3) == 1.5e-323);
    const double overflow[] = {1.7e308, 1.7e308};
    assert_true(isinf(sum_of(overflow, 2)));
    const double odd[] = {(double)INFINITY, -(double)INFINITY};
    assert_true(isnan(sum_of(odd, 2)));
    assert_true(isinf(sum_of(odd, 1)));
}

static void doubles_have_a_shortest_text(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {{1.0, "1.0"},
                {0.1, "0.1"},
                {1.0 / 3, "0.3333333333333333"},
                {1e20, "1.0E20"},
                {1.5e-7, "1.5E-7"},
                {36527.16, "36527.16"},
                {-0.0, "-0.0"},
                {5e-324, "4.94065645841247E-324"},
                {123456789012345680.0, "1.2345678901234568E17"}};
    char buffer[NUMBER_TEXT_BYTES];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        number_format_double(rows[i].value, buffer);
        assert_string_equal(buffer, rows[i].text);
        assert_true(strtod(buffer, NULL) == rows[i].value);
    }
    double number;
    assert_true(number_parse_double(" 1.5e3 ", 7, &number) && number == 1500);
    assert_false(number_parse_double("0x10", 4, &number));
    assert_false(number_parse_double("1.5.2", 5, &number));
    assert_false(number_parse_double("", 0, &number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_one_form),
        cmocka_unit_test(what_is_no_number_is_told),
        cmocka_unit_test(blobs_sort_as_numbers_and_come_back),
        cmocka_unit_test(foreign_blobs_are_refused),
        cmocka_unit_test(calculation_is_exact),
        cmocka_unit_test(products_and_quotients_agree),
        cmocka_unit_test(whole_numbers_keep_their_range),
        cmocka_unit_test(a_million_cents_add_up),
        cmocka_unit_test(sums_of_doubles_do_not_know_their_order),
        cmocka_unit_test(sums_of_doubles_are_rounded_once),
        cmocka_unit_test(doubles_have_a_shortest_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
