/*
 * libpg_query's JSON to struct ast: one function per kind of node, found through a table. What is
 * not in the table is SQL that streamd does not have. Leaves are in parse_leaf.c.
 */
#include "expr/parse.h"

#include <string.h>

static const struct ast *convert(struct tree *t, const json_t *node);

/* Fills argument i; all arguments are converted even where one has a problem. */
static void set_arg(struct tree *t, struct ast *a, size_t i, const json_t *node)
{
    const struct ast **args = (const struct ast **)(uintptr_t)a->args;

    args[i] = node ? convert(t, node) : NULL;
}

/* A node whose arguments are the elements of a list. */
static struct ast *make_list(struct tree *t, enum ast_kind kind, const json_t *body,
                             const json_t *list)
{
    size_t n = json_array_size(list);
    struct ast *a = tree_make(t, kind, body, n);

    for (size_t i = 0; a && i < n; i++)
        set_arg(t, a, i, json_array_get(list, i));
    return a;
}

/* ---- operators ---------------------------------------------------------------------------- */

struct operator_kind {
    const char *kind;
    enum ast_kind ast;
    uint8_t negated, symmetric;
};

static const struct operator_kind operator_kinds[] = {
    {"AEXPR_OP", AST_OPERATOR, 0, 0},
    {"AEXPR_OP_ANY", AST_ANY, 0, 0},
    {"AEXPR_OP_ALL", AST_ALL, 0, 0},
    {"AEXPR_DISTINCT", AST_DISTINCT, 0, 0},
    {"AEXPR_NOT_DISTINCT", AST_DISTINCT, 1, 0},
    {"AEXPR_NULLIF", AST_NULLIF, 0, 0},
    {"AEXPR_IN", AST_IN, 0, 0},
    {"AEXPR_LIKE", AST_LIKE, 0, 0},
    {"AEXPR_ILIKE", AST_LIKE, 0, 0},
    {"AEXPR_BETWEEN", AST_BETWEEN, 0, 0},
    {"AEXPR_NOT_BETWEEN", AST_BETWEEN, 1, 0},
    {"AEXPR_BETWEEN_SYM", AST_BETWEEN, 0, 1},
    {"AEXPR_NOT_BETWEEN_SYM", AST_BETWEEN, 1, 1},
};

/* x LIKE y ESCAPE z comes as like_escape(y, z) on the right. */
static void set_pattern(struct tree *t, struct ast *a, const json_t *right)
{
    const json_t *call = json_object_get(right, "FuncCall");
    const json_t *names = json_object_get(call, "funcname");
    const json_t *args = json_object_get(call, "args");

    if (json_array_size(names) == 2 && json_array_size(args) == 2 &&
        strcmp(tree_name(json_array_get(names, 1)), "like_escape") == 0 &&
        strcmp(tree_name(json_array_get(names, 0)), "pg_catalog") == 0) {
        set_arg(t, a, 1, json_array_get(args, 0));
        set_arg(t, a, 2, json_array_get(args, 1));
    } else {
        set_arg(t, a, 1, right);
    }
}

static const struct ast *convert_operator(struct tree *t, const json_t *body)
{
    const char *kind = tree_string(body, "kind");
    const json_t *names = json_object_get(body, "name"), *left = json_object_get(body, "lexpr"),
                 *right = json_object_get(body, "rexpr"), *list;
    const char *name = tree_name(json_array_get(names, 0));
    const struct operator_kind *k = NULL;
    struct ast *a;

    for (size_t i = 0; i < sizeof(operator_kinds) / sizeof(operator_kinds[0]); i++) {
        if (strcmp(operator_kinds[i].kind, kind) == 0)
            k = &operator_kinds[i];
    }
    if (!k)
        return tree_refuse(t, body, EXPR_UNSUPPORTED, "SIMILAR TO is not supported",
                           "write a regular expression: value ~ 'pattern'");
    if (json_array_size(names) != 1)
        return tree_refuse(t, body, EXPR_UNSUPPORTED, "operators have no schema", NULL);
    list = json_object_get(json_object_get(right, "List"), "items");
    if (k->ast == AST_IN || k->ast == AST_BETWEEN)
        a = tree_make(t, k->ast, body, 1 + json_array_size(list));
    else
        a = tree_make(t, k->ast, body, k->ast == AST_LIKE ? 3 : left ? 2 : 1);
    if (!a || tree_set_name(t, a, name, strlen(name)))
        return NULL;
    a->negated = k->ast == AST_IN ? strcmp(name, "<>") == 0 : k->negated;
    a->symmetric = k->symmetric;
    if (left)
        set_arg(t, a, 0, left);
    if (k->ast == AST_IN || k->ast == AST_BETWEEN) {
        for (size_t i = 0; i < json_array_size(list); i++)
            set_arg(t, a, 1 + i, json_array_get(list, i));
    } else if (k->ast == AST_LIKE) {
        set_pattern(t, a, right);
    } else {
        set_arg(t, a, left ? 1 : 0, right);
    }
    return a;
}

static const struct ast *convert_bool(struct tree *t, const json_t *body)
{
    const char *op = tree_string(body, "boolop");
    enum ast_kind kind = strcmp(op, "AND_EXPR") == 0  ? AST_AND
                         : strcmp(op, "OR_EXPR") == 0 ? AST_OR
                                                      : AST_NOT;

    return make_list(t, kind, body, json_object_get(body, "args"));
}

static const struct ast *convert_test(struct tree *t, const json_t *body, enum ast_test test,
                                      int negated)
{
    struct ast *a = tree_make(t, AST_IS, body, 1);

    if (!a)
        return NULL;
    a->test = test;
    a->negated = (uint8_t)negated;
    set_arg(t, a, 0, json_object_get(body, "arg"));
    return a;
}

static const struct ast *convert_null_test(struct tree *t, const json_t *body)
{
    return convert_test(t, body, AST_TEST_NULL,
                        strcmp(tree_string(body, "nulltesttype"), "IS_NOT_NULL") == 0);
}

static const struct ast *convert_bool_test(struct tree *t, const json_t *body)
{
    const char *type = tree_string(body, "booltesttype");
    enum ast_test test = strstr(type, "TRUE")    ? AST_TEST_TRUE
                         : strstr(type, "FALSE") ? AST_TEST_FALSE
                                                 : AST_TEST_UNKNOWN;

    return convert_test(t, body, test, strstr(type, "NOT") != NULL);
}

/* ---- casts -------------------------------------------------------------------------------- */

static const struct ast *convert_cast(struct tree *t, const json_t *body)
{
    const json_t *type = json_object_get(body, "typeName");
    json_int_t location = json_integer_value(json_object_get(body, "location"));
    struct ast *a = tree_make(t, AST_CAST, location > 0 ? body : type, 1);

    if (!a)
        return NULL;
    a->type = tree_type(t, type);
    set_arg(t, a, 0, json_object_get(body, "arg"));
    return a->type ? a : NULL;
}

/* ---- calls -------------------------------------------------------------------------------- */

static const struct ast *convert_call(struct tree *t, const json_t *body)
{
    const json_t *names = json_object_get(body, "funcname"), *filter;
    size_t n = json_array_size(names);
    const char *name = tree_name(json_array_get(names, n ? n - 1 : 0));
    struct ast *a;

    if (n != 1 && (n != 2 || strcmp(tree_name(json_array_get(names, 0)), "pg_catalog") != 0))
        return tree_refuse(t, body, EXPR_UNSUPPORTED, "functions have no schema", NULL);
    if (json_object_get(body, "over"))
        return tree_refuse(t, body, EXPR_FORM, "OVER is not supported",
                           "windows over the stream are the operator of type 'window'");
    if (json_object_get(body, "agg_order") || json_object_get(body, "agg_within_group"))
        return tree_refuse(t, body, EXPR_UNSUPPORTED, "ORDER BY in an aggregate is not supported",
                           NULL);
    if (json_object_get(body, "func_variadic"))
        return tree_refuse(t, body, EXPR_UNSUPPORTED, "VARIADIC is not supported", NULL);
    a = make_list(t, AST_CALL, body, json_object_get(body, "args"));
    if (!a || tree_set_name(t, a, name, strlen(name)))
        return NULL;
    a->star = json_is_true(json_object_get(body, "agg_star"));
    a->distinct = json_is_true(json_object_get(body, "agg_distinct"));
    filter = json_object_get(body, "agg_filter");
    if (filter)
        a->filter = convert(t, filter);
    return filter && !a->filter ? NULL : a;
}

static const struct ast *convert_case(struct tree *t, const json_t *body)
{
    const json_t *whens = json_object_get(body, "args");
    size_t n = json_array_size(whens);
    struct ast *a = tree_make(t, AST_CASE, body, 2 + 2 * n);

    if (!a)
        return NULL;
    set_arg(t, a, 0, json_object_get(body, "arg"));
    for (size_t i = 0; i < n; i++) {
        const json_t *when = json_object_get(json_array_get(whens, i), "CaseWhen");

        set_arg(t, a, 1 + 2 * i, json_object_get(when, "expr"));
        set_arg(t, a, 2 + 2 * i, json_object_get(when, "result"));
    }
    set_arg(t, a, 1 + 2 * n, json_object_get(body, "defresult"));
    return a;
}

static const struct ast *convert_coalesce(struct tree *t, const json_t *body)
{
    return make_list(t, AST_COALESCE, body, json_object_get(body, "args"));
}

static const struct ast *convert_min_max(struct tree *t, const json_t *body)
{
    enum ast_kind kind =
        strcmp(tree_string(body, "op"), "IS_LEAST") == 0 ? AST_LEAST : AST_GREATEST;

    return make_list(t, kind, body, json_object_get(body, "args"));
}

static const struct ast *convert_array(struct tree *t, const json_t *body)
{
    return make_list(t, AST_ARRAY, body, json_object_get(body, "elements"));
}

static const struct ast *convert_collate(struct tree *t, const json_t *body)
{
    const json_t *names = json_object_get(body, "collname");
    const char *name = tree_name(json_array_get(names, json_array_size(names) - 1));

    if (strcmp(name, "C") != 0 && strcmp(name, "POSIX") != 0)
        return tree_refuse(t, body, EXPR_UNSUPPORTED,
                           "there is one collation only, \"C\": by code point", NULL);
    return convert(t, json_object_get(body, "arg"));
}

static const struct ast *convert_row(struct tree *t, const json_t *body)
{
    if (strcmp(tree_string(body, "row_format"), "COERCE_IMPLICIT_CAST") == 0 && t->depth == 1)
        return tree_refuse(t, body, EXPR_FORM, "one expression is expected here, not a list", NULL);
    return tree_refuse(t, body, EXPR_UNSUPPORTED, "rows are not supported", NULL);
}

static const struct ast *convert_sublink(struct tree *t, const json_t *body)
{
    return tree_refuse(t, body, EXPR_FORM, "sub-selects are not supported", NULL);
}

static const struct ast *convert_parameter(struct tree *t, const json_t *body)
{
    return tree_refuse(t, body, EXPR_FORM, "there are no parameters", NULL);
}

static const struct ast *convert_indirection(struct tree *t, const json_t *body)
{
    const json_t *arg = json_object_get(body, "arg");
    void *inner = json_object_iter((json_t *)(uintptr_t)arg);

    return tree_refuse(t, inner ? json_object_iter_value(inner) : body, EXPR_UNSUPPORTED,
                       "subscripts and members are not supported",
                       "of json: value->'member', value->0");
}

static const struct ast *convert_named_argument(struct tree *t, const json_t *body)
{
    return tree_refuse(t, body, EXPR_UNSUPPORTED, "arguments have no names", NULL);
}

/* ---- the table ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const struct ast *(*convert)(struct tree *, const json_t *);
} converters[] = {
    {"A_ArrayExpr", convert_array},
    {"A_Const", tree_constant},
    {"A_Expr", convert_operator},
    {"A_Indirection", convert_indirection},
    {"BoolExpr", convert_bool},
    {"BooleanTest", convert_bool_test},
    {"CaseExpr", convert_case},
    {"CoalesceExpr", convert_coalesce},
    {"CollateClause", convert_collate},
    {"ColumnRef", tree_column},
    {"FuncCall", convert_call},
    {"MinMaxExpr", convert_min_max},
    {"NamedArgExpr", convert_named_argument},
    {"NullTest", convert_null_test},
    {"ParamRef", convert_parameter},
    {"RowExpr", convert_row},
    {"SQLValueFunction", tree_value_function},
    {"SubLink", convert_sublink},
    {"TypeCast", convert_cast},
};

static const struct ast *convert(struct tree *t, const json_t *node)
{
    void *entry = json_object_iter((json_t *)(uintptr_t)node);
    const char *name = entry ? json_object_iter_key(entry) : "";
    const json_t *body = entry ? json_object_iter_value(entry) : node;
    const struct ast *a = NULL;

    if (t->depth >= AST_MAX_DEPTH) {
        problem_add(t->report, EXPR_LIMIT, 0, t->source->length, NULL,
                    "the expression is nested too deeply");
        return NULL;
    }
    t->depth++;
    for (size_t i = 0; i < sizeof(converters) / sizeof(converters[0]); i++) {
        if (strcmp(converters[i].name, name) == 0) {
            a = converters[i].convert(t, body);
            t->depth--;
            return a;
        }
    }
    t->depth--;
    return tree_refuse(t, body, EXPR_UNSUPPORTED, "this SQL is not supported", NULL);
}

const struct ast *parse_tree(const struct ast_source *source, struct expr_reporter *report,
                             const json_t *node, size_t shift)
{
    struct tree t = {source, report, shift, 0};
    const struct ast *a = convert(&t, node);

    return report->status ? NULL : a;
}
