/*
 * CASE, COALESCE, GREATEST, LEAST, and LET: values that come from one of several arguments.
 *
 * A branch is evaluated for its own rows only, into a vector of its own, from which these rows are
 * copied into the result.
 */
#include "expr/eval.h"

#include "base/memory.h"

/* A result that is put together. `nulls` is there from the start, all 0 from the first NULL on. */
struct merge {
    struct streamd_vector *out;
    uint8_t *nulls;
    uint32_t rows;
};

static int merge_init(struct expr_evaluator *ev, const struct node *node, struct merge *m,
                      struct streamd_vector *out)
{
    m->out = out;
    m->rows = ev->rows;
    m->nulls = eval_take_nulls(ev);
    if (!m->nulls || eval_take_values(ev, node->type, out))
        return STREAMD_E_NOMEM;
    return 0;
}

/* A memcpy of constant size is one move, and may look at values of any type. */
#define COPY_ROWS(width)                                                                       \
    for (uint32_t k = 0; k < n; k++) {                                                         \
        uint32_t row = eval_row(sel, k);                                                       \
        memcpy(to + (size_t)row * (width), from + (size_t)(row & v->mask) * (width), (width)); \
    }

/* Copies rows sel[0 .. n) of a vector into the result. */
static void merge_rows(struct merge *m, const struct streamd_vector *v, const uint16_t *sel,
                       uint32_t n)
{
    const uint8_t *from = v->values;
    uint8_t *to = m->out->values;

    switch (node_width(m->out->type.id)) {
    case 1:
        COPY_ROWS(1);
        break;
    case 4:
        COPY_ROWS(4);
        break;
    case 8:
        COPY_ROWS(8);
        break;
    default:
        COPY_ROWS(16);
        break;
    }
    if (v->nulls && !m->out->nulls) {
        memset(m->nulls, 0, m->rows);
        m->out->nulls = m->nulls;
    }
    for (uint32_t k = 0; m->out->nulls && k < n; k++) {
        uint32_t row = eval_row(sel, k);

        m->nulls[row] = (uint8_t)eval_is_null(v, row);
    }
}
_Static_assert(sizeof(struct streamd_str) == 16, "node_width says so, too");

/* Evaluates a branch for its rows and merges them. */
static int take_branch(struct expr_evaluator *ev, struct merge *m, const struct node *node,
                       const uint16_t *rows, uint32_t n)
{
    struct scratch_mark mark = scratch_mark(&ev->scratch);
    struct streamd_vector v;
    int rc = eval_node(ev, node, rows, n, &v);

    if (rc == 0)
        merge_rows(m, &v, rows, n);
    scratch_release(&ev->scratch, mark);
    return rc;
}

int eval_case(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
              struct streamd_vector *out)
{
    struct scratch_mark mark;
    struct merge m;
    uint16_t *rows, *found;
    uint8_t *marks;
    uint32_t left;
    int rc = merge_init(ev, node, &m, out);

    if (rc)
        return rc;
    mark = scratch_mark(&ev->scratch);
    rows = scratch_alloc(&ev->scratch, n * sizeof(*rows));
    found = scratch_alloc(&ev->scratch, n * sizeof(*found));
    marks = scratch_alloc(&ev->scratch, ev->rows);
    if (!rows || !found || !marks)
        rc = STREAMD_E_NOMEM;
    left = rc ? 0 : eval_select(NULL, 0, sel, n, rows);
    for (uint32_t a = 0; a + 1 < node->argc && left > 0 && rc >= 0; a += 2) {
        const struct node *when = node->args[a];
        uint32_t count;

        rc = when->filter(ev, when, left == n ? sel : rows, left, found);
        if (rc <= 0)
            continue;
        count = (uint32_t)rc;
        rc = take_branch(ev, &m, node->args[a + 1], count == n ? sel : found, count);
        left = eval_rest(ev, rows, left, found, count, marks, rows);
    }
    if (rc >= 0 && left > 0)
        rc = take_branch(ev, &m, node->args[node->argc - 1], left == n ? sel : rows, left);
    scratch_release(&ev->scratch, mark);
    return rc < 0 ? rc : 0;
}

int eval_coalesce(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel,
                  uint32_t n, struct streamd_vector *out)
{
    struct scratch_mark mark;
    struct merge m;
    uint16_t *rows;
    uint32_t left;
    int rc = merge_init(ev, node, &m, out);

    if (rc)
        return rc;
    mark = scratch_mark(&ev->scratch);
    rows = scratch_alloc(&ev->scratch, n * sizeof(*rows));
    if (!rows)
        rc = STREAMD_E_NOMEM;
    left = rc ? 0 : eval_select(NULL, 0, sel, n, rows);
    for (uint32_t a = 0; a < node->argc && left > 0 && rc == 0; a++) {
        rc = take_branch(ev, &m, node->args[a], left == n ? sel : rows, left);
        left = rc || !out->nulls ? 0 : eval_select(out->nulls, 1, rows, left, rows);
    }
    scratch_release(&ev->scratch, mark);
    return rc;
}

/* ---- GREATEST, LEAST ---------------------------------------------------------------------- */

/* Puts rows of v where they win over what is there; NULLs lose. */
static void take_winners(const struct node *node, struct merge *m, const struct streamd_vector *v,
                         const uint16_t *sel, uint32_t n)
{
    size_t width = node_width(node->type.id);
    uint8_t *to = m->out->values;
    const uint8_t *from = v->values;

    for (uint32_t k = 0; k < n; k++) {
        uint32_t row = eval_row(sel, k);
        const uint8_t *value = from + (row & v->mask) * width;
        int c;

        if (eval_is_null(v, row))
            continue;
        if (!eval_is_null(m->out, row)) {
            c = node->compare(value, to + row * width);
            if (node->negated ? c >= 0 : c <= 0)
                continue;
        }
        memcpy(to + row * width, value, width);
        if (m->out->nulls)
            m->nulls[row] = 0;
    }
}

int eval_extreme(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel,
                 uint32_t n, struct streamd_vector *out)
{
    struct merge m;
    int rc = merge_init(ev, node, &m, out);

    if (rc == 0)
        rc = take_branch(ev, &m, node->args[0], sel, n);
    for (uint32_t a = 1; a < node->argc && rc == 0; a++) {
        struct scratch_mark mark = scratch_mark(&ev->scratch);
        struct streamd_vector v;

        rc = eval_node(ev, node->args[a], sel, n, &v);
        if (rc == 0)
            take_winners(node, &m, &v, sel, n);
        scratch_release(&ev->scratch, mark);
    }
    return rc;
}

/* ---- LET ---------------------------------------------------------------------------------- */

static int set_slot(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel,
                    uint32_t n)
{
    struct streamd_vector v;
    int rc = eval_node(ev, node->args[0], sel, n, &v);

    if (rc)
        return rc;
    if (node->slot >= ev->slot_capacity) {
        uint32_t capacity = node->slot + 8;
        struct streamd_vector *grown = memory_realloc(ev->slots, capacity, sizeof(*grown));

        if (!grown)
            return STREAMD_E_NOMEM;
        ev->slots = grown;
        ev->slot_capacity = capacity;
    }
    ev->slots[node->slot] = v;
    return 0;
}

int eval_let(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
             struct streamd_vector *out)
{
    const struct node *body = node->args[1];
    void *room = out->values;
    int rc = set_slot(ev, node, sel, n);

    /* The value stays on the scratch, below the result, until the parent releases both. */
    out->values = room;
    return rc ? rc : body->eval(ev, body, sel, n, out);
}

int filter_let(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
               uint16_t *out)
{
    struct scratch_mark mark = scratch_mark(&ev->scratch);
    int rc = set_slot(ev, node, sel, n);

    if (rc == 0)
        rc = node->args[1]->filter(ev, node->args[1], sel, n, out);
    scratch_release(&ev->scratch, mark);
    return rc;
}

/* ---- IS DISTINCT FROM --------------------------------------------------------------------- */

int eval_distinct(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel,
                  uint32_t n, struct streamd_vector *out)
{
    struct streamd_vector v[2], equal = {0};
    struct scratch_mark mark;
    uint8_t *to;
    int rc;

    if (eval_take_values(ev, node->type, out))
        return STREAMD_E_NOMEM;
    mark = scratch_mark(&ev->scratch);
    rc = eval_node(ev, node->args[0], sel, n, &v[0]);
    if (rc == 0)
        rc = eval_node(ev, node->args[1], sel, n, &v[1]);
    if (rc == 0)
        rc = eval_function(ev, node->function, node->type, NULL, v, 2, sel, n, &equal);
    to = out->values;
    for (uint32_t k = 0; rc == 0 && k < n; k++) {
        uint32_t row = eval_row(sel, k);
        int a = eval_is_null(&v[0], row), b = eval_is_null(&v[1], row);
        int same = a || b ? a == b : ((const uint8_t *)equal.values)[row & equal.mask] != 0;

        to[row] = (uint8_t)(same == node->negated);
    }
    scratch_release(&ev->scratch, mark);
    return rc;
}
