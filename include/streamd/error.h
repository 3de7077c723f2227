/*
 * streamd/error.h - the one error scheme of streamd and its plugins.
 *
 * A function that can fail returns 0 or a negative enum streamd_code, and takes an optional,
 * caller-owned struct streamd_error that says more. Whoever first knows what went wrong fills it;
 * each layer above may put its context in front, once. The content is undefined unless an error
 * was returned. Nothing here allocates.
 */
#ifndef STREAMD_ERROR_H
#define STREAMD_ERROR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define STREAMD_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define STREAMD_MUST_CHECK __attribute__((warn_unused_result))
#else
#define STREAMD_PRINTF(fmt, args)
#define STREAMD_MUST_CHECK
#endif

/* What kind of thing went wrong. Values are part of the ABI: never renumbered. */
enum streamd_code {
    STREAMD_E_NOMEM = -1,       /* an allocation failed */
    STREAMD_E_IO = -2,          /* a read, write, open, fsync, rename failed; message has errno */
    STREAMD_E_INVALID = -3,     /* configuration or argument that cannot be right */
    STREAMD_E_DATA = -4,        /* input data that cannot be read as declared */
    STREAMD_E_LIMIT = -5,       /* a configured or built-in limit was passed */
    STREAMD_E_UNSUPPORTED = -6, /* known, but not in this version or this build */
    STREAMD_E_STATE = -7,       /* called in a state that does not allow it; a bug of the caller */
    STREAMD_E_PLUGIN = -8,      /* a plugin is missing, has another ABI, or broke its contract */
    STREAMD_E_REPORTED = -9     /* the details went into the diagnostics already */
};

/* What should happen now. Decides between restart, rejection of one record, and giving up. */
enum streamd_class {
    STREAMD_RETRY = 1,         /* the same call may succeed later */
    STREAMD_FAIL_RECORD = 2,   /* this record is bad: on_error of its node decides */
    STREAMD_FAIL_TASK = 3,     /* restart the attempt under the restart policy */
    STREAMD_FAIL_PIPELINE = 4, /* a restart cannot help */
    STREAMD_BUG = 5            /* an invariant does not hold */
};

/*
 * An error with its story. `diagnostic` is the number of the stable code that users see (5101 is
 * printed as SD5101), 0 where none fits. `message` is one sentence without a final stop, and names
 * the file and the byte or line where one is known.
 */
struct streamd_error {
    int code; /* enum streamd_code */
    enum streamd_class cls;
    int diagnostic;
    char message[500];
};

/*
 * Codes of row errors, as they stand in the column `code` of an error output ("SD5101").
 * Never renumbered; `streamctl explain` has a paragraph on each.
 */
enum streamd_row_code {
    STREAMD_ROW_SYNTAX = 5001,      /* the record is not what its format says */
    STREAMD_ROW_MISSING = 5002,     /* a field that is not nullable is missing or NULL */
    STREAMD_ROW_TYPE = 5003,        /* a value of another type than declared */
    STREAMD_ROW_RANGE = 5004,       /* a value that its type cannot hold */
    STREAMD_ROW_UTF8 = 5005,        /* not UTF-8, or a NUL byte in a string */
    STREAMD_ROW_TOO_LONG = 5006,    /* longer than limits.record */
    STREAMD_ROW_NO_MATCH = 5007,    /* the regular expression does not match */
    STREAMD_ROW_NO_TIME = 5008,     /* no event time */
    STREAMD_ROW_TRUNCATED = 5009,   /* input ends inside the record */
    STREAMD_ROW_OVERFLOW = 5101,    /* arithmetic out of range */
    STREAMD_ROW_DIVISION = 5102,    /* division by zero */
    STREAMD_ROW_CAST = 5103,        /* a text that is no value of the wanted type */
    STREAMD_ROW_ARGUMENT = 5104,    /* an argument outside of a function's domain */
    STREAMD_ROW_MATCH_LIMIT = 5105, /* a regular expression that needs too many steps */
    STREAMD_ROW_SINK = 5201         /* the sink refuses the row */
};

#ifdef __cplusplus
}
#endif
#endif
