/*
 * base/error.h - filling and passing on struct streamd_error (streamd/error.h).
 *
 * Whoever first knows what is wrong sets the error; a layer above may put its context in front,
 * once. `error` may be NULL everywhere. The setters return the code, so that a function can
 * `return error_set(error, STREAMD_E_IO, "...")`. Any thread.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <streamd/error.h>

/* Sets code and message; the class follows from the code. */
int error_set(struct streamd_error *error, int code, const char *format, ...) STREAMD_PRINTF(3, 4);

/* The same with a class and a stable diagnostic number (0: none). */
int error_set_full(struct streamd_error *error, int code, enum streamd_class cls, int diagnostic,
                   const char *format, ...) STREAMD_PRINTF(5, 6);

/* STREAMD_E_IO with ": " and the text of `errno_value` behind the message. */
int error_set_errno(struct streamd_error *error, int errno_value, const char *format, ...)
    STREAMD_PRINTF(3, 4);

/* STREAMD_E_NOMEM with a standard message. */
int error_set_nomem(struct streamd_error *error);

/* Puts a text and ": " in front of the message; returns the error's code. */
int error_add_context(struct streamd_error *error, const char *format, ...) STREAMD_PRINTF(2, 3);

#endif
