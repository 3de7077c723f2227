/*
 * AND, OR, NOT, IS: the logic of three values, and conditions as filters.
 *
 * AND looks at its next argument only for the rows that are not false yet, OR for those that are
 * not true yet. As a filter, a condition never makes a vector of bools where it can be helped: AND
 * narrows the rows from argument to argument.
 */
#include "expr/eval.h"

#include "expr/ast.h"

/* ---- AND, OR ------------------------------------------------------------------------------ */

/* Puts the first argument's value of every row into the result. */
static void start(struct streamd_vector *out, uint8_t *nulls, const struct streamd_vector *v,
                  const uint16_t *sel, uint32_t n)
{
    const uint8_t *from = v->values;
    uint8_t *to = out->values;

    for (uint32_t k = 0; k < n; k++) {
        uint32_t row = eval_row(sel, k);

        nulls[row] = (uint8_t)eval_is_null(v, row);
        to[row] = from[row & v->mask] & (uint8_t)!nulls[row];
    }
}

/* The rows of sel that are not decided: neither false under AND, nor true under OR. */
static uint32_t undecided(const struct streamd_vector *out, const uint8_t *nulls, uint8_t decides,
                          const uint16_t *sel, uint32_t n, uint16_t *live)
{
    const uint8_t *values = out->values;
    uint32_t count = 0;

    for (uint32_t k = 0; k < n; k++) {
        uint32_t row = eval_row(sel, k);

        live[count] = (uint16_t)row;
        count += nulls[row] | (values[row] != decides);
    }
    return count;
}

/* Combines one more argument into the rows that were not decided. A NULL keeps value 0. */
static void combine(struct streamd_vector *out, uint8_t *nulls, uint8_t decides,
                    const struct streamd_vector *v, const uint16_t *live, uint32_t n)
{
    const uint8_t *from = v->values;
    uint8_t *to = out->values;

    for (uint32_t k = 0; k < n; k++) {
        uint32_t row = live[k];
        uint8_t null = (uint8_t)eval_is_null(v, row);
        uint8_t decided = (uint8_t)(!null && (from[row & v->mask] != 0) == decides);

        nulls[row] = (uint8_t)(!decided && (nulls[row] | null));
        to[row] = (uint8_t)(decided ? decides : nulls[row] ? 0 : !decides);
    }
}

static int eval_connective(struct expr_evaluator *ev, const struct node *node, uint8_t decides,
                           const uint16_t *sel, uint32_t n, struct streamd_vector *out)
{
    struct streamd_vector v;
    struct scratch_mark mark;
    uint8_t *nulls = eval_take_nulls(ev);
    uint16_t *live;
    int rc;

    if (!nulls || eval_take_values(ev, node->type, out))
        return STREAMD_E_NOMEM;
    mark = scratch_mark(&ev->scratch);
    rc = eval_node(ev, node->args[0], sel, n, &v);
    if (rc)
        goto out;
    start(out, nulls, &v, sel, n);
    scratch_release(&ev->scratch, mark);
    live = scratch_alloc(&ev->scratch, n * sizeof(*live));
    if (!live)
        return STREAMD_E_NOMEM;
    for (uint32_t a = 1; a < node->argc; a++) {
        struct scratch_mark inner = scratch_mark(&ev->scratch);
        uint32_t count = undecided(out, nulls, decides, sel, n, live);

        if (count == 0)
            break;
        rc = eval_node(ev, node->args[a], live, count, &v);
        if (rc)
            goto out;
        combine(out, nulls, decides, &v, live, count);
        scratch_release(&ev->scratch, inner);
    }
    out->nulls = node->type.nullable || ev->failures ? nulls : NULL;
out:
    scratch_release(&ev->scratch, mark);
    return rc;
}

int eval_and(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
             struct streamd_vector *out)
{
    return eval_connective(ev, node, 0, sel, n, out);
}

int eval_or(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
            struct streamd_vector *out)
{
    return eval_connective(ev, node, 1, sel, n, out);
}

int eval_not(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
             struct streamd_vector *out)
{
    uint8_t *nulls = eval_take_nulls(ev), *to;
    struct scratch_mark mark;
    struct streamd_vector v;
    int rc;

    if (!nulls || eval_take_values(ev, node->type, out))
        return STREAMD_E_NOMEM;
    mark = scratch_mark(&ev->scratch);
    rc = eval_node(ev, node->args[0], sel, n, &v);
    to = out->values;
    for (uint32_t k = 0; rc == 0 && k < n; k++) {
        uint32_t row = eval_row(sel, k);

        to[row] = !((const uint8_t *)v.values)[row & v.mask];
        if (v.nulls)
            nulls[row] = v.nulls[row & v.mask];
    }
    out->nulls = rc == 0 && v.nulls ? nulls : NULL;
    scratch_release(&ev->scratch, mark);
    return rc;
}

/* ---- IS ----------------------------------------------------------------------------------- */

static uint8_t is_so(const struct node *node, const struct streamd_vector *v, uint32_t row)
{
    uint8_t null = (uint8_t)eval_is_null(v, row), yes;

    if (node->test == AST_TEST_NULL || node->test == AST_TEST_UNKNOWN)
        yes = null;
    else
        yes = !null &&
              (((const uint8_t *)v->values)[row & v->mask] != 0) == (node->test == AST_TEST_TRUE);
    return yes ^ node->negated;
}

int eval_is(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
            struct streamd_vector *out)
{
    struct scratch_mark mark;
    struct streamd_vector v;
    int rc;

    if (eval_take_values(ev, node->type, out))
        return STREAMD_E_NOMEM;
    mark = scratch_mark(&ev->scratch);
    rc = eval_node(ev, node->args[0], sel, n, &v);
    for (uint32_t k = 0; rc == 0 && k < n; k++) {
        uint32_t row = eval_row(sel, k);

        ((uint8_t *)out->values)[row] = is_so(node, &v, row);
    }
    scratch_release(&ev->scratch, mark);
    return rc;
}

int filter_is(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
              uint16_t *out)
{
    const struct node *arg = node->args[0];
    struct scratch_mark mark = scratch_mark(&ev->scratch);
    struct streamd_vector v;
    uint32_t count = 0;
    int rc;

    if (node->test == AST_TEST_NULL && arg->kind == NODE_COLUMN &&
        !ev->batch->columns[arg->column].validity)
        return node->negated ? (int)eval_select(NULL, 0, sel, n, out) : 0;
    rc = eval_node(ev, arg, sel, n, &v);
    for (uint32_t k = 0; rc == 0 && k < n; k++) {
        uint32_t row = eval_row(sel, k);

        out[count] = (uint16_t)row;
        count += is_so(node, &v, row);
    }
    scratch_release(&ev->scratch, mark);
    return rc ? rc : (int)count;
}

/* ---- filters ------------------------------------------------------------------------------ */

/* The rows for which a vector of bools is true. */
static uint32_t select_true(const struct streamd_vector *v, const uint16_t *sel, uint32_t n,
                            uint16_t *out)
{
    const uint8_t *values = v->values;
    uint32_t count = 0;

    if (v->mask == 0)
        return values[0] && !eval_is_null(v, 0) ? eval_select(NULL, 0, sel, n, out) : 0;
    if (!v->nulls)
        return eval_select(values, 1, sel, n, out);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t row = eval_row(sel, k);

        out[count] = (uint16_t)row;
        count += (values[row] != 0) & !v->nulls[row];
    }
    return count;
}

int filter_any(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
               uint16_t *out)
{
    struct scratch_mark mark = scratch_mark(&ev->scratch);
    struct streamd_vector v;
    int rc = eval_node(ev, node, sel, n, &v);

    if (rc == 0)
        rc = (int)select_true(&v, sel, n, out);
    scratch_release(&ev->scratch, mark);
    return rc;
}

int filter_and(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
               uint16_t *out)
{
    int count = node->args[0]->filter(ev, node->args[0], sel, n, out);

    for (uint32_t a = 1; a < node->argc && count > 0; a++)
        count = node->args[a]->filter(ev, node->args[a], out, (uint32_t)count, out);
    return count;
}

/* Merges two ascending lists into out, which is neither. */
static uint32_t merge(const uint16_t *a, uint32_t na, const uint16_t *b, uint32_t nb, uint16_t *out)
{
    uint32_t i = 0, j = 0, n = 0;

    while (i < na && j < nb)
        out[n++] = a[i] < b[j] ? a[i++] : b[j++];
    while (i < na)
        out[n++] = a[i++];
    while (j < nb)
        out[n++] = b[j++];
    return n;
}

int filter_or(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
              uint16_t *out)
{
    struct scratch_mark mark = scratch_mark(&ev->scratch);
    uint16_t *rest = scratch_alloc(&ev->scratch, n * sizeof(*rest));
    uint16_t *found = scratch_alloc(&ev->scratch, n * sizeof(*found));
    uint16_t *all = scratch_alloc(&ev->scratch, n * sizeof(*all));
    uint8_t *marks = scratch_alloc(&ev->scratch, ev->rows);
    uint32_t count = 0, left = n;
    int rc = rest && found && all && marks ? 0 : STREAMD_E_NOMEM;

    if (rc == 0)
        eval_select(NULL, 0, sel, n, rest);
    for (uint32_t a = 0; a < node->argc && left > 0 && rc >= 0; a++) {
        const struct node *arg = node->args[a];

        rc = arg->filter(ev, arg, a == 0 ? sel : rest, left, found);
        if (rc <= 0)
            continue;
        left = eval_rest(ev, rest, left, found, (uint32_t)rc, marks, rest);
        memcpy(all, out, count * sizeof(*all));
        count = merge(all, count, found, (uint32_t)rc, out);
    }
    scratch_release(&ev->scratch, mark);
    return rc < 0 ? rc : (int)count;
}

int filter_column(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel,
                  uint32_t n, uint16_t *out)
{
    const struct streamd_column *column = &ev->batch->columns[node->column];

    if (column->validity)
        return filter_any(ev, node, sel, n, out);
    return (int)eval_select(column->values, 1, sel, n, out);
}
