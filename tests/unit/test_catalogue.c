/*
 * Which files of sealed namespaces later checkpoints refer to: the worker's catalogue is fed as by
 * workloads of many checkpoints, and what stays referred to is held against what is in use. No
 * disk: files are sizes here.
 */
#include "base/array.h"
#include "worker/catalogue.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

enum { MEBI = 1024 * 1024, FILES = 64 };

/* A table: which sealing of each namespace is the one that counts, 0: there is no such namespace;
   and what is known of its files. */
struct table {
    uint64_t seal[4096];
    uint32_t size; /* bytes of each namespace */
    uint64_t seals, written;
    struct sealed_list known;
    size_t files; /* that the last checkpoint refers to */
    uint64_t bytes;
};

static void put(struct sealed_list *list, int64_t ns, uint64_t seal, struct sealed_file *file,
                uint32_t size)
{
    struct snapshot_block *block = memory_zalloc(1, sizeof(*block));
    struct sealed_space *space;

    assert_non_null(block);
    block->length = size;
    space = sealed_space_new(ns, seal, file, block, 1);
    assert_non_null(space);
    assert_int_equal(sealed_list_push(list, space), 0);
}

/* A checkpoint as a worker takes it: what is known and still counts is referred to, the rest is
   written. Where it is complete its catalogue is used. */
static void checkpoint(struct table *t, uint64_t id, int complete)
{
    struct sealed_file *file = sealed_file_new(id, "sealed-0.snap");
    struct catalogue *c = catalogue_new(id);
    struct sealed_list list = {.items = NULL};

    assert_non_null(file);
    assert_non_null(c);
    for (int64_t ns = 0; ns < 4096; ns++) {
        struct sealed_space *known = t->seal[ns] ? sealed_list_find(&t->known, ns) : NULL;

        if (known && known->seal == t->seal[ns]) {
            assert_int_equal(sealed_list_share(&list, known), 0);
        } else if (t->seal[ns]) {
            put(&list, ns, t->seal[ns], file, t->size);
            file->bytes += t->size;
        }
    }
    t->written += file->bytes;
    file->bytes += 100; /* header and footer */
    assert_int_equal(catalogue_add(c, &t->known, &list), 0);
    catalogue_thin(c);
    t->files = c->refers.count;
    t->bytes = 0;
    for (size_t i = 0; i < c->refers.count; i++)
        t->bytes += c->refers.items[i]->bytes;
    if (complete)
        catalogue_apply(c);
    catalogue_free(c);
    sealed_file_unref(file);
}

static uint64_t in_use(const struct table *t)
{
    uint64_t bytes = 0;

    for (int ns = 0; ns < 4096; ns++)
        bytes += t->seal[ns] ? t->size : 0;
    return bytes;
}

static void begin(struct table *t, uint32_t size)
{
    memset(t, 0, sizeof(*t));
    t->size = size;
}

/* One more pane with each checkpoint, none goes: files stay few, and little is written twice. */
static void files_stay_few(void **state)
{
    struct table t;

    (void)state;
    begin(&t, MEBI);
    for (uint64_t id = 1; id <= 4096; id++) {
        t.seal[id - 1] = ++t.seals;
        checkpoint(&t, id, 1);
        assert_true(t.files <= FILES + 1);
    }
    assert_true(t.written <= 4 * in_use(&t));
    sealed_list_clear(&t.known);
}

/* A window of panes that moves on, the oldest goes: nothing has to be written again but so that
   files stay few. */
static void what_goes_in_order_is_no_waste(void **state)
{
    struct table t;

    (void)state;
    begin(&t, MEBI);
    for (uint64_t id = 1; id <= 4096; id++) {
        t.seal[id - 1] = ++t.seals;
        if (id > 48)
            t.seal[id - 49] = 0;
        checkpoint(&t, id, 1);
    }
    assert_int_equal(t.written, UINT64_C(4096) * MEBI);
    sealed_list_clear(&t.known);
}

/* Late rows open half of the newest 20 panes before each checkpoint. What stays on the disk is held
   against what is of use. */
static void late_rows_do_not_fill_the_disk(void **state)
{
    struct table t;
    uint64_t late = 0;

    (void)state;
    begin(&t, MEBI);
    for (uint64_t id = 1; id <= 2000; id++) {
        t.seal[id - 1] = ++t.seals;
        for (uint64_t ns = id > 20 ? id - 20 : 0; ns + 1 < id; ns += 2, late += MEBI)
            t.seal[ns] = ++t.seals;
        if (id > 300)
            t.seal[id - 301] = 0;
        checkpoint(&t, id, id % 7 != 0); /* some are aborted */
        /* What this one wrote is judged when it is complete: the bound is that of the one before,
           and its own file. */
        assert_true(t.bytes <= 2 * in_use(&t) + UINT64_C(16 + 3 * 32) * MEBI);
        assert_true(t.files <= FILES + 1);
    }
    assert_true(t.written <= 3 * (late + UINT64_C(2000) * MEBI));
    sealed_list_clear(&t.known);
}

/* What is given up is still referred to by the checkpoint at hand, but by no later one. */
static void a_file_is_given_up_for_the_next(void **state)
{
    struct table t;

    (void)state;
    begin(&t, 8 * MEBI);
    for (int ns = 0; ns < 9; ns++)
        t.seal[ns] = ++t.seals;
    checkpoint(&t, 1, 1); /* 72 MiB */
    for (int ns = 0; ns < 6; ns++)
        t.seal[ns] = 0;
    checkpoint(&t, 2, 1); /* 24 of 72 in use: the next writes them */
    assert_int_equal(t.files, 1);
    assert_int_equal(t.known.count, 0);
    checkpoint(&t, 3, 1);
    assert_int_equal(t.files, 1);
    assert_int_equal(t.known.count, 3);
    assert_int_equal(t.known.items[0]->file->checkpoint, 3);
    assert_int_equal(t.written, UINT64_C(12 * 8) * MEBI);
    sealed_list_clear(&t.known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_stay_few),
        cmocka_unit_test(what_goes_in_order_is_no_waste),
        cmocka_unit_test(late_rows_do_not_fill_the_disk),
        cmocka_unit_test(a_file_is_given_up_for_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
