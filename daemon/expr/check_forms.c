/*
 * Forms of SQL with a syntax of their own, made of simpler nodes: IN becomes a set or a chain of
 * `=`, BETWEEN two comparisons, NULLIF a CASE. An operand that would be computed several times is
 * computed once, with LET.
 */
#include "expr/check.h"

#include "base/text.h"
#include "expr/compare.h"
#include "expr/in_set.h"

static struct streamd_type bool_type(int nullable)
{
    struct streamd_type type = {.id = STREAMD_BOOL, .nullable = nullable != 0};

    return type;
}

static struct place place_of_node(const struct node *node)
{
    struct place p = {node->offset, node->length};

    return p;
}

/* Checks arguments from..argc into an array; NULL where one has a problem. */
static struct node **check_list(struct check *c, const struct ast *ast)
{
    struct node **nodes = check_alloc(c, ast->argc, sizeof(*nodes));
    int complete = nodes != NULL;

    for (uint32_t i = 0; nodes && i < ast->argc; i++) {
        nodes[i] = ast->args[i] ? check_ast(c, ast->args[i]) : NULL;
        complete &= !ast->args[i] || nodes[i];
    }
    return complete ? nodes : NULL;
}

static struct node *operator_of_two(struct check *c, const char *name, struct place place,
                                    struct node *a, struct node *b)
{
    struct node *args[2] = {a, b};

    return a && b ? resolve_operator(c, name, place, args, 2) : NULL;
}

static struct node *connective(struct check *c, enum node_kind kind, struct place place,
                               struct node *const *args, uint32_t argc)
{
    int nullable = 0;

    for (uint32_t i = 0; i < argc; i++) {
        if (!args[i])
            return NULL;
        nullable |= args[i]->type.nullable;
    }
    return node_fold(c, node_new(c, kind, kind == NODE_AND ? eval_and : eval_or,
                                 bool_type(nullable), place, args, argc));
}

static struct node *negation(struct check *c, struct node *node)
{
    if (!node)
        return NULL;
    return node_fold(c, node_new(c, NODE_NOT, eval_not, node->type, place_of_node(node), &node, 1));
}

/* A text without a type, where nothing around it gives one. */
static struct node *settle(struct check *c, struct node *node)
{
    return node && node->type.id == NODE_UNKNOWN ? coerce(c, node, TYPE(STREAMD_STRING)) : node;
}

/* Puts a LET around body where the slot is one. */
static struct node *finish_share(struct check *c, struct node *value, struct node *slot,
                                 struct node *body)
{
    if (!body || slot == value || slot->kind != NODE_SLOT || slot == body)
        return body;
    return node_let(c, value, slot, body);
}

/* ---- CASE, COALESCE, NULLIF --------------------------------------------------------------- */

/* when, then, ..., else: conditions are checked already. */
static struct node *make_case(struct check *c, struct place place, struct node **args,
                              uint32_t argc)
{
    struct node **results = check_alloc(c, argc, sizeof(*results)), *node;
    struct streamd_type type;
    uint32_t n = 0;

    if (!results)
        return NULL;
    for (uint32_t i = 1; i < argc; i += 2)
        results[n++] = args[i];
    results[n++] = args[argc - 1];
    if (coerce_all(c, results, n, "the results of CASE", &type))
        return NULL;
    for (uint32_t i = 0; i + 1 < n; i++)
        args[2 * i + 1] = results[i];
    args[argc - 1] = results[n - 1];
    node = node_new(c, NODE_CASE, eval_case, type, place, args, argc);
    return node_fold(c, node);
}

struct node *check_case(struct check *c, const struct ast *ast)
{
    uint32_t argc = ast->argc - 1;
    struct node **args = check_alloc(c, argc, sizeof(*args)), *operand = NULL, *slot = NULL;
    int complete = args != NULL;

    if (ast->args[0]) {
        operand = settle(c, check_ast(c, ast->args[0]));
        if (operand)
            node_share(c, operand, &slot);
        complete &= slot != NULL;
    }
    for (uint32_t i = 0; args && i < argc; i++) {
        const struct ast *arg = ast->args[i + 1];

        if (!arg) /* there is no ELSE */
            args[i] = node_constant(c, TYPE(NODE_UNKNOWN), NULL, place_of(ast));
        else if (i % 2 == 0 && i + 1 < argc && !ast->args[0])
            args[i] = check_condition(c, arg, "condition of WHEN");
        else
            args[i] = check_ast(c, arg);
        if (i % 2 == 0 && i + 1 < argc && slot && args[i])
            args[i] = operator_of_two(c, "=", place_of(arg), slot, args[i]);
        complete &= args[i] != NULL;
    }
    if (!complete)
        return NULL;
    return finish_share(c, operand, slot, make_case(c, place_of(ast), args, argc));
}

struct node *check_nullif(struct check *c, const struct ast *ast)
{
    struct node **args = check_list(c, ast), *value, *slot, *parts[3];

    if (!args)
        return NULL;
    value = settle(c, args[0]);
    if (!value)
        return NULL;
    node_share(c, value, &slot);
    if (!slot)
        return NULL;
    parts[0] = operator_of_two(c, "=", place_of(ast), slot, args[1]);
    parts[1] = node_constant(c, TYPE(NODE_UNKNOWN), NULL, place_of(ast));
    parts[2] = slot;
    if (!parts[0] || !parts[1])
        return NULL;
    return finish_share(c, value, slot, make_case(c, place_of(ast), parts, 3));
}

/* 1 where all may be NULL. */
static int all_nullable(struct node *const *nodes, uint32_t n)
{
    int nullable = 1;

    for (uint32_t i = 0; i < n; i++)
        nullable &= nodes[i]->type.nullable;
    return nullable;
}

struct node *check_coalesce(struct check *c, const struct ast *ast)
{
    struct node **args = check_list(c, ast);
    struct streamd_type type;

    if (!args || coerce_all(c, args, ast->argc, "the arguments of COALESCE", &type))
        return NULL;
    type.nullable = (uint8_t)all_nullable(args, ast->argc);
    return node_fold(
        c, node_new(c, NODE_COALESCE, eval_coalesce, type, place_of(ast), args, ast->argc));
}

struct node *check_extreme(struct check *c, const struct ast *ast)
{
    struct node **args = check_list(c, ast), *node;
    struct streamd_type type;

    if (!args ||
        coerce_all(c, args, ast->argc,
                   ast->kind == AST_LEAST ? "the arguments of LEAST" : "the arguments of GREATEST",
                   &type))
        return NULL;
    if (!compare_function(type.id)) {
        problem_add(c->report, EXPR_ARGUMENTS, ast->offset, ast->length, NULL,
                    "values of type %s have no order", type_name(c, type));
        return NULL;
    }
    type.nullable = (uint8_t)all_nullable(args, ast->argc);
    node = node_new(c, NODE_EXTREME, eval_extreme, type, place_of(ast), args, ast->argc);
    if (!node)
        return NULL;
    node->compare = compare_function(type.id);
    node->negated = ast->kind == AST_LEAST;
    return node_fold(c, node);
}

/* ---- IN, ANY, ALL ------------------------------------------------------------------------- */

static int all_constants(struct node *const *nodes, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (nodes[i]->kind != NODE_CONSTANT)
            return 0;
    }
    return 1;
}

/* value IN (constants), all of one type. */
static struct node *make_set(struct check *c, struct place place, struct node *const *nodes,
                             uint32_t n, int negated)
{
    const struct in_set *set = in_set_new(
        &c->scope->store->arena, (const struct node *const *)(uintptr_t)(nodes + 1), n - 1);
    struct node *node;

    if (!set) {
        problem_nomem(c->report);
        return NULL;
    }
    /* All of them are arguments, for the sake of who prints the node; args[0] is evaluated. */
    node = node_new(c, NODE_IN, eval_in, bool_type(nodes[0]->type.nullable | set->has_null), place,
                    nodes, n);
    if (!node)
        return NULL;
    node->set = set;
    node->negated = (uint8_t)negated;
    return node_fold(c, node);
}

/* value op ANY (elements): a chain of OR; ALL: of AND. nodes[0] is the value. */
static struct node *make_chain(struct check *c, const char *name, struct place place,
                               struct node **nodes, uint32_t n, int all)
{
    struct node *value = settle(c, nodes[0]), *slot, *body;
    int complete = 1;

    if (!value)
        return NULL;
    node_share(c, value, &slot);
    for (uint32_t i = 1; i < n && slot; i++) {
        nodes[i] = operator_of_two(c, name, place, slot, nodes[i]);
        complete &= nodes[i] != NULL;
    }
    if (!slot || !complete)
        return NULL;
    body = n == 2 ? nodes[1] : connective(c, all ? NODE_AND : NODE_OR, place, nodes + 1, n - 1);
    return finish_share(c, value, slot, body);
}

/* value [NOT] IN (list); nodes[0] is the value. */
static struct node *make_membership(struct check *c, struct place place, struct node **nodes,
                                    uint32_t n, int negated)
{
    struct streamd_type type;
    struct node *chain;

    if (!all_constants(nodes + 1, n - 1)) {
        chain = make_chain(c, "=", place, nodes, n, 0);
        return negated ? negation(c, chain) : chain;
    }
    if (coerce_all(c, nodes, n, "the values of IN", &type))
        return NULL;
    if (!compare_function(type.id)) {
        problem_add(c->report, EXPR_ARGUMENTS, place.offset, place.length, NULL,
                    "values of type %s cannot be compared", type_name(c, type));
        return NULL;
    }
    return make_set(c, place, nodes, n, negated);
}

struct node *check_in(struct check *c, const struct ast *ast)
{
    struct node **nodes = check_list(c, ast);

    return nodes ? make_membership(c, place_of(ast), nodes, ast->argc, ast->negated) : NULL;
}

struct node *check_any_all(struct check *c, const struct ast *ast)
{
    const struct ast *array = ast->args[1];
    struct node **nodes;
    int all = ast->kind == AST_ALL, complete;

    if (array->kind != AST_ARRAY || array->argc == 0) {
        problem_add(c->report, EXPR_UNSUPPORTED, ast->offset, ast->length,
                    "write value = ANY (ARRAY['a', 'b']), or value IN ('a', 'b')",
                    "%s needs ARRAY[...] with its values", all ? "ALL" : "ANY");
        return NULL;
    }
    nodes = check_alloc(c, array->argc + 1, sizeof(*nodes));
    if (!nodes)
        return NULL;
    nodes[0] = check_ast(c, ast->args[0]);
    complete = nodes[0] != NULL;
    for (uint32_t i = 0; i < array->argc; i++) {
        nodes[i + 1] = check_ast(c, array->args[i]);
        complete &= nodes[i + 1] != NULL;
    }
    if (!complete)
        return NULL;
    if (!all && strcmp(ast->name, "=") == 0)
        return make_membership(c, place_of(ast), nodes, array->argc + 1, 0);
    if (all && strcmp(ast->name, "<>") == 0)
        return make_membership(c, place_of(ast), nodes, array->argc + 1, 1);
    return make_chain(c, ast->name, place_of(ast), nodes, array->argc + 1, all);
}

/* ---- BETWEEN, LIKE, DISTINCT, paths ------------------------------------------------------- */

/* value >= low AND value <= high, or its opposite. */
static struct node *within(struct check *c, struct place place, struct node *value,
                           struct node *low, struct node *high, int negated)
{
    struct node *args[2];

    args[0] = operator_of_two(c, negated ? "<" : ">=", place, value, low);
    args[1] = operator_of_two(c, negated ? ">" : "<=", place, value, high);
    return connective(c, negated ? NODE_OR : NODE_AND, place, args, 2);
}

struct node *check_between(struct check *c, const struct ast *ast)
{
    struct node **args = check_list(c, ast), *slot, *both[2], *body;
    struct place place = place_of(ast);

    if (!args)
        return NULL;
    node_share(c, args[0], &slot);
    if (!slot)
        return NULL;
    body = both[0] = within(c, place, slot, args[1], args[2], ast->negated);
    if (ast->symmetric && body) {
        both[1] = within(c, place, slot, args[2], args[1], ast->negated);
        body = connective(c, ast->negated ? NODE_AND : NODE_OR, place, both, 2);
    }
    return finish_share(c, args[0], slot, body);
}

struct node *check_like(struct check *c, const struct ast *ast)
{
    struct node **args = check_list(c, ast);

    if (!args)
        return NULL;
    if (ast->args[2]) {
        args[1] = resolve_operator(c, "like_escape", place_of(ast->args[2]), args + 1, 2);
        if (!args[1])
            return NULL;
    }
    return resolve_operator(c, ast->name, place_of(ast), args, 2);
}

struct node *check_distinct(struct check *c, const struct ast *ast)
{
    struct node **args = check_list(c, ast), *equal, *node;
    struct node *arg;

    if (!args)
        return NULL;
    equal = operator_of_two(c, "=", place_of(ast), args[0], args[1]);
    if (!equal)
        return NULL;
    if (node_is_null(args[0]) || node_is_null(args[1])) { /* x IS NOT NULL */
        arg = settle(c, node_is_null(args[0]) ? args[1] : args[0]);
        if (!arg)
            return NULL;
        node = node_new(c, NODE_IS, eval_is, bool_type(0), place_of(ast), &arg, 1);
        if (node) {
            node->test = AST_TEST_NULL;
            node->negated = !ast->negated;
        }
        return node_fold(c, node);
    }
    if (equal->kind == NODE_CONSTANT)
        return ast->negated ? equal : negation(c, equal);
    node = node_new(c, NODE_DISTINCT, eval_distinct, bool_type(0), place_of(ast),
                    (struct node *const *)(uintptr_t)equal->args, 2);
    if (!node)
        return NULL;
    node->function = equal->function;
    node->negated = ast->negated;
    return node;
}

/* ARRAY['a', 'b'] as the text {"a","b"}. */
struct node *check_path_array(struct check *c, const struct ast *ast)
{
    const struct ast *array = ast->args[1];
    struct text t = {0};
    struct streamd_str s;
    struct node *args[2];

    text_add_char(&t, '{');
    for (uint32_t i = 0; i < array->argc; i++) {
        const struct ast *e = array->args[i];

        if (e->kind != AST_STRING && e->kind != AST_NUMBER) {
            problem_add(c->report, EXPR_UNSUPPORTED, e->offset, e->length, NULL,
                        "a path is made of constants");
            text_clear(&t);
            return NULL;
        }
        text_add(&t, i ? ",\"" : "\"");
        for (size_t k = 0; k < e->name_length; k++) {
            if (e->name[k] == '"' || e->name[k] == '\\')
                text_add_char(&t, '\\');
            text_add_char(&t, e->name[k]);
        }
        text_add_char(&t, '"');
    }
    text_add_char(&t, '}');
    s.length = t.length;
    s.data =
        text_failed(&t) ? NULL : arena_strndup(&c->scope->store->arena, text_get(&t), t.length);
    text_clear(&t);
    if (!s.data) {
        problem_nomem(c->report);
        return NULL;
    }
    args[0] = check_ast(c, ast->args[0]);
    args[1] = node_constant(c, TYPE(NODE_UNKNOWN), &s, place_of(array));
    if (!args[0] || !args[1])
        return NULL;
    return resolve_operator(c, ast->name, place_of(ast), args, 2);
}
