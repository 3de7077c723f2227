/*
 * expr/functions/json_write.h - values as JSON text.
 */
#ifndef EXPR_FUNCTIONS_JSON_WRITE_H
#define EXPR_FUNCTIONS_JSON_WRITE_H

#include <streamd/types.h>

/* Bytes that json_write needs at most for a value (as in a vector). */
size_t json_write_room(struct streamd_type type, const void *value);

/* Writes a value: texts, times and what is no number in quotes, bytes in base64, json as it is.
   Answers the length. */
size_t json_write(struct streamd_type type, const void *value, char *out);

#endif
