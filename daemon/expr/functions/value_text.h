/*
 * expr/functions/value_text.h - a value of any type as the text that a cast gives.
 */
#ifndef EXPR_FUNCTIONS_VALUE_TEXT_H
#define EXPR_FUNCTIONS_VALUE_TEXT_H

#include <streamd/function.h>

/* Bytes that value_text needs at most for a value; for texts none, they are not copied. */
size_t value_text_room(struct streamd_type type, const void *value);

/* The text of a value (as in a vector): the value itself where it is a text, else written to `out`.
   A bool is t or f, as PostgreSQL's output has it. */
struct streamd_str value_text(struct streamd_type type, const void *value, char *out);

#endif
