/*
 * Up to eight values are compared one after the other; more lie in an open hash table whose
 * buckets hold the full hash, so that a miss hardly ever looks at a value. Fixed values of up to
 * eight bytes are compared as canonical 64-bit words (-0 is 0, there is one NaN), texts as words
 * too where all of the set are short, all others as runs of bytes.
 */
#include "expr/in_set.h"

#include "expr/eval.h"
#include "expr/short_text.h"

#include <xxhash.h>

enum { SEARCHED = 8 };

/* ---- words -------------------------------------------------------------------------------- */

static uint64_t word_of_float(double v)
{
    if (v == 0)
        v = 0; /* -0 */
    return v != v ? UINT64_C(0x7ff8000000000000) : streamd_float64_bits(v);
}

static int is_text(uint8_t id)
{
    return streamd_type_is_variable(id) || id == STREAMD_DECIMAL;
}

static uint64_t word_at(uint8_t id, const void *values, uint32_t i)
{
    switch (id) {
    case STREAMD_BOOL:
        return ((const uint8_t *)values)[i] != 0;
    case STREAMD_DATE:
        return (uint64_t)(int64_t)((const int32_t *)values)[i];
    case STREAMD_FLOAT64:
        return word_of_float(((const double *)values)[i]);
    default:
        return (uint64_t)((const int64_t *)values)[i];
    }
}

static struct streamd_str text_at(uint8_t id, const void *values, uint32_t i)
{
    struct streamd_str s;

    if (id != STREAMD_DECIMAL)
        return ((const struct streamd_str *)values)[i];
    s.data = (const char *)values + (size_t)i * sizeof(struct streamd_decimal);
    s.length = sizeof(struct streamd_decimal);
    return s;
}

/* Never 0, which marks an empty bucket. */
static uint64_t hash_word(uint64_t w)
{
    w = (w ^ (w >> 32)) * UINT64_C(0x9e3779b97f4a7c15);
    w = (w ^ (w >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
    return (w ^ (w >> 32)) | 1;
}

static uint64_t hash_text(struct streamd_str s)
{
    return XXH3_64bits(s.data, s.length) | 1;
}

/* ---- making one --------------------------------------------------------------------------- */

static int by_words(const struct in_set *set)
{
    return set->is_short || !is_text(set->id);
}

static uint64_t hash_of(const struct in_set *set, uint32_t i)
{
    return by_words(set) ? hash_word(set->words[i]) : hash_text(set->strings[i]);
}

/* Lays the values out by bucket: values[b] belongs to hashes[b]. */
static int make_buckets(struct arena *arena, struct in_set *set)
{
    uint32_t buckets = 16, i;
    uint64_t *hashes, *words;
    struct streamd_str *strings;

    while (buckets < set->count * 2)
        buckets *= 2;
    hashes = arena_zalloc(arena, buckets, sizeof(*hashes));
    words = arena_zalloc(arena, buckets, sizeof(*words));
    strings = arena_zalloc(arena, buckets, sizeof(*strings));
    if (!hashes || !words || !strings)
        return -1;
    for (i = 0; i < set->count; i++) {
        uint64_t h = hash_of(set, i);
        uint32_t b = (uint32_t)(h >> 1) & (buckets - 1);

        while (hashes[b])
            b = (b + 1) & (buckets - 1);
        hashes[b] = h;
        words[b] = set->words[i];
        strings[b] = set->strings[i];
    }
    set->buckets = buckets;
    set->hashes = hashes;
    set->words = words;
    set->strings = strings;
    return 0;
}

const struct in_set *in_set_new(struct arena *arena, const struct node *const *constants,
                                uint32_t n)
{
    struct in_set *set = arena_zalloc(arena, 1, sizeof(*set));
    uint64_t *words = arena_zalloc(arena, n, sizeof(*words));
    struct streamd_str *strings = arena_zalloc(arena, n, sizeof(*strings));

    if (!set || !words || !strings)
        return NULL;
    set->id = constants[0]->type.id;
    set->is_short = (uint8_t)streamd_type_is_variable(set->id);
    for (uint32_t i = 0; i < n; i++) {
        const void *value = constants[i]->value.values;

        if (node_is_null(constants[i])) {
            set->has_null = 1;
            continue;
        }
        if (is_text(set->id)) {
            struct streamd_str text = text_at(set->id, value, 0);

            strings[set->count] = text;
            words[set->count] = short_text_word(text.data, text.length);
            if (words[set->count] == SHORT_TEXT_LONGER)
                set->is_short = 0;
        } else {
            words[set->count] = word_at(set->id, value, 0);
        }
        set->count++;
    }
    set->words = words;
    set->strings = strings;
    if (set->count > SEARCHED && make_buckets(arena, set))
        return NULL;
    return set;
}

/* ---- looking up --------------------------------------------------------------------------- */

static int has_word(const struct in_set *set, uint64_t word)
{
    uint64_t h;
    uint32_t b;
    int found = 0;

    if (!set->buckets) {
        for (uint32_t i = 0; i < set->count; i++)
            found |= set->words[i] == word;
        return found;
    }
    h = hash_word(word);
    for (b = (uint32_t)(h >> 1) & (set->buckets - 1); set->hashes[b];
         b = (b + 1) & (set->buckets - 1)) {
        if (set->hashes[b] == h && set->words[b] == word)
            return 1;
    }
    return 0;
}

static int same_text(struct streamd_str a, const char *data, size_t length)
{
    return a.length == length && memcmp(a.data, data, length) == 0;
}

static int has_text(const struct in_set *set, const char *data, size_t length)
{
    struct streamd_str s = {data, length};
    uint64_t h;
    uint32_t b;

    if (set->is_short)
        return has_word(set, short_text_word(data, length));
    if (!set->buckets) {
        for (uint32_t i = 0; i < set->count; i++) {
            if (same_text(set->strings[i], data, length))
                return 1;
        }
        return 0;
    }
    h = hash_text(s);
    for (b = (uint32_t)(h >> 1) & (set->buckets - 1); set->hashes[b];
         b = (b + 1) & (set->buckets - 1)) {
        if (set->hashes[b] == h && same_text(set->strings[b], data, length))
            return 1;
    }
    return 0;
}

void in_set_find(const struct in_set *set, const struct streamd_vector *values, const uint16_t *sel,
                 uint32_t n, uint8_t *found)
{
    for (uint32_t k = 0; k < n; k++) {
        uint32_t row = eval_row(sel, k), i = row & values->mask;

        if (eval_is_null(values, row)) {
            found[row] = 0;
        } else if (is_text(set->id)) {
            struct streamd_str s = text_at(set->id, values->values, i);

            found[row] = (uint8_t)has_text(set, s.data, s.length);
        } else {
            found[row] = (uint8_t)has_word(set, word_at(set->id, values->values, i));
        }
    }
}

uint32_t in_set_filter_texts(const struct in_set *set, const struct streamd_column *column,
                             uint32_t rows, int negated, const uint16_t *sel, uint32_t n,
                             uint16_t *out)
{
    const int32_t *offsets = column->offsets;
    const int32_t end = offsets[rows];
    uint32_t count = 0;

    for (uint32_t k = 0; set->is_short && k < n; k++) {
        uint32_t row = eval_row(sel, k);

        out[count] = (uint16_t)row;
        count += has_word(set, short_text_row(column, row, end)) != negated;
    }
    for (uint32_t k = 0; !set->is_short && k < n; k++) {
        uint32_t row = eval_row(sel, k);
        size_t length = (size_t)(offsets[row + 1] - offsets[row]);

        out[count] = (uint16_t)row;
        count += has_text(set, (const char *)column->data + offsets[row], length) != negated;
    }
    return count;
}

/* ---- the node ----------------------------------------------------------------------------- */

int eval_in(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
            struct streamd_vector *out)
{
    const struct in_set *set = node->set;
    struct scratch_mark mark;
    struct streamd_vector v;
    uint8_t *nulls = eval_take_nulls(ev), *found;
    int rc;

    if (!nulls || eval_take_values(ev, node->type, out))
        return STREAMD_E_NOMEM;
    mark = scratch_mark(&ev->scratch);
    rc = eval_node(ev, node->args[0], sel, n, &v);
    if (rc == 0)
        in_set_find(set, &v, sel, n, out->values);
    found = out->values;
    for (uint32_t k = 0; rc == 0 && k < n; k++) {
        uint32_t row = eval_row(sel, k);

        nulls[row] = (uint8_t)(eval_is_null(&v, row) || (set->has_null && !found[row]));
        found[row] ^= node->negated;
    }
    if (rc == 0 && (v.nulls || set->has_null))
        out->nulls = nulls;
    scratch_release(&ev->scratch, mark);
    return rc;
}

int filter_in(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
              uint16_t *out)
{
    const struct node *arg = node->args[0];

    if (arg->kind == NODE_COLUMN && streamd_type_is_variable(arg->type.id) &&
        !ev->batch->columns[arg->column].validity && !node->set->has_null)
        return (int)in_set_filter_texts(node->set, &ev->batch->columns[arg->column], ev->rows,
                                        node->negated, sel, n, out);
    return filter_any(ev, node, sel, n, out);
}
