/*
 * One pass per key column over the batch, so that the loop over rows has no branch on the type.
 * Budget: 1 ns a row for fixed types, 4 ns for short strings.
 */
#include "columnar/keyhash.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define K UINT64_C(0x9E3779B97F4A7C15)
#define NULL_VALUE UINT64_C(0xA5A5A5A55A5A5A5A)

static inline uint64_t mix64(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xE9846AF9B1A615D);
    x ^= x >> 32;
    x *= UINT64_C(0xE9846AF9B1A615D);
    x ^= x >> 28;
    return x;
}

static inline uint64_t canonical_double(const void *values, uint32_t row)
{
    double v;
    uint64_t bits;

    memcpy(&v, (const double *)values + row, sizeof(v));
    if (v != v)
        return UINT64_C(0x7FF8000000000000);
    if (v == 0)
        return 0;
    memcpy(&bits, &v, sizeof(bits));
    return bits;
}

static inline uint64_t canonical_decimal(const void *values, uint32_t row)
{
    const struct streamd_decimal *v = (const struct streamd_decimal *)values + row;

    return v->high == ((int64_t)v->low >> 63) ? v->low : v->low ^ mix64((uint64_t)v->high);
}

#define EACH_ROW(expression)                             \
    for (uint32_t k = 0; k < b->count; k++) {            \
        uint32_t row = b->sel ? b->sel[k] : k;           \
        hash[row] = mix64(hash[row] * K + (expression)); \
    }

static void add_column(const struct streamd_batch *b, const struct streamd_column *c, uint8_t type,
                       uint64_t *hash)
{
    switch (type) {
    case STREAMD_BOOL:
        EACH_ROW(((const uint8_t *)c->values)[row] != 0)
        break;
    case STREAMD_INT64:
    case STREAMD_TIMESTAMP:
        EACH_ROW(((const uint64_t *)c->values)[row])
        break;
    case STREAMD_DATE:
        EACH_ROW((uint64_t)(int64_t)((const int32_t *)c->values)[row])
        break;
    case STREAMD_FLOAT64:
        EACH_ROW(canonical_double(c->values, row))
        break;
    case STREAMD_DECIMAL:
        EACH_ROW(canonical_decimal(c->values, row))
        break;
    default:
        EACH_ROW(
            XXH3_64bits(c->data + c->offsets[row], (size_t)(c->offsets[row + 1] - c->offsets[row])))
        break;
    }
}

/* The same, where some values are NULL: their bytes are not looked at. */
static void add_nullable(const struct streamd_batch *b, const struct streamd_column *c,
                         uint8_t type, uint64_t *hash)
{
    struct streamd_batch one = *b;
    uint16_t row;

    one.count = 1;
    one.sel = &row;
    for (uint32_t k = 0; k < b->count; k++) {
        row = (uint16_t)streamd_batch_row(b, k);
        if (streamd_column_is_null(c, row))
            hash[row] = mix64(hash[row] * K + NULL_VALUE);
        else
            add_column(&one, c, type, hash);
    }
}

void keyhash_batch(const struct streamd_batch *b, const struct streamd_column *const *keys,
                   const struct streamd_type *types, uint32_t count, uint64_t *hash)
{
    for (uint32_t k = 0; k < b->count; k++)
        hash[streamd_batch_row(b, k)] = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (keys[i]->validity)
            add_nullable(b, keys[i], types[i].id, hash);
        else
            add_column(b, keys[i], types[i].id, hash);
    }
}
