/*
 * Between vectors and sets: arguments become elements, and elements arguments again.
 *
 * A call with one argument that takes no NULL keeps plain values; every other one keeps tuples, in
 * which an argument may be NULL. distinct.c says how both are written.
 *
 * Two sets are united by feeding the values that are new to the function's update, a few hundred at
 * a time, since accumulators that have seen a value twice could not be put right again. The event
 * times of the values are not kept, so update gets none.
 */
#include "base/array.h"
#include "state/aggregate_runner.h"

#include <endian.h>
#include <streamd/error.h>
#include <string.h>

enum { CHUNK = 256, WIDEST = 16, TOGETHER = 16 };
_Static_assert(sizeof(struct streamd_str) <= WIDEST, "values of all types fit WIDEST");

static int is_tuple(const struct expr_aggregate_call *call)
{
    return call->argc != 1 || (call->function->flags & STREAMD_FUNCTION_NULLABLE_INPUT);
}

static struct distinct_form form_of(const struct expr_aggregate_call *call)
{
    return distinct_form(is_tuple(call) ? NULL : &call->args[0]->type);
}

/* ---- values to bytes ---------------------------------------------------------------------- */

static inline void store64(uint8_t *p, uint64_t v)
{
    v = htole64(v);
    memcpy(p, &v, sizeof(v));
}

static inline uint64_t float_bits(double v)
{
    uint64_t bits;

    if (v != v)
        return UINT64_C(0x7FF8000000000000);
    if (v == 0)
        return 0;
    memcpy(&bits, &v, sizeof(bits));
    return bits;
}

/* Writes value i of a type of fixed width. */
static inline void put_fixed(uint8_t *out, uint8_t type, const void *values, uint32_t i)
{
    struct streamd_decimal d;
    uint32_t day;

    switch (type) {
    case STREAMD_BOOL:
        *out = ((const uint8_t *)values)[i] != 0;
        break;
    case STREAMD_DATE:
        day = htole32((uint32_t)((const int32_t *)values)[i]);
        memcpy(out, &day, sizeof(day));
        break;
    case STREAMD_FLOAT64:
        store64(out, float_bits(((const double *)values)[i]));
        break;
    case STREAMD_DECIMAL:
        memcpy(&d, (const uint8_t *)values + sizeof(d) * i, sizeof(d));
        store64(out, d.low);
        store64(out + 8, (uint64_t)d.high);
        break;
    default:
        store64(out, ((const uint64_t *)values)[i]);
        break;
    }
}

static inline int is_null(const struct streamd_vector *v, uint32_t row)
{
    return v->nulls && v->nulls[row & v->mask];
}

/* Bytes of an argument in a tuple. */
static size_t tuple_size(const struct streamd_vector *v, uint32_t row)
{
    if (is_null(v, row))
        return 1;
    if (streamd_type_is_variable(v->type.id))
        return 1 + 4 + ((const struct streamd_str *)v->values)[row & v->mask].length;
    return 1 + streamd_type_width(v->type.id);
}

static uint8_t *put_tuple(uint8_t *at, const struct streamd_vector *v, uint32_t row)
{
    uint32_t i = row & v->mask, length;

    *at++ = (uint8_t)is_null(v, row);
    if (is_null(v, row))
        return at;
    if (streamd_type_is_variable(v->type.id)) {
        const struct streamd_str *s = (const struct streamd_str *)v->values + i;

        length = htole32((uint32_t)s->length);
        memcpy(at, &length, sizeof(length));
        if (s->length)
            memcpy(at + 4, s->data, s->length);
        return at + 4 + s->length;
    }
    put_fixed(at, v->type.id, v->values, i);
    return at + streamd_type_width(v->type.id);
}

/* The tuple of a row, in r->element. 0 or negative. */
static int make_tuple(struct aggregate_runner *r, const struct streamd_vector *args, uint32_t argc,
                      uint32_t row, uint32_t *length)
{
    size_t size = 0;
    uint8_t *at;

    for (uint32_t j = 0; j < argc; j++)
        size += tuple_size(&args[j], row);
    if (size > INT32_MAX)
        return STREAMD_E_LIMIT;
    if (array_reserve(&r->element, size))
        return STREAMD_E_NOMEM;
    at = r->element.items;
    for (uint32_t j = 0; j < argc; j++)
        at = put_tuple(at, &args[j], row);
    *length = (uint32_t)size;
    return 0;
}

/* A row on its way into a set. */
struct candidate {
    const void *element;
    uint64_t hash;
    struct streamd_var *set;
    void *state;
    uint32_t length;
    uint16_t row;
    uint8_t fixed[WIDEST];
};

/* The element of a row. A tuple lies in r->element until the next one. 0 or negative. */
static int make_element(struct aggregate_runner *r, const struct expr_aggregate_call *call,
                        const struct distinct_form *form, const struct streamd_vector *args,
                        struct candidate *c)
{
    uint32_t i = c->row & args->mask;
    int rc = 0;

    if (form->width) {
        put_fixed(c->fixed, args->type.id, args->values, i);
        c->element = c->fixed;
        c->length = form->width;
    } else if (form->type) {
        const struct streamd_str *s = (const struct streamd_str *)args->values + i;

        c->element = s->data;
        c->length = (uint32_t)s->length;
        rc = s->length > INT32_MAX ? STREAMD_E_LIMIT : 0;
    } else {
        rc = make_tuple(r, args, call->argc, c->row, &c->length);
        c->element = r->element.items;
    }
    if (!rc)
        c->hash = distinct_hash(c->element, c->length);
    return rc;
}

/* In three steps over a few rows, so that they wait for memory together. */
int64_t aggregate_new_values(struct aggregate_runner *r, const struct expr_aggregate_call *call,
                             const struct aggregate_place *place, const struct streamd_vector *args,
                             const uint16_t *sel, void *const *rows, uint32_t n)
{
    struct distinct_form form = form_of(call);
    struct streamd_table *t = place->accumulator.table;
    struct candidate candidates[TOGETHER];
    uint32_t m = 0, step = form.type ? TOGETHER : 1;
    int rc = 0;

    for (uint32_t k = 0; k < n; k += step) {
        uint32_t some = n - k < step ? n - k : step;

        for (uint32_t i = 0; !rc && i < some; i++) {
            struct candidate *c = &candidates[i];

            c->row = sel ? sel[k + i] : (uint16_t)(k + i);
            c->state = rows[k + i];
            c->set = streamd_row_value(t->layout, c->state, place->set);
            rc = make_element(r, call, &form, args, c);
            if (!rc)
                distinct_fetch_index(c->set, c->hash);
        }
        if (rc)
            return rc;
        for (uint32_t i = 0; i < some; i++)
            distinct_fetch_element(candidates[i].set, candidates[i].hash);
        for (uint32_t i = 0; i < some; i++) {
            const struct candidate *c = &candidates[i];

            rc = distinct_add(t, c->state, place->set, &form, c->element, c->length, c->hash);
            if (rc < 0)
                return rc;
            r->sel.items[m] = c->row;
            r->rows.items[m] = c->state;
            m += (uint32_t)rc;
            rc = 0;
        }
    }
    return m;
}

/* ---- bytes to values ---------------------------------------------------------------------- */

/* Values on their way from sets into a kernel. */
struct feed {
    struct aggregate_runner *runner;
    const struct expr_aggregate_call *call;
    const struct aggregate_place *place;
    struct streamd_vector args[STREAMD_MAX_ARGUMENTS];
    void **rows;
    uint32_t n;
};

static inline uint64_t load64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return le64toh(v);
}

static void get_fixed(const uint8_t *p, uint8_t type, void *values, uint32_t i)
{
    struct streamd_decimal d;
    uint32_t day;
    uint64_t bits;

    switch (type) {
    case STREAMD_BOOL:
        ((uint8_t *)values)[i] = *p != 0;
        break;
    case STREAMD_DATE:
        memcpy(&day, p, sizeof(day));
        ((int32_t *)values)[i] = (int32_t)le32toh(day);
        break;
    case STREAMD_DECIMAL:
        d.low = load64(p);
        d.high = (int64_t)load64(p + 8);
        ((struct streamd_decimal *)values)[i] = d;
        break;
    default:
        bits = load64(p);
        memcpy((uint8_t *)values + sizeof(bits) * i, &bits, sizeof(bits));
        break;
    }
}

/* Reads one argument of a tuple into value i. What follows it, or NULL: the tuple is broken. */
static const uint8_t *get_tuple(const uint8_t *p, const uint8_t *end, struct streamd_vector *v,
                                uint32_t i)
{
    size_t width = streamd_type_width(v->type.id);
    uint32_t length;

    if (p == end || *p > 1)
        return NULL;
    v->nulls[i] = *p++;
    if (v->nulls[i]) {
        width = width ? width : sizeof(struct streamd_str);
        memset((uint8_t *)v->values + width * i, 0, width);
        return p;
    }
    if (width) {
        if ((size_t)(end - p) < width)
            return NULL;
        get_fixed(p, v->type.id, v->values, i);
        return p + width;
    }
    if (end - p < 4)
        return NULL;
    memcpy(&length, p, sizeof(length));
    length = le32toh(length);
    p += 4;
    if ((size_t)(end - p) < length)
        return NULL;
    ((struct streamd_str *)v->values)[i] = (struct streamd_str){(const char *)p, length};
    return p + length;
}

static int get_element(struct feed *f, const struct distinct_form *form, const uint8_t *element,
                       uint32_t length)
{
    const uint8_t *end = element + length;

    if (form->width) {
        get_fixed(element, form->type, f->args[0].values, f->n);
        return 0;
    }
    if (form->type) {
        ((struct streamd_str *)f->args[0].values)[f->n] =
            (struct streamd_str){(const char *)element, length};
        return 0;
    }
    for (uint32_t j = 0; j < f->call->argc; j++) {
        element = get_tuple(element, end, &f->args[j], f->n);
        if (!element)
            return STREAMD_E_DATA;
    }
    return element == end ? 0 : STREAMD_E_DATA;
}

/* ---- a kernel without a batch --------------------------------------------------------------- */

struct merge_call {
    struct streamd_call call; /* first: a kernel's call is this */
    struct aggregate_runner *runner;
};

static struct aggregate_runner *runner_of(struct streamd_call *call)
{
    return ((struct merge_call *)call)->runner;
}

static void *merge_alloc(struct streamd_call *call, size_t bytes)
{
    return arena_alloc(&runner_of(call)->arena, bytes);
}

/* There is no result whose value could be NULL. */
static int merge_set_null(struct streamd_call *call, uint32_t row)
{
    (void)call;
    (void)row;
    return STREAMD_E_STATE;
}

/* There is no row to reject: it was taken long ago. So the merge ends. */
static int merge_row_error(struct streamd_call *call, uint32_t row, int code, const char *message)
{
    struct aggregate_runner *r = runner_of(call);

    (void)row;
    streamd_fail(r->context, STREAMD_FAIL_PIPELINE, code, message);
    r->merge_status = STREAMD_E_DATA;
    return STREAMD_E_DATA;
}

static int64_t merge_now(struct streamd_call *call)
{
    return streamd_now(runner_of(call)->context);
}

static const struct streamd_host_call merge_host = {
    .size = sizeof(merge_host),
    .alloc = merge_alloc,
    .set_null = merge_set_null,
    .row_error = merge_row_error,
    .now = merge_now,
};

static int flush(struct feed *f)
{
    struct aggregate_runner *r = f->runner;
    struct merge_call kernel = {
        .call = {.host = &merge_host,
                 .args = f->args,
                 .argc = f->call->argc,
                 .n = f->n,
                 .prepared = f->call->prepared},
        .runner = r,
    };
    int rc;

    if (f->n == 0)
        return 0;
    r->merge_status = 0;
    rc = f->call->function->update(&f->place->accumulator, &kernel.call, NULL, f->rows);
    arena_reset(&r->arena);
    f->n = 0;
    return rc < 0 ? rc : r->merge_status;
}

/* ---- the union ---------------------------------------------------------------------------- */

static int feed_init(struct feed *f, struct aggregate_runner *r,
                     const struct expr_aggregate_call *call, const struct aggregate_place *place)
{
    size_t values = (size_t)CHUNK * WIDEST;
    uint8_t *at;

    if (array_reserve(&r->values, (values + CHUNK) * call->argc) ||
        array_reserve(&r->rows, (size_t)CHUNK))
        return STREAMD_E_NOMEM;
    at = r->values.items;
    f->runner = r;
    f->call = call;
    f->place = place;
    f->rows = r->rows.items;
    f->n = 0;
    for (uint32_t j = 0; j < call->argc; j++) {
        f->args[j].type = call->args[j]->type;
        f->args[j].mask = UINT32_MAX;
        f->args[j].values = at + values * j;
        f->args[j].nulls = is_tuple(call) ? at + values * call->argc + (size_t)CHUNK * j : NULL;
    }
    return 0;
}

static int unite_one(struct feed *f, const struct distinct_form *form, void *to,
                     const struct aggregate_place *source, void *from)
{
    struct streamd_table *t = f->place->accumulator.table;
    const struct streamd_row_layout *layout = source->accumulator.table->layout;
    struct distinct_cursor walk;
    const uint8_t *element;
    uint32_t length;
    int rc = distinct_walk(streamd_row_value(layout, from, source->set), form, &walk);

    if (rc)
        return rc;
    while ((rc = distinct_next(&walk, &element, &length)) > 0) {
        rc = distinct_add(t, to, f->place->set, form, element, length,
                          distinct_hash(element, length));
        if (rc > 0) {
            rc = get_element(f, form, element, length);
            f->rows[f->n++] = to;
            if (!rc && f->n == CHUNK)
                rc = flush(f);
        }
        if (rc < 0)
            return rc;
    }
    return rc;
}

int aggregate_unite(struct aggregate_runner *r, const struct expr_aggregate_call *call,
                    const struct aggregate_place *into, void *const *to,
                    const struct aggregate_place *source, void *const *from, uint32_t n)
{
    /* Texts in the feed lie in the sets they come from, which move when a row of the same table is
       merged into later. */
    int same_table = into->accumulator.table == source->accumulator.table;
    struct distinct_form form = form_of(call);
    struct feed f;
    int rc = feed_init(&f, r, call, into);

    for (uint32_t k = 0; !rc && k < n; k++) {
        if (to[k] == from[k])
            continue;
        rc = unite_one(&f, &form, to[k], source, from[k]);
        if (!rc && same_table)
            rc = flush(&f);
    }
    return rc ? rc : flush(&f);
}
