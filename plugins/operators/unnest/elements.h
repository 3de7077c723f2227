/*
 * elements.h - the elements of a JSON array, as pieces of its text.
 */
#ifndef UNNEST_ELEMENTS_H
#define UNNEST_ELEMENTS_H

#include <streamd/types.h>

enum elements_check {
    ELEMENTS_ARRAY = 0,     /* an array, and well formed as far as brackets and strings go */
    ELEMENTS_OTHER = 1,     /* another JSON value */
    ELEMENTS_MALFORMED = -1 /* brackets or quotes do not match */
};

/* What a text is. Reads all of it. */
enum elements_check elements_check(struct streamd_str text);

/* The next element of a text that elements_check found to be an array: 1 and its text without
   blanks around it, or 0 at the end. Start with *at = 0. */
int elements_next(struct streamd_str text, size_t *at, struct streamd_str *element);

#endif
