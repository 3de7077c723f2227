/* Filling struct streamd_error. Messages that are too long are cut, never an error of their own. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum streamd_class class_of(int code)
{
    switch (code) {
    case STREAMD_E_NOMEM:
    case STREAMD_E_IO:
        return STREAMD_FAIL_TASK;
    case STREAMD_E_DATA:
        return STREAMD_FAIL_RECORD;
    case STREAMD_E_STATE:
        return STREAMD_BUG;
    default:
        return STREAMD_FAIL_PIPELINE;
    }
}

static void fill(struct streamd_error *error, int code, enum streamd_class cls, int diagnostic,
                 const char *format, va_list args) STREAMD_PRINTF(5, 0);

static void fill(struct streamd_error *error, int code, enum streamd_class cls, int diagnostic,
                 const char *format, va_list args)
{
    error->code = code;
    error->cls = cls;
    error->diagnostic = diagnostic;
    vsnprintf(error->message, sizeof(error->message), format, args);
}

int error_set(struct streamd_error *error, int code, const char *format, ...)
{
    va_list args;

    if (!error)
        return code;
    va_start(args, format);
    fill(error, code, class_of(code), 0, format, args);
    va_end(args);
    return code;
}

int error_set_full(struct streamd_error *error, int code, enum streamd_class cls, int diagnostic,
                   const char *format, ...)
{
    va_list args;

    if (!error)
        return code;
    va_start(args, format);
    fill(error, code, cls, diagnostic, format, args);
    va_end(args);
    return code;
}

int error_set_errno(struct streamd_error *error, int errno_value, const char *format, ...)
{
    va_list args;
    size_t used;
    char text[128];

    if (!error)
        return STREAMD_E_IO;
    va_start(args, format);
    fill(error, STREAMD_E_IO, class_of(STREAMD_E_IO), 0, format, args);
    va_end(args);
    used = strlen(error->message);
    snprintf(error->message + used, sizeof(error->message) - used, ": %s",
             strerror_r(errno_value, text, sizeof(text)));
    return STREAMD_E_IO;
}

int error_set_nomem(struct streamd_error *error)
{
    return error_set(error, STREAMD_E_NOMEM, "out of memory");
}

int error_add_context(struct streamd_error *error, const char *format, ...)
{
    char old[sizeof(error->message)];
    va_list args;
    size_t used;

    if (!error)
        return STREAMD_E_STATE;
    memcpy(old, error->message, sizeof(old));
    va_start(args, format);
    vsnprintf(error->message, sizeof(error->message), format, args);
    va_end(args);
    used = strlen(error->message);
    snprintf(error->message + used, sizeof(error->message) - used, ": %s", old);
    return error->code;
}
