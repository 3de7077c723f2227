/*
 * Making nodes. Whatever has constants for arguments is computed at once, with the very kernels
 * that run over batches, on a batch of one row.
 */
#include "expr/check.h"

#include "base/memory.h"
#include "expr/filter.h"

void *check_alloc(struct check *c, size_t count, size_t size)
{
    void *p = arena_zalloc(&c->scope->store->arena, count, size);

    if (!p)
        problem_nomem(c->report);
    return p;
}

int check_keep(struct check *c, void (*release)(void *), void *what)
{
    struct expr_release *r = check_alloc(c, 1, sizeof(*r));

    if (!r) {
        release(what);
        return STREAMD_E_NOMEM;
    }
    r->release = release;
    r->what = what;
    r->next = c->scope->store->releases;
    c->scope->store->releases = r;
    return 0;
}

void expr_store_clear(struct expr_store *store)
{
    for (struct expr_release *r = store->releases; r; r = r->next)
        r->release(r->what);
    arena_clear(&store->arena);
    store->releases = NULL;
}

struct node *node_new(struct check *c, enum node_kind kind, node_eval_fn *eval,
                      struct streamd_type type, struct place place, struct node *const *args,
                      uint32_t argc)
{
    struct node *node = check_alloc(c, 1, sizeof(*node));
    const struct node **copy = argc ? check_alloc(c, argc, sizeof(*copy)) : NULL;

    if (!node || (argc && !copy))
        return NULL;
    node->kind = kind;
    node->eval = eval;
    node->type = type;
    node->offset = place.offset;
    node->length = place.length;
    node->argc = argc;
    node->args = copy;
    node->deterministic = 1;
    node->constant = kind != NODE_COLUMN && kind != NODE_SLOT && kind != NODE_ROW;
    for (uint32_t i = 0; i < argc; i++) {
        copy[i] = args[i];
        node->deterministic &= args[i]->deterministic;
        node->constant &= args[i]->constant;
    }
    node->filter = filter_pick(node);
    return node;
}

struct node *node_constant(struct check *c, struct streamd_type type, const void *value,
                           struct place place)
{
    size_t width = node_width(type.id);
    uint8_t *copy = check_alloc(c, 1, width), *null = value ? NULL : check_alloc(c, 1, 1);
    struct node *node;

    type.nullable = value == NULL;
    node = node_new(c, NODE_CONSTANT, eval_constant, type, place, NULL, 0);
    if (!node || !copy || (!value && !null))
        return NULL;
    if (value)
        memcpy(copy, value, width);
    else
        *null = 1;
    node->value.type = type;
    node->value.values = copy;
    node->value.nulls = null;
    return node;
}

struct node *node_column(struct check *c, uint32_t column, struct streamd_type type,
                         struct place place)
{
    struct node *node = node_new(c, NODE_COLUMN, eval_column, type, place, NULL, 0);

    if (node)
        node->column = column;
    return node;
}

/* ---- calls -------------------------------------------------------------------------------- */

void node_constant_args(struct node *const *args, uint32_t argc, struct streamd_vector *out)
{
    for (uint32_t i = 0; i < argc; i++) {
        out[i] = (struct streamd_vector){.type = args[i]->type, .mask = UINT32_MAX};
        if (args[i]->kind == NODE_CONSTANT)
            out[i] = args[i]->value;
    }
}

/* Hands the constant arguments to the function's prepare. */
static int prepare(struct check *c, struct node *node, struct node *const *args)
{
    const struct streamd_function *f = node->function;
    struct streamd_vector *values;
    struct streamd_error error = {0};
    void *prepared = NULL;
    int rc;

    if (!f->prepare)
        return 0;
    values = check_alloc(c, node->argc + 1, sizeof(*values));
    if (!values)
        return STREAMD_E_NOMEM;
    node_constant_args(args, node->argc, values);
    rc = f->prepare(values, node->argc, &prepared, &error);
    if (rc == STREAMD_E_NOMEM) {
        problem_nomem(c->report);
        return rc;
    }
    if (rc) {
        problem_add(c->report, EXPR_LITERAL, node->offset, node->length, NULL, "%s", error.message);
        return rc;
    }
    node->prepared = prepared;
    return prepared && f->unprepare ? check_keep(c, f->unprepare, prepared) : 0;
}

static int is_strict_null(const struct streamd_function *f, struct node *const *args, uint32_t argc)
{
    for (uint32_t i = 0; i < argc && !(f->flags & STREAMD_FUNCTION_NULLABLE_INPUT); i++) {
        if (node_is_null(args[i]))
            return 1;
    }
    return 0;
}

struct node *node_call(struct check *c, const struct streamd_function *f, struct streamd_type type,
                       void *prepared, struct place place, struct node *const *args, uint32_t argc)
{
    struct node *node;
    int strict = !(f->flags & STREAMD_FUNCTION_NULLABLE_INPUT);

    if (is_strict_null(f, args, argc))
        return node_constant(c, type, NULL, place);
    type.nullable = (f->flags & STREAMD_FUNCTION_NULLABLE_RESULT) != 0 || f->result.nullable;
    for (uint32_t i = 0; i < argc && strict; i++)
        type.nullable |= args[i]->type.nullable;
    node = node_new(c, NODE_CALL, eval_call, type, place, args, argc);
    if (!node)
        return NULL;
    node->function = f;
    node->prepared = prepared;
    if (f->flags & STREAMD_FUNCTION_NONDETERMINISTIC)
        node->deterministic = node->constant = 0;
    if (!prepared && prepare(c, node, args))
        return NULL;
    node->filter = filter_pick(node);
    return node_fold(c, node);
}

struct node *node_share(struct check *c, struct node *value, struct node **slot)
{
    *slot = value;
    if (value->kind == NODE_COLUMN || value->kind == NODE_CONSTANT || value->kind == NODE_SLOT)
        return NULL;
    *slot = node_new(c, NODE_SLOT, eval_slot, value->type,
                     (struct place){value->offset, value->length}, NULL, 0);
    if (*slot) {
        (*slot)->slot = c->slots++;
        (*slot)->deterministic = value->deterministic;
    }
    return *slot;
}

struct node *node_let(struct check *c, struct node *value, const struct node *slot,
                      struct node *body)
{
    struct node *args[2] = {value, body};
    struct node *let = node_new(c, NODE_LET, eval_let, body->type,
                                (struct place){body->offset, body->length}, args, 2);

    if (let)
        let->slot = slot->slot;
    return let;
}

/* ---- folding ------------------------------------------------------------------------------ */

static int can_fold(const struct node *node)
{
    if (!node->constant || !node->deterministic || node->kind == NODE_CONSTANT)
        return 0;
    for (uint32_t i = 0; i < node->argc; i++) {
        if (node->args[i]->kind != NODE_CONSTANT)
            return 0;
    }
    return 1;
}

/* The value of a vector of one row as a constant; NULL: too large, or no memory. */
static struct node *constant_of(struct check *c, const struct node *node,
                                const struct streamd_vector *v)
{
    struct place place = {node->offset, node->length};
    struct streamd_str s;
    char *bytes;

    if (eval_is_null(v, 0))
        return node_constant(c, node->type, NULL, place);
    if (!streamd_type_is_variable(node->type.id))
        return node_constant(c, node->type, v->values, place);
    s = *(const struct streamd_str *)v->values;
    if (s.length > MAX_FOLDED_BYTES)
        return NULL;
    bytes = arena_strndup(&c->scope->store->arena, s.length ? s.data : "", s.length);
    if (!bytes) {
        problem_nomem(c->report);
        return NULL;
    }
    s.data = bytes;
    return node_constant(c, node->type, &s, place);
}

struct node *node_fold(struct check *c, struct node *node)
{
    struct streamd_vector v;
    struct node *constant;
    int rc;

    if (!node || !can_fold(node))
        return node;
    expr_begin(c->folder->ev, NULL);
    c->folder->message = NULL;
    rc = eval_node(c->folder->ev, node, NULL, 1, &v);
    if (rc == STREAMD_E_NOMEM && !c->folder->ev->refused) {
        problem_nomem(c->report);
        return NULL;
    }
    if (c->folder->ev->refused)
        return node;
    if (rc || expr_failed(c->folder->ev)) {
        node->error = c->folder->message ? c->folder->message : "has no value";
        return node;
    }
    constant = constant_of(c, node, &v);
    return constant || c->report->status ? constant : node;
}
