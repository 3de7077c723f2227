/*
 * expr/expr.h - from a text to a typed expression.
 *
 * The text is parsed by PostgreSQL's parser, typed against a schema, and made into a tree of
 * kernels that evaluate.h runs over batches. Everything here happens at plan time, on a thread with
 * a full stack. A compiled expression is read-only and may be used by any number of evaluators.
 */
#ifndef EXPR_EXPR_H
#define EXPR_EXPR_H

#include "base/arena.h"
#include "expr/registry.h"

#include <streamd/expr.h>

/* An expression is at most that long, in bytes. */
#define EXPR_MAX_LENGTH 8192

/* Where compiled expressions live: memory, and what must be released with it (compiled patterns,
   what functions prepared). Start with {0}. */
struct expr_store {
    struct arena arena;
    struct expr_release *releases;
};

/* Releases all expressions of a store; it is as after {0}. */
void expr_store_clear(struct expr_store *store);

/*
 * What an expression is compiled against.
 * store: the expression lives until it is cleared.
 * reader, input: for messages: "operator 'sums'" and "input 'paid'"; may be NULL.
 */
struct expr_scope {
    struct expr_store *store;
    const struct expr_registry *registry;
    const struct streamd_schema *schema;
    const char *reader;
    const char *input;
};

/* Stable codes of problems, printed as SD2101 and so on. */
enum expr_problem_code {
    EXPR_SYNTAX = 2101,    /* the parser refuses the text */
    EXPR_LIMIT = 2102,     /* too long, or nested too deeply */
    EXPR_FORM = 2103,      /* parses, but is not one bare expression (alias, FROM, sub-select, ;) */
    EXPR_FIELD = 2104,     /* no such field in the input */
    EXPR_FUNCTION = 2105,  /* no such function */
    EXPR_ARGUMENTS = 2106, /* the function or operator does not take these types */
    EXPR_TYPE = 2107,      /* a value of another type is needed here; unknown type; bad cast */
    EXPR_LITERAL = 2108,   /* a literal that is no value of its type; a bad pattern */
    EXPR_UNSUPPORTED = 2109,  /* SQL that streamd does not have */
    EXPR_CONSTANT = 2110,     /* a constant expression whose value is an error */
    EXPR_NO_AGGREGATE = 2111, /* an aggregate where none may stand, or inside another */
    EXPR_NOT_GROUPED = 2112   /* a field outside an aggregate that is no key */
};

/*
 * One problem: offset and length in bytes of the expression's text, a message of one sentence
 * without a final stop, and a help or NULL. Texts live in the scope's store. `item`: which of
 * several expressions, where several are compiled at once, else 0.
 */
struct expr_problem {
    int code; /* enum expr_problem_code */
    uint32_t item;
    size_t offset, length;
    const char *message;
    const char *help;
};

/* The problems of one call, in the order of the text; further ones are counted only. */
#define EXPR_MAX_PROBLEMS 16
struct expr_problems {
    uint32_t count; /* entries in items */
    uint32_t more;  /* problems that found no room */
    struct expr_problem items[EXPR_MAX_PROBLEMS];
};

/*
 * Compiles one expression without aggregates. `text` is UTF-8, need not be terminated. 0 and *out;
 * STREAMD_E_INVALID with at least one problem; STREAMD_E_NOMEM.
 */
int expr_compile(const struct expr_scope *scope, const char *text, size_t length,
                 const struct streamd_expr **out, struct expr_problems *problems);

/*
 * A type as users write it: `int64`, `decimal(10,2)`, `string|null`, or a name that SQL has for it.
 * 0, or -1: no type.
 */
int expr_type_parse(const char *text, size_t length, struct streamd_type *out);

/* The name of a type, `decimal(10,2)`, without |null; at most EXPR_TYPE_TEXT bytes with the NUL. */
#define EXPR_TYPE_TEXT 24
const char *expr_type_name(struct streamd_type type, char out[EXPR_TYPE_TEXT]);

/* Calls back with each input column that the expression reads, once; ascending. */
void expr_columns(const struct streamd_expr *expr, void (*found)(void *self, uint32_t column),
                  void *self);

#endif
