/*
 * config/diagnostics.h - all problems of one file, with their place in it.
 *
 * Everything that judges a pipeline file adds what it finds and goes on, so that a user sees all
 * problems in one run. They come out sorted by position:
 *
 *   orders.yaml:28:27: error[SD2104]: operator 'sums' reads field 'amout', but its input has no ...
 *      28 |       select: {total: sum(amout), n: count(*)}
 *         |                           ^^^^^
 *      help: did you mean 'amount'?
 *
 * or as objects of a JSON list. Lines and columns count from 1, columns in characters (code
 * points), whatever their width; a caret stands below the right character on a terminal.
 *
 * Codes are stable numbers (2104 is printed as SD2104), each with an entry in codes.h; the test
 * tests/meta/codes.py finds one that is used without. SD1xxx file, YAML, keys; SD2xxx graph,
 * types, expressions; SD3xxx plugins; SD4xxx state and upgrade; SD5xxx run time.
 *
 * Secrets: an excerpt shows *** for every scalar that is marked secret when it is printed, and for
 * what stands behind a key that sounds like one. Messages must not hold values of secret nodes:
 * quote values with document_quote (document.h).
 *
 * Adding never fails: without memory the problem is counted only, and diagnostics_error_count still
 * says that the file is bad. Not for two threads at once.
 */
#ifndef CONFIG_DIAGNOSTICS_H
#define CONFIG_DIAGNOSTICS_H

#include "base/arena.h"
#include "base/text.h"

#include <streamd/error.h>

struct document;
struct node;

/*
 * A piece of the file: `length` bytes from byte `offset` on (length 0: a point). `node` is the YAML
 * node that the problem belongs to (for the path in JSON); NULL: none. SPAN_NONE: the file as a
 * whole, printed without line and column.
 */
struct span {
    uint32_t offset;
    uint32_t length;
    const struct node *node;
};

#define SPAN_NONE ((struct span){UINT32_MAX, 0, NULL})

enum diagnostic_severity { DIAGNOSTIC_ERROR = 1, DIAGNOSTIC_WARNING = 2 };

/* Problems that are kept per file; the others are counted. */
enum { DIAGNOSTICS_KEPT = 100 };

struct diagnostic;

struct diagnostics {
    const char *file;                /* as the user wrote it */
    const struct document *document; /* set by document_load; must live until the last print */
    struct arena arena;              /* messages */
    struct diagnostic *items;        /* DIAGNOSTICS_KEPT at most */
    size_t count, capacity;
    size_t error_count, warning_count; /* all of them, also those not kept */
};

/* Starts a list for a file. `file` is copied; it may be NULL (nothing stands before the message).
 */
void diagnostics_init(struct diagnostics *d, const char *file);

/* Releases everything. */
void diagnostics_clear(struct diagnostics *d);

/*
 * Adds an error, or a warning. `help` says how to mend it, in one sentence without a final stop, or
 * is NULL; both texts are copied. A second report of the same code and message at the same place
 * is dropped.
 */
void diagnostics_add(struct diagnostics *d, int code, struct span at, const char *help,
                     const char *format, ...) STREAMD_PRINTF(5, 6);
void diagnostics_warn(struct diagnostics *d, int code, struct span at, const char *help,
                      const char *format, ...) STREAMD_PRINTF(5, 6);

/* Adds a second place to the last problem: "note: first given here". At most one each. */
void diagnostics_note(struct diagnostics *d, struct span at, const char *note);

/* A formatted text that lives as long as the list, for `help`; "" when there is no memory. */
const char *diagnostics_printf(struct diagnostics *d, const char *format, ...) STREAMD_PRINTF(2, 3);

/*
 * "did you mean 'amount'?" for the word of the NULL-ended list that is most like `word`; where none
 * is and `what` is not NULL, "WHAT are: user, at, amount" with the first few; NULL where there is
 * nothing to say. Lives as long as the list.
 */
const char *diagnostics_suggest(struct diagnostics *d, const char *word, const char *const *words,
                                const char *what);

/* Takes over an error of a lower layer: its diagnostic number, else `code`. */
void diagnostics_add_error(struct diagnostics *d, int code, struct span at, const char *help,
                           const struct streamd_error *error);

/* How many errors there are, also those that were not kept. */
static inline size_t diagnostics_error_count(const struct diagnostics *d)
{
    return d->error_count;
}

/* 1 where further problems are only counted: helps need not be worked out any more. */
static inline int diagnostics_is_full(const struct diagnostics *d)
{
    return d->count >= DIAGNOSTICS_KEPT;
}

/* Appends the problems as text for people, sorted by position. `colour`: with ANSI colours. */
void diagnostics_print(struct diagnostics *d, struct text *out, int colour);

/*
 * Appends the problems as JSON objects, separated by commas, without the brackets around them:
 * code, severity, file, line, column, end_column, path, message, help. `*first` is 1 before the
 * first object of a list and is kept by the call, so that several files make one list.
 */
void diagnostics_print_json(struct diagnostics *d, struct text *out, int *first);

/* Appends {"errors":[...]} and a newline for one file. */
void diagnostics_print_json_document(struct diagnostics *d, struct text *out);

#endif
