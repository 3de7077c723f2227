/* What the tests of the operator window share: a node, and a table made of its changes. */
#ifndef WINDOW_CASE_H
#define WINDOW_CASE_H

#include "harness.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every result says its window, then how many rows, and the sum of v. */
#define SELECT "select: {from: window_start, until: window_end, n: count(*), total: sum(v)}"

#define BOTH(test)                                                               \
    {#test " on memory", test, NULL, NULL, (void *)(uintptr_t) "state-memory"},  \
    {                                                                            \
#test " on moving", test, NULL, NULL, (void *)(uintptr_t) "state-moving" \
    }

/* A node over rows `@time | k | v`. */
static inline struct harness *open_window(const char *backend, const char *config)
{
    return harness_new(&(struct harness_spec){.plugin = "operator-window",
                                              .backend = backend,
                                              .input = "k: string|null, v: int64|null",
                                              .key_by = "k",
                                              .config = config});
}

static inline void watermark(struct harness *h, double seconds)
{
    harness_watermark(h, HARNESS_SECONDS(seconds));
}

/* ---- a table that changes are applied to --------------------------------------------------------
 */

enum { FOLD_ROWS = 4000, FOLD_LINE = 160 };

struct fold {
    char rows[FOLD_ROWS][FOLD_LINE]; /* lines without sign and time */
    int count;
};

/* Bytes of a line's key: the first `fields` fields. */
static inline size_t fold_key(const char *line, int fields)
{
    const char *at = line;

    while (fields-- > 0) {
        at = strchr(at, '|');
        assert_non_null(at);
        at++;
    }
    return (size_t)(at - line);
}

/* Applies what an output has got; keys are its first `fields` fields. An insert of what is there,
   or a change of what is not, is a failure. */
static inline void fold_take(struct fold *f, struct harness *h, int fields)
{
    char *all = strdup(harness_take(h, 0)), *rest = all, *line;

    while ((line = strsep(&rest, "\n")) && *line) {
        char sign = *line, *row = strchr(line, '|') + 2;
        size_t key = fold_key(row, fields);
        int i = 0;

        while (i < f->count && strncmp(f->rows[i], row, key) != 0)
            i++;
        if ((sign == '+') != (i == f->count))
            fail_msg("'%s' when the row is %sthere", line, i == f->count ? "not " : "");
        if (i == f->count)
            f->count++;
        assert_true(f->count < FOLD_ROWS && strlen(row) < FOLD_LINE);
        if (sign == '-')
            memmove(f->rows[i], f->rows[--f->count], FOLD_LINE);
        else
            strcpy(f->rows[i], row);
    }
    free(all);
}

static inline int fold_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static inline void fold_expect(struct fold *f, struct fold *wanted)
{
    qsort(f->rows, (size_t)f->count, FOLD_LINE, fold_compare);
    qsort(wanted->rows, (size_t)wanted->count, FOLD_LINE, fold_compare);
    for (int i = 0; i < f->count && i < wanted->count; i++)
        assert_string_equal(f->rows[i], wanted->rows[i]);
    assert_int_equal(f->count, wanted->count);
}

#endif
