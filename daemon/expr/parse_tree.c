/*
 * libpg_query's JSON to struct ast: one function per kind of node, found through a table. What is
 * not in the table is SQL that streamd does not have.
 *
 * The parser folds names to lower case; names of fields are read again from the text. Fields that
 * are zero, false or empty are left out of the JSON.
 */
#include "expr/parse.h"

#include "base/text.h"
#include "expr/lexer.h"

#include <streamd/convert.h>

#include <stdio.h>
#include <string.h>

struct tree {
    const struct ast_source *source;
    struct expr_reporter *report;
    size_t shift;
    unsigned depth;
};

static const struct ast *convert(struct tree *t, const json_t *node);

/* ---- helpers ------------------------------------------------------------------------------ */

static void *zalloc(struct tree *t, size_t count, size_t size)
{
    void *p = arena_zalloc(&t->source->store->arena, count, size);

    if (!p)
        problem_nomem(t->report);
    return p;
}

static const char *string_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s ? s : "";
}

/* The text of a {"String": {"sval": ..}}. */
static const char *name_of(const json_t *node)
{
    return string_of(json_object_get(node, "String"), "sval");
}

/* Where a node stands in the user's text, as the token there. */
static struct lexer_token place(const struct tree *t, const json_t *body)
{
    json_int_t location = json_integer_value(json_object_get(body, "location"));
    size_t offset = location >= (json_int_t)t->shift ? (size_t)location - t->shift : 0;
    struct lexer_token token = lexer_next(t->source->text, t->source->length, offset);

    return token;
}

static struct ast *make(struct tree *t, enum ast_kind kind, const json_t *body, size_t argc)
{
    struct ast *a = zalloc(t, 1, sizeof(*a));
    struct lexer_token token = place(t, body);

    if (!a)
        return NULL;
    a->kind = kind;
    a->offset = (uint32_t)token.offset;
    a->length = (uint32_t)token.length;
    a->name = "";
    a->argc = (uint32_t)argc;
    if (argc) {
        a->args = zalloc(t, argc, sizeof(a->args[0]));
        if (!a->args)
            return NULL;
    }
    return a;
}

static int set_name(struct tree *t, struct ast *a, const char *name, size_t length)
{
    a->name = arena_strndup(&t->source->store->arena, name, length);
    a->name_length = length;
    if (a->name)
        return 0;
    problem_nomem(t->report);
    return -1;
}

/* Fills argument i; all arguments are converted even where one has a problem. */
static void set_arg(struct tree *t, struct ast *a, size_t i, const json_t *node)
{
    const struct ast **args = (const struct ast **)(uintptr_t)a->args;

    args[i] = node ? convert(t, node) : NULL;
}

static const struct ast *refuse(struct tree *t, const json_t *body, int code, const char *what,
                                const char *help)
{
    struct lexer_token token = place(t, body);

    problem_add(t->report, code, token.offset, token.length, help, "%s", what);
    return NULL;
}

/* A node whose arguments are the elements of a list. */
static struct ast *make_list(struct tree *t, enum ast_kind kind, const json_t *body,
                             const json_t *list)
{
    size_t n = json_array_size(list);
    struct ast *a = make(t, kind, body, n);

    for (size_t i = 0; a && i < n; i++)
        set_arg(t, a, i, json_array_get(list, i));
    return a;
}

/* ---- literals and names ------------------------------------------------------------------- */

/*
 * The value of an integer A_Const. The JSON leaves out what is not positive, also -5, which the
 * parser has made of `-` and 5: then the digits are read from the text, where they follow signs and
 * brackets.
 */
static json_int_t integer_of(const struct tree *t, const json_t *body)
{
    const json_t *value = json_object_get(json_object_get(body, "ival"), "ival");
    struct lexer_token token = place(t, body);
    int64_t digits = 0;

    if (value)
        return json_integer_value(value);
    while (token.kind == LEXER_OPERATOR || token.kind == LEXER_OTHER)
        token = lexer_next(t->source->text, t->source->length, token.offset + token.length);
    if (token.kind != LEXER_NUMBER ||
        streamd_int64_parse(t->source->text + token.offset, token.length, &digits))
        return 0;
    return -digits;
}

static const struct ast *convert_constant(struct tree *t, const json_t *body)
{
    const json_t *value;
    char digits[24];
    struct ast *a;

    if (json_object_get(body, "isnull"))
        return make(t, AST_NULL, body, 0);
    if (json_object_get(body, "bsval"))
        return refuse(t, body, EXPR_UNSUPPORTED, "there are no bit strings",
                      "bytes are written '\\x0aff'::bytea");
    if ((value = json_object_get(body, "boolval"))) {
        a = make(t, AST_BOOL, body, 0);
        if (a)
            a->value = json_is_true(json_object_get(value, "boolval"));
        return a;
    }
    if ((value = json_object_get(body, "sval"))) {
        const json_t *text = json_object_get(value, "sval");

        a = make(t, AST_STRING, body, 0);
        return a && !set_name(t, a, string_of(value, "sval"), json_string_length(text)) ? a : NULL;
    }
    a = make(t, AST_NUMBER, body, 0);
    if ((value = json_object_get(body, "fval")))
        return a && !set_name(t, a, string_of(value, "fval"), strlen(string_of(value, "fval")))
                   ? a
                   : NULL;
    snprintf(digits, sizeof(digits), "%lld", (long long)integer_of(t, body));
    return a && !set_name(t, a, digits, strlen(digits)) ? a : NULL;
}

/* The name as it stands in the text: a word as it is, a quoted one without its quotes. */
static int set_name_from_text(struct tree *t, struct ast *a, const char *folded)
{
    const char *p = t->source->text + a->offset;
    size_t n = a->length, out = 0;
    char *name;

    if (n == 0 || *p == 'U' || *p == 'u') {
        if (n < 2 || p[1] != '&')
            return set_name(t, a, n ? p : folded, n ? n : strlen(folded));
        return set_name(t, a, folded, strlen(folded)); /* U&"..": what the parser made of it */
    }
    if (*p != '"' || n < 2)
        return set_name(t, a, p, n);
    if (set_name(t, a, p + 1, n - 2))
        return -1;
    name = (char *)(uintptr_t)a->name;
    for (size_t i = 0; i < n - 2; i++) {
        name[out++] = name[i];
        if (name[i] == '"')
            i++; /* the second of a doubled quote */
    }
    name[out] = '\0';
    a->name_length = out;
    return 0;
}

static const struct ast *convert_column(struct tree *t, const json_t *body)
{
    const json_t *fields = json_object_get(body, "fields");
    size_t n = json_array_size(fields);
    struct ast *a;

    for (size_t i = 0; i < n; i++) {
        if (json_object_get(json_array_get(fields, i), "A_Star"))
            return refuse(t, body, EXPR_FORM, "'*' is no expression", NULL);
    }
    if (n != 1)
        return refuse(t, body, EXPR_FORM, "a field is one name, without a dot",
                      "a name with a dot in it is written \"a.b\"; a member of a json field is "
                      "field->>'member'");
    a = make(t, AST_FIELD, body, 0);
    return a && !set_name_from_text(t, a, name_of(json_array_get(fields, 0))) ? a : NULL;
}

/* current_date, user and others that the parser knows without brackets. */
static const struct ast *convert_value_function(struct tree *t, const json_t *body)
{
    const char *op = string_of(body, "op"); /* SVFOP_CURRENT_DATE */
    struct ast *a = make(t, AST_KEYWORD, body, 0);
    char *keyword;

    if (!a || set_name_from_text(t, a, ""))
        return NULL;
    keyword = arena_strdup(&t->source->store->arena, *op ? op + strlen("SVFOP_") : op);
    if (!keyword) {
        problem_nomem(t->report);
        return NULL;
    }
    for (char *p = keyword; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
    a->keyword = keyword;
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
        strcmp(name_of(json_array_get(names, 1)), "like_escape") == 0 &&
        strcmp(name_of(json_array_get(names, 0)), "pg_catalog") == 0) {
        set_arg(t, a, 1, json_array_get(args, 0));
        set_arg(t, a, 2, json_array_get(args, 1));
    } else {
        set_arg(t, a, 1, right);
    }
}

static const struct ast *convert_operator(struct tree *t, const json_t *body)
{
    const char *kind = string_of(body, "kind");
    const json_t *names = json_object_get(body, "name"), *left = json_object_get(body, "lexpr"),
                 *right = json_object_get(body, "rexpr"), *list;
    const char *name = name_of(json_array_get(names, 0));
    const struct operator_kind *k = NULL;
    struct ast *a;

    for (size_t i = 0; i < sizeof(operator_kinds) / sizeof(operator_kinds[0]); i++) {
        if (strcmp(operator_kinds[i].kind, kind) == 0)
            k = &operator_kinds[i];
    }
    if (!k)
        return refuse(t, body, EXPR_UNSUPPORTED, "SIMILAR TO is not supported",
                      "write a regular expression: value ~ 'pattern'");
    if (json_array_size(names) != 1)
        return refuse(t, body, EXPR_UNSUPPORTED, "operators have no schema", NULL);
    list = json_object_get(json_object_get(right, "List"), "items");
    if (k->ast == AST_IN || k->ast == AST_BETWEEN)
        a = make(t, k->ast, body, 1 + json_array_size(list));
    else
        a = make(t, k->ast, body, k->ast == AST_LIKE ? 3 : left ? 2 : 1);
    if (!a || set_name(t, a, name, strlen(name)))
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
    const char *op = string_of(body, "boolop");
    enum ast_kind kind = strcmp(op, "AND_EXPR") == 0  ? AST_AND
                         : strcmp(op, "OR_EXPR") == 0 ? AST_OR
                                                      : AST_NOT;

    return make_list(t, kind, body, json_object_get(body, "args"));
}

static const struct ast *convert_test(struct tree *t, const json_t *body, enum ast_test test,
                                      int negated)
{
    struct ast *a = make(t, AST_IS, body, 1);

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
                        strcmp(string_of(body, "nulltesttype"), "IS_NOT_NULL") == 0);
}

static const struct ast *convert_bool_test(struct tree *t, const json_t *body)
{
    const char *type = string_of(body, "booltesttype");
    enum ast_test test = strstr(type, "TRUE")    ? AST_TEST_TRUE
                         : strstr(type, "FALSE") ? AST_TEST_FALSE
                                                 : AST_TEST_UNKNOWN;

    return convert_test(t, body, test, strstr(type, "NOT") != NULL);
}

/* ---- casts -------------------------------------------------------------------------------- */

static const struct ast_type *convert_type(struct tree *t, const json_t *node)
{
    const json_t *names = json_object_get(node, "names");
    const json_t *modifiers = json_object_get(node, "typmods");
    size_t n = json_array_size(names), m = json_array_size(modifiers);
    struct ast_type *type = zalloc(t, 1, sizeof(*type));
    struct lexer_token token = place(t, node);

    if (!type)
        return NULL;
    if (n == 0 || n > 2 || m > 2 || json_object_get(node, "arrayBounds") ||
        (n == 2 && strcmp(name_of(json_array_get(names, 0)), "pg_catalog") != 0)) {
        problem_add(t->report, EXPR_TYPE, token.offset, token.length, NULL,
                    json_object_get(node, "arrayBounds")
                        ? "there are no array types; arrays are json"
                        : "no type of streamd");
        return NULL;
    }
    type->offset = (uint32_t)token.offset;
    type->length = (uint32_t)token.length;
    type->name = arena_strdup(&t->source->store->arena, name_of(json_array_get(names, n - 1)));
    if (!type->name) {
        problem_nomem(t->report);
        return NULL;
    }
    type->modifier_count = (uint32_t)m;
    for (size_t i = 0; i < m; i++) {
        const json_t *constant = json_object_get(json_array_get(modifiers, i), "A_Const");

        if (!json_object_get(constant, "ival")) {
            problem_add(t->report, EXPR_TYPE, token.offset, token.length, NULL,
                        "precision and scale of a type are integers");
            return NULL;
        }
        type->modifiers[i] = (int32_t)integer_of(t, constant);
    }
    return type;
}

static const struct ast *convert_cast(struct tree *t, const json_t *body)
{
    const json_t *type = json_object_get(body, "typeName");
    json_int_t location = json_integer_value(json_object_get(body, "location"));
    struct ast *a = make(t, AST_CAST, location > 0 ? body : type, 1);

    if (!a)
        return NULL;
    a->type = convert_type(t, type);
    set_arg(t, a, 0, json_object_get(body, "arg"));
    return a->type ? a : NULL;
}

/* ---- calls -------------------------------------------------------------------------------- */

static const struct ast *convert_call(struct tree *t, const json_t *body)
{
    const json_t *names = json_object_get(body, "funcname"), *filter;
    size_t n = json_array_size(names);
    const char *name = name_of(json_array_get(names, n ? n - 1 : 0));
    struct ast *a;

    if (n != 1 && (n != 2 || strcmp(name_of(json_array_get(names, 0)), "pg_catalog") != 0))
        return refuse(t, body, EXPR_UNSUPPORTED, "functions have no schema", NULL);
    if (json_object_get(body, "over"))
        return refuse(t, body, EXPR_FORM, "OVER is not supported",
                      "windows over the stream are the operator of type 'window'");
    if (json_object_get(body, "agg_order") || json_object_get(body, "agg_within_group"))
        return refuse(t, body, EXPR_UNSUPPORTED, "ORDER BY in an aggregate is not supported", NULL);
    if (json_object_get(body, "func_variadic"))
        return refuse(t, body, EXPR_UNSUPPORTED, "VARIADIC is not supported", NULL);
    a = make_list(t, AST_CALL, body, json_object_get(body, "args"));
    if (!a || set_name(t, a, name, strlen(name)))
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
    struct ast *a = make(t, AST_CASE, body, 2 + 2 * n);

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
    enum ast_kind kind = strcmp(string_of(body, "op"), "IS_LEAST") == 0 ? AST_LEAST : AST_GREATEST;

    return make_list(t, kind, body, json_object_get(body, "args"));
}

static const struct ast *convert_array(struct tree *t, const json_t *body)
{
    return make_list(t, AST_ARRAY, body, json_object_get(body, "elements"));
}

static const struct ast *convert_collate(struct tree *t, const json_t *body)
{
    const json_t *names = json_object_get(body, "collname");
    const char *name = name_of(json_array_get(names, json_array_size(names) - 1));

    if (strcmp(name, "C") != 0 && strcmp(name, "POSIX") != 0)
        return refuse(t, body, EXPR_UNSUPPORTED,
                      "there is one collation only, \"C\": by code point", NULL);
    return convert(t, json_object_get(body, "arg"));
}

static const struct ast *convert_row(struct tree *t, const json_t *body)
{
    if (strcmp(string_of(body, "row_format"), "COERCE_IMPLICIT_CAST") == 0 && t->depth == 1)
        return refuse(t, body, EXPR_FORM, "one expression is expected here, not a list", NULL);
    return refuse(t, body, EXPR_UNSUPPORTED, "rows are not supported", NULL);
}

static const struct ast *convert_sublink(struct tree *t, const json_t *body)
{
    return refuse(t, body, EXPR_FORM, "sub-selects are not supported", NULL);
}

static const struct ast *convert_parameter(struct tree *t, const json_t *body)
{
    return refuse(t, body, EXPR_FORM, "there are no parameters", NULL);
}

static const struct ast *convert_indirection(struct tree *t, const json_t *body)
{
    const json_t *arg = json_object_get(body, "arg");
    void *inner = json_object_iter((json_t *)(uintptr_t)arg);

    return refuse(t, inner ? json_object_iter_value(inner) : body, EXPR_UNSUPPORTED,
                  "subscripts and members are not supported", "of json: value->'member', value->0");
}

static const struct ast *convert_named_argument(struct tree *t, const json_t *body)
{
    return refuse(t, body, EXPR_UNSUPPORTED, "arguments have no names", NULL);
}

/* ---- the table ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const struct ast *(*convert)(struct tree *, const json_t *);
} converters[] = {
    {"A_ArrayExpr", convert_array},
    {"A_Const", convert_constant},
    {"A_Expr", convert_operator},
    {"A_Indirection", convert_indirection},
    {"BoolExpr", convert_bool},
    {"BooleanTest", convert_bool_test},
    {"CaseExpr", convert_case},
    {"CoalesceExpr", convert_coalesce},
    {"CollateClause", convert_collate},
    {"ColumnRef", convert_column},
    {"FuncCall", convert_call},
    {"MinMaxExpr", convert_min_max},
    {"NamedArgExpr", convert_named_argument},
    {"NullTest", convert_null_test},
    {"ParamRef", convert_parameter},
    {"RowExpr", convert_row},
    {"SQLValueFunction", convert_value_function},
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
    return refuse(t, body, EXPR_UNSUPPORTED, "this SQL is not supported", NULL);
}

const struct ast *parse_tree(const struct ast_source *source, struct expr_reporter *report,
                             const json_t *node, size_t shift)
{
    struct tree t = {source, report, shift, 0};
    const struct ast *a = convert(&t, node);

    return report->status ? NULL : a;
}
