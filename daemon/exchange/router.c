/*
 * HASH: one pass computes the hashes, one finds the owner of each row by a table from key groups to
 * tasks and counts, one sorts row numbers by owner (stable, so order per key holds). Then each
 * channel gets its list of rows: rings encode from it, local consumers take it as a selection. No
 * value is moved here.
 *
 *     rows    0 1 2 3 4 5          order  | 0 3 4 | 1 2 5 |
 *     owner   0 1 1 0 0 1                 | task 0| task 1|
 *
 * With few tasks it is cheaper to go once over the hashes per task (once in all for two tasks) and
 * take what lies in its range, without a branch and without counting. Hashes and order lie in a
 * header of their own in front of the batch, and live as long as it. Budget: 3 ns a row, 1 ns with
 * two tasks.
 */
#include "exchange/router.h"

#include "base/memory.h"
#include "columnar/keyhash.h"
#include "columnar/pool.h"
#include "exchange/split.h"

#include <string.h>

/* Neighbouring rows often have the same owner, and counting one waits for the one before. So the
   batch is worked on in four quarters at once. */
enum { LANES = 4 };

/* So many tasks are few. */
enum { FEW = 4 };

struct router {
    struct router_spec spec;
    uint32_t next; /* REBALANCE */
    uint32_t failed;
    int out_of_memory;
    const struct streamd_column **keys; /* of the batch at hand */
    struct streamd_type *types;
    uint16_t *owner_of_group;
    uint16_t *owner;        /* of the k-th row of the batch at hand */
    uint32_t *begin, *end;  /* of each task's rows in the order */
    uint64_t from[FEW + 1]; /* count <= FEW: the least `hash >> 32` of each task, and the end */
    uint32_t *at[LANES];    /* of the next row of each task, per lane */
};

/* The ranges of the tasks: the least x with (x * groups) >> 32 == g is g * 2^32 / groups, rounded
   up. */
static void find_ranges(struct router *r)
{
    uint64_t groups = r->spec.key_groups;

    r->from[r->spec.count] = UINT64_C(1) << 32;
    for (uint64_t g = groups; g-- > 0;)
        r->from[r->owner_of_group[g]] = ((g << 32) + groups - 1) / groups;
}

static int make_tables(struct router *r)
{
    const struct router_spec *s = &r->spec;

    r->keys = memory_zalloc((size_t)s->key_count + 1, sizeof(*r->keys));
    r->types = memory_zalloc((size_t)s->key_count + 1, sizeof(*r->types));
    r->owner_of_group = memory_zalloc(s->key_groups, sizeof(*r->owner_of_group));
    r->owner = memory_zalloc(STREAMD_BATCH_MAX_ROWS, sizeof(*r->owner));
    r->begin = memory_zalloc(s->count, sizeof(*r->begin));
    r->end = memory_zalloc(s->count, sizeof(*r->end));
    for (int lane = 0; lane < LANES; lane++) {
        r->at[lane] = memory_zalloc(s->count, sizeof(*r->at[lane]));
        if (!r->at[lane])
            return STREAMD_E_NOMEM;
    }
    if (!r->keys || !r->types || !r->owner_of_group || !r->owner || !r->begin || !r->end)
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < s->key_count; i++)
        r->types[i] = s->schema->fields[s->key_fields[i]].type;
    for (uint32_t g = 0; g < s->key_groups; g++)
        r->owner_of_group[g] = (uint16_t)keyhash_owner(g, s->count, s->key_groups);
    if (s->count <= FEW)
        find_ranges(r);
    return 0;
}

struct router *router_new(const struct router_spec *spec)
{
    struct router *r = memory_zalloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->spec = *spec;
    r->next = spec->first % spec->count;
    if (spec->kind == ROUTER_HASH && make_tables(r)) {
        router_free(r);
        return NULL;
    }
    return r;
}

void router_free(struct router *r)
{
    if (!r)
        return;
    memory_free(r->keys);
    memory_free(r->types);
    memory_free(r->owner_of_group);
    memory_free(r->owner);
    memory_free(r->begin);
    memory_free(r->end);
    for (int lane = 0; lane < LANES; lane++)
        memory_free(r->at[lane]);
    memory_free(r);
}

int router_has_room(const struct router *r)
{
    for (uint32_t i = 0; i < r->spec.count; i++)
        if (!channel_has_room(r->spec.consumers[i]))
            return 0;
    return 1;
}

/* Notes which consumer it was. */
static int result(struct router *r, uint32_t consumer, int rc)
{
    if (rc < 0)
        r->failed = consumer;
    return rc;
}

static int no_memory(struct router *r)
{
    r->out_of_memory = 1;
    return STREAMD_E_NOMEM;
}

/* ---- hash ---------------------------------------------------------------------------------- */

/* The numbers of the rows whose hashes lie from `least` on and below `end`. Returns how many; one
   number more is written. */
static uint32_t take_range(const struct streamd_batch *b, uint64_t least, uint64_t end,
                           uint16_t *order)
{
    const uint64_t *hash = b->key_hash;
    uint64_t width = end - least;
    uint32_t n = 0;

    if (b->sel) {
        for (uint32_t k = 0; k < b->count; k++) {
            order[n] = b->sel[k];
            n += (hash[b->sel[k]] >> 32) - least < width;
        }
        return n;
    }
    for (uint32_t k = 0; k < b->count; k++) {
        order[n] = (uint16_t)k;
        n += (hash[k] >> 32) - least < width;
    }
    return n;
}

/* The order for two tasks: the second list begins behind the place where the first would end if it
   had all rows. */
static void take_halves(struct router *r, const struct streamd_batch *b, uint16_t *order)
{
    uint32_t room = b->count + SPLIT_SLACK;
    uint32_t n = split_rows(b->key_hash, b->sel, b->count, r->from[1], order, order + room);

    r->begin[0] = 0;
    r->end[0] = n;
    r->begin[1] = room;
    r->end[1] = room + (b->count - n);
}

/* The order, for few tasks. */
static void take_ranges(struct router *r, const struct streamd_batch *b, uint16_t *order)
{
    uint32_t n = 0;

    if (r->spec.count == 2) {
        take_halves(r, b, order);
        return;
    }
    for (uint32_t t = 0; t < r->spec.count; t++) {
        r->begin[t] = n;
        n += take_range(b, r->from[t], r->from[t + 1], order + n);
        r->end[t] = n;
    }
}

/* The owner of the k-th row; counts it in a lane. */
static inline void find_owner(struct router *r, const struct streamd_batch *b, uint32_t k, int lane)
{
    uint64_t hash = b->key_hash[streamd_batch_row(b, k)];
    uint16_t owner = r->owner_of_group[keyhash_group(hash, r->spec.key_groups)];

    r->owner[k] = owner;
    r->at[lane][owner]++;
}

static void find_owners(struct router *r, const struct streamd_batch *b)
{
    uint32_t quarter = b->count / LANES;

    for (int lane = 0; lane < LANES; lane++)
        memset(r->at[lane], 0, r->spec.count * sizeof(*r->at[lane]));
    for (uint32_t k = 0; k < quarter; k++)
        for (uint32_t lane = 0; lane < LANES; lane++)
            find_owner(r, b, lane * quarter + k, (int)lane);
    for (uint32_t k = LANES * quarter; k < b->count; k++)
        find_owner(r, b, k, LANES - 1);
}

/* From how many rows of each task a lane has to where they go in the order. */
static void find_places(struct router *r)
{
    uint32_t at = 0;

    for (uint32_t t = 0; t < r->spec.count; t++) {
        for (int lane = 0; lane < LANES; lane++) {
            uint32_t n = r->at[lane][t];

            r->at[lane][t] = at;
            at += n;
        }
        r->begin[t] = t > 0 ? r->end[t - 1] : 0;
        r->end[t] = at;
    }
}

/* Sorts the row numbers by owner. */
static void sort_rows(struct router *r, const struct streamd_batch *b, uint16_t *order)
{
    uint32_t quarter = b->count / LANES;

    for (uint32_t k = 0; k < quarter; k++)
        for (uint32_t lane = 0; lane < LANES; lane++) {
            uint32_t i = lane * quarter + k;

            order[r->at[lane][r->owner[i]]++] = (uint16_t)streamd_batch_row(b, i);
        }
    for (uint32_t i = LANES * quarter; i < b->count; i++)
        order[r->at[LANES - 1][r->owner[i]]++] = (uint16_t)streamd_batch_row(b, i);
}

/* A half of an update that goes another way than its other half stands for itself. */
static int split_updates(struct router *r, struct streamd_batch *b)
{
    uint8_t *kinds = batch_alloc(b, b->rows);

    if (!kinds)
        return STREAMD_E_NOMEM;
    memcpy(kinds, b->row_kind, b->rows);
    for (uint32_t k = 0; k + 1 < b->count; k++) {
        uint32_t before = streamd_batch_row(b, k), after = streamd_batch_row(b, k + 1);

        if (kinds[before] == STREAMD_UPDATE_BEFORE && kinds[after] == STREAMD_UPDATE_AFTER &&
            r->owner[k] != r->owner[k + 1]) {
            kinds[before] = STREAMD_DELETE;
            kinds[after] = STREAMD_INSERT;
        }
    }
    b->row_kind = kinds;
    return 0;
}

static int send_order(struct router *r, struct streamd_batch *b, const uint16_t *order)
{
    for (uint32_t t = 0; t < r->spec.count; t++) {
        uint32_t n = r->end[t] - r->begin[t];
        int rc = n ? channel_send_rows(r->spec.consumers[t], b, order + r->begin[t], n) : 0;

        if (rc)
            return result(r, t, rc);
    }
    return 0;
}

/* `b` is a header of our own. */
static int send_by_hash(struct router *r, struct streamd_batch *b)
{
    uint16_t *order;

    b->key_hash = batch_alloc(b, b->rows * sizeof(*b->key_hash));
    order = batch_alloc(b, 2 * ((size_t)b->count + SPLIT_SLACK) * sizeof(*order));
    if (!b->key_hash || !order)
        return no_memory(r);
    for (uint32_t i = 0; i < r->spec.key_count; i++)
        r->keys[i] = &b->columns[r->spec.key_fields[i]];
    keyhash_batch(b, r->keys, r->types, r->spec.key_count, b->key_hash);
    if (r->spec.count <= FEW && !b->row_kind) {
        take_ranges(r, b, order);
        return send_order(r, b, order);
    }
    find_owners(r, b);
    find_places(r);
    sort_rows(r, b, order);
    if (b->row_kind && split_updates(r, b))
        return no_memory(r);
    return send_order(r, b, order);
}

/* ---- the others ---------------------------------------------------------------------------- */

static int send_to_all(struct router *r, struct streamd_batch *b)
{
    for (uint32_t i = 0; i < r->spec.count; i++) {
        int rc = channel_send_rows(r->spec.consumers[i], b, NULL, 0);

        if (rc)
            return result(r, i, rc);
    }
    return 0;
}

static int send_whole(struct router *r, struct streamd_batch *b)
{
    uint32_t to = r->next;

    if (r->spec.kind == ROUTER_REBALANCE)
        r->next = (r->next + 1) % r->spec.count;
    return result(r, to, channel_send(r->spec.consumers[to], b));
}

int router_send(struct router *r, struct streamd_batch *batch)
{
    struct streamd_batch *own = NULL;
    int rc;

    if (batch->count == 0) {
        batch_release(batch);
        return 0;
    }
    if (r->spec.kind == ROUTER_HASH || r->spec.kind == ROUTER_BROADCAST || batch->key_hash) {
        own = batch_derive(batch, batch->schema);
        if (own)
            memcpy(own->columns, batch->columns,
                   batch->schema->field_count * sizeof(*own->columns));
        batch_release(batch);
        if (!own)
            return no_memory(r);
        batch = own;
    }
    if (r->spec.kind != ROUTER_HASH && r->spec.kind != ROUTER_BROADCAST)
        return send_whole(r, batch);
    rc = r->spec.kind == ROUTER_HASH ? send_by_hash(r, batch) : send_to_all(r, batch);
    batch_release(batch);
    return rc;
}

int router_control(struct router *r, enum channel_frame_kind kind, int64_t time)
{
    for (uint32_t i = 0; i < r->spec.count; i++) {
        int rc = channel_control(r->spec.consumers[i], kind, time);

        if (rc)
            return result(r, i, rc);
    }
    return 0;
}

int router_pump(struct router *r)
{
    int waiting = 0;

    for (uint32_t i = 0; i < r->spec.count; i++) {
        int rc = channel_pump(r->spec.consumers[i]);

        if (rc < 0)
            return result(r, i, rc);
        waiting |= rc;
    }
    return waiting;
}

uint32_t router_failed(const struct router *r)
{
    return r->failed;
}

const char *router_trouble(const struct router *r)
{
    return r->out_of_memory ? "out of memory for a batch"
                            : channel_trouble(r->spec.consumers[r->failed]);
}
