/*
 * The set of values behind DISTINCT: its bytes as documented, its growth, what it makes of broken
 * bytes, and what happens when there is no memory.
 */
#include "aggregate_fixture.h"
#include "base/memory.h"
#include "state/distinct.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct streamd_field set_field = {"set", {.id = STREAMD_BYTES}};
static const struct streamd_type int64 = {.id = STREAMD_INT64};
static const struct streamd_type string = {.id = STREAMD_STRING};

static void set_table(struct test_table *t)
{
    struct streamd_table_decl decl = {.name = "t", .column_count = 1, .columns = &set_field};

    table_init(t, &decl, 1);
}

static struct streamd_var *set_of(struct test_table *t)
{
    return streamd_row_value(&t->layout, t->rows[0], 0);
}

static int add_int(struct test_table *t, int64_t value)
{
    struct distinct_form form = distinct_form(&int64);
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)value >> (8 * i));
    return distinct_add(&t->head, t->rows[0], 0, &form, bytes, 8, distinct_hash(bytes, 8));
}

static int add_text(struct test_table *t, const char *text)
{
    struct distinct_form form = distinct_form(&string);

    return distinct_add(&t->head, t->rows[0], 0, &form, text, (uint32_t)strlen(text),
                        distinct_hash(text, (uint32_t)strlen(text)));
}

/* The bytes were written by hand from the format; the slots computed in Python. */
static void has_the_documented_format(void **state)
{
    static const uint8_t one[] = {1, 2, 0, 0, 1, 0, 0, 0, 0xfe, 255, 255, 255, 255, 255, 255, 255};
    static const uint8_t texts[] = {1, 5, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 'a', 'b', 0, 0, 0, 0};
    static const uint8_t slots[32] = {[10] = 33, [18] = 9,  [19] = 65, [21] = 1, [25] = 57,
                                      [27] = 25, [28] = 41, [29] = 49, [30] = 17};
    struct test_table t;
    uint8_t expected[8 + 32 * 4 + 9 * 8] = {1, 2, 0, 5, 9, 0, 0, 0};

    (void)state;
    set_table(&t);
    assert_int_equal(add_int(&t, -2), 1);
    assert_int_equal(set_of(&t)->length, sizeof(one));
    assert_memory_equal(set_of(&t)->data, one, sizeof(one));
    set_of(&t)->length = 0;
    assert_int_equal(add_text(&t, "ab"), 1);
    assert_int_equal(add_text(&t, ""), 1);
    assert_int_equal(add_text(&t, ""), 0);
    assert_int_equal(set_of(&t)->length, sizeof(texts));
    assert_memory_equal(set_of(&t)->data, texts, sizeof(texts));
    set_of(&t)->length = 0;
    for (int i = 0; i < 9; i++)
        assert_int_equal(add_int(&t, i < 8 ? 10 * (i + 1) : -1), 1);
    for (int i = 0; i < 32; i++)
        expected[8 + 4 * i] = slots[i];
    for (int i = 0; i < 8; i++)
        expected[136 + 8 * i] = (uint8_t)(10 * (i + 1));
    memset(expected + 200, 255, 8);
    assert_int_equal(set_of(&t)->length, sizeof(expected));
    assert_memory_equal(set_of(&t)->data, expected, sizeof(expected));
    table_clear(&t);
}

static uint32_t walk(struct test_table *t, const struct streamd_type *type)
{
    struct distinct_form form = distinct_form(type);
    struct distinct_cursor cursor;
    const uint8_t *element;
    uint32_t length, count = 0;
    int rc = distinct_walk(set_of(t), &form, &cursor);

    while (!rc && (rc = distinct_next(&cursor, &element, &length)) > 0) {
        count++;
        rc = 0;
    }
    return rc ? UINT32_MAX : count;
}

static void grows(void **state)
{
    enum { MANY = 100000 };
    struct test_table t;
    char text[32];

    (void)state;
    set_table(&t);
    for (int64_t i = 0; i < MANY; i++) {
        assert_int_equal(add_int(&t, i * 7919), 1);
        assert_int_equal(add_int(&t, i / 2 * 7919), 0);
    }
    for (int64_t i = 0; i < MANY; i++)
        assert_int_equal(add_int(&t, i * 7919), 0);
    assert_int_equal(walk(&t, &int64), MANY);
    set_of(&t)->length = 0;
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof(text), "%x%.*s", (unsigned)i, i % 9, "abcdefghi");
        assert_int_equal(add_text(&t, text), 1);
        assert_int_equal(add_text(&t, text), 0);
    }
    assert_int_equal(walk(&t, &string), MANY);
    table_clear(&t);
}

static void refuses_sets_of_another_form(void **state)
{
    struct test_table t;

    (void)state;
    set_table(&t);
    assert_int_equal(add_text(&t, "abcdefgh"), 1);
    assert_int_equal(add_int(&t, 1), STREAMD_E_DATA);
    assert_int_equal(walk(&t, &int64), UINT32_MAX);
    set_of(&t)->data[0] = 2;
    assert_int_equal(add_text(&t, "a"), STREAMD_E_DATA);
    table_clear(&t);
}

/* Bytes of a set in a block of just their size. */
static void put_set(struct test_table *t, const uint8_t *bytes, uint32_t length)
{
    struct streamd_var *set = set_of(t);

    memory_free(set->data);
    set->data = memory_alloc(length);
    assert_non_null(set->data);
    memcpy(set->data, bytes, length);
    set->length = set->capacity = length;
}

/* No answer is wrong for a broken set but one that reads or writes beside it. */
static void survives_broken_sets(void **state)
{
    struct test_table t;
    uint8_t good[2048];
    uint32_t length, seed = 1;
    uint32_t refused = 0;
    char text[16];

    (void)state;
    for (int is_text = 0; is_text < 2; is_text++) {
        set_table(&t);
        for (int i = 0; i < 40; i++) {
            snprintf(text, sizeof(text), "%0*d", 1 + i % 8, i * i);
            assert_true((is_text ? add_text(&t, text) : add_int(&t, i)) >= 0);
        }
        length = set_of(&t)->length;
        assert_true(length <= sizeof(good));
        memcpy(good, set_of(&t)->data, length);
        for (int round = 0; round < 20000; round++) {
            uint32_t cut;
            int rc;

            seed = seed * 1664525u + 1013904223u;
            cut = seed % 4 == 0 ? (seed >> 8) % (length + 1) : length;
            put_set(&t, good, cut);
            for (unsigned i = 0; cut && i < 1 + (seed >> 4) % 3; i++) {
                seed = seed * 1664525u + 1013904223u;
                set_of(&t)->data[(seed >> 8) % (round % 4 || cut < 8 ? cut : 8)] =
                    (uint8_t)(seed >> 24);
            }
            snprintf(text, sizeof(text), "new %d", round);
            rc = is_text ? add_text(&t, text) : add_int(&t, 1000 + round);
            refused += rc < 0;
            walk(&t, is_text ? &string : &int64);
            for (int i = 0; i < 3; i++)
                rc = is_text ? add_text(&t, "7") : add_int(&t, i);
        }
        table_clear(&t);
    }
    assert_in_range(refused, 1000, 39000); /* both kinds of rounds came to pass */
}

static void carries_up_that_there_is_no_memory(void **state)
{
    uint64_t made = 1;

    (void)state;
    for (uint64_t at = 1; at <= made; at++) {
        struct test_table t;
        uint32_t lost = 0;

        set_table(&t);
        memory_fail_at(at, 0);
        for (int i = 0; i < 300; i++) {
            int rc = add_int(&t, i);

            assert_true(rc == 1 || rc == STREAMD_E_NOMEM);
            lost += rc != 1;
        }
        made = memory_fail_at(0, 0);
        assert_int_equal(lost, at <= made);
        assert_int_equal(walk(&t, &int64), 300 - lost);
        table_clear(&t);
    }
    assert_true(made > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_documented_format),
        cmocka_unit_test(grows),
        cmocka_unit_test(refuses_sets_of_another_form),
        cmocka_unit_test(survives_broken_sets),
        cmocka_unit_test(carries_up_that_there_is_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
