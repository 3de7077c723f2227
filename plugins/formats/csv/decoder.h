/*
 * The decoder: one per split, on its dataflow thread.
 */
#ifndef CSV_DECODER_H
#define CSV_DECODER_H

#include "csv.h"

#include <streamd/convert.h>

#define CSV_NO_FIELD UINT32_MAX

/* Where in a record its end is being looked for. */
enum csv_state {
    CSV_BEGIN = 0, /* a text begins */
    CSV_PLAIN,     /* in a text without quotes, or behind one with */
    CSV_QUOTED,    /* in quotes */
    CSV_CLOSED     /* behind a quote in quotes: half of "", or the end */
};

/* What the fast path does with a column. */
enum csv_kind {
    CSV_SKIP = 0,
    CSV_STRING,
    CSV_INT64,
    CSV_FLOAT64,
    CSV_DECIMAL,
    CSV_TIMESTAMP,
    CSV_TEXT /* whatever else: by csv_store */
};

/* A column of the file. */
struct csv_column {
    uint32_t field;              /* CSV_NO_FIELD: nobody reads it */
    uint8_t kind;                /* enum csv_kind */
    struct streamd_day_read day; /* of a timestamp */
    uint64_t null_lengths; /* bit n: a text of n bytes may be NULL; bit 63: one of 63 and more */
};

/* A text of a record, its quotes taken off. */
struct csv_text {
    const uint8_t *data;
    size_t length;
    int quoted;
    int doubled; /* holds "", each of which stands for one quote */
};

struct csv_decoder {
    struct streamd_context *context;
    const struct streamd_format_spec *spec;
    const struct csv_options *options;
    uint8_t delimiter;

    int has_begun;   /* has seen the beginning of the file */
    int has_columns; /* the header was read, or there is none */
    uint8_t *header; /* its bytes, for whoever goes on behind it; or NULL */
    size_t header_length;
    struct csv_column *columns; /* of the file */
    uint32_t column_count;
    uint32_t *absent; /* fields that the file does not have */
    uint32_t absent_count;
    struct csv_text *texts; /* of the record at hand: column_count + 1 */
    uint8_t *scratch;       /* a text with its "" resolved, and 64 bytes */
    size_t scratch_size;

    /* What is known of the bytes that were not consumed, or are skipped. */
    enum csv_state state;
    size_t scanned;
    int skipping; /* inside of a record that was rejected as too long */

    const uint8_t *(*run)(struct csv_decoder *d, struct streamd_batch *b, const uint8_t *p,
                          const uint8_t *end);
    const struct streamd_chunk *chunk; /* during decode */
    int failed;                        /* negative */
    int refused;                       /* the host said no to a reject, and knows why it fails */
};

/* ---- record.c ----------------------------------------------------------------------------- */

/* Looks on for the end of a record from p, in d->state. Answers what follows its newline, or NULL
   where it does not end before `end`. */
const uint8_t *csv_find_end(struct csv_decoder *d, const uint8_t *p, const uint8_t *end);

/* The length of the record from p to `next`, without its newline. */
size_t csv_length(const uint8_t *p, const uint8_t *next);

/*
 * Takes a record apart: the bytes from p to `end`, its newline included if it has one. Fills as
 * many of `texts` as there is room for, and sets *count. 0, or an enum streamd_row_code with what
 * is wrong.
 */
int csv_split(const struct csv_decoder *d, const uint8_t *p, const uint8_t *end,
              struct csv_text *texts, uint32_t room, uint32_t *count, const char **what);

/* The general path: appends the record from p to `next`, or rejects it. 0 or
   negative. */
int csv_record(struct csv_decoder *d, struct streamd_batch *b, const uint8_t *p,
               const uint8_t *next);

/* Rejects a record: 0, or negative with d->refused. */
int csv_reject(struct csv_decoder *d, const uint8_t *p, size_t length, int code,
               const char *message);

/* Rejects what is too long, as far as the limit goes. */
int csv_reject_long(struct csv_decoder *d, const uint8_t *p);

/* ---- store.c ------------------------------------------------------------------------------ */

/* Sets kind and nulls of a column for its field. */
void csv_prepare(const struct csv_decoder *d, struct csv_column *column);

/* A text into row b->rows. 0, an enum streamd_row_code, or negative. */
int csv_store(struct csv_decoder *d, struct streamd_batch *b, uint32_t field,
              const struct csv_text *text);

/* The bytes of a text, its "" resolved: valid until the next call. Negative: no memory. */
int csv_resolve(struct csv_decoder *d, const struct csv_text *text, const uint8_t **data,
                size_t *length);

/* Takes back what an unfinished row has set to NULL. */
void csv_reset_row(const struct csv_decoder *d, struct streamd_batch *b);

/* ---- run_base.c, run_avx2.c --------------------------------------------------------------- */

/* Appends records from p on, while they are plain. Answers where it stopped: before a record that
   is for the general path or that it failed in (d->failed), where the batch is full, or at `end`,
   which must follow a newline. */
const uint8_t *csv_run_base(struct csv_decoder *d, struct streamd_batch *b, const uint8_t *p,
                            const uint8_t *end);
const uint8_t *csv_run_avx2(struct csv_decoder *d, struct streamd_batch *b, const uint8_t *p,
                            const uint8_t *end);

#endif
