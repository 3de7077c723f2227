/*
 * streamd/function.h - scalar and aggregate functions for expressions.
 *
 * A plugin of kind FUNCTIONS yields tables of them. Kernels work on vectors: whole columns at a
 * time, over the rows of a selection.
 */
#ifndef STREAMD_FUNCTION_H
#define STREAMD_FUNCTION_H

#include <streamd/error.h>
#include <streamd/plugin.h>
#include <streamd/state.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STREAMD_MAX_ARGUMENTS 16

/*
 * A vector: the values of one expression for the rows of a batch. A constant has one value, which
 * stands for every row: read value `i & mask`. Values by type:
 *   bool uint8_t; int64, timestamp int64_t; float64 double; date int32_t;
 *   decimal struct streamd_decimal; string, bytes, json struct streamd_str
 * `nulls` has one byte a row, 1 = NULL, or is NULL: none.
 */
struct streamd_vector {
    struct streamd_type type;
    uint32_t mask; /* 0: constant; UINT32_MAX: one value a row */
    void *values;
    uint8_t *nulls;
};

/* One call of a kernel. */
struct streamd_call {
    const struct streamd_host_call *host;
    const struct streamd_vector *args;
    uint32_t argc;
    const uint16_t *sel; /* the rows to compute; NULL: rows 0 .. n - 1 */
    uint32_t n;
    struct streamd_vector *result; /* values allocated for all rows, not set; mask is UINT32_MAX,
                                      or 0 when all arguments are constant */
    void *prepared;                /* what prepare made, or NULL */
};

/* What a kernel may call. Grows at the end only. */
struct streamd_host_call {
    uint32_t size;
    /* Memory that lives until the result has been used; NULL: none. */
    void *(*alloc)(struct streamd_call *call, size_t bytes);
    /* Marks a row of the result NULL. Negative: no memory. */
    int (*set_null)(struct streamd_call *call, uint32_t row);
    /* Rejects a row; `code` is an enum streamd_row_code, `message` is copied. */
    int (*row_error)(struct streamd_call *call, uint32_t row, int code, const char *message);
    int64_t (*now)(struct streamd_call *call);
};

enum streamd_function_flags {
    STREAMD_FUNCTION_NULLABLE_INPUT = 1, /* is called for NULL arguments too; else any NULL argument
                                            makes the result NULL without a call */
    STREAMD_FUNCTION_NONDETERMINISTIC = 2,
    STREAMD_FUNCTION_VARIADIC = 4,       /* the last argument type may repeat, at least once */
    STREAMD_FUNCTION_NULLABLE_RESULT = 8 /* may answer NULL for arguments that are not */
};

/*
 * A scalar function of one signature; overloads are several entries. Argument types match by id,
 * after the implicit conversions int64 -> decimal -> float64, string literal -> anything.
 * resolve: where the result's type depends on precision and scale of the arguments; default:
 * `result` as it stands.
 * prepare: called once per use with the constant arguments' values (others have values NULL), so
 * that a pattern is compiled once; default: nothing. Memory from malloc, released by unprepare.
 * kernel: 0 or negative. A string, bytes or json of the result may point into an argument's: they
 * live as long as the result is used. Others come from host->alloc, or are constants.
 * resolve_values: instead of resolve, where the result's type depends on the value of a constant
 * too, as in round(price, 2): arguments as in prepare.
 */
struct streamd_function {
    const char *name;
    uint32_t argc;
    uint8_t args[STREAMD_MAX_ARGUMENTS]; /* enum streamd_type_id */
    struct streamd_type result;
    uint32_t flags;
    int (*resolve)(const struct streamd_type *args, uint32_t argc, struct streamd_type *result);
    int (*prepare)(const struct streamd_vector *args, uint32_t argc, void **prepared,
                   struct streamd_error *error);
    void (*unprepare)(void *prepared);
    int (*kernel)(struct streamd_call *call);
    const char *doc; /* "lower(string) -> string: lower case" without the signature */
    int (*resolve_values)(const struct streamd_vector *args, uint32_t argc,
                          struct streamd_type *result);
};

/* Accumulators in rows of a state table, for an aggregate's kernels. `offsets[i]` is where state
   column i lies in a row; `indexes[i]` is its number for streamd_row_is_null and
   streamd_table_reserve. */
struct streamd_accumulator {
    const struct streamd_host_accumulator *host;
    struct streamd_table *table;
    const uint32_t *offsets;
    const uint32_t *indexes;
};

struct streamd_host_accumulator {
    uint32_t size;
    /* Room for `capacity` bytes in a variable state column; content is kept. NULL: no memory. */
    void *(*reserve)(const struct streamd_accumulator *a, void *row, uint32_t column,
                     uint32_t capacity);
};

/*
 * An aggregate function of one signature. Its state is 1 to 8 columns. Rows of a batch arrive
 * without NULL arguments, filtered, and distinct where the user says so.
 * init:   makes n new rows, whose state is zero and not NULL, "nothing seen yet"; default: nothing.
 * update: for k < n, argument row sel[k] (k where sel is NULL) into rows[k]; rows may repeat.
 * time: event time per argument row, or NULL.
 * merge:  from[k] into into[k]; both have the same layout. NULL: cannot be merged.
 *   Neither it nor final writes to the rows that it reads from.
 * final:  result value k from rows[k]; call->row_error and set_null work.
 * resolve: the result's type and the state columns, where they depend on the arguments' types.
 */
struct streamd_aggregate {
    const char *name;
    uint32_t argc;
    uint8_t args[STREAMD_MAX_ARGUMENTS];
    struct streamd_type result;
    uint32_t flags;
    uint32_t state_count;
    struct streamd_field state[8];
    int (*resolve)(const struct streamd_type *args, uint32_t argc, struct streamd_type *result,
                   struct streamd_field state[8]);
    int (*init)(const struct streamd_accumulator *a, void *const *rows, uint32_t n);
    int (*update)(const struct streamd_accumulator *a, struct streamd_call *call,
                  const int64_t *time, void *const *rows);
    int (*merge)(const struct streamd_accumulator *into, void *const *to,
                 const struct streamd_accumulator *source, void *const *from, uint32_t n);
    int (*final)(const struct streamd_accumulator *a, struct streamd_call *call, void *const *rows);
    const char *doc;
};

/* The descriptor of a plugin of kind FUNCTIONS: tables ended by an entry without a name; either
   may be NULL. */
struct streamd_functions {
    struct streamd_descriptor descriptor;
    const struct streamd_function *functions;
    const struct streamd_aggregate *aggregates;
};

#ifdef __cplusplus
}
#endif
#endif
