/* xorshift64* and straightforward loops: this is the model that tests compare with. */
#include "random_batch.h"

#include <stdio.h>
#include <string.h>

uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(0x2545F4914F6CDD1D);
}

uint32_t random_below(uint64_t *seed, uint32_t n)
{
    return (uint32_t)((random_next(seed) >> 32) * n >> 32);
}

int random_one_in(uint64_t *seed, uint32_t n)
{
    return random_below(seed, n) == 0;
}

void random_schema_init(struct random_schema *s, uint64_t *seed)
{
    static const char *const names[RANDOM_FIELDS] = {"a", "b", "c", "d", "e", "f",
                                                     "g", "h", "i", "j", "k", "l"};

    s->schema = (struct streamd_schema){1 + random_below(seed, RANDOM_FIELDS), s->fields};
    for (uint32_t i = 0; i < s->schema.field_count; i++) {
        uint8_t id = (uint8_t)(1 + random_below(seed, STREAMD_JSON));

        s->fields[i] = (struct streamd_field){
            names[i], {.id = id, .nullable = (uint8_t)random_below(seed, 2)}};
        if (id == STREAMD_DECIMAL)
            s->fields[i].type.precision = 38;
    }
}

static uint32_t text_length(uint64_t *seed, uint32_t longest)
{
    uint32_t most = random_one_in(seed, 8) ? longest : longest < 20 ? longest : 20;

    return random_one_in(seed, 6) ? 0 : random_below(seed, most + 1);
}

static void fill_text(struct streamd_batch *b, uint32_t column, uint64_t *seed, uint32_t rows,
                      uint32_t longest)
{
    struct streamd_column *c = &b->columns[column];

    for (b->rows = 0; b->rows < rows; b->rows++) {
        uint32_t length = text_length(seed, longest);

        if (batch_reserve(b, column, length))
            return;
        for (uint32_t i = 0; i < length; i++)
            c->data[(uint32_t)c->offsets[b->rows] + i] = (uint8_t)('a' + random_below(seed, 26));
        c->offsets[b->rows + 1] = c->offsets[b->rows] + (int32_t)length;
    }
}

/* How far numbers lie apart at most: anything, or what fits into so many bytes; now and then one
   less or more. */
static uint64_t random_span(uint64_t *seed)
{
    static const uint64_t spans[] = {0, UINT8_MAX, UINT16_MAX, UINT32_MAX};

    if (random_one_in(seed, 3))
        return UINT64_MAX;
    return spans[random_below(seed, 4)] + random_below(seed, 3) / 2;
}

/* A number of that span above `base`: often the first or the last of them. */
static uint64_t random_number(uint64_t *seed, uint64_t base, uint64_t span)
{
    uint64_t any = random_next(seed);

    if (span == UINT64_MAX)
        return any;
    return base + (random_one_in(seed, 8) ? span : random_one_in(seed, 8) ? 0 : any % (span + 1));
}

static void fill_values(struct streamd_column *c, uint8_t type, uint64_t *seed, uint32_t rows)
{
    size_t width = streamd_type_width(type);
    uint8_t *values = c->values;
    uint64_t base = random_next(seed), span = random_span(seed);

    for (uint32_t row = 0; row < rows; row++) {
        uint64_t words[2] = {random_number(seed, base, span), random_next(seed)};

        if (type == STREAMD_BOOL)
            words[0] &= 1;
        memcpy(values + width * row, words, width);
    }
}

static int fill_column(struct streamd_batch *b, uint32_t i, uint64_t *seed, uint32_t rows,
                       uint32_t longest)
{
    struct streamd_column *c = &b->columns[i];
    struct streamd_type type = b->schema->fields[i].type;

    if (random_one_in(seed, 9)) {
        memset(c, 0, sizeof(*c));
        return 0;
    }
    if (streamd_type_is_variable(type.id))
        fill_text(b, i, seed, rows, longest);
    else
        fill_values(c, type.id, seed, rows);
    if (!type.nullable || random_one_in(seed, 3))
        return 0;
    if (batch_nullable(b, i))
        return -1;
    for (uint32_t row = 0; row < rows; row++)
        if (random_one_in(seed, 3))
            c->validity[row / 8] &= (uint8_t) ~(1u << row % 8);
    return 0;
}

static void fill_times(struct streamd_batch *b, uint64_t *seed, uint32_t rows)
{
    uint64_t base = random_next(seed), span = random_span(seed);

    for (uint32_t i = 0; i < b->schema->field_count; i++) {
        if (b->schema->fields[i].type.id == STREAMD_TIMESTAMP && b->columns[i].values &&
            random_one_in(seed, 2)) {
            b->event_time = b->columns[i].values;
            return;
        }
    }
    if (random_one_in(seed, 4))
        b->event_time = NULL;
    for (uint32_t row = 0; b->event_time && row < rows; row++)
        b->event_time[row] = (int64_t)random_number(seed, base, span) >> 8;
}

static int fill_extras(struct streamd_batch *b, uint64_t *seed, uint32_t rows)
{
    if (random_one_in(seed, 3)) {
        b->row_kind = batch_alloc(b, rows);
        for (uint32_t row = 0; b->row_kind && row < rows; row++)
            b->row_kind[row] = (uint8_t)random_below(seed, 4);
    }
    if (random_one_in(seed, 3)) {
        b->key_hash = batch_alloc(b, rows * sizeof(uint64_t));
        for (uint32_t row = 0; b->key_hash && row < rows; row++)
            b->key_hash[row] = random_next(seed);
    }
    return 0;
}

static void select_rows(struct streamd_batch *b, uint64_t *seed, uint32_t rows)
{
    uint32_t one_in = 1 + random_below(seed, 4);
    uint16_t *sel = batch_alloc(b, rows * sizeof(*sel));

    b->count = 0;
    for (uint32_t row = 0; sel && row < rows; row++)
        if (random_one_in(seed, one_in) || (row + 1 == rows && b->count == 0))
            sel[b->count++] = (uint16_t)row;
    b->sel = sel;
}

struct streamd_batch *random_batch(struct batch_pool *pool, const struct random_schema *schema,
                                   uint64_t *seed, uint32_t most_rows, uint32_t longest)
{
    uint32_t rows = 1 + random_below(seed, most_rows);
    struct streamd_batch *b = batch_new(pool, &schema->schema, rows);

    if (!b)
        return NULL;
    for (uint32_t i = 0; i < schema->schema.field_count; i++) {
        if (fill_column(b, i, seed, rows, longest)) {
            batch_release(b);
            return NULL;
        }
    }
    b->rows = b->count = rows;
    fill_times(b, seed, rows);
    fill_extras(b, seed, rows);
    b->min_time = INT64_MIN;
    b->max_time = INT64_MAX;
    if (random_one_in(seed, 2))
        select_rows(b, seed, rows);
    return b;
}

static int values_equal(const struct streamd_column *x, uint32_t i, const struct streamd_column *y,
                        uint32_t k, uint8_t type)
{
    size_t width = streamd_type_width(type);

    if (streamd_column_is_null(x, i) || streamd_column_is_null(y, k))
        return streamd_column_is_null(x, i) && streamd_column_is_null(y, k);
    if (!width) {
        struct streamd_str s = streamd_column_str(x, i), t = streamd_column_str(y, k);

        return s.length == t.length && (!s.length || memcmp(s.data, t.data, s.length) == 0);
    }
    return memcmp((const uint8_t *)x->values + width * i, (const uint8_t *)y->values + width * k,
                  width) == 0;
}

int random_rows_equal(const struct streamd_batch *a, uint32_t i, const struct streamd_batch *b,
                      uint32_t k)
{
    for (uint32_t f = 0; f < a->schema->field_count; f++) {
        const struct streamd_column *x = &a->columns[f], *y = &b->columns[f];

        if (!x->values != !y->values || !x->offsets != !y->offsets)
            return 0;
        if ((x->values || x->offsets) && !values_equal(x, i, y, k, a->schema->fields[f].type.id))
            return 0;
    }
    if (!a->event_time != !b->event_time || !a->row_kind != !b->row_kind ||
        !a->key_hash != !b->key_hash)
        return 0;
    return (!a->event_time || a->event_time[i] == b->event_time[k]) &&
           (!a->row_kind || a->row_kind[i] == b->row_kind[k]) &&
           (!a->key_hash || a->key_hash[i] == b->key_hash[k]);
}
