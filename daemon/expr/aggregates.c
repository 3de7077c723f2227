/*
 * Aggregates are found while the user's expressions are checked: the checker calls aggregate_call
 * where a call names one, and aggregate_field for every field outside of one. The call's arguments
 * are checked against the input by a second checker that allows no aggregates; the call itself
 * becomes a column of the internal schema, after the keys and the extra columns.
 *
 * Two calls are one where their canonical texts are equal (print.h).
 */
#include "expr/aggregates.h"

#include "expr/check.h"
#include "expr/print.h"

enum { MAX_CALLS = 256 };

struct aggregate_collector {
    const struct expr_aggregate_spec *spec;
    const struct expr_scope *input; /* what arguments see */
    struct expr_scope names;        /* input and extra columns, for messages */
    struct expr_aggregate_call *calls;
    uint32_t count;
};

/* ---- fields outside of aggregates --------------------------------------------------------- */

static struct streamd_type key_type(const struct aggregate_collector *g, uint32_t key)
{
    int32_t i = name_find_field(g->input->schema, g->spec->keys[key]);
    struct streamd_type none = {0};

    return i >= 0 ? g->input->schema->fields[i].type : none;
}

struct node *aggregate_field(struct check *c, const struct ast *ast)
{
    struct aggregate_collector *g = c->aggregates;
    const struct expr_aggregate_spec *spec = g->spec;
    const struct expr_scope *outer = c->scope;
    struct node *unknown;

    for (uint32_t i = 0; i < spec->key_count; i++) {
        if (strcmp(spec->keys[i], ast->name) == 0)
            return node_column(c, i, key_type(g, i), place_of(ast));
    }
    for (uint32_t i = 0; i < spec->extra_count; i++) {
        if (strcmp(spec->extras[i].name, ast->name) == 0)
            return node_column(c, spec->key_count + i, spec->extras[i].type, place_of(ast));
    }
    if (name_find_field(g->input->schema, ast->name) >= 0) {
        problem_add(c->report, EXPR_NOT_GROUPED, ast->offset, ast->length,
                    problem_text(c->report, "one of its values is last_value(%s), or max(%s)",
                                 ast->name, ast->name),
                    "field '%s' must be in key_by or inside an aggregate", ast->name);
        return NULL;
    }
    c->scope = &g->names;
    unknown = name_field(c, ast);
    c->scope = outer;
    return unknown;
}

/* ---- calls -------------------------------------------------------------------------------- */

/* Is there an aggregate of rows, as count is? */
static int takes_rows(struct check *c, const char *name)
{
    const struct streamd_aggregate *a;

    for (size_t i = 0; (a = expr_registry_aggregate(c->scope->registry, i)); i++) {
        if (a->argc == 0 && strcmp(a->name, name) == 0)
            return 1;
    }
    return strcmp(name, "collect") == 0;
}

static int check_form(struct check *c, const struct ast *ast)
{

    if (ast->star && ast->distinct) {
        problem_add(c->report, EXPR_ARGUMENTS, ast->offset, ast->length, NULL,
                    "DISTINCT needs an argument");
        return -1;
    }
    if (!ast->star && ast->argc == 0) {
        problem_add(c->report, EXPR_ARGUMENTS, ast->offset, ast->length, NULL,
                    "%s needs an argument; all rows are counted by count(*)", ast->name);
        return -1;
    }
    if (ast->star && !takes_rows(c, ast->name)) {
        problem_add(c->report, EXPR_ARGUMENTS, ast->offset, ast->length, NULL,
                    "%s needs an argument; '*' is for count and collect", ast->name);
        return -1;
    }
    return 0;
}

/* Arguments and filter, checked against the input. 0 or -1. */
static int check_inner(struct check *c, const struct ast *ast, struct node **args, uint32_t *argc,
                       struct node **filter)
{
    int rc = 0;

    *argc = ast->argc;
    *filter = NULL;
    for (uint32_t i = 0; i < ast->argc; i++) {
        args[i] = check_ast(c, ast->args[i]);
        rc |= args[i] ? 0 : -1;
    }
    if (ast->star && strcmp(ast->name, "collect") == 0) {
        args[0] = node_new(c, NODE_ROW, eval_row_json, TYPE(STREAMD_JSON), place_of(ast), NULL, 0);
        *argc = 1;
        rc |= args[0] ? 0 : -1;
    }
    if (ast->filter) {
        *filter = check_condition(c, ast->filter, "FILTER");
        rc |= *filter ? 0 : -1;
    }
    return rc;
}

/* sum(price) FILTER (WHERE ok) */
static const char *call_text(struct check *c, const struct streamd_aggregate *a,
                             const struct ast *ast, struct node *const *args, uint32_t argc,
                             const struct node *filter)
{
    struct text t = {0};
    const char *text = NULL;

    text_printf(&t, "%s(%s", a->name, ast->distinct ? "DISTINCT " : ast->star && !argc ? "*" : "");
    for (uint32_t i = 0; i < argc; i++) {
        text_add(&t, i ? ", " : "");
        node_print(&t, args[i], c->scope->schema);
    }
    text_add_char(&t, ')');
    if (filter) {
        text_add(&t, " FILTER (WHERE ");
        node_print(&t, filter, c->scope->schema);
        text_add_char(&t, ')');
    }
    if (!text_failed(&t))
        text = arena_strdup(&c->scope->store->arena, text_get(&t));
    text_clear(&t);
    if (!text)
        problem_nomem(c->report);
    return text;
}

static int is_repeatable(struct node *const *args, uint32_t argc, const struct node *filter)
{
    int deterministic = !filter || filter->deterministic;

    for (uint32_t i = 0; i < argc; i++)
        deterministic &= args[i]->deterministic;
    return deterministic;
}

/* Result type and state of a call. 0 or -1. */
static int resolve_state(struct check *c, const struct ast *ast, struct expr_aggregate_call *call)
{
    const struct streamd_aggregate *a = call->function;
    struct streamd_field *state = check_alloc(c, 8, sizeof(*state));
    struct streamd_type *types = check_alloc(c, call->argc + 1, sizeof(*types));

    if (!state || !types)
        return -1;
    for (uint32_t i = 0; i < call->argc; i++)
        types[i] = call->args[i]->type;
    for (uint32_t i = 0; i < a->state_count; i++)
        state[i] = a->state[i];
    call->type = a->result;
    call->state = state;
    call->state_count = a->state_count;
    if (a->resolve && a->resolve(types, call->argc, &call->type, state)) {
        problem_add(c->report, EXPR_ARGUMENTS, ast->offset, ast->length, NULL,
                    "%s does not take arguments like these", a->name);
        return -1;
    }
    if (a->flags & STREAMD_FUNCTION_NULLABLE_RESULT)
        call->type.nullable = 1;
    return 0;
}

/* Wraps arguments and filter into expressions. 0 or -1. */
static int finish_args(struct check *c, struct expr_aggregate_call *call, const char *text,
                       struct node *const *args, uint32_t argc, const struct node *filter)
{
    const struct streamd_expr **list = check_alloc(c, argc + 1, sizeof(*list));
    const struct expr *e;

    if (!list)
        return -1;
    for (uint32_t i = 0; i < argc; i++) {
        e = check_finish(c, args[i], text, strlen(text));
        if (!e)
            return -1;
        list[i] = &e->head;
    }
    call->args = list;
    call->argc = argc;
    if (filter) {
        e = check_finish(c, filter, text, strlen(text));
        if (!e)
            return -1;
        call->filter = &e->head;
    }
    return 0;
}

static struct node *call_column(struct check *c, uint32_t call, const struct ast *ast)
{
    struct aggregate_collector *g = c->aggregates;

    return node_column(c, g->spec->key_count + g->spec->extra_count + call, g->calls[call].type,
                       place_of(ast));
}

static int is_comparable(struct check *c, const struct ast *ast, struct node *const *args,
                         uint32_t argc)
{
    for (uint32_t i = 0; i < argc; i++) {
        if (args[i]->type.id == STREAMD_JSON) {
            problem_add(c->report, EXPR_ARGUMENTS, ast->offset, ast->length,
                        "take it as text: DISTINCT value::string",
                        "json values cannot be compared for DISTINCT");
            return 0;
        }
    }
    return 1;
}

/* Adds a call, or finds an equal one. Its number, or -1. */
static int32_t add_call(struct check *inner, struct aggregate_collector *g, const struct ast *ast,
                        const struct streamd_aggregate *a, struct node *const *args, uint32_t argc,
                        const struct node *filter)
{
    const char *text = call_text(inner, a, ast, args, argc, filter);
    struct expr_aggregate_call *call = &g->calls[g->count];

    if (!text)
        return -1;
    for (uint32_t i = 0; i < g->count && is_repeatable(args, argc, filter); i++) {
        if (g->calls[i].function == a && strcmp(g->calls[i].text, text) == 0)
            return (int32_t)i;
    }
    if (g->count == MAX_CALLS) {
        problem_add(inner->report, EXPR_LIMIT, ast->offset, ast->length, NULL,
                    "one operator can have %d aggregates", MAX_CALLS);
        return -1;
    }
    call->function = a;
    call->text = text;
    call->distinct = ast->distinct;
    if (finish_args(inner, call, text, args, argc, filter) || resolve_state(inner, ast, call))
        return -1;
    return (int32_t)g->count++;
}

struct node *aggregate_call(struct check *c, const struct ast *ast)
{
    struct aggregate_collector *g = c->aggregates;
    struct check inner = {g->input, c->report, c->folder, 0, 1, NULL};
    const struct streamd_aggregate *a;
    struct node **args = check_alloc(c, ast->argc + 1, sizeof(*args)), *filter;
    const char *name = ast->name;
    uint32_t argc;
    int32_t call;

    if (!args || check_form(c, ast) || check_inner(&inner, ast, args, &argc, &filter))
        return NULL;
    a = resolve_aggregate(&inner, name, place_of(ast), args, argc);
    if (!a || (ast->distinct && !is_comparable(c, ast, args, argc)))
        return NULL;
    call = add_call(&inner, g, ast, a, args, argc, filter);
    return call < 0 ? NULL : call_column(c, (uint32_t)call, ast);
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* Fields of the input and the extra columns, for "did you mean". 0 or STREAMD_E_NOMEM. */
static int make_names(struct aggregate_collector *g, struct streamd_schema *schema)
{
    const struct streamd_schema *input = g->input->schema;
    uint32_t extras = g->spec->extra_count;
    struct streamd_field *fields = arena_zalloc(
        &g->input->store->arena, (size_t)input->field_count + extras + 1, sizeof(*fields));

    if (!fields)
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < input->field_count; i++)
        fields[i] = input->fields[i];
    for (uint32_t i = 0; i < extras; i++)
        fields[input->field_count + i] = g->spec->extras[i];
    schema->fields = fields;
    schema->field_count = input->field_count + extras;
    g->names = *g->input;
    g->names.schema = schema;
    return 0;
}

/* Checks the user's expressions one by one; roots[i] stays NULL where one has a problem. */
static void check_all(struct aggregate_collector *g, struct check *c, const struct node **roots)
{
    const struct expr_aggregate_spec *spec = g->spec;

    for (uint32_t i = 0; i < spec->count && c->report->status != STREAMD_E_NOMEM; i++) {
        size_t length = strlen(spec->texts[i]);
        struct ast_source source = {c->scope->store, g->names.schema, spec->texts[i], length};
        int before = c->report->status;
        const struct ast *ast;

        c->report->item = i;
        c->report->status = 0;
        c->slots = 0;
        if (ast_parse(&source, c->report, &ast) == 0)
            roots[i] = check_root(c, ast);
        if (c->report->status == 0)
            c->report->status = before;
    }
}

/* Keys, extras, calls. NULL: no memory. */
static const struct streamd_field *internal_fields(struct check *c,
                                                   const struct aggregate_collector *g,
                                                   uint32_t count)
{
    struct streamd_field *fields = check_alloc(c, count + 1, sizeof(*fields));
    uint32_t n = 0;

    if (!fields)
        return NULL;
    for (uint32_t i = 0; i < g->spec->key_count; i++)
        fields[n++] = (struct streamd_field){g->spec->keys[i], key_type(g, i)};
    for (uint32_t i = 0; i < g->spec->extra_count; i++)
        fields[n++] = g->spec->extras[i];
    for (uint32_t i = 0; i < g->count; i++)
        fields[n++] = (struct streamd_field){g->calls[i].text, g->calls[i].type};
    return fields;
}

/* The input columns that arguments and filters read. */
static int collect_columns(struct check *c, const struct aggregate_collector *g,
                           struct expr_aggregates *out)
{
    uint32_t count = g->input->schema->field_count;
    uint8_t *used = check_alloc(c, count + 1, 1);
    uint32_t *columns = check_alloc(c, count + 1, sizeof(*columns));

    if (!used || !columns)
        return -1;
    for (uint32_t i = 0; i < g->count; i++) {
        const struct expr_aggregate_call *call = &g->calls[i];

        for (uint32_t k = 0; k <= call->argc; k++) {
            const struct expr *e =
                (const struct expr *)(k < call->argc ? call->args[k] : call->filter);

            for (uint32_t m = 0; e && m < e->column_count; m++)
                used[e->columns[m]] = 1;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (used[i])
            columns[out->column_count++] = i;
    }
    out->columns = columns;
    return 0;
}

static uint8_t all_mergeable(const struct aggregate_collector *g)
{
    for (uint32_t i = 0; i < g->count; i++) {
        if (!g->calls[i].function->merge)
            return 0;
    }
    return 1;
}

/* Which extra columns the results read, and which fields of the output are one of them. */
static void note_extras(const struct expr_aggregate_spec *spec, const struct expr *result,
                        struct expr_aggregates *out, int32_t *field)
{
    for (uint32_t m = 0; m < result->column_count; m++) {
        uint32_t extra = result->columns[m] - spec->key_count;

        if (result->columns[m] >= spec->key_count && extra < spec->extra_count)
            out->head.extras_read |= UINT64_C(1) << (extra & 63u);
    }
    if (result->head.column >= (int32_t)spec->key_count &&
        result->head.column < (int32_t)(spec->key_count + spec->extra_count))
        *field = result->head.column - (int32_t)spec->key_count;
}

/* What the caller gets, from checked expressions. NULL: no memory. */
static const struct expr_aggregates *assemble(struct check *c, const struct aggregate_collector *g,
                                              const struct node *const *roots)
{
    const struct expr_aggregate_spec *spec = g->spec;
    struct expr_aggregates *out = check_alloc(c, 1, sizeof(*out));
    struct streamd_field *output =
        check_alloc(c, (size_t)spec->key_count + spec->count + 1, sizeof(*output));
    const struct streamd_expr **results = check_alloc(c, spec->count + 1, sizeof(*results));
    int32_t *extras = check_alloc(c, (size_t)spec->key_count + spec->count + 1, sizeof(*extras));
    struct expr_scope internal = *c->scope;

    if (!out || !output || !results || !extras)
        return NULL;
    memset(extras, 0xff, (spec->key_count + spec->count) * sizeof(*extras));
    out->key_count = spec->key_count;
    out->result_count = spec->count;
    out->calls = g->calls;
    out->internal.field_count = spec->key_count + spec->extra_count + g->count;
    out->internal.fields = internal_fields(c, g, out->internal.field_count);
    if (!out->internal.fields || collect_columns(c, g, out))
        return NULL;
    internal.schema = &out->internal;
    c->scope = &internal;
    for (uint32_t i = 0; i < spec->count; i++) {
        const struct expr *e = check_finish(c, roots[i], spec->texts[i], strlen(spec->texts[i]));

        if (!e)
            return NULL;
        results[i] = &e->head;
        note_extras(spec, e, out, &extras[spec->key_count + i]);
        output[spec->key_count + i] = (struct streamd_field){spec->names[i], e->head.type};
    }
    for (uint32_t i = 0; i < spec->key_count; i++)
        output[i] = out->internal.fields[i];
    out->results = results;
    out->head.output.fields = output;
    out->head.output.field_count = spec->key_count + spec->count;
    out->head.calls = g->count;
    out->head.extras = spec->extra_count;
    out->head.output_extras = extras;
    out->head.mergeable = all_mergeable(g);
    return out;
}

int expr_aggregates_compile(const struct expr_scope *scope, const struct expr_aggregate_spec *spec,
                            const struct expr_aggregates **out, struct expr_problems *problems)
{
    struct aggregate_collector g = {.spec = spec, .input = scope};
    struct expr_reporter report = {scope->store, problems, 0, 0};
    struct streamd_schema names;
    struct folder folder;
    struct check c;
    const struct node **roots;

    *out = NULL;
    memset(problems, 0, sizeof(*problems));
    if (make_names(&g, &names) || check_init(&c, &folder, scope, &report))
        return STREAMD_E_NOMEM;
    c.aggregates = &g;
    g.calls = check_alloc(&c, MAX_CALLS, sizeof(*g.calls));
    roots = check_alloc(&c, spec->count + 1, sizeof(*roots));
    if (g.calls && roots)
        check_all(&g, &c, roots);
    if (report.status == 0) {
        *out = assemble(&c, &g, roots);
        if (!*out && report.status == 0)
            problem_nomem(&report);
    }
    check_clear(&c);
    return report.status;
}
