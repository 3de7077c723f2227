/*
 * Comparing and storing keys: one loop per kind of column, so that rows need no branch on types.
 * -0 and +0 are one key, all NaN are one key, and stored in that form; NULL equals NULL.
 */
#include "table.h"

#include <string.h>

/* The bits of a float64 as it is stored and compared. */
static inline uint64_t canonical(uint64_t bits)
{
    if ((bits & ~(UINT64_C(1) << 63)) > UINT64_C(0x7FF0000000000000))
        return UINT64_C(0x7FF8000000000000);
    return bits << 1 ? bits : 0;
}

static inline uint64_t load64(const void *from)
{
    uint64_t v;

    memcpy(&v, from, sizeof(v));
    return v;
}

static inline uint32_t load32(const void *from)
{
    uint32_t v;

    memcpy(&v, from, sizeof(v));
    return v;
}

/* Without a call for short texts: two loads that overlap. */
static inline int same_bytes(const uint8_t *a, const uint8_t *b, uint32_t n)
{
    if (n > 16)
        return !memcmp(a, b, n);
    if (n >= 8)
        return load64(a) == load64(b) && load64(a + n - 8) == load64(b + n - 8);
    if (n >= 4)
        return load32(a) == load32(b) && load32(a + n - 4) == load32(b + n - 4);
    for (uint32_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return 0;
    return 1;
}

static inline int bytes_equal(const uint8_t *value, const struct streamd_column *c, uint32_t at)
{
    struct streamd_var v;
    uint32_t length = (uint32_t)(c->offsets[at + 1] - c->offsets[at]);

    memcpy(&v, value, sizeof(v));
    return v.length == length && same_bytes(v.data, c->data + c->offsets[at], length);
}

static inline int value_equals(enum key_kind kind, const uint8_t *value,
                               const struct streamd_column *c, uint32_t at)
{
    switch (kind) {
    case KEY_BYTE:
        return *value == (((const uint8_t *)c->values)[at] != 0);
    case KEY_WORD:
        return !memcmp(value, (const int32_t *)c->values + at, 4);
    case KEY_LONG:
        return load64(value) == ((const uint64_t *)c->values)[at];
    case KEY_DOUBLE:
        return load64(value) == canonical(((const uint64_t *)c->values)[at]);
    case KEY_DECIMAL:
        return !memcmp(value, (const struct streamd_decimal *)c->values + at, 16);
    default:
        return bytes_equal(value, c, at);
    }
}

int key_equals(const struct table *t, const uint8_t *row,
               const struct streamd_column *const *columns, uint32_t at)
{
    for (uint32_t i = 0; i < t->head.layout->key_count; i++) {
        int null = streamd_column_is_null(columns[i], at);

        if (streamd_row_is_null(row, i) != null)
            return 0;
        if (!null && !value_equals(t->keys[i].kind, row + t->keys[i].offset, columns[i], at))
            return 0;
    }
    return 1;
}

/* Made into one loop per kind by its callers. */
static inline __attribute__((always_inline)) void compare(enum key_kind kind, uint32_t offset,
                                                          uint32_t key, void *const *rows,
                                                          const struct streamd_column *column,
                                                          const uint16_t *at, uint32_t n,
                                                          uint8_t *ok)
{
    for (uint32_t k = 0; k < n; k++) {
        const uint8_t *row = rows[k];

        ok[k] = ok[k] && value_equals(kind, row + offset, column, at[k]) &&
                !streamd_row_is_null(row, key);
    }
}

static void compare_nullable(enum key_kind kind, uint32_t offset, uint32_t key, void *const *rows,
                             const struct streamd_column *column, const uint16_t *at, uint32_t n,
                             uint8_t *ok)
{
    for (uint32_t k = 0; k < n; k++) {
        int null = streamd_column_is_null(column, at[k]);

        ok[k] = ok[k] && streamd_row_is_null(rows[k], key) == null &&
                (null || value_equals(kind, (const uint8_t *)rows[k] + offset, column, at[k]));
    }
}

void key_compare(const struct table *t, uint32_t key, void *const *rows,
                 const struct streamd_column *column, const uint16_t *at, uint32_t n, uint8_t *ok)
{
    uint32_t offset = t->keys[key].offset;

    if (column->validity) {
        compare_nullable(t->keys[key].kind, offset, key, rows, column, at, n, ok);
        return;
    }
    switch (t->keys[key].kind) {
    case KEY_BYTE:
        compare(KEY_BYTE, offset, key, rows, column, at, n, ok);
        break;
    case KEY_WORD:
        compare(KEY_WORD, offset, key, rows, column, at, n, ok);
        break;
    case KEY_LONG:
        compare(KEY_LONG, offset, key, rows, column, at, n, ok);
        break;
    case KEY_DOUBLE:
        compare(KEY_DOUBLE, offset, key, rows, column, at, n, ok);
        break;
    case KEY_DECIMAL:
        compare(KEY_DECIMAL, offset, key, rows, column, at, n, ok);
        break;
    case KEY_BYTES:
        compare(KEY_BYTES, offset, key, rows, column, at, n, ok);
        break;
    }
}

/* Short keys go into the tail of their row, from *tail on: then a lookup reads one place less.
   Their capacity is 0. */
static int store_bytes(struct table *t, struct space *s, uint8_t *row, uint32_t offset,
                       uint32_t *tail, const struct streamd_column *c, uint32_t at)
{
    struct streamd_var v = {0};

    v.length = (uint32_t)(c->offsets[at + 1] - c->offsets[at]);
    if (v.length <= t->stride - t->head_size - *tail) {
        v.data = row + *tail;
        *tail += v.length;
    } else {
        v.capacity = slab_capacity(v.length);
        v.data = slab_alloc(t->context, &s->slab, v.length);
        if (!v.data)
            return STREAMD_E_NOMEM;
    }
    if (v.length)
        memcpy(v.data, c->data + c->offsets[at], v.length);
    memcpy(row + offset, &v, sizeof(v));
    return 0;
}

int key_store(struct table *t, struct space *s, uint8_t *row,
              const struct streamd_column *const *columns, uint32_t at)
{
    uint32_t tail = t->head.layout->row_size;

    for (uint32_t i = 0; i < t->head.layout->key_count; i++) {
        const struct streamd_column *c = columns[i];
        uint8_t *value = row + t->keys[i].offset;
        uint64_t bits;
        int rc;

        if (streamd_column_is_null(c, at)) {
            streamd_row_set_null(row, i, 1);
            continue;
        }
        switch (t->keys[i].kind) {
        case KEY_BYTE:
            *value = ((const uint8_t *)c->values)[at] != 0;
            break;
        case KEY_WORD:
            memcpy(value, (const int32_t *)c->values + at, 4);
            break;
        case KEY_LONG:
            memcpy(value, (const uint64_t *)c->values + at, 8);
            break;
        case KEY_DOUBLE:
            bits = canonical(((const uint64_t *)c->values)[at]);
            memcpy(value, &bits, 8);
            break;
        case KEY_DECIMAL:
            memcpy(value, (const struct streamd_decimal *)c->values + at, 16);
            break;
        case KEY_BYTES:
            if ((rc = store_bytes(t, s, row, t->keys[i].offset, &tail, c, at)))
                return rc;
            break;
        }
    }
    return 0;
}
