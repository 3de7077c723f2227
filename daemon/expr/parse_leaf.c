/*
 * The leaves of the parser's tree: literals, names, types; and what all of parse_tree.c uses.
 *
 * The parser folds names to lower case; names of fields are read again from the text. Fields that
 * are zero, false or empty are left out of the JSON.
 */
#include "expr/parse.h"

#include <streamd/convert.h>

#include <stdio.h>
#include <string.h>

/* ---- helpers ------------------------------------------------------------------------------ */

void *tree_zalloc(struct tree *t, size_t count, size_t size)
{
    void *p = arena_zalloc(&t->source->store->arena, count, size);

    if (!p)
        problem_nomem(t->report);
    return p;
}

const char *tree_string(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s ? s : "";
}

const char *tree_name(const json_t *node)
{
    return tree_string(json_object_get(node, "String"), "sval");
}

struct lexer_token tree_place(const struct tree *t, const json_t *body)
{
    json_int_t location = json_integer_value(json_object_get(body, "location"));
    size_t offset = location >= (json_int_t)t->shift ? (size_t)location - t->shift : 0;
    struct lexer_token token = lexer_next(t->source->text, t->source->length, offset);

    return token;
}

struct ast *tree_make(struct tree *t, enum ast_kind kind, const json_t *body, size_t argc)
{
    struct ast *a = tree_zalloc(t, 1, sizeof(*a));
    struct lexer_token token = tree_place(t, body);

    if (!a)
        return NULL;
    a->kind = kind;
    a->offset = (uint32_t)token.offset;
    a->length = (uint32_t)token.length;
    a->name = "";
    a->argc = (uint32_t)argc;
    if (argc) {
        a->args = tree_zalloc(t, argc, sizeof(a->args[0]));
        if (!a->args)
            return NULL;
    }
    return a;
}

int tree_set_name(struct tree *t, struct ast *a, const char *name, size_t length)
{
    a->name = arena_strndup(&t->source->store->arena, name, length);
    a->name_length = length;
    if (a->name)
        return 0;
    problem_nomem(t->report);
    return -1;
}

const struct ast *tree_refuse(struct tree *t, const json_t *body, int code, const char *what,
                              const char *help)
{
    struct lexer_token token = tree_place(t, body);

    problem_add(t->report, code, token.offset, token.length, help, "%s", what);
    return NULL;
}

/* ---- literals and names ------------------------------------------------------------------- */

/*
 * The value of an integer A_Const. The JSON leaves out what is not positive, also -5, which the
 * parser has made of `-` and 5: then the digits are read from the text, where they follow signs and
 * brackets.
 */
static json_int_t tree_integer(const struct tree *t, const json_t *body)
{
    const json_t *value = json_object_get(json_object_get(body, "ival"), "ival");
    struct lexer_token token = tree_place(t, body);
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

const struct ast *tree_constant(struct tree *t, const json_t *body)
{
    const json_t *value;
    char digits[24];
    struct ast *a;

    if (json_object_get(body, "isnull"))
        return tree_make(t, AST_NULL, body, 0);
    if (json_object_get(body, "bsval"))
        return tree_refuse(t, body, EXPR_UNSUPPORTED, "there are no bit strings",
                           "bytes are written '\\x0aff'::bytea");
    if ((value = json_object_get(body, "boolval"))) {
        a = tree_make(t, AST_BOOL, body, 0);
        if (a)
            a->value = json_is_true(json_object_get(value, "boolval"));
        return a;
    }
    if ((value = json_object_get(body, "sval"))) {
        const json_t *text = json_object_get(value, "sval");

        a = tree_make(t, AST_STRING, body, 0);
        return a && !tree_set_name(t, a, tree_string(value, "sval"), json_string_length(text))
                   ? a
                   : NULL;
    }
    a = tree_make(t, AST_NUMBER, body, 0);
    if ((value = json_object_get(body, "fval")))
        return a && !tree_set_name(t, a, tree_string(value, "fval"),
                                   strlen(tree_string(value, "fval")))
                   ? a
                   : NULL;
    snprintf(digits, sizeof(digits), "%lld", (long long)tree_integer(t, body));
    return a && !tree_set_name(t, a, digits, strlen(digits)) ? a : NULL;
}

/* The name as it stands in the text: a word as it is, a quoted one without its quotes. */
static int set_name_from_text(struct tree *t, struct ast *a, const char *folded)
{
    const char *p = t->source->text + a->offset;
    size_t n = a->length, out = 0;
    char *name;

    if (n == 0 || *p == 'U' || *p == 'u') {
        if (n < 2 || p[1] != '&')
            return tree_set_name(t, a, n ? p : folded, n ? n : strlen(folded));
        return tree_set_name(t, a, folded, strlen(folded)); /* U&"..": what the parser made of it */
    }
    if (*p != '"' || n < 2)
        return tree_set_name(t, a, p, n);
    if (tree_set_name(t, a, p + 1, n - 2))
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

const struct ast *tree_column(struct tree *t, const json_t *body)
{
    const json_t *fields = json_object_get(body, "fields");
    size_t n = json_array_size(fields);
    struct ast *a;

    for (size_t i = 0; i < n; i++) {
        if (json_object_get(json_array_get(fields, i), "A_Star"))
            return tree_refuse(t, body, EXPR_FORM, "'*' is no expression", NULL);
    }
    if (n != 1)
        return tree_refuse(
            t, body, EXPR_FORM, "a field is one name, without a dot",
            "a name with a dot in it is written \"a.b\"; a member of a json field is "
            "field->>'member'");
    a = tree_make(t, AST_FIELD, body, 0);
    return a && !set_name_from_text(t, a, tree_name(json_array_get(fields, 0))) ? a : NULL;
}

/* current_date, user and others that the parser knows without brackets. */
const struct ast *tree_value_function(struct tree *t, const json_t *body)
{
    const char *op = tree_string(body, "op"); /* SVFOP_CURRENT_DATE */
    struct ast *a = tree_make(t, AST_KEYWORD, body, 0);
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

/* ---- types -------------------------------------------------------------------------------- */

const struct ast_type *tree_type(struct tree *t, const json_t *node)
{
    const json_t *names = json_object_get(node, "names");
    const json_t *modifiers = json_object_get(node, "typmods");
    size_t n = json_array_size(names), m = json_array_size(modifiers);
    struct ast_type *type = tree_zalloc(t, 1, sizeof(*type));
    struct lexer_token token = tree_place(t, node);

    if (!type)
        return NULL;
    if (n == 0 || n > 2 || m > 2 || json_object_get(node, "arrayBounds") ||
        (n == 2 && strcmp(tree_name(json_array_get(names, 0)), "pg_catalog") != 0)) {
        problem_add(t->report, EXPR_TYPE, token.offset, token.length, NULL,
                    json_object_get(node, "arrayBounds")
                        ? "there are no array types; arrays are json"
                        : "no type of streamd");
        return NULL;
    }
    type->offset = (uint32_t)token.offset;
    type->length = (uint32_t)token.length;
    type->name = arena_strdup(&t->source->store->arena, tree_name(json_array_get(names, n - 1)));
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
        type->modifiers[i] = (int32_t)tree_integer(t, constant);
    }
    return type;
}
