/*
 * expr/functions/regex.h - regular expressions of PCRE2 for kernels.
 *
 * As in PostgreSQL, `.` matches a newline and `$` the very end of the text only, unless flags say
 * otherwise; matching is PCRE2's. A constant pattern is compiled when the expression is, others
 * where they differ from the row before. The steps of one match are limited: a row that needs more
 * is rejected.
 */
#ifndef EXPR_FUNCTIONS_REGEX_H
#define EXPR_FUNCTIONS_REGEX_H

#include <streamd/function.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* A compiled pattern: read-only, any number of batches may use it. */
struct regex {
    pcre2_code *code;
    pcre2_match_context *context;
    uint32_t groups; /* in the pattern */
    int global;      /* flag g was there */
};

/*
 * Compiles. Flags are letters: g, i and c (case), n or m (newline-sensitive), p, w, s, x
 * (expanded), q (a plain text), e, t. 0 and *out; STREAMD_E_NOMEM; STREAMD_E_INVALID with the
 * reason in `message`. Released with regex_free, which takes NULL.
 */
int regex_new(struct streamd_str pattern, struct streamd_str flags, struct regex **out,
              char *message, size_t room);
void regex_free(void *regex);

/* Does a prepare: compiles where arguments `pattern` and `flags` (-1: there is none) are
   constant. */
int regex_prepare(const struct streamd_vector *args, int pattern, int flags, void **prepared,
                  struct streamd_error *error);

/* What a kernel holds while it goes through a batch. Start with {0}, end with regex_batch_clear. */
struct regex_batch {
    struct regex *own; /* the last one compiled here */
    struct streamd_str pattern, flags;
    const struct regex *regex; /* the row's */
    pcre2_match_data *data;    /* for it */
    const char *checked;       /* the row's text, once it is known to be UTF-8 */
};

/* Releases what a batch's patterns hold. */
/* Releases what the batch holds. */
void regex_batch_clear(struct regex_batch *batch);

/*
 * Sets batch->regex for a row, from call->prepared or from the arguments. 0: done, or the row was
 * rejected and batch->regex is NULL; negative: the kernel answers that.
 */
int regex_row(struct streamd_call *call, struct regex_batch *batch, uint32_t row, int pattern,
              int flags);

/*
 * Looks for a match at or behind byte `from` (<= s.length). 1: found, see regex_group; 0: there is
 * none; REGEX_FAILED: rejected the row, *rc is 0 or negative.
 */
#define REGEX_FAILED (-1)
int regex_find(struct streamd_call *call, struct regex_batch *batch, uint32_t row,
               struct streamd_str s, size_t from, int *rc);

/* Group i of the last match, 0 the whole: 1 and where it lies, or 0: it took no part. */
int regex_group(const struct regex_batch *batch, uint32_t i, size_t *begin, size_t *end);

/* Where to look for the next match of s: behind the last one, or one character on where that was
   empty. Greater than s.length: there is none. */
size_t regex_next(const struct regex_batch *batch, struct streamd_str s);

#endif
