/*
 * expr/check.h - the checker: from struct ast to typed struct node.
 *
 * Functions answer NULL when a problem was added (or memory is missing); callers go on with the
 * siblings first, so that all problems of an expression are found in one run.
 */
#ifndef EXPR_CHECK_H
#define EXPR_CHECK_H

#include "expr/ast.h"
#include "expr/eval.h"
#include "expr/node.h"

struct aggregate_collector; /* aggregates.c */

/* A constant that needs more memory is computed when rows come: repeat('x', 1000000000). */
#define MAX_FOLDED_BYTES ((size_t)1 << 20)

/* Evaluates constants, and keeps what the last error of one said. */
struct folder {
    struct expr_evaluator *ev;
    struct expr_reporter *report;
    const char *message;
    int code;
};

/* One run of the checker. */
struct check {
    const struct expr_scope *scope;
    struct expr_reporter *report;
    struct folder *folder;
    uint32_t slots;                         /* handed out so far */
    uint8_t in_aggregate;                   /* checking an argument of an aggregate */
    struct aggregate_collector *aggregates; /* NULL: an aggregate is a problem */
};

/* Where a problem or a node made from several others stands. */
struct place {
    uint32_t offset, length;
};

/* Where a node of the parser stands. */
static inline struct place place_of(const struct ast *ast)
{
    struct place p = {ast->offset, ast->length};

    return p;
}

/* ---- check.c ------------------------------------------------------------------------------ */

/* Begins a run; ends it. The folder must live until then. 0 or STREAMD_E_NOMEM, noted. */
int check_init(struct check *c, struct folder *folder, const struct expr_scope *scope,
               struct expr_reporter *report);
void check_clear(struct check *c);

/* Checks a tree. A NODE_UNKNOWN or NODE_INTERVAL constant may come out. */
struct node *check_ast(struct check *c, const struct ast *ast);

/* Checks a tree that must be a bool; what is for messages: "argument of AND". */
struct node *check_condition(struct check *c, const struct ast *ast, const char *what);

/* Checks a whole expression: a text without a type becomes a string, an interval is refused, and a
   constant that has no value is a problem. */
const struct node *check_root(struct check *c, const struct ast *ast);

/* Wraps a root into what the public header promises. NULL: no memory. */
const struct expr *check_finish(struct check *c, const struct node *root, const char *text,
                                size_t length);

/* ---- check_forms.c, check_time.c ---------------------------------------------------------- */

/* CASE WHEN condition THEN value ..., and CASE operand WHEN value THEN ... */
struct node *check_case(struct check *c, const struct ast *ast);
/* value [NOT] IN (list): a set where all of the list are constants. */
struct node *check_in(struct check *c, const struct ast *ast);
/* value [NOT] BETWEEN [SYMMETRIC] low AND high. */
struct node *check_between(struct check *c, const struct ast *ast);
/* value [NOT] LIKE pattern [ESCAPE character], ILIKE. */
struct node *check_like(struct check *c, const struct ast *ast);
/* COALESCE(values). */
struct node *check_coalesce(struct check *c, const struct ast *ast);
/* NULLIF(a, b). */
struct node *check_nullif(struct check *c, const struct ast *ast);
/* GREATEST(values), LEAST(values). */
struct node *check_extreme(struct check *c, const struct ast *ast);
/* a IS [NOT] DISTINCT FROM b. */
struct node *check_distinct(struct check *c, const struct ast *ast);
/* value operator ANY (ARRAY[...]), ALL. */
struct node *check_any_all(struct check *c, const struct ast *ast);
/* json #> ARRAY[...], #>>. */
struct node *check_path_array(struct check *c, const struct ast *ast);

/* An operator of which one operand is an interval: sets *out and answers 1; 0: not one of these. */
int check_interval_operator(struct check *c, const struct ast *ast, struct node *const *args,
                            uint32_t argc, struct node **out);
struct node *check_interval_literal(struct check *c, const struct ast *ast, struct node *text);
struct node *check_time_zone(struct check *c, const struct ast *ast, struct node *const *args);
/* A constant interval as the text that functions take; others as they are. */
struct node *check_interval_to_text(struct check *c, struct node *node);

/* ---- node.c ------------------------------------------------------------------------------- */

/* Allocations in the store; NULL: no memory, noted. */
void *check_alloc(struct check *c, size_t count, size_t size);
struct node *node_new(struct check *c, enum node_kind kind, node_eval_fn *eval,
                      struct streamd_type type, struct place place, struct node *const *args,
                      uint32_t argc);

/* A constant of a type; value NULL: the NULL of that type. Bytes of texts are not copied. */
struct node *node_constant(struct check *c, struct streamd_type type, const void *value,
                           struct place place);
struct node *node_column(struct check *c, uint32_t column, struct streamd_type type,
                         struct place place);

/* A call; NULL in a strict function's constant argument makes a NULL, constants are folded. */
struct node *node_call(struct check *c, const struct streamd_function *function,
                       struct streamd_type type, void *prepared, struct place place,
                       struct node *const *args, uint32_t argc);

/* The values of constant arguments, in vectors as prepare and resolve_values of struct
   streamd_function want them. */
void node_constant_args(struct node *const *args, uint32_t argc, struct streamd_vector *out);

/* A LET around body, with the slot that `slot` reads. */
struct node *node_let(struct check *c, struct node *value, const struct node *slot,
                      struct node *body);
/* A node to use a value several times: the value itself where it is cheap (*let is NULL then), else
   a slot for node_let. */
struct node *node_share(struct check *c, struct node *value, struct node **slot);

/* Replaces a node whose arguments are constants by its value. A node whose value is an error stays
   as it is and has `error` set. */
struct node *node_fold(struct check *c, struct node *node);

/* A function's state that lives as long as the store. 0 or STREAMD_E_NOMEM (released at once). */
int check_keep(struct check *c, void (*release)(void *), void *what);

/* ---- types.c ------------------------------------------------------------------------------ */

#define TYPE(id_) ((struct streamd_type){.id = (id_)})

/* A type's name for messages; a text without a type is "text"; in the store's arena. */
const char *type_name(struct check *c, struct streamd_type type);

/* What a cast asks for. A decimal without digits has precision 0; NODE_INTERVAL is possible, with
   PostgreSQL's mask of units as modifier. */
struct cast_target {
    struct streamd_type type;
    const struct streamd_function *adjust; /* to be called on the result, or NULL */
    int32_t modifier;                      /* its `prepared` points to this */
};

/* 0, or -1 and a problem. */
int type_from_ast(struct check *c, const struct ast_type *ast, struct cast_target *out);

/* The type that holds values of both: int64 -> decimal -> float64, date -> timestamp, a text
   without a type takes the other's. 0: none. */
int type_common(struct streamd_type a, struct streamd_type b, struct streamd_type *out);

/* A number's type as a decimal: int64 has 19 digits, or those of a constant. */
struct streamd_type type_as_decimal(const struct node *node);

/* What `numeric` means where nothing says more: decimal(38,18). */
struct streamd_type type_numeric(void);

/* A decimal type, with digits cut to what fits: precision 38, and the scale kept. */
struct streamd_type type_decimal(unsigned digits_before, unsigned scale);

/* ---- coerce.c ----------------------------------------------------------------------------- */

/* Does a value of this type become `to` without a cast? */
int coerce_is_implicit(uint8_t from, uint8_t to);

/* Converts without a cast; the caller knows that it can be. Only a literal that is no value of the
   type can be a problem. A decimal takes exactly the target's precision and scale, unless that has
   precision 0: then its own. */
struct node *coerce(struct check *c, struct node *node, struct streamd_type to);

/* Converts as :: and CAST do. */
struct node *coerce_cast(struct check *c, struct node *node, const struct cast_target *to,
                         struct place place);

/* Converts all to one type (in place) and answers it. 0, or -1 and a problem that names `what`. */
int coerce_all(struct check *c, struct node **nodes, uint32_t n, const char *what,
               struct streamd_type *type);

/* ---- resolve.c ---------------------------------------------------------------------------- */

/* 1 and a problem where no function has that name. */
int resolve_is_unknown(struct check *c, const char *name, struct place place);

/* A call of a function or operator with these arguments, converted as it wants. */
struct node *resolve_function(struct check *c, const char *name, struct place place,
                              struct node *const *args, uint32_t argc);
struct node *resolve_operator(struct check *c, const char *name, struct place place,
                              struct node *const *args, uint32_t argc);
/* The entry of an aggregate, and its arguments converted in place. NULL and a problem. */
const struct streamd_aggregate *resolve_aggregate(struct check *c, const char *name,
                                                  struct place place, struct node **args,
                                                  uint32_t argc);

/* ---- names.c ------------------------------------------------------------------------------ */

/* The input's field of that name, or NULL and the problem SD2104. */
struct node *name_field(struct check *c, const struct ast *ast);
/* The field's number, or -1. */
int32_t name_find_field(const struct streamd_schema *schema, const char *name);

/* ---- aggregates.c ------------------------------------------------------------------------- */

/* A call that names an aggregate, or a field among aggregates. NULL and a problem. */
struct node *aggregate_call(struct check *c, const struct ast *ast);
struct node *aggregate_field(struct check *c, const struct ast *ast);

#endif
