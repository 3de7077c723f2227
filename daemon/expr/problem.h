/*
 * expr/problem.h - how the parts of the compiler report problems.
 */
#ifndef EXPR_PROBLEM_H
#define EXPR_PROBLEM_H

#include "expr/expr.h"

/*
 * Collects the problems of one expression, with texts in the store's arena. `status` is 0,
 * STREAMD_E_INVALID once there is a problem, STREAMD_E_NOMEM once memory was missing; the first
 * NOMEM wins.
 */
struct expr_reporter {
    struct expr_store *store;
    struct expr_problems *problems;
    uint32_t item;
    int status;
};

/* Adds a problem at a place. help may be NULL, and is kept, not copied. */
void problem_add(struct expr_reporter *report, int code, size_t offset, size_t length,
                 const char *help, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Notes that memory is missing. */
void problem_nomem(struct expr_reporter *report);

/* A text in the store's arena; NULL and a note where memory is missing. */
const char *problem_text(struct expr_reporter *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "a, b, c" of the schema's fields, cut after a dozen; NULL where it has none or memory is missing.
 */
const char *problem_field_list(struct expr_reporter *report, const struct streamd_schema *schema);

#endif
