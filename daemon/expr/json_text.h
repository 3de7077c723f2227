/*
 * expr/json_text.h - looking into JSON text without making a tree of it.
 *
 * Values are slices of the text. Functions never read beyond it, whatever it holds, and use no
 * memory and no recursion; on text that is no JSON they find nothing.
 */
#ifndef EXPR_JSON_TEXT_H
#define EXPR_JSON_TEXT_H

#include <streamd/types.h>

/* Is it one JSON value (RFC 8259), with blanks around it, nested at most 1000 deep? */
int json_is_valid(struct streamd_str text);

/* The first byte of the value: one of { [ " - 0..9 t f n; 0: there is none. */
char json_kind(struct streamd_str text);

/* The value of a member of an object, the last one of that name; of an element of an array, from
   the end where negative. 1 and *out (without blanks around it), or 0: there is none. */
int json_member(struct streamd_str text, struct streamd_str key, struct streamd_str *out);
int json_element(struct streamd_str text, int64_t index, struct streamd_str *out);

/* The value without the blanks around it. */
struct streamd_str json_trim(struct streamd_str text);

/*
 * Takes the quotes and escapes off a string value: writes at most text.length bytes to `out`, sets
 * its length. 0, or STREAMD_ROW_CAST: \u0000, or half of a surrogate pair.
 */
int json_unescape(struct streamd_str text, char *out, size_t *length);

/* Does a string value, quotes included, spell `key`? */
int json_string_is(struct streamd_str text, struct streamd_str key);

#endif
