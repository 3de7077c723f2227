/*
 * Column by column, one loop per way of making values: numbers first, as int64; what is not an
 * int64 in the batch is made from them in a second loop over values that are still in the cache.
 */
#include "fill.h"

#include "random.h"

#include <streamd/convert.h>

#include <string.h>

/* Streams of random bits of one field; they must not depend on one another. */
static const uint64_t NULL_STREAM = UINT64_C(0x6E756C6C73000000);
static const uint64_t JITTER_STREAM = UINT64_C(0x6A69747465720000);

/* ---- numbers ----------------------------------------------------------------------------- */

static void sequence(const struct spec *s, const struct run *run, int64_t *restrict out)
{
    uint64_t value = (uint64_t)s->start + (uint64_t)s->step * run->first;
    uint64_t step = (uint64_t)s->step * run->stride;

    for (uint32_t i = 0; i < run->count; i++)
        out[i] = (int64_t)(value + step * i);
    for (uint32_t i = 0; s->jitter && i < run->count; i++) {
        uint64_t bits = random_bits(s->seed ^ JITTER_STREAM, run->first + run->stride * i);

        out[i] = (int64_t)((uint64_t)out[i] - random_below(bits, s->jitter));
    }
}

static void uniform(const struct spec *s, const struct run *run, int64_t *restrict out)
{
    uint64_t n = run->first;

    for (uint32_t i = 0; i < run->count; i++, n += run->stride)
        out[i] = (int64_t)((uint64_t)s->min + random_below(random_bits(s->seed, n), s->range));
}

static void numbers(const struct spec *s, const struct run *run, int64_t *restrict out)
{
    uint64_t n = run->first;

    switch (s->kind) {
    case SPEC_SEQUENCE:
        sequence(s, run, out);
        break;
    case SPEC_UNIFORM:
        uniform(s, run, out);
        break;
    case SPEC_ZIPF:
        for (uint32_t i = 0; i < run->count; i++, n += run->stride)
            out[i] = zipf_draw(&s->zipf, random_bits(s->seed, n));
        break;
    case SPEC_CHOICE:
        for (uint32_t i = 0; i < run->count; i++, n += run->stride)
            out[i] = s->numbers[random_below(random_bits(s->seed, n), s->choices)];
        break;
    case SPEC_PROBABILITY:
        for (uint32_t i = 0; i < run->count; i++, n += run->stride)
            out[i] = random_bits(s->seed, n) < s->threshold;
        break;
    default:
        break;
    }
}

static void floats(const struct spec *s, const struct run *run, double *restrict out)
{
    uint64_t n = run->first;

    switch (s->kind) {
    case SPEC_SEQUENCE:
        for (uint32_t i = 0; i < run->count; i++, n += run->stride)
            out[i] = s->first + s->delta * (double)n;
        break;
    case SPEC_UNIFORM:
        for (uint32_t i = 0; i < run->count; i++, n += run->stride)
            out[i] = s->first + s->delta * random_unit(random_bits(s->seed, n));
        break;
    default:
        for (uint32_t i = 0; i < run->count; i++, n += run->stride)
            out[i] = s->floats[random_below(random_bits(s->seed, n), s->choices)];
        break;
    }
}

/* ---- fixed width ------------------------------------------------------------------------- */

static void narrow(uint8_t type, const int64_t *restrict from, void *to, uint32_t count)
{
    struct streamd_decimal *decimals = to;
    uint8_t *bools = to;
    int32_t *dates = to;

    switch (type) {
    case STREAMD_BOOL:
        for (uint32_t i = 0; i < count; i++)
            bools[i] = (uint8_t)from[i];
        break;
    case STREAMD_DATE:
        for (uint32_t i = 0; i < count; i++)
            dates[i] = (int32_t)from[i];
        break;
    default:
        for (uint32_t i = 0; i < count; i++)
            decimals[i] = (struct streamd_decimal){(uint64_t)from[i], from[i] >> 63};
        break;
    }
}

static void fill_fixed(const struct spec *s, const struct run *run, struct streamd_column *column,
                       int64_t *scratch)
{
    switch (s->type.id) {
    case STREAMD_FLOAT64:
        floats(s, run, column->values);
        break;
    case STREAMD_INT64:
    case STREAMD_TIMESTAMP:
        numbers(s, run, column->values);
        break;
    default:
        numbers(s, run, scratch);
        narrow(s->type.id, scratch, column->values, run->count);
        break;
    }
}

/* ---- texts ------------------------------------------------------------------------------- */

static int numbered(struct streamd_context *c, const struct spec *s, const struct run *run,
                    struct streamd_batch *batch, uint32_t index, int64_t *scratch)
{
    struct streamd_column *column = &batch->columns[index];
    size_t at = 0;

    if (streamd_batch_reserve(c, batch, index,
                              run->count * (s->prefix.length + STREAMD_INT64_TEXT)))
        return STREAMD_E_NOMEM;
    numbers(s, run, scratch);
    for (uint32_t i = 0; i < run->count; i++) {
        if (s->prefix.length > 0)
            memcpy(column->data + at, s->prefix.data, s->prefix.length);
        at += s->prefix.length;
        at += streamd_int64_print(scratch[i], (char *)column->data + at);
        column->offsets[i + 1] = (int32_t)at;
    }
    return 0;
}

static int chosen(struct streamd_context *c, const struct spec *s, const struct run *run,
                  struct streamd_batch *batch, uint32_t index)
{
    struct streamd_column *column = &batch->columns[index];
    size_t longest = 0, at = 0;
    uint64_t n = run->first;

    for (uint32_t i = 0; i < s->choices; i++)
        longest = s->texts[i].length > longest ? s->texts[i].length : longest;
    if (streamd_batch_reserve(c, batch, index, run->count * longest))
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < run->count; i++, n += run->stride) {
        const struct streamd_str *text =
            &s->texts[random_below(random_bits(s->seed, n), s->choices)];

        memcpy(column->data + at, text->data, text->length);
        at += text->length;
        column->offsets[i + 1] = (int32_t)at;
    }
    return 0;
}

/* 12 letters out of 64 bits: each takes the highest part of what the one before left. */
static int letters(struct streamd_context *c, const struct spec *s, const struct run *run,
                   struct streamd_batch *batch, uint32_t index)
{
    struct streamd_column *column = &batch->columns[index];
    size_t most = (size_t)s->letters_min + s->letters_range, at = 0;
    uint64_t n = run->first;

    if (streamd_batch_reserve(c, batch, index, run->count * most))
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < run->count; i++, n += run->stride) {
        uint64_t row = random_bits(s->seed, n), bits = 0;
        uint32_t length = s->letters_min + (uint32_t)random_below(row, s->letters_range);

        for (uint32_t k = 0; k < length; k++) {
            unsigned __int128 product;

            if (k % 12 == 0)
                bits = random_bits(row, k + 1);
            product = (unsigned __int128)bits * 26;
            column->data[at++] = (uint8_t)('a' + (uint8_t)(product >> 64));
            bits = (uint64_t)product;
        }
        column->offsets[i + 1] = (int32_t)at;
    }
    return 0;
}

static int fill_texts(struct streamd_context *c, const struct spec *s, const struct run *run,
                      struct streamd_batch *batch, uint32_t index, int64_t *scratch)
{
    switch (s->kind) {
    case SPEC_CHOICE:
        return chosen(c, s, run, batch, index);
    case SPEC_LETTERS:
        return letters(c, s, run, batch, index);
    default:
        return numbered(c, s, run, batch, index, scratch);
    }
}

int fill_column(struct streamd_context *c, const struct spec *spec, const struct run *run,
                struct streamd_batch *batch, uint32_t index, int64_t *scratch)
{
    uint64_t n = run->first;
    int rc = 0;

    if (streamd_type_is_variable(spec->type.id))
        rc = fill_texts(c, spec, run, batch, index, scratch);
    else
        fill_fixed(spec, run, &batch->columns[index], scratch);
    if (rc || spec->null_threshold == 0)
        return rc;
    for (uint32_t i = 0; i < run->count && !rc; i++, n += run->stride) {
        if (random_bits(spec->seed ^ NULL_STREAM, n) < spec->null_threshold)
            rc = streamd_batch_set_null(c, batch, index, i);
    }
    return rc;
}
