/*
 * The checker's trunk: one function per kind of node, literals, casts, logic, calls; and the entry
 * points. The forms of SQL with a syntax of their own are in check_forms.c, intervals and time
 * zones in check_time.c, aggregates in aggregates.c.
 */
#include "expr/check.h"

#include "base/memory.h"
#include "expr/tables.h"

/* ---- literals ----------------------------------------------------------------------------- */

static struct node *check_number(struct check *c, const struct ast *ast)
{
    struct streamd_number_text number;
    streamd_int128 value;
    struct streamd_decimal decimal;
    struct streamd_type type;
    int64_t integer;
    double real;

    if (streamd_int64_parse(ast->name, ast->name_length, &integer) == 0)
        return node_constant(c, TYPE(STREAMD_INT64), &integer, place_of(ast));
    if (streamd_number_scan(ast->name, ast->name_length, &number) == 0 && number.exponent >= -38 &&
        number.exponent <= 38) {
        unsigned scale = number.exponent < 0 ? (unsigned)-number.exponent : 0;
        unsigned digits = 0;

        for (streamd_uint128 v = number.digits; v; v /= 10)
            digits++;
        digits += number.exponent > 0 ? (unsigned)number.exponent : 0;
        type = type_decimal(digits > scale ? digits - scale : 0, scale);
        if (digits <= 38 && !number.next &&
            streamd_decimal_parse(ast->name, ast->name_length, type.precision, scale, &value) ==
                0) {
            decimal = streamd_decimal_make(value);
            return node_constant(c, type, &decimal, place_of(ast));
        }
    }
    if (streamd_float64_parse(ast->name, ast->name_length, &real)) {
        problem_add(c->report, EXPR_LITERAL, ast->offset, ast->length, NULL,
                    "this number is out of range");
        return NULL;
    }
    return node_constant(c, TYPE(STREAMD_FLOAT64), &real, place_of(ast));
}

static struct node *check_string(struct check *c, const struct ast *ast)
{
    struct streamd_str s = {ast->name, ast->name_length};

    return node_constant(c, TYPE(NODE_UNKNOWN), &s, place_of(ast));
}

/* ---- names -------------------------------------------------------------------------------- */

static struct node *check_field(struct check *c, const struct ast *ast)
{
    return c->aggregates ? aggregate_field(c, ast) : name_field(c, ast);
}

/* current_date and others: a field of that name comes first. */
static struct node *check_keyword(struct check *c, const struct ast *ast)
{
    const char *word = ast->keyword;
    struct cast_target date = {.type = TYPE(STREAMD_DATE)};
    struct node *now;

    if (name_find_field(c->scope->schema, ast->name) >= 0)
        return check_field(c, ast);
    if (strcmp(word, "current_timestamp") == 0 || strcmp(word, "localtimestamp") == 0)
        return resolve_function(c, "now", place_of(ast), NULL, 0);
    if (strcmp(word, "current_date") == 0) {
        now = resolve_function(c, "now", place_of(ast), NULL, 0);
        return now ? coerce_cast(c, now, &date, place_of(ast)) : NULL;
    }
    return name_field(c, ast);
}

/* ---- logic -------------------------------------------------------------------------------- */

struct node *check_condition(struct check *c, const struct ast *ast, const char *what)
{
    struct node *node = check_ast(c, ast);

    if (!node)
        return NULL;
    if (node->type.id == NODE_UNKNOWN)
        return coerce(c, node, TYPE(STREAMD_BOOL));
    if (node->type.id == STREAMD_BOOL)
        return node;
    problem_add(c->report, EXPR_TYPE, node->offset, node->length, NULL, "%s must be bool, not %s",
                what, type_name(c, node->type));
    return NULL;
}

static struct node *check_connective(struct check *c, const struct ast *ast)
{
    struct node **args = check_alloc(c, ast->argc, sizeof(*args)), *node;
    struct streamd_type type = TYPE(STREAMD_BOOL);
    int complete = args != NULL;
    const char *what = ast->kind == AST_AND  ? "argument of AND"
                       : ast->kind == AST_OR ? "argument of OR"
                                             : "argument of NOT";

    for (uint32_t i = 0; args && i < ast->argc; i++) {
        args[i] = check_condition(c, ast->args[i], what);
        complete &= args[i] != NULL;
        type.nullable |= args[i] ? args[i]->type.nullable : 0;
    }
    if (!complete)
        return NULL;
    if (ast->kind == AST_NOT)
        node = node_new(c, NODE_NOT, eval_not, type, place_of(ast), args, 1);
    else if (ast->kind == AST_AND)
        node = node_new(c, NODE_AND, eval_and, type, place_of(ast), args, ast->argc);
    else
        node = node_new(c, NODE_OR, eval_or, type, place_of(ast), args, ast->argc);
    return node_fold(c, node);
}

static struct node *check_is(struct check *c, const struct ast *ast)
{
    struct node *arg = ast->test == AST_TEST_NULL
                           ? check_ast(c, ast->args[0])
                           : check_condition(c, ast->args[0], "argument of IS");
    struct node *node;

    if (!arg)
        return NULL;
    node = node_new(c, NODE_IS, eval_is, TYPE(STREAMD_BOOL), place_of(ast), &arg, 1);
    if (!node)
        return NULL;
    node->test = (uint8_t)ast->test;
    node->negated = ast->negated;
    return node_fold(c, node);
}

/* ---- casts, operators, calls -------------------------------------------------------------- */

static struct node *check_cast(struct check *c, const struct ast *ast)
{
    struct node *arg = check_ast(c, ast->args[0]);
    struct cast_target target;

    if (type_from_ast(c, ast->type, &target) || !arg)
        return NULL;
    if (target.type.id == NODE_INTERVAL)
        return check_interval_literal(c, ast, arg);
    return coerce_cast(c, arg, &target, place_of(ast));
}

/* All arguments, so that each may have its problem. 0 or -1. */
static int check_args(struct check *c, const struct ast *ast, struct node **args)
{
    int rc = 0;

    for (uint32_t i = 0; i < ast->argc; i++) {
        args[i] = check_ast(c, ast->args[i]);
        rc |= args[i] ? 0 : -1;
    }
    return rc;
}

/* text || value: the value as text. 0 or -1. */
static int to_texts(struct check *c, const struct ast *ast, struct node **args)
{
    struct cast_target string = {.type = TYPE(STREAMD_STRING)};

    for (int i = 0; i < 2; i++) {
        uint8_t id = args[i]->type.id, other = args[1 - i]->type.id;

        if ((other != STREAMD_STRING && other != NODE_UNKNOWN) || id == STREAMD_STRING ||
            id == NODE_UNKNOWN || (id == STREAMD_BYTES && other == NODE_UNKNOWN))
            continue;
        args[i] = coerce_cast(c, args[i], &string, place_of(ast));
        if (!args[i])
            return -1;
    }
    return 0;
}

static struct node *check_operator(struct check *c, const struct ast *ast)
{
    struct node *args[2], *node;

    if (check_args(c, ast, args))
        return NULL;
    if (check_interval_operator(c, ast, args, ast->argc, &node))
        return node;
    if (ast->argc == 2 && strcmp(ast->name, "||") == 0 && to_texts(c, ast, args))
        return NULL;
    if (ast->argc == 1 && strcmp(ast->name, "+") == 0 && args[0]->type.id <= STREAMD_DECIMAL &&
        args[0]->type.id >= STREAMD_INT64)
        return args[0];
    return resolve_operator(c, ast->name, place_of(ast), args, ast->argc);
}

static int is_aggregate(const struct check *c, const char *name)
{
    const struct streamd_aggregate *a;

    for (size_t i = 0; (a = expr_registry_aggregate(c->scope->registry, i)); i++) {
        if (strcmp(a->name, name) == 0)
            return 1;
    }
    return strcmp(name, "collect") == 0;
}

/* Functions that the checker itself knows; 1 and *out, or 0. */
static int check_known_call(struct check *c, const struct ast *ast, struct node *const *args,
                            struct node **out)
{
    if (ast->argc == 2 && strcmp(ast->name, "timezone") == 0) {
        *out = check_time_zone(c, ast, args);
        return 1;
    }
    /* the difference of timestamps is a number of seconds already */
    if (ast->argc == 2 && strcmp(ast->name, "extract") == 0 &&
        args[1]->type.id == STREAMD_FLOAT64 && args[0]->type.id == NODE_UNKNOWN &&
        !node_is_null(args[0])) {
        const struct streamd_str *unit = args[0]->value.values;

        if (unit->length == 5 && memcmp(unit->data, "epoch", 5) == 0) {
            *out = args[1];
            return 1;
        }
    }
    return 0;
}

static struct node *check_call(struct check *c, const struct ast *ast)
{
    struct node **args, *node;

    if (is_aggregate(c, ast->name)) {
        if (c->aggregates)
            return aggregate_call(c, ast);
        problem_add(c->report, EXPR_NO_AGGREGATE, ast->offset, ast->length, NULL,
                    c->in_aggregate ? "%s is an aggregate and cannot stand inside another one"
                                    : "%s is an aggregate; it can stand in a window's select only",
                    ast->name);
        return NULL;
    }
    if (ast->star || ast->distinct || ast->filter) {
        problem_add(c->report, EXPR_ARGUMENTS, ast->offset, ast->length, NULL,
                    "'*', DISTINCT and FILTER are for aggregates, and %s is none", ast->name);
        return NULL;
    }
    args = check_alloc(c, ast->argc + 1, sizeof(*args));
    if (!args ||
        (strcmp(ast->name, "timezone") != 0 && resolve_is_unknown(c, ast->name, place_of(ast))))
        return NULL;
    if (check_args(c, ast, args))
        return NULL;
    if (check_known_call(c, ast, args, &node))
        return node;
    return resolve_function(c, ast->name, place_of(ast), args, ast->argc);
}

static struct node *check_array(struct check *c, const struct ast *ast)
{
    problem_add(c->report, EXPR_UNSUPPORTED, ast->offset, ast->length,
                "ARRAY[...] may stand behind ANY, ALL, #> and #>> only", "arrays are json here");
    return NULL;
}

/* value #> ARRAY['a', 'b']: as the text '{a,b}' would be. */
static int is_path_operator(const struct ast *ast)
{
    return ast->kind == AST_OPERATOR && ast->argc == 2 && ast->args[1]->kind == AST_ARRAY &&
           (strcmp(ast->name, "#>") == 0 || strcmp(ast->name, "#>>") == 0);
}

struct node *check_ast(struct check *c, const struct ast *ast)
{
    switch (ast->kind) {
    case AST_NULL:
        return node_constant(c, TYPE(NODE_UNKNOWN), NULL, place_of(ast));
    case AST_BOOL:
        return node_constant(c, TYPE(STREAMD_BOOL), &ast->value, place_of(ast));
    case AST_NUMBER:
        return check_number(c, ast);
    case AST_STRING:
        return check_string(c, ast);
    case AST_FIELD:
        return check_field(c, ast);
    case AST_KEYWORD:
        return check_keyword(c, ast);
    case AST_CALL:
        return check_call(c, ast);
    case AST_OPERATOR:
        return is_path_operator(ast) ? check_path_array(c, ast) : check_operator(c, ast);
    case AST_AND:
    case AST_OR:
    case AST_NOT:
        return check_connective(c, ast);
    case AST_IS:
        return check_is(c, ast);
    case AST_CAST:
        return check_cast(c, ast);
    case AST_CASE:
        return check_case(c, ast);
    case AST_IN:
        return check_in(c, ast);
    case AST_BETWEEN:
        return check_between(c, ast);
    case AST_LIKE:
        return check_like(c, ast);
    case AST_COALESCE:
        return check_coalesce(c, ast);
    case AST_NULLIF:
        return check_nullif(c, ast);
    case AST_GREATEST:
    case AST_LEAST:
        return check_extreme(c, ast);
    case AST_DISTINCT:
        return check_distinct(c, ast);
    case AST_ARRAY:
        return check_array(c, ast);
    case AST_ANY:
    case AST_ALL:
        return check_any_all(c, ast);
    }
    return NULL;
}

/* ---- whole expressions -------------------------------------------------------------------- */

/* The innermost node whose value is an error. */
static const struct node *faulty(const struct node *node)
{
    for (uint32_t i = 0; i < node->argc; i++) {
        const struct node *inner = faulty(node->args[i]);

        if (inner)
            return inner;
    }
    return node->error ? node : NULL;
}

const struct node *check_root(struct check *c, const struct ast *ast)
{
    struct node *node = check_ast(c, ast);
    const struct node *fault;

    if (!node)
        return NULL;
    if (node->type.id == NODE_INTERVAL) {
        problem_add(c->report, EXPR_TYPE, node->offset, node->length,
                    "intervals are constants, to be added to a timestamp or taken from one",
                    "a result cannot be an interval");
        return NULL;
    }
    if (node->type.id == NODE_UNKNOWN)
        node = coerce(c, node, TYPE(STREAMD_STRING));
    fault = node && node->constant ? faulty(node) : NULL;
    if (fault) {
        problem_add(c->report, EXPR_CONSTANT, fault->offset, fault->length, NULL, "%s",
                    fault->error);
        return NULL;
    }
    return node;
}

/* Marks the columns that a tree reads. */
static void mark_columns(const struct node *node, uint8_t *used, uint32_t count)
{
    if (node->kind == NODE_COLUMN && node->column < count)
        used[node->column] = 1;
    if (node->kind == NODE_ROW)
        memset(used, 1, count);
    for (uint32_t i = 0; i < node->argc; i++)
        mark_columns(node->args[i], used, count);
}

const struct expr *check_finish(struct check *c, const struct node *root, const char *text,
                                size_t length)
{
    uint32_t count = c->scope->schema ? c->scope->schema->field_count : 0;
    struct expr *e = check_alloc(c, 1, sizeof(*e));
    uint8_t *used = check_alloc(c, count + 1, 1);
    uint32_t *columns = check_alloc(c, count + 1, sizeof(*columns));

    if (!e || !used || !columns)
        return NULL;
    mark_columns(root, used, count);
    for (uint32_t i = 0; i < count; i++) {
        if (used[i])
            columns[e->column_count++] = i;
    }
    e->head.type = root->type;
    e->head.column = root->kind == NODE_COLUMN ? (int32_t)root->column : -1;
    e->head.constant = root->constant;
    e->head.deterministic = root->deterministic;
    e->head.text = arena_strndup(&c->scope->store->arena, text, length);
    e->root = root;
    e->slots = c->slots;
    e->columns = columns;
    if (!e->head.text)
        problem_nomem(c->report);
    return e->head.text ? e : NULL;
}

/* ---- the folder --------------------------------------------------------------------------- */

static int fold_error(void *self, struct streamd_batch *batch, uint32_t row, int code,
                      const char *message)
{
    struct folder *f = self;

    (void)batch, (void)row;
    f->code = code;
    f->message = problem_text(f->report, "%s", message);
    return 0;
}

static int64_t fold_now(void *self)
{
    (void)self;
    return 0; /* what is not deterministic is not folded */
}

int check_init(struct check *c, struct folder *folder, const struct expr_scope *scope,
               struct expr_reporter *report)
{
    struct expr_host host = {folder, fold_error, fold_now};

    memset(c, 0, sizeof(*c));
    memset(folder, 0, sizeof(*folder));
    c->scope = scope;
    c->report = report;
    c->folder = folder;
    folder->report = report;
    folder->ev = expr_evaluator_new(&host);
    if (!folder->ev) {
        problem_nomem(report);
        return STREAMD_E_NOMEM;
    }
    folder->ev->bytes_limit = MAX_FOLDED_BYTES;
    return 0;
}

void check_clear(struct check *c)
{
    expr_evaluator_free(c->folder->ev);
    c->folder->ev = NULL;
}

int expr_compile(const struct expr_scope *scope, const char *text, size_t length,
                 const struct streamd_expr **out, struct expr_problems *problems)
{
    struct expr_reporter report = {scope->store, problems, 0, 0};
    struct ast_source source = {scope->store, scope->schema, text, length};
    const struct expr *e = NULL;
    const struct node *root;
    const struct ast *ast;
    struct folder folder;
    struct check c;

    *out = NULL;
    memset(problems, 0, sizeof(*problems));
    if (ast_parse(&source, &report, &ast) || check_init(&c, &folder, scope, &report))
        return report.status;
    root = check_root(&c, ast);
    if (root && report.status == 0)
        e = check_finish(&c, root, text, length);
    check_clear(&c);
    if (report.status == 0 && !e)
        problem_nomem(&report);
    if (report.status == 0)
        *out = &e->head;
    return report.status;
}

void expr_columns(const struct streamd_expr *expr, void (*found)(void *self, uint32_t column),
                  void *self)
{
    const struct expr *e = (const struct expr *)expr;

    for (uint32_t i = 0; i < e->column_count; i++)
        found(self, e->columns[i]);
}
