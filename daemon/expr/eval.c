/*
 * Leaves and calls. A leaf that is a column of fixed width is a pointer to the batch's values; its
 * validity bitmap is spread to a byte a row only where the column has one. A call of a kernel goes
 * once per batch through a pointer; the loops over rows are in the kernels.
 */
#include "expr/eval.h"

#include "base/memory.h"

/* ---- rows with an error ------------------------------------------------------------------- */

int eval_row_error(struct expr_evaluator *ev, uint32_t row, int code, const char *message)
{
    if (ev->failures == 0) {
        if (ev->failed_capacity < ev->rows) {
            uint8_t *grown = memory_realloc(ev->failed, ev->rows, 1);

            if (!grown)
                return STREAMD_E_NOMEM;
            ev->failed = grown;
            ev->failed_capacity = ev->rows;
        }
        memset(ev->failed, 0, ev->rows);
    }
    if (ev->failed[row])
        return 0;
    ev->failed[row] = 1;
    ev->failures++;
    return ev->host.row_error(ev->host.self, ev->batch, row, code, message);
}

int64_t eval_now(struct expr_evaluator *ev)
{
    if (!ev->now_known) {
        ev->now = ev->host.now_us(ev->host.self);
        ev->now_known = 1;
    }
    return ev->now;
}

/* 0.6 ns a row: the write is unconditional, so that no branch is missed. */
uint32_t eval_select(const uint8_t *keep, uint8_t wanted, const uint16_t *sel, uint32_t n,
                     uint16_t *out)
{
    uint32_t count = 0;

    if (!keep && wanted)
        return 0;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t row = eval_row(sel, k);

        out[count] = (uint16_t)row;
        count += keep ? (keep[row] != 0) == wanted : 1;
    }
    return count;
}

/* By marks, as stepping through both lists at once waits for a load or misses a branch per row. */
uint32_t eval_rest(const struct expr_evaluator *ev, const uint16_t *sel, uint32_t n,
                   const uint16_t *some, uint32_t count, uint8_t *marks, uint16_t *out)
{
    memset(marks, 0, ev->rows);
    for (uint32_t k = 0; k < count; k++)
        marks[some[k]] = 1;
    return eval_select(marks, 0, sel, n, out);
}

/* ---- leaves ------------------------------------------------------------------------------- */

int eval_constant(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel,
                  uint32_t n, struct streamd_vector *out)
{
    (void)ev, (void)sel, (void)n;
    *out = node->value;
    return 0;
}

int eval_slot(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
              struct streamd_vector *out)
{
    (void)sel, (void)n;
    *out = ev->slots[node->slot];
    return 0;
}

/* Validity bits to bytes that are 1 for NULL. Answers whether there is any. */
static uint8_t spread_nulls(const uint8_t *validity, const uint16_t *sel, uint32_t n,
                            uint8_t *restrict nulls)
{
    uint8_t any = 0;
    uint32_t i = 0;

    if (sel) {
        for (uint32_t k = 0; k < n; k++) {
            uint32_t row = sel[k];

            nulls[row] = !(((unsigned)validity[row >> 3] >> (row & 7u)) & 1u);
            any |= nulls[row];
        }
        return any;
    }
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (; i + 8 <= n; i += 8) { /* 8 rows at once: bit j of the byte decides byte j of the word */
        uint64_t bits =
            (validity[i >> 3] * UINT64_C(0x0101010101010101)) & UINT64_C(0x8040201008040201);
        uint64_t set = ((bits + UINT64_C(0x7f7f7f7f7f7f7f7f)) >> 7) & UINT64_C(0x0101010101010101);

        set ^= UINT64_C(0x0101010101010101);
        memcpy(nulls + i, &set, 8);
        any |= set != 0;
    }
#endif
    for (; i < n; i++) {
        nulls[i] = !(((unsigned)validity[i >> 3] >> (i & 7u)) & 1u);
        any |= nulls[i];
    }
    return any;
}

/* Pointers and lengths of the texts of a column: 0.6 ns a row. */
static void point_at_texts(const struct streamd_column *column, const uint16_t *sel, uint32_t n,
                           struct streamd_str *restrict out)
{
    const int32_t *offsets = column->offsets;
    const char *data = (const char *)column->data;

    for (uint32_t k = 0; k < n; k++) {
        uint32_t row = eval_row(sel, k);

        out[row].data = data + offsets[row];
        out[row].length = (size_t)(offsets[row + 1] - offsets[row]);
    }
}

int eval_column(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
                struct streamd_vector *out)
{
    const struct streamd_column *column = &ev->batch->columns[node->column];

    if (streamd_type_is_variable(node->type.id)) {
        out->values = NULL;
        if (eval_take_values(ev, node->type, out))
            return STREAMD_E_NOMEM;
        point_at_texts(column, sel, n, out->values);
    } else {
        out->type = node->type;
        out->mask = UINT32_MAX;
        out->values = column->values;
        out->nulls = NULL;
    }
    if (column->validity) {
        uint8_t *nulls = eval_take_nulls(ev);

        if (!nulls)
            return STREAMD_E_NOMEM;
        if (spread_nulls(column->validity, sel, n, nulls))
            out->nulls = nulls;
    }
    return 0;
}

/* ---- what a kernel may call --------------------------------------------------------------- */

static struct expr_call *call_of(struct streamd_call *call)
{
    return (struct expr_call *)call; /* its first member */
}

static void *call_alloc(struct streamd_call *call, size_t bytes)
{
    struct expr_evaluator *ev = call_of(call)->ev;

    if (ev->bytes_limit && (bytes > ev->bytes_limit || ev->bytes.bytes > ev->bytes_limit)) {
        ev->refused = 1;
        return NULL;
    }
    return arena_alloc(&ev->bytes, bytes);
}

static int call_set_null(struct streamd_call *call, uint32_t row)
{
    struct expr_call *c = call_of(call);
    struct streamd_vector *result = call->result;

    if (!result->nulls) {
        result->nulls = c->null_room;
        memset(result->nulls, 0, result->mask ? c->ev->rows : 1);
    }
    result->nulls[row & result->mask] = 1;
    return 0;
}

static int call_row_error(struct streamd_call *call, uint32_t row, int code, const char *message)
{
    struct expr_call *c = call_of(call);
    int rc = 0;

    if (call->result && c->null_room)
        call_set_null(call, row);
    if (c->rows || c->row_count) {
        for (uint32_t k = 0; k < c->row_count && rc == 0; k++)
            rc = eval_row_error(c->ev, eval_row(c->rows, k), code, message);
    } else {
        rc = eval_row_error(c->ev, row, code, message);
    }
    if (rc)
        c->status = rc;
    return rc;
}

static int64_t call_now(struct streamd_call *call)
{
    return eval_now(call_of(call)->ev);
}

static const struct streamd_host_call host_call = {
    sizeof(host_call), call_alloc, call_set_null, call_row_error, call_now,
};

int expr_call_open(struct expr_evaluator *ev, struct expr_call *c,
                   const struct streamd_vector *args, uint32_t argc, const uint16_t *sel,
                   uint32_t n, const struct streamd_type *result_type, uint32_t rows)
{
    memset(c, 0, sizeof(*c));
    c->ev = ev;
    c->call.host = &host_call;
    c->call.args = args;
    c->call.argc = argc;
    c->call.sel = sel;
    c->call.n = n;
    if (!result_type)
        return 0;
    if (ev->rows < rows)
        ev->rows = rows;
    c->null_room = eval_take_nulls(ev);
    c->call.result = &c->result;
    if (!c->null_room)
        return STREAMD_E_NOMEM;
    return eval_take_values(ev, *result_type, &c->result);
}

/* ---- calls -------------------------------------------------------------------------------- */

static const uint8_t one_null[1] = {1};
static const _Alignas(16) uint8_t no_value[16];

/* A vector that is NULL for every row. */
static void set_all_null(struct streamd_type type, struct streamd_vector *out)
{
    out->type = type;
    out->mask = 0;
    out->values = (void *)(uintptr_t)no_value; /* nobody writes to an argument */
    out->nulls = (uint8_t *)(uintptr_t)one_null;
}

/* Gathers which rows have a NULL argument into `nulls`. Answers whether any has; 2: all have,
   because a constant argument is NULL. */
static int gather_nulls(const struct streamd_vector *args, uint32_t argc, const uint16_t *sel,
                        uint32_t n, uint8_t *restrict nulls)
{
    int any = 0;

    for (uint32_t a = 0; a < argc; a++) {
        const uint8_t *from = args[a].nulls;

        if (!from)
            continue;
        if (args[a].mask == 0) {
            if (from[0])
                return 2;
            continue;
        }
        for (uint32_t k = 0; sel && k < n; k++)
            nulls[sel[k]] = any ? nulls[sel[k]] | from[sel[k]] : from[sel[k]];
        if (!sel && !any)
            memcpy(nulls, from, n);
        for (uint32_t i = 0; !sel && any && i < n; i++)
            nulls[i] |= from[i];
        any = 1;
    }
    return any;
}

static int all_constant(const struct streamd_vector *args, uint32_t argc)
{
    for (uint32_t a = 0; a < argc; a++) {
        if (args[a].mask)
            return 0;
    }
    return 1;
}

/* The rows that a strict kernel is called for. */
static int set_rows(struct expr_call *c, const struct streamd_function *function)
{
    struct streamd_call *call = &c->call;
    uint16_t *rows;

    if (!c->result.nulls || (function->flags & NODE_ANY_ROWS))
        return 0;
    if (c->result.mask == 0)
        return 0;
    rows = scratch_alloc(&c->ev->scratch, call->n * sizeof(*rows));
    if (!rows)
        return STREAMD_E_NOMEM;
    call->n = eval_select(c->result.nulls, 0, call->sel, call->n, rows);
    call->sel = rows;
    return 0;
}

int eval_function(struct expr_evaluator *ev, const struct streamd_function *function,
                  struct streamd_type type, void *prepared, const struct streamd_vector *args,
                  uint32_t argc, const uint16_t *sel, uint32_t n, struct streamd_vector *out)
{
    struct expr_call c = {.ev = ev, .null_room = out->nulls};
    int constant =
        !(function->flags & STREAMD_FUNCTION_NONDETERMINISTIC) && all_constant(args, argc) && n > 0;
    int any = 0, rc;

    c.result = *out;
    if (eval_take_values(ev, type, &c.result) ||
        (!c.null_room && !(c.null_room = eval_take_nulls(ev))))
        return STREAMD_E_NOMEM;
    if (!(function->flags & STREAMD_FUNCTION_NULLABLE_INPUT))
        any = gather_nulls(args, argc, sel, n, c.null_room);
    if (any == 2) {
        set_all_null(type, out);
        return 0;
    }
    c.result.nulls = any ? c.null_room : NULL;
    c.call = (struct streamd_call){&host_call, args, argc, sel, n, &c.result, prepared};
    if (constant) {
        c.result.mask = 0;
        c.rows = sel;
        c.row_count = n;
        c.call.sel = NULL;
        c.call.n = 1;
    }
    rc = set_rows(&c, function);
    if (rc == 0 && c.call.n > 0)
        rc = function->kernel(&c.call);
    *out = c.result;
    return rc ? rc : c.status;
}

int eval_call(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel, uint32_t n,
              struct streamd_vector *out)
{
    struct streamd_vector *args;
    struct scratch_mark mark;
    int rc = 0;

    if (eval_take_values(ev, node->type, out) || !(out->nulls = eval_take_nulls(ev)))
        return STREAMD_E_NOMEM;
    mark = scratch_mark(&ev->scratch);
    args = scratch_alloc(&ev->scratch, node->argc * sizeof(*args));
    if (!args)
        return STREAMD_E_NOMEM;
    for (uint32_t a = 0; a < node->argc && rc == 0; a++)
        rc = eval_node(ev, node->args[a], sel, n, &args[a]);
    if (rc == 0)
        rc = eval_function(ev, node->function, node->type, node->prepared, args, node->argc, sel, n,
                           out);
    scratch_release(&ev->scratch, mark);
    return rc;
}
